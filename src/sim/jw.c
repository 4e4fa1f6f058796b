/* The JSON writer of the simulated servers. */
#include <sim/jw.h>

#include <math.h>
#include <printop/str.h>

static void unicode(struct sbuf *b, uint32_t c)
{
	if (c >= 0x10000) {
		c -= 0x10000;
		sbuf_addf(b, "\\u%04x", 0xd800 + (c >> 10));
		c = 0xdc00 + (c & 0x3ff);
	}
	sbuf_addf(b, "\\u%04x", c);
}

static void quote(struct sbuf *b, const char *s)
{
	sbuf_addc(b, '"');
	while (*s) {
		size_t plain = 0, len;

		while (s[plain] >= 0x20 && s[plain] != '"' && s[plain] != '\\' && s[plain] != 0x7f)
			plain++;
		sbuf_add(b, s, plain);
		s += plain;
		if (!*s)
			break;
		if (*s == '\n')
			sbuf_adds(b, "\\n"), s++;
		else if (*s == '"' || *s == '\\')
			sbuf_addc(b, '\\'), sbuf_addc(b, *s++);
		else
			unicode(b, str_utf8_decode(s, &len)), s += len;
	}
	sbuf_addc(b, '"');
}

static void newline(struct jw *w)
{
	sbuf_addc(w->b, '\n');
	sbuf_addn(w->b, ' ', 2 * (size_t)w->depth);
}

/* What stands before a value: the comma, the indent and the name. */
static void lead(struct jw *w, const char *name)
{
	if (w->comma)
		sbuf_addc(w->b, ',');
	if (w->pretty && w->depth)
		newline(w);
	w->comma = true;
	if (!name)
		return;
	quote(w->b, name);
	sbuf_adds(w->b, w->pretty ? ": " : ":");
}

static void open_container(struct jw *w, const char *name, char c)
{
	lead(w, name);
	sbuf_addc(w->b, c);
	w->depth++;
	w->comma = false;
}

static void close_container(struct jw *w, char c)
{
	bool empty = !w->comma;

	w->depth--;
	if (w->pretty && !empty)
		newline(w);
	sbuf_addc(w->b, c);
	w->comma = true;
	if (w->pretty && !w->depth)
		sbuf_addc(w->b, '\n');
}

void jw_object(struct jw *w, const char *name)
{
	open_container(w, name, '{');
}

void jw_array(struct jw *w, const char *name)
{
	open_container(w, name, '[');
}

void jw_end_object(struct jw *w)
{
	close_container(w, '}');
}

void jw_end_array(struct jw *w)
{
	close_container(w, ']');
}

void jw_str(struct jw *w, const char *name, const char *value)
{
	lead(w, name);
	if (value)
		quote(w->b, value);
	else
		sbuf_adds(w->b, "null");
}

static void digits(struct sbuf *b, uint64_t v)
{
	char text[24];
	size_t at = sizeof(text);

	do
		text[--at] = (char)('0' + v % 10);
	while (v /= 10);
	sbuf_add(b, text + at, sizeof(text) - at);
}

/* Four decimals, written without printf(): a poll carries dozens of these. */
void jw_num(struct jw *w, const char *name, double value)
{
	uint64_t scaled;
	char frac[5];
	size_t n = 4;

	lead(w, name);
	if (isnan(value) || fabs(value) > 1e14) {
		sbuf_adds(w->b, "null");
		return;
	}
	scaled = (uint64_t)llround(fabs(value) * 10000);
	if (value < 0 && scaled)
		sbuf_addc(w->b, '-');
	digits(w->b, scaled / 10000);
	scaled %= 10000;
	frac[0] = '.';
	for (size_t i = 4; i >= 1; i--, scaled /= 10)
		frac[i] = (char)('0' + scaled % 10);
	while (n > 1 && frac[n] == '0')
		n--;
	sbuf_add(w->b, frac, n + 1);
}

void jw_int(struct jw *w, const char *name, int64_t value)
{
	lead(w, name);
	if (value < 0)
		sbuf_addc(w->b, '-');
	digits(w->b, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void jw_bool(struct jw *w, const char *name, bool value)
{
	lead(w, name);
	sbuf_adds(w->b, value ? "true" : "false");
}

void jw_null(struct jw *w, const char *name)
{
	lead(w, name);
	sbuf_adds(w->b, "null");
}

void jw_raw(struct jw *w, const char *name, const char *json)
{
	lead(w, name);
	sbuf_adds(w->b, json);
}
