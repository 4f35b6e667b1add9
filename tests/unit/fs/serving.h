/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVING_H
#define SERVING_H

/*
 * A mount for tests: a child process serves a fresh store with one group, "Pets", the parent
 * is the program that uses it.  Over a socket the parent has the child make changes as sync would.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/rand.h"
#include "fs/mount.h"
#include "store/docs.h"
#include "store/settle.h"
#include "store/view.h"

struct serving {
	pid_t pid;
	int control;
	char top[64]; /* temporary directory with "store" and "mnt" */
	char mnt[80];
	/* in the child: */
	struct loop *loop;
	struct store *store;
	struct mount *mount;
	struct group *group;
	uint64_t version;
};

#define SERVING_ALLOW_OTHER 1u
#define SERVING_NO_HELPER 2u
#define SERVING_NOPERM 4u

enum serving_command {
	SERVING_EDIT, /* document `number` of kind Request gets content `value`, made if missing */
	SERVING_FOLDER, /* folder `number` is made */
	SERVING_MOVE,	/* document `number` moves into folder `value` */
	SERVING_REMOVE, /* document `number` */
	SERVING_SETTLE,
	SERVING_STOP,
	SERVING_HOLD,	/* a process that holds all descriptors open; answers its pid */
	SERVING_HELPER, /* answers the helper's pid */
	SERVING_IDLE	/* answers 1 when the view is idle */
};

struct serving_message {
	int command, number, value;
};

static struct mount_helper *serving_helper;

/* One line of 300 to 3,000 bytes that names its version at both ends. */
static inline void serving_filling(int value, char *out, size_t size)
{
	size_t n = 300 + (size_t)(value * 37) % 2700;

	if (n > size - 1)
		n = size - 1;
	memset(out, 'a' + value % 26, n);
	out[n] = '\0';
	(void)snprintf(out, 16, "v%08d", value);
	out[9] = '-';
}

static inline void serving_take(struct serving *s, const char *id, const char *type,
				const char *parent, const char *name, int value, bool removed)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(1 << 20);
	struct json *json = json_new(arena, JSON_OBJECT);
	struct docs_remote remote = {.id = bytes_str(id),
				     .type = bytes_str(type),
				     .author = bytes_str("acct_other"),
				     .removed = removed};
	static char text[4096];
	struct doc *doc;

	assert_ok(json_set_str(arena, json, "_id", bytes_str(id)));
	assert_ok(json_set_str(arena, json, "type", bytes_str(type)));
	assert_ok(json_set_str(arena, json, "parentId", bytes_str(parent)));
	assert_ok(json_set_int(arena, json, "modified", 1600000000000 + value));
	assert_ok(json_set_int(arena, json, "created", 1500000000000));
	assert_ok(json_set_str(arena, json, "name", bytes_str(name)));
	if (strcmp(type, "Request") == 0) {
		serving_filling(value, text, sizeof text);
		assert_ok(json_set_str(arena, json, "url", bytes_str("https://example.com")));
		assert_ok(json_set_str(arena, json, "description", bytes_str(text)));
	}
	s->version++;
	remote.version.n = s->version;
	memcpy(remote.version.digest, &s->version, sizeof s->version);
	(void)snprintf(remote.version.version, sizeof remote.version.version, "v%llu",
		       (unsigned long long)s->version);
	remote.json = removed ? NULL : json;
	assert_ok(docs_take(store_docs(s->store), s->group, &remote, NULL, false, &doc));
	view_run(store_view(s->store));
}

static inline int serving_helper_pid(void)
{
	char path[64];
	SCOPED(buf_fini) struct buf text = BUF_INIT(4096);
	const char *out;
	int pid = 0;	/* none just now */

	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	assert_ok(files_read(path, &text));
	assert_ok(buf_cstr(&text, &out));
	return sscanf(out, "%d", &pid) == 1 ? pid : 0;
}

static inline int serving_hold(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(60);
		(void)pause();
		_exit(0);
	}
	return pid;
}

