/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wakefs import.  Every file is read and judged first; only when all are good does anything reach the
 * store.
 */
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/files.h"
#include "cli/import_send.h"
#include "cli/say.h"
#include "cli/text.h"

#define ARENA_MAX ((size_t)4 << 30)
#define NOTES_SHOWN 20
#define NAME_COLUMNS 14		/* at least */
#define NAME_COLUMNS_MAX 40

struct import {
	struct session_options options;
	const char *into;
	bool keep, offline;
	struct desk desk;
	struct arena *arena;
	struct exchange_set *sets;
	char **files;
	size_t count;
	struct progress bar;
	struct buf json;	/* the report */
};

static void import_fini(struct import *m)
{
	free(m->sets);
	buf_fini(&m->json);
	desk_fini(&m->desk);
	arena_free(m->arena);
}

/* The file's name without directories and ending. */
static struct bytes title_of(struct import *m, const char *path)
{
	char copy[PATH_MAX];
	const char *name;
	size_t n;

	(void)snprintf(copy, sizeof copy, "%s", path);
	name = basename(copy);
	n = strlen(name);
	for (size_t i = n; i > 1; i--)
		if (name[i - 1] == '.') {
			n = i - 1;
			break;
		}
	return arena_copy(m->arena, bytes_of(name, n));
}

/* A tree that the client keeps in git is no file, and as a directory would only fail to be read. */
static bool is_directory(const char *path, const char *shown)
{
	char inside[PATH_MAX];
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	(void)snprintf(inside, sizeof inside, "%s/.insomnia", path);
	say_error("%s: This is %s; wakefs imports Insomnia exports of format 3 and 4.", shown,
		  stat(inside, &st) == 0 ? "an Insomnia git-sync tree" : "a directory");
	return true;
}

static int read_one(struct import *m, size_t index)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(EXCHANGE_FILE_MAX);
	const char *path = m->files[index], *sentence = NULL;
	char shown[TEXT_MAX], safe[TEXT_MAX];
	enum wk_status st;

	(void)text_path(path, shown);
	if (is_directory(path, shown))
		return SAY_FAILED;
	st = files_read(path, &text);
	if (st == WK_NOT_FOUND)
		say_error("there is no file %s.", shown);
	if (st == WK_NOT_FOUND)
		return SAY_FAILED;
	if (st == WK_LIMIT) {
		say_error("%s is larger than 256 MiB.", shown);
		return SAY_FAILED;
	}
	if (st != WK_OK)
		return say_status(st, "read %s", shown);
	st = exchange_parse(m->arena, buf_bytes(&text), title_of(m, path), &m->sets[index],
			    &sentence);
	if (st == WK_OK)
		return SAY_DONE;
	if (!sentence)
		return say_status(st, "read %s", shown);
	say_error("%s: %s", shown, text_safe(bytes_str(sentence), safe));
	return SAY_FAILED;
}

static void print_notes(const struct exchange_workspace *w, size_t indent)
{
	for (size_t i = 0; i < w->note_count && i < NOTES_SHOWN; i++) {
		const struct exchange_note *n = &w->notes[i];
		const struct json *doc = n->doc < w->count ? w->docs[n->doc] : NULL;
		struct bytes name = json_get_str(doc, "name");
		char safe[TEXT_MAX];

		if (!name.n)
			name = json_get_str(doc, "_id");
		say_note("%*s! %s  %s", (int)indent, "", text_safe(name, safe), n->text);
	}
	if (w->note_count > NOTES_SHOWN)
		say_note("%*s! and %zu more", (int)indent, "", w->note_count - NOTES_SHOWN);
}

/* The Workspace of a file that goes into another is left out. */
static size_t taken_of(const struct import *m, const struct exchange_workspace *w)
{
	return w->count - (m->into ? 1 : 0);
}

static enum wk_status report(struct import *m, const struct exchange_workspace *w,
			     const char *group_id)
{
	struct bytes name = json_get_str(w->docs[0], "name");
	enum wk_status st = buf_printf(&m->json, "%s{\"name\":", m->json.n ? "," : "");

	if (st == WK_OK)
		st = json_write_string(name, &m->json);
	if (st == WK_OK)
		st = buf_append_str(&m->json, ",\"group\":");
	if (st == WK_OK)
		st = json_write_string(bytes_str(group_id), &m->json);
	return st == WK_OK ? buf_printf(&m->json, ",\"documents\":%zu,\"notes\":%zu}",
					taken_of(m, w), w->note_count)
			   : st;
}

