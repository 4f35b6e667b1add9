/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process behind a mount.  One thread runs the loop: file system, store, control socket; sync's
 * threads come to it.  The loop is driven turn by turn and never ended before everything that
 * waits for it has gone, so that whoever still has to hear of a commit does.
 *
 * The way out, in this order: unmounted and settled; sync ended; what waits sent, if the server
 * was there a moment ago; everything committed; the control socket gone; the lock given up; those who
 * asked told.
 */
#include "cli/serve.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "cli/control.h"
#include "cli/paths.h"
#include "cli/say.h"
#include "cli/text.h"
#include "store/settle.h"
#include "store/status.h"
#include "sync/sync.h"

#define LOOK_MS 10		/* while the start is watched */
#define FIRST_SYNC_MS 20000	/* an empty store waits so long for its first documents */
#define SETTLED_MS 1000		/* one that has some, to say whether it is in sync */
#define LAST_SYNC_MS 3000

struct serve {
	const struct serve_params *params;
	struct store *store;
	struct loop *loop;
	struct mount *mount;
	struct sync *sync;
	struct control *control;
	struct loop_timer *look;
	int64_t look_until_ms;
	int signals;
	bool ready_told, renew, leaving, unmounted;
};

static void tell(struct serve *s, enum serve_kind kind, int exit_code, const char *text)
{
	struct serve_report r = { .kind = kind, .exit_code = exit_code };

	(void)snprintf(r.text, sizeof r.text, "%s", text);
	s->params->report(s->params->arg, &r);
}

static int fail(struct serve *s, enum wk_status st, const char *doing)
{
	char text[1024];

	say_format(st, doing, text, sizeof text);
	log_error("%s", text);
	tell(s, SERVE_FAILED, say_exit_of(st), text);
	return say_exit_of(st);
}

/* --- the start --- */

struct counts {
	size_t groups, documents, pending;
};

static struct counts count(struct store *store)
{
	struct counts c = { 0 };
	const struct group *g;

	for (size_t i = 0; (g = docs_group_at(store_docs(store), i)); i++) {
		if (g->live > 0)
			c.groups++;
		c.documents += g->live;
		c.pending += g->pending;
	}
	return c;
}

static bool first_pass_done(const struct serve *s)
{
	const struct status_sync *sync = status_sync(s->store);

	return !s->sync || sync->last_contact_ms != 0 || sync->problem[0];
}

static void summarize(struct serve *s, char text[1024])
{
	const struct status_sync *sync = status_sync(s->store);
	const struct counts c = count(s->store);
	char groups[64], documents[64], waiting[96] = "", state[256];

	if (c.pending)
		(void)snprintf(waiting, sizeof waiting, "%zu change%s", c.pending,
			       c.pending == 1 ? " waits" : "s wait");
	if (s->params->offline)
		(void)snprintf(state, sizeof state, "offline as asked");
	else if (!s->sync)
		(void)snprintf(state, sizeof state, "logged out (run: wakefs login)");
	else if (sync->problem[0])
		(void)snprintf(state, sizeof state, "%.200s", sync->problem);
	else if (!first_pass_done(s))
		(void)snprintf(state, sizeof state, "getting what is new");
	else
		(void)snprintf(state, sizeof state, "%s", c.pending ? "" : "in sync");
	(void)snprintf(text, 1024, "%s, %s, %s%s%s.", text_count(c.groups, "workspace", groups),
		       text_count(c.documents, "document", documents), state,
		       state[0] && waiting[0] ? ", " : "", waiting);
}

static void on_look(void *arg)
{
	struct serve *s = arg;
	char text[1024];

	if (s->leaving)
		return;
	if (!mount_is_ready(s->mount) ||
	    (!first_pass_done(s) && clock_mono_ms() < s->look_until_ms)) {
		loop_timer_set(s->look, LOOK_MS);
		return;
	}
	summarize(s, text);
	s->ready_told = true;
	log_info("mounted: %s", text);
	tell(s, SERVE_READY, SAY_DONE, text);
}

static void on_progress(void *arg, const char *group_name, size_t done, size_t total)
{
	struct serve *s = arg;
	struct serve_report r = { .kind = SERVE_PROGRESS, .done = done, .total = total };

	if (s->ready_told)
		return;
	(void)snprintf(r.text, sizeof r.text, "%s", group_name ? group_name : "");
	s->params->report(s->params->arg, &r);
}

static enum wk_status start_sync(struct serve *s)
{
	const struct sync_params p = { .store = s->store, .progress = on_progress, .arg = s };
	enum wk_status st;

	if (s->params->offline)
		return WK_OK;
	st = sync_new(&p, &s->sync);
	if (st == WK_OK)
		st = sync_start(s->sync);
	if (st == WK_OK || st == WK_DENIED)
		return WK_OK;
	sync_free(s->sync);
	s->sync = NULL;
	return st;
}

/* --- the way out --- */

static void begin_leaving(void *arg)
{
	struct serve *s = arg;

	if (s->leaving)
		return;
	s->leaving = true;
	log_info("leaving");
	mount_stop(s->mount);
}

static void on_unmounted(void *arg)
{
	struct serve *s = arg;

	s->leaving = true;
	s->unmounted = true;
}

static void on_signal(void *arg, short revents)
{
	struct serve *s = arg;
	struct signalfd_siginfo info;

	(void)revents;
	if (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info)
		begin_leaving(s);
}

