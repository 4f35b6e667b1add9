/* SPDX-License-Identifier: Apache-2.0 */
/* The self-test counts, and can fail. */
#include "testing.h"

#include <unistd.h>

#include "base/files.h"
#include "crypto/selftest.h"

static char last_line[256];

static void remember(void *arg, const char *line)
{
	unsigned *lines = arg;

	(*lines)++;
	(void)snprintf(last_line, sizeof last_line, "%s", line);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_ok(files_write(path, bytes_str(text), 0600));
}

static void remove_file(const char *dir, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static void built_in_answers_pass(void **state)
{
	struct selftest_result r = { 0 };

	(void)state;
	assert_ok(selftest_run(NULL, &r, NULL, NULL));
	assert_int_equal(r.failed, 0);
	assert_int_equal(r.skipped, 0);
	assert_true(r.passed >= 7);
}

static void wrong_answers_fail(void **state)
{
	char dir[] = "/tmp/wk-selftest-XXXXXX";
	struct selftest_result built_in = { 0 }, r = { 0 };
	unsigned lines = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_ok(selftest_run(NULL, &built_in, NULL, NULL));
	write_file(dir, "ids.json",
		   "{\"cookieJar\":["
		   "{\"workspaceId\":\"abc\",\"id\":\"jar_a9993e364706816aba3e25717850c26c9cd0d89d\"},"
		   "{\"workspaceId\":\"abd\",\"id\":\"jar_a9993e364706816aba3e25717850c26c9cd0d89d\"},"
		   "{}]}");
	write_file(dir, "unknown.json", "{}");
	assert_ok(selftest_run(dir, &r, remember, &lines));
	assert_int_equal(r.passed, built_in.passed + 1);
	assert_int_equal(r.failed, 2);
	assert_int_equal(r.skipped, 2);
	assert_int_equal(lines, 5);
	assert_string_equal(last_line, "unknown.json: the whole file skipped");
	write_file(dir, "srp.json", "{\"cases\":[{}],\"reject\":[{\"side\":\"client\"}]}");
	write_file(dir, "aes-gcm.json", "{\"cases\":[{}],\"lenient\":[{}],\"reject\":[{}],"
					"\"bytes\":[{}],\"uri\":[{}]}");
	write_file(dir, "derive-key.json", "{\"cases\":[{}]}");
	write_file(dir, "rsa-oaep.json", "{\"keys\":{\"k\":{}},\"cases\":[{}],\"reject\":[{}]}");
	write_file(dir, "account.json", "{\"accounts\":[{}]}");
	write_file(dir, "group.json", "{\"members\":[{}],\"serverResources\":[{}]}");
	assert_ok(selftest_run(dir, &r, NULL, NULL));
	assert_int_equal(r.passed, built_in.passed + 1);
	assert_int_equal(r.failed, 2 + 2 + 5 + 1 + 4 + 1 + 3);
	write_file(dir, "ids.json", "{");
	assert_status(selftest_run(dir, &r, NULL, NULL), WK_INVALID);
	remove_file(dir, "ids.json");
	remove_file(dir, "unknown.json");
	remove_file(dir, "srp.json");
	remove_file(dir, "aes-gcm.json");
	remove_file(dir, "derive-key.json");
	remove_file(dir, "rsa-oaep.json");
	remove_file(dir, "account.json");
	remove_file(dir, "group.json");
	assert_int_equal(rmdir(dir), 0);
}

static void a_missing_directory_is_not_found(void **state)
{
	struct selftest_result r = { 0 };

	(void)state;
	assert_status(selftest_run("/nonexistent", &r, NULL, NULL), WK_NOT_FOUND);
}

/* The reference client's own transcripts. */
static void every_vector_passes(void **state)
{
	struct selftest_result r = { 0 };
	unsigned lines = 0;

	(void)state;
	if (access("tests/vectors/srp.json", R_OK) != 0)
		skip();
	assert_ok(selftest_run("tests/vectors", &r, remember, &lines));
	assert_int_equal(r.failed, 0);
	assert_true(r.passed > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_answers_pass),
		cmocka_unit_test(wrong_answers_fail),
		cmocka_unit_test(a_missing_directory_is_not_found),
		cmocka_unit_test(every_vector_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
