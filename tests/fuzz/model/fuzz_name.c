/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a document's name in every kind, and as a file's and a directory's
 * name: both ways give back what went in.
 */
#include <stdlib.h>

#include "model/name.h"

#define TYPE "FutureThing"

static void must(bool what)
{
	if (!what)
		abort();
}

static void encode_and_back(enum kind k, bool for_children, struct bytes name, const char *mark)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char file[NAME_FILE_MAX + 1];
	bool cut = false, children = false;
	enum wk_status st = name_encode(k, bytes_str(TYPE), name, mark, for_children, file, &cut);

	if (st != WK_OK) {
		must(st == WK_INVALID || (st == WK_UNSUPPORTED && for_children));
		return;
	}
	must(strlen(file) <= NAME_FILE_MAX);
	if (cut && !mark)	/* no file's name yet */
		return;
	if (name_is_document_like(bytes_str(file)))
		must(name_decode_file(bytes_str(file), &parts) == WK_OK && parts.kind == k);
	else
		must(name_decode_dir(bytes_str(file), &parts, &children) == WK_OK &&
		     (children ? parts.kind == k : parts.kind == KIND_FOLDER));
	must(strcmp(parts.mark, mark ? mark : "") == 0);
	must(cut || bytes_equal(buf_bytes(&parts.name), name));
	name_parts_fini(&parts);
}

static void decode_and_back(struct bytes file, bool is_dir)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char again[NAME_FILE_MAX + 1];
	bool cut = true, children = false;
	enum wk_status st = is_dir ? name_decode_dir(file, &parts, &children)
				   : name_decode_file(file, &parts);

	if (st == WK_OK && parts.mark[0] == '\0' && file.p[0] != '.') {
		must(name_encode(parts.kind, bytes_str(parts.type), buf_bytes(&parts.name), NULL,
				 children, again, &cut) == WK_OK);
		must(!cut && bytes_equal_str(file, again));
	}
	name_parts_fini(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_of(data, size);

	for (int k = 0; k < KIND_COUNT; k++) {
		encode_and_back((enum kind)k, false, text, NULL);
		encode_and_back((enum kind)k, true, text, "a-_9");
	}
	decode_and_back(text, false);
	decode_and_back(text, true);
	return 0;
}
