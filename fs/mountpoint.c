/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a directory can be mounted on, and if not, why. */
#include "fs/mountpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/scoped.h"

#define DEAD_MOUNTS_MAX 4

static void say(char *reason, size_t size, const char *path, const char *what)
{
	(void)snprintf(reason, size, "%s %s", path, what);
}

bool mountpoint_detach(const char *path)
{
	char *text = strdup(path);
	SCOPED(scoped_free) char *owned = text;
	char program[] = "fusermount3", how[] = "-uqz", end[] = "--";
	char *argv[] = {program, how, end, text, NULL};
	int status;
	pid_t child;

	if (umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
		return true;
	if (!text || posix_spawnp(&child, program, NULL, NULL, argv, environ) != 0)
		return false;
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void scoped_closedir(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

static enum wk_status is_empty(const char *path, char *reason, size_t reason_size)
{
	SCOPED(scoped_closedir) DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir) {
		say(reason, reason_size, path, "cannot be read: is it yours?");
		return WK_DENIED;
	}
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		say(reason, reason_size, path,
		    "is not empty: mount on an empty directory, so that nothing is hidden by it");
		return WK_EXISTS;
	}
	return WK_OK;
}

static enum wk_status why_no_stat(const char *path, int error, char *reason, size_t reason_size)
{
	switch (error) {
	case ENOENT:
		say(reason, reason_size, path, "does not exist: make the directory first");
		return WK_NOT_FOUND;
	case ENOTDIR:
		say(reason, reason_size, path, "is not a directory");
		return WK_INVALID;
	case EACCES:
		say(reason, reason_size, path, "cannot be reached: no permission");
		return WK_DENIED;
	default:
		(void)snprintf(reason, reason_size, "%s cannot be looked at: %s", path,
			       strerror(error));
		return WK_IO;
	}
}

/* The path made absolute: its last part as it stands, since a dead mount cannot be resolved. */
static char *absolute_of(const char *path)
{
	SCOPED(scoped_free) char *copy = strdup(path);
	SCOPED(scoped_free) char *up = NULL;
	char *slash, *result = realpath(path, NULL);
	size_t n;

	if (result || errno != ENOTCONN || !copy)
		return result;
	for (n = strlen(copy); n > 1 && copy[n - 1] == '/'; n--)
		copy[n - 1] = '\0';
	slash = strrchr(copy, '/');
	if (slash)
		*slash = '\0';
	up = realpath(!slash ? "." : slash == copy ? "/" : copy, NULL);
	if (!up || asprintf(&result, "%s/%s", strcmp(up, "/") == 0 ? "" : up,
			    slash ? slash + 1 : copy) < 0)
		return NULL;
	return result;
}

/* Undoes the octal escapes of mountinfo, in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] && at[3]) {
			*to++ = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			at += 3;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
}

/* The device of what is mounted there, 0 for nothing, and whether it is one of ours. */
static uint64_t find_mount(const char *absolute, bool *ours_out)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT((size_t)16 << 20);
	const char *all;
	uint64_t device = 0;
	char *at;

	if (files_read("/proc/self/mountinfo", &text) != WK_OK || buf_cstr(&text, &all) != WK_OK)
		return 0;
	/* id parent major:minor root mountpoint ... - type source options; the last mounted at a
	 * place is what shows. */
	for (char *line = strtok_r((char *)text.p, "\n", &at); line;
	     line = strtok_r(NULL, "\n", &at)) {
		unsigned major_number, minor_number;
		char place[4096 + 1];

		if (sscanf(line, "%*d %*d %u:%u %*s %4096s", &major_number, &minor_number, place) !=
		    3)
			continue;
		unescape(place);
		if (strcmp(place, absolute) != 0)
			continue;
		device = makedev(major_number, minor_number);
		*ours_out = strstr(line, " - fuse.wakefs ") != NULL;
	}
	return device;
}

uint64_t mountpoint_device(const char *absolute)
{
	bool ours;

	return find_mount(absolute, &ours);
}

