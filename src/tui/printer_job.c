/* The printer view's head: title line, the job with its facts, what helps when it is not well. */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "dialog.h"
#include "fleet_view.h"
#include "printer_view.h"

#define WIDE_COLS 110

/* ---- title line ---- */

static void upper(char *s)
{
	for (; *s; s++)
		*s = (char)toupper((unsigned char)*s);
}

/* Where the clock and the place in the fleet begin; as frame_title() puts them. */
static int title_end(const struct tui *t, const struct canvas *c, const char *right)
{
	int end = c->cols - (c->cols >= WIDE_COLS ? 11 : c->cols >= 30 ? 7 : 0);

	if (canvas_width(c, right) + 12 < end)
		end -= canvas_width(c, right) + 2;
	return end - (t->app->read_only && end > 50 ? 11 : 0);
}

static void place_text(const struct tui *t, const struct printer *p, char *buf, size_t size)
{
	size_t n = fleet_count(t->app->fleet), at = 0;

	while (at < n && fleet_at(t->app->fleet, at)->id != p->id)
		at++;
	str_printf(buf, size, "[ %zu of %zu ]", at + 1, n);
}

static void add_server(struct line *l, const struct printer *p)
{
	const struct printer_state *s = &p->state;

	if (p->dialect)
		line_addf(l, ROLE_NORMAL, "%s%s%s", p->dialect, s->version[0] ? " " : "",
			  s->version);
	if (l->end > WIDE_COLS)
		line_add(l, ROLE_DIM, p->config.url);
	if (!isnan(s->latency_ms))
		line_addf(l, ROLE_DIM, "%.0f ms", s->latency_ms);
	if (s->klippy_state[0])
		line_addf(l, ROLE_NORMAL, "klipper %s", s->klippy_state);
	if (str_eq(s->access, "read-only"))
		line_add(l, ROLE_WARN, "the key may only look");
	for (int i = 0; i < p->config.n_tags; i++)
		line_add(l, ROLE_DIM, p->config.tags[i]);
}

void printer_title(struct tui *t, struct canvas *c, const struct printer *p, const struct moment *m)
{
	struct line l = { c, 0, 0, 0 };
	char place[64], word[STR_SMALL], age[STR_SMALL];

	place_text(t, p, place, sizeof(place));
	frame_title(t, c, "", place);
	l.end = title_end(t, c, place);
	str_copy(word, sizeof(word), printer_status_info(p->state.status)->name);
	upper(word);
	line_rest(&l, ROLE_TITLE, p->config.name);
	line_rest(&l, status_role(p->state.status), word);
	if (printer_stale(p, m->now_ms) && !isnan(printer_age_s(p, m->now_ms))) {
		fleet_age_text(printer_age_s(p, m->now_ms), age, sizeof(age));
		line_addf(&l, ROLE_STALE, "~ %s old", age);
	}
	add_server(&l, p);
}

/* ---- what helps ---- */

/* "K restarts the firmware" when that may be sent now. */
static bool add_verb(struct line *l, struct tui *t, const struct printer *p, enum action_id id,
		     const char *does)
{
	uint32_t key = keymap_key_of(t->keymap, SCOPE_PRINTER, id);
	char label[STR_SMALL];
	struct err e;

	if (key == KEY_NONE || !op_allowed(t->app, p->id, (enum verb)action_info(id)->verb, &e))
		return false;
	return line_addf(l, ROLE_KEY, "%s %s", key_label(key, label, sizeof(label)), does);
}

static void add_key(struct line *l, const struct tui *t, enum action_id id, const char *does)
{
	uint32_t key = keymap_key_of(t->keymap, SCOPE_PRINTER, id);
	char label[STR_SMALL];

	if (key != KEY_NONE)
		line_addf(l, ROLE_KEY, "%s %s", key_label(key, label, sizeof(label)), does);
}

/* What a person can do about the state it is in. */
static void add_help(struct line *l, struct tui *t, const struct printer *p)
{
	const char *where = p->config.where ? p->config.where : "printers.conf";

	switch (p->state.status) {
	case PRINTER_UNAUTHORIZED:
		line_addf(l, ROLE_KEY, "check its key (%s), then :reload", where);
		return;
	case PRINTER_PARKED:
		line_addf(l, ROLE_KEY, "take \"parked\" out of %s, then :reload", where);
		return;
	case PRINTER_OFFLINE:
		add_key(l, t, ACTION_REFRESH, "tries now");
		line_add(l, ROLE_DIM, "is it on, and is the address right?");
		return;
	case PRINTER_SHUTDOWN:
	case PRINTER_ERROR:
	case PRINTER_DISCONNECTED:
		if (!add_verb(l, t, p, ACTION_RESTART, "restarts the firmware") &&
		    !add_verb(l, t, p, ACTION_CONNECT, "connects") && !t->app->read_only)
			line_add(l, ROLE_DIM, "nothing can be sent to it now");
		return;
	case PRINTER_UNKNOWN:
	case PRINTER_STARTING:
	case PRINTER_CONNECTING:
		line_add(l, ROLE_DIM, "wait a moment");
		return;
	case PRINTER_PAUSED:
		add_verb(l, t, p, ACTION_RESUME, "resumes");
		add_verb(l, t, p, ACTION_CANCEL, "cancels");
		return;
	case PRINTER_IDLE:
	case PRINTER_COMPLETE:
	case PRINTER_CANCELLED:
	case PRINTER_FAILED:
		add_verb(l, t, p, ACTION_START, "starts a file");
		add_verb(l, t, p, ACTION_UPLOAD, "uploads");
		return;
	case PRINTER_BUSY:
	case PRINTER_PREPARING:
	case PRINTER_PRINTING:
	case PRINTER_PAUSING:
	case PRINTER_RESUMING:
	case PRINTER_CANCELLING:
	case PRINTER_FINISHING:
	case PRINTER_STATUS_N:
		return;
	}
}

