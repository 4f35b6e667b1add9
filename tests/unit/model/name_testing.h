/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NAME_TESTING_H
#define NAME_TESTING_H

/* What tests of names share: both ways of a name, checked. */
#include "testing.h"

#include "base/utf8.h"
#include "model/name.h"

#define TYPE "FutureThing"

static inline struct bytes type_of(enum kind k)
{
	return k == KIND_OTHER ? bytes_str(TYPE) : bytes_str("");
}

static inline bool has_children(enum kind k)
{
	return kind_info(k)->children_suffix != NULL;
}

/* A kind with no suffix is a directory's; of a Workspace that depends on for_children. */
static inline bool is_dir(enum kind k, bool for_children)
{
	return kind_info(k)->suffix[0] == '\0' || for_children;
}

static inline void check_decoded(enum kind k, bool for_children, const struct name_parts *parts,
			  bool children)
{
	if (is_dir(k, for_children)) {
		assert_int_equal(children, has_children(k));
		assert_int_equal(parts->kind, has_children(k) ? k : KIND_FOLDER);
		return;
	}
	assert_int_equal(parts->kind, k);
	assert_string_equal(parts->type, k == KIND_OTHER ? TYPE : kind_info(k)->type);
}

/* name -> file name -> name; and a file name is never a directory's. */
static inline void check_name(enum kind k, bool for_children, struct bytes name, const char *mark)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char file[NAME_FILE_MAX + 1];
	bool children = false, cut = true;

	assert_ok(name_encode(k, type_of(k), name, mark, for_children, file, &cut));
	assert_true(utf8_is_valid(bytes_str(file)));
	if (cut && !mark)	/* no file's name yet */
		return;
	assert_true(file[0] != '.' && !strchr(file, '/'));
	assert_int_equal(name_is_document_like(bytes_str(file)), !is_dir(k, for_children));
	if (is_dir(k, for_children))
		assert_ok(name_decode_dir(bytes_str(file), &parts, &children));
	else
		assert_ok(name_decode_file(bytes_str(file), &parts));
	check_decoded(k, for_children, &parts, children);
	assert_string_equal(parts.mark, mark ? mark : "");
	if (!cut && !bytes_equal(buf_bytes(&parts.name), name)) {
		print_error("kind %d: \"%.*s\" -> \"%s\" -> \"%.*s\"\n", (int)k, (int)name.n,
			    (const char *)name.p, file, (int)parts.name.n,
			    (const char *)parts.name.p);
		fail();
	}
	name_parts_fini(&parts);
}

/* file name -> name -> the same file name, whenever it decodes without a mark. */
static inline void check_file(const char *file)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char again[NAME_FILE_MAX + 1];
	enum wk_status st = name_decode_file(bytes_str(file), &parts);
	bool cut = true;

	if (st == WK_OK && parts.mark[0] == '\0' && file[0] != '.') {
		assert_ok(name_encode(parts.kind, bytes_str(parts.type), buf_bytes(&parts.name),
				      NULL, false, again, &cut));
		assert_string_equal(again, file);
		assert_false(cut);
	}
	if (st != WK_OK && name_is_document_like(bytes_str(file)) && !strchr(file, '/')) {
		print_error("\"%s\" does not decode\n", file);
		fail();
	}
	name_parts_fini(&parts);
}

#endif
