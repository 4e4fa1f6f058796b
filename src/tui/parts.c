/* Small pieces that several views draw: lines, heaters' names, operations, keys. */
#include "parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <printop/str.h>
#include <printop/text.h>

#define GAP 2

struct line line_of(struct canvas *c, struct area a, int row)
{
	return (struct line){ c, a.x, a.y + row, row < a.h ? a.x + a.w : a.x };
}

bool line_add(struct line *l, enum role role, const char *text)
{
	int w = canvas_width(l->c, text);

	if (!*text || w > l->end - l->x)
		return false;
	canvas_text(l->c, l->x, l->y, w, role, text);
	l->x += w + GAP;
	return true;
}

bool line_addf(struct line *l, enum role role, const char *fmt, ...)
{
	char text[TEXT_CAP + NAME_CAP];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return line_add(l, role, text);
}

void line_rest(struct line *l, enum role role, const char *text)
{
	l->x += canvas_text(l->c, l->x, l->y, l->end - l->x, role, text) + GAP;
}

const char *heater_title(const struct heater *h)
{
	return str_eq(h->name, "extruder") ? "nozzle" : h->name;
}

uint32_t heater_letter(const struct heater *h)
{
	unsigned char first = (unsigned char)heater_title(h)[0];

	return first > ' ' && first < 127 ? first : '*';
}

void draw_path(struct canvas *c, int x, int y, int cols, enum role role, const char *path)
{
	char text[NAME_CAP];

	text_cut_left(text, sizeof(text), path, cols, c->ascii);
	canvas_text(c, x, y, cols, role, text);
}

/* ---- operations ---- */

static const struct { const char *word; enum role role; } phases[] = {
	[OP_QUEUED] = { "queued", ROLE_DIM },		[OP_SENDING] = { "sends", ROLE_WARN },
	[OP_CONFIRMING] = { "waits", ROLE_WARN },	[OP_DONE] = { "ok", ROLE_GOOD },
	[OP_FAILED] = { "FAILED", ROLE_BAD },		[OP_CANCELLED] = { "stopped", ROLE_WARN },
};

const char *op_phase_word(const struct op *op)
{
	return phases[op->phase].word;
}

enum role op_phase_role(const struct op *op)
{
	return phases[op->phase].role;
}

void op_what(const struct op *op, char *buf, size_t size)
{
	const struct verb_args *a = &op->x.args;
	const char *file = a->name ? a->name : a->local ? str_basename(a->local) : a->file;

	if (!file)
		file = "";
	str_printf(buf, size, "%s%s%s", verb_name(op->x.verb), *file ? " " : "", file);
}

double op_ratio(const struct op *op)
{
	if (op->x.verb != VERB_UPLOAD || op->total_bytes <= 0)
		return (double)NAN;
	return (double)op->sent_bytes / (double)op->total_bytes;
}

/* "4.0/12.0 MB  0.6 MB/s  13 s left" */
static void sending_text(const struct op *op, char *buf, size_t size)
{
	char sent[STR_SMALL], total[STR_SMALL], rate[STR_SMALL], *unit;
	double s = op->rate_bytes_s > 0 ?
			   (double)(op->total_bytes - op->sent_bytes) / op->rate_bytes_s :
			   INFINITY;
	bool moves = s < 86400;		/* more means that it stands still */

	str_bytes(sent, sizeof(sent), (double)op->sent_bytes);
	str_bytes(total, sizeof(total), (double)op->total_bytes);
	unit = strchr(sent, ' ');
	if (unit && str_ends(total, unit))	/* once is enough */
		*unit = '\0';
	str_printf(buf, size, "%s/%s", sent, total);
	if (!moves)
		return;
	str_bytes(rate, sizeof(rate), op->rate_bytes_s);
	str_printf(buf + strlen(buf), size - strlen(buf), "  %s/s  %.0f %s left", rate,
		   ceil(s < 600 ? s : s / 60), s < 600 ? "s" : "min");
}

