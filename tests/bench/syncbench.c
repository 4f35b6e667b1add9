/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures sync and the server without a mount, on a real wakefsd of its own: prints "NAME VALUE" lines.
 *	syncbench N
 */
#include "../unit/sync/device.h"

#include <malloc.h>

#include "base/log.h"

#define GROUP "rg_000000000000000000000000000000b1"

static double since(int64_t began_us)
{
	return (double)(clock_mono_us() - began_us) / 1e6;
}

static void add_many(struct device *d, struct group *g, long n)
{
	struct arena *arena = arena_new(1 << 22);
	struct doc *doc;

	(void)device_add(d, g, "{\"_id\":\"wrk_b\",\"type\":\"Workspace\",\"parentId\":null,"
			       "\"modified\":1,\"created\":1,\"name\":\"Bench\"}");
	rows_begin(store_rows(d->store));
	for (long i = 0; i < n; i++) {
		char text[4096];
		struct json *json = NULL;
		int at = i % 100 ? snprintf(text, sizeof text,
					    "{\"_id\":\"req_%032lx\",\"type\":\"Request\",\"parentId\":"
					    "\"fld_%032lx\",\"modified\":1,\"created\":1,\"name\":"
					    "\"Request %ld\",\"method\":\"GET\",\"headers\":[",
					    (unsigned long)i, (unsigned long)(i - i % 100), i)
				 : snprintf(text, sizeof text,
					    "{\"_id\":\"fld_%032lx\",\"type\":\"RequestGroup\","
					    "\"parentId\":\"wrk_b\",\"modified\":1,\"created\":1,"
					    "\"name\":\"Folder %ld\",\"headers\":[",
					    (unsigned long)i, i);

		for (int k = 0; at < 1500; k++)
			at += snprintf(text + at, sizeof text - (size_t)at,
				       "%s{\"name\":\"X-Header-%d\",\"value\":\"%08lx\"}", k ? "," : "",
				       k, (unsigned long)i * 2654435761UL % 4294967296UL);
		(void)snprintf(text + at, sizeof text - (size_t)at, "]}");
		assert_ok(json_parse(arena, bytes_str(text), &json, NULL));
		assert_ok(docs_add(store_docs(d->store), g, json, &doc));
		arena_reset(arena);
	}
	rows_end(store_rows(d->store));
	view_run(store_view(d->store));
	arena_free(arena);
}

static void measure_login(const struct server *s)
{
	struct auth_key *auth = NULL;
	struct enc_key *enc = NULL;
	struct api *api = NULL;
	char salt[65], session[65];
	int64_t began = clock_mono_us();

	memset(salt, 'a', 64);
	salt[64] = '\0';
	assert_ok(kdf_auth_key(bytes_str(PASSPHRASE), bytes_str(EMAIL), bytes_str(salt), &auth));
	assert_ok(kdf_enc_key(bytes_str(PASSPHRASE), bytes_str(EMAIL), bytes_str(salt), &enc));
	printf("two_derivations_s %.4f\n", since(began));
	auth_key_free(auth);
	enc_key_free(enc);
	assert_ok(api_new(s->url, &api));
	began = clock_mono_us();
	assert_ok(api_login(api, bytes_str(EMAIL), bytes_str(PASSPHRASE), session));
	printf("login_one_derivation_s %.4f\n", since(began));
	api_free(api);
}

static void measure_single_pushes(struct device *d, struct group *g, int n)
{
	struct doc *doc = device_doc(d, g->id, "wrk_b");
	int64_t began = clock_mono_us();

	for (int i = 0; i < n; i++) {
		char text[32];

		(void)snprintf(text, sizeof text, "edit %d", i);
		device_edit(d, doc, "description", text, 2000 + i);
		assert_ok(sync_once(d->sync));
	}
	printf("edit_and_push_each_s %.6f\n", since(began) / n);
}

int main(int argc, char **argv)
{
	const long n = argc > 1 ? strtol(argv[1], NULL, 10) : 10000;
	struct server server;
	struct device a, b;
	struct group *g;
	int64_t began;
	size_t heap;

	assert_ok(crypto_init());
	log_setup("syncbench", LOG_WARN);
	server_new(&server);
	account_create(&server);
	measure_login(&server);
	device_new(&a, &server, "a");
	device_new(&b, &server, "b");
	g = device_group(&a, GROUP, "Bench");
	began = clock_mono_us();
	add_many(&a, g, n);
	assert_ok(rows_flush_wait(store_rows(a.store)));
	printf("add_%ld_s %.4f\n", n, since(began));
	began = clock_mono_us();
	assert_ok(sync_once(a.sync));
	printf("push_%ld_s %.4f\npushes_per_s %.0f\n", n, since(began), (double)n / since(began));
	heap = mallinfo2().uordblks;
	began = clock_mono_us();
	assert_ok(sync_once(b.sync));
	assert_ok(rows_flush_wait(store_rows(b.store)));
	printf("first_sync_%ld_s %.4f\n", n, since(began));
	printf("heap_per_10000_mib %.2f\n",
	       (double)(mallinfo2().uordblks - heap) / 1048576 * 10000 / (double)n);
	assert_int_equal(docs_group(store_docs(b.store), GROUP)->live, n + 1);
	measure_single_pushes(&a, g, 200);
	device_free(&a);
	device_free(&b);
	server_free(&server);
	return 0;
}
