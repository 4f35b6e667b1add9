/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing and opening documents for the wire. */
#include "store/envelopes.h"

#include <stdlib.h>

#include "crypto/envelope.h"

struct envelopes {
	struct sealer *sealer;
};

enum wk_status envelopes_new(const struct group_key *key, struct envelopes **out)
{
	SCOPED(envelopes_free_scoped) struct envelopes *e = calloc(1, sizeof *e);
	enum wk_status st;

	if (!e)
		return WK_NOMEM;
	st = sealer_for_group(key, &e->sealer);
	if (st != WK_OK)
		return st;
	*out = take(&e);
	return WK_OK;
}

void envelopes_free(struct envelopes *e)
{
	if (!e)
		return;
	sealer_free(e->sealer);
	free(e);
}

enum wk_status envelopes_seal(struct envelopes *e, const struct context *context,
			      struct bytes text, struct buf *wire_out,
			      uint8_t digest_out[DIGEST_SIZE])
{
	SCOPED(envelope_fini) struct envelope sealed = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf ad = BUF_INIT(1024);
	enum wk_status st = context_write(context, &ad);

	if (st == WK_OK)
		st = envelope_seal_text(e->sealer, text, buf_bytes(&ad), true, &sealed);
	if (st == WK_OK)
		st = envelope_write(&sealed, wire_out);
	if (st == WK_OK)
		envelope_digest(&sealed, digest_out);
	return st;
}

enum wk_status envelopes_open(struct envelopes *e, struct bytes wire, struct buf *text_out,
			      struct envelopes_opened *out)
{
	SCOPED(envelope_fini) struct envelope sealed = ENVELOPE_INIT;
	enum wk_status st;

	*out = (struct envelopes_opened){ 0 };
	st = envelope_parse(wire, &sealed);
	if (st != WK_OK)
		return st;
	envelope_digest(&sealed, out->digest);
	st = context_parse(buf_bytes(&sealed.ad), &out->context);
	out->has_context = st == WK_OK;
	if (st != WK_OK && st != WK_NOT_FOUND)
		return WK_TAMPERED;
	st = envelope_open_text(e->sealer, &sealed, text_out);
	/* What the tag does not vouch for is anybody's: a made-up n would be the end of ours. */
	if (st != WK_OK)
		out->has_context = false;
	return st;
}
