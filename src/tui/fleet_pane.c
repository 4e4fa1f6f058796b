/*
 * What surrounds the rows of the fleet: the printer under the cursor in more detail, and the
 * uploads.
 */
#include "fleet_view.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <printop/fields.h>
#include <printop/history.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "dialog.h"

#define NARROW_COLS 80
#define GRAPH_SPAN_S 1200

/* ---- texts ---- */

void fleet_end_text(double at, double wall_s, char *buf, size_t size)
{
	enum { DAY_S = 86400, WEEK_S = 6 * DAY_S };
	const bool known = at > 0 && at < 1e11;
	time_t then = known ? (time_t)at : 0;
	struct tm tm;
	const char *fmt = "%e%b";
	char text[STR_SMALL];

	str_copy(buf, size, "--:--");
	if (!known || !localtime_r(&then, &tm))
		return;
	if (fabs(at - wall_s) < DAY_S - 3600)
		fmt = "%H:%M";
	else if (fabs(at - wall_s) < WEEK_S)
		fmt = "%a";
	if (strftime(text, sizeof(text), fmt, &tm))
		str_copy(buf, size, text + (text[0] == ' '));
}

void fleet_age_text(double seconds, char *buf, size_t size)
{
	if (seconds < 60)
		seconds = floor(seconds / 5) * 5;
	str_age(buf, size, seconds);
}

bool fleet_has_numbers(const struct printer *p)
{
	return STATUS_BIT(p->state.status) & STATUS_OPERATIONAL;
}

static void offline_reason(const struct tui *t, const struct printer *p, const struct moment *m,
			   char *buf, size_t size)
{
	double next_s = t->app->poller ? poller_next_s(t->app->poller, p->id) : -1;
	double age_s = printer_age_s(p, m->now_ms);
	char age[STR_SMALL], next[64] = "";
	time_t at = (time_t)(m->wall_s + next_s + 0.5);
	struct tm tm;

	fleet_age_text(age_s, age, sizeof(age));
	/* A time of day stands still; seconds that count down would redraw the screen for ever. */
	if (next_s > 0 && localtime_r(&at, &tm))
		strftime(next, sizeof(next), ", next try %H:%M:%S", &tm);
	if (isnan(age_s))
		str_printf(buf, size, "%s%s",
			   p->state.reason[0] ? p->state.reason : "no answer yet", next);
	else
		str_printf(buf, size, "no answer for %s (%s)%s", age, p->state.reason, next);
}

/* "done 34 min", for jobs whose end was seen. */
static void done_reason(const struct printer *p, const struct moment *m, char *buf, size_t size)
{
	char age[STR_SMALL];
	double s = m->wall_s - p->since_at;
	const char *word = p->state.status == PRINTER_COMPLETE ? "done" : "ended";

	if (p->state.reason[0])
		str_copy(buf, size, p->state.reason);
	else if (!p->state.job.seq)
		str_copy(buf, size, "");
	else if (s < 60)
		str_printf(buf, size, "%s just now", word);
	else
		str_printf(buf, size, "%s %s", word, str_age(age, sizeof(age), s));
}

static void halted_reason(const struct printer *p, const struct moment *m, char *buf, size_t size)
{
	char clock[STR_SMALL];

	if (!p->state.reason[0] || !p->since_seen) {
		str_copy(buf, size, p->state.reason);
		return;
	}
	str_clock(clock, sizeof(clock), (time_t)p->since_at, (time_t)m->wall_s);
	str_printf(buf, size, "%s (%s)", p->state.reason, clock);
}

void fleet_reason(const struct tui *t, const struct printer *p, const struct moment *m, char *buf,
		  size_t size)
{
	const char *known = field_str(p, FIELD_REASON), *reason = known ? known : "";

	switch (p->state.status) {
	case PRINTER_OFFLINE:
		offline_reason(t, p, m, buf, size);
		return;
	case PRINTER_PARKED:
		reason = p->config.parked ? p->config.parked : "";
		str_printf(buf, size, "parked%s%s", reason[0] ? ": " : "", reason);
		return;
	case PRINTER_COMPLETE:
	case PRINTER_CANCELLED:
	case PRINTER_FAILED:
		done_reason(p, m, buf, size);
		return;
	case PRINTER_ERROR:
	case PRINTER_SHUTDOWN:
		halted_reason(p, m, buf, size);
		return;
	case PRINTER_UNKNOWN:
		str_copy(buf, size,
			 reason[0]		     ? reason :
			 p->state.fresh.tried_ms < 0 ? "not asked yet" :
						       "");
		return;
	case PRINTER_STARTING:
	case PRINTER_UNAUTHORIZED:
	case PRINTER_DISCONNECTED:
	case PRINTER_CONNECTING:
	case PRINTER_IDLE:
	case PRINTER_BUSY:
	case PRINTER_PREPARING:
	case PRINTER_PRINTING:
	case PRINTER_PAUSING:
	case PRINTER_PAUSED:
	case PRINTER_RESUMING:
	case PRINTER_CANCELLING:
	case PRINTER_FINISHING:
	case PRINTER_STATUS_N:
		str_copy(buf, size, reason);
		return;
	}
}

