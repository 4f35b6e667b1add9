/* SPDX-License-Identifier: Apache-2.0 */
/* The table from statuses to errno. */
#include "testing.h"

#include <errno.h>

#include "fs/errno.h"

static void every_status_has_one(void **state)
{
	(void)state;
	for (int op = 0; op < ERRNO_OPS; op++) {
		assert_int_equal(errno_of((enum errno_op)op, WK_OK), 0);
		for (int st = 1; st < WK_STATUS_COUNT; st++)
			assert_true(errno_of((enum errno_op)op, (enum wk_status)st) > 0);
	}
	assert_int_equal(errno_of(ERRNO_DATA, (enum wk_status)1000), EIO);
}

static void some_depend_on_the_operation(void **state)
{
	(void)state;
	assert_int_equal(errno_of(ERRNO_NAME, WK_LIMIT), ENAMETOOLONG);
	assert_int_equal(errno_of(ERRNO_DATA, WK_LIMIT), EFBIG);
	assert_int_equal(errno_of(ERRNO_REMOVE, WK_EXISTS), ENOTEMPTY);
	assert_int_equal(errno_of(ERRNO_NAME, WK_EXISTS), EEXIST);
	assert_int_equal(errno_of(ERRNO_NAME, WK_UNSUPPORTED), EPERM);
	assert_int_equal(errno_of(ERRNO_DATA, WK_UNSUPPORTED), EOPNOTSUPP);
	assert_int_equal(errno_of(ERRNO_SEEK, WK_NOT_FOUND), ENXIO);
	assert_int_equal(errno_of(ERRNO_DATA, WK_FULL), ENOSPC);
	assert_int_equal(errno_of(ERRNO_RENAME, WK_CANCELLED), ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_status_has_one),
	    cmocka_unit_test(some_depend_on_the_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
