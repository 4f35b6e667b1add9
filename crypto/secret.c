/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start of libgcrypt and the memory of keys.
 *
 * Everything secret comes from one pool that is locked at the start: a cipher
 * costs about 2 KiB of it, so 2 MiB hold the ciphers of a thousand groups.  The
 * pool does not grow, because what libgcrypt adds to it later is not locked;
 * a used-up pool is WK_NOMEM.
 */
#include "crypto/secret.h"

#include <gcrypt.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

/* Clang says it in its own way. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#elif __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#define POOL_SIZE (2 * 1024 * 1024)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static enum wk_status started = WK_UNSUPPORTED;

static void forbid_dumps(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		log_warn("core dumps cannot be turned off");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* Not in sanitizer builds: a leak checker is a tracer. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		log_warn("tracing by other processes cannot be turned off");
#endif
}

static void allow_locking(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur >= 2 * POOL_SIZE)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur < POOL_SIZE)
		log_warn("the limit on locked memory is too low to keep keys out of swap");
}

/*
 * libgcrypt collects jitter the first time that it is asked for its best random
 * numbers, and keeps what it allocates for that in the locked pool, where a leak
 * checker does not look.
 */
static void collect_jitter_unseen(void)
{
#if defined(__SANITIZE_ADDRESS__)
	uint8_t byte;

	__lsan_disable();
	gcry_randomize(&byte, 1, GCRY_VERY_STRONG_RANDOM);
	__lsan_enable();
#endif
}

static void start(void)
{
	forbid_dumps();
	allow_locking();
	if (!gcry_check_version("1.10.0"))
		return;
	(void)gcry_control(GCRYCTL_SUSPEND_SECMEM_WARN);
	if (gcry_control(GCRYCTL_INIT_SECMEM, POOL_SIZE, 0)) {
		started = WK_NOMEM;
		return;
	}
	(void)gcry_control(GCRYCTL_RESUME_SECMEM_WARN);
	(void)gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	collect_jitter_unseen();
	started = gcry_control(GCRYCTL_SELFTEST, 0) ? WK_UNSUPPORTED : WK_OK;
}

enum wk_status crypto_init(void)
{
	if (pthread_once(&once, start) != 0)
		return WK_NOMEM;
	return started;
}

void *secret_alloc(size_t n)
{
	return gcry_calloc_secure(1, n);
}

void secret_free(void *p)
{
	/* libgcrypt wipes what it takes back into the pool. */
	gcry_free(p);
}

void secret_free_local(void *pointer_to_pointer)
{
	void *p = NULL;

	memcpy(&p, pointer_to_pointer, sizeof p);
	secret_free(p);
}

void secret_random(uint8_t *out, size_t n)
{
	gcry_randomize(out, n, GCRY_STRONG_RANDOM);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t different = 0;

	for (size_t i = 0; i < n; i++)
		different |= (uint8_t)(x[i] ^ y[i]);
	return different == 0;
}
