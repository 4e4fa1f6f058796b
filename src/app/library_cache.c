/*
 * The library's memory: one line a file, tabs between its facts, the path last. Plain text without
 * JSON, because it is read and written on a worker. What cannot be read is read from the files
 * again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "app/library_parts.h"

#define HEAD "printop library 1\n"
#define CACHE_BYTES (16u << 20)
#define NUMBERS 9

static double *numbers_of(struct library_facts *f, int i)
{
	double *const all[NUMBERS] = {
		&f->time_s,	     &f->filament_mm, &f->filament_g, &f->nozzle_c,   &f->bed_c,
		&f->layer_height_mm, &f->size_mm[0],  &f->size_mm[1], &f->size_mm[2],
	};

	return all[i];
}

/* ---- reading ---- */

static bool next_int(char **line, int64_t *ret)
{
	const char *word = str_token(line, "\t");

	return word && str_to_int64(word, ret);
}

static bool next_num(char **line, double *ret)
{
	const char *word = str_token(line, "\t");
	char *end;

	if (!word)
		return false;
	*ret = strtod(word, &end);
	return end != word && !*end;
}

/* A word may be empty: "-" stands for that. */
static bool next_text(char **line, char *dst, size_t size)
{
	const char *word = str_token(line, "\t");

	if (!word)
		return false;
	str_copy(dst, size, str_eq(word, "-") ? "" : word);
	str_clean(dst);
	return true;
}

static void read_line(char *line, struct library_list *l)
{
	struct library_file f = { .read = true };
	bool good = next_int(&line, &f.bytes) && next_int(&line, &f.changed_ns);

	for (int i = 0; good && i < NUMBERS; i++)
		good = next_num(&line, numbers_of(&f.facts, i));
	good = good && next_text(&line, f.facts.slicer, sizeof(f.facts.slicer)) &&
	       next_text(&line, f.facts.filament_type, sizeof(f.facts.filament_type));
	if (!good || !line || *line != '/' || l->n >= LIBRARY_FILES)
		return;
	f.path = mem_strdup(line);
	l->files = mem_grow(l->files, l->n, &l->cap, sizeof(*l->files));
	l->files[l->n++] = f;
}

void library_cache_read(const char *path, struct library_list *l)
{
	char *text, *rest;
	struct err e;
	size_t len;

	if (!path_read(path, CACHE_BYTES, &text, &len, &e))
		return;
	if (str_starts(text, HEAD)) {
		rest = text + strlen(HEAD);
		for (char *end; (end = strchr(rest, '\n')); rest = end + 1) {
			*end = '\0';
			read_line(rest, l);
		}
	}
	free(text);
}

/* ---- writing ---- */

static void write_line(struct sbuf *b, const struct library_file *f)
{
	struct library_facts facts = f->facts;

	if (!f->read || strpbrk(f->path, "\n\t"))
		return;
	sbuf_addf(b, "%lld\t%lld\t", (long long)f->bytes, (long long)f->changed_ns);
	for (int i = 0; i < NUMBERS; i++)
		sbuf_addf(b, "%.9g\t", *numbers_of(&facts, i));
	sbuf_addf(b, "%s\t%s\t%s\n", facts.slicer[0] ? facts.slicer : "-",
		  facts.filament_type[0] ? facts.filament_type : "-", f->path);
}

/* Best effort: without it the files are read again. */
void library_cache_write(const char *path, const struct library_file *files, size_t n)
{
	struct sbuf b = SBUF_INIT(CACHE_BYTES);
	char *dir = path_dirname(path);
	struct err e;

	sbuf_adds(&b, HEAD);
	for (size_t i = 0; i < n && !b.overflow; i++)
		write_line(&b, &files[i]);
	if (path_make_dirs(dir, &e))
		path_write(path, sbuf_str(&b), b.len, 0600, &e);
	free(dir);
	sbuf_done(&b);
}
