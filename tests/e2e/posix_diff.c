/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix_diff DIR PLAIN SEED STEPS BARRIER_EVERY [SUFFIX]
 *
 * Does the same random operations in two directories, of which one is on the mount, and compares
 * after each step: what the calls said, the files, links and directories they touched, and every so
 * often the whole trees. Exit 1 at the first difference, which it tells with the last operations
 * before it.
 *
 * Names are few, so that operations meet: five in each directory, four deep.  Up to eight files are
 * open at once, also removed ones.  Not compared: sizes of directories, times that are the present,
 * blocks, inode numbers (but which names are links to one inode).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "posix_random.h"

#define SIDES 2
#define SLOTS 8
#define PATH_BYTES 96
#define DEEP_BYTES 4090
#define DATA_MAX 70000
#define SIZE_MAX_BYTES 300000
#define WHOLE_EVERY 50
#define ENTRIES_MAX 64
#define INODES_MAX 4096
#define LOG_LINES 40
/* Times before it were set, those after it are the present. */
#define PRESENT 1000000000

static const char *roots[SIDES], *suffix;
static int dirs[SIDES];
static int slots[SLOTS][SIDES];
static char slot_paths[SLOTS][PATH_BYTES];
static char log_lines[LOG_LINES][192];
static unsigned long step;
static uint8_t data[DATA_MAX], got[SIDES][SIZE_MAX_BYTES + DATA_MAX];

static void note(const char *format, ...)
{
	va_list args;
	char *line = log_lines[step % LOG_LINES];
	size_t used = (size_t)snprintf(line, sizeof log_lines[0], "%lu: ", step);

	va_start(args, format);
	(void)vsnprintf(line + used, sizeof log_lines[0] - used, format, args);
	va_end(args);
}

_Noreturn static void differ(const char *what, const char *path, long long a, long long b)
{
	for (unsigned long i = step < LOG_LINES ? 0 : step - LOG_LINES + 1; i <= step; i++)
		printf("%s\n", log_lines[i % LOG_LINES]);
	printf("DIFFERENT at step %lu: %s of %s: %lld in %s, %lld in %s\n", step, what, path, a,
	       roots[0], b, roots[1]);
	exit(1);
}

static void compare(const char *what, const char *path, long long a, long long b)
{
	if (a != b)
		differ(what, path, a, b);
}

/* --- comparing --- */

static void compare_stat(const char *path, const struct stat *a, const struct stat *b)
{
	compare("mode", path, a->st_mode, b->st_mode);
	compare("nlink", path, (long long)a->st_nlink, (long long)b->st_nlink);
	compare("uid", path, a->st_uid, b->st_uid);
	compare("gid", path, a->st_gid, b->st_gid);
	if (!S_ISDIR(a->st_mode))
		compare("size", path, a->st_size, b->st_size);
	if (a->st_mtim.tv_sec < PRESENT || b->st_mtim.tv_sec < PRESENT) {
		compare("mtime", path, a->st_mtim.tv_sec, b->st_mtim.tv_sec);
		compare("mtime (ns)", path, a->st_mtim.tv_nsec, b->st_mtim.tv_nsec);
	}
}

static void compare_bytes(const char *path, const int fd[SIDES])
{
	ssize_t n[SIDES];

	for (int side = 0; side < SIDES; side++)
		n[side] = pread(fd[side], got[side], sizeof got[side], 0);
	compare("bytes read", path, n[0], n[1]);
	for (ssize_t i = 0; i < n[0]; i++)
		if (got[0][i] != got[1][i]) {
			compare("place of a difference", path, i, -1);
			break;
		}
}

