/* Streams a local file, as it is or in a multipart body; constant memory, whatever the size. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/sha256.h>
#include <printop/str.h>
#include "net/curl_upload.h"

struct upload {
	const struct http_upload *what;
	int fd;
	struct stat at_start;
	int64_t done;
	struct sha256 sha;
	char hex[65];
	size_t hex_done;
	curl_mime *mime;
	char error[160];
};

struct upload *upload_new(const struct http_upload *u, struct err *e)
{
	struct upload *up;
	int fd = open(u->local_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		err_set(e, ERR_IO, "cannot read %s: %s", u->local_path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		err_set(e, ERR_IO, "%s is not a regular file", u->local_path);
		return NULL;
	}
	up = MEM_NEW(struct upload);
	up->what = u;
	up->fd = fd;
	up->at_start = st;
	sha256_init(&up->sha);
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return up;
}

void upload_free(struct upload *up)
{
	if (!up)
		return;
	curl_mime_free(up->mime);
	close(up->fd);
	free(up);
}

int64_t upload_total(const struct upload *up)
{
	return up->at_start.st_size;
}

const char *upload_error(const struct upload *up)
{
	return up->error[0] ? up->error : NULL;
}

static size_t upload_fail(struct upload *up, const char *why)
{
	str_printf(up->error, sizeof(up->error), "%s: %s", str_basename(up->what->local_path), why);
	return CURL_READFUNC_ABORT;
}

static bool changed_meanwhile(const struct upload *up)
{
	struct stat st;

	return fstat(up->fd, &st) || st.st_size != up->at_start.st_size ||
	       st.st_mtim.tv_sec != up->at_start.st_mtim.tv_sec ||
	       st.st_mtim.tv_nsec != up->at_start.st_mtim.tv_nsec;
}

size_t upload_read(char *dst, size_t size, size_t n, void *ctx)
{
	struct upload *up = ctx;
	int64_t left = upload_total(up) - up->done;
	size_t room = size * n;
	ssize_t got;

	if (left <= 0)
		return 0;
	got = pread(up->fd, dst, (int64_t)room < left ? room : (size_t)left, up->done);
	if (got < 0)
		return upload_fail(up, strerror(errno));
	if (got == 0)
		return upload_fail(up, "became shorter while it was sent");
	up->done += got;
	if (up->what->sha256)
		sha256_add(&up->sha, dst, (size_t)got);
	/* What was sent is a mixture of old and new: the server must not keep it. */
	if (up->done == upload_total(up) && changed_meanwhile(up))
		return upload_fail(up, "changed while it was sent");
	return (size_t)got;
}

static size_t checksum_cb(char *dst, size_t size, size_t n, void *ctx)
{
	struct upload *up = ctx;
	size_t want = size * n, left;

	if (!up->hex[0])
		sha256_hex(&up->sha, up->hex);
	left = sizeof(up->hex) - 1 - up->hex_done;
	want = want < left ? want : left;
	memcpy(dst, up->hex + up->hex_done, want);
	up->hex_done += want;
	return want;
}

/* Nothing is ever sent twice, so nothing has to be rewound. */
static int no_seek_cb(void *ctx, curl_off_t offset, int origin)
{
	(void)ctx;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_CANTSEEK;
}

curl_mime *upload_mime(struct upload *up, CURL *easy)
{
	curl_mimepart *p;

	up->mime = curl_mime_init(easy);
	for (size_t i = 0; i < ARRAY_LEN(up->what->fields) && up->what->fields[i][0]; i++) {
		p = curl_mime_addpart(up->mime);
		curl_mime_name(p, up->what->fields[i][0]);
		curl_mime_data(p, up->what->fields[i][1], CURL_ZERO_TERMINATED);
	}
	p = curl_mime_addpart(up->mime);
	curl_mime_name(p, "file");
	curl_mime_filename(p, up->what->name);
	curl_mime_type(p, "application/octet-stream");
	curl_mime_data_cb(p, upload_total(up), upload_read, no_seek_cb, NULL, up);
	if (up->what->sha256) {
		p = curl_mime_addpart(up->mime);
		curl_mime_name(p, "checksum");
		curl_mime_data_cb(p, (curl_off_t)sizeof(up->hex) - 1, checksum_cb, no_seek_cb, NULL, up);
	}
	return up->mime;
}
