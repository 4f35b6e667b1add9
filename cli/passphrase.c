/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passphrases.  What was typed stays in locked memory from the read() on; the terminal's echo comes
 * back however the question ends, signals included.
 */
#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cli/say.h"
#include "crypto/kdf.h"

#define TYPED_MAX (4 * PASSPHRASE_MAX)	/* before normalisation */

void passphrase_fini(struct passphrase *p)
{
	secret_free(p->p);
	*p = (struct passphrase){ NULL, 0 };
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* Reads one line, or everything up to the end.  WK_LIMIT: too long; WK_CANCELLED: a signal. */
static enum wk_status read_line(int fd, uint8_t *typed, size_t *n_out)
{
	size_t n = 0;

	for (;;) {
		ssize_t got = read(fd, typed + n, 1);

		if (got < 0 && errno == EINTR) {
			if (caught)
				return WK_CANCELLED;
			continue;
		}
		if (got < 0)
			return WK_IO;
		if (got == 0 || typed[n] == '\n')
			break;
		if (++n == TYPED_MAX)
			return WK_LIMIT;
	}
	*n_out = n;
	return WK_OK;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };

/* Asks on the terminal with the echo off. */
static enum wk_status ask_tty(int tty, const char *prompt, uint8_t *typed, size_t *n_out)
{
	struct sigaction before[ARRAY_LEN(signals)], act = { .sa_handler = on_signal };
	struct termios normal, quiet;
	enum wk_status st;

	if (tcgetattr(tty, &normal) != 0)
		return WK_IO;
	caught = 0;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		(void)sigaction(signals[i], &act, &before[i]);
	quiet = normal;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	quiet.c_lflag |= ECHONL;
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	(void)dprintf(tty, "%s: ", prompt);
	st = read_line(tty, typed, n_out);
	(void)tcsetattr(tty, TCSAFLUSH, &normal);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		(void)sigaction(signals[i], &before[i], NULL);
	if (st == WK_CANCELLED) {
		(void)dprintf(tty, "\n");
		(void)raise(caught);
	}
	return st;
}

static int sanitize(const uint8_t *typed, size_t n, struct passphrase *out)
{
	SCOPED(buf_fini) struct buf clean = BUF_SECRET_INIT(TYPED_MAX);
	enum wk_status st = kdf_passphrase(bytes_of(typed, n), &clean);

	if (st == WK_INVALID) {
		say_error("that is no passphrase: it is empty, longer than %d bytes, or not UTF-8.",
			  PASSPHRASE_MAX);
		return SAY_FAILED;
	}
	if (st != WK_OK)
		return say_status(st, "read the passphrase");
	out->p = secret_alloc(clean.n);
	if (!out->p)
		return say_status(WK_NOMEM, "keep the passphrase");
	memcpy(out->p, clean.p, clean.n);
	out->n = clean.n;
	return SAY_DONE;
}

static int from_terminal(const char *prompt, bool twice, uint8_t *typed, uint8_t *again,
			 struct passphrase *out)
{
	SCOPED(scoped_close) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	size_t n = 0, n_again = 0;
	enum wk_status st;

	if (tty < 0) {
		say_error("there is no terminal to ask for the passphrase.  Give --passphrase-file, "
			  "--passphrase-fd or --passphrase-command.");
		return SAY_USAGE;
	}
	st = ask_tty(tty, prompt, typed, &n);
	if (st == WK_OK && twice) {
		st = ask_tty(tty, "The same again", again, &n_again);
		if (st == WK_OK && (n != n_again || !secret_equal(typed, again, n))) {
			say_error("the two passphrases differ; nothing was done.  Try again.");
			return SAY_FAILED;
		}
	}
	if (st != WK_OK)
		return say_status(st, "read the passphrase from the terminal");
	return sanitize(typed, n, out);
}

static int from_fd(int fd, const char *what, uint8_t *typed, struct passphrase *out)
{
	size_t n = 0;
	enum wk_status st;

	caught = 0;
	st = read_line(fd, typed, &n);
	if (st != WK_OK)
		return say_status(st, "read the passphrase from %s", what);
	return sanitize(typed, n, out);
}

static int from_file(const char *path, uint8_t *typed, struct passphrase *out)
{
	SCOPED(scoped_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		say_error("cannot read the passphrase file: %s.", strerror(errno));
		return SAY_FAILED;
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & 077))
		say_note("Warning: others may read the passphrase file.  Run: chmod 600 on it.");
	return from_fd(fd, "the file", typed, out);
}

/* The command keeps the terminal, so that it can ask for what it needs itself. */
static int from_command(const char *command, uint8_t *typed, struct passphrase *out)
{
	int ends[2], state = 0, code;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return say_status(WK_IO, "start the passphrase command");
	child = fork();
	if (child == 0) {
		if (dup2(ends[1], STDOUT_FILENO) >= 0)
			(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	if (child < 0) {
		(void)close(ends[0]);
		return say_status(WK_NOMEM, "start the passphrase command");
	}
	code = from_fd(ends[0], "the command", typed, out);
	(void)close(ends[0]);
	while (waitpid(child, &state, 0) < 0 && errno == EINTR)
		;
	/* It may die of our closing the pipe after its first line. */
	if (code == SAY_DONE && !(WIFEXITED(state) && WEXITSTATUS(state) == 0) &&
	    !(WIFSIGNALED(state) && WTERMSIG(state) == SIGPIPE)) {
		passphrase_fini(out);
		say_error("the passphrase command failed; nothing was done.");
		return SAY_FAILED;
	}
	return code;
}

int passphrase_get(const struct passphrase_source *source, const char *prompt, bool twice,
		   struct passphrase *out)
{
	SCOPED(secret_free_local) uint8_t *typed = secret_alloc(TYPED_MAX);
	SCOPED(secret_free_local) uint8_t *again = secret_alloc(TYPED_MAX);

	if (!typed || !again)
		return say_status(WK_NOMEM, "keep the passphrase");
	if ((source->file != NULL) + (source->command != NULL) + (source->fd >= 0) > 1) {
		say_error("give one of --passphrase-file, --passphrase-fd and "
			  "--passphrase-command, not several.");
		return SAY_USAGE;
	}
	if (source->file)
		return from_file(source->file, typed, out);
	if (source->command)
		return from_command(source->command, typed, out);
	if (source->fd >= 0)
		return from_fd(source->fd, "the descriptor", typed, out);
	return from_terminal(prompt, twice, typed, again, out);
}

enum wk_status passphrase_receive(int fd, struct passphrase *out)
{
	SCOPED(secret_free_local) uint8_t *room = secret_alloc(TYPED_MAX);
	size_t n = 0;

	if (!room)
		return WK_NOMEM;
	for (;;) {
		ssize_t got = read(fd, room + n, TYPED_MAX - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return WK_IO;
		if (got == 0)
			break;
		n += (size_t)got;
		if (n == TYPED_MAX)
			return WK_LIMIT;
	}
	if (n == 0)
		return WK_CANCELLED;
	out->p = take(&room);
	out->n = n;
	return WK_OK;
}
