/* Memory: allocation never fails (the program ends cleanly, terminal restored), free takes NULL. */
#ifndef PRINTOP_MEM_H
#define PRINTOP_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull, warn_unused_result));
void *mem_zalloc(size_t n, size_t size) __attribute__((returns_nonnull, warn_unused_result));
void *mem_realloc(void *p, size_t n, size_t size) __attribute__((warn_unused_result));
char *mem_strdup(const char *s);			/* NULL gives NULL */
char *mem_strndup(const char *s, size_t len);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Makes room for one more element in a growing array: *cap doubles when n == *cap. */
void *mem_grow(void *array, size_t n, size_t *cap, size_t size);

#define MEM_NEW(type) ((type *)mem_zalloc(1, sizeof(type)))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * fatal() says what happened on stderr, after running the clean-up handlers (the terminal's), and
 * aborts. fatal_on_exit() registers one; handlers must be async-signal-safe: they also run from the
 * handlers of SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT that fatal_init() installs.
 */
void fatal(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void fatal_init(void);
void fatal_on_exit(void (*handler)(void));

#endif
