/* The field table: where each visible value lives, how it reads as text and JSON, and what counts as a change. */
#include <printop/fields.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

static const struct field fields[FIELD_N] = {
#define FIELD(id, name, title, unit, type, width, in_json, sentence) \
	[FIELD_##id] = { name, title, unit, FTYPE_##type, width, in_json, sentence },
#include <printop/fields.def>
#undef FIELD
};

enum source_kind { SRC_NONE, SRC_TEXT, SRC_STRING, SRC_NUM, SRC_INT };

/* Where a value is in struct printer. step: the smallest difference that is a change; for JSON the rounding. */
static const struct source {
	enum source_kind kind;
	size_t offset;
	double step, json_step;
} sources[FIELD_N] = {
#define TEXT(m) { SRC_TEXT, offsetof(struct printer, m), 0, 0 }
#define STRING(m) { SRC_STRING, offsetof(struct printer, m), 0, 0 }
#define NUM(m, step, json_step) { SRC_NUM, offsetof(struct printer, m), step, json_step }
#define INT(m) { SRC_INT, offsetof(struct printer, m), 1, 1 }
	[FIELD_NAME] = STRING(config.name),
	[FIELD_URL] = STRING(config.url),
	[FIELD_REASON] = TEXT(state.reason),
	[FIELD_MESSAGE] = TEXT(state.message),
	[FIELD_AGE] = { SRC_NONE, 0, 1, 0.1 },
	[FIELD_PROGRESS] = NUM(state.job.progress, 0.001, 0.0001),
	[FIELD_PROGRESS_SOURCE] = TEXT(state.job.progress_source),
	[FIELD_FILE] = TEXT(state.job.file),
	[FIELD_ELAPSED] = NUM(state.job.elapsed_s, 1, 0.1),
	[FIELD_LEFT] = NUM(state.job.left_s, 1, 0.1),
	[FIELD_LEFT_SOURCE] = TEXT(state.job.left_source),
	[FIELD_ENDS_AT] = NUM(ends_at, 1, 1),
	[FIELD_LAYER] = INT(state.job.layer),
	[FIELD_LAYERS] = INT(state.job.layers),
	[FIELD_PARKED] = STRING(config.parked),
	[FIELD_Z] = NUM(state.pos_mm[2], 0.01, 0.001),
	[FIELD_SPEED] = NUM(state.speed_factor, 0.01, 0.0001),
	[FIELD_FLOW] = NUM(state.flow_factor, 0.01, 0.0001),
	[FIELD_FAN] = NUM(state.fan, 0.01, 0.0001),
	[FIELD_GROUP] = STRING(config.group),
	[FIELD_VERSION] = TEXT(state.version),
	[FIELD_FIRMWARE] = TEXT(state.firmware),
	[FIELD_HOST] = TEXT(state.hostname),
	[FIELD_ACCESS] = TEXT(state.access),
	/* It moves with every poll: only what a person would call a change counts. */
	[FIELD_LATENCY] = NUM(state.latency_ms, 50, 0.1),
#undef TEXT
#undef STRING
#undef NUM
#undef INT
};

#define TEMP_STEP 0.1
#define POWER_STEP 0.01

const struct field *field_info(enum field_id id)
{
	return (unsigned)id < FIELD_N ? &fields[id] : NULL;
}

bool field_from_name(const char *name, enum field_id *ret)
{
	for (unsigned i = 0; i < FIELD_N; i++) {
		if (str_eq(fields[i].name, name)) {
			*ret = (enum field_id)i;
			return true;
		}
	}
	return false;
}

static const struct heater *field_heater(const struct printer_state *s, enum field_id id)
{
	const struct heater *h = NULL;

	if (id == FIELD_BED)
		return printer_heater(s, "bed");
	if (id == FIELD_CHAMBER)
		return printer_heater(s, "chamber");
	if (id != FIELD_NOZZLE && id != FIELD_HEATERS)
		return NULL;
	h = printer_heater(s, "extruder");
	for (int i = 0; !h && i < s->n_heaters; i++)
		if (str_starts(s->heaters[i].name, "extruder"))
			h = &s->heaters[i];
	return h;
}

static double source_num(const struct source *src, const void *base, size_t base_offset)
{
	const char *at = (const char *)base + (src->offset - base_offset);
	int64_t integer;
	double num;

	if (src->kind == SRC_NUM) {
		memcpy(&num, at, sizeof(num));
		return num;
	}
	memcpy(&integer, at, sizeof(integer));
	return integer < 0 ? (double)NAN : (double)integer;
}

double field_num(const struct printer *p, enum field_id id, int64_t now_ms)
{
	const struct source *src = &sources[id];
	const struct heater *h;

	if (id == FIELD_AGE)
		return printer_age_s(p, now_ms);
	if (src->kind == SRC_NUM || src->kind == SRC_INT)
		return source_num(src, p, 0);
	h = field_heater(&p->state, id);
	return h ? h->actual_c : (double)NAN;
}

static const char *dialect(const struct printer *p)
{
	if (p->dialect)
		return p->dialect;
	return str_eq(p->config.dialect, "auto") ? NULL : p->config.dialect;
}

/* A poll that just failed is a reason, too, before the state says so. */
static const char *reason(const struct printer *p)
{
	if (p->state.reason[0])
		return p->state.reason;
	return p->state.fresh.err != ERR_NONE && p->state.fresh.text[0] ? p->state.fresh.text : NULL;
}

const char *field_str(const struct printer *p, enum field_id id)
{
	const struct source *src = &sources[id];
	const char *at = (const char *)p + src->offset;
	char *s;

	if (id == FIELD_STATE)
		return printer_status_info(p->state.status)->name;
	if (id == FIELD_DIALECT)
		return dialect(p);
	if (id == FIELD_REASON)
		return reason(p);
	if (src->kind == SRC_TEXT)
		return *at ? at : NULL;
	if (src->kind != SRC_STRING)
		return NULL;
	memcpy(&s, at, sizeof(s));
	/* An empty reason still says "parked". */
	return s && (*s || id == FIELD_PARKED) ? s : NULL;
}

/* ---- text ---- */

static void temp_text(const struct heater *h, char *buf, size_t size)
{
	if (!h || isnan(h->actual_c))
		str_printf(buf, size, "-");
	else if (isnan(h->target_c))
		str_printf(buf, size, "%.0f", h->actual_c);
	else
		str_printf(buf, size, "%.0f/%.0f", h->actual_c, h->target_c);
}

static void heaters_text(const struct printer_state *s, char *buf, size_t size)
{
	struct sbuf b = SBUF_INIT(size - 1);
	char temp[STR_SMALL];

	for (int i = 0; i < s->n_heaters; i++) {
		temp_text(&s->heaters[i], temp, sizeof(temp));
		sbuf_addf(&b, "%s%s %s", i ? ", " : "", s->heaters[i].name, temp);
	}
	str_copy(buf, size, b.len ? sbuf_str(&b) : "-");
	sbuf_done(&b);
}

static void tags_text(const struct printer_config *c, char *buf, size_t size)
{
	struct sbuf b = SBUF_INIT(size - 1);

	for (int i = 0; i < c->n_tags; i++)
		sbuf_addf(&b, "%s%s", i ? "," : "", c->tags[i]);
	str_copy(buf, size, b.len ? sbuf_str(&b) : "-");
	sbuf_done(&b);
}

/* The wall clock is not ours to read: the end less the time left is near enough to choose the day's form. */
static void clock_text(const struct printer *p, double at, char *buf, size_t size)
{
	double now = isnan(p->state.job.left_s) ? at : at - p->state.job.left_s;

	if (isnan(at))
		str_printf(buf, size, "-");
	else
		str_clock(buf, size, (time_t)at, (time_t)now);
}

static void num_text(enum field_id id, double v, char *buf, size_t size)
{
	if (id == FIELD_AGE)
		str_age(buf, size, v);
	else if (isnan(v))
		str_printf(buf, size, "-");
	else
		str_printf(buf, size, sources[id].step < 1 ? "%.2f" : "%.0f", v);
}

char *field_text(const struct printer *p, enum field_id id, int64_t now_ms, char *buf, size_t size)
{
	double v = field_num(p, id, now_ms);
	const char *s;

	switch (fields[id].type) {
	case FTYPE_STR:
	case FTYPE_STATE:
		s = field_str(p, id);
		str_copy(buf, size, s && *s ? s : "-");
		break;
	case FTYPE_NUM:
		num_text(id, v, buf, size);
		break;
	case FTYPE_INT:
		str_printf(buf, size, isnan(v) ? "-" : "%.0f", v);
		break;
	case FTYPE_RATIO:
		/* Never 100 % before it is. */
		str_printf(buf, size, isnan(v) ? "-" : "%.0f%%", floor(v * 100.0 + 1e-6));
		break;
	case FTYPE_TIME:
		str_duration(buf, size, v);
		break;
	case FTYPE_CLOCK:
		clock_text(p, v, buf, size);
		break;
	case FTYPE_TEMP:
		temp_text(field_heater(&p->state, id), buf, size);
		break;
	case FTYPE_HEATERS:
		heaters_text(&p->state, buf, size);
		break;
	case FTYPE_TAGS:
		tags_text(&p->config, buf, size);
		break;
	}
	return buf;
}

/* ---- order ---- */

static int compare_nums(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a > b) - (a < b);
}

