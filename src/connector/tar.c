/* Writes tar (ustar, with GNU's entries for long names) through zlib. */
#include "connector/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <printop/mem.h>
#include <printop/str.h>

#define BLOCK 512
#define PIECE (64u << 10)
#define OCTAL_MAX 077777777777LL	/* 8 GiB: what the size field holds */

struct tar {
	gzFile gz;
	const atomic_bool *stop;
	bool broken;
};

struct header { /* POSIX 1003.1 ustar; magic and version as GNU writes them */
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100],
		magic[8];
	char user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

struct tar *tar_new(const char *path, const atomic_bool *stop, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct tar *t;

	if (fd < 0) {
		err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
		return NULL;
	}
	t = MEM_NEW(struct tar);
	t->stop = stop;
	t->gz = gzdopen(fd, "wb6");
	if (!t->gz)
		fatal("out of memory");
	return t;
}

static bool put(struct tar *t, const void *data, size_t len, struct err *e)
{
	if (*t->stop) {
		t->broken = true;
		return err_set(e, ERR_CANCELLED, "stopped");
	}
	if (!len || gzwrite(t->gz, data, (unsigned)len) == (int)len)
		return true;
	t->broken = true;
	return err_set(e, ERR_IO, "cannot write the archive: %s",
		       errno ? strerror(errno) : "zlib failed");
}

static bool pad(struct tar *t, int64_t size, struct err *e)
{
	static const char zeros[BLOCK];

	return put(t, zeros, (size_t)((BLOCK - size % BLOCK) % BLOCK), e);
}

static void finish_header(struct header *h)
{
	unsigned sum = 0;

	memcpy(h->magic, "ustar  ", 8);
	memset(h->sum, ' ', sizeof(h->sum));
	for (size_t i = 0; i < BLOCK; i++)
		sum += ((unsigned char *)h)[i];
	str_printf(h->sum, 7, "%06o", sum & 0777777);
}

static bool put_header(struct tar *t, const char *name, char type, int64_t size, time_t modified,
		       const char *link, struct err *e)
{
	struct header h = { .type = type };

	memcpy(h.name, name, strlen(name) < sizeof(h.name) ? strlen(name) : sizeof(h.name));
	memcpy(h.link, link, strlen(link) < sizeof(h.link) ? strlen(link) : sizeof(h.link));
	str_printf(h.mode, sizeof(h.mode), "%07o", type == '2' ? 0777 : 0644);
	str_printf(h.uid, sizeof(h.uid), "%07o", 0);
	str_printf(h.gid, sizeof(h.gid), "%07o", 0);
	str_printf(h.size, sizeof(h.size), "%011llo", (unsigned long long)size);
	str_printf(h.mtime, sizeof(h.mtime), "%011llo",
		   modified > 0 ? (unsigned long long)modified & OCTAL_MAX : 0ULL);
	finish_header(&h);
	return put(t, &h, sizeof(h), e);
}

/* A text that does not fit into its field stands in an entry of its own before. */
static bool put_long(struct tar *t, char type, const char *text, struct err *e)
{
	size_t len = strlen(text) + 1;

	if (len <= 100)
		return true;
	return put_header(t, "././@LongLink", type, (int64_t)len, 0, "", e) &&
	       put(t, text, len, e) && pad(t, (int64_t)len, e);
}

static bool copy(struct tar *t, int fd, int64_t size, bool *short_file, struct err *e)
{
	char piece[PIECE];

	for (int64_t left = size; left > 0;) {
		size_t want = left < (int64_t)PIECE ? (size_t)left : PIECE;
		ssize_t n = *short_file ? 0 : read(fd, piece, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {	/* its length stands in the header already */
			*short_file = true;
			n = (ssize_t)want;
			memset(piece, 0, want);
		}
		if (!put(t, piece, (size_t)n, e))
			return false;
		left -= n;
	}
	return pad(t, size, e);
}

bool tar_file(struct tar *t, const char *name, int fd, int64_t size, time_t modified,
	      bool *short_file, struct err *e)
{
	*short_file = false;
	if (size > OCTAL_MAX)
		return err_set(e, ERR_TOO_BIG, "%s is larger than 8 GiB", name);
	return put_long(t, 'L', name, e) && put_header(t, name, '0', size, modified, "", e) &&
	       copy(t, fd, size, short_file, e);
}

bool tar_link(struct tar *t, const char *name, const char *target, time_t modified, struct err *e)
{
	return put_long(t, 'K', target, e) && put_long(t, 'L', name, e) &&
	       put_header(t, name, '2', 0, modified, target, e);
}

bool tar_close(struct tar *t, struct err *e)
{
	static const char end[2 * BLOCK];
	bool ok = !t->broken && put(t, end, sizeof(end), e);

	if (gzclose(t->gz) != Z_OK && ok)
		ok = err_set(e, ERR_IO, "cannot write the archive: %s",
			     errno ? strerror(errno) : "zlib failed");
	free(t);
	return ok;
}
