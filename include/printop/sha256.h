/* SHA-256 (FIPS 180-4): checksums of what was uploaded. Here because no library that printop needs offers one. */
#ifndef PRINTOP_SHA256_H
#define PRINTOP_SHA256_H

#include <stddef.h>
#include <stdint.h>

struct sha256 {
	void (*blocks)(uint32_t h[8], const unsigned char *p, size_t n);
	uint32_t h[8];
	uint64_t len;
	unsigned char block[64];
	size_t used;
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
void sha256_hex(struct sha256 *s, char hex[65]);	/* ends it; lower case */

#endif
