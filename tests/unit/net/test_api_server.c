/* SPDX-License-Identifier: Apache-2.0 */
/* The typed calls with a real wakefsd, and what of the session stays in memory. */
#include "wakefsd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/rand.h"

#define EMAIL "ann@example.com"
#define OTHER "bob@example.com"
#define PASSPHRASE "correct horse battery staple"

static struct wakefsd server;
static char account_id[129], other_id[129];

/* --- one person at one device --- */

struct person {
	struct api *api;
	struct arena *arena;
	char session[65];
};

static struct person person_new(const char *email)
{
	struct person p = { .arena = arena_new(64 << 20) };

	assert_ok(api_new(server.url, &p.api));
	assert_ok(api_login(p.api, bytes_str(email), bytes_str(PASSPHRASE), p.session));
	return p;
}

static void person_free(struct person *p)
{
	explicit_bzero(p->session, sizeof p->session);
	api_free(p->api);
	arena_free(p->arena);
}

static void new_group_id(char id_out[40])
{
	uint8_t random[16];

	rand_bytes(random, sizeof random);
	memcpy(id_out, "rg_", 4);
	hex_encode(random, sizeof random, id_out + 3);
}

static char sealed_key[2 * RSA_SIZE + 1];

static struct wire_group group_of(const char *id)
{
	return (struct wire_group){ .id = bytes_str(id), .name = bytes_str("n/a"),
				    .parent_resource_id = bytes_str("wrk_1"),
				    .enc_symmetric_key = bytes_str(sealed_key),
				    .head.mark = bytes_str("") };
}

static void person_group(struct person *p, char id_out[40])
{
	struct wire_group g;

	new_group_id(id_out);
	g = group_of(id_out);
	assert_ok(api_group_create(p->api, &g));
}

/* An envelope of n digits of ciphertext. */
static char *envelope(char digit, size_t n)
{
	char *text = malloc(n + 256);
	int at = snprintf(text, 256, "{\"iv\":\"%024d\",\"t\":\"%032d\",\"ad\":\"\",\"d\":\"", 0, 0);

	memset(text + at, digit, n);
	(void)strcpy(text + (size_t)at + n, "\"}");
	return text;
}

static enum wk_status push_one(struct person *p, const char *group_id, const char *id,
			       struct bytes seen, const char *content,
			       struct wire_push_answer *out)
{
	SCOPED(buf_fini) struct buf body = BUF_INIT(16 << 20);
	struct wire_push_item item = { .id = bytes_str(id), .type = bytes_str("Request"),
				       .name = bytes_str("n/a"), .seen_version = seen,
				       .enc_content = bytes_str(content), .last_edited_ms = 1 };

	assert_ok(wire_push_write(&item, 1, &body));
	return api_push(p->api, p->arena, group_id, buf_bytes(&body), out);
}

/* --- accounts --- */

static void test_login_and_whoami(void **state)
{
	struct person p = person_new(EMAIL);
	struct wire_whoami who;
	struct account_keys keys = { 0 };
	struct enc_key *key = NULL;

	(void)state;
	assert_ok(api_whoami(p.api, p.arena, &who));
	assert_bytes_str(who.account_id, account_id);
	assert_bytes_str(who.email, EMAIL);
	assert_bytes_str(who.first_name, "Ann");
	assert_ok(kdf_enc_key(bytes_str(PASSPHRASE), bytes_str(EMAIL), who.salt_enc, &key));
	assert_ok(account_open(key, who.account_id, who.enc_symmetric_key, who.enc_private_key,
			       who.public_key, &keys));
	enc_key_free(key);
	account_keys_fini(&keys);
	person_free(&p);
}

static void test_wrong_passphrase_and_unknown_address_are_alike(void **state)
{
	char first[HTTP_PROBLEM_MAX], session[65];
	struct api *a = NULL;

	(void)state;
	assert_ok(api_new(server.url, &a));
	assert_status(api_login(a, bytes_str(EMAIL), bytes_str("wrong"), session), WK_DENIED);
	(void)snprintf(first, sizeof first, "%s", api_problem(a));
	assert_true(strlen(first) > 0);
	assert_status(api_login(a, bytes_str("nobody@example.com"), bytes_str(PASSPHRASE), session),
		      WK_DENIED);
	assert_string_equal(api_problem(a), first);
	api_free(a);
}