static int take_in(struct import *m)
{
	for (size_t f = 0; f < m->count; f++) {
		struct exchange_set *set = &m->sets[f];
		int code = import_send_map_ids(&m->desk, m->arena, set, m->keep);

		for (size_t i = 0; i < set->count && code == SAY_DONE; i++) {
			char id[IMPORT_SEND_ID] = "";

			code = import_send_workspace(&m->desk, &set->workspaces[i], m->into,
						     &m->bar, id);
			if (code == SAY_DONE &&
			    report(m, &set->workspaces[i], id) != WK_OK)
				code = say_status(WK_NOMEM, "report what was taken in");
		}
		if (code != SAY_DONE)
			return code;
	}
	return SAY_DONE;
}

/*
 * What was begun is taken in whole: half a workspace would be sent as if it were all.  The first
 * interrupt waits until then; a second one ends the process at once.
 */
static volatile sig_atomic_t interrupt_number;

static const int interrupts[] = { SIGINT, SIGTERM, SIGHUP };

static void on_interrupt(int number)
{
	interrupt_number = number;
}

static int take_in_whole(struct import *m)
{
	const struct sigaction wait = { .sa_handler = on_interrupt,
					.sa_flags = SA_RESTART | (int)SA_RESETHAND };
	struct sigaction before[ARRAY_LEN(interrupts)];
	int code;

	for (size_t i = 0; i < ARRAY_LEN(interrupts); i++) {
		(void)sigaction(interrupts[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			(void)sigaction(interrupts[i], &wait, NULL);
	}
	code = take_in(m);
	for (size_t i = 0; i < ARRAY_LEN(interrupts); i++)
		(void)sigaction(interrupts[i], &before[i], NULL);
	return code;
}

static size_t name_columns(const struct import *m)
{
	size_t columns = NAME_COLUMNS;

	for (size_t f = 0; f < m->count; f++)
		for (size_t i = 0; i < m->sets[f].count; i++) {
			const struct json *workspace = m->sets[f].workspaces[i].docs[0];
			size_t width = text_width(json_get_str(workspace, "name"));

			if (width > columns)
				columns = width < NAME_COLUMNS_MAX ? width : NAME_COLUMNS_MAX;
		}
	return columns;
}

static void print_people(const struct import *m, const char *how)
{
	const size_t columns = name_columns(m);

	for (size_t f = 0; f < m->count; f++)
		for (size_t i = 0; i < m->sets[f].count; i++) {
			const struct exchange_workspace *w = &m->sets[f].workspaces[i];
			char safe[TEXT_MAX], count[64];

			text_put_padded(text_safe(json_get_str(w->docs[0], "name"), safe),
					columns);
			(void)printf(" %s  %s\n", text_count(taken_of(m, w), "document", count),
				     how);
			print_notes(w, columns + 2);
		}
}

static int run(struct import *m)
{
	bool sent;
	int code = SAY_DONE, taken;

	for (size_t i = 0; i < m->count; i++) {
		int one = read_one(m, i);

		if (one != SAY_DONE)
			code = one;
	}
	if (code != SAY_DONE && m->count > 1)
		say_note("Nothing was taken in.");
	if (code == SAY_DONE)
		code = desk_open(&m->options, "import", &m->desk);
	if (code != SAY_DONE)
		return code;
	taken = take_in_whole(m);
	if (taken == SAY_DONE && interrupt_number != 0) {
		say_note("Interrupted: everything was taken in and is kept here; what was not sent "
			 "goes up with the next mount or import.");
		desk_fini(&m->desk);
		(void)raise(interrupt_number);
	}
	if (taken != SAY_DONE)
		return taken;
	code = m->offline ? SAY_DONE : import_send_upload(&m->desk, &m->bar);
	sent = code == SAY_DONE && !m->offline;
	if (m->options.json)
		(void)printf("{\"workspaces\":[%.*s],\"sent\":%s}\n", (int)m->json.n,
			     (const char *)m->json.p, sent ? "true" : "false");
	else
		print_people(m, sent ? "done" : "kept here, not sent yet");
	return code;
}

int import_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(import_fini) struct import m = {
		.options = SESSION_OPTIONS_INIT, .desk = DESK_INIT, .json = BUF_INIT(64u << 20),
	};
	const struct option_entry entries[] = {
		{ 0, "keep-ids", NULL, "keep the ids of the file where they are free", &m.keep,
		  NULL, NULL },
		{ 0, "into", "GROUP", "into this workspace (name or id) instead of new ones", NULL,
		  &m.into, NULL },
		{ 0, "offline", NULL, "do not talk to the server", &m.offline, NULL, NULL },
		SESSION_ENTRY_JSON(&m.options),
		SESSION_ENTRY_ACCOUNT(&m.options),
		SESSION_ENTRY_SERVER(&m.options),
		SESSION_ENTRIES_PASSPHRASE(&m.options),
	};
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	m.files = operands.items;
	m.count = (size_t)operands.count;
	m.sets = calloc(m.count, sizeof *m.sets);
	m.arena = arena_new(ARENA_MAX);
	if (!m.sets || !m.arena)
		return say_status(WK_NOMEM, "read the files");
	progress_start(&m.bar);
	return run(&m);
}
