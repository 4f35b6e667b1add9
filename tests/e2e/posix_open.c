/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance checks of opening and making: flags, refusals, modes, names, descriptors of
 * directories. */
#include <limits.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "posix_check.h"

/* --- what open refuses, row by row: in a directory with f, dir/, link -> f, dangling, loop,
 * inner/x --- */

static const struct refused {
	const char *name, *path;
	int flags, error;
} refusals[] = {
    {"missing", "missing", O_RDONLY, ENOENT},
    {"missing_write", "missing", O_WRONLY, ENOENT},
    {"missing_parent", "missing/f", O_RDONLY | O_CREAT, ENOENT},
    {"below_file", "file/f", O_RDONLY, ENOTDIR},
    {"create_below_file", "file/f", O_WRONLY | O_CREAT, ENOTDIR},
    {"file_slash", "file/", O_RDONLY, ENOTDIR},
    {"create_slash", "missing/", O_WRONLY | O_CREAT, EISDIR},
    {"excl_file", "file", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
    {"excl_dir", "dir", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
    {"excl_link", "link", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
    {"excl_dangling", "dangling", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
    {"dir_write", "dir", O_WRONLY, EISDIR},
    {"dir_rdwr", "dir", O_RDWR, EISDIR},
    {"dir_creat", "dir", O_RDONLY | O_CREAT, EISDIR},
    {"dir_trunc", "dir", O_RDWR | O_TRUNC, EISDIR},
    {"directory_file", "file", O_RDONLY | O_DIRECTORY, ENOTDIR},
    {"directory_link_to_file", "link", O_RDONLY | O_DIRECTORY, ENOTDIR},
    {"directory_missing", "missing", O_RDONLY | O_DIRECTORY, ENOENT},
    {"nofollow_link", "link", O_RDONLY | O_NOFOLLOW, ELOOP},
    {"nofollow_dangling", "dangling", O_RDONLY | O_NOFOLLOW, ELOOP},
    {"nofollow_dirlink", "dirlink", O_RDONLY | O_NOFOLLOW | O_DIRECTORY, ENOTDIR},
    {"dangling", "dangling", O_RDONLY, ENOENT},
    {"loop", "loop", O_RDONLY, ELOOP},
    {"loop_create", "loop", O_WRONLY | O_CREAT, ELOOP},
    {"loop_middle", "loop/x", O_RDONLY, ELOOP},
    {"two_step_loop", "ping", O_RDONLY, ELOOP},
    {"empty_path", "", O_RDONLY, ENOENT},
    {"link_slash_file", "link/", O_RDONLY, ENOTDIR},
};

CHECK_EACH(open_refuses, refusals)
{
	const struct refused *r = arg;

	OK(make_file("file", "text"));
	OK(mkdir("dir", 0755));
	OK(symlink("file", "link"));
	OK(symlink("dir", "dirlink"));
	OK(symlink("nowhere", "dangling"));
	OK(symlink("loop", "loop"));
	OK(symlink("pong", "ping"));
	OK(symlink("ping", "pong"));
	FAILS(open(r->path, r->flags, 0644), r->error);
	HOLDS("file", "text");
	TRUE(look("nowhere").st_ino == 0);
	TRUE(look("missing").st_ino == 0);
}

/* --- flags that work --- */

CHECK(open_creat_makes_empty)
{
	OK(open(F, O_WRONLY | O_CREAT, 0644));
	TRUE(S_ISREG(look(F).st_mode));
	IS(look(F).st_size, 0);
	IS(look(F).st_nlink, 1);
}

CHECK(open_creat_keeps_existing)
{
	OK(make_file(F, "text"));
	OK(open(F, O_WRONLY | O_CREAT, 0600));
	HOLDS(F, "text");
	IS(look(F).st_mode & 07777, 0644);
}

CHECK(open_excl_makes)
{
	OK(open(F, O_RDWR | O_CREAT | O_EXCL, 0644));
	FAILS(open(F, O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
}

CHECK(open_excl_after_unlink)
{
	for (int i = 0; i < 20; i++) {
		OK(open(F, O_RDWR | O_CREAT | O_EXCL, 0644));
		OK(unlink(F));
	}
}

CHECK(open_trunc)
{
	OK(make_file(F, "text"));
	OK(open(F, O_WRONLY | O_TRUNC));
	IS(look(F).st_size, 0);
	HOLDS(F, "");
}

CHECK(open_trunc_same_inode)
{
	ino_t ino;

	OK(make_file(F, "text"));
	ino = look(F).st_ino;
	OK(open(F, O_WRONLY | O_TRUNC | O_CREAT, 0644));
	IS(look(F).st_ino, ino);
}

CHECK(open_creat_through_dangling)
{
	OK(symlink(F, "link"));
	OK(open("link", O_WRONLY | O_CREAT, 0644));
	TRUE(S_ISREG(look(F).st_mode));
	TRUE(S_ISLNK(look("link").st_mode));
}

CHECK(open_directory)
{
	OK(mkdir("dir", 0755));
	OK(open("dir", O_RDONLY | O_DIRECTORY));
	OK(open("dir", O_RDONLY));
	OK(open(".", O_RDONLY | O_DIRECTORY));
	OK(open("..", O_RDONLY | O_DIRECTORY));
	OK(open("dir/", O_RDONLY));
	OK(open("dir/.", O_RDONLY));
	OK(open("dir/..", O_RDONLY));
}

CHECK(open_directory_reads_eisdir)
{
	char c;
	int fd = open(".", O_RDONLY);

	OK(fd);
	FAILS(read(fd, &c, 1), EISDIR);
	FAILS(write(fd, "x", 1), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
}

CHECK(open_rdonly_write_ebadf)
{
	int fd;

	OK(make_file(F, "text"));
	OK(fd = open(F, O_RDONLY));
	FAILS(write(fd, "x", 1), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
	FAILS(fallocate(fd, 0, 0, 1), EBADF);
}

CHECK(open_wronly_read_ebadf)
{
	char c;
	int fd;

	OK(make_file(F, "text"));
	OK(fd = open(F, O_WRONLY));
	FAILS(read(fd, &c, 1), EBADF);
}

CHECK(open_path_only)
{
	char c;
	int fd;

	OK(make_file(F, "text"));
	OK(fd = open(F, O_PATH));
	FAILS(read(fd, &c, 1), EBADF);
	FAILS(fchmod(fd, 0600), EBADF);
	IS(look_fd(fd).st_size, 4);
}

CHECK(open_path_of_symlink)
{
	char target[32];
	int fd;

	OK(symlink("nowhere", "link"));
	OK(fd = open("link", O_PATH | O_NOFOLLOW));
	TRUE(S_ISLNK(look_fd(fd).st_mode));
	IS(readlinkat(fd, "", target, sizeof target), 7);
}

CHECK(open_path_reopened_by_proc)
{
	char path[64], text[8] = "";
	int fd;

	OK(make_file(F, "text"));
	OK(fd = open(F, O_PATH));
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	OK(fd = open(path, O_RDWR));
	IS(read(fd, text, 4), 4);
	TRUE(strcmp(text, "text") == 0);
}

CHECK(open_proc_of_unlinked)
{
	char path[64];
	int fd;

	OK(make_file(F, "text"));
	OK(fd = open(F, O_RDONLY));
	OK(unlink(F));
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	HOLDS(path, "text");
}

CHECK(open_tmpfile_works_or_is_refused)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0)
		FAILS(fd, EOPNOTSUPP);
	else
		IS(look_fd(fd).st_nlink, 0);
}

CHECK(open_mode_0444_writes_where_made)
{
	int fd;

	OK(fd = open(F, O_WRONLY | O_CREAT | O_EXCL, 0444));
	IS(write(fd, "text", 4), 4);
	IS(look(F).st_mode & 07777, 0444);
	HOLDS(F, "text");
}

CHECK(open_mode_0000_writes_where_made)
{
	int fd;

	OK(fd = open(F, O_RDWR | O_CREAT | O_EXCL, 0));
	IS(write(fd, "text", 4), 4);
	IS(look(F).st_mode & 07777, 0);
}

/* --- modes and umask --- */

static const struct masked {
	const char *name;
	mode_t mask, mode, wanted;
} masks[] = {
    {"022_666", 022, 0666, 0644},    {"077_666", 077, 0666, 0600},
    {"000_666", 0, 0666, 0666},	     {"027_777", 027, 0777, 0750},
    {"777_777", 0777, 0777, 0},	     {"022_4755", 022, 04755, 04755},
    {"022_2755", 022, 02755, 02755}, {"022_1644", 022, 01644, 01644},
    {"002_664", 2, 0664, 0664},
};

CHECK_EACH(umask_file, masks)
{
	const struct masked *m = arg;

	(void)umask(m->mask);
	OK(open(F, O_WRONLY | O_CREAT, m->mode));
	(void)umask(022);
	IS(look(F).st_mode & 07777, m->wanted);
}

CHECK_EACH(umask_mknod, masks)
{
	const struct masked *m = arg;

	(void)umask(m->mask);
	OK(mknod(F, S_IFREG | m->mode, 0));
	(void)umask(022);
	IS(look(F).st_mode, S_IFREG | m->wanted);
}

CHECK_EACH(umask_dir, masks)
{
	const struct masked *m = arg;

	(void)umask(m->mask);
	OK(mkdir("dir", m->mode & 01777));
	(void)umask(022);
	IS(look("dir").st_mode, S_IFDIR | (m->wanted & 01777));
}

CHECK(symlink_mode_is_0777)
{
	(void)umask(077);
	OK(symlink("x", "link"));
	IS(look("link").st_mode, S_IFLNK | 0777);
}

CHECK(owner_of_what_is_made)
{
	OK(make_file(F, ""));
	OK(mkdir("dir", 0755));
	OK(symlink("x", "link"));
	IS(look(F).st_uid, geteuid());
	IS(look("dir").st_gid, getegid());
	IS(look("link").st_uid, geteuid());
}

CHECK(setgid_directory_is_inherited)
{
	OK(mkdir("dir", 0755));
	if (chown("dir", (uid_t)-1, 12345) != 0)
		SKIP("needs root");
	OK(chmod("dir", 02755));
	OK(make_file("dir/f", ""));
	OK(mkdir("dir/sub", 0755));
	OK(symlink("x", "dir/link"));
	OK(mknod("dir/node", S_IFREG | 0644, 0));
	IS(look("dir/f").st_gid, 12345);
	IS(look("dir/node").st_gid, 12345);
	IS(look("dir/sub").st_gid, 12345);
	IS(look("dir/sub").st_mode & 07777, 02755);
	IS(look("dir/link").st_gid, 12345);
}

/* --- kinds of files that are refused by design --- */

CHECK_MOUNT(mkfifo_is_refused)
{
	FAILS(mkfifo("fifo", 0644), EPERM);
	IS(look("fifo").st_ino, 0);
}

CHECK_MOUNT(device_is_refused)
{
	FAILS(mknod("device", S_IFCHR | 0644, makedev(1, 3)), EPERM);
	FAILS(mknod("device", S_IFBLK | 0644, makedev(1, 3)), EPERM);
}

CHECK_MOUNT(socket_is_refused)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	OK(fd);
	FAILS(bind(fd, (const struct sockaddr *)&address, sizeof address), EPERM);
	IS(look("socket").st_ino, 0);
}

CHECK(mknod_existing)
{
	OK(make_file(F, "text"));
	FAILS(mknod(F, S_IFREG | 0644, 0), EEXIST);
	HOLDS(F, "text");
}

/* --- names --- */

/* A name of n bytes, repeated units of text. */
static char *name_of(char *room, size_t n, const char *unit)
{
	size_t step = strlen(unit);

	for (size_t i = 0; i < n; i++)
		room[i] = unit[i % step];
	room[n] = '\0';
	return room;
}

static const struct named {
	const char *name;
	size_t n;
	const char *unit;
} names[] = {
    {"1", 1, "a"},
    {"200", 200, "b"},
    {"201", 201, "c"},
    {"254", 254, "d"},
    {"255", 255, "e"},
    {"255_utf8", 255, "\xe2\x82\xac"},
    {"spaces", 7, " "},
    {"newline", 3, "\n"},
    {"percent", 9, "%41"},
    {"backslash", 4, "\\"},
    {"tilde", 6, "%~"},
    {"control", 5, "\001\037"},
    {"not_utf8", 4, "\xff\xfe"},
    {"half_utf8", 2, "\xe2\x82"},
    {"three_dots", 3, "."},
    {"hidden", 5, ".x"},
    {"quote", 4, "'\""},
    {"star", 3, "*"},
};

CHECK_EACH(name_file, names)
{
	const struct named *n = arg;
	char name[300];

	name_of(name, n->n, n->unit);
	OK(make_file(name, "text"));
	HOLDS(name, "text");
	OK(rename(name, "other"));
	OK(rename("other", name));
	OK(link(name, "second"));
	OK(unlink(name));
	OK(link("second", name));
	HOLDS(name, "text");
}

CHECK_EACH(name_dir, names)
{
	const struct named *n = arg;
	char name[300];

	name_of(name, n->n, n->unit);
	OK(mkdir(name, 0755));
	FAILS(mkdir(name, 0755), EEXIST);
	OK(rename(name, "other"));
	OK(rename("other", name));
	OK(rmdir(name));
}

CHECK_EACH(name_symlink, names)
{
	const struct named *n = arg;
	char name[300], target[300];

	name_of(name, n->n, n->unit);
	OK(symlink(name, name));
	IS(readlink(name, target, sizeof target), n->n);
	TRUE(memcmp(target, name, n->n) == 0);
}

CHECK(name_256)
{
	char name[300], *long_name = name_of(name, 256, "n");

	OK(make_file(F, "text"));
	FAILS(open(long_name, O_RDONLY), ENAMETOOLONG);
	FAILS(open(long_name, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
	FAILS(mkdir(long_name, 0755), ENAMETOOLONG);
	FAILS(rmdir(long_name), ENAMETOOLONG);
	FAILS(unlink(long_name), ENAMETOOLONG);
	FAILS(symlink("x", long_name), ENAMETOOLONG);
	FAILS(link(F, long_name), ENAMETOOLONG);
	FAILS(rename(F, long_name), ENAMETOOLONG);
	FAILS(rename(long_name, F), ENAMETOOLONG);
	FAILS(mknod(long_name, S_IFREG | 0644, 0), ENAMETOOLONG);
	FAILS(access(long_name, F_OK), ENAMETOOLONG);
	FAILS(truncate(long_name, 0), ENAMETOOLONG);
	FAILS(chmod(long_name, 0644), ENAMETOOLONG);
	HOLDS(F, "text");
}

CHECK(path_max)
{
	static char path[PATH_MAX + 2];

	for (size_t i = 0; i < PATH_MAX; i++)
		path[i] = i % 2 ? '/' : '.';
	path[PATH_MAX - 1] = '\0';
	OK(open(path, O_RDONLY | O_DIRECTORY));
	path[PATH_MAX - 1] = '.';
	path[PATH_MAX] = '\0';
	FAILS(open(path, O_RDONLY | O_DIRECTORY), ENAMETOOLONG);
}

CHECK(path_deeper_than_path_max)
{
	char name[300];
	int root = open(".", O_RDONLY | O_DIRECTORY);

	name_of(name, 250, "d");
	for (int i = 0; i < 20; i++) {
		OK(mkdir(name, 0755));
		OK(chdir(name));
	}
	OK(make_file("f", "deep"));
	HOLDS("f", "deep");
	OK(unlink("f"));
	for (int i = 0; i < 20; i++) {
		OK(chdir(".."));
		OK(rmdir(name));
	}
	IS(look_fd(root).st_ino, look(".").st_ino);
}

CHECK(names_differ_by_case)
{
	OK(make_file("name", "lower"));
	OK(make_file("NAME", "upper"));
	HOLDS("name", "lower");
	HOLDS("NAME", "upper");
}

CHECK(names_are_not_normalised)
{
	OK(make_file("\xc3\xa9", "one"));
	OK(make_file("e\xcc\x81", "two"));
	HOLDS("\xc3\xa9", "one");
	HOLDS("e\xcc\x81", "two");
}

/* --- descriptors of directories --- */

CHECK(openat_relative)
{
	int dir, fd;

	OK(mkdir("dir", 0755));
	OK(dir = open("dir", O_RDONLY | O_DIRECTORY));
	OK(fd = openat(dir, F, O_WRONLY | O_CREAT | O_EXCL, 0644));
	OK(faccessat(dir, F, R_OK, 0));
	OK(mkdirat(dir, "sub", 0755));
	OK(unlinkat(dir, "sub", AT_REMOVEDIR));
	FAILS(unlinkat(dir, F, AT_REMOVEDIR), ENOTDIR);
	OK(unlinkat(dir, F, 0));
	FAILS(openat(fd, "x", O_RDONLY), ENOTDIR);
	FAILS(openat(-1, "x", O_RDONLY), EBADF);
}

CHECK(openat_moved_directory)
{
	int dir;

	OK(mkdir("dir", 0755));
	OK(mkdir("other", 0755));
	OK(dir = open("dir", O_RDONLY | O_DIRECTORY));
	OK(rename("dir", "other/moved"));
	OK(openat(dir, "f", O_WRONLY | O_CREAT, 0644));
	TRUE(S_ISREG(look("other/moved/f").st_mode));
	IS(openat(dir, "..", O_RDONLY) >= 0, 1);
}

CHECK(openat_removed_directory)
{
	int dir;

	OK(mkdir("dir", 0755));
	OK(dir = open("dir", O_RDONLY | O_DIRECTORY));
	OK(rmdir("dir"));
	FAILS(openat(dir, "f", O_WRONLY | O_CREAT, 0644), ENOENT);
	FAILS(mkdirat(dir, "sub", 0755), ENOENT);
	FAILS(symlinkat("x", dir, "link"), ENOENT);
	OK(make_file(F, ""));
	FAILS(linkat(AT_FDCWD, F, dir, "x", 0), ENOENT);
	FAILS(renameat(AT_FDCWD, F, dir, "x"), ENOENT);
	IS(look_fd(dir).st_nlink, 0);
}

CHECK(working_directory_removed)
{
	OK(mkdir("dir", 0755));
	OK(chdir("dir"));
	OK(rmdir("../dir"));
	FAILS(open("f", O_WRONLY | O_CREAT, 0644), ENOENT);
	FAILS(mkdir("sub", 0755), ENOENT);
	TRUE(getcwd((char[64]){0}, 64) == NULL && (errno == ENOENT || errno == ERANGE));
}