/* In place of a job: the reason in full, then what helps. */
static void not_well(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		     const struct moment *m)
{
	char reason[TEXT_CAP + 64];
	struct line l;
	int used;

	fleet_reason(t, p, m, reason, sizeof(reason));
	if (!reason[0])
		str_copy(reason, sizeof(reason), printer_status_info(p->state.status)->sentence);
	used = dialog_wrap(c, (struct area){ a.x, a.y, a.w, a.h > 1 ? a.h - 1 : a.h },
			   status_role(p->state.status), reason);
	l = line_of(c, a, used < a.h ? used : a.h - 1);
	if (a.h > 1)
		add_help(&l, t, p);
}

/* ---- the job ---- */

static void add_layer(struct line *l, const struct printer *p)
{
	const struct job *j = &p->state.job;

	if (j->layer >= 0 && j->layers > 0)
		line_addf(l, ROLE_NORMAL, "layer %lld/%lld", (long long)j->layer,
			  (long long)j->layers);
	else if (j->layer >= 0)
		line_addf(l, ROLE_NORMAL, "layer %lld", (long long)j->layer);
}

static void add_height(struct line *l, const struct printer *p)
{
	if (!isnan(p->state.pos_mm[2]) && p->state.meta.object_height_mm > 0)
		line_addf(l, ROLE_NORMAL, "height %.1f of %.1f mm", p->state.pos_mm[2],
			  p->state.meta.object_height_mm);
}

static bool is_active(const struct printer *p)
{
	return STATUS_BIT(p->state.status) & STATUS_ACTIVE;
}

static void add_elapsed(struct line *l, const struct printer *p)
{
	char text[STR_SMALL];

	if (!isnan(p->state.job.elapsed_s))
		line_addf(l, ROLE_NORMAL, "%s %s", is_active(p) ? "elapsed" : "took",
			  str_duration(text, sizeof(text), p->state.job.elapsed_s));
}

static void add_left(struct line *l, const struct printer *p)
{
	const struct job *j = &p->state.job;
	char text[STR_SMALL] = "--";

	if (!is_active(p))
		return;
	if (!isnan(j->left_s))
		str_duration(text, sizeof(text), j->left_s);
	line_addf(l, ROLE_NORMAL, "left %s%s%s", text, j->left_source[0] ? " " : "",
		  j->left_source);
}

static void add_end(struct line *l, const struct printer *p, const struct moment *m)
{
	char text[STR_SMALL];

	if (!isfinite(p->ends_at) || !is_active(p))
		return;
	str_clock(text, sizeof(text), (time_t)p->ends_at, (time_t)m->wall_s);
	line_addf(l, ROLE_NORMAL, "ends %s%s", text, strlen(text) == 5 ? " today" : "");
}

/* "used 41.2 of 47.6 m (136 g)" */
static void add_filament(struct line *l, const struct printer *p)
{
	double used = p->state.job.filament_used_mm, all = p->state.meta.filament_mm;
	double grams = p->state.meta.filament_g;
	char weight[STR_SMALL] = "";

	if (grams > 0)
		str_printf(weight, sizeof(weight), " (%.0f g)", grams);
	if (!isnan(used) && all > 0)
		line_addf(l, ROLE_NORMAL, "used %.1f of %.1f m%s", used / 1000, all / 1000, weight);
	else if (all > 0)
		line_addf(l, ROLE_NORMAL, "takes %.1f m%s", all / 1000, weight);
	else if (used > 0)
		line_addf(l, ROLE_NORMAL, "used %.1f m", used / 1000);
	line_add(l, ROLE_NORMAL, p->state.meta.filament_type);
}

/* What the slicer wrote into the file. */
static void add_file_facts(struct line *l, const struct printer *p)
{
	const struct file_meta *f = &p->state.meta;

	if (f->layer_height_mm > 0)
		line_addf(l, ROLE_DIM, "%.2f mm layers", f->layer_height_mm);
	if (f->nozzle_c > 0 && f->bed_c > 0)
		line_addf(l, ROLE_DIM, "%.0f/%.0f C", f->nozzle_c, f->bed_c);
	else if (f->nozzle_c > 0)
		line_addf(l, ROLE_DIM, "%.0f C", f->nozzle_c);
	else if (f->bed_c > 0)
		line_addf(l, ROLE_DIM, "bed %.0f C", f->bed_c);
	if (f->nozzle_mm > 0)
		line_addf(l, ROLE_DIM, "nozzle %.2g mm", f->nozzle_mm);
	if (!str_eq_nocase(f->slicer, "unknown"))	/* Moonraker 0.11.0 says so in words */
		line_add(l, ROLE_DIM, f->slicer);
}

