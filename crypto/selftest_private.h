/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SELFTEST_PRIVATE_H
#define CRYPTO_SELFTEST_PRIVATE_H

#include "base/json.h"
#include "crypto/selftest.h"

/* What the parts of the self-test share. */
struct selftest {
	struct selftest_result result;
	void (*report)(void *arg, const char *line);
	void *arg;
	const char *file;
};

/* Counts one case, and says so when it failed. */
void selftest_count(struct selftest *t, struct bytes id, bool passed);
void selftest_skip(struct selftest *t, const char *what);
/* Runs each case of a list in the file `root` (NULL: none); a case is reported by its place. */
void selftest_each(struct selftest *t, const struct json *root, const struct json *list,
		   const char *what,
		   bool (*run)(const struct json *root, const struct json *one));

/* The member is exactly 2*n digits, read to out. */
bool selftest_hex(const struct json *object, const char *member, uint8_t *out, size_t n);
/* The member is the hex of these bytes (lower case). */
bool selftest_is_hex(const struct json *object, const char *member, struct bytes want);
/* The member's digits, appended. */
bool selftest_append_hex(const struct json *object, const char *member, struct buf *out);
/* The member is this text. */
bool selftest_is_text(const struct json *object, const char *member, struct bytes want);
/* The member's value as JSON text, appended. */
bool selftest_text_of(const struct json *object, const char *member, struct buf *out);

void selftest_builtin(struct selftest *t);

/* One for each vector file. */
void selftest_derive_key(struct selftest *t, const struct json *root);
void selftest_srp(struct selftest *t, const struct json *root);
void selftest_aes_gcm(struct selftest *t, const struct json *root);
void selftest_rsa_oaep(struct selftest *t, const struct json *root);
void selftest_account(struct selftest *t, const struct json *root);
void selftest_group(struct selftest *t, const struct json *root);
void selftest_ids(struct selftest *t, const struct json *root);

#endif
