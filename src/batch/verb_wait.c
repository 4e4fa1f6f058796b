/* wait: until printers reach a state, a temperature or a percentage. */
#include "batch/batch.h"

#include <math.h>
#include <string.h>
#include <printop/poller.h>
#include <printop/str.h>
#include "batch/condition.h"
#include "batch/results.h"

struct wait {
	struct batch *b;
	struct condition want;
	uint32_t fail_on;	/* STATUS_BITs that end the wait for a printer */
	bool any;
	bool one_met;
	int64_t start_ms;
	struct results results;
};

static bool read_condition(struct batch *b, struct wait *w, struct err *e)
{
	const char *states = options_str(&b->opt, OPTION_STATE);
	const char *fail_on = options_str(&b->opt, OPTION_FAIL_ON);
	const struct words *temps = options_all(&b->opt, OPTION_TEMP);

	w->any = options_has(&b->opt, OPTION_ANY);
	w->want.progress = options_num(&b->opt, OPTION_PROGRESS) / 100;
	if (!states && temps->n == 0 && isnan(w->want.progress))
		return err_set(e, ERR_USAGE, "what for? Give --state, --temp or --progress");
	if (states && !condition_states(states, &w->want.states, e))
		return err_wrap(e, "--state");
	if (fail_on && !condition_states(fail_on, &w->fail_on, e))
		return err_wrap(e, "--fail-on");
	for (size_t i = 0; i < temps->n; i++)
		if (!condition_add_temp(&w->want, temps->at[i], e))
			return err_wrap(e, "--temp");
	return true;
}

/* ---- one printer ---- */

static void end_row(struct wait *w, struct result *row, const struct printer *p, enum err_code code,
		    const char *how)
{
	char seen[300];

	row->code = code;
	row->code_name = code == ERR_INTERNAL ? "fail-on" : NULL;
	row->phase = code == ERR_NONE ? "done" : code == ERR_CANCELLED ? "cancelled" : "failed";
	row->took_s = (double)(loop_now_ms(w->b->env->loop) - w->start_ms) / 1000;
	if (!p)
		str_copy(row->text, sizeof(row->text), "the printer is gone");
	else
		str_printf(row->text, sizeof(row->text), "%s%s after %.1f s", how,
			   condition_seen(&w->want, &p->state, seen, sizeof(seen)), row->took_s);
	results_end(&w->results, row);
}

/* What waiting will not mend: a refused key, a printer out of service, what --fail-on names. */
static bool hopeless(const struct wait *w, const struct printer *p, enum err_code *ret)
{
	uint32_t bit = STATUS_BIT(p->state.status);

	*ret = ERR_NONE;
	if (w->want.states & bit)
		return false;
	if (p->state.status == PRINTER_UNAUTHORIZED)
		*ret = ERR_AUTH;
	else if (p->state.status == PRINTER_PARKED)
		*ret = ERR_REFUSED;
	else if (w->fail_on & bit)
		*ret = ERR_INTERNAL;
	return *ret != ERR_NONE;
}

static void check_row(struct wait *w, struct result *row)
{
	const struct printer *p = fleet_get(w->b->app->fleet, row->printer_id);
	enum err_code code;

	if (row->ended || (w->any && w->one_met))
		return;
	if (!p) {
		end_row(w, row, NULL, ERR_NOT_FOUND, "");
	} else if (condition_met(&w->want, &p->state)) {
		end_row(w, row, p, ERR_NONE, "");
		w->one_met = true;
	} else if (hopeless(w, p, &code)) {
		end_row(w, row, p, code, "");
	}
}

static bool finished(void *ctx)
{
	struct wait *w = ctx;

	for (size_t i = 0; i < w->results.n; i++)
		check_row(w, &w->results.rows[i]);
	return w->results.n_ended == w->results.n || (w->any && w->one_met);
}

static void on_change(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	struct wait *w = ctx;

	(void)f;
	(void)c;
	(void)n;
	batch_look_again(w->b);
}

/* ---- the whole ---- */

/* With --any the printers that were not needed are no failures: they leave the list. */
static void drop_unmet(struct wait *w)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->results.n; i++)
		if (w->results.rows[i].ended && w->results.rows[i].code == ERR_NONE)
			w->results.rows[kept++] = w->results.rows[i];
	w->results.n = kept;
}

static void end_the_rest(struct wait *w, enum batch_end end)
{
	for (size_t i = 0; i < w->results.n; i++) {
		struct result *row = &w->results.rows[i];

		if (!row->ended)
			end_row(w, row, fleet_get(w->b->app->fleet, row->printer_id),
				end == BATCH_TIMEOUT ? ERR_TIMEOUT : ERR_CANCELLED,
				end == BATCH_TIMEOUT ? "time limit; " : "interrupted; ");
	}
}

static int wait_for(struct wait *w)
{
	struct batch *b = w->b;
	enum batch_end end;
	int status;

	results_init(&w->results, b);
	w->start_ms = loop_now_ms(b->env->loop);
	for (size_t i = 0; i < b->n_ids; i++) {
		results_add(&w->results, b->ids[i], "wait");
		poller_hurry(b->app->poller, b->ids[i], true);
	}
	fleet_observe(b->app->fleet, on_change, w);
	end = batch_wait(b, finished, w, options_num(&b->opt, OPTION_TIMEOUT), 0);
	fleet_unobserve(b->app->fleet, on_change, w);
	for (size_t i = 0; i < b->n_ids; i++)
		poller_hurry(b->app->poller, b->ids[i], false);
	if (w->any && w->one_met)
		drop_unmet(w);
	else if (end != BATCH_DONE)
		end_the_rest(w, end);
	status = results_finish(&w->results);
	results_done(&w->results);
	return end == BATCH_SIGNAL ? batch_signal_status(b) : status;
}

int verb_wait(struct batch *b)
{
	struct wait w = { .b = b };
	struct err e = { 0 };
	int status;

	if (!read_condition(b, &w, &e))
		return fail_usage(b, "%s", e.text);
	if (!batch_output(b, &results_source, OUT_TABLE, &status) ||
	    !batch_open(b, PICK_ACT | PICK_ARGS, false, &status))
		return status;
	return wait_for(&w);
}
