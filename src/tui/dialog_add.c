/* Adding a printer on the screen: an address, what is there, access, a name; then the next one. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/adopt.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "dialog.h"
#include "frame.h"

#define BOX_W 70
#define LABEL_W 10
#define FOUND_ROWS 5
#define TAGS_MAX 16

enum step { STEP_ADDRESS, STEP_LOOK, STEP_FORM, STEP_ACCESS };
enum add_field { ADD_FOUND, ADD_NAME, ADD_TAGS, ADD_KEY, ADD_USER, ADD_PASSWORD, ADD_FIELDS };

struct add {
	struct dialog d;
	enum step step;
	char **addresses;	/* to come */
	size_t n_addresses, next;
	struct edit address;
	struct adopt *adopt;
	struct adopt_access *access;
	struct adopt_found found;	/* chosen, then as it is with its key */
	struct list list;
	enum add_field focus;
	struct edit edits[ADD_FIELDS];
	bool keyless_warned, over;
	struct err err;		/* what is wrong, shown at the bottom */
};

static struct add *as_add(struct dialog *d)
{
	return (struct add *)d;
}

static void wake(void *ctx)
{
	tui_dirty(((struct add *)ctx)->d.tui);
}

/* ---- fields ---- */

static bool wants_key(const struct add *a)
{
	return !str_eq(a->found.in.access, "full");
}

static bool has_field(const struct add *a, enum add_field f)
{
	switch (f) {
	case ADD_FOUND:
		return adopt_count(a->adopt) > 1;
	case ADD_NAME:
	case ADD_TAGS:
		return true;
	case ADD_KEY:
		return wants_key(a);
	case ADD_USER:
	case ADD_PASSWORD:
		return wants_key(a) && a->found.in.logs_in;
	case ADD_FIELDS:
		break;
	}
	return false;
}

static void move_focus(struct add *a, int by)
{
	do
		a->focus = (enum add_field)(((int)a->focus + ADD_FIELDS + by) % ADD_FIELDS);
	while (!has_field(a, a->focus));
}

static void wipe_secrets(struct add *a)
{
	explicit_bzero(&a->edits[ADD_KEY], sizeof(struct edit));
	explicit_bzero(&a->edits[ADD_PASSWORD], sizeof(struct edit));
}

/* ---- steps ---- */

static void forget_server(struct add *a)
{
	adopt_access_free(a->access);
	adopt_free(a->adopt);
	a->access = NULL;
	a->adopt = NULL;
	wipe_secrets(a);
	a->keyless_warned = false;
}

static void look(struct add *a)
{
	struct adopt_address address;

	forget_server(a);
	err_clear(&a->err);
	if (!adopt_address_parse(a->address.text, &address, &a->err)) {
		a->step = STEP_ADDRESS;
		return;
	}
	a->adopt = adopt_new(a->d.tui->app, &address, NULL, wake, a);
	a->step = STEP_LOOK;
}

/* The next address of the list, or the end; a dialog without a list begins with a question. */
static void next_address(struct add *a)
{
	if (a->next >= a->n_addresses) {
		a->over = a->n_addresses > 0 || a->step != STEP_ADDRESS;
		return;
	}
	edit_set(&a->address, a->addresses[a->next++]);
	look(a);
}

static void choose(struct add *a, size_t i)
{
	a->found = *adopt_at(a->adopt, i);
	edit_set(&a->edits[ADD_NAME], a->found.name);
	a->keyless_warned = false;
	err_clear(&a->err);
	if (a->found.twin[0])
		err_set(&a->err, ERR_USAGE, "it is in the fleet already: %s", a->found.twin);
}

static void look_ended(struct add *a)
{
	size_t n = adopt_count(a->adopt);

	if (!n) {
		a->err = *adopt_error(a->adopt);
		a->step = STEP_ADDRESS;
		return;
	}
	a->step = STEP_FORM;
	a->list = (struct list){ .rows = FOUND_ROWS };
	list_set_count(&a->list, n);
	choose(a, 0);
	a->focus = n > 1 ? ADD_FOUND : ADD_NAME;
}

