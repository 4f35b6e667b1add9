/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_STATUS_H
#define STORE_STATUS_H

#include "store/docs.h"

/*
 * What a person is told: groups with counts, what waits and why, documents that are
 * invalid, unplaced or in conflict.  The same text for `.wakefs/status` and `wakefs status --json`.
 */
struct status_sync {		/* kept by sync/, owner thread */
	bool running;
	bool online;
	int64_t last_contact_ms;	/* wall; 0 never */
	int64_t next_try_ms;		/* wall; 0: none planned */
	bool alerted;			/* problem is an alert: it outlives passes that go well */
	char problem[160];		/* a sentence; "" when all is well */
};
struct status_sync *status_sync(struct store *s);
/* Call after changing it. */
void status_changed(struct store *s);
/* Called (owner thread, coalesced by the caller) when any of it changed. */
void status_on_change(struct store *s, void (*fn)(void *arg), void *arg);

/*
 * {"server":…,"account":…,"sync":{…},"groups":[{"id","name","documents","pending","invalid","synced"}…],
 *  "problems":[{"path","state","reason"}…]}
 */
enum wk_status status_write(struct store *s, struct buf *json_out);
/* One document or scratch file, by path from the mount's root: {"path","kind","id","type","state","version",
 * "author","created","modified","error"}.  WK_NOT_FOUND. */
enum wk_status status_write_path(struct store *s, struct bytes path, struct buf *json_out);

#endif
