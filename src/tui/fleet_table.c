/* The table of the fleet view: its header and one row a printer. */
#include "fleet_view.h"

#include <math.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

static bool needs_person(const struct printer *p)
{
	return printer_status_info(p->state.status)->attention < ATTENTION_PERSON;
}

/* The file without folders and the ending that all of them have. */
static void job_name(const struct printer *p, char *buf, size_t size)
{
	static const char *const endings[] = { ".gcode", ".bgcode", ".gco", ".g", ".ufp" };

	str_copy(buf, size, str_basename(p->state.job.file));
	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		if (!str_ends(buf, endings[i]) || strlen(buf) == strlen(endings[i]))
			continue;
		buf[strlen(buf) - strlen(endings[i])] = '\0';
		return;
	}
}

static bool is_done(const struct printer *p)
{
	return STATUS_BIT(p->state.status) &
	       (STATUS_BIT(PRINTER_COMPLETE) | STATUS_BIT(PRINTER_CANCELLED) |
		STATUS_BIT(PRINTER_FAILED));
}

static bool has_job(const struct printer *p)
{
	return (STATUS_BIT(p->state.status) & STATUS_ACTIVE) || is_done(p);
}

static void draw_progress(struct canvas *c, const struct layout_columns *l, int y,
			  const struct printer *p)
{
	char text[STR_SMALL];
	const struct job *j = &p->state.job;

	if (l->bar.w)
		canvas_bar(c, l->bar.x, y, l->bar.w, j->progress, status_role(p->state.status));
	if (isnan(j->progress))
		str_copy(text, sizeof(text), "-");
	else
		str_printf(text, sizeof(text), "%d%%", percent_of(j->progress));
	canvas_text_right(c, l->percent.x, y, l->percent.w, ROLE_NORMAL, text);
}

static void draw_times(struct tui *t, struct canvas *c, const struct layout_columns *l, int y,
		       const struct printer *p)
{
	char text[STR_SMALL];
	bool done = is_done(p), seen = p->state.job.seq > 0;

	if (done)
		str_copy(text, sizeof(text), "");
	else
		str_duration(text, sizeof(text), p->state.job.left_s);
	canvas_text_right(c, l->left.x, y, l->left.w, ROLE_NORMAL, text);
	if (done && !seen)	/* it was over before we looked */
		return;
	fleet_end_text(done ? p->since_at : p->ends_at, t->moment.wall_s, text, sizeof(text));
	canvas_text_right(c, l->end.x, y, l->end.w, done ? ROLE_DIM : ROLE_NORMAL, text);
}

/* " ~10 s" at the end of a row with old numbers; how wide it is, 0 when they are fresh. */
static int old_text(const struct printer *p, const struct moment *m, char *buf, size_t size)
{
	char age[STR_SMALL - 2];

	buf[0] = '\0';
	if (!printer_stale(p, m->now_ms))
		return 0;
	fleet_age_text(printer_age_s(p, m->now_ms), age, sizeof(age));
	str_printf(buf, size, " ~%s", age);
	return (int)strlen(buf);
}

/* The job at the left; at the right what there is to say about it. */
static void draw_job(struct tui *t, struct canvas *c, struct area a, const struct printer *p,
		     const struct moment *m)
{
	char name[NAME_CAP], more[TEXT_CAP];
	const struct job *j = &p->state.job;
	int used = 0;

	fleet_reason(t, p, m, more, sizeof(more));
	job_name(p, name, sizeof(name));
	if (a.w < 20 && more[0])
		name[0] = '\0';
	if (!more[0] && j->layers > 0 && j->layer >= 0 && a.w >= 20)
		str_printf(more, sizeof(more), "%lld/%lld", (long long)j->layer,
			   (long long)j->layers);
	if (more[0] && name[0])
		used = canvas_text_right(c, a.x + a.w / 3 + 1, a.y, a.w - a.w / 3 - 1, ROLE_DIM,
					 more) +
		       1;
	else if (more[0])
		canvas_text(c, a.x, a.y, a.w, status_role(p->state.status), more);
	canvas_text(c, a.x, a.y, a.w - used, ROLE_NORMAL, name);
}

