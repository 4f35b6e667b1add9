/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance checks of content: reads and writes, truncation, holes, mappings, copies. */
#include <linux/falloc.h>
#include <linux/magic.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include "posix_check.h"

#define BLOCK 32768

/* The file is n bytes that are all `byte` from `from` to `to`. */
static bool is_filled(int fd, off_t from, off_t to, char byte)
{
	char piece[4096];

	while (from < to) {
		size_t step =
		    (size_t)(to - from) < sizeof piece ? (size_t)(to - from) : sizeof piece;

		if (pread(fd, piece, step, from) != (ssize_t)step)
			return false;
		for (size_t i = 0; i < step; i++)
			if (piece[i] != byte)
				return false;
		from += (off_t)step;
	}
	return true;
}

static int fill(int fd, off_t from, off_t to, char byte)
{
	char piece[4096];

	memset(piece, byte, sizeof piece);
	while (from < to) {
		size_t step =
		    (size_t)(to - from) < sizeof piece ? (size_t)(to - from) : sizeof piece;

		if (pwrite(fd, piece, step, from) != (ssize_t)step)
			return -1;
		from += (off_t)step;
	}
	return 0;
}

static int make(void)
{
	return open(F, O_RDWR | O_CREAT | O_EXCL, 0644);
}

/* tmpfs is not to the letter in two things. */
static bool is_tmpfs(void)
{
	struct statfs s;

	return statfs(".", &s) == 0 && s.f_type == TMPFS_MAGIC;
}

/* --- reading and writing --- */

CHECK(read_at_end)
{
	char c;
	int fd = make();

	OK(fd);
	IS(read(fd, &c, 1), 0);
	IS(write(fd, "text", 4), 4);
	IS(read(fd, &c, 1), 0);
	IS(pread(fd, &c, 1, 1000000), 0);
	FAILS(pread(fd, &c, 1, -1), EINVAL);
	FAILS(pwrite(fd, &c, 1, -1), EINVAL);
}

CHECK(lseek_whence)
{
	int fd = make();

	IS(write(fd, "0123456789", 10), 10);
	IS(lseek(fd, 0, SEEK_CUR), 10);
	IS(lseek(fd, -3, SEEK_END), 7);
	IS(lseek(fd, 2, SEEK_CUR), 9);
	IS(lseek(fd, 100, SEEK_SET), 100);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, -11, SEEK_END), EINVAL);
	FAILS(lseek(fd, 0, 99), EINVAL);
	IS(look(F).st_size, 10);
}

CHECK(write_past_end_leaves_zeros)
{
	int fd = make();

	IS(pwrite(fd, "x", 1, 100000), 1);
	IS(look_fd(fd).st_size, 100001);
	TRUE(is_filled(fd, 0, 100000, 0));
}

static const struct sized {
	const char *name;
	off_t size;
} sizes[] = {
    {"1", 1},		{"4095", 4095},	      {"4096", 4096},	    {"4097", 4097},
    {"32767", 32767},	{"32768", 32768},     {"32769", 32769},	    {"65536", 65536},
    {"131072", 131072}, {"1000000", 1000000}, {"1048577", 1048577}, {"3000001", 3000001},
};

CHECK_EACH(write_and_read, sizes)
{
	const struct sized *s = arg;
	int fd = make();

	OK(fill(fd, 0, s->size, 'a'));
	IS(look(F).st_size, s->size);
	TRUE(is_filled(fd, 0, s->size, 'a'));
	OK(close(fd));
	OK(fd = open(F, O_RDONLY));
	TRUE(is_filled(fd, 0, s->size, 'a'));
	TRUE(look(F).st_blocks * 512 >= s->size);
}

CHECK_EACH(write_all_at_once, sizes)
{
	const struct sized *s = arg;
	char *text = malloc((size_t)s->size);
	int fd = make();
	ssize_t n;

	TRUE(text != NULL);
	memset(text, 'w', (size_t)s->size);
	n = write(fd, text, (size_t)s->size);
	free(text);
	IS(n, s->size);
	TRUE(is_filled(fd, 0, s->size, 'w'));
}

