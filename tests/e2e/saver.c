/* SPDX-License-Identifier: Apache-2.0 */
/*
 * saver DIR LEDGER FIRST
 *
 * Saves without end, as programs do that care: documents in place and by rename, appended logs, scratch
 * files; each with fsync.  Before a save it writes "? FILE N" to the file LEDGER (outside of the mount), when
 * fsync has returned "! FILE N".  Numbers grow from FIRST.  Each file says its number N everywhere in it,
 * so that a torn one shows.
 * Ends with exit 0 when the mount has gone (ENOTCONN and the like), 1 on any other failure.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 8
#define LINES 40

static int ledger;

static bool is_gone(int error)
{
	return error == ENOTCONN || error == ECONNABORTED || error == EIO || error == ENODEV;
}

static void note(char mark, const char *name, long n)
{
	char line[128];
	int size = snprintf(line, sizeof line, "%c %s %ld\n", mark, name, n);

	if (write(ledger, line, (size_t)size) != size)
		exit(1);
}

static void stop(const char *what)
{
	if (is_gone(errno))
		exit(0);
	perror(what);
	exit(1);
}

static size_t text_of(char *out, size_t size, long n, bool document)
{
	size_t used = 0;

	if (document)
		used += (size_t)snprintf(out, size, "{\n  \"_id\": \"\",\n  \"url\": \"u-%ld\",\n"
					 "  \"method\": \"POST\",\n  \"description\": \"", n);
	for (int i = 0; i < LINES; i++)
		used += (size_t)snprintf(out + used, size - used, "u-%ld ", n);
	used += (size_t)snprintf(out + used, size - used, document ? "\"\n}\n" : "\n");
	return used;
}

static void write_new(int dir, const char *path, int flags, const char *text, size_t size)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

	if (fd < 0)
		stop(path);
	if (write(fd, text, size) != (ssize_t)size || fsync(fd) != 0) {
		(void)close(fd);
		stop(path);
	}
	if (close(fd) != 0)
		stop(path);
}

static void save(int dir, long n)
{
	static char text[65536];
	char name[64], temporary[80];
	const int which = (int)(n % FILES);
	const bool document = which < 4;
	size_t size = text_of(text, sizeof text, n, document);

	(void)snprintf(name, sizeof name, document ? "doc-%d.json" : "scratch-%d.txt", which);
	(void)snprintf(temporary, sizeof temporary, ".%s.tmp", name);
	note('?', name, n);
	if (which % 2 == 0) {
		write_new(dir, temporary, O_TRUNC, text, size);
		if (renameat(dir, temporary, dir, name) != 0 || fsync(dir) != 0)
			stop("rename");
	} else {
		write_new(dir, name, O_TRUNC, text, size);
	}
	note('!', name, n);
}

int main(int argc, char **argv)
{
	int dir;

	if (argc != 4)
		return 2;
	ledger = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dir = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ledger < 0 || dir < 0)
		stop(argv[1]);
	for (long n = atol(argv[3]);; n++)
		save(dir, n);
}
