/* status and watch: the fleet once, and every change of it. */
#include "batch/batch.h"

#include <math.h>
#include <stdlib.h>
#include <printop/poller.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "batch/printers.h"

#define PIPE_TICK_MS 1000
#define PICK_SHOWN (PICK_ALL | PICK_ARGS | PICK_FIRST_ROUND)

/* ---- status ---- */

struct order {
	enum field_id field;
	bool reverse;
	int64_t now_ms;
};

static int compare(const void *a, const void *b, void *ctx)
{
	const struct printer *const *x = a, *const *y = b;
	const struct order *o = ctx;
	int d = field_compare(*x, *y, o->field, o->now_ms);

	return o->reverse ? -d : d;
}

static bool read_order(const struct batch *b, struct order *ret, struct err *e)
{
	const char *name = options_str(&b->opt, OPTION_SORT);
	size_t col;

	ret->field = FIELD_N;
	ret->reverse = name && name[0] == '-';
	if (!name)
		return true;
	if (!out_find_column(&printers_source, name + ret->reverse, &col, e))
		return err_wrap(e, "--sort");
	ret->field = col == PRINTER_COL_NOTE ? FIELD_REASON : (enum field_id)col;
	return true;
}

/* The chosen printers, in order; the caller frees. *n may be less than b->n_ids. */
static const struct printer **chosen_printers(const struct batch *b, struct order *order, size_t *n)
{
	const struct printer **list = mem_zalloc(b->n_ids + 1, sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < b->n_ids; i++) {
		const struct printer *p = fleet_get(b->app->fleet, b->ids[i]);

		if (p)
			list[(*n)++] = p;
	}
	order->now_ms = loop_now_ms(b->env->loop);
	if (order->field != FIELD_N)
		qsort_r(list, *n, sizeof(*list), compare, order);
	return list;
}

static int print_fleet(struct batch *b, struct order *order)
{
	struct tally t = { 0 };
	size_t n;
	const struct printer **list = chosen_printers(b, order, &n);
	bool quiet = options_has(&b->opt, OPTION_QUIET);

	b->out.now_ms = order->now_ms;
	for (size_t i = 0; i < n; i++) {
		printers_count_look(&t, list[i]);
		if (!quiet)
			out_row(&b->out, list[i]);
	}
	if (!quiet)
		out_close(&b->out);
	free(list);
	return tally_any(&t);
}

/* What a one-shot look asks beyond the state, only when it is shown. */
static unsigned topics_for(const struct out *o)
{
	bool more = out_shows(o, FIELD_VERSION) || out_shows(o, FIELD_FIRMWARE) ||
		out_shows(o, FIELD_HOST) || out_shows(o, FIELD_ACCESS);

	return more ? PICK_ALL_TOPICS : 0;
}

int verb_status(struct batch *b)
{
	struct order order;
	struct err e = { 0 };
	int status;

	if (!read_order(b, &order, &e))
		return fail_usage(b, "%s", e.text);
	if (!batch_output(b, &printers_source, OUT_TABLE, &status) ||
	    !batch_open(b, PICK_SHOWN | topics_for(&b->out), false, &status))
		return status;
	return print_fleet(b, &order);
}

/* ---- watch ---- */

struct watch {
	struct batch *b;
	field_mask mask;	/* changes of these fields count */
	uint32_t *inside;	/* printers that matched last time */
	size_t n_inside, cap_inside;
	uint32_t *shown;	/* printers of which a line is out: the first is a state, not a change */
	size_t n_shown, cap_shown;
	bool gone;		/* nobody reads any more */
};

/* What is shown is what counts; ages pass by themselves and are no change. */
static field_mask shown_fields(const struct out *o)
{
	field_mask mask = 0;

	for (size_t i = 0; i < FIELD_N; i++)
		if (out_shows(o, i))
			mask |= FIELD_BIT(i);
	if (out_shows(o, PRINTER_COL_NOTE))
		mask |= FIELD_BIT(FIELD_REASON) | FIELD_BIT(FIELD_FILE) | FIELD_BIT(FIELD_PARKED);
	return mask & ~FIELD_BIT(FIELD_AGE);
}

