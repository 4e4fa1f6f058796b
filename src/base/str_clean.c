/* UTF-8, and making text from outside safe to show. */
#include <printop/str.h>

#include <string.h>

static bool is_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

size_t str_utf8_len(const char *s)
{
	const unsigned char a = (unsigned char)s[0], b = a ? (unsigned char)s[1] : 0;

	if (a < 0x80)
		return a != 0;
	if (a < 0xc2 || a > 0xf4 || !is_tail(s[1]))
		return 0;
	if (a < 0xe0)
		return 2;
	if (!is_tail(s[2]))
		return 0;
	if (a < 0xf0)	/* no overlong forms, no surrogates */
		return (a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) ? 0 : 3;
	if (!is_tail(s[3]) || (a == 0xf0 && b < 0x90) || (a == 0xf4 && b > 0x8f))
		return 0;
	return 4;
}

uint32_t str_utf8_decode(const char *s, size_t *len)
{
	static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const size_t n = str_utf8_len(s);
	uint32_t c = (unsigned char)s[0] & first_bits[n];

	if (len)
		*len = n ? n : 1;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	return n ? c : 0xfffd;
}

bool str_is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||	/* C0, DEL, C1 */
	       c == 0x061c || c == 0x200e || c == 0x200f ||	/* direction marks */
	       (c >= 0x2028 && c <= 0x202e) ||	/* line separators, bidi overrides */
	       (c >= 0x2066 && c <= 0x206f) ||	/* bidi isolates, old format controls */
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe007f);	/* invisible tags */
}

/* Behind the payload of an OSC, DCS, SOS, PM or APC string; a line's end closes it at the latest. */
static const char *skip_control_string(const char *s)
{
	while (*s && *s != '\n') {
		if (*s == '\a')
			return s + 1;
		if (s[0] == '\033' && s[1] == '\\')
			return s + 2;
		if (s[0] == '\xc2' && s[1] == '\x9c')
			return s + 2;
		s++;
	}
	return s;
}

/* Behind parameters, intermediates and final byte of a CSI sequence; stops at what does not fit. */
static const char *skip_csi(const char *s)
{
	while (*s >= 0x30 && *s <= 0x3f)
		s++;
	while (*s >= 0x20 && *s <= 0x2f)
		s++;
	return *s >= 0x40 && *s <= 0x7e ? s + 1 : s;
}

/* Behind the escape sequence that ESC (before s) has begun. */
static const char *skip_escape(const char *s)
{
	if (*s == '[')
		return skip_csi(s + 1);
	if (*s && strchr("]PX^_", *s))
		return skip_control_string(s + 1);
	while (*s >= 0x20 && *s <= 0x2f)
		s++;
	return *s >= 0x30 && *s <= 0x7e ? s + 1 : s;
}

/* Behind the control character at s, with all that belongs to it. */
static const char *skip_control(const char *s, uint32_t c, size_t len)
{
	switch (c) {
	case 0x1b:
		return skip_escape(s + len);
	case 0x9b:
		return skip_csi(s + len);
	case 0x90:
	case 0x98:
	case 0x9d:
	case 0x9e:
	case 0x9f:
		return skip_control_string(s + len);
	default:
		return s + len;
	}
}

/* Writes what a run of white space becomes and returns its end. */
static const char *fold_space(const char *s, char **to, bool lines)
{
	const char *end = s + strspn(s, lines ? "\t\r" : "\n\t\r");

	if (lines && *s == '\n') {
		*(*to)++ = '\n';
		return s + 1;
	}
	/* The CR of a CR LF belongs to the line's end. */
	if (!(lines && *end == '\n' && *s == '\r' && end == s + 1))
		*(*to)++ = ' ';
	return end;
}

static char *clean(char *s, bool lines)
{
	const char *from = s;
	char *to;

	while (*from >= 0x20 && *from < 0x7f)
		from++;
	if (!*from)
		return s;
	to = s + (from - s);
	while (*from) {
		const size_t len = str_utf8_len(from);
		const uint32_t c = len ? str_utf8_decode(from, NULL) : 0xfffd;

		if (!len) {
			from++;
		} else if (c == '\n' || c == '\t' || c == '\r') {
			from = fold_space(from, &to, lines);
		} else if (str_is_unsafe(c)) {
			from = skip_control(from, c, len);
		} else {
			memmove(to, from, len);
			to += len;
			from += len;
		}
	}
	*to = '\0';
	return s;
}

char *str_clean(char *s)
{
	return clean(s, false);
}

char *str_clean_lines(char *s)
{
	return clean(s, true);
}
