/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance checks of attributes: times after each operation, modes, owners, access, other users,
 * statfs. */
#include <linux/capability.h>
#include <linux/fs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "posix_check.h"

#define NOBODY 65534

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- which times each operation changes; in a directory with d/f (open as fd), d/g, d/sub, e ---
 */

#define FM 1u /* mtime of the file */
#define FC 2u /* its ctime */
#define PM 4u /* mtime of its directory */
#define PC 8u /* its ctime */
#define P (PM | PC)

static int do_write(int fd)
{
	return write(fd, "x", 1) == 1 ? 0 : -1;
}
static int do_write_none(int fd)
{
	return (int)write(fd, "", 0);
}
static int do_pwrite_far(int fd)
{
	return pwrite(fd, "x", 1, 100000) == 1 ? 0 : -1;
}
static int do_grow(int fd)
{
	return ftruncate(fd, 1000);
}
static int do_shrink(int fd)
{
	return ftruncate(fd, 1);
}
static int do_truncate(int fd)
{
	(void)fd;
	return truncate("d/f", 2);
}
static int do_open(int fd)
{
	(void)fd;
	return open("d/f", O_RDWR | O_CREAT, 0600);
}
static int do_open_trunc(int fd)
{
	(void)fd;
	return open("d/f", O_RDWR | O_TRUNC);
}
static int do_chmod(int fd)
{
	(void)fd;
	return chmod("d/f", 0600);
}
static int do_fchmod(int fd)
{
	return fchmod(fd, 0640);
}
static int do_chmod_same(int fd)
{
	return fchmod(fd, 0644);
}
static int do_chown(int fd)
{
	return fchown(fd, geteuid(), getegid());
}
static int do_link(int fd)
{
	(void)fd;
	return link("d/f", "d/new");
}
static int do_link_away(int fd)
{
	(void)fd;
	return link("d/f", "e/new");
}
static int do_unlink(int fd)
{
	(void)fd;
	return unlink("d/f");
}
static int do_unlink_other(int fd)
{
	(void)fd;
	return unlink("d/g");
}
static int do_rename(int fd)
{
	(void)fd;
	return rename("d/f", "d/new");
}
static int do_rename_away(int fd)
{
	(void)fd;
	return rename("d/f", "e/f");
}
static int do_rename_onto(int fd)
{
	(void)fd;
	return rename("d/g", "d/f");
}
static int do_exchange(int fd)
{
	(void)fd;
	return renameat2(AT_FDCWD, "d/f", AT_FDCWD, "d/g", RENAME_EXCHANGE);
}
static int do_create(int fd)
{
	(void)fd;
	return open("d/new", O_WRONLY | O_CREAT, 0644);
}
static int do_mknod(int fd)
{
	(void)fd;
	return mknod("d/new", S_IFREG | 0644, 0);
}
static int do_mkdir(int fd)
{
	(void)fd;
	return mkdir("d/new", 0755);
}
static int do_rmdir(int fd)
{
	(void)fd;
	return rmdir("d/sub");
}
static int do_symlink(int fd)
{
	(void)fd;
	return symlink("f", "d/new");
}
static int do_below(int fd)
{
	(void)fd;
	return mkdir("d/sub/new", 0755);
}
static int do_read(int fd)
{
	return read(fd, (char[8]){0}, 8) >= 0 ? 0 : -1;
}
static int do_stat(int fd)
{
	(void)fd;
	return access("d/f", R_OK);
}
static int do_fsync(int fd)
{
	return fsync(fd);
}
static int do_copy(int fd)
{
	int from = open("d/g", O_RDONLY);

	return copy_file_range(from, NULL, fd, NULL, 4, 0) == 4 ? 0 : -1;
}
static int do_punch(int fd)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2);
}
static int do_mmap(int fd)
{
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return -1;
	p[0] = 'm';
	return msync(p, 4096, MS_SYNC) == 0 && munmap(p, 4096) == 0 ? 0 : -1;
}
static int do_touch(int fd)
{
	return futimens(fd, NULL);
}
static int do_omit_both(int fd)
{
	return futimens(fd, (struct timespec[2]){{0, UTIME_OMIT}, {0, UTIME_OMIT}});
}
static int do_set_atime(int fd)
{
	return futimens(fd, (struct timespec[2]){{5, 5}, {0, UTIME_OMIT}});
}
static int refused(int got)
{
	return got == -1 ? 0 : -1;
}
static int no_create(int fd)
{
	(void)fd;
	return refused(open("d/f", O_CREAT | O_EXCL | O_RDWR, 0644));
}
static int no_mkdir(int fd)
{
	(void)fd;
	return refused(mkdir("d/f", 0755));
}
static int no_unlink(int fd)
{
	(void)fd;
	return refused(unlink("d/none"));
}
static int no_rmdir(int fd)
{
	(void)fd;
	return refused(rmdir("d"));
}
static int no_link(int fd)
{
	(void)fd;
	return refused(link("d/f", "d/g"));
}
static int no_rename(int fd)
{
	(void)fd;
	return refused(renameat2(AT_FDCWD, "d/f", AT_FDCWD, "d/g", RENAME_NOREPLACE));
}
static int no_rename_kind(int fd)
{
	(void)fd;
	return refused(rename("d/f", "d/sub"));
}

