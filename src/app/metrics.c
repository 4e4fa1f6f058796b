/* The fleet as OpenMetrics text: one table of families, each with the way to its values. */
#include <printop/metrics.h>

#include <math.h>
#include <stdlib.h>
#include <printop/alert.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/str.h>

enum outcome { FINISHED, CANCELLED, FAILED, OUTCOMES };

static const char *const outcome_names[OUTCOMES] = { "finished", "cancelled", "failed" };

struct count {
	uint32_t printer;
	uint64_t of[OUTCOMES];
};

struct metrics {
	struct app *app;
	struct count *counts;
	size_t n, cap;
};

/* ---- counting ---- */

static struct count *count_of(struct metrics *m, uint32_t printer)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->counts[i].printer == printer)
			return &m->counts[i];
	m->counts = mem_grow(m->counts, m->n, &m->cap, sizeof(*m->counts));
	m->counts[m->n] = (struct count){ .printer = printer };
	return &m->counts[m->n++];
}

static void on_event(void *ctx, const struct event *ev)
{
	struct metrics *m = ctx;

	if (!ev->printer_id)
		return;
	if (ev->kind == EVENT_FINISHED)
		count_of(m, ev->printer_id)->of[FINISHED]++;
	else if (ev->kind == EVENT_CANCELLED)
		count_of(m, ev->printer_id)->of[CANCELLED]++;
	else if (ev->kind == EVENT_FAILED && ev->job)
		count_of(m, ev->printer_id)->of[FAILED]++;
}

struct metrics *metrics_new(struct app *a)
{
	struct metrics *m = MEM_NEW(struct metrics);

	m->app = a;
	alerts_observe(a->alerts, on_event, m);
	return m;
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	alerts_unobserve(m->app->alerts, on_event, m);
	free(m->counts);
	free(m);
}

/* ---- writing ---- */

/* Label values: backslash, quote and newline are escaped, the rest is UTF-8 as it is. */
static void add_value(struct sbuf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			sbuf_addc(out, '\\');
		sbuf_addc(out, *s == '\n' ? ' ' : *s);
	}
}

static void add_line(struct sbuf *out, const char *name, const char *printer, const char *label,
		     const char *value, double number)
{
	if (isnan(number))
		return;
	sbuf_addf(out, "printop_%s{printer=\"", name);
	add_value(out, printer);
	sbuf_addc(out, '"');
	if (label) {
		sbuf_addf(out, ",%s=\"", label);
		add_value(out, value);
		sbuf_addc(out, '"');
	}
	sbuf_addf(out, "} %.10g\n", number);
}

static double up(const struct printer *p, int64_t now_ms)
{
	enum printer_status s = p->state.status;

	(void)now_ms;
	return s != PRINTER_OFFLINE && s != PRINTER_UNKNOWN && s != PRINTER_PARKED && s != PRINTER_STARTING;
}

static double progress(const struct printer *p, int64_t now_ms)
{
	(void)now_ms;
	return p->state.job.progress;
}

static double left(const struct printer *p, int64_t now_ms)
{
	(void)now_ms;
	return p->state.job.left_s;
}

static double elapsed(const struct printer *p, int64_t now_ms)
{
	(void)now_ms;
	return p->state.job.elapsed_s;
}

static double latency(const struct printer *p, int64_t now_ms)
{
	(void)now_ms;
	return p->state.latency_ms / 1000;
}

static double polls(const struct printer *p, int64_t now_ms)
{
	(void)now_ms;
	return (double)p->state.fresh.polls_total;
}

static double errors(const struct printer *p, int64_t now_ms)
{
	(void)now_ms;
	return (double)p->state.fresh.errors_total;
}

