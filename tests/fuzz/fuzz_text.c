/* Fuzz target: what every text from outside goes through: JSON, str_clean(), names, globs, base
 * URLs. */
#include <math.h>
#include <printop/http.h>
#include <printop/json.h>
#include <printop/sbuf.h>
#include <printop/text.h>
#include "fuzz.h"

/* Printed and read back. */
static char *print_again(const char *text)
{
	struct json *o = json_parse(text, strlen(text), NULL);
	char *printed;

	MUST(o);
	printed = json_print(o, true);
	json_free(o);
	return printed;
}

/* What is printed reads back as the same, once numbers are down to the 15 digits that are written.
 */
static void check_json(const char *text, size_t len)
{
	struct err e = {0};
	struct json *o = json_parse(text, len, &e);
	char *once, *twice, *thrice, cell[40];

	MUST(o || e.code == ERR_BAD_REPLY);
	if (!o)
		return;
	for (const struct json *m = json_first(o); m; m = json_next(m)) {
		json_str_value(m, cell, sizeof(cell), false);
		must_be_clean(cell, sizeof(cell));
		MUST(json_get(o, "") || json_name(m));
	}
	json_int(o, "a.b", -1);
	once = json_print(o, true);
	twice = print_again(once);
	thrice = print_again(twice);
	MUST(str_eq(twice, thrice));
	json_free(o);
	free(once);
	free(twice);
	free(thrice);
}

static void check_clean(const char *text)
{
	char *line = str_clean(mem_strdup(text)), *lines = str_clean_lines(mem_strdup(text));
	char *again = str_clean_lines(mem_strdup(lines)), cut[24];
	int width;

	must_be_clean(line, PTRDIFF_MAX);
	MUST(strlen(line) <= strlen(text) && str_eq(again, lines));
	for (const char *s = lines; *s; s += str_utf8_len(s))
		MUST(*s == '\n' || !str_is_unsafe(str_utf8_decode(s, NULL)));
	for (int cols = 0; cols < 9; cols++) {
		text_fit(line, cols, &width);
		MUST(width <= cols);
		text_cut(cut, sizeof(cut), line, cols, false);
		MUST(text_width(cut) <= cols);
		text_cut_left(cut, sizeof(cut), line, cols, cols & 1);
		MUST(text_width(cut) <= cols);
	}
	text_to_ascii(cut, sizeof(cut), line);
	free(line);
	free(lines);
	free(again);
}

static void check_name(const char *text)
{
	struct sbuf b = SBUF_INIT(1u << 16);
	char name[30];

	str_safe_name(name, sizeof(name), text);
	must_be_clean(name, sizeof(name));
	MUST(name[0] != '.' && !name[strcspn(name, "/\\\"'`")]);
	str_url_encode(&b, text, true);
	for (const char *c = sbuf_str(&b); *c; c++)
		MUST(*c > ' ' && *c < 0x7f && !strchr("?#\"\\", *c));
	sbuf_done(&b);
}

static void check_url(const char *text)
{
	struct sbuf b = SBUF_INIT(4096);
	struct http_url url, again;
	const char *why = NULL;

	if (!http_url_parse(text, &url, &why)) {
		MUST(why);
		return;
	}
	http_url_print(&url, &b);
	MUST(http_url_parse(sbuf_str(&b), &again, &why));
	MUST(again.tls == url.tls && again.port == url.port);
	MUST(str_eq(again.host, url.host) && str_eq(again.prefix, url.prefix));
	sbuf_done(&b);
}

static void check_match(char *text)
{
	char *pattern = strchr(text, '\n');
	double num;
	int64_t whole;

	if (str_to_double(text, &num))
		MUST(isfinite(num));
	str_to_int64(text, &whole);
	if (!pattern)
		return;
	*pattern++ = '\0';
	str_glob(pattern, text);
	str_distance(pattern, text);
	str_contains_nocase(text, pattern);
	*--pattern = '\n';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);

	check_json((const char *)data, size);
	check_clean(text);
	check_name(text);
	check_url(text);
	check_match(text);
	free(text);
	return 0;
}
