/* The upload form: which file, to which printers, what then; transfers go on when it is left. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "fleet_view.h"
#include "picker.h"
#include "upload_view.h"

#define ASKED_MAX 16

static struct upload_view *as_upload(struct view *v)
{
	return (struct upload_view *)v;
}

/* ---- the file ---- */

static char *local_path(const struct upload_view *u)
{
	return path_expand(u->file.text, NULL);
}

static void look_at_file(struct upload_view *u)
{
	char *path = local_path(u);
	struct stat st;

	err_clear(&u->file_err);
	if (!*path)
		err_set(&u->file_err, ERR_USAGE, "Tab completes a path, Enter opens a list");
	else if (stat(path, &st))
		err_set(&u->file_err, ERR_NOT_FOUND, "%s",
			errno == ENOENT ? "there is no such file" : strerror(errno));
	else if (S_ISDIR(st.st_mode))
		err_set(&u->file_err, ERR_USAGE, "a folder; Enter opens a list");
	else if (!S_ISREG(st.st_mode) || st.st_size == 0)
		err_set(&u->file_err, ERR_IO,
			st.st_size ? "not a regular file" : "the file is empty");
	else
		u->size_bytes = st.st_size, u->modified_at = (double)st.st_mtime;
	free(path);
}

static void file_chosen(void *ctx, const char *path)
{
	struct upload_view *u = ctx;

	if (!path)
		return;
	edit_set(&u->file, path);
	u->hint[0] = '\0';
	look_at_file(u);
	u->focus = UPLOAD_TO;
}

