/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance checks of names: link, unlink, symlink, rename in all combinations, mkdir, rmdir. */
#include <limits.h>
#include <linux/fs.h>

#include "posix_check.h"

/* --- rename: from each kind to each kind, with each flag --- */

enum kind { FILE_, EMPTY, FULL, LINK, NONE, KINDS };
static const char *const kind_names[] = {"file", "empty", "full", "link", "none"};

static int make_kind(enum kind kind, const char *name)
{
	char inner[64];

	switch (kind) {
	case FILE_:
		return make_file(name, name);
	case EMPTY:
		return mkdir(name, 0755);
	case FULL:
		(void)snprintf(inner, sizeof inner, "%s/inner", name);
		return mkdir(name, 0755) == 0 ? make_file(inner, name) : -1;
	case LINK:
		return symlink("target", name);
	default:
		return 0;
	}
}

struct move {
	enum kind from, to;
	unsigned flags;
	bool across; /* directories */
};

static int wanted_of(const struct move *m)
{
	bool from_dir = m->from == EMPTY || m->from == FULL,
	     to_dir = m->to == EMPTY || m->to == FULL;

	if (m->from == NONE)
		return ENOENT;
	if (m->flags & RENAME_EXCHANGE)
		return m->to == NONE ? ENOENT : 0;
	if (m->to == NONE)
		return 0;
	if (m->flags & RENAME_NOREPLACE)
		return EEXIST;
	if (from_dir != to_dir)
		return from_dir ? ENOTDIR : EISDIR;
	return m->to == FULL ? ENOTEMPTY : 0;
}

static void rename_one(const void *arg)
{
	const struct move *m = arg;
	const char *from = "a", *to = m->across ? "dir/b" : "b";
	struct stat before_from, before_to;
	int error = wanted_of(m);

	OK(mkdir("dir", 0755));
	OK(make_kind(m->from, from));
	OK(make_kind(m->to, to));
	before_from = look(from);
	before_to = look(to);
	if (error) {
		FAILS(renameat2(AT_FDCWD, from, AT_FDCWD, to, m->flags), error);
		IS(look(from).st_ino, before_from.st_ino);
		IS(look(to).st_ino, before_to.st_ino);
		IS(look(from).st_ctim.tv_nsec, before_from.st_ctim.tv_nsec);
		return;
	}
	OK(renameat2(AT_FDCWD, from, AT_FDCWD, to, m->flags));
	IS(look(to).st_ino, before_from.st_ino);
	IS(look(to).st_mode, before_from.st_mode);
	IS(look(to).st_nlink, before_from.st_nlink);
	IS(look(from).st_ino, m->flags & RENAME_EXCHANGE ? before_to.st_ino : 0);
	if (m->from == FULL)
		IS(look(m->across ? "dir/b/inner" : "b/inner").st_size, 1);
	IS(look("dir").st_nlink, 2 + (m->across && S_ISDIR(before_from.st_mode)));
}

__attribute__((constructor)) static void add_renames(void)
{
	static const struct {
		const char *name;
		unsigned flags;
	} ways[] = {{"plain", 0}, {"noreplace", RENAME_NOREPLACE}, {"exchange", RENAME_EXCHANGE}};
	static struct move moves[KINDS * KINDS * 3 * 2];
	size_t n = 0;

	for (int from = 0; from < KINDS; from++)
		for (int to = 0; to < KINDS; to++)
			for (size_t way = 0; way < 3; way++)
				for (int across = 0; across < 2; across++) {
					moves[n] = (struct move){(enum kind)from, (enum kind)to,
								 ways[way].flags, across};
					check_add(rename_one, &moves[n++], false,
						  "rename_%s_%s_to_%s%s", ways[way].name,
						  kind_names[from], kind_names[to],
						  across ? "_across" : "");
				}
}

CHECK(rename_content_follows)
{
	OK(make_file(F, "one"));
	OK(make_file(G, "two"));
	OK(rename(F, G));
	HOLDS(G, "one");
	FAILS(access(F, F_OK), ENOENT);
}

