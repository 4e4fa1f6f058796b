/* Base64 in pieces, and into files: constant memory beside the text. */
#include "connector/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PIECE 65536

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool add_padding(struct base64 *b, unsigned char *dst, size_t *n)
{
	b->padding++;
	if (b->n < 2 || b->n + b->padding > 4)
		return false;
	if (b->padding > 1)
		return true;
	/* The bytes of the short group come out with the first '='. */
	dst[(*n)++] = (unsigned char)(b->bits >> (b->n == 2 ? 4 : 10));
	if (b->n == 3)
		dst[(*n)++] = (unsigned char)(b->bits >> 2);
	return true;
}

bool base64_add(struct base64 *b, const char *text, size_t len, unsigned char *dst, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < len; i++) {
		int v = value_of(text[i]);

		if (text[i] == '\r' || text[i] == '\n')
			continue;
		if (text[i] == '=') {
			if (!add_padding(b, dst, n))
				return false;
			continue;
		}
		if (v < 0 || b->padding)
			return false;
		b->bits = b->bits << 6 | (uint32_t)v;
		if (++b->n < 4)
			continue;
		dst[(*n)++] = (unsigned char)(b->bits >> 16);
		dst[(*n)++] = (unsigned char)(b->bits >> 8);
		dst[(*n)++] = (unsigned char)b->bits;
		b->bits = 0;
		b->n = 0;
	}
	return true;
}

bool base64_end(const struct base64 *b)
{
	return b->n == 0 || b->n + b->padding == 4;
}

static bool write_all(int fd, const unsigned char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static bool decode(int fd, const char *text, int64_t *bytes, struct err *e)
{
	unsigned char piece[PIECE / 4 * 3 + 3];
	struct base64 b = { 0 };
	size_t left = strlen(text), n;

	for (*bytes = 0; left;) {
		size_t take = left < PIECE ? left : PIECE;

		if (!base64_add(&b, text, take, piece, &n))
			return err_set(e, ERR_BAD_REPLY, "params.content is not base64");
		if (!write_all(fd, piece, n))
			return err_set(e, ERR_IO, "cannot store the file: %s", strerror(errno));
		*bytes += (int64_t)n;
		text += take;
		left -= take;
	}
	return base64_end(&b) ||
	       err_set(e, ERR_BAD_REPLY, "params.content is not base64: it ends in the middle");
}

bool base64_to_file(const char *text, const char *path, int64_t *bytes, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;

	if (fd < 0)
		return err_set(e, ERR_IO, "cannot store the file: %s", strerror(errno));
	ok = decode(fd, text, bytes, e);
	if (close(fd) && ok)
		ok = err_set(e, ERR_IO, "cannot store the file: %s", strerror(errno));
	if (!ok)
		unlink(path);
	return ok;
}
