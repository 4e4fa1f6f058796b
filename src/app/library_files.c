/*
 * Files of the library on the disk: finding them, reading what they say. Runs on a worker: no log,
 * no app.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/gcode.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "app/library_parts.h"

#define DEPTH_MAX 8

void library_facts_init(struct library_facts *f)
{
	*f = (struct library_facts){
		.time_s = NAN, .filament_mm = NAN, .filament_g = NAN, .nozzle_c = NAN, .bed_c = NAN,
		.layer_height_mm = NAN, .size_mm = { NAN, NAN, NAN },
	};
}

void library_list_done(struct library_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->files[i].path);
		free(l->files[i].shown);
	}
	free(l->files);
	*l = (struct library_list){ 0 };
}

/* ---- folders ---- */

static bool is_gcode(const char *name)
{
	static const char *const endings[] = { ".gcode", ".gco", ".g", ".nc", ".bgcode", ".ufp" };
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t n = strlen(endings[i]);

		if (len > n && str_eq_nocase(name + len - n, endings[i]))
			return true;
	}
	return false;
}

static void note_trouble(struct library_list *l, const char *folder, const char *why)
{
	if (!l->trouble[0])
		str_printf(l->trouble, sizeof(l->trouble), "%s: %s", folder, why);
	str_clean(l->trouble);
}

static void add_file(struct library_list *l, const char *path, size_t root_len,
		     const struct stat *st)
{
	const char *below = path + root_len + strspn(path + root_len, "/");
	struct library_file *f;

	if (l->n >= LIBRARY_FILES) {
		note_trouble(l, path, "more files than can be shown");
		return;
	}
	l->files = mem_grow(l->files, l->n, &l->cap, sizeof(*l->files));
	f = &l->files[l->n++];
	*f = (struct library_file){.path = mem_strdup(path),
				   .shown = str_clean(mem_strdup(below)),
				   .bytes = st->st_size};
	f->changed_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
	f->unsafe = !str_eq(f->shown, below);
	library_facts_init(&f->facts);
}

/* Links to folders are not followed: they may lead round in a circle. */
static void walk(struct library_list *l, const char *folder, size_t root_len, int depth)
{
	DIR *d = opendir(folder);

	if (!d) {
		note_trouble(l, folder, strerror(errno));
		return;
	}
	for (struct dirent *entry; (entry = readdir(d)) && l->n < LIBRARY_FILES;) {
		struct stat st;
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		path = path_join(folder, entry->d_name);
		if (lstat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
				walk(l, path, root_len, depth + 1);
			else if (is_gcode(entry->d_name) && stat(path, &st) == 0 &&
				 S_ISREG(st.st_mode))
				add_file(l, path, root_len, &st);
		}
		free(path);
	}
	closedir(d);
}

void library_list_folder(struct library_list *l, const char *folder)
{
	walk(l, folder, strlen(folder), 0);
}

/* ---- order, and what is known already ---- */

static int by_shown(const void *a, const void *b)
{
	const struct library_file *x = a, *y = b;
	int d = strcmp(x->shown, y->shown);

	return d ? d : strcmp(x->path, y->path);
}

void library_list_sort(struct library_list *l)
{
	if (l->n)
		qsort(l->files, l->n, sizeof(*l->files), by_shown);
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(const struct library_file *const *)a)->path,
		      (*(const struct library_file *const *)b)->path);
}

void library_list_adopt(struct library_list *l, const struct library_file *known, size_t n)
{
	const struct library_file **index = mem_zalloc(n ? n : 1, sizeof(*index));

	for (size_t i = 0; i < n; i++)
		index[i] = &known[i];
	qsort(index, n, sizeof(*index), by_path);
	for (size_t i = 0; i < l->n; i++) {
		struct library_file *f = &l->files[i];
		const struct library_file *key = f,
					  **hit = bsearch(&key, index, n, sizeof(*index), by_path);

		if (!hit || !(*hit)->read || (*hit)->bytes != f->bytes ||
		    (*hit)->changed_ns != f->changed_ns)
			continue;
		f->facts = (*hit)->facts;
		f->read = true;
	}
	free(index);
}

/* ---- a file ---- */

static double known_or(double a, double b)
{
	return isnan(a) ? b : a;
}

void library_file_read(struct library_file *f)
{
	struct gcode_facts g;
	struct err e;

	f->read = true;
	if (!gcode_read(f->path, &g, &e))
		return;
	f->facts.time_s = g.time_s;
	f->facts.filament_mm = g.filament_mm;
	f->facts.filament_g = g.filament_g;
	f->facts.nozzle_c = known_or(g.nozzle_c, g.nozzle_first_c);
	f->facts.bed_c = known_or(g.bed_c, g.bed_first_c);
	f->facts.layer_height_mm = g.layer_height_mm;
	for (int i = 0; i < 3; i++)
		f->facts.size_mm[i] = known_or(g.size_mm[i], g.max_mm[i] - g.min_mm[i]);
	str_copy(f->facts.slicer, sizeof(f->facts.slicer), g.slicer);
	str_copy(f->facts.filament_type, sizeof(f->facts.filament_type), g.filament_type);
	str_clean(f->facts.slicer);
	str_clean(f->facts.filament_type);
}
