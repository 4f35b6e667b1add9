/* SPDX-License-Identifier: Apache-2.0 */
/* Small files, in a temporary directory. */
#include "testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/scoped.h"

static char dir[] = "/tmp/wakefs-test-files.XXXXXX";
static char path[256];

static const char *in_dir(const char *name)
{
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[300];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static unsigned entries(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static void test_write_and_read(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_INIT(100000);
	SCOPED(scoped_free) uint8_t *large = malloc(50000);
	struct stat s;
	unsigned before;

	(void)state;
	assert_non_null(large);
	assert_ok(files_write(in_dir("f"), bytes_str("one"), 0640));
	before = entries();
	assert_ok(files_write(in_dir("f"), bytes_str("two"), 0600));
	assert_int_equal(entries(), before);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 07777, 0600);
	assert_ok(buf_append_str(&b, "="));
	assert_ok(files_read(path, &b));
	assert_bytes_str(buf_bytes(&b), "=two");
	memset(large, 'z', 50000);
	assert_ok(files_write(in_dir("large"), bytes_of(large, 50000), 0600));
	buf_clear(&b);
	assert_ok(files_read(path, &b));
	assert_true(bytes_equal(buf_bytes(&b), bytes_of(large, 50000)));
	assert_ok(files_write(in_dir("empty"), bytes_of(NULL, 0), 0600));
	buf_clear(&b);
	assert_ok(files_read(path, &b));
	assert_int_equal(b.n, 0);
}

static void test_failures(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_INIT(20000);
	char long_name[PATH_MAX + 10];
	unsigned before;

	(void)state;
	memset(long_name, 'n', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	assert_ok(buf_append_str(&b, "kept"));
	assert_status(files_read(in_dir("missing"), &b), WK_NOT_FOUND);
	assert_status(files_read(in_dir("large"), &b), WK_LIMIT);
	assert_status(files_read(dir, &b), WK_IO);
	assert_bytes_str(buf_bytes(&b), "kept");
	before = entries();
	assert_status(files_write(in_dir("no/such"), bytes_str("x"), 0600), WK_NOT_FOUND);
	assert_status(files_write(long_name, bytes_str("x"), 0600), WK_LIMIT);
	assert_int_equal(mkdir(in_dir("d"), 0700), 0);
	assert_status(files_write(path, bytes_str("x"), 0600), WK_IO);
	assert_int_equal(entries(), before + 1);
	assert_status(files_mkdirs(long_name), WK_LIMIT);
}

/* A full disk, as far as a limit on file size shows it: nothing is left behind. */
static void test_write_is_whole(void **state)
{
	SCOPED(buf_fini) struct buf b = BUF_INIT(100);
	struct rlimit old, small;
	unsigned before = entries();
	enum wk_status st;

	(void)state;
	assert_ok(files_write(in_dir("f"), bytes_str("before"), 0600));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 3, .rlim_max = old.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	st = files_write(path, bytes_str("after"), 0600);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(st, WK_LIMIT);
	assert_int_equal(entries(), before);
	assert_ok(files_read(path, &b));
	assert_bytes_str(buf_bytes(&b), "before");
}

static void test_mkdirs(void **state)
{
	struct stat s;

	(void)state;
	assert_ok(files_mkdirs(in_dir("x/y//z/")));
	assert_ok(files_mkdirs(in_dir("x/y/z")));
	assert_int_equal(stat(path, &s), 0);
	assert_true(S_ISDIR(s.st_mode));
	assert_int_equal(s.st_mode & 0777, 0700);
	assert_ok(files_mkdirs("/"));
	assert_status(files_mkdirs(""), WK_INVALID);
	assert_ok(files_write(in_dir("file"), bytes_str(""), 0600));
	assert_status(files_mkdirs(in_dir("file")), WK_EXISTS);
	assert_status(files_mkdirs(in_dir("file/sub")), WK_EXISTS);
}

static void test_lock(void **state)
{
	char owner[32] = "";
	char little[4] = "";
	int first = -1, second = -1;

	(void)state;
	assert_ok(files_lock(in_dir("lock"), "pid 12 on /mnt\nmore", &first, owner, sizeof owner));
	assert_status(files_lock(path, "other", &second, owner, sizeof owner), WK_BUSY);
	assert_string_equal(owner, "pid 12 on /mnt");
	assert_status(files_lock(path, "other", &second, little, sizeof little), WK_BUSY);
	assert_string_equal(little, "pid");
	assert_int_equal(second, -1);
	(void)close(first);
	assert_ok(files_lock(path, "x", &second, owner, sizeof owner));
	assert_status(files_lock(path, "y", &first, owner, sizeof owner), WK_BUSY);
	assert_string_equal(owner, "x");
	(void)close(second);
	assert_status(files_lock(in_dir("none/lock"), "x", &first, owner, sizeof owner),
		      WK_NOT_FOUND);
}

static void test_errnos(void **state)
{
	static const struct {
		int number;
		enum wk_status st;
	} table[] = {
		{ 0, WK_OK }, { ENOMEM, WK_NOMEM }, { ENOSPC, WK_FULL }, { EDQUOT, WK_FULL },
		{ ENOENT, WK_NOT_FOUND }, { ENOTDIR, WK_NOT_FOUND }, { EEXIST, WK_EXISTS },
		{ EACCES, WK_DENIED }, { EPERM, WK_DENIED }, { EROFS, WK_DENIED },
		{ ENAMETOOLONG, WK_LIMIT }, { EFBIG, WK_LIMIT }, { EIO, WK_IO }, { 9999, WK_IO },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_status(files_errno_status(table[i].number), table[i].st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_write_is_whole), cmocka_unit_test(test_mkdirs),
		cmocka_unit_test(test_lock), cmocka_unit_test(test_errnos),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
