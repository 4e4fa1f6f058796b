/*
 * A fleet made by hand on a screen without a terminal, at a fixed moment; and the comparison with
 * golden files.
 */
#ifndef TESTS_SCREEN_H
#define TESTS_SCREEN_H

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <printop/history.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/str.h>
#include "tui/frame.h"

#define SCREEN_NOW_MS 10000000		/* loop clock of the moment that is drawn */
#define SCREEN_WALL_S 1772721127.0	/* Thu 5 Mar 2026, 14:32:07 UTC */

/* Call first in main(): the picture must not depend on where and when the test runs. */
static inline bool screen_environment(void)
{
	setenv("TZ", "UTC", 1);
	setenv("XDG_STATE_HOME", "/dev/null/printop-test", 1);	/* not even root makes it */
	setenv("XDG_CONFIG_HOME", "/nonexistent/printop-test", 1);
	return setlocale(LC_CTYPE, "C.UTF-8");
}

static inline void screen_app_init(struct app *a)
{
	*a = (struct app){ .config = config_load(NULL),
			   .fleet = fleet_new(),
			   .frontend = "screen" };
}

static inline void screen_app_done(struct app *a)
{
	alerts_free(a->alerts);
	fleet_free(a->fleet);
	config_free(a->config);
}

static inline uint32_t screen_add(struct app *a, const char *name, const char *tag)
{
	struct printer_config c;

	printer_config_init(&c);
	c.name = mem_strdup(name);
	c.url = mem_printf("http://%s.lan:7125", name);
	c.dialect = mem_strdup("moonraker");
	if (tag)
		c.tags[c.n_tags++] = mem_strdup(tag);
	return fleet_add_take(a->fleet, &c)->id;
}

static inline void screen_heaters(struct printer_state *s, double nozzle, double nozzle_set,
				  double bed, double bed_set)
{
	struct heater *h = printer_heater_add(s, "extruder", "extruder");

	h->actual_c = nozzle;
	h->target_c = nozzle_set;
	h->power = nozzle_set > 0 ? 0.52 : 0;
	h = printer_heater_add(s, "bed", "heater_bed");
	h->actual_c = bed;
	h->target_c = bed_set;
	h->power = bed_set > 0 ? 0.38 : 0;
}

static inline void screen_job(struct printer_state *s, const char *file, double progress,
			      double left_min, double spent_min, int layer, int layers)
{
	str_copy(s->job.file, sizeof(s->job.file), file);
	str_copy(s->job.left_source, sizeof(s->job.left_source), "slicer");
	s->job.progress = progress;
	s->job.left_s = left_min * 60;
	s->job.elapsed_s = spent_min * 60;
	s->job.layer = layer;
	s->job.layers = layers;
}

/* Commits a state that was heard ago_s seconds before the moment. */
static inline void screen_commit(struct app *a, uint32_t id, struct printer_state *s, double ago_s)
{
	int64_t at_ms = SCREEN_NOW_MS - (int64_t)(ago_s * 1000);

	s->fresh.ok_ms = s->fresh.tried_ms = at_ms;
	fleet_get(a->fleet, id)->dialect = "moonraker";
	fleet_commit(a->fleet, id, s, at_ms, SCREEN_WALL_S - ago_s);
	fleet_get(a->fleet, id)->since_seen = true;	/* as if it had been watched before */
}

static inline uint32_t screen_printing(struct app *a, const char *name, const char *tag,
				       struct printer_state *s)
{
	uint32_t id = screen_add(a, name, tag);

	s->status = PRINTER_PRINTING;
	screen_commit(a, id, s, 1);
	return id;
}

