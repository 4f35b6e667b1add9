/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a file that somebody says is an Insomnia export: its text, what it is, its documents,
 * its workspaces; each step is a file of its own.
 *
 * Every text of such a file that is JSON begins with a brace and a quote.  Such a text is read
 * as JSON alone, although YAML would take some broken JSON and make something else of it:
 * a damaged file must not be imported as if it were whole.
 */
#include "model/exchange_parts.h"

#include <stdio.h>

static struct bytes skip_space(struct bytes text)
{
	while (text.n > 0 && (text.p[0] == ' ' || text.p[0] == '\t' || text.p[0] == '\r' ||
			      text.p[0] == '\n')) {
		text.p++;
		text.n--;
	}
	return text;
}

static bool is_json(struct bytes text)
{
	text = skip_space(text);
	if (text.n == 0 || (text.p[0] != '{' && text.p[0] != '['))
		return false;
	if (text.p[0] == '[')
		return true;
	text = skip_space(bytes_of(text.p + 1, text.n - 1));
	return text.n == 0 || text.p[0] == '"' || text.p[0] == '}';
}

static enum wk_status read_tree(struct arena *arena, struct bytes text, struct json **root_out,
				const char **sentence_out)
{
	struct json_error error = { 0 };
	bool json = is_json(text);
	enum wk_status st;

	if (json)
		st = json_parse(arena, text, root_out, &error);
	else
		st = exchange_yaml_parse(arena, text, root_out, &error);
	if (st != WK_INVALID && st != WK_LIMIT)
		return st;
	*sentence_out = exchange_detect_say(arena, "The file cannot be read as %s: line %u, "
					    "column %u: %s.", json ? "JSON" : "YAML", error.line,
					    error.column, error.reason);
	return *sentence_out ? st : WK_NOMEM;
}

static enum wk_status read_export(struct arena *arena, struct bytes text, struct json **root_out,
				  const char **sentence_out)
{
	const char *sentence = exchange_detect_text(text);
	struct json *root = NULL;
	enum wk_status st = WK_UNSUPPORTED;

	if (!sentence) {
		st = read_tree(arena, text, &root, &sentence);
		if (st == WK_OK)
			st = exchange_detect_tree(arena, root, &sentence);
		if (st == WK_OK && sentence)
			st = WK_UNSUPPORTED;
	}
	if (sentence)
		*sentence_out = sentence;
	if (st == WK_OK)
		*root_out = root;
	return st;
}

enum wk_status exchange_parse(struct arena *arena, struct bytes file, struct bytes title,
			      struct exchange_set *out, const char **sentence_out)
{
	struct bytes text = file;
	struct json *root = NULL;
	struct exchange_entry *entries;
	size_t count;
	enum wk_status st;

	if (file.n > EXCHANGE_FILE_MAX) {
		*sentence_out = "The file is larger than 256 MiB.";
		return WK_LIMIT;
	}
	if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
		text = bytes_of(text.p + 3, text.n - 3);
	if (skip_space(text).n == 0) {
		*sentence_out = "The file is empty.";
		return WK_INVALID;
	}
	st = read_export(arena, text, &root, sentence_out);
	if (st != WK_OK)
		return st;
	st = exchange_docs_read(arena, json_get(root, "resources"), &entries, &count);
	if (st == WK_LIMIT)
		*sentence_out = "The file holds more than 100000 documents.";
	if (st != WK_OK)
		return st;
	return exchange_cut(arena, entries, count, title, out);
}