CHECK(rename_open_descriptor_follows)
{
	int fd;

	OK(make_file(F, "one"));
	OK(fd = open(F, O_RDWR | O_APPEND));
	OK(rename(F, G));
	IS(write(fd, "more", 4), 4);
	HOLDS(G, "onemore");
}

CHECK(rename_replaced_stays_open)
{
	char text[8] = "";
	int fd;

	OK(make_file(F, "one"));
	OK(make_file(G, "two"));
	OK(fd = open(G, O_RDWR));
	OK(rename(F, G));
	IS(look_fd(fd).st_nlink, 0);
	IS(read(fd, text, 8), 3);
	TRUE(strcmp(text, "two") == 0);
	HOLDS(G, "one");
}

CHECK(rename_exchange_swaps)
{
	OK(make_file(F, "one"));
	OK(make_file(G, "two"));
	OK(renameat2(AT_FDCWD, F, AT_FDCWD, G, RENAME_EXCHANGE));
	HOLDS(F, "two");
	HOLDS(G, "one");
}

CHECK(rename_exchange_moves_links_of_directories)
{
	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	OK(mkdir("a/sub", 0755));
	OK(make_file("b/f", "text"));
	OK(renameat2(AT_FDCWD, "a/sub", AT_FDCWD, "b/f", RENAME_EXCHANGE));
	IS(look("a").st_nlink, 2);
	IS(look("b").st_nlink, 3);
	TRUE(S_ISDIR(look("b/f").st_mode));
	HOLDS("a/sub", "text");
}

CHECK(rename_exchange_with_ancestor)
{
	OK(mkdir("a", 0755));
	OK(mkdir("a/b", 0755));
	FAILS(renameat2(AT_FDCWD, "a", AT_FDCWD, "a/b", RENAME_EXCHANGE), EINVAL);
	FAILS(renameat2(AT_FDCWD, "a/b", AT_FDCWD, "a", RENAME_EXCHANGE), EINVAL);
}

CHECK(rename_onto_itself)
{
	struct stat s;

	OK(make_file(F, "text"));
	s = look(F);
	OK(rename(F, F));
	HOLDS(F, "text");
	IS(look(F).st_ino, s.st_ino);
	FAILS(renameat2(AT_FDCWD, F, AT_FDCWD, F, RENAME_NOREPLACE), EEXIST);
}

CHECK(rename_directory_onto_itself)
{
	OK(mkdir("dir", 0755));
	OK(rename("dir", "dir"));
	IS(look("dir").st_nlink, 2);
}

CHECK(rename_hard_links_of_one_inode)
{
	OK(make_file("f", "text"));
	OK(link("f", "g"));
	OK(rename("f", "g"));
	IS(look("f").st_nlink, 2);
	IS(look("g").st_nlink, 2);
}

CHECK(rename_exchange_hard_links)
{
	OK(make_file("f", "text"));
	OK(link("f", "g"));
	OK(renameat2(AT_FDCWD, "f", AT_FDCWD, "g", RENAME_EXCHANGE));
	IS(look("f").st_nlink, 2);
	IS(look("g").st_nlink, 2);
}

CHECK(rename_over_hard_link)
{
	OK(make_file("f", "old"));
	OK(link("f", "g"));
	OK(make_file("h", "new"));
	OK(rename("h", "g"));
	IS(look("f").st_nlink, 1);
	HOLDS("f", "old");
	HOLDS("g", "new");
}

CHECK(rename_into_own_subtree)
{
	OK(mkdir("a", 0755));
	OK(mkdir("a/b", 0755));
	FAILS(rename("a", "a/c"), EINVAL);
	FAILS(rename("a", "a/b/c"), EINVAL);
	FAILS(rename("a", "a/b"), EINVAL);
	FAILS(rename("a/b", "a"), ENOTEMPTY);
}