/* Where the list starts: in the folder that was typed, else in that of the last time. */
static void choose_file(struct upload_view *u)
{
	char *path = local_path(u), *dir = *path ? path_dirname(path) : NULL, *whole;
	struct stat st;

	if (*path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		whole = realpath(path, NULL);
	else
		whole = dir ? realpath(dir, NULL) : NULL;
	if (!whole)
		whole = local_last_folder();
	picker_open(u->v.tui, whole, file_chosen, u);
	free(whole);
	free(dir);
	free(path);
}

/* True: the path grew, or there is a choice to be made. */
static bool complete(struct upload_view *u)
{
	char text[sizeof(u->file.text)];
	size_t n;
	bool grew;

	str_copy(text, sizeof(text), u->file.text);
	n = local_complete(text, sizeof(text), u->hint, sizeof(u->hint));
	grew = !str_eq(text, u->file.text);
	edit_set(&u->file, text);
	look_at_file(u);
	return grew || n > 1 || (u->file.len && u->file_err.code != ERR_NONE);
}

/* ---- printers ---- */

bool upload_fits(const struct upload_view *u, const struct printer *p, const struct moment *m,
		 char *note, size_t size)
{
	const struct app *a = u->v.tui->app;
	const struct job *j = &p->state.job;
	char age[STR_SMALL], prints[STR_SMALL] = "", old[64] = "";
	struct err e;

	if (!op_allowed(a, p->id, VERB_UPLOAD, &e) ||
	    (u->start && !op_allowed(a, p->id, VERB_START, &e))) {
		str_copy(note, size, e.text);
		return false;
	}
	if (STATUS_BIT(p->state.status) & STATUS_ACTIVE)
		str_printf(prints, sizeof(prints),
			   isnan(j->progress) ? ", has a job" : ", has a job at %d%%",
			   percent_of(j->progress));
	if (printer_stale(p, m->now_ms)) {
		fleet_age_text(printer_age_s(p, m->now_ms), age, sizeof(age));
		str_printf(old, sizeof(old), ", not heard for %s", age);
	}
	str_printf(note, size, "ok%s%s", prints, old);
	return true;
}

uint32_t *upload_ids(const struct upload_view *u, size_t *n)
{
	uint32_t *ids = mem_zalloc(u->n_targets ? u->n_targets : 1, sizeof(*ids));
	char note[TEXT_CAP];

	*n = 0;
	for (size_t i = 0; i < u->n_targets; i++) {
		const struct printer *p = fleet_get(u->v.tui->app->fleet, u->targets[i].id);

		if (p && u->targets[i].ticked &&
		    upload_fits(u, p, &u->v.tui->moment, note, sizeof(note)))
			ids[(*n)++] = p->id;
	}
	return ids;
}

static void tick(struct upload_view *u, uint32_t id)
{
	for (size_t i = 0; i < u->n_targets; i++)
		if (u->targets[i].id == id)
			u->targets[i].ticked = true;
}

static void tick_all(struct upload_view *u, bool invert)
{
	for (size_t i = 0; i < u->n_targets; i++)
		u->targets[i].ticked = invert ? !u->targets[i].ticked : true;
}

/* ---- free space: it comes with the list of files, so only few printers are asked, and once ---- */

static void ask_free_space(struct upload_view *u)
{
	struct app *a = u->v.tui->app;
	size_t asked = 0;
	struct err e;

	for (size_t i = 0; i < u->n_targets; i++)
		asked += u->targets[i].listing != 0;
	for (size_t i = 0; a->ops && i < u->n_targets && asked < ASKED_MAX; i++) {
		struct upload_target *t = &u->targets[i];

		if (!t->ticked || t->listing || !op_allowed(a, t->id, VERB_FILES, &e))
			continue;
		t->listing = op_submit(a->ops, ops_new_group(a->ops), t->id, VERB_FILES, NULL,
				       (double)NAN);
		asked++;
	}
}

static void take_free_space(struct upload_view *u)
{
	const struct ops *ops = u->v.tui->app->ops;

	for (size_t i = 0; ops && i < u->n_targets; i++) {
		struct upload_target *t = &u->targets[i];
		const struct op *op = t->listing ? op_get(ops, t->listing) : NULL;

		if (op && op->phase == OP_DONE)
			t->free_bytes = op->x.files.free_bytes;
	}
}

/* ---- sending ---- */

/* "gcodes//a/" is "gcodes/a" to no server: slashes at the ends go. */
static char *trimmed(const char *text, const char *what)
{
	size_t len;

	text += strspn(text, what);
	for (len = strlen(text); len > 0 && strchr(what, text[len - 1]); len--)
		continue;
	return len ? mem_strndup(text, len) : NULL;
}

void upload_args(const struct upload_view *u, struct verb_args *ret)
{
	*ret = (struct verb_args){
		.local = local_path(u),
		.name = trimmed(u->name.text, " "),
		.folder = trimmed(u->folder.text, " /"),
		.start = u->start,
		.local_bytes = -1,
	};
	if (!ret->name)		/* what the questions and the lines of the transfers call it */
		ret->name = mem_strdup(str_basename(ret->local));
}

static void submit(struct upload_view *u)
{
	struct verb_args args;
	size_t n;
	uint32_t *ids = upload_ids(u, &n);
	char *dir;

	upload_args(u, &args);
	if (!n) {
		tui_say(u->v.tui, ROLE_WARN, "no printer is ticked that can take it");
	} else {
		dir = path_dirname(args.local);
		local_remember_folder(dir);
		free(dir);
		tui_act(u->v.tui, VERB_UPLOAD, &args, ids, n);
	}
	verb_args_done(&args);
	free(ids);
}

static void enter(struct upload_view *u)
{
	look_at_file(u);
	if (u->file_err.code == ERR_NONE)
		submit(u);
	else if (!u->file.len || u->file_err.code == ERR_USAGE)
		choose_file(u);
	else
		tui_say(u->v.tui, ROLE_WARN, "%s: %s", u->file.text, u->file_err.text);
}

/* ---- transfers: those that run, then what ended since the form was opened ---- */

static void add_ops(struct upload_view *u, bool ended)
{
	const struct ops *ops = u->v.tui->app->ops;
	size_t n = ops ? ops_count(ops) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct op *op = ops_at(ops, ended ? n - 1 - i : i);

		if (op->x.verb != VERB_UPLOAD || op_ended(op) != ended ||
		    (ended && op->submitted_ms < u->opened_ms))
			continue;
		u->ops = mem_grow(u->ops, u->transfers.n, &u->cap_ops, sizeof(*u->ops));
		u->ops[u->transfers.n++] = op->id;
	}
}

static void collect_transfers(struct upload_view *u)
{
	uint32_t on = u->transfers.cursor < u->transfers.n ? u->ops[u->transfers.cursor] : 0;

	u->transfers.n = 0;
	add_ops(u, false);
	add_ops(u, true);
	for (size_t i = 0; i < u->transfers.n; i++)
		if (u->ops[i] == on)
			u->transfers.cursor = i;
	list_set_count(&u->transfers, u->transfers.n);
	if (!u->transfers.n && u->focus == UPLOAD_TRANSFERS)
		u->focus = UPLOAD_FILE;
}

