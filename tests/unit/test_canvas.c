/* The canvas: clipping, cutting, wide and combining characters, bars, and its dumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "tui/canvas.h"

#define KANJI "\xe6\xbc\xa2"
#define ACUTE "\xcc\x81"
#define DOTS "\xe2\x80\xa6"

static struct canvas *canvas;

static void assert_dump(const char *want)
{
	struct sbuf b = SBUF_INIT(1 << 16);

	canvas_dump_text(canvas, &b);
	assert_string_equal(sbuf_str(&b), want);
	sbuf_done(&b);
}

static void fresh(int cols, int rows, bool ascii)
{
	canvas_free(canvas);
	canvas = canvas_new(cols, rows, ascii);
}

static void test_text_is_cut(void **state)
{
	(void)state;
	fresh(12, 1, false);
	assert_int_equal(canvas_text(canvas, 0, 0, 5, ROLE_NORMAL, "abcdefgh"), 5);
	assert_int_equal(canvas_text(canvas, 6, 0, 6, ROLE_NORMAL, "abcdef"), 6);
	assert_dump("abcd" DOTS " abcdef\n");
	fresh(12, 1, true);
	canvas_text(canvas, 0, 0, 5, ROLE_NORMAL, "abcdefgh");
	assert_dump("abcd~\n");
	assert_int_equal(canvas_text(canvas, 0, 0, 0, ROLE_NORMAL, "x"), 0);
	assert_int_equal(canvas_text(canvas, 0, 0, 1, ROLE_NORMAL, "xy"), 1);
}

static void test_text_is_clipped(void **state)
{
	(void)state;
	fresh(4, 2, false);
	canvas_text(canvas, -2, 0, 10, ROLE_NORMAL, "abcdefgh");
	canvas_text(canvas, 0, 5, 10, ROLE_NORMAL, "below");
	canvas_text(canvas, 0, -1, 10, ROLE_NORMAL, "above");
	canvas_text(canvas, 9, 1, 10, ROLE_NORMAL, "beside");
	canvas_fill(canvas, (struct area){ 2, 1, 100, 100 }, ROLE_NORMAL, '#');
	canvas_fill(canvas, (struct area){ -5, -5, 5, 5 }, ROLE_NORMAL, 'x');
	canvas_attrs(canvas, (struct area){ -9, -9, 99, 99 }, ATTR_BOLD, true);
	canvas_recolor(canvas, (struct area){ 3, 1, 9, 9 }, ROLE_BAD);
	assert_dump("cdef\n  ##\n");
	assert_int_equal(canvas->cells[7].role, ROLE_BAD);
	assert_int_equal(canvas->cells[7].attrs, ATTR_BOLD);
	assert_int_equal(canvas->cells[6].role, ROLE_NORMAL);
}

static void test_wide(void **state)
{
	(void)state;
	fresh(6, 1, false);
	assert_int_equal(canvas_text(canvas, 0, 0, 6, ROLE_NORMAL, KANJI KANJI "x"), 5);
	assert_dump(KANJI KANJI "x\n");
	/* Half a wide character cannot stay: the other half becomes a blank. */
	canvas_put(canvas, 1, 0, ROLE_NORMAL, 'a');
	assert_dump(" a" KANJI "x\n");
	canvas_put(canvas, 2, 0, ROLE_NORMAL, 'b');
	assert_dump(" ab x\n");
	canvas_clear(canvas);
	canvas_text(canvas, 5, 0, 2, ROLE_NORMAL, KANJI);
	canvas_text(canvas, -1, 0, 2, ROLE_NORMAL, KANJI);
	assert_dump("\n");
	canvas_text(canvas, 0, 0, 4, ROLE_NORMAL, KANJI KANJI KANJI);
	assert_dump(KANJI DOTS "\n");
}

static void test_combining(void **state)
{
	(void)state;
	fresh(6, 1, false);
	assert_int_equal(canvas_text(canvas, 0, 0, 6, ROLE_NORMAL, "e" ACUTE ACUTE "x" KANJI ACUTE),
			 4);
	assert_int_equal(canvas->cells[0].ch[1], 0x301);
	assert_dump("e" ACUTE "x" KANJI ACUTE "\n");
	canvas_clear(canvas);
	assert_int_equal(canvas_text(canvas, 0, 0, 6, ROLE_NORMAL, ACUTE "a"), 1);
	assert_dump("a\n");
}

static void test_ascii(void **state)
{
	(void)state;
	fresh(20, 1, true);
	canvas_text(canvas, 0, 0, 20, ROLE_NORMAL, "Zahnr\xc3\xa4" "der " KANJI);
	canvas_put(canvas, 15, 0, ROLE_NORMAL, 0x2588);
	assert_dump("Zahnrader ?    ?\n");
	for (int g = 0; g < GLYPH_N; g++)
		assert_in_range(canvas_glyph(canvas, (enum glyph)g), ' ', 126);
}

static void test_right(void **state)
{
	(void)state;
	fresh(10, 1, false);
	canvas_text_right(canvas, 0, 0, 10, ROLE_NORMAL, "abc");
	assert_dump("       abc\n");
	canvas_text_right(canvas, 0, 0, 2, ROLE_NORMAL, "abc");
	assert_dump("a" DOTS "     abc\n");
}