static const struct timed {
	const char *name;
	int (*run)(int fd);
	unsigned changes;
} timed[] = {
    {"write", do_write, FM | FC},
    {"write_none", do_write_none, 0},
    {"pwrite_far", do_pwrite_far, FM | FC},
    {"grow", do_grow, FM | FC},
    {"shrink", do_shrink, FM | FC},
    {"truncate", do_truncate, FM | FC},
    {"open", do_open, 0},
    {"open_trunc", do_open_trunc, FM | FC},
    {"chmod", do_chmod, FC},
    {"fchmod", do_fchmod, FC},
    {"chmod_same", do_chmod_same, FC},
    {"chown", do_chown, FC},
    {"link", do_link, FC | P},
    {"link_away", do_link_away, FC},
    {"unlink", do_unlink, FC | P},
    {"unlink_other", do_unlink_other, P},
    {"rename", do_rename, FC | P},
    {"rename_away", do_rename_away, FC | P},
    {"rename_onto", do_rename_onto, FC | P},
    {"exchange", do_exchange, FC | P},
    {"create", do_create, P},
    {"mknod", do_mknod, P},
    {"mkdir", do_mkdir, P},
    {"rmdir", do_rmdir, P},
    {"symlink", do_symlink, P},
    {"below", do_below, 0},
    {"read", do_read, 0},
    {"access", do_stat, 0},
    {"fsync", do_fsync, 0},
    {"copy_file_range", do_copy, FM | FC},
    {"punch", do_punch, FM | FC},
    {"mmap", do_mmap, FM | FC},
    {"touch", do_touch, FM | FC},
    {"omit_both", do_omit_both, 0},
    {"set_atime", do_set_atime, FC},
    {"refused_create", no_create, 0},
    {"refused_mkdir", no_mkdir, 0},
    {"refused_unlink", no_unlink, 0},
    {"refused_rmdir", no_rmdir, 0},
    {"refused_link", no_link, 0},
    {"refused_rename", no_rename, 0},
    {"refused_rename_kind", no_rename_kind, 0},
};

static unsigned changed(struct stat a, struct stat b, unsigned mtime, unsigned ctime_bit)
{
	return (ns_of(a.st_mtim) != ns_of(b.st_mtim) ? mtime : 0) |
	       (ns_of(a.st_ctim) != ns_of(b.st_ctim) ? ctime_bit : 0);
}

