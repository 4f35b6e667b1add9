/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PATHS_H
#define CLI_PATHS_H

#include <limits.h>
#include <stdbool.h>

#include "base/status.h"

/*
 * Where things are (XDG base directories; relative values of the variables are ignored, as the
 * specification says).  WK_LIMIT: too long.  WK_NOT_FOUND: no home directory.
 */

/* $XDG_STATE_HOME/wakefs */
enum wk_status paths_state(char out[PATH_MAX]);
/* $XDG_CONFIG_HOME/wakefs */
enum wk_status paths_config(char out[PATH_MAX]);
/* "DIR/NAME" */
enum wk_status paths_join(const char *dir, const char *name, char out[PATH_MAX]);

/*
 * The absolute path without symlinks and dots, of something whose last component need not answer
 * (a dead mount) nor exist.
 */
enum wk_status paths_absolute(const char *path, char out[PATH_MAX]);
/* Whether `path` is `dir` or lies in it; *inside_out is what follows ("" for dir itself). */
bool paths_is_in(const char *path, const char *dir, const char **inside_out);

#endif