CHECK_EACH(overwrite_at, sizes)
{
	const struct sized *s = arg;
	int fd = make();

	OK(fill(fd, 0, s->size + 5000, 'a'));
	OK(fill(fd, s->size - 1, s->size + 1, 'b'));
	TRUE(is_filled(fd, 0, s->size - 1, 'a'));
	TRUE(is_filled(fd, s->size - 1, s->size + 1, 'b'));
	TRUE(is_filled(fd, s->size + 1, s->size + 5000, 'a'));
	IS(look(F).st_size, s->size + 5000);
}

CHECK_EACH(truncate_down_and_up, sizes)
{
	const struct sized *s = arg;
	int fd = make();

	OK(fill(fd, 0, 3100000, 'a'));
	OK(ftruncate(fd, s->size));
	IS(look(F).st_size, s->size);
	OK(ftruncate(fd, 3100000));
	TRUE(is_filled(fd, 0, s->size, 'a'));
	TRUE(is_filled(fd, s->size, 3100000, 0));
}

CHECK_EACH(truncate_by_name, sizes)
{
	const struct sized *s = arg;
	int fd = make();

	OK(truncate(F, s->size));
	IS(look(F).st_size, s->size);
	TRUE(is_filled(fd, 0, s->size, 0));
	OK(fill(fd, 0, s->size, 'q'));
	OK(truncate(F, s->size / 2));
	IS(look_fd(fd).st_size, s->size / 2);
	TRUE(is_filled(fd, 0, s->size / 2, 'q'));
}

CHECK_EACH(append_after_truncate, sizes)
{
	const struct sized *s = arg;
	int fd;

	OK(fd = open(F, O_RDWR | O_CREAT | O_APPEND, 0644));
	OK(ftruncate(fd, s->size));
	IS(write(fd, "xyz", 3), 3);
	IS(look(F).st_size, s->size + 3);
	TRUE(is_filled(fd, 0, s->size, 0));
	TRUE(is_filled(fd, s->size, s->size + 1, 'x'));
}

CHECK(truncate_refuses)
{
	OK(make());
	OK(mkdir("dir", 0755));
	FAILS(truncate(F, -1), EINVAL);
	FAILS(truncate("none", 0), ENOENT);
	FAILS(truncate("dir", 0), EISDIR);
	FAILS(truncate("dir/none/x", 0), ENOENT);
	FAILS(ftruncate(-1, 0), EBADF);
}

CHECK(truncate_open_descriptor_of_reader)
{
	char text[16];
	int fd = make(), reader;

	IS(write(fd, "0123456789", 10), 10);
	OK(reader = open(F, O_RDONLY));
	IS(read(reader, text, 5), 5);
	OK(truncate(F, 3));
	IS(read(reader, text, 5), 0);
	IS(pread(reader, text, 16, 0), 3);
}

CHECK(too_big_is_refused)
{
	int fd = make();

	if (is_tmpfs())
		SKIP("tmpfs has files of any size");
	FAILS(pwrite(fd, "x", 1, INT64_MAX - 1), EFBIG);
	FAILS(ftruncate(fd, INT64_MAX), EFBIG);
	IS(look(F).st_size, 0);
}

CHECK(sparse_file_of_gigabytes)
{
	const off_t far = (off_t)3 << 30;
	int fd = make();

	IS(pwrite(fd, "end", 3, far), 3);
	IS(look(F).st_size, far + 3);
	TRUE(look(F).st_blocks < 1000);
	TRUE(is_filled(fd, far - 10000, far, 0));
	IS(pwrite(fd, "mid", 3, far / 2), 3);
	TRUE(is_filled(fd, far / 2 + 3, far / 2 + 5000, 0));
	OK(ftruncate(fd, 10));
	IS(look(F).st_size, 10);
}

