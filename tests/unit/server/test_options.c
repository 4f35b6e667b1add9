/* SPDX-License-Identifier: Apache-2.0 */
/* Command line, configuration file, addresses; rate limits; types of apps. */
#include "harness.h"

#include "server/app_types.h"

static enum wk_status read_args(struct options *o, const char *const *args, char *message)
{
	char *argv[10] = { (char *)(uintptr_t)"wakefsd" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)args[argc - 1];
	options_init(o);
	return options_read(o, argc, argv, message, 500);
}

static void test_arguments(void **state)
{
	struct options o;
	char message[500];

	(void)state;
	assert_ok(read_args(&o, (const char *[]){ "--db", "/x", "--listen=[::1]:0", "--behind-proxy",
						  "--log-level", "warn", NULL }, message));
	assert_string_equal(o.db, "/x");
	assert_string_equal(o.listen, "[::1]:0");
	assert_true(o.behind_proxy);
	assert_int_equal(o.log_level, LOG_WARN);
	assert_ok(read_args(&o, (const char *[]){ "--help", NULL }, message));
	assert_true(o.help);
	assert_status(read_args(&o, (const char *[]){ NULL }, message), WK_INVALID);
	assert_string_equal(message, "--db FILE is missing");
	assert_status(read_args(&o, (const char *[]){ "--db", NULL }, message), WK_INVALID);
	assert_status(read_args(&o, (const char *[]){ "--db", "x", "--nope", "1", NULL }, message),
		      WK_INVALID);
	assert_status(read_args(&o, (const char *[]){ "db", NULL }, message), WK_INVALID);
	assert_status(read_args(&o, (const char *[]){ "--db", "x", "--login-rate", "-1", NULL },
				message), WK_INVALID);
	assert_status(read_args(&o, (const char *[]){ "--db", "x", "--session-max-days", "0", NULL },
				message), WK_INVALID);
}

static void test_config(void **state)
{
	struct options o;
	char dir[64], path[100], message[500];

	(void)state;
	harness_dir(dir);
	snprintf(path, sizeof path, "%s/db", dir);
	assert_ok(files_write(path, bytes_str("# settings\n\n db = /data/x \r\nper-address = 7\n"), 0600));
	assert_ok(read_args(&o, (const char *[]){ "--config", path, "--per-address", "8", NULL },
			    message));
	assert_string_equal(o.db, "/data/x");
	assert_int_equal(o.per_address, 8);	/* arguments overrule the file */
	assert_ok(files_write(path, bytes_str("db = x\nnonsense\n"), 0600));
	assert_status(read_args(&o, (const char *[]){ "--config", path, NULL }, message), WK_INVALID);
	assert_non_null(strstr(message, "line 2"));
	assert_status(read_args(&o, (const char *[]){ "--config", "/nope", NULL }, message),
		      WK_INVALID);
	harness_remove(dir);
}

static enum wk_status address(const char *listen_at, bool *is_loopback)
{
	struct sockaddr_storage a;
	struct options o;

	options_init(&o);
	assert_ok(options_set(&o, "listen", listen_at));
	return options_address(&o, &a, is_loopback);
}

static void test_addresses(void **state)
{
	bool is_loopback;

	(void)state;
	assert_ok(address("127.0.0.1:8743", &is_loopback));
	assert_true(is_loopback);
	assert_ok(address("localhost:0", &is_loopback));
	assert_true(is_loopback);
	assert_ok(address("[::1]:1", &is_loopback));
	assert_true(is_loopback);
	assert_ok(address("0.0.0.0:80", &is_loopback));
	assert_false(is_loopback);
	assert_ok(address("[::]:80", &is_loopback));
	assert_false(is_loopback);
	assert_ok(address("192.168.1.1:80", &is_loopback));
	assert_false(is_loopback);
	assert_status(address("127.0.0.1", &is_loopback), WK_INVALID);
	assert_status(address("127.0.0.1:65536", &is_loopback), WK_INVALID);
	assert_status(address("::1:80", &is_loopback), WK_INVALID);
	assert_status(address("example.com:80", &is_loopback), WK_INVALID);
}

static void test_limits(void **state)
{
	struct limits *l;
	struct bytes one = bytes_of("\x0a\x00\x00\x01", 4), two = bytes_of("\x0a\x00\x00\x02", 4);

	(void)state;
	assert_ok(limits_new(2, &l));
	for (int i = 0; i < 20; i++)
		assert_true(limits_take(l, one, 1, 1000));
	assert_false(limits_take(l, one, 1, 1000));
	assert_true(limits_take(l, two, 10, 1000));	/* another address has its own */
	assert_true(limits_take(l, two, 10, 1000));
	assert_false(limits_take(l, two, 10, 1000));
	assert_false(limits_take(l, one, 1, 1400));
	assert_true(limits_take(l, one, 1, 1500));	/* two a second come back */
	assert_false(limits_take(l, one, 1, 1500));
	assert_true(limits_take(l, one, 20, 1000000));
	assert_false(limits_take(l, one, 1, 1000000));
	limits_free(l);
	assert_ok(limits_new(0, &l));
	assert_true(limits_take(l, one, 1000000, 0));
	limits_free(l);
}

static bool known(const char *client, const char *type)
{
	return app_types_is_known(app_types_version(bytes_str(client)), bytes_str(type));
}

static void test_app_types(void **state)
{
	(void)state;
	assert_true(known("production::linux::5.1.0", "Request"));
	assert_false(known("production::linux::5.9.9", "ClientCertificate"));
	assert_true(known("production::linux::5.10.0", "ClientCertificate"));
	assert_true(known("production::win32::6.3.2", "ClientCertificate"));
	assert_false(known("production::win32::6.3.2", "UnitTest"));
	assert_true(known("production::win32::2020.3.0", "UnitTest"));
	assert_false(known("production::win32::2020.4.2", "GrpcRequest"));
	assert_true(known("production::win32::8.0.1", "GrpcRequest"));
	assert_false(known("production::win32::10.1.1", "Surprise"));
	assert_true(known("", "Surprise"));	/* no app */
	assert_true(known("production::linux::", "Surprise"));
	assert_true(known("a:b", "Surprise"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_config),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_app_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
