/*
 * Walks the chosen folders by file descriptors, so that no link swapped in meanwhile can lead it
 * outside.
 */
#include "connector/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/sha256.h>
#include <printop/str.h>
#include "connector/protocol.h"
#include "connector/tar.h"

#define DEPTH_MAX 32
#define FILES_MAX 200000

struct walk {
	struct archive *a;
	struct tar *tar;
	int64_t read_bytes;
};

static void leave_out(struct archive *a, const char *name, const char *why)
{
	a->left_out++;
	sbuf_addf(&a->names, "%s: %s\n", name, why);
}

/* Where a link points to, seen from the root: inside only when every step stays there. */
static bool stays_inside(const char *root, const char *name, const char *target)
{
	char *folder = mem_strdup(name), *slash = strrchr(folder, '/'), *path, real[PATH_MAX];
	size_t len = strlen(root);
	bool inside = false;

	if (slash)
		*slash = '\0';
	path = mem_printf("%s/%s/%s", root, slash ? folder : ".", target);
	/* An absolute target would be wrong wherever the archive is unpacked. */
	if (target[0] != '/' && realpath(path, real))
		inside = str_starts(real, root) && (real[len] == '/' || real[len] == '\0');
	free(path);
	free(folder);
	return inside;
}

static bool add_link(struct walk *w, int dir, const char *entry, const char *name,
		     const struct stat *st, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, entry, target, sizeof(target) - 1);

	if (n < 0) {
		leave_out(w->a, name, strerror(errno));
		return true;
	}
	target[n] = '\0';
	if (!stays_inside(w->a->root, name, target)) {
		leave_out(w->a, name, "a link that leads outside");
		return true;
	}
	return tar_link(w->tar, name, target, st->st_mtime, e);
}

static bool add_file(struct walk *w, int dir, const char *entry, const char *name, struct err *e)
{
	int fd = openat(dir, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	bool ok = true, short_file = false;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		leave_out(w->a, name, fd < 0 ? strerror(errno) : "no regular file");
	} else if (w->read_bytes + st.st_size > w->a->max_bytes || w->a->files >= FILES_MAX) {
		ok = err_set(e, ERR_TOO_BIG, "there is more to pack than the limit of %lld MB",
			     (long long)(w->a->max_bytes >> 20));
	} else {
		w->read_bytes += st.st_size;
		w->a->files++;
		ok = tar_file(w->tar, name, fd, st.st_size, st.st_mtime, &short_file, e);
		if (short_file)
			leave_out(w->a, name,
				  "became shorter while it was read: filled with zeros");
	}
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool add_folder(struct walk *w, int parent, const char *entry, const char *name, int depth,
		       struct err *e);

static bool add_entry(struct walk *w, int dir, const char *entry, const char *folder, int depth,
		      struct err *e)
{
	char *name = mem_printf("%s/%s", folder, entry);
	struct stat st;
	bool ok = true;

	if (fstatat(dir, entry, &st, AT_SYMLINK_NOFOLLOW))
		leave_out(w->a, name, strerror(errno));
	else if (S_ISLNK(st.st_mode))
		ok = add_link(w, dir, entry, name, &st, e);
	else if (S_ISREG(st.st_mode))
		ok = add_file(w, dir, entry, name, e);
	else if (S_ISDIR(st.st_mode))
		ok = add_folder(w, dir, entry, name, depth + 1, e);
	else
		leave_out(w->a, name, "no regular file");
	free(name);
	return ok;
}

static bool add_folder(struct walk *w, int parent, const char *entry, const char *name, int depth,
		       struct err *e)
{
	int fd = depth < DEPTH_MAX
			 ? openat(parent, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
			 : -1;
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *x;
	bool ok = true;

	if (!d) {
		leave_out(w->a, name, depth < DEPTH_MAX ? strerror(errno) : "too deep");
		if (fd >= 0)
			close(fd);
		return true;
	}
	while (ok && (x = readdir(d)))
		if (!str_eq(x->d_name, ".") && !str_eq(x->d_name, ".."))
			ok = add_entry(w, fd, x->d_name, name, depth, e);
	closedir(d);
	return ok;
}

static bool pack(struct walk *w, struct err *e)
{
	int root = open(w->a->root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool ok = true;

	if (root < 0)
		return err_set(e, ERR_IO, "%s: %s", w->a->root, strerror(errno));
	for (unsigned i = 0; ok && i < BACKUP_PART_N; i++)
		if (w->a->parts & 1u << i)
			ok = add_folder(w, root, backup_parts[i], backup_parts[i], 0, e);
	close(root);
	return ok;
}

static bool measure(struct archive *a, struct err *e)
{
	int fd = open(a->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char piece[64u << 10];
	struct sha256 h;
	ssize_t n = -1;

	sha256_init(&h);
	while (fd >= 0 && !a->stop && (n = read(fd, piece, sizeof(piece))) > 0) {
		sha256_add(&h, piece, (size_t)n);
		a->bytes += n;
	}
	if (fd >= 0)
		close(fd);
	sha256_hex(&h, a->sha256);
	if (a->stop)
		return err_set(e, ERR_CANCELLED, "stopped");
	return n == 0 || err_set(e, ERR_IO, "%s: %s", a->path, strerror(errno));
}

bool archive_make(struct archive *a, struct err *e)
{
	struct walk w = { .a = a };
	struct err unread;
	bool ok;

	a->bytes = a->files = a->left_out = 0;
	w.tar = tar_new(a->path, &a->stop, e);
	if (!w.tar)
		return false;
	ok = pack(&w, e);
	ok = tar_close(w.tar, ok ? e : &unread) && ok;
	ok = ok && measure(a, e);
	if (!ok)
		unlink(a->path);
	return ok;
}
