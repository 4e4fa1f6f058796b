/* The line editor and the list cursor: both pure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <locale.h>
#include <printop/mem.h>
#include "tui/tui.h"

#define KANJI "\xe6\xbc\xa2"
#define ACUTE "\xcc\x81"

static struct edit edit;

static void type(const char *keys)
{
	for (; *keys; keys++)
		assert_true(edit_key(&edit, (unsigned char)*keys));
}

static void assert_edit(const char *before, const char *after)
{
	assert_int_equal(edit.len, strlen(before) + strlen(after));
	assert_int_equal(edit.pos, strlen(before));
	assert_memory_equal(edit.text, before, strlen(before));
	assert_string_equal(edit.text + edit.pos, after);
}

static void test_typing(void **state)
{
	(void)state;
	edit_set(&edit, "");
	type("hello");
	assert_edit("hello", "");
	edit_key(&edit, KEY_CODE_HOME);
	type("o ");
	assert_edit("o ", "hello");
	edit_key(&edit, KEY_CTRL('e'));
	edit_key(&edit, KEY_CODE_LEFT);
	edit_key(&edit, KEY_BACKSPACE_CODE);
	assert_edit("o hel", "o");
	edit_key(&edit, KEY_CODE_DELETE);
	edit_key(&edit, KEY_CODE_DELETE);
	assert_edit("o hel", "");
}

static void test_kills(void **state)
{
	(void)state;
	edit_set(&edit, "pause tag:petg  all");
	edit_key(&edit, KEY_CTRL('w'));
	assert_edit("pause tag:petg  ", "");
	edit_key(&edit, KEY_CTRL('w'));
	assert_edit("pause ", "");
	edit_key(&edit, KEY_CTRL('w'));
	edit_key(&edit, KEY_CTRL('w'));
	assert_edit("", "");
	edit_set(&edit, "one two");
	edit_key(&edit, KEY_CTRL('a'));
	for (int i = 0; i < 3; i++)
		edit_key(&edit, KEY_CTRL('f'));
	edit_key(&edit, KEY_CTRL('k'));
	assert_edit("one", "");
	edit_key(&edit, KEY_CTRL('b'));
	edit_key(&edit, KEY_CTRL('u'));
	assert_edit("", "e");
}

static void test_characters(void **state)
{
	(void)state;
	edit_set(&edit, "");
	edit_key(&edit, 0xe4);
	edit_key(&edit, 0x6f22);
	edit_key(&edit, 0x1f600);
	assert_edit("\xc3\xa4" KANJI "\xf0\x9f\x98\x80", "");
	edit_key(&edit, KEY_CODE_LEFT);
	edit_key(&edit, KEY_BACKSPACE_CODE);
	assert_edit("\xc3\xa4", "\xf0\x9f\x98\x80");
	/* A letter goes with the marks on it. */
	edit_set(&edit, "ae" ACUTE);
	edit_key(&edit, KEY_CODE_LEFT);
	assert_edit("a", "e" ACUTE);
	edit_key(&edit, KEY_CODE_RIGHT);
	edit_key(&edit, KEY_BACKSPACE_CODE);
	assert_edit("a", "");
}

static void test_keys_that_are_none(void **state)
{
	(void)state;
	edit_set(&edit, "x");
	assert_false(edit_key(&edit, KEY_RETURN));
	assert_false(edit_key(&edit, KEY_TAB));
	assert_false(edit_key(&edit, KEY_ESC));
	assert_false(edit_key(&edit, KEY_CODE_UP));
	assert_false(edit_key(&edit, KEY_CODE_F1));
	assert_edit("x", "");
	/* A direction override typed or pasted is not taken. */
	edit_key(&edit, 0x202e);
	assert_edit("x", "");
}