static void draw_numbers(struct tui *t, struct canvas *c, const struct layout_columns *l, int y,
			 const struct printer *p, const struct moment *m)
{
	const struct printer_state *s = &p->state;
	struct area job = l->job;
	char age[STR_SMALL];

	if (has_job(p)) {
		draw_progress(c, l, y, p);
		draw_times(t, c, l, y, p);
	}
	if (l->nozzle.w)
		draw_temp(c, l->nozzle.x, y, l->nozzle.w, printer_heater(s, "extruder"),
			  ROLE_NORMAL);
	if (l->bed.w)
		draw_temp(c, l->bed.x, y, l->bed.w, printer_heater(s, "bed"), ROLE_NORMAL);
	job.y = y;
	job.w -= old_text(p, m, age, sizeof(age));
	if (job.w > 0)
		draw_job(t, c, job, p, m);
}

/* In place of the numbers: from behind the state to the end of the row. */
static void draw_reason(struct tui *t, struct canvas *c, const struct layout_columns *l,
			struct area row, const struct printer *p, const struct moment *m)
{
	char text[TEXT_CAP];
	int x = l->state.x + l->state.w + 1;

	fleet_reason(t, p, m, text, sizeof(text));
	canvas_text(c, row.x + x, row.y, row.w - x,
		    needs_person(p) ? status_role(p->state.status) : ROLE_NORMAL, text);
}

static void draw_signs(struct canvas *c, struct area row, const struct printer *p, bool current,
		       bool old)
{
	if (current)
		canvas_put(c, row.x, row.y, ROLE_CURSOR, canvas_glyph(c, GLYPH_CURSOR));
	if (needs_person(p))
		canvas_put(c, row.x + 1, row.y, ROLE_ALERT, canvas_glyph(c, GLYPH_ALARM));
	else if (old)
		canvas_put(c, row.x + 1, row.y, ROLE_STALE, canvas_glyph(c, GLYPH_STALE));
	if (p->marked)
		canvas_put(c, row.x + 2, row.y, ROLE_MARK, canvas_glyph(c, GLYPH_MARK));
}

/* Numbers that are not fresh are dim and end with their age. */
static void dim_old(struct canvas *c, const struct layout_columns *l, struct area row,
		    const struct printer *p, const struct moment *m)
{
	char text[STR_SMALL];
	int x = l->state.x + l->state.w;

	canvas_recolor(c, (struct area){ row.x + x, row.y, row.w - x, 1 }, ROLE_STALE);
	if (l->job.w && old_text(p, m, text, sizeof(text)))
		canvas_text_right(c, row.x, row.y, row.w, ROLE_STALE, text);
}

bool fleet_table_row(struct tui *t, struct canvas *c, const struct layout_columns *l,
		     struct area row, const struct printer *p, const struct moment *m)
{
	bool old = printer_stale(p, m->now_ms), current = p->id == t->current;
	const struct status_info *s = printer_status_info(p->state.status);

	draw_signs(c, row, p, current, old);
	canvas_text(c, row.x + l->name.x, row.y, l->name.w, p->marked ? ROLE_MARK : ROLE_NORMAL,
		    p->config.name);
	if (l->state.w)
		canvas_text(c, row.x + l->state.x, row.y, l->state.w, status_role(p->state.status),
			    s->label);
	if (!fleet_has_numbers(p)) {
		draw_reason(t, c, l, row, p, m);
	} else {
		draw_numbers(t, c, l, row.y, p, m);
		if (old)
			dim_old(c, l, row, p, m);
	}
	if (current)
		canvas_attrs(c, row, CELL_CURSOR, true);
	return old;
}

static void header_word(struct canvas *c, struct area row, struct area col, int width, bool right,
			const char *text)
{
	if (!col.w)
		return;
	if (right)
		canvas_text_right(c, row.x + col.x, row.y, col.w, ROLE_HEADER, text);
	else
		canvas_text(c, row.x + col.x, row.y, width, ROLE_HEADER, text);
}

void fleet_table_header(struct canvas *c, const struct layout_columns *l, struct area row)
{
	if (!row.h)
		return;
	header_word(c, row, l->name, l->name.w, false, "NAME");
	header_word(c, row, l->state, l->state.w, false, "STATE");
	header_word(c, row, l->bar, l->bar.w, false, "PROGRESS");
	if (!l->bar.w)
		header_word(c, row, l->percent, 4, true, "DONE");
	header_word(c, row, l->left, 0, true, "LEFT");
	header_word(c, row, l->end, 0, true, "END");
	header_word(c, row, l->nozzle, l->nozzle.w, false, "NOZZLE");
	header_word(c, row, l->bed, l->bed.w, false, "BED");
	header_word(c, row, l->job, l->job.w, false, "JOB / REASON");
}
