/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FS_HELPER_PROCESS_H
#define FS_HELPER_PROCESS_H

/* How the program is started as its helper: this as argv[0], the number of the process that starts it
 * as argv[1], the socket as descriptor HELPER_SOCKET. */
#define HELPER_PROGRAM "wakefs-helper"
#define HELPER_SOCKET 3

/*
 * The helper itself: serves jobs from HELPER_SOCKET until its other end is closed or the thread of
 * `parent` that started it has ended.  Never returns.
 */
void helper_process_run(int parent) __attribute__((noreturn));

#endif