/* ---- lines about one printer ---- */

/* Puts "  text" behind what is on the line, when it still fits. */
static void add_part(struct canvas *c, struct area *line, enum role role, const char *text)
{
	int w = canvas_width(c, text);

	if (!*text || line->w < w)
		return;
	canvas_text(c, line->x, line->y, line->w, role, text);
	line->x += w + 2;
	line->w -= w + 2;
}

static void add_ratio(struct canvas *c, struct area *line, const char *name, double ratio)
{
	char text[STR_SMALL + 16];

	if (isnan(ratio))
		return;
	str_printf(text, sizeof(text), "%s %.0f%%", name, ratio * 100);
	add_part(c, line, ROLE_NORMAL, text);
}

static void layer_text(const struct printer *p, char *buf, size_t size)
{
	const struct job *j = &p->state.job;

	*buf = '\0';
	if (j->layer >= 0 && j->layers > 0)
		str_printf(buf, size, "layer %lld/%lld", (long long)j->layer, (long long)j->layers);
	else if (j->layer >= 0)
		str_printf(buf, size, "layer %lld", (long long)j->layer);
}

/* "bracket_x12.gcode  layer 214/246  Z 42.8  speed 100%  flow 98%  fan 40%" */
static void job_line(struct canvas *c, struct area line, const struct printer *p)
{
	const struct printer_state *s = &p->state;
	char text[STR_SMALL + 32];

	if (s->job.file[0]) {
		int used = canvas_text(c, line.x, line.y, line.w > 40 ? line.w / 2 : line.w,
				       ROLE_STRONG, str_basename(s->job.file)) +
			   2;

		line.x += used;
		line.w -= used;
	} else {
		add_part(c, &line, ROLE_DIM, "no job");
	}
	layer_text(p, text, sizeof(text));
	add_part(c, &line, ROLE_NORMAL, text);
	if (!isnan(s->pos_mm[2])) {
		str_printf(text, sizeof(text), "Z %.1f", s->pos_mm[2]);
		add_part(c, &line, ROLE_NORMAL, text);
	}
	add_ratio(c, &line, "speed", s->speed_factor);
	add_ratio(c, &line, "flow", s->flow_factor);
	add_ratio(c, &line, "fan", s->fan);
}

/* "left 0:21 (slicer)  ends 14:53  spent 2:48" */
static void time_line(struct canvas *c, struct area line, const struct printer *p,
		      const struct moment *m)
{
	const struct job *j = &p->state.job;
	char text[96], number[STR_SMALL];

	if (!isnan(j->left_s)) {
		str_printf(text, sizeof(text), "left %s%s%s%s",
			   str_duration(number, sizeof(number), j->left_s),
			   j->left_source[0] ? " (" : "", j->left_source,
			   j->left_source[0] ? ")" : "");
		add_part(c, &line, ROLE_NORMAL, text);
	}
	if (isfinite(p->ends_at)) {
		str_printf(
			text, sizeof(text), "ends %s",
			str_clock(number, sizeof(number), (time_t)p->ends_at, (time_t)m->wall_s));
		add_part(c, &line, ROLE_NORMAL, text);
	}
	if (!isnan(j->elapsed_s)) {
		str_printf(text, sizeof(text), "spent %s",
			   str_duration(number, sizeof(number), j->elapsed_s));
		add_part(c, &line, ROLE_NORMAL, text);
	}
	add_part(c, &line, ROLE_NORMAL, p->state.meta.filament_type);
	add_part(c, &line, ROLE_DIM, p->state.message);
}

