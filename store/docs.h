/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_DOCS_H
#define STORE_DOCS_H

#include "crypto/digest.h"
#include "model/doc.h"
#include "store/tree.h"

/*
 * Resource groups and their documents: what is agreed with the server, what waits to be
 * sent.  A document has up to three texts (compact JSON): LOCAL, what the mount means now;
 * AGREED, the last state agreed with the server, kept only while LOCAL differs; SEEN, the
 * version that a user last read, kept while a newer one has not been read.
 *
 * Owner thread only (other threads: loop_call).  Pointers to groups and documents are stable
 * while the store is open; a document that is gone stays as a tombstone (removed = true), so that
 * a replayed old envelope is known as stale.
 */
#define DOCS_VERSION_MAX 64

enum docs_text { DOCS_LOCAL, DOCS_AGREED, DOCS_SEEN };

enum docs_state {
	DOCS_CLEAN,
	DOCS_PENDING,	/* waits to be sent */
	DOCS_INVALID,	/* its file is no valid document now; the last good text is what others see */
	DOCS_CONFLICT	/* it is a conflict copy that a person should look at (still clean or pending) */
};

struct docs_version {		/* a revision, as sync/ knows it */
	uint64_t n;		/* revision number in `ad`; 0: never sent */
	uint8_t digest[DIGEST_SIZE];
	char version[DOCS_VERSION_MAX + 1];	/* the server's; "" when it has none */
};

struct group {
	int64_t number;			/* key of its row */
	char id[CONTEXT_ID_MAX + 1];
	char *name;			/* of its Workspace, or what the server calls it */
	struct group_key *key;
	bool on_server;			/* false: made here and not yet there */
	bool lost;			/* the server no longer lets this account have it */
	bool mixed;
	uint64_t seq;			/* cursor */
	char mark[33];
	struct node *dir;		/* its directory; NULL until it has a Workspace or documents */
	struct doc *workspace;
	size_t live, pending, invalid;	/* documents */
	/* kept by sync/: */
	int64_t synced_ms;		/* wall time of the last complete exchange; 0 never */
	/* private to store/: */
	struct doc **docs;
	size_t doc_count, doc_room;
	size_t unplaced_count;
	struct node *unplaced;		/* the directory Unplaced; NULL: none is needed */
	bool settling;			/* has files to settle in this run */
	int64_t burst_ms;		/* when the running minute of new documents began */
	unsigned burst_count;
};

struct doc {
	int64_t number;
	struct group *group;
	char *id;
	char *type;
	char *parent_id;		/* NULL: none */
	enum kind kind;
	int64_t created_ms, modified_ms;	/* of LOCAL */
	uint64_t size;			/* of its rendering, by RENDER_VERSION */
	struct docs_version agreed;
	uint8_t sent_digest[DIGEST_SIZE];	/* of the envelope last sent and not yet confirmed; zeros: none */
	uint64_t generation;		/* grows with each change of LOCAL */
	uint64_t sent_generation;
	bool pending;
	bool removed;			/* LOCAL is "gone" */
	bool agreed_removed;
	bool conflict;			/* is a conflict copy */
	bool unplaced;			/* shown in Unplaced */
	struct node *node;		/* its file, or for directory kinds its directory */
	struct node *file;		/* for directory kinds the dir file in it; else == node */
	char *problem;			/* why it is invalid or unplaced, for people; NULL when it is not */
	uint32_t author;		/* index for docs_author(): who last edited it */
	/* private to store/: */
	uint32_t past_count;		/* digests in ROWS_PAST */
	uint32_t visit;			/* stamp of walks along the parents */
	bool invalid;			/* its file's text is no such document */
	bool held;			/* not sent until a person accepts it or edits it */
	bool has_agreed, has_seen;	/* texts that stand in ROWS_TEXT beside LOCAL */
	bool shown;			/* nothing of LOCAL waits for the view */
	bool stale;			/* the file's bytes are of an older LOCAL */
	bool text_has_id;		/* the file's text carries its `_id` */
	struct node *children;		/* files whose children nest: their directory */
	struct view_item *queued;
	struct settle_doc *settling;
};

