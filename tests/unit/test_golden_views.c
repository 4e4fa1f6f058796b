/* The views beside the fleet against their golden pictures, in several sizes and alphabets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "screen.h"
#include "fake_transport.h"
#include "tui/files_view.h"
#include "tui/upload_view.h"

static const struct { int cols, rows; } sizes[] = { { 80, 24 }, { 140, 40 }, { 60, 24 },
						   { 40, 12 } };

struct scene {
	struct app a;
	struct tui *t;
};

typedef void prepare_fn(struct scene *s);

static void scene_done(struct scene *s)
{
	tui_free(s->t);
	ops_free(s->a.ops);
	screen_app_done(&s->a);
	if (s->a.transport)
		s->a.transport->ops->free(s->a.transport);
	loop_free(s->a.loop);
}

/* before: what has to be there when the screen opens; after: what opens the view. */
static void golden(const char *name, prepare_fn *before, prepare_fn *after)
{
	bool same = true;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (int ascii = 0; ascii < 2; ascii++) {
			struct scene s = { .t = NULL };
			char file[80];

			screen_app_init(&s.a);
			screen_add_fleet(&s.a);
			if (before)
				before(&s);
			s.t = tui_new(&s.a, sizes[i].cols, sizes[i].rows, ascii);
			screen_render(s.t);
			after(&s);
			str_printf(file, sizeof(file), "%s-%dx%d%s", name, sizes[i].cols,
				   sizes[i].rows, ascii ? "-ascii" : "");
			same &= screen_golden(s.t, file);
			scene_done(&s);
		}
	}
	assert_true(same);
}

static void select_printer(struct scene *s, const char *name)
{
	tui_select(s->t, fleet_find(s->a.fleet, name)->id);
}

/* ---- printer ---- */

static const char notes[] =
	"**Voron 2.4**, 350 mm\n\n- nozzle 0.4 hardened\n- PETG and ASA only\n\n"
	"If the first layer lifts: clean the sheet, then `G28` and the mesh again.\n";

static void know_all(struct scene *s)
{
	struct printer *p = fleet_find(s->a.fleet, "voron-01");
	struct printer_state *st = &p->state;
	struct file_meta *f = &st->meta;

	p->config.notes = mem_strdup(notes);
	st->latency_ms = 14;
	str_copy(st->klippy_state, sizeof(st->klippy_state), "ready");
	str_copy(st->homed, sizeof(st->homed), "xyz");
	st->z_offset_mm = 0.025;
	st->live_velocity_mm_s = 182;
	st->job.filament_used_mm = 41200;
	st->job.size_bytes = 47600000;
	str_copy(st->job.progress_source, sizeof(st->job.progress_source), "file");
	f->filament_mm = 47600;
	f->filament_g = 136;
	f->layer_height_mm = 0.2;
	f->nozzle_c = 245;
	f->bed_c = 110;
	f->nozzle_mm = 0.4;
	f->object_height_mm = 49.2;
	str_copy(f->slicer, sizeof(f->slicer), "PrusaSlicer 2.9");
}

static void open_voron(struct scene *s)
{
	select_printer(s, "voron-01");
	tui_do(s->t, ACTION_PRINTER);
}

static void test_printer(void **state)
{
	(void)state;
	golden("printer", know_all, open_voron);
}

static void open_failed(struct scene *s)
{
	select_printer(s, "mk3-01");
	tui_do(s->t, ACTION_PRINTER);
}

static void test_printer_error(void **state)
{
	(void)state;
	golden("printer-error", NULL, open_failed);
}

static void open_stale(struct scene *s)
{
	select_printer(s, "mk3-03");
	tui_do(s->t, ACTION_PRINTER);
}

static void test_printer_stale(void **state)
{
	(void)state;
	golden("printer-stale", NULL, open_stale);
}

static void open_paused(struct scene *s)
{
	select_printer(s, "ender-2");
	tui_do(s->t, ACTION_PRINTER);
}

static void test_printer_paused(void **state)
{
	(void)state;
	golden("printer-paused", NULL, open_paused);
}

static void open_zoomed(struct scene *s)
{
	open_voron(s);
	screen_render(s->t);
	tui_do(s->t, ACTION_ZOOM);
	tui_do(s->t, ACTION_SPAN_LESS);
}

