/* SPDX-License-Identifier: Apache-2.0 */
/* Who is woken, who is not, and that nobody is missed. */
#include "harness.h"

#include <pthread.h>
#include <semaphore.h>

#include "base/clock.h"

struct waiter {
	struct hub_waiter base;
	sem_t woken;
	int64_t groups[2];
};

static void wake(struct hub_waiter *w)
{
	sem_post(&((struct waiter *)w)->woken);
}

static void init(struct waiter *w, int64_t account_n, int64_t one, int64_t two, int64_t wait_ms)
{
	*w = (struct waiter){ .groups = { one, two } };
	w->base = (struct hub_waiter){ .account_n = account_n, .groups = w->groups, .count = 2,
				       .deadline_ms = clock_mono_ms() + wait_ms, .wake = wake };
	sem_init(&w->woken, 0, 0);
}

static bool is_woken(struct waiter *w)
{
	return sem_trywait(&w->woken) == 0;
}

static void test_moves(void **state)
{
	struct hub *hub;
	struct waiter a, b, c;

	(void)state;
	assert_ok(hub_new(&hub));
	init(&a, 1, 10, 11, 60000);
	init(&b, 2, 12, 13, 60000);
	init(&c, 3, 12, 14, 60000);
	hub_wait(hub, &a.base, hub_moves(hub));
	hub_wait(hub, &b.base, hub_moves(hub));
	hub_wait(hub, &c.base, hub_moves(hub));
	assert_int_equal(hub_waiting(hub), 3);
	hub_moved(hub, 11);
	sem_wait(&a.woken);
	assert_false(is_woken(&b));
	hub_joined(hub, 2);
	sem_wait(&b.woken);
	assert_false(is_woken(&c));
	assert_int_equal(hub_waiting(hub), 1);
	hub_end(hub);
	sem_wait(&c.woken);
	init(&a, 1, 10, 11, 60000);
	hub_wait(hub, &a.base, hub_moves(hub));	/* nobody waits on a hub that has ended */
	sem_wait(&a.woken);
	hub_free(hub);
}

/* A move between looking at the heads and waiting is not lost. */
static void test_between(void **state)
{
	struct hub *hub;
	struct waiter a;
	uint64_t moves;

	(void)state;
	assert_ok(hub_new(&hub));
	moves = hub_moves(hub);
	hub_moved(hub, 10);
	init(&a, 1, 10, 11, 60000);
	hub_wait(hub, &a.base, moves);
	sem_wait(&a.woken);
	hub_free(hub);
}

static void test_deadline(void **state)
{
	struct hub *hub;
	struct waiter a, b;

	(void)state;
	assert_ok(hub_new(&hub));
	init(&b, 1, 10, 11, 60000);
	hub_wait(hub, &b.base, hub_moves(hub));
	init(&a, 1, 10, 11, 20);
	hub_wait(hub, &a.base, hub_moves(hub));
	sem_wait(&a.woken);
	assert_true(clock_mono_ms() >= a.base.deadline_ms);
	assert_false(is_woken(&b));
	hub_end(hub);
	sem_wait(&b.woken);
	hub_free(hub);
}

/* More groups move than the hub's lists hold: everybody looks. */
static void test_many(void **state)
{
	struct hub *hub;
	struct waiter a;

	(void)state;
	assert_ok(hub_new(&hub));
	init(&a, 1, 5000, 5001, 60000);
	hub_wait(hub, &a.base, hub_moves(hub));
	for (int64_t n = 1; n < 3000; n++)
		hub_moved(hub, n);
	sem_wait(&a.woken);
	hub_free(hub);
}

/* --- the committer --- */

struct job {
	struct commit_job base;
	const struct storage_ops *ops;
	enum wk_status answer, got;
	uint8_t hash[HASH_SIZE];
	sem_t done;
};

static enum wk_status job_run(struct commit_job *job, struct storage_tx *tx)
{
	struct job *j = (struct job *)job;
	enum wk_status st = j->ops->session_add(tx, j->hash, 1, 1);

	return st == WK_OK ? j->answer : st;
}

static void job_done(struct commit_job *job, enum wk_status st)
{
	struct job *j = (struct job *)job;

	j->got = st;
	sem_post(&j->done);
}

static void test_committer(void **state)
{
	enum { N = 500 };
	static struct job jobs[N];
	struct harness h;
	struct commit_counts counts;
	struct storage_tx *tx;

	(void)state;
	harness_start(&h);
	harness_signup(&h, "ann@example.com");
	for (int i = 0; i < N; i++) {
		jobs[i] = (struct job){ .base = { .run = job_run, .done = job_done },
					.ops = h.server.storage->ops,
					.answer = i % 3 == 0 ? WK_LIMIT : WK_OK };
		memcpy(jobs[i].hash, &i, sizeof i);
		sem_init(&jobs[i].done, 0, 0);
		committer_submit(h.server.committer, &jobs[i].base);
	}
	for (int i = 0; i < N; i++)
		sem_wait(&jobs[i].done);
	assert_ok(h.server.storage->ops->begin(h.server.storage, false, &tx));
	for (int i = 0; i < N; i++) {
		struct storage_session s;

		assert_status(jobs[i].got, jobs[i].answer);
		assert_status(h.server.storage->ops->session_find(tx, jobs[i].hash, h.arena, &s),
			      i % 3 == 0 ? WK_NOT_FOUND : WK_OK);
	}
	h.server.storage->ops->abort(tx);
	committer_counts(h.server.committer, &counts);
	assert_true(counts.jobs >= N);
	assert_true(counts.transactions < counts.jobs);	/* they shared commits */
	harness_stop(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),	 cmocka_unit_test(test_between),
		cmocka_unit_test(test_deadline), cmocka_unit_test(test_many),
		cmocka_unit_test(test_committer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
