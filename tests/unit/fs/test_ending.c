/* SPDX-License-Identifier: Apache-2.0 */
/* How a mount begins and ends: refused with a reason, left cleanly, killed at any moment. */
#include "fs/serving.h"

#include <sys/mman.h>
#include <sys/statvfs.h>

#include "fs/mountpoint.h"

static void reasons(void **state)
{
	SCOPED(scoped_free) char *absolute = NULL;
	char top[] = "/tmp/wakefs-fs-XXXXXX", path[64], reason[256] = "";

	(void)state;
	assert_non_null(mkdtemp(top));
	(void)snprintf(path, sizeof path, "%s/missing", top);
	assert_status(mountpoint_prepare(path, &absolute, reason, sizeof reason), WK_NOT_FOUND);
	assert_non_null(strstr(reason, "does not exist"));
	(void)snprintf(path, sizeof path, "%s/file", top);
	assert_ok(files_write(path, bytes_str("x"), 0600));
	assert_status(mountpoint_prepare(path, &absolute, reason, sizeof reason), WK_INVALID);
	assert_non_null(strstr(reason, "not a directory"));
	assert_status(mountpoint_prepare(top, &absolute, reason, sizeof reason), WK_EXISTS);
	assert_non_null(strstr(reason, "not empty"));
	assert_null(absolute);
	assert_int_equal(unlink(path), 0);
	assert_ok(mountpoint_prepare(top, &absolute, reason, sizeof reason));
	assert_string_equal(absolute, top);
	assert_int_equal(mountpoint_device(top), 0);
	assert_status(mountpoint_prepare("/proc", &absolute, reason, sizeof reason), WK_BUSY);
	assert_int_equal(rmdir(top), 0);
}

