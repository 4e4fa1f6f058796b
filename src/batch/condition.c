/* Reads and checks what `wait` waits for. */
#include "batch/condition.h"

#include <math.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/select.h>
#include <printop/str.h>

#define NEAR_C 2.0		/* firmware calls a heater ready within this */

bool condition_states(const char *list, uint32_t *ret, struct err *e)
{
	struct sbuf word = SBUF_INIT(LIMIT_STRING_BYTES);
	struct selector *s;
	struct printer p = { 0 };
	const char *text;

	sbuf_adds(&word, "state:");
	for (; *list; list++)
		if (*list != ' ')
			sbuf_addc(&word, *list);
	text = sbuf_str(&word);
	s = selector_parse(&text, 1, e);
	sbuf_done(&word);
	*ret = 0;
	for (unsigned i = 0; s && i < PRINTER_STATUS_N; i++) {
		p.state.status = (enum printer_status)i;
		if (selector_match(s, &p))
			*ret |= STATUS_BIT(i);
	}
	selector_free(s);
	return *ret != 0;
}

/* ---- temperatures ---- */

static const struct { const char *sign; enum temp_op op; } signs[] = {
	{ ">=", TEMP_AT_LEAST }, { "<=", TEMP_AT_MOST }, { ">", TEMP_ABOVE }, { "<", TEMP_BELOW },
	{ "=", TEMP_NEAR }, { "~", TEMP_NEAR }, { "", TEMP_NEAR },
};

bool condition_add_temp(struct condition *c, const char *text, struct err *e)
{
	struct temp_condition *t = &c->temps[c->n_temps];
	const char *colon = strrchr(text, ':'), *value;
	size_t i = 0;

	if (c->n_temps == CONDITION_TEMPS)
		return err_set(e, ERR_USAGE, "at most %d temperatures", CONDITION_TEMPS);
	if (!colon || colon == text)
		return err_set(e, ERR_USAGE, "\"%s\": write HEATER:>=T, as in bed:>=60", text);
	str_printf(t->heater, sizeof(t->heater), "%.*s", (int)(colon - text), text);
	if (str_eq(t->heater, "nozzle"))
		str_copy(t->heater, sizeof(t->heater), "extruder");
	value = colon + 1;
	while (!str_starts(value, signs[i].sign))
		i++;
	t->op = signs[i].op;
	value += strlen(signs[i].sign);
	if (str_eq(signs[i].sign, "~") && !*value)
		t->op = TEMP_AT_TARGET;
	else if (!str_to_double(value, &t->value_c) || !(fabs(t->value_c) <= 1000))
		return err_set(e, ERR_USAGE, "\"%s\": \"%s\" is no temperature", text, value);
	c->n_temps++;
	return true;
}

/* An unknown temperature (NAN) meets nothing. */
static bool temp_met(const struct temp_condition *t, const struct printer_state *s)
{
	const struct heater *h = printer_heater(s, t->heater);

	if (!h)
		return false;
	switch (t->op) {
	case TEMP_AT_LEAST:
		return h->actual_c >= t->value_c;
	case TEMP_AT_MOST:
		return h->actual_c <= t->value_c;
	case TEMP_ABOVE:
		return h->actual_c > t->value_c;
	case TEMP_BELOW:
		return h->actual_c < t->value_c;
	case TEMP_NEAR:
		return fabs(h->actual_c - t->value_c) <= NEAR_C;
	case TEMP_AT_TARGET:
		return h->target_c > 0 && fabs(h->actual_c - h->target_c) <= NEAR_C;
	}
	return false;
}

/* ---- the whole ---- */

bool condition_met(const struct condition *c, const struct printer_state *s)
{
	double progress = s->status == PRINTER_COMPLETE ? 1 : s->job.progress;

	/* Values kept from before the printer went away say nothing about now. */
	if (s->fresh.err != ERR_NONE && !(c->states & STATUS_BIT(s->status)))
		return false;
	if (c->states != 0 && !(c->states & STATUS_BIT(s->status)))
		return false;
	for (int i = 0; i < c->n_temps; i++)
		if (!temp_met(&c->temps[i], s))
			return false;
	return isnan(c->progress) || progress >= c->progress - 1e-9;
}

char *condition_seen(const struct condition *c, const struct printer_state *s, char *buf,
		     size_t size)
{
	struct sbuf b = SBUF_INIT(400);

	sbuf_adds(&b, printer_status_info(s->status)->name);
	for (int i = 0; i < c->n_temps; i++) {
		const struct heater *h = printer_heater(s, c->temps[i].heater);

		if (!h)
			sbuf_addf(&b, ", no heater %s", c->temps[i].heater);
		else if (isnan(h->actual_c))
			sbuf_addf(&b, ", %s unknown", h->name);
		else
			sbuf_addf(&b, ", %s %.1f C", h->name, h->actual_c);
	}
	if (!isnan(c->progress) && !isnan(s->job.progress))
		sbuf_addf(&b, ", %.0f %%", floor(s->job.progress * 100));
	if (s->reason[0])
		sbuf_addf(&b, " (%s)", s->reason);
	str_copy(buf, size, sbuf_str(&b));
	sbuf_done(&b);
	return buf;
}
