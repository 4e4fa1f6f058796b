/* The library: what the workers found, and what they do next. */
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "app/library_parts.h"

#define FOLDERS_MAX 32
#define FILES_AT_ONCE 8		/* read by one piece of work: their facts are shown soon */

enum task { TASK_SCAN, TASK_READ, TASK_SAVE };

/* What a worker has: nothing else touches it meanwhile. */
struct work {
	struct library *l;
	enum task task;
	char *folders[FOLDERS_MAX];
	size_t n_folders;
	char *cache_path;
	bool read_cache;
	struct library_list
		list; /* TASK_SCAN: its result; TASK_READ: copies of the files to read */
	size_t at[FILES_AT_ONCE];	/* TASK_READ: their places in the library */
	const struct library_file
		*known; /* TASK_SCAN, TASK_SAVE: the library's files, which stay as they are */
	size_t n_known;
};

struct library {
	struct app *app;
	struct library_list list;
	size_t read;
	struct work *work;		/* under way, NULL none */
	bool again, gone, cache_read, unsaved;
	void (*changed)(void *ctx);
	void *ctx;
};

/* ---- folders of the setting ---- */

static size_t split_folders(const struct app *a, char *ret[FOLDERS_MAX])
{
	const char *setting = settings_str(&a->config->settings, SETTING_LIBRARY);
	char *copy = mem_strdup(setting ? setting : ""), *rest = copy, *word;
	char *base = a->config->path ? path_dirname(a->config->path) : mem_strdup(".");
	size_t n = 0;

	while (n < FOLDERS_MAX && (word = str_token(&rest, ":"))) {
		word = str_trim(word);
		if (*word)
			ret[n++] = path_expand(word, base);
	}
	free(base);
	free(copy);
	return n;
}

size_t library_folders(const struct library *l)
{
	char *folders[FOLDERS_MAX];
	size_t n = split_folders(l->app, folders);

	for (size_t i = 0; i < n; i++)
		free(folders[i]);
	return n;
}

/* ---- on the worker ---- */

static void scan(struct work *w)
{
	struct library_list cached = { 0 };

	for (size_t i = 0; i < w->n_folders; i++)
		library_list_folder(&w->list, w->folders[i]);
	if (w->read_cache)
		library_cache_read(w->cache_path, &cached);
	library_list_adopt(&w->list, cached.files, cached.n);
	library_list_adopt(&w->list, w->known, w->n_known);
	library_list_done(&cached);
	library_list_sort(&w->list);
}

static void work_on(void *ctx)
{
	struct work *w = ctx;

	switch (w->task) {
	case TASK_SCAN:
		scan(w);
		break;
	case TASK_READ:
		for (size_t i = 0; i < w->list.n; i++)
			library_file_read(&w->list.files[i]);
		break;
	case TASK_SAVE:
		library_cache_write(w->cache_path, w->known, w->n_known);
		break;
	}
}

/* ---- on the loop ---- */

static void next_task(struct library *l);

static void work_free(struct work *w)
{
	for (size_t i = 0; i < w->n_folders; i++)
		free(w->folders[i]);
	free(w->cache_path);
	library_list_done(&w->list);
	free(w);
}

static void count_read(struct library *l)
{
	l->read = 0;
	for (size_t i = 0; i < l->list.n; i++)
		l->read += l->list.files[i].read;
}

static void take(struct library *l, struct work *w)
{
	switch (w->task) {
	case TASK_SCAN:
		library_list_done(&l->list);
		l->list = w->list;
		w->list = (struct library_list){ 0 };
		l->cache_read = true;
		break;
	case TASK_READ:
		for (size_t i = 0; i < w->list.n; i++) {
			l->list.files[w->at[i]].facts = w->list.files[i].facts;
			l->list.files[w->at[i]].read = true;
		}
		l->unsaved = true;
		break;
	case TASK_SAVE:
		l->unsaved = false;
		break;
	}
	count_read(l);
}

static void library_destroy(struct library *l)
{
	library_list_done(&l->list);
	free(l);
}

static void work_done(void *ctx)
{
	struct work *w = ctx;
	struct library *l = w->l;

	l->work = NULL;
	if (l->gone) {
		work_free(w);
		library_destroy(l);
		return;
	}
	take(l, w);
	work_free(w);
	next_task(l);
	l->changed(l->ctx);
}

static struct work *work_new(struct library *l, enum task task)
{
	struct work *w = MEM_NEW(struct work);
	char *dir = path_state_dir();

	w->l = l;
	w->task = task;
	w->cache_path = path_join(dir, "library.tsv");
	free(dir);
	return w;
}

static void start(struct library *l, struct work *w)
{
	l->work = w;
	loop_work(l->app->loop, work_on, work_done, w);
}

static void start_scan(struct library *l)
{
	struct work *w = work_new(l, TASK_SCAN);

	l->again = false;
	w->n_folders = split_folders(l->app, w->folders);
	w->read_cache = !l->cache_read;
	w->known = l->list.files;
	w->n_known = l->list.n;
	start(l, w);
}

static bool start_reading(struct library *l)
{
	struct work *w = work_new(l, TASK_READ);

	for (size_t i = 0; i < l->list.n && w->list.n < FILES_AT_ONCE; i++) {
		struct library_file *to;

		if (l->list.files[i].read)
			continue;
		w->at[w->list.n] = i;
		w->list.files =
			mem_grow(w->list.files, w->list.n, &w->list.cap, sizeof(*w->list.files));
		to = &w->list.files[w->list.n++];
		*to = (struct library_file){ .path = mem_strdup(l->list.files[i].path) };
		library_facts_init(&to->facts);
	}
	if (w->list.n) {
		start(l, w);
		return true;
	}
	work_free(w);
	return false;
}

static void start_saving(struct library *l)
{
	struct work *w = work_new(l, TASK_SAVE);

	w->known = l->list.files;
	w->n_known = l->list.n;
	start(l, w);
}

static void next_task(struct library *l)
{
	if (l->again)
		start_scan(l);
	else if (!start_reading(l) && l->unsaved)
		start_saving(l);
}

/* ---- public ---- */

struct library *library_new(struct app *a, void (*changed)(void *ctx), void *ctx)
{
	struct library *l = MEM_NEW(struct library);

	l->app = a;
	l->changed = changed;
	l->ctx = ctx;
	return l;
}

void library_free(struct library *l)
{
	if (!l)
		return;
	if (l->work)
		l->gone = true;
	else
		library_destroy(l);
}

void library_scan(struct library *l)
{
	l->again = true;
	if (!l->work)
		next_task(l);
}

bool library_busy(const struct library *l)
{
	return l->work != NULL;
}

size_t library_count(const struct library *l)
{
	return l->list.n;
}

const struct library_file *library_at(const struct library *l, size_t i)
{
	return i < l->list.n ? &l->list.files[i] : NULL;
}

size_t library_read(const struct library *l)
{
	return l->read;
}

const char *library_trouble(const struct library *l)
{
	return l->list.trouble;
}

bool library_match(const struct library_file *f, const char *words)
{
	char copy[256], *rest = copy, *word;

	str_copy(copy, sizeof(copy), words);
	while ((word = str_token(&rest, " ")))
		if (*word && !str_contains_nocase(f->shown, word) &&
		    !str_contains_nocase(f->facts.slicer, word) &&
		    !str_contains_nocase(f->facts.filament_type, word))
			return false;
	return true;
}
