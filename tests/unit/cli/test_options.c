/* SPDX-License-Identifier: Apache-2.0 */
/* Reading arguments by a table. */
#include "cli/options.h"

#include "cli/say.h"
#include "testing.h"

static const struct verb verb = {
	.name = "try", .usage = "FILE", .about = "Tries.", .operands_min = 1, .operands_max = 2,
};

static bool flag;
static const char *text;
static int number;
static const struct option_entry entries[] = {
	{ 'f', "flag", NULL, "a flag", &flag, NULL, NULL },
	{ 't', "text", "TEXT", "a text", NULL, &text, NULL },
	{ 0, "number", "N", "a number", NULL, NULL, &number },
};

static int set_up(void **state)
{
	(void)state;
	flag = false;
	text = NULL;
	number = -1;
	return 0;
}

#define READ(operands, ...)                                                                        \
	read_all(operands, (const char *const[]){ "try", __VA_ARGS__, NULL })

static int read_all(struct operands *operands, const char *const *words)
{
	static char copies[8][64];
	static char *argv[9];
	int argc = 0;

	for (; words[argc]; argc++) {
		(void)snprintf(copies[argc], sizeof copies[argc], "%s", words[argc]);
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	return options_read(&verb, entries, 3, argc, argv, operands);
}

static void test_values_are_taken(void **state)
{
	struct operands o;

	(void)state;
	assert_int_equal(READ(&o, "one", "-f", "--text=x y", "--number", "12", "two"), OPTIONS_GO);
	assert_true(flag);
	assert_string_equal(text, "x y");
	assert_int_equal(number, 12);
	assert_int_equal(o.count, 2);
	assert_string_equal(o.items[1], "two");
	assert_int_equal(READ(&o, "--", "-f"), OPTIONS_GO);
	assert_string_equal(o.items[0], "-f");
}

static void test_wrong_use_is_told(void **state)
{
	struct operands o;

	(void)state;
	assert_int_equal(READ(&o, "-f"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "2", "3"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "--none"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "-x"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "--text"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "--flag=no"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "--number", "-1"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "--number", "12a"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "--number", "99999999999999999999"), SAY_USAGE);
	assert_int_equal(READ(&o, "1", "--number", ""), SAY_USAGE);
}

static void test_help_is_done(void **state)
{
	struct operands o;

	(void)state;
	assert_int_equal(READ(&o, "--help"), SAY_DONE);
	assert_int_equal(READ(&o, "-h"), SAY_DONE);
}

static void test_verbs_are_found(void **state)
{
	(void)state;
	assert_string_equal(verb_find("mount")->name, "mount");
	assert_null(verb_find("moun"));
	assert_string_equal(verb_near("moutn")->name, "mount");
	assert_string_equal(verb_near("statsu")->name, "status");
	assert_null(verb_near("entirely"));
	assert_null(verb_near("a-very-long-word-that-is-none"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_values_are_taken, set_up),
		cmocka_unit_test_setup(test_wrong_use_is_told, set_up),
		cmocka_unit_test_setup(test_help_is_done, set_up),
		cmocka_unit_test(test_verbs_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
