/* Local folders as lists, path completion, and the folder that was used last. */
#include "picker.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define LAST_FOLDER_FILE "upload-folder"

bool local_is_printable(const char *name)
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

/* ---- folders ---- */

static bool is_unsafe(const char *name)
{
	char *clean = mem_strdup(name);
	bool differs = !str_eq(str_clean(clean), name);

	free(clean);
	return differs;
}

static void add_file(struct local_dir *d, int fd, const char *name, bool all)
{
	struct stat st;

	if (name[0] == '.' || fstatat(fd, name, &st, 0))
		return;
	if (!S_ISDIR(st.st_mode) && !(S_ISREG(st.st_mode) && (all || local_is_printable(name))))
		return;
	if (d->n == LIMIT_LIST_ROWS) {
		d->cut = true;
		return;
	}
	d->files = mem_grow(d->files, d->n, &d->cap, sizeof(*d->files));
	d->files[d->n++] = (struct local_file){
		.name = mem_strdup(name),
		.is_folder = S_ISDIR(st.st_mode),
		.unsafe = is_unsafe(name),
		.size_bytes = st.st_size, .modified_at = (double)st.st_mtime,
	};
}

static int by_name(const void *x, const void *y)
{
	const struct local_file *a = x, *b = y;

	if (a->is_folder != b->is_folder)
		return b->is_folder - a->is_folder;
	return strcasecmp(a->name, b->name);
}

static int newest_first(const void *x, const void *y)
{
	const struct local_file *a = x, *b = y;

	if (a->is_folder != b->is_folder)
		return b->is_folder - a->is_folder;
	if (a->modified_at != b->modified_at)
		return (a->modified_at < b->modified_at) - (a->modified_at > b->modified_at);
	return strcasecmp(a->name, b->name);
}

void local_dir_sort(struct local_dir *d, bool names)
{
	if (d->n)
		qsort(d->files, d->n, sizeof(*d->files), names ? by_name : newest_first);
}

bool local_dir_read(struct local_dir *d, const char *path, bool all, bool names, struct err *e)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	*d = (struct local_dir){ .path = mem_strdup(path) };
	while ((entry = readdir(dir)))
		add_file(d, dirfd(dir), entry->d_name, all);
	closedir(dir);
	local_dir_sort(d, names);
	return true;
}

void local_dir_done(struct local_dir *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->files[i].name);
	free(d->files);
	free(d->path);
	*d = (struct local_dir){ 0 };
}

/* ---- completion ---- */

/* Bytes that both begin with, not ending inside of a character. */
static size_t common(const char *a, const char *b, size_t max)
{
	size_t n = 0;

	while (n < max && a[n] && a[n] == b[n])
		n++;
	while (n > 0 && ((unsigned char)a[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void add_hint(char *hint, size_t size, const struct local_file *f)
{
	size_t used = strlen(hint);

	str_printf(hint + used, size - used, "%s%s%s", used ? "  " : "", f->name,
		   f->is_folder ? "/" : "");
}

size_t local_complete(char *text, size_t size, char *hint, size_t hint_size)
{
	const char *begun = str_basename(text);
	char *dir = mem_strndup(text, (size_t)(begun - text)), *path = path_expand(*dir ? dir : ".",
										   NULL);
	const struct local_file *first = NULL;
	struct local_dir d = { 0 };
	size_t n = 0, same = 0;
	const char *slash;

	*hint = '\0';
	if (local_dir_read(&d, path, false, true, NULL)) {
		for (size_t i = 0; i < d.n; i++) {
			const struct local_file *f = &d.files[i];

			if (f->unsafe || !str_starts(f->name, begun))
				continue;
			same = first ? common(first->name, f->name, same) : strlen(f->name);
			first = first ? first : f;
			add_hint(hint, hint_size, f);
			n++;
		}
	}
	slash = n == 1 && first->is_folder ? "/" : "";
	if (first)
		str_printf(text, size, "%s%.*s%s", dir, (int)same, first->name, slash);
	if (n < 2)
		*hint = '\0';
	local_dir_done(&d);
	free(path);
	free(dir);
	return n;
}

/* ---- the last folder ---- */

static char *memory_path(void)
{
	char *state = path_state_dir(), *path = path_join(state, LAST_FOLDER_FILE);

	free(state);
	return path;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *local_last_folder(void)
{
	char *file = memory_path(), *dir = NULL, *here;
	size_t len;

	if (path_read(file, LIMIT_STRING_BYTES, &dir, &len, NULL))
		dir[strcspn(dir, "\n")] = '\0';
	free(file);
	if (is_folder(dir))
		return dir;
	free(dir);
	here = getcwd(NULL, 0);
	return here ? here : mem_strdup("/");
}

void local_remember_folder(const char *dir)
{
	char *state = path_state_dir(), *file = memory_path(), *whole = realpath(dir, NULL), *line;

	if (whole && path_make_dirs(state, NULL)) {
		line = mem_printf("%s\n", whole);
		path_write(file, line, strlen(line), 0600, NULL);
		free(line);
	}
	free(whole);
	free(file);
	free(state);
}
