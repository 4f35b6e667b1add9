/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_SCOPED_H
#define BASE_SCOPED_H

/*
 * Scoped ownership.  A local that owns something says so where it is declared:
 *
 *	SCOPED(buf_fini) struct buf body = BUF_INIT(WIRE_PAGE_MAX);
 *	SCOPED(json_put) struct json_doc *doc = NULL;	(pointer: see SCOPED_PTR)
 *
 * and every return is safe.  SCOPED(f) calls f(&local) when the local goes out
 * of scope; for an object held by pointer, DEFINE_SCOPED_FREE(type, f) in the
 * module's header makes f_scoped(type **), used as SCOPED(f_scoped).
 */
#define SCOPED(cleanup_fn) __attribute__((cleanup(cleanup_fn)))

#define DEFINE_SCOPED_FREE(type, free_fn)                                      \
	static inline void free_fn##_scoped(type **object)                     \
	{                                                                      \
		free_fn(*object);                                              \
	}

/* Gives away what the local owned:  *out = take(&p). */
#define take(pointer)                                                          \
	__extension__({                                                        \
		__typeof__(*(pointer)) taken_ = *(pointer);                    \
		*(pointer) = NULL;                                             \
		taken_;                                                        \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* For plain malloc()ed locals:  SCOPED(scoped_free) char *text = NULL; */
void scoped_free(void *pointer_to_pointer);
/* For descriptors, -1 when none:  SCOPED(scoped_close) int fd = -1; */
void scoped_close(const int *fd);

#endif
