/*
 * Layouts by their properties, for every screen from 1x1 to 300x100: nothing overlaps, nothing
 * leaves the screen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tui/layout.h"

#define MAX_COLS 300
#define MAX_ROWS 100

struct part {
	const char *name;
	struct area a;
};

static bool shown(struct area a)
{
	return a.w > 0 && a.h > 0;
}

static bool overlap(struct area a, struct area b)
{
	return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/* True when all is well; says what is not. */
static bool check_parts(const struct part *parts, size_t n, int cols, int rows)
{
	for (size_t i = 0; i < n; i++) {
		struct area a = parts[i].a;

		if (!shown(a))
			continue;
		if (a.x < 0 || a.y < 0 || a.x + a.w > cols || a.y + a.h > rows) {
			fprintf(stderr, "%s leaves %dx%d: %d,%d %dx%d\n", parts[i].name, cols, rows,
				a.x, a.y, a.w, a.h);
			return false;
		}
		for (size_t k = i + 1; k < n; k++) {
			if (!shown(parts[k].a) || !overlap(a, parts[k].a))
				continue;
			fprintf(stderr, "%s and %s overlap on %dx%d\n", parts[i].name,
				parts[k].name, cols, rows);
			return false;
		}
	}
	return true;
}

static bool check_fleet(int cols, int rows, size_t printers, bool filter, bool transfers)
{
	struct layout_fleet l = layout_fleet(cols, rows, printers, filter, transfers);
	const struct part parts[] = {
		{ "title", l.title },	{ "filter", l.filter },	      { "header", l.header },
		{ "rows", l.rows },	{ "strip", l.strip },	      { "side", l.side },
		{ "events", l.events }, { "transfers", l.transfers }, { "footer", l.footer },
	};
	struct area last = { cols - 1, rows - 1, 1, 1 };

	return check_parts(parts, sizeof(parts) / sizeof(parts[0]), cols, rows) &&
	       shown(l.title) == (rows > 0) && !(shown(l.footer) && overlap(l.footer, last)) &&
	       (rows < 3 || shown(l.rows));
}

static void test_fleet(void **state)
{
	(void)state;
	for (int cols = 1; cols <= MAX_COLS; cols++)
		for (int rows = 1; rows <= MAX_ROWS; rows++)
			for (int k = 0; k < 8; k++)
				assert_true(
					check_fleet(cols, rows, k & 4 ? 1000 : 3, k & 1, k & 2));
}

static void test_printer(void **state)
{
	(void)state;
	for (int cols = 1; cols <= MAX_COLS; cols++) {
		for (int rows = 1; rows <= MAX_ROWS; rows++) {
			for (int heaters = 0; heaters <= 16; heaters += 4) {
				struct layout_printer l =
					layout_printer(cols, rows, heaters, heaters & 4);
				const struct part parts[] = {
					{ "title", l.title },	{ "job", l.job },
					{ "graph", l.graph },	{ "heaters", l.heaters },
					{ "motion", l.motion }, { "notes", l.notes },
					{ "ops", l.ops },	{ "events", l.events },
					{ "footer", l.footer },
				};
				struct area last = { cols - 1, rows - 1, 1, 1 };

				assert_true(check_parts(parts, sizeof(parts) / sizeof(parts[0]),
							cols, rows));
				assert_false(shown(l.footer) && overlap(l.footer, last));
			}
		}
	}
}

static void test_columns(void **state)
{
	(void)state;
	for (int width = 1; width <= MAX_COLS; width++) {
		for (int name = 0; name <= 40; name++) {
			struct layout_columns l = layout_columns(width, name);
			const struct part parts[] = {
				{ "sign", l.sign }, { "name", l.name },	      { "state", l.state },
				{ "bar", l.bar },   { "percent", l.percent }, { "left", l.left },
				{ "end", l.end },   { "nozzle", l.nozzle },   { "bed", l.bed },
				{ "job", l.job },
			};

			assert_true(check_parts(parts, sizeof(parts) / sizeof(parts[0]), width, 1));
			assert_in_range(l.name.w, 0, 20);
		}
	}
}

/*
 * What goes when the screen gets narrower: the bar, END, the job, temperatures, the percentage,
 * LEFT.
 */
static void test_columns_go_in_order(void **state)
{
	(void)state;
	for (int width = 20; width <= 120; width++) {
		struct layout_columns l = layout_columns(width, 9);
		const int order[] = { l.bar.w,	  l.end.w,     l.job.w, l.bed.w,
				      l.nozzle.w, l.percent.w, l.left.w };

		for (size_t i = 0; i + 1 < sizeof(order) / sizeof(order[0]); i++)
			assert_false(order[i] && !order[i + 1]);
		assert_true(l.name.w && l.state.w);
	}
	assert_int_equal(layout_columns(80, 9).bar.w, 10);
	assert_int_equal(layout_columns(79, 9).bar.w, 0);
	assert_true(layout_columns(60, 9).job.w);
	assert_false(layout_columns(60, 9).end.w);
	assert_true(layout_columns(30, 9).left.w);
}

static void test_name_grows_first(void **state)
{
	(void)state;
	assert_int_equal(layout_columns(80, 9).name.w, 9);
	assert_int_equal(layout_columns(86, 15).name.w, 15);
	assert_int_equal(layout_columns(200, 40).name.w, 20);
	/* The mock-up: 80 columns, names of 9, a job of 16. */
	assert_int_equal(layout_columns(80, 8).job.w, 16);
	assert_int_equal(layout_columns(80, 8).job.x, 64);
}

static void test_fleet_by_size(void **state)
{
	struct layout_fleet l = layout_fleet(80, 24, 13, false, false);

	(void)state;
	assert_int_equal(l.rows.h, 13);
	assert_int_equal(l.strip.h, 4);
	assert_int_equal(l.events.h, 3);
	assert_false(shown(l.side));
	l = layout_fleet(140, 40, 14, false, true);
	assert_int_equal(l.side.w, 47);
	assert_true(shown(l.transfers) && l.footer.h == 2 && !shown(l.strip));
	assert_false(shown(layout_fleet(109, 40, 14, false, true).side));
	assert_false(shown(layout_fleet(80, 19, 13, false, false).strip));
	assert_false(shown(layout_fleet(80, 15, 13, false, false).events));
	assert_false(shown(layout_fleet(60, 24, 13, false, false).filter));
	assert_true(shown(layout_fleet(60, 24, 13, true, false).filter));
	/* A small fleet leaves room for more of the printer under the cursor. */
	assert_true(layout_fleet(80, 24, 4, false, false).strip.h > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_printer),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_columns_go_in_order),
		cmocka_unit_test(test_name_grows_first),
		cmocka_unit_test(test_fleet_by_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
