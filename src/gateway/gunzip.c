/* gzip as it comes in over the network, with caps on what comes out. */
#include "gateway/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <printop/mem.h>
#include <printop/str.h>

#define PIECE (64u << 10)
#define GZIP_WINDOW (15 + 16)	/* the largest window, gzip's own head and tail only */

struct gunzip {
	z_stream z;
	unpack_fn *fn;
	void *ctx;
	int64_t in, out, max;
	bool inside;		/* a member has begun and not ended */
	bool padding;		/* zeros behind the last member */
	unsigned members;
	unsigned char piece[PIECE];
};

struct gunzip *gunzip_new(int64_t max_bytes, unpack_fn *fn, void *ctx)
{
	struct gunzip *g = MEM_NEW(struct gunzip);

	g->fn = fn;
	g->ctx = ctx;
	g->max = max_bytes;
	if (inflateInit2(&g->z, GZIP_WINDOW) != Z_OK)
		fatal("zlib cannot start");
	return g;
}

void gunzip_free(struct gunzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	free(g);
}

static bool check_size(const struct gunzip *g, struct err *e)
{
	char text[STR_SMALL];

	if (g->out > g->max)
		return err_set(e, ERR_TOO_BIG, "it unpacks to more than %s",
			       str_bytes(text, sizeof(text), (double)g->max));
	if (g->out > UNPACK_FREE_BYTES && g->out / UNPACK_RATIO_MAX > g->in)
		return err_set(e, ERR_TOO_BIG, "it unpacks to more than %d times its size", UNPACK_RATIO_MAX);
	return true;
}

/* One call of inflate(): some input, some output. */
static bool inflate_some(struct gunzip *g, struct err *e)
{
	uInt before = g->z.avail_in;
	size_t made;
	int r;

	g->z.next_out = g->piece;
	g->z.avail_out = PIECE;
	r = inflate(&g->z, Z_NO_FLUSH);
	made = PIECE - g->z.avail_out;
	g->in += before - g->z.avail_in;
	g->out += (int64_t)made;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return err_set(e, ERR_BAD_REPLY, "it is no good gzip: %s", g->z.msg ? g->z.msg : "damaged");
	if (!check_size(g, e) || (made && !g->fn(g->ctx, g->piece, made, e)))
		return false;
	if (r == Z_STREAM_END) {
		g->inside = false;
		g->members++;
		inflateReset(&g->z);
	}
	return true;
}

/* Tapes and some programs fill up with zeros behind the last member; nothing else may be there. */
static bool skip_padding(struct gunzip *g, struct err *e)
{
	while (g->z.avail_in && !*g->z.next_in && g->members) {
		g->padding = true;
		g->z.next_in++;
		g->z.avail_in--;
	}
	return !g->padding || !g->z.avail_in || err_set(e, ERR_BAD_REPLY, "there is something behind the end of the gzip");
}

bool gunzip_add(struct gunzip *g, const void *data, size_t len, struct err *e)
{
	/* next_in is not written to, but has no const in zlib's own header. */
	memcpy(&g->z.next_in, &data, sizeof(data));
	g->z.avail_in = (uInt)len;
	for (;;) {
		if (!g->inside && !skip_padding(g, e))
			return false;
		if (!g->z.avail_in && !g->inside)
			return true;
		g->inside = true;
		if (!inflate_some(g, e))
			return false;
		/* A full piece may mean that there is more without any input. */
		if (!g->z.avail_in && (!g->inside || g->z.avail_out))
			return true;
	}
}

bool gunzip_end(struct gunzip *g, struct err *e)
{
	if (g->inside || !g->members)
		return err_set(e, ERR_BAD_REPLY, "the gzip ends too early");
	return true;
}