/* ---- writing it ---- */

static size_t split_tags(char *text, const char **tags)
{
	char *word;
	size_t n = 0;

	while (n < TAGS_MAX && (word = str_token(&text, ", ")))
		if (*word)
			tags[n++] = word;
	return n;
}

static void say_added(struct tui *t, const char *name, const char *title)
{
	const struct printer *p;

	tui_reload(t);
	p = fleet_find(t->app->fleet, name);
	if (!p)
		return;		/* the reload has said why */
	tui_select(t, p->id);
	tui_say(t, ROLE_GOOD, "added %s (%s); :remove %s takes it away again", name, title, name);
}

static void write_it(struct add *a, const char *key)
{
	struct tui *t = a->d.tui;
	char text[sizeof(a->edits[0].text)], *path;
	const char *tags[TAGS_MAX];
	struct adopt_printer p = { .name = a->edits[ADD_NAME].text, .url = a->found.url,
				   .dialect = a->found.dialect, .key = key, .tags = tags };

	str_copy(text, sizeof(text), a->edits[ADD_TAGS].text);
	p.n_tags = split_tags(text, tags);
	if (!adopt_write(t->app, &p, &path, &a->err)) {
		a->step = STEP_FORM;
		return;
	}
	free(path);
	say_added(t, p.name, a->found.title);
	next_address(a);
}

static void ask_for_access(struct add *a, const struct adopt_ask *ask)
{
	adopt_access_free(a->access);
	a->access = adopt_access_new(a->d.tui->app, &a->found, NULL, ask, wake, a);
	a->step = STEP_ACCESS;
}

static void submit(struct add *a)
{
	const struct adopt_ask ask = {
		.key = a->edits[ADD_KEY].len ? a->edits[ADD_KEY].text : NULL,
		.user = a->edits[ADD_USER].len ? a->edits[ADD_USER].text : NULL,
		.password = a->edits[ADD_PASSWORD].text,
		.limit_s = ADOPT_ALLOW_S,
	};

	if (a->found.twin[0])
		return;
	err_clear(&a->err);
	if (ask.key || (wants_key(a) && (ask.user || (a->found.in.grants && !a->keyless_warned)))) {
		ask_for_access(a, &ask);
	} else if (wants_key(a) && !a->keyless_warned) {
		a->keyless_warned = true;
		err_set(&a->err, ERR_AUTH, "it wants a key%s; Enter again adds it without one",
			a->found.in.logs_in ? " or a login" : "");
	} else {
		write_it(a, NULL);
	}
}

/* Refused: back to the form, where a key can be typed, or Enter adds it without one. */
static void access_decided(struct add *a)
{
	if (adopt_access_state(a->access) == ADOPT_GRANTED) {
		const char *key = adopt_access_key(a->access);
		char name[64];

		/* A better name is known now, unless the user has typed one. */
		str_copy(name, sizeof(name), adopt_access_found(a->access)->name);
		if (str_eq(a->edits[ADD_NAME].text, a->found.name))
			edit_set(&a->edits[ADD_NAME], name);
		write_it(a, key);
		return;
	}
	a->err = *adopt_access_error(a->access);
	a->keyless_warned = true;
	a->step = STEP_FORM;
	a->focus = ADD_KEY;
}

static bool add_tick(struct dialog *d, const struct moment *m)
{
	struct add *a = as_add(d);
	enum adopt_state s;

	(void)m;
	if (a->step == STEP_LOOK && adopt_ended(a->adopt)) {
		look_ended(a);
	} else if (a->step == STEP_ACCESS) {
		s = adopt_access_state(a->access);
		if (s == ADOPT_GRANTED || s == ADOPT_REFUSED)
			access_decided(a);
	}
	return !a->over;
}

static int64_t add_next_tick_ms(struct dialog *d, const struct moment *m)
{
	(void)m;
	return as_add(d)->step == STEP_ACCESS ? 1000 : -1;
}

