/* Values out of libconfig's settings: every mistake becomes an issue with its place. */
#include "config_read.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

char *reader_where(const struct reader *r, const config_setting_t *s)
{
	const char *file = s ? config_setting_source_file(s) : NULL;
	unsigned line = s ? config_setting_source_line(s) : 0;

	if (!file)
		file = r->file;
	return line ? mem_printf("%s:%u", file, line) : mem_strdup(file);
}

void reader_issue(const struct reader *r, enum config_severity severity, const config_setting_t *s,
		  const char *fmt, ...)
{
	char *where = reader_where(r, s);
	char text[1024];
	va_list args;

	va_start(args, fmt);
	str_vprintf(text, sizeof(text), fmt, args);
	va_end(args);
	config_add_issue(r->config, severity, where, "%s", text);
	free(where);
}

static const char *name_of(const config_setting_t *s)
{
	const char *name = config_setting_name(s);

	return name ? name : "an element";
}

bool read_text(const struct reader *r, const config_setting_t *s, enum text_kind kind, size_t max,
	       char **ret)
{
	const char *text;
	char *clean;

	if (config_setting_type(s) != CONFIG_TYPE_STRING) {
		reader_error(r, s, "%s must be text in double quotes", name_of(s));
		return false;
	}
	text = config_setting_get_string(s);
	if (!text || !*text) {
		reader_error(r, s, "%s is empty: leave it out or give it a value", name_of(s));
		return false;
	}
	if (strlen(text) > max) {
		reader_error(r, s, "%s is longer than %zu bytes", name_of(s), max);
		return false;
	}
	clean = mem_strdup(text);
	if (kind == TEXT_LINES)
		str_clean_lines(clean);
	else
		str_clean(clean);
	if (kind == TEXT_LINE && !str_eq(clean, text)) {
		reader_error(r, s, "%s has control characters or broken UTF-8 in it", name_of(s));
		free(clean);
		return false;
	}
	free(*ret);
	*ret = clean;
	return true;
}

bool read_number(const struct reader *r, const config_setting_t *s, double min, double max,
		 double *ret)
{
	double v;

	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		v = (double)config_setting_get_int64(s);
		break;
	case CONFIG_TYPE_FLOAT:
		v = config_setting_get_float(s);
		break;
	default:	/* libconfig's own numbers for types */
		reader_error(r, s, "%s must be a number, without quotes", name_of(s));
		return false;
	}
	if (!(v >= min && v <= max)) {
		reader_error(r, s, "%s is %g, but must be from %g to %g", name_of(s), v, min, max);
		return false;
	}
	*ret = v;
	return true;
}

bool read_flag(const struct reader *r, const config_setting_t *s, bool *ret)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL) {
		reader_error(r, s, "%s must be true or false, without quotes", name_of(s));
		return false;
	}
	*ret = config_setting_get_bool(s);
	return true;
}

bool read_texts(const struct reader *r, const config_setting_t *s, char **list, int *n, int max)
{
	bool ok = true;

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		ok = read_text(r, s, TEXT_LINE, LIMIT_STRING_BYTES, &list[*n]);
		*n += ok;
		return ok;
	}
	if (!config_setting_is_array(s) && !config_setting_is_list(s)) {
		reader_error(r, s, "%s must be a list of texts: [\"one\", \"two\"]", name_of(s));
		return false;
	}
	for (int i = 0; i < config_setting_length(s); i++) {
		if (*n >= max) {
			reader_error(r, s, "%s has more than %d elements", name_of(s), max);
			return false;
		}
		if (read_text(r, config_setting_get_elem(s, (unsigned)i), TEXT_LINE,
			      LIMIT_STRING_BYTES, &list[*n]))
			++*n;
		else
			ok = false;
	}
	return ok;
}

bool read_is_group(const struct reader *r, const config_setting_t *s)
{
	if (config_setting_is_group(s))
		return true;
	reader_error(r, s, "%s must be a group: { name = \"value\"; }", name_of(s));
	return false;
}

int read_list(const struct reader *r, const config_setting_t *s)
{
	if (config_setting_is_list(s) ||
	    (config_setting_is_array(s) && config_setting_length(s) == 0))
		return config_setting_length(s);
	reader_error(r, s, "%s must be a list of groups: ( { ... }, { ... } )", name_of(s));
	return 0;
}

void read_unknown(const struct reader *r, const config_setting_t *s, const struct nearest *near,
		  const char *what)
{
	char hint[NEAREST_HINT];

	reader_error(r, s, "%s has no '%.60s'%s", what, name_of(s),
		     nearest_hint(near, hint, sizeof(hint)));
}