static void test_printer_zoom(void **state)
{
	(void)state;
	golden("printer-zoom", know_all, open_zoomed);
}

/* ---- operations: real ones over a transport that never answers ---- */

static struct op *submit(struct scene *s, const char *printer, enum verb verb,
			 const struct verb_args *args)
{
	uint32_t id = op_submit(s->a.ops, ops_new_group(s->a.ops),
				fleet_find(s->a.fleet, printer)->id, verb, args,
				(double)NAN);
	struct op *op = (struct op *)(uintptr_t)op_get(s->a.ops, id);

	op->submitted_at = SCREEN_WALL_S - 130;
	return op;
}

static void add_ops(struct scene *s)
{
	struct verb_args args = { .local_bytes = -1 };
	struct op *op;

	s->a.loop = loop_new();
	s->a.transport = &fake_new(s->a.loop)->base;
	s->a.ops = ops_new(&s->a);
	args.file = mem_strdup("none.gcode");
	submit(s, "voron-02", VERB_START, &args);		/* refused: it prints */
	verb_args_done(&args);
	args = (struct verb_args){ .local = mem_strdup("Makefile"),
				  .name = mem_strdup("lid_x4.gcode") };
	op = submit(s, "voron-04", VERB_UPLOAD, &args);
	op->total_bytes = 12000000;
	op->sent_bytes = 7300000;
	op->rate_bytes_s = 610000;
	op = submit(s, "mk4-01", VERB_UPLOAD, &args);
	op->phase = OP_DONE;
	str_copy(op->seen, sizeof(op->seen), "sent 6.1 MB in 3.0 s");
	op = submit(s, "mk3-01", VERB_UPLOAD, &args);
	op->phase = OP_QUEUED;
	verb_args_done(&args);
}

static void open_transfers(struct scene *s)
{
	tui_do(s->t, ACTION_TRANSFERS);
}

static void test_transfers(void **state)
{
	(void)state;
	golden("transfers", add_ops, open_transfers);
}

static void test_transfers_empty(void **state)
{
	(void)state;
	golden("transfers-empty", NULL, open_transfers);
}

/* ---- files ---- */

static struct file_list files;

static void add_remote(const char *path, double mb, double ago_h, double hours, double metres,
		       int ok, int failed)
{
	files.files = mem_grow(files.files, files.n, &files.cap, sizeof(*files.files));
	files.files[files.n++] = (struct remote_file){
		.path = mem_strdup(path),
		.size_bytes = (int64_t)(mb * 1e6),
		.modified_at = SCREEN_WALL_S - ago_h * 3600,
		.estimated_s = hours * 3600,
		.filament_mm = metres * 1000,
		.prints_ok = ok,
		.prints_failed = failed,
	};
}

static void make_files(void)
{
	files.free_bytes = 8.1e9;
	add_remote("bracket_x12.gcode", 47.6, 2.8, 3.15, 47.6, 3, -1);
	add_remote("calibration/flow.gcode", 1.1, 400, 0.4, 2.1, -1, -1);
	add_remote("case_top.gcode", 22.9, 77, 7.55, 88, 1, 1);
	add_remote("hook_50.gcode", 6.1, 28, 4.02, 22.4, 2, -1);
	add_remote("petg/lid_x4.gcode", 12, 20, 5.2, 31, 14, -1);
	add_remote("petg/Zahnr\xc3\xa4" "der_40.gcode", 8.4, 130, (double)NAN, (double)NAN, -1, -1);
	add_remote("q?.gcode", 0.5, 500, (double)NAN, (double)NAN, -1, 2);
	files.files[files.n - 1].unsafe_name = true;
}

static void drop_files(void)
{
	for (size_t i = 0; i < files.n; i++)
		free(files.files[i].path);
	free(files.files);
	files = (struct file_list){ .files = NULL };
}

static void open_files(struct scene *s)
{
	select_printer(s, "voron-01");
	tui_do(s->t, ACTION_FILES);
	view_files_show(tui_top(s->t), &files);
	screen_render(s->t);
}

static void find_files(struct scene *s)
{
	open_files(s);
	tui_do(s->t, ACTION_FILTER);
	for (const char *c = "petg"; *c; c++)
		tui_key(s->t, (uint32_t)*c);
	tui_key(s->t, KEY_RETURN);
}