CHECK(readv_writev)
{
	char a[4] = "abc", b[6] = "defgh", c[3] = "", d[8] = "";
	struct iovec out[2] = {{a, 3}, {b, 5}}, in[2] = {{c, 2}, {d, 8}};
	int fd = make();

	IS(writev(fd, out, 2), 8);
	IS(preadv(fd, in, 2, 0), 8);
	TRUE(memcmp(c, "ab", 2) == 0 && memcmp(d, "cdefgh", 6) == 0);
	IS(pwritev(fd, out, 2, 70000), 8);
	IS(look(F).st_size, 70008);
	IS(preadv(fd, in, 2, 69999), 9);
	TRUE(c[0] == 0 && c[1] == 'a' && memcmp(d, "bcdefgh", 7) == 0);
}

CHECK(append_from_two_descriptors)
{
	char text[256] = "";
	int a, b;

	OK(a = open(F, O_WRONLY | O_CREAT | O_APPEND, 0644));
	OK(b = open(F, O_WRONLY | O_APPEND));
	for (int i = 0; i < 10; i++) {
		IS(write(a, "aa", 2), 2);
		IS(write(b, "b", 1), 1);
	}
	OK(check_read(F, text, sizeof text));
	TRUE(strcmp(text, "aabaabaabaabaabaabaabaabaabaab") == 0);
}

static int append_lines(const void *arg)
{
	int fd = open(F, O_WRONLY | O_APPEND);

	for (int i = 0; i < 200; i++)
		if (write(fd, arg, 8) != 8)
			return 1;
	return 0;
}

CHECK(append_from_two_processes)
{
	static char text[3300];
	int status;
	pid_t child;

	OK(make());
	OK(child = fork());
	if (child == 0)
		_exit(append_lines("childxx\n"));
	IS(append_lines("parentx\n"), 0);
	IS(waitpid(child, &status, 0), child);
	IS(status, 0);
	IS(check_read(F, text, sizeof text), 3200);
	for (int i = 0; i < 400; i++)
		TRUE(strncmp(text + i * 8L, "childxx\n", 8) == 0 ||
		     strncmp(text + i * 8L, "parentx\n", 8) == 0);
}

CHECK(append_ignores_position)
{
	int fd;

	OK(make_file(F, "0123"));
	OK(fd = open(F, O_RDWR | O_APPEND));
	IS(lseek(fd, 0, SEEK_SET), 0);
	IS(write(fd, "45", 2), 2);
	HOLDS(F, "012345");
	IS(lseek(fd, 0, SEEK_CUR), 6);
}

CHECK(append_by_fcntl)
{
	int fd;

	OK(make_file(F, "0123"));
	OK(fd = open(F, O_RDWR));
	OK(fcntl(fd, F_SETFL, O_APPEND));
	IS(write(fd, "45", 2), 2);
	HOLDS(F, "012345");
}

CHECK(writes_are_seen_by_others)
{
	char text[8] = "";
	int a = make(), b;

	OK(b = open(F, O_RDONLY));
	for (int i = 0; i < 50; i++) {
		char byte = (char)('a' + i % 26);

		IS(pwrite(a, &byte, 1, 0), 1);
		IS(pread(b, text, 8, 0), 1);
		IS(text[0], byte);
	}
}

CHECK(sync_calls)
{
	int fd = make(), dir;

	IS(write(fd, "text", 4), 4);
	OK(fsync(fd));
	OK(fdatasync(fd));
	OK(sync_file_range(fd, 0, 4, SYNC_FILE_RANGE_WRITE));
	OK(dir = open(".", O_RDONLY | O_DIRECTORY));
	OK(fsync(dir));
	OK(fdatasync(dir));
	OK(syncfs(fd));
	FAILS(fsync(-1), EBADF);
	OK(fd = open(F, O_RDONLY));
	OK(fsync(fd));
}

