/* Keys by name, and the map from keys to actions: the table's own bindings with the user's on top. */
#include <printop/keys.h>

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/str.h>

static const struct key_word {
	const char *name, *label;
	uint32_t key;
} key_words[] = {	/* the first name of a key is the one that is written */
	{ "space", "SPC", ' ' },
	{ "enter", "Enter", KEY_RETURN },
	{ "return", "Enter", KEY_RETURN },
	{ "esc", "Esc", KEY_ESC },
	{ "escape", "Esc", KEY_ESC },
	{ "tab", "Tab", KEY_TAB },
	{ "backspace", "BkSp", KEY_BACKSPACE_CODE },
	{ "backtab", "S-Tab", KEY_CODE_BACKTAB },
	{ "shift-tab", "S-Tab", KEY_CODE_BACKTAB },
	{ "up", "Up", KEY_CODE_UP },
	{ "down", "Down", KEY_CODE_DOWN },
	{ "left", "Left", KEY_CODE_LEFT },
	{ "right", "Right", KEY_CODE_RIGHT },
	{ "home", "Home", KEY_CODE_HOME },
	{ "end", "End", KEY_CODE_END },
	{ "pageup", "PgUp", KEY_CODE_PAGE_UP },
	{ "pagedown", "PgDn", KEY_CODE_PAGE_DOWN },
	{ "insert", "Ins", KEY_CODE_INSERT },
	{ "delete", "Del", KEY_CODE_DELETE },
};

static const struct key_word *word_of_key(uint32_t key)
{
	for (size_t i = 0; i < ARRAY_LEN(key_words); i++)
		if (key_words[i].key == key)
			return &key_words[i];
	return NULL;
}

/* "k" of "ctrl-k"; letters and [ \ ] ^ _ have control characters of their own. */
static uint32_t ctrl_from_name(const char *rest)
{
	if (rest[0] == '\0' || rest[1] != '\0' || rest[0] < 'A' || rest[0] > 'z' || rest[0] == '`')
		return KEY_NONE;
	return KEY_CTRL((uint32_t)rest[0]);
}

static uint32_t function_key(const char *digits)
{
	int64_t n;

	if (!str_to_int64(digits, &n) || n < 1 || n > 12)
		return KEY_NONE;
	return KEY_CODE_F1 + (uint32_t)n - 1;
}

static uint32_t char_from_name(const char *name)
{
	size_t len = str_utf8_len(name);
	uint32_t c;

	if (len == 0 || name[len])
		return KEY_NONE;
	c = str_utf8_decode(name, &len);
	return c < ' ' || (c >= 0x7f && c < 0xa0) ? KEY_NONE : c;
}

uint32_t key_from_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(key_words); i++)
		if (str_eq_nocase(key_words[i].name, name))
			return key_words[i].key;
	if (str_starts_nocase(name, "ctrl-"))
		return ctrl_from_name(name + 5);
	if ((name[0] == 'f' || name[0] == 'F') && name[1])
		return function_key(name + 1);
	return char_from_name(name);
}

