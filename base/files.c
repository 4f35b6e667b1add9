/* SPDX-License-Identifier: Apache-2.0 */
/* Small files. */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/scoped.h"

enum wk_status files_errno_status(int error_number)
{
	switch (error_number) {
	case 0:
		return WK_OK;
	case ENOMEM:
		return WK_NOMEM;
	case ENOSPC:
	case EDQUOT:
		return WK_FULL;
	case ENOENT:
	case ENOTDIR:
		return WK_NOT_FOUND;
	case EEXIST:
		return WK_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return WK_DENIED;
	case ENAMETOOLONG:
	case EFBIG:
		return WK_LIMIT;
	default:
		return WK_IO;
	}
}

enum wk_status files_read_fd(int fd, struct buf *out)
{
	uint8_t chunk[16384];
	size_t before = out->n;
	enum wk_status st = WK_OK;

	for (;;) {
		ssize_t got = read(fd, chunk, sizeof chunk);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			st = files_errno_status(errno);
		else if (got > 0)
			st = buf_append(out, chunk, (size_t)got);
		if (got <= 0 || st != WK_OK)
			break;
	}
	if (st != WK_OK)
		out->n = before;
	if (out->secret)
		explicit_bzero(chunk, sizeof chunk);
	return st;
}

enum wk_status files_read(const char *path, struct buf *out)
{
	SCOPED(scoped_close) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return files_errno_status(errno);
	return files_read_fd(fd, out);
}

enum wk_status files_write_fd(int fd, struct bytes content)
{
	size_t done = 0;

	while (done < content.n) {
		ssize_t put = write(fd, content.p + done, content.n - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? files_errno_status(errno) : WK_IO;
		done += (size_t)put;
	}
	return WK_OK;
}

/* The rename itself lasts once the directory is on disk. */
static enum wk_status sync_parent(const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;
	SCOPED(scoped_close) int fd = -1;

	memcpy(parent, n > 0 ? path : ".", n > 0 ? n : 1);
	parent[n > 0 ? n : 1] = '\0';
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return files_errno_status(errno);
	/* EINVAL: a filesystem that cannot do it for a directory. */
	return fsync(fd) == 0 || errno == EINVAL ? WK_OK : files_errno_status(errno);
}

enum wk_status files_write(const char *path, struct bytes content, unsigned mode)
{
	char temp[PATH_MAX];
	SCOPED(scoped_close) int fd = -1;
	enum wk_status st;
	int n = snprintf(temp, sizeof temp, "%s.XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof temp)
		return WK_LIMIT;
	fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return files_errno_status(errno);
	st = fchmod(fd, (mode_t)mode) == 0 ? WK_OK : files_errno_status(errno);
	if (st == WK_OK)
		st = files_write_fd(fd, content);
	if (st == WK_OK && fsync(fd) != 0)
		st = files_errno_status(errno);
	if (st == WK_OK && rename(temp, path) != 0)
		st = files_errno_status(errno);
	if (st != WK_OK) {
		(void)unlink(temp);
		return st;
	}
	return sync_parent(path);
}

static enum wk_status make_directory(const char *path)
{
	struct stat there;

	if (mkdir(path, 0700) == 0)
		return WK_OK;
	if (errno != EEXIST)
		return files_errno_status(errno);
	if (stat(path, &there) != 0)
		return files_errno_status(errno);
	return S_ISDIR(there.st_mode) ? WK_OK : WK_EXISTS;
}

enum wk_status files_mkdirs(const char *path)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	enum wk_status st;

	if (n == 0)
		return WK_INVALID;
	if (n >= sizeof part)
		return WK_LIMIT;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		st = make_directory(part);
		if (st != WK_OK)
			return st;
		if (i < n)
			part[i] = '/';
	}
	return WK_OK;
}

enum wk_status files_lock(const char *path, const char *owner_line, int *fd_out,
			  char *owner_out, size_t owner_size)
{
	SCOPED(scoped_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return files_errno_status(errno);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		ssize_t got;

		if (errno != EWOULDBLOCK)
			return files_errno_status(errno);
		got = pread(fd, owner_out, owner_size - 1, 0);
		owner_out[got > 0 ? got : 0] = '\0';
		owner_out[strcspn(owner_out, "\n")] = '\0';
		return WK_BUSY;
	}
	if (ftruncate(fd, 0) != 0)
		return files_errno_status(errno);
	if (files_write_fd(fd, bytes_str(owner_line)) != WK_OK)
		return WK_IO;
	*fd_out = fd;
	fd = -1;
	return WK_OK;
}
