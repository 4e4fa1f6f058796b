/* Fuzz target: gzip from a slicer, in pieces of any size; what comes out stays within the caps and does not depend on
 * the pieces. */
#include <printop/sbuf.h>
#include "gateway/unpack.h"
#include "fuzz.h"

#define MAX_OUT (8 << 20)

static bool collect(void *ctx, const void *data, size_t len, struct err *e)
{
	return sbuf_add(ctx, data, len) || err_set(e, ERR_TOO_BIG, "enough");
}

static bool unpack(const uint8_t *data, size_t size, size_t step, struct sbuf *out)
{
	struct gunzip *g = gunzip_new(MAX_OUT, collect, out);
	struct err e = {0};
	bool good = true;

	for (size_t at = 0; good && at < size; at += step)
		good = gunzip_add(g, data + at, size - at < step ? size - at : step, &e);
	good = good && gunzip_end(g, &e);
	MUST(good || e.code == ERR_BAD_REPLY || e.code == ERR_TOO_BIG);
	MUST(good || e.text[0]);
	gunzip_free(g);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbuf whole = SBUF_INIT(MAX_OUT), pieces = SBUF_INIT(MAX_OUT);
	size_t step = size ? data[size - 1] % 61 + 1 : 1;
	bool good = unpack(data, size, size ? size : 1, &whole);

	MUST(unpack(data, size, step, &pieces) == good);
	if (good) {
		MUST(whole.len == pieces.len);
		MUST(!whole.len || !memcmp(whole.data, pieces.data, whole.len));
		MUST(whole.len <= UNPACK_FREE_BYTES || whole.len / UNPACK_RATIO_MAX <= size);
	}
	sbuf_done(&whole);
	sbuf_done(&pieces);
	return 0;
}
