/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance checks of listing directories: complete, stable while they change, positions. */
#include <dirent.h>

#include "posix_check.h"

#define MANY 700

static int make_many(int n)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof name, "entry-%04d", i);
		if (make_file(name, "") != 0)
			return -1;
	}
	return 0;
}

/* Entries but "." and ".."; -1 when a name comes twice (only names as make_many makes them). */
static int count_of(DIR *d, bool *seen)
{
	struct dirent *e;
	int n = 0, i;

	memset(seen, 0, MANY * sizeof *seen);
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		n++;
		if (sscanf(e->d_name, "entry-%d", &i) == 1 && i >= 0 && i < MANY) {
			if (seen[i])
				return -1;
			seen[i] = true;
		}
	}
	return n;
}

static bool seen_table[MANY];

CHECK(list_has_dot_and_dot_dot)
{
	struct dirent *e;
	ino_t dot = 0, up = 0;
	DIR *d;

	OK(mkdir("dir", 0755));
	TRUE((d = opendir("dir")) != NULL);
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0)
			dot = e->d_ino;
		else if (strcmp(e->d_name, "..") == 0)
			up = e->d_ino;
		else
			TRUE(false);
	}
	OK(closedir(d));
	IS(dot, look("dir").st_ino);
	IS(up, look(".").st_ino);
}

CHECK(list_types_and_inodes)
{
	struct dirent *e;
	DIR *d;
	int n = 0;

	OK(mkdir("dir", 0755));
	OK(make_file("file", ""));
	OK(symlink("file", "link"));
	TRUE((d = opendir(".")) != NULL);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		IS(e->d_ino, look(e->d_name).st_ino);
		IS(e->d_type, e->d_name[0] == 'd' ? DT_DIR : e->d_name[0] == 'f' ? DT_REG : DT_LNK);
		n++;
	}
	OK(closedir(d));
	IS(n, 3);
}

CHECK(list_many)
{
	DIR *d;

	OK(make_many(MANY));
	TRUE((d = opendir(".")) != NULL);
	IS(count_of(d, seen_table), MANY);
	OK(closedir(d));
}

CHECK(list_long_names)
{
	char name[256];
	struct dirent *e;
	DIR *d;
	int n = 0;

	for (int i = 0; i < 100; i++) {
		memset(name, 'l', 255);
		(void)snprintf(name, 16, "%08d", i);
		name[8] = 'l';
		name[255] = '\0';
		OK(make_file(name, ""));
	}
	TRUE((d = opendir(".")) != NULL);
	while ((e = readdir(d)))
		n += strlen(e->d_name) == 255;
	OK(closedir(d));
	IS(n, 100);
}

CHECK(list_again_after_each_change)
{
	DIR *d;

	for (int i = 0; i < 30; i++) {
		OK(make_many(i + 1));
		TRUE((d = opendir(".")) != NULL);
		IS(count_of(d, seen_table), i + 1);
		OK(closedir(d));
	}
	for (int i = 0; i < 30; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "entry-%04d", i);
		OK(unlink(name));
		TRUE((d = opendir(".")) != NULL);
		IS(count_of(d, seen_table), 29 - i);
		OK(closedir(d));
	}
}

CHECK(list_while_deleting_all)
{
	struct dirent *e;
	int n = 0;
	DIR *d;

	OK(make_many(MANY));
	TRUE((d = opendir(".")) != NULL);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			OK(unlink(e->d_name));
			n++;
		}
	OK(closedir(d));
	IS(n, MANY);
	TRUE((d = opendir(".")) != NULL);
	IS(count_of(d, seen_table), 0);
	OK(closedir(d));
}

CHECK(list_while_adding)
{
	struct dirent *e;
	char name[32];
	int n = 0, added = 0, i;
	DIR *d;

	OK(make_many(MANY));
	memset(seen_table, 0, sizeof seen_table);
	TRUE((d = opendir(".")) != NULL);
	while ((e = readdir(d))) {
		if (sscanf(e->d_name, "entry-%d", &i) != 1)
			continue;
		TRUE(!seen_table[i]);
		seen_table[i] = true;
		n++;
		if (added < 300) {
			(void)snprintf(name, sizeof name, "added-%04d", added++);
			OK(make_file(name, ""));
		}
	}
	OK(closedir(d));
	IS(n, MANY);
}

CHECK(list_while_others_are_deleted)
{
	struct dirent *e;
	char name[32];
	int n = 0, i;
	DIR *d;

	OK(make_many(MANY));
	memset(seen_table, 0, sizeof seen_table);
	TRUE((d = opendir(".")) != NULL);
	TRUE(readdir(d) != NULL);
	/* Every second one goes; what stays must be seen once. */
	for (i = 0; i < MANY; i += 2) {
		(void)snprintf(name, sizeof name, "entry-%04d", i);
		OK(unlink(name));
	}
	rewinddir(d);
	while ((e = readdir(d)))
		if (sscanf(e->d_name, "entry-%d", &i) == 1) {
			TRUE(i % 2 == 1 && !seen_table[i]);
			seen_table[i] = true;
			n++;
		}
	OK(closedir(d));
	IS(n, MANY / 2);
}

