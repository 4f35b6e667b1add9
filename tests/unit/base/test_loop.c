/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: work from other threads, descriptors, timers, and its end. */
#include "testing.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"

struct trace {
	struct loop *loop;
	struct loop_timer *timer;
	char text[64];
	size_t n;
	int fds[2];
	int calls;
};

static void note(struct trace *t, char c)
{
	if (t->n + 1 < sizeof t->text)
		t->text[t->n++] = c;
}

static void note_a(void *arg)
{
	note(arg, 'a');
}

static void note_b(void *arg)
{
	note(arg, 'b');
}

static void stop(void *arg)
{
	struct trace *t = arg;

	note(t, 's');
	loop_stop(t->loop);
}

static void setup(struct trace *t)
{
	*t = (struct trace){ .loop = NULL, .fds = { -1, -1 } };
	assert_ok(loop_new(&t->loop));
}

static void test_posted_in_order(void **state)
{
	struct trace t;

	(void)state;
	setup(&t);
	assert_ok(loop_post(t.loop, note_a, &t));
	assert_ok(loop_post(t.loop, stop, &t));
	assert_ok(loop_post(t.loop, note_b, &t));
	loop_run(t.loop);
	assert_string_equal(t.text, "asb");
	assert_status(loop_post(t.loop, note_a, &t), WK_CANCELLED);
	loop_free(t.loop);
}

static void post_again(void *arg)
{
	struct trace *t = arg;

	note(t, 'p');
	if (loop_post(t->loop, post_again, t) == WK_CANCELLED)
		note(t, 'c');
}

static void test_stop_before_run(void **state)
{
	struct trace t;

	(void)state;
	setup(&t);
	assert_ok(loop_post(t.loop, post_again, &t));
	loop_stop(t.loop);
	loop_run(t.loop);
	assert_string_equal(t.text, "pc");
	/* It can run once more. */
	loop_stop(t.loop);
	loop_run(t.loop);
	loop_free(t.loop);
}

static void on_readable(void *arg, short revents)
{
	struct trace *t = arg;
	char c;

	assert_true(revents & POLLIN);
	assert_int_equal(read(t->fds[0], &c, 1), 1);
	note(t, c);
}

static void test_descriptors(void **state)
{
	struct trace t;

	(void)state;
	setup(&t);
	assert_int_equal(pipe(t.fds), 0);
	assert_ok(loop_add_fd(t.loop, t.fds[0], POLLIN, on_readable, &t));
	assert_status(loop_add_fd(t.loop, t.fds[0], POLLIN, on_readable, &t), WK_EXISTS);
	loop_run_once(t.loop, 0);
	assert_string_equal(t.text, "");
	assert_int_equal(write(t.fds[1], "xy", 2), 2);
	loop_run_once(t.loop, 1000);
	loop_run_once(t.loop, 1000);
	assert_string_equal(t.text, "xy");
	assert_int_equal(write(t.fds[1], "z", 1), 1);
	loop_remove_fd(t.loop, t.fds[0]);
	loop_run_once(t.loop, 0);
	assert_string_equal(t.text, "xy");
	assert_ok(loop_add_fd(t.loop, t.fds[0], POLLIN, on_readable, &t));
	loop_run_once(t.loop, 1000);
	assert_string_equal(t.text, "xyz");
	loop_free(t.loop);
	(void)close(t.fds[0]);
	(void)close(t.fds[1]);
}

static struct trace *pair[2];

/* Whichever is served first takes the other away, and its number back into use. */
static void on_either(void *arg, short revents)
{
	struct trace *t = arg, *other = pair[0] == t ? pair[1] : pair[0];

	(void)revents;
	t->calls++;
	loop_remove_fd(t->loop, t->fds[0]);
	loop_remove_fd(t->loop, other->fds[0]);
	for (int i = 0; i < 20; i++)
		assert_ok(loop_add_fd(t->loop, i == 0 ? other->fds[0] : 1000 + i, POLLIN,
				      on_readable, other));
	for (int i = 1; i < 20; i++)
		loop_remove_fd(t->loop, 1000 + i);
}

