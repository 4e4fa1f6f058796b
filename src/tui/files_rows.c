/* Rows of the files view: a server's flat list of paths as folders, sorted and filtered. */
#include "files_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

const char *file_order_name(enum file_order o)
{
	static const char *const names[FILE_ORDER_N] = {
		[BY_TIME] = "newest first", [BY_NAME] = "by name",
		[BY_SIZE] = "largest first", [BY_DURATION] = "longest first",
	};

	return names[o];
}

static void add_row(struct file_rows *r, struct file_row row)
{
	r->rows = mem_grow(r->rows, r->n, &r->cap, sizeof(*r->rows));
	r->rows[r->n++] = row;
}

static bool same_name(const struct file_row *a, const char *name, size_t len)
{
	return a->is_folder && a->len == len && memcmp(a->name, name, len) == 0;
}

/* Paths are sorted, so that a folder's files follow each other; its own entry may come earlier. */
static void add_folder(struct file_rows *r, const char *name, size_t len)
{
	for (size_t i = r->n; i > 0; i--)
		if (same_name(&r->rows[i - 1], name, len))
			return;
	add_row(r, (struct file_row){ .name = name, .len = len, .is_folder = true });
}

/* What is left of a path below a folder, NULL when it is not in there. */
static const char *below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (!len)
		return path;
	if (strncmp(path, folder, len) != 0 || path[len] != '/' || !path[len + 1])
		return NULL;
	return path + len + 1;
}

static void add_child(struct file_rows *r, const struct remote_file *f, const char *folder)
{
	const char *name = below(f->path, folder), *slash;

	if (!name)
		return;
	slash = strchr(name, '/');
	if (slash || f->is_folder)
		add_folder(r, name, slash ? (size_t)(slash - name) : strlen(name));
	else
		add_row(r, (struct file_row){ .file = f, .name = name, .len = strlen(name) });
}

/* ---- order ---- */

struct ordering {
	enum file_order order;
	bool reverse;
};

static double value_of(const struct remote_file *f, enum file_order order)
{
	switch (order) {
	case BY_TIME:
		return f->modified_at;
	case BY_SIZE:
		return f->size_bytes < 0 ? (double)NAN : (double)f->size_bytes;
	case BY_DURATION:
		return f->estimated_s;
	case BY_NAME:
	case FILE_ORDER_N:
		break;
	}
	return 0;
}

static int by_name(const struct file_row *a, const struct file_row *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int d = strncasecmp(a->name, b->name, len);

	return d ? d : (a->len > b->len) - (a->len < b->len);
}

static int rank(const struct file_row *r)
{
	return r->is_folder ? strcmp(r->name, "..") != 0 : 2;
}

/* The way up, folders by name, then files: the largest value first, what is unknown last. */
static int compare(const void *x, const void *y, void *ctx)
{
	const struct file_row *a = x, *b = y;
	const struct ordering *o = ctx;
	int d = rank(a) - rank(b);
	double va, vb;

	if (d || a->is_folder)
		return d ? d : by_name(a, b);
	va = value_of(a->file, o->order);
	vb = value_of(b->file, o->order);
	if (isnan(va) != isnan(vb))
		return isnan(va) - isnan(vb);
	d = (va < vb) - (va > vb);
	if (!d)
		d = by_name(a, b);
	return o->reverse ? -d : d;
}

void file_rows_fill(struct file_rows *r, const struct file_list *l, const char *folder,
		    const char *filter, enum file_order order, bool reverse)
{
	struct ordering o = { order, reverse };

	r->n = 0;
	if (*folder && !*filter)
		add_row(r, (struct file_row){ .name = "..", .len = 2, .is_folder = true });
	for (size_t i = 0; l && i < l->n; i++) {
		const struct remote_file *f = &l->files[i];

		if (!*filter)
			add_child(r, f, folder);
		else if (!f->is_folder && str_contains_nocase(f->path, filter))
			add_row(r, (struct file_row){ .file = f, .name = f->path,
						     .len = strlen(f->path) });
	}
	if (r->n)
		qsort_r(r->rows, r->n, sizeof(*r->rows), compare, &o);
}

void file_rows_done(struct file_rows *r)
{
	free(r->rows);
	*r = (struct file_rows){ 0 };
}
