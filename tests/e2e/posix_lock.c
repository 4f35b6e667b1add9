/* SPDX-License-Identifier: Apache-2.0 */
/* Conformance checks of locks: flock, POSIX and open file description locks, between processes. */
#include <sys/file.h>

#include "posix_check.h"

static int make(void)
{
	return open(F, O_RDWR | O_CREAT, 0644);
}

/* --- tried by another process --- */

struct range {
	short type;
	off_t from, n;
	bool by_description;
};

static int lock_range(int fd, const struct range *r)
{
	struct flock l = {
	    .l_type = r->type, .l_whence = SEEK_SET, .l_start = r->from, .l_len = r->n};

	return fcntl(fd, r->by_description ? F_OFD_SETLK : F_SETLK, &l);
}

static int try_range(const void *arg)
{
	int fd = open(F, O_RDWR);

	return fd < 0 || lock_range(fd, arg) != 0 ? errno : 0;
}

static int try_flock(const void *arg)
{
	int fd = open(F, O_RDWR);

	return fd < 0 || flock(fd, *(const int *)arg | LOCK_NB) != 0 ? errno : 0;
}

static int in_other(short type, off_t from, off_t n)
{
	struct range r = {type, from, n, false};

	return in_child(try_range, &r, 0);
}

CHECK(posix_lock_excludes)
{
	int fd = make();
	struct range all = {F_WRLCK, 0, 0, false}, none = {F_UNLCK, 0, 0, false};

	OK(lock_range(fd, &all));
	IS(in_other(F_WRLCK, 0, 0), EAGAIN);
	IS(in_other(F_RDLCK, 100, 1), EAGAIN);
	OK(lock_range(fd, &none));
	IS(in_other(F_WRLCK, 0, 0), 0);
}

CHECK(posix_lock_is_shared)
{
	int fd = make();
	struct range all = {F_RDLCK, 0, 0, false};

	OK(lock_range(fd, &all));
	IS(in_other(F_RDLCK, 0, 0), 0);
	IS(in_other(F_WRLCK, 0, 0), EAGAIN);
}

CHECK(posix_lock_of_ranges)
{
	int fd = make();
	struct range some = {F_WRLCK, 100, 50, false}, middle = {F_UNLCK, 110, 10, false};

	OK(lock_range(fd, &some));
	IS(in_other(F_WRLCK, 0, 100), 0);
	IS(in_other(F_WRLCK, 99, 2), EAGAIN);
	IS(in_other(F_WRLCK, 149, 1), EAGAIN);
	IS(in_other(F_WRLCK, 150, 1), 0);
	OK(lock_range(fd, &middle));
	IS(in_other(F_WRLCK, 110, 10), 0);
	IS(in_other(F_WRLCK, 109, 2), EAGAIN);
}

CHECK(posix_lock_is_told)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 5};
	int fd = make(), status;
	pid_t child;

	OK(fcntl(fd, F_SETLK, &l));
	OK(child = fork());
	if (child == 0) {
		struct flock other = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		_exit(fcntl(fd, F_GETLK, &other) == 0 && other.l_type == F_WRLCK &&
			      other.l_start == 10 && other.l_len == 5 && other.l_pid == getppid()
			  ? 0
			  : 1);
	}
	IS(waitpid(child, &status, 0), child);
	IS(status, 0);
}

CHECK(posix_lock_ends_with_any_close)
{
	int fd = make(), other;
	struct range all = {F_WRLCK, 0, 0, false};

	OK(lock_range(fd, &all));
	OK(other = open(F, O_RDONLY));
	OK(close(other));
	IS(in_other(F_WRLCK, 0, 0), 0);
}

CHECK(posix_lock_needs_the_mode)
{
	struct range exclusive = {F_WRLCK, 0, 0, false}, shared = {F_RDLCK, 0, 0, false};
	int fd;

	OK(make());
	OK(fd = open(F, O_RDONLY));
	FAILS(lock_range(fd, &exclusive), EBADF);
	OK(lock_range(fd, &shared));
	OK(fd = open(F, O_WRONLY));
	FAILS(lock_range(fd, &shared), EBADF);
}

CHECK(posix_lock_waits)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = make(), ends[2], status;
	pid_t child;
	char c;

	OK(pipe(ends));
	OK(fcntl(fd, F_SETLK, &all));
	OK(child = fork());
	if (child == 0) {
		int mine = open(F, O_RDWR);

		(void)!write(ends[1], "?", 1);
		_exit(fcntl(mine, F_SETLKW, &all) == 0 && pread(mine, &c, 1, 0) == 1 && c == 'x'
			  ? 0
			  : 1);
	}
	IS(read(ends[0], &c, 1), 1);
	IS(pwrite(fd, "x", 1, 0), 1);
	all.l_type = F_UNLCK;
	OK(fcntl(fd, F_SETLK, &all));
	IS(waitpid(child, &status, 0), child);
	IS(status, 0);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

