/* A growing byte buffer that knows its maximum. */
#include <printop/sbuf.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>

void sbuf_init(struct sbuf *b, size_t max)
{
	*b = (struct sbuf)SBUF_INIT(max);
}

void sbuf_done(struct sbuf *b)
{
	if (!b)
		return;
	free(b->data);
	sbuf_init(b, b->max);
}

void sbuf_clear(struct sbuf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->data)
		b->data[0] = '\0';
}

const char *sbuf_str(const struct sbuf *b)
{
	return b->data ? b->data : "";
}

char *sbuf_take(struct sbuf *b)
{
	char *data = b->data ? b->data : mem_strdup("");

	sbuf_init(b, b->max);
	return data;
}

/* Makes room for len more bytes and the NUL; false when max would be passed. */
static bool reserve(struct sbuf *b, size_t len)
{
	size_t cap;

	if (len > b->max - b->len) {
		b->overflow = true;
		return false;
	}
	if (b->cap - b->len > len)
		return true;
	cap = b->cap ? b->cap : 64;
	while (cap - b->len <= len)
		cap *= 2;
	b->data = mem_realloc(b->data, cap, 1);
	b->cap = cap;
	return true;
}

bool sbuf_add(struct sbuf *b, const void *data, size_t len)
{
	if (!len)
		return true;
	if (!reserve(b, len))
		return false;
	memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return true;
}

bool sbuf_adds(struct sbuf *b, const char *s)
{
	return sbuf_add(b, s, strlen(s));
}

bool sbuf_addc(struct sbuf *b, char c)
{
	return sbuf_add(b, &c, 1);
}

bool sbuf_addn(struct sbuf *b, char c, size_t n)
{
	if (!n)
		return true;
	if (!reserve(b, n))
		return false;
	memset(b->data + b->len, c, n);
	b->len += n;
	b->data[b->len] = '\0';
	return true;
}

bool sbuf_addf(struct sbuf *b, const char *fmt, ...)
{
	const size_t space = b->cap - b->len;
	va_list args, again;
	bool ok = true;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(b->data ? b->data + b->len : NULL, space, fmt, args);
	if (n > 0 && (size_t)n <= b->max - b->len) {
		ok = reserve(b, (size_t)n);
		if ((size_t)n >= space)
			vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	} else if (n != 0) {
		b->overflow = true;
		ok = false;
		if (b->data)
			b->data[b->len] = '\0';
	}
	va_end(again);
	va_end(args);
	return ok;
}