CHECK_EACH(times, timed)
{
	const struct timed *t = arg;
	struct stat file, dir;
	struct timespec now;
	int fd;

	OK(mkdir("d", 0755));
	OK(mkdir("e", 0755));
	OK(mkdir("d/sub", 0755));
	OK(make_file("d/f", "some text"));
	OK(make_file("d/g", "other text"));
	OK(fd = open("d/f", O_RDWR));
	file = look_fd(fd);
	dir = look("d");
	tick();
	OK(t->run(fd));
	IS(changed(file, look_fd(fd), FM, FC), t->changes & (FM | FC));
	IS(changed(dir, look("d"), PM, PC), t->changes & P);
	OK(clock_gettime(CLOCK_REALTIME, &now));
	TRUE(ns_of(look_fd(fd).st_ctim) >= ns_of(file.st_ctim));
	TRUE(ns_of(look_fd(fd).st_ctim) <= ns_of(now));
	TRUE(ns_of(look("d").st_ctim) >= ns_of(dir.st_ctim));
	TRUE(ns_of(look("d").st_ctim) <= ns_of(now));
}

CHECK(times_of_target_directory)
{
	struct stat e;

	OK(mkdir("d", 0755));
	OK(mkdir("e", 0755));
	OK(make_file("d/f", "text"));
	e = look("e");
	tick();
	OK(rename("d/f", "e/f"));
	IS(changed(e, look("e"), 1, 2), 3);
	e = look("e");
	tick();
	OK(link("e/f", "d/f"));
	IS(changed(e, look("e"), 1, 2), 0);
}

CHECK(times_of_moved_directory)
{
	struct stat d, sub;

	OK(mkdir("d", 0755));
	OK(mkdir("d/sub", 0755));
	OK(mkdir("e", 0755));
	d = look("d");
	sub = look("d/sub");
	tick();
	OK(rename("d/sub", "e/sub"));
	IS(changed(d, look("d"), 1, 2), 3);
	IS(changed(sub, look("e/sub"), 1, 2) & 1, 0);
}

CHECK(times_of_new_file_are_now)
{
	struct timespec before, after;
	struct stat s;

	tick();
	OK(clock_gettime(CLOCK_REALTIME_COARSE, &before));
	OK(make_file(F, ""));
	s = look(F);
	OK(clock_gettime(CLOCK_REALTIME, &after));
	TRUE(ns_of(s.st_mtim) >= ns_of(before) && ns_of(s.st_mtim) <= ns_of(after));
	TRUE(ns_of(s.st_ctim) >= ns_of(before) && ns_of(s.st_ctim) <= ns_of(after));
	TRUE(ns_of(s.st_atim) >= ns_of(before) && ns_of(s.st_atim) <= ns_of(after));
}

CHECK(times_of_replaced_hard_link)
{
	struct stat s;

	OK(make_file("f", "text"));
	OK(link("f", "g"));
	OK(make_file("h", "new"));
	s = look("f");
	tick();
	OK(rename("h", "g"));
	IS(changed(s, look("f"), 1, 2), 2);
}

/* --- utimensat --- */

static const struct stamped {
	const char *name;
	struct timespec times[2];
} stamps[] = {
    {"epoch", {{0, 0}, {0, 0}}},
    {"nanoseconds", {{1234567890, 123456789}, {1234567891, 987654321}}},
    {"one_nanosecond", {{1, 1}, {2, 999999999}}},
    {"before_1970", {{-1, 500000000}, {-100000, 0}}},
    {"2037", {{2145916800, 0}, {2145916800, 1}}},
    {"2106", {{4294967295, 7}, {4294967296, 8}}},
    {"2200", {{7258118400, 1}, {7258118401, 2}}},
};

CHECK_EACH(utimensat, stamps)
{
	const struct stamped *t = arg;

	OK(make_file(F, "text"));
	OK(mkdir("dir", 0755));
	OK(symlink(F, "link"));
	OK(utimensat(AT_FDCWD, F, t->times, 0));
	OK(utimensat(AT_FDCWD, "dir", t->times, 0));
	OK(utimensat(AT_FDCWD, "link", t->times, AT_SYMLINK_NOFOLLOW));
	for (int i = 0; i < 3; i++) {
		struct stat s = look(i == 0 ? F : i == 1 ? "dir" : "link");

		IS(s.st_atim.tv_sec, t->times[0].tv_sec);
		IS(s.st_atim.tv_nsec, t->times[0].tv_nsec);
		IS(s.st_mtim.tv_sec, t->times[1].tv_sec);
		IS(s.st_mtim.tv_nsec, t->times[1].tv_nsec);
	}
}

