# SPDX-License-Identifier: Apache-2.0
# wakefs: everything is built from here.  `make help` lists what there is.

BUILD   ?= debug
B       ?= build/$(BUILD)
PREFIX  ?= /usr/local
WERROR  ?= 1
V       ?= 0
VERSION := $(shell cat VERSION)
Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-5s %s\n' $(1) $(2))

FOLDERS := base crypto model wire net store sync fs server cli

# Which folder may include which: scripts/layers.tsv; lint reads every include line against it.
# A folder is compiled with a view of those folders, and what their headers need, and nothing else.
layers   = $(shell awk -F'\t' '$$1=="$(1)"{print $$2}' scripts/layers.tsv)
$(foreach f,$(FOLDERS),$(eval layers_$(f) := $(call layers,$(f))))
# A folder's libraries in link order: itself, then what it may include, then what those may.
links    = $(if $(strip $(1)),$(firstword $(1)) $(call links,$(wordlist 2,99,$(1)) $(layers_$(firstword $(1)))))
uniq     = $(if $(strip $(1)),$(call uniq,$(filter-out $(lastword $(1)),$(1))) $(lastword $(1)))
$(foreach f,$(FOLDERS),$(eval links_$(f) := $(call uniq,$(call links,$(f)))))

PKGS_base   := yajl
PKGS_crypto := libgcrypt libutf8proc
PKGS_model  := libutf8proc yaml-0.1
PKGS_wire   :=
PKGS_net    := libcurl
PKGS_store  := sqlite3
PKGS_sync   :=
PKGS_fs     := fuse3
PKGS_server := libmicrohttpd sqlite3 zlib
PKGS_cli    :=
pkg         = $(shell pkg-config $(2) $(1))
$(foreach f,$(FOLDERS),$(eval pkgs_$(f) = $$(foreach l,$$(links_$(f)),$$(PKGS_$$(l)))))

CC      ?= cc
CSTD    := -std=gnu2x -D_GNU_SOURCE -DFUSE_USE_VERSION=314 -DWK_VERSION='"$(VERSION)"' -pthread
WARN    := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wvla -Wwrite-strings -Wundef -Wno-missing-field-initializers $(if $(filter 1,$(WERROR)),-Werror)
ifeq ($(filter fuzz,$(BUILD)),fuzz)
CC      := clang
WARN    += -Wno-gnu-statement-expression -Wno-c2x-extensions
endif
FLAGS_debug   := -O1 -g
FLAGS_release := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE -DNDEBUG
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_cov     := -O0 -g --coverage
FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined
LINK_release  := -pie -Wl,-z,relro,-z,now
CFLAGS_ALL     = $(CSTD) $(WARN) $(FLAGS_$(BUILD)) $(CFLAGS)
LDFLAGS_ALL    = $(FLAGS_$(BUILD)) $(LINK_$(BUILD)) $(LDFLAGS) -pthread

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help deps check unit e2e demo lint format fuzz bench torture cov install uninstall clean

PROGRAMS := $(B)/wakefs $(B)/wakefsd
all: $(PROGRAMS)

