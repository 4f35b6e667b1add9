/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal is shown: nothing of it may move the cursor. */
#include "cli/text.h"

#include "testing.h"

static void test_safe_shows_controls(void **state)
{
	char out[TEXT_MAX];

	(void)state;
	assert_string_equal(text_safe(bytes_str("Pet Store"), out), "Pet Store");
	assert_string_equal(text_safe(bytes_str("a\x1b[2Jb\n"), out), "a\\u{1b}[2Jb\\u{a}");
	assert_string_equal(text_safe(bytes_str("x\xe2\x80\xaey"), out), "x\\u{202e}y");
	assert_string_equal(text_safe(bytes_str("\xc2\x9b" "1m"), out), "\\u{9b}1m");
	assert_string_equal(text_safe(bytes_str("\xffq"), out), "?q");
	assert_string_equal(text_safe(bytes_str("na\xc3\xafve \xf0\x9f\x90\xb6"), out),
			    "na\xc3\xafve \xf0\x9f\x90\xb6");
}

static void test_safe_is_cut(void **state)
{
	static char longer[3 * TEXT_MAX];
	char out[TEXT_MAX];

	(void)state;
	memset(longer, '\x01', sizeof longer);
	(void)text_safe(bytes_of(longer, sizeof longer), out);
	assert_true(strlen(out) < TEXT_MAX);
	assert_string_equal(out + strlen(out) - 3, "...");
}

static void test_path_is_short_at_home(void **state)
{
	char out[TEXT_MAX];

	(void)state;
	assert_int_equal(setenv("HOME", "/home/ann", 1), 0);
	assert_string_equal(text_path("/home/ann/Workspaces", out), "~/Workspaces");
	assert_string_equal(text_path("/home/ann", out), "~");
	assert_string_equal(text_path("/home/anna/x", out), "/home/anna/x");
}

static void test_shorten_cuts_at_a_character(void **state)
{
	char text[TEXT_MAX] = "Gr\xc3\xb6\xc3\x9f" "e";

	(void)state;
	assert_string_equal(text_shorten(text, 5), "Gr\xc3\xb6\xc3\x9f" "e");
	assert_string_equal(text_shorten(text, 4), "G...");
	(void)snprintf(text, sizeof text, "%s", "\xc3\xb6\xc3\x9f" "ereien");
	assert_string_equal(text_shorten(text, 5), "\xc3\xb6\xc3\x9f...");
	assert_string_equal(text_shorten(text, 3), "...");
}

static void test_ages_and_counts(void **state)
{
	char out[64];

	(void)state;
	assert_string_equal(text_age(-5, out), "0 s");
	assert_string_equal(text_age(2000, out), "2 s");
	assert_string_equal(text_age(5 * 60000, out), "5 min");
	assert_string_equal(text_age(3 * 3600000LL, out), "3 h");
	assert_string_equal(text_age(4 * 86400000LL, out), "4 days");
	assert_string_equal(text_count(1, "document", out), "1 document");
	assert_string_equal(text_count(118, "document", out), "118 documents");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_safe_shows_controls),
		cmocka_unit_test(test_safe_is_cut),
		cmocka_unit_test(test_path_is_short_at_home),
		cmocka_unit_test(test_shorten_cuts_at_a_character),
		cmocka_unit_test(test_ages_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
