/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_INTAKE_H
#define CLI_INTAKE_H

#include "base/json.h"
#include "base/scoped.h"
#include "store/docs.h"

/*
 * One workspace on its way into the store, in steps, so that a mount goes on answering meanwhile.
 * Owner thread of the store.
 */
struct intake;

/*
 * docs[0] is the Workspace; ids are mapped already (exchange_map_ids).  into: NULL for a new group;
 * else what hangs below docs[0] is hung below that group's Workspace, and docs[0] itself is left
 * out.  The trees are borrowed until the intake is freed, and changed when `into` is given.
 */
enum wk_status intake_new(struct store *store, struct group *into, struct json **docs,
			  size_t count, struct intake **out);
void intake_free(struct intake *t);
DEFINE_SCOPED_FREE(struct intake, intake_free)

/* Adds some more in one transaction.  On failure everything added so far is taken back. */
enum wk_status intake_step(struct intake *t);
size_t intake_done(const struct intake *t);
bool intake_is_complete(const struct intake *t);
/* The disk has to catch up before the next step. */
bool intake_must_wait(const struct intake *t);
struct group *intake_group(const struct intake *t);

#endif
