/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing and opening text.  The plaintext is laid out, padded and sealed in the
 * one buffer that leaves as ciphertext, so that a document is copied once.
 */
#include "crypto/envelope.h"

#include "base/rand.h"
#include "crypto/percent.h"
#include "crypto/sealer_private.h"

#define CLASS_MIN 512

/*
 * Padme (Nikitin and others, "Reducing metadata leakage from encrypted files", 2019): the
 * last bits of a size are rounded away, the fewer the smaller its exponent.
 */
size_t envelope_padded_size(size_t n)
{
	unsigned exponent, kept;
	size_t mask;

	if (n <= CLASS_MIN)
		return CLASS_MIN;
	exponent = 63U - (unsigned)__builtin_clzll(n);
	kept = 32U - (unsigned)__builtin_clz(exponent);
	mask = ((size_t)1 << (exponent - kept)) - 1;
	n = (n + mask) & ~mask;
	return n;
}

/* Seals what is in e->d where it stands and gives the whole to *out. */
static enum wk_status finish(struct sealer *s, struct envelope *e, struct bytes ad,
			     struct envelope *out)
{
	enum wk_status st = buf_append(&e->ad, ad.p, ad.n);

	if (st != WK_OK)
		return st;
	st = gcm_seal(s->gcm, e->iv, buf_bytes(&e->ad), buf_bytes(&e->d), e->d.p, e->tag);
	if (st != WK_OK)
		return st;
	e->d.secret = false;
	memcpy(out->iv, e->iv, GCM_IV);
	memcpy(out->tag, e->tag, GCM_TAG);
	buf_move(&out->d, &e->d);
	buf_move(&out->ad, &e->ad);
	return WK_OK;
}

enum wk_status envelope_seal_text(struct sealer *s, struct bytes text, struct bytes ad, bool pad,
				  struct envelope *out)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	size_t n = percent_size(text), size = n;
	uint8_t *room;
	enum wk_status st;

	if (!percent_is_text(text))
		return WK_INVALID;
	if (pad)
		size = envelope_padded_size(n);
	if (size > ENVELOPE_PLAIN_MAX && n <= ENVELOPE_PLAIN_MAX)
		size = ENVELOPE_PLAIN_MAX;
	e.d.secret = true;
	st = buf_reserve(&e.d, size, &room);
	if (st != WK_OK)
		return st;
	percent_write(text, room);
	memset(room + n, ' ', size - n);
	e.d.n = size;
	/* The kernel's generator: unlike one with state of its own it repeats nothing in a
	 * forked child, and it is 20 times as fast as libgcrypt's strong level. */
	rand_bytes(e.iv, GCM_IV);
	return finish(s, &e, ad, out);
}

enum wk_status envelope_seal_stock(struct sealer *s, struct bytes text, struct bytes ad,
				   const uint8_t iv[GCM_IV], struct envelope *out)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	enum wk_status st;

	if (!percent_is_text(text))
		return WK_INVALID;
	e.d.secret = true;
	st = percent_append_full(text, &e.d);
	if (st != WK_OK)
		return st;
	memcpy(e.iv, iv, GCM_IV);
	return finish(s, &e, ad, out);
}

enum wk_status envelope_seal_bytes(struct sealer *s, struct bytes plain, struct bytes ad,
				   const uint8_t iv[GCM_IV], struct envelope *out)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	enum wk_status st;

	e.d.secret = true;
	st = buf_append(&e.d, plain.p, plain.n);
	if (st != WK_OK)
		return st;
	memcpy(e.iv, iv, GCM_IV);
	return finish(s, &e, ad, out);
}

static enum wk_status open_into(struct sealer *s, const struct envelope *e, struct buf *plain)
{
	uint8_t *room;
	enum wk_status st = buf_reserve(plain, e->d.n, &room);

	if (st != WK_OK)
		return st;
	st = gcm_open(s->gcm, e->iv, buf_bytes(&e->ad), buf_bytes(&e->d), e->tag, room);
	if (st == WK_OK)
		plain->n = e->d.n;
	return st;
}

enum wk_status envelope_open_text(struct sealer *s, const struct envelope *e, struct buf *text_out)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(text_out->max);
	enum wk_status st = open_into(s, e, &plain);
	ssize_t n;

	if (st != WK_OK)
		return st;
	n = percent_undo(plain.p, plain.n);
	if (n < 0)
		return WK_CORRUPT;
	plain.n = (size_t)n;
	buf_move(text_out, &plain);
	return WK_OK;
}

enum wk_status envelope_open_bytes(struct sealer *s, const struct envelope *e, struct buf *out)
{
	SCOPED(buf_fini) struct buf plain = BUF_SECRET_INIT(out->max);
	enum wk_status st = open_into(s, e, &plain);

	if (st == WK_OK)
		buf_move(out, &plain);
	return st;
}
