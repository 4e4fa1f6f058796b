/* A growing byte buffer with a maximum from birth; always NUL-terminated. */
#ifndef PRINTOP_SBUF_H
#define PRINTOP_SBUF_H

#include <stdbool.h>
#include <stddef.h>

struct sbuf {
	char *data;		/* NULL until the first byte; use sbuf_str() to read */
	size_t len, cap, max;
	bool overflow;		/* something was refused because of max */
};

#define SBUF_INIT(max_bytes) { NULL, 0, 0, (max_bytes), false }

void sbuf_init(struct sbuf *b, size_t max);
void sbuf_done(struct sbuf *b);
void sbuf_clear(struct sbuf *b);			/* keeps the memory */
const char *sbuf_str(const struct sbuf *b);		/* "" when empty */
char *sbuf_take(struct sbuf *b);			/* the caller frees; never NULL; b is empty then */

/* All adders return false and set overflow, adding nothing, when max would be passed. */
bool sbuf_add(struct sbuf *b, const void *data, size_t len);
bool sbuf_adds(struct sbuf *b, const char *s);
bool sbuf_addc(struct sbuf *b, char c);
bool sbuf_addn(struct sbuf *b, char c, size_t n);
bool sbuf_addf(struct sbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