CHECK(posix_lock_deadlock_is_seen)
{
	struct flock first = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	struct flock second = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};
	int fd = make(), ends[2], status, got;
	pid_t child;
	char c;

	OK(pipe(ends));
	OK(fcntl(fd, F_SETLK, &first));
	OK(child = fork());
	if (child == 0) {
		if (fcntl(fd, F_SETLK, &second) != 0)
			_exit(9);
		(void)!write(ends[1], "?", 1);
		_exit(fcntl(fd, F_SETLKW, &first) == 0 ? 0 : errno);
	}
	IS(read(ends[0], &c, 1), 1);
	got = fcntl(fd, F_SETLKW, &second) == 0 ? 0 : errno;
	first.l_type = F_UNLCK;
	OK(fcntl(fd, F_SETLK, &first));
	IS(waitpid(child, &status, 0), child);
	/* One of the two is told. */
	IS((got == EDEADLK) + (WEXITSTATUS(status) == EDEADLK), 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

CHECK(description_lock_excludes)
{
	struct range all = {F_WRLCK, 0, 0, true}, none = {F_UNLCK, 0, 0, true};
	int a = make(), b = make();

	OK(lock_range(a, &all));
	FAILS(lock_range(b, &all), EAGAIN);
	IS(in_child(try_range, &all, 0), EAGAIN);
	IS(in_other(F_WRLCK, 0, 0), EAGAIN);
	OK(lock_range(a, &none));
	OK(lock_range(b, &all));
	OK(close(b));
	OK(lock_range(a, &all));
}

CHECK(flock_excludes)
{
	int fd = make(), exclusive = LOCK_EX, shared = LOCK_SH;

	OK(flock(fd, LOCK_EX));
	IS(in_child(try_flock, &exclusive, 0), EAGAIN);
	IS(in_child(try_flock, &shared, 0), EAGAIN);
	OK(flock(fd, LOCK_SH));
	IS(in_child(try_flock, &shared, 0), 0);
	IS(in_child(try_flock, &exclusive, 0), EAGAIN);
	OK(flock(fd, LOCK_UN));
	IS(in_child(try_flock, &exclusive, 0), 0);
}

CHECK(flock_between_descriptors)
{
	int a = make(), b = make();

	OK(flock(a, LOCK_EX));
	FAILS(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(close(a));
	OK(flock(b, LOCK_EX | LOCK_NB));
}

CHECK(flock_of_duplicate)
{
	int a = make(), b, other = make();

	OK(b = dup(a));
	OK(flock(a, LOCK_EX));
	OK(flock(b, LOCK_EX | LOCK_NB));
	OK(close(a));
	FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(close(b));
	OK(flock(other, LOCK_EX | LOCK_NB));
}

CHECK(flock_of_directory)
{
	int a, b;

	OK(a = open(".", O_RDONLY | O_DIRECTORY));
	OK(b = open(".", O_RDONLY | O_DIRECTORY));
	OK(flock(a, LOCK_EX));
	FAILS(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(flock(a, LOCK_UN));
	OK(flock(b, LOCK_EX | LOCK_NB));
}

CHECK(flock_refuses)
{
	FAILS(flock(-1, LOCK_EX), EBADF);
	FAILS(flock(make(), 0), EINVAL);
}

CHECK(flock_stays_with_renamed)
{
	int fd = make(), other;

	OK(flock(fd, LOCK_EX));
	OK(rename(F, G));
	OK(other = open(G, O_RDWR));
	FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(other = make());
	OK(flock(other, LOCK_EX | LOCK_NB));
}

CHECK(locks_of_unlinked)
{
	int fd = make();
	struct range all = {F_WRLCK, 0, 0, false};

	OK(unlink(F));
	OK(flock(fd, LOCK_EX));
	OK(lock_range(fd, &all));
}

CHECK(lockf_excludes)
{
	int fd = make();

	IS(write(fd, "0123456789", 10), 10);
	IS(lseek(fd, 2, SEEK_SET), 2);
	OK(lockf(fd, F_TLOCK, 3));
	IS(in_other(F_WRLCK, 0, 2), 0);
	IS(in_other(F_WRLCK, 4, 1), EAGAIN);
	IS(in_other(F_WRLCK, 5, 1), 0);
}
