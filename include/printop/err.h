/* Errors: one code that programs switch on, one text that people read. */
#ifndef PRINTOP_ERR_H
#define PRINTOP_ERR_H

#include <stdbool.h>
#include <stdarg.h>

enum err_code {
	ERR_NONE,
	ERR_USAGE,
	ERR_CONFIG,
	ERR_UNREACHABLE,
	ERR_TIMEOUT,
	ERR_AUTH,
	ERR_REFUSED,		/* the state of the printer forbids it, or its server said no */
	ERR_UNSUPPORTED,
	ERR_BAD_REPLY,
	ERR_NOT_FOUND,
	ERR_TOO_BIG,
	ERR_IO,
	ERR_CANCELLED,
	ERR_INTERNAL,
	ERR_N
};

struct err {
	enum err_code code;
	char text[400];
};

/*
 * Fills *e (NULL is allowed) and returns false, so that `return err_set(...)` ends a function. The text
 * is cleaned by str_clean(): it is one line, and what it quotes cannot steer a terminal.
 */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text that is there; returns false. */
bool err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *e);

const char *err_name(enum err_code code);	/* "auth" */
const char *err_sentence(enum err_code code);	/* "the key was refused" */
int err_exit_status(enum err_code code);	/* exit status of the batch tool */

#endif
