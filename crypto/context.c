/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document's `ad` says, written and read (contract in digest.h).  One
 * text for one context: whatever context_parse() accepts, context_write() would
 * have written.
 */
#include "crypto/digest.h"

#define FORMAT 1

static bool is_id(const char *id)
{
	size_t n = strnlen(id, CONTEXT_ID_MAX + 1);

	return n >= 1 && n <= CONTEXT_ID_MAX;
}

static uint8_t *put_id(uint8_t *at, const char *id)
{
	size_t n = strlen(id);

	*at++ = (uint8_t)n;
	memcpy(at, id, n);
	return at + n;
}

enum wk_status context_write(const struct context *c, struct buf *ad_out)
{
	uint8_t ad[3 + 3 * (1 + CONTEXT_ID_MAX) + 8 + DIGEST_SIZE + 1];
	uint8_t *at = ad;

	if (!is_id(c->group_id) || !is_id(c->resource_id) || !is_id(c->type) || c->n == 0)
		return WK_INVALID;
	*at++ = 'W';
	*at++ = 'K';
	*at++ = FORMAT;
	at = put_id(at, c->group_id);
	at = put_id(at, c->resource_id);
	at = put_id(at, c->type);
	for (int shift = 56; shift >= 0; shift -= 8)
		*at++ = (uint8_t)(c->n >> shift);
	memcpy(at, c->p, DIGEST_SIZE);
	at += DIGEST_SIZE;
	*at++ = c->removed ? 1 : 0;
	return buf_append(ad_out, ad, (size_t)(at - ad));
}

static bool get_id(struct bytes *rest, char out[CONTEXT_ID_MAX + 1])
{
	size_t n = rest->n > 0 ? rest->p[0] : 0;

	if (n == 0 || n > CONTEXT_ID_MAX || n > rest->n - 1 || memchr(rest->p + 1, 0, n))
		return false;
	memcpy(out, rest->p + 1, n);
	out[n] = '\0';
	rest->p += 1 + n;
	rest->n -= 1 + n;
	return true;
}

enum wk_status context_parse(struct bytes ad, struct context *out)
{
	static const uint8_t head[] = { 'W', 'K', FORMAT };
	struct context c = { .n = 0 };

	if (ad.n == 0)
		return WK_NOT_FOUND;
	if (ad.n < sizeof head || memcmp(ad.p, head, sizeof head) != 0)
		return WK_CORRUPT;
	ad.p += sizeof head;
	ad.n -= sizeof head;
	if (!get_id(&ad, c.group_id) || !get_id(&ad, c.resource_id) || !get_id(&ad, c.type) ||
	    ad.n != 8 + DIGEST_SIZE + 1)
		return WK_CORRUPT;
	for (unsigned i = 0; i < 8; i++)
		c.n = c.n << 8 | ad.p[i];
	memcpy(c.p, ad.p + 8, DIGEST_SIZE);
	if (c.n == 0 || ad.p[8 + DIGEST_SIZE] > 1)
		return WK_CORRUPT;
	c.removed = ad.p[8 + DIGEST_SIZE] == 1;
	*out = c;
	return WK_OK;
}
