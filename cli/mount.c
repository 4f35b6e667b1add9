/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wakefs mount.  The process that will serve is forked before there is any secret or thread, because
 * locked memory is not inherited; the passphrase, asked for here where the terminal is, goes to it
 * through a pipe.  The parent shows what it reports and leaves when the mount answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "cli/control_client.h"
#include "cli/options.h"
#include "cli/paths.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/serve.h"
#include "cli/text.h"

#define FD_REPORT 3	/* of the serving process */
#define FD_PASSPHRASE 4

struct mounting {
	struct session_options options;
	struct session session;
	char mountpoint[PATH_MAX];
	const char *mount_options;
	bool foreground, noperm, offline, debug;
	struct progress bar;
	bool failed;
};

static void mounting_fini(struct mounting *m)
{
	session_fini(&m->session);
}

/* --- what the person is told --- */

static void show_ready(struct mounting *m, const char *summary)
{
	char path[TEXT_MAX];
	const char *shown = text_path(m->mountpoint, path);

	(void)printf("%s: %s  Leave with: wakefs umount %s\n", shown, summary, shown);
	(void)fflush(stdout);
}

static void show(void *arg, const struct serve_report *r)
{
	struct mounting *m = arg;

	if (r->kind == SERVE_PROGRESS) {
		progress_show(&m->bar, r->text, r->done, r->total);
		return;
	}
	progress_end(&m->bar);
	if (r->kind == SERVE_READY) {
		show_ready(m, r->text);
	} else {
		m->failed = true;
		say_error("%s", r->text);
	}
}

/* --- the serving process --- */

static void send_report(void *arg, const struct serve_report *r)
{
	(void)arg;
	/* Nobody listening any more is no reason to stop. */
	if (write(FD_REPORT, r, sizeof *r) < 0)
		return;
	if (r->kind != SERVE_PROGRESS) {
		const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		if (null >= 0) {
			(void)dup3(null, FD_REPORT, O_CLOEXEC);
			(void)close(null);
		}
	}
}

static enum wk_status open_log(const struct mounting *m)
{
	char path[PATH_MAX];
	enum wk_status st = paths_join(m->session.dir, SERVE_LOG, path);
	int fd;

	if (st != WK_OK)
		return st;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0)
		return files_errno_status(errno);
	/* Anything a library prints belongs there too. */
	if (dup2(fd, STDERR_FILENO) < 0)
		return files_errno_status(errno);
	(void)close(fd);
	log_setup("wakefs", LOG_INFO);
	return WK_OK;
}

static int report_failure(int exit_code, const char *text)
{
	struct serve_report r = { .kind = SERVE_FAILED, .exit_code = exit_code };

	(void)snprintf(r.text, sizeof r.text, "%s", text);
	send_report(NULL, &r);
	return exit_code;
}

static int report_status(enum wk_status st, const char *doing)
{
	char text[1024];

	say_format(st, doing, text, sizeof text);
	return report_failure(say_exit_of(st), text);
}

/* Opens the store; the failures are told through the pipe. */
static int open_store(struct mounting *m)
{
	char line[256], what[TEXT_MAX + 16], owner[256] = "", text[1024];
	struct session *s = &m->session;
	struct store_params p = { .dir = s->dir, .owner_line = line };
	enum wk_status st;

	(void)snprintf(what, sizeof what, "mount %.1024s", m->mountpoint);
	session_owner_line(what, line);
	p.passphrase = bytes_of(s->passphrase.p, s->passphrase.n);
	st = loop_new(&s->loop);
	p.loop = s->loop;
	if (st == WK_OK)
		st = store_open(&p, owner, sizeof owner, &s->store);
	passphrase_fini(&s->passphrase);
	if (st == WK_BUSY) {
		(void)snprintf(text, sizeof text, "the local store of %s is in use by %s.  Leave "
			       "that first (for a mount: wakefs umount DIR).", s->account.email,
			       owner[0] ? owner : "another process");
		return report_failure(SAY_FAILED, text);
	}
	if (st == WK_DENIED) {
		(void)snprintf(text, sizeof text, "that is not the passphrase of %s on this "
			       "device.", s->account.email);
		return report_failure(SAY_LOCKED, text);
	}
	return st == WK_OK ? SAY_DONE : report_status(st, "open the local store");
}

static struct serve_params params_of(struct mounting *m, struct mount_helper *helper)
{
	return (struct serve_params){
		.session = &m->session,
		.mountpoint = m->mountpoint,
		.options = m->mount_options,
		.noperm = m->noperm,
		.offline = m->offline,
		.debug = m->debug,
		.helper = helper,
		.arg = m,
	};
}