static const struct name_refused {
	const char *name, *from, *to;
	unsigned flags;
	int error;
} rename_refusals[] = {
    {"dot_from", "dir/.", "x", 0, EBUSY},
    {"dot_to", "dir", "dir/.", 0, EBUSY},
    {"dot_dot_from", "dir/..", "x", 0, EBUSY},
    {"dot_dot_to", "file", "dir/..", 0, EBUSY},
    {"missing_parent", "file", "none/x", 0, ENOENT},
    {"parent_is_file", "file", "other/x", 0, ENOTDIR},
    {"from_below_file", "other/x", "y", 0, ENOTDIR},
    {"file_with_slash", "file/", "x", 0, ENOTDIR},
    {"file_to_slash", "file", "x/", 0, ENOTDIR},
    {"empty_from", "", "x", 0, ENOENT},
    {"empty_to", "file", "", 0, ENOENT},
    {"both_flags", "file", "other", RENAME_NOREPLACE | RENAME_EXCHANGE, EINVAL},
    {"unknown_flag", "file", "x", 1u << 20, EINVAL},
    {"loop", "loop/x", "y", 0, ELOOP},
};

CHECK_EACH(rename_refuses, rename_refusals)
{
	const struct name_refused *r = arg;

	OK(make_file("file", "text"));
	OK(make_file("other", "other"));
	OK(mkdir("dir", 0755));
	OK(symlink("loop", "loop"));
	FAILS(renameat2(AT_FDCWD, r->from, AT_FDCWD, r->to, r->flags), r->error);
	HOLDS("file", "text");
	HOLDS("other", "other");
}

CHECK(rename_directory_with_slashes)
{
	OK(mkdir("dir", 0755));
	OK(rename("dir/", "other/"));
	TRUE(S_ISDIR(look("other").st_mode));
}

CHECK(rename_with_descriptors)
{
	int a, b;

	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	OK(a = open("a", O_RDONLY | O_DIRECTORY));
	OK(b = open("b", O_RDONLY | O_DIRECTORY));
	OK(make_file("a/f", "text"));
	OK(renameat(a, "f", b, "g"));
	HOLDS("b/g", "text");
	OK(renameat2(b, "g", a, "f", RENAME_NOREPLACE));
	HOLDS("a/f", "text");
	FAILS(renameat(-1, "f", a, "g"), EBADF);
}

CHECK(rename_directory_updates_dot_dot)
{
	struct stat up;

	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	OK(mkdir("a/sub", 0755));
	OK(rename("a/sub", "b/sub"));
	OK(stat("b/sub/..", &up));
	IS(up.st_ino, look("b").st_ino);
	IS(look("a").st_nlink, 2);
	IS(look("b").st_nlink, 3);
}

CHECK(rename_symlink_itself)
{
	OK(make_file("f", "text"));
	OK(symlink("f", "link"));
	OK(rename("link", "moved"));
	TRUE(S_ISLNK(look("moved").st_mode));
	HOLDS("f", "text");
	OK(make_file("g", "over"));
	OK(rename("g", "moved"));
	TRUE(S_ISREG(look("moved").st_mode));
	HOLDS("f", "text");
}

CHECK(rename_chain_of_many)
{
	char from[32], to[32];

	OK(make_file("f-0", "text"));
	for (int i = 0; i < 200; i++) {
		(void)snprintf(from, sizeof from, "f-%d", i);
		(void)snprintf(to, sizeof to, "f-%d", i + 1);
		OK(rename(from, to));
		FAILS(access(from, F_OK), ENOENT);
	}
	HOLDS("f-200", "text");
}

/* --- hard links --- */

CHECK(link_counts)
{
	char name[32];
	ino_t ino;

	OK(make_file("f", "text"));
	ino = look("f").st_ino;
	for (int i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof name, "link-%d", i);
		OK(link("f", name));
		IS(look("f").st_nlink, i + 2);
		IS(look(name).st_ino, ino);
	}
	for (int i = 0; i < 50; i++) {
		(void)snprintf(name, sizeof name, "link-%d", i);
		OK(unlink(name));
		IS(look("f").st_nlink, 50 - i);
	}
}

CHECK(link_shares_content_and_attributes)
{
	OK(make_file("f", "text"));
	OK(mkdir("dir", 0755));
	OK(link("f", "dir/g"));
	OK(make_file("dir/g", "changed"));
	HOLDS("f", "changed");
	OK(chmod("f", 0600));
	IS(look("dir/g").st_mode & 07777, 0600);
	OK(truncate("f", 3));
	HOLDS("dir/g", "cha");
	OK(unlink("f"));
	HOLDS("dir/g", "cha");
	IS(look("dir/g").st_nlink, 1);
}

