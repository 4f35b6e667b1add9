/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WAKEFSD_H
#define WAKEFSD_H

/* A real wakefsd with a database of its own, and accounts on it. */
#include "testing.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/scoped.h"
#include "crypto/account.h"
#include "net/api.h"

struct wakefsd {
	char dir[64], url[64];
	pid_t pid;
	int out;
};

static inline void wakefsd_start(struct wakefsd *s)
{
	char program[PATH_MAX], db[128], line[512] = "";
	ssize_t at = readlink("/proc/self/exe", program, sizeof program - 32);
	size_t n = 0;
	const char *port;
	int fds[2];

	assert_true(at > 0);
	program[at] = '\0';
	/* The program beside this test: build/<kind>/wakefsd. */
	(void)snprintf(program + strlen(dirname(program)), 32, "/../../wakefsd");
	(void)snprintf(s->dir, sizeof s->dir, "/tmp/wakefs-net-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	(void)snprintf(db, sizeof db, "%s/server.db", s->dir);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)execl(program, "wakefsd", "--listen", "127.0.0.1:0", "--db", db,
			    (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	s->out = fds[0];
	while (n < sizeof line - 1 && !strchr(line, '\n')) {
		struct pollfd p = { .fd = s->out, .events = POLLIN };

		assert_int_equal(poll(&p, 1, 20000), 1);
		assert_int_equal(read(s->out, line + n, 1), 1);
		line[++n] = '\0';
	}
	port = strstr(line, "http://127.0.0.1:");
	assert_non_null(port);
	(void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%lu",
		       strtoul(port + 17, NULL, 10));
}

static inline void wakefsd_stop(struct wakefsd *s, int signal_number)
{
	int state;
	pid_t pid;

	assert_int_equal(kill(s->pid, signal_number), 0);
	assert_int_equal(waitpid(s->pid, &state, 0), s->pid);
	if (signal_number == SIGTERM)
		assert_true(WIFEXITED(state) && WEXITSTATUS(state) == 0);
	(void)close(s->out);
	pid = fork();
	if (pid == 0) {
		(void)execlp("rm", "rm", "-rf", s->dir, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, &state, 0);
}

/* Signs an account up; its id is in id_out. */
static inline void wakefsd_account(const struct wakefsd *s, const char *email,
				   const char *passphrase, char id_out[129])
{
	struct account_material m = { .public_jwk = BUF_INIT(65536),
				      .enc_private = BUF_INIT(65536),
				      .enc_symmetric = BUF_INIT(65536) };
	struct account_keys keys = { 0 };
	struct api *api = NULL;
	struct wire_signup w;

	assert_ok(account_make(bytes_str(email), bytes_str(passphrase), &m, &keys));
	assert_ok(api_new(s->url, &api));
	w = (struct wire_signup){
		.email = bytes_str(email), .first_name = bytes_str("Ann"),
		.last_name = bytes_str(""), .id = bytes_str(m.id),
		.salt_enc = bytes_str(m.salt_enc), .salt_auth = bytes_str(m.salt_auth),
		.salt_key = bytes_str(m.salt_key), .verifier = bytes_str(m.verifier),
		.public_key = buf_bytes(&m.public_jwk),
		.enc_private_key = buf_bytes(&m.enc_private),
		.enc_symmetric_key = buf_bytes(&m.enc_symmetric),
	};
	assert_ok(api_signup(api, &w));
	(void)snprintf(id_out, 129, "%s", m.id);
	api_free(api);
	account_keys_fini(&keys);
	account_material_fini(&m);
}

#endif