static const struct op *transfer_under_cursor(struct upload_view *u)
{
	collect_transfers(u);
	return u->transfers.n ? op_get(u->v.tui->app->ops, u->ops[u->transfers.cursor]) : NULL;
}

static bool transfers_key(struct upload_view *u, uint32_t key)
{
	const struct op *op = transfer_under_cursor(u);

	if (key == KEY_CTRL('k') && op && !op_ended(op))
		op_cancel(u->v.tui->app->ops, op->id);
	else if (key != 'r' || !op || !op_again(u->v.tui, op))
		return false;
	return true;
}

/* ---- keys ---- */

static void next_field(struct upload_view *u, int by)
{
	do
		u->focus = (enum upload_field)(((int)u->focus + UPLOAD_FIELD_N + by) %
					       UPLOAD_FIELD_N);
	while (u->focus == UPLOAD_TRANSFERS && !u->transfers.n);
}

static struct edit *edit_of(struct upload_view *u)
{
	return u->focus == UPLOAD_FILE ? &u->file : u->focus == UPLOAD_NAME ? &u->name :
		u->focus == UPLOAD_FOLDER ? &u->folder : NULL;
}

static void text_changed(struct upload_view *u)
{
	u->hint[0] = '\0';
	if (u->focus == UPLOAD_FILE)
		look_at_file(u);
}

static bool to_key(struct upload_view *u, uint32_t key)
{
	if (key == ' ' && u->to.cursor < u->n_targets) {
		u->targets[u->to.cursor].ticked = !u->targets[u->to.cursor].ticked;
		list_move(&u->to, 1);
	} else if (key == '*' || key == '~') {
		tick_all(u, key == '~');
	} else {
		return false;
	}
	ask_free_space(u);
	return true;
}

static struct list *list_of(struct upload_view *u)
{
	return u->focus == UPLOAD_TO ? &u->to :
		u->focus == UPLOAD_TRANSFERS ? &u->transfers : NULL;
}

/* Up and down walk through the lists and from field to field. */
static bool vertical_key(struct upload_view *u, uint32_t key)
{
	bool down = key == KEY_CODE_DOWN || (key == 'j' && !edit_of(u));
	bool up = key == KEY_CODE_UP || (key == 'k' && !edit_of(u));
	struct list *l = list_of(u);
	size_t before = l ? l->cursor : 0;

	if (!down && !up)
		return false;
	if (l)
		list_move(l, down ? 1 : -1);
	if (!l || l->cursor == before)
		next_field(u, down ? 1 : -1);
	return true;
}

static bool page_key(struct upload_view *u, uint32_t key)
{
	struct list *l = list_of(u);
	enum action_id id = key == KEY_CTRL('k') ? ACTION_N : keymap_find(u->v.tui->keymap,
									  SCOPE_UPLOAD, key);

	return l && id < ACTION_N && list_action(l, id);
}

static bool field_key(struct upload_view *u, uint32_t key)
{
	struct edit *e = edit_of(u);

	if (e) {
		if (edit_key(e, key))
			text_changed(u);
		return true;
	}
	if (u->focus == UPLOAD_THEN && (key == ' ' || key == KEY_CODE_LEFT ||
					key == KEY_CODE_RIGHT)) {
		u->start = !u->start;
		return true;
	}
	if (u->focus == UPLOAD_TO)
		return to_key(u, key);
	return u->focus == UPLOAD_TRANSFERS && transfers_key(u, key);
}

/* Keys of the frame that are wanted in a form; none of them acts on a printer. */
static bool frame_key(struct upload_view *u, uint32_t key)
{
	enum action_id id = keymap_find(u->v.tui->keymap, SCOPE_UPLOAD, key);

	if (id == ACTION_REDRAW)
		return true;
	return !edit_of(u) && (id == ACTION_HELP || id == ACTION_TRANSFERS || id == ACTION_LOG ||
			       id == ACTION_BACK);
}

