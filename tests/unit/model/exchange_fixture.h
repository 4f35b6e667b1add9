/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXCHANGE_FIXTURE_H
#define EXCHANGE_FIXTURE_H

/* Reads sample exports and takes them through import and export. */
#include "testing.h"

#include "base/files.h"
#include "model/exchange.h"
#include "model/exchange_parts.h"

#define SAMPLES "tests/data/exports/"
#define FOREIGN "tests/data/foreign/"
#define ARENA_MAX ((size_t)1 << 30)

struct sample {
	struct arena *arena;
	struct buf file;
	struct exchange_set set;
	const char *sentence;
};

static inline void sample_fini(struct sample *s)
{
	arena_free(s->arena);
	buf_fini(&s->file);
}

static inline enum wk_status sample_parse(struct sample *s, struct bytes text)
{
	s->arena = arena_new(ARENA_MAX);
	assert_non_null(s->arena);
	return exchange_parse(s->arena, text, bytes_str("Title"), &s->set, &s->sentence);
}

static inline enum wk_status sample_open(struct sample *s, const char *path)
{
	*s = (struct sample){ .file = BUF_INIT(EXCHANGE_FILE_MAX) };
	assert_ok(files_read(path, &s->file));
	return sample_parse(s, buf_bytes(&s->file));
}

static inline size_t sample_docs(struct sample *s, const struct json ***docs_out)
{
	const struct json **docs = arena_alloc(s->arena, (s->set.doc_count + 1) * sizeof *docs);
	size_t n = 0;

	assert_non_null(docs);
	for (size_t i = 0; i < s->set.count; i++) {
		for (size_t k = 0; k < s->set.workspaces[i].count; k++)
			docs[n++] = s->set.workspaces[i].docs[k];
	}
	assert_int_equal(n, s->set.doc_count);
	*docs_out = docs;
	return n;
}

static inline const struct json *sample_named(struct sample *s, const char *name)
{
	const struct json **docs;
	size_t n = sample_docs(s, &docs);

	for (size_t i = 0; i < n; i++) {
		if (bytes_equal_str(json_get_str(docs[i], "name"), name))
			return docs[i];
	}
	fail_msg("no document named %s", name);
	return NULL;
}

/* The note on the document of this name that holds `part`; fails when there is none. */
static inline void sample_assert_note(const struct sample *s, const char *name, const char *part)
{
	for (size_t i = 0; i < s->set.count; i++) {
		const struct exchange_workspace *w = &s->set.workspaces[i];

		for (size_t k = 0; k < w->note_count; k++) {
			if (bytes_equal_str(json_get_str(w->docs[w->notes[k].doc], "name"), name) &&
			    strstr(w->notes[k].text, part))
				return;
		}
	}
	fail_msg("no note \"%s\" on %s", part, name);
}

static inline struct json *sample_export(struct sample *s)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT((size_t)2 * EXCHANGE_FILE_MAX);
	const struct json **docs;
	size_t n = sample_docs(s, &docs);
	struct json *root = NULL;

	assert_ok(exchange_write(s->arena, docs, n, 1646128800123, &out));
	assert_int_equal(out.p[out.n - 1], '\n');
	assert_ok(json_parse(s->arena, buf_bytes(&out), &root, NULL));
	return root;
}

#endif
