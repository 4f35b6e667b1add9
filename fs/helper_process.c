/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that goes through the mount.
 *
 * 1. It never has the /dev/fuse descriptor: so when the mount's process is killed, the connection
 *    ends, whatever the helper waits for in the kernel then fails, and nothing hangs.
 * 2. It holds no descriptor in the mount between jobs: so it never keeps it from being unmounted.
 * 3. Paths are resolved beneath the mount's root, through no symlink and no other mount.
 * 4. A second thread waits for the signal that the kernel sends when the mount's thread has ended,
 *    and aborts the connection: the thread that sends notifications does have the descriptor and
 * may wait for a lock whose owner waits for the answer that will never come.
 */
#include "fs/helper_process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scoped.h"
#include "fs/helper_wire.h"
#include "fs/mountpoint.h"
#include "fs/virtual.h"

static struct {
	int socket;
	int inotify;
	char mountpoint[PATH_MAX];
	_Atomic uint64_t device; /* read by the guard */
} self;

struct texts {
	const char *path, *name, *from_path, *from_name, *hidden;
};

static _Noreturn void abort_mount(void)
{
	if (self.device != 0)
		mountpoint_abort(self.mountpoint, self.device);
	_exit(0);
}

static void *guard(void *arg)
{
	sigset_t set;
	int number;

	(void)arg;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigwait(&set, &number);
	abort_mount();
}

