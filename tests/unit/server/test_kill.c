/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9 of a serving process under load: every push that was acknowledged is there. */
#include "harness.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define PUSHERS 4
#define ACKS_BEFORE_KILL 200

/* --- the served process: this program with arguments --- */

__attribute__((noreturn)) static void serve(const char *db)
{
	static struct harness h = { .fd = -1 };

	assert_ok(crypto_init());
	log_setup("test", LOG_ERROR);
	options_init(&h.options);
	assert_ok(options_set(&h.options, "listen", "127.0.0.1:0"));
	assert_ok(options_set(&h.options, "db", db));
	harness_open(&h);
	printf("%u\n", h.port);
	fflush(stdout);
	for (;;)
		pause();
}

static pid_t start(struct harness *h)
{
	int out[2];
	FILE *from;
	pid_t child;

	assert_int_equal(pipe(out), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		execl("/proc/self/exe", "test_kill", "serve", h->options.db, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	from = fdopen(out[0], "r");
	assert_int_equal(fscanf(from, "%u", &h->port), 1);
	fclose(from);
	return child;
}

/* --- the load --- */

struct pusher {
	struct harness *h;
	const char *session;
	int round, number;
	atomic_int *acks;
	int acked;	/* pushes 0 to acked - 1 were acknowledged */
};

static void make_id(char id[40], const struct pusher *p, int n)
{
	snprintf(id, 40, "r%d-%d-%d", p->round, p->number, n);
}

/* false: the server is gone. */
static bool push(struct pusher *p, int fd, int n)
{
	struct buf content = BUF_INIT(65536), body = BUF_INIT(65536), out = BUF_INIT(65536);
	struct wire_push_item item = { .type = bytes_str("Request"), .name = bytes_str("n/a"),
				       .seen_version = bytes_str(WIRE_NO_VERSION) };
	struct answer a = { 0 };
	char id[40];
	bool is_acked;

	make_id(id, p, n);
	make_envelope(&content, 500, "A");
	item.id = bytes_str(id);
	item.enc_content = buf_bytes(&content);
	assert_ok(wire_push_write(&item, 1, &body));
	append_head(&out, "POST", "/v1/groups/rg_1/push", p->session, NULL, body.n);
	assert_ok(buf_append(&out, body.p, body.n));
	is_acked = send_all(fd, buf_bytes(&out)) && read_answer(fd, &a) && a.status == 200;
	answer_fini(&a);
	buf_fini(&content);
	buf_fini(&body);
	buf_fini(&out);
	return is_acked;
}

static void *pusher_main(void *arg)
{
	struct pusher *p = arg;
	int fd = harness_connect(p->h);

	while (push(p, fd, p->acked)) {
		p->acked++;
		atomic_fetch_add(p->acks, 1);
	}
	close(fd);
	return NULL;
}

static void load_and_kill(struct harness *h, pid_t child, struct pusher pushers[PUSHERS])
{
	pthread_t threads[PUSHERS];
	atomic_int *acks = pushers[0].acks;

	atomic_store(acks, 0);
	for (int i = 0; i < PUSHERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, pusher_main, &pushers[i]), 0);
	while (atomic_load(acks) < ACKS_BEFORE_KILL)
		sched_yield();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	for (int i = 0; i < PUSHERS; i++)
		pthread_join(threads[i], NULL);
	harness_hang_up(h);
}

static void check(struct harness *h, const char *session, const struct pusher *p)
{
	struct buf body = BUF_INIT(65536);

	for (int n = 0; n < p->acked; n++) {
		char id[40];
		struct json *v;

		make_id(id, p, n);
		buf_clear(&body);
		assert_ok(buf_printf(&body, "{\"ids\":[\"%s\"]}", id));
		v = ask_json(h, "POST", "/v1/groups/rg_1/fetch", session, buf_bytes(&body), 200);
		if (at(v, "items")->count != 1)
			fail_msg("%s was acknowledged and is gone", id);
		arena_reset(h->arena);
	}
	buf_fini(&body);
}

static void test_kill(void **state)
{
	struct harness h = { .fd = -1, .arena = arena_new((size_t)1 << 28) };
	int rounds = getenv("TORTURE") ? 100 : 5;
	atomic_int acks;
	char session[65];
	pid_t child;

	(void)state;
	assert_ok(crypto_init());
	harness_dir(h.dir);
	snprintf(h.options.db, sizeof h.options.db, "%s/db", h.dir);
	child = start(&h);
	harness_session(&h, "ann@example.com", session);
	harness_group(&h, session, "rg_1");
	for (int round = 0; round < rounds; round++) {
		struct pusher pushers[PUSHERS];

		for (int i = 0; i < PUSHERS; i++)
			pushers[i] = (struct pusher){ &h, session, round, i, &acks, 0 };
		load_and_kill(&h, child, pushers);
		child = start(&h);
		for (int i = 0; i < PUSHERS; i++)
			check(&h, session, &pushers[i]);
	}
	harness_hang_up(&h);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	arena_free(h.arena);
	harness_remove(h.dir);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_kill) };

	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
