/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix_fsx FILE SEED STEPS BARRIER_EVERY
 *
 * Random operations on the content of one file, against a copy in memory: reads, writes, appends,
 * mapped reads and writes, truncation, holes, zeroed ranges, copies within the file, through two
 * descriptors, with renames and reopening in between.  Exit 1 at the first byte that is not what it
 * must be, with the last operations.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix_random.h"

#define FILE_MAX (512u * 1024)
#define LENGTH_MAX (96u * 1024)
#define LOG_LINES 40
#define WHOLE_EVERY 100

static const char *path;
static char aside[4096];
static int fds[2];
static uint8_t model[FILE_MAX], room[FILE_MAX];
static size_t size;
static unsigned long step;
static char log_lines[LOG_LINES][128];

static void note(const char *what, size_t from, size_t n)
{
	(void)snprintf(log_lines[step % LOG_LINES], sizeof log_lines[0],
		       "%lu: %s %zu bytes at %zu, size %zu", step, what, n, from, size);
}

_Noreturn static void stop(const char *what, long long wanted, long long got)
{
	for (unsigned long i = step < LOG_LINES ? 0 : step - LOG_LINES + 1; i <= step; i++)
		printf("%s\n", log_lines[i % LOG_LINES]);
	printf("WRONG at step %lu: %s: wanted %lld got %lld (errno %d)\n", step, what, wanted, got,
	       errno);
	exit(1);
}

static void expect(const char *what, long long got, long long wanted)
{
	if (got != wanted)
		stop(what, wanted, got);
}

static void compare(const char *what, const uint8_t *got, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (got[i] != model[from + i]) {
			printf("at byte %zu of the file\n", from + i);
			stop(what, model[from + i], got[i]);
		}
}

static void open_both(void)
{
	for (int i = 0; i < 2; i++) {
		fds[i] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
		expect("open", fds[i] >= 0, true);
	}
}

static void close_both(void)
{
	expect("close", close(fds[0]), 0);
	expect("close", close(fds[1]), 0);
}

static int any(void)
{
	return fds[random_below(2)];
}

/* A range that begins within `limit`; often at the edges of pages and blocks. */
static void range(size_t limit, size_t *from, size_t *n)
{
	static const size_t edges[] = {4096, 32768};

	*from = random_below(limit ? limit : 1);
	*n = 1 + random_below(LENGTH_MAX);
	if (random_below(3) == 0) {
		size_t edge = edges[random_below(2)];

		*from = *from / edge * edge;
		if (random_below(2))
			*n = (*n + edge - 1) / edge * edge;
	}
	if (*n > FILE_MAX - *from)
		*n = FILE_MAX - *from;
}

static void fill_room(size_t n)
{
	uint64_t word = random_next();

	for (size_t i = 0; i < n; i++)
		room[i] = (uint8_t)((word >> (i % 8 * 8)) + (i >> 9));
}

static void put(size_t from, size_t n)
{
	memcpy(model + from, room, n);
	if (from + n > size)
		size = from + n;
}

static void op_read(void)
{
	size_t from, n, wanted;

	range(FILE_MAX, &from, &n);
	wanted = from >= size ? 0 : n < size - from ? n : size - from;
	note("read", from, n);
	expect("pread", pread(any(), room, n, (off_t)from), (long long)wanted);
	compare("what was read", room, from, wanted);
}

static void op_write(void)
{
	size_t from, n;

	range(FILE_MAX - 1, &from, &n);
	fill_room(n);
	note("write", from, n);
	expect("pwrite", pwrite(any(), room, n, (off_t)from), (long long)n);
	put(from, n);
}

static void op_append(void)
{
	size_t n = 1 + random_below(5000);
	int fd;

	if (n > FILE_MAX - size)
		return;
	fill_room(n);
	note("append", size, n);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	expect("append", write(fd, room, n), (long long)n);
	expect("close", close(fd), 0);
	put(size, n);
}

static void op_map(bool write_it)
{
	size_t from, n;
	uint8_t *p;

	if (size == 0)
		return;
	range(size, &from, &n);
	if (n > size - from)
		n = size - from;
	note(write_it ? "map and write" : "map and read", from, n);
	p = mmap(NULL, size, write_it ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, any(), 0);
	if (p == MAP_FAILED)
		stop("mmap", 0, -1);
	if (write_it) {
		fill_room(n);
		memcpy(p + from, room, n);
		put(from, n);
		if (random_below(2))
			expect("msync", msync(p, size, MS_SYNC), 0);
	} else {
		compare("what was mapped", p + from, from, n);
	}
	expect("munmap", munmap(p, size), 0);
}