/* voron-01 of the pictures: everything is known of it, and 20 minutes of temperatures. */
static inline uint32_t screen_add_voron(struct app *a)
{
	struct printer_state s;
	struct printer *p;
	struct heater *chamber;
	uint32_t id;

	printer_state_init(&s);
	screen_heaters(&s, 245.1, 245, 110, 110);
	chamber = printer_heater_add(&s, "chamber", "temperature_sensor chamber");
	chamber->actual_c = 48.2;
	screen_job(&s, "petg/bracket_x12.gcode", 0.87, 21.5, 168, 214, 246);
	s.pos_mm[0] = 121.4;
	s.pos_mm[1] = 88.02;
	s.pos_mm[2] = 42.8;
	s.speed_factor = 1;
	s.flow_factor = 0.98;
	s.fan = 0.4;
	str_copy(s.version, sizeof(s.version), "v0.9.3");
	str_copy(s.meta.filament_type, sizeof(s.meta.filament_type), "PETG");
	id = screen_printing(a, "voron-01", "petg", &s);
	p = fleet_get(a->fleet, id);
	for (int i = 1; i < HISTORY_SAMPLES; i++) {
		double warm = i > 160 ? (HISTORY_SAMPLES - i) / 80.0 : 1;

		history_seed(p->history, "extruder", i * 5.0, 25 + 220 * warm, 245, SCREEN_NOW_MS);
		history_seed(p->history, "bed", i * 5.0, 25 + 85 * warm, 110, SCREEN_NOW_MS);
	}
	return id;
}

static inline void screen_add_needy(struct app *a)
{
	struct printer_state s;
	uint32_t id = screen_add(a, "ender-2", "pla");

	printer_state_init(&s);
	screen_heaters(&s, 215, 240, 100, 100);
	screen_job(&s, "arm_left_v3.gcode", 0.41, 130, 92, 78, 190);
	s.status = PRINTER_PAUSED;
	str_copy(s.reason, sizeof(s.reason), "no filament");
	screen_commit(a, id, &s, 30);
	screen_commit(a, id, &s, 1);

	id = screen_add(a, "mk3-01", NULL);
	printer_state_init(&s);
	s.status = PRINTER_ERROR;
	str_copy(s.reason, sizeof(s.reason), "Heating failed: extruder");
	screen_commit(a, id, &s, 1172);
	screen_commit(a, id, &s, 1);

	id = screen_add(a, "voron-05", "petg");
	printer_state_init(&s);
	screen_heaters(&s, 31, 0, 44, 0);
	screen_job(&s, "lid_x4.gcode", 0.99, 1, 311, 140, 140);
	s.status = PRINTER_PRINTING;
	screen_commit(a, id, &s, 2100);
	screen_job(&s, "lid_x4.gcode", 1, 0, 311, 140, 140);
	s.status = PRINTER_COMPLETE;
	screen_commit(a, id, &s, 2047);
	screen_commit(a, id, &s, 1);
}

static inline void screen_add_away(struct app *a)
{
	struct printer_state s;
	struct printer *p;
	uint32_t id = screen_add(a, "cr10-old", NULL);

	p = fleet_get(a->fleet, id);
	p->config.parked = mem_strdup("waits for a new hotend");
	printer_state_init(&s);
	s.status = PRINTER_PARKED;
	screen_commit(a, id, &s, 1);

	id = screen_add(a, "ender-3", "pla");
	printer_state_init(&s);
	screen_heaters(&s, 24, 0, 23, 0);
	s.status = PRINTER_IDLE;
	screen_commit(a, id, &s, 250);
	s.status = PRINTER_OFFLINE;
	str_copy(s.reason, sizeof(s.reason), "connect timed out");
	s.fresh.tried_ms = SCREEN_NOW_MS - 3000;
	s.fresh.err = ERR_TIMEOUT;
	s.fresh.failures = 4;
	fleet_commit(a->fleet, id, &s, SCREEN_NOW_MS - 3000, SCREEN_WALL_S - 3);

	/* Heard a while ago and not since: its numbers are old. */
	id = screen_add(a, "mk3-03", "pla");
	printer_state_init(&s);
	screen_heaters(&s, 24, 0, 24, 0);
	s.status = PRINTER_IDLE;
	screen_commit(a, id, &s, 42);
}

/* An event that happened ago_s seconds before the moment. */
static inline void screen_event(struct app *a, enum event_kind kind, const char *printer,
				double ago_s, const char *text)
{
	struct event *ev;

	if (!a->alerts)
		a->alerts = alerts_new(a, false);
	alerts_note(a->alerts, kind, fleet_find(a->fleet, printer), "%s", text);
	ev = (struct event *)(uintptr_t)alerts_at(a->alerts, alerts_count(a->alerts) - 1);
	ev->at = SCREEN_WALL_S - ago_s;
}

