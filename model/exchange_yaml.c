/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to JSON trees over libyaml's events, as the client's own reader (npm yaml, core
 * schema, merge keys off) understands it.
 *
 * Aliases become copies, so that a tree stays a tree: whoever changes one place changes no other.
 * What copies add is bounded, in nodes and in bytes of text, whatever the nesting of
 * anchors.  An anchor is known only when its node is complete, so none can hold itself.
 */
#include "model/exchange_parts.h"

#include <stdio.h>
#include <yaml.h>

#include "base/map.h"

#define ALIAS_NODES_MAX 1000000u

struct anchor {
	struct bytes name;
	const struct json *value;	/* NULL while its node is being read */
};

struct reader {
	yaml_parser_t parser;
	struct arena *arena;
	struct map *anchors;
	size_t alias_nodes;
	size_t alias_bytes;
	struct bytes text;
	struct json_error error;
	unsigned keys_open;	/* keys being read around the present node */
};

static void reader_fini(struct reader *r)
{
	yaml_parser_delete(&r->parser);
	map_free(r->anchors);
}

static enum wk_status refuse(struct reader *r, enum wk_status st, yaml_mark_t at,
			     const char *reason)
{
	r->error.line = (unsigned)at.line + 1;
	r->error.column = (unsigned)at.column + 1;
	(void)snprintf(r->error.reason, sizeof r->error.reason, "%s", reason);
	return st;
}

/* The reader's errors come with an offset only. */
static yaml_mark_t mark_of_offset(struct bytes text, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset && i < text.n; i++) {
		mark.column++;
		if (text.p[i] == '\n') {
			mark.line++;
			mark.column = 0;
		}
	}
	return mark;
}

static enum wk_status parser_failed(struct reader *r)
{
	yaml_mark_t at = r->parser.problem_mark;

	if (r->parser.error == YAML_MEMORY_ERROR)
		return WK_NOMEM;
	if (r->parser.error == YAML_READER_ERROR)
		at = mark_of_offset(r->text, r->parser.problem_offset);
	return refuse(r, WK_INVALID, at, r->parser.problem ? r->parser.problem : "it is no YAML");
}

static enum wk_status next_event(struct reader *r, yaml_event_t *event)
{
	yaml_event_delete(event);
	return yaml_parser_parse(&r->parser, event) ? WK_OK : parser_failed(r);
}

static enum wk_status set_anchor(struct reader *r, const yaml_char_t *name,
				 const struct json *value)
{
	struct anchor *a;
	struct json *kept = NULL;

	if (!name)
		return WK_OK;
	a = arena_alloc(r->arena, sizeof *a);
	if (!a)
		return WK_NOMEM;
	a->name = arena_copy(r->arena, bytes_str((const char *)name));
	if (!a->name.p)
		return WK_NOMEM;
	if (value) {
		kept = arena_alloc(r->arena, sizeof *kept);
		if (!kept)
			return WK_NOMEM;
		*kept = *value;
	}
	a->value = kept;
	return map_put(r->anchors, a->name, a);
}

/* Copies containers and shares texts, which nobody changes in place; depth as in read_node. */
static enum wk_status copy_alias(struct reader *r, const struct json *from, unsigned depth,
				 yaml_mark_t at, struct json *out)
{
	struct json v = { .type = from->type };
	enum wk_status st = WK_OK;

	if (depth >= JSON_DEPTH_MAX && (from->type == JSON_ARRAY || from->type == JSON_OBJECT))
		return refuse(r, WK_LIMIT, at, "it is nested too deeply");
	if (from->type == JSON_STRING || from->type == JSON_NUMBER) {
		r->alias_bytes += from->text.n;
		v.text = from->text;
	}
	if (++r->alias_nodes > ALIAS_NODES_MAX || r->alias_bytes > EXCHANGE_FILE_MAX)
		return refuse(r, WK_LIMIT, at, "its aliases stand for too much");
	for (uint32_t i = 0; st == WK_OK && from->type == JSON_ARRAY && i < from->count; i++) {
		struct json item;

		st = copy_alias(r, &from->items[i], depth + 1, at, &item);
		if (st == WK_OK)
			st = json_append(r->arena, &v, &item);
	}
	for (uint32_t i = 0; st == WK_OK && from->type == JSON_OBJECT && i < from->count; i++) {
		struct json value;

		r->alias_bytes += from->members[i].key.n;
		st = copy_alias(r, &from->members[i].value, depth + 1, at, &value);
		if (st == WK_OK)
			st = json_append_member(r->arena, &v, from->members[i].key, &value);
	}
	if (st == WK_OK)
		*out = v;
	return st;
}

static enum wk_status read_alias(struct reader *r, const yaml_event_t *event, unsigned depth,
				 struct json *out)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *a = map_get(r->anchors, bytes_str(name));

	if (!a)
		return refuse(r, WK_INVALID, event->start_mark, "an alias has no anchor");
	if (!a->value)
		return refuse(r, WK_INVALID, event->start_mark, "an anchor holds itself");
	return copy_alias(r, a->value, depth, event->start_mark, out);
}

static bool is_resolved(const yaml_event_t *event)
{
	static const char *const tags[] = { YAML_NULL_TAG, YAML_BOOL_TAG, YAML_INT_TAG,
					    YAML_FLOAT_TAG };
	const char *tag = (const char *)event->data.scalar.tag;

	if (!tag)
		return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		if (strcmp(tag, tags[i]) == 0)
			return true;
	}
	return false;
}

