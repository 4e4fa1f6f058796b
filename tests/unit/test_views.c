/* What the views beside the fleet do with keys: over real operations and a transport that never answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <unistd.h>
#include "screen.h"
#include "fake_transport.h"
#include "tui/files_view.h"
#include "tui/pager.h"
#include "tui/upload_view.h"

struct fix {
	struct app a;
	struct tui *t;
};

static void open_screen(struct fix *f)
{
	*f = (struct fix){ .t = NULL };
	screen_app_init(&f->a);
	screen_add_fleet(&f->a);
	f->a.loop = loop_new();
	f->a.transport = &fake_new(f->a.loop)->base;
	f->a.poller = poller_new(&f->a);	/* never started */
	f->a.ops = ops_new(&f->a);
	f->t = tui_new(&f->a, 100, 30, true);
	screen_render(f->t);
}

static void close_screen(struct fix *f)
{
	tui_free(f->t);
	ops_free(f->a.ops);
	poller_free(f->a.poller);
	screen_app_done(&f->a);
	f->a.transport->ops->free(f->a.transport);
	loop_free(f->a.loop);
}

static void keys(struct fix *f, const char *text)
{
	for (; *text; text++) {
		tui_key(f->t, *text == '\n' ? KEY_RETURN : (uint32_t)(unsigned char)*text);
		screen_render(f->t);
	}
}

static uint32_t id_of(struct fix *f, const char *name)
{
	return fleet_find(f->a.fleet, name)->id;
}

static bool screen_lacks(struct tui *t, const char *part)
{
	char *text = screen_text(t);
	bool lacks = !strstr(text, part);

	free(text);
	return lacks;
}

/* The operations that are no listing. */
static size_t count_ops(const struct fix *f)
{
	size_t n = 0;

	for (size_t i = 0; i < ops_count(f->a.ops); i++)
		n += ops_at(f->a.ops, i)->x.verb != VERB_FILES;
	return n;
}

static const struct op *last_op(const struct fix *f)
{
	return ops_at(f->a.ops, ops_count(f->a.ops) - 1);
}

/* ---- upload ---- */

static struct upload_view *open_upload(struct fix *f, const char *a, const char *b)
{
	uint32_t ids[2] = { id_of(f, a), b ? id_of(f, b) : 0 };

	view_upload_open(f->t, ids, b ? 2 : 1);
	screen_render(f->t);
	return (struct upload_view *)tui_top(f->t);
}

static void test_upload_sends(void **state)
{
	struct fix f;

	(void)state;
	open_screen(&f);
	open_upload(&f, "voron-04", "voron-05");
	keys(&f, "Makefile");
	assert_true(screen_shows(f.t, "printop upload Makefile -t voron-05,voron-04"));
	keys(&f, "\n");
	assert_null(tui_dialog(f.t));		/* nothing is started, so nothing is asked */
	assert_int_equal(count_ops(&f), 2);
	assert_int_equal(last_op(&f)->x.verb, VERB_UPLOAD);
	assert_string_equal(last_op(&f)->x.args.local, "Makefile");
	assert_false(last_op(&f)->x.args.start);
	/* Leaving stops nothing. */
	tui_key(f.t, KEY_ESC);
	assert_ptr_equal(tui_top(f.t)->ops, &view_fleet);
	assert_int_equal(ops_uploads_running(f.a.ops), 2);
	close_screen(&f);
}

static void test_upload_start_asks(void **state)
{
	struct fix f;
	struct upload_view *u;

	(void)state;
	open_screen(&f);
	u = open_upload(&f, "voron-04", "voron-05");
	keys(&f, "Makefile");
	u->focus = UPLOAD_THEN;
	keys(&f, " ");
	assert_true(u->start);
	assert_true(screen_shows(f.t, "--start"));
	keys(&f, "\n");
	assert_true(screen_shows(f.t, "Type the number of printers, 2"));
	keys(&f, "3\n");
	assert_int_equal(count_ops(&f), 0);
	keys(&f, "\n2\n");
	assert_int_equal(count_ops(&f), 2);
	assert_true(last_op(&f)->x.args.start);
	close_screen(&f);
}

