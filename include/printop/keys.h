/* Keys by name ("ctrl-k", "f5", "X") and what they are bound to: the action table plus the user's own bindings. */
#ifndef PRINTOP_KEYS_H
#define PRINTOP_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/action.h>
#include <printop/config.h>

/* A key: a Unicode character, a control character (1..31, 127), or one of these. */
enum key_code {
	KEY_NONE = 0,
	KEY_CODE_FIRST = 0x110000,
	KEY_CODE_UP, KEY_CODE_DOWN, KEY_CODE_LEFT, KEY_CODE_RIGHT, KEY_CODE_HOME, KEY_CODE_END,
	KEY_CODE_PAGE_UP, KEY_CODE_PAGE_DOWN, KEY_CODE_INSERT, KEY_CODE_DELETE, KEY_CODE_BACKTAB,
	KEY_CODE_F1, KEY_CODE_F12 = KEY_CODE_F1 + 11,
	KEY_CODE_MOUSE, KEY_CODE_PASTE,		/* never bound */
	KEY_CODE_LAST
};
#define KEY_CTRL(c) ((c) & 0x1f)
#define KEY_ESC 27
#define KEY_TAB 9
#define KEY_RETURN 13
#define KEY_BACKSPACE_CODE 127

/* "a", "A", "!", "space", "enter", "esc", "tab", "backtab", "backspace", "up" .. "f12", "ctrl-k"; KEY_NONE when it is none. */
uint32_t key_from_name(const char *name);
/* The name as key_from_name() reads it. Returns buf. */
char *key_to_name(uint32_t key, char *buf, size_t size);
/* How people write it in a footer: "^K", "SPC", "Enter", "P". Returns buf. */
char *key_label(uint32_t key, char *buf, size_t size);

struct binding {
	uint32_t key;
	enum action_scope scope;
	enum action_id action;
	bool from_user;
};

struct keymap;

/*
 * The table's keys, then the user's on top (a user's key replaces what the key did in that scope; action "none" frees it).
 * Bad names are reported through config_add_issue() by keymap_check(), not here.
 */
struct keymap *keymap_new(const struct config *c);
void keymap_free(struct keymap *m);
/* The action of a key in a view of this scope (its own bindings win over ANY); ACTION_N when there is none. */
enum action_id keymap_find(const struct keymap *m, enum action_scope scope, uint32_t key);
/* The first key bound to an action where this scope is on screen, KEY_NONE when there is none. */
uint32_t keymap_key_of(const struct keymap *m, enum action_scope scope, enum action_id id);
size_t keymap_count(const struct keymap *m);
const struct binding *keymap_at(const struct keymap *m, size_t i);	/* in the order of the action table */
/* Adds an issue for every unknown key, action or view in c->keys and every key that Ctrl-C, Esc or q must not lose. */
void keymap_check(struct config *c);

#endif
