/* Reads the options of a shell verb by the table options.def, and explains them. */
#include "batch/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/str.h>

#define HELP_INDENT 27
#define HELP_WIDTH 79

enum option_type { OPT_FLAG, OPT_STR, OPT_LIST, OPT_NUM, OPT_INT, OPT_TIME, OPT_CHOICE };

static const struct option_row {
	char letter;
	const char *dashed, *arg;	/* "--json" */
	enum option_type type;
	double min, max;
	const char *verbs, *sentence;
} rows[OPTION_N] = {
#define OPTION(id, letter, name, arg, type, min, max, verbs, sentence) \
	{ letter, "--" name, arg, OPT_##type, min, max, verbs, sentence },
#include <printop/options.def>
#undef OPTION
};

void words_add(struct words *w, char *word)
{
	w->at = mem_grow(w->at, w->n, &w->cap, sizeof(*w->at));
	w->at[w->n++] = word;
}

void words_done(struct words *w)
{
	free(w->at);
	*w = (struct words){ 0 };
}

void words_split(struct words *w, char *list)
{
	char *word;

	while ((word = str_token(&list, ",")) != NULL) {
		word = str_trim(word);
		if (*word)
			words_add(w, word);
	}
}

/* ---- values ---- */

bool parse_time(const char *text, double *ret_s)
{
	static const struct { char letter; double seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	};
	size_t len = strlen(text);
	double factor = 1;
	char number[32];

	for (size_t i = 0; len > 1 && i < ARRAY_LEN(units); i++) {
		if (text[len - 1] == units[i].letter) {
			factor = units[i].seconds;
			len--;
			break;
		}
	}
	if (len >= sizeof(number))
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	if (!str_to_double(number, ret_s) || !isfinite(*ret_s))
		return false;
	*ret_s *= factor;
	return true;
}

static bool take_number(const struct option_row *r, const char *text, double *ret, struct err *e)
{
	int64_t whole;
	bool good = false;

	if (r->type == OPT_INT) {
		good = str_to_int64(text, &whole);
		*ret = good ? (double)whole : NAN;
	} else if (r->type == OPT_TIME) {
		good = parse_time(text, ret);
	} else {
		char number[32];

		/* "50%" is what people write for a percentage */
		str_copy(number, sizeof(number), text);
		if (str_ends(number, "%"))
			number[strlen(number) - 1] = '\0';
		good = str_to_double(number, ret);
	}
	if (!good || isnan(*ret))
		return err_set(e, ERR_USAGE, "%s: \"%s\" is not %s", r->dashed, text,
			       r->type == OPT_TIME ? "a time (90, 90s, 5m, 2h, 1d)" : "a number");
	if (*ret < r->min || *ret > r->max)
		return err_set(e, ERR_USAGE, "%s: %s is outside %g to %g", r->dashed, text,
			       r->min, r->max);
	return true;
}

/* Is word one of the words in list, which are split by sep? */
static bool in_list(const char *list, const char *word, char sep)
{
	size_t len = strlen(word);

	for (const char *p = list; p && *p; p = strchr(p, sep), p = p ? p + 1 : p)
		if (strncmp(p, word, len) == 0 && (p[len] == sep || !p[len]))
			return true;
	return false;
}

static bool verb_takes(const struct option_row *r, const char *verb)
{
	return str_eq(r->verbs, "*") || in_list(r->verbs, verb, ' ');
}

static bool take_value(struct options *o, enum option_id id, char *text, struct err *e)
{
	const struct option_row *r = &rows[id];

	switch (r->type) {
	case OPT_FLAG:
	case OPT_STR:
	case OPT_LIST:
		break;
	case OPT_NUM:
	case OPT_INT:
	case OPT_TIME:
		if (!take_number(r, text, &o->values[id].num, e))
			return false;
		break;
	case OPT_CHOICE:
		if (!in_list(r->arg, text, '|'))
			return err_set(e, ERR_USAGE, "%s: \"%s\" is none of %s", r->dashed, text,
				       r->arg);
		break;
	}
	words_add(&o->values[id].all, text);
	return true;
}

/* ---- parsing ---- */

/* Options of the program, not of a verb: they come first. */
static const char *const program_options[] = {
	"--config", "--demo", "--read-only", "--no-tui", "--log-level",
};

static bool unknown_option(const char *verb, const char *dashed, struct err *e)
{
	struct nearest n;
	char hint[NEAREST_HINT];

	for (size_t i = 0; i < ARRAY_LEN(program_options); i++)
		if (str_eq(program_options[i], dashed))
			return err_set(e, ERR_USAGE, "%s comes before the verb: printop %s ... %s",
				       dashed, dashed, verb);
	nearest_init(&n, dashed);
	for (size_t i = 0; i < OPTION_N; i++) {
		if (str_eq(rows[i].dashed, dashed))
			return err_set(e, ERR_USAGE, "%s takes no %s; it belongs to: %s", verb,
				       dashed, rows[i].verbs);
		if (verb_takes(&rows[i], verb))
			nearest_try(&n, rows[i].dashed);
	}
	return err_set(e, ERR_USAGE, "%s: unknown option %s%s", verb, dashed,
		       nearest_hint(&n, hint, sizeof(hint)));
}

static enum option_id find_long(const char *verb, const char *dashed)
{
	for (size_t i = 0; i < OPTION_N; i++)
		if (str_eq(rows[i].dashed, dashed) && verb_takes(&rows[i], verb))
			return (enum option_id)i;
	return OPTION_N;
}

static enum option_id find_letter(const char *verb, char letter)
{
	for (size_t i = 0; i < OPTION_N; i++)
		if (rows[i].letter == letter && verb_takes(&rows[i], verb))
			return (enum option_id)i;
	return OPTION_N;
}

struct cursor {			/* the argument being read */
	const char *verb;
	char **argv;
	int argc, i;
};

static bool next_value(struct cursor *c, enum option_id id, char **ret, struct err *e)
{
	if (c->i + 1 >= c->argc)
		return err_set(e, ERR_USAGE, "%s needs %s", rows[id].dashed, rows[id].arg);
	*ret = c->argv[++c->i];
	return true;
}

static bool read_long(struct options *o, struct cursor *c, struct err *e)
{
	static char nothing[] = "";
	char *value = strchr(c->argv[c->i], '=');
	char dashed[40];
	enum option_id id;

	str_copy(dashed, sizeof(dashed), c->argv[c->i]);
	dashed[strcspn(dashed, "=")] = '\0';
	id = find_long(c->verb, dashed);
	if (id == OPTION_N)
		return unknown_option(c->verb, dashed, e);
	if (rows[id].type == OPT_FLAG && value)
		return err_set(e, ERR_USAGE, "%s takes no value", dashed);
	if (value)
		value++;
	else if (rows[id].type == OPT_FLAG)
		value = nothing;
	else if (!next_value(c, id, &value, e))
		return false;
	return take_value(o, id, value, e);
}

/* "-qy", "-n5", "-n 5" */
static bool read_short(struct options *o, struct cursor *c, struct err *e)
{
	static char nothing[] = "";

	for (char *p = c->argv[c->i] + 1; *p; p++) {
		enum option_id id = find_letter(c->verb, *p);
		char *value = nothing;

		if (id == OPTION_N)
			return err_set(e, ERR_USAGE, "%s: unknown option -%c", c->verb, *p);
		if (rows[id].type != OPT_FLAG) {
			value = p + 1;
			p += strlen(p) - 1;
			if (!*value && !next_value(c, id, &value, e))
				return false;
		}
		if (!take_value(o, id, value, e))
			return false;
	}
	return true;
}

bool options_parse(struct options *o, const char *verb, int argc, char **argv, struct err *e)
{
	struct cursor c = { .verb = verb, .argv = argv, .argc = argc };
	bool only_args = false;

	memset(o, 0, sizeof(*o));
	for (size_t i = 0; i < OPTION_N; i++)
		o->values[i].num = NAN;
	for (c.i = 1; c.i < argc; c.i++) {
		char *arg = argv[c.i];

		if (only_args || arg[0] != '-' || !arg[1])
			words_add(&o->args, arg);
		else if (str_eq(arg, "--"))
			only_args = true;
		else if (!(arg[1] == '-' ? read_long(o, &c, e) : read_short(o, &c, e)))
			return false;
	}
	return true;
}

void options_done(struct options *o)
{
	for (size_t i = 0; i < OPTION_N; i++)
		words_done(&o->values[i].all);
	words_done(&o->args);
}

bool options_has(const struct options *o, enum option_id id)
{
	return o->values[id].all.n > 0;
}

char *options_str(const struct options *o, enum option_id id)
{
	const struct words *w = &o->values[id].all;

	return w->n > 0 ? w->at[w->n - 1] : NULL;
}

double options_num(const struct options *o, enum option_id id)
{
	return o->values[id].num;
}

const struct words *options_all(const struct options *o, enum option_id id)
{
	return &o->values[id].all;
}

/* ---- moments ---- */

static double clock_time(const char *text)
{
	static const char *const forms[] = {
		"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M",
	};
	time_t now = time(NULL);

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = { .tm_isdst = -1 }, today;
		const char *end = strptime(text, forms[i], &tm);

		if (!end || *end)
			continue;
		if (forms[i][1] == 'H') {
			localtime_r(&now, &today);
			tm.tm_year = today.tm_year;
			tm.tm_mon = today.tm_mon;
			tm.tm_mday = today.tm_mday;
		}
		tm.tm_isdst = -1;
		return (double)mktime(&tm);
	}
	return NAN;
}