static void compare_content(const char *path)
{
	int fd[SIDES];

	for (int side = 0; side < SIDES; side++)
		fd[side] = openat(dirs[side], path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	compare("opening", path, fd[0] < 0, fd[1] < 0);
	if (fd[0] < 0)
		return;
	compare_bytes(path, fd);
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void compare_target(const char *path)
{
	char target[SIDES][PATH_BYTES] = {"", ""};
	ssize_t n[SIDES];

	for (int side = 0; side < SIDES; side++)
		n[side] = readlinkat(dirs[side], path, target[side], PATH_BYTES - 1);
	compare("length of the target", path, n[0], n[1]);
	compare("target", path, strcmp(target[0], target[1]), 0);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool is_compared(const char *name)
{
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       strcmp(name, ".folder.json") != 0;
}

static int list(int dir, const char *path, char names[ENTRIES_MAX][16])
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d)
		return -1;
	while (n < ENTRIES_MAX && (e = readdir(d)))
		if (is_compared(e->d_name))
			(void)snprintf(names[n++], 16, "%.15s", e->d_name);
	(void)closedir(d);
	qsort(names, (size_t)n, 16, by_name);
	return n;
}

/* The entries, in names; how many. */
static int compare_listing(const char *path, char names[ENTRIES_MAX][16])
{
	char other[ENTRIES_MAX][16];
	int a = list(dirs[0], path, names), b = list(dirs[1], path, other);

	if (a != b)
		for (int i = 0; i < a || i < b; i++)
			printf("  %-16s %s\n", i < a ? names[i] : "", i < b ? other[i] : "");
	compare("entries", path, a, b);
	for (int i = 0; i < a; i++)
		if (strcmp(names[i], other[i]) != 0)
			differ(names[i], path, 1, 0);
	return a;
}

/* Whatever stands at the path; true for a directory. */
static bool compare_path(const char *path, struct stat s[SIDES])
{
	int said[SIDES];

	for (int side = 0; side < SIDES; side++)
		said[side] =
		    fstatat(dirs[side], path, &s[side], AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
	compare("lstat", path, said[0], said[1]);
	if (said[0] != 0)
		return false;
	compare_stat(path, &s[0], &s[1]);
	if (S_ISREG(s[0].st_mode))
		compare_content(path);
	else if (S_ISLNK(s[0].st_mode))
		compare_target(path);
	return S_ISDIR(s[0].st_mode);
}

static struct {
	ino_t side[SIDES];
} inodes[INODES_MAX];
static size_t inode_count;

/* Names of one inode here are names of one inode there. */
static void compare_inode(const char *path, const struct stat s[SIDES])
{
	for (size_t i = 0; i < inode_count; i++)
		compare("being a link to an inode seen before", path,
			inodes[i].side[0] == s[0].st_ino, inodes[i].side[1] == s[1].st_ino);
	if (inode_count < INODES_MAX) {
		inodes[inode_count].side[0] = s[0].st_ino;
		inodes[inode_count++].side[1] = s[1].st_ino;
	}
}

static void compare_below(const char *path)
{
	char names[ENTRIES_MAX][16], inner[DEEP_BYTES];
	int n = strlen(path) < DEEP_BYTES - 20 ? compare_listing(path, names) : 0;

	for (int i = 0; i < n; i++) {
		struct stat s[SIDES];

		(void)snprintf(inner, sizeof inner, "%.4000s/%.15s", path, names[i]);
		if (compare_path(inner, s))
			compare_below(inner);
		else if (s[0].st_nlink > 1)
			compare_inode(inner, s);
	}
}

static void compare_whole(void)
{
	inode_count = 0;
	compare_below(".");
}

static void compare_around(const char *path)
{
	char names[ENTRIES_MAX][16], parent[PATH_BYTES];
	struct stat s[SIDES];
	char *slash;

	if (compare_path(path, s))
		(void)compare_listing(path, names);
	(void)snprintf(parent, sizeof parent, "%s", path);
	slash = strrchr(parent, '/');
	if (slash)
		*slash = '\0';
	else
		(void)snprintf(parent, sizeof parent, ".");
	if (compare_path(parent, s))
		(void)compare_listing(parent, names);
}

/* --- operations --- */

static void random_path(char path[PATH_BYTES])
{
	size_t depth = 1 + random_below(10) / 4, used = 0;

	if (depth == 3 && random_below(4) == 0)
		depth = 4;
	if (suffix)
		depth = 1;
	for (size_t i = 0; i < depth; i++) {
		int c = 'a' + (int)random_below(5);

		used += (size_t)snprintf(path + used, PATH_BYTES - used, "%s%c%s", i ? "/" : "", c,
					 suffix && c >= 'c' ? suffix : "");
	}
}

static size_t random_length(void)
{
	static const size_t edges[] = {1, 4095, 4096, 4097, 32767, 32768, 32769, 65536};

	switch (random_below(4)) {
	case 0:
		return edges[random_below(sizeof edges / sizeof edges[0])];
	case 1:
		return 1 + random_below(DATA_MAX);
	default:
		return 1 + random_below(500);
	}
}

static off_t random_offset(void)
{
	switch (random_below(4)) {
	case 0:
		return (off_t)random_below(7) * 32768;
	case 1:
		return (off_t)random_below(SIZE_MAX_BYTES - DATA_MAX);
	case 2:
		return 0;
	default:
		return (off_t)random_below(5000);
	}
}

static void random_data(size_t n)
{
	uint64_t word = random_next();

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)(word >> (i % 8 * 8)) ^ (uint8_t)(i >> 3);
}

/* Both sides' results: 0 or more, or an errno. */
static void compare_results(const char *path, const long long r[SIDES], const int error[SIDES])
{
	compare("errno", path, r[0] < 0 ? error[0] : 0, r[1] < 0 ? error[1] : 0);
	compare("result", path, r[0], r[1]);
}

#define BOTH(path, expr)                                                                           \
	do {                                                                                       \
		long long r_[SIDES];                                                               \
		int e_[SIDES];                                                                     \
		for (int side = 0; side < SIDES; side++) {                                         \
			r_[side] = (long long)(expr);                                              \
			e_[side] = errno;                                                          \
		}                                                                                  \
		compare_results(path, r_, e_);                                                     \
	} while (0)

static void close_slot(size_t i)
{
	for (int side = 0; side < SIDES; side++) {
		if (slots[i][side] >= 0)
			(void)close(slots[i][side]);
		slots[i][side] = -1;
	}
}

static void op_open(void)
{
	static const int ways[] = {O_RDWR, O_RDWR, O_RDONLY, O_WRONLY};
	static const int extras[] = {0, O_TRUNC, O_EXCL, O_APPEND, O_NOFOLLOW, O_DIRECTORY};
	size_t i = random_below(SLOTS);
	int flags =
	    ways[random_below(4)] | (random_below(3) ? O_CREAT : 0) | extras[random_below(6)];
	mode_t mode = (mode_t)random_below(01000) | 0600;

	if (flags & O_DIRECTORY)
		flags &= ~O_CREAT;
	if (!(flags & O_CREAT))
		flags &= ~O_EXCL;
	close_slot(i);
	random_path(slot_paths[i]);
	note("open %s flags 0%o mode 0%o in %zu", slot_paths[i], (unsigned)flags, mode, i);
	BOTH(slot_paths[i],
	     (slots[i][side] = openat(dirs[side], slot_paths[i], flags | O_CLOEXEC, mode)) < 0 ? -1
											       : 0);
	compare_around(slot_paths[i]);
}

static bool random_slot(size_t *i_out)
{
	for (int tries = 0; tries < 20; tries++) {
		*i_out = random_below(SLOTS);
		if (slots[*i_out][0] >= 0)
			return true;
	}
	return false;
}

static void compare_slot(size_t i)
{
	struct stat s[SIDES];

	BOTH(slot_paths[i], fstat(slots[i][side], &s[side]));
	compare_stat(slot_paths[i], &s[0], &s[1]);
	if (S_ISREG(s[0].st_mode) && (fcntl(slots[i][0], F_GETFL) & O_ACCMODE) != O_WRONLY)
		compare_bytes(slot_paths[i], slots[i]);
	compare_around(slot_paths[i]);
}

static void op_write(size_t i)
{
	size_t n = random_length();
	off_t at = random_offset();
	struct stat s;

	random_data(n);
	if (random_below(4) == 0 && fstat(slots[i][1], &s) == 0 && s.st_size < SIZE_MAX_BYTES) {
		note("write %zu to %zu (%s)", n, i, slot_paths[i]);
		BOTH(slot_paths[i], lseek(slots[i][side], 0, SEEK_END) < 0 && errno != EINVAL);
		BOTH(slot_paths[i], write(slots[i][side], data, n));
	} else {
		note("pwrite %zu at %lld to %zu (%s)", n, (long long)at, i, slot_paths[i]);
		BOTH(slot_paths[i], pwrite(slots[i][side], data, n, at));
	}
}

static void op_map(size_t i)
{
	struct stat s;
	size_t from, n;

	if (fstat(slots[i][1], &s) != 0 || !S_ISREG(s.st_mode) || s.st_size == 0 ||
	    (fcntl(slots[i][1], F_GETFL) & O_ACCMODE) != O_RDWR)
		return;
	from = random_below((size_t)s.st_size);
	n = random_length();
	if (n > (size_t)s.st_size - from)
		n = (size_t)s.st_size - from;
	random_data(n);
	note("map %zu at %zu of %zu (%s)", n, from, i, slot_paths[i]);
	for (int side = 0; side < SIDES; side++) {
		uint8_t *p = mmap(NULL, (size_t)s.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
				  slots[i][side], 0);

		if (p == MAP_FAILED)
			differ("mmap", slot_paths[i], side, errno);
		memcpy(p + from, data, n);
		if (random_state & 64)
			(void)msync(p, (size_t)s.st_size, MS_SYNC);
		(void)munmap(p, (size_t)s.st_size);
	}
}

static void op_allocate(size_t i)
{
	static const int modes[] = {
	    0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	    FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE};
	static const struct timespec set[2] = {{1, 1}, {2, 2}};
	int mode = modes[random_below(5)];
	off_t at = random_offset(), n = (off_t)random_length();

	note("fallocate mode %d, %lld at %lld of %zu (%s)", mode, (long long)n, (long long)at, i,
	     slot_paths[i]);
	BOTH(slot_paths[i], fallocate(slots[i][side], mode, at, n));
	/* Filesystems are not of one mind whether that changes mtime when it changes nothing else.
	 */
	BOTH(slot_paths[i], futimens(slots[i][side], set));
}

static long long copy_all(int from, off_t from_at, int to, off_t to_at, size_t n)
{
	long long sum = 0;

	while (n > 0) {
		ssize_t step_bytes = copy_file_range(from, &from_at, to, &to_at, n, 0);

		if (step_bytes < 0)
			return -1;
		if (step_bytes == 0)
			break;
		n -= (size_t)step_bytes;
		sum += step_bytes;
	}
	return sum;
}

static void op_copy(size_t i)
{
	size_t to = random_below(SLOTS), n = random_length();
	off_t from_at = random_offset(), to_at = random_offset();

	if (slots[to][0] < 0)
		return;
	note("copy %zu from %lld of %zu (%s) to %lld of %zu (%s)", n, (long long)from_at, i,
	     slot_paths[i], (long long)to_at, to, slot_paths[to]);
	BOTH(slot_paths[to], copy_all(slots[i][side], from_at, slots[to][side], to_at, n));
	compare_slot(to);
}

static void op_on_slot(void)
{
	struct timespec times[2] = {{1, 1}, {(time_t)random_below(1000000), 5}};
	off_t size = random_offset();
	size_t i;

	if (!random_slot(&i))
		return;
	switch (random_below(14)) {
	case 0:
	case 1:
	case 2:
	case 3:
		op_write(i);
		break;
	case 4:
	case 5:
		op_map(i);
		break;
	case 6:
	case 7:
		op_allocate(i);
		break;
	case 8:
		op_copy(i);
		break;
	case 9:
	case 10:
		note("ftruncate %zu (%s) to %lld", i, slot_paths[i], (long long)size);
		BOTH(slot_paths[i], ftruncate(slots[i][side], size));
		break;
	case 11:
		note("fsync %zu (%s)", i, slot_paths[i]);
		BOTH(slot_paths[i], fsync(slots[i][side]));
		break;
	case 12:
		note("futimens %zu (%s)", i, slot_paths[i]);
		BOTH(slot_paths[i], futimens(slots[i][side], times));
		break;
	default:
		compare_slot(i);
		note("close %zu (%s)", i, slot_paths[i]);
		close_slot(i);
		return;
	}
	compare_slot(i);
}

static void op_rename(const char *path, const char *other)
{
	static const unsigned ways[] = {0, 0, RENAME_NOREPLACE, RENAME_EXCHANGE};
	unsigned flags = ways[random_below(4)];

	note("rename %s to %s flags %u", path, other, flags);
	BOTH(path, renameat2(dirs[side], path, dirs[side], other, flags));
}

static void op_on_paths(void)
{
	/* What there is without links and directories: mostly renames. */
	static const size_t flat[] = {0, 0, 0, 0, 5, 11, 12, 13};
	char path[PATH_BYTES], other[PATH_BYTES];
	struct timespec times[2] = {{1, 1},
				    {(time_t)random_below(1000000), (long)random_below(10)}};
	mode_t mode = (mode_t)random_below(02000) | 0700;
	off_t size = random_offset();

	random_path(path);
	random_path(other);
	switch (suffix ? flat[random_below(8)] : random_below(14)) {
	case 0:
	case 1:
	case 2:
		op_rename(path, other);
		break;
	case 3:
		note("link %s to %s", path, other);
		BOTH(other, linkat(dirs[side], path, dirs[side], other, 0));
		break;
	case 4:
		note("symlink %s to %s", path, other);
		BOTH(other, symlinkat(path, dirs[side], other));
		break;
	case 5:
	case 6:
		note("unlink %s", path);
		BOTH(path, unlinkat(dirs[side], path, 0));
		break;
	case 7:
	case 8:
	case 9:
		note("mkdir %s", path);
		BOTH(path, mkdirat(dirs[side], path, mode & 01777));
		break;
	case 10:
		note("rmdir %s", path);
		BOTH(path, unlinkat(dirs[side], path, AT_REMOVEDIR));
		break;
	case 11:
		note("chmod %s 0%o", path, mode);
		BOTH(path, fchmodat(dirs[side], path, mode, 0));
		break;
	case 12:
		note("utimens %s", path);
		BOTH(path, utimensat(dirs[side], path, times, AT_SYMLINK_NOFOLLOW));
		break;
	default: {
		int fd[SIDES];

		note("truncate %s to %lld", path, (long long)size);
		BOTH(path,
		     (fd[side] = openat(dirs[side], path, O_WRONLY | O_CLOEXEC)) < 0 ? -1 : 0);
		if (fd[0] >= 0 && fd[1] >= 0) {
			BOTH(path, ftruncate(fd[side], size));
			(void)close(fd[0]);
			(void)close(fd[1]);
		}
	}
	}
	compare_around(path);
	compare_around(other);
}

static void open_roots(void)
{
	for (int side = 0; side < SIDES; side++) {
		dirs[side] = open(roots[side], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dirs[side] < 0) {
			perror(roots[side]);
			exit(2);
		}
	}
}

static void pass_barrier(void)
{
	compare_whole();
	for (size_t i = 0; i < SLOTS; i++)
		close_slot(i);
	(void)close(dirs[0]);
	(void)close(dirs[1]);
	barrier();
	open_roots();
	compare_whole();
}

int main(int argc, char **argv)
{
	unsigned long steps, every;

	if (argc < 6)
		return 2;
	suffix = argv[6];
	roots[0] = argv[1];
	roots[1] = argv[2];
	random_seed(argv[3]);
	steps = strtoul(argv[4], NULL, 10);
	every = strtoul(argv[5], NULL, 10);
	memset(slots, -1, sizeof slots);
	(void)umask(022);
	open_roots();
	for (step = 0; step < steps; step++) {
		switch (random_below(5)) {
		case 0:
			op_open();
			break;
		case 1:
		case 2:
			op_on_slot();
			break;
		default:
			op_on_paths();
		}
		if (step % WHOLE_EVERY == WHOLE_EVERY - 1)
			compare_whole();
		if (step % every == every - 1)
			pass_barrier();
	}
	compare_whole();
	printf("%lu steps, no difference\n", steps);
	return 0;
}
