/* Selectors: words that say which printers, read into terms and matched against the fleet. */
#include <printop/select.h>

#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/sbuf.h>
#include <printop/str.h>

enum kind { KIND_NAME, KIND_TAG, KIND_STATE, KIND_MODEL, KIND_GROUP, KIND_N };

static const char *const kind_names[KIND_N] = { "name", "tag", "state", "model", "group" };

struct term {
	enum kind kind;
	bool without;		/* !WORD */
	char *pattern;
	uint32_t states;	/* KIND_STATE: bits */
};

struct selector {
	struct term *terms;
	size_t n, cap;
	struct sbuf text;	/* as it was written, for messages */
};

/* Words that people read on the screen or would say, beside the names of the states. */
static const struct {
	const char *word;
	uint32_t states;
} state_words[] = {
	{ "ready", STATUS_BIT(PRINTER_IDLE) },
	{ "done", STATUS_BIT(PRINTER_COMPLETE) },
	{ "clear", STATUS_BIT(PRINTER_COMPLETE) | STATUS_BIT(PRINTER_CANCELLED) },
	{ "print", STATUS_BIT(PRINTER_PRINTING) },
	{ "heat", STATUS_BIT(PRINTER_PREPARING) },
	{ "pause", STATUS_BIT(PRINTER_PAUSED) | STATUS_BIT(PRINTER_PAUSING) },
	{ "off", STATUS_BIT(PRINTER_PARKED) },
	{ "halted", STATUS_BIT(PRINTER_SHUTDOWN) },
	{ "active", STATUS_ACTIVE },
};

static bool is_glob(const char *s)
{
	return s[strcspn(s, "*?[")] != '\0';
}

/* ---- reading ---- */

static uint32_t states_of(const char *word)
{
	enum printer_status status;
	uint32_t bits = 0;

	if (printer_status_from_name(word, &status))
		return STATUS_BIT(status);
	for (size_t i = 0; i < ARRAY_LEN(state_words); i++)
		if (str_eq_nocase(state_words[i].word, word))
			return state_words[i].states;
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++)
		if (str_glob(word, printer_status_info((enum printer_status)i)->name))
			bits |= STATUS_BIT(i);
	return bits;
}

static bool bad_state(const char *word, struct err *e)
{
	struct nearest near;
	char hint[NEAREST_HINT];

	nearest_init(&near, word);
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++)
		nearest_try(&near, printer_status_info((enum printer_status)i)->name);
	for (size_t i = 0; i < ARRAY_LEN(state_words); i++)
		nearest_try(&near, state_words[i].word);
	return err_set(e, ERR_USAGE, "there is no state '%.40s'%s", word,
		       nearest_hint(&near, hint, sizeof(hint)));
}

static bool add_term(struct selector *s, enum kind kind, bool without, const char *pattern,
		     struct err *e)
{
	struct term t = { kind, without, NULL, 0 };

	if (kind == KIND_NAME && strchr(pattern, ':'))
		return err_set(e, ERR_USAGE, "'%.60s': a name holds no ':'; kinds are tag: state: "
			       "model: group:, and commas join values of one kind", pattern);
	if (kind == KIND_STATE && !(t.states = states_of(pattern)))
		return bad_state(pattern, e);
	t.pattern = mem_strdup(kind == KIND_NAME && str_eq(pattern, "all") ? "*" : pattern);
	s->terms = mem_grow(s->terms, s->n, &s->cap, sizeof(*s->terms));
	s->terms[s->n++] = t;
	return true;
}

/* Takes "tag:" off the front of *word; a word without a known kind is a name. */
static enum kind take_kind(const char **word)
{
	for (unsigned i = 0; i < KIND_N; i++) {
		size_t len = strlen(kind_names[i]);

		if (str_starts_nocase(*word, kind_names[i]) && (*word)[len] == ':') {
			*word += len + 1;
			return (enum kind)i;
		}
	}
	return KIND_NAME;
}

static bool add_word(struct selector *s, const char *text, struct err *e)
{
	char *copy = str_clean(mem_strdup(text)), *at, *value;
	const char *word = copy;
	bool without = word[0] == '!', ok = true;
	size_t before = s->n;
	enum kind kind;

	word += without;
	kind = take_kind(&word);
	at = copy + (word - copy);
	while (ok && (value = str_token(&at, ",")))
		ok = add_term(s, kind, without, value, e);
	if (ok && s->n == before)
		ok = err_set(e, ERR_USAGE, "'%.60s' names nothing", copy);
	free(copy);
	return ok;
}

struct selector *selector_parse(const char *const *words, size_t n, struct err *e)
{
	struct selector *s = MEM_NEW(struct selector);

	sbuf_init(&s->text, 200);
	for (size_t i = 0; i < n; i++) {
		if (!add_word(s, words[i], e)) {
			selector_free(s);
			return NULL;
		}
		sbuf_addf(&s->text, "%s%s", i ? " " : "", words[i]);
	}
	if (s->text.data)
		str_clean(s->text.data);
	return s;
}