static bool upload_key(struct view *v, uint32_t key)
{
	struct upload_view *u = as_upload(v);

	if (key == KEY_ESC)
		tui_back(v->tui);
	else if (key == KEY_CODE_F1 + 1 || key == KEY_CTRL('o'))
		choose_file(u);
	else if (key == KEY_RETURN)
		enter(u);
	else if (key == KEY_TAB && u->focus == UPLOAD_FILE && complete(u))
		return true;
	else if (key == KEY_TAB || key == KEY_CODE_BACKTAB)
		next_field(u, key == KEY_TAB ? 1 : -1);
	else if (!vertical_key(u, key) && !field_key(u, key) && !page_key(u, key))
		return !frame_key(u, key);
	return true;
}

/* A file that is dragged into a terminal comes in quotes, or with backslashes before blanks. */
static void unquote(char *s)
{
	char quote = *s == '\'' || *s == '"' ? *s : '\0', *to = s;
	size_t len = strlen(s);

	if (quote && len > 1 && s[len - 1] == quote) {
		memmove(s, s + 1, len - 2);
		s[len - 2] = '\0';
		return;
	}
	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		*to++ = *s;
	}
	*to = '\0';
}

static void upload_paste(struct view *v, const char *text)
{
	struct upload_view *u = as_upload(v);
	struct edit *e = edit_of(u);
	char *copy = mem_strdup(text), *clean = str_trim(copy);

	if (u->focus == UPLOAD_FILE)
		unquote(clean);
	if (e && edit_insert(e, clean))
		text_changed(u);
	free(copy);
}

/* ---- life ---- */

static void view_draw(struct view *v, struct canvas *c, const struct moment *m)
{
	collect_transfers(as_upload(v));
	take_free_space(as_upload(v));
	upload_draw(as_upload(v), c, m);
}

static void upload_close(struct view *v)
{
	struct upload_view *u = as_upload(v);

	free(u->targets);
	free(u->ops);
}

static bool upload_changed(struct view *v, uint32_t id, field_mask mask)
{
	(void)v;
	(void)id;
	return mask & (FIELD_BIT(FIELD_STATE) | FIELD_BIT(FIELD_NAME) | FIELD_BIT(FIELD_AGE));
}

const struct view_ops view_upload = {
	.name = "upload",
	.scope = SCOPE_UPLOAD,
	.size = sizeof(struct upload_view),
	.close = upload_close,
	.draw = view_draw,
	.key = upload_key,
	.paste = upload_paste,
	.changed = upload_changed,
};

void view_upload_open_file(struct tui *t, const char *path)
{
	const struct fleet *f = t->app->fleet;
	uint32_t *ids = mem_zalloc(fleet_count(f) + 1, sizeof(*ids));
	size_t n = 0;

	for (size_t i = 0; i < fleet_count(f); i++)
		if (fleet_at(f, i)->marked)
			ids[n++] = fleet_at(f, i)->id;
	if (!n && fleet_get(f, t->current))
		ids[n++] = t->current;
	view_upload_open(t, ids, n);
	free(ids);
	file_chosen(tui_top(t), path);
}

static void fill_targets(struct upload_view *u)
{
	const struct fleet *f = u->v.tui->app->fleet;

	free(u->targets);
	u->n_targets = fleet_count(f);
	u->targets = mem_zalloc(u->n_targets ? u->n_targets : 1, sizeof(*u->targets));
	for (size_t i = 0; i < u->n_targets; i++)
		u->targets[i] = (struct upload_target){ fleet_at(f, i)->id, .free_bytes = NAN };
}

/* Ticked ones first, as they were given. */
static int ticked_first(const void *x, const void *y)
{
	const struct upload_target *a = x, *b = y;

	if (a->ticked != b->ticked)
		return b->ticked - a->ticked;
	return (a->id > b->id) - (a->id < b->id);
}

void view_upload_open(struct tui *t, const uint32_t *ids, size_t n)
{
	struct upload_view *u;

	tui_open(t, &view_upload);
	u = as_upload(tui_top(t));
	u->opened_ms = tui_now_ms(t);
	u->focus = UPLOAD_FILE;
	fill_targets(u);
	for (size_t i = 0; i < n; i++)
		tick(u, ids[i]);
	if (u->n_targets)
		qsort(u->targets, u->n_targets, sizeof(*u->targets), ticked_first);
	u->to.cursor = u->to.top = 0;
	list_set_count(&u->to, u->n_targets);
	ask_free_space(u);
	look_at_file(u);
}
