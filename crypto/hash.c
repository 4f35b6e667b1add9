/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes and HMAC-SHA256 (contracts in secret.h).  libgcrypt's one-shot calls
 * allocate nothing, so these cannot fail; HMAC is written out for that reason.
 */
#include <assert.h>
#include <gcrypt.h>
#include <stdlib.h>

#include "crypto/secret.h"

#define PARTS_MAX 8
#define BLOCK 64

static gcry_buffer_t part_of(struct bytes b)
{
	static uint8_t nothing;

	/* gcry_buffer_t is for output as well and so knows no const. */
	return (gcry_buffer_t){ .len = b.n, .data = b.n ? (void *)(uintptr_t)b.p : &nothing };
}

void hash_sha256(uint8_t out[HASH_SIZE], const struct bytes *parts, size_t count)
{
	gcry_buffer_t iov[PARTS_MAX];

	assert(count <= PARTS_MAX);
	for (size_t i = 0; i < count; i++)
		iov[i] = part_of(parts[i]);
	if (gcry_md_hash_buffers(GCRY_MD_SHA256, 0, out, iov, (int)count))
		abort();
}

void hash_sha1(uint8_t out[20], struct bytes data)
{
	gcry_md_hash_buffer(GCRY_MD_SHA1, out, data.n ? data.p : out, data.n);
}

void hash_md5(uint8_t out[16], struct bytes data)
{
	gcry_md_hash_buffer(GCRY_MD_MD5, out, data.n ? data.p : out, data.n);
}

void hash_hmac_sha256(uint8_t out[HASH_SIZE], struct bytes key, struct bytes message)
{
	uint8_t pad[BLOCK] = { 0 }, inner[HASH_SIZE];

	if (key.n > BLOCK)
		hash_sha256(pad, &key, 1);
	else if (key.n > 0)
		memcpy(pad, key.p, key.n);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	hash_sha256(inner, (struct bytes[]){ bytes_of(pad, BLOCK), message }, 2);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	hash_sha256(out, (struct bytes[]){ bytes_of(pad, BLOCK), bytes_of(inner, HASH_SIZE) }, 2);
	explicit_bzero(pad, sizeof pad);
	explicit_bzero(inner, sizeof inner);
}
