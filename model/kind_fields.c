/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields that each kind has had in any version of the data model, beyond
 * _id, type, parentId, modified, created and the member that is the file name.
 * They tell a document from a JSON file that only happens to lie in a group.
 */
#include "model/kind.h"

#define FIELDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char *const *const fields[KIND_COUNT] = {
	[KIND_WORKSPACE] = FIELDS("description", "certificates", "scope"),
	[KIND_FOLDER] = FIELDS("description", "environment", "environmentPropertyOrder",
			       "metaSortKey", "preRequestScript", "afterResponseScript",
			       "authentication", "headers"),
	[KIND_REQUEST] = FIELDS("url", "description", "method", "body", "preRequestScript",
				"parameters", "headers", "authentication", "metaSortKey",
				"isPrivate", "pathParameters", "afterResponseScript",
				"settingStoreCookies", "settingSendCookies",
				"settingDisableRenderRequestBody", "settingEncodeUrl",
				"settingRebuildPath", "settingMaxTimelineDataSize",
				"settingFollowRedirects"),
	[KIND_WEBSOCKET] = FIELDS("url", "metaSortKey", "headers", "authentication", "parameters",
				  "pathParameters", "settingEncodeUrl", "settingStoreCookies",
				  "settingSendCookies", "settingFollowRedirects", "description"),
	[KIND_PAYLOAD] = FIELDS("value", "mode"),
	[KIND_GRPC] = FIELDS("url", "description", "protoFileId", "protoMethodName", "metadata",
			     "body", "metaSortKey", "isPrivate", "idPrivate", "reflectionApi"),
	[KIND_ENVIRONMENT] = FIELDS("data", "dataPropertyOrder", "color", "isPrivate",
				    "metaSortKey"),
	[KIND_COOKIES] = FIELDS("cookies"),
	[KIND_SPEC] = FIELDS("contents", "contentType"),
	[KIND_CERTIFICATE] = FIELDS("passphrase", "disabled", "cert", "key", "pfx", "isPrivate"),
	[KIND_CA] = FIELDS("disabled", "path", "isPrivate"),
	[KIND_PROTO] = FIELDS("protoText"),
	[KIND_SUITE] = FIELDS("metaSortKey"),
	[KIND_TEST] = FIELDS("requestId", "code", "metaSortKey"),
	[KIND_MOCK] = FIELDS("url", "useInsomniaCloud"),
	[KIND_ROUTE] = FIELDS("body", "headers", "statusCode", "statusText", "mimeType", "method"),
};

bool kind_has_field(enum kind k, struct bytes object_key)
{
	if (k == KIND_OTHER)
		return true;
	if (!fields[k])
		return false;
	for (size_t i = 0; fields[k][i]; i++)
		if (bytes_equal_str(object_key, fields[k][i]))
			return true;
	return false;
}
