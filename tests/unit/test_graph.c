/* The temperature graph: what its lines say about flat, rising, missing and single samples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "screen.h"

#define SPAN_S 1200
#define COLS 40
#define ROWS 12
#define PLOT_X 5		/* scale and axis */
#define PLOT_W (COLS - 6)
#define PLOT_H (ROWS - 2)

struct fix {
	struct printer p;
	struct canvas *c;
};

static void setup(struct fix *f, bool ascii)
{
	*f = (struct fix){ .c = canvas_new(COLS, ROWS, ascii) };
	printer_state_init(&f->p.state);
	f->p.history = history_new();
}

static void done(struct fix *f)
{
	history_free(f->p.history);
	canvas_free(f->c);
}

static struct heater *add_heater(struct fix *f, const char *name, double now, double target)
{
	struct heater *h = printer_heater_add(&f->p.state, name, name);

	h->actual_c = now;
	h->target_c = target;
	return h;
}

static void seed(struct fix *f, const char *name, int steps_back, double actual, double target)
{
	history_seed(f->p.history, name, steps_back * (HISTORY_STEP_MS / 1000.0), actual, target,
		     SCREEN_NOW_MS);
}

static void draw(struct fix *f, enum graph_kind kind, struct area a)
{
	struct moment m = { .now_ms = SCREEN_NOW_MS, .wall_s = SCREEN_WALL_S };

	canvas_clear(f->c);
	draw_graph(f->c, a, &f->p, SPAN_S, kind, &m);
}

static const struct area whole = { 0, 0, COLS, ROWS };

static const struct cell *cell(const struct fix *f, int x, int y)
{
	return &f->c->cells[y * COLS + x];
}

static bool is_line(const struct fix *f, int x, int y, int heater)
{
	const struct cell *at = cell(f, x, y);

	return at->role == graph_role(heater) && at->ch[0] != ' ' && at->ch[0] != 0x2800;
}

/* The only row of a column with the line in it, -1 none, -2 several. */
static int row_of(const struct fix *f, int x, int heater)
{
	int row = -1;

	for (int y = 0; y < PLOT_H; y++)
		if (is_line(f, x, y, heater))
			row = row == -1 ? y : -2;
	return row;
}

static void test_flat(void **state)
{
	const enum graph_kind kinds[] = { GRAPH_BRAILLE, GRAPH_BLOCK, GRAPH_ASCII };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct fix f;
		int row;

		setup(&f, kinds[k] == GRAPH_ASCII);
		add_heater(&f, "bed", 60, 60);
		for (int i = 0; i < HISTORY_SAMPLES; i++)
			seed(&f, "bed", i, 60, 60);
		draw(&f, kinds[k], whole);
		row = row_of(&f, PLOT_X + 3, 0);
		assert_true(row >= 0);
		for (int x = PLOT_X + 1; x < PLOT_X + PLOT_W; x++)
			assert_int_equal(row_of(&f, x, 0), row);
		/* The letter of the line stands behind its end. */
		assert_int_equal(cell(&f, COLS - 1, row)->ch[0], 'b');
		done(&f);
	}
}

static void test_scale(void **state)
{
	struct fix f;
	struct sbuf b = SBUF_INIT(1 << 16);

	(void)state;
	setup(&f, true);
	add_heater(&f, "extruder", 245, 245);
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		seed(&f, "extruder", i, 245, 245);
	draw(&f, GRAPH_ASCII, whole);
	canvas_dump_text(f.c, &b);
	assert_true(str_starts(sbuf_str(&b), " 250"));
	assert_non_null(strstr(sbuf_str(&b), "\n  50"));
	assert_non_null(strstr(sbuf_str(&b), "\n   0"));
	assert_non_null(strstr(sbuf_str(&b), "14:30"));
	assert_int_equal(cell(&f, COLS - 1, row_of(&f, COLS - 2, 0))->ch[0], 'n');
	sbuf_done(&b);
	done(&f);
}

static void test_rising(void **state)
{
	struct fix f;
	int before = PLOT_H;

	(void)state;
	setup(&f, true);
	add_heater(&f, "extruder", 240, 0);
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		seed(&f, "extruder", i, 240 - i, 0);
	draw(&f, GRAPH_ASCII, whole);
	for (int x = PLOT_X; x < PLOT_X + PLOT_W; x++) {
		int top = PLOT_H;

		for (int y = PLOT_H - 1; y >= 0; y--)
			if (is_line(&f, x, y, 0))
				top = y;
		assert_true(top < PLOT_H);	/* no column without it */
		assert_true(top <= before);	/* and it never falls */
		before = top;
	}
	assert_int_equal(before, 0);
	done(&f);
}

/* A jump is joined by a line through all the rows between. */
static void test_jump(void **state)
{
	struct fix f;
	int seen = 0;

	(void)state;
	setup(&f, false);
	add_heater(&f, "extruder", 200, 0);
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		seed(&f, "extruder", i, i < 120 ? 200 : 0, 0);
	draw(&f, GRAPH_BRAILLE, whole);
	for (int y = 0; y < PLOT_H; y++)
		for (int x = PLOT_X; x < PLOT_X + PLOT_W; x++)
			if (is_line(&f, x, y, 0)) {
				seen++;
				break;
			}
	assert_int_equal(seen, PLOT_H);
	done(&f);
}

