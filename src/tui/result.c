/*
 * The window of a group of operations: a line per printer, how it went, and what to do about those
 * that failed.
 */
#include "dialog.h"
#include "frame.h"
#include "parts.h"

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define RESULT_W 76

struct result {
	struct dialog d;
	uint32_t group;
	enum verb verb;
	/* The latest one of each printer; only valid while drawing or in a key. */
	const struct op **ops;
	size_t n, cap;
	struct list list;
};

static struct result *as_result(struct dialog *d)
{
	return (struct result *)d;
}

/* A retried operation takes the place of the one that failed. */
static void note_op(struct result *r, const struct op *op)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->ops[i]->printer_id == op->printer_id) {
			r->ops[i] = op;
			return;
		}
	}
	r->ops = mem_grow(r->ops, r->n, &r->cap, sizeof(struct op *));
	r->ops[r->n++] = op;
}

static void collect(struct result *r)
{
	const struct ops *all = r->d.tui->app->ops;

	r->n = 0;
	for (size_t i = 0; all && i < ops_count(all); i++)
		if (ops_at(all, i)->group == r->group)
			note_op(r, ops_at(all, i));
	list_set_count(&r->list, r->n);
}

static size_t count_phase(const struct result *r, enum op_phase from, enum op_phase to)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->ops[i]->phase >= from && r->ops[i]->phase <= to;
	return n;
}

static void draw_row(struct canvas *c, struct area a, const struct op *op, int name_w)
{
	char text[TEXT_CAP + 64];
	int x = a.x, end = a.x + a.w;

	canvas_text(c, x, a.y, name_w, ROLE_STRONG, op->printer_name);
	x += name_w + 2;
	canvas_text(c, x, a.y, end - x, op_phase_role(op), op_phase_word(op));
	x += 9;
	op_how(op, text, sizeof(text));
	canvas_text(c, x, a.y, end - x, ROLE_DIALOG, text);
}

static void make_title(const struct result *r, char *buf, size_t size)
{
	size_t ok = count_phase(r, OP_DONE, OP_DONE),
	       failed = count_phase(r, OP_FAILED, OP_CANCELLED);
	size_t wait = count_phase(r, OP_QUEUED, OP_CONFIRMING);
	int used;

	str_printf(buf, size, "%s %zu printer%s: %zu ok", action_info(act_of_verb(r->verb))->brief,
		   r->n, r->n == 1 ? "" : "s", ok);
	used = (int)strlen(buf);
	if (failed)
		str_printf(buf + used, size - (size_t)used, ", %zu failed", failed);
	used = (int)strlen(buf);
	if (wait)
		str_printf(buf + used, size - (size_t)used, ", %zu wait%s", wait,
			   wait == 1 ? "s" : "");
}

static void result_draw(struct dialog *d, struct canvas *c, const struct moment *m)
{
	struct result *r = as_result(d);
	char title[128], bottom[128];
	int name_w = 8;
	struct area in;

	(void)m;
	collect(r);
	for (size_t i = 0; i < r->n; i++)
		if (canvas_width(c, r->ops[i]->printer_name) > name_w)
			name_w = canvas_width(c, r->ops[i]->printer_name);
	make_title(r, title, sizeof(title));
	str_printf(bottom, sizeof(bottom), "%s%sEnter close   l log",
		   count_phase(r, OP_FAILED, OP_FAILED) ? "r retry the failed   " : "",
		   count_phase(r, OP_QUEUED, OP_CONFIRMING) ? "^K stop waiting   " : "");
	in = dialog_box(c, RESULT_W, (int)r->n, ROLE_TITLE, title, bottom);
	r->list.rows = in.h;
	list_move(&r->list, 0);
	for (int y = 0; y < in.h && r->list.top + (size_t)y < r->n; y++)
		draw_row(c, (struct area){ in.x, in.y + y, in.w, 1 },
			 r->ops[r->list.top + (size_t)y], name_w > in.w / 3 ? in.w / 3 : name_w);
}

/* The window can stay open for hours: what was meant for one job must not hit the next one. */
static bool other_job(const struct fleet *f, const struct op *op)
{
	const uint64_t on_job = VERB_BIT(VERB_PAUSE) | VERB_BIT(VERB_RESUME) |
				VERB_BIT(VERB_CANCEL) | VERB_BIT(VERB_ESTOP);
	const struct printer *p = fleet_get(f, op->printer_id);

	return p && (VERB_BIT(op->x.verb) & on_job) && p->state.job.seq != op->job_before;
}

static void retry_failed(struct result *r)
{
	struct tui *t = r->d.tui;
	size_t n = 0;
	uint32_t ids[LIMIT_PRINTERS];

	/* The list of operations moves under a submit: first the ids. */
	for (size_t i = 0; i < r->n && n < ARRAY_LEN(ids); i++) {
		if (r->ops[i]->phase != OP_FAILED)
			continue;
		if (other_job(t->app->fleet, r->ops[i]))
			tui_say(t, ROLE_WARN, "%s: not tried again, another job has begun meanwhile",
				r->ops[i]->printer_name);
		else
			ids[n++] = r->ops[i]->id;
	}
	for (size_t i = 0; i < n; i++)
		op_retry(t->app->ops, ids[i], r->group);
}

static void stop_waiting(struct result *r)
{
	struct ops *all = r->d.tui->app->ops;
	size_t n = 0;
	uint32_t ids[LIMIT_PRINTERS];

	for (size_t i = 0; i < r->n && n < ARRAY_LEN(ids); i++)
		if (!op_ended(r->ops[i]))
			ids[n++] = r->ops[i]->id;
	for (size_t i = 0; i < n; i++)
		op_cancel(all, ids[i]);
}

static bool result_key(struct dialog *d, uint32_t key)
{
	struct result *r = as_result(d);
	enum action_id id = keymap_find(d->tui->keymap, SCOPE_LIST, key);

	if (dialog_too_soon(d))		/* it opens by itself, and r means something else below */
		return true;
	collect(r);
	if (key == KEY_RETURN || key == KEY_ESC || key == 'q')
		return false;
	if (key == 'l') {
		tui_open(d->tui, &view_log);
		return false;
	}
	if (key == 'r')
		retry_failed(r);
	else if (id == ACTION_STOP_OP)
		stop_waiting(r);
	else if (id < ACTION_N) {
		/* There is no cursor to see: the window moves at once. */
		r->list.cursor =
			id == ACTION_DOWN || id == ACTION_PAGE_DOWN ?
				r->list.top + (size_t)(r->list.rows > 0 ? r->list.rows - 1 : 0) :
				r->list.top;
		list_action(&r->list, id);
	}
	return true;
}

static void result_close(struct dialog *d)
{
	struct result *r = as_result(d);

	free(r->ops);
	free(r);
}

static const struct dialog_ops result_ops = { result_draw, result_key, NULL, NULL, result_close, NULL };

void dialog_result(struct tui *t, uint32_t group, enum verb verb)
{
	struct result *r = MEM_NEW(struct result);

	r->d.ops = &result_ops;
	r->d.tui = t;
	r->group = group;
	r->verb = verb;
	tui_dialog_take(t, &r->d);
	tui_dirty(t);
}

bool dialog_shows_group(struct tui *t, uint32_t group)
{
	struct dialog *d = tui_dialog(t);

	return d && d->ops == &result_ops && as_result(d)->group == group;
}