static inline int serving_obey(struct serving *s, const struct serving_message *msg)
{
	char id[48], name[32], parent[140];
	const char *workspace = s->group->workspace->id;

	(void)snprintf(id, sizeof id, "req_%032d", msg->number);
	(void)snprintf(name, sizeof name, "Doc %d", msg->number);
	switch (msg->command) {
	case SERVING_EDIT:
		serving_take(s, id, "Request", workspace, name, msg->value, false);
		return 0;
	case SERVING_FOLDER:
		(void)snprintf(id, sizeof id, "fld_%032d", msg->number);
		(void)snprintf(name, sizeof name, "Folder %d", msg->number);
		serving_take(s, id, "RequestGroup", workspace, name, 1, false);
		return 0;
	case SERVING_MOVE:
		(void)snprintf(parent, sizeof parent, "fld_%032d", msg->value);
		serving_take(s, id, "Request", parent, name, msg->value, false);
		return 0;
	case SERVING_REMOVE:
		serving_take(s, id, "Request", workspace, name, 1, true);
		return 0;
	case SERVING_SETTLE:
		return (int)settle_now(store_settle(s->store), true);
	case SERVING_STOP:
		mount_stop(s->mount);
		return 0;
	case SERVING_HOLD:
		return serving_hold();
	case SERVING_HELPER:
		return serving_helper_pid();
	default:
		return view_is_idle(store_view(s->store));
	}
}

static inline void serving_commanded(void *arg, short revents)
{
	struct serving *s = arg;
	struct serving_message msg;
	int answer;

	(void)revents;
	if (recv(s->control, &msg, sizeof msg, 0) != (ssize_t)sizeof msg)
		_exit(3);
	answer = serving_obey(s, &msg);
	(void)send(s->control, &answer, sizeof answer, MSG_NOSIGNAL);
}

static inline void serving_unmounted(void *arg)
{
	loop_stop(arg);
}

static inline void serving_is_ready(void *arg)
{
	struct serving *s = arg;
	int answer = 1;

	(void)send(s->control, &answer, sizeof answer, MSG_NOSIGNAL);
}

static inline void serving_open_store(struct serving *s)
{
	char dir[96], owner[128];
	struct store_params params = {.dir = dir,
				      .loop = s->loop,
				      .slot_memory_kib = 64,
				      .passphrase = bytes_str("a passphrase"),
				      .owner_line = "test"};
	struct tree_new what = {.mode = S_IFDIR | 0755, .uid = getuid(), .gid = getgid()};
	struct node *node;

	(void)snprintf(dir, sizeof dir, "%s/store", s->top);
	if (store_exists(dir)) {
		assert_ok(store_open(&params, owner, sizeof owner, &s->store));
	} else {
		assert_ok(store_create(&params, owner, sizeof owner, &s->store));
		assert_ok(tree_make(store_tree(s->store), tree_root(store_tree(s->store)),
				    bytes_str("Pets"), &what, 0, &node));
		assert_ok(settle_now(store_settle(s->store), true));
		assert_ok(rows_flush_wait(store_rows(s->store)));
	}
	s->group = docs_group_at(store_docs(s->store), 0);
	assert_non_null(s->group);
	assert_non_null(s->group->workspace);
	s->group->on_server = true;
	s->group->synced_ms = 1;
}

static inline void serving_child(struct serving *s, unsigned flags)
{
	struct mount_params params = {.mountpoint = s->mnt,
				      .on_unmounted = serving_unmounted,
				      .allow_other = flags & SERVING_ALLOW_OTHER,
				      .noperm = flags & SERVING_NOPERM};
	char reason[256];
	enum wk_status st;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	log_setup("serving", getenv("WAKEFS_TEST_DEBUG") ? LOG_DEBUG : LOG_WARN);
	if (!(flags & SERVING_NO_HELPER))
		assert_ok(mount_helper_start(&serving_helper));
	assert_ok(loop_new(&s->loop));
	serving_open_store(s);
	params.store = s->store;
	params.helper = serving_helper;
	params.arg = s->loop;
	st = mount_start(&params, &s->mount, reason, sizeof reason);
	if (st != WK_OK) {
		print_error("%s\n", reason);
		_exit(2);
	}
	assert_ok(loop_add_fd(s->loop, s->control, POLLIN, serving_commanded, s));
	mount_on_ready(s->mount, serving_is_ready, s);
	loop_run(s->loop);
	mount_free(s->mount);
	st = store_close(s->store);
	loop_free(s->loop);
	/* Not _exit: a sanitizer looks for leaks now. */
	exit(st == WK_OK ? 0 : 4);
}

