/* SPDX-License-Identifier: Apache-2.0 */
/* Changes by others: seen whole, announced to who watches, and never at odds with the kernel. */
#include "fs/serving.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/mman.h>

static struct serving s;

static const char *path(const char *name)
{
	return serving_path(&s, name);
}

static bool has(const char *name, int value)
{
	SCOPED(buf_fini) struct buf got = BUF_INIT(1 << 20);
	char want[4096];
	const char *text;

	if (files_read(path(name), &got) != WK_OK || buf_cstr(&got, &text) != WK_OK)
		return false;
	serving_filling(value, want, sizeof want);
	return strstr(text, want) != NULL;
}

static void appear_change_and_go(void **state)
{
	(void)state;
	(void)serving_do(&s, SERVING_EDIT, 1, 1);
	serving_wait(has("Pets/Doc 1.json", 1));
	(void)serving_do(&s, SERVING_EDIT, 1, 2);
	serving_wait(has("Pets/Doc 1.json", 2));
	(void)serving_do(&s, SERVING_FOLDER, 1, 0);
	serving_wait(access(path("Pets/Folder 1/.folder.json"), F_OK) == 0);
	(void)serving_do(&s, SERVING_MOVE, 1, 1);
	serving_wait(has("Pets/Folder 1/Doc 1.json", 1));
	serving_wait(access(path("Pets/Doc 1.json"), F_OK) != 0);
	(void)serving_do(&s, SERVING_REMOVE, 1, 0);
	serving_wait(access(path("Pets/Folder 1/Doc 1.json"), F_OK) != 0 && errno == ENOENT);
}

/* Whoever has the old version open or mapped keeps it, whole. */
static void open_files_keep_their_version(void **state)
{
	char before[8192] = "", after[8192] = "";
	struct stat old, now;
	ssize_t n;
	char *at;
	int fd;

	(void)state;
	(void)serving_do(&s, SERVING_EDIT, 2, 5);
	serving_wait(has("Pets/Doc 2.json", 5));
	fd = open(path("Pets/Doc 2.json"), O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &old), 0);
	n = read(fd, before, sizeof before);
	assert_int_equal(n, old.st_size);
	at = mmap(NULL, (size_t)n, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(at != MAP_FAILED);
	(void)serving_do(&s, SERVING_EDIT, 2, 6);
	serving_wait(has("Pets/Doc 2.json", 6));
	assert_int_equal(pread(fd, after, sizeof after, 0), n);
	assert_memory_equal(before, after, (size_t)n);
	assert_memory_equal(before, at, (size_t)n);
	assert_int_equal(munmap(at, (size_t)n), 0);
	/* Also when the pages have to be asked for again. */
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	assert_int_equal(pread(fd, after, sizeof after, 0), n);
	assert_memory_equal(before, after, (size_t)n);
	assert_int_equal(close(fd), 0);
	assert_int_equal(stat(path("Pets/Doc 2.json"), &now), 0);
	assert_true(now.st_ino != old.st_ino);
	assert_int_equal(now.st_mtim.tv_sec, 1600000000);
}

struct seen {
	bool moved_to, removed, created;
};

static struct seen watch_events(int fd, const char *name, int wait_ms)
{
	_Alignas(struct inotify_event) char room[8192];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct seen seen = {0};

	while (poll(&p, 1, wait_ms) > 0) {
		ssize_t n = read(fd, room, sizeof room);

		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e = (const void *)(room + at);

			if (e->len > 0 && strcmp(e->name, name) == 0) {
				seen.moved_to |= (e->mask & IN_MOVED_TO) != 0;
				seen.removed |= (e->mask & (IN_DELETE | IN_MOVED_FROM)) != 0;
				seen.created |= (e->mask & IN_CREATE) != 0;
			}
			at += (ssize_t)(sizeof *e + e->len);
		}
		wait_ms = 300;
	}
	return seen;
}

static void watchers_get_events(void **state)
{
	int fd = inotify_init1(IN_CLOEXEC);
	struct seen seen;

	(void)state;
	assert_true(inotify_add_watch(fd, path("Pets"), IN_ALL_EVENTS) >= 0);
	(void)serving_do(&s, SERVING_EDIT, 3, 1);
	seen = watch_events(fd, "Doc 3.json", 5000);
	assert_true(seen.moved_to && !seen.removed);
	(void)serving_do(&s, SERVING_EDIT, 3, 2);
	seen = watch_events(fd, "Doc 3.json", 5000);
	assert_true(seen.moved_to && !seen.removed);
	(void)serving_do(&s, SERVING_FOLDER, 3, 0);
	seen = watch_events(fd, "Folder 3", 5000);
	assert_true(seen.created);
	(void)serving_do(&s, SERVING_MOVE, 3, 3);
	seen = watch_events(fd, "Doc 3.json", 5000);
	assert_true(seen.removed);
	(void)serving_do(&s, SERVING_EDIT, 4, 2);
	(void)watch_events(fd, "Doc 4.json", 5000);
	(void)serving_do(&s, SERVING_REMOVE, 4, 0);
	seen = watch_events(fd, "Doc 4.json", 5000);
	assert_true(seen.removed);
	assert_int_equal(close(fd), 0);
}