static inline enum docs_state docs_state(const struct doc *doc)
{
	if (doc->invalid)
		return DOCS_INVALID;
	if (doc->conflict)
		return DOCS_CONFLICT;
	return doc->pending ? DOCS_PENDING : DOCS_CLEAN;
}

/* --- groups --- */
/* Adds one (key is taken over).  WK_EXISTS. */
enum wk_status docs_group_add(struct docs *d, const char *id, const char *name,
			      struct group_key *key, bool on_server, struct group **group_out);
struct group *docs_group(struct docs *d, const char *id);	/* NULL: unknown */
struct group *docs_group_at(struct docs *d, size_t index);	/* NULL past the end */
/* Writes the group's row after its fields were changed. */
enum wk_status docs_group_save(struct docs *d, struct group *g);

/* --- documents --- */
struct doc *docs_find(struct docs *d, const struct group *g, struct bytes id);
/* The same id live in any group of the account? */
bool docs_is_taken(struct docs *d, struct bytes id);
/* Each document of a group, tombstones too; index from 0, NULL past the end. */
struct doc *docs_at(struct docs *d, const struct group *g, size_t index);
/* Appends a text (compact JSON) to a secret buffer; WK_NOT_FOUND: no such text. AGREED is LOCAL when clean. */
enum wk_status docs_text(struct docs *d, const struct doc *doc, enum docs_text which,
			 struct buf *out);
const char *docs_author(struct docs *d, const struct doc *doc);	/* account id or "" */

/* --- changes made here --- */
/* A new document (import, conflict copy), pending, shown when view_run() has run.  The tree `json` is
 * copied.  WK_EXISTS: the id is live in this group.  WK_LIMIT. */
enum wk_status docs_add(struct docs *d, struct group *g, const struct json *json,
			struct doc **doc_out);
/* LOCAL becomes this; pending.  show: the view must change too (false: the file says it already). */
enum wk_status docs_edit(struct docs *d, struct doc *doc, const struct json *json, bool show);
/* LOCAL is gone; pending (or forgotten, if it was never sent). */
enum wk_status docs_remove(struct docs *d, struct doc *doc, bool show);

/* --- to the server --- */
struct docs_outgoing {
	struct doc *doc;
	uint64_t generation;
	bool removed;
};
/*
 * Up to `max` pending documents in the order they must be sent: creations parents first, changes and
 * moves, deletions last, children first.  Invalid documents' last good text is sent if it is pending.
 */
size_t docs_outgoing(struct docs *d, struct group *g, struct docs_outgoing *out, size_t max);
/* Before a push: remembers the envelope (by digest), so that its return is known as ours. */
enum wk_status docs_set_sent(struct docs *d, struct doc *doc, uint64_t generation,
			     const uint8_t digest[DIGEST_SIZE]);
/* The server has this revision of ours.  Clean, unless LOCAL went on since that generation. */
enum wk_status docs_set_agreed(struct docs *d, struct doc *doc, uint64_t generation, bool removed,
			       const struct docs_version *version, struct bytes sent_text);

/* --- from the server --- */
struct docs_remote {
	struct bytes id, type, author;
	bool removed;
	struct docs_version version;
	const struct json *json;	/* NULL when removed */
};
/*
 * AGREED becomes the remote state.  local: NULL when LOCAL becomes it too; else what LOCAL becomes (a
 * merge result), which stays pending.  local_removed: LOCAL stays gone and pending.  doc may be new (NULL
 * from docs_find before).  The view is queued.  A remote document whose id is live in another group of the account is
 * WK_EXISTS.
 */
enum wk_status docs_take(struct docs *d, struct group *g, const struct docs_remote *remote,
			 const struct json *local, bool local_removed, struct doc **doc_out);
/* Our state stands, but the server's version string changed (ours was given back, or re-read). */
enum wk_status docs_set_version(struct docs *d, struct doc *doc, const struct docs_version *v,
				bool pending);
/* Whether this digest was superseded here before (stale). */
bool docs_was_superseded(struct docs *d, const struct doc *doc, const uint8_t digest[DIGEST_SIZE]);

/* --- observers --- */
/* Called (owner thread) when something new waits to be sent. */
void docs_on_outgoing(struct docs *d, void (*fn)(void *arg), void *arg);

#endif