/* A mount whose program has ended.  Attributes of one of ours are cached and say nothing; statfs is
 * always asked for, and one of ours that lives answers it. */
static bool is_dead(const char *absolute)
{
	struct statfs fs;
	struct stat st;
	bool ours = false;

	if (find_mount(absolute, &ours) == 0)
		return false;
	if (ours)
		return statfs(absolute, &fs) != 0 && (errno == ENOTCONN || errno == ECONNABORTED);
	return stat(absolute, &st) != 0 && errno == ENOTCONN;
}

enum wk_status mountpoint_prepare(const char *path, char **absolute_out, char *reason,
				  size_t reason_size)
{
	SCOPED(scoped_free) char *absolute = absolute_of(path);
	struct stat st;
	enum wk_status status;

	if (!absolute)
		return why_no_stat(path, errno, reason, reason_size);
	/* More than once: a dead mount may lie over another. */
	for (int i = 0; i < DEAD_MOUNTS_MAX && is_dead(absolute); i++) {
		if (!mountpoint_detach(absolute)) {
			say(reason, reason_size, path,
			    "is a mount whose program has ended, and it cannot be detached: "
			    "try  fusermount3 -uz on it");
			return WK_BUSY;
		}
		log_info("detached a mount whose program had ended");
	}
	if (stat(absolute, &st) != 0)
		return why_no_stat(path, errno, reason, reason_size);
	if (!S_ISDIR(st.st_mode)) {
		say(reason, reason_size, path, "is not a directory");
		return WK_INVALID;
	}
	if (mountpoint_device(absolute) != 0) {
		say(reason, reason_size, path, "has something mounted on it already");
		return WK_BUSY;
	}
	status = is_empty(absolute, reason, reason_size);
	if (status == WK_OK)
		*absolute_out = take(&absolute);
	return status;
}

static bool is_program(const char *name)
{
	static const char *const places[] = {"/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin",
					     "/sbin"};
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", places[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

enum wk_status mountpoint_explain(const char *path, char *reason, size_t reason_size)
{
	if (access("/dev/fuse", F_OK) != 0) {
		(void)snprintf(reason, reason_size,
			       "/dev/fuse is missing: load the fuse module, or give the container "
			       "the device");
		return WK_NOT_FOUND;
	}
	if (geteuid() != 0 && !is_program("fusermount3")) {
		(void)snprintf(reason, reason_size,
			       "fusermount3 is missing: install the package fuse3");
		return WK_NOT_FOUND;
	}
	if (access("/dev/fuse", R_OK | W_OK) != 0) {
		(void)snprintf(reason, reason_size, "/dev/fuse may not be opened: no permission");
		return WK_DENIED;
	}
	if (access(path, W_OK) != 0) {
		say(reason, reason_size, path, "cannot be mounted on: it is not yours to write in");
		return WK_DENIED;
	}
	say(reason, reason_size, path,
	    "cannot be mounted on: the system refuses (is mounting allowed here, and does "
	    "/etc/fuse.conf allow the options?)");
	return WK_DENIED;
}

/* MNT_FORCE aborts first and unmounts then, which fails here because of `root`: a program that goes
 * on writing must get errors, not the bare directory below. */
static void abort_by_force(const char *absolute, uint64_t device)
{
	SCOPED(scoped_close) int root = -1;

	if (mountpoint_device(absolute) != device)
		return;
	root = open(absolute, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || (umount2(absolute, MNT_FORCE | UMOUNT_NOFOLLOW) != 0 && errno != EBUSY))
		log_warn("a connection could not be aborted (errno %d)", errno);
}

void mountpoint_abort(const char *absolute, uint64_t device)
{
	char path[64];
	SCOPED(scoped_close) int fd = -1;

	(void)snprintf(path, sizeof path, "/sys/fs/fuse/connections/%u/abort",
		       minor((dev_t)device));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		abort_by_force(absolute, device);
}
