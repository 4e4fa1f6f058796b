/* The streaming multipart reader. */
#include <sim/upload.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <printop/str.h>

/* A parameter of a header: name=value or name="value", with \" and \\ undone. */
static bool header_param(const char *line, const char *name, char *dst, size_t size)
{
	size_t len = strlen(name), n = 0;
	const char *at = line;
	bool quoted;

	dst[0] = '\0';
	while ((at = strstr(at, name)) && (at == line || (at[-1] != ' ' && at[-1] != ';') || at[len] != '='))
		at++;
	if (!at)
		return false;
	at += len + 1;
	quoted = *at == '"';
	at += quoted;
	while (*at && n + 1 < size && *at != (quoted ? '"' : ';')) {
		if (quoted && *at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		dst[n++] = *at++;
	}
	dst[n] = '\0';
	return true;
}

bool upload_init(struct upload *u, const char *content_type, bool hash)
{
	char boundary[72];

	memset(u, 0, sizeof(*u));
	u->state = UPLOAD_BROKEN;
	gcode_scan_init(&u->scan, &u->file);
	sha256_init(&u->sha);
	u->hash = hash;
	if (!content_type || !str_starts_nocase(content_type, "multipart/form-data") ||
	    !header_param(content_type, "boundary", boundary, sizeof(boundary)) || !boundary[0])
		return false;
	str_printf(u->delimiter, sizeof(u->delimiter), "\r\n--%s", boundary);
	u->delimiter_len = strlen(u->delimiter);
	u->matched = 2;		/* the first one stands at the very beginning, without a line end before it */
	u->state = UPLOAD_DATA;
	return true;
}

static void part_data(struct upload *u, const char *data, size_t len)
{
	struct upload_field *f = u->field;
	size_t room;

	if (u->in_file) {
		if (u->hash)
			sha256_add(&u->sha, data, len);
		gcode_scan_add(&u->scan, data, len);
	} else if (f) {
		room = sizeof(f->value) - 1 - f->len;
		len = len < room ? len : room;
		memcpy(f->value + f->len, data, len);
		f->len += len;
	}
}

/*
 * Data up to the next delimiter. Only the delimiter's first byte is a CR, so that a failed match can
 * start again at the byte that broke it.
 */
static size_t take_data(struct upload *u, const char *data, size_t len)
{
	size_t i = 0;

	while (i < len) {
		const char *cr;
		size_t end;

		if (u->matched && data[i] == u->delimiter[u->matched]) {
			i++;
			if (++u->matched < u->delimiter_len)
				continue;
			u->matched = 0;
			u->state = UPLOAD_AFTER;
			u->head_len = 0;
			return i;
		}
		if (u->matched) {	/* it only looked like one */
			part_data(u, u->delimiter, u->matched);
			u->matched = 0;
		}
		cr = memchr(data + i, '\r', len - i);
		end = cr ? (size_t)(cr - data) : len;
		part_data(u, data + i, end - i);
		i = end;
		if (cr) {
			u->matched = 1;
			i++;
		}
	}
	return len;
}

/* "--" ends the body, a line end begins a part. */
static size_t take_after(struct upload *u, const char *data)
{
	u->head[u->head_len++] = *data;
	if (u->head_len == 2) {
		u->state = u->head[0] == '-' ? UPLOAD_END : UPLOAD_HEADERS;
		u->head_len = 0;
	}
	return 1;
}

/* "UTF-8''na%20me" */
static void decode_star(char *dst, size_t size, const char *text)
{
	const char *at = strstr(text, "''");
	size_t n = 0;

	for (at = at ? at + 2 : text; *at && n + 1 < size; at++) {
		if (*at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2])) {
			char hex[] = { at[1], at[2], '\0' };

			dst[n++] = (char)strtol(hex, NULL, 16);
			at += 2;
		} else {
			dst[n++] = *at;
		}
	}
	dst[n] = '\0';
}

static void begin_file(struct upload *u, const char *line)
{
	char star[512];

	u->in_file = u->has_file = true;
	header_param(line, "filename", u->name, sizeof(u->name));
	if (header_param(line, "filename*", star, sizeof(star)))
		decode_star(u->star, sizeof(u->star), star);
}

static void part_header(struct upload *u, const char *line)
{
	char name[32], ignored[8];

	if (!str_starts_nocase(line, "content-disposition:"))
		return;
	header_param(line, "name", name, sizeof(name));
	if (strcmp(name, "file") == 0 && !u->has_file &&
	    (header_param(line, "filename", ignored, sizeof(ignored)) ||
	     header_param(line, "filename*", ignored, sizeof(ignored)))) {
		begin_file(u, line);
	} else if (u->n_fields < UPLOAD_FIELDS) {
		u->field = &u->fields[u->n_fields++];
		str_copy(u->field->name, sizeof(u->field->name), name);
	}
}

static size_t take_header(struct upload *u, const char *data)
{
	if (*data != '\n') {
		if (u->head_len + 1 < sizeof(u->head))
			u->head[u->head_len++] = *data;
		return 1;
	}
	while (u->head_len && u->head[u->head_len - 1] == '\r')
		u->head_len--;
	u->head[u->head_len] = '\0';
	if (u->head_len)
		part_header(u, u->head);
	else
		u->state = UPLOAD_DATA;
	u->head_len = 0;
	return 1;
}

void upload_add(struct upload *u, const char *data, size_t len)
{
	while (len) {
		size_t n = len;

		switch (u->state) {
		case UPLOAD_DATA:
			n = take_data(u, data, len);
			if (u->state == UPLOAD_AFTER) {
				u->in_file = false;
				u->field = NULL;
			}
			break;
		case UPLOAD_AFTER:
			n = take_after(u, data);
			break;
		case UPLOAD_HEADERS:
			n = take_header(u, data);
			break;
		case UPLOAD_END:
		case UPLOAD_BROKEN:
			break;
		}
		data += n;
		len -= n;
	}
}

bool upload_end(struct upload *u)
{
	if (u->state != UPLOAD_END)
		return false;
	gcode_scan_end(&u->scan);
	sha256_hex(&u->sha, u->checksum);
	return true;
}

const char *upload_field(const struct upload *u, const char *name)
{
	for (size_t i = 0; i < u->n_fields; i++)
		if (strcmp(u->fields[i].name, name) == 0)
			return u->fields[i].value;
	return NULL;
}
