/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An import through a running mount.  The documents are gathered first; only then does anything
 * reach the store, in steps between which the mount answers others.
 */
#include <stdlib.h>

#include "cli/answer.h"
#include "cli/control_private.h"
#include "cli/pick.h"
#include "cli/say.h"
#include "model/exchange.h"

#define GATHER_MAX (1024u * 1024 * 1024)
#define STEP_PAUSE_MS 0
#define DISK_PAUSE_MS 10

void control_import_fini(struct control_peer *p)
{
	loop_timer_free(p->timer);
	p->timer = NULL;
	intake_free(p->intake);
	p->intake = NULL;
	free(p->docs);
	p->docs = NULL;
	p->doc_count = p->doc_room = 0;
	arena_free(p->arena);
	p->arena = NULL;
	p->into = NULL;
}

static enum wk_status begin(struct control_peer *p, const struct json *request, struct buf *out)
{
	struct bytes into = json_get_str(request, "into");
	char message[PICK_MESSAGE];
	int code = SAY_DONE;

	control_import_fini(p);
	p->arena = arena_new(GATHER_MAX);
	if (!p->arena)
		return WK_NOMEM;
	if (into.p)
		code = pick_group(p->control->host.store, into, &p->into, message);
	if (code != SAY_DONE)
		return answer_refuse(out, code, message);
	return buf_append_str(out, "{\"ok\":true}");
}

static enum wk_status gather(struct control_peer *p, const struct json *request, struct buf *out)
{
	const struct json *docs = json_get(request, "docs");

	if (!p->arena || p->intake || !docs || docs->type != JSON_ARRAY)
		return WK_INVALID;
	if (docs->count > EXCHANGE_DOCS_MAX - p->doc_count)
		return WK_LIMIT;
	if (p->doc_count + docs->count > p->doc_room) {
		size_t room = 2 * (p->doc_count + docs->count);
		struct json **grown = reallocarray(p->docs, room, sizeof *grown);

		if (!grown)
			return WK_NOMEM;
		p->docs = grown;
		p->doc_room = room;
	}
	for (uint32_t i = 0; i < docs->count; i++) {
		struct json *copy = json_copy(p->arena, &docs->items[i]);

		if (!copy)
			return WK_NOMEM;
		p->docs[p->doc_count++] = copy;
	}
	return buf_append_str(out, "{\"ok\":true}");
}

static void finish(struct control_peer *p, enum wk_status st)
{
	SCOPED(buf_fini) struct buf line = BUF_INIT(4096);
	enum wk_status said;

	if (st == WK_OK)
		said = buf_printf(&line, "{\"ok\":true,\"done\":%zu,\"total\":%zu,\"group\":\"%s\"}",
				  p->doc_count, p->doc_count, intake_group(p->intake)->id);
	else
		said = answer_refuse_status(&line, st, "take in the workspace");
	if (said == WK_OK)
		said = buf_append_char(&line, '\n');
	if (said == WK_OK)
		said = buf_append(&p->out, line.p, line.n);
	p->ended = p->ended || said != WK_OK;
	control_import_fini(p);
	p->busy = false;
	control_peer_go_on(p);
}

static void on_step(void *arg)
{
	struct control_peer *p = arg;
	enum wk_status st = WK_OK;

	if (!intake_must_wait(p->intake))
		st = intake_step(p->intake);
	if (st != WK_OK || intake_is_complete(p->intake)) {
		finish(p, st);
		return;
	}
	if (p->out.n == 0 &&
	    buf_printf(&p->out, "{\"ok\":true,\"done\":%zu,\"total\":%zu}\n",
		       intake_done(p->intake), p->doc_count) != WK_OK)
		p->ended = true;
	loop_timer_set(p->timer, intake_must_wait(p->intake) ? DISK_PAUSE_MS : STEP_PAUSE_MS);
	control_peer_go_on(p);
}

static enum wk_status end(struct control_peer *p)
{
	enum wk_status st;

	if (!p->arena || p->intake)
		return WK_INVALID;
	st = loop_timer_new(p->control->loop, on_step, p, &p->timer);
	if (st == WK_OK)
		st = intake_new(p->control->host.store, p->into, p->docs, p->doc_count,
				&p->intake);
	if (st != WK_OK)
		return st;
	p->busy = true;
	loop_timer_set(p->timer, 0);
	return WK_OK;
}

enum wk_status control_import_run(struct control_peer *p, const struct json *request,
				  struct buf *out)
{
	struct bytes op = json_get_str(request, "op");
	enum wk_status st;

	if (bytes_equal_str(op, "import-begin"))
		st = begin(p, request, out);
	else if (bytes_equal_str(op, "import-docs"))
		st = gather(p, request, out);
	else if (bytes_equal_str(op, "import-end"))
		st = end(p);
	else
		return WK_NOT_FOUND;
	if (st == WK_OK)
		return WK_OK;
	control_import_fini(p);
	return answer_refuse_status(out, st, "take in the workspace");
}
