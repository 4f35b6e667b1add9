/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

/*
 * The outcome of everything that can fail.  A code is in this list only because
 * some caller branches on it.  errno, CURLcode, SQLite and libgcrypt codes stop
 * at the function that met them; fs/ turns a status into an errno, server/ into
 * an HTTP status and cli/ into an exit code, each with one table.
 *
 * On any status but WK_OK a function has left its outputs untouched and its
 * object as it was.
 */
enum [[nodiscard]] wk_status {
	WK_OK = 0,
	WK_NOMEM,	/* an allocation failed */
	WK_IO,		/* disk or socket failed in a way no retry will mend now */
	WK_FULL,	/* no space on the device, or a quota is used up */
	WK_NOT_FOUND,
	WK_EXISTS,
	WK_INVALID,	/* a person's or peer's input is not of the right form */
	WK_CORRUPT,	/* stored or received bytes have a shape they cannot have */
	WK_TAMPERED,	/* an authentication tag, proof or signature is wrong */
	WK_LIMIT,	/* over a documented limit */
	WK_DENIED,	/* wrong passphrase, no session, or no right to do it */
	WK_CONFLICT,	/* somebody else changed it first */
	WK_OFFLINE,	/* the server was not reached, or broke off */
	WK_BUSY,	/* another process or operation holds it */
	WK_CANCELLED,	/* given up on request */
	WK_UNSUPPORTED,	/* well-formed, but a kind this version does not handle */
	WK_STATUS_COUNT
};

/* A lower-case phrase without a full stop, for logs and messages. */
const char *wk_status_text(enum wk_status st);

#endif
