/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conformance checks of what a document cannot be, and what it must be able to: run in a folder of
 * documents. Each check's directory is a folder, f.json in it a document.
 */
#include <linux/fs.h>

#include "posix_check.h"

#define TEXT "{\n  \"url\": \"http://one\"\n}\n"

CHECK(document_is_no_symlink)
{
	OK(make_file("scratch", TEXT));
	FAILS(symlink("scratch", "f.json"), EPERM);
	FAILS(symlink("scratch", "f.env.json"), EPERM);
	FAILS(symlink("scratch", "f.grpc.json"), EPERM);
	IS(look("f.json").st_ino, 0);
}

CHECK(document_is_no_hard_link)
{
	OK(make_file("f.json", TEXT));
	OK(make_file("scratch", TEXT));
	FAILS(link("scratch", "g.json"), EPERM);
	IS(look("scratch").st_nlink, 1);
	IS(look("f.json").st_nlink, 1);
}

CHECK(document_is_no_special_file)
{
	FAILS(mkfifo("f.json", 0644), EPERM);
	FAILS(mknod("f.json", S_IFSOCK | 0644, 0), EPERM);
}

CHECK(symlink_does_not_become_document)
{
	OK(symlink("x", "link"));
	FAILS(rename("link", "f.json"), EPERM);
	TRUE(S_ISLNK(look("link").st_mode));
}

CHECK(hard_linked_does_not_become_document)
{
	OK(make_file("scratch", TEXT));
	OK(link("scratch", "second"));
	FAILS(rename("scratch", "f.json"), EPERM);
	IS(look("second").st_nlink, 2);
	OK(unlink("second"));
	OK(rename("scratch", "f.json"));
	HOLDS("f.json", TEXT);
}

CHECK(exchange_does_not_make_symlink_document)
{
	OK(make_file("f.json", TEXT));
	OK(symlink("x", "link"));
	FAILS(renameat2(AT_FDCWD, "f.json", AT_FDCWD, "link", RENAME_EXCHANGE), EPERM);
	FAILS(renameat2(AT_FDCWD, "link", AT_FDCWD, "f.json", RENAME_EXCHANGE), EPERM);
	HOLDS("f.json", TEXT);
}

static const struct suffixed {
	const char *name, *file;
} not_utf8[] = {
    {"json", "\xff\xfe.json"},	   {"half", "\xe2\x82.json"},	       {"env", "\x80.env.json"},
    {"overlong", "\xc0\xaf.json"}, {"surrogate", "\xed\xa0\x80.json"},
};

CHECK_EACH(not_utf8, not_utf8)
{
	const struct suffixed *s = arg;

	FAILS(open(s->file, O_WRONLY | O_CREAT, 0644), EILSEQ);
	FAILS(mknod(s->file, S_IFREG | 0644, 0), EILSEQ);
	OK(make_file("scratch", TEXT));
	FAILS(rename("scratch", s->file), EILSEQ);
	HOLDS("scratch", TEXT);
}

CHECK(document_modes_and_times_are_kept)
{
	struct timespec times[2] = {{100, 1}, {200, 2}};

	OK(make_file("f.json", TEXT));
	OK(chmod("f.json", 0600));
	OK(utimensat(AT_FDCWD, "f.json", times, 0));
	IS(look("f.json").st_mode, S_IFREG | 0600);
	IS(look("f.json").st_mtim.tv_sec, 200);
	IS(look("f.json").st_mtim.tv_nsec, 2);
	HOLDS("f.json", TEXT);
}

CHECK(document_saved_by_rename)
{
	ino_t ino;

	OK(make_file("f.json", "{}"));
	OK(make_file(".f.json.tmp", TEXT));
	ino = look(".f.json.tmp").st_ino;
	OK(rename(".f.json.tmp", "f.json"));
	IS(look("f.json").st_ino, ino);
	IS(look("f.json").st_nlink, 1);
	HOLDS("f.json", TEXT);
}

CHECK(document_swapped)
{
	OK(make_file("f.json", "{\"url\": \"one\"}"));
	OK(make_file("g.json", "{\"url\": \"two\"}"));
	OK(renameat2(AT_FDCWD, "f.json", AT_FDCWD, "g.json", RENAME_EXCHANGE));
	HOLDS("f.json", "{\"url\": \"two\"}");
	HOLDS("g.json", "{\"url\": \"one\"}");
	FAILS(renameat2(AT_FDCWD, "f.json", AT_FDCWD, "g.json", RENAME_NOREPLACE), EEXIST);
}

