/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of the conformance suite (posix_*.c) share: a table of named checks and its
 *runner.
 *
 *	PROGRAM DIR [mount|plain [SUFFIX [PATTERN]]]
 *
 * Each check runs in a new directory below DIR, which is the working directory, and which is
 *removed afterwards.  It prints "ok NAME", "skip NAME: WHY" or "FAIL NAME: EXPRESSION: got ..
 *wanted ..". Exit 0 when none failed.  `mount` also runs the checks that differ by design from a
 *plain directory; SUFFIX is put behind the names of regular files (".json": documents); PATTERN
 *(fnmatch) chooses checks.
 *
 * A check is written as CHECK(name) { statements }, where IS, TRUE, OK and FAILS leave it when they
 *do not hold.  Descriptors need no closing.
 */
#ifndef POSIX_CHECK_H
#define POSIX_CHECK_H

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
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

#define CHECKS_MAX 1024
#define CHECK_SECONDS 30
#define FIRST_FD 20

struct check {
	char name[96];
	void (*run)(const void *arg);
	const void *arg;
	bool mount_only;
};

static struct check check_table[CHECKS_MAX];
static size_t check_count;
static const struct check *check_now;
static enum { CHECK_OK, CHECK_FAILED, CHECK_SKIPPED } check_result;
/* "f", "g" and so on with the suffix */
static char F[32], G[32], H[32];
/* This runs on the mount. */
[[maybe_unused]] static bool on_mount;

static inline void check_add(void (*run)(const void *), const void *arg, bool mount_only,
			     const char *format, ...)
{
	struct check *c = &check_table[check_count];
	va_list args;

	if (check_count++ == CHECKS_MAX)
		abort();
	va_start(args, format);
	(void)vsnprintf(c->name, sizeof c->name, format, args);
	va_end(args);
	c->run = run;
	c->arg = arg;
	c->mount_only = mount_only;
}

