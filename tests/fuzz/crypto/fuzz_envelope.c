/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes and contexts from outside: whatever is accepted is written back as the same. */
#include <stdlib.h>

#include "base/scoped.h"
#include "crypto/digest.h"
#include "crypto/percent.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	require(crypto_init() == WK_OK);
	return 0;
}

static void fuzz_envelope(struct bytes input)
{
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT, again = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf text = BUF_INIT(ENVELOPE_TEXT_MAX);
	uint8_t a[DIGEST_SIZE], b[DIGEST_SIZE];

	if (envelope_parse(input, &e) != WK_OK)
		return;
	require(envelope_write(&e, &text) == WK_OK);
	require(envelope_parse(buf_bytes(&text), &again) == WK_OK);
	envelope_digest(&e, a);
	envelope_digest(&again, b);
	require(memcmp(a, b, sizeof a) == 0);
}

static void fuzz_context(struct bytes input)
{
	SCOPED(buf_fini) struct buf ad = BUF_INIT(1024);
	struct context c;

	if (context_parse(input, &c) != WK_OK)
		return;
	require(context_write(&c, &ad) == WK_OK);
	require(bytes_equal(buf_bytes(&ad), input));
}

/* Undoing and escaping the least gives a text that undoes to the same. */
static void fuzz_percent(struct bytes input)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(input.n + 1), again = BUF_INIT(SIZE_MAX);
	struct bytes plain;
	uint8_t *room;
	ssize_t n;

	require(buf_append(&text, input.p, input.n) == WK_OK);
	n = percent_undo(text.p, text.n);
	if (n < 0)
		return;
	plain = bytes_of(text.p, (size_t)n);
	require(buf_reserve(&again, percent_size(plain) + 1, &room) == WK_OK);
	percent_write(plain, room);
	n = percent_undo(room, percent_size(plain));
	require(n >= 0 && bytes_equal(bytes_of(room, (size_t)n), plain));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_envelope(bytes_of(data, size));
	fuzz_context(bytes_of(data, size));
	fuzz_percent(bytes_of(data, size));
	return 0;
}
