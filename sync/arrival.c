/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an envelope that arrives is, from digests alone.  An envelope names the digest it
 * replaces (p), so that a run of revisions is a chain: p of the arriving one, or of an
 * earlier one told with it (their digests are recomputed from ad and inner hash, never taken on trust),
 * must lead back to the digest we hold.
 */
#include "sync/sync.h"

static bool is_zero(const uint8_t digest[DIGEST_SIZE])
{
	static const uint8_t zero[DIGEST_SIZE];

	return memcmp(digest, zero, DIGEST_SIZE) == 0;
}

/* Walks p from the arriving envelope back through the chain to `ours`. */
static bool leads_to(const uint8_t ours[DIGEST_SIZE], const struct context *ctx,
		     const struct arrival_chain *chain, size_t count)
{
	uint8_t wanted[DIGEST_SIZE], digest[DIGEST_SIZE];
	uint64_t n = ctx->n;

	memcpy(wanted, ctx->p, DIGEST_SIZE);
	while (memcmp(wanted, ours, DIGEST_SIZE) != 0) {
		struct context link;

		if (count == 0)
			return false;
		count--;
		envelope_digest_of(chain[count].ad, chain[count].inner, digest);
		if (memcmp(digest, wanted, DIGEST_SIZE) != 0 ||
		    context_parse(chain[count].ad, &link) != WK_OK || link.n >= n ||
		    strcmp(link.resource_id, ctx->resource_id) != 0)
			return false;
		n = link.n;
		memcpy(wanted, link.p, DIGEST_SIZE);
	}
	return true;
}

enum arrival arrival_judge(const struct arrival_known *known, const struct context *ctx,
			   const uint8_t digest[DIGEST_SIZE], const struct arrival_chain *chain,
			   size_t chain_count)
{
	if (!known->have)
		return ARRIVAL_NEXT;
	if (memcmp(digest, known->digest, DIGEST_SIZE) == 0 ||
	    (!is_zero(known->sent_digest) &&
	     memcmp(digest, known->sent_digest, DIGEST_SIZE) == 0))
		return ARRIVAL_OURS;
	if (known->was_superseded)
		return ARRIVAL_STALE;
	if (!is_zero(known->sent_digest) &&
	    leads_to(known->sent_digest, ctx, chain, chain_count))
		return ARRIVAL_AFTER_SENT;
	/* Nothing was agreed yet: the resource exists here only as our own unsent creation. */
	if (known->n == 0)
		return ARRIVAL_FORK;
	if (ctx->n > known->n && leads_to(known->digest, ctx, chain, chain_count))
		return ARRIVAL_NEXT;
	return ARRIVAL_FORK;
}
