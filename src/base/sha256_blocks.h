/* The inner function of SHA-256, plain and by the processor's own instructions. */
#ifndef BASE_SHA256_BLOCKS_H
#define BASE_SHA256_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const uint32_t sha256_k[64];

/* Hashes n blocks of 64 bytes into h. */
void sha256_plain_blocks(uint32_t h[8], const unsigned char *p, size_t n);

bool sha256_x86_usable(void);
void sha256_x86_blocks(uint32_t h[8], const unsigned char *p, size_t n);	/* only when usable */

#endif