/* The fleet of the pictures: thirteen printers, one or more of each kind of row. */
static inline uint32_t screen_add_fleet(struct app *a)
{
	struct printer_state s;
	uint32_t voron = screen_add_voron(a), id;

	screen_add_needy(a);
	screen_add_away(a);
	printer_state_init(&s);
	screen_heaters(&s, 244, 245, 110, 110);
	screen_job(&s, "bracket_x12.gcode", 0.63, 62.5, 105, 155, 246);
	fleet_get(a->fleet, screen_printing(a, "voron-02", "petg", &s))->marked = true;
	fleet_get(a->fleet, voron)->marked = true;
	printer_state_init(&s);
	screen_heaters(&s, 231, 230, 85, 85);
	screen_job(&s, "case_top.gcode", 0.12, 400.5, 54, 41, 330);
	screen_printing(a, "voron-03", "petg", &s);
	printer_state_init(&s);
	screen_heaters(&s, 215, 215, 60, 60);
	screen_job(&s, "Zahnr\xc3\xa4" "der_40.gcode", 0.04, 1835.5, 10, 3, 180);
	screen_printing(a, "mk4-01", "pla", &s);
	id = screen_add(a, "ender-1", "pla");
	printer_state_init(&s);
	screen_heaters(&s, 161, 210, 58, 60);
	screen_job(&s, "vase.gcode", 0, 250.5, 0, 0, 420);
	s.status = PRINTER_PREPARING;
	screen_commit(a, id, &s, 1);
	id = screen_add(a, "voron-04", "petg");
	printer_state_init(&s);
	screen_heaters(&s, 24, 0, 23, 0);
	s.status = PRINTER_IDLE;
	screen_commit(a, id, &s, 1);
	id = screen_add(a, "octo-1", NULL);
	printer_state_init(&s);
	s.status = PRINTER_UNAUTHORIZED;
	str_copy(s.reason, sizeof(s.reason), "403: the key is not accepted");
	screen_commit(a, id, &s, 1);
	screen_event(a, EVENT_FINISHED, "voron-05", 2047, "finished lid_x4.gcode in 5:11");
	screen_event(a, EVENT_FAILED, "mk3-01", 1172, "Heating failed: extruder");
	screen_event(a, EVENT_ACTION, "mk4-01", 125,
		     "upload: hook_50.bgcode is there, 6.1 MB in 3.0 s");
	screen_event(a, EVENT_PAUSED, "ender-2", 23, "paused: no filament");
	return voron;
}

static inline void screen_render(struct tui *t)
{
	struct moment m = { .now_ms = SCREEN_NOW_MS, .wall_s = SCREEN_WALL_S };

	tui_render(t, &m);
}

/* The screen as text; the caller frees. */
static inline char *screen_text(struct tui *t)
{
	struct sbuf b = SBUF_INIT(1 << 20);

	screen_render(t);
	canvas_dump_text(t->canvas, &b);
	return sbuf_take(&b);
}

static inline bool screen_shows(struct tui *t, const char *part)
{
	char *text = screen_text(t);
	bool shows = strstr(text, part);

	if (!shows)
		fprintf(stderr, "not on the screen: %s\n%s", part, text);
	free(text);
	return shows;
}

/* Compares with tests/golden/NAME.txt; PRINTOP_UPDATE_GOLDEN=1 writes it. */
static inline bool screen_golden(struct tui *t, const char *name)
{
	char *path = mem_printf("tests/golden/%s.txt", name), *text = screen_text(t), *want = NULL;
	size_t len;
	struct err e = { 0 };
	bool same;

	if (getenv("PRINTOP_UPDATE_GOLDEN") && !path_write(path, text, strlen(text), 0644, &e))
		fprintf(stderr, "%s\n", e.text);
	same = path_read(path, 1 << 20, &want, &len, &e) && str_eq(want, text);
	if (!same)
		fprintf(stderr, "%s %s; the screen is:\n%s", path, want ? "differs" : "is missing",
			text);
	free(want);
	free(text);
	free(path);
	return same;
}

#endif
