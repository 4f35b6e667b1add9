/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures one directory and prints "NAME VALUE" lines (seconds, or microseconds for names ending in _us).
 *
 *	fsbench populate DIR N        N request documents, 20 a folder
 *	fsbench command DIR RUNS CMD  median wall time of a shell command run in DIR
 *	fsbench latency DIR N         open+read+close, overwrite, overwrite+fsync, atomic save: p50 and p99
 *	fsbench meta DIR N            mkdir, create, rename, unlink: time for N each
 *	fsbench readers DIR N         four processes reading for a second: operations a second
 *	fsbench visible A B N         edits A in place, waits until B shows it: p50 and p99 (milliseconds)
 *
 * Every call is checked: a failing one ends the program with exit 1 and says which.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PER_FOLDER 20
#define PATH_BYTES 1024

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what, const char *path)
{
	(void)fprintf(stderr, "fsbench: %s %s: %s\n", what, path, strerror(errno));
	exit(1);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void path_of(char *path, const char *dir, long i)
{
	(void)snprintf(path, PATH_BYTES, "%s/folder%03ld/request-%05ld.json", dir, i / PER_FOLDER, i);
}

/* A request of 1 to 2 KB; one in a hundred holds the needle that grep looks for. */
static size_t make_document(char *text, size_t size, long i, unsigned edit)
{
	size_t n = (size_t)snprintf(text, size,
				    "{\n  \"_id\": \"req_%032lx\",\n  \"url\": \"https://api.example.com/v%u/items/%ld\",\n"
				    "  \"description\": \"%s\",\n  \"method\": \"GET\",\n  \"body\": {},\n"
				    "  \"parameters\": [],\n  \"headers\": [",
				    (unsigned long)i + 1, edit, i, i % 100 == 42 ? "needle-7f3a91" : "hay");
	const size_t wanted = 1000 + (size_t)(i * 7919 % 1000);

	for (int k = 0; n < wanted; k++)
		n += (size_t)snprintf(text + n, size - n,
				      "%s\n    {\n      \"name\": \"X-Header-%d\",\n      \"value\": \"%08lx\"\n    }",
				      k ? "," : "", k, (unsigned long)(i * 2654435761L + k) & 0xffffffff);
	return n + (size_t)snprintf(text + n, size - n, "\n  ],\n  \"authentication\": {}\n}\n");
}

static void write_file(const char *path, const char *text, size_t n, bool sync)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		fail("open", path);
	if (write(fd, text, n) != (ssize_t)n)
		fail("write", path);
	if (sync && fsync(fd) != 0)
		fail("fsync", path);
	if (close(fd) != 0)
		fail("close", path);
}

static void read_file(const char *path)
{
	char text[65536];
	ssize_t got;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		fail("open", path);
	while ((got = read(fd, text, sizeof text)) > 0)
		;
	if (got < 0)
		fail("read", path);
	(void)close(fd);
}

static int populate(const char *dir, long n)
{
	char path[PATH_BYTES], text[8192];
	double began = now();

	for (long i = 0; i < n; i++) {
		if (i % PER_FOLDER == 0) {
			(void)snprintf(path, sizeof path, "%s/folder%03ld", dir, i / PER_FOLDER);
			if (mkdir(path, 0755) != 0)
				fail("mkdir", path);
		}
		path_of(path, dir, i);
		write_file(path, text, make_document(text, sizeof text, i, 0), false);
	}
	printf("populate %.6f\n", now() - began);
	return 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int command(const char *dir, long runs, const char *text)
{
	double times[64];
	char full[PATH_BYTES * 2];

	if (runs > 64)
		runs = 64;
	(void)snprintf(full, sizeof full, "cd '%s' && { %s; } >/dev/shm/fsbench.out 2>&1", dir, text);
	for (long i = 0; i < runs; i++) {
		double began = now();
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			execl("/bin/sh", "sh", "-c", full, (char *)NULL);
			_exit(127);
		}
		(void)waitpid(pid, &status, 0);
		if (status != 0) {
			(void)fprintf(stderr, "fsbench: failed (%d): %s\n", status, text);
			return 1;
		}
		times[i] = now() - began;
	}
	qsort(times, (size_t)runs, sizeof *times, by_value);
	printf("command %.6f\n", times[runs / 2]);
	return 0;
}

enum mode { READ, OVERWRITE, OVERWRITE_FSYNC, ATOMIC };

static void one_operation(enum mode mode, const char *path, const char *text, size_t n)
{
	char temp[PATH_BYTES + 8];

	switch (mode) {
	case READ:
		read_file(path);
		break;
	case OVERWRITE:
	case OVERWRITE_FSYNC:
		write_file(path, text, n, mode == OVERWRITE_FSYNC);
		break;
	case ATOMIC:
		(void)snprintf(temp, sizeof temp, "%s.tmp", path);
		write_file(temp, text, n, true);
		if (rename(temp, path) != 0)
			fail("rename", path);
		break;
	}
}

