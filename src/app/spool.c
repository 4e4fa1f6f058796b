/* Files on their way in: written as they come, within a cap and the room on the disk. */
#include <printop/spool.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sha256.h>
#include <printop/str.h>

#define CHECK_BYTES (8 << 20)		/* the room is looked at again after so much */
#define RESERVE_MOST (200ll << 20)

struct spool {
	int fd;
	char *path, *dir;
	struct sha256 sha;
	int64_t bytes, cap, checked;
};

int64_t spool_reserve(int64_t disk_bytes)
{
	return disk_bytes / 20 < RESERVE_MOST ? disk_bytes / 20 : RESERVE_MOST;
}

bool spool_has_room(const char *dir, int64_t bytes)
{
	struct statvfs v;

	if (statvfs(dir, &v))
		return true;	/* writing will tell */
	return (int64_t)v.f_bavail * (int64_t)v.f_frsize - bytes >= spool_reserve((int64_t)v.f_blocks * (int64_t)v.f_frsize);
}

static bool check_room(struct spool *s, int64_t more, struct err *e)
{
	char text[STR_SMALL];

	if (s->bytes + more > s->cap)
		return err_set(e, ERR_TOO_BIG, "the file is larger than %s, the most that is taken here",
			       str_bytes(text, sizeof(text), (double)s->cap));
	if (!spool_has_room(s->dir, more))
		return err_set(e, ERR_IO, "the disk has no room for this file");
	return true;
}

struct spool *spool_new(const char *path, int64_t cap_bytes, int64_t expect_bytes, struct err *e)
{
	struct spool *s = MEM_NEW(struct spool);

	s->fd = -1;
	s->cap = cap_bytes;
	s->path = mem_strdup(path);
	s->dir = path_dirname(path);
	sha256_init(&s->sha);
	if (check_room(s, expect_bytes > 0 ? expect_bytes : 0, e)) {
		s->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (s->fd >= 0)
			return s;
		err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	}
	spool_abort(s);
	return NULL;
}

static bool write_all(int fd, const char *data, size_t len)
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

bool spool_add(struct spool *s, const void *data, size_t len, struct err *e)
{
	int64_t after = s->bytes + (int64_t)len;

	if (after > s->cap && !check_room(s, (int64_t)len, e))
		return false;
	if (after - s->checked > CHECK_BYTES) {
		/* Begun now, so that the last sync has little left to wait for. */
		sync_file_range(s->fd, s->checked, s->bytes - s->checked, SYNC_FILE_RANGE_WRITE);
		s->checked = s->bytes;
		if (!check_room(s, CHECK_BYTES, e) && e->code == ERR_IO)
			return false;
	}
	if (!write_all(s->fd, data, len))
		return err_set(e, ERR_IO, "the file could not be written: %s", strerror(errno));
	sha256_add(&s->sha, data, len);
	s->bytes = after;
	return true;
}

int spool_fd(const struct spool *s)
{
	return s->fd;
}

int64_t spool_bytes(const struct spool *s)
{
	return s->bytes;
}

void spool_sum(const struct spool *s, char hex[65])
{
	struct sha256 copy = s->sha;

	sha256_hex(&copy, hex);
}

static void spool_free(struct spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->path);
	free(s->dir);
	free(s);
}

bool spool_finish(struct spool *s, struct err *e)
{
	bool good = fsync(s->fd) == 0;

	if (!good) {
		err_set(e, ERR_IO, "the file could not be written: %s", strerror(errno));
		unlink(s->path);
	}
	spool_free(s);
	return good;
}

void spool_abort(struct spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		unlink(s->path);
	spool_free(s);
}