static int open_beneath(int root, const char *path)
{
	struct open_how how = {
	    .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

/* The root of this very mount, or -1: what stands at its path may be something else by now. */
static int open_root(void)
{
	SCOPED(scoped_close) int fd = open(self.mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int result = fd;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || st.st_dev != self.device) {
		errno = ESTALE;
		return -1;
	}
	fd = -1;
	return result;
}

static int put(int root, int dir, const struct texts *t)
{
	SCOPED(scoped_close)
	int hidden = open_beneath(root, VIRTUAL_DIR_NAME "/" VIRTUAL_HIDDEN_NAME);
	int error = 0;

	if (hidden < 0 || mknodat(hidden, t->hidden, S_IFREG | 0600, 0) != 0)
		return errno;
	if (renameat(hidden, t->hidden, dir, t->name) != 0) {
		error = errno;
		(void)unlinkat(hidden, t->hidden, 0);
	}
	return error;
}

static int move(int root, int dir, const struct texts *t)
{
	SCOPED(scoped_close) int from = open_beneath(root, t->from_path);

	if (from < 0 || renameat(from, t->from_name, dir, t->name) != 0)
		return errno;
	return 0;
}

static int watch(int dir, int32_t *wd_out)
{
	char path[64];
	int wd;

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", dir);
	wd = inotify_add_watch(self.inotify, path, IN_CLOSE_WRITE | IN_ONLYDIR);
	if (wd < 0)
		return errno;
	*wd_out = wd;
	return 0;
}

static int sync_mount(int root)
{
	SCOPED(scoped_close) int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && syncfs(fd) == 0 ? 0 : errno;
}

static int do_in_mount(const struct helper_job *job, const struct texts *t, int32_t *wd_out)
{
	SCOPED(scoped_close) int root = open_root();
	SCOPED(scoped_close) int dir = root < 0 ? -1 : open_beneath(root, t->path);

	if (dir < 0)
		return errno;
	switch (job->kind) {
	case HELPER_PUT:
		return put(root, dir, t);
	case HELPER_MKDIR:
		return mkdirat(dir, t->name, 0700) == 0 ? 0 : errno;
	case HELPER_MOVE:
		return move(root, dir, t);
	case HELPER_REMOVE:
		return unlinkat(dir, t->name, 0) == 0 ? 0 : errno;
	case HELPER_RMDIR:
		return unlinkat(dir, t->name, AT_REMOVEDIR) == 0 ? 0 : errno;
	case HELPER_WATCH:
		return watch(dir, wd_out);
	case HELPER_SYNC:
		return sync_mount(root);
	default:
		return EINVAL;
	}
}

static int unmount(bool lazily)
{
	char program[] = "fusermount3", how[] = "-uq", lazy_how[] = "-uqz", end[] = "--";
	char *argv[] = {program, lazily ? lazy_how : how, end, self.mountpoint, NULL};
	int status;
	pid_t child;

	if (umount2(self.mountpoint, UMOUNT_NOFOLLOW | (lazily ? MNT_DETACH : 0)) == 0)
		return 0;
	if (errno != EPERM)
		return errno;
	if (posix_spawnp(&child, program, NULL, NULL, argv, environ) != 0)
		return ENOENT;
	if (waitpid(child, &status, 0) != child)
		return EIO;
	/* It does not say why; that it is in use is what can be helped. */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : EBUSY;
}

static const char *next_text(const char **at, const char *end)
{
	const char *text = *at;
	size_t n = strnlen(text, (size_t)(end - text));

	if (text + n >= end)
		return "";
	*at = text + n + 1;
	return text;
}

static void serve(const struct helper_message *message, size_t size)
{
	const char *at = message->texts, *end = (const char *)message + size;
	struct helper_reply reply = {.kind = HELPER_DONE, .id = message->job.id, .wd = -1};
	struct texts t;

	if (size < sizeof message->job)
		return;
	t.path = next_text(&at, end);
	t.name = next_text(&at, end);
	t.from_path = next_text(&at, end);
	t.from_name = next_text(&at, end);
	t.hidden = next_text(&at, end);
	switch (message->job.kind) {
	case HELPER_SETUP:
		(void)snprintf(self.mountpoint, sizeof self.mountpoint, "%s", t.path);
		self.device = message->job.device;
		return;
	case HELPER_UNMOUNT:
		reply.error = unmount(false);
		break;
	case HELPER_DETACH:
		reply.error = unmount(true);
		break;
	default:
		reply.error = do_in_mount(&message->job, &t, &reply.wd);
	}
	(void)send(self.socket, &reply, sizeof reply, MSG_NOSIGNAL);
}

static void report_events(void)
{
	_Alignas(struct inotify_event) char room[16384];
	ssize_t n = read(self.inotify, room, sizeof room);

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(room + at);
		struct helper_reply reply = {.kind = HELPER_CLOSED, .wd = event->wd};

		at += (ssize_t)(sizeof *event + event->len);
		if (event->len > 0)
			(void)snprintf(reply.name, sizeof reply.name, "%s", event->name);
		if (event->mask & IN_IGNORED)
			reply.kind = HELPER_UNWATCHED;
		else if (!(event->mask & IN_CLOSE_WRITE))
			continue;
		(void)send(self.socket, &reply, sizeof reply, MSG_NOSIGNAL);
	}
}

/* Nothing that was open before but the socket; no terminal, no core, no signals. */
static void leave_everything(void)
{
	struct rlimit none = {0, 0};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t all;
	pthread_t thread;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(null, fd);
	(void)fcntl(self.socket, F_SETFD, FD_CLOEXEC);
	(void)close_range(HELPER_SOCKET + 1, ~0u, 0);
	(void)setsid();
	if (chdir("/") != 0) /* else it would hold the directory it was started in */
		_exit(1);
	(void)umask(0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_NAME, "wakefs-helper");
	if (pthread_create(&thread, NULL, guard, NULL) != 0)
		_exit(1);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
}

static void receive(void)
{
	static struct helper_message message;
	ssize_t n = recv(self.socket, &message, sizeof message, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		_exit(0);
	if (n > 0)
		serve(&message, (size_t)n);
}

void helper_process_run(int parent)
{
	struct pollfd polls[2] = {{.events = POLLIN}, {.events = POLLIN}};

	self.socket = HELPER_SOCKET;
	leave_everything();
	/* The parent was killed before the signal was asked for: what it sent first still says which
	 * mount must end. */
	if (getppid() != parent) {
		receive();
		abort_mount();
	}
	self.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	polls[0].fd = self.socket;
	polls[1].fd = self.inotify;
	for (;;) {
		if (poll(polls, 2, -1) < 0)
			continue;
		if (polls[1].revents)
			report_events();
		if (polls[0].revents)
			receive();
	}
}
