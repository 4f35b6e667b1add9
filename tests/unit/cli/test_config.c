/* SPDX-License-Identifier: Apache-2.0 */
/* The remembered accounts, and where things are. */
#include "cli/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "cli/moment.h"
#include "cli/paths.h"
#include "testing.h"

static char home[] = "/tmp/wakefs-test-config.XXXXXX";

static int set_up(void **state)
{
	char path[PATH_MAX];

	(void)state;
	(void)snprintf(path, sizeof path, "%s/config", home);
	(void)setenv("XDG_CONFIG_HOME", path, 1);
	(void)snprintf(path, sizeof path, "%s/config/wakefs/config", home);
	(void)unlink(path);
	(void)setenv("XDG_STATE_HOME", "/state", 1);
	return 0;
}

static void remember(const char *email, const char *server)
{
	struct config_account a;

	assert_ok(config_account_init(&a, email, server));
	assert_ok(config_remember(&a));
}

static void test_newest_comes_first(void **state)
{
	struct config c;
	struct stat st;
	char path[PATH_MAX];

	(void)state;
	assert_ok(config_load(&c));
	assert_int_equal(c.count, 0);
	remember("ann@example.com", "http://127.0.0.1:1");
	remember("bob@example.com", "http://127.0.0.1:2/");
	remember(" ANN@example.com ", "http://127.0.0.1:1//");
	assert_ok(config_load(&c));
	assert_int_equal(c.count, 2);
	assert_string_equal(c.items[0].email, "ann@example.com");
	assert_string_equal(c.items[0].server, "http://127.0.0.1:1");
	assert_string_equal(config_find(&c, NULL, "http://127.0.0.1:2")->email, "bob@example.com");
	assert_null(config_find(&c, "bob@example.com", "http://127.0.0.1:1"));
	(void)snprintf(path, sizeof path, "%s/config/wakefs/config", home);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_forgotten_is_gone(void **state)
{
	struct config c;

	(void)state;
	remember("ann@example.com", "http://127.0.0.1:1");
	remember("bob@example.com", "http://127.0.0.1:1");
	assert_ok(config_load(&c));
	assert_ok(config_forget(&c.items[1]));
	assert_ok(config_load(&c));
	assert_int_equal(c.count, 1);
	assert_string_equal(c.items[0].email, "bob@example.com");
}

static void test_oldest_makes_room(void **state)
{
	struct config c;
	char email[64];

	(void)state;
	for (int i = 0; i < CONFIG_ACCOUNTS_MAX + 3; i++) {
		(void)snprintf(email, sizeof email, "p%d@example.com", i);
		remember(email, CONFIG_SERVER);
	}
	assert_ok(config_load(&c));
	assert_int_equal(c.count, CONFIG_ACCOUNTS_MAX);
	assert_string_equal(c.items[CONFIG_ACCOUNTS_MAX - 1].email, "p3@example.com");
}

static void put_file(const char *text)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/config/wakefs", home);
	assert_ok(files_mkdirs(path));
	(void)snprintf(path, sizeof path, "%s/config/wakefs/config", home);
	assert_ok(files_write(path, bytes_str(text), 0600));
}

static void test_damage_is_told(void **state)
{
	static const char *const damaged[] = {
		"", "{", "[]", "{\"accounts\":3}", "{\"accounts\":[{\"email\":\"a@b\"}]}",
		"{\"accounts\":[{\"email\":\"\",\"server\":\"http://x\"}]}",
		"{\"accounts\":[{\"email\":\"a\\u0000b\",\"server\":\"http://x\"}]}",
	};
	struct config c = { .count = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
		put_file(damaged[i]);
		assert_status(config_load(&c), WK_CORRUPT);
		assert_int_equal(c.count, 7);
	}
}

static void test_addresses_are_checked(void **state)
{
	static char long_url[CONFIG_URL_MAX + 16];
	struct config_account a;

	(void)state;
	assert_status(config_account_init(&a, "ann", CONFIG_SERVER), WK_INVALID);
	assert_status(config_account_init(&a, "", CONFIG_SERVER), WK_INVALID);
	memset(long_url, 'x', sizeof long_url - 1);
	assert_status(config_account_init(&a, "ann@example.com", long_url), WK_LIMIT);
}

static void test_each_account_has_its_directory(void **state)
{
	struct config_account a, b;
	char dir[PATH_MAX], other[PATH_MAX];

	(void)state;
	assert_ok(config_account_init(&a, "ann@example.com", "http://127.0.0.1:1"));
	assert_ok(config_store_dir(&a, dir));
	/* Known answer: a store must be found again by every later version. */
	assert_int_equal(strlen(dir), strlen("/state/wakefs/") + 32);
	assert_memory_equal(dir, "/state/wakefs/", 14);
	assert_ok(config_account_init(&b, "ann@example.com", "http://127.0.0.1:2"));
	assert_ok(config_store_dir(&b, other));
	assert_string_not_equal(dir, other);
	assert_ok(config_account_init(&b, "Ann@Example.com", "http://127.0.0.1:1/"));
	assert_ok(config_store_dir(&b, other));
	assert_string_equal(dir, other);
}

static void test_paths(void **state)
{
	const char *inside;
	char out[PATH_MAX], want[PATH_MAX + 16], real[PATH_MAX];

	(void)state;
	assert_non_null(realpath(home, real));
	(void)setenv("XDG_STATE_HOME", "relative", 1);
	(void)setenv("HOME", "/home/ann", 1);
	assert_ok(paths_state(out));
	assert_string_equal(out, "/home/ann/.local/state/wakefs");
	(void)snprintf(want, sizeof want, "%s/missing", real);
	assert_ok(paths_absolute(want, out));
	assert_string_equal(out, want);
	assert_int_equal(chdir(real), 0);
	assert_ok(paths_absolute("missing//", out));
	assert_string_equal(out, want);
	assert_ok(paths_absolute("/missing", out));
	assert_string_equal(out, "/missing");
	assert_status(paths_absolute("no/such/dir", out), WK_NOT_FOUND);
	assert_status(paths_absolute("", out), WK_INVALID);
	assert_true(paths_is_in("/a/b/c", "/a/b", &inside));
	assert_string_equal(inside, "c");
	assert_true(paths_is_in("/a/b", "/a/b", &inside));
	assert_string_equal(inside, "");
	assert_false(paths_is_in("/a/bc", "/a/b", &inside));
}

static void test_moments(void **state)
{
	int64_t ms = 0;

	(void)state;
	assert_true(moment_read(bytes_str("2022-03-01T10:00:00.123Z"), &ms));
	assert_true(ms == 1646128800123);
	assert_false(moment_read(bytes_str("2022-03-01T10:00:00Z"), &ms));
	assert_false(moment_read(bytes_str("2022-03-01 10:00:00.1234"), &ms));
	assert_false(moment_read(bytes_of(NULL, 0), &ms));
}

static int remove_all(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", home);
	return system(command) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_newest_comes_first, set_up),
		cmocka_unit_test_setup(test_forgotten_is_gone, set_up),
		cmocka_unit_test_setup(test_oldest_makes_room, set_up),
		cmocka_unit_test_setup(test_damage_is_told, set_up),
		cmocka_unit_test_setup(test_addresses_are_checked, set_up),
		cmocka_unit_test_setup(test_each_account_has_its_directory, set_up),
		cmocka_unit_test_setup(test_paths, set_up),
		cmocka_unit_test(test_moments),
	};

	if (!mkdtemp(home))
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_all);
}