bool options_since(const struct options *o, double *ret, struct err *e)
{
	const char *text = options_str(o, OPTION_SINCE);
	double seconds;

	*ret = NAN;
	if (!text)
		return true;
	if (parse_time(text, &seconds))
		*ret = seconds > 1e9 ? seconds : (double)time(NULL) - seconds;
	else
		*ret = clock_time(text);
	if (isnan(*ret))
		return err_set(e, ERR_USAGE, "--since: \"%s\" is no time: write 2h, 14:30, "
			       "2026-01-31 or 2026-01-31T14:30", text);
	return true;
}

/* ---- help ---- */

/* "-t, --to SELECTOR" */
static void option_label(const struct option_row *r, char *buf, size_t size)
{
	char letter[8] = "    ";

	if (r->letter != 0)
		str_printf(letter, sizeof(letter), "-%c, ", r->letter);
	str_printf(buf, size, "%s%s%s%s", letter, r->dashed, r->arg[0] ? " " : "", r->arg);
}

/* Words of text in lines of at most HELP_WIDTH, each behind HELP_INDENT spaces but the first. */
static void add_wrapped(struct sbuf *out, const char *text)
{
	size_t at = HELP_INDENT;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at + len > HELP_WIDTH && at > HELP_INDENT) {
			sbuf_addc(out, '\n');
			sbuf_addn(out, ' ', HELP_INDENT);
			at = HELP_INDENT;
		}
		sbuf_add(out, text, len);
		at += len + 1;
		text += len + strspn(text + len, " ");
		if (*text && at + strcspn(text, " ") <= HELP_WIDTH)
			sbuf_addc(out, ' ');
	}
	sbuf_addc(out, '\n');
}

void options_help(const char *verb, struct sbuf *out)
{
	char label[80];

	for (size_t i = 0; i < OPTION_N; i++) {
		size_t len;

		if (!verb_takes(&rows[i], verb))
			continue;
		option_label(&rows[i], label, sizeof(label));
		len = strlen(label) + 2;
		sbuf_addf(out, "  %s", label);
		if (len >= HELP_INDENT)
			sbuf_addc(out, '\n');
		sbuf_addn(out, ' ', len >= HELP_INDENT ? HELP_INDENT : HELP_INDENT - len);
		add_wrapped(out, rows[i].sentence);
	}
}
