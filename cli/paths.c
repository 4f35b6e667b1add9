/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of our own files, and of the user's. */
#include "cli/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"

enum wk_status paths_join(const char *dir, const char *name, char out[PATH_MAX])
{
	char whole[PATH_MAX];
	int n = snprintf(whole, sizeof whole, "%s%s%s", dir,
			 strcmp(dir, "/") == 0 ? "" : "/", name);

	if (n < 0 || n >= PATH_MAX)
		return WK_LIMIT;
	memcpy(out, whole, (size_t)n + 1);
	return WK_OK;
}

static const char *home_directory(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (home && home[0] == '/')
		return home;
	user = getpwuid(getuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

static enum wk_status xdg(const char *variable, const char *fallback, char out[PATH_MAX])
{
	const char *dir = getenv(variable);
	char base[PATH_MAX];
	enum wk_status st;

	if (dir && dir[0] == '/')
		return paths_join(dir, "wakefs", out);
	dir = home_directory();
	if (!dir)
		return WK_NOT_FOUND;
	st = paths_join(dir, fallback, base);
	return st == WK_OK ? paths_join(base, "wakefs", out) : st;
}

enum wk_status paths_state(char out[PATH_MAX])
{
	return xdg("XDG_STATE_HOME", ".local/state", out);
}

enum wk_status paths_config(char out[PATH_MAX])
{
	return xdg("XDG_CONFIG_HOME", ".config", out);
}

enum wk_status paths_absolute(const char *path, char out[PATH_MAX])
{
	char copy[PATH_MAX], parent[PATH_MAX], *slash;
	const char *last;
	size_t n = strlen(path);

	if (n == 0)
		return WK_INVALID;
	if (n >= PATH_MAX)
		return WK_LIMIT;
	if (realpath(path, copy)) {
		memcpy(out, copy, strlen(copy) + 1);
		return WK_OK;
	}
	memcpy(copy, path, n + 1);
	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = '\0';
	slash = strrchr(copy, '/');
	last = slash ? slash + 1 : copy;
	if (strcmp(last, ".") == 0 || strcmp(last, "..") == 0 || last[0] == '\0')
		return files_errno_status(errno);
	if (slash == copy)
		return paths_join("/", last, out);
	if (slash)
		*slash = '\0';
	if (!realpath(slash ? copy : ".", parent))
		return files_errno_status(errno);
	return paths_join(parent, last, out);
}

bool paths_is_in(const char *path, const char *dir, const char **inside_out)
{
	const size_t n = strlen(dir);

	if (strncmp(path, dir, n) != 0 || (path[n] != '/' && path[n] != '\0'))
		return false;
	*inside_out = path[n] == '/' ? path + n + 1 : path + n;
	return true;
}
