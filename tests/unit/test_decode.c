/*
 * Terminal bytes to keys, whole and in pieces: above all, no piece of a sequence may be read as a
 * letter that acts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <printop/mem.h>
#include "tui/decode.h"

static struct decoder d;
static int64_t now;

static void feed(const char *bytes)
{
	assert_int_equal(decode_feed(&d, bytes, strlen(bytes), now), strlen(bytes));
}

static void start(void)
{
	decode_init(&d);
	now = 1000;
}

static void assert_key(uint32_t key)
{
	assert_int_equal(decode_key(&d, now), key);
}

static void test_text(void **state)
{
	(void)state;
	start();
	feed("aX!\t\r\n\x03\x7f\x08");
	assert_key('a');
	assert_key('X');
	assert_key('!');
	assert_key(KEY_TAB);
	assert_key(KEY_RETURN);
	assert_key(KEY_RETURN);
	assert_key(KEY_CTRL('c'));
	assert_key(KEY_BACKSPACE_CODE);
	assert_key(KEY_BACKSPACE_CODE);
	assert_key(KEY_NONE);
	feed("\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x98\x80");
	assert_key(0xe4);
	assert_key(0x6f22);
	assert_key(0x1f600);
	feed("\xff\xc0x");
	assert_key('x');
	assert_key(KEY_NONE);
}

static void test_sequences(void **state)
{
	static const struct {
		const char *bytes;
		uint32_t key;
	} table[] = {
		{ "\033[A", KEY_CODE_UP },	 { "\033OA", KEY_CODE_UP },
		{ "\033[B", KEY_CODE_DOWN },	 { "\033[C", KEY_CODE_RIGHT },
		{ "\033[D", KEY_CODE_LEFT },	 { "\033[1;5A", KEY_CODE_UP },
		{ "\033[H", KEY_CODE_HOME },	 { "\033[1~", KEY_CODE_HOME },
		{ "\033[7~", KEY_CODE_HOME },	 { "\033[F", KEY_CODE_END },
		{ "\033[4~", KEY_CODE_END },	 { "\033OF", KEY_CODE_END },
		{ "\033[2~", KEY_CODE_INSERT },	 { "\033[3~", KEY_CODE_DELETE },
		{ "\033[5~", KEY_CODE_PAGE_UP }, { "\033[6~", KEY_CODE_PAGE_DOWN },
		{ "\033[Z", KEY_CODE_BACKTAB },	 { "\033OP", KEY_CODE_F1 },
		{ "\033[11~", KEY_CODE_F1 },	 { "\033[[A", KEY_CODE_F1 },
		{ "\033OS", KEY_CODE_F1 + 3 },	 { "\033[[E", KEY_CODE_F1 + 4 },
		{ "\033[15~", KEY_CODE_F1 + 4 }, { "\033[24~", KEY_CODE_F12 },
		{ "\033OM", KEY_RETURN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		start();
		feed(table[i].bytes);
		assert_key(table[i].key);
		assert_key(KEY_NONE);
		assert_false(decode_waiting(&d));
		/* The same byte by byte, on a slow line. */
		for (const char *s = table[i].bytes; *s; s++) {
			char one[2] = { *s, '\0' };

			assert_key(KEY_NONE);
			feed(one);
			now += 10;
		}
		assert_key(table[i].key);
		assert_key(KEY_NONE);
	}
}

static void test_lone_escape(void **state)
{
	(void)state;
	start();
	feed("\033");
	assert_key(KEY_NONE);
	assert_true(decode_waiting(&d));
	now += DECODE_ESC_MS;
	assert_key(KEY_ESC);
	assert_false(decode_waiting(&d));
	feed("\033\033");
	assert_key(KEY_ESC);
	now += DECODE_ESC_MS;
	assert_key(KEY_ESC);
}

/*
 * On a bad line "Esc O P" (F1) comes in pieces; P alone would pause a printer, S start one, X
 * cancel.
 */
static void test_late_pieces_do_not_act(void **state)
{
	static const char *const sequences[] = { "\033OP", "\033OR",	"\033OS",
						 "\033[P", "\033[1;2S", "\033[[A" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
		for (size_t cut = 1; cut < strlen(sequences[i]); cut++) {
			char head[8] = "";
			uint32_t key;

			start();
			memcpy(head, sequences[i], cut);
			feed(head);
			assert_key(KEY_NONE);
			now += DECODE_ESC_MS + 200;
			while ((key = decode_key(&d, now)) != KEY_NONE)
				assert_int_equal(key, KEY_ESC);
			feed(sequences[i] + cut);
			while ((key = decode_key(&d, now)) != KEY_NONE)
				assert_true(key >= KEY_CODE_FIRST);
		}
	}
}

