/*
 * A picture of a page as SVG on standard output: picture fleet|printer|upload COLS ROWS THEME. For
 * README and manual.
 */
#include "screen.h"

static void open_page(struct tui *t, struct app *a, const char *page)
{
	uint32_t ids[3] = { fleet_find(a->fleet, "voron-04")->id,
			    fleet_find(a->fleet, "mk3-03")->id,
			    fleet_find(a->fleet, "voron-05")->id };

	tui_select(t, fleet_find(a->fleet, "voron-01")->id);
	if (str_eq(page, "printer"))
		tui_open(t, &view_printer);
	else if (str_eq(page, "upload"))
		view_upload_open(t, ids, ARRAY_LEN(ids));
}

static bool draw_page(const char *page, int64_t cols, int64_t rows, const char *theme)
{
	struct sbuf svg = SBUF_INIT(4u << 20);
	struct app a;
	struct tui *t;
	struct err e;
	bool ok;

	screen_app_init(&a);
	screen_add_fleet(&a);
	t = tui_new(&a, (int)cols, (int)rows, false);
	ok = tui_set_theme(t, theme, &e);
	if (!ok)
		fprintf(stderr, "picture: %s\n", e.text);
	screen_render(t);
	open_page(t, &a, page);
	screen_render(t);
	canvas_dump_svg(t->canvas, &t->theme, page, &svg);
	fputs(sbuf_str(&svg), stdout);
	sbuf_done(&svg);
	tui_free(t);
	screen_app_done(&a);
	return ok;
}

int main(int argc, char **argv)
{
	int64_t cols, rows;

	if (argc != 5 || !str_to_int64(argv[2], &cols) || !str_to_int64(argv[3], &rows)) {
		fprintf(stderr, "usage: picture fleet|printer|upload COLS ROWS THEME\n");
		return 2;
	}
	if (!screen_environment())
		return 1;
	return !draw_page(argv[1], cols, rows, argv[4]);
}
