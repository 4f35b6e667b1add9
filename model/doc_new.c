/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New documents: the fields and values that the client of 2022.4 gives one (for kinds that
 * came later, the first version that had them), in the model's order.
 */
#include "model/doc.h"

#include "model/doc_private.h"

static const char *const defaults[KIND_COUNT] = {
	[KIND_WORKSPACE] = "{\"name\":\"New Collection\",\"description\":\"\","
			   "\"scope\":\"collection\"}",
	[KIND_FOLDER] = "{\"name\":\"New Folder\",\"description\":\"\",\"environment\":{},"
			"\"environmentPropertyOrder\":null,\"metaSortKey\":0}",
	[KIND_REQUEST] = "{\"url\":\"\",\"name\":\"New Request\",\"description\":\"\","
			 "\"method\":\"GET\",\"body\":{},\"parameters\":[],\"headers\":[],"
			 "\"authentication\":{},\"metaSortKey\":0,\"isPrivate\":false,"
			 "\"settingStoreCookies\":true,\"settingSendCookies\":true,"
			 "\"settingDisableRenderRequestBody\":false,\"settingEncodeUrl\":true,"
			 "\"settingRebuildPath\":true,\"settingFollowRedirects\":\"global\"}",
	[KIND_WEBSOCKET] = "{\"name\":\"New WebSocket Request\",\"url\":\"\",\"metaSortKey\":0,"
			   "\"headers\":[],\"authentication\":{},\"parameters\":[],"
			   "\"settingEncodeUrl\":true,\"settingStoreCookies\":true,"
			   "\"settingSendCookies\":true,\"settingFollowRedirects\":\"global\","
			   "\"description\":\"\"}",
	[KIND_PAYLOAD] = "{\"name\":\"New Payload\",\"value\":\"\","
			 "\"mode\":\"application/json\"}",
	[KIND_GRPC] = "{\"url\":\"\",\"name\":\"New gRPC Request\",\"description\":\"\","
		      "\"protoFileId\":\"\",\"protoMethodName\":\"\",\"metadata\":[],"
		      "\"body\":{\"text\":\"{}\"},\"metaSortKey\":0,\"isPrivate\":false}",
	[KIND_ENVIRONMENT] = "{\"name\":\"New Environment\",\"data\":{},"
			     "\"dataPropertyOrder\":null,\"color\":null,\"isPrivate\":false,"
			     "\"metaSortKey\":0}",
	[KIND_COOKIES] = "{\"name\":\"Default Jar\",\"cookies\":[]}",
	[KIND_SPEC] = "{\"fileName\":\"New Document\",\"contents\":\"\","
		      "\"contentType\":\"yaml\"}",
	[KIND_CERTIFICATE] = "{\"host\":\"\",\"passphrase\":null,\"disabled\":false,"
			     "\"cert\":null,\"key\":null,\"pfx\":null,\"isPrivate\":false}",
	[KIND_CA] = "{\"disabled\":false,\"path\":null,\"isPrivate\":false}",
	[KIND_PROTO] = "{\"name\":\"New Proto File\",\"protoText\":\"\"}",
	[KIND_PROTO_DIR] = "{\"name\":\"New Proto Directory\"}",
	[KIND_SUITE] = "{\"name\":\"My Test\"}",
	[KIND_TEST] = "{\"requestId\":null,\"name\":\"My Test\",\"code\":\"\"}",
	[KIND_MOCK] = "{\"name\":\"New Mock\",\"url\":\"\",\"useInsomniaCloud\":true}",
	[KIND_ROUTE] = "{\"body\":\"\",\"headers\":[],\"statusCode\":200,\"statusText\":\"\","
		       "\"name\":\"/\",\"mimeType\":\"\",\"method\":\"GET\"}",
	[KIND_OTHER] = "{\"name\":\"\"}",
};

/* New items stand on top of the sidebar, new environments at its end. */
static int64_t sort_key(const struct doc_place *place)
{
	if (place->kind == KIND_ENVIRONMENT)
		return place->created_ms;
	return place->created_ms == INT64_MIN ? INT64_MAX : -place->created_ms;
}

enum wk_status doc_new(struct arena *arena, const struct doc_place *place, struct json **doc_out)
{
	struct json *doc = NULL, *fields = NULL;
	enum wk_status st = doc_start(arena, place, &doc);

	if (st == WK_OK)
		st = json_parse(arena, bytes_str(defaults[place->kind]), &fields, NULL);
	if (st == WK_OK && json_get(fields, "metaSortKey"))
		st = json_set_int(arena, fields, "metaSortKey", sort_key(place));
	for (uint32_t i = 0; st == WK_OK && i < fields->count; i++)
		st = json_append_member(arena, doc, fields->members[i].key,
					&fields->members[i].value);
	if (st == WK_OK)
		st = doc_set_place(arena, doc, place);
	if (st == WK_OK)
		*doc_out = doc;
	return st;
}