static void test_removal_while_serving(void **state)
{
	struct trace a, b;

	(void)state;
	setup(&a);
	b = a;
	assert_int_equal(pipe(a.fds), 0);
	assert_int_equal(pipe(b.fds), 0);
	pair[0] = &a;
	pair[1] = &b;
	assert_ok(loop_add_fd(a.loop, a.fds[0], POLLIN, on_either, &a));
	assert_ok(loop_add_fd(a.loop, b.fds[0], POLLIN, on_either, &b));
	assert_int_equal(write(a.fds[1], "1", 1), 1);
	assert_int_equal(write(b.fds[1], "2", 1), 1);
	loop_run_once(a.loop, 1000);
	assert_int_equal(a.calls + b.calls, 1);
	assert_int_equal(a.n + b.n, 0);
	loop_run_once(a.loop, 1000);
	assert_int_equal(a.calls + b.calls, 1);
	assert_int_equal(a.n + b.n, 1);
	loop_free(a.loop);
	for (int i = 0; i < 2; i++) {
		(void)close(a.fds[i]);
		(void)close(b.fds[i]);
	}
}

static void set_again(void *arg)
{
	struct trace *t = arg;

	note(t, 't');
	assert_false(loop_timer_is_set(t->timer));
	if (t->n < 3)
		loop_timer_set(t->timer, 0);
	else
		loop_timer_free(t->timer);
}

static void test_timers(void **state)
{
	struct loop_timer *a, *b, *s;
	struct trace t;
	int64_t start = clock_mono_ms();

	(void)state;
	setup(&t);
	assert_ok(loop_timer_new(t.loop, note_a, &t, &a));
	assert_ok(loop_timer_new(t.loop, note_b, &t, &b));
	assert_ok(loop_timer_new(t.loop, stop, &t, &s));
	loop_timer_set(a, 1000000);
	loop_timer_set(b, 10);
	loop_timer_set(a, 20);
	loop_timer_set(s, 30);
	assert_true(loop_timer_is_set(a));
	loop_run(t.loop);
	assert_string_equal(t.text, "bas");
	assert_true(clock_mono_ms() - start >= 29);
	assert_false(loop_timer_is_set(a));
	loop_timer_set(a, 0);
	loop_timer_set(b, -5);
	loop_timer_clear(a);
	loop_timer_clear(a);
	loop_run_once(t.loop, 0);
	assert_string_equal(t.text, "basb");
	loop_timer_set(a, INT64_MAX);
	loop_free(t.loop);
}

static void test_timer_set_by_itself(void **state)
{
	struct trace t;

	(void)state;
	setup(&t);
	assert_ok(loop_timer_new(t.loop, set_again, &t, &t.timer));
	loop_timer_set(t.timer, 0);
	loop_run_once(t.loop, 0);
	assert_string_equal(t.text, "t");
	loop_run_once(t.loop, 0);
	loop_run_once(t.loop, 0);
	loop_run_once(t.loop, 0);
	assert_string_equal(t.text, "ttt");
	loop_free(t.loop);
}

#define MANY 500

/* When a timer may be due: the clock before and after it was set, plus the delay. */
struct due {
	struct loop_timer *timer;
	int64_t earliest_us, latest_us;
};

static struct due dues[MANY];
static const struct due *fired[MANY];
static size_t fired_n;

static void on_fire(void *arg)
{
	fired[fired_n++] = arg;
	assert_true(clock_mono_us() >= ((struct due *)arg)->earliest_us);
}

static void set_due(struct due *due, int64_t delay_ms)
{
	due->earliest_us = clock_mono_us() + delay_ms * 1000;
	loop_timer_set(due->timer, delay_ms);
	due->latest_us = clock_mono_us() + delay_ms * 1000;
}

static void test_many_timers(void **state)
{
	struct trace t;

	(void)state;
	setup(&t);
	fired_n = 0;
	for (size_t i = 0; i < MANY; i++)
		assert_ok(loop_timer_new(t.loop, on_fire, &dues[i], &dues[i].timer));
	for (size_t i = 0; i < MANY; i++)
		set_due(&dues[i], (int64_t)(i * 7919 % MANY) / 10);
	/* A third is cleared again, a third is set anew. */
	for (size_t i = 0; i < MANY; i += 3)
		loop_timer_clear(dues[i].timer);
	for (size_t i = 1; i < MANY; i += 3)
		set_due(&dues[i], (int64_t)(i * 6007 % MANY) / 10);
	while (fired_n < MANY - (MANY + 2) / 3)
		loop_run_once(t.loop, 1000);
	for (size_t i = 1; i < fired_n; i++)
		assert_true(fired[i - 1]->earliest_us <= fired[i]->latest_us);
	for (size_t i = 0; i < MANY; i++)
		assert_false(loop_timer_is_set(dues[i].timer));
	loop_free(t.loop);
}

