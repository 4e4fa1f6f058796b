/* Where themes come from: the folders, and the one that is compiled in. */
#include <printop/theme.h>

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>

#define THEME_BYTES (64u << 10)
#define SUFFIX ".theme"

/* themes/dark.theme with all that is inherited; a test holds the two together. */
static const struct theme dark = {
	.name = "dark",
	.title = "Dark",
	.styles = {
		[ROLE_NORMAL] = { -1, -1, -1, -1, 0 },
		[ROLE_DIM] = { 245, -1, 7, -1, 0 },
		[ROLE_STRONG] = { -1, -1, -1, -1, ATTR_BOLD },
		[ROLE_TITLE] = { 117, -1, 14, -1, ATTR_BOLD },
		[ROLE_HEADER] = { 110, -1, 6, -1, 0 },
		[ROLE_BORDER] = { 242, -1, 6, -1, 0 },
		[ROLE_CURSOR] = { -1, 237, -1, 4, ATTR_BOLD },
		[ROLE_MARK] = { 222, -1, 11, -1, ATTR_BOLD },
		[ROLE_KEY] = { 117, -1, 14, -1, ATTR_BOLD },
		[ROLE_INPUT] = { 255, 236, 15, 4, 0 },
		[ROLE_STALE] = { 245, -1, 7, -1, 0 },
		[ROLE_GOOD] = { 114, -1, 2, -1, 0 },
		[ROLE_PRINT] = { 114, -1, 2, -1, 0 },
		[ROLE_WARN] = { 221, -1, 11, -1, ATTR_BOLD },
		[ROLE_PAUSE] = { 221, -1, 11, -1, ATTR_BOLD },
		[ROLE_CLEAR] = { 221, -1, 11, -1, ATTR_BOLD },
		[ROLE_BAD] = { 203, -1, 9, -1, ATTR_BOLD },
		[ROLE_ERROR] = { 203, -1, 9, -1, ATTR_BOLD },
		[ROLE_HEAT] = { 80, -1, 6, -1, 0 },
		[ROLE_OFF] = { 245, -1, 7, -1, 0 },
		[ROLE_READY] = { -1, -1, -1, -1, 0 },
		[ROLE_BAR] = { 114, -1, 2, -1, 0 },
		[ROLE_BAR_BACK] = { 242, -1, 7, -1, 0 },
		[ROLE_GRAPH1] = { 203, -1, 9, -1, 0 },
		[ROLE_GRAPH2] = { 80, -1, 6, -1, 0 },
		[ROLE_GRAPH3] = { 114, -1, 2, -1, 0 },
		[ROLE_GRAPH4] = { 177, -1, 13, -1, 0 },
		[ROLE_TARGET] = { 245, -1, 7, -1, 0 },
		[ROLE_STOP] = { 231, 160, 15, 1, ATTR_BOLD },
		[ROLE_DIALOG] = { -1, -1, -1, -1, 0 },
		[ROLE_ALERT] = { 231, 124, 15, 1, ATTR_BOLD },
	},
};

void theme_builtin(struct theme *t)
{
	*t = dark;
}

/* ---- folders ---- */

/* The folder `name`, as seen from the program's own file; NULL when that is not known. */
static char *beside_program(const char *name)
{
	char exe[PATH_MAX], *dir, *found;
	const ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	dir = path_dirname(exe);
	found = path_join(dir, name);
	free(dir);
	return found;
}

/* The folder number i in the order of search, maybe NULL; false behind the last. */
static bool theme_dir(size_t i, char **ret)
{
	/* From a build tree the program is in build/ or, with sanitizers, one deeper. */
	static const char *const beside[] = {
		"../themes", "../../themes", "../share/printop/themes",
	};
	char *config;

	switch (i) {
	case 0:
		*ret = mem_strdup(getenv("PRINTOP_THEMES"));
		return true;
	case 1:
		config = path_config_dir();
		*ret = path_join(config, "themes");
		free(config);
		return true;
	case 2:
		*ret = mem_strdup(PRINTOP_PREFIX "/share/printop/themes");
		return true;
	default:
		if (i - 3 >= ARRAY_LEN(beside))
			return false;
		*ret = beside_program(beside[i - 3]);
		return true;
	}
}

static bool load_file(const char *path, struct theme *ret, struct err *e)
{
	char *text;
	size_t len;
	bool ok;

	if (!path_read(path, THEME_BYTES, &text, &len, e))
		return false;
	ok = strlen(text) == len ? theme_parse(text, path, ret, e) :
	     err_set(e, ERR_CONFIG, "%s: not a text file", path);
	free(text);
	return ok;
}

/* The file of a theme; NULL when no folder has it. */
static char *find_file(const char *name)
{
	char *file = mem_printf("%s" SUFFIX, name), *dir;

	for (size_t i = 0; theme_dir(i, &dir); i++) {
		char *path = dir ? path_join(dir, file) : NULL;
		const bool there = path && access(path, F_OK) == 0;

		free(dir);
		if (there) {
			free(file);
			return path;
		}
		free(path);
	}
	free(file);
	return NULL;
}

static bool not_found(const char *name, struct err *e)
{
	char **list = theme_list(), names[256] = "";

	for (size_t i = 0; list[i]; i++)
		str_printf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			   i ? ", " : "", list[i]);
	theme_list_free(list);
	return err_set(e, ERR_NOT_FOUND, "no theme '%s'; there are: %s", name, names);
}

bool theme_load(const char *name, struct theme *ret, struct err *e)
{
	char *path;
	bool ok;

	if (strchr(name, '/'))
		return load_file(name, ret, e);
	path = find_file(name);
	if (path) {
		ok = load_file(path, ret, e);
		free(path);
		return ok;
	}
	if (!str_eq(name, dark.name))
		return not_found(name, e);
	theme_builtin(ret);
	return true;
}

/* ---- list ---- */

struct names {
	char **list;
	size_t n, cap;
};

static void add_name(struct names *names, const char *name, size_t len)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strncmp(names->list[i], name, len) == 0 && !names->list[i][len])
			return;
	}
	names->list = mem_grow(names->list, names->n, &names->cap, sizeof(*names->list));
	names->list[names->n++] = mem_strndup(name, len);
}

static void add_dir(struct names *names, const char *path)
{
	DIR *dir = path ? opendir(path) : NULL;
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		const size_t len = strlen(entry->d_name);

		if (entry->d_name[0] != '.' && str_ends(entry->d_name, SUFFIX))
			add_name(names, entry->d_name, len - strlen(SUFFIX));
	}
	closedir(dir);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **theme_list(void)
{
	struct names names = { NULL, 0, 0 };
	char *dir;

	add_name(&names, dark.name, strlen(dark.name));
	for (size_t i = 0; theme_dir(i, &dir); i++) {
		add_dir(&names, dir);
		free(dir);
	}
	qsort(names.list, names.n, sizeof(*names.list), compare);
	names.list = mem_grow(names.list, names.n, &names.cap, sizeof(*names.list));
	names.list[names.n] = NULL;
	return names.list;
}

void theme_list_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}