static void test_gaps(void **state)
{
	struct fix f;
	int empty = 0;

	(void)state;
	setup(&f, false);
	add_heater(&f, "bed", 60, 0);
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		if (i < 80 || i >= 160)
			seed(&f, "bed", i, 60, 0);
	draw(&f, GRAPH_BRAILLE, whole);
	for (int x = PLOT_X; x < PLOT_X + PLOT_W; x++)
		empty += row_of(&f, x, 0) < 0;
	/* A third of the time is unknown, and nothing is drawn there. */
	assert_in_range(empty, PLOT_W / 3 - 2, PLOT_W / 3 + 2);
	assert_true(row_of(&f, PLOT_X + PLOT_W / 2, 0) < 0);
	assert_true(row_of(&f, PLOT_X + 2, 0) >= 0);
	assert_true(row_of(&f, PLOT_X + PLOT_W - 2, 0) >= 0);
	done(&f);
}

static void test_targets(void **state)
{
	struct fix f;
	int dashes = 0;

	(void)state;
	setup(&f, true);
	add_heater(&f, "bed", 20, 100);
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		seed(&f, "bed", i, 20, 100);
	draw(&f, GRAPH_ASCII, whole);
	for (int x = PLOT_X; x < PLOT_X + PLOT_W; x++)
		dashes += cell(&f, x, 0)->role == ROLE_TARGET;
	assert_in_range(dashes, PLOT_W / 3 - 1, PLOT_W / 3 + 1);
	done(&f);
}

/* A heater that is off has no target line along the bottom. */
static void test_no_target(void **state)
{
	struct fix f;

	(void)state;
	setup(&f, true);
	add_heater(&f, "bed", 40, 0);
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		seed(&f, "bed", i, 40, 0);
	draw(&f, GRAPH_ASCII, whole);
	for (int i = 0; i < COLS * ROWS; i++)
		assert_int_not_equal(f.c->cells[i].role, ROLE_TARGET);
	done(&f);
}

static void test_nothing_known(void **state)
{
	struct fix f;
	struct sbuf b = SBUF_INIT(1 << 16);

	(void)state;
	setup(&f, false);
	add_heater(&f, "bed", (double)NAN, (double)NAN);
	draw(&f, GRAPH_BRAILLE, whole);
	canvas_dump_text(f.c, &b);
	assert_non_null(strstr(sbuf_str(&b), "no temperatures yet"));
	sbuf_done(&b);
	f.p.state.n_heaters = 0;
	history_free(f.p.history);
	f.p.history = NULL;
	draw(&f, GRAPH_BRAILLE, whole);
	done(&f);
}

/*
 * One column of cells, one row, no room at all: what fits is drawn and nothing outside is
 * touched.
 */
static void test_small(void **state)
{
	struct fix f;

	(void)state;
	setup(&f, false);
	add_heater(&f, "bed", 60, 0);
	for (int i = 0; i < HISTORY_SAMPLES; i++)
		seed(&f, "bed", i, 60, 60);
	draw(&f, GRAPH_BRAILLE, (struct area){ 0, 0, PLOT_X + 2, ROWS });
	assert_true(row_of(&f, PLOT_X, 0) >= 0);
	for (int w = 0; w <= COLS; w++) {
		for (int h = 0; h <= ROWS; h++) {
			draw(&f, (enum graph_kind)(w % 3), (struct area){ 0, 0, w, h });
			for (int y = 0; y < ROWS; y++)
				for (int x = 0; x < COLS; x++)
					assert_true((x < w && y < h) ||
						    cell(&f, x, y)->ch[0] == ' ');
		}
	}
	done(&f);
}

/* More heaters than lines, and temperatures that no scale expects. */
static void test_hostile(void **state)
{
	struct fix f;
	char name[8];

	(void)state;
	setup(&f, false);
	for (int i = 0; i < 8; i++) {
		str_printf(name, sizeof(name), "\xc3\xa4%d", i);
		add_heater(&f, name, i % 2 ? 5000 : -273, 1e9);
		seed(&f, name, 3, i % 2 ? 1e300 : -1e300, 1e9);
		seed(&f, name, 9, 0, -5);
	}
	for (int kind = GRAPH_BRAILLE; kind <= GRAPH_ASCII; kind++)
		draw(&f, (enum graph_kind)kind, whole);
	done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),	cmocka_unit_test(test_scale),
		cmocka_unit_test(test_rising),	cmocka_unit_test(test_jump),
		cmocka_unit_test(test_gaps),	cmocka_unit_test(test_targets),
		cmocka_unit_test(test_no_target), cmocka_unit_test(test_nothing_known),
		cmocka_unit_test(test_small),	cmocka_unit_test(test_hostile),
	};

	if (!screen_environment())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
