/* SPDX-License-Identifier: Apache-2.0 */
/* Scratch files behave as on any disk. */
#include "fs/serving.h"

#include <dirent.h>
#include <linux/falloc.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

static struct serving s;

static const char *path(const char *name)
{
	return serving_path(&s, name);
}

static void put(const char *name, const char *text, int flags)
{
	int fd = open(path(name), O_WRONLY | O_CREAT | flags, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (int)strlen(text));
	assert_int_equal(close(fd), 0);
}

static void expect(const char *name, const char *want)
{
	SCOPED(buf_fini) struct buf got = BUF_INIT(1 << 20);

	assert_ok(files_read(path(name), &got));
	assert_bytes_str(buf_bytes(&got), want);
}

static void expect_errno(int result, int want)
{
	int error = errno;

	assert_int_equal(result, -1);
	assert_int_equal(error, want);
}

static void writes_are_read_back(void **state)
{
	(void)state;
	put("Pets/a.txt", "first", O_TRUNC);
	expect("Pets/a.txt", "first");
	put("Pets/a.txt", " second", O_APPEND);
	expect("Pets/a.txt", "first second");
	assert_int_equal(truncate(path("Pets/a.txt"), 3), 0);
	expect("Pets/a.txt", "fir");
	put("Pets/a.txt", "x", O_TRUNC);
	expect("Pets/a.txt", "x");
	put("root.txt", "in the root", 0);
	expect("root.txt", "in the root");
	expect_errno(open(path("Pets/a.txt"), O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
	assert_int_equal(unlink(path("root.txt")), 0);
	expect_errno(access(path("root.txt"), F_OK), ENOENT);
}

static void big_and_sparse(void **state)
{
	struct stat st;
	static char room[3 << 20], got[3 << 20];
	int fd = open(path("Pets/big"), O_RDWR | O_CREAT, 0600);

	(void)state;
	rand_bytes((uint8_t *)room, sizeof room);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, room, sizeof room, 10 << 20), (int)sizeof room);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 13 << 20);
	assert_true(st.st_blocks * 512 < 5 << 20);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 10 << 20);
	assert_int_equal(lseek(fd, 11 << 20, SEEK_HOLE), 13 << 20);
	expect_errno((int)lseek(fd, 14 << 20, SEEK_DATA), ENXIO);
	assert_int_equal(pread(fd, got, sizeof got, 10 << 20), (int)sizeof got);
	assert_memory_equal(got, room, sizeof got);
	assert_int_equal(pread(fd, got, 4096, 5000), 4096);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(got[i], 0);
	assert_int_equal(
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10 << 20, 1 << 20), 0);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 11 << 20);
	assert_int_equal(fallocate(fd, 0, 0, 20 << 20), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 20 << 20);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path("Pets/big")), 0);
}

static void copy_file_range_copies(void **state)
{
	int from, to;
	off_t zero = 0;

	(void)state;
	put("Pets/from.txt", "some bytes to copy", O_TRUNC);
	put("Pets/to.txt", "", O_TRUNC);
	from = open(path("Pets/from.txt"), O_RDONLY);
	to = open(path("Pets/to.txt"), O_WRONLY);
	assert_int_equal(copy_file_range(from, &zero, to, NULL, 100, 0), 18);
	assert_int_equal(close(from), 0);
	assert_int_equal(close(to), 0);
	expect("Pets/to.txt", "some bytes to copy");
}

/* More than may wait for the disk at once: the writer waits, and nothing is lost. */
static void more_than_the_dirty_limit(void **state)
{
	static char room[1 << 20], got[1 << 20];
	int fd = open(path("Pets/huge"), O_RDWR | O_CREAT, 0600);

	(void)state;
	for (int i = 0; i < 80; i++) {
		memset(room, i, sizeof room);
		assert_int_equal(write(fd, room, sizeof room), (int)sizeof room);
	}
	assert_int_equal(fsync(fd), 0);
	assert_int_equal(serving_count(&s, "dirty_bytes"), 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	for (int i = 0; i < 80; i++) {
		memset(room, i, sizeof room);
		assert_int_equal(pread(fd, got, sizeof got, (off_t)i << 20), (int)sizeof got);
		assert_memory_equal(got, room, sizeof got);
	}
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(path("Pets/huge")), 0);
}

