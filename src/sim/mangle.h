/* Spoils JSON text as broken or hostile servers do, token by token. */
#ifndef SIM_MANGLE_H
#define SIM_MANGLE_H

#include <printop/sbuf.h>

enum mangle {
	MANGLE_TYPES,		/* every value gets another type */
	MANGLE_NAN,		/* numbers become NaN and Infinity */
	MANGLE_CONTROL		/* names and messages get escape sequences and other control characters */
};

void mangle(struct sbuf *json, enum mangle how);

#endif
