/* The streaming reader of multipart/form-data. */
#include "gateway/multipart.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

#define BOUNDARY_MAX 200	/* RFC 2046 allows 70; nobody checks */

enum state {
	IN_PREAMBLE,		/* before the first delimiter */
	IN_DATA,
	BEHIND_DELIMITER,	/* "--", or blanks and a line end */
	IN_HEADERS,
	AT_END,
	BROKEN
};

struct multipart {
	struct multipart_ops ops;
	void *ctx;
	enum state state;
	bool in_part;
	char delimiter[BOUNDARY_MAX + 8];	/* "\r\n--boundary" */
	size_t len, matched;
	char tail[16];			/* behind what looks like a delimiter */
	size_t tail_len;
	struct sbuf line;		/* of the headers */
	size_t head_len;
	char *name, *filename, *star, *type;	/* of the part whose headers come in */
};

/* ---- parameters of a header ---- */

static bool is_token(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`{|}~", c));
}

/*
 * A quote ends a value when nothing follows but the end or "; name=": Qt does not escape quotes in file names, so
 * any other one belongs to the name.
 */
static bool ends_value(const char *behind)
{
	behind += strspn(behind, " \t");
	if (!*behind)
		return true;
	if (*behind != ';')
		return false;
	behind++;
	behind += strspn(behind, " \t");
	if (!*behind)
		return true;
	while (is_token(*behind))
		behind++;
	return *behind == '=';
}

/* Reads a value that at points to; *behind is what follows. The caller frees. */
static char *read_value(const char *at, const char **behind)
{
	struct sbuf b = SBUF_INIT(MULTIPART_HEAD_MAX);

	if (*at != '"') {
		size_t n = strcspn(at, ";");
		char *copy = mem_strndup(at, n), *value = mem_strdup(str_trim(copy));

		free(copy);
		*behind = at + n;
		return value;
	}
	for (at++; *at; at++) {
		/* A backslash before anything else is one: folders of Windows. */
		if (*at == '\\' && (at[1] == '\\' || (at[1] == '"' && at[2]))) {
			sbuf_addc(&b, *++at);
			continue;
		}
		if (*at == '"' && ends_value(at + 1)) {
			at++;
			break;
		}
		sbuf_addc(&b, *at);
	}
	*behind = at + strcspn(at, ";");
	return sbuf_take(&b);
}

/* The value of a parameter behind the first ';' of a header; NULL when it is missing. The caller frees. */
static char *header_param(const char *line, const char *name)
{
	const char *at = line + strcspn(line, ";");
	size_t len = strlen(name);

	while (*at == ';') {
		const char *key = at + 1 + strspn(at + 1, " \t"), *value, *behind;
		size_t n = 0;
		char *text;

		while (is_token(key[n]))
			n++;
		value = key + n + strspn(key + n, " \t");
		if (*value != '=') {
			at = key + strcspn(key, ";");
			continue;
		}
		value++;
		text = read_value(value + strspn(value, " \t"), &behind);
		if (n == len && !strncasecmp(key, name, n))
			return text;
		free(text);
		at = behind;
	}
	return NULL;
}

/* ---- names ---- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place; only: the escapes that are undone, NULL all. */
static void undo_percent(char *s, const char *const *only)
{
	char *to = s;

	for (; *s; s++) {
		int high = *s == '%' ? hex(s[1]) : -1, low = high >= 0 ? hex(s[2]) : -1;
		bool known = low >= 0 && !only;

		for (size_t i = 0; only && low >= 0 && only[i]; i++)
			known = known || !strncasecmp(s, only[i], 3);
		if (known)
			s += 2;
		*to++ = known ? (char)(high * 16 + low) : *s;
	}
	*to = '\0';
}

/* libcurl from 7.81 on and browsers write quotes and line ends so, and nothing else. */
static const char *const form_escapes[] = { "%22", "%0d", "%0a", NULL };

/* "UTF-8''na%20me" */
static char *star_value(char *text)
{
	char *at = strstr(text, "''"), *value;

	value = mem_strdup(at ? at + 2 : text);
	free(text);
	undo_percent(value, NULL);
	return value;
}

/* ---- one part ---- */

static void forget_headers(struct multipart *m)
{
	free(m->name);
	free(m->filename);
	free(m->star);
	free(m->type);
	m->name = m->filename = m->star = m->type = NULL;
	m->head_len = 0;
	sbuf_clear(&m->line);
}

static void take_header(struct multipart *m, const char *line)
{
	if (str_starts_nocase(line, "content-disposition:") && !m->name && !m->filename && !m->star) {
		m->name = header_param(line, "name");
		m->filename = header_param(line, "filename");
		m->star = header_param(line, "filename*");
		if (m->star)
			m->star = star_value(m->star);
		if (m->filename)
			undo_percent(m->filename, form_escapes);
	} else if (str_starts_nocase(line, "content-type:") && !m->type) {
		char *copy = mem_strdup(line + strlen("content-type:"));

		m->type = mem_strdup(str_trim(copy));
		free(copy);
	}
}

static void begin_part(struct multipart *m)
{
	struct multipart_part p = {
		.name = m->name ? m->name : "",
		.filename = m->star ? m->star : m->filename,
		.type = m->type ? m->type : "",
	};

	m->in_part = true;
	m->state = IN_DATA;
	m->matched = 0;
	m->ops.part(m->ctx, &p);
	forget_headers(m);
}

static void end_part(struct multipart *m)
{
	if (m->in_part)
		m->ops.end(m->ctx);
	m->in_part = false;
}

static void give(struct multipart *m, const char *data, size_t len)
{
	if (m->in_part && len)
		m->ops.data(m->ctx, data, len);
}

/* ---- states ---- */

/*
 * Up to the next delimiter. Only its first byte is a CR, so that a failed match begins again at the byte that broke it.
 */
static size_t in_data(struct multipart *m, const char *data, size_t len)
{
	size_t i = 0;

	while (i < len) {
		const char *cr;
		size_t end;

		if (m->matched && data[i] == m->delimiter[m->matched]) {
			i++;
			if (++m->matched < m->len)
				continue;
			m->matched = m->tail_len = 0;
			m->state = BEHIND_DELIMITER;
			return i;
		}
		if (m->matched)		/* it only looked like one */
			give(m, m->delimiter, m->matched);
		m->matched = 0;
		cr = memchr(data + i, '\r', len - i);
		end = cr ? (size_t)(cr - data) : len;
		give(m, data + i, end - i);
		i = end;
		if (cr) {
			m->matched = 1;
			i++;
		}
	}
	return len;
}

/* Two dashes are the end of all, blanks and a line end begin a part; behind anything else it was data after all. */
static size_t behind_delimiter(struct multipart *m, char c)
{
	bool dash = m->tail_len && m->tail[0] == '-', room = m->tail_len < sizeof(m->tail);

	if (dash && c == '-') {
		end_part(m);
		m->state = AT_END;
	} else if (!dash && c == '\n') {
		end_part(m);
		forget_headers(m);
		m->state = IN_HEADERS;
	} else if (!dash && room && (strchr(" \t\r", c) || (c == '-' && !m->tail_len)) && c) {
		m->tail[m->tail_len++] = c;
	} else {
		give(m, m->delimiter, m->len);
		give(m, m->tail, m->tail_len);
		m->state = IN_DATA;
		return 0;
	}
	return 1;
}

static void in_headers(struct multipart *m, char c)
{
	if (++m->head_len > MULTIPART_HEAD_MAX) {
		m->state = BROKEN;
		return;
	}
	if (c != '\n') {
		sbuf_addc(&m->line, c ? c : '?');
		return;
	}
	while (m->line.len && m->line.data[m->line.len - 1] == '\r')
		m->line.data[--m->line.len] = '\0';
	if (m->line.len)
		take_header(m, sbuf_str(&m->line));
	else
		begin_part(m);
	sbuf_clear(&m->line);
}

void multipart_add(struct multipart *m, const char *data, size_t len)
{
	while (len) {
		size_t n = 1;

		switch (m->state) {
		case IN_PREAMBLE:
		case IN_DATA:
			n = in_data(m, data, len);
			break;
		case BEHIND_DELIMITER:
			n = behind_delimiter(m, *data);
			break;
		case IN_HEADERS:
			in_headers(m, *data);
			break;
		case AT_END:
		case BROKEN:
			return;
		}
		data += n;
		len -= n;
	}
}

/* ---- the whole ---- */

struct multipart *multipart_new(const char *content_type, const struct multipart_ops *ops, void *ctx)
{
	struct multipart *m;
	char *boundary;

	if (!content_type || !str_starts_nocase(content_type, "multipart/form-data"))
		return NULL;
	boundary = header_param(content_type, "boundary");
	if (!boundary || !*boundary || strlen(boundary) > BOUNDARY_MAX || strpbrk(boundary, "\r\n")) {
		free(boundary);
		return NULL;
	}
	m = MEM_NEW(struct multipart);
	m->ops = *ops;
	m->ctx = ctx;
	sbuf_init(&m->line, MULTIPART_HEAD_MAX);
	str_printf(m->delimiter, sizeof(m->delimiter), "\r\n--%s", boundary);
	m->len = strlen(m->delimiter);
	m->matched = 2;		/* the first one stands at the very beginning, without a line end before it */
	free(boundary);
	return m;
}

bool multipart_whole(const struct multipart *m)
{
	return m->state == AT_END;
}

void multipart_free(struct multipart *m)
{
	if (!m)
		return;
	forget_headers(m);
	sbuf_done(&m->line);
	free(m);
}