CHECK(write_with_o_sync)
{
	int fd;

	OK(fd = open(F, O_WRONLY | O_CREAT | O_SYNC, 0644));
	IS(write(fd, "text", 4), 4);
	HOLDS(F, "text");
	OK(fd = open(F, O_WRONLY | O_DSYNC | O_APPEND));
	IS(write(fd, "more", 4), 4);
	HOLDS(F, "textmore");
}

/* --- holes --- */

CHECK(seek_data_hole)
{
	const off_t far = 10 * 1024 * 1024;
	int fd = make();

	OK(fill(fd, 0, BLOCK, 'a'));
	OK(fill(fd, far, far + BLOCK, 'b'));
	IS(lseek(fd, 0, SEEK_DATA), 0);
	IS(lseek(fd, 0, SEEK_HOLE), BLOCK);
	IS(lseek(fd, BLOCK, SEEK_HOLE), BLOCK);
	IS(lseek(fd, BLOCK, SEEK_DATA), far);
	IS(lseek(fd, far, SEEK_DATA), far);
	IS(lseek(fd, far, SEEK_HOLE), far + BLOCK);
	FAILS(lseek(fd, far + BLOCK, SEEK_DATA), ENXIO);
	FAILS(lseek(fd, far + BLOCK, SEEK_HOLE), ENXIO);
	FAILS(lseek(fd, -1, SEEK_DATA), ENXIO);
}

CHECK(seek_hole_in_full_file)
{
	int fd = make();

	IS(write(fd, "text", 4), 4);
	IS(lseek(fd, 0, SEEK_HOLE), 4);
	IS(lseek(fd, 3, SEEK_DATA), 3);
	FAILS(lseek(fd, 4, SEEK_DATA), ENXIO);
}

CHECK(seek_in_empty_file)
{
	int fd = make();

	FAILS(lseek(fd, 0, SEEK_DATA), ENXIO);
	FAILS(lseek(fd, 0, SEEK_HOLE), ENXIO);
}

CHECK(seek_in_file_of_holes)
{
	int fd = make();

	OK(ftruncate(fd, 1000000));
	FAILS(lseek(fd, 0, SEEK_DATA), ENXIO);
	IS(lseek(fd, 5, SEEK_HOLE), 5);
}

/* --- fallocate: a check says nothing where it is refused cleanly --- */

#define ALLOCATE(fd, mode, from, n)                                                                \
	do {                                                                                       \
		if (fallocate(fd, mode, from, n) != 0) {                                           \
			FAILS(-1, EOPNOTSUPP);                                                     \
			SKIP("is not supported here");                                             \
		}                                                                                  \
	} while (0)

CHECK(fallocate_extends)
{
	int fd = make();

	IS(write(fd, "text", 4), 4);
	ALLOCATE(fd, 0, 0, 100000);
	IS(look(F).st_size, 100000);
	TRUE(is_filled(fd, 4, 100000, 0));
	HOLDS(F, "text");
}

CHECK(fallocate_keeps_size)
{
	int fd = make();

	IS(write(fd, "text", 4), 4);
	ALLOCATE(fd, FALLOC_FL_KEEP_SIZE, 0, 100000);
	IS(look(F).st_size, 4);
	OK(ftruncate(fd, 1000));
	TRUE(is_filled(fd, 4, 1000, 0));
}

CHECK(fallocate_never_shrinks)
{
	int fd = make();

	OK(fill(fd, 0, 10000, 'a'));
	ALLOCATE(fd, 0, 0, 100);
	IS(look(F).st_size, 10000);
	TRUE(is_filled(fd, 0, 10000, 'a'));
}

static const struct ranged {
	const char *name;
	off_t from, n;
} ranges[] = {
    {"begin", 0, 5000},
    {"inside_block", 5000, 100},
    {"whole_block", BLOCK, BLOCK},
    {"over_blocks", 30000, 70000},
    {"end", 190000, 10000},
    {"past_end", 190000, 50000},
    {"beyond", 300000, 1000},
    {"all", 0, 200000},
    {"one_byte", 65535, 1},
};

static off_t at_most(off_t a, off_t b)
{
	return a < b ? a : b;
}

