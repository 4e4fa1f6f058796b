/* printers.d: one file a printer, written whole, mode 0600; printers.conf itself is never touched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/adopt.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "app/config_read.h"

#define FILE_MODE 0600
#define FILE_BYTES (256u << 10)

bool adopt_key_accept(char *text, struct secret *ret, struct err *e)
{
	return key_accept(text, ret, e);
}

bool adopt_key_from_file(const char *path, struct secret *ret, struct err *e)
{
	return key_from_file(path, ret, e);
}

/* ---- places ---- */

static char *printers_d(const struct app *a)
{
	char *dir = a->config->path ? path_dirname(a->config->path) : path_config_dir();
	char *folder = path_join(dir, "printers.d");

	free(dir);
	return folder;
}

static char *file_of_name(const struct app *a, const char *name)
{
	char *folder = printers_d(a), *file = mem_printf("%s.conf", name);
	char *path = path_join(folder, file);

	free(file);
	free(folder);
	return path;
}

static bool check_new_name(const struct app *a, const char *name, struct err *e)
{
	const char *wrong = config_check_name(name);

	if (wrong)
		return err_set(e, ERR_USAGE, "\"%.70s\": %s", name, wrong);
	if (name[0] == '.')
		return err_set(e, ERR_USAGE,
			       "\"%.70s\": a name that starts with a dot would be a hidden file",
			       name);
	for (size_t i = 0; i < fleet_count(a->fleet); i++) {
		const struct printer_config *c = &fleet_at(a->fleet, i)->config;

		if (str_eq_nocase(c->name, name))
			return err_set(e, ERR_USAGE, "there is a printer %s already (%s)", c->name,
				       c->url);
	}
	return true;
}

static bool check_new_file(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return err_set(e, ERR_IO, "%s is there already", path);
	return errno == ENOENT || err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
}

/* ---- writing ---- */

/* Text as libconfig reads it; what a terminal would not show is written as its number. */
static void add_text(struct sbuf *b, const char *text)
{
	sbuf_addc(b, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			sbuf_addf(b, "\\%c", *text);
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			sbuf_addf(b, "\\x%02x", (unsigned char)*text);
		else
			sbuf_addc(b, *text);
	}
	sbuf_addc(b, '"');
}

static void add_member(struct sbuf *b, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	sbuf_addf(b, "\t%s = ", name);
	add_text(b, value);
	sbuf_adds(b, ";\n");
}

static void compose(const struct adopt_printer *p, struct sbuf *b)
{
	sbuf_adds(b, "# made by printop add; printop remove takes it away\nprinter = {\n");
	add_member(b, "name", p->name);
	add_member(b, "url", p->url);
	add_member(b, "dialect", p->dialect);
	add_member(b, "key", p->key);
	add_member(b, "group", p->group);
	add_member(b, "ca_file", p->tls.ca_file);
	add_member(b, "pin", p->tls.pin);
	if (p->tls.insecure)
		sbuf_adds(b, "\tinsecure = true;\n");
	for (size_t i = 0; i < p->n_tags; i++) {
		sbuf_adds(b, i ? ", " : "\ttags = [ ");
		add_text(b, p->tags[i]);
	}
	sbuf_adds(b, p->n_tags ? " ];\n};\n" : "};\n");
}

/* What was composed must be what the configuration accepts: one printer of this name. */
static bool check_text(const struct sbuf *b, const char *path, const char *name, struct err *e)
{
	struct config *c = config_load_text(sbuf_str(b), b->len, path);
	bool ok = !config_has_errors(c);

	if (!ok)
		config_first_error(c, e);
	else if (c->n_printers != 1 || !str_eq(c->printers[0].name, name))
		ok = err_set(e, ERR_CONFIG, "%s: it would not be a printer \"%s\"", path, name);
	config_free(c);
	return ok;
}

static bool write_new(const struct adopt_printer *p, const char *path, struct err *e)
{
	struct sbuf b = SBUF_INIT(FILE_BYTES);
	char *dir = path_dirname(path);
	bool ok;

	compose(p, &b);
	ok = check_text(&b, path, p->name, e) && path_make_dirs(dir, e) &&
	     check_new_file(path, e) && path_write(path, sbuf_str(&b), b.len, FILE_MODE, e);
	if (b.data)
		explicit_bzero(b.data, b.len);
	sbuf_done(&b);
	free(dir);
	return ok;
}