CHECK(utimensat_omit_and_now)
{
	struct timespec both[2] = {{100, 1}, {200, 2}}, now;
	struct timespec first[2] = {{300, 3}, {0, UTIME_OMIT}};
	struct timespec second[2] = {{0, UTIME_OMIT}, {400, 4}};
	struct timespec mixed[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};

	OK(make_file(F, "text"));
	OK(utimensat(AT_FDCWD, F, both, 0));
	OK(utimensat(AT_FDCWD, F, first, 0));
	IS(look(F).st_atim.tv_sec, 300);
	IS(look(F).st_mtim.tv_sec, 200);
	OK(utimensat(AT_FDCWD, F, second, 0));
	IS(look(F).st_atim.tv_sec, 300);
	IS(look(F).st_mtim.tv_nsec, 4);
	OK(clock_gettime(CLOCK_REALTIME_COARSE, &now));
	OK(utimensat(AT_FDCWD, F, mixed, 0));
	TRUE(look(F).st_atim.tv_sec >= now.tv_sec);
	IS(look(F).st_mtim.tv_sec, 400);
}

CHECK(utimensat_refuses)
{
	struct timespec bad[2] = {{0, 1000000000}, {0, 0}}, fine[2] = {{1, 0}, {1, 0}};

	OK(make_file(F, "text"));
	FAILS(utimensat(AT_FDCWD, F, bad, 0), EINVAL);
	FAILS(utimensat(AT_FDCWD, "none", fine, 0), ENOENT);
	FAILS(utimensat(AT_FDCWD, "none/x", fine, 0), ENOENT);
}

CHECK(utimensat_survives_reading_and_closing)
{
	struct timespec both[2] = {{100, 1}, {200, 2}};
	int fd;

	OK(fd = open(F, O_RDWR | O_CREAT, 0644));
	IS(write(fd, "text", 4), 4);
	OK(futimens(fd, both));
	OK(close(fd));
	IS(look(F).st_mtim.tv_sec, 200);
	IS(look(F).st_mtim.tv_nsec, 2);
	HOLDS(F, "text");
	IS(look(F).st_mtim.tv_sec, 200);
}

CHECK(utimensat_after_mapped_write)
{
	struct timespec both[2] = {{100, 1}, {200, 2}};
	int fd;
	char *p;

	OK(fd = open(F, O_RDWR | O_CREAT, 0644));
	OK(ftruncate(fd, 4096));
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	TRUE(p != MAP_FAILED);
	p[0] = 'x';
	OK(munmap(p, 4096));
	OK(close(fd));
	OK(utimensat(AT_FDCWD, F, both, 0));
	OK(open(F, O_RDONLY));
	IS(look(F).st_mtim.tv_sec, 200);
}

/* --- chmod, chown --- */

static const struct moded {
	const char *name;
	mode_t mode;
} modes[] = {
    {"0000", 0},     {"0400", 0400},  {"0644", 0644},  {"0777", 0777},	{"1777", 01777},
    {"4755", 04755}, {"2755", 02755}, {"6711", 06711}, {"7777", 07777}, {"0001", 1},
};

CHECK_EACH(chmod, modes)
{
	const struct moded *m = arg;

	OK(make_file(F, "text"));
	OK(mkdir("dir", 0755));
	OK(chmod(F, m->mode));
	OK(chmod("dir", m->mode));
	IS(look(F).st_mode, S_IFREG | m->mode);
	IS(look("dir").st_mode, S_IFDIR | m->mode);
}

CHECK(chmod_through_symlink)
{
	OK(make_file("f", "text"));
	OK(symlink("f", "link"));
	OK(chmod("link", 0600));
	IS(look("f").st_mode & 07777, 0600);
	IS(look("link").st_mode & 07777, 0777);
}

CHECK(chmod_refuses)
{
	OK(make_file("f", "text"));
	FAILS(chmod("none", 0644), ENOENT);
	FAILS(chmod("f/x", 0644), ENOTDIR);
	OK(symlink("loop", "loop"));
	FAILS(chmod("loop", 0644), ELOOP);
	FAILS(fchmod(-1, 0644), EBADF);
}