static const struct name_refused link_refusals[] = {
    {"existing", "file", "other", 0, EEXIST},
    {"itself", "file", "file", 0, EEXIST},
    {"existing_dir", "file", "dir", 0, EEXIST},
    {"existing_link", "file", "loop", 0, EEXIST},
    {"missing", "none", "x", 0, ENOENT},
    {"missing_parent", "file", "none/x", 0, ENOENT},
    {"directory", "dir", "x", 0, EPERM},
    {"dot", ".", "x", 0, EPERM},
    {"below_file", "file", "other/x", 0, ENOTDIR},
    {"file_slash", "file/", "x", 0, ENOTDIR},
    {"loop", "loop/x", "x", 0, ELOOP},
    {"empty", "file", "", 0, ENOENT},
};

CHECK_EACH(link_refuses, link_refusals)
{
	const struct name_refused *r = arg;

	OK(make_file("file", "text"));
	OK(make_file("other", "other"));
	OK(mkdir("dir", 0755));
	OK(symlink("loop", "loop"));
	FAILS(link(r->from, r->to), r->error);
	IS(look("file").st_nlink, 1);
	IS(look("dir").st_nlink, 2);
}

CHECK(link_of_symlink)
{
	OK(symlink("nowhere", "link"));
	OK(link("link", "second"));
	IS(look("second").st_ino, look("link").st_ino);
	IS(look("link").st_nlink, 2);
	FAILS(linkat(AT_FDCWD, "link", AT_FDCWD, "third", AT_SYMLINK_FOLLOW), ENOENT);
}

