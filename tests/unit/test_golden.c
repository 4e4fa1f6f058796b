/* The frame's own pages against their golden pictures, in several sizes, in UTF-8 and in ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "screen.h"

static const struct {
	int cols, rows;
} sizes[] = { { 80, 24 }, { 140, 40 }, { 60, 24 }, { 40, 12 } };

/* Draws what prepare() leaves on the screen at each size, in both alphabets. */
static void golden(const char *name, void (*prepare)(struct tui *t, struct app *a))
{
	bool same = true;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			struct app a;
			struct tui *t;
			char file[80];

			screen_app_init(&a);
			screen_add_fleet(&a);
			t = tui_new(&a, sizes[i].cols, sizes[i].rows, ascii);
			screen_render(t);
			prepare(t, &a);
			str_printf(file, sizeof(file), "%s-%dx%d%s", name, sizes[i].cols,
				   sizes[i].rows, ascii ? "-ascii" : "");
			same &= screen_golden(t, file);
			tui_free(t);
			screen_app_done(&a);
		}
	}
	assert_true(same);
}

static void select_voron(struct tui *t, struct app *a)
{
	tui_select(t, fleet_find(a->fleet, "voron-01")->id);
}

static void test_fleet(void **state)
{
	(void)state;
	golden("fleet", select_voron);
}

static void select_offline(struct tui *t, struct app *a)
{
	tui_select(t, fleet_find(a->fleet, "ender-3")->id);
	tui_do(t, ACTION_FILTER);
	tui_key(t, 'e');
	tui_key(t, 'n');
	tui_key(t, 'd');
	tui_key(t, KEY_RETURN);
}

static void test_filtered(void **state)
{
	(void)state;
	golden("fleet-filter", select_offline);
}

static void type_command(struct tui *t, struct app *a)
{
	select_voron(t, a);
	tui_key(t, ':');
	for (const char *s = "pause tag:petg"; *s; s++)
		tui_key(t, (uint32_t)*s);
}

static void test_command(void **state)
{
	(void)state;
	golden("command", type_command);
}

static void yes(void *ctx)
{
	(void)ctx;
}

static void ask_stop(struct tui *t, struct app *a)
{
	const char *lines[] = { "voron-01  heaters and motors off at once, the print is lost" };

	(void)a;
	dialog_estop(t, lines, 1, yes, NULL, NULL);
}

static void test_stop(void **state)
{
	(void)state;
	golden("estop", ask_stop);
}

static void ask_number(struct tui *t, struct app *a)
{
	const char *lines[] = { "voron-01 87 %   voron-02 63 %   mk4-01 4 %   (4:31 h of work)" };

	(void)a;
	dialog_ask_number(t, "cancel 3 prints", lines, 1, 3, yes, NULL, NULL);
	screen_render(t);	/* a question is seen before it is answered */
	tui_key(t, '3');
}

static void test_number(void **state)
{
	(void)state;
	golden("cancel", ask_number);
}

static void test_first(void **state)
{
	bool same = true;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct app a;
		struct tui *t;
		char file[80];

		screen_app_init(&a);
		t = tui_new(&a, sizes[i].cols, sizes[i].rows, false);
		str_printf(file, sizeof(file), "first-%dx%d", sizes[i].cols, sizes[i].rows);
		same &= screen_golden(t, file);
		tui_free(t);
		screen_app_done(&a);
	}
	assert_true(same);
}

/* No size is too small or too large to draw; in ASCII no other character gets out. */
static void test_all_sizes(void **state)
{
	struct app a;

	(void)state;
	screen_app_init(&a);
	screen_add_fleet(&a);
	for (int cols = 1; cols <= 300; cols += cols < 30 ? 1 : 13) {
		for (int rows = 1; rows <= 100; rows += rows < 26 ? 1 : 7) {
			struct tui *t = tui_new(&a, cols, rows, (cols + rows) & 1);
			const char *lines[] = { "one printer with a name that is long" };
			char *text;

			text = screen_text(t);
			for (char *s = text; t->ascii && *s; s++)
				assert_true((unsigned char)*s < 128);
			free(text);
			dialog_ask(t, ROLE_WARN, "ask", lines, 1, "Really?", yes, NULL, NULL);
			screen_render(t);
			tui_key(t, KEY_ESC);
			tui_key(t, ':');
			screen_render(t);
			tui_free(t);
		}
	}
	screen_app_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_filtered),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_all_sizes),
	};

	if (!screen_environment())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
