/* SPDX-License-Identifier: Apache-2.0 */
/* What an arriving envelope is: every way of following, repeating, going back and forking. */
#include "testing.h"

#include "base/rand.h"
#include "store/envelopes.h"
#include "sync/sync.h"

/* A run of revisions of one resource, each with its ad, inner hash and digest. */
struct revision {
	struct context ctx;
	struct buf ad;
	uint8_t inner[HASH_SIZE];
	uint8_t digest[DIGEST_SIZE];
};

static void make(struct revision *r, uint64_t n, const uint8_t *replaces)
{
	static const uint8_t none[DIGEST_SIZE];

	*r = (struct revision){ .ctx = { .group_id = "rg_1", .resource_id = "req_1",
					 .type = "Request", .n = n },
				.ad = BUF_INIT(1024) };
	memcpy(r->ctx.p, replaces ? replaces : none, DIGEST_SIZE);
	rand_bytes(r->inner, sizeof r->inner);
	assert_ok(context_write(&r->ctx, &r->ad));
	envelope_digest_of(buf_bytes(&r->ad), r->inner, r->digest);
}

static struct arrival_known holding(const struct revision *r)
{
	struct arrival_known k = { .have = true, .n = r->ctx.n };

	memcpy(k.digest, r->digest, DIGEST_SIZE);
	return k;
}

static struct arrival_chain link_of(const struct revision *r)
{
	struct arrival_chain c = { .ad = buf_bytes(&r->ad) };

	memcpy(c.inner, r->inner, HASH_SIZE);
	return c;
}

#define RUN 5
struct fixture {
	struct revision run[RUN];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	for (size_t i = 0; i < RUN; i++)
		make(&f->run[i], i + 1, i ? f->run[i - 1].digest : NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RUN; i++)
		buf_fini(&f->run[i].ad);
	free(f);
	return 0;
}

static void never_seen_is_next(void **state)
{
	struct fixture *f = *state;
	const struct arrival_known nothing = { .have = false };

	assert_int_equal(arrival_judge(&nothing, &f->run[4].ctx, f->run[4].digest, NULL, 0),
			 ARRIVAL_NEXT);
}

static void the_same_is_ours(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[2]);

	assert_int_equal(arrival_judge(&k, &f->run[2].ctx, f->run[2].digest, NULL, 0),
			 ARRIVAL_OURS);
}

static void what_was_sent_is_ours(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[2]);

	memcpy(k.sent_digest, f->run[3].digest, DIGEST_SIZE);
	assert_int_equal(arrival_judge(&k, &f->run[3].ctx, f->run[3].digest, NULL, 0),
			 ARRIVAL_OURS);
}

static void the_following_is_next(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[2]);

	assert_int_equal(arrival_judge(&k, &f->run[3].ctx, f->run[3].digest, NULL, 0),
			 ARRIVAL_NEXT);
}

static void a_chain_bridges_what_was_skipped(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[0]);
	struct arrival_chain chain[3] = { link_of(&f->run[1]), link_of(&f->run[2]),
					  link_of(&f->run[3]) };

	assert_int_equal(arrival_judge(&k, &f->run[4].ctx, f->run[4].digest, chain, 3),
			 ARRIVAL_NEXT);
	/* A longer chain, told because another device's cursor is older, does no harm. */
	k = holding(&f->run[2]);
	assert_int_equal(arrival_judge(&k, &f->run[4].ctx, f->run[4].digest, chain, 3),
			 ARRIVAL_NEXT);
}

static void what_follows_what_was_sent_is_told(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[1]);
	struct arrival_chain chain[2] = { link_of(&f->run[2]), link_of(&f->run[3]) };

	memcpy(k.sent_digest, f->run[2].digest, DIGEST_SIZE);
	assert_int_equal(arrival_judge(&k, &f->run[3].ctx, f->run[3].digest, NULL, 0),
			 ARRIVAL_AFTER_SENT);
	assert_int_equal(arrival_judge(&k, &f->run[4].ctx, f->run[4].digest, chain, 2),
			 ARRIVAL_AFTER_SENT);
	/* A creation whose answer was lost, too. */
	k = (struct arrival_known){ .have = true };
	memcpy(k.sent_digest, f->run[0].digest, DIGEST_SIZE);
	assert_int_equal(arrival_judge(&k, &f->run[1].ctx, f->run[1].digest, NULL, 0),
			 ARRIVAL_AFTER_SENT);
	/* It never got there: somebody else followed what we had. */
	k = holding(&f->run[1]);
	rand_bytes(k.sent_digest, DIGEST_SIZE);
	assert_int_equal(arrival_judge(&k, &f->run[4].ctx, f->run[4].digest, chain, 2),
			 ARRIVAL_NEXT);
}

static void a_gap_in_the_chain_is_a_fork(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[0]);
	struct arrival_chain chain[2] = { link_of(&f->run[1]), link_of(&f->run[3]) };

	assert_int_equal(arrival_judge(&k, &f->run[4].ctx, f->run[4].digest, chain, 2),
			 ARRIVAL_FORK);
	assert_int_equal(arrival_judge(&k, &f->run[4].ctx, f->run[4].digest, NULL, 0),
			 ARRIVAL_FORK);
}

static void a_forged_link_is_a_fork(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[2]);
	struct arrival_chain chain[1] = { link_of(&f->run[3]) };

	chain[0].inner[0] ^= 1;
	assert_int_equal(arrival_judge(&k, &f->run[4].ctx, f->run[4].digest, chain, 1),
			 ARRIVAL_FORK);
}

static void superseded_is_stale(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[3]);

	k.was_superseded = true;
	assert_int_equal(arrival_judge(&k, &f->run[1].ctx, f->run[1].digest, NULL, 0),
			 ARRIVAL_STALE);
}

static void another_branch_is_a_fork(void **state)
{
	struct fixture *f = *state;
	struct arrival_known k = holding(&f->run[3]);
	struct revision other;

	make(&other, 5, f->run[1].digest);
	assert_int_equal(arrival_judge(&k, &other.ctx, other.digest, NULL, 0), ARRIVAL_FORK);
	buf_fini(&other.ad);
	/* Names our digest as its predecessor, but does not count on. */
	make(&other, 4, f->run[3].digest);
	assert_int_equal(arrival_judge(&k, &other.ctx, other.digest, NULL, 0), ARRIVAL_FORK);
	buf_fini(&other.ad);
}

static void an_unsent_creation_meets_another(void **state)
{
	struct fixture *f = *state;
	const struct arrival_known unsent = { .have = true, .n = 0 };

	assert_int_equal(arrival_judge(&unsent, &f->run[0].ctx, f->run[0].digest, NULL, 0),
			 ARRIVAL_FORK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(never_seen_is_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_same_is_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_sent_is_ours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_following_is_next, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_chain_bridges_what_was_skipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_follows_what_was_sent_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_gap_in_the_chain_is_a_fork, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_forged_link_is_a_fork, set_up, tear_down),
		cmocka_unit_test_setup_teardown(superseded_is_stale, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_branch_is_a_fork, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_unsent_creation_meets_another, set_up,
						tear_down),
	};

	return cmocka_run_group_tests_name("arrival", tests, NULL, NULL);
}