/* Splits *at at white space; double quotes keep it: tag:"room 1". NULL at the end. */
static char *take_quoted_word(char **at)
{
	char *from = *at, *to, *word;
	bool quoted = false;

	while (*from == ' ' || *from == '\t')
		from++;
	if (!*from)
		return NULL;
	for (word = to = from; *from && (quoted || (*from != ' ' && *from != '\t')); from++) {
		if (*from == '"')
			quoted = !quoted;
		else
			*to++ = *from;
	}
	*at = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

struct selector *selector_parse_line(const char *line, struct err *e)
{
	char *copy = mem_strdup(line), *at = copy;
	const char **words = NULL, *word;
	size_t n = 0, cap = 0;
	struct selector *s;

	while ((word = take_quoted_word(&at))) {
		words = mem_grow(words, n, &cap, sizeof(*words));
		words[n++] = word;
	}
	s = selector_parse(words, n, e);
	free(words);
	free(copy);
	return s;
}

void selector_free(struct selector *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->terms[i].pattern);
	free(s->terms);
	sbuf_done(&s->text);
	free(s);
}

/* ---- matching ---- */

static bool text_matches(const char *pattern, const char *text)
{
	if (!text)
		return false;
	return is_glob(pattern) ? str_glob(pattern, text) : str_eq_nocase(pattern, text);
}

static bool tag_matches(const struct printer_config *c, const char *pattern)
{
	for (int i = 0; i < c->n_tags; i++)
		if (text_matches(pattern, c->tags[i]))
			return true;
	return false;
}

static bool term_matches(const struct term *t, const struct printer *p)
{
	switch (t->kind) {
	case KIND_NAME:
		return text_matches(t->pattern, p->config.name);
	case KIND_TAG:
		return tag_matches(&p->config, t->pattern);
	case KIND_STATE:
		return t->states & STATUS_BIT(p->state.status);
	case KIND_MODEL:
		return text_matches(t->pattern, p->config.model);
	case KIND_GROUP:
		return text_matches(t->pattern, p->config.group);
	case KIND_N:
		break;
	}
	return false;
}

bool selector_match(const struct selector *s, const struct printer *p)
{
	unsigned wanted = 0, found = 0;		/* bit per kind */

	for (size_t i = 0; i < s->n; i++) {
		const struct term *t = &s->terms[i];
		bool match = term_matches(t, p);

		if (t->without && match)
			return false;
		if (t->without)
			continue;
		wanted |= 1u << t->kind;
		if (match)
			found |= 1u << t->kind;
	}
	return wanted == found;
}

bool selector_needs_state(const struct selector *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->terms[i].kind == KIND_STATE)
			return true;
	return false;
}

/* ---- against the fleet ---- */

static void try_words(struct nearest *near, enum kind kind, const struct printer_config *c)
{
	if (kind == KIND_NAME)
		nearest_try(near, c->name);
	else if (kind == KIND_MODEL)
		nearest_try(near, c->model);
	else if (kind == KIND_GROUP)
		nearest_try(near, c->group);
	for (int i = 0; kind == KIND_TAG && i < c->n_tags; i++)
		nearest_try(near, c->tags[i]);
}

/* A plain word that fits no printer is a slip, and "!slip" would take nothing away: both are refused. */
static bool term_known(const struct term *t, const struct fleet *f, struct err *e)
{
	struct nearest near;
	char hint[NEAREST_HINT];

	if (t->kind == KIND_STATE || is_glob(t->pattern))
		return true;
	nearest_init(&near, t->pattern);
	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer *p = fleet_at(f, i);

		if (term_matches(t, p))
			return true;
		try_words(&near, t->kind, &p->config);
	}
	nearest_hint(&near, hint, sizeof(hint));
	if (t->kind == KIND_NAME)
		return err_set(e, ERR_NOT_FOUND, "there is no printer '%.60s'%s", t->pattern, hint);
	return err_set(e, ERR_NOT_FOUND, "no printer has %s '%.60s'%s", kind_names[t->kind],
		       t->pattern, hint);
}

uint32_t *selector_ids(const struct selector *s, const struct fleet *f, size_t *n, struct err *e)
{
	uint32_t *ids;

	*n = 0;
	for (size_t i = 0; i < s->n; i++)
		if (!term_known(&s->terms[i], f, e))
			return NULL;
	ids = mem_alloc((fleet_count(f) + 1) * sizeof(*ids));
	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer *p = fleet_at(f, i);

		if (selector_match(s, p))
			ids[(*n)++] = p->id;
	}
	if (*n)
		return ids;
	free(ids);
	if (fleet_count(f) == 0)
		err_set(e, ERR_NOT_FOUND, "there are no printers; add one to printers.conf");
	else
		err_set(e, ERR_NOT_FOUND, "no printer matches '%s'", sbuf_str(&s->text));
	return NULL;
}
