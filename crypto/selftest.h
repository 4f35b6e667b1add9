/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SELFTEST_H
#define CRYPTO_SELFTEST_H

#include "base/buf.h"

/*
 * Known answers, on the machine where the program runs: some built in, and
 * with a directory those of each vector file in it (derive-key.json, srp.json,
 * aes-gcm.json, rsa-oaep.json, account.json, group.json, ids.json; other .json
 * files are skipped by name).  A case counts once, whatever it checks.
 */
struct selftest_result {
	unsigned passed, failed, skipped;
};

/*
 * `report` (may be NULL) gets a line for each failed or skipped case and one
 * for each file: ids of cases only, never their contents.  WK_OK means that
 * everything was run: whether it passed stands in *out.  WK_NOT_FOUND: no such
 * directory.  WK_INVALID: a vector file is not JSON.
 */
enum wk_status selftest_run(const char *dir_or_null, struct selftest_result *out,
			    void (*report)(void *arg, const char *line), void *arg);

#endif
