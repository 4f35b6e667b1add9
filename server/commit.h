/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_COMMIT_H
#define SERVER_COMMIT_H

#include "base/scoped.h"
#include "server/storage.h"

/*
 * Group commit: a thread that takes whatever writing jobs wait, runs them in one
 * transaction, each in a bracket of its own, and tells each when the commit has
 * returned.  While one commit waits for the disk, the next jobs gather.
 */
struct commit_job {
	struct commit_job *next;	/* the committer's */
	enum wk_status st;		/* the committer's */
	/* On the committer's thread.  Any status but WK_OK undoes what it did. */
	enum wk_status (*run)(struct commit_job *job, struct storage_tx *tx);
	/* On the committer's thread, after the commit: WK_OK means that it is on disk. */
	void (*done)(struct commit_job *job, enum wk_status st);
};

struct committer;
enum wk_status committer_new(struct storage *storage, struct committer **out);
/* Runs what was submitted, then ends the thread. */
void committer_free(struct committer *c);
DEFINE_SCOPED_FREE(struct committer, committer_free)

/* The job stays the caller's and must live until done() was called.  Any thread. */
void committer_submit(struct committer *c, struct commit_job *job);
/* Submits and waits; `done` is not called.  For start and stop, never on a serving thread. */
enum wk_status committer_call(struct committer *c, struct commit_job *job);

struct commit_counts {
	uint64_t transactions, jobs;
};
void committer_counts(struct committer *c, struct commit_counts *out);

#endif