CHECK(list_while_renaming)
{
	struct dirent *e;
	char name[32];
	int n = 0, i;
	DIR *d;

	OK(mkdir("away", 0755));
	OK(make_many(300));
	TRUE((d = opendir(".")) != NULL);
	while ((e = readdir(d)))
		if (sscanf(e->d_name, "entry-%d", &i) == 1) {
			(void)snprintf(name, sizeof name, "away/%04d", i);
			OK(rename(e->d_name, name));
			n++;
		}
	OK(closedir(d));
	IS(n, 300);
}

CHECK(rewinddir_sees_changes)
{
	DIR *d;

	OK(make_many(10));
	TRUE((d = opendir(".")) != NULL);
	IS(count_of(d, seen_table), 10);
	OK(make_file("new", ""));
	OK(unlink("entry-0000"));
	OK(unlink("entry-0001"));
	rewinddir(d);
	IS(count_of(d, seen_table), 9);
	TRUE(!seen_table[0]);
	OK(closedir(d));
}

CHECK(telldir_seekdir)
{
	static long at[MANY + 2];
	static char names[MANY + 2][32];
	struct dirent *e;
	size_t n = 0;
	DIR *d;

	OK(make_many(MANY));
	TRUE((d = opendir(".")) != NULL);
	for (at[0] = telldir(d); n < MANY + 2 && (e = readdir(d));) {
		(void)snprintf(names[n], sizeof names[n], "%.31s", e->d_name);
		if (++n < MANY + 2)
			at[n] = telldir(d);
	}
	IS(n, MANY + 2);
	for (size_t i = 0; i < n; i += 37) {
		seekdir(d, at[i]);
		TRUE((e = readdir(d)) != NULL);
		TRUE(strcmp(e->d_name, names[i]) == 0);
	}
	OK(closedir(d));
}

CHECK(seekdir_after_deletion)
{
	struct dirent *e;
	char next[256];
	long at;
	DIR *d;

	OK(make_many(100));
	TRUE((d = opendir(".")) != NULL);
	for (int i = 0; i < 50; i++)
		TRUE((e = readdir(d)) != NULL);
	/* The position outlives the entry before it. */
	at = telldir(d);
	(void)snprintf(next, sizeof next, "%s", e->d_name);
	if (next[0] != '.')
		OK(unlink(next));
	TRUE((e = readdir(d)) != NULL);
	(void)snprintf(next, sizeof next, "%s", e->d_name);
	seekdir(d, at);
	TRUE((e = readdir(d)) != NULL);
	TRUE(strcmp(e->d_name, next) == 0);
	OK(closedir(d));
}

CHECK(two_listings_at_once)
{
	DIR *a, *b;

	OK(make_many(MANY));
	TRUE((a = opendir(".")) != NULL);
	TRUE((b = opendir(".")) != NULL);
	for (int i = 0; i < 50; i++)
		TRUE(readdir(a) != NULL);
	IS(count_of(b, seen_table), MANY);
	IS(count_of(a, seen_table) >= MANY - 50, 1);
	OK(closedir(a));
	OK(closedir(b));
}

CHECK(list_removed_directory)
{
	struct dirent *e;
	int n = 0;
	DIR *d;

	OK(mkdir("dir", 0755));
	TRUE((d = opendir("dir")) != NULL);
	OK(rmdir("dir"));
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	IS(n, 0);
	OK(closedir(d));
}

CHECK(opendir_refuses)
{
	OK(make_file("f", ""));
	TRUE(opendir("f") == NULL && errno == ENOTDIR);
	TRUE(opendir("none") == NULL && errno == ENOENT);
	TRUE(opendir("f/x") == NULL && errno == ENOTDIR);
}

CHECK(list_of_moved_directory)
{
	DIR *d;

	OK(mkdir("dir", 0755));
	OK(make_file("dir/entry-0001", ""));
	OK(make_file("dir/entry-0002", ""));
	TRUE((d = opendir("dir")) != NULL);
	OK(rename("dir", "moved"));
	OK(make_file("moved/entry-0003", ""));
	rewinddir(d);
	IS(count_of(d, seen_table), 3);
	OK(closedir(d));
}

CHECK(removed_names_do_not_come_back)
{
	struct dirent *e;
	DIR *d;

	OK(make_many(50));
	OK(rename("entry-0007", "entry-0008"));
	OK(unlink("entry-0009"));
	TRUE((d = opendir(".")) != NULL);
	while ((e = readdir(d))) {
		TRUE(strcmp(e->d_name, "entry-0007") != 0);
		TRUE(strcmp(e->d_name, "entry-0009") != 0);
		TRUE(strncmp(e->d_name, ".fuse_hidden", 12) != 0);
	}
	OK(closedir(d));
}
