/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OAEP written out, because libgcrypt's decoder lets a non-zero padding string
 * pass.  Layout of an encoded message:
 *
 *	0 | masked seed (32) | masked: label hash (32), zeros, 1, message
 */
#include "crypto/oaep.h"

#define SEED_AT 1
#define BLOCK_AT (1 + HASH_SIZE)
#define BLOCK_SIZE (RSA_SIZE - BLOCK_AT)

/* SHA-256 of nothing: the label hash. */
static const uint8_t label_hash[HASH_SIZE] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55
};

/* Xors MGF1(source) onto the target. */
static void mask(uint8_t *target, size_t target_n, const uint8_t *source, size_t source_n)
{
	uint8_t block[HASH_SIZE], counter[4] = { 0 };

	for (size_t at = 0; at < target_n; at += HASH_SIZE, counter[3]++) {
		size_t n = target_n - at < HASH_SIZE ? target_n - at : HASH_SIZE;

		hash_sha256(block,
			    (struct bytes[]){ bytes_of(source, source_n), bytes_of(counter, 4) },
			    2);
		for (size_t i = 0; i < n; i++)
			target[at + i] ^= block[i];
	}
	explicit_bzero(block, sizeof block);
}

void oaep_encode(struct bytes plain, const uint8_t seed[HASH_SIZE], uint8_t em_out[RSA_SIZE])
{
	uint8_t *block = em_out + BLOCK_AT;

	memset(em_out, 0, RSA_SIZE);
	memcpy(em_out + SEED_AT, seed, HASH_SIZE);
	memcpy(block, label_hash, HASH_SIZE);
	block[BLOCK_SIZE - plain.n - 1] = 1;
	if (plain.n > 0)
		memcpy(block + BLOCK_SIZE - plain.n, plain.p, plain.n);
	mask(block, BLOCK_SIZE, seed, HASH_SIZE);
	mask(em_out + SEED_AT, HASH_SIZE, block, BLOCK_SIZE);
}

/* All ones if v is zero, else zero; v < 2^31. */
static uint32_t is_zero(uint32_t v)
{
	return 0U - ((v - 1) >> 31);
}

enum wk_status oaep_decode(uint8_t em[RSA_SIZE], struct bytes *plain_out)
{
	uint8_t *block = em + BLOCK_AT;
	uint32_t bad = em[0], searching = UINT32_MAX, start = 0;

	mask(em + SEED_AT, HASH_SIZE, block, BLOCK_SIZE);
	mask(block, BLOCK_SIZE, em + SEED_AT, HASH_SIZE);
	for (size_t i = 0; i < HASH_SIZE; i++)
		bad |= block[i] ^ label_hash[i];
	for (uint32_t i = HASH_SIZE; i < BLOCK_SIZE; i++) {
		uint32_t one = is_zero(block[i] ^ 1U), zero = is_zero(block[i]);

		start |= searching & one & (i + 1);
		bad |= searching & ~one & ~zero & 1;
		searching &= ~one;
	}
	bad |= searching & 1;
	if (bad != 0)
		return WK_TAMPERED;
	*plain_out = bytes_of(block + start, BLOCK_SIZE - start);
	return WK_OK;
}
