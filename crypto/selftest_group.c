/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files of a whole resource group and of ids. */
#include <stdio.h>

#include "base/hex.h"
#include "base/scoped.h"
#include "crypto/envelope.h"
#include "crypto/rsa.h"
#include "crypto/selftest_private.h"

#define TEXT_MAX (64 * 1024 * 1024)
#define ID_MAX 256

/* A link of the group, opened by this person, is the group's key. */
static bool opens_link(const struct json *root, const struct json *person, struct bytes link)
{
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(TEXT_MAX);
	SCOPED(rsa_private_free_scoped) struct rsa_private *k = NULL;
	SCOPED(group_key_free_scoped) struct group_key *key = NULL;

	return link.p && selftest_text_of(person, "privateKey", &jwk) &&
	       rsa_private_parse(buf_bytes(&jwk), &k) == WK_OK &&
	       link_open(k, link, &key) == WK_OK &&
	       selftest_is_hex(root, "groupKeyHex", bytes_of(key->k, KEY_SIZE));
}

/* The public key handed out for a member is the member's. */
static bool is_public_of(const struct json *person, struct bytes jwk)
{
	SCOPED(buf_fini) struct buf text = BUF_INIT(TEXT_MAX);
	SCOPED(rsa_public_free_scoped) struct rsa_public *own = NULL, *claimed = NULL;

	return jwk.p && selftest_text_of(person, "publicKey", &text) &&
	       rsa_public_parse(buf_bytes(&text), &own) == WK_OK &&
	       rsa_public_parse(jwk, &claimed) == WK_OK && rsa_public_equal(own, claimed);
}

static bool member_case(const struct json *root, const struct json *member)
{
	const struct json *share = json_get(root, "share");
	const struct json *offered = json_get(json_get(json_get(share, "shareA"), "response"), "keys");
	const struct json *given = json_get(json_get(json_get(share, "shareB"), "request"), "keys");
	struct bytes id = json_get_str(member, "accountId");
	char name[ID_MAX];

	if (!id.p || id.n >= sizeof name ||
	    !opens_link(root, member, json_get_str(member, "encSymmetricKey")))
		return false;
	memcpy(name, id.p, id.n);
	name[id.n] = '\0';
	return (!json_get(offered, name) || is_public_of(member, json_get_str(offered, name))) &&
	       (!json_get(given, name) || opens_link(root, member, json_get_str(given, name)));
}

static bool group_key_case(const struct json *root)
{
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();
	SCOPED(buf_fini) struct buf jwk = BUF_SECRET_INIT(TEXT_MAX);
	const struct json *owner = json_get(root, "owner");

	return key && selftest_hex(root, "groupKeyHex", key->k, KEY_SIZE) &&
	       aes_jwk_write(key->k, &jwk) == WK_OK &&
	       selftest_is_text(root, "groupKeyPlaintext", buf_bytes(&jwk)) &&
	       opens_link(root, owner,
			  json_get_str(json_get(root, "createRequest"), "encSymmetricKey")) &&
	       opens_link(root, owner, json_get_str(json_get(root, "group"), "encSymmetricKey"));
}

static const struct json *document_of(const struct json *root, struct bytes id)
{
	const struct json *list = json_get(root, "documents");

	for (uint32_t i = 0; list && list->type == JSON_ARRAY && i < list->count; i++)
		if (bytes_equal(json_get_str(&list->items[i], "_id"), id))
			return &list->items[i];
	return NULL;
}

/* A resource's content is this document. */
static bool opens_document(const struct json *root, const struct json *resource,
			   const struct json *document)
{
	SCOPED(arena_free_scoped) struct arena *arena = arena_new(TEXT_MAX);
	SCOPED(group_key_free_scoped) struct group_key *key = group_key_new();
	SCOPED(sealer_free_scoped) struct sealer *s = NULL;
	SCOPED(envelope_fini) struct envelope e = ENVELOPE_INIT;
	SCOPED(buf_fini) struct buf text = BUF_SECRET_INIT(TEXT_MAX);
	struct bytes sealed = json_get_str(resource, "encContent");
	struct json *got;

	return arena && key && document && sealed.p &&
	       selftest_hex(root, "groupKeyHex", key->k, KEY_SIZE) &&
	       sealer_for_group(key, &s) == WK_OK && envelope_parse(sealed, &e) == WK_OK &&
	       envelope_open_text(s, &e, &text) == WK_OK &&
	       json_parse(arena, buf_bytes(&text), &got, NULL) == WK_OK &&
	       json_equal(got, document);
}

