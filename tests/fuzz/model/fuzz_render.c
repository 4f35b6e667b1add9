/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any JSON as a document and any text as its file.  The first byte chooses the
 * kind, the rest is a document, a zero byte, and another file's text: the document's own file
 * gives back the document, and the other text gives one that shows that text's
 * members.
 */
#include <stdlib.h>

#include "model/doc.h"

static void must(bool what)
{
	if (!what)
		abort();
}

static struct bytes rendered(struct arena *arena, const struct json *doc)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(64u << 20);

	must(doc_render(arena, doc, &out) == WK_OK);
	return arena_copy(arena, buf_bytes(&out));
}

static struct bytes written(struct arena *arena, const struct json *doc)
{
	SCOPED(buf_fini) struct buf out = BUF_INIT(64u << 20);

	must(json_write(doc, &out) == WK_OK);
	return arena_copy(arena, buf_bytes(&out));
}

/* Another file over this document. */
static void parse_other(struct arena *arena, struct bytes file, const struct doc_place *place,
			const struct json *old)
{
	struct json *doc = NULL, *again = NULL;
	struct json_error error = { .line = 0 };
	enum wk_status st = doc_parse(arena, file, place, old, &doc, &error);

	if (st != WK_OK) {
		must(st != WK_INVALID || (error.line > 0 && error.column > 0 && error.reason[0]));
		return;
	}
	must(doc_parse(arena, rendered(arena, doc), place, doc, &again, NULL) == WK_OK);
	must(bytes_equal(written(arena, doc), written(arena, again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(256u << 20);
	char id[DOC_ID_MAX + 1];
	struct json *doc = NULL, *again = NULL;
	struct doc_head head;
	struct doc_place place;
	const uint8_t *end;
	struct bytes text, file;
	enum kind k;

	if (size < 1 || !arena)
		return 0;
	k = (enum kind)(data[0] % KIND_COUNT);
	end = memchr(data + 1, '\0', size - 1);
	text = bytes_of(data + 1, end ? (size_t)(end - data) - 1 : size - 1);
	file = end ? bytes_of(end + 1, size - text.n - 2) : text;
	(void)!doc_text_id(arena, text, id);
	if (json_parse(arena, text, &doc, NULL) != WK_OK || doc->type != JSON_OBJECT)
		return 0;
	must(json_set_str(arena, doc, "_id", bytes_str("doc_1")) == WK_OK);
	must(json_set_str(arena, doc, "type",
			  bytes_str(k == KIND_OTHER ? "Future" : kind_info(k)->type)) == WK_OK);
	must(doc_read_head(doc, &head) == WK_OK);
	place = (struct doc_place){ .kind = k, .type = head.type, .name = head.name,
				    .parent_id = head.parent_id, .created_ms = head.created_ms,
				    .modified_ms = head.modified_ms, .id = head.id };
	must(doc_parse(arena, rendered(arena, doc), &place, doc, &again, NULL) == WK_OK);
	must(bytes_equal(written(arena, doc), written(arena, again)));
	must(json_equal(doc, again));
	parse_other(arena, file, &place, doc);
	parse_other(arena, file, &place, NULL);
	place.name = bytes_str("other");
	place.modified_ms++;
	parse_other(arena, file, &place, doc);
	return 0;
}