#define POSTS 20000

static void count_call(void *arg)
{
	((struct trace *)arg)->calls++;
}

static void *post_many(void *arg)
{
	struct trace *t = arg;

	for (int i = 0; i < POSTS; i++)
		assert_ok(i % 8 ? loop_post(t->loop, count_call, t)
				: loop_call(t->loop, count_call, t));
	return NULL;
}

static void *run_loop(void *arg)
{
	loop_run(((struct trace *)arg)->loop);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t owner, posters[4];
	struct trace t;

	(void)state;
	setup(&t);
	assert_int_equal(pthread_create(&owner, NULL, run_loop, &t), 0);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&posters[i], NULL, post_many, &t), 0);
	for (size_t i = 0; i < 4; i++)
		(void)pthread_join(posters[i], NULL);
	loop_stop(t.loop);
	(void)pthread_join(owner, NULL);
	assert_int_equal(t.calls, 4 * POSTS);
	assert_status(loop_call(t.loop, count_call, &t), WK_CANCELLED);
	assert_int_equal(t.calls, 4 * POSTS);
	loop_free(t.loop);
}

struct caller {
	struct trace *t;
	atomic_int tid;
};

static void *call_once(void *arg)
{
	struct caller *caller = arg;

	atomic_store(&caller->tid, gettid());
	assert_status(loop_call(caller->t->loop, count_call, caller->t), WK_CANCELLED);
	return NULL;
}

/* A thread that sleeps has nothing to sleep on but the call. */
static bool is_asleep(int tid)
{
	char path[64], line[256] = "";
	const char *behind_name;
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	(void)!fgets(line, sizeof line, f);
	(void)fclose(f);
	behind_name = strrchr(line, ')');
	return behind_name && behind_name[2] == 'S';
}

static void test_free_cancels_calls(void **state)
{
	struct trace t;
	struct caller caller = { .t = &t };
	pthread_t thread;

	(void)state;
	setup(&t);
	assert_int_equal(pthread_create(&thread, NULL, call_once, &caller), 0);
	while (!atomic_load(&caller.tid) || !is_asleep(caller.tid))
		(void)sched_yield();
	loop_free(t.loop);
	(void)pthread_join(thread, NULL);
	assert_int_equal(t.calls, 0);
}

static bool work_thrice(void *arg)
{
	struct trace *t = arg;

	t->calls++;
	if (t->calls > 3)
		return false;
	note(t, 'w');
	return true;
}

static void test_spin(void **state)
{
	struct trace t;
	int64_t start;

	(void)state;
	setup(&t);
	loop_set_spin(t.loop, 2000, work_thrice, &t);
	loop_run_once(t.loop, 5);
	assert_int_equal(t.calls, 0); /* nothing has happened yet */
	assert_ok(loop_post(t.loop, note_a, &t));
	loop_run_once(t.loop, 5);
	assert_int_equal(t.calls, 0); /* there was work */
	start = clock_mono_us();
	loop_run_once(t.loop, 1000);
	assert_true(clock_mono_us() - start < 900000);
	assert_string_equal(t.text, "awww");
	assert_true(t.calls > 4);
	loop_run_once(t.loop, 5); /* quiet: spins once more, and then not again */
	t.calls = 10;
	loop_run_once(t.loop, 5);
	assert_int_equal(t.calls, 10);
	loop_set_spin(t.loop, 0, NULL, NULL);
	assert_ok(loop_post(t.loop, note_b, &t));
	loop_run_once(t.loop, 0);
	loop_run_once(t.loop, 0);
	assert_int_equal(t.calls, 10);
	loop_free(t.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posted_in_order),
		cmocka_unit_test(test_stop_before_run),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_removal_while_serving),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_timer_set_by_itself),
		cmocka_unit_test(test_many_timers),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_free_cancels_calls),
		cmocka_unit_test(test_spin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
