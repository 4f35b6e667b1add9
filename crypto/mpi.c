/* SPDX-License-Identifier: Apache-2.0 */
/* libgcrypt's numbers, read and written at fixed width. */
#include "crypto/mpi.h"

void mpi_drop(gcry_mpi_t *m)
{
	gcry_mpi_release(*m);
}

gcry_mpi_t mpi_public(const uint8_t *p, size_t n)
{
	gcry_mpi_t m = NULL;

	return gcry_mpi_scan(&m, GCRYMPI_FMT_USG, p, n, NULL) ? NULL : m;
}

gcry_mpi_t mpi_secret(const uint8_t *p, size_t n)
{
	SCOPED(secret_free_local) uint8_t *copy = secret_alloc(n ? n : 1);

	if (!copy)
		return NULL;
	if (n > 0)
		memcpy(copy, p, n);
	/* libgcrypt makes a secure number of what it reads in secure memory. */
	return mpi_public(copy, n);
}

enum wk_status mpi_write(gcry_mpi_t m, uint8_t *out, size_t size)
{
	size_t n = (gcry_mpi_get_nbits(m) + 7) / 8;

	if (n > size)
		return WK_CORRUPT;
	memset(out, 0, size);
	if (n > 0 && gcry_mpi_print(GCRYMPI_FMT_USG, out + size - n, n, NULL, m))
		return WK_NOMEM;
	return WK_OK;
}
