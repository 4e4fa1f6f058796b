/* What the fuzz targets share: the input byte by byte, copies of its rest, and claims that must
 * hold. */
#ifndef PRINTOP_FUZZ_H
#define PRINTOP_FUZZ_H

#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Widths of characters come from the locale, as in main(). */
__attribute__((constructor)) static void fuzz_locale(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
}

struct fuzz {
	const uint8_t *at;
	size_t left;
};

/* A finding: printed and aborted, so that the fuzzer keeps the input. */
#define MUST(claim)                                                                                \
	do {                                                                                       \
		if (!(claim))                                                                      \
			fatal("%s:%d: does not hold: %s", __FILE__, __LINE__, #claim);             \
	} while (0)

static inline unsigned fuzz_byte(struct fuzz *f)
{
	if (!f->left)
		return 0;
	f->left--;
	return *f->at++;
}

/* At most max bytes up to the separator (which is taken, too) as a string; the caller frees. */
static inline char *fuzz_text(struct fuzz *f, char separator, size_t max)
{
	const size_t room = f->left < max ? f->left : max;
	const uint8_t *end = room ? memchr(f->at, separator, room) : NULL;
	const size_t len = end ? (size_t)(end - f->at) : room;
	char *text = mem_strndup((const char *)f->at, len);

	f->at += len + (end != NULL);
	f->left -= len + (end != NULL);
	return text;
}

/* All that is left as a string; the caller frees. */
static inline char *fuzz_rest(struct fuzz *f)
{
	char *text = mem_strndup((const char *)f->at, f->left);

	f->left = 0;
	return text;
}

/* Shown as it is: nothing that str_clean() would take out. */
static inline void must_be_clean(const char *text, size_t size)
{
	char *copy;

	MUST(memchr(text, '\0', size));
	copy = str_clean(mem_strdup(text));
	MUST(str_eq(copy, text));
	free(copy);
}

#endif