static void op_truncate(void)
{
	size_t to = random_below(3) ? random_below(FILE_MAX) : random_below(size + 1);

	note("truncate", to, 0);
	expect("truncate",
	       random_below(2) ? ftruncate(any(), (off_t)to) : truncate(path, (off_t)to), 0);
	if (to < size)
		memset(model + to, 0, size - to);
	size = to;
}

static void zero(size_t from, size_t n, bool keep)
{
	if (from + n > size && !keep)
		size = from + n;
	if (from < size)
		memset(model + from, 0, n < size - from ? n : size - from);
}

static void op_hole(void)
{
	bool punch = random_below(2), keep = punch || random_below(2);
	int mode = (punch ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE) |
		   (keep ? FALLOC_FL_KEEP_SIZE : 0);
	size_t from, n;

	range(FILE_MAX - 1, &from, &n);
	note(punch ? "punch" : keep ? "zero, keeping the size," : "zero", from, n);
	if (fallocate(any(), mode, (off_t)from, (off_t)n) == 0)
		zero(from, n, keep);
	else
		expect("fallocate", errno, EOPNOTSUPP);
}

static void op_allocate(void)
{
	size_t from, n;

	range(FILE_MAX - 1, &from, &n);
	note("allocate", from, n);
	expect("fallocate", fallocate(any(), 0, (off_t)from, (off_t)n), 0);
	if (from + n > size)
		size = from + n;
}

static void op_copy(void)
{
	size_t from, to, n;
	off_t from_at, to_at;

	range(size, &from, &n);
	to = random_below(FILE_MAX - 1);
	if (n > (to > from ? to - from : from - to))
		n = to > from ? to - from : from - to;
	if (from >= size || n == 0)
		return;
	if (n > size - from)
		n = size - from;
	if (n > FILE_MAX - to)
		n = FILE_MAX - to;
	note("copy", from, n);
	note("copy to", to, n);
	from_at = (off_t)from;
	to_at = (off_t)to;
	memcpy(room, model + from, n);
	for (size_t left = n; left > 0;) {
		ssize_t done = copy_file_range(any(), &from_at, any(), &to_at, left, 0);

		if (done <= 0)
			stop("copy_file_range", (long long)left, done);
		left -= (size_t)done;
	}
	put(to, n);
}

static void op_sync(void)
{
	note("sync", 0, 0);
	expect("fsync", random_below(2) ? fsync(any()) : fdatasync(any()), 0);
}

static void op_reopen(void)
{
	note("close and open", 0, 0);
	close_both();
	open_both();
}

/* Away and back. */
static void op_rename(void)
{
	note("rename", 0, 0);
	expect("rename", rename(path, aside), 0);
	expect("rename", rename(aside, path), 0);
}

static void check_size(void)
{
	struct stat s;

	expect("fstat", fstat(any(), &s), 0);
	expect("size", s.st_size, (long long)size);
	expect("stat", stat(path, &s), 0);
	expect("size by name", s.st_size, (long long)size);
}

static void check_whole(void)
{
	expect("bytes of the whole file", pread(any(), room, FILE_MAX, 0), (long long)size);
	compare("the whole file", room, 0, size);
}

static void one_step(void)
{
	switch (random_below(16)) {
	case 0:
	case 1:
		op_read();
		break;
	case 2:
	case 3:
	case 4:
		op_write();
		break;
	case 5:
		op_append();
		break;
	case 6:
	case 7:
		op_map(true);
		break;
	case 8:
		op_map(false);
		break;
	case 9:
		op_truncate();
		break;
	case 10:
	case 11:
		op_hole();
		break;
	case 12:
		op_allocate();
		break;
	case 13:
		op_copy();
		break;
	case 14:
		if (random_below(4) == 0)
			op_rename();
		else
			op_sync();
		break;
	default:
		op_reopen();
	}
}

int main(int argc, char **argv)
{
	unsigned long steps, every;
	ssize_t got;

	if (argc != 5)
		return 2;
	path = argv[1];
	(void)snprintf(aside, sizeof aside, "%s.aside", path);
	random_seed(argv[2]);
	steps = strtoul(argv[3], NULL, 10);
	every = strtoul(argv[4], NULL, 10);
	open_both();
	/* What is there already is the beginning. */
	expect("first read", (got = pread(any(), model, FILE_MAX, 0)) >= 0, true);
	size = (size_t)got;
	for (step = 0; step < steps; step++) {
		one_step();
		check_size();
		if (step % WHOLE_EVERY == WHOLE_EVERY - 1)
			check_whole();
		if (step % every == every - 1) {
			check_whole();
			close_both();
			barrier();
			open_both();
			check_size();
			check_whole();
		}
	}
	check_whole();
	printf("%lu steps, every byte right\n", steps);
	return 0;
}
