/* Strings: copying with a cap, cleaning hostile text, matching, and people's formats. */
#ifndef PRINTOP_STR_H
#define PRINTOP_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct sbuf;

/*
 * Copies src (NULL counts as "") into dst of size bytes, cutting at a UTF-8 boundary. Returns false
 * when it was cut.
 */
bool str_copy(char *dst, size_t size, const char *src);
bool str_printf(char *dst, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool str_vprintf(char *dst, size_t size, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));

bool str_eq(const char *a, const char *b);		/* NULL equals NULL only */
bool str_eq_nocase(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);
bool str_starts_nocase(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_contains_nocase(const char *s, const char *part);	/* ASCII case only */
char *str_trim(char *s);				/* in place; returns the first kept byte */
bool str_glob(const char *pattern, const char *s);	/* * ? and [a-z]; ASCII case is ignored */
unsigned str_distance(const char *a, const char *b);	/* edit distance, for "did you mean" */
/* The next word of *s up to one of the bytes in delims, ended in place; NULL at the end. */
char *str_token(char **s, const char *delims);

/*
 * Makes text from outside safe to show, in place: control characters and escape sequences, C1
 * controls, bidi overrides and isolates, invalid UTF-8 and U+2028/2029 go; a run of newlines, tabs
 * and CRs becomes one space.
 * Returns s.
 */
char *str_clean(char *s);
/* True for a code point that str_clean() removes. */
bool str_is_unsafe(uint32_t codepoint);
/* The same, but newlines stay (log pages, notes). */
char *str_clean_lines(char *s);
/* Length of the valid UTF-8 sequence at s (1..4), 0 when it is invalid or at the end. */
size_t str_utf8_len(const char *s);
uint32_t str_utf8_decode(const char *s, size_t *len);	/* U+FFFD and len 1 for a bad byte */

/* Percent-encodes all but unreserved bytes; with keep_slash also '/' stays. Adds to b. */
void str_url_encode(struct sbuf *b, const char *s, bool keep_slash);
/*
 * A file name that every server takes: the last path component, without control characters, quotes,
 * backslashes and leading dots; invalid UTF-8 becomes '_'. "" when nothing is left. dst as in
 * str_copy.
 */
void str_safe_name(char *dst, size_t size, const char *name);
const char *str_basename(const char *path);		/* points into path */

bool str_to_double(const char *s, double *ret);		/* the whole string must be a number */
bool str_to_int64(const char *s, int64_t *ret);

/* People's formats; all write "-" for an unknown value (NAN, < 0) and return buf. */
#define STR_SMALL 32
char *str_bytes(char *buf, size_t size, double bytes);		/* "12.0 MB" */
char *str_duration(char *buf, size_t size, double seconds);	/* "2:48", "26:05", hours:minutes */
char *str_age(char *buf, size_t size, double seconds);		/* "4 s", "12 min", "3 h", "2 d" */
char *str_clock(char *buf, size_t size, time_t at, time_t now);	/* "14:53", "Thu 02:10", "3 Dec" */

#endif