CHECK_EACH(punch, ranges)
{
	const struct ranged *r = arg;
	int fd = make();

	OK(fill(fd, 0, 200000, 'a'));
	ALLOCATE(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, r->from, r->n);
	IS(look(F).st_size, 200000);
	TRUE(is_filled(fd, 0, at_most(r->from, 200000), 'a'));
	TRUE(is_filled(fd, r->from, at_most(r->from + r->n, 200000), 0));
	TRUE(is_filled(fd, r->from + r->n, 200000, 'a'));
}

CHECK_EACH(zero_range, ranges)
{
	const struct ranged *r = arg;
	off_t end = r->from + r->n > 200000 ? r->from + r->n : 200000;
	int fd = make();

	OK(fill(fd, 0, 200000, 'a'));
	ALLOCATE(fd, FALLOC_FL_ZERO_RANGE, r->from, r->n);
	IS(look(F).st_size, end);
	TRUE(is_filled(fd, 0, at_most(r->from, 200000), 'a'));
	TRUE(is_filled(fd, r->from, r->from + r->n, 0));
	TRUE(is_filled(fd, r->from + r->n, 200000, 'a'));
}

CHECK_EACH(zero_range_keeps_size, ranges)
{
	const struct ranged *r = arg;
	int fd = make();

	OK(fill(fd, 0, 200000, 'a'));
	ALLOCATE(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, r->from, r->n);
	IS(look(F).st_size, 200000);
	TRUE(is_filled(fd, r->from, at_most(r->from + r->n, 200000), 0));
}

CHECK(punch_frees)
{
	int fd = make();
	blkcnt_t before;

	OK(fill(fd, 0, 32 * BLOCK, 'a'));
	OK(fsync(fd));
	before = look(F).st_blocks;
	ALLOCATE(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 31 * BLOCK);
	TRUE(look(F).st_blocks < before / 2);
	IS(lseek(fd, 0, SEEK_DATA), 31 * BLOCK);
}

CHECK(punch_then_write)
{
	int fd = make();

	OK(fill(fd, 0, 100000, 'a'));
	ALLOCATE(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10000, 80000);
	IS(pwrite(fd, "xx", 2, 50000), 2);
	TRUE(is_filled(fd, 10000, 50000, 0));
	TRUE(is_filled(fd, 50000, 50002, 'x'));
	TRUE(is_filled(fd, 50002, 90000, 0));
	TRUE(is_filled(fd, 90000, 100000, 'a'));
}

CHECK(fallocate_refuses)
{
	int fd = make();

	FAILS(fallocate(fd, 0, -1, 10), EINVAL);
	FAILS(fallocate(fd, 0, 0, 0), EINVAL);
	FAILS(fallocate(fd, 0, 0, -1), EINVAL);
	FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10), EOPNOTSUPP);
	FAILS(fallocate(fd, 0, INT64_MAX - 10, 100), EFBIG);
	IS(look(F).st_size, 0);
}

/* --- mappings --- */

