/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, and the log lines that carry their time. */
#include "testing.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"

static void check_iso(int64_t ms, const char *want)
{
	char text[25];

	clock_iso8601(ms, text);
	assert_string_equal(text, want);
}

static void test_iso8601(void **state)
{
	(void)state;
	check_iso(0, "1970-01-01T00:00:00.000Z");
	check_iso(1, "1970-01-01T00:00:00.001Z");
	check_iso(-1, "1969-12-31T23:59:59.999Z");
	check_iso(-1000, "1969-12-31T23:59:59.000Z");
	check_iso(1709164799999, "2024-02-28T23:59:59.999Z");
	check_iso(1709164800000, "2024-02-29T00:00:00.000Z");
	check_iso(253402300799999, "9999-12-31T23:59:59.999Z");
	check_iso(253402300800000, "1970-01-01T00:00:00.000Z");
	check_iso(INT64_MAX, "1970-01-01T00:00:00.000Z");
	check_iso(INT64_MIN, "1970-01-01T00:00:00.000Z");
}

static void test_clocks(void **state)
{
	int64_t mono = clock_mono_us();

	(void)state;
	clock_freeze_wall_ms(1234567);
	assert_int_equal(clock_wall_ms(), 1234567);
	assert_int_equal(clock_wall_ns(), 1234567000000);
	assert_true(clock_mono_us() >= mono);
	assert_true(clock_mono_ms() >= mono / 1000);
	clock_freeze_wall_ms(0);
	assert_true(clock_wall_ms() > 1700000000000);
}

static size_t read_log(int fd, char *line, size_t size)
{
	ssize_t n = read(fd, line, size - 1);

	assert_true(n > 0);
	line[n] = '\0';
	return (size_t)n;
}

static void test_log(void **state)
{
	char line[4096], longest[3000];
	int fds[2];
	size_t n;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	log_to_fd(fds[1]);
	log_setup("tester", LOG_INFO);
	clock_freeze_wall_ms(1);
	log_debug("not shown");
	log_warn("%d bytes\nforged: line\x1b\x7f", 5);
	(void)read_log(fds[0], line, sizeof line);
	assert_string_equal(line, "1970-01-01T00:00:00.001Z WARN tester: "
				  "5 bytes?forged: line??\n");
	memset(longest, 'x', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	log_error("%s", longest);
	n = read_log(fds[0], line, sizeof line);
	assert_in_range(n, 1000, 1024);
	assert_int_equal(line[n - 1], '\n');
	assert_int_equal(line[n - 2], 'x');
	clock_freeze_wall_ms(0);
	log_to_fd(STDERR_FILENO);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iso8601),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
