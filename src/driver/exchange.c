/* The data of one verb on its way: arguments, what the server said, lists of files. */
#include <printop/driver.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>

void verb_args_done(struct verb_args *a)
{
	if (!a)
		return;
	free(a->file);
	free(a->local);
	free(a->name);
	free(a->folder);
	*a = (struct verb_args){ .local_bytes = -1 };
}

void verb_args_copy(struct verb_args *to, const struct verb_args *from)
{
	*to = (struct verb_args){
		.file = mem_strdup(from->file),
		.local = mem_strdup(from->local),
		.name = mem_strdup(from->name),
		.folder = mem_strdup(from->folder),
		.start = from->start,
		.local_bytes = from->local_bytes,
	};
	memcpy(to->axes, from->axes, sizeof(to->axes));
}

void exchange_init(struct exchange *x, enum verb verb)
{
	*x = (struct exchange){
		.verb = verb,
		.args = { .local_bytes = -1 },
		.remote_bytes = -1,
		.files = { .free_bytes = NAN },
	};
}

void exchange_done(struct exchange *x)
{
	if (!x)
		return;
	verb_args_done(&x->args);
	file_list_done(&x->files);
}

void claim_done(struct claim *c)
{
	if (!c)
		return;
	free(c->user);
	secret_done(&c->password);
	secret_done(&c->token);
	secret_done(&c->key);
	c->user = NULL;
}

void file_list_done(struct file_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n; i++)
		free(l->files[i].path);
	free(l->files);
	*l = (struct file_list){ .free_bytes = NAN };
}

void file_list_copy(struct file_list *to, const struct file_list *from)
{
	file_list_done(to);
	*to = *from;
	to->cap = from->n;
	to->files = mem_zalloc(from->n ? from->n : 1, sizeof(*to->files));
	for (size_t i = 0; i < from->n; i++) {
		to->files[i] = from->files[i];
		to->files[i].path = mem_strdup(from->files[i].path);
	}
}

struct remote_file *file_list_add(struct file_list *l)
{
	struct remote_file *f;

	if (l->n >= LIMIT_LIST_ROWS) {
		l->cut = true;
		return NULL;
	}
	l->files = mem_grow(l->files, l->n, &l->cap, sizeof(*l->files));
	f = &l->files[l->n++];
	*f = (struct remote_file){
		.size_bytes = -1,
		.modified_at = NAN,
		.estimated_s = NAN,
		.filament_mm = NAN,
		.prints_ok = -1,
		.prints_failed = -1,
	};
	return f;
}

static int by_path(const void *a, const void *b)
{
	const struct remote_file *x = a, *y = b;

	return strcmp(x->path ? x->path : "", y->path ? y->path : "");
}

void file_list_sort(struct file_list *l)
{
	if (l->n > 1)
		qsort(l->files, l->n, sizeof(*l->files), by_path);
}