/* A printer that cannot start, or is away, is left out and says why. */
static void test_upload_fit(void **state)
{
	struct fix f;
	struct upload_view *u;
	uint32_t *ids;
	size_t n;

	(void)state;
	open_screen(&f);
	u = open_upload(&f, "voron-01", "ender-3");
	keys(&f, "Makefile");
	ids = upload_ids(u, &n);
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], id_of(&f, "voron-01"));
	free(ids);
	assert_true(screen_shows(f.t, "1 left out"));
	u->start = true;
	ids = upload_ids(u, &n);
	assert_int_equal(n, 0);
	free(ids);
	assert_true(screen_shows(f.t, "[-] voron-01"));
	assert_true(screen_shows(f.t, "printing: cannot start a job now"));
	keys(&f, "\n");
	assert_int_equal(count_ops(&f), 0);
	close_screen(&f);
}

/* Letters are text here: none of them may pause, cancel or stop anything. */
static void test_upload_letters(void **state)
{
	struct fix f;
	struct upload_view *u;

	(void)state;
	open_screen(&f);
	u = open_upload(&f, "voron-01", NULL);
	for (int field = 0; field < UPLOAD_TRANSFERS; field++) {
		for (uint32_t key = 33; key < 127; key++) {
			u->focus = (enum upload_field)field;
			if (key != 'q' && key != '?' && key != '6' && key != '7')
				tui_key(f.t, key);
			assert_null(tui_dialog(f.t));
			assert_ptr_equal(tui_top(f.t), &u->v);
		}
	}
	assert_int_equal(count_ops(&f), 0);
	assert_non_null(strstr(u->file.text, "PQRSTUVWX"));
	close_screen(&f);
}

static void test_upload_ticks(void **state)
{
	struct fix f;
	struct upload_view *u;
	size_t ticked = 0;

	(void)state;
	open_screen(&f);
	u = open_upload(&f, "voron-01", NULL);
	assert_true(u->targets[0].ticked);	/* the one that was asked for comes first */
	assert_int_equal(u->targets[0].id, id_of(&f, "voron-01"));
	u->focus = UPLOAD_TO;
	keys(&f, " ");
	assert_false(u->targets[0].ticked);
	assert_int_equal(u->to.cursor, 1);
	keys(&f, "*");
	for (size_t i = 0; i < u->n_targets; i++)
		ticked += u->targets[i].ticked;
	assert_int_equal(ticked, fleet_count(f.a.fleet));
	keys(&f, "~");
	assert_false(u->targets[3].ticked);
	close_screen(&f);
}

static void test_upload_stop(void **state)
{
	struct fix f;
	struct upload_view *u;

	(void)state;
	open_screen(&f);
	u = open_upload(&f, "voron-04", NULL);
	u->opened_ms = 0;
	keys(&f, "Makefile\n");
	u->focus = UPLOAD_TRANSFERS;
	screen_render(f.t);
	assert_int_equal(u->focus, UPLOAD_TRANSFERS);
	tui_key(f.t, KEY_CTRL('k'));
	assert_int_equal(last_op(&f)->phase, OP_CANCELLED);
	screen_render(f.t);
	keys(&f, "r");
	assert_int_equal(count_ops(&f), 2);
	assert_int_equal(last_op(&f)->phase, OP_SENDING);
	close_screen(&f);
}

static void test_upload_paste(void **state)
{
	struct fix f;
	struct upload_view *u;

	(void)state;
	open_screen(&f);
	u = open_upload(&f, "voron-04", NULL);
	tui_paste(f.t, " '/x/a b.gcode' ");
	assert_string_equal(u->file.text, "/x/a b.gcode");
	edit_set(&u->file, "");
	tui_paste(f.t, "/x/a\\ b.gcode");
	assert_string_equal(u->file.text, "/x/a b.gcode");
	keys(&f, "\n");
	assert_int_equal(count_ops(&f), 0);
	assert_true(screen_shows(f.t, "there is no such file"));
	close_screen(&f);
}

/* ---- files ---- */

static struct remote_file some_files[] = {
	{ .path = (char *)(uintptr_t)"a-b.gcode", .size_bytes = 5, .modified_at = 30,
	 .estimated_s = (double)NAN },
	{ .path = (char *)(uintptr_t)"a/x.gcode", .size_bytes = 9, .modified_at = 10,
	 .estimated_s = 60 },
	{ .path = (char *)(uintptr_t)"a/y/z.gcode", .size_bytes = 1, .modified_at = 20,
	 .estimated_s = 30 },
	{ .path = (char *)(uintptr_t)"big.gcode", .size_bytes = 99, .modified_at = (double)NAN,
	 .estimated_s = 90 },
	{ .path = (char *)(uintptr_t)"empty", .is_folder = true, .size_bytes = -1 },
	{ .path = (char *)(uintptr_t)"odd.gcode", .unsafe_name = true, .size_bytes = -1,
	 .modified_at = 5 },
};
static const struct file_list some_list = { .files = some_files, .n = ARRAY_LEN(some_files),
					   .free_bytes = 1e9 };

