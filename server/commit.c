/* SPDX-License-Identifier: Apache-2.0 */
/* The committer's thread.  See commit.h. */
#include "server/commit.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"

/* So that one transaction does not keep the first of its jobs waiting for ever. */
#define JOBS_AT_ONCE 256

struct committer {
	struct storage *storage;
	pthread_t thread;
	pthread_mutex_t mutex;	/* guards what follows */
	pthread_cond_t wake;
	struct commit_job *first, **last;
	bool is_ending;
	struct commit_counts counts;
};

static enum wk_status run_one(struct committer *c, struct storage_tx *tx, struct commit_job *job)
{
	const struct storage_ops *ops = c->storage->ops;
	enum wk_status st = ops->mark(tx);

	job->st = WK_IO;
	if (st != WK_OK)
		return st;
	job->st = job->run(job, tx);
	if (job->st == WK_OK)
		return ops->keep(tx);
	/* A database that gave the whole transaction up says so first to the job. */
	return ops->undo(tx) == WK_OK ? WK_OK : job->st;
}

/* All of the list in one transaction; each job's st is its outcome. */
static void run_all(struct committer *c, struct commit_job *first)
{
	const struct storage_ops *ops = c->storage->ops;
	struct storage_tx *tx;
	enum wk_status st = ops->begin(c->storage, true, &tx);

	if (st == WK_OK) {
		for (struct commit_job *job = first; job && st == WK_OK; job = job->next)
			st = run_one(c, tx, job);
		if (st == WK_OK)
			st = ops->commit(tx);
		else
			ops->abort(tx);
	}
	if (st == WK_OK)
		return;
	log_error("commit: %s", wk_status_text(st));
	for (struct commit_job *job = first; job; job = job->next)
		job->st = st;
}

/* At most JOBS_AT_ONCE from the front.  The mutex is held. */
static struct commit_job *take_jobs(struct committer *c)
{
	struct commit_job *first = c->first, *job = first;

	c->counts.jobs++;
	for (int n = 1; n < JOBS_AT_ONCE && job->next; n++) {
		job = job->next;
		c->counts.jobs++;
	}
	c->first = job->next;
	if (!c->first)
		c->last = &c->first;
	job->next = NULL;
	return first;
}

static void *committer_main(void *arg)
{
	struct committer *c = arg;

	pthread_mutex_lock(&c->mutex);
	while (c->first || !c->is_ending) {
		struct commit_job *job;

		if (!c->first) {
			pthread_cond_wait(&c->wake, &c->mutex);
			continue;
		}
		job = take_jobs(c);
		c->counts.transactions++;
		pthread_mutex_unlock(&c->mutex);
		run_all(c, job);
		while (job) {
			struct commit_job *next = job->next;	/* done() may free the job */

			job->done(job, job->st);
			job = next;
		}
		pthread_mutex_lock(&c->mutex);
	}
	pthread_mutex_unlock(&c->mutex);
	return NULL;
}

enum wk_status committer_new(struct storage *storage, struct committer **out)
{
	struct committer *c = calloc(1, sizeof *c);

	if (!c)
		return WK_NOMEM;
	c->storage = storage;
	c->last = &c->first;
	pthread_mutex_init(&c->mutex, NULL);
	pthread_cond_init(&c->wake, NULL);
	if (pthread_create(&c->thread, NULL, committer_main, c) != 0) {
		free(c);
		return WK_NOMEM;
	}
	*out = c;
	return WK_OK;
}

void committer_free(struct committer *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->mutex);
	c->is_ending = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->mutex);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}

void committer_submit(struct committer *c, struct commit_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&c->mutex);
	*c->last = job;
	c->last = &job->next;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->mutex);
}

struct waiting_job {
	struct commit_job base;
	struct commit_job *inner;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool is_done;
	enum wk_status st;
};

static enum wk_status waiting_run(struct commit_job *job, struct storage_tx *tx)
{
	struct commit_job *inner = ((struct waiting_job *)job)->inner;

	return inner->run(inner, tx);
}

static void waiting_done(struct commit_job *job, enum wk_status st)
{
	struct waiting_job *w = (struct waiting_job *)job;

	pthread_mutex_lock(&w->mutex);
	w->is_done = true;
	w->st = st;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->mutex);
}

enum wk_status committer_call(struct committer *c, struct commit_job *job)
{
	struct waiting_job w = { .base = { .run = waiting_run, .done = waiting_done },
				 .inner = job, .mutex = PTHREAD_MUTEX_INITIALIZER,
				 .wake = PTHREAD_COND_INITIALIZER };

	committer_submit(c, &w.base);
	pthread_mutex_lock(&w.mutex);
	while (!w.is_done)
		pthread_cond_wait(&w.wake, &w.mutex);
	pthread_mutex_unlock(&w.mutex);
	return w.st;
}

void committer_counts(struct committer *c, struct commit_counts *out)
{
	pthread_mutex_lock(&c->mutex);
	*out = c->counts;
	pthread_mutex_unlock(&c->mutex);
}