static enum wk_status renew_session(void *arg, struct bytes session, struct bytes account_id)
{
	SCOPED(buf_fini) struct buf id = BUF_INIT(CONTEXT_ID_MAX);
	struct serve *s = arg;
	enum wk_status st = store_setting_get(s->store, SETTING_ACCOUNT_ID, &id);

	if (st == WK_OK && !bytes_equal(buf_bytes(&id), account_id))
		return WK_CONFLICT;
	if (st == WK_OK && session.n != 64)
		return WK_INVALID;
	if (st == WK_OK)
		st = store_setting_put(s->store, SETTING_SESSION, session);
	/* The engine is made anew between two turns of the loop: its end needs turns. */
	s->renew = st == WK_OK;
	return st;
}

static void restart_sync(struct serve *s)
{
	struct status_sync *status = status_sync(s->store);

	s->renew = false;
	sync_free(s->sync);
	s->sync = NULL;
	status->problem[0] = '\0';
	status->alerted = false;
	if (start_sync(s) != WK_OK)
		log_error("sync could not be started again");
	status_changed(s->store);
}

static void send_last(struct serve *s)
{
	const struct sync_params p = { .store = s->store };
	const bool was_online = s->sync && status_sync(s->store)->online;
	struct sync *sync = NULL;

	sync_free(s->sync);
	s->sync = NULL;
	if (!was_online || count(s->store).pending == 0)
		return;
	if (sync_new(&p, &sync) == WK_OK && sync_once_within(sync, LAST_SYNC_MS) != WK_OK)
		log_info("not everything could be sent before leaving");
	sync_free(sync);
}

/* --- all of it --- */

static sigset_t signals_to_leave(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	return set;
}

void serve_block_signals(void)
{
	const sigset_t set = signals_to_leave();

	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static enum wk_status watch_signals(struct serve *s)
{
	const sigset_t set = signals_to_leave();

	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signals < 0 ? WK_NOMEM
			      : loop_add_fd(s->loop, s->signals, POLLIN, on_signal, s);
}

static enum wk_status write_mountpoint(const struct serve *s)
{
	char path[PATH_MAX];
	enum wk_status st = paths_join(s->params->session->dir, SERVE_MOUNTPOINT, path);

	return st == WK_OK ? files_write(path, bytes_str(s->params->mountpoint), 0600) : st;
}

static int start(struct serve *s)
{
	const struct serve_params *p = s->params;
	char reason[512] = "";
	const struct mount_params m = {
		.mountpoint = p->mountpoint, .store = s->store, .helper = p->helper,
		.noperm = p->noperm, .debug = p->debug, .options = p->options,
		.on_unmounted = on_unmounted, .arg = s,
	};
	const struct control_host host = {
		.dir = p->session->dir, .mountpoint = p->mountpoint, .store = s->store,
		.stop = begin_leaving, .renew = renew_session, .arg = s,
	};
	enum wk_status st = watch_signals(s);

	if (st == WK_OK)
		st = loop_timer_new(s->loop, on_look, s, &s->look);
	if (st != WK_OK) {
		mount_helper_free(p->helper);
		return fail(s, st, "start the mount's process");
	}
	s->look_until_ms = clock_mono_ms() +
			   (count(s->store).documents ? SETTLED_MS : FIRST_SYNC_MS);
	st = mount_start(&m, &s->mount, reason, sizeof reason);
	if (st != WK_OK) {
		mount_helper_free(p->helper);
		log_warn("mount: %s", wk_status_text(st));
		tell(s, SERVE_FAILED, SAY_FAILED, reason[0] ? reason : "cannot mount there.");
		return SAY_FAILED;
	}
	st = write_mountpoint(s);
	if (st == WK_OK)
		st = control_open(&host, &s->control);
	if (st == WK_OK)
		st = start_sync(s);
	if (st != WK_OK)
		return fail(s, st, "serve the mount");
	loop_timer_set(s->look, 0);
	return SAY_DONE;
}

static void run(struct serve *s)
{
	while (!s->unmounted) {
		loop_run_once(s->loop, -1);
		if (s->renew && !s->leaving)
			restart_sync(s);
	}
}

static int finish(struct serve *s, int code)
{
	char path[PATH_MAX];
	struct counts left;
	enum wk_status settled = settle_now(store_settle(s->store), true), st;

	if (settled != WK_OK)
		log_error("settling: %s", wk_status_text(settled));
	send_last(s);
	mount_free(s->mount);
	left = count(s->store);
	loop_timer_free(s->look);
	if (paths_join(s->params->session->dir, SERVE_MOUNTPOINT, path) == WK_OK)
		(void)unlink(path);
	control_detach(s->control);
	st = store_close(s->store);
	if (st != WK_OK)
		log_error("closing the store: %s", wk_status_text(st));
	if (!s->ready_told && code == SAY_DONE)
		tell(s, SERVE_FAILED, SAY_FAILED, "the mount ended before it answered.");
	control_finish(s->control, left.pending, st != WK_OK);
	log_info("left; %zu changes wait", left.pending);
	return st != WK_OK && code == SAY_DONE ? SAY_FAILED : code;
}

int serve_run(const struct serve_params *params)
{
	struct serve s = { .params = params, .signals = -1 };
	struct session *session = params->session;
	int code;

	s.store = take(&session->store);
	s.loop = session->loop;
	code = start(&s);
	if (code == SAY_DONE)
		run(&s);
	else if (s.mount) {
		begin_leaving(&s);
		run(&s);
	}
	code = finish(&s, code);
	if (s.signals >= 0) {
		loop_remove_fd(s.loop, s.signals);
		(void)close(s.signals);
	}
	return code;
}
