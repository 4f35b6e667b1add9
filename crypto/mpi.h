/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_MPI_H
#define CRYPTO_MPI_H

#include <gcrypt.h>

#include "crypto/secret.h"

/* libgcrypt's numbers: fixed-width output, the secure pool, scopes. */

/* SCOPED(mpi_drop) gcry_mpi_t m = NULL; */
void mpi_drop(gcry_mpi_t *m);
/* A big-endian number; NULL when out of memory. */
gcry_mpi_t mpi_public(const uint8_t *p, size_t n);
/* The same in the secure pool, whatever memory it comes from. */
gcry_mpi_t mpi_secret(const uint8_t *p, size_t n);
/* Writes exactly size bytes, zeros in front.  WK_CORRUPT: it needs more. */
enum wk_status mpi_write(gcry_mpi_t m, uint8_t *out, size_t size);

#endif