CHECK(folder_with_documents_is_moved)
{
	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	OK(make_file("a/f.json", TEXT));
	FAILS(rmdir("a"), ENOTEMPTY);
	FAILS(rename("b", "a"), ENOTEMPTY);
	FAILS(rename("a", "a/b"), EINVAL);
	OK(rename("a", "b"));
	HOLDS("b/f.json", TEXT);
	OK(rename("b", "c"));
	HOLDS("c/f.json", TEXT);
}

CHECK(folder_link_is_refused)
{
	OK(mkdir("a", 0755));
	FAILS(link("a", "b"), EPERM);
	IS(look("a").st_nlink, 2);
}

CHECK(document_unlinked_and_open)
{
	char text[64] = "";
	int fd;

	OK(make_file("f.json", TEXT));
	OK(fd = open("f.json", O_RDWR));
	OK(unlink("f.json"));
	OK(make_file("f.json", "{}"));
	IS(read(fd, text, sizeof text), strlen(TEXT));
	TRUE(strcmp(text, TEXT) == 0);
	IS(write(fd, "x", 1), 1);
	HOLDS("f.json", "{}");
}

CHECK(document_as_directory_name)
{
	OK(mkdir("f.json", 0755));
	TRUE(S_ISDIR(look("f.json").st_mode));
	OK(make_file("f.json/inner", "text"));
	FAILS(make_file("f.json", TEXT), EISDIR);
}

CHECK(document_becomes_scratch_and_back)
{
	OK(make_file("f.json", TEXT));
	OK(rename("f.json", "f.bak"));
	OK(make_file("f.json", "{\"url\": \"new\"}"));
	OK(link("f.bak", "f.bak2"));
	OK(unlink("f.bak2"));
	OK(rename("f.bak", "f.json"));
	HOLDS("f.json", TEXT);
}

CHECK(invalid_text_is_kept)
{
	OK(make_file("f.json", "{ this is no JSON"));
	HOLDS("f.json", "{ this is no JSON");
	OK(truncate("f.json", 6));
	HOLDS("f.json", "{ this");
	OK(make_file("f.json", ""));
	IS(look("f.json").st_size, 0);
}

CHECK(long_document_names)
{
	char name[300];

	memset(name, 'n', sizeof name);
	memcpy(name + 250, ".json", 6);
	OK(make_file(name, TEXT));
	HOLDS(name, TEXT);
	memset(name, 'n', sizeof name);
	memcpy(name + 251, ".json", 6);
	FAILS(open(name, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
}

/* --- the virtual directory, two levels up from the group --- */

static const char *virtual_dir(void)
{
	static char path[32];
	struct stat s;

	(void)snprintf(path, sizeof path, ".wakefs");
	for (int i = 0; i < 6 && stat(path, &s) != 0; i++) {
		char up[40];

		(void)snprintf(up, sizeof up, "../%s", path);
		(void)snprintf(path, sizeof path, "%.31s", up);
	}
	return path;
}

CHECK(virtual_files_are_read_only)
{
	char path[64];
	const char *dir = virtual_dir();

	(void)snprintf(path, sizeof path, "%s/status", dir);
	TRUE(look(path).st_size > 0);
	TRUE(unlink(path) != 0);
	TRUE(truncate(path, 0) != 0);
	TRUE(chmod(path, 0777) != 0 || (look(path).st_mode & 0222) == 0);
	TRUE(rename(path, "moved") != 0);
	TRUE(link(path, "linked") != 0);
	(void)snprintf(path, sizeof path, "%s/new", dir);
	TRUE(open(path, O_WRONLY | O_CREAT, 0644) < 0);
	TRUE(mkdir(path, 0755) != 0);
	TRUE(symlink("x", path) != 0);
	TRUE(rmdir(dir) != 0);
	TRUE(rename(dir, "moved") != 0);
	OK(make_file("f", "text"));
	TRUE(rename("f", path) != 0);
	HOLDS("f", "text");
}