/* Keeps 0 to 2 and the two pipes; everything else that was inherited would outlive its use. */
static bool take_pipes(int report, int passphrase)
{
	int null = open("/dev/null", O_RDWR);
	int high_report = fcntl(report, F_DUPFD, 10);
	int high_passphrase = fcntl(passphrase, F_DUPFD, 10);

	if (null < 0 || high_report < 0 || high_passphrase < 0)
		return false;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return false;
	if (dup3(high_report, FD_REPORT, O_CLOEXEC) < 0 ||
	    dup3(high_passphrase, FD_PASSPHRASE, O_CLOEXEC) < 0)
		return false;
	return close_range(FD_PASSPHRASE + 1, ~0U, 0) == 0;
}

static int serve_in_background(struct mounting *m)
{
	struct mount_helper *helper = NULL;
	struct serve_params p;
	enum wk_status st;
	int code;

	(void)setsid();
	if (chdir("/") != 0)
		return report_failure(SAY_FAILED, "cannot enter the root directory.");
	st = open_log(m);
	if (st != WK_OK)
		return report_status(st, "open the log in the store's directory");
	st = mount_helper_start(&helper);
	if (st == WK_OK)
		st = crypto_init();
	if (st == WK_OK)
		st = passphrase_receive(FD_PASSPHRASE, &m->session.passphrase);
	if (st == WK_CANCELLED) {	/* the parent has told why */
		mount_helper_free(helper);
		return SAY_FAILED;
	}
	(void)close(FD_PASSPHRASE);
	if (st != WK_OK) {
		mount_helper_free(helper);
		return report_status(st, "start the mount's process");
	}
	serve_block_signals();
	code = open_store(m);
	if (code != SAY_DONE) {
		mount_helper_free(helper);
		return code;
	}
	p = params_of(m, helper);
	p.report = send_report;
	return serve_run(&p);
}

static int serve_in_foreground(struct mounting *m)
{
	struct mount_helper *helper = NULL;
	struct serve_params p;
	enum wk_status st = mount_helper_start(&helper);
	int code;

	if (st == WK_OK)
		st = crypto_init();
	if (st != WK_OK) {
		mount_helper_free(helper);
		return say_status(st, "start the mount");
	}
	log_setup("wakefs", LOG_INFO);
	code = session_ask(&m->options, &m->session);
	serve_block_signals();
	if (code == SAY_DONE)
		code = session_open(&m->session, "mount");
	if (code != SAY_DONE) {
		mount_helper_free(helper);
		return code;
	}
	passphrase_fini(&m->session.passphrase);
	p = params_of(m, helper);
	p.report = show;
	return serve_run(&p);
}

/* --- the parent --- */

/* A mount that hangs would hang this too: it is what a person would meet next. */
static int check_answers(const struct mounting *m)
{
	struct stat st;

	if (stat(m->mountpoint, &st) == 0)
		return SAY_DONE;
	say_error("the mount does not answer: %s.  See the log in %s.", strerror(errno),
		  m->session.dir);
	return SAY_FAILED;
}

static int follow(struct mounting *m, int reports)
{
	struct serve_report r;

	for (;;) {
		ssize_t n = read(reports, &r, sizeof r);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof r) {
			progress_end(&m->bar);
			say_error("the mount's process ended before it was ready.  Its log is %s/%s.",
				  m->session.dir, SERVE_LOG);
			return SAY_FAILED;
		}
		r.text[sizeof r.text - 1] = '\0';
		if (r.kind == SERVE_READY) {
			int code = check_answers(m);

			if (code != SAY_DONE)
				return code;
		}
		show(m, &r);
		if (r.kind != SERVE_PROGRESS)
			return r.kind == SERVE_READY ? SAY_DONE : r.exit_code;
	}
}

static int hand_over_passphrase(struct mounting *m, int fd)
{
	enum wk_status st = crypto_init();
	int code;

	if (st != WK_OK)
		return say_status(st, "start libgcrypt (1.10 or newer is needed)");
	code = session_ask(&m->options, &m->session);
	if (code != SAY_DONE)
		return code;
	st = files_write_fd(fd, bytes_of(m->session.passphrase.p, m->session.passphrase.n));
	passphrase_fini(&m->session.passphrase);
	/* A process that has died already tells more through the other pipe. */
	return st == WK_NOMEM ? say_status(st, "hand over the passphrase") : SAY_DONE;
}