/* ---- keys ---- */

static struct edit *edit_of(struct add *a)
{
	if (a->step == STEP_ADDRESS)
		return &a->address;
	return a->step == STEP_FORM && a->focus != ADD_FOUND ? &a->edits[a->focus] : NULL;
}

static bool is_next(uint32_t key)
{
	return key == KEY_TAB || key == KEY_CODE_DOWN;
}

static void form_key(struct add *a, uint32_t key)
{
	size_t at = a->list.cursor;

	if (key == KEY_RETURN) {
		submit(a);
	} else if (a->focus == ADD_FOUND && (key == KEY_CODE_DOWN || key == KEY_CODE_UP)) {
		list_move(&a->list, key == KEY_CODE_DOWN ? 1 : -1);
		if (at == a->list.cursor)
			move_focus(a, key == KEY_CODE_DOWN ? 1 : -1);
		else
			choose(a, a->list.cursor);
	} else if (is_next(key) || key == KEY_CODE_BACKTAB || key == KEY_CODE_UP) {
		move_focus(a, is_next(key) ? 1 : -1);
	} else if (edit_of(a)) {
		edit_key(edit_of(a), key);
	}
}

/* Esc leaves one step: a question that runs, then this address, then the dialog. */
static bool escape(struct add *a)
{
	if (a->step != STEP_ACCESS) {
		if (a->next < a->n_addresses) {
			next_address(a);
			return true;
		}
		return false;
	}
	adopt_access_free(a->access);
	a->access = NULL;
	a->keyless_warned = true;
	a->step = STEP_FORM;
	return true;
}

static bool add_key(struct dialog *d, uint32_t key)
{
	struct add *a = as_add(d);

	if (key == KEY_ESC)
		return escape(a);
	if (a->step == STEP_FORM)
		form_key(a, key);
	else if (a->step == STEP_ADDRESS && key == KEY_RETURN)
		look(a);
	else if (a->step == STEP_ADDRESS)
		edit_key(&a->address, key);
	return !a->over;
}

static void add_paste(struct dialog *d, const char *text)
{
	struct edit *e = edit_of(as_add(d));
	char *copy = mem_strdup(text);

	if (e)
		edit_insert(e, str_trim(copy));
	explicit_bzero(copy, strlen(copy));
	free(copy);
}

/* ---- drawing ---- */

struct pen {
	struct canvas *c;
	struct area in;
	int y;
};

static void draw_field(struct pen *p, const struct add *a, enum add_field f, const char *label,
		       const char *empty, bool secret)
{
	const struct edit *e = &a->edits[f];
	struct edit stars = { .len = e->len, .pos = e->pos };
	int x = p->in.x + LABEL_W, w = p->in.w - LABEL_W;
	bool focus = a->focus == f;

	if (!has_field(a, f) || p->y >= p->in.y + p->in.h)
		return;
	memset(stars.text, '*', e->len < sizeof(stars.text) ? e->len : sizeof(stars.text) - 1);
	canvas_text(p->c, p->in.x, p->y, LABEL_W, focus ? ROLE_TITLE : ROLE_HEADER, label);
	if (focus)
		edit_draw(secret ? &stars : e, p->c, x, p->y, w, ROLE_INPUT, "");
	else
		canvas_text(p->c, x, p->y, w, ROLE_DIALOG, secret ? stars.text : e->text);
	if (!e->len)
		canvas_text(p->c, x + focus, p->y, w - focus, ROLE_DIM, empty);
	p->y++;
}

static enum role access_role(const char *access)
{
	return str_eq(access, "full")	     ? ROLE_GOOD
	       : str_eq(access, "protected") ? ROLE_WARN
					     : ROLE_NORMAL;
}

