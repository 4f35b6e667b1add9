/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_HELPER_PROCESS_H
#define FS_HELPER_PROCESS_H

/*
 * The helper itself: serves jobs from `socket` until its other end is closed or `parent`, the
 * thread that forked it, has ended.  Never returns.
 */
void helper_process_run(int socket, int parent) __attribute__((noreturn));

#endif