CHECK(chown_numbers)
{
	OK(make_file("f", "text"));
	OK(symlink("f", "link"));
	if (chown("f", 1, 2) != 0)
		SKIP("needs root");
	IS(look("f").st_uid, 1);
	IS(look("f").st_gid, 2);
	OK(chown("f", (uid_t)-1, 3));
	IS(look("f").st_uid, 1);
	IS(look("f").st_gid, 3);
	OK(chown("f", 4000000000u, (gid_t)-1));
	IS(look("f").st_uid, 4000000000u);
	OK(lchown("link", 5, 6));
	IS(look("link").st_uid, 5);
	IS(look("f").st_gid, 3);
	OK(chown("link", 7, 8));
	IS(look("f").st_uid, 7);
}

CHECK(chown_clears_set_id_of_files)
{
	OK(make_file("f", "text"));
	OK(chmod("f", 06755));
	if (chown("f", 1, 1) != 0)
		SKIP("needs root");
	IS(look("f").st_mode & 07777, 0755);
}

CHECK(chown_keeps_set_id_of_directories)
{
	OK(mkdir("dir", 0755));
	OK(chmod("dir", 02755));
	if (chown("dir", 1, 1) != 0)
		SKIP("needs root");
	IS(look("dir").st_mode & 07777, 02755);
}

/* --- what modes allow: to another user, and to the owner without the powers of root --- */

static int op_read(const char *path)
{
	return open(path, O_RDONLY) < 0 ? errno : 0;
}
static int op_write(const char *path)
{
	return open(path, O_WRONLY) < 0 ? errno : 0;
}
static int op_trunc(const char *path)
{
	return truncate(path, 0) < 0 ? errno : 0;
}
static int op_unlink(const char *path)
{
	return unlink(path) < 0 ? errno : 0;
}
static int op_rename(const char *path)
{
	return rename(path, "d/renamed") < 0 ? errno : 0;
}
static int op_chmod(const char *path)
{
	return chmod(path, 0777) < 0 ? errno : 0;
}
static int op_chown(const char *path)
{
	return chown(path, NOBODY, NOBODY) < 0 ? errno : 0;
}
static int op_touch(const char *path)
{
	return utimensat(AT_FDCWD, path, NULL, 0) < 0 ? errno : 0;
}
static int op_stamp(const char *path)
{
	struct timespec times[2] = {{1, 1}, {2, 2}};

	return utimensat(AT_FDCWD, path, times, 0) < 0 ? errno : 0;
}
static int op_stat(const char *path)
{
	struct stat s;

	return stat(path, &s) < 0 ? errno : 0;
}
static int op_create(const char *path)
{
	(void)path;
	return open("d/new", O_WRONLY | O_CREAT, 0644) < 0 ? errno : 0;
}
static int op_mkdir(const char *path)
{
	(void)path;
	return mkdir("d/new", 0755) < 0 ? errno : 0;
}
static int op_symlink(const char *path)
{
	(void)path;
	return symlink("x", "d/new") < 0 ? errno : 0;
}
static int op_list(const char *path)
{
	(void)path;
	return open("d", O_RDONLY | O_DIRECTORY) < 0 ? errno : 0;
}
static int op_access_x(const char *path)
{
	return access(path, X_OK) < 0 ? errno : 0;
}
static int op_access_w(const char *path)
{
	return access(path, W_OK) < 0 ? errno : 0;
}

