/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRYPTO_SLOT_H
#define CRYPTO_SLOT_H

#include "crypto/secret.h"

/*
 * Key slots of the local store: its random key, sealed so that the passphrase
 * (or the account key) opens it offline.  Binary, appended by the seal calls.
 * WK_TAMPERED: wrong passphrase or another store's slot.  WK_CORRUPT: not a slot of that
 * kind, or parameters no honest writer uses (over 1 GiB, over 16 passes).
 *
 * Passphrase slot: 'W' 'S' 1, kind 'P', memory in KiB (4 bytes big-endian), passes (4), lanes (4),
 * salt (16), iv (12), sealed key (32), tag (16); ad = everything before the iv, and the store id.
 * Key = Argon2id(passphrase, salt).  Account slot: the same with kind 'A' and zeros for the
 * parameters, under HKDF-SHA256(salt, SYM_Account, "local store").
 */
#define SLOT_MAX 128
#define STORE_ID_SIZE 16

/* 256 MiB and 3 passes (about half a second), less on machines with little memory, never below
 * 64 MiB; tests ask for less with `memory_kib` (0: calibrated; from 8). */
enum wk_status slot_seal_passphrase(const struct local_key *key, struct bytes passphrase,
				    const uint8_t store_id[STORE_ID_SIZE], uint32_t memory_kib,
				    struct buf *slot_out);
enum wk_status slot_open_passphrase(struct bytes slot, struct bytes passphrase,
				    const uint8_t store_id[STORE_ID_SIZE],
				    struct local_key **key_out);
enum wk_status slot_seal_account(const struct local_key *key, const struct account_key *account,
				 const uint8_t store_id[STORE_ID_SIZE], struct buf *slot_out);
enum wk_status slot_open_account(struct bytes slot, const struct account_key *account,
				 const uint8_t store_id[STORE_ID_SIZE],
				 struct local_key **key_out);

#endif
