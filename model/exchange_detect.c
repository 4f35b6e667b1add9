/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognises files that people try to import although they are something else, so
 * that the answer can name them.
 */
#include "model/exchange_parts.h"

#include <stdio.h>

#define ONLY "; wakefs imports Insomnia exports of format 3 and 4."
#define SENTENCE_MAX 256
#define LOOK_AT 4096u	/* bytes at the start of a text that are searched for a hint */

const char *exchange_detect_say(struct arena *arena, const char *format, ...)
{
	char text[SENTENCE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return (const char *)arena_copy(arena, bytes_str(text)).p;
}

static bool starts_with(struct bytes text, const char *prefix)
{
	size_t n = strlen(prefix);

	return text.n >= n && memcmp(text.p, prefix, n) == 0;
}

static bool holds(struct bytes text, const char *part)
{
	if (text.n > LOOK_AT)
		text.n = LOOK_AT;
	return text.p && memmem(text.p, text.n, part, strlen(part)) != NULL;
}

const char *exchange_detect_text(struct bytes file)
{
	struct bytes text = file;

	if (starts_with(file, "PK\x03\x04"))
		return "This is a ZIP archive" ONLY;
	if (starts_with(file, "\x1f\x8b"))
		return "This is a gzip file" ONLY;
	while (text.n > 0 && strchr(" \t\r\n", text.p[0]) && text.p[0] != 0) {
		text.p++;
		text.n--;
	}
	if (starts_with(text, "<")) {
		if (holds(text, "wsdl"))
			return "This is a WSDL description" ONLY;
		if (holds(text, "<html") || holds(text, "<!DOCTYPE html") ||
		    holds(text, "<!doctype html"))
			return "This is an HTML page" ONLY;
		return "This is an XML file" ONLY;
	}
	if (starts_with(text, "curl ") || starts_with(text, "$ curl "))
		return "This is a cURL command" ONLY;
	if (starts_with(text, "#%RAML"))
		return "This is a RAML description" ONLY;
	return NULL;
}

/* A version as it may stand in a sentence: digits and dots, else "". */
static const char *version_of(const struct json *v, char out[16])
{
	out[0] = 0;
	if (!v || (v->type != JSON_STRING && v->type != JSON_NUMBER) || v->text.n > 15)
		return out;
	for (size_t i = 0; i < v->text.n; i++) {
		if (!strchr("0123456789.", v->text.p[i]) || v->text.p[i] == 0)
			return out;
	}
	memcpy(out, v->text.p, v->text.n);
	out[v->text.n] = 0;
	return out;
}

static bool is_list(const struct json *root, const char *key)
{
	const struct json *v = json_get(root, key);

	return v && v->type == JSON_ARRAY;
}

static const char *postman(const struct json *root)
{
	const struct json *info = json_get(root, "info");
	struct bytes schema = json_get_str(info, "schema");

	if (holds(schema, "getpostman.com") || holds(schema, "postman.com/json/collection") ||
	    json_get(info, "_postman_id")) {
		if (holds(schema, "v2.1"))
			return "This is a Postman collection (v2.1)" ONLY;
		if (holds(schema, "v2.0"))
			return "This is a Postman collection (v2.0)" ONLY;
		return "This is a Postman collection" ONLY;
	}
	if (json_get(root, "_postman_variable_scope") || json_get(root, "_postman_exported_at"))
		return "This is a Postman environment" ONLY;
	if (is_list(root, "requests") && is_list(root, "order"))
		return "This is a Postman collection (v1)" ONLY;
	if (is_list(root, "collections") && is_list(root, "environments"))
		return "This is a Postman data dump" ONLY;
	return NULL;
}

static enum wk_status described(struct arena *arena, const struct json *root,
				const char **sentence_out)
{
	static const struct {
		const char *key;
		const char *what;
	} descriptions[] = {
		{ "openapi", "an OpenAPI description" },
		{ "swagger", "a Swagger description (OpenAPI 2)" },
		{ "asyncapi", "an AsyncAPI description" },
	};

	for (size_t i = 0; i < ARRAY_LEN(descriptions); i++) {
		const struct json *v = json_get(root, descriptions[i].key);
		char version[16];

		if (!v)
			continue;
		*sentence_out = exchange_detect_say(arena, "This is %s%s%s" ONLY,
						    descriptions[i].what,
						    *version_of(v, version) ? " " : "", version);
		return *sentence_out ? WK_OK : WK_NOMEM;
	}
	return WK_OK;
}

static enum wk_status insomnia_v5(struct arena *arena, struct bytes type,
				  const char **sentence_out)
{
	static const char *const forms[][2] = {
		{ "collection.insomnia.rest/", "collection" },
		{ "spec.insomnia.rest/", "API specification" },
		{ "mock.insomnia.rest/", "mock server" },
		{ "environment.insomnia.rest/", "environment" },
		{ "mcpClient.insomnia.rest/", "MCP client" },
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t n = strlen(forms[i][0]);
		struct json rest = { .type = JSON_STRING };
		char version[16];

		if (!starts_with(type, forms[i][0]))
			continue;
		rest.text = bytes_of(type.p + n, type.n - n);
		*sentence_out = exchange_detect_say(arena, "This is an Insomnia v5 %s (%s%s)" ONLY,
						    forms[i][1], forms[i][0],
						    version_of(&rest, version));
		return *sentence_out ? WK_OK : WK_NOMEM;
	}
	if (holds(type, ".insomnia.rest/"))
		*sentence_out = "This is a file of Insomnia 11 or later" ONLY;
	return WK_OK;
}

/* Whether the list looks like resources, where no format is named. */
static bool has_resources(const struct json *root)
{
	const struct json *list = json_get(root, "resources");

	if (!list || list->type != JSON_ARRAY)
		return false;
	if (bytes_equal_str(json_get_str(root, "_type"), "export"))
		return true;
	for (uint32_t i = 0; i < list->count; i++) {
		if (json_get(&list->items[i], "_type") || json_get(&list->items[i], "_id"))
			return true;
	}
	return false;
}

static enum wk_status named_format(struct arena *arena, const struct json *root,
				   const struct json *format, const char **sentence_out)
{
	char version[16];

	version_of(format, version);
	if (strcmp(version, "3") != 0 && strcmp(version, "4") != 0) {
		*sentence_out = *version ?
			exchange_detect_say(arena, "This is an Insomnia export of format %s" ONLY,
					    version) :
			"This is an Insomnia export of an unknown format" ONLY;
		return *sentence_out ? WK_OK : WK_NOMEM;
	}
	if (!is_list(root, "resources"))
		*sentence_out = "This is an Insomnia export without its list of resources" ONLY;
	return WK_OK;
}

static const char *other_tools(const struct json *root)
{
	const struct json *log = json_get(root, "log");

	if (is_list(log, "entries"))
		return "This is an HTTP archive (HAR)" ONLY;
	if (json_get(root, "_id") && json_get_str(root, "type").p)
		return "This is a single document of an Insomnia git-sync tree" ONLY;
	return NULL;
}

enum wk_status exchange_detect_tree(struct arena *arena, const struct json *root,
				    const char **sentence_out)
{
	const struct json *format = json_get(root, "__export_format");
	const char *sentence = NULL;
	enum wk_status st;

	if (format) {
		st = named_format(arena, root, format, &sentence);
	} else {
		sentence = postman(root);
		st = WK_OK;
		if (!sentence)
			st = described(arena, root, &sentence);
		if (st == WK_OK && !sentence)
			st = insomnia_v5(arena, json_get_str(root, "type"), &sentence);
		if (st == WK_OK && !sentence)
			sentence = other_tools(root);
		if (!sentence && !has_resources(root))
			sentence = "This is no export of Insomnia" ONLY;
	}
	if (st == WK_OK)
		*sentence_out = sentence;
	return st;
}
