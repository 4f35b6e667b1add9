/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as JWK text from outside: whatever is accepted is written back as the same key. */
#include <stdlib.h>

#include "crypto/kdf.h"
#include "crypto/rsa.h"

#define TEXT_MAX 65536

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

static void fuzz_public(struct bytes input)
{
	SCOPED(rsa_public_free_scoped) struct rsa_public *k = NULL, *again = NULL;
	SCOPED(buf_fini) struct buf jwk = BUF_INIT(TEXT_MAX);

	if (rsa_public_parse(input, &k) != WK_OK)
		return;
	require(rsa_public_write(k, &jwk) == WK_OK);
	require(rsa_public_parse(buf_bytes(&jwk), &again) == WK_OK);
	require(rsa_public_equal(k, again));
}

static void fuzz_private(struct bytes input)
{
	SCOPED(rsa_private_free_scoped) struct rsa_private *k = NULL, *again = NULL;
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(TEXT_MAX);

	if (rsa_private_parse(input, &k) != WK_OK)
		return;
	require(rsa_private_write(k, &jwk) == WK_OK);
	require(rsa_private_parse(buf_bytes(&jwk), &again) == WK_OK);
}

static void fuzz_aes(struct bytes input)
{
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(TEXT_MAX);
	uint8_t key[KEY_SIZE], again[KEY_SIZE];

	if (aes_jwk_parse(input, key) != WK_OK)
		return;
	require(aes_jwk_write(key, &jwk) == WK_OK);
	require(aes_jwk_parse(buf_bytes(&jwk), again) == WK_OK);
	require(memcmp(key, again, sizeof key) == 0);
}

/* What is typed stays within its bounds. */
static void fuzz_typed(struct bytes input)
{
	SCOPED(buf_fini) struct buf email = BUF_INIT(EMAIL_MAX);
	SCOPED(buf_fini) struct buf passphrase = BUF_SECRET_INIT(PASSPHRASE_MAX);

	if (kdf_email(input, &email) == WK_OK)
		require(email.n >= 1 && email.n <= EMAIL_MAX);
	if (kdf_passphrase(input, &passphrase) == WK_OK)
		require(passphrase.n >= 1 && passphrase.n <= PASSPHRASE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_public(bytes_of(data, size));
	fuzz_private(bytes_of(data, size));
	fuzz_aes(bytes_of(data, size));
	fuzz_typed(bytes_of(data, size));
	return 0;
}
