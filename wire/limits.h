/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_LIMITS_H
#define WIRE_LIMITS_H

/* What neither end accepts more of. */
#define WIRE_BODY_MAX (64u * 1024 * 1024)	/* one /v1 request or response body */
#define WIRE_PAGE_BYTES (8u * 1024 * 1024)	/* a page of changes stops growing about here */
#define WIRE_PAGE_ITEMS 1000			/* changes, listing rows or pushed items at once */
#define WIRE_LISTING_ITEMS 10000
#define WIRE_CONTENT_MAX (2u * 16 * 1024 * 1024 + 256 * 1024)	/* one encContent, as text */
#define WIRE_ID_MAX 128				/* [A-Za-z0-9_.:-] for groups; any UTF-8 for resources */
#define WIRE_NAME_MAX 1024
#define WIRE_VERSION_MAX 64
#define WIRE_CHAIN_MAX 1000			/* skipped revisions told with one change */
#define WIRE_GROUPS_MAX 1000			/* groups of one account */
#define WIRE_RESOURCES_MAX 100000		/* resources of one group */
#define WIRE_POLL_MAX_MS 55000
#define WIRE_STOCK_BODY_MAX (1024u * 1024 * 1024)	/* inflated bytes of a streamed stock body */

#define WIRE_NO_VERSION "__NO_VERSION__"	/* a resource that was never accepted */
#define WIRE_SESSION_HEADER "X-Session-Id"
#define WIRE_CLIENT_HEADER "X-Insomnia-Client"

#endif