#define CHECK_DEFINE(id, mount_only)                                                               \
	static void check_##id(const void *arg);                                                   \
	__attribute__((constructor)) static void add_##id(void)                                    \
	{                                                                                          \
		check_add(check_##id, NULL, mount_only, "%s", #id);                                \
	}                                                                                          \
	static void check_##id([[maybe_unused]] const void *arg)
#define CHECK(id) CHECK_DEFINE(id, false)
/* Differs by design from a plain directory. */
#define CHECK_MOUNT(id) CHECK_DEFINE(id, true)
/* The same check for each row of a table of structs that have a `name`. */
#define CHECK_EACH(id, rows)                                                                       \
	static void check_##id(const void *arg);                                                   \
	__attribute__((constructor)) static void add_##id(void)                                    \
	{                                                                                          \
		for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++)                      \
			check_add(check_##id, &(rows)[i], false, "%s_%s", #id, (rows)[i].name);    \
	}                                                                                          \
	static void check_##id(const void *arg)

static inline const char *check_errno(int error)
{
	const char *name = strerrorname_np(error);

	return error == 0 ? "success" : name ? name : "?";
}

static inline void check_failed(const char *what, int line, const char *format, ...)
{
	va_list args;

	check_result = CHECK_FAILED;
	printf("FAIL %s: line %d: %s: ", check_now->name, line, what);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	printf("\n");
}

#define IS(expr, wanted)                                                                           \
	do {                                                                                       \
		long long got_ = (long long)(expr), want_ = (long long)(wanted);                   \
		if (got_ != want_) {                                                               \
			check_failed(#expr, __LINE__, "got %lld wanted %lld", got_, want_);        \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define TRUE(expr)                                                                                 \
	do {                                                                                       \
		if (!(expr)) {                                                                     \
			check_failed(#expr, __LINE__, "got false wanted true");                    \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define OK(expr)                                                                                   \
	do {                                                                                       \
		if ((long long)(expr) < 0) {                                                       \
			check_failed(#expr, __LINE__, "got %s wanted success",                     \
				     check_errno(errno));                                          \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define FAILS(expr, error)                                                                         \
	do {                                                                                       \
		int error_ = (long long)(expr) < 0 ? errno : 0;                                    \
		if (error_ != (error)) {                                                           \
			check_failed(#expr, __LINE__, "got %s wanted %s", check_errno(error_),     \
				     check_errno(error));                                          \
			return;                                                                    \
		}                                                                                  \
	} while (0)
/* TEXT: the file holds it. */
#define HOLDS(path, text)                                                                          \
	do {                                                                                       \
		char held_[4096] = "";                                                             \
		if (check_read(path, held_, sizeof held_) < 0 || strcmp(held_, text) != 0) {       \
			check_failed(path, __LINE__, "got '%.60s' wanted '%.60s'", held_, text);   \
			return;                                                                    \
		}                                                                                  \
	} while (0)
#define SKIP(why)                                                                                  \
	do {                                                                                       \
		check_result = CHECK_SKIPPED;                                                      \
		printf("skip %s: %s\n", check_now->name, why);                                     \
		return;                                                                            \
	} while (0)

[[maybe_unused]] static ssize_t check_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	if (n >= 0)
		text[n] = '\0';
	if (fd >= 0)
		(void)close(fd);
	return n;
}

/* A new file with this text; 0 or -1. */
[[maybe_unused]] static int make_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n = (ssize_t)strlen(text);
	bool ok = fd >= 0 && write(fd, text, (size_t)n) == n;

	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	return ok ? 0 : -1;
}

/* The stat of a name, not followed; all zero when there is none. */
[[maybe_unused]] static struct stat look(const char *path)
{
	struct stat s;

	if (lstat(path, &s) != 0)
		memset(&s, 0, sizeof s);
	return s;
}

[[maybe_unused]] static struct stat look_fd(int fd)
{
	struct stat s;

	if (fstat(fd, &s) != 0)
		memset(&s, 0, sizeof s);
	return s;
}

/* Until a change gets another time stamp than one made before. */
[[maybe_unused]] static void tick(void)
{
	struct timespec first, now;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &first);
	for (int i = 0; i < 2; i++) {
		do {
			(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
		} while (now.tv_sec == first.tv_sec && now.tv_nsec == first.tv_nsec);
		first = now;
	}
}

/* What fn says (0 or an errno), in a process of its own; as another user when uid is not 0. */
[[maybe_unused]] static int in_child(int (*fn)(const void *arg), const void *arg, uid_t uid)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (uid != 0 && (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0))
			_exit(255);
		_exit(fn(arg));
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

static inline int check_remove_one(const char *path, const struct stat *s, int type,
				   struct FTW *where)
{
	(void)s;
	(void)where;
	return type == FTW_DP || type == FTW_DNR ? rmdir(path) : unlink(path);
}

static inline void check_hangs(int number)
{
	static const char text[] = ": hangs\n";

	(void)number;
	(void)!write(STDOUT_FILENO, "FAIL ", 5);
	(void)!write(STDOUT_FILENO, check_now->name, strlen(check_now->name));
	(void)!write(STDOUT_FILENO, text, sizeof text - 1);
	_exit(1);
}

static inline void check_run(int root, size_t number)
{
	char dir[32];

	(void)snprintf(dir, sizeof dir, "check-%03zu", number);
	check_result = CHECK_OK;
	(void)umask(022);
	if (fchdir(root) != 0 || mkdir(dir, 0755) != 0 || chdir(dir) != 0) {
		check_failed(dir, __LINE__, "%s", strerror(errno));
		return;
	}
	(void)alarm(CHECK_SECONDS);
	check_now->run(check_now->arg);
	(void)alarm(0);
	(void)close_range(FIRST_FD, ~0u, 0);
	if (fchdir(root) != 0 || nftw(dir, check_remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		check_failed("removed afterwards", __LINE__, "%s", strerror(errno));
	if (check_result == CHECK_OK)
		printf("ok %s\n", check_now->name);
}

int main(int argc, char **argv)
{
	const char *suffix = argc > 3 ? argv[3] : "", *pattern = argc > 4 ? argv[4] : "*";
	size_t count[3] = {0, 0, 0};
	int low, root;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || (low = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return 2;
	/* What a check opens gets higher numbers. */
	root = dup2(low, FIRST_FD - 1);
	while (root >= 0 && low >= 0 && (low = open("/dev/null", O_RDONLY)) < FIRST_FD - 1)
		;
	on_mount = argc > 2 && strcmp(argv[2], "mount") == 0;
	(void)snprintf(F, sizeof F, "f%s", suffix);
	(void)snprintf(G, sizeof G, "g%s", suffix);
	(void)snprintf(H, sizeof H, "h%s", suffix);
	(void)signal(SIGALRM, check_hangs);
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < check_count; i++) {
		check_now = &check_table[i];
		if (fnmatch(pattern, check_now->name, 0) != 0)
			continue;
		if (check_now->mount_only && !on_mount) {
			printf("skip %s: differs by design\n", check_now->name);
			count[CHECK_SKIPPED]++;
			continue;
		}
		check_run(root, i);
		count[check_result]++;
	}
	printf("%zu passed, %zu failed, %zu skipped\n", count[0], count[1], count[2]);
	return count[CHECK_FAILED] != 0;
}

#endif
