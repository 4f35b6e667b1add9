/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes without a key.  The wire form is read by a scanner of its own: a
 * pull brings thousands, each mostly one long string of digits, and a general
 * JSON tree would copy every one of them.
 */
#include "crypto/digest.h"

#include "crypto/digits.h"

#define NEST_MAX 64

struct scan {
	const uint8_t *p, *end;
};

enum member { M_IV, M_TAG, M_D, M_AD, M_COUNT };
static const char *const names[M_COUNT] = { "iv", "t", "d", "ad" };

void envelope_fini(struct envelope *e)
{
	buf_fini(&e->d);
	buf_fini(&e->ad);
}

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool accept(struct scan *s, uint8_t c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* A string's inside, escapes left as they are: ours have none. */
static bool scan_string(struct scan *s, struct bytes *inside)
{
	const uint8_t *from;

	if (!accept(s, '"'))
		return false;
	from = s->p;
	for (; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p < 0x20)
			return false;
		if (*s->p == '\\' && ++s->p == s->end)
			return false;
	}
	if (s->p == s->end)
		return false;
	*inside = bytes_of(from, (size_t)(s->p++ - from));
	return true;
}

/* A string of digits: read as it ends, checked when it is decoded. */
static bool scan_digits(struct scan *s, struct bytes *inside)
{
	const uint8_t *quote;

	if (!accept(s, '"'))
		return false;
	quote = memchr(s->p, '"', (size_t)(s->end - s->p));
	if (!quote)
		return false;
	*inside = bytes_of(s->p, (size_t)(quote - s->p));
	s->p = quote + 1;
	return true;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' ||
	       c == '-' || c == '.';
}

/* Passes over one value of a member that is none of ours: brackets and strings are matched, no
 * more, since nothing is made of it. */
static bool skip_value(struct scan *s)
{
	unsigned depth = 0;
	struct bytes text;

	do {
		skip_space(s);
		if (s->p == s->end)
			return false;
		if (*s->p == '"') {
			if (!scan_string(s, &text))
				return false;
		} else if (*s->p == '{' || *s->p == '[') {
			s->p++;
			if (++depth > NEST_MAX)
				return false;
		} else if (depth > 0 && (*s->p == '}' || *s->p == ']')) {
			s->p++;
			depth--;
		} else if (depth > 0 && (*s->p == ',' || *s->p == ':')) {
			s->p++;
		} else if (is_word(*s->p)) {
			while (s->p < s->end && is_word(*s->p))
				s->p++;
		} else {
			return false;
		}
	} while (depth > 0);
	return true;
}

static bool scan_member(struct scan *s, struct bytes found[M_COUNT])
{
	struct bytes name;

	if (!scan_string(s, &name) || !accept(s, ':'))
		return false;
	for (unsigned i = 0; i < M_COUNT; i++)
		if (bytes_equal_str(name, names[i]))
			return !found[i].p && scan_digits(s, &found[i]);
	return skip_value(s);
}

static bool scan_envelope(struct bytes text, struct bytes found[M_COUNT])
{
	struct scan s = { text.p, text.p + text.n };

	if (text.n == 0 || !accept(&s, '{'))
		return false;
	do {
		if (!scan_member(&s, found))
			return false;
	} while (accept(&s, ','));
	if (!accept(&s, '}'))
		return false;
	skip_space(&s);
	return s.p == s.end && found[M_IV].p && found[M_TAG].p && found[M_D].p && found[M_AD].p;
}

static enum wk_status read_digits(struct bytes text, struct buf *out)
{
	uint8_t *room;
	enum wk_status st;

	if (text.n % 2 != 0)
		return WK_CORRUPT;
	st = buf_reserve(out, text.n / 2, &room);
	if (st != WK_OK)
		return st;
	if (!digits_read(text, room))
		return WK_CORRUPT;
	out->n += text.n / 2;
	return WK_OK;
}

enum wk_status envelope_parse(struct bytes text, struct envelope *out)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	struct bytes found[M_COUNT] = { { NULL, 0 } };
	enum wk_status st;

	if (text.n > ENVELOPE_TEXT_MAX)
		return WK_LIMIT;
	if (!scan_envelope(text, found) || found[M_IV].n != 2 * GCM_IV ||
	    found[M_TAG].n != 2 * GCM_TAG || !digits_read(found[M_IV], e.iv) ||
	    !digits_read(found[M_TAG], e.tag))
		return WK_CORRUPT;
	st = read_digits(found[M_AD], &e.ad);
	if (st == WK_OK)
		st = read_digits(found[M_D], &e.d);
	if (st != WK_OK)
		return st;
	memcpy(out->iv, e.iv, GCM_IV);
	memcpy(out->tag, e.tag, GCM_TAG);
	buf_move(&out->d, &e.d);
	buf_move(&out->ad, &e.ad);
	return WK_OK;
}

static uint8_t *put_member(uint8_t *at, const char *before, struct bytes data)
{
	size_t n = strlen(before);

	memcpy(at, before, n);
	digits_write(data, at + n);
	return at + n + 2 * data.n;
}

enum wk_status envelope_write(const struct envelope *e, struct buf *text_out)
{
	static const char frame[] = "{\"iv\":\"\",\"t\":\"\",\"d\":\"\",\"ad\":\"\"}";
	size_t size = sizeof frame - 1 + 2 * (GCM_IV + GCM_TAG + e->d.n + e->ad.n);
	uint8_t *at;
	enum wk_status st = buf_reserve(text_out, size, &at);

	if (st != WK_OK)
		return st;
	at = put_member(at, "{\"iv\":\"", bytes_of(e->iv, GCM_IV));
	at = put_member(at, "\",\"t\":\"", bytes_of(e->tag, GCM_TAG));
	at = put_member(at, "\",\"d\":\"", buf_bytes(&e->d));
	at = put_member(at, "\",\"ad\":\"", buf_bytes(&e->ad));
	memcpy(at, "\"}", 2);
	text_out->n += size;
	return WK_OK;
}

void envelope_inner_hash(const struct envelope *e, uint8_t inner_out[HASH_SIZE])
{
	const struct bytes parts[] = { bytes_of(e->iv, GCM_IV), buf_bytes(&e->d),
				       bytes_of(e->tag, GCM_TAG) };

	hash_sha256(inner_out, parts, ARRAY_LEN(parts));
}

void envelope_digest_of(struct bytes ad, const uint8_t inner[HASH_SIZE],
			uint8_t digest_out[DIGEST_SIZE])
{
	uint8_t whole[HASH_SIZE];

	hash_sha256(whole, (struct bytes[]){ ad, bytes_of(inner, HASH_SIZE) }, 2);
	memcpy(digest_out, whole, DIGEST_SIZE);
}

void envelope_digest(const struct envelope *e, uint8_t digest_out[DIGEST_SIZE])
{
	uint8_t inner[HASH_SIZE];

	envelope_inner_hash(e, inner);
	envelope_digest_of(buf_bytes(&e->ad), inner, digest_out);
}
