/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SEALER_PRIVATE_H
#define CRYPTO_SEALER_PRIVATE_H

#include "crypto/envelope.h"

/* What envelope.c needs to see of a sealer. */
struct sealer {
	struct gcm *gcm;
};

#endif
