/*
 * Fuzz target: the reader of uploads. First byte: the size of the pieces; up to a newline: the Content-Type; the rest: the
 * body. However it is cut into pieces, the same parts come out of it.
 */
#include <printop/sbuf.h>
#include "fuzz.h"
#include "gateway/multipart.h"

struct seen {
	struct sbuf text;
	bool open;		/* a part has begun and not ended */
	size_t parts;
};

static void on_part(void *ctx, const struct multipart_part *p)
{
	struct seen *s = ctx;

	MUST(!s->open && p->name && p->type);
	MUST(strlen(p->name) < MULTIPART_HEAD_MAX && strlen(p->type) < MULTIPART_HEAD_MAX);
	s->open = true;
	s->parts++;
	sbuf_addf(&s->text, "[%s|%s|%s]", p->name, p->filename ? p->filename : "", p->type);
}

static void on_data(void *ctx, const char *data, size_t len)
{
	struct seen *s = ctx;

	MUST(s->open && len);
	sbuf_add(&s->text, data, len);
}

static void on_end(void *ctx)
{
	struct seen *s = ctx;

	MUST(s->open);
	s->open = false;
	sbuf_addc(&s->text, '\n');
}

static bool read_body(const char *type, const uint8_t *data, size_t size, size_t piece, struct seen *s, bool *whole)
{
	static const struct multipart_ops ops = { on_part, on_data, on_end };
	struct multipart *m = multipart_new(type, &ops, s);

	sbuf_init(&s->text, 1 << 20);
	if (!m)
		return false;
	for (size_t i = 0; i < size; i += piece) {
		const size_t n = size - i < piece ? size - i : piece;
		char *copy = mem_alloc(n);	/* exactly as large as it is, for the sanitizer */

		memcpy(copy, data + i, n);
		multipart_add(m, copy, n);
		free(copy);
	}
	*whole = multipart_whole(m);
	MUST(!*whole || !s->open);
	multipart_free(m);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = { data, size };
	const size_t piece = 1 + fuzz_byte(&f) % 64;
	char *type = fuzz_text(&f, '\n', 400);
	struct seen once = { .open = false }, often = { .open = false };
	bool whole = false, whole_often = false;

	if (read_body(type, f.at, f.left, f.left + 1, &once, &whole)) {
		MUST(read_body(type, f.at, f.left, piece, &often, &whole_often));
		MUST(whole == whole_often && once.parts == often.parts);
		MUST(once.text.len == often.text.len && !memcmp(sbuf_str(&once.text), sbuf_str(&often.text), once.text.len));
	}
	sbuf_done(&once.text);
	sbuf_done(&often.text);
	free(type);
	return 0;
}