static void draw_found(struct pen *p, const struct add *a)
{
	size_t n = adopt_count(a->adopt);

	for (size_t i = a->list.top; i < n && i < a->list.top + FOUND_ROWS; i++) {
		const struct adopt_found *f = adopt_at(a->adopt, i);
		const char *access = f->in.access[0] ? f->in.access : "unknown";
		struct area row = { p->in.x, p->y, p->in.w, 1 };

		canvas_textf(p->c, row.x + 2, row.y, 22, ROLE_STRONG, "%s %s", f->title,
			     f->in.version);
		canvas_text(p->c, row.x + 25, row.y, row.w - 36, ROLE_DIALOG, f->url);
		canvas_text_right(p->c, row.x, row.y, row.w, access_role(f->in.access), access);
		if (i == a->list.cursor && n > 1) {
			canvas_put(p->c, row.x, row.y, ROLE_CURSOR,
				   canvas_glyph(p->c, GLYPH_CURSOR));
			if (a->focus == ADD_FOUND)
				canvas_attrs(p->c, row, CELL_CURSOR, true);
		}
		p->y++;
	}
	p->y++;
}

static const char *key_hint(const struct add *a)
{
	return a->found.in.grants ? "empty: asks OctoPrint, where somebody presses Allow"
				  : "API key, if you have it";
}

static void draw_form(struct pen *p, const struct add *a)
{
	draw_found(p, a);
	draw_field(p, a, ADD_NAME, "name", "", false);
	draw_field(p, a, ADD_TAGS, "tags", "words to choose it by, as in tag:petg", false);
	draw_field(p, a, ADD_KEY, "key", key_hint(a), true);
	draw_field(p, a, ADD_USER, "user", "of Moonraker, to get the key", false);
	draw_field(p, a, ADD_PASSWORD, "password", "", true);
}

static void draw_access(struct pen *p, const struct add *a)
{
	double left_s = ceil(adopt_access_left_s(a->access));
	char text[800];

	if (left_s <= 0) {
		canvas_text(p->c, p->in.x, p->y++, p->in.w, ROLE_DIALOG,
			    "asking what the key is good for ...");
		return;
	}
	str_printf(text, sizeof(text), "Open %s and press Allow: printop asks there for a key.",
		   a->found.url);
	p->y += dialog_wrap(p->c, (struct area){ p->in.x, p->y, p->in.w, 3 }, ROLE_STRONG, text);
	canvas_textf(p->c, p->in.x, p->y + 1, p->in.w, ROLE_DIALOG, "%d:%02d left",
		     (int)left_s / 60, (int)left_s % 60);
	canvas_bar(p->c, p->in.x + 12, p->y + 1, p->in.w - 12, left_s / ADOPT_ALLOW_S, ROLE_WARN);
	p->y += 2;
}

static void draw_address(struct pen *p, const struct add *a)
{
	canvas_text(p->c, p->in.x, p->y, LABEL_W, ROLE_TITLE, "address");
	edit_draw(&a->address, p->c, p->in.x + LABEL_W, p->y, p->in.w - LABEL_W, ROLE_INPUT, "");
	canvas_text(p->c, p->in.x + LABEL_W, p->y + 1, p->in.w - LABEL_W, ROLE_DIM,
		    "10.0.4.21, octopi.local, host:7126, http://host/prefix");
	p->y += 2;
}

static int form_rows(const struct add *a)
{
	size_t n = adopt_count(a->adopt);
	int rows = (int)(n < FOUND_ROWS ? n : FOUND_ROWS) + 1;

	for (int f = ADD_NAME; f < ADD_FIELDS; f++)
		rows += has_field(a, (enum add_field)f);
	return rows;
}

