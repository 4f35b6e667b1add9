/* SPDX-License-Identifier: Apache-2.0 */
/* The list of verbs: what `wakefs help` shows, in the order a new user meets them. */
#include "cli/verb.h"

#include <stdint.h>
#include <string.h>

#include "base/scoped.h"

#define NAME_MAX_NEAR 16

static const struct verb verbs[] = {
	{ .name = "signup", .run = signup_verb, .operands_min = 1, .operands_max = 1,
	  .usage = "EMAIL [OPTION]...",
	  .summary = "make an account on a server, and its keys",
	  .about = "Makes the keys of a new account and registers it.  The keys are sealed with your\n"
		   "passphrase before the server gets them; nobody can reset the passphrase." },
	{ .name = "login", .run = login_verb, .operands_max = 1,
	  .usage = "[EMAIL] [OPTION]...",
	  .summary = "use an account on this device",
	  .about = "Logs in, and makes (or unlocks) the account's local store on this device." },
	{ .name = "logout", .run = logout_verb,
	  .usage = "[OPTION]...",
	  .summary = "end the session of this device",
	  .about = "Ends the session.  What is here stays, sealed, and opens again with the\n"
		   "passphrase; --forget removes it." },
	{ .name = "whoami", .run = whoami_verb,
	  .usage = "[OPTION]...",
	  .summary = "show the account of this device",
	  .about = "Shows the account, its server, and whether the session is good." },
	{ .name = "mount", .run = mount_verb, .operands_min = 1, .operands_max = 1,
	  .starts_crypto = true,
	  .usage = "DIR [OPTION]...",
	  .summary = "show the workspaces as files in DIR",
	  .about = "Shows the workspaces in DIR and keeps them in step with the server, in the\n"
		   "background, until `wakefs umount DIR`.  Returns when the files are there." },
	{ .name = "umount", .run = umount_verb, .operands_min = 1, .operands_max = 1,
	  .usage = "DIR [OPTION]...",
	  .summary = "leave a mount",
	  .about = "Settles and stores what was saved, sends what can be sent in a few seconds, and\n"
		   "leaves.  What could not be sent waits, sealed, for the next mount." },
	{ .name = "status", .run = status_verb,
	  .usage = "[OPTION]...",
	  .summary = "show what is in sync, what waits, and why",
	  .about = "Shows each workspace, what waits to be sent, and every file that needs a look." },
	{ .name = "stat", .run = stat_verb, .operands_min = 1, .operands_max = 1,
	  .usage = "PATH [OPTION]...",
	  .summary = "show what stands behind one file",
	  .about = "Shows kind, id, state, version and author of the document behind PATH, which is a\n"
		   "file in a mount, or a path from the mount's root." },
	{ .name = "import", .run = import_verb, .operands_min = 1, .operands_max = -1,
	  .usage = "FILE... [OPTION]...",
	  .summary = "take in exports of Insomnia (formats 3 and 4, JSON or YAML)",
	  .about = "Makes one workspace of each workspace in the files.  All files are read and\n"
		   "checked before anything is taken in." },
	{ .name = "export", .run = export_verb, .operands_max = 1,
	  .usage = "GROUP|--all [OPTION]...",
	  .summary = "write workspaces as an Insomnia export (format 4)",
	  .about = "Writes the workspace GROUP (its name or id) as JSON.  The result is NOT\n"
		   "encrypted." },
	{ .name = "selftest", .run = selftest_verb,
	  .usage = "[--vectors DIR]",
	  .summary = "check the cryptography of this machine against known answers",
	  .about = "Runs the known answers built in, or those of every vector file in DIR.  Exit code\n"
		   "1 when one fails." },
	{ .name = "version", .run = version_verb,
	  .usage = "[OPTION]...",
	  .summary = "show the version",
	  .about = "Shows the version." },
	{ .name = "help", .run = help_verb, .operands_max = 1,
	  .usage = "[VERB]",
	  .summary = "show this list, or the help of one verb",
	  .about = "Shows the list of verbs, or the help of one." },
};

const struct verb *verb_at(size_t index)
{
	return index < ARRAY_LEN(verbs) ? &verbs[index] : NULL;
}

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* Insertions, deletions and replacements between two short words (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_NEAR + 1];
	const size_t na = strlen(a), nb = strlen(b);

	if (na > NAME_MAX_NEAR || nb > NAME_MAX_NEAR)
		return UINT32_MAX;
	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const struct verb *verb_near(const char *typed)
{
	const struct verb *best = NULL;
	unsigned best_distance = 3;	/* more typing errors than two are another word */

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		unsigned d = distance(typed, verbs[i].name);

		if (d < best_distance) {
			best_distance = d;
			best = &verbs[i];
		}
	}
	return best;
}
