/* The JSON spoiler of the simulator's faults. */
#include <sim/mangle.h>

#include <ctype.h>
#include <string.h>
#include <printop/mem.h>

struct token {
	const char *at;
	size_t len;
};

struct state {
	struct sbuf *out;
	enum mangle how;
	struct token key;	/* the name in front of the value */
	unsigned numbers;
};

static bool text_key(const struct token *key)
{
	static const char *const names[] = { "\"name\"", "\"display\"", "\"path\"", "\"filename\"",
		"\"message\"", "\"error\"", "\"state_message\"", "\"reason\"", "\"hostname\"" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (key->len == strlen(names[i]) && memcmp(key->at, names[i], key->len) == 0)
			return true;
	return false;
}

static void put_string(struct state *s, struct token t)
{
	if (s->how == MANGLE_TYPES) {
		sbuf_adds(s->out, "7");
	} else if (s->how == MANGLE_CONTROL && text_key(&s->key)) {
		sbuf_adds(s->out, "\"\\u001b[31m\\u0007\\u202e\\u009b2J\\u0000\\r");
		sbuf_add(s->out, t.at + 1, t.len - 1);
	} else {
		sbuf_add(s->out, t.at, t.len);
	}
}

static void put_number(struct state *s, struct token t)
{
	static const char *const odd[] = { "NaN", "Infinity", "-Infinity" };

	if (s->how == MANGLE_NAN)
		sbuf_adds(s->out, odd[s->numbers++ % ARRAY_LEN(odd)]);
	else if (s->how == MANGLE_TYPES)
		sbuf_adds(s->out, "\"seven\"");
	else
		sbuf_add(s->out, t.at, t.len);
}

static void put_word(struct state *s, struct token t)
{
	if (s->how == MANGLE_TYPES)
		sbuf_adds(s->out, *t.at == 'n' ? "{}" : "\"yes\"");
	else
		sbuf_add(s->out, t.at, t.len);
}

static size_t string_len(const char *at)
{
	size_t n = 1;

	while (at[n] && at[n] != '"')
		n += at[n] == '\\' && at[n + 1] ? 2 : 1;
	return n + (at[n] == '"');
}

static size_t word_len(const char *at)
{
	size_t n = 1;

	while (isalnum((unsigned char)at[n]) || strchr("+-.", at[n] ? at[n] : ' '))
		n++;
	return n;
}

static bool is_key(const char *after)
{
	after += strspn(after, " \n");
	return *after == ':';
}

static size_t one(struct state *s, const char *at)
{
	struct token t = { at, 1 };

	if (*at == '"') {
		t.len = string_len(at);
		if (is_key(at + t.len)) {
			s->key = t;
			sbuf_add(s->out, t.at, t.len);
		} else {
			put_string(s, t);
		}
	} else if (isdigit((unsigned char)*at) || *at == '-') {
		t.len = word_len(at);
		put_number(s, t);
	} else if (isalpha((unsigned char)*at)) {
		t.len = word_len(at);
		put_word(s, t);
	} else {
		sbuf_addc(s->out, *at);
	}
	return t.len;
}

void mangle(struct sbuf *json, enum mangle how)
{
	struct sbuf out = SBUF_INIT(json->max);
	struct state s = { .out = &out, .how = how };
	const char *at = sbuf_str(json);

	while (*at)
		at += one(&s, at);
	sbuf_done(json);
	*json = out;
}
