/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RANDOM_LAB_H
#define RANDOM_LAB_H

/*
 * Three devices of one account and their server, what is drawn from a seed, and what was written:
 * each edit puts a token of its own into a document.  A token may be gone in the end only if
 * somebody who had it before him overwrote or deleted it; then it is *excused*.
 */
#include <sys/stat.h>

#include "model/doc.h"
#include "relay.h"
#include "store/settle.h"
#include "store/status.h"

#define DEVICES 3
#define TOKENS_MAX 4096
#define TOKEN_SIZE 8

struct lab {
	struct server server;
	char backup[160];
	struct relay relays[DEVICES];
	struct device devices[DEVICES];
	struct arena *arena;		/* of one step */
	/* of the running schedule: */
	uint64_t seed, random;
	unsigned step;
	char group[CONTEXT_ID_MAX + 1];
	bool has_backup, is_traced;
	unsigned ids, tokens;
	bool excused[TOKENS_MAX];
};

static inline unsigned below(struct lab *l, unsigned n)
{
	l->random = l->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(l->random >> 33) % n;
}

#define lab_trace(l, ...)                                                                          \
	do {                                                                                       \
		if ((l)->is_traced)                                                                \
			print_message(__VA_ARGS__);                                                \
	} while (0)

/* Fails with the seed that shows it again. */
#define lab_check(l, condition, ...)                                                               \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("TEST_SEED=%llu step %u: ", (unsigned long long)(l)->seed,     \
				    (l)->step);                                                    \
			print_error(__VA_ARGS__);                                                  \
			print_error("\n");                                                         \
			_fail(__FILE__, __LINE__);                                                 \
		}                                                                                  \
	} while (0)
#define lab_ok(l, call)                                                                            \
	do {                                                                                       \
		enum wk_status st_ = (call);                                                       \
		lab_check((l), st_ == WK_OK, "%s: %s", #call, wk_status_text(st_));                \
	} while (0)

static inline struct docs *lab_docs(const struct device *d)
{
	return store_docs(d->store);
}

static inline struct group *lab_group(const struct lab *l, const struct device *d)
{
	return docs_group(lab_docs(d), l->group);
}

static inline struct json *lab_local(struct lab *l, const struct device *d, const struct doc *doc)
{
	struct buf text = BUF_SECRET_INIT(1 << 24);
	struct json *json = NULL;

	lab_ok(l, docs_text(lab_docs(d), doc, DOCS_LOCAL, &text));
	lab_ok(l, json_parse(l->arena, buf_bytes(&text), &json, NULL));
	buf_fini(&text);
	return json;
}

/* --- tokens --- */

/* A text that lives as long as the step. */
static inline const char *lab_text(struct lab *l, const char *what, unsigned number)
{
	char *out = arena_alloc(l->arena, 24);

	assert_non_null(out);
	(void)snprintf(out, 24, "%s%04u.", what, number);
	return out;
}

static inline const char *lab_token(struct lab *l)
{
	assert_true(l->tokens + 1 < TOKENS_MAX);
	return lab_text(l, "tok", l->tokens++);
}

/* Sets or clears a flag for each token in a text. */
static inline void lab_mark(struct bytes text, bool flags[TOKENS_MAX], bool value)
{
	for (size_t i = 0; i + TOKEN_SIZE <= text.n; i++) {
		unsigned long number;

		if (memcmp(text.p + i, "tok", 3) != 0)
			continue;
		number = strtoul((const char[5]){ (char)text.p[i + 3], (char)text.p[i + 4],
						  (char)text.p[i + 5], (char)text.p[i + 6] },
				 NULL, 10);
		if (number < TOKENS_MAX)
			flags[number] = value;
	}
}

/* Somebody who saw `before` put `after` in its place. */
static inline void lab_excuse(struct lab *l, struct bytes before, struct bytes after)
{
	static bool gone[TOKENS_MAX];

	memset(gone, 0, sizeof gone);
	lab_mark(before, gone, true);
	lab_mark(after, gone, false);
	for (unsigned i = 0; i < TOKENS_MAX; i++)
		l->excused[i] |= gone[i];
}

static inline void lab_excuse_doc(struct lab *l, const struct device *d, const struct doc *doc)
{
	struct buf text = BUF_SECRET_INIT(1 << 24);

	lab_ok(l, docs_text(lab_docs(d), doc, DOCS_LOCAL, &text));
	if (doc->file)
		lab_ok(l, tree_read_all(store_tree(d->store), doc->file, &text));
	lab_excuse(l, buf_bytes(&text), bytes_str(""));
	buf_fini(&text);
}

/* --- devices and the server --- */

static inline void lab_reopen(struct lab *l, struct device *d)
{
	struct store_params p = { .dir = d->dir, .loop = d->loop,
				  .passphrase = bytes_str(PASSPHRASE), .slot_memory_kib = 64,
				  .owner_line = "test" };
	struct sync_params sp = { 0 };
	char owner[128];

	sync_free(d->sync);
	d->sync = NULL;
	lab_ok(l, store_close(d->store));
	lab_ok(l, store_open(&p, owner, sizeof owner, &d->store));
	view_run(store_view(d->store));
	sp.store = d->store;
	lab_ok(l, sync_new(&sp, &d->sync));
}

static inline void lab_copy(const char *from, const char *to)
{
	struct buf content = BUF_INIT(1 << 28);

	assert_ok(files_read(from, &content));
	assert_ok(files_write(to, buf_bytes(&content), 0600));
	buf_fini(&content);
}

static inline void lab_backup(struct lab *l)
{
	server_stop(&l->server, SIGTERM);
	lab_copy(l->server.db, l->backup);
	l->has_backup = true;
	server_start(&l->server);
}

static inline void lab_restore(struct lab *l)
{
	static const char *const beside[] = { "-wal", "-shm" };

	server_stop(&l->server, SIGKILL);
	for (size_t i = 0; i < 2; i++) {
		char path[160];

		(void)snprintf(path, sizeof path, "%s%s", l->server.db, beside[i]);
		(void)unlink(path);
	}
	lab_copy(l->backup, l->server.db);
	server_start(&l->server);
}

static inline void lab_open(struct lab *l)
{
	server_new(&l->server);
	(void)snprintf(l->backup, sizeof l->backup, "%s.backup", l->server.db);
	account_create(&l->server);
	l->arena = arena_new(1 << 26);
	for (int i = 0; i < DEVICES; i++) {
		struct server through = l->server;
		char name[16];

		l->relays[i] = (struct relay){ 0 };
		relay_start(&l->relays[i], l->server.port);
		(void)snprintf(through.url, sizeof through.url, "http://127.0.0.1:%u",
			       l->relays[i].port);
		(void)snprintf(name, sizeof name, "d%d", i);
		device_new(&l->devices[i], &through, name);
	}
}

static inline void lab_close(struct lab *l)
{
	for (int i = 0; i < DEVICES; i++) {
		device_free(&l->devices[i]);
		relay_stop(&l->relays[i]);
	}
	server_free(&l->server);
	arena_free(l->arena);
}

#endif