static void test_logout(void **state)
{
	struct person p = person_new(EMAIL);
	struct wire_whoami who;

	(void)state;
	assert_ok(api_logout(p.api));
	assert_status(api_whoami(p.api, p.arena, &who), WK_DENIED);
	/* Not only forgotten here. */
	assert_ok(http_set_session(api_http(p.api), p.session));
	assert_status(api_whoami(p.api, p.arena, &who), WK_DENIED);
	assert_status(api_logout(p.api), WK_DENIED);
	person_free(&p);
}

/* --- groups and resources --- */

static void test_group_create_is_idempotent(void **state)
{
	struct person p = person_new(EMAIL), other = person_new(OTHER);
	struct api_groups groups;
	char id[40];
	struct wire_group g;
	bool is_found = false;

	(void)state;
	person_group(&p, id);
	g = group_of(id);
	assert_ok(api_group_create(p.api, &g));
	assert_status(api_group_create(other.api, &g), WK_CONFLICT);
	assert_true(strlen(api_problem(other.api)) > 0);
	assert_ok(api_groups(p.api, p.arena, &groups));
	for (size_t i = 0; i < groups.count; i++) {
		if (!bytes_equal_str(groups.items[i].id, id))
			continue;
		assert_false(is_found);
		is_found = true;
		assert_bytes_str(groups.items[i].enc_symmetric_key, sealed_key);
		assert_int_equal(groups.items[i].head.seq, 0);
	}
	assert_true(is_found);
	assert_ok(api_groups(other.api, other.arena, &groups));
	assert_int_equal(groups.count, 0);
	person_free(&p);
	person_free(&other);
}

static void test_push_changes_listing_fetch(void **state)
{
	struct person p = person_new(EMAIL);
	SCOPED(scoped_free) char *small = envelope('a', 40), *large = envelope('b', 2 << 20);
	struct bytes ids[] = { bytes_str("req_2"), bytes_str("req_none"), bytes_str("req_1") };
	struct wire_push_answer first, again, second;
	struct wire_changes changes;
	struct wire_listing listing;
	char id[40], mark[33];

	(void)state;
	person_group(&p, id);
	assert_ok(push_one(&p, id, "req_1", bytes_str(WIRE_NO_VERSION), small, &first));
	assert_int_equal(first.count, 1);
	assert_int_equal(first.head.seq, 1);
	assert_ok(push_one(&p, id, "req_1", bytes_str(WIRE_NO_VERSION), small, &again));
	assert_true(bytes_equal(first.items[0].version, again.items[0].version));
	assert_int_equal(again.head.seq, 1);
	assert_ok(push_one(&p, id, "req_2", bytes_str(WIRE_NO_VERSION), large, &second));
	assert_int_equal(second.head.seq, 2);

	assert_ok(api_changes(p.api, p.arena, id, 0, "", 1000, &changes));
	assert_int_equal(changes.count, 2);
	assert_false(changes.more || changes.resync);
	assert_bytes_str(changes.items[0].enc_content, small);
	assert_bytes_str(changes.items[1].enc_content, large);
	assert_int_equal(changes.next.seq, 2);
	(void)snprintf(mark, sizeof mark, "%.32s", (const char *)first.head.mark.p);
	assert_ok(api_changes(p.api, p.arena, id, 1, mark, 1000, &changes));
	assert_int_equal(changes.count, 1);
	assert_bytes_str(changes.items[0].id, "req_2");
	assert_ok(api_changes(p.api, p.arena, id, 1, "00112233445566778899aabbccddeeff", 10,
			      &changes));
	assert_true(changes.resync);

	assert_ok(api_listing(p.api, p.arena, id, bytes_of(NULL, 0), &listing));
	assert_int_equal(listing.count, 2);
	assert_null(listing.next.p);
	assert_true(bytes_equal(listing.items[1].version, second.items[0].version));
	assert_ok(api_listing(p.api, p.arena, id, bytes_str("req_1"), &listing));
	assert_int_equal(listing.count, 1);

	assert_ok(api_fetch(p.api, p.arena, id, ids, ARRAY_LEN(ids), &changes));
	assert_int_equal(changes.count, 2);
	assert_bytes_str(changes.items[0].enc_content, large);
	assert_bytes_str(changes.items[1].id, "req_1");
	person_free(&p);
}

