/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket with a real store behind it: what is asked for, and what breaks the rules. */
#include "cli/control.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/control_address.h"
#include "cli/control_client.h"
#include "crypto/secret.h"
#include "testing.h"

#define WORKSPACE                                                                                  \
	"{\"_id\":\"wrk_0123456789abcdef0123456789abcdef\",\"type\":\"Workspace\","                \
	"\"parentId\":null,\"name\":\"Tried\",\"created\":1,\"modified\":1}"
#define REQUEST                                                                                    \
	"{\"_id\":\"req_0123456789abcdef0123456789abcdef\",\"type\":\"Request\","                  \
	"\"parentId\":\"wrk_0123456789abcdef0123456789abcdef\",\"name\":\"One\",\"url\":\"x\","    \
	"\"created\":1,\"modified\":1}"

static char dir[] = "/tmp/wakefs-test-control.XXXXXX";

struct world {
	char store_dir[64];
	struct loop *loop;
	struct store *store;
	struct control *control;
	bool asked_to_stop;
	void (*client)(struct world *w);
	_Atomic bool done;
};

static void on_stop(void *arg)
{
	((struct world *)arg)->asked_to_stop = true;
}

static enum wk_status on_renew(void *arg, struct bytes session, struct bytes account_id)
{
	(void)arg;
	(void)session;
	return bytes_equal_str(account_id, "act_ann") ? WK_OK : WK_CONFLICT;
}

static void *run_client(void *arg)
{
	struct world *w = arg;

	w->client(w);
	atomic_store(&w->done, true);
	return NULL;
}

/* Serves on this thread while the client asks on another. */
static void play(void (*client)(struct world *w))
{
	static int number;
	struct world w = { .client = client };
	struct store_params p = { .dir = w.store_dir, .slot_memory_kib = 8,
				  .owner_line = "test", .passphrase = bytes_str("pass") };
	struct control_host host = { .dir = w.store_dir, .mountpoint = "/mnt", .stop = on_stop,
				     .renew = on_renew, .arg = &w };
	char owner[64];
	pthread_t thread;

	(void)snprintf(w.store_dir, sizeof w.store_dir, "%s/%d", dir, number++);
	assert_ok(loop_new(&w.loop));
	p.loop = w.loop;
	assert_ok(store_create(&p, owner, sizeof owner, &w.store));
	host.store = w.store;
	assert_ok(control_open(&host, &w.control));
	assert_int_equal(pthread_create(&thread, NULL, run_client, &w), 0);
	while (!atomic_load(&w.done) && !w.asked_to_stop)
		loop_run_once(w.loop, 10);
	control_detach(w.control);
	assert_ok(store_close(w.store));
	control_finish(w.control, 3, false);
	assert_int_equal(pthread_join(thread, NULL), 0);
	loop_free(w.loop);
}

static const struct json *ask(struct control_client *c, const char *question)
{
	const struct json *answer = NULL;

	assert_ok(control_client_ask(c, bytes_str(question), &answer));
	return answer;
}

static void client_asks(struct world *w)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;
	const struct json *answer = NULL;
	int64_t pid = 0;

	assert_ok(control_client_open(w->store_dir, &c));
	assert_true(json_get_int64(ask(&c, "{\"op\":\"info\"}"), "pid", &pid));
	assert_int_equal(pid, getpid());
	assert_non_null(json_get(ask(&c, "{\"op\":\"status\"}"), "status"));
	(void)ask(&c, "{\"op\":\"session\",\"session\":\"00\",\"account_id\":\"act_ann\"}");
	assert_status(control_client_ask(&c, bytes_str("{\"op\":\"session\",\"session\":\"00\","
						       "\"account_id\":\"act_eve\"}"), NULL),
		      WK_DENIED);
	assert_int_equal(c.exit_code, 5);
	assert_status(control_client_ask(&c, bytes_str("{\"op\":\"stat\",\"path\":\"no\"}"), NULL),
		      WK_DENIED);
	assert_status(control_client_ask(&c, bytes_str("{\"op\":\"export\",\"group\":\"no\","
						       "\"from\":0}"), NULL), WK_DENIED);
	answer = json_get(ask(&c, "{\"op\":\"taken\",\"ids\":[\"a\",7]}"), "taken");
	assert_int_equal(answer->count, 2);
	assert_int_equal(answer->items[0].type, JSON_FALSE);
}

static void test_questions_are_answered(void **state)
{
	(void)state;
	play(client_asks);
}