static void measure(const char *name, enum mode mode, const char *dir, long n, long operations)
{
	char path[PATH_BYTES], text[8192];
	double *times = calloc((size_t)operations, sizeof *times);
	uint64_t seed = 88172645463325252u + (uint64_t)mode;

	if (!times)
		fail("calloc", name);
	for (long k = 0; k < operations; k++) {
		long i = (long)(next_random(&seed) % (uint64_t)n);
		size_t size = make_document(text, sizeof text, i, (unsigned)k + 1);
		double began;

		path_of(path, dir, i);
		began = now();
		one_operation(mode, path, text, size);
		times[k] = (now() - began) * 1e6;
	}
	qsort(times, (size_t)operations, sizeof *times, by_value);
	printf("%s_p50_us %.2f\n%s_p99_us %.2f\n", name, times[operations / 2], name,
	       times[operations * 99 / 100]);
	free(times);
}

static int latency(const char *dir, long n)
{
	char path[PATH_BYTES];

	for (long i = 0; i < n; i++) {	/* warm: the third read is measured */
		path_of(path, dir, i);
		read_file(path);
		read_file(path);
	}
	measure("read", READ, dir, n, 10000);
	measure("overwrite", OVERWRITE, dir, n, 1000);
	measure("overwrite_fsync", OVERWRITE_FSYNC, dir, n, 300);
	measure("atomic_save", ATOMIC, dir, n, 300);
	return 0;
}

static int meta(const char *dir, long n)
{
	char path[PATH_BYTES], other[PATH_BYTES];
	double began = now();

	for (long i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/d%ld", dir, i);
		if (mkdir(path, 0755) != 0)
			fail("mkdir", path);
	}
	printf("mkdir %.6f\n", now() - began);
	began = now();
	for (long i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/f%ld", dir, i);
		write_file(path, "x", 1, false);
	}
	printf("create %.6f\n", now() - began);
	began = now();
	for (long i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/f%ld", dir, i);
		(void)snprintf(other, sizeof other, "%s/g%ld", dir, i);
		if (rename(path, other) != 0)
			fail("rename", path);
	}
	printf("rename %.6f\n", now() - began);
	began = now();
	for (long i = 0; i < n; i++) {
		(void)snprintf(path, sizeof path, "%s/g%ld", dir, i);
		if (unlink(path) != 0)
			fail("unlink", path);
	}
	printf("unlink %.6f\n", now() - began);
	return 0;
}

static int readers(const char *dir, long n)
{
	long *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double began = now();
	long sum = 0;

	if (counts == MAP_FAILED)
		fail("mmap", dir);
	for (int p = 0; p < 4; p++) {
		if (fork() == 0) {
			uint64_t seed = 977 + (uint64_t)p * 1000003;
			char path[PATH_BYTES];

			while (now() < began + 1) {
				path_of(path, dir, (long)(next_random(&seed) % (uint64_t)n));
				read_file(path);
				counts[p]++;
			}
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	for (int p = 0; p < 4; p++)
		sum += counts[p];
	printf("readers %.6f\n", (now() - began) / (double)sum);
	return 0;
}

/* B shows an edit as soon as a read of it holds the mark that the edit put into A. */
static int visible(const char *a, const char *b, long n)
{
	double *times = calloc((size_t)n, sizeof *times);

	if (!times)
		fail("calloc", a);
	for (long k = 0; k < n; k++) {
		char text[8192], mark[64], seen[8192];
		double began;
		int m = snprintf(mark, sizeof mark, "edit-%d-%ld", (int)getpid(), k);
		int size = snprintf(text, sizeof text,
				    "{\n  \"url\": \"%.*s\",\n  \"method\": \"GET\"\n}\n", m, mark);

		began = now();
		write_file(a, text, (size_t)size, false);
		do {
			int fd = open(b, O_RDONLY);
			ssize_t got = fd < 0 ? -1 : read(fd, seen, sizeof seen - 1);

			if (fd >= 0)
				(void)close(fd);
			seen[got > 0 ? got : 0] = '\0';
			if (now() - began > 30) {
				errno = ETIMEDOUT;
				fail("wait for", b);
			}
			(void)nanosleep(&(struct timespec){ .tv_nsec = 200000 }, NULL);
		} while (!strstr(seen, mark));
		times[k] = (now() - began) * 1e3;
	}
	qsort(times, (size_t)n, sizeof *times, by_value);
	printf("p50_ms %.2f\np99_ms %.2f\n", times[n / 2], times[n * 99 / 100]);
	free(times);
	return 0;
}

int main(int argc, char **argv)
{
	const long n = argc > 3 ? strtol(argv[3], NULL, 10) : 0;

	if (argc == 4 && n > 0) {
		if (strcmp(argv[1], "populate") == 0)
			return populate(argv[2], n);
		if (strcmp(argv[1], "latency") == 0)
			return latency(argv[2], n);
		if (strcmp(argv[1], "meta") == 0)
			return meta(argv[2], n);
		if (strcmp(argv[1], "readers") == 0)
			return readers(argv[2], n);
	}
	if (argc == 5 && strcmp(argv[1], "visible") == 0 && strtol(argv[4], NULL, 10) > 0)
		return visible(argv[2], argv[3], strtol(argv[4], NULL, 10));
	if (argc == 5 && n > 0 && strcmp(argv[1], "command") == 0)
		return command(argv[2], n, argv[4]);
	(void)fprintf(stderr, "usage: fsbench populate|latency|meta|readers DIR N\n"
			      "       fsbench command DIR RUNS COMMAND\n");
	return 2;
}