static void test_conflict_names_what_moved(void **state)
{
	struct person p = person_new(EMAIL);
	SCOPED(scoped_free) char *a = envelope('a', 40), *b = envelope('b', 40);
	struct wire_push_answer first, refused, second;
	char id[40];

	(void)state;
	person_group(&p, id);
	assert_ok(push_one(&p, id, "req_1", bytes_str(WIRE_NO_VERSION), a, &first));
	assert_status(push_one(&p, id, "req_1", bytes_str(WIRE_NO_VERSION), b, &refused),
		      WK_CONFLICT);
	assert_int_equal(refused.conflict_count, 1);
	assert_bytes_str(refused.conflicts[0], "req_1");
	assert_int_equal(refused.head.seq, 1);
	assert_ok(push_one(&p, id, "req_1", first.items[0].version, b, &second));
	assert_int_equal(second.head.seq, 2);
	person_free(&p);
}

static void test_refusals(void **state)
{
	struct person p = person_new(EMAIL), other = person_new(OTHER);
	struct wire_push_answer answer;
	struct wire_changes changes;
	char id[40];

	(void)state;
	person_group(&p, id);
	assert_status(push_one(&p, id, "req_1", bytes_str(WIRE_NO_VERSION), "{}", &answer),
		      WK_INVALID);
	assert_true(strlen(api_problem(p.api)) > 0);
	assert_status(api_push(p.api, p.arena, id, bytes_str("{\"changes\":[7]}"), &answer),
		      WK_INVALID);
	/* Another's group and one that is none are alike. */
	assert_status(api_changes(other.api, other.arena, id, 0, "", 10, &changes),
		      (int)api_changes(other.api, other.arena, "rg_none", 0, "", 10, &changes));
	assert_true(strlen(api_problem(other.api)) > 0);
	person_free(&p);
	person_free(&other);
}

/* --- the long poll --- */

struct polling {
	struct person person;
	struct wire_poll_head head;
	int64_t timeout_ms, began_ms, ended_ms;
	size_t count;
	uint64_t seq;
	enum wk_status st;
};

static void *poll_run(void *arg)
{
	struct polling *p = arg;
	struct wire_poll have = { &p->head, 1, p->timeout_ms }, moved = { 0 };

	p->began_ms = clock_mono_ms();
	p->st = api_poll(p->person.api, p->person.arena, &have, &moved);
	p->ended_ms = clock_mono_ms();
	for (size_t i = 0; p->st == WK_OK && i < moved.count; i++)
		if (bytes_equal(moved.heads[i].group_id, p->head.group_id)) {
			p->count++;
			p->seq = moved.heads[i].head.seq;
		}
	return NULL;
}

static void wait_ms(long ms)
{
	(void)nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* A person whose only group it is: groups that are not named always differ. */
static struct person poller(const char *email, char id_out[40])
{
	char account[129];
	struct person p;

	wakefsd_account(&server, email, PASSPHRASE, account);
	p = person_new(email);
	person_group(&p, id_out);
	return p;
}

static void test_poll_wakes_up(void **state)
{
	struct polling p = { .timeout_ms = 20000 };
	SCOPED(scoped_free) char *content = envelope('a', 40);
	struct wire_push_answer answer;
	struct person writer;
	pthread_t thread;
	char id[40];
	int64_t pushed_ms;

	(void)state;
	p.person = poller("poll@example.com", id);
	writer = person_new("poll@example.com");
	p.head = (struct wire_poll_head){ bytes_str(id), { 0, bytes_str("") } };
	assert_int_equal(pthread_create(&thread, NULL, poll_run, &p), 0);
	wait_ms(300);
	pushed_ms = clock_mono_ms();
	assert_ok(push_one(&writer, id, "req_1", bytes_str(WIRE_NO_VERSION), content, &answer));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ok(p.st);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.seq, 1);
	/* Not before, and not long after. */
	assert_true(p.ended_ms >= pushed_ms && p.ended_ms - pushed_ms < 1000);

	/* Now it differs from the start. */
	(void)poll_run(&p);
	assert_ok(p.st);
	assert_true(p.ended_ms - p.began_ms < 1000);
	person_free(&p.person);
	person_free(&writer);
}