static bool resource_case(const struct json *root, const struct json *resource)
{
	return opens_document(root, resource, document_of(root, json_get_str(resource, "id")));
}

static bool record_id_is(const struct json *record, struct bytes group, struct bytes id)
{
	char joined[2 * ID_MAX], name[3 + 2 * 16 + 1] = "rs_";
	uint8_t md5[16];

	if (!group.p || !id.p || group.n > ID_MAX || id.n > ID_MAX)
		return false;
	memcpy(joined, group.p, group.n);
	memcpy(joined + group.n, id.p, id.n);
	hash_md5(md5, bytes_of(joined, group.n + id.n));
	hex_encode(md5, sizeof md5, name + 3);
	return selftest_is_text(record, "_id", bytes_str(name));
}

static bool record_case(const struct json *root, const struct json *record)
{
	return resource_case(root, record) &&
	       record_id_is(record, json_get_str(record, "resourceGroupId"),
			    json_get_str(record, "id"));
}

/* After the edit: the edited document is new, the others (the removed too) are as before. */
static bool later_case(const struct json *root, const struct json *resource)
{
	const struct json *edited = json_get(json_get(root, "later"), "editedDocument");
	struct bytes id = json_get_str(resource, "id");

	if (edited && bytes_equal(json_get_str(edited, "_id"), id))
		return opens_document(root, resource, edited);
	return opens_document(root, resource, document_of(root, id));
}

void selftest_group(struct selftest *t, const struct json *root)
{
	const struct json *later = json_get(root, "later");

	selftest_count(t, bytes_str("group key"), group_key_case(root));
	selftest_each(t, root, json_get(root, "members"), "member", member_case);
	selftest_each(t, root, json_get(root, "localRecords"), "local record", record_case);
	selftest_each(t, root, json_get(json_get(root, "push"), "request"), "pushed", record_case);
	selftest_each(t, root, json_get(root, "serverResources"), "resource", resource_case);
	selftest_each(t, root, json_get(later, "serverResources"), "later resource", later_case);
	selftest_each(t, root,
		json_get(json_get(json_get(later, "pull"), "response"), "updatedResources"),
		"pulled", later_case);
	selftest_each(t, root,
		json_get(json_get(json_get(later, "conflict"), "response"), "conflicts"),
		"conflict", later_case);
}

static bool hashed_id_is(const struct json *one, const char *prefix)
{
	struct bytes workspace = json_get_str(one, "workspaceId");
	char id[8 + 2 * 20 + 1];
	uint8_t sha1[20];
	size_t n = strlen(prefix);

	if (!workspace.p)
		return false;
	memcpy(id, prefix, n);
	hash_sha1(sha1, workspace);
	hex_encode(sha1, sizeof sha1, id + n);
	return selftest_is_text(one, "id", bytes_str(id));
}

static bool environment_id(const struct json *root, const struct json *one)
{
	(void)root;
	return hashed_id_is(one, "env_");
}

static bool jar_id(const struct json *root, const struct json *one)
{
	(void)root;
	return hashed_id_is(one, "jar_");
}

static bool record_id(const struct json *root, const struct json *one)
{
	(void)root;
	return record_id_is(one, json_get_str(one, "resourceGroupId"),
			    json_get_str(one, "resourceId"));
}

void selftest_ids(struct selftest *t, const struct json *root)
{
	selftest_each(t, root, json_get(root, "baseEnvironment"), "base environment", environment_id);
	selftest_each(t, root, json_get(root, "cookieJar"), "cookie jar", jar_id);
	selftest_each(t, root, json_get(root, "localResourceRecord"), "local record", record_id);
	selftest_skip(t, "samples of random ids");
}