static void test_bars(void **state)
{
	(void)state;
	fresh(10, 1, true);
	canvas_bar(canvas, 0, 0, 10, 0.5, ROLE_BAR);
	assert_dump("[####----]\n");
	canvas_bar(canvas, 0, 0, 10, 0.999, ROLE_BAR);
	assert_dump("[#######-]\n");
	canvas_bar(canvas, 0, 0, 10, (double)NAN, ROLE_BAR);
	assert_dump("[--------]\n");
	canvas_bar(canvas, 0, 0, 10, 77, ROLE_BAR);
	assert_dump("[########]\n");
	fresh(4, 1, false);
	canvas_bar(canvas, 0, 0, 4, 0.5 + 1.0 / 16, ROLE_BAR);
	assert_dump("\xe2\x96\x88\xe2\x96\x88\xe2\x96\x8e\xe2\x96\x91\n");
}

static void test_lines(void **state)
{
	(void)state;
	fresh(20, 3, true);
	canvas_box(canvas, (struct area){ 0, 0, 20, 3 }, ROLE_DIALOG, "title", "end");
	assert_dump("+- title ----------+\n|                  |\n+- end ------------+\n");
	canvas_hline(canvas, 0, 1, 20, "left", "right");
	assert_dump("+- title ----------+\n-- left --- right --\n+- end ------------+\n");
	canvas_box(canvas, (struct area){ 0, 0, 1, 1 }, ROLE_DIALOG, "none", NULL);
	fresh(3, 1, true);
	canvas_hline(canvas, 0, 0, 3, "x", "y");
	assert_dump("---\n");
}

static void test_style(void **state)
{
	struct theme t;
	struct cell cell = { .ch = { 'x', 0 }, .role = ROLE_BAD };
	struct style s;

	(void)state;
	theme_builtin(&t);
	t.styles[ROLE_BAD] = (struct style){
		.fg = 196, .bg = -1, .fg16 = 9, .bg16 = -1, .attrs = ATTR_UNDERLINE
	};
	t.styles[ROLE_CURSOR] =
		(struct style){ .fg = -1, .bg = 236, .fg16 = -1, .bg16 = -1, .attrs = ATTR_BOLD };
	s = canvas_style(&cell, &t, 256);
	assert_true(s.fg == 196 && s.bg == -1 && s.attrs == ATTR_UNDERLINE);
	s = canvas_style(&cell, &t, 16);
	assert_true(s.fg == 9 && s.attrs == ATTR_UNDERLINE);
	s = canvas_style(&cell, &t, 8);
	assert_true(s.fg == 1 && s.attrs == (ATTR_UNDERLINE | ATTR_BOLD));
	cell.attrs = CELL_CURSOR;
	s = canvas_style(&cell, &t, 256);
	assert_true(s.bg == 236 && !(s.attrs & ATTR_REVERSE));
	/*
	 * Where the cursor has no background of its own, and without colours, the row is reversed.
	 */
	s = canvas_style(&cell, &t, 16);
	assert_true(s.bg == -1 && (s.attrs & ATTR_REVERSE));
	s = canvas_style(&cell, &t, 0);
	assert_true(s.fg == -1 && s.bg == -1 && (s.attrs & ATTR_REVERSE));
}

static void test_dumps(void **state)
{
	struct theme t;
	struct sbuf b = SBUF_INIT(1 << 16);

	(void)state;
	theme_builtin(&t);
	t.styles[ROLE_BAD] =
		(struct style){ .fg = 196, .bg = -1, .fg16 = 9, .bg16 = -1, .attrs = ATTR_BOLD };
	fresh(8, 1, false);
	canvas_text(canvas, 0, 0, 8, ROLE_NORMAL, "a<&");
	canvas_text(canvas, 3, 0, 8, ROLE_BAD, "b");
	canvas_dump_ansi(canvas, &t, &b);
	assert_non_null(strstr(sbuf_str(&b), "a<&"));
	assert_non_null(strstr(sbuf_str(&b), "\033[0;1;38;5;196mb\033[0m\n"));
	sbuf_clear(&b);
	canvas_dump_svg(canvas, &t, "page", &b);
	assert_non_null(strstr(sbuf_str(&b), "a&lt;&amp;"));
	assert_non_null(strstr(sbuf_str(&b), "#ff0000"));
	assert_true(str_ends(sbuf_str(&b), "</svg>\n"));
	sbuf_done(&b);
}

static void test_size_is_capped(void **state)
{
	(void)state;
	fresh(0, -3, false);
	assert_true(canvas->cols == 1 && canvas->rows == 1);
	canvas_resize(canvas, 1 << 20, 1 << 20);
	assert_true(canvas->cols == CANVAS_MAX_COLS && canvas->rows == CANVAS_MAX_ROWS);
	canvas_free(canvas);
	canvas = NULL;
	canvas_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_cut),
		cmocka_unit_test(test_text_is_clipped),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_combining),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_bars),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_style),
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_size_is_capped),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