static void rows_text(const struct file_rows *r, char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (size_t i = 0; i < r->n; i++, used = strlen(buf))
		str_printf(buf + used, size - used, "%s%.*s%s", i ? " " : "", (int)r->rows[i].len,
			   r->rows[i].name, r->rows[i].is_folder ? "/" : "");
}

static void test_file_rows(void **state)
{
	static const struct {
		const char *folder, *filter;
		enum file_order order;
		bool reverse;
		const char *want;
	} rows[] = {
		{ "", "", BY_NAME, false, "a/ empty/ a-b.gcode big.gcode odd.gcode" },
		{ "", "", BY_NAME, true, "a/ empty/ odd.gcode big.gcode a-b.gcode" },
		{ "", "", BY_SIZE, false, "a/ empty/ big.gcode a-b.gcode odd.gcode" },
		{ "", "", BY_TIME, false, "a/ empty/ a-b.gcode odd.gcode big.gcode" },
		{ "", "", BY_TIME, true,
		 "a/ empty/ odd.gcode a-b.gcode big.gcode" },	/* unknown last */
		{ "a", "", BY_NAME, false, "../ y/ x.gcode" },
		{ "a/y", "", BY_NAME, false, "../ z.gcode" },
		{ "empty", "", BY_NAME, false, "../" },
		{ "a", "Z", BY_NAME, false, "a/y/z.gcode" },
		{ "", "gcode", BY_DURATION, false,
		  "big.gcode a/x.gcode a/y/z.gcode odd.gcode a-b.gcode" },
	};
	struct file_rows r = { .n = 0 };
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		file_rows_fill(&r, &some_list, rows[i].folder, rows[i].filter, rows[i].order,
			       rows[i].reverse);
		rows_text(&r, text, sizeof(text));
		assert_string_equal(text, rows[i].want);
	}
	file_rows_fill(&r, NULL, "", "", BY_NAME, false);
	assert_int_equal(r.n, 0);
	file_rows_done(&r);
}

static void test_files_start(void **state)
{
	struct fix f;

	(void)state;
	open_screen(&f);
	view_files_open(f.t, id_of(&f, "voron-04"), NULL, 0);
	view_files_show(tui_top(f.t), &some_list);
	screen_render(f.t);
	keys(&f, "\n");				/* into the folder a */
	assert_true(screen_shows(f.t, "files on voron-04  a"));
	keys(&f, "jj\n");			/* ..  y/  x.gcode */
	assert_true(screen_shows(f.t, "a/x.gcode"));
	assert_true(screen_shows(f.t, "Start it?"));
	keys(&f, "n");
	assert_int_equal(count_ops(&f), 0);
	keys(&f, "Sy");
	assert_int_equal(count_ops(&f), 1);
	assert_int_equal(last_op(&f)->x.verb, VERB_START);
	assert_string_equal(last_op(&f)->x.args.file, "a/x.gcode");
	tui_key(f.t, KEY_CODE_LEFT);
	assert_true(screen_shows(f.t, "a-b.gcode"));
	keys(&f, "/odd\n\n");
	assert_null(tui_dialog(f.t));		/* its real name is not known */
	assert_int_equal(count_ops(&f), 1);
	tui_key(f.t, KEY_ESC);			/* the filter goes first */
	assert_ptr_equal(tui_top(f.t)->ops, &view_files);
	tui_key(f.t, KEY_ESC);
	assert_ptr_equal(tui_top(f.t)->ops, &view_fleet);
	close_screen(&f);
}

static void test_files_fail(void **state)
{
	struct fix f;

	(void)state;
	open_screen(&f);
	view_files_open(f.t, id_of(&f, "ender-3"), NULL, 0);
	assert_true(screen_shows(f.t, "no list: offline"));
	view_files_open(f.t, id_of(&f, "voron-04"), NULL, 0);
	assert_true(screen_shows(f.t, "asking voron-04"));
	close_screen(&f);
}

/* ---- printer ---- */