static void test_alt_is_not_the_letter(void **state)
{
	(void)state;
	start();
	feed("\033X\033!j");
	assert_key('j');
	assert_key(KEY_NONE);
}

static void test_typing_after_escape(void **state)
{
	(void)state;
	start();
	feed("\033");
	now += DECODE_ESC_MS;
	assert_key(KEY_ESC);
	feed("P");
	assert_key('P');
	feed("\033");
	now += DECODE_ESC_MS;
	assert_key(KEY_ESC);
	now += DECODE_LATE_MS;
	feed("[");
	assert_key('[');
}

static void test_unknown_sequences_are_swallowed(void **state)
{
	(void)state;
	start();
	feed("\033[?62;22c" "\033[99~" "\033[38;5;1X" "k");
	assert_key('k');
	feed("\033[12\033[A");
	assert_key(KEY_CODE_UP);
	feed("\033[");
	now += DECODE_LATE_MS;
	assert_key(KEY_NONE);
	assert_false(decode_waiting(&d));
	feed("q");
	assert_key('q');
}

static void test_mouse(void **state)
{
	(void)state;
	start();
	feed("\033[<0;10;3M\033[<0;10;3m\033[<64;1;1M\033[<65;1;1M\033[<35;5;5M");
	assert_key(KEY_CODE_MOUSE);
	assert_true(d.mouse.x == 9 && d.mouse.y == 2 && d.mouse.button == 1 && d.mouse.press);
	assert_key(KEY_CODE_MOUSE);
	assert_false(d.mouse.press);
	assert_key(KEY_CODE_MOUSE);
	assert_int_equal(d.mouse.wheel, -1);
	assert_key(KEY_CODE_MOUSE);
	assert_int_equal(d.mouse.wheel, 1);
	assert_key(KEY_NONE);
}

static void test_paste(void **state)
{
	(void)state;
	start();
	feed("\033[200~X!\033[A\nrm");
	assert_key(KEY_NONE);
	feed("\033[20");
	assert_key(KEY_NONE);
	feed("1~j");
	assert_key(KEY_CODE_PASTE);
	/* The escape sequence inside is not a key; a newline is a blank. */
	assert_string_equal(d.paste, "X! rm");
	assert_key('j');
}

static void test_paste_without_end(void **state)
{
	(void)state;
	start();
	feed("\033[200~abc");
	assert_key(KEY_NONE);
	now += DECODE_PASTE_MS + 1;
	feed("q");
	assert_key('q');
}

static void test_long_paste(void **state)
{
	char block[33];

	(void)state;
	start();
	memset(block, 'x', 32);
	block[32] = '\0';
	feed("\033[200~");
	for (int i = 0; i < 1000; i++) {
		feed(block);
		assert_key(KEY_NONE);
	}
	feed("\033[201~");
	assert_key(KEY_CODE_PASTE);
	assert_int_equal(strlen(d.paste), DECODE_PASTE_BYTES - 1);
}

/* Any bytes in any pieces: it always ends, and what is left is bounded. */
static void test_noise(void **state)
{
	unsigned seed = 1;

	(void)state;
	start();
	for (int i = 0; i < 200000; i++) {
		unsigned char byte;

		seed = seed * 1103515245u + 12345u;
		byte = (unsigned char)(seed >> 16);
		if (byte & 1)
			byte = (unsigned char)"\033[O;<~0123"[byte / 2 % 10];
		decode_feed(&d, &byte, 1, now);
		while (decode_key(&d, now) != KEY_NONE)
			;
		now += seed >> 28;
		assert_true(d.len < sizeof(d.buf));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_lone_escape),
		cmocka_unit_test(test_late_pieces_do_not_act),
		cmocka_unit_test(test_alt_is_not_the_letter),
		cmocka_unit_test(test_typing_after_escape),
		cmocka_unit_test(test_unknown_sequences_are_swallowed),
		cmocka_unit_test(test_mouse),
		cmocka_unit_test(test_paste),
		cmocka_unit_test(test_paste_without_end),
		cmocka_unit_test(test_long_paste),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