static void utf8_from_char(uint32_t c, char buf[5])
{
	size_t n = 0;

	if (c < 0x80) {
		buf[n++] = (char)c;
	} else if (c < 0x800) {
		buf[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		buf[n++] = (char)(0xe0 | c >> 12);
		buf[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		buf[n++] = (char)(0xf0 | c >> 18);
		buf[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		buf[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		buf[n++] = (char)(0x80 | (c & 0x3f));
	buf[n] = '\0';
}

/* The parts that a name and a label share: "ctrl-" or "^" in front, letters of one or the other case. */
static char *spell(uint32_t key, const char *ctrl, char letter_base, const char *function, char *buf,
		   size_t size)
{
	char utf8[5];

	if (key >= KEY_CODE_F1 && key <= KEY_CODE_F12)
		str_printf(buf, size, "%s%u", function, key - KEY_CODE_F1 + 1);
	else if (key == KEY_NONE || key >= KEY_CODE_FIRST)
		str_copy(buf, size, "");
	else if (key < 27)
		str_printf(buf, size, "%s%c", ctrl, (char)(letter_base + (char)key));
	else if (key < ' ')
		str_printf(buf, size, "%s%c", ctrl, (char)('@' + (char)key));
	else {
		utf8_from_char(key, utf8);
		str_copy(buf, size, utf8);
	}
	return buf;
}

char *key_to_name(uint32_t key, char *buf, size_t size)
{
	const struct key_word *w = word_of_key(key);

	if (!w)
		return spell(key, "ctrl-", '`', "f", buf, size);
	str_copy(buf, size, w->name);
	return buf;
}

char *key_label(uint32_t key, char *buf, size_t size)
{
	const struct key_word *w = word_of_key(key);

	if (!w)
		return spell(key, "^", '@', "F", buf, size);
	str_copy(buf, size, w->label);
	return buf;
}

/* ---- the map ---- */

struct keymap {
	struct binding *bindings;	/* action ACTION_N: the user freed this key in this scope */
	size_t n, cap;
	size_t shown;			/* the first ones, without the freed; sorted by action */
};

static void bind(struct keymap *m, struct binding b)
{
	m->bindings = mem_grow(m->bindings, m->n, &m->cap, sizeof(*m->bindings));
	m->bindings[m->n++] = b;
}

/* Takes a key away: in one scope, or (any) in all of them. */
static void unbind(struct keymap *m, uint32_t key, enum action_scope scope, bool any)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct binding *b = &m->bindings[i];

		if (b->key != key || !(any || b->scope == scope))
			m->bindings[kept++] = *b;
	}
	m->n = kept;
}

static void bind_table(struct keymap *m)
{
	for (unsigned i = 0; i < ACTION_N; i++) {
		const struct action *a = action_info((enum action_id)i);
		char *list = mem_strdup(a->keys), *at = list, *word;

		while ((word = str_token(&at, " ")))
			bind(m, (struct binding){ key_from_name(word), a->scope, (enum action_id)i,
						  false });
		free(list);
	}
}

static bool scope_from_name(const char *name, enum action_scope *ret)
{
	for (unsigned i = 0; i < SCOPE_BATCH; i++) {
		if (str_eq_nocase(action_scope_name((enum action_scope)i), name)) {
			*ret = (enum action_scope)i;
			return true;
		}
	}
	return str_eq_nocase(name, "all") ? (*ret = SCOPE_ANY, true) : false;
}

/* These lead out of everything and must do so after any rebinding. */
static bool key_is_reserved(uint32_t key)
{
	return key == KEY_CTRL('c') || key == KEY_ESC || key == 'q';
}

/* Reads one of the user's bindings into *b; false with what is wrong in *e. */
static bool read_binding(const struct key_binding *k, struct binding *b, struct err *e)
{
	char hint[NEAREST_HINT];
	struct nearest near;

	b->from_user = true;
	b->action = ACTION_N;
	b->key = key_from_name(k->key);
	if (b->key == KEY_NONE)
		return err_set(e, ERR_CONFIG, "'%.40s' is no key: write a character, or a name such as "
			       "\"ctrl-k\", \"f5\", \"pagedown\", \"space\"", k->key);
	if (!str_eq(k->action, "none") && !action_from_name(k->action, &b->action)) {
		nearest_init(&near, k->action);
		for (unsigned i = 0; i < ACTION_N; i++)
			nearest_try(&near, action_info((enum action_id)i)->name);
		return err_set(e, ERR_CONFIG, "there is no action '%.40s'%s (printop keys lists them)",
			       k->action, nearest_hint(&near, hint, sizeof(hint)));
	}
	b->scope = b->action < ACTION_N ? action_info(b->action)->scope : SCOPE_ANY;
	if (b->scope == SCOPE_BATCH)
		return err_set(e, ERR_CONFIG, "'%s' is a verb of the shell and has no key", k->action);
	if (k->view && !scope_from_name(k->view, &b->scope))
		return err_set(e, ERR_CONFIG, "there is no view '%.40s': it is one of any, fleet, "
			       "printer, list, upload", k->view);
	if (key_is_reserved(b->key) && b->action != ACTION_BACK && b->action != ACTION_QUIT)
		return err_set(e, ERR_CONFIG, "ctrl-c, esc and q always lead out and cannot be bound "
			       "to '%.40s'", k->action);
	return true;
}

static void bind_user(struct keymap *m, const struct config *c)
{
	for (size_t i = 0; i < c->n_keys; i++) {
		const struct key_binding *k = &c->keys[i];
		struct binding b;

		if (!read_binding(k, &b, NULL))
			continue;
		unbind(m, b.key, b.scope, !k->view);
		if (b.action < ACTION_N || k->view)
			bind(m, b);
	}
}

/* In the order of the table, an action's own keys of the user first; freed keys at the end. */
static int compare_bindings(const void *pa, const void *pb)
{
	const struct binding *a = pa, *b = pb;

	if (a->action != b->action)
		return a->action < b->action ? -1 : 1;
	if (a->from_user != b->from_user)
		return a->from_user ? -1 : 1;
	return 0;
}

static void sort_bindings(struct keymap *m)
{
	for (size_t i = 1; i < m->n; i++) {	/* insertion keeps the table's order of keys; qsort does not */
		struct binding b = m->bindings[i];
		size_t at = i;

		for (; at > 0 && compare_bindings(&m->bindings[at - 1], &b) > 0; at--)
			m->bindings[at] = m->bindings[at - 1];
		m->bindings[at] = b;
	}
	while (m->shown < m->n && m->bindings[m->shown].action < ACTION_N)
		m->shown++;
}

struct keymap *keymap_new(const struct config *c)
{
	struct keymap *m = MEM_NEW(struct keymap);

	bind_table(m);
	if (c)
		bind_user(m, c);
	sort_bindings(m);
	return m;
}

void keymap_free(struct keymap *m)
{
	if (!m)
		return;
	free(m->bindings);
	free(m);
}

static const struct binding *find(const struct keymap *m, enum action_scope scope, uint32_t key)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->bindings[i].key == key && m->bindings[i].scope == scope)
			return &m->bindings[i];
	return NULL;
}

enum action_id keymap_find(const struct keymap *m, enum action_scope scope, uint32_t key)
{
	const struct binding *b = key == KEY_NONE ? NULL : find(m, scope, key);

	if (!b && key != KEY_NONE)
		b = find(m, SCOPE_ANY, key);
	return b ? b->action : ACTION_N;
}

uint32_t keymap_key_of(const struct keymap *m, enum action_scope scope, enum action_id id)
{
	for (size_t i = 0; i < m->shown; i++) {
		const struct binding *b = &m->bindings[i];

		if (b->action == id && keymap_find(m, scope, b->key) == id)
			return b->key;
	}
	return KEY_NONE;
}

size_t keymap_count(const struct keymap *m)
{
	return m->shown;
}

const struct binding *keymap_at(const struct keymap *m, size_t i)
{
	return i < m->shown ? &m->bindings[i] : NULL;
}

void keymap_check(struct config *c)
{
	for (size_t i = 0; i < c->n_keys; i++) {
		struct binding b;
		struct err e;

		if (!read_binding(&c->keys[i], &b, &e))
			config_add_issue(c, CONFIG_ERROR, c->keys[i].where, "%s", e.text);
	}
}
