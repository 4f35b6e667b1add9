/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_KIND_H
#define MODEL_KIND_H

#include "base/buf.h"

/*
 * The kinds of documents, in one table: how each is called in the data, in an
 * export, in an id and in a file name.
 */
enum kind {
	KIND_WORKSPACE,
	KIND_FOLDER,		/* RequestGroup */
	KIND_REQUEST,
	KIND_WEBSOCKET,		/* WebSocketRequest */
	KIND_PAYLOAD,		/* WebSocketPayload */
	KIND_GRPC,		/* GrpcRequest */
	KIND_ENVIRONMENT,
	KIND_COOKIES,		/* CookieJar */
	KIND_SPEC,		/* ApiSpec */
	KIND_CERTIFICATE,	/* ClientCertificate */
	KIND_CA,		/* CaCertificate */
	KIND_PROTO,		/* ProtoFile */
	KIND_PROTO_DIR,		/* ProtoDirectory */
	KIND_SUITE,		/* UnitTestSuite */
	KIND_TEST,		/* UnitTest */
	KIND_MOCK,		/* MockServer */
	KIND_ROUTE,		/* MockRoute */
	KIND_OTHER,		/* any type this version does not know: kept, shown, edited as JSON */
	KIND_COUNT
};

struct kind_info {
	const char *type;	/* "Request"; NULL for KIND_OTHER */
	const char *export_type;	/* "request"; NULL: never exported */
	const char *id_prefix;	/* "req" */
	const char *suffix;	/* of its file name: ".json", ".ws.json", ".yaml"; "" for directories;
				 * KIND_OTHER: what follows ".@TYPE"; a Workspace is the group's
				 * directory, and has a suffix for a second one in a group */
	const char *dir_file;	/* directories: the file in it that holds the document,
				 * ".folder.json"; else NULL */
	const char *children_suffix;	/* files whose children nest: "X" + this is the directory
					 * (".env"); else NULL */
	const char *name_key;	/* the member that is the file name: "name", "fileName"; NULL:
				 * none, the name is empty */
	const char *text_key;	/* the member that is the whole file, as text ("contents",
				 * "protoText"); NULL: JSON */
};

const struct kind_info *kind_info(enum kind k);
enum kind kind_of_type(struct bytes type);
/* WK_NOT_FOUND: no such export type ("request_group", ...). */
enum wk_status kind_of_export_type(struct bytes export_type, enum kind *out);
bool kind_is_directory(enum kind k);
/* Whether a document of kind `child` may hang below one of kind `parent`. */
bool kind_may_contain(enum kind parent, enum kind child);
/* Whether `object_key` is a field that documents of this kind have in some version of the data
 * model (beyond the common ones and the name).  Any key is one of KIND_OTHER. */
bool kind_has_field(enum kind k, struct bytes object_key);

#define DOC_ID_MAX 128	/* bytes; longer ids are refused */
/* prefix_ and 32 hex digits of a random v4 UUID. */
void kind_new_id(enum kind k, char out[DOC_ID_MAX + 1]);

#endif
