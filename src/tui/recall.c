/* Command lines typed before: the last 200, in the state folder, for the user's eyes only. */
#include <stdlib.h>
#include <string.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "frame.h"

#define RECALL_MAX 200
#define RECALL_BYTES (512u << 10)

struct recall {
	char *path;
	char *lines[RECALL_MAX];
	size_t n;
	bool changed;
};

static void drop_line(struct recall *r, size_t i)
{
	free(r->lines[i]);
	memmove(&r->lines[i], &r->lines[i + 1], (r->n - i - 1) * sizeof(r->lines[0]));
	r->n--;
}

/* A line that was typed before moves to the end. */
static void put_line(struct recall *r, const char *line)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_eq(r->lines[i], line)) {
			drop_line(r, i);
			break;
		}
	}
	if (r->n == RECALL_MAX)
		drop_line(r, 0);
	r->lines[r->n++] = mem_strdup(line);
}

struct recall *recall_load(void)
{
	struct recall *r = MEM_NEW(struct recall);
	char *dir = path_state_dir(), *text, *rest, *line;
	size_t len;
	struct err e;

	r->path = path_join(dir, "commands");
	free(dir);
	if (!path_read(r->path, RECALL_BYTES, &text, &len, &e))
		return r;
	for (rest = text; (line = str_token(&rest, "\n")); )
		if (*str_clean(line))
			put_line(r, line);
	free(text);
	return r;
}

static void write_lines(const struct recall *r)
{
	struct sbuf b = SBUF_INIT(RECALL_BYTES);
	char *dir = path_dirname(r->path);
	struct err e;

	for (size_t i = 0; i < r->n; i++)
		sbuf_addf(&b, "%s\n", r->lines[i]);
	if (!path_make_dirs(dir, &e) || !path_write(r->path, sbuf_str(&b), b.len, 0600, &e))
		log_warn("command lines are not kept: %s", e.text);
	free(dir);
	sbuf_done(&b);
}

void recall_free(struct recall *r)
{
	if (!r)
		return;
	if (r->changed)
		write_lines(r);
	for (size_t i = 0; i < r->n; i++)
		free(r->lines[i]);
	free(r->path);
	free(r);
}

void recall_add(struct recall *r, const char *line)
{
	if (!*line)
		return;
	put_line(r, line);
	r->changed = true;
}

size_t recall_count(const struct recall *r)
{
	return r->n;
}

const char *recall_at(const struct recall *r, size_t i)
{
	return i < r->n ? r->lines[i] : "";
}