/* The keys that the footer has no room for and that work now: "K restart  C connect". */
static void what_helps(struct tui *t, struct canvas *c, struct area line, const struct printer *p)
{
	static const enum action_id actions[] = { ACTION_RESTART, ACTION_CONNECT };
	char text[64], label[STR_SMALL];
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		const struct action *a = action_info(actions[i]);
		uint32_t key = keymap_key_of(t->keymap, SCOPE_FLEET, actions[i]);

		if (key == KEY_NONE || t->app->read_only ||
		    !op_allowed(t->app, p->id, (enum verb)a->verb, &e))
			continue;
		str_printf(text, sizeof(text), "%s %s", key_label(key, label, sizeof(label)),
			   a->sentence);
		add_part(c, &line, ROLE_KEY, text);
	}
	if (!isnan(printer_age_s(p, t->moment.now_ms)) && p->state.version[0]) {
		str_printf(text, sizeof(text), "%s %s", p->dialect ? p->dialect : "",
			   p->state.version);
		add_part(c, &line, ROLE_DIM, text);
	}
}

/* Where the numbers of a printer mean nothing: why, in full. */
static void reason_lines(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
			 const struct moment *m)
{
	char text[TEXT_CAP + 64];
	int used;

	fleet_reason(t, p, m, text, sizeof(text));
	used = dialog_wrap(c, a, status_role(p->state.status), text);
	a.y += used;
	a.h -= used;
	if (a.h > 0)
		what_helps(t, c, (struct area){ a.x, a.y, a.w, 1 }, p);
	if (a.h > 1)
		canvas_text(c, a.x, a.y + 1, a.w, ROLE_DIM, p->config.url);
}

/* ---- sparklines ---- */

/* The mean of the samples from..to steps back, NAN when there is none. */
static double mean_actual(const struct printer *p, const char *heater, int from, int to,
			  int64_t now_ms)
{
	double sum = 0;
	int n = 0;

	for (int i = from; i <= to && i < HISTORY_SAMPLES; i++) {
		double v = history_actual(p->history, heater, i, now_ms);

		if (!isnan(v)) {
			sum += v;
			n++;
		}
	}
	return n ? sum / n : (double)NAN;
}

static uint32_t spark_glyph(const struct canvas *c, double ratio)
{
	static const char ascii[] = "..,,--~~";
	int level = (int)(ratio * 8);

	level = level < 0 ? 0 : level > 7 ? 7 : level;
	return c->ascii ? (uint32_t)ascii[level] : 0x2581u + (uint32_t)level;
}

/*
 * Columns stand for fixed minutes, so that the picture moves once a minute and not with every
 * sample.
 */
static void sparkline(struct canvas *c, int x, int y, int w, const struct printer *p,
		      const struct heater *h, enum role role, int64_t now_ms)
{
	int per = HISTORY_SAMPLES / w > 0 ? HISTORY_SAMPLES / w : 1;
	int into = (int)(now_ms / HISTORY_STEP_MS % per);
	double top = fmax(fmax(h->actual_c, isnan(h->target_c) ? 0 : h->target_c), 40) * 1.1;

	for (int i = 0; i < w; i++) {
		int from = i ? into + 1 + (i - 1) * per : 0, to = into + i * per;
		double v = mean_actual(p, h->name, from, to, now_ms);

		if (!isnan(v))
			canvas_put(c, x + w - 1 - i, y, role, spark_glyph(c, v / top));
	}
}

static const char *heater_title(const struct heater *h)
{
	return str_eq(h->name, "extruder") ? "nozzle" : h->name;
}

static void spark_line(struct canvas *c, struct area line, const struct printer *p,
		       const struct moment *m)
{
	int shown = p->state.n_heaters < 3 ? p->state.n_heaters : 3, w;

	if (!shown)
		return;
	w = line.w / shown - 2;
	for (int i = 0; i < shown; i++) {
		const struct heater *h = &p->state.heaters[i];
		char text[HEATER_NAME + 16];
		int used;

		str_printf(text, sizeof(text), "%s %.0f ", heater_title(h), h->actual_c);
		used = canvas_text(c, line.x, line.y, w, ROLE_NORMAL, text);
		if (p->history && w - used >= 6)
			sparkline(c, line.x + used, line.y, w - used > 20 ? 20 : w - used, p, h,
				  graph_role(i), m->now_ms);
		line.x += w + 2;
	}
}

/* ---- strip ---- */