static void what_was_written_is_there_next_time(void **state)
{
	struct serving s;
	struct stat before, after;
	int fd;

	(void)state;
	serving_start(&s, 0);
	fd = open(serving_path(&s, "Pets/note.txt"), O_WRONLY | O_CREAT, 0640);
	assert_int_equal(write(fd, "kept", 4), 4);
	assert_int_equal(close(fd), 0);
	assert_int_equal(stat(serving_path(&s, "Pets/note.txt"), &before), 0);
	(void)serving_do(&s, SERVING_STOP, 0, 0);
	assert_int_equal(serving_wait_end(&s), 0);
	assert_int_equal(access(serving_path(&s, "Pets"), F_OK), -1);
	assert_int_equal(errno, ENOENT);
	serving_resume(&s, 0);
	assert_int_equal(stat(serving_path(&s, "Pets/note.txt"), &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_size, 4);
	assert_int_equal(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
	serving_stop(&s);
}

static void in_use_is_detached(void **state)
{
	struct serving s;
	char *at;
	int fd;

	(void)state;
	serving_start(&s, 0);
	fd = open(serving_path(&s, "Pets/held.txt"), O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	memcpy(at, "stored", 6);
	(void)serving_do(&s, SERVING_STOP, 0, 0);
	assert_int_equal(serving_wait_end(&s), 0);
	assert_int_equal(munmap(at, 4096), 0);
	assert_int_equal(write(fd, "x", 1), -1);
	(void)close(fd);
	serving_resume(&s, 0);
	fd = open(serving_path(&s, "Pets/held.txt"), O_RDONLY);
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_memory_equal(at, "stored", 6);
	assert_int_equal(munmap(at, 4096), 0);
	assert_int_equal(close(fd), 0);
	serving_stop(&s);
}

static void unmounted_by_somebody_else(void **state)
{
	struct serving s;

	(void)state;
	serving_start(&s, 0);
	assert_int_equal(umount2(s.mnt, 0), 0);
	assert_int_equal(serving_wait_end(&s), 0);
	serving_delete(&s);
}

static void without_a_helper(void **state)
{
	struct serving s;

	(void)state;
	serving_start(&s, SERVING_NO_HELPER | SERVING_NOPERM);
	(void)serving_do(&s, SERVING_EDIT, 1, 1);
	assert_int_equal(access(serving_path(&s, "Pets/Doc 1.json"), F_OK), 0);
	serving_stop(&s);
}

/* Programs that use the mount while it is killed: each must come to its end. */
static pid_t start_user(struct serving *s, int number)
{
	char name[64];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (int i = 0;; i++) {
		int fd;

		(void)snprintf(name, sizeof name, "Pets/user-%d-%d", number, i % 20);
		fd = open(serving_path(s, name), O_RDWR | O_CREAT, 0600);
		if (fd < 0 || write(fd, "x", 1) != 1)
			_exit(0);
		if (i % 4 == 0 && fsync(fd) != 0)
			_exit(0);
		(void)close(fd);
		(void)snprintf(name, sizeof name, "Pets/user-%d-%d", number, (i + 7) % 20);
		(void)unlink(serving_path(s, name));
		if (access(serving_path(s, "Pets"), F_OK) != 0)
			_exit(0);
	}
}

/* Ended, whether its new parent has noticed or not. */
static bool has_ended(int pid)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(4096);
	char path[64];
	const char *all;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if (files_read(path, &text) != WK_OK || buf_cstr(&text, &all) != WK_OK)
		return true;
	return strstr(all, ") Z ") != NULL;
}

static void kill_once(unsigned round)
{
	struct statvfs vfs;
	struct serving s;
	pid_t users[2];
	int helper, status;

	serving_start(&s, 0);
	helper = serving_do(&s, SERVING_HELPER, 0, 0);
	for (int i = 0; i < 2; i++)
		users[i] = start_user(&s, i);
	for (int i = 0; i < 20; i++)
		(void)serving_do(&s, SERVING_EDIT, i % 3, i);
	/* In the middle of the helper's requests, a little later each round. */
	(void)serving_do(&s, SERVING_EDIT, 1, 100);
	usleep(round * 37 % 400);
	assert_int_equal(kill(s.pid, SIGKILL), 0);
	(void)serving_wait_end(&s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(users[i], &status, 0), users[i]);
		assert_int_equal(status, 0);
	}
	serving_wait(has_ended(helper));
	/* What is cached shows still; whatever needs an answer fails at once. */
	assert_int_equal(statvfs(s.mnt, &vfs), -1);
	assert_int_equal(errno, ENOTCONN);
	/* The dead mount is survived by the next. */
	serving_resume(&s, 0);
	assert_int_equal(access(serving_path(&s, "Pets"), F_OK), 0);
	serving_stop(&s);
}

static void killed_at_any_moment(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 12; round++)
		kill_once(round);
}

/* The descriptor lives on in another process, as it does while a thread waits in the kernel: the
 * helper ends the connection all the same. */
static void killed_while_the_descriptor_is_held(void **state)
{
	struct statvfs vfs;
	struct serving s;
	int holder;

	(void)state;
	serving_start(&s, 0);
	assert_int_equal(statvfs(s.mnt, &vfs), 0);
	holder = serving_do(&s, SERVING_HOLD, 0, 0);
	assert_true(holder > 1);
	assert_int_equal(kill(s.pid, SIGKILL), 0);
	(void)serving_wait_end(&s);
	assert_int_equal(statvfs(s.mnt, &vfs), -1);
	assert_true(errno == ENOTCONN || errno == ECONNABORTED);
	(void)kill(holder, SIGKILL);
	serving_resume(&s, 0);
	serving_stop(&s);
}

static int need_mount(void **state)
{
	(void)state;
	(void)alarm(120);
	if (!serving_possible())
		skip();
	return 0;
}

#define MOUNTED(f) cmocka_unit_test_setup(f, need_mount)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reasons),
	    MOUNTED(what_was_written_is_there_next_time),
	    MOUNTED(in_use_is_detached),
	    MOUNTED(unmounted_by_somebody_else),
	    MOUNTED(without_a_helper),
	    MOUNTED(killed_at_any_moment),
	    MOUNTED(killed_while_the_descriptor_is_held),
	};

	mount_helper_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