define folder_rules
SRC_$(1) := $$(filter-out %/main.c,$$(wildcard $(1)/*.c))
OBJ_$(1) := $$(SRC_$(1):%.c=$(B)/%.o)
CF_$(1)   = $$(sort $$(call pkg,$$(pkgs_$(1)),--cflags))
LIBS_$(1) = $$(sort $$(call pkg,$$(pkgs_$(1)),--libs))
ARS_$(1)  = $$(foreach l,$$(links_$(1)),$(B)/lib$$(l).a)
$(B)/view/$(1): scripts/layers.tsv
	$$(Q)rm -rf $$@ && mkdir -p $$@
	$$(Q)for f in $$(links_$(1)); do ln -s $$(CURDIR)/$$$$f $$@/$$$$f; done
$(B)/$(1)/%.o: $(1)/%.c | $(B)/view/$(1)
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(CF_$(1)) -I$(B)/view/$(1) -MMD -MP -c -o $$@ $$<
$(B)/lib$(1).a: $$(OBJ_$(1))
	$$(call say,AR,$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && ar rcs $$@ $$^
TESTSRC_$(1) := $$(wildcard tests/unit/$(1)/test_*.c)
TESTS_$(1)   := $$(TESTSRC_$(1):tests/unit/$(1)/%.c=$(B)/tests/$(1)/%)
UNIT_TESTS   += $$(TESTS_$(1))
$(B)/tests/$(1)/%: tests/unit/$(1)/%.c $$(ARS_$(1)) tests/unit/testing.h
	$$(call say,TEST,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS_ALL) -Wno-missing-prototypes $$(CF_$(1)) -I$(B)/view/$(1) -Itests/unit -MMD -MP -o $$@ $$< \
		$$(ARS_$(1)) $$(LDFLAGS_ALL) -lcmocka $$(LIBS_$(1))
# unit-<folder>: builds and runs one folder's unit tests
.PHONY: unit-$(1)
unit-$(1): $$(TESTS_$(1))
	$$(Q)scripts/run-tests $$^
FUZZSRC_$(1) := $$(wildcard tests/fuzz/$(1)/fuzz_*.c)
FUZZERS      += $$(FUZZSRC_$(1):tests/fuzz/$(1)/%.c=$(B)/fuzz/$(1)/%)
$(B)/fuzz/$(1)/%: tests/fuzz/$(1)/%.c $$(ARS_$(1))
	$$(call say,FUZZ,$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS_ALL) -Wno-missing-prototypes $$(CF_$(1)) -I$(B)/view/$(1) -MMD -MP -o $$@ $$< \
		$$(ARS_$(1)) $$(LDFLAGS_ALL) -fsanitize=fuzzer $$(LIBS_$(1))
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,$(f))))
# These talk to a real server.
$(TESTS_net) $(TESTS_sync): | $(B)/wakefsd

$(B)/wakefs: $(B)/cli/main.o $(ARS_cli)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_cli)
$(B)/wakefsd: $(B)/server/main.o $(ARS_server)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS_ALL) $(LIBS_server)

# Small C programs that end-to-end tests use for what a shell cannot state.
E2E_HELPERS := $(patsubst tests/e2e/%.c,$(B)/tests/e2e/%,$(wildcard tests/e2e/*.c))
$(B)/tests/e2e/%: tests/e2e/%.c $(ARS_model) | $(B)/view/model
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(CF_model) -I$(B)/view/model -o $@ $< $(ARS_model) $(LDFLAGS_ALL) $(LIBS_model)

$(B)/bench/syncbench: tests/bench/syncbench.c $(ARS_sync) | $(B)/wakefsd
	$(call say,BENCH,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(CF_sync) -I$(B)/view/sync -Itests/unit -o $@ $< $(ARS_sync) $(LDFLAGS_ALL) -lcmocka $(LIBS_sync)
$(B)/bench/%: tests/bench/%.c
	$(call say,BENCH,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $< $(LDFLAGS_ALL)

deps:
	$(Q)scripts/deps

unit: $(UNIT_TESTS)
	$(Q)scripts/run-tests $(UNIT_TESTS)
e2e: $(PROGRAMS) $(E2E_HELPERS)
	$(Q)B=$(abspath $(B)) scripts/run-tests $(sort $(wildcard tests/e2e/*-*.sh))
# The one command that proves a checkout: dependencies, build, every test.
check: deps
	$(Q)$(MAKE) --no-print-directory $(if $(CI),-j2,-j$(shell nproc)) all tests
	$(Q)B=$(abspath $(B)) scripts/run-tests $(UNIT_TESTS) $(sort $(wildcard tests/e2e/*-*.sh))
.PHONY: tests fuzzers
tests: $(UNIT_TESTS) $(E2E_HELPERS)
fuzzers: $(FUZZERS)
demo: deps
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) all
	$(Q)B=$(abspath $(B)) scripts/demo

lint:
	$(Q)scripts/deps packages-checks
	$(Q)B=$(abspath $(B)) scripts/lint
format:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i
fuzz:
	$(Q)scripts/deps packages-checks
	$(Q)$(MAKE) --no-print-directory BUILD=fuzz fuzzers
	$(Q)scripts/fuzz $(abspath build/fuzz) $(SECONDS)
bench: deps
	$(Q)$(MAKE) --no-print-directory BUILD=release all build/release/bench/fsbench build/release/bench/syncbench
	$(Q)B=$(abspath build/release) scripts/bench
torture: deps
	$(Q)$(MAKE) --no-print-directory BUILD=asan all tests
	$(Q)B=$(abspath build/asan) TORTURE=1 TEST_TIMEOUT=7200 scripts/run-tests $(UNIT_TESTS:$(B)/%=build/asan/%) $(sort $(wildcard tests/e2e/*-*.sh))
cov:
	$(Q)$(MAKE) --no-print-directory BUILD=cov unit
	$(Q)gcovr -r . --exclude tests build/cov

SHARE   := $(DESTDIR)$(PREFIX)/share
COMPLETIONS := bash-completion/completions/wakefs zsh/site-functions/_wakefs fish/vendor_completions.d/wakefs.fish
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/man/man1 $(SHARE)/man/man8 $(addprefix $(SHARE)/,$(dir $(COMPLETIONS)))
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(wildcard docs/*.1) $(SHARE)/man/man1
	install -m 644 $(wildcard docs/*.8) $(SHARE)/man/man8
	install -m 644 docs/completion/wakefs.bash $(SHARE)/$(word 1,$(COMPLETIONS))
	install -m 644 docs/completion/wakefs.zsh $(SHARE)/$(word 2,$(COMPLETIONS))
	install -m 644 docs/completion/wakefs.fish $(SHARE)/$(word 3,$(COMPLETIONS))
uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(notdir $(PROGRAMS))) $(addprefix $(SHARE)/,$(COMPLETIONS))
	rm -f $(addprefix $(SHARE)/man/man1/,$(notdir $(wildcard docs/*.1)))
	rm -f $(addprefix $(SHARE)/man/man8/,$(notdir $(wildcard docs/*.8)))
clean:
	rm -rf build

help:
	@echo 'make all       wakefs and wakefsd in $(B)'
	@echo 'make demo      installs what is missing, builds, and shows the whole thing once (KEEP=1 leaves it running)'
	@echo 'make check     installs what is missing, builds, and runs every test'
	@echo 'make unit      unit tests;  make unit-crypto: one folder;  make e2e: end-to-end tests'
	@echo 'make lint      layers, headers, symbols, shell scripts, static analysis'
	@echo 'make fuzz      every fuzzer for SECONDS each;  make torture: long forms;  make bench: measurements'
	@echo 'make install   into PREFIX ($(PREFIX)), under DESTDIR;  make uninstall'
	@echo 'BUILD=debug|release|asan|tsan|cov|fuzz   V=1 shows commands   WERROR=0 for packagers'

-include $(shell find $(B) -name '*.d' 2>/dev/null)
