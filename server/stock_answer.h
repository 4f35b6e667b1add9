/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_STOCK_ANSWER_H
#define SERVER_STOCK_ANSWER_H

#include "server/request.h"

/*
 * The answers of /sync/push and /sync/pull: an object of arrays, in which whole
 * resources stand for what is only noted here by group and sequence.  They are
 * read while the answer is sent, a few at a time.
 */
struct stock_ref {
	int64_t group_n;
	uint64_t seq;
};

enum stock_part_kind { STOCK_TEXTS, STOCK_REFS };

#define STOCK_PARTS 4
struct stock_part {
	const char *key;
	enum stock_part_kind kind;
	struct buf text;	/* STOCK_TEXTS: the elements, with commas between them */
	struct stock_ref *refs;	/* STOCK_REFS */
	size_t count, room;
};

struct stock_answer {
	struct storage *storage;
	struct stock_part parts[STOCK_PARTS];
	/* while it is sent: */
	size_t part, at;
	bool is_open, is_comma;
};

struct stock_answer *stock_answer_new(struct storage *storage, const char *const keys[STOCK_PARTS],
				      const enum stock_part_kind kinds[STOCK_PARTS]);
void stock_answer_free(void *answer);

/* Appends {"id":…,"version":…} to a part of texts, or the id as a string (version NULL). */
enum wk_status stock_answer_id(struct stock_answer *a, size_t part, struct bytes id,
			       const uint8_t *version);
enum wk_status stock_answer_ref(struct stock_answer *a, size_t part, struct stock_ref ref);
/* Sends it; the answer is given away. */
void stock_answer_send(struct request *r, struct stock_answer *a);

#endif
