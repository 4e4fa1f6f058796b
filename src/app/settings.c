/* The settings table: defaults, checks against type, range and choices, and values as text. */
#include <printop/setting.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/str.h>

static const struct setting table[SETTING_N] = {
#define SETTING(id, name, type, standard, min, max, choices, unit, sentence) \
	[SETTING_##id] = { name, SETTING_##type, standard, min, max, choices, unit, sentence },
#include <printop/settings.def>
#undef SETTING
};

const struct setting *setting_info(enum setting_id id)
{
	return (unsigned)id < SETTING_N ? &table[id] : NULL;
}

bool setting_from_name(const char *name, enum setting_id *ret)
{
	for (unsigned i = 0; i < SETTING_N; i++) {
		if (str_eq(table[i].name, name)) {
			*ret = (enum setting_id)i;
			return true;
		}
	}
	return false;
}

const char *setting_nearest(const char *name)
{
	struct nearest n;

	nearest_init(&n, name);
	for (unsigned i = 0; i < SETTING_N; i++)
		nearest_try(&n, table[i].name);
	return n.best;
}

void settings_init(struct settings *s)
{
	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < SETTING_N; i++) {
		struct err e;

		if (!settings_set(s, (enum setting_id)i, table[i].standard, NULL, &e))
			fatal("default of %s: %s", table[i].name, e.text);
	}
}

void settings_done(struct settings *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < SETTING_N; i++) {
		free(s->values[i].str);
		free(s->values[i].where);
	}
	memset(s, 0, sizeof(*s));
}

void settings_copy(struct settings *to, const struct settings *from)
{
	for (unsigned i = 0; i < SETTING_N; i++) {
		to->values[i].num = from->values[i].num;
		to->values[i].str = mem_strdup(from->values[i].str);
		to->values[i].where = mem_strdup(from->values[i].where);
	}
}

/* ---- reading, one function per type; *str stays NULL where there is no string ---- */

static bool read_bool(const struct setting *t, const char *text, double *num, struct err *e)
{
	static const char *const words[][2] = {
		{ "false", "true" }, { "off", "on" }, { "no", "yes" }, { "0", "1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		for (int value = 0; value < 2; value++) {
			if (str_eq_nocase(text, words[i][value])) {
				*num = value;
				return true;
			}
		}
	}
	return err_set(e, ERR_USAGE, "%s is true or false, not '%.40s'", t->name, text);
}

static bool read_num(const struct setting *t, const char *text, double *num, struct err *e)
{
	bool whole = t->type == SETTING_INT;
	double v;

	if (!str_to_double(text, &v) || !isfinite(v) || (whole && v != floor(v)))
		return err_set(e, ERR_USAGE, "%s is a %snumber, not '%.40s'", t->name,
			       whole ? "whole " : "", text);
	if (v < t->min || v > t->max)
		return err_set(e, ERR_USAGE, "%s is %g, but must be from %g to %g%s%s", t->name, v,
			       t->min, t->max, *t->unit ? " " : "", t->unit);
	*num = v;
	return true;
}

static bool read_str(const struct setting *t, const char *text, char **str, struct err *e)
{
	char *copy;

	if (strlen(text) > (size_t)t->max)
		return err_set(e, ERR_USAGE, "%s is longer than %g bytes", t->name, t->max);
	if (strlen(text) < (size_t)t->min)
		return err_set(e, ERR_USAGE, "%s must not be empty", t->name);
	copy = str_clean(mem_strdup(text));
	if (!str_eq(copy, text)) {
		free(copy);
		return err_set(e, ERR_USAGE, "%s has control characters or broken UTF-8 in it",
			       t->name);
	}
	*str = copy;
	return true;
}

static bool read_choice(const struct setting *t, const char *text, double *num, char **str,
			struct err *e)
{
	char *list = mem_strdup(t->choices), *at = list, *word;
	double index = 0;

	while ((word = str_token(&at, " "))) {
		if (str_eq_nocase(word, text)) {
			*num = index;
			*str = mem_strdup(word);
			break;
		}
		index++;
	}
	free(list);
	if (*str)
		return true;
	return err_set(e, ERR_USAGE, "%s is one of: %s; not '%.40s'", t->name, t->choices, text);
}

bool settings_set(struct settings *s, enum setting_id id, const char *text, const char *where,
		  struct err *e)
{
	const struct setting *t = &table[id];
	double num = 0;
	char *str = NULL;
	bool ok = false;

	switch (t->type) {
	case SETTING_BOOL:
		ok = read_bool(t, text, &num, e);
		break;
	case SETTING_INT:
	case SETTING_NUM:
		ok = read_num(t, text, &num, e);
		break;
	case SETTING_STR:
		ok = read_str(t, text, &str, e);
		break;
	case SETTING_CHOICE:
		ok = read_choice(t, text, &num, &str, e);
		break;
	}
	if (!ok)
		return false;
	free(s->values[id].str);
	free(s->values[id].where);
	s->values[id].num = num;
	s->values[id].str = str;
	s->values[id].where = mem_strdup(where);
	return true;
}

double settings_num(const struct settings *s, enum setting_id id)
{
	return s->values[id].num;
}

bool settings_bool(const struct settings *s, enum setting_id id)
{
	return s->values[id].num != 0;
}

const char *settings_str(const struct settings *s, enum setting_id id)
{
	return s->values[id].str ? s->values[id].str : "";
}

char *settings_text(const struct settings *s, enum setting_id id, char *buf, size_t size)
{
	switch (table[id].type) {
	case SETTING_BOOL:
		str_copy(buf, size, settings_bool(s, id) ? "true" : "false");
		break;
	case SETTING_INT:
	case SETTING_NUM:
		str_printf(buf, size, "%g", settings_num(s, id));
		break;
	case SETTING_STR:
	case SETTING_CHOICE:
		str_copy(buf, size, settings_str(s, id));
		break;
	}
	return buf;
}