static int mount_in_background(struct mounting *m)
{
	int reports[2], secret[2], code;
	pid_t child;

	if (pipe2(reports, O_CLOEXEC) != 0 || pipe2(secret, O_CLOEXEC) != 0)
		return say_status(WK_NOMEM, "start the mount's process");
	(void)fflush(NULL);
	child = fork();
	if (child == 0) {
		if (!take_pipes(reports[1], secret[0]))
			_exit(SAY_FAILED);
		code = serve_in_background(m);
		mounting_fini(m);
		exit(code);
	}
	(void)close(reports[1]);
	(void)close(secret[0]);
	if (child < 0)
		return say_status(WK_NOMEM, "start the mount's process");
	code = hand_over_passphrase(m, secret[1]);
	(void)close(secret[1]);
	if (code == SAY_DONE)
		code = follow(m, reports[0]);
	(void)close(reports[0]);
	return code;
}

/* --- before anything is asked --- */

static int check_mountpoint(struct mounting *m, const char *typed)
{
	char shown[TEXT_MAX];
	struct stat st;
	enum wk_status made = paths_absolute(typed, m->mountpoint);

	if (made == WK_OK && stat(m->mountpoint, &st) == 0)
		made = S_ISDIR(st.st_mode) ? WK_OK : WK_INVALID;
	else if (made == WK_OK && errno != ENOTCONN)
		made = files_errno_status(errno);
	(void)text_path(made == WK_OK ? m->mountpoint : typed, shown);
	if (made == WK_NOT_FOUND)
		say_error("%s is not there.  Make it with: mkdir -p %s", shown, shown);
	else if (made == WK_INVALID)
		say_error("%s is no directory.", shown);
	else if (made != WK_OK)
		return say_status(made, "use %s as mountpoint", shown);
	return made == WK_OK ? SAY_DONE : SAY_FAILED;
}

/* Another mount of the same account is told before the passphrase is asked for. */
static int check_not_mounted(const struct mounting *m)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;
	const struct json *info = NULL;
	char where[TEXT_MAX];
	struct bytes mountpoint;
	int64_t pid = 0;

	if (control_client_open(m->session.dir, &c) != WK_OK ||
	    control_client_ask(&c, bytes_str("{\"op\":\"info\"}"), &info) != WK_OK)
		return SAY_DONE;
	mountpoint = json_get_str(info, "mountpoint");
	(void)json_get_int64(info, "pid", &pid);
	(void)text_safe(mountpoint, where);
	say_error("%s is mounted at %s already, by process %lld.  Leave that first: wakefs umount "
		  "%s", m->session.account.email, where, (long long)pid, where);
	return SAY_FAILED;
}

int mount_verb(const struct verb *verb, int argc, char **argv)
{
	SCOPED(mounting_fini) struct mounting m = { .options = SESSION_OPTIONS_INIT };
	const struct option_entry entries[] = {
		{ 'f', "foreground", NULL, "stay in the foreground, log to the terminal",
		  &m.foreground, NULL, NULL },
		{ 0, "offline", NULL, "do not talk to the server", &m.offline, NULL, NULL },
		{ 0, "noperm", NULL, "keep and show modes, do not enforce them (faster)",
		  &m.noperm, NULL, NULL },
		{ 'o', "options", "OPT,...", "more options for FUSE (wakefs-mount(8))", NULL,
		  &m.mount_options, NULL },
		{ 'd', "debug", NULL, "trace FUSE requests, with --foreground (names files)",
		  &m.debug, NULL, NULL },
		SESSION_ENTRY_ACCOUNT(&m.options),
		SESSION_ENTRY_SERVER(&m.options),
		SESSION_ENTRIES_PASSPHRASE(&m.options),
	};
	struct operands operands;
	int code = options_read(verb, entries, ARRAY_LEN(entries), argc, argv, &operands);

	if (code != OPTIONS_GO)
		return code;
	if (m.debug && !m.foreground) {
		say_error("--debug goes with --foreground only: a trace names files.");
		return SAY_USAGE;
	}
	code = session_choose(&m.options, &m.session);
	if (code == SAY_DONE)
		code = session_require_store(&m.session);
	if (code == SAY_DONE)
		code = check_mountpoint(&m, operands.items[0]);
	if (code == SAY_DONE)
		code = check_not_mounted(&m);
	if (code != SAY_DONE)
		return code;
	progress_start(&m.bar);
	return m.foreground ? serve_in_foreground(&m) : mount_in_background(&m);
}
