/* Fixtures: reading recorded replies, and comparing values with what an .expect line wants. */
#ifndef PRINTOP_TEST_FIXTURE_H
#define PRINTOP_TEST_FIXTURE_H

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <printop/http.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/printer.h>
#include <printop/sbuf.h>
#include <printop/str.h>

/* ---- files ---- */

/* The bytes of a file, NUL-terminated; NULL when there is none. The caller frees. */
static char *fixture_slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *data;
	long size;

	if (!f)
		return NULL;
	if (fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		fatal("%s: no size", path);
	rewind(f);
	data = mem_zalloc((size_t)size + 1, 1);
	if (fread(data, 1, (size_t)size, f) != (size_t)size)
		fatal("%s: short read", path);
	fclose(f);
	*len = (size_t)size;
	return data;
}

/* "\x1b" in a line of an .expect file is that byte; in place. */
static char *fixture_unescape(char *s)
{
	char *to = s, hex[3];
	const char *from = s;

	while (*from) {
		if (from[0] == '\\' && from[1] == 'x' && isxdigit((unsigned char)from[2]) &&
		    isxdigit((unsigned char)from[3])) {
			memcpy(hex, from + 2, 2);
			hex[2] = '\0';
			*to++ = (char)strtoul(hex, NULL, 16);
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return s;
}

/* ---- NAME.http: a status line and headers as they were sent ---- */

static void fixture_header(struct http_reply *r, char *line)
{
	char *value = strchr(line, ':');

	if (!value)
		return;
	*value++ = '\0';
	value = str_trim(value);
	if (strcasecmp(line, "content-type") == 0) {
		value[strcspn(value, "; ")] = '\0';
		for (char *c = value; *c; c++)
			*c = (char)tolower((unsigned char)*c);
		str_copy(r->content_type, sizeof(r->content_type), value);
	} else if (strcasecmp(line, "etag") == 0) {
		str_copy(r->etag, sizeof(r->etag), value);
	} else if (strcasecmp(line, "x-clacks-overhead") == 0) {
		r->clacks = true;
	} else if (strcasecmp(line, "retry-after") == 0) {
		r->retry_after_s = strtol(value, NULL, 10);
	}
}

/* Without a status line it was not HTTP at all; a 100 (Continue) before the answer is skipped. */
static void fixture_headers(struct http_reply *r, char *text)
{
	char *line, *rest = text;

	r->fault = HTTP_FAULT_NOT_HTTP;
	while ((line = strsep(&rest, "\n"))) {
		if (strncmp(line, "HTTP/", 5) == 0 && strchr(line, ' ')) {
			r->status = strtol(strchr(line, ' '), NULL, 10);
			r->fault = HTTP_FAULT_NONE;
		} else {
			fixture_header(r, line);
		}
	}
}

/* The reply in BASE.http and BASE.json; false without them. *body is the caller's to free. */
static bool fixture_reply(const char *base, struct http_reply *r, char **body)
{
	char *path = mem_printf("%s.http", base), *head;
	size_t len = 0;

	*r = (struct http_reply){ .body = "", .retry_after_s = -1, .took_s = 0.01 };
	*body = NULL;
	head = fixture_slurp(path, &len);
	free(path);
	if (!head)
		return false;
	fixture_headers(r, head);
	free(head);
	path = mem_printf("%s.json", base);
	*body = fixture_slurp(path, &r->len);
	free(path);
	if (*body)
		r->body = *body;
	return *body != NULL;
}

/* ---- JSON by structure ---- */

static bool fixture_json_same(const struct json *a, const struct json *b);

static bool fixture_members_same(const struct json *a, const struct json *b)
{
	const struct json *m;

	if (json_count(a) != json_count(b))
		return false;
	for (m = json_first(a); m; m = json_next(m))
		if (!json_get(b, json_name(m)) || !fixture_json_same(m, json_get(b, json_name(m))))
			return false;
	return true;
}

static bool fixture_json_same(const struct json *a, const struct json *b)
{
	char *x, *y;
	bool same;

	if (json_is_object(a) || json_is_object(b))
		return json_is_object(a) && json_is_object(b) && fixture_members_same(a, b);
	x = json_print(a, false);
	y = json_print(b, false);
	same = str_eq(x, y);
	free(x);
	free(y);
	return same;
}

/* In JSON-RPC the id is the driver's choice, and no params are as good as empty ones. */
static struct json *fixture_fill_rpc_take(struct json *want, const struct json *got)
{
	const struct json *params = json_get(got, "params");
	struct sbuf b = SBUF_INIT(LIMIT_REPLY_BYTES);
	char *text;

	if (!json_get(got, "jsonrpc") || !json_count(want))
		return want;
	text = json_print(want, false);
	sbuf_add(&b, text, strlen(text) - 1);
	if (json_is_num(json_get(got, "id")) && !json_get(want, "id"))
		sbuf_addf(&b, ",\"id\":%.0f", json_num(got, "id", 0));
	if (json_is_object(params) && !json_count(params) && !json_get(want, "params"))
		sbuf_adds(&b, ",\"params\":{}");
	sbuf_adds(&b, "}");
	json_free(want);
	want = json_parse(sbuf_str(&b), b.len, NULL);
	free(text);
	sbuf_done(&b);
	return want;
}

/* Is text, a request's body, the JSON that is wanted? *bad: what is wanted is no JSON itself. */
static bool fixture_body_is(const char *text, const char *wanted, bool *bad)
{
	struct json *want = json_parse(wanted, strlen(wanted), NULL);
	struct json *got = json_parse(text, strlen(text), NULL);
	bool same = false;

	*bad = !want;
	if (want && got) {
		want = fixture_fill_rpc_take(want, got);
		same = fixture_json_same(want, got);
	}
	json_free(want);
	json_free(got);
	return same;
}

/* ---- values ---- */

/* The next word; *rest is NULL when nothing is left. */
static char *fixture_word(char **rest)
{
	char *word = *rest ? str_token(rest, " ") : NULL;

	if (*rest && !**rest)
		*rest = NULL;
	return word;
}

/* One of "a|b|c"? */
static bool fixture_is_one_of(const char *got, const char *list)
{
	size_t n = strlen(got), len;

	for (;;) {
		len = strcspn(list, "|");
		if (len == n && memcmp(list, got, n) == 0)
			return true;
		if (!list[len])
			return false;
		list += len + 1;
	}
}

/* "= text", "!= text", "~ part", "!~ part" or "some"; *bad when it is none of them. */
static bool fixture_text_is(const char *got, char *test, bool *bad)
{
	char *op = fixture_word(&test);
	const char *want = test ? fixture_unescape(test) : "";

	*bad = false;
	if (str_eq(op, "="))
		return str_eq(got, want);
	if (str_eq(op, "!="))
		return !str_eq(got, want);
	if (str_eq(op, "some"))
		return *got != '\0';
	if (str_eq(op, "~") && *want)
		return strstr(got, want) != NULL;
	if (str_eq(op, "!~") && *want)
		return strstr(got, want) == NULL;
	*bad = true;
	return false;
}

/* Half of the last digit that is given, and a little: "0.25" is 0.245 to 0.255. */
static double fixture_last_digit(const char *number)
{
	const char *point = strchr(number, '.');

	return point ? 0.51 * pow(10, -(double)strlen(point + 1)) : 1e-9;
}

/* "null", "-" (unknown), "?" (any) or a number; tolerance NAN: its last digit. */
static bool fixture_num_is(double got, const char *want, double tolerance, bool *bad)
{
	double value;

	if (str_eq(want, "?"))
		return true;
	if (str_eq(want, "null") || str_eq(want, "-"))
		return isnan(got);
	if (!str_to_double(want, &value))
		return !(*bad = true);
	if (isnan(tolerance))
		tolerance = fixture_last_digit(want);
	return !isnan(got) && fabs(got - value) <= tolerance;
}

/* "0.25 +- 0.005", "0|null", "42" */
static bool fixture_nums_are(double got, char *test, bool *bad)
{
	char *sign = strstr(test, " +- "), *word;
	double tolerance = (double)NAN;
	bool same = false;

	*bad = !*test;
	if (sign) {
		*sign = '\0';
		if (!str_to_double(sign + 4, &tolerance))
			*bad = true;
	}
	while ((word = strsep(&test, "|")))
		same |= fixture_num_is(got, str_trim(word), tolerance, bad);
	return same;
}

#endif
