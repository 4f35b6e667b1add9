/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SERVER_HANDLERS_H
#define SERVER_HANDLERS_H

#include "server/request.h"

/* What routes.c's table names, by the file that it stands in. */

/* auth.c */
request_fn auth_signup, auth_login_s, auth_login_a, auth_login_m1, auth_whoami, auth_logout,
	auth_reset, auth_password;
/* groups.c */
request_fn groups_create, groups_get, groups_share, groups_fix_dupes, groups_v1_list,
	groups_v1_create;
/* stubs.c */
request_fn stubs_notification, stubs_teams, stubs_billing;
/* stock_push.c, stock_pull.c */
request_fn stock_push_begin, stock_push_fed, stock_push;
request_fn stock_pull_begin, stock_pull;
/* v1_push.c */
request_fn v1_push_begin, v1_push;
/* v1_read.c */
request_fn v1_changes, v1_listing, v1_fetch, v1_revisions;
/* poll.c */
request_fn poll_handle;
/* metrics.c */
request_fn metrics_health, metrics_all;

#endif
