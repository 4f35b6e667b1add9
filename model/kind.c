/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of kinds.  What a file is called, which members its path says, and
 * what may hang below what all come from here, so that a new kind is one row.
 * Its fields are in kind_fields.c.
 */
#include "model/kind.h"

#include "base/hex.h"
#include "base/rand.h"

#define BIT(k) (1u << (k))
#define REQUESTS (BIT(KIND_REQUEST) | BIT(KIND_WEBSOCKET) | BIT(KIND_GRPC))

static const struct kind_info kinds[KIND_COUNT] = {
	[KIND_WORKSPACE] = { "Workspace", "workspace", "wrk", ".workspace.json",
			     ".workspace.json", NULL, "name", NULL },
	[KIND_FOLDER] = { "RequestGroup", "request_group", "fld", "", ".folder.json", NULL, "name",
			  NULL },
	[KIND_REQUEST] = { "Request", "request", "req", ".json", NULL, NULL, "name", NULL },
	[KIND_WEBSOCKET] = { "WebSocketRequest", "websocket_request", "ws-req", ".ws.json", NULL,
			     ".ws", "name", NULL },
	[KIND_PAYLOAD] = { "WebSocketPayload", "websocket_payload", "ws-payload", ".payload.json",
			   NULL, NULL, "name", NULL },
	[KIND_GRPC] = { "GrpcRequest", "grpc_request", "greq", ".grpc.json", NULL, NULL, "name",
			NULL },
	[KIND_ENVIRONMENT] = { "Environment", "environment", "env", ".env.json", NULL, ".env",
			       "name", NULL },
	[KIND_COOKIES] = { "CookieJar", "cookie_jar", "jar", ".cookies.json", NULL, NULL, "name",
			   NULL },
	[KIND_SPEC] = { "ApiSpec", "api_spec", "spc", ".yaml", NULL, NULL, "fileName",
			"contents" },
	[KIND_CERTIFICATE] = { "ClientCertificate", NULL, "crt", ".cert.json", NULL, NULL, "host",
			       NULL },
	[KIND_CA] = { "CaCertificate", NULL, "crt", ".ca.json", NULL, NULL, NULL, NULL },
	[KIND_PROTO] = { "ProtoFile", "proto_file", "pf", ".proto", NULL, NULL, "name",
			 "protoText" },
	[KIND_PROTO_DIR] = { "ProtoDirectory", "proto_directory", "pd", "", ".protodir.json", NULL,
			     "name", NULL },
	[KIND_SUITE] = { "UnitTestSuite", "unit_test_suite", "uts", ".suite.json", NULL, ".suite",
			 "name", NULL },
	[KIND_TEST] = { "UnitTest", "unit_test", "ut", ".test.json", NULL, NULL, "name", NULL },
	[KIND_MOCK] = { "MockServer", "mock", "mock", ".mock.json", NULL, ".mock", "name", NULL },
	[KIND_ROUTE] = { "MockRoute", "mock_route", "mock-route", ".route.json", NULL, NULL,
			 "name", NULL },
	[KIND_OTHER] = { NULL, NULL, "doc", ".json", NULL, NULL, "name", NULL },
};

/* A type nobody knows yet may hang wherever something may: refusing it would hide it. */
static const uint32_t children[KIND_COUNT] = {
	[KIND_WORKSPACE] = REQUESTS | BIT(KIND_FOLDER) | BIT(KIND_ENVIRONMENT) |
			   BIT(KIND_COOKIES) | BIT(KIND_SPEC) | BIT(KIND_CERTIFICATE) |
			   BIT(KIND_CA) | BIT(KIND_PROTO) | BIT(KIND_PROTO_DIR) |
			   BIT(KIND_SUITE) | BIT(KIND_MOCK) | BIT(KIND_OTHER),
	[KIND_FOLDER] = REQUESTS | BIT(KIND_FOLDER) | BIT(KIND_OTHER),
	[KIND_WEBSOCKET] = BIT(KIND_PAYLOAD) | BIT(KIND_OTHER),
	[KIND_ENVIRONMENT] = BIT(KIND_ENVIRONMENT) | BIT(KIND_OTHER),
	[KIND_PROTO_DIR] = BIT(KIND_PROTO_DIR) | BIT(KIND_PROTO) | BIT(KIND_OTHER),
	[KIND_SUITE] = BIT(KIND_TEST) | BIT(KIND_OTHER),
	[KIND_MOCK] = BIT(KIND_ROUTE) | BIT(KIND_OTHER),
};

const struct kind_info *kind_info(enum kind k)
{
	return &kinds[k];
}

enum kind kind_of_type(struct bytes type)
{
	for (int k = 0; k < KIND_OTHER; k++)
		if (bytes_equal_str(type, kinds[k].type))
			return (enum kind)k;
	return KIND_OTHER;
}

enum wk_status kind_of_export_type(struct bytes export_type, enum kind *out)
{
	for (int k = 0; k < KIND_OTHER; k++) {
		if (kinds[k].export_type && bytes_equal_str(export_type, kinds[k].export_type)) {
			*out = (enum kind)k;
			return WK_OK;
		}
	}
	return WK_NOT_FOUND;
}

bool kind_is_directory(enum kind k)
{
	return kinds[k].dir_file != NULL;
}

bool kind_may_contain(enum kind parent, enum kind child)
{
	return (children[parent] & BIT(child)) != 0;
}

void kind_new_id(enum kind k, char out[DOC_ID_MAX + 1])
{
	uint8_t uuid[16];
	size_t n = strlen(kinds[k].id_prefix);

	rand_bytes(uuid, sizeof uuid);
	uuid[6] = (uint8_t)(0x40 | (uuid[6] & 0x0f));
	uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
	memcpy(out, kinds[k].id_prefix, n);
	out[n++] = '_';
	hex_encode(uuid, sizeof uuid, out + n);
}