/* d/f with these modes, owned by root or the other user. */
static const struct allowed {
	const char *name;
	int (*run)(const char *path);
	mode_t dir, file;
	bool theirs;
	int error;
} allowed[] = {
    {"read_0644", op_read, 0755, 0644, false, 0},
    {"read_0600", op_read, 0755, 0600, false, EACCES},
    {"read_0040", op_read, 0755, 0040, false, EACCES},
    {"write_0644", op_write, 0755, 0644, false, EACCES},
    {"write_0666", op_write, 0755, 0666, false, 0},
    {"truncate_0644", op_trunc, 0755, 0644, false, EACCES},
    {"truncate_0622", op_trunc, 0755, 0622, false, 0},
    {"own_read_0077", op_read, 0755, 0077, true, EACCES},
    {"own_read_0400", op_read, 0755, 0400, true, 0},
    {"own_write_0444", op_write, 0755, 0444, true, EACCES},
    {"own_chmod", op_chmod, 0755, 0, true, 0},
    {"own_stamp", op_stamp, 0755, 0, true, 0},
    {"chmod", op_chmod, 0777, 0777, false, EPERM},
    {"chown", op_chown, 0777, 0777, false, EPERM},
    {"stamp", op_stamp, 0777, 0666, false, EPERM},
    {"touch_0666", op_touch, 0755, 0666, false, 0},
    {"touch_0644", op_touch, 0755, 0644, false, EACCES},
    {"search_0666", op_stat, 0666, 0644, false, EACCES},
    {"search_0711", op_stat, 0711, 0644, false, 0},
    {"read_0711", op_read, 0711, 0644, false, 0},
    {"list_0711", op_list, 0711, 0644, false, EACCES},
    {"list_0744", op_list, 0744, 0644, false, 0},
    {"create_0755", op_create, 0755, 0644, false, EACCES},
    {"create_0777", op_create, 0777, 0644, false, 0},
    {"create_0766", op_create, 0766, 0644, false, EACCES},
    {"mkdir_0755", op_mkdir, 0755, 0644, false, EACCES},
    {"mkdir_0777", op_mkdir, 0777, 0644, false, 0},
    {"symlink_0755", op_symlink, 0755, 0644, false, EACCES},
    {"unlink_0755", op_unlink, 0755, 0666, true, EACCES},
    {"unlink_0777", op_unlink, 0777, 0600, false, 0},
    {"unlink_sticky", op_unlink, 01777, 0666, false, EPERM},
    {"own_unlink_sticky", op_unlink, 01777, 0666, true, 0},
    {"rename_sticky", op_rename, 01777, 0666, false, EPERM},
    {"rename_0755", op_rename, 0755, 0666, true, EACCES},
    {"rename_0777", op_rename, 0777, 0600, false, 0},
    {"access_x_0644", op_access_x, 0755, 0644, false, EACCES},
    {"access_x_0755", op_access_x, 0755, 0755, false, 0},
    {"access_w_0644", op_access_w, 0755, 0644, false, EACCES},
};

static int run_allowed(const void *arg)
{
	const struct allowed *a = arg;

	return a->run("d/f");
}

CHECK_EACH(other_user, allowed)
{
	const struct allowed *a = arg;
	int got;

	if (geteuid() != 0)
		SKIP("needs root");
	OK(mkdir("d", 0755));
	OK(make_file("d/f", "text"));
	if (a->theirs)
		OK(chown("d/f", NOBODY, NOBODY));
	OK(chmod("d/f", a->file));
	OK(chmod("d", a->dir));
	got = in_child(run_allowed, a, NOBODY);
	OK(chmod("d", 0755));
	IS(got, a->error);
}

/* The owner as somebody who is not root is treated. */
static int without_powers(const void *arg)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
	const struct allowed *a = arg;

	if (syscall(SYS_capset, &header, none) != 0)
		return 254;
	return a->run("d/f");
}

static const struct allowed owned[] = {
    {"read_0200", op_read, 0755, 0200, false, EACCES},
    {"read_0400", op_read, 0755, 0400, false, 0},
    {"write_0444", op_write, 0755, 0444, false, EACCES},
    {"write_0200", op_write, 0755, 0200, false, 0},
    {"truncate_0444", op_trunc, 0755, 0444, false, EACCES},
    {"create_0555", op_create, 0555, 0644, false, EACCES},
    {"mkdir_0555", op_mkdir, 0555, 0644, false, EACCES},
    {"unlink_0555", op_unlink, 0555, 0644, false, EACCES},
    {"rename_0555", op_rename, 0555, 0644, false, EACCES},
    {"list_0300", op_list, 0300, 0644, false, EACCES},
    {"read_0300", op_read, 0300, 0644, false, 0},
    {"search_0600", op_stat, 0600, 0644, false, EACCES},
    {"chmod_0000", op_chmod, 0755, 0, false, 0},
    {"touch_0000", op_touch, 0755, 0, false, 0},
    {"unlink_0000", op_unlink, 0755, 0, false, 0},
};

