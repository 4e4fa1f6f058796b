/* Base64 out of a command, decoded piece by piece into a file. */
#ifndef CONNECTOR_BASE64_H
#define CONNECTOR_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>

struct base64 {
	uint32_t bits;
	int n;			/* characters in bits, 0 to 3 */
	int padding;		/* '=' seen */
};

/*
 * Decodes len characters to dst, which has room for base64_room(len); *n is how many bytes came
 * out. The standard alphabet; line ends are skipped. False for anything else, and for text behind
 * the padding.
 */
bool base64_add(struct base64 *b, const char *text, size_t len, unsigned char *dst, size_t *n);
static inline size_t base64_room(size_t len) { return len / 4 * 3 + 3; }
/* False when the text ended in the middle of a group. */
bool base64_end(const struct base64 *b);
/* The whole of text into a new file at path (mode 0600); an old one goes. *bytes is its size. */
bool base64_to_file(const char *text, const char *path, int64_t *bytes, struct err *e);

#endif