static void print_change(struct watch *w, const struct printer *p, field_mask mask)
{
	struct json *line, *changed;
	char *text;

	w->b->out.now_ms = loop_now_ms(w->b->env->loop);
	if (w->b->out.format != OUT_JSON) {
		out_row(&w->b->out, p);
	} else {
		line = json_new_object();
		changed = json_new_array();
		for (size_t i = 0; i < FIELD_N; i++)
			if (mask & w->mask & FIELD_BIT(i))
				json_push_str(changed, printers_source.columns[i].name);
		json_set_num(line, "at", round(loop_wall_s() * 1000) / 1000);
		json_set_take(line, "changed", changed);
		json_set_take(line, "printer", out_row_json(&w->b->out, p));
		text = json_print(line, false);
		puts(text);
		free(text);
		json_free(line);
	}
	w->gone = fflush(stdout) != 0;
}

/* Was the printer one of those that match, and is it now? Remembers the answer. */
static bool note_match(struct watch *w, const struct printer *p)
{
	bool match = !w->b->selector || selector_match(w->b->selector, p);

	for (size_t i = 0; i < w->n_inside; i++) {
		if (w->inside[i] != p->id)
			continue;
		if (!match)
			w->inside[i] = w->inside[--w->n_inside];
		return true;
	}
	if (match) {
		w->inside = mem_grow(w->inside, w->n_inside, &w->cap_inside, sizeof(*w->inside));
		w->inside[w->n_inside++] = p->id;
	}
	return match;
}

static bool first_line(struct watch *w, uint32_t id)
{
	for (size_t i = 0; i < w->n_shown; i++)
		if (w->shown[i] == id)
			return false;
	w->shown = mem_grow(w->shown, w->n_shown, &w->cap_shown, sizeof(*w->shown));
	w->shown[w->n_shown++] = id;
	return true;
}

static void on_change(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	struct watch *w = ctx;

	for (size_t i = 0; i < n && !w->gone; i++) {
		const struct printer *p = fleet_get(f, c[i].id);

		if (p && note_match(w, p) && (c[i].mask & w->mask) != 0)
			print_change(w, p, first_line(w, p->id) ? 0 : c[i].mask);
	}
	if (w->gone)
		batch_look_again(w->b);
}

static bool reader_gone(void *ctx)
{
	struct watch *w = ctx;

	return w->gone || batch_pipe_closed();
}

static int watch_changes(struct watch *w)
{
	struct batch *b = w->b;
	enum batch_end end;

	fleet_publish(b->app->fleet);
	for (size_t i = 0; i < b->n_ids && !w->gone; i++) {
		const struct printer *p = fleet_get(b->app->fleet, b->ids[i]);

		if (p && note_match(w, p) && poller_heard(b->app->poller, p->id) && first_line(w, p->id))
			print_change(w, p, 0);
	}
	fleet_observe(b->app->fleet, on_change, w);
	end = batch_wait(b, reader_gone, w, options_num(&b->opt, OPTION_FOR), PIPE_TICK_MS);
	fleet_unobserve(b->app->fleet, on_change, w);
	free(w->inside);
	free(w->shown);
	return end == BATCH_SIGNAL ? batch_signal_status(b) : EXIT_DONE;
}

int verb_watch(struct batch *b)
{
	struct watch w = { .b = b };
	int status;

	if (!batch_output(b, &printers_source, OUT_JSON, &status) ||
	    /* No first round: each printer is shown when it is heard, a hanging one delays no line. */
	    !batch_open(b, PICK_ALL | PICK_ARGS | PICK_ALL_TOPICS, true, &status))
		return status;
	w.mask = shown_fields(&b->out);
	return watch_changes(&w);
}