static void add_draw(struct dialog *d, struct canvas *c, const struct moment *m)
{
	static const char *const bottoms[] = {
		[STEP_ADDRESS] = "Enter look   Esc leave",
		[STEP_LOOK] = "Esc leave",
		[STEP_FORM] = "Enter add   Tab next field   Esc leave",
		[STEP_ACCESS] = "Esc stop asking",
	};
	const struct add *a = as_add(d);
	int w = c->cols - 8 > BOX_W ? BOX_W : c->cols - 8, rows, wrapped;
	char title[120];
	struct pen p = { .c = c };

	(void)m;
	wrapped = a->err.code
			  ? dialog_wrap(NULL, (struct area){0, 0, w, 1}, ROLE_BAD, a->err.text) + 1
			  : 0;
	rows = a->step == STEP_FORM	? form_rows(a)
	       : a->step == STEP_LOOK	? 1
	       : a->step == STEP_ACCESS ? 4
					: 2;
	str_printf(title, sizeof(title), "add a printer%s%.80s",
		   a->step == STEP_ADDRESS ? "" : ": ",
		   a->step == STEP_ADDRESS ? "" : a->address.text);
	str_clean(title);
	p.in = dialog_box(c, w, rows + wrapped, ROLE_TITLE, title, bottoms[a->step]);
	p.y = p.in.y;
	c->cursor_x = c->cursor_y = -1;
	if (a->step == STEP_ADDRESS)
		draw_address(&p, a);
	else if (a->step == STEP_LOOK)
		canvas_text(c, p.in.x, p.y++, p.in.w, ROLE_DIALOG, "looking for its server ...");
	else if (a->step == STEP_FORM)
		draw_form(&p, a);
	else
		draw_access(&p, a);
	if (wrapped)
		dialog_wrap(c, (struct area){p.in.x, p.y + 1, p.in.w, p.in.y + p.in.h - p.y - 1},
			    ROLE_WARN, a->err.text);
}

/* ---- life ---- */

static void add_close(struct dialog *d)
{
	struct add *a = as_add(d);

	forget_server(a);
	for (size_t i = 0; i < a->n_addresses; i++)
		free(a->addresses[i]);
	free(a->addresses);
	free(a);
}

void dialog_add(struct tui *t, const char *const *addresses, size_t n)
{
	static const struct dialog_ops ops = {add_draw,		add_key,   add_tick,
					      add_next_tick_ms, add_close, add_paste};
	struct add *a = MEM_NEW(struct add);

	a->d.ops = &ops;
	a->n_addresses = n;
	a->addresses = mem_zalloc(n ? n : 1, sizeof(*a->addresses));
	for (size_t i = 0; i < n; i++)
		a->addresses[i] = mem_strdup(addresses[i]);
	tui_dialog_take(t, &a->d);
	if (n)
		next_address(a);
	tui_dirty(t);
}

/* ---- away again ---- */

struct removal {
	struct tui *t;
	char name[64];
};

static void remove_yes(void *ctx)
{
	struct removal *r = ctx;
	struct err e;
	char *path;

	if (!adopt_remove(r->t->app, r->name, &path, &e)) {
		tui_say(r->t, ROLE_BAD, "%s", e.text);
		return;
	}
	free(path);
	tui_reload(r->t);
	tui_say(r->t, ROLE_GOOD, "%s is gone", r->name);
}

void dialog_remove(struct tui *t, const char *name)
{
	const struct printer *p = name ? fleet_find(t->app->fleet, name) : NULL;
	struct removal *r;
	char line[200];
	const char *lines[] = { line };

	if (!p) {
		tui_say(t, ROLE_WARN, name ? "no printer \"%s\"" : "remove NAME%s",
			name ? name : "");
		return;
	}
	r = MEM_NEW(struct removal);
	r->t = t;
	str_copy(r->name, sizeof(r->name), p->config.name);
	str_printf(line, sizeof(line), "%s  %.120s", p->config.name, p->config.url);
	dialog_ask(t, ROLE_WARN, "remove a printer", lines, 1,
		   "Take it out of the fleet, with its key?", remove_yes, free, r);
}

void tui_rename(struct tui *t, const char *name, const char *to)
{
	struct err e;
	char *path;

	if (!name || !to) {
		tui_say(t, ROLE_WARN, "rename NAME NEW-NAME");
	} else if (!adopt_rename(t->app, name, to, &path, &e)) {
		tui_say(t, ROLE_BAD, "%s", e.text);
	} else {
		free(path);
		tui_reload(t);
		tui_say(t, ROLE_GOOD, "%s is %s now", name, to);
	}
}
