/* SPDX-License-Identifier: Apache-2.0 */
/* The progress line. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/text.h"

#define BETWEEN_MS 50
#define BAR_MAX 30
#define LABEL_MIN 8	/* a terminal with less room shows nothing */

void progress_start(struct progress *p)
{
	*p = (struct progress){ .fd = isatty(STDERR_FILENO) ? STDERR_FILENO : -1 };
}

static void draw_bar(size_t room, uint64_t done, uint64_t total)
{
	const size_t full = (size_t)((done < total ? done : total) * room / total);

	for (size_t i = 0; i < room; i++)
		(void)fputs(i < full ? "█" : "░", stderr);
}

void progress_show(struct progress *p, const char *label, uint64_t done, uint64_t total)
{
	const int64_t now = clock_mono_ms();
	char safe[TEXT_MAX], numbers[64];
	size_t used, columns;

	if (p->fd < 0 || (p->drawn_ms && now - p->drawn_ms < BETWEEN_MS && done != total))
		return;
	p->drawn_ms = now;
	columns = text_columns(p->fd);
	(void)snprintf(p->label, sizeof p->label, "%s", label);
	(void)text_safe(bytes_str(p->label), safe);
	if (total)
		(void)snprintf(numbers, sizeof numbers, "%" PRIu64 "/%" PRIu64, done, total);
	else
		(void)snprintf(numbers, sizeof numbers, "%c", "|/-\\"[p->frame++ & 3]);
	if (strlen(numbers) + 4 + LABEL_MIN > columns)
		return;
	(void)text_shorten(safe, columns - strlen(numbers) - 5);
	used = text_width(bytes_str(safe)) + strlen(numbers) + 4;
	(void)fprintf(stderr, "\r\033[K%s  %s", safe, numbers);
	if (total && columns - used > 4) {
		(void)fputs("  ", stderr);
		draw_bar(columns - used > BAR_MAX ? BAR_MAX : columns - used, done, total);
	}
	(void)fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->fd >= 0 && p->drawn_ms)
		(void)fputs("\r\033[K", stderr);
	p->drawn_ms = 0;
}
