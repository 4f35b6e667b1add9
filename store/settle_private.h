/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STORE_SETTLE_PRIVATE_H
#define STORE_SETTLE_PRIVATE_H

#include <sys/stat.h>

#include "base/loop.h"
#include "store/docs_private.h"
#include "store/settle.h"

/*
 * What the files settle*.c share.  settle.c notes what is touched and when it is time;
 * settle_run.c decides group by group; settle_groups.c, settle_dirs.c and settle_parent.c have the
 * directories, settle_files.c and settle_new.c the files, settle_save.c what a saved text does to its
 * document, settle_superseded.c the same for a file that was replaced meanwhile.
 */
#define SETTLE_MOVE_MS 500	/* a rename away may be half of a save, a swap or a rotation */
#define SETTLE_TICK_MS 200
#define SETTLE_BURST 200	/* new documents in a minute */

/* A document that may have changed, and where it stood before. */
struct settle_doc {
	struct doc *doc;
	char *path;		/* in its group, of its file or directory */
	char *name;		/* the last part of it */
	uint64_t dir_ino, ino;
	uint64_t file_ino;	/* for directories that of the file in it */
	uint64_t generation;	/* the document's then; greater: it was changed elsewhere since */
	int64_t since_ms;
	bool fetched;		/* the kernel had read the file as it was then */
	bool stale;		/* the file showed an older text than LOCAL */
	bool settled;
};

/* A file or directory that was touched. */
struct settle_node {
	uint64_t ino;		/* its key */
	struct node *node;
	bool complete;		/* the save is known to be whole */
	bool expanded;		/* directories: what is in it has been noted */
	int64_t written_ms, named_ms;	/* monotonic; 0: not */
	bool settled;
	char *problem;		/* looked at: no document, and why */
	/* for one run: */
	struct group *group;
	char *path;
	char text_id[DOC_ID_MAX + 1];
	bool id_is_read;
	enum kind kind;
	char type[72];
	bool is_dir_file;
	struct settle_doc *match;
};

struct settle {
	struct store *store;
	struct docs *docs;
	struct tree *tree;
	struct loop_timer *timer, *soon;
	struct map *by_ino;
	struct settle_node **nodes;
	size_t node_count, node_room;
	struct settle_doc **list;
	size_t doc_count, doc_room;
	bool running;
	bool force, removals;	/* of this run */
	int64_t now_ms;
};

/* settle.c */
struct settle_node *settle_find(struct settle *s, const struct node *node);
/* Notes it (again); NULL: out of memory. */
struct settle_node *settle_note(struct settle *s, struct node *node);
/* The document's file may have changed or gone: remembers where it stands (dir, name). */
void settle_note_doc(struct settle *s, struct doc *doc, struct node *dir, struct bytes name);
/* The same, where it stands now. */
void settle_note_place(struct settle *s, struct doc *doc);
/* The node is another document's from now on. */
void settle_take_away(struct settle *s, struct doc *doc, const struct node *node);
/* The node is about to be freed. */
void settle_drop(struct settle *s, const struct node *node);
/* The group in whose documents' part this stands; NULL: scratch, or nowhere. */
struct group *settle_area(struct settle *s, struct node *node);
bool settle_is_scratch_dir(struct settle *s, struct node *dir, struct bytes name);
/* "Pets/List pets.json"; appends.  WK_NOT_FOUND: it stands nowhere. */
enum wk_status settle_path(struct settle *s, struct node *node, struct buf *out);
enum wk_status settle_set_problem(struct settle_node *e, const char *problem);
void settle_later(struct settle *s);

/* settle_hooks.c: listens to the tree. */
void settle_watch(struct settle *s);

/* settle_run.c */
void settle_run(struct settle *s, bool force, bool removals);

/* settle_groups.c */
/* Notes the documents below folders that left their group. */
void settle_miss(struct settle *s);
void settle_new_groups(struct settle *s);
void settle_expand(struct settle *s, struct group *g);
bool settle_has_waited(const struct settle *s, const struct settle_node *e);

/* settle_dirs.c */
/* The folder matched with this directory stands where it stands now. */
enum wk_status settle_take_place(struct settle *s, struct settle_node *e);
void settle_folders(struct settle *s, struct group *g);
void settle_workspace(struct settle *s, struct group *g);

/* settle_parent.c */
/* The file in a directory that holds its document; NULL: none. */
struct node *settle_dir_file(struct settle *s, struct node *dir, enum kind kind);
/* What a directory's name says; in the root the whole name where it could be no folder's. */
enum wk_status settle_name_of(struct settle *s, struct node *dir, struct buf *name_out);
/* dir (and the file in it) are the document's from now on. */
void settle_bind(struct settle *s, struct doc *doc, struct node *dir, struct node *file);
/* The id of the document that a file in `dir` hangs below; makes a folder of a plain directory.
 * WK_NOT_FOUND: nothing can hang there.  *keep_out: its old parent stays (Unplaced). */
enum wk_status settle_parent(struct settle *s, struct group *g, struct node *dir,
			     struct doc **parent_out, bool *keep_out);
/* A directory becomes a document of this kind, from the file in it or with defaults. */
enum wk_status settle_make_dir(struct settle *s, struct group *g, struct node *dir, enum kind kind,
			       struct doc *parent, struct doc **doc_out);
/* The id of a new document: the text's own if this account has never seen it. */
void settle_new_id(struct settle *s, enum kind kind, const char *text_id,
		   char id_out[DOC_ID_MAX + 1]);

/* settle_files.c */
void settle_files(struct settle *s, struct group *g);
/* Fills in e->text_id. */
void settle_read_id(struct settle *s, struct settle_node *e, struct node *file, enum kind kind);
void settle_link(struct settle *s, struct doc *doc, struct node *file);
enum wk_status settle_note_valid(struct settle *s, struct doc *doc, struct node *file);
/* It is no document; format has one %s for `what`. */
void settle_refuse(struct settle_node *e, const char *format, const char *what);
/* Fills in what the path says (doc NULL: of a new one).  WK_NOT_FOUND: a document of this kind
 * cannot stand there. */
enum wk_status settle_read_place(struct settle *s, struct settle_node *e, const struct doc *doc,
				 struct doc_place *place, struct buf *name);

/* settle_new.c: makes a document of a file that matched none, or says why it is none. */
void settle_new(struct settle *s, struct settle_node *e);

/* settle_save.c */
/* The user's text becomes the document's: merged with what came meanwhile.  WK_INVALID: the text is no such
 * document, *error says why. */
enum wk_status settle_save(struct settle *s, struct doc *doc, struct node *file,
			   const struct settle_doc *was, const struct doc_place *place,
			   struct json_error *error);
/* Only name or parent changed. */
enum wk_status settle_move(struct settle *s, struct doc *doc, const struct doc_place *place);
/* If the file's bytes are what its document renders to, it need not keep them. */
enum wk_status settle_unify(struct settle *s, struct doc *doc, struct node *file);

/* settle_superseded.c */
/* A file without a name, of a document that has another file, or is gone, was still written to: an edit
 * of the version it shows.  Where that cannot be, it has a name again when this returns.
 * last: it is about to be freed. */
void settle_save_superseded(struct settle *s, struct node *file, bool last);

#endif
