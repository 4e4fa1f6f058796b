/* Draws the pictures of the README: the real screens over the demo farm, in dark and light. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/app.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/poller.h>
#include <printop/sbuf.h>
#include <printop/sim.h>
#include <printop/str.h>
#include <printop/transport.h>
#include "tui/tui.h"

#define COLS 120
#define ROWS 34
#define PICTURE_FILE "lid_x4.gcode"	/* in the working folder: nothing about this machine is shown */
#define SVG_BYTES (4u << 20)

struct shoot {
	struct loop *loop;
	struct sim_farm *farm;
	struct app *app;
	struct tui *tui;
	struct loop_timer *timer;
	const char *folder;	/* for the pictures */
	size_t step;
	bool failed;
};

/* ---- the demo farm, as printop --demo has it ---- */

static void add_printer(struct config *c, struct sim_info info)
{
	struct printer_config p;
	char *tags = mem_strdup(info.tags), *rest = tags, *tag;

	printer_config_init(&p);
	p.name = mem_strdup(info.name);
	p.url = mem_strdup(info.url);
	p.dialect = mem_strdup(info.dialect);
	p.group = mem_strdup(info.group);
	p.notes = mem_strdup(info.notes);
	p.parked = mem_strdup(info.parked);
	secret_set(&p.key, info.key);
	while (tags && p.n_tags < LIMIT_TAGS && (tag = str_token(&rest, " ")))
		p.tags[p.n_tags++] = mem_strdup(tag);
	free(tags);
	config_add_printer_take(c, &p);
}

static bool open_demo(struct shoot *s, struct err *e)
{
	struct sim_options o = { .seed = 7, .speed = 1, .demo = true };
	struct config *c;

	s->farm = sim_farm_start(s->loop, &o, e);
	if (!s->farm)
		return false;
	c = config_load(NULL);
	for (size_t i = 0; i < sim_farm_count(s->farm); i++)
		add_printer(c, sim_farm_info(s->farm, i));
	s->app = app_new(s->loop, c, transport_curl_new(s->loop, false), false, true);
	s->app->demo = true;
	s->app->frontend = "screen";
	return true;
}

/* ---- pictures ---- */

static bool write_picture(struct shoot *s, const char *name, const char *theme, const char *title)
{
	char *path = mem_printf("%s/%s-%s.svg", s->folder, name, theme);
	struct sbuf svg = SBUF_INIT(SVG_BYTES);
	struct theme t;
	struct err e = { 0 };
	bool ok = theme_load(theme, &t, &e);

	if (ok) {
		canvas_dump_svg(s->tui->canvas, &t, title, &svg);
		ok = path_write(path, sbuf_str(&svg), svg.len, 0644, &e);
	}
	if (!ok)
		fprintf(stderr, "%s\n", e.text);
	sbuf_done(&svg);
	free(path);
	return ok;
}

static void take_pictures(struct shoot *s, const char *name, const char *title)
{
	struct moment m = { .now_ms = loop_now_ms(s->loop), .wall_s = loop_wall_s() };

	tui_render(s->tui, &m);
	if (!write_picture(s, name, "dark", title) || !write_picture(s, name, "light", title))
		s->failed = true;
}

/* ---- what is on them ---- */

static uint32_t printer_id(const struct shoot *s, const char *name)
{
	return fleet_find(s->app->fleet, name)->id;
}

static void type(struct tui *t, const char *text)
{
	for (; *text; text++)
		tui_key(t, (unsigned char)*text);
}

static void mark(const struct shoot *s, const char *a, const char *b)
{
	fleet_get(s->app->fleet, printer_id(s, a))->marked = true;
	fleet_get(s->app->fleet, printer_id(s, b))->marked = true;
}

static void shoot_fleet(struct shoot *s)
{
	mark(s, "voron-01", "voron-02");
	tui_select(s->tui, printer_id(s, "voron-01"));
	take_pictures(s, "fleet", "printop: the fleet");
	tui_do(s->tui, ACTION_PRINTER);
}

static void shoot_printer(struct shoot *s)
{
	take_pictures(s, "printer", "printop: one printer");
	tui_back(s->tui);
	tui_do(s->tui, ACTION_UNMARK);
	mark(s, "voron-04", "cr10-3");
	tui_do(s->tui, ACTION_UPLOAD);
	type(s->tui, PICTURE_FILE);
}

static void shoot_upload(struct shoot *s)
{
	take_pictures(s, "upload", "printop: an upload");
}

static const struct {
	int64_t after_ms;	/* for the farm to get going, and for replies to arrive */
	void (*shoot)(struct shoot *s);
} steps[] = {
	{ 12000, shoot_fleet }, { 3000, shoot_printer }, { 2000, shoot_upload },
};

static void next_step(void *ctx)
{
	struct shoot *s = ctx;

	steps[s->step++].shoot(s);
	if (s->step == ARRAY_LEN(steps) || s->failed)
		loop_stop(s->loop);
	else
		loop_timer_start(s->timer, steps[s->step].after_ms);
}

static bool run(struct shoot *s)
{
	struct err e = { 0 };

	s->loop = loop_new();
	if (!open_demo(s, &e)) {
		fprintf(stderr, "%s\n", e.text);
		loop_free(s->loop);
		return false;
	}
	s->tui = tui_new(s->app, COLS, ROWS, false);
	s->timer = loop_timer_new(s->loop, next_step, s);
	loop_timer_start(s->timer, steps[0].after_ms);
	poller_start(s->app->poller);
	loop_run(s->loop);
	loop_timer_free(s->timer);
	tui_free(s->tui);
	app_free(s->app);
	sim_farm_stop(s->farm);
	loop_free(s->loop);
	return !s->failed;
}

int main(int argc, char **argv)
{
	struct shoot s = { .folder = argc == 2 ? argv[1] : "man/img" };

	setlocale(LC_CTYPE, "C.UTF-8");
	signal(SIGPIPE, SIG_IGN);
	return run(&s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