CHECK_EACH(owner, owned)
{
	const struct allowed *a = arg;
	int got;

	OK(mkdir("d", 0755));
	OK(make_file("d/f", "text"));
	OK(chmod("d/f", a->file));
	OK(chmod("d", a->dir));
	got = in_child(without_powers, a, 0);
	OK(chmod("d", 0755));
	IS(got, a->error);
}

static int write_as_other(const void *arg)
{
	int fd = open(arg, O_WRONLY);

	return fd < 0 || write(fd, "x", 1) != 1 ? errno : 0;
}

static int truncate_as_other(const void *arg)
{
	return truncate(arg, 1) < 0 ? errno : 0;
}

CHECK(set_id_is_cleared_by_a_write)
{
	if (geteuid() != 0)
		SKIP("needs root");
	OK(make_file("f", "text"));
	OK(chmod("f", 06777));
	IS(in_child(write_as_other, "f", NOBODY), 0);
	IS(look("f").st_mode & 07777, 0777);
	OK(chmod("f", 06777));
	IS(in_child(truncate_as_other, "f", NOBODY), 0);
	IS(look("f").st_mode & 07777, 0777);
}

CHECK(access_of_root_and_missing)
{
	OK(make_file("f", "text"));
	OK(access("f", F_OK));
	OK(access("f", R_OK | W_OK));
	FAILS(access("f", X_OK), EACCES);
	FAILS(access("none", F_OK), ENOENT);
	FAILS(access("f/x", F_OK), ENOTDIR);
	FAILS(access("f", 64), EINVAL);
	OK(chmod("f", 0100));
	OK(access("f", X_OK));
}

/* --- stat --- */

CHECK(stat_fields)
{
	struct stat s, other;

	OK(make_file(F, "text"));
	OK(stat(F, &s));
	TRUE(s.st_ino != 0);
	IS(s.st_size, 4);
	TRUE(s.st_blksize >= 512);
	TRUE(s.st_blocks > 0);
	OK(stat(".", &other));
	IS(s.st_dev, other.st_dev);
	FAILS(stat(F, (struct stat *)-1), EFAULT);
}

CHECK(stat_inodes_differ)
{
	OK(make_file("f", ""));
	OK(make_file("g", ""));
	OK(mkdir("dir", 0755));
	TRUE(look("f").st_ino != look("g").st_ino);
	TRUE(look("f").st_ino != look("dir").st_ino);
	TRUE(look("dir").st_ino != look(".").st_ino);
}

CHECK(statx_birth)
{
	struct statx s;

	OK(make_file(F, "text"));
	OK(statx(AT_FDCWD, F, 0, STATX_ALL, &s));
	IS(s.stx_size, 4);
	if (!(s.stx_mask & STATX_BTIME))
		SKIP("no time of birth here");
	TRUE(s.stx_btime.tv_sec > 0);
	IS(s.stx_btime.tv_sec <= s.stx_mtime.tv_sec, 1);
}

CHECK(statfs_is_sane)
{
	struct statvfs v;
	struct statfs s;
	int fd;

	OK(statvfs(".", &v));
	TRUE(v.f_bsize >= 512 && v.f_frsize >= 512);
	TRUE(v.f_blocks > 0 && v.f_bfree > 0 && v.f_bavail > 0);
	TRUE(v.f_bfree <= v.f_blocks && v.f_bavail <= v.f_bfree);
	TRUE(v.f_files > 0 && v.f_ffree > 0 && v.f_ffree <= v.f_files);
	IS(v.f_namemax, 255);
	OK(statfs(".", &s));
	IS(s.f_namelen, 255);
	OK(make_file(F, "text"));
	OK(fd = open(F, O_RDONLY));
	OK(fstatfs(fd, &s));
	TRUE(s.f_type != 0);
	FAILS(statfs("none", &s), ENOENT);
}
