/* SHA-256 by the SHA instructions of x86 processors: five times as fast. */
#include "base/sha256_blocks.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>

#define NEEDED_ECX (bit_SSSE3 | bit_SSE4_1)

bool sha256_x86_usable(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) && (c & NEEDED_ECX) == NEEDED_ECX &&
	       __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
}

#define X86 __attribute__((target("sha,sse4.1")))

struct rounds {
	__m128i abef, cdgh;	/* the eight words, as the instructions want them */
};

X86 static inline void four_rounds(struct rounds *r, __m128i w, const uint32_t *k)
{
	__m128i sum = _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)k));

	r->cdgh = _mm_sha256rnds2_epu32(r->cdgh, r->abef, sum);
	r->abef = _mm_sha256rnds2_epu32(r->abef, r->cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

/* The next four words of the schedule from the sixteen before. */
X86 static inline __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));

	return _mm_sha256msg2_epu32(sum, w3);
}

X86 static inline __m128i big_endian(const unsigned char *p)
{
	const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)p), order);
}

X86 static inline void block(struct rounds *r, const unsigned char *p)
{
	const struct rounds before = *r;
	__m128i w0 = big_endian(p), w1 = big_endian(p + 16), w2 = big_endian(p + 32),
		w3 = big_endian(p + 48);

	for (int i = 0; i < 64; i += 16) {
		four_rounds(r, w0, sha256_k + i);
		four_rounds(r, w1, sha256_k + i + 4);
		four_rounds(r, w2, sha256_k + i + 8);
		four_rounds(r, w3, sha256_k + i + 12);
		w0 = next_words(w0, w1, w2, w3);
		w1 = next_words(w1, w2, w3, w0);
		w2 = next_words(w2, w3, w0, w1);
		w3 = next_words(w3, w0, w1, w2);
	}
	r->abef = _mm_add_epi32(r->abef, before.abef);
	r->cdgh = _mm_add_epi32(r->cdgh, before.cdgh);
}

X86 void sha256_x86_blocks(uint32_t h[8], const unsigned char *p, size_t n)
{
	__m128i abcd = _mm_loadu_si128((const __m128i *)h);
	__m128i efgh = _mm_loadu_si128((const __m128i *)(h + 4));
	__m128i cdab = _mm_shuffle_epi32(abcd, 0xb1), hgfe = _mm_shuffle_epi32(efgh, 0x1b);
	struct rounds r = { _mm_alignr_epi8(cdab, hgfe, 8), _mm_blend_epi16(hgfe, cdab, 0xf0) };

	for (; n; n--, p += 64)
		block(&r, p);
	cdab = _mm_shuffle_epi32(r.abef, 0x1b);
	hgfe = _mm_shuffle_epi32(r.cdgh, 0xb1);
	_mm_storeu_si128((__m128i *)h, _mm_blend_epi16(cdab, hgfe, 0xf0));
	_mm_storeu_si128((__m128i *)(h + 4), _mm_alignr_epi8(hgfe, cdab, 8));
}

#else

bool sha256_x86_usable(void)
{
	return false;
}

void sha256_x86_blocks(uint32_t h[8], const unsigned char *p, size_t n)
{
	sha256_plain_blocks(h, p, n);
}

#endif