bool adopt_write(struct app *a, const struct adopt_printer *p, char **path, struct err *e)
{
	const struct printer *twin = adopt_twin(a->fleet, p->url);

	*path = NULL;
	if (a->demo)
		return err_set(e, ERR_REFUSED,
			       "the demo's farm is simulated: leave it to add printers");
	if (twin)
		return err_set(e, ERR_USAGE, "%s is in the fleet already: %s", p->url,
			       twin->config.name);
	if (!check_new_name(a, p->name, e))
		return false;
	*path = file_of_name(a, p->name);
	if (write_new(p, *path, e))
		return true;
	free(*path);
	*path = NULL;
	return false;
}

/* ---- changing what was written ---- */

/* The file that holds this printer and nothing else; NULL with *e. The caller frees. */
static char *own_file(struct app *a, const char *name, char **text, struct err *e)
{
	const struct printer *p = fleet_find(a->fleet, name);
	const char *where = p && p->config.where ? p->config.where : "";
	char *folder = printers_d(a), *path = mem_strndup(where, strcspn(where, "\n"));
	char *colon = strrchr(path, ':'), *dir = NULL;
	struct config *c;
	size_t len;
	bool ok = false;

	*text = NULL;
	if (colon)
		*colon = '\0';
	dir = path_dirname(path);
	if (!p)
		err_set(e, ERR_NOT_FOUND, "no printer '%s'", name);
	else if (!*where || !str_eq(dir, folder))
		err_set(e, ERR_REFUSED, "%s is written by hand in %s: change it there",
			p->config.name, *where ? where : "no file");
	else if (path_read(path, FILE_BYTES, text, &len, e)) {
		c = config_load_text(*text, len, path);
		ok = c->n_printers == 1 && !config_has_errors(c);
		if (!ok)
			err_set(e, ERR_REFUSED, "%s holds more than %s alone: change it there",
				path, p->config.name);
		config_free(c);
	}
	free(dir);
	free(folder);
	if (ok)
		return path;
	free(path);
	free(*text);
	*text = NULL;
	return NULL;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

bool adopt_remove(struct app *a, const char *name, char **path, struct err *e)
{
	char *text;

	*path = own_file(a, name, &text, e);
	if (!*path)
		return false;
	wipe(text);
	if (unlink(*path) == 0)
		return true;
	err_set(e, ERR_IO, "%s: %s", *path, strerror(errno));
	free(*path);
	*path = NULL;
	return false;
}

/* Where the value of the setting "name" with this value begins, behind its quote; NULL: nowhere. */
static const char *find_name(const char *text, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = text; (at = strstr(at, "name")); at += 4) {
		const char *v = at + 4 + strspn(at + 4, " \t");

		if ((*v != '=' && *v != ':') || (at > text && !strchr(" \t\n{;", at[-1])))
			continue;
		v += 1 + strspn(v + 1, " \t");
		if (*v == '"' && strncmp(v + 1, value, len) == 0 && v[len + 1] == '"')
			return v + 1;
	}
	return NULL;
}

/* Everything else in the file, comments too, stays as it is. */
static bool write_renamed(const char *text, const char *old, const char *path, const char *name,
			  struct err *e)
{
	const char *at = find_name(text, old);
	struct sbuf b = SBUF_INIT(2 * FILE_BYTES);
	bool ok;

	if (!at)
		return err_set(e, ERR_REFUSED,
			       "%s: its name is written in a way of its own: change it there",
			       path);
	sbuf_add(&b, text, (size_t)(at - text));
	sbuf_adds(&b, name);
	sbuf_adds(&b, at + strlen(old));
	ok = check_text(&b, path, name, e) && path_write(path, sbuf_str(&b), b.len, FILE_MODE, e);
	if (b.data)
		explicit_bzero(b.data, b.len);
	sbuf_done(&b);
	return ok;
}

/* The name first, then the file's: whenever it is interrupted, there is one printer. */
static bool rename_both(struct app *a, const char *old, const char *text, const char *path,
			const char *to, char **fresh, struct err *e)
{
	*fresh = file_of_name(a, to);
	if (!check_new_file(*fresh, e) || !write_renamed(text, old, path, to, e))
		return false;
	return rename(path, *fresh) == 0 || err_set(e, ERR_IO, "%s: %s", *fresh, strerror(errno));
}

bool adopt_rename(struct app *a, const char *name, const char *to, char **path, struct err *e)
{
	char *text, *file, *old;
	bool ok;

	*path = NULL;
	if (!check_new_name(a, to, e))
		return false;
	file = own_file(a, name, &text, e);
	if (!file)
		return false;
	old = mem_strdup(fleet_find(a->fleet, name)->config.name);
	ok = rename_both(a, old, text, file, to, path, e);
	wipe(text);
	free(old);
	free(file);
	if (ok)
		return true;
	free(*path);
	*path = NULL;
	return false;
}