static void add_sources(struct line *l, const struct printer *p)
{
	const struct job *j = &p->state.job;
	char text[STR_SMALL];

	if (j->progress_source[0])
		line_addf(l, ROLE_DIM, "progress by %s", j->progress_source);
	if (j->size_bytes > 0)
		line_add(l, ROLE_DIM, str_bytes(text, sizeof(text), (double)j->size_bytes));
	line_add(l, ROLE_DIM, j->user);
}

static int draw_bar(struct canvas *c, struct area row, const struct printer *p)
{
	char text[STR_SMALL] = "--";
	int used;

	if (!isnan(p->state.job.progress))
		str_printf(text, sizeof(text), "%d%%", percent_of(p->state.job.progress));
	used = canvas_text_right(c, row.x, row.y, row.w, ROLE_STRONG, text);
	if (row.w < 16)
		return used;
	canvas_bar(c, row.x, row.y, row.w - 5, p->state.job.progress, status_role(p->state.status));
	return row.w;
}

/* Why it waits and what helps, or the printer's own words; false when there is nothing to say. */
static bool last_line(struct tui *t, struct line *l, const struct printer *p,
		      const struct moment *m)
{
	char reason[TEXT_CAP + 64];

	fleet_reason(t, p, m, reason, sizeof(reason));
	if (reason[0]) {
		line_rest(l, status_role(p->state.status), reason);
		add_help(l, t, p);
	} else if (p->state.message[0]) {
		line_rest(l, ROLE_DIM, p->state.message);
	}
	return reason[0] || p->state.message[0];
}

/* One column: a line for each thing. */
static void job_column(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		       const struct moment *m)
{
	struct line l;

	draw_path(c, a.x, a.y, a.w, ROLE_STRONG, p->state.job.file);
	if (a.h > 1)
		draw_bar(c, (struct area){ a.x, a.y + 1, a.w, 1 }, p);
	l = line_of(c, a, 2);
	add_layer(&l, p);
	add_height(&l, p);
	l = line_of(c, a, 3);
	add_elapsed(&l, p);
	add_left(&l, p);
	l = line_of(c, a, 4);
	add_end(&l, p, m);
	l = line_of(c, a, 5);
	add_filament(&l, p);
	l = line_of(c, a, 6);
	add_file_facts(&l, p);
	l = line_of(c, a, 7);
	add_sources(&l, p);
	l = line_of(c, a, 8);
	last_line(t, &l, p, m);
}

/* Across the screen: as much as fits into few lines. */
static void job_rows(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		     const struct moment *m)
{
	int bar_w = a.w >= 60 ? a.w * 2 / 5 : 5;
	struct line l = line_of(c, a, 1);

	draw_path(c, a.x, a.y, a.w - bar_w - 1, ROLE_STRONG, p->state.job.file);
	draw_bar(c, (struct area){ a.x + a.w - bar_w, a.y, bar_w, 1 }, p);
	if (a.w >= 66) {
		add_layer(&l, p);
		add_elapsed(&l, p);
	}
	add_left(&l, p);
	add_end(&l, p, m);
	if (a.w < 66) {		/* what counts most came first */
		add_layer(&l, p);
		add_elapsed(&l, p);
	}
	l = line_of(c, a, 2);
	add_filament(&l, p);
	add_file_facts(&l, p);
	l = line_of(c, a, 3);
	if (last_line(t, &l, p, m))
		return;
	add_height(&l, p);
	add_sources(&l, p);
}

/* No job: what could be done instead. */
static void no_job(struct tui *t, struct canvas *c, struct area a, const struct printer *p)
{
	struct line l = line_of(c, a, 0);

	line_add(&l, ROLE_DIM, "no job");
	line_add(&l, ROLE_DIM, p->state.message);
	if (a.h > 1)
		l = line_of(c, a, 1);
	add_help(&l, t, p);
}

void printer_job(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		 const struct moment *m)
{
	bool column = a.x > 0;
	struct area in = a;

	if (a.h < 1)
		return;
	if (column) {
		pane_title(c, a, "JOB", NULL, false);
		in = (struct area){ a.x + 2, a.y + 1, a.w - 3, a.h - 1 };
	} else if (a.w >= 40) {
		in = (struct area){ a.x + 1, a.y, a.w - 2, a.h };
	}
	if (!fleet_has_numbers(p))
		not_well(t, c, in, p, m);
	else if (!p->state.job.file[0])
		no_job(t, c, in, p);
	else if (column)
		job_column(t, c, in, p, m);
	else
		job_rows(t, c, in, p, m);
}
