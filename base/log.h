/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * One line per event on standard error (or the file given): time, level,
 * program, text.  Any thread.  Names of documents, contents, addresses of
 * people, keys and passphrases are never logged: ids, sizes and statuses are.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* `program` must live for ever.  Lines below `lowest` are dropped. */
void log_setup(const char *program, enum log_level lowest);
/* Lines go to fd from now on (default 2); the caller keeps it open. */
void log_to_fd(int fd);

void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

#endif