static int compare_strings(const char *a, const char *b)
{
	if (!a || !b)
		return !a - !b;
	return strcasecmp(a, b);
}

static const char *first_tag(const struct printer *p)
{
	return p->config.n_tags ? p->config.tags[0] : NULL;
}

int field_compare(const struct printer *a, const struct printer *b, enum field_id id, int64_t now_ms)
{
	switch (fields[id].type) {
	case FTYPE_STATE:
		return printer_status_info(a->state.status)->attention -
		       printer_status_info(b->state.status)->attention;
	case FTYPE_STR:
		return compare_strings(field_str(a, id), field_str(b, id));
	case FTYPE_TAGS:
		return compare_strings(first_tag(a), first_tag(b));
	case FTYPE_NUM:
	case FTYPE_INT:
	case FTYPE_RATIO:
	case FTYPE_TIME:
	case FTYPE_CLOCK:
	case FTYPE_TEMP:
	case FTYPE_HEATERS:
		break;
	}
	return compare_nums(field_num(a, id, now_ms), field_num(b, id, now_ms));
}

/* ---- JSON ---- */

/* Multiplying by a whole number keeps 0.87 from becoming 0.8700000000000001. */
static double rounded(double v, double step)
{
	double per_unit = round(1.0 / step);

	return isnan(v) ? v : round(v * per_unit) / per_unit;
}

