/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names one-to-one: exhaustively over short adversarial strings in every kind, and
 * at random over Unicode.
 */
#include "name_testing.h"

#include "base/rand.h"

static void check_dir(const char *dir)
{
	struct name_parts parts = NAME_PARTS_INIT;
	char again[NAME_FILE_MAX + 1];
	bool children = false;

	if (name_decode_dir(bytes_str(dir), &parts, &children) == WK_OK &&
	    parts.mark[0] == '\0') {
		assert_ok(name_encode(parts.kind, bytes_str(""), buf_bytes(&parts.name), NULL,
				      children, again, NULL));
		assert_string_equal(again, dir);
	}
	name_parts_fini(&parts);
}

/* The n-th string over an alphabet, shorter ones first; false when longer than max. */
static bool nth_string(unsigned long n, const char *alphabet, size_t max, char *out)
{
	size_t base = strlen(alphabet), len = 0;
	unsigned long count = 1;

	while (n >= count) {
		n -= count;
		count *= base;
		len++;
	}
	if (len > max)
		return false;
	for (size_t i = 0; i < len; i++) {
		out[i] = alphabet[n % base];
		n /= base;
	}
	out[len] = '\0';
	return true;
}

static void check_every_kind(struct bytes name, const char *mark)
{
	for (int k = 0; k < KIND_COUNT; k++) {
		check_name((enum kind)k, false, name, mark);
		if (has_children((enum kind)k) || k == KIND_WORKSPACE)
			check_name((enum kind)k, true, name, mark);
	}
}

static void every_short_name_comes_back_in_every_kind(void **state)
{
	char text[8];

	(void)state;
	for (unsigned long n = 0; nth_string(n, "%2EF./~wsj", 4, text); n++)
		check_every_kind(bytes_str(text), NULL);
	for (unsigned long n = 0; nth_string(n, "%2EF./~wsj", 5, text); n++) {
		check_name(KIND_REQUEST, false, bytes_str(text), NULL);
		check_name(KIND_FOLDER, false, bytes_str(text), NULL);
		check_name(KIND_SPEC, false, bytes_str(text), NULL);
		if (n % 7 == 0)
			check_every_kind(bytes_str(text), "ab-1");
	}
	for (unsigned long n = 0; nth_string(n, "%25", 7, text); n++)
		check_name(KIND_REQUEST, false, bytes_str(text), NULL);
}

/* Pieces that only together make an escape, a mark or a suffix. */
static void every_row_of_pieces_comes_back(void **state)
{
	static const char *const pieces[] = { "%", "25", "2E", "2F", "~", "abcd", ".", "ws",
		"env", "json", "yaml", "@A", "ED", "A0", "80", "\xed\xa0\x80", "B0",
		"\xed\xb0\x80", "/", "x" };
	enum { PIECES = sizeof pieces / sizeof *pieces };
	char text[64];

	(void)state;
	for (unsigned long n = 0; n < (unsigned long)PIECES * PIECES * PIECES * PIECES; n++) {
		unsigned long left = n;

		text[0] = '\0';
		for (int i = 0; i < 4; i++, left /= PIECES)
			strcat(text, pieces[left % PIECES]);
		if (strstr(text, "\xed\xa0\x80\xed\xb0\x80"))
			continue;
		check_name(KIND_REQUEST, false, bytes_str(text), NULL);
		check_name(KIND_FOLDER, false, bytes_str(text), NULL);
		if (n % 5 == 0)
			check_name(KIND_ENVIRONMENT, true, bytes_str(text), NULL);
		strcat(text, ".json");
		if (utf8_is_valid(bytes_str(text)))
			check_file(text);
	}
}

static void every_short_file_name_that_decodes_comes_back(void **state)
{
	static const char *const ends[] = { "", ".json", ".yaml", ".proto", ".ws.json",
		".env.json", ".@A.json", ".@.json", ".@Request.json", ".folder.json",
		".workspace.json", ".env", ".mock", "%~abcd", "%ED%A0%80", "%ED%B0%80.json" };
	char text[64], name[8];

	(void)state;
	for (size_t e = 0; e < sizeof ends / sizeof *ends; e++) {
		for (unsigned long n = 0; nth_string(n, "%2EF./~wsj", 4, name); n++) {
			snprintf(text, sizeof text, "%s%s", name, ends[e]);
			check_file(text);
			check_dir(text);
		}
	}
}

/* Mostly nasty: controls, surrogates, '%', dots, and some of every plane. */
static uint32_t random_cp(void)
{
	static const char nasty[] = "%%%25EDF./~ab08.json@ws";

	switch (rand_below(8)) {
	case 0:
		return (uint32_t)rand_below(0x80);
	case 1:
		return 0xd800 + (uint32_t)rand_below(0x800);
	case 2:
		return (uint32_t)rand_below(0x110000);
	case 3:
		return 0x300 + (uint32_t)rand_below(0x3000);
	default:
		return (uint8_t)nasty[rand_below(sizeof nasty - 1)];
	}
}

static size_t random_name(uint8_t *out, size_t characters)
{
	size_t n = 0;
	uint32_t before = 0;

	for (size_t i = 0; i < characters; i++) {
		uint32_t cp = random_cp();

		if (before >= 0xd800 && before < 0xdc00 && cp >= 0xdc00 && cp < 0xe000)
			cp = '%';
		n += utf8_encode(cp, out + n);
		before = cp;
	}
	return n;
}

static void random_unicode_names_come_back(void **state)
{
	uint8_t name[4 * 300];

	(void)state;
	for (int i = 0; i < 30000; i++) {
		size_t n = random_name(name, rand_below(i % 10 ? 20 : 300));
		enum kind k = (enum kind)rand_below(KIND_COUNT);

		check_name(k, false, bytes_of(name, n), i % 3 ? NULL : "0f-A_z");
		check_every_kind(bytes_of(name, n < 6 ? n : 0), NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_name_comes_back_in_every_kind),
		cmocka_unit_test(every_row_of_pieces_comes_back),
		cmocka_unit_test(every_short_file_name_that_decodes_comes_back),
		cmocka_unit_test(random_unicode_names_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