static enum wk_status read_scalar(struct reader *r, const yaml_event_t *event, struct json *out)
{
	struct bytes text = bytes_of(event->data.scalar.value, event->data.scalar.length);
	struct json v = { .type = JSON_STRING };
	enum wk_status st = WK_OK;

	if (is_resolved(event)) {
		st = exchange_yaml_scalar(r->arena, text, &v);
	} else {
		v.text = arena_copy(r->arena, text);
		st = v.text.p ? WK_OK : WK_NOMEM;
	}
	if (st == WK_OK)
		st = set_anchor(r, event->data.scalar.anchor, &v);
	if (st == WK_OK)
		*out = v;
	return st;
}

static enum wk_status read_node(struct reader *r, const yaml_event_t *event, unsigned depth,
				struct json *out);

/* A key that is no string becomes what JavaScript would make of it; a container its JSON. */
static enum wk_status read_key(struct reader *r, const yaml_event_t *event, unsigned depth,
			       struct bytes *key_out)
{
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(EXCHANGE_FILE_MAX);
	struct json v;
	enum wk_status st;

	/* Each level of keys in keys would escape the one inside again: twice the text a level. */
	if (r->keys_open > 0 && event->type != YAML_SCALAR_EVENT)
		return refuse(r, WK_LIMIT, event->start_mark, "keys are nested in keys");
	r->keys_open++;
	st = read_node(r, event, depth, &v);
	r->keys_open--;
	if (st != WK_OK)
		return st;
	if (v.type == JSON_STRING || v.type == JSON_NUMBER) {
		*key_out = v.text;
		return WK_OK;
	}
	if (v.type != JSON_NULL) {
		st = json_write(&v, &text);
		if (st != WK_OK)
			return st;
	}
	*key_out = arena_copy(r->arena, buf_bytes(&text));
	return key_out->p ? WK_OK : WK_NOMEM;
}

static enum wk_status read_sequence(struct reader *r, unsigned depth, struct json *v)
{
	SCOPED(yaml_event_delete) yaml_event_t event = { 0 };

	for (;;) {
		struct json item;
		enum wk_status st = next_event(r, &event);

		if (st != WK_OK || event.type == YAML_SEQUENCE_END_EVENT)
			return st;
		st = read_node(r, &event, depth, &item);
		if (st == WK_OK)
			st = json_append(r->arena, v, &item);
		if (st != WK_OK)
			return st;
	}
}

static enum wk_status read_mapping(struct reader *r, unsigned depth, struct json *v)
{
	SCOPED(yaml_event_delete) yaml_event_t event = { 0 };

	for (;;) {
		struct json value;
		struct bytes key;
		enum wk_status st = next_event(r, &event);

		if (st != WK_OK || event.type == YAML_MAPPING_END_EVENT)
			return st;
		st = read_key(r, &event, depth, &key);
		if (st == WK_OK)
			st = next_event(r, &event);
		if (st == WK_OK)
			st = read_node(r, &event, depth, &value);
		if (st == WK_OK)
			st = json_append_member(r->arena, v, key, &value);
		if (st != WK_OK)
			return st;
	}
}

/* `depth` containers are open around the node. */
static enum wk_status read_node(struct reader *r, const yaml_event_t *event, unsigned depth,
				struct json *out)
{
	bool is_mapping = event->type == YAML_MAPPING_START_EVENT;
	struct json v = { .type = is_mapping ? JSON_OBJECT : JSON_ARRAY };
	const yaml_char_t *anchor = is_mapping ? event->data.mapping_start.anchor :
						 event->data.sequence_start.anchor;
	enum wk_status st;

	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(r, event, out);
	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(r, event, depth, out);
	if (depth >= JSON_DEPTH_MAX)
		return refuse(r, WK_LIMIT, event->start_mark, "it is nested too deeply");
	st = set_anchor(r, anchor, NULL);
	if (st == WK_OK)
		st = is_mapping ? read_mapping(r, depth + 1, &v) : read_sequence(r, depth + 1, &v);
	if (st == WK_OK)
		st = set_anchor(r, anchor, &v);
	if (st == WK_OK)
		*out = v;
	return st;
}

static enum wk_status read_stream(struct reader *r, struct json *root)
{
	SCOPED(yaml_event_delete) yaml_event_t event = { 0 };
	enum wk_status st = next_event(r, &event);	/* stream start */

	if (st == WK_OK)
		st = next_event(r, &event);
	if (st != WK_OK || event.type == YAML_STREAM_END_EVENT)
		return st;
	st = next_event(r, &event);			/* behind document start */
	if (st == WK_OK)
		st = read_node(r, &event, 0, root);
	if (st == WK_OK)
		st = next_event(r, &event);		/* document end */
	if (st == WK_OK)
		st = next_event(r, &event);
	if (st == WK_OK && event.type != YAML_STREAM_END_EVENT)
		return refuse(r, WK_INVALID, event.start_mark, "a second YAML document begins here");
	return st;
}

enum wk_status exchange_yaml_parse(struct arena *arena, struct bytes text, struct json **root_out,
				   struct json_error *error)
{
	SCOPED(reader_fini) struct reader r = { .arena = arena, .text = text };
	struct json *root = json_new(arena, JSON_NULL);
	enum wk_status st;

	r.anchors = map_new();
	if (!root || !r.anchors || !yaml_parser_initialize(&r.parser))
		return WK_NOMEM;
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, text.p ? text.p : (const uint8_t *)"", text.n);
	st = read_stream(&r, root);
	if (st == WK_OK)
		*root_out = root;
	else if (error && (st == WK_INVALID || st == WK_LIMIT))
		*error = r.error;
	return st;
}