static void test_poll_ends_empty_or_cancelled(void **state)
{
	struct polling p = { .timeout_ms = 400 };
	pthread_t thread;
	char id[40];
	int64_t began;

	(void)state;
	p.person = poller("quiet@example.com", id);
	p.head = (struct wire_poll_head){ bytes_str(id), { 0, bytes_str("") } };
	(void)poll_run(&p);
	assert_ok(p.st);
	assert_int_equal(p.count, 0);
	assert_true(p.ended_ms - p.began_ms >= 350 && p.ended_ms - p.began_ms < 3000);

	p.timeout_ms = 20000;
	assert_int_equal(pthread_create(&thread, NULL, poll_run, &p), 0);
	wait_ms(300);
	began = clock_mono_ms();
	http_cancel(api_http(p.person.api));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_status(p.st, WK_CANCELLED);
	assert_true(p.ended_ms - began < 100);
	person_free(&p.person);
}

static void test_server_that_dies(void **state)
{
	struct wakefsd kept = server;
	struct polling p = { .timeout_ms = 20000 };
	pthread_t thread;
	char id[40];

	(void)state;
	wakefsd_start(&server);
	p.person = poller("dies@example.com", id);
	p.head = (struct wire_poll_head){ bytes_str(id), { 0, bytes_str("") } };
	assert_int_equal(pthread_create(&thread, NULL, poll_run, &p), 0);
	wait_ms(300);
	wakefsd_stop(&server, SIGKILL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_status(p.st, WK_OFFLINE);
	assert_true(strlen(api_problem(p.person.api)) > 0);
	person_free(&p.person);
	server = kept;
}

/* --- what stays in memory --- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static void test_the_session_does_not_stay_in_memory(void **state)
{
	(void)state;
	print_message("sanitizers keep memory of their own: not looked through\n");
	skip();
}
#else
#define NEEDLE 24
#define MASK 0x5a

/* How often the text stands in writable memory; it is given masked, so as not to stand there. */
static unsigned count_in_memory(const uint8_t masked[NEEDLE])
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long from, to;
	char line[512], mode[8];
	unsigned found = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 ||
		    strncmp(mode, "rw", 2) != 0)
			continue;
		for (const uint8_t *p = (const uint8_t *)from; (unsigned long)p + NEEDLE <= to; p++) {
			unsigned i = 0;

			while (i < NEEDLE && (p[i] ^ MASK) == masked[i])
				i++;
			found += i == NEEDLE;
		}
	}
	(void)fclose(maps);
	return found;
}

static void test_the_session_does_not_stay_in_memory(void **state)
{
	struct person p = person_new(EMAIL);
	struct wire_whoami who;
	struct api_groups groups;
	uint8_t text[NEEDLE], raw[NEEDLE];

	(void)state;
	assert_ok(hex_decode(bytes_of(p.session, 2 * NEEDLE), raw, NEEDLE));
	for (unsigned i = 0; i < NEEDLE; i++) {
		text[i] = (uint8_t)(p.session[20 + i] ^ MASK);
		raw[i] ^= MASK;
	}
	assert_ok(api_whoami(p.api, p.arena, &who));
	assert_ok(api_groups(p.api, p.arena, &groups));
	assert_true(count_in_memory(text) >= 2);	/* p.session is one of them */
	explicit_bzero(p.session, sizeof p.session);
	/* The one in locked memory that requests are made from, and no key. */
	assert_int_equal(count_in_memory(text), 1);
	assert_int_equal(count_in_memory(raw), 0);
	person_free(&p);
	assert_int_equal(count_in_memory(text), 0);
}
#endif

static int start(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_ok(crypto_init());
	memset(sealed_key, 'a', sizeof sealed_key - 1);
	wakefsd_start(&server);
	wakefsd_account(&server, EMAIL, PASSPHRASE, account_id);
	wakefsd_account(&server, OTHER, PASSPHRASE, other_id);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	wakefsd_stop(&server, SIGTERM);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_and_whoami),
		cmocka_unit_test(test_wrong_passphrase_and_unknown_address_are_alike),
		cmocka_unit_test(test_logout),
		cmocka_unit_test(test_group_create_is_idempotent),
		cmocka_unit_test(test_push_changes_listing_fetch),
		cmocka_unit_test(test_conflict_names_what_moved),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_poll_wakes_up),
		cmocka_unit_test(test_poll_ends_empty_or_cancelled),
		cmocka_unit_test(test_server_that_dies),
		cmocka_unit_test(test_the_session_does_not_stay_in_memory),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