static void narrow_strip(struct canvas *c, struct area a, const struct printer *p,
			 const struct moment *m)
{
	char text[64], clock[STR_SMALL];
	struct area line = { a.x, a.y, a.w, 1 };
	const struct printer_state *s = &p->state;

	add_part(c, &line, ROLE_STRONG, str_basename(s->job.file));
	layer_text(p, text, sizeof(text));
	add_part(c, &line, ROLE_NORMAL, text);
	if (isfinite(p->ends_at)) {
		str_printf(text, sizeof(text), "ends %s",
			   str_clock(clock, sizeof(clock), (time_t)p->ends_at, (time_t)m->wall_s));
		add_part(c, &line, ROLE_NORMAL, text);
	}
	if (a.h > 1 && !isnan(s->job.progress)) {
		str_printf(text, sizeof(text), "%d%%", percent_of(s->job.progress));
		canvas_bar(c, a.x, a.y + 1, a.w - 5, s->job.progress, status_role(s->status));
		canvas_text_right(c, a.x, a.y + 1, a.w, ROLE_NORMAL, text);
	}
	if (a.h > 2) {
		line = (struct area){ a.x, a.y + 2, a.w, 1 };
		draw_temp(c, line.x, line.y, 7, printer_heater(s, "extruder"), ROLE_NORMAL);
		draw_temp(c, line.x + 9, line.y, 7, printer_heater(s, "bed"), ROLE_NORMAL);
		line.x += 18;
		line.w -= 18;
		add_ratio(c, &line, "fan", s->fan);
		add_ratio(c, &line, "speed", s->speed_factor);
		add_ratio(c, &line, "flow", s->flow_factor);
	}
}

void fleet_strip(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		 const struct moment *m)
{
	struct area in = { a.x + 1, a.y + 1, a.w - 2, a.h - 1 };

	canvas_hline(c, a.x, a.y, a.w, p ? p->config.name : NULL, NULL);
	if (!p || in.h < 1)
		return;
	if (!fleet_has_numbers(p)) {
		reason_lines(t, c, in, p, m);
		return;
	}
	if (a.w < NARROW_COLS) {
		narrow_strip(c, in, p, m);
		return;
	}
	job_line(c, (struct area){ in.x, in.y, in.w, 1 }, p);
	if (in.h > 1)
		time_line(c, (struct area){ in.x, in.y + 1, in.w, 1 }, p, m);
	if (in.h >= 8)
		draw_graph(c, (struct area){ in.x, in.y + 2, in.w, in.h - 2 }, p, GRAPH_SPAN_S,
			   tui_graph_kind(t), m);
	else if (in.h > 2)
		spark_line(c, (struct area){ in.x, in.y + 2, in.w, 1 }, p, m);
}

/* ---- side pane ---- */

static void add_tags(const struct printer *p, char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (int i = 0; i < p->config.n_tags && used + 2 < size; i++) {
		str_printf(buf + used, size - used, "%s%s",
			   i ? ", " : "  tags: ", p->config.tags[i]);
		used = strlen(buf);
	}
}

static void side_title(struct canvas *c, struct area line, const struct printer *p)
{
	const char *state = printer_status_info(p->state.status)->name;
	char tags[128];
	int w = canvas_width(c, state);

	add_tags(p, tags, sizeof(tags));
	canvas_text_right(c, line.x, line.y, line.w, status_role(p->state.status), state);
	line.w -= w + 1;
	w = canvas_text(c, line.x, line.y, line.w, ROLE_TITLE, p->config.name);
	canvas_text(c, line.x + w, line.y, line.w - w, ROLE_DIM, tags);
}

static void side_bar(struct canvas *c, struct area line, const struct printer *p)
{
	char text[STR_SMALL];

	if (isnan(p->state.job.progress))
		return;
	str_printf(text, sizeof(text), "%d%%", percent_of(p->state.job.progress));
	canvas_bar(c, line.x, line.y, line.w - 5, p->state.job.progress,
		   status_role(p->state.status));
	canvas_text_right(c, line.x, line.y, line.w, ROLE_NORMAL, text);
}

static void side_heater(struct canvas *c, struct area line, const struct heater *h, int i)
{
	char text[STR_SMALL];
	int name_w = line.w >= 40 ? 14 : 9, x = line.x + name_w + 1;

	canvas_text(c, line.x, line.y, name_w, graph_role(i), heater_title(h));
	draw_temp(c, x, line.y, 7, h, ROLE_NORMAL);
	if (isnan(h->power) || line.w < name_w + 23)
		return;
	canvas_bar(c, x + 9, line.y, 8, h->power, ROLE_HEAT);
	str_printf(text, sizeof(text), "%.0f%%", h->power * 100);
	canvas_text_right(c, x + 17, line.y, 5, ROLE_NORMAL, text);
}