static inline bool serving_possible(void)
{
	return access("/dev/fuse", R_OK | W_OK) == 0;
}

/* A setup that skips a test where nothing can be mounted. */
static inline int serving_need(void **state)
{
	(void)state;
	if (!serving_possible())
		skip();
	return 0;
}

/* Serves s->top, which must exist. */
static inline void serving_resume(struct serving *s, unsigned flags)
{
	int pair[2], ready = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		s->control = pair[1];
		(void)close(pair[0]);
		serving_child(s, flags);
	}
	(void)close(pair[1]);
	s->control = pair[0];
	assert_int_equal(recv(s->control, &ready, sizeof ready, 0), (int)sizeof ready);
	assert_int_equal(ready, 1);
}

static inline void serving_start(struct serving *s, unsigned flags)
{
	*s = (struct serving){.top = "/tmp/wakefs-fs-XXXXXX"};
	assert_non_null(mkdtemp(s->top));
	assert_int_equal(chmod(s->top, 0755), 0);
	(void)snprintf(s->mnt, sizeof s->mnt, "%s/mnt", s->top);
	assert_int_equal(mkdir(s->mnt, 0755), 0);
	serving_resume(s, flags);
}

static inline int serving_do(struct serving *s, int command, int number, int value)
{
	struct serving_message msg = {.command = command, .number = number, .value = value};
	int answer = -1;

	assert_int_equal(send(s->control, &msg, sizeof msg, MSG_NOSIGNAL), (int)sizeof msg);
	assert_int_equal(recv(s->control, &answer, sizeof answer, 0), (int)sizeof answer);
	return answer;
}

/* Waits until `what` holds, for 10 s. */
#define serving_wait(what)                                                                         \
	do {                                                                                       \
		int tries_ = 2000;                                                                 \
		while (!(what) && --tries_ > 0)                                                    \
			usleep(5000);                                                              \
		assert_true(what);                                                                 \
	} while (0)

static inline int serving_wait_end(struct serving *s)
{
	int status = 0;

	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	(void)close(s->control);
	s->pid = 0;
	return status;
}

static inline void serving_delete(struct serving *s)
{
	char command[128];

	(void)umount2(s->mnt, MNT_DETACH);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", s->top);
	assert_int_equal(system(command), 0);
}

static inline void serving_stop(struct serving *s)
{
	(void)serving_do(s, SERVING_STOP, 0, 0);
	assert_int_equal(serving_wait_end(s), 0);
	serving_delete(s);
}

/* A path in the mount: valid until four more were made. */
static inline const char *serving_path(const struct serving *s, const char *path)
{
	static char rooms[5][512];
	static unsigned at;
	char *room = rooms[at++ % 5];

	(void)snprintf(room, sizeof rooms[0], "%s/%s", s->mnt, path);
	return room;
}

/* A number of `.wakefs/stats`, when it has come to rest. */
static inline long serving_count(const struct serving *s, const char *name)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(65536);
	char key[64];
	const char *all, *at;

	usleep(120000);
	assert_ok(files_read(serving_path(s, ".wakefs/stats"), &text));
	assert_ok(buf_cstr(&text, &all));
	(void)snprintf(key, sizeof key, "\"%s\": ", name);
	at = strstr(all, key);
	assert_non_null(at);
	return strtol(at + strlen(key), NULL, 10);
}

#endif