static void client_imports(struct world *w)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;
	const struct json *answer;
	char question[256];

	assert_ok(control_client_open(w->store_dir, &c));
	/* Out of order: refused, and nothing has happened. */
	assert_status(control_client_ask(&c, bytes_str("{\"op\":\"import-end\"}"), NULL),
		      WK_DENIED);
	assert_status(control_client_ask(&c, bytes_str("{\"op\":\"import-docs\",\"docs\":[]}"),
					 NULL), WK_DENIED);
	(void)ask(&c, "{\"op\":\"import-begin\"}");
	assert_status(control_client_ask(&c, bytes_str("{\"op\":\"import-end\"}"), NULL),
		      WK_DENIED);
	(void)ask(&c, "{\"op\":\"import-begin\"}");
	(void)ask(&c, "{\"op\":\"import-docs\",\"docs\":[" WORKSPACE "," REQUEST "]}");
	answer = ask(&c, "{\"op\":\"import-end\"}");
	while (!json_get(answer, "group"))
		assert_ok(control_client_next(&c, &answer));
	(void)snprintf(question, sizeof question, "{\"op\":\"export\",\"group\":\"%.*s\",\"from\":0}",
		       (int)json_get_str(answer, "group").n,
		       (const char *)json_get_str(answer, "group").p);
	answer = ask(&c, question);
	assert_int_equal(json_get(answer, "docs")->count, 2);
	/* The second of the two has no id: both are taken back. */
	(void)ask(&c, "{\"op\":\"import-begin\"}");
	(void)ask(&c, "{\"op\":\"import-docs\",\"docs\":[{\"_id\":\"wrk_2\",\"type\":\"Workspace\","
		      "\"name\":\"Half\"},{\"type\":\"Request\"}]}");
	assert_status(control_client_ask(&c, bytes_str("{\"op\":\"import-end\"}"), NULL),
		      WK_DENIED);
	answer = json_get(ask(&c, "{\"op\":\"taken\",\"ids\":[\"wrk_2\"]}"), "taken");
	assert_int_equal(answer->items[0].type, JSON_FALSE);
}

static void test_import_is_whole_or_not(void **state)
{
	(void)state;
	play(client_imports);
}

static void client_leaves(struct world *w)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;
	const struct json *answer = NULL;
	int64_t pending = 0;

	assert_ok(control_client_open(w->store_dir, &c));
	(void)ask(&c, "{\"op\":\"umount\"}");
	assert_ok(control_client_next(&c, &answer));
	assert_true(json_get_int64(answer, "pending", &pending));
	assert_int_equal(pending, 3);
	assert_status(control_client_next(&c, &answer), WK_NOT_FOUND);
}

static void test_leaving_is_told_when_done(void **state)
{
	(void)state;
	play(client_leaves);
}

static int connect_raw(const struct world *w)
{
	SCOPED(control_address_fini) struct control_address a = CONTROL_ADDRESS_INIT;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_ok(control_address_make(w->store_dir, &a));
	assert_int_equal(connect(fd, (const struct sockaddr *)&a.un, sizeof a.un), 0);
	return fd;
}

static void client_misbehaves(struct world *w)
{
	static const char *const lines[] = {
		"no json\n", "{}\n", "[]\n", "{\"op\":7}\n", "{\"op\":\"none\"}\n",
		"{\"op\":\"info\"} x\n", "\n",
	};
	struct stat st;
	char path[128], byte;

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		SCOPED(scoped_close) int fd = connect_raw(w);

		assert_int_equal(send(fd, lines[i], strlen(lines[i]), 0), strlen(lines[i]));
		assert_int_equal(recv(fd, &byte, 1, 0), 0);
	}
	for (int i = 0; i < 40; i++) {	/* half a line, and gone */
		SCOPED(scoped_close) int fd = connect_raw(w);

		assert_int_equal(send(fd, "{\"op\"", 5, MSG_NOSIGNAL), 5);
	}
	(void)snprintf(path, sizeof path, "%s/control.sock", w->store_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	client_asks(w);
}

static void test_broken_rules_end_the_connection(void **state)
{
	(void)state;
	play(client_misbehaves);
}

static void test_nobody_there(void **state)
{
	SCOPED(control_client_fini) struct control_client c = CONTROL_CLIENT_INIT;

	(void)state;
	assert_status(control_client_open(dir, &c), WK_NOT_FOUND);
	assert_status(control_client_open("/tmp/wakefs-test-none", &c), WK_NOT_FOUND);
}

static int remove_all(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions_are_answered),
		cmocka_unit_test(test_import_is_whole_or_not),
		cmocka_unit_test(test_leaving_is_told_when_done),
		cmocka_unit_test(test_broken_rules_end_the_connection),
		cmocka_unit_test(test_nobody_there),
	};

	(void)umask(077);
	if (crypto_init() != WK_OK || !mkdtemp(dir))
		return 1;
	return cmocka_run_group_tests(tests, NULL, remove_all);
}