void op_how(const struct op *op, char *buf, size_t size)
{
	double until = op->submitted_at + op->limit_s;
	time_t at = (time_t)until;
	char clock[STR_SMALL] = "";
	struct tm tm;

	if (op->phase == OP_FAILED) {
		str_copy(buf, size, op->err.text);
	} else if (op->phase == OP_SENDING && op->x.verb == VERB_UPLOAD) {
		sending_text(op, buf, size);
	} else if (op->phase == OP_CONFIRMING && isfinite(until) && localtime_r(&at, &tm)) {
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
		str_printf(buf, size, "%s%stries until %s", op->seen, op->seen[0] ? ", " : "",
			   clock);
	} else {
		str_copy(buf, size, op->seen);
	}
}

void draw_op(struct canvas *c, struct area row, const struct op *op, const char *what)
{
	bool wide = row.w >= 100;
	int name_w = wide ? 16 : row.w / 8, what_w = wide ? 32 : row.w / 5;
	int bar_w = wide ? 30 : row.w / 6;
	double ratio = op_ratio(op);
	char text[TEXT_CAP + NAME_CAP];
	int x = row.x, end = row.x + row.w;

	canvas_text(c, x, row.y, name_w, ROLE_STRONG, op->printer_name);
	x += name_w + 1;
	canvas_text(c, x, row.y, what_w, ROLE_NORMAL, what);
	x += what_w + 1;
	if (!isnan(ratio) && op->phase == OP_SENDING && bar_w >= 6) {
		canvas_bar(c, x, row.y, bar_w, ratio, ROLE_BAR);
		x += bar_w + 1;
	} else {
		canvas_text(c, x, row.y, end - x, op_phase_role(op), op_phase_word(op));
		x += 8;
	}
	op_how(op, text, sizeof(text));
	canvas_text(c, x, row.y, end - x, op->phase == OP_FAILED ? ROLE_BAD : ROLE_NORMAL, text);
}

bool op_again(struct tui *t, const struct op *op)
{
	enum verb verb = op->x.verb;
	uint32_t printer = op->printer_id;
	struct verb_args args;

	if (op->phase != OP_FAILED && op->phase != OP_CANCELLED)
		return false;
	/* The operation itself may be forgotten when a new one comes. */
	verb_args_copy(&args, &op->x.args);
	tui_act(t, verb, &args, &printer, 1);
	verb_args_done(&args);
	return true;
}

/* ---- the line of keys ---- */

static bool verb_is_dead(struct tui *t, enum action_id id)
{
	const struct action *a = action_info(id);
	uint32_t printer;
	struct err e;

	if (!(a->flags & A_VERB))
		return false;
	return tui_targets(t, &printer, 1) < 1 || !op_allowed(t->app, printer, (enum verb)a->verb,
							      &e);
}

void draw_hints(struct tui *t, struct canvas *c, enum action_scope scope, const struct hint *hints,
		size_t n,
		const char *right)
{
	struct line l = { c, 0, c->rows - 1, c->cols - 1 };
	char label[STR_SMALL];

	if (c->rows < 4)
		return;
	if (c->cols >= 70)
		l.end -= canvas_text_right(c, 0, l.y, c->cols - 1, ROLE_DIM, right);
	for (size_t i = 0; i < n; i++) {
		uint32_t bound = keymap_key_of(t->keymap, scope, hints[i].action);
		const char *key = hints[i].key ? hints[i].key : key_label(bound, label,
									  sizeof(label));
		int key_w = canvas_width(c, key), w = key_w + 1 + canvas_width(c, hints[i].text);
		bool dead = !hints[i].key && verb_is_dead(t, hints[i].action);

		if (!*key || w > l.end - l.x)
			continue;
		canvas_text(c, l.x, l.y, key_w, dead ? ROLE_DIM : ROLE_KEY, key);
		canvas_text(c, l.x + key_w + 1, l.y, w - key_w - 1, dead ? ROLE_DIM : ROLE_NORMAL,
			    hints[i].text);
		l.x += w + GAP;
	}
}

struct area body_area(const struct canvas *c)
{
	return (struct area){ 0, 1, c->cols, c->rows - 1 - (c->rows >= 4) };
}
