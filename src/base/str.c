/* Strings: copying with a cap, comparing, matching, names of files and numbers. */
#include <printop/str.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <printop/sbuf.h>

/* Drops the tail of a sequence that a cut has left unfinished at the end of s. */
static void cut_at_boundary(char *s, size_t len)
{
	size_t start = len;

	while (start > 0 && len - start < 3 && ((unsigned char)s[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)s[start - 1] >= 0xc0 && !str_utf8_len(s + start - 1))
		s[start - 1] = '\0';
}

bool str_copy(char *dst, size_t size, const char *src)
{
	size_t len = src ? strlen(src) : 0;
	const bool whole = len < size;

	if (!size)
		return false;
	if (!whole)
		len = size - 1;
	if (len)
		memmove(dst, src, len);
	dst[len] = '\0';
	if (!whole)
		cut_at_boundary(dst, len);
	return whole;
}

bool str_vprintf(char *dst, size_t size, const char *fmt, va_list args)
{
	const int n = vsnprintf(dst, size, fmt, args);

	if (n >= 0 && (size_t)n < size)
		return true;
	if (size)
		cut_at_boundary(dst, strlen(dst));
	return false;
}

bool str_printf(char *dst, size_t size, const char *fmt, ...)
{
	va_list args;
	bool whole;

	va_start(args, fmt);
	whole = str_vprintf(dst, size, fmt, args);
	va_end(args);
	return whole;
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_eq_nocase(const char *a, const char *b)
{
	return a && b ? strcasecmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_starts_nocase(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	const size_t len = strlen(s), tail = strlen(suffix);

	return tail <= len && memcmp(s + len - tail, suffix, tail) == 0;
}

bool str_contains_nocase(const char *s, const char *part)
{
	for (; *s; s++) {
		if (str_starts_nocase(s, part))
			return true;
	}
	return !*part;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *str_trim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && is_space(end[-1]))
		end--;
	*end = '\0';
	while (is_space(*s))
		s++;
	return s;
}

char *str_token(char **s, const char *delims)
{
	char *word;

	if (!*s)
		return NULL;
	word = *s + strspn(*s, delims);
	*s = word + strcspn(word, delims);
	if (**s)
		*(*s)++ = '\0';
	return *word ? word : NULL;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* Matches one [set] against c; *pattern moves behind it. An unclosed [ is a plain character. */
static bool match_set(const char **pattern, char c)
{
	const char *p = *pattern + 1;
	const bool negated = *p == '!' || *p == '^';
	bool found = false;

	p += negated;
	for (bool first = true; *p && (first || *p != ']'); first = false, p++) {
		unsigned char from = lower(*p), to = from;

		if (p[1] == '-' && p[2] && p[2] != ']') {
			to = lower(p[2]);
			p += 2;
		}
		found = found || (lower(c) >= from && lower(c) <= to);
	}
	if (!*p) {
		(*pattern)++;
		return c == '[';
	}
	*pattern = p + 1;
	return found != negated;
}

/* Matches one element of the pattern that is no star. */
static bool match_one(const char **pattern, const char **s)
{
	const char *p = *pattern;
	size_t len = 1;
	bool ok;

	if ((*p == '?' || *p == '[') && str_utf8_len(*s))
		len = str_utf8_len(*s);
	if (*p == '[') {
		ok = match_set(pattern, **s);
	} else {
		ok = *p == '?' || lower(*p) == lower(**s);
		(*pattern)++;
	}
	*s += len;
	return ok;
}

bool str_glob(const char *pattern, const char *s)
{
	const char *star = NULL, *retry = NULL;

	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (!*pattern || !match_one(&pattern, &s)) {
			/* Only the last star needs another try: never exponential. */
			if (!star)
				return false;
			pattern = star;
			s = ++retry;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

unsigned str_distance(const char *a, const char *b)
{
	enum { MAX = 64 };	/* names are short; what is longer is simply far away */
	const size_t na = strlen(a), nb = strlen(b);
	unsigned row[MAX + 1];

	if (na > MAX || nb > MAX)
		return (unsigned)(na > nb ? na : nb);
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void str_url_encode(struct sbuf *b, const char *s, bool keep_slash)
{
	for (; *s; s++) {
		if (is_unreserved(*s) || (keep_slash && *s == '/'))
			sbuf_addc(b, *s);
		else
			sbuf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

const char *str_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void str_safe_name(char *dst, size_t size, const char *name)
{
	size_t len = 0, n;

	if (!size)
		return;
	for (name = str_basename(name); *name; name += n ? n : 1) {
		n = str_utf8_len(name);
		if (len + (n ? n : 1) >= size)
			break;
		if (!n)
			dst[len++] = '_';
		else if (str_is_unsafe(str_utf8_decode(name, NULL)) || strchr("\"'`\\", *name))
			continue;
		else if (len || !strchr(". ", *name))
			len = (size_t)((char *)mempcpy(dst + len, name, n) - dst);
	}
	while (len && dst[len - 1] == ' ')
		len--;
	dst[len] = '\0';
}

bool str_to_double(const char *s, double *ret)
{
	char *end;
	double value;

	/* strtod() also takes blanks, hex, "inf" and "nan": none of them is meant as a number. */
	if (!*s || s[strspn(s, "0123456789+-.eE")])
		return false;
	value = strtod(s, &end);
	if (*end || end == s || !isfinite(value))
		return false;
	*ret = value;
	return true;
}

bool str_to_int64(const char *s, int64_t *ret)
{
	char *end;
	long long value;

	if (!*s || s[strspn(s, "0123456789+-")])
		return false;
	errno = 0;
	value = strtoll(s, &end, 10);
	if (*end || end == s || errno)
		return false;
	*ret = value;
	return true;
}