static bool is_whole(const char *text, size_t n)
{
	const char *at = memmem(text, n, "\"v", 2);
	char want[4096];

	if (n == 0 || !at || text[n - 1] != '\n' || text[n - 2] != '}')
		return false;
	serving_filling((int)strtol(at + 2, NULL, 10), want, sizeof want);
	return memmem(text, n, want, strlen(want)) != NULL;
}

/* Reads until `stop` can be read from; exits 0 when every read was whole. */
static void read_all_the_time(int stop)
{
	struct pollfd p = {.fd = stop, .events = POLLIN};
	char text[16384];
	char name[64];

	for (unsigned i = 0; (i & 63) != 0 || poll(&p, 1, 0) == 0; i++) {
		int fd;
		ssize_t n;

		(void)snprintf(name, sizeof name, "Pets/Doc %u.json", 10 + i % 4);
		fd = open(path(name), O_RDONLY);
		if (fd < 0)
			_exit(10);
		n = read(fd, text, sizeof text);
		if (n < 0 || !is_whole(text, (size_t)n))
			_exit(11);
		(void)close(fd);
	}
	_exit(0);
}

static void readers_never_see_a_torn_file(void **state)
{
	pid_t readers[2];
	int pipes[2], status;

	(void)state;
	for (int i = 0; i < 4; i++) {
		char name[64];

		(void)serving_do(&s, SERVING_EDIT, 10 + i, 1);
		(void)snprintf(name, sizeof name, "Pets/Doc %d.json", 10 + i);
		serving_wait(has(name, 1));
	}
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < 2; i++) {
		readers[i] = fork();
		if (readers[i] == 0)
			read_all_the_time(pipes[0]);
	}
	for (int i = 0; i < 10000; i++)
		(void)serving_do(&s, SERVING_EDIT, 10 + i % 4, i);
	serving_wait(serving_do(&s, SERVING_IDLE, 0, 0) == 1);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(readers[i], &status, 0), readers[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(close(pipes[0]), 0);
	assert_int_equal(close(pipes[1]), 0);
	for (int i = 0; i < 4; i++) {
		char name[64];

		(void)snprintf(name, sizeof name, "Pets/Doc %d.json", 10 + i);
		assert_true(has(name, 9996 + i));
	}
}

/* A file that the kernel did not know, looked up while its new version is on its way. */
static void a_change_on_its_way(void **state)
{
	int helper = serving_do(&s, SERVING_HELPER, 0, 0);
	char text[16384];
	struct stat st;
	ssize_t n;
	int fd;

	(void)state;
	(void)serving_do(&s, SERVING_EDIT, 20, 1);
	serving_wait(has("Pets/Doc 20.json", 1));
	/* Twice: what was used of late is spared once. */
	assert_int_equal(system("sync; echo 3 > /proc/sys/vm/drop_caches"), 0);
	assert_int_equal(system("sync; echo 3 > /proc/sys/vm/drop_caches"), 0);
	assert_true(serving_count(&s, "forget") + serving_count(&s, "batch_forget") > 0);
	assert_int_equal(kill(helper, SIGSTOP), 0);
	(void)serving_do(&s, SERVING_EDIT, 20, 22);
	assert_int_equal(stat(path("Pets/Doc 20.json"), &st), 0);
	(void)serving_do(&s, SERVING_EDIT, 20, 44);
	fd = open(path("Pets/Doc 20.json"), O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, text, sizeof text);
	assert_int_equal(n, st.st_size);
	assert_true(is_whole(text, (size_t)n));
	assert_int_equal(close(fd), 0);
	assert_int_equal(kill(helper, SIGCONT), 0);
	serving_wait(has("Pets/Doc 20.json", 44));
}

/* Saved through a descriptor of the version before, and no document: it is a file of its own. */
static void a_save_of_an_old_version_is_kept(void **state)
{
	char command[256];
	int fd;

	(void)state;
	(void)serving_do(&s, SERVING_EDIT, 30, 1);
	serving_wait(has("Pets/Doc 30.json", 1));
	fd = open(path("Pets/Doc 30.json"), O_RDWR);
	assert_true(fd >= 0);
	(void)serving_do(&s, SERVING_EDIT, 30, 2);
	serving_wait(has("Pets/Doc 30.json", 2));
	(void)snprintf(command, sizeof command, "ls '%s' | grep -q unsaved", path("Pets"));
	assert_int_not_equal(system(command), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, "{half a", 7, 0), 7);
	assert_int_equal(close(fd), 0);
	serving_wait(system(command) == 0);
	(void)snprintf(command, sizeof command,
		       "grep -q '^{half a$' '%s'/Doc\\ 30\\ \\(unsaved*.json", path("Pets"));
	assert_int_equal(system(command), 0);
	(void)snprintf(command, sizeof command, "grep -q 'Doc 30 (unsaved' '%s'",
		       path(".wakefs/status"));
	serving_wait(system(command) == 0);
	assert_true(has("Pets/Doc 30.json", 2));
}

