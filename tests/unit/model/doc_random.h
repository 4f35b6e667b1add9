/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DOC_RANDOM_H
#define DOC_RANDOM_H

/* Random documents for tests: odd numbers, double keys, lone surrogates, hidden members anywhere. */
#include "testing.h"

#include "base/json.h"
#include "base/rand.h"
#include "model/kind.h"

static const char *const random_texts[] = { "", "a", "/%.", "x\n\x01", "\xed\xa0\x80",
	"\xf0\x9f\x90\x88",
	"{{ _.base }}", "\"\\", "name", "0" };
static const char *const random_numbers[] = { "0", "-0", "1.0", "1e3", "1540000000000", "1.5",
	"-1540000002000.5", "123456789012345678901234567890", "1E-400" };
static const char *const random_keys[] = { "_id", "type", "parentId", "modified", "created", "name",
	"fileName", "host", "url", "body", "contents", "protoText", "metaSortKey", "headers", "", "x" };

#define PICK(list) ((list)[rand_below(sizeof(list) / sizeof *(list))])

static inline struct json random_value(struct arena *arena, int depth)
{
	struct json v = { .type = (enum json_type)rand_below(depth > 3 ? 5 : 7) };
	size_t n = v.type >= JSON_ARRAY ? rand_below(4) : 0;

	if (v.type == JSON_STRING)
		v.text = bytes_str(PICK(random_texts));
	else if (v.type == JSON_NUMBER)
		v.text = bytes_str(PICK(random_numbers));
	for (size_t i = 0; i < n; i++) {
		struct json inner = random_value(arena, depth + 1);

		if (v.type == JSON_ARRAY)
			assert_ok(json_append(arena, &v, &inner));
		else if (v.type == JSON_OBJECT)
			assert_ok(json_append_member(arena, &v, bytes_str(PICK(random_keys)), &inner));
	}
	return v;
}

/* With an `_id` and a type that count; everything else as it comes. */
static inline struct json *random_doc(struct arena *arena)
{
	struct json *doc = json_new(arena, JSON_OBJECT);
	enum kind k = (enum kind)rand_below(KIND_COUNT);
	size_t n = rand_below(12);

	assert_non_null(doc);
	for (size_t i = 0; i < n; i++) {
		struct json value = random_value(arena, 0);

		assert_ok(json_append_member(arena, doc, bytes_str(PICK(random_keys)), &value));
	}
	assert_ok(json_set_str(arena, doc, "type",
			       bytes_str(k == KIND_OTHER ? "Future" : kind_info(k)->type)));
	assert_ok(json_set_str(arena, doc, "_id", bytes_str("doc_1")));
	return doc;
}

#endif