static void test_files(void **state)
{
	(void)state;
	make_files();
	golden("files", NULL, open_files);
	golden("files-filter", NULL, find_files);
	drop_files();
}

static void wait_for_files(struct scene *s)
{
	select_printer(s, "voron-01");
	tui_do(s->t, ACTION_FILES);
}

static void test_files_waiting(void **state)
{
	(void)state;
	golden("files-waiting", NULL, wait_for_files);
}

/* ---- log, help ---- */

static void open_log(struct scene *s)
{
	select_printer(s, "voron-01");
	tui_do(s->t, ACTION_LOG);
}

static void test_log(void **state)
{
	(void)state;
	golden("log", NULL, open_log);
}

static void open_help(struct scene *s)
{
	tui_do(s->t, ACTION_HELP);
}

static void help_of_printer(struct scene *s)
{
	open_voron(s);
	tui_do(s->t, ACTION_HELP);
	screen_render(s->t);
	tui_do(s->t, ACTION_LAST);
}

static void test_help(void **state)
{
	(void)state;
	golden("help", NULL, open_help);
	golden("help-printer", NULL, help_of_printer);
}

/* ---- upload ---- */

static void open_upload(struct scene *s)
{
	const uint32_t ids[] = {
		fleet_find(s->a.fleet, "voron-04")->id, fleet_find(s->a.fleet, "voron-01")->id,
		fleet_find(s->a.fleet, "octo-1")->id,
	};
	struct upload_view *u;

	view_upload_open(s->t, ids, ARRAY_LEN(ids));
	u = (struct upload_view *)tui_top(s->t);
	u->opened_ms = 0;
	edit_set(&u->file, "petg/lid_x4.gcode");
	edit_set(&u->folder, "petg");
	err_clear(&u->file_err);
	u->size_bytes = 12000000;
	u->modified_at = SCREEN_WALL_S - 72000;
	u->targets[0].free_bytes = 8.1e9;
	u->targets[1].free_bytes = 9.4e6;
}

static void open_upload_start(struct scene *s)
{
	open_upload(s);
	((struct upload_view *)tui_top(s->t))->focus = UPLOAD_TO;
	((struct upload_view *)tui_top(s->t))->start = true;
}

static void test_upload(void **state)
{
	(void)state;
	golden("upload", NULL, open_upload);
	golden("upload-start", add_ops, open_upload_start);
}

/* ---- every size ---- */

static prepare_fn *const openers[] = {
	open_voron, open_failed, open_stale, open_zoomed, open_transfers, open_files, open_log,
	open_help, help_of_printer, open_upload, open_upload_start,
};

static void draw_everything(struct scene *s)
{
	for (size_t i = 0; i < ARRAY_LEN(openers); i++) {
		char *text;

		screen_render(s->t);
		openers[i](s);
		text = screen_text(s->t);
		for (char *c = text; s->t->ascii && *c; c++)
			assert_true((unsigned char)*c < 128);
		free(text);
	}
}

/* No size is too small or too large to draw; in ASCII no other character gets out. */
static void test_all_sizes(void **state)
{
	(void)state;
	make_files();
	for (int cols = 1; cols <= 300; cols += cols < 42 ? 1 : 17) {
		struct scene s = { .t = NULL };

		screen_app_init(&s.a);
		screen_add_fleet(&s.a);
		know_all(&s);
		add_ops(&s);
		for (int rows = 1; rows <= 100; rows += rows < 26 ? 1 : 9) {
			s.t = tui_new(&s.a, cols, rows, (cols + rows) & 1);
			draw_everything(&s);
			tui_free(s.t);
		}
		s.t = NULL;
		scene_done(&s);
	}
	drop_files();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printer),		cmocka_unit_test(test_printer_error),
		cmocka_unit_test(test_printer_stale),	cmocka_unit_test(test_printer_paused),
		cmocka_unit_test(test_printer_zoom),	cmocka_unit_test(test_transfers),
		cmocka_unit_test(test_transfers_empty),	cmocka_unit_test(test_files),
		cmocka_unit_test(test_files_waiting),	cmocka_unit_test(test_log),
		cmocka_unit_test(test_help),		cmocka_unit_test(test_upload),
		cmocka_unit_test(test_all_sizes),
	};

	if (!screen_environment())
		return 1;
	setenv("TERM", "xterm", 1);	/* a bare console gets another graph */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
