/* SPDX-License-Identifier: Apache-2.0 */
/* Every reader of wire/ on any JSON; what one reads, its writer writes and it reads again. */
#include <stdlib.h>

#include "wire/message.h"

#define BIG ((size_t)1 << 26)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define ROUND_TRIP(name)                                                            \
	static void try_##name(struct arena *arena, const struct json *v)           \
	{                                                                           \
		SCOPED(buf_fini) struct buf text = BUF_INIT(BIG);                   \
		struct wire_##name m, again;                                        \
		struct json *back;                                                  \
                                                                                    \
		if (wire_##name##_read(v, &m) != WK_OK)                             \
			return;                                                     \
		if (wire_##name##_write(&m, &text) != WK_OK ||                      \
		    json_parse(arena, buf_bytes(&text), &back, NULL) != WK_OK ||    \
		    wire_##name##_read(back, &again) != WK_OK)                      \
			abort();                                                    \
	}
ROUND_TRIP(signup)
ROUND_TRIP(salts)
ROUND_TRIP(login_a)
ROUND_TRIP(login_b)
ROUND_TRIP(login_m1)
ROUND_TRIP(login_m2)
ROUND_TRIP(whoami)
ROUND_TRIP(push_item)

static void try_resource(struct arena *arena, const struct json *v)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(BIG);
	struct wire_resource m, again;
	struct json *back;

	if (wire_resource_read(arena, v, &m) != WK_OK)
		return;
	if (wire_resource_write(&m, true, &text) != WK_OK ||
	    json_parse(arena, buf_bytes(&text), &back, NULL) != WK_OK ||
	    wire_resource_read(arena, back, &again) != WK_OK ||
	    again.chain_count != m.chain_count || !bytes_equal(again.id, m.id))
		abort();
}

static void try_answers(struct arena *arena, const struct json *v)
{
	struct wire_push_answer answer;
	struct wire_changes changes;
	struct wire_listing listing;
	struct wire_group group;
	struct wire_error error;
	struct wire_poll poll;
	struct wire_ids ids;

	(void)!wire_push_answer_read(arena, v, &answer);
	(void)!wire_changes_read(arena, v, &changes);
	(void)!wire_listing_read(arena, v, &listing);
	(void)!wire_group_read(v, &group);
	(void)!wire_error_read(v, &error);
	(void)!wire_poll_read(arena, v, &poll);
	(void)!wire_ids_read(arena, v, &ids);
}

static void try_url(struct bytes text)
{
	SCOPED(buf_fini) struct buf coded = BUF_INIT(BIG);
	SCOPED(buf_fini) struct buf back = BUF_INIT(BIG);

	(void)!wire_url_decode(text, &back);
	buf_clear(&back);
	if (wire_url_append(&coded, text) != WK_OK ||
	    wire_url_decode(buf_bytes(&coded), &back) != WK_OK ||
	    !bytes_equal(buf_bytes(&back), text))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(BIG);
	struct json *v;

	try_url(bytes_of(data, n));
	if (json_parse(arena, bytes_of(data, n), &v, NULL) != WK_OK)
		return 0;
	try_signup(arena, v);
	try_salts(arena, v);
	try_login_a(arena, v);
	try_login_b(arena, v);
	try_login_m1(arena, v);
	try_login_m2(arena, v);
	try_whoami(arena, v);
	try_push_item(arena, v);
	try_resource(arena, v);
	try_answers(arena, v);
	return 0;
}
