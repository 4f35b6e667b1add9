/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "base/json.h"
#include "store/store.h"

/*
 * Questions about a store, and their answers, as JSON on one line each: the same whether the store is
 * open in this process or in that of a mount (cli/control.h).
 *
 *	{"op":"status"}				{"ok":true,"status":{...}}	as status_write()
 *	{"op":"stat","path":P}			{"ok":true,"stat":{...}}	as status_write_path()
 *	{"op":"account"}			{"ok":true,"account":{"email","id","server","firstName","lastName",
 *						"session":true when logged in}}
 *	{"op":"taken","ids":[...]}		{"ok":true,"taken":[true,false...]}
 *	{"op":"export","group":G,"from":N}	{"ok":true,"group":ID,"docs":[...],"next":N,"more":B}
 *	anything that cannot be done		{"ok":false,"exit":CODE,"message":"..."}
 */
#define ANSWER_MAX (40u * 1024 * 1024)
#define ANSWER_IDS_MAX 1000		/* ids in one question */

/* Appends the answer; WK_NOT_FOUND: none of these questions (nothing is appended). */
enum wk_status answer_question(struct store *store, const struct json *question,
			       struct buf *out);
/* Appends a refusal. */
enum wk_status answer_refuse(struct buf *out, int exit_code, const char *message);
/* The same from a status: "cannot DOING: ...". */
enum wk_status answer_refuse_status(struct buf *out, enum wk_status st, const char *doing);

#endif
