/* SPDX-License-Identifier: Apache-2.0 */
/* Which mounts there are, and who is in them; nothing here touches a path in a mount. */
#include "cli/mounts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/files.h"
#include "base/scoped.h"
#include "cli/paths.h"
#include "cli/serve.h"

#define HOLDERS_SHOWN 5

static void close_dir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static bool read_mountpoint(const char *store_dir, char out[PATH_MAX])
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(PATH_MAX - 1);
	char path[PATH_MAX];

	if (paths_join(store_dir, SERVE_MOUNTPOINT, path) != WK_OK ||
	    files_read(path, &text) != WK_OK || text.n == 0)
		return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

enum wk_status mounts_each(mounts_fn *fn, void *arg)
{
	char state[PATH_MAX], dir[PATH_MAX], mountpoint[PATH_MAX];
	enum wk_status st = paths_state(state);
	SCOPED(close_dir) DIR *list = st == WK_OK ? opendir(state) : NULL;
	const struct dirent *e;

	if (st != WK_OK || !list)
		return st;
	while ((e = readdir(list))) {
		if (e->d_name[0] == '.' || paths_join(state, e->d_name, dir) != WK_OK ||
		    !read_mountpoint(dir, mountpoint))
			continue;
		if (!fn(arg, dir, mountpoint))
			break;
	}
	return WK_OK;
}

struct finding {
	const char *path;
	char *dir_out;
	const char *inside;
};

static bool match(void *arg, const char *store_dir, const char *mountpoint)
{
	struct finding *f = arg;

	if (!paths_is_in(f->path, mountpoint, &f->inside))
		return true;
	memcpy(f->dir_out, store_dir, strlen(store_dir) + 1);
	return false;
}

enum wk_status mounts_find(const char *path, char store_dir_out[PATH_MAX], const char **inside_out)
{
	struct finding f = { .path = path, .dir_out = store_dir_out };
	enum wk_status st = mounts_each(match, &f);

	if (st == WK_OK && !f.inside)
		st = WK_NOT_FOUND;
	if (st == WK_OK && inside_out)
		*inside_out = f.inside;
	return st;
}

static void close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

/* The kernel writes blanks and the like in a mountpoint as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
				       (text[3] - '0'));
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

bool mounts_is_mounted(const char *mountpoint)
{
	SCOPED(close_file) FILE *f = fopen("/proc/self/mountinfo", "re");
	SCOPED(scoped_free) char *line = NULL;
	size_t size = 0;

	while (f && getline(&line, &size, f) > 0) {
		char place[PATH_MAX], type[64];
		const char *rest = strstr(line, " - ");

		/* id parent major:minor root MOUNTPOINT options ... - TYPE source options */
		if (!rest || sscanf(line, "%*s %*s %*s %*s %4095s", place) != 1 ||
		    sscanf(rest, " - %63s", type) != 1)
			continue;
		unescape(place);
		if (strcmp(place, mountpoint) == 0 && strncmp(type, "fuse.wakefs", 11) == 0)
			return true;
	}
	return false;
}

/* --- who is in a mount --- */

static bool link_is_in(const char *link, const char *mountpoint)
{
	char target[PATH_MAX];
	const char *inside;
	ssize_t n = readlink(link, target, sizeof target - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return paths_is_in(target, mountpoint, &inside);
}

static bool process_is_in(const char *pid, const char *mountpoint)
{
	char path[PATH_MAX];
	const struct dirent *e;

	(void)snprintf(path, sizeof path, "/proc/%s/cwd", pid);
	if (link_is_in(path, mountpoint))
		return true;
	(void)snprintf(path, sizeof path, "/proc/%s/exe", pid);
	if (link_is_in(path, mountpoint))
		return true;
	(void)snprintf(path, sizeof path, "/proc/%s/fd", pid);

	SCOPED(close_dir) DIR *fds = opendir(path);

	while (fds && (e = readdir(fds))) {
		(void)snprintf(path, sizeof path, "/proc/%s/fd/%s", pid, e->d_name);
		if (link_is_in(path, mountpoint))
			return true;
	}
	return false;
}

static enum wk_status name_process(const char *pid, bool first, struct buf *out)
{
	SCOPED(buf_fini) struct buf name = BUF_INIT(256);
	char path[64 + 256];

	(void)snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
	if (files_read(path, &name) != WK_OK)
		return WK_OK;	/* it has ended meanwhile */
	while (name.n > 0 && name.p[name.n - 1] == '\n')
		name.n--;
	return buf_printf(out, "%s%.*s (process %.16s)", first ? "" : ", ", (int)name.n,
			  (const char *)name.p, pid);
}

enum wk_status mounts_holders(const char *mountpoint, struct buf *out)
{
	SCOPED(close_dir) DIR *processes = opendir("/proc");
	const struct dirent *e;
	unsigned shown = 0;
	enum wk_status st = WK_OK;

	while (processes && st == WK_OK && shown < HOLDERS_SHOWN && (e = readdir(processes))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		if (strtol(e->d_name, NULL, 10) == (long)getpid())
			continue;
		if (process_is_in(e->d_name, mountpoint))
			st = name_process(e->d_name, shown++ == 0, out);
	}
	return st;
}