static void renames(void **state)
{
	struct stat before, after;

	(void)state;
	put("Pets/one.txt", "one", O_TRUNC);
	put("Pets/two.txt", "two", O_TRUNC);
	assert_int_equal(stat(path("Pets/one.txt"), &before), 0);
	assert_int_equal(renameat2(AT_FDCWD, path("Pets/one.txt"), AT_FDCWD, path("Pets/two.txt"),
				   RENAME_EXCHANGE),
			 0);
	expect("Pets/one.txt", "two");
	expect_errno(renameat2(AT_FDCWD, path("Pets/one.txt"), AT_FDCWD, path("Pets/two.txt"),
			       RENAME_NOREPLACE),
		     EEXIST);
	assert_int_equal(rename(path("Pets/two.txt"), path("Pets/one.txt")), 0);
	expect("Pets/one.txt", "one");
	assert_int_equal(stat(path("Pets/one.txt"), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(mkdir(path("Pets/dir"), 0755), 0);
	assert_int_equal(mkdir(path("Pets/other"), 0755), 0);
	put("Pets/other/x", "x", 0);
	expect_errno(rename(path("Pets/dir"), path("Pets/other")), ENOTEMPTY);
	expect_errno(rename(path("Pets/other"), path("Pets/other/below")), EINVAL);
	expect_errno(rename(path("Pets/one.txt"), path("Pets/dir")), EISDIR);
	expect_errno(rmdir(path("Pets/other")), ENOTEMPTY);
	assert_int_equal(rename(path("Pets/other"), path("Pets/dir")), 0);
	expect("Pets/dir/x", "x");
	assert_int_equal(unlink(path("Pets/dir/x")), 0);
	assert_int_equal(rmdir(path("Pets/dir")), 0);
}

static void links(void **state)
{
	struct stat st;
	char target[64];

	(void)state;
	put("Pets/file.txt", "linked", O_TRUNC);
	assert_int_equal(link(path("Pets/file.txt"), path("Pets/second.txt")), 0);
	assert_int_equal(stat(path("Pets/file.txt"), &st), 0);
	assert_int_equal(st.st_nlink, 2);
	put("Pets/second.txt", " twice", O_APPEND);
	expect("Pets/file.txt", "linked twice");
	assert_int_equal(unlink(path("Pets/file.txt")), 0);
	assert_int_equal(stat(path("Pets/second.txt"), &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(symlink("second.txt", path("Pets/soft")), 0);
	expect("Pets/soft", "linked twice");
	assert_int_equal(readlink(path("Pets/soft"), target, sizeof target), 10);
	assert_int_equal(lstat(path("Pets/soft"), &st), 0);
	assert_int_equal(st.st_size, 10);
}

static void what_documents_cannot_be(void **state)
{
	(void)state;
	put("Pets/plain", "x", O_TRUNC);
	expect_errno(symlink("plain", path("Pets/Link.json")), EPERM);
	expect_errno(link(path("Pets/plain"), path("Pets/Hard.json")), EPERM);
	assert_int_equal(symlink("plain", path("Pets/soft2")), 0);
	expect_errno(rename(path("Pets/soft2"), path("Pets/Moved.json")), EPERM);
	expect_errno(open(path("Pets/\xff\xfe.json"), O_CREAT | O_WRONLY, 0644), EILSEQ);
	put("Pets/\xff\xfe.txt", "scratch is any bytes", 0);
	expect_errno(rename(path("Pets/\xff\xfe.txt"), path("Pets/\xff.json")), EILSEQ);
	expect_errno(mkfifo(path("Pets/fifo"), 0644), EPERM);
	expect_errno(mknod(path("Pets/device"), S_IFCHR | 0644, 0x103), EPERM);
	assert_int_equal(symlink("plain", path("root.json")), 0);
	assert_int_equal(unlink(path("root.json")), 0);
	expect_errno(open(path("Pets"), O_TMPFILE | O_RDWR, 0600), EOPNOTSUPP);
	expect_errno(setxattr(path("Pets/plain"), "user.x", "y", 1, 0), EOPNOTSUPP);
}

static void unlinked_files_live_on(void **state)
{
	char got[16] = "";
	int fd = open(path("Pets/gone"), O_RDWR | O_CREAT, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "still", 5), 5);
	assert_int_equal(unlink(path("Pets/gone")), 0);
	assert_int_equal(write(fd, " here", 5), 5);
	assert_int_equal(pread(fd, got, 10, 0), 10);
	assert_string_equal(got, "still here");
	assert_int_equal(close(fd), 0);
}

static void shared_mappings(void **state)
{
	int fd = open(path("Pets/mapped"), O_RDWR | O_CREAT, 0600);
	char *at;

	(void)state;
	assert_int_equal(ftruncate(fd, 8192), 0);
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	memcpy(at + 4090, "across pages", 12);
	assert_int_equal(msync(at, 8192, MS_SYNC), 0);
	assert_int_equal(munmap(at, 8192), 0);
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	memcpy(at, "head", 4);
	assert_int_equal(munmap(at, 8192), 0);
	assert_int_equal(close(fd), 0);
	/* What the daemon has, not what the page cache has. */
	serving_wait(system("echo 3 > /proc/sys/vm/drop_caches") == 0);
	fd = open(path("Pets/mapped"), O_RDONLY);
	at = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	assert_memory_equal(at + 4090, "across pages", 12);
	assert_memory_equal(at, "head", 4);
	assert_int_equal(munmap(at, 8192), 0);
	assert_int_equal(close(fd), 0);
}

static void deleting_while_listing(void **state)
{
	char name[64];
	const struct dirent *entry;
	DIR *dir;
	int left = 0;

	(void)state;
	assert_int_equal(mkdir(path("Pets/many"), 0755), 0);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(name, sizeof name, "Pets/many/file-number-%d", i);
		assert_int_equal(close(creat(path(name), 0644)), 0);
	}
	dir = opendir(path("Pets/many"));
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			left++;
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
		}
	assert_int_equal(closedir(dir), 0);
	assert_int_equal(left, 2000);
	assert_int_equal(rmdir(path("Pets/many")), 0);
}

static void attributes(void **state)
{
	struct timespec times[2] = {{.tv_sec = 1, .tv_nsec = 5},
				    {.tv_sec = 1000000000, .tv_nsec = 123456789}};
	struct statx stx;
	struct stat st;
	struct statvfs vfs;

	(void)state;
	put("Pets/attr", "x", O_TRUNC);
	assert_int_equal(chmod(path("Pets/attr"), 0640), 0);
	assert_int_equal(chown(path("Pets/attr"), 12, 34), 0);
	assert_int_equal(utimensat(AT_FDCWD, path("Pets/attr"), times, 0), 0);
	assert_int_equal(stat(path("Pets/attr"), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_uid, 12);
	assert_int_equal(st.st_gid, 34);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 123456789);
	assert_int_equal(
	    statx(AT_FDCWD, path("Pets/attr"), 0, STATX_BTIME | STATX_BASIC_STATS, &stx), 0);
	if (stx.stx_mask & STATX_BTIME)
		assert_true(stx.stx_btime.tv_sec > 1500000000);
	assert_int_equal(statvfs(path("Pets"), &vfs), 0);
	assert_true(vfs.f_blocks > 0 && vfs.f_bavail > 0 && vfs.f_favail > 0);
	assert_int_equal(vfs.f_namemax, 255);
}

static void locks_are_the_kernels(void **state)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int a, b;

	(void)state;
	put("Pets/lock", "", O_TRUNC);
	a = open(path("Pets/lock"), O_RDWR);
	b = open(path("Pets/lock"), O_RDWR);
	assert_int_equal(flock(a, LOCK_EX | LOCK_NB), 0);
	expect_errno(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	assert_int_equal(fcntl(a, F_SETLK, &lock), 0);
	assert_int_equal(close(a), 0);
	assert_int_equal(close(b), 0);
}

/* O_CREAT with a mode that forbids writing: the one who made it may write all the same. */
static void read_only_creation_by_others(void **state)
{
	const char *name = path("Pets/object");
	pid_t child;
	int status, fd;

	(void)state;
	assert_int_equal(chmod(path(""), 0755), 0);
	assert_int_equal(chmod(path("Pets"), 0777), 0);
	child = fork();
	if (child == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(1);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0444);
		if (fd < 0 || write(fd, "object", 6) != 6 || close(fd) != 0)
			_exit(2);
		_exit(open(name, O_WRONLY) >= 0 || errno != EACCES ? 3 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	expect("Pets/object", "object");
}

static void long_names(void **state)
{
	char name[300] = "Pets/";

	(void)state;
	memset(name + 5, 'n', 255);
	put(name, "long", 0);
	expect(name, "long");
	name[260] = 'n';
	expect_errno(open(path(name), O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
}

static int start(void **state)
{
	(void)state;
	if (!serving_possible())
		return 0;
	(void)alarm(240);
	serving_start(&s, SERVING_ALLOW_OTHER);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (serving_possible())
		serving_stop(&s);
	return 0;
}

#define MOUNTED(f) cmocka_unit_test_setup(f, serving_need)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    MOUNTED(writes_are_read_back),
	    MOUNTED(big_and_sparse),
	    MOUNTED(copy_file_range_copies),
	    MOUNTED(more_than_the_dirty_limit),
	    MOUNTED(renames),
	    MOUNTED(links),
	    MOUNTED(what_documents_cannot_be),
	    MOUNTED(unlinked_files_live_on),
	    MOUNTED(shared_mappings),
	    MOUNTED(deleting_while_listing),
	    MOUNTED(attributes),
	    MOUNTED(locks_are_the_kernels),
	    MOUNTED(read_only_creation_by_others),
	    MOUNTED(long_names),
	};

	mount_helper_main(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
