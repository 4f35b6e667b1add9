/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines.  Each is formatted into one buffer and written with one write(),
 * so that lines of several threads never mix; control characters in it become
 * '?', so that nothing that came from outside can forge a second line.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

static const char *program_name = "wakefs";
static _Atomic int lowest_level = LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;

void log_setup(const char *program, enum log_level lowest)
{
	program_name = program;
	atomic_store(&lowest_level, (int)lowest);
}

void log_to_fd(int fd)
{
	atomic_store(&log_fd, fd);
}

void log_line(enum log_level level, const char *format, ...)
{
	static const char *const words[] = { "DEBUG", "INFO", "WARN", "ERROR" };
	char line[1024], when[25];
	va_list args;
	int head, body;
	size_t n;

	if ((int)level < atomic_load(&lowest_level))
		return;
	clock_iso8601(clock_wall_ms(), when);
	head = snprintf(line, sizeof line - 1, "%s %s %s: ", when, words[level], program_name);
	if (head < 0)
		return;
	va_start(args, format);
	body = vsnprintf(line + head, sizeof line - 1 - (size_t)head, format, args);
	va_end(args);
	if (body < 0)
		return;
	n = (size_t)head + (size_t)body;
	if (n > sizeof line - 2)
		n = sizeof line - 2;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	/* A log that cannot be written has nowhere to say so. */
	if (write(atomic_load(&log_fd), line, n) < 0)
		return;
}
