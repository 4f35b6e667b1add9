/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOC_TESTING_H
#define DOC_TESTING_H

/* What tests of documents share; their trees live in one arena for each program. */
#include "testing.h"

#include "base/arena.h"
#include "model/doc.h"

#define ROOM (256u << 20)

static struct arena *arena;

static inline int make_arena(void **state)
{
	(void)state;
	arena = arena_new(ROOM);
	return arena ? 0 : -1;
}

static inline int free_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static inline struct json *json_of(const char *text)
{
	struct json *v = NULL;

	assert_ok(json_parse(arena, bytes_str(text), &v, NULL));
	return v;
}

static inline struct bytes written(const struct json *v)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(DOC_MAX);

	assert_ok(json_write(v, &out));
	return arena_copy(arena, buf_bytes(&out));
}

static inline struct bytes rendered(const struct json *doc)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(DOC_MAX);

	assert_ok(doc_render(arena, doc, &out));
	return arena_copy(arena, buf_bytes(&out));
}

/* What path and stat would say of this document. */
static inline struct doc_place place_of(const struct json *doc)
{
	struct doc_head head;

	assert_ok(doc_read_head(doc, &head));
	return (struct doc_place){ .kind = head.kind, .type = head.type, .name = head.name,
				   .parent_id = head.parent_id, .created_ms = head.created_ms,
				   .modified_ms = head.modified_ms, .id = head.id };
}

static const struct doc_place new_request = { .kind = KIND_REQUEST,
					      .name = { (const uint8_t *)"Plant", 5 },
					      .parent_id = { (const uint8_t *)"fld_1", 5 },
					      .created_ms = 5,
					      .modified_ms = 6,
					      .id = { (const uint8_t *)"req_1", 5 } };

#endif
