/* Paths and files: XDG folders, whole-file reads with a cap, writes that are whole or not there. */
#include <printop/path.h>

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

char *path_join(const char *dir, const char *name)
{
	if (!*dir)
		return mem_strdup(name);
	return mem_printf("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

char *path_dirname(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	while (slash > path && slash[-1] == '/')
		slash--;
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static const char *home_dir(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (home && *home == '/')
		return home;
	user = getpwuid(getuid());
	return user && user->pw_dir ? user->pw_dir : "/";
}

char *path_expand(const char *path, const char *base_dir)
{
	if (path[0] == '~' && (path[1] == '/' || !path[1])) {
		path += strspn(path + 1, "/") + 1;
		return *path ? path_join(home_dir(), path) : mem_strdup(home_dir());
	}
	if (path[0] == '/' || !base_dir)
		return mem_strdup(path);
	return path_join(base_dir, path);
}

/* The XDG specification: a folder that is not absolute is as good as none. */
static char *xdg_dir(const char *variable, const char *below_home)
{
	const char *dir = getenv(variable);
	char *base, *whole;

	if (dir && *dir == '/')
		return path_join(dir, "printop");
	base = path_join(home_dir(), below_home);
	whole = path_join(base, "printop");
	free(base);
	return whole;
}

char *path_config_dir(void)
{
	return xdg_dir("XDG_CONFIG_HOME", ".config");
}

char *path_state_dir(void)
{
	return xdg_dir("XDG_STATE_HOME", ".local/state");
}

static bool fail(struct err *e, const char *path)
{
	const int why = errno;

	return err_set(e, why == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(why));
}

static bool make_dir(const char *dir, struct err *e)
{
	struct stat st;

	if (mkdir(dir, 0700) == 0)
		return true;
	if (errno == EEXIST && stat(dir, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return true;
		errno = ENOTDIR;
	}
	return fail(e, dir);
}

bool path_make_dirs(const char *dir, struct err *e)
{
	char *copy = mem_strdup(dir);
	bool ok = true;

	for (char *p = copy + strspn(copy, "/"); ok && *p; p += strspn(p, "/")) {
		char after;

		p += strcspn(p, "/");
		after = *p;
		*p = '\0';
		ok = make_dir(copy, e);
		*p = after;
	}
	free(copy);
	return ok;
}

/* Reads to the end of fd: its size may be a lie (/proc) or change meanwhile. */
static bool read_all(int fd, const char *path, size_t max, struct sbuf *b, struct err *e)
{
	char chunk[16 * 1024];

	for (;;) {
		const ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == 0)
			return true;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(e, path);
		if (!sbuf_add(b, chunk, (size_t)n))
			return err_set(e, ERR_TOO_BIG, "%s: larger than %zu bytes", path, max);
	}
}

bool path_read(const char *path, size_t max, char **ret, size_t *len, struct err *e)
{
	struct sbuf b = SBUF_INIT(max);
	struct stat st;
	bool ok = false;
	/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
	const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return fail(e, path);
	if (fstat(fd, &st) != 0)
		fail(e, path);
	else if (!S_ISREG(st.st_mode))
		err_set(e, ERR_IO, "%s: not a regular file", path);
	else if (st.st_size > 0 && (size_t)st.st_size > max)
		err_set(e, ERR_TOO_BIG, "%s: larger than %zu bytes", path, max);
	else
		ok = read_all(fd, path, max, &b, e);
	close(fd);
	if (ok) {
		if (len)
			*len = b.len;
		*ret = sbuf_take(&b);
	}
	sbuf_done(&b);
	return ok;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		const ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/* A rename is on disk when its folder is. */
static void sync_dir(const char *path)
{
	char *dir = path_dirname(path);
	const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

/* Fills the open temp file and moves it to path. */
static bool finish_write(int fd, const char *temp, const char *path, const char *data, size_t len,
			 unsigned mode)
{
	const bool whole = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, data, len) &&
			   fsync(fd) == 0;
	const int why = errno;

	if (close(fd) == 0 && whole)
		return rename(temp, path) == 0;
	if (!whole)
		errno = why;
	return false;
}

bool path_write(const char *path, const char *data, size_t len, unsigned mode, struct err *e)
{
	char *temp = mem_printf("%s.XXXXXX", path);
	const int fd = mkostemp(temp, O_CLOEXEC);
	const bool ok = fd >= 0 && finish_write(fd, temp, path, data, len, mode);

	if (ok) {
		sync_dir(path);
	} else {
		fail(e, path);
		if (fd >= 0)
			unlink(temp);
	}
	free(temp);
	return ok;
}

/* One write(2), so that the lines of several writers never mix. */
static bool append(int fd, const char *path, const char *line, size_t len, struct err *e)
{
	ssize_t n, ignored;

	do {
		n = write(fd, line, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(e, path);
	if ((size_t)n == len)
		return true;
	/* A full disk cut it. The next line shall at least begin as one. */
	ignored = write(fd, "\n", 1);
	(void)ignored;
	return err_set(e, ERR_IO, "%s: only %zd of %zu bytes written", path, n, len);
}

bool path_append_line(const char *path, const char *line, struct err *e)
{
	const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0600);
	char *whole;
	bool ok;

	if (fd < 0)
		return fail(e, path);
	whole = mem_printf("%s%s", line, str_ends(line, "\n") ? "" : "\n");
	ok = append(fd, path, whole, strlen(whole), e);
	close(fd);
	free(whole);
	return ok;
}