static const struct family {
	const char *name, *type, *unit, *help;
	double (*value)(const struct printer *p, int64_t now_ms);
} families[] = {
	{ "printer_up", "gauge", NULL, "1 when the printer's server answers.", up },
	{ "values_age_seconds", "gauge", "seconds", "Age of the values.", printer_age_s },
	{ "job_progress_ratio", "gauge", "ratio", "Progress of the job, 0 to 1.", progress },
	{ "job_left_seconds", "gauge", "seconds", "Time left.", left },
	{ "job_elapsed_seconds", "gauge", "seconds", "Time printed so far.", elapsed },
	{ "poll_latency_seconds", "gauge", "seconds", "Answer time of the last good poll.", latency },
	{ "polls", "counter", NULL, "Polls of the printer's state.", polls },
	{ "poll_errors", "counter", NULL, "Polls without a good answer.", errors },
};

static void add_head(struct sbuf *out, const char *name, const char *type, const char *unit, const char *help)
{
	sbuf_addf(out, "# TYPE printop_%s %s\n", name, type);
	if (unit)
		sbuf_addf(out, "# UNIT printop_%s %s\n", name, unit);
	sbuf_addf(out, "# HELP printop_%s %s\n", name, help);
}

static void add_family(struct sbuf *out, const struct app *a, const struct family *f, int64_t now_ms)
{
	char name[64];

	str_printf(name, sizeof(name), "%s%s", f->name, str_eq(f->type, "counter") ? "_total" : "");
	add_head(out, f->name, f->type, f->unit, f->help);
	for (size_t i = 0; i < fleet_count(a->fleet); i++) {
		const struct printer *p = fleet_at(a->fleet, i);

		add_line(out, name, p->config.name, NULL, NULL, f->value(p, now_ms));
	}
}

static void add_states(struct sbuf *out, const struct app *a)
{
	add_head(out, "printer_state", "stateset", NULL, "What the printer does.");
	for (size_t i = 0; i < fleet_count(a->fleet); i++) {
		const struct printer *p = fleet_at(a->fleet, i);

		for (int s = 0; s < PRINTER_STATUS_N; s++)
			add_line(out, "printer_state", p->config.name, "printop_printer_state",
				 printer_status_info((enum printer_status)s)->name, p->state.status == (enum printer_status)s);
	}
}

static const struct heater_family {
	const char *name, *unit, *help;
	size_t offset;
} heater_families[] = {
	{ "temperature_celsius", "celsius", "Temperature of a heater or sensor.", offsetof(struct heater, actual_c) },
	{ "temperature_target_celsius", "celsius", "Target of a heater, 0: off.", offsetof(struct heater, target_c) },
	{ "heater_power_ratio", "ratio", "Power of a heater, 0 to 1.", offsetof(struct heater, power) },
};

static void add_heaters(struct sbuf *out, const struct app *a, const struct heater_family *f)
{
	add_head(out, f->name, "gauge", f->unit, f->help);
	for (size_t i = 0; i < fleet_count(a->fleet); i++) {
		const struct printer *p = fleet_at(a->fleet, i);

		for (int h = 0; h < p->state.n_heaters; h++) {
			const struct heater *heater = &p->state.heaters[h];
			const double *value = (const double *)(const void *)((const char *)heater + f->offset);

			add_line(out, f->name, p->config.name, "heater", heater->name, *value);
		}
	}
}

static void add_prints(struct sbuf *out, const struct metrics *m)
{
	add_head(out, "prints", "counter", NULL, "Prints that ended, by outcome.");
	for (size_t i = 0; i < m->n; i++) {
		const struct printer *p = fleet_get(m->app->fleet, m->counts[i].printer);

		for (int k = 0; p && k < OUTCOMES; k++)
			add_line(out, "prints_total", p->config.name, "outcome", outcome_names[k], (double)m->counts[i].of[k]);
	}
}

void metrics_write(const struct metrics *m, const struct app *a, struct sbuf *out)
{
	int64_t now = loop_now_ms(a->loop);

	add_head(out, "build", "info", NULL, "The program.");
	sbuf_adds(out, "printop_build_info{version=\"" PRINTOP_VERSION "\"} 1\n");
	add_states(out, a);
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		add_family(out, a, &families[i], now);
	for (size_t i = 0; i < ARRAY_LEN(heater_families); i++)
		add_heaters(out, a, &heater_families[i]);
	if (m)
		add_prints(out, m);
	sbuf_adds(out, "# EOF\n");
}