CHECK(link_follow)
{
	OK(make_file("f", "text"));
	OK(symlink("f", "link"));
	OK(linkat(AT_FDCWD, "link", AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
	IS(look("f").st_nlink, 2);
}

CHECK(link_of_unlinked_descriptor)
{
	char path[64];
	int fd;

	OK(make_file("f", "text"));
	OK(fd = open("f", O_RDWR));
	OK(unlink("f"));
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	FAILS(linkat(AT_FDCWD, path, AT_FDCWD, "again", AT_SYMLINK_FOLLOW), ENOENT);
}

/* --- unlink --- */

static const struct name_refused unlink_refusals[] = {
    {"missing", "none", NULL, 0, ENOENT},
    {"directory", "dir", NULL, 0, EISDIR},
    {"below_file", "file/x", NULL, 0, ENOTDIR},
    {"slash", "file/", NULL, 0, ENOTDIR},
    {"empty", "", NULL, 0, ENOENT},
    {"dot", ".", NULL, 0, EISDIR},
    {"loop", "loop/x", NULL, 0, ELOOP},
    {"missing_parent", "none/x", NULL, 0, ENOENT},
};

CHECK_EACH(unlink_refuses, unlink_refusals)
{
	const struct name_refused *r = arg;

	OK(make_file("file", "text"));
	OK(mkdir("dir", 0755));
	OK(symlink("loop", "loop"));
	FAILS(unlink(r->from), r->error);
}

CHECK(unlink_removes)
{
	OK(make_file(F, "text"));
	OK(unlink(F));
	FAILS(unlink(F), ENOENT);
	FAILS(open(F, O_RDONLY), ENOENT);
	FAILS(stat(F, &(struct stat){0}), ENOENT);
}

CHECK(unlink_symlink_leaves_target)
{
	OK(make_file("f", "text"));
	OK(symlink("f", "link"));
	OK(unlink("link"));
	HOLDS("f", "text");
}

CHECK(unlinked_stays_usable)
{
	char text[16] = "";
	int fd;

	OK(make_file(F, "text"));
	OK(fd = open(F, O_RDWR));
	OK(unlink(F));
	IS(look_fd(fd).st_nlink, 0);
	IS(look_fd(fd).st_size, 4);
	IS(pwrite(fd, "more", 4, 4), 4);
	IS(pread(fd, text, 16, 0), 8);
	TRUE(strcmp(text, "textmore") == 0);
	OK(ftruncate(fd, 100000));
	IS(look_fd(fd).st_size, 100000);
	OK(fchmod(fd, 0600));
	IS(look_fd(fd).st_mode & 07777, 0600);
	OK(fsync(fd));
	OK(futimens(fd, NULL));
}

CHECK(unlinked_name_made_again)
{
	char text[8] = "";
	int fd;

	OK(make_file(F, "old"));
	OK(fd = open(F, O_RDWR));
	OK(unlink(F));
	OK(make_file(F, "new!"));
	TRUE(look(F).st_ino != look_fd(fd).st_ino);
	IS(read(fd, text, 8), 3);
	TRUE(strcmp(text, "old") == 0);
	IS(pwrite(fd, "xx", 2, 0), 2);
	HOLDS(F, "new!");
}

CHECK(unlinked_leaves_no_ghost)
{
	OK(mkdir("dir", 0755));
	OK(make_file("dir/f", "text"));
	OK(open("dir/f", O_RDWR));
	OK(unlink("dir/f"));
	OK(rmdir("dir"));
}

/* --- symlinks --- */

static const size_t lengths[] = {1, 2, 31, 32, 59, 60, 61, 255, 256, 1000, 4000, 4094};

CHECK(symlink_lengths)
{
	static char target[PATH_MAX + 1], got[PATH_MAX + 1];
	char name[32];

	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		memset(target, 'a' + (int)i, lengths[i]);
		target[lengths[i]] = '\0';
		(void)snprintf(name, sizeof name, "link-%zu", lengths[i]);
		OK(symlink(target, name));
		IS(look(name).st_size, lengths[i]);
		IS(readlink(name, got, sizeof got), lengths[i]);
		TRUE(memcmp(got, target, lengths[i]) == 0);
	}
}

CHECK(symlink_4096)
{
	static char target[PATH_MAX + 1];

	memset(target, 'x', PATH_MAX);
	FAILS(symlink(target, "link"), ENAMETOOLONG);
	FAILS(symlink("", "link"), ENOENT);
}

CHECK(readlink_truncates)
{
	char got[8] = "-------";

	OK(symlink("target", "link"));
	IS(readlink("link", got, 3), 3);
	TRUE(memcmp(got, "tar----", 7) == 0);
	FAILS(readlink("link", got, 0), EINVAL);
}

CHECK(readlink_refuses)
{
	char got[8];

	OK(make_file("f", ""));
	FAILS(readlink("f", got, 8), EINVAL);
	FAILS(readlink(".", got, 8), EINVAL);
	FAILS(readlink("none", got, 8), ENOENT);
	FAILS(readlink("f/x", got, 8), ENOTDIR);
}

CHECK(symlink_refuses)
{
	OK(make_file("f", "text"));
	OK(mkdir("dir", 0755));
	FAILS(symlink("x", "f"), EEXIST);
	FAILS(symlink("x", "dir"), EEXIST);
	FAILS(symlink("x", "none/x"), ENOENT);
	FAILS(symlink("x", "f/x"), ENOTDIR);
	OK(symlink("x", "link"));
	FAILS(symlink("y", "link"), EEXIST);
}

CHECK(symlink_chain)
{
	char from[32], to[32];

	OK(make_file("link-0", "text"));
	for (int i = 1; i <= 41; i++) {
		(void)snprintf(from, sizeof from, "link-%d", i);
		(void)snprintf(to, sizeof to, "link-%d", i - 1);
		OK(symlink(to, from));
	}
	HOLDS("link-40", "text");
	FAILS(open("link-41", O_RDONLY), ELOOP);
}

CHECK(symlink_to_directory)
{
	OK(mkdir("dir", 0755));
	OK(symlink("dir", "link"));
	OK(make_file("link/f", "text"));
	HOLDS("dir/f", "text");
	OK(unlink("link/f"));
	FAILS(rmdir("link"), ENOTDIR);
	FAILS(mkdir("link", 0755), EEXIST);
}

CHECK(symlink_relative_and_absolute)
{
	char here[PATH_MAX - 8], path[PATH_MAX];

	TRUE(getcwd(here, sizeof here) != NULL);
	(void)snprintf(path, sizeof path, "%s/f", here);
	OK(make_file("f", "text"));
	OK(mkdir("dir", 0755));
	OK(symlink(path, "dir/absolute"));
	OK(symlink("../f", "dir/relative"));
	HOLDS("dir/absolute", "text");
	HOLDS("dir/relative", "text");
}

CHECK(symlink_replaced_is_seen)
{
	OK(make_file("f", "one"));
	OK(make_file("g", "two"));
	OK(symlink("f", "link"));
	HOLDS("link", "one");
	OK(symlink("g", "new"));
	OK(rename("new", "link"));
	HOLDS("link", "two");
	OK(unlink("link"));
	OK(symlink("f", "link"));
	HOLDS("link", "one");
}

/* --- directories --- */

static const struct name_refused mkdir_refusals[] = {
    {"file", "file", NULL, 0, EEXIST},		{"dir", "dir", NULL, 0, EEXIST},
    {"dangling", "dangling", NULL, 0, EEXIST},	{"dot", ".", NULL, 0, EEXIST},
    {"dot_dot", "..", NULL, 0, EEXIST},		{"missing_parent", "none/x", NULL, 0, ENOENT},
    {"below_file", "file/x", NULL, 0, ENOTDIR}, {"empty", "", NULL, 0, ENOENT},
    {"loop", "loop/x", NULL, 0, ELOOP},
};

CHECK_EACH(mkdir_refuses, mkdir_refusals)
{
	const struct name_refused *r = arg;

	OK(make_file("file", "text"));
	OK(mkdir("dir", 0755));
	OK(symlink("nowhere", "dangling"));
	OK(symlink("loop", "loop"));
	FAILS(mkdir(r->from, 0755), r->error);
}

static const struct name_refused rmdir_refusals[] = {
    {"file", "file", NULL, 0, ENOTDIR},
    {"full", "full", NULL, 0, ENOTEMPTY},
    {"missing", "none", NULL, 0, ENOENT},
    {"dot", "dir/.", NULL, 0, EINVAL},
    {"dot_dot", "full/dir/..", NULL, 0, ENOTEMPTY},
    {"below_file", "file/x", NULL, 0, ENOTDIR},
    {"link", "link", NULL, 0, ENOTDIR},
    {"empty", "", NULL, 0, ENOENT},
};

CHECK_EACH(rmdir_refuses, rmdir_refusals)
{
	const struct name_refused *r = arg;

	OK(make_file("file", "text"));
	OK(mkdir("dir", 0755));
	OK(mkdir("full", 0755));
	OK(mkdir("full/dir", 0755));
	OK(symlink("dir", "link"));
	FAILS(rmdir(r->from), r->error);
	TRUE(S_ISDIR(look("full/dir").st_mode));
}

CHECK(mkdir_slash)
{
	OK(mkdir("dir/", 0755));
	OK(rmdir("dir/"));
}

CHECK(mkdir_counts_links)
{
	char name[32];
	nlink_t before = look(".").st_nlink;

	OK(make_file("f", ""));
	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof name, "dir-%d", i);
		OK(mkdir(name, 0755));
		IS(look(".").st_nlink, before + (nlink_t)i + 1);
		IS(look(name).st_nlink, 2);
	}
	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof name, "dir-%d", i);
		OK(rmdir(name));
	}
	IS(look(".").st_nlink, before);
}

CHECK(rmdir_then_made_again)
{
	for (int i = 0; i < 20; i++) {
		OK(mkdir("dir", 0755));
		OK(make_file("dir/f", "text"));
		FAILS(rmdir("dir"), ENOTEMPTY);
		OK(unlink("dir/f"));
		OK(rmdir("dir"));
		FAILS(access("dir", F_OK), ENOENT);
		FAILS(access("dir/f", F_OK), ENOENT);
	}
}

CHECK(missing_is_seen_when_made)
{
	FAILS(access(F, F_OK), ENOENT);
	OK(make_file(F, "text"));
	OK(access(F, F_OK));
	OK(unlink(F));
	FAILS(access(F, F_OK), ENOENT);
	OK(mkdir(F, 0755));
	OK(access(F, F_OK));
	OK(rmdir(F));
	OK(symlink("x", F));
	FAILS(access(F, F_OK), ENOENT);
	TRUE(S_ISLNK(look(F).st_mode));
}
