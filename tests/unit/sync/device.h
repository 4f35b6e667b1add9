/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEVICE_H
#define DEVICE_H

/* A real wakefsd in a directory of its own, and devices (stores) of one account on it. */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/rand.h"
#include "crypto/account.h"
#include "net/api.h"
#include "store/view.h"
#include "sync/sync.h"

#define EMAIL "ann@example.com"
#define PASSPHRASE "correct horse battery staple"

struct server {
	char dir[64];
	char db[128];
	char url[64];
	pid_t pid;
	int out;
	unsigned port;
};

/* The program of the same build, above this test: build/<kind>/wakefsd. */
static inline void server_program(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 32);

	assert_true(n > 0);
	path[n] = '\0';
	do {
		(void)dirname(path);
		assert_true(strlen(path) > 1);
		n = (ssize_t)strlen(path);
		(void)snprintf(path + n, 32, "/wakefsd");
		if (access(path, X_OK) == 0)
			return;
		path[n] = '\0';
	} while (true);
}

static inline void server_start(struct server *s)
{
	char program[PATH_MAX], listen[64], line[512] = "";
	size_t n = 0;
	int fds[2];
	const char *at;

	server_program(program);
	(void)snprintf(listen, sizeof listen, "127.0.0.1:%u", s->port);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		execl(program, "wakefsd", "--listen", listen, "--db", s->db, (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	s->out = fds[0];
	while (n < sizeof line - 1 && !strchr(line, '\n')) {
		struct pollfd p = { .fd = s->out, .events = POLLIN };

		assert_int_equal(poll(&p, 1, 10000), 1);
		assert_int_equal(read(s->out, line + n, 1), 1);
		line[++n] = '\0';
	}
	at = strstr(line, "http://127.0.0.1:");
	assert_non_null(at);
	s->port = (unsigned)strtoul(at + 17, NULL, 10);
	(void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", s->port);
}

static inline void server_stop(struct server *s, int signal_number)
{
	int status;

	(void)kill(s->pid, signal_number);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	(void)close(s->out);
}

static inline void server_new(struct server *s)
{
	*s = (struct server){ .dir = "/tmp/wakefs-sync-XXXXXX" };
	assert_non_null(mkdtemp(s->dir));
	(void)snprintf(s->db, sizeof s->db, "%s/server.db", s->dir);
	server_start(s);
}

static inline void server_free(struct server *s)
{
	char command[128];
	pid_t pid;

	server_stop(s, SIGTERM);
	(void)snprintf(command, sizeof command, "%s", s->dir);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(127);
	}
	(void)waitpid(pid, NULL, 0);
}

static inline void account_create(const struct server *s)
{
	struct account_material m = { .public_jwk = BUF_INIT(65536),
				      .enc_private = BUF_INIT(65536),
				      .enc_symmetric = BUF_INIT(65536) };
	struct account_keys keys = { 0 };
	struct api *api = NULL;
	struct wire_signup w;

	assert_ok(account_make(bytes_str(EMAIL), bytes_str(PASSPHRASE), &m, &keys));
	assert_ok(api_new(s->url, &api));
	w = (struct wire_signup){
		.email = bytes_str(EMAIL), .first_name = bytes_str("Ann"),
		.last_name = bytes_str(""), .id = bytes_str(m.id),
		.salt_enc = bytes_str(m.salt_enc), .salt_auth = bytes_str(m.salt_auth),
		.salt_key = bytes_str(m.salt_key), .verifier = bytes_str(m.verifier),
		.public_key = buf_bytes(&m.public_jwk),
		.enc_private_key = buf_bytes(&m.enc_private),
		.enc_symmetric_key = buf_bytes(&m.enc_symmetric),
	};
	assert_ok(api_signup(api, &w));
	api_free(api);
	account_keys_fini(&keys);
	account_material_fini(&m);
}

struct device {
	char dir[128];
	struct loop *loop;
	struct store *store;
	struct sync *sync;
};

static inline void device_settings(struct device *d, const struct server *s)
{
	struct arena *arena = arena_new(1 << 22);
	struct account_keys keys = { 0 };
	struct enc_key *enc = NULL;
	struct buf jwk = BUF_SECRET_INIT(65536);
	struct api *api = NULL;
	struct wire_whoami who;
	char session[65];

	assert_ok(api_new(s->url, &api));
	assert_ok(api_login(api, bytes_str(EMAIL), bytes_str(PASSPHRASE), session));
	assert_ok(api_whoami(api, arena, &who));
	assert_ok(kdf_enc_key(bytes_str(PASSPHRASE), bytes_str(EMAIL), who.salt_enc, &enc));
	assert_ok(account_open(enc, who.account_id, who.enc_symmetric_key, who.enc_private_key,
			       who.public_key, &keys));
	assert_ok(rsa_private_write(keys.private_key, &jwk));
	assert_ok(store_setting_put(d->store, SETTING_ACCOUNT_ID, who.account_id));
	assert_ok(store_setting_put(d->store, SETTING_EMAIL, bytes_str(EMAIL)));
	assert_ok(store_setting_put(d->store, SETTING_SERVER_URL, bytes_str(s->url)));
	assert_ok(store_setting_put(d->store, SETTING_SESSION, bytes_str(session)));
	assert_ok(store_setting_put(d->store, SETTING_PRIVATE_KEY, buf_bytes(&jwk)));
	buf_fini(&jwk);
	enc_key_free(enc);
	account_keys_fini(&keys);
	api_free(api);
	arena_free(arena);
}

static inline void device_new(struct device *d, const struct server *s, const char *name)
{
	struct store_params p = { .passphrase = bytes_str(PASSPHRASE), .slot_memory_kib = 64,
				  .owner_line = "test" };
	struct sync_params sp = { 0 };
	char owner[128];

	(void)snprintf(d->dir, sizeof d->dir, "%s/%s", s->dir, name);
	assert_ok(loop_new(&d->loop));
	p.dir = d->dir;
	p.loop = d->loop;
	assert_ok(store_create(&p, owner, sizeof owner, &d->store));
	device_settings(d, s);
	sp.store = d->store;
	assert_ok(sync_new(&sp, &d->sync));
}

static inline void device_free(struct device *d)
{
	sync_free(d->sync);
	assert_ok(store_close(d->store));
	loop_free(d->loop);
}

/* A new group with its Workspace, made on this device. */
static inline struct group *device_group(struct device *d, const char *id, const char *name)
{
	struct group_key *key = group_key_new();
	struct group *g = NULL;

	assert_non_null(key);
	secret_random(key->k, KEY_SIZE);
	assert_ok(docs_group_add(store_docs(d->store), id, name, key, false, &g));
	return g;
}

static inline struct doc *device_add(struct device *d, struct group *g, const char *text)
{
	struct arena *arena = arena_new(1 << 22);
	struct json *json = NULL;
	struct doc *doc = NULL;

	assert_ok(json_parse(arena, bytes_str(text), &json, NULL));
	assert_ok(docs_add(store_docs(d->store), g, json, &doc));
	view_run(store_view(d->store));
	arena_free(arena);
	return doc;
}

/* Sets one string member of a document, as an edit here. */
static inline void device_edit(struct device *d, struct doc *doc, const char *key,
			       const char *value, int64_t modified_ms)
{
	struct arena *arena = arena_new(1 << 22);
	struct buf text = BUF_SECRET_INIT(1 << 20);
	struct json *json = NULL;

	assert_ok(docs_text(store_docs(d->store), doc, DOCS_LOCAL, &text));
	assert_ok(json_parse(arena, buf_bytes(&text), &json, NULL));
	assert_ok(json_set_str(arena, json, key, bytes_str(value)));
	assert_ok(json_set_int(arena, json, "modified", modified_ms));
	assert_ok(docs_edit(store_docs(d->store), doc, json, true));
	view_run(store_view(d->store));
	buf_fini(&text);
	arena_free(arena);
}

static inline struct doc *device_doc(struct device *d, const char *group_id, const char *id)
{
	struct group *g = docs_group(store_docs(d->store), group_id);

	return g ? docs_find(store_docs(d->store), g, bytes_str(id)) : NULL;
}

/* The document's member as text; the caller frees it. */
static inline char *device_value(struct device *d, struct doc *doc, const char *key)
{
	struct arena *arena = arena_new(1 << 22);
	struct buf text = BUF_SECRET_INIT(1 << 20);
	struct json *json = NULL;
	char *value;

	assert_ok(docs_text(store_docs(d->store), doc, DOCS_LOCAL, &text));
	assert_ok(json_parse(arena, buf_bytes(&text), &json, NULL));
	value = bytes_dup(json_get_str(json, key));
	buf_fini(&text);
	arena_free(arena);
	return value;
}

#define assert_value(device, doc, key, want)                                                       \
	do {                                                                                       \
		char *value_ = device_value((device), (doc), (key));                               \
		assert_string_equal(value_, (want));                                               \
		free(value_);                                                                      \
	} while (0)

#endif