static void side_motion(struct canvas *c, struct area line, const struct printer *p)
{
	const double *pos = p->state.pos_mm;
	char text[64];

	if (isnan(pos[0]) || isnan(pos[1]) || isnan(pos[2]))
		return;
	str_printf(text, sizeof(text), "X %.1f  Y %.1f  Z %.2f", pos[0], pos[1], pos[2]);
	add_part(c, &line, ROLE_NORMAL, text);
}

static void side_ratios(struct canvas *c, struct area line, const struct printer *p)
{
	add_ratio(c, &line, "speed", p->state.speed_factor);
	add_ratio(c, &line, "flow", p->state.flow_factor);
	add_ratio(c, &line, "fan", p->state.fan);
}

/* The next line of the pane; its height is 0 when the pane is full. */
static struct area next_line(struct area *rest)
{
	struct area line = { rest->x, rest->y, rest->w, rest->h > 0 };

	rest->y += line.h;
	rest->h -= line.h;
	return line;
}

static void side_numbers(struct tui *t, struct canvas *c, struct area rest, const struct printer *p,
			 const struct moment *m)
{
	int heaters = p->state.n_heaters < 6 ? p->state.n_heaters : 6, below = heaters + 2;
	struct area line;
	char text[STR_SMALL + 16];

	line = next_line(&rest);
	if (line.h)
		canvas_text(c, line.x, line.y, line.w,
			    p->state.job.file[0] ? ROLE_STRONG : ROLE_DIM,
			    p->state.job.file[0] ? p->state.job.file : "no job");
	if (p->state.job.file[0] && (line = next_line(&rest)).h)
		side_bar(c, line, p);
	if ((STATUS_BIT(p->state.status) & STATUS_ACTIVE) && (line = next_line(&rest)).h)
		time_line(c, line, p, m);
	layer_text(p, text, sizeof(text));
	if (*text && (line = next_line(&rest)).h)
		canvas_text(c, line.x, line.y, line.w, ROLE_NORMAL, text);
	if (rest.h - below >= 5) {
		struct area graph = rest;

		graph.h = rest.h - below > 24 ? 24 : rest.h - below;
		draw_graph(c, graph, p, GRAPH_SPAN_S, tui_graph_kind(t), m);
		rest.y += graph.h;
		rest.h -= graph.h;
	}
	for (int i = 0; i < heaters && (line = next_line(&rest)).h; i++)
		side_heater(c, line, &p->state.heaters[i], i);
	if ((line = next_line(&rest)).h)
		side_ratios(c, line, p);
	if ((line = next_line(&rest)).h)
		side_motion(c, line, p);
}

void fleet_side(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		const struct moment *m)
{
	struct area in = { a.x + 2, a.y, a.w - 3, a.h };

	canvas_vline(c, a.x, a.y, a.h);
	if (!p || in.w < 10)
		return;
	side_title(c, next_line(&in), p);
	if (fleet_has_numbers(p))
		side_numbers(t, c, in, p, m);
	else
		reason_lines(t, c, in, p, m);
}

/* ---- transfers ---- */

static void transfer_line(struct canvas *c, struct area a, const struct op *op)
{
	char text[STR_SMALL], head[NAME_CAP + 80];
	double ratio = op->total_bytes > 0 ? (double)op->sent_bytes / (double)op->total_bytes : 0;

	str_printf(head, sizeof(head), "%s -> %s", op->x.args.name ? op->x.args.name : "",
		   op->printer_name);
	canvas_text(c, a.x, a.y, a.w - 16, ROLE_NORMAL, head);
	if (op->phase == OP_QUEUED) {
		canvas_text_right(c, a.x, a.y, a.w, ROLE_DIM, "queued");
		return;
	}
	str_printf(text, sizeof(text), "%.0f%%", ratio * 100);
	canvas_bar(c, a.x + a.w - 15, a.y, 10, ratio, ROLE_BAR);
	canvas_text_right(c, a.x, a.y, a.w, ROLE_NORMAL, text);
}

void fleet_transfers(struct tui *t, struct canvas *c, struct area a)
{
	const struct ops *ops = t->app->ops;
	int y = a.y + 1;

	canvas_hline(c, a.x, a.y, a.w, "TRANSFERS", NULL);
	canvas_vline(c, a.x, a.y, a.h);
	canvas_put(c, a.x, a.y, ROLE_BORDER, canvas_glyph(c, GLYPH_TTEE));
	for (size_t i = 0; ops && i < ops_count(ops) && y < a.y + a.h; i++) {
		const struct op *op = ops_at(ops, i);

		if (op->x.verb == VERB_UPLOAD && !op_ended(op))
			transfer_line(c, (struct area){ a.x + 2, y++, a.w - 3, 1 }, op);
	}
}