static void test_full(void **state)
{
	char big[sizeof(edit.text)];

	(void)state;
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	edit_set(&edit, big);
	assert_int_equal(edit.len, sizeof(edit.text) - 1);
	assert_false(edit_insert(&edit, "y"));
	edit_key(&edit, 'y');
	assert_int_equal(edit.len, sizeof(edit.text) - 1);
	edit_set(&edit, "ab");
	edit_key(&edit, KEY_CODE_LEFT);
	assert_true(edit_insert(&edit, "--"));
	assert_edit("a--", "b");
}

static void test_cursor_stays_in_sight(void **state)
{
	struct canvas *c = canvas_new(10, 1, false);

	(void)state;
	edit_set(&edit, "abcdefghijklmnop");
	edit_draw(&edit, c, 0, 0, 10, ROLE_INPUT, ":");
	assert_int_equal(c->cursor_x, 9);
	assert_int_equal(c->cells[1].ch[0], 'i');
	edit.pos = 0;
	edit_draw(&edit, c, 0, 0, 10, ROLE_INPUT, ":");
	assert_int_equal(c->cursor_x, 1);
	assert_int_equal(c->cells[1].ch[0], 'a');
	edit_set(&edit, KANJI KANJI "x");
	edit_draw(&edit, c, 0, 0, 10, ROLE_INPUT, ":");
	assert_int_equal(c->cursor_x, 6);
	edit_draw(&edit, c, 0, 0, 1, ROLE_INPUT, "long label");
	edit_draw(&edit, c, 0, 0, 0, ROLE_INPUT, "");
	edit_set(&edit, ACUTE);		/* typed in front of a mark, the cursor stands between the two */
	edit_key(&edit, KEY_CODE_HOME);
	edit_key(&edit, 'e');
	assert_edit("e", ACUTE);
	edit_draw(&edit, c, 0, 0, 1, ROLE_INPUT, "");
	assert_int_equal(c->cursor_x, 0);
	canvas_free(c);
}

static void test_list(void **state)
{
	struct list l = { .rows = 5 };

	(void)state;
	list_set_count(&l, 12);
	assert_true(list_action(&l, ACTION_PAGE_DOWN));
	assert_true(l.cursor == 4 && l.top == 0);
	list_action(&l, ACTION_DOWN);
	assert_true(l.cursor == 5 && l.top == 1);
	list_action(&l, ACTION_LAST);
	assert_true(l.cursor == 11 && l.top == 7);
	list_action(&l, ACTION_DOWN);
	assert_int_equal(l.cursor, 11);
	list_set_count(&l, 3);
	assert_true(l.cursor == 2 && l.top == 0);
	list_move(&l, -100);
	assert_int_equal(l.cursor, 0);
	list_set_count(&l, 0);
	list_action(&l, ACTION_LAST);
	assert_true(l.cursor == 0 && l.top == 0);
	assert_false(list_action(&l, ACTION_PAUSE));
	assert_int_equal(l.cursor, 0);
}

/* Whatever is done to it: the cursor is in the list and in the window. */
static void test_list_holds(void **state)
{
	static const enum action_id moves[] = { ACTION_DOWN,	ACTION_UP,    ACTION_PAGE_DOWN,
						ACTION_PAGE_UP, ACTION_FIRST, ACTION_LAST };
	struct list l = { .rows = 4 };
	unsigned seed = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		seed = seed * 1103515245u + 12345u;
		if (seed >> 16 & 8)
			list_action(&l, moves[(seed >> 20) % ARRAY_LEN(moves)]);
		else if (seed >> 16 & 4)
			list_set_count(&l, (seed >> 20) % 30);
		else
			l.rows = (int)((seed >> 20) % 12), list_move(&l, 0);
		assert_true(l.n ? l.cursor < l.n : l.cursor == 0);
		assert_true(l.cursor >= l.top);
		assert_true(l.cursor < l.top + (size_t)(l.rows > 0 ? l.rows : 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typing),
		cmocka_unit_test(test_kills),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_keys_that_are_none),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_cursor_stays_in_sight),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_holds),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