static void test_printer_moves(void **state)
{
	struct fix f;

	(void)state;
	open_screen(&f);
	tui_select(f.t, id_of(&f, "voron-01"));
	keys(&f, "2");
	assert_true(screen_shows(f.t, "[ 1 of 13 ]"));
	/* A file that tells the nozzle's temperature, but not the bed's. */
	fleet_get(f.a.fleet, id_of(&f, "voron-01"))->state.meta.nozzle_c = 245;
	assert_true(screen_shows(f.t, " 245 C"));
	assert_true(screen_lacks(f.t, "nan"));
	keys(&f, "[");				/* round the end */
	assert_true(screen_shows(f.t, "octo-1"));
	assert_true(screen_shows(f.t, "check its key"));
	keys(&f, "]]");
	assert_true(screen_shows(f.t, "ender-2"));
	keys(&f, "[-");
	assert_true(screen_shows(f.t, "TEMPERATURE  10 min"));
	keys(&f, "--");
	assert_string_equal(f.t->status, "5 minutes is the shortest");
	keys(&f, "++++z");
	assert_true(screen_shows(f.t, "TEMPERATURE  20 min"));
	assert_true(screen_lacks(f.t, "MOTION"));
	keys(&f, "\t");
	assert_true(screen_shows(f.t, ">HEATERS"));
	keys(&f, "q");				/* first out of the zoom */
	assert_ptr_equal(tui_top(f.t)->ops, &view_printer);
	assert_true(screen_shows(f.t, "MOTION"));
	keys(&f, "q");
	assert_ptr_equal(tui_top(f.t)->ops, &view_fleet);
	close_screen(&f);
}

/* Keys act on the printer that is shown, whatever is marked in the fleet. */
static void test_printer_acts(void **state)
{
	struct fix f;

	(void)state;
	open_screen(&f);
	tui_select(f.t, id_of(&f, "voron-03"));
	keys(&f, "2X");
	assert_true(screen_shows(f.t, "Cancel it?"));
	assert_true(screen_shows(f.t, "case_top.gcode"));
	keys(&f, "y");
	assert_int_equal(count_ops(&f), 1);
	assert_int_equal(last_op(&f)->printer_id, id_of(&f, "voron-03"));
	tui_key(f.t, KEY_CTRL('k'));
	assert_int_equal(last_op(&f)->phase, OP_CANCELLED);
	assert_true(screen_shows(f.t, "cancel"));
	close_screen(&f);
}

/* A printer that goes while it is shown. */
static void test_printer_gone(void **state)
{
	struct fix f;
	uint32_t id;

	(void)state;
	open_screen(&f);
	id = id_of(&f, "voron-03");
	tui_select(f.t, id);
	keys(&f, "2");
	fleet_remove(f.a.fleet, id);
	assert_true(screen_shows(f.t, "this printer is gone"));
	keys(&f, "XPR");
	assert_int_equal(count_ops(&f), 0);
	close_screen(&f);
}

/* ---- transfers, log, help ---- */

static void test_transfers(void **state)
{
	struct fix f;
	struct verb_args args = { .local_bytes = -1 };

	(void)state;
	open_screen(&f);
	args.local = mem_strdup("Makefile");
	op_submit(f.a.ops, 1, id_of(&f, "voron-04"), VERB_UPLOAD, &args, (double)NAN);
	op_submit(f.a.ops, 2, id_of(&f, "voron-03"), VERB_CANCEL, NULL, (double)NAN);
	keys(&f, "7");
	assert_true(screen_shows(f.t, "2 run, 0 ended"));
	keys(&f, "j");
	tui_key(f.t, KEY_CTRL('k'));
	assert_int_equal(last_op(&f)->phase, OP_CANCELLED);
	assert_true(screen_shows(f.t, "1 runs, 1 ended"));
	keys(&f, "r");				/* a cancel asks again */
	assert_true(screen_shows(f.t, "Cancel it?"));
	keys(&f, "n");
	assert_int_equal(count_ops(&f), 2);
	verb_args_done(&args);
	close_screen(&f);
}

static void test_log(void **state)
{
	struct fix f;

	(void)state;
	open_screen(&f);
	tui_select(f.t, id_of(&f, "mk3-01"));
	keys(&f, "6");
	assert_true(screen_shows(f.t, "finished lid_x4.gcode"));
	keys(&f, "p");
	assert_true(screen_shows(f.t, "> 14:12:35  mk3-01"));
	keys(&f, "q");				/* all again */
	assert_true(screen_shows(f.t, "> 14:31:44  ender-2"));
	keys(&f, "a");
	assert_true(screen_shows(f.t, "troubles only"));
	keys(&f, "q/upload\n");
	assert_true(screen_shows(f.t, "> 14:30:02  mk4-01"));
	screen_event(&f.a, EVENT_ACTION, "voron-01", 1, "upload: x.gcode is there");
	assert_true(screen_shows(f.t, "> 14:32:06  voron-01"));
	keys(&f, "\n");
	assert_ptr_equal(tui_top(f.t)->ops, &view_printer);
	assert_int_equal(f.t->current, id_of(&f, "voron-01"));
	close_screen(&f);
}