/* Beyond the limit of a batch there are no events, but what was cached is told to be forgotten. */
static void many_at_once(void **state)
{
	char name[64];

	(void)state;
	for (int i = 0; i < 600; i++) {
		(void)snprintf(name, sizeof name, "Pets/Doc %d.json", 1000 + i);
		assert_int_equal(access(path(name), F_OK), -1);
	}
	for (int i = 0; i < 600; i++)
		(void)serving_do(&s, SERVING_EDIT, 1000 + i, i);
	serving_wait(serving_do(&s, SERVING_IDLE, 0, 0) == 1);
	for (int i = 0; i < 600; i++) {
		(void)snprintf(name, sizeof name, "Pets/Doc %d.json", 1000 + i);
		serving_wait(has(name, i));
	}
}

/* A helper that does not answer in time: the change shows, and what it asks for late is refused. */
static void with_a_stuck_helper(void **state)
{
	int helper = serving_do(&s, SERVING_HELPER, 0, 0);
	int64_t began = clock_mono_ms();

	(void)state;
	(void)serving_do(&s, SERVING_EDIT, 5, 1);
	serving_wait(has("Pets/Doc 5.json", 1));
	assert_int_equal(kill(helper, SIGSTOP), 0);
	(void)serving_do(&s, SERVING_EDIT, 5, 2);
	(void)serving_do(&s, SERVING_EDIT, 6, 2);
	serving_wait(has("Pets/Doc 5.json", 2));
	serving_wait(has("Pets/Doc 6.json", 2));
	assert_true(clock_mono_ms() - began >= 1900);
	assert_int_equal(kill(helper, SIGCONT), 0);
	(void)serving_do(&s, SERVING_EDIT, 5, 3);
	serving_wait(has("Pets/Doc 5.json", 3));
	assert_true(has("Pets/Doc 6.json", 2));
}

/* Killed, all shows as before, only unannounced; until there is another. */
static void the_helper_is_started_again(void **state)
{
	int helper = serving_do(&s, SERVING_HELPER, 0, 0), fd = inotify_init1(IN_CLOEXEC), next = 0;
	char proc[32];
	long closed;

	(void)state;
	(void)serving_do(&s, SERVING_EDIT, 2, 7);
	serving_wait(has("Pets/Doc 2.json", 7));
	assert_true(helper > 1);
	assert_int_equal(kill(helper, SIGKILL), 0);
	(void)serving_do(&s, SERVING_EDIT, 2, 8);
	serving_wait(has("Pets/Doc 2.json", 8));
	(void)serving_do(&s, SERVING_EDIT, 77, 8);
	serving_wait(has("Pets/Doc 77.json", 8));
	(void)serving_do(&s, SERVING_REMOVE, 77, 8);
	serving_wait(!has("Pets/Doc 77.json", 8));
	/* No zombie either. */
	(void)snprintf(proc, sizeof proc, "/proc/%d", helper);
	serving_wait(access(proc, F_OK) != 0);
	serving_wait((next = serving_do(&s, SERVING_HELPER, 0, 0)) > 0);
	assert_int_not_equal(next, helper);
	assert_true(inotify_add_watch(fd, path("Pets"), IN_ALL_EVENTS) >= 0);
	(void)serving_do(&s, SERVING_EDIT, 2, 9);
	assert_true(watch_events(fd, "Doc 2.json", 5000).moved_to);
	assert_true(has("Pets/Doc 2.json", 9));
	assert_int_equal(close(fd), 0);
	/* It watches again for who closes what. */
	closed = serving_count(&s, "saves_closed");
	fd = open(path("Pets/New.json"), O_WRONLY | O_CREAT, 0644);
	assert_int_equal(write(fd, "{\"url\": \"http://n\"}", 20), 20);
	assert_int_equal(close(fd), 0);
	serving_wait(serving_count(&s, "saves_closed") > closed);
}

static int start(void **state)
{
	(void)state;
	if (!serving_possible())
		return 0;
	(void)alarm(240);
	serving_start(&s, 0);
	return access(path("Pets/.workspace.json"), F_OK);
}

static int stop(void **state)
{
	(void)state;
	if (serving_possible())
		serving_stop(&s);
	return 0;
}

#define MOUNTED(f) cmocka_unit_test_setup(f, serving_need)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    MOUNTED(appear_change_and_go), MOUNTED(open_files_keep_their_version),
	    MOUNTED(watchers_get_events),  MOUNTED(readers_never_see_a_torn_file),
	    MOUNTED(a_change_on_its_way),  MOUNTED(a_save_of_an_old_version_is_kept),
	    MOUNTED(many_at_once),
	    MOUNTED(with_a_stuck_helper),  MOUNTED(the_helper_is_started_again),
	};

	mount_helper_main(argc, argv);
	return cmocka_run_group_tests(tests, start, stop);
}