static struct json *heater_to_json(const struct heater *h)
{
	struct json *o = json_new_object();

	json_set_str(o, "name", h->name);
	json_set_num(o, "actual_c", rounded(h->actual_c, 0.01));
	json_set_num(o, "target_c", rounded(h->target_c, 0.01));
	json_set_num(o, "power", rounded(h->power, 0.0001));
	return o;
}

static struct json *heaters_to_json(const struct printer_state *s)
{
	struct json *a = json_new_array();

	for (int i = 0; i < s->n_heaters; i++)
		json_push_take(a, heater_to_json(&s->heaters[i]));
	return a;
}

static struct json *tags_to_json(const struct printer_config *c)
{
	struct json *a = json_new_array();

	for (int i = 0; i < c->n_tags; i++)
		json_push_str(a, c->tags[i]);
	return a;
}

void field_to_json(const struct printer *p, enum field_id id, int64_t now_ms, struct json *o)
{
	const char *name = fields[id].name;
	const struct heater *h;

	switch (fields[id].type) {
	case FTYPE_STR:
	case FTYPE_STATE:
		json_set_str(o, name, field_str(p, id));
		return;
	case FTYPE_NUM:
	case FTYPE_INT:
	case FTYPE_RATIO:
	case FTYPE_TIME:
	case FTYPE_CLOCK:
		json_set_num(o, name, rounded(field_num(p, id, now_ms), sources[id].json_step));
		return;
	case FTYPE_TEMP:
		h = field_heater(&p->state, id);
		if (h)
			json_set_take(o, name, heater_to_json(h));
		else
			json_set_null(o, name);
		return;
	case FTYPE_HEATERS:
		json_set_take(o, name, heaters_to_json(&p->state));
		return;
	case FTYPE_TAGS:
		json_set_take(o, name, tags_to_json(&p->config));
		return;
	}
}

struct json *printer_to_json(const struct printer *p, int64_t now_ms)
{
	struct json *o = json_new_object();

	for (unsigned i = 0; i < FIELD_N; i++)
		if (fields[i].in_json)
			field_to_json(p, (enum field_id)i, now_ms, o);
	return o;
}

/* ---- changes ---- */

static bool num_differs(double a, double b, double step)
{
	if (a == b)
		return false;
	if (isnan(a) || isnan(b))
		return isnan(a) != isnan(b);
	return floor(a / step + 0.5) != floor(b / step + 0.5);
}

static bool heater_differs(const struct heater *a, const struct heater *b)
{
	if (!a || !b)
		return a != b;
	return !str_eq(a->name, b->name) || num_differs(a->actual_c, b->actual_c, TEMP_STEP) ||
	       num_differs(a->target_c, b->target_c, TEMP_STEP) ||
	       num_differs(a->power, b->power, POWER_STEP);
}

static bool heaters_differ(const struct printer_state *a, const struct printer_state *b)
{
	if (a->n_heaters != b->n_heaters)
		return true;
	for (int i = 0; i < a->n_heaters; i++)
		if (heater_differs(&a->heaters[i], &b->heaters[i]))
			return true;
	return false;
}

static bool source_differs(const struct source *src, const struct printer_state *a,
			   const struct printer_state *b)
{
	size_t base = offsetof(struct printer, state);

	/* Values outside the state (the config, ends_at) are told by whoever changes them. */
	if (src->kind == SRC_NONE || src->kind == SRC_STRING || src->offset < base ||
	    src->offset >= base + sizeof(*a))
		return false;
	if (src->kind == SRC_TEXT)
		return !str_eq((const char *)a + (src->offset - base),
			       (const char *)b + (src->offset - base));
	return num_differs(source_num(src, a, base), source_num(src, b, base), src->step);
}

field_mask fields_diff(const struct printer_state *before, const struct printer_state *after)
{
	field_mask mask = 0;

	for (unsigned i = 0; i < FIELD_N; i++) {
		enum field_id id = (enum field_id)i;

		if (source_differs(&sources[i], before, after) ||
		    (fields[i].type == FTYPE_TEMP && heater_differs(field_heater(before, id),
								     field_heater(after, id))))
			mask |= FIELD_BIT(i);
	}
	if (heaters_differ(before, after))
		mask |= FIELD_BIT(FIELD_HEATERS);
	if (before->status != after->status)
		mask |= FIELD_BIT(FIELD_STATE);
	if (before->fresh.err != after->fresh.err)
		mask |= FIELD_BIT(FIELD_AGE);
	if (!str_eq(before->fresh.text, after->fresh.text))
		mask |= FIELD_BIT(FIELD_REASON);
	return mask;
}