static char *mapped(int fd, size_t n, int prot, int how)
{
	char *p = mmap(NULL, n, prot, how, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

CHECK(mmap_reads)
{
	int fd = make();
	char *p;

	OK(fill(fd, 0, 100000, 'm'));
	p = mapped(fd, 100000, PROT_READ, MAP_SHARED);
	TRUE(p != NULL);
	IS(p[0], 'm');
	IS(p[99999], 'm');
	IS(p[100001], 0);
	IS(pwrite(fd, "n", 1, 50000), 1);
	IS(p[50000], 'n');
	OK(munmap(p, 100000));
}

CHECK(mmap_shared_is_seen_by_read)
{
	char c;
	int fd = make(), other;
	char *p;

	OK(ftruncate(fd, 100000));
	p = mapped(fd, 100000, PROT_READ | PROT_WRITE, MAP_SHARED);
	TRUE(p != NULL);
	OK(other = open(F, O_RDONLY));
	p[70000] = 'x';
	IS(pread(other, &c, 1, 70000), 1);
	IS(c, 'x');
	OK(msync(p, 100000, MS_SYNC));
	OK(munmap(p, 100000));
	IS(pread(fd, &c, 1, 70000), 1);
	IS(c, 'x');
	IS(look(F).st_size, 100000);
}

CHECK(mmap_after_close)
{
	int fd = make();
	char *p;

	OK(ftruncate(fd, 4096));
	p = mapped(fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
	TRUE(p != NULL);
	OK(close(fd));
	memcpy(p, "text", 4);
	OK(munmap(p, 4096));
	HOLDS(F, "text");
}

CHECK(mmap_private_stays_private)
{
	char c;
	int fd = make();
	char *p;

	OK(fill(fd, 0, 10000, 'a'));
	p = mapped(fd, 10000, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	TRUE(p != NULL);
	p[5000] = 'x';
	IS(pread(fd, &c, 1, 5000), 1);
	IS(c, 'a');
	OK(munmap(p, 10000));
	TRUE(is_filled(fd, 0, 10000, 'a'));
}

CHECK(mmap_of_unlinked)
{
	int fd = make();
	char *p;

	OK(fill(fd, 0, 10000, 'a'));
	p = mapped(fd, 10000, PROT_READ | PROT_WRITE, MAP_SHARED);
	TRUE(p != NULL);
	OK(unlink(F));
	OK(close(fd));
	p[1] = 'b';
	OK(msync(p, 10000, MS_SYNC));
	IS(p[9999], 'a');
	OK(munmap(p, 10000));
}

CHECK(mmap_tail_is_not_written)
{
	char text[16];
	int fd = make();
	char *p;

	IS(write(fd, "text", 4), 4);
	p = mapped(fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
	TRUE(p != NULL);
	memset(p, 'z', 100);
	OK(msync(p, 4096, MS_SYNC));
	OK(munmap(p, 4096));
	IS(look(F).st_size, 4);
	IS(pread(fd, text, 16, 0), 4);
	if (is_tmpfs())
		SKIP("tmpfs shows what was stored behind the end");
	OK(ftruncate(fd, 100));
	TRUE(is_filled(fd, 4, 100, 0));
}

static int touch_past_end(const void *arg)
{
	volatile char *p = mapped(*(const int *)arg, 8192, PROT_READ, MAP_SHARED);

	(void)signal(SIGBUS, SIG_DFL);
	return p ? p[4096] : 1;
}

CHECK(mmap_past_end_is_sigbus)
{
	int fd = make();

	IS(write(fd, "text", 4), 4);
	IS(in_child(touch_past_end, &fd, 0), -1);
}

CHECK(mmap_and_truncate)
{
	int fd = make();
	char *p;

	OK(fill(fd, 0, 100000, 'a'));
	p = mapped(fd, 100000, PROT_READ | PROT_WRITE, MAP_SHARED);
	TRUE(p != NULL);
	IS(p[99999], 'a');
	OK(ftruncate(fd, 5000));
	OK(ftruncate(fd, 100000));
	IS(p[4999], 'a');
	IS(p[5000], 0);
	IS(p[99999], 0);
	OK(munmap(p, 100000));
}

CHECK(mmap_refuses)
{
	int fd = make();

	OK(fd = open(F, O_RDONLY));
	FAILS(mapped(fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED) ? 0 : -1, EACCES);
	TRUE(mapped(fd, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE) != NULL);
	OK(fd = open(F, O_WRONLY));
	FAILS(mapped(fd, 4096, PROT_READ, MAP_SHARED) ? 0 : -1, EACCES);
}

CHECK(mmap_between_processes)
{
	int fd = make(), status;
	volatile char *p;
	pid_t child;

	OK(ftruncate(fd, 4096));
	p = mapped(fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
	TRUE(p != NULL);
	OK(child = fork());
	if (child == 0) {
		p[7] = 'c';
		_exit(0);
	}
	IS(waitpid(child, &status, 0), child);
	IS(p[7], 'c');
}

/* --- copies --- */

CHECK(copy_file_range_copies)
{
	off_t from = 100, to = 50;
	int a = make(), b;

	OK(fill(a, 0, 200000, 'a'));
	OK(b = open(G, O_RDWR | O_CREAT, 0644));
	for (size_t left = 100000; left > 0;) {
		ssize_t n = copy_file_range(a, &from, b, &to, left, 0);

		TRUE(n > 0);
		left -= (size_t)n;
	}
	IS(from, 100100);
	IS(to, 100050);
	IS(look(G).st_size, 100050);
	TRUE(is_filled(b, 0, 50, 0));
	TRUE(is_filled(b, 50, 100050, 'a'));
}

CHECK(copy_file_range_stops_at_end)
{
	off_t from = 8, to = 0, end = 100;
	int a = make(), b;

	OK(fill(a, 0, 10, 'a'));
	OK(b = open(G, O_RDWR | O_CREAT, 0644));
	IS(copy_file_range(a, &from, b, &to, 100, 0), 2);
	IS(copy_file_range(a, &end, b, &to, 100, 0), 0);
	IS(look(G).st_size, 2);
}

CHECK(copy_file_range_of_mapped_writes)
{
	off_t from = 0, to = 0;
	int a = make(), b;
	char *p;

	OK(ftruncate(a, 8192));
	p = mapped(a, 8192, PROT_READ | PROT_WRITE, MAP_SHARED);
	TRUE(p != NULL);
	memset(p, 'm', 8192);
	OK(b = open(G, O_RDWR | O_CREAT, 0644));
	IS(copy_file_range(a, &from, b, &to, 8192, 0), 8192);
	TRUE(is_filled(b, 0, 8192, 'm'));
	OK(munmap(p, 8192));
}

CHECK(copy_file_range_within_file)
{
	off_t from = 0, to = 50000;
	int a = make();

	OK(fill(a, 0, 40000, 'a'));
	IS(copy_file_range(a, &from, a, &to, 40000, 0), 40000);
	TRUE(is_filled(a, 50000, 90000, 'a'));
	TRUE(is_filled(a, 40000, 50000, 0));
	from = 0;
	to = 10;
	FAILS(copy_file_range(a, &from, a, &to, 100, 0), EINVAL);
	FAILS(copy_file_range(a, &from, a, &to, 1, 1), EINVAL);
}

CHECK(copy_refreshes_cached_pages)
{
	off_t from = 0, to = 0;
	int a = make(), b;

	OK(fill(a, 0, 40000, 'n'));
	OK(b = open(G, O_RDWR | O_CREAT, 0644));
	OK(fill(b, 0, 60000, 'o'));
	TRUE(is_filled(b, 0, 60000, 'o'));
	IS(copy_file_range(a, &from, b, &to, 40000, 0), 40000);
	TRUE(is_filled(b, 0, 40000, 'n'));
	TRUE(is_filled(b, 40000, 60000, 'o'));
}

CHECK(sendfile_copies)
{
	off_t from = 10;
	int a = make(), b;

	OK(fill(a, 0, 70000, 'a'));
	OK(b = open(G, O_RDWR | O_CREAT, 0644));
	IS(sendfile(b, a, &from, 60000), 60000);
	IS(from, 60010);
	TRUE(is_filled(b, 0, 60000, 'a'));
}

CHECK(splice_from_pipe)
{
	int fd = make(), ends[2];

	OK(pipe(ends));
	IS(write(ends[1], "piped", 5), 5);
	IS(splice(ends[0], NULL, fd, NULL, 5, 0), 5);
	HOLDS(F, "piped");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

CHECK(content_survives_rename_and_reopen)
{
	int fd = make();

	OK(fill(fd, 0, 100000, 'r'));
	OK(close(fd));
	OK(rename(F, G));
	OK(fd = open(G, O_RDONLY));
	TRUE(is_filled(fd, 0, 100000, 'r'));
}
