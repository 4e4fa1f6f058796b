/* Which printers the fleet view shows, in which order. */
#include "fleet_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/select.h>
#include <printop/str.h>

#define FILTER_WORDS 8

/* ---- filter ---- */

struct filter {
	size_t n;
	struct {
		bool negate;
		char *text;			/* plain text, or NULL */
		struct selector *selector;
	} words[FILTER_WORDS];
};

/* "state:pri" matches while it is being typed. */
static struct selector *parse_selector(const char *word)
{
	static const char *const kinds[] = { "tag:", "state:", "group:", "model:" };
	char *open;
	const char *words[1];
	struct selector *s = NULL;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!str_starts(word, kinds[i]))
			continue;
		open = mem_printf("%s*", word);
		words[0] = open;
		s = selector_parse(words, 1, &e);
		free(open);
	}
	return s;
}

static void add_word(struct filter *f, const char *word)
{
	bool negate = *word == '!';

	word += negate;
	if (!*word || f->n == FILTER_WORDS)
		return;
	f->words[f->n].negate = negate;
	f->words[f->n].selector = parse_selector(word);
	f->words[f->n].text = f->words[f->n].selector ? NULL : mem_strdup(word);
	f->n++;
}

struct filter *filter_new(const char *text)
{
	struct filter *f = MEM_NEW(struct filter);
	char copy[1024], *rest = copy, *word;

	str_copy(copy, sizeof(copy), text);
	while ((word = str_token(&rest, " ")))
		add_word(f, word);
	if (f->n)
		return f;
	filter_free(f);
	return NULL;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++) {
		free(f->words[i].text);
		selector_free(f->words[i].selector);
	}
	free(f);
}

static bool text_match(const struct printer *p, const char *text)
{
	const struct status_info *s = printer_status_info(p->state.status);

	if (str_contains_nocase(p->config.name, text) ||
	    str_contains_nocase(p->state.job.file, text))
		return true;
	if (str_contains_nocase(s->name, text) || str_contains_nocase(s->label, text))
		return true;
	for (int i = 0; i < p->config.n_tags; i++)
		if (str_contains_nocase(p->config.tags[i], text))
			return true;
	return false;
}

bool filter_match(const struct filter *f, const struct printer *p)
{
	for (size_t i = 0; f && i < f->n; i++) {
		bool hit = f->words[i].selector ? selector_match(f->words[i].selector, p) :
			text_match(p, f->words[i].text);

		if (hit == f->words[i].negate)
			return false;
	}
	return true;
}

/* ---- order ---- */

struct ordering {
	const struct fleet *fleet;
	enum field_id field;	/* FIELD_N: by attention */
	bool reverse;
	int64_t now_ms;
};

/* Minutes, so that two prints that end together do not change places with every poll. */
static double minutes_left(const struct printer *p)
{
	return isnan(p->state.job.left_s) ? 1e9 : floor(p->state.job.left_s / 60);
}

static int by_attention(const struct printer *a, const struct printer *b)
{
	int wa = printer_status_info(a->state.status)->attention;
	int wb = printer_status_info(b->state.status)->attention;
	double la = minutes_left(a), lb = minutes_left(b);

	if (wa != wb)
		return wa - wb;
	return (la > lb) - (la < lb);
}

static int compare(const void *x, const void *y, void *ctx)
{
	const struct ordering *o = ctx;
	const struct printer *a = fleet_get(o->fleet, *(const uint32_t *)x);
	const struct printer *b = fleet_get(o->fleet, *(const uint32_t *)y);
	int d = o->field == FIELD_N ? by_attention(a, b) : field_compare(a, b, o->field, o->now_ms);

	if (!d)
		d = strcmp(a->config.name, b->config.name);
	return o->reverse ? -d : d;
}

static void turn_round(uint32_t *ids, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint32_t id = ids[i];

		ids[i] = ids[n - 1 - i];
		ids[n - 1 - i] = id;
	}
}

void fleet_rows_fill(struct fleet_rows *r, const struct fleet *f, const struct filter *filter,
		     const char *order, bool reverse, int64_t now_ms)
{
	struct ordering o = { .fleet = f, .field = FIELD_N, .reverse = reverse, .now_ms = now_ms };

	if (!field_from_name(str_eq(order, "left") ? "left_s" : order, &o.field))
		o.field = FIELD_N;
	r->n = 0;
	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer *p = fleet_at(f, i);

		if (!filter_match(filter, p))
			continue;
		r->ids = mem_grow(r->ids, r->n, &r->cap, sizeof(*r->ids));
		r->ids[r->n++] = p->id;
	}
	if (str_eq(order, "none") && reverse)
		turn_round(r->ids, r->n);
	else if (r->n && !str_eq(order, "none"))
		qsort_r(r->ids, r->n, sizeof(*r->ids), compare, &o);
}

void fleet_rows_done(struct fleet_rows *r)
{
	free(r->ids);
	*r = (struct fleet_rows){ 0 };
}
