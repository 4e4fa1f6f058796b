/* The journal: events and actions as JSON lines, appended whole, by any number of running copies. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <printop/alert.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "app/internal.h"

#define READ_CHUNK (64u << 10)
#define READ_MAX (64u << 20)		/* from the end of the journal */
#define LINE_MAX_BYTES (64u << 10)

struct journal {
	struct app *app;
	char who[64];
	char from[96];
	bool complained;
};

char *journal_path(const struct app *a)
{
	const char *set = settings_str(&a->config->settings, SETTING_JOURNAL);
	char *dir, *path;

	if (a->demo || str_eq(set, "none"))
		return NULL;
	if (set && *set)
		return path_expand(set, ".");
	dir = path_state_dir();
	path = path_join(dir, "journal.jsonl");
	free(dir);
	return path;
}

/* The person, not the effective user: who stands behind sudo. */
static void fill_who(char *dst, size_t size)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd pw, *found = NULL;
	char buf[1024];

	if (sudo && *sudo)
		str_copy(dst, size, sudo);
	else if (!getpwuid_r(getuid(), &pw, buf, sizeof(buf), &found) && found)
		str_copy(dst, size, found->pw_name);
	else
		str_printf(dst, size, "uid %u", (unsigned)getuid());
	str_clean(dst);
}

static void fill_from(char *dst, size_t size, const char *frontend)
{
	const char *ssh = getenv("SSH_CONNECTION");
	char address[64] = "";

	str_copy(address, sizeof(address), ssh);
	address[strcspn(address, " ")] = 0;
	str_clean(address);
	str_printf(dst, size, "%s %ld%s%s", frontend, (long)getpid(), address[0] ? " ssh " : "", address);
}

struct journal *journal_new(struct app *a)
{
	struct journal *j = MEM_NEW(struct journal);

	j->app = a;
	fill_who(j->who, sizeof(j->who));
	return j;
}

void journal_free(struct journal *j)
{
	free(j);
}

static void complain(struct journal *j, const struct err *e)
{
	if (j->complained)
		return;
	j->complained = true;
	log_error("the journal cannot be written: %s", e->text);
	if (j->app->alerts)
		alerts_note(j->app->alerts, EVENT_NOTE, NULL, "the journal cannot be written: %s", e->text);
}

static bool open_folder(const char *path, struct err *e)
{
	char *dir = path_dirname(path);
	bool ok = path_make_dirs(dir, e);

	free(dir);
	return ok;
}

void journal_write_take(struct journal *j, struct json *o)
{
	double at = loop_wall_s();
	time_t seconds = (time_t)at;
	char stamp[32], *line, *path;
	struct tm tm;
	struct err e = { 0 };

	path = j ? journal_path(j->app) : NULL;
	if (!path) {
		json_free(o);
		return;
	}
	if (!j->from[0])
		fill_from(j->from, sizeof(j->from), j->app->frontend);
	gmtime_r(&seconds, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_set_str(o, "time", stamp);
	json_set_num(o, "at", (double)(int64_t)(at * 1000) / 1000);
	json_set_str(o, "who", j->who);
	json_set_str(o, "from", j->from);
	line = json_print(o, false);
	if (!open_folder(path, &e) || !path_append_line(path, line, &e))
		complain(j, &e);
	free(line);
	free(path);
	json_free(o);
}

/* ---- reading: from the end, so that a journal of years costs no more than its last page ---- */

struct tail {
	char *text;
	size_t len;
};

static bool read_tail(const char *path, size_t want_lines, struct tail *ret, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	size_t lines = 0, size;

	*ret = (struct tail){ mem_strdup(""), 0 };
	if (fd < 0)
		return err_set(e, ERR_IO, "%s: %s", path, errno == ENOENT ? "there is no journal yet" : strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_IO, "%s is not a regular file", path);
	}
	for (size = READ_CHUNK;; size *= 4) {
		off_t from = st.st_size > (off_t)size ? st.st_size - (off_t)size : 0;
		size_t len = (size_t)(st.st_size - from);
		ssize_t got;

		ret->text = mem_realloc(ret->text, len + 1, 1);
		got = pread(fd, ret->text, len, from);
		ret->len = got > 0 ? (size_t)got : 0;
		ret->text[ret->len] = 0;
		lines = 0;
		for (size_t i = 0; i < ret->len; i++)
			lines += ret->text[i] == '\n';
		if (!from || lines > want_lines || size >= READ_MAX)
			break;
	}
	close(fd);
	return true;
}

bool journal_read(const char *path, size_t n, bool (*fn)(void *ctx, const char *line, size_t len),
		  void *ctx, struct err *e)
{
	struct tail t;
	char *p, *end, *begin;
	size_t lines = 0;

	if (!read_tail(path, n, &t, e)) {
		free(t.text);
		return false;
	}
	end = t.text + t.len;
	begin = end;
	/* A last line without its newline is being written by another copy. */
	while (begin > t.text && begin[-1] != '\n')
		begin--;
	end = begin;
	while (begin > t.text && lines < n) {
		begin--;
		while (begin > t.text && begin[-1] != '\n')
			begin--;
		lines++;
	}
	for (p = begin; p < end;) {
		char *stop = memchr(p, '\n', (size_t)(end - p));

		if (!stop)
			break;
		if ((size_t)(stop - p) <= LINE_MAX_BYTES && !fn(ctx, p, (size_t)(stop - p)))
			break;
		p = stop + 1;
	}
	free(t.text);
	return true;
}