static void test_help(void **state)
{
	struct fix f;

	(void)state;
	open_screen(&f);
	keys(&f, "?");
	assert_true(screen_shows(f.t, "printop help: fleet"));
	assert_true(screen_shows(f.t, "mark the row"));
	keys(&f, "/emergency stop.\n");
	assert_true(screen_shows(f.t, "five seconds is the emergency stop."));
	keys(&f, "?");
	assert_ptr_equal(tui_top(f.t)->ops, &view_fleet);
	/* In another view other keys work. */
	keys(&f, "7?");
	assert_true(screen_shows(f.t, "printop help: transfers"));
	assert_true(screen_shows(f.t, "no key of this kind works here"));
	f.a.read_only = true;
	keys(&f, "q1?");
	assert_true(screen_shows(f.t, "read-only: no key acts"));
	close_screen(&f);
}

/* ---- pager ---- */

static void test_pager(void **state)
{
	struct pager p = { .page = NULL };
	struct canvas *c = canvas_new(40, 10, true);
	char where[64];

	(void)state;
	pager_draw(&p, c, canvas_area(c));	/* nothing to show */
	assert_false(pager_search(&p, "x"));
	pager_set_take(&p, page_new());
	for (int i = 0; i < 30; i++) {
		char text[32];

		str_printf(text, sizeof(text), "line %d%s", i, i % 10 == 7 ? " needle" : "");
		page_add(page_line(p.page), ROLE_KEY, text, 0);
	}
	pager_draw(&p, c, canvas_area(c));
	pager_where(&p, where, sizeof(where));
	assert_string_equal(where, "1-10 of 30");
	assert_true(pager_search(&p, "NEEDLE"));
	assert_int_equal(p.top, 0);		/* it is on the screen already */
	assert_true(pager_find(&p, false));
	assert_int_equal(p.found, 17);
	assert_int_equal(p.top, 17);
	assert_true(pager_find(&p, false));
	assert_int_equal(p.found, 27);
	assert_int_equal(p.top, 20);		/* no empty rows below the end */
	assert_true(pager_find(&p, false));
	assert_int_equal(p.found, 7);
	assert_true(pager_find(&p, true));
	assert_int_equal(p.found, 27);
	pager_action(&p, ACTION_LAST);
	assert_int_equal(p.top, 20);
	pager_action(&p, ACTION_PAGE_UP);
	assert_int_equal(p.top, 11);
	pager_draw(&p, c, canvas_area(c));
	assert_int_equal(c->cells[6 * 40 + 8].attrs & ATTR_REVERSE, ATTR_REVERSE);
	pager_done(&p);
	canvas_free(c);
}

static void test_page_join(void **state)
{
	struct md_page *left = page_new(), *right = page_new();

	(void)state;
	page_entry(left, "j", 4, "one two three four", 12);
	page_entry(right, "P", 4, "pause", 20);
	assert_int_equal(left->n, 3);
	left = page_join_take(left, right, 14);
	assert_string_equal(left->lines[0].text, "j   one two   P   pause");
	assert_string_equal(left->lines[2].text, "    four");
	assert_int_equal(left->lines[0].n_spans, 2);
	assert_int_equal(left->lines[0].spans[1].start, 14);
	md_page_free(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upload_sends),	cmocka_unit_test(test_upload_start_asks),
		cmocka_unit_test(test_upload_fit),	cmocka_unit_test(test_upload_letters),
		cmocka_unit_test(test_upload_ticks),	cmocka_unit_test(test_upload_stop),
		cmocka_unit_test(test_upload_paste),	cmocka_unit_test(test_file_rows),
		cmocka_unit_test(test_files_start),	cmocka_unit_test(test_files_fail),
		cmocka_unit_test(test_printer_moves),	cmocka_unit_test(test_printer_acts),
		cmocka_unit_test(test_printer_gone),	cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_log),		cmocka_unit_test(test_help),
		cmocka_unit_test(test_pager),		cmocka_unit_test(test_page_join),
	};

	if (!screen_environment())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
