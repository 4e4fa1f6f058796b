/* Prints rows as an aligned table, JSON, CSV or by a template. */
#include "batch/output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/nearest.h>
#include <printop/str.h>
#include <printop/text.h>

#define CELL_CAP 1024
#define LINE_CAP (1u << 20)

/* ---- which columns ---- */

bool out_find_column(const struct out_source *s, const char *name, size_t *ret, struct err *e)
{
	struct nearest n;
	char hint[80];

	nearest_init(&n, name);
	for (*ret = 0; *ret < s->n_columns; ++*ret) {
		if (str_eq(s->columns[*ret].name, name))
			return true;
		nearest_try(&n, s->columns[*ret].name);
	}
	return err_set(e, ERR_USAGE, "unknown field \"%s\"%s", name,
		       nearest_hint(&n, hint, sizeof(hint)));
}

static bool choose_columns(struct out *o, char *list, struct err *e)
{
	unsigned wanted = o->format == OUT_TABLE ? COL_TABLE : COL_JSON;
	struct words names = { 0 };
	bool good = true;

	if (!list) {
		o->cols = mem_zalloc(o->source->n_columns, sizeof(*o->cols));
		for (size_t i = 0; i < o->source->n_columns; i++)
			if (o->source->columns[i].flags & wanted)
				o->cols[o->n_cols++] = i;
		return true;
	}
	words_split(&names, list);
	o->cols = mem_zalloc(names.n + 1, sizeof(*o->cols));
	for (size_t i = 0; good && i < names.n; i++)
		good = out_find_column(o->source, names.at[i], &o->cols[o->n_cols++], e);
	if (good && names.n == 0)
		good = err_set(e, ERR_USAGE, "--fields names no field");
	words_done(&names);
	return good;
}

bool out_shows(const struct out *o, size_t col)
{
	if (o->format == OUT_TEMPLATE) {
		for (size_t i = 0; i < o->n_pieces; i++)
			if (!o->pieces[i].text && o->pieces[i].col == col)
				return true;
		return false;
	}
	for (size_t i = 0; i < o->n_cols; i++)
		if (o->cols[i] == col)
			return true;
	return false;
}

/* ---- templates ---- */

static struct piece *add_piece(struct out *o)
{
	o->pieces = mem_grow(o->pieces, o->n_pieces, &o->cap_pieces, sizeof(*o->pieces));
	o->pieces[o->n_pieces] = (struct piece){ 0 };
	return &o->pieces[o->n_pieces++];
}

static void flush_text(struct out *o, struct sbuf *text)
{
	if (text->len > 0)
		add_piece(o)->text = sbuf_take(text);
}

static bool read_escape(const char **p, struct sbuf *text, struct err *e)
{
	static const char known[] = "t\tn\nr\r\\\\";
	char c = *++*p;

	for (size_t i = 0; c && known[i]; i += 2) {
		if (known[i] == c) {
			++*p;
			return sbuf_addc(text, known[i + 1]);
		}
	}
	return err_set(e, ERR_USAGE, "--format: \\%.1s is not known; \\t \\n \\r \\\\ are", *p);
}

static bool read_column(struct out *o, const char **p, struct err *e)
{
	const char *end = strchr(*p, '}');
	char name[64], *how;
	struct piece *piece;

	if (!end || end - *p > (int)sizeof(name))
		return err_set(e, ERR_USAGE, "--format: { without }; a brace itself is {{");
	str_printf(name, sizeof(name), "%.*s", (int)(end - *p - 1), *p + 1);
	*p = end + 1;
	piece = add_piece(o);
	how = strchr(name, ':');
	if (how) {
		*how++ = '\0';
		piece->people = str_eq(how, "text");
		if (!piece->people)
			return err_set(e, ERR_USAGE, "--format: {%s:%s} is not known; {%s:text} is",
				       name, how, name);
	}
	return out_find_column(o->source, name, &piece->col, e) || err_wrap(e, "--format");
}

static bool parse_template(struct out *o, const char *p, struct err *e)
{
	struct sbuf text = SBUF_INIT(LINE_CAP);
	bool good = true;

	while (good && *p) {
		if ((p[0] == '{' || p[0] == '}') && p[1] == p[0]) {
			sbuf_addc(&text, *p);
			p += 2;
		} else if (*p == '{') {
			flush_text(o, &text);
			good = read_column(o, &p, e);
		} else if (*p == '}') {
			good = err_set(e, ERR_USAGE, "--format: } without {; a brace itself is }}");
		} else if (*p == '\\') {
			good = read_escape(&p, &text, e);
		} else {
			sbuf_addc(&text, *p++);
		}
	}
	flush_text(o, &text);
	sbuf_done(&text);
	return good;
}

/* ---- opening ---- */

static bool choose_format(const struct options *opt, enum out_format *ret, struct err *e)
{
	int n = 0;

	if (options_has(opt, OPTION_JSON))
		*ret = OUT_JSON, n++;
	if (options_has(opt, OPTION_CSV))
		*ret = OUT_CSV, n++;
	if (options_has(opt, OPTION_FORMAT))
		*ret = OUT_TEMPLATE, n++;
	if (n > 1)
		return err_set(e, ERR_USAGE, "only one of --json, --csv and --format");
	if (*ret == OUT_TEMPLATE && options_has(opt, OPTION_FIELDS))
		return err_set(e, ERR_USAGE, "--format names its fields: leave out --fields");
	return true;
}

bool out_open(struct out *o, FILE *file, const struct out_source *source,
	      const struct options *opt, enum out_format standard, struct err *e)
{
	memset(o, 0, sizeof(*o));
	o->file = file;
	o->source = source;
	o->header = !options_has(opt, OPTION_NO_HEADER);
	theme_builtin(&o->theme);
	o->format = standard;
	if (!choose_format(opt, &o->format, e))
		return false;
	if (o->format == OUT_TEMPLATE)
		return parse_template(o, options_str(opt, OPTION_FORMAT), e);
	return choose_columns(o, options_str(opt, OPTION_FIELDS), e);
}

void out_done(struct out *o)
{
	for (size_t i = 0; i < o->n_pieces; i++)
		free(o->pieces[i].text);
	for (size_t i = 0; i < o->n_rows * o->n_cols && o->cells; i++)
		free(o->cells[i]);
	free(o->pieces);
	free(o->cells);
	free(o->roles);
	free(o->cols);
	memset(o, 0, sizeof(*o));
}

/* ---- one value ---- */

static void cell_to_json(struct cell c, const char *name, struct json *object)
{
	switch (c.kind) {
	case CELL_TEXT:
		json_set_str(object, name, c.text);
		return;
	case CELL_BOOL:
		json_set_bool(object, name, c.num != 0);
		return;
	case CELL_NUM:
	case CELL_BYTES:
	case CELL_TIME:
	case CELL_WHEN:
		json_set_num(object, name, c.num);
		return;
	}
}

static char *cell_to_text(struct cell c, char *buf, size_t size)
{
	switch (c.kind) {
	case CELL_TEXT:
		str_copy(buf, size, c.text ? c.text : "-");
		return buf;
	case CELL_BOOL:
		str_copy(buf, size, c.num != 0 ? "yes" : "no");
		return buf;
	case CELL_NUM:
		str_copy(buf, size, "-");
		if (!isnan(c.num))
			str_printf(buf, size, "%.10g", c.num);
		return buf;
	case CELL_BYTES:
		return str_bytes(buf, size, c.num);
	case CELL_TIME:
		return str_duration(buf, size, c.num);
	case CELL_WHEN:
		str_copy(buf, size, "-");
		if (!isnan(c.num))
			str_clock(buf, size, (time_t)c.num, time(NULL));
		return buf;
	}
	return buf;
}

static void value_to_json(const struct out *o, const void *row, size_t col, struct json *object)
{
	const struct out_source *s = o->source;

	if (s->cell)
		cell_to_json(s->cell(row, col), s->columns[col].name, object);
	else
		s->json(o, row, col, object);
}

static char *value_to_text(const struct out *o, const void *row, size_t col, char *buf, size_t size)
{
	const struct out_source *s = o->source;

	if (s->cell)
		return cell_to_text(s->cell(row, col), buf, size);
	return s->text(o, row, col, buf, size);
}

/* Strings bare, lists of strings joined by commas, anything else as in JSON. */
static void add_bare(struct sbuf *b, const struct json *v, const char *unknown)
{
	char buf[LIMIT_STRING_BYTES];
	char *printed;

	if (!v || json_is_null(v)) {
		sbuf_adds(b, unknown);
	} else if (json_str_value(v, buf, sizeof(buf), false)) {
		sbuf_adds(b, buf);
	} else if (json_is_array(v) && (json_count(v) == 0 || json_is_string(json_first(v)))) {
		for (const struct json *i = json_first(v); i; i = json_next(i)) {
			if (i != json_first(v))
				sbuf_addc(b, ',');
			add_bare(b, i, unknown);
		}
	} else {
		printed = json_print(v, false);
		sbuf_adds(b, printed);
		free(printed);
	}
}

static void add_value(const struct out *o, struct sbuf *b, const void *row, size_t col,
		      const char *unknown)
{
	struct json *object = json_new_object();

	value_to_json(o, row, col, object);
	add_bare(b, json_get(object, o->source->columns[col].name), unknown);
	json_free(object);
}

struct json *out_row_json(const struct out *o, const void *row)
{
	struct json *object = json_new_object();

	for (size_t i = 0; i < o->n_cols; i++)
		value_to_json(o, row, o->cols[i], object);
	return object;
}

/* ---- rows ---- */

static void print_json_row(struct out *o, const void *row)
{
	struct json *object = out_row_json(o, row);
	char *text = json_print(object, false);

	fprintf(o->file, "%s%s", o->n_rows == 0 ? "[\n" : ",\n", text);
	free(text);
	json_free(object);
}

static void add_csv(struct sbuf *b, const char *value, bool first)
{
	if (!first)
		sbuf_addc(b, ',');
	if (!value[strcspn(value, ",\"\r\n")] && value[0] != ' ') {
		sbuf_adds(b, value);
		return;
	}
	sbuf_addc(b, '"');
	for (; *value; value++) {
		if (*value == '"')
			sbuf_addc(b, '"');
		sbuf_addc(b, *value);
	}
	sbuf_addc(b, '"');
}

static void print_csv_header(struct out *o)
{
	for (size_t i = 0; i < o->n_cols; i++)
		fprintf(o->file, "%s%s", i > 0 ? "," : "", o->source->columns[o->cols[i]].name);
	fputc('\n', o->file);
}

static void print_csv_row(struct out *o, const void *row)
{
	struct sbuf line = SBUF_INIT(LINE_CAP), value = SBUF_INIT(LINE_CAP);

	if (o->n_rows == 0 && o->header)
		print_csv_header(o);
	for (size_t i = 0; i < o->n_cols; i++) {
		sbuf_clear(&value);
		add_value(o, &value, row, o->cols[i], "");
		add_csv(&line, sbuf_str(&value), i == 0);
	}
	fprintf(o->file, "%s\n", sbuf_str(&line));
	sbuf_done(&value);
	sbuf_done(&line);
}

static void print_template_row(struct out *o, const void *row)
{
	struct sbuf line = SBUF_INIT(LINE_CAP);
	char buf[CELL_CAP];

	for (size_t i = 0; i < o->n_pieces; i++) {
		const struct piece *p = &o->pieces[i];

		if (p->text)
			sbuf_adds(&line, p->text);
		else if (p->people)
			sbuf_adds(&line, value_to_text(o, row, p->col, buf, sizeof(buf)));
		else
			add_value(o, &line, row, p->col, "-");
	}
	fprintf(o->file, "%s\n", sbuf_str(&line));
	sbuf_done(&line);
}

static void keep_table_row(struct out *o, const void *row)
{
	char text[CELL_CAP], ascii[CELL_CAP];

	for (size_t i = 0; i < o->n_cols; i++) {
		size_t n = o->n_rows * o->n_cols + i;

		value_to_text(o, row, o->cols[i], text, sizeof(text));
		if (o->ascii)
			text_to_ascii(ascii, sizeof(ascii), text);
		o->cells = mem_grow(o->cells, n, &o->cap_cells, sizeof(*o->cells));
		o->cells[n] = mem_strdup(o->ascii ? ascii : text);
	}
	o->roles = mem_grow(o->roles, o->n_rows, &o->cap_roles, sizeof(*o->roles));
	o->roles[o->n_rows] = o->source->role ? o->source->role(row) : ROLE_NORMAL;
}

void out_row(struct out *o, const void *row)
{
	switch (o->format) {
	case OUT_TABLE:
		keep_table_row(o, row);
		break;
	case OUT_JSON:
		print_json_row(o, row);
		break;
	case OUT_CSV:
		print_csv_row(o, row);
		break;
	case OUT_TEMPLATE:
		print_template_row(o, row);
		break;
	}
	o->n_rows++;
}

/* ---- the table ---- */

static void add_color(struct sbuf *b, int color, int base)
{
	if (color >= 8)
		sbuf_addf(b, ";%d", base + 60 + color - 8);
	else if (color >= 0)
		sbuf_addf(b, ";%d", base + color);
}

void out_styled(const struct out *o, struct sbuf *b, enum role role, const char *text)
{
	const struct style *s = &o->theme.styles[role];

	if (!o->color || role == ROLE_NORMAL || !*text) {
		sbuf_adds(b, text);
		return;
	}
	sbuf_adds(b, "\033[0");
	sbuf_adds(b, s->attrs & ATTR_BOLD ? ";1" : "");
	sbuf_adds(b, s->attrs & ATTR_DIM ? ";2" : "");
	sbuf_adds(b, s->attrs & ATTR_UNDERLINE ? ";4" : "");
	sbuf_adds(b, s->attrs & ATTR_REVERSE ? ";7" : "");
	if (!o->theme.mono) {
		add_color(b, s->fg16, 30);
		add_color(b, s->bg16, 40);
	}
	sbuf_addf(b, "m%s\033[0m", text);
}

static int column_width(const struct out *o, size_t i)
{
	int width = o->header ? text_width(o->source->columns[o->cols[i]].title) : 0;

	for (size_t row = 0; row < o->n_rows; row++) {
		int w = text_width(o->cells[row * o->n_cols + i]);

		width = w > width ? w : width;
	}
	return width;
}

/* One cell of a line, padded to its column, cut at the edge of the terminal; *x: where it is. */
static void add_cell(const struct out *o, struct sbuf *b, const char *text, enum role role,
		     size_t i, int width, int *x)
{
	bool last = i + 1 == o->n_cols;
	bool right = (o->source->columns[o->cols[i]].flags & COL_RIGHT) != 0;
	int gap = i > 0 ? 2 : 0, room = o->width > 0 ? o->width - *x - gap : width, pad;
	char cut[CELL_CAP];

	if (room <= 0 && o->width > 0)
		return;
	text_cut(cut, sizeof(cut), text, room < width ? room : width, o->ascii);
	pad = (room < width ? room : width) - text_width(cut);
	sbuf_addn(b, ' ', (size_t)gap);
	if (right && pad > 0)
		sbuf_addn(b, ' ', (size_t)pad);
	out_styled(o, b, role, cut);
	if (!right && pad > 0 && !last)
		sbuf_addn(b, ' ', (size_t)pad);
	*x += gap + width;
}

static void print_line(struct out *o, struct sbuf *b)
{
	while (b->len > 0 && b->data[b->len - 1] == ' ')
		b->data[--b->len] = '\0';
	fprintf(o->file, "%s\n", sbuf_str(b));
	sbuf_clear(b);
}

static void print_table(struct out *o)
{
	struct sbuf line = SBUF_INIT(LINE_CAP);
	int *widths = mem_zalloc(o->n_cols + 1, sizeof(*widths)), x = 0;

	for (size_t i = 0; i < o->n_cols; i++)
		widths[i] = column_width(o, i);
	for (size_t i = 0; o->header && i < o->n_cols; i++)
		add_cell(o, &line, o->source->columns[o->cols[i]].title, ROLE_HEADER, i, widths[i],
			 &x);
	if (o->header)
		print_line(o, &line);
	for (size_t row = 0; row < o->n_rows; row++) {
		x = 0;
		for (size_t i = 0; i < o->n_cols; i++) {
			bool colored = (o->source->columns[o->cols[i]].flags & COL_ROLE) != 0;

			add_cell(o, &line, o->cells[row * o->n_cols + i],
				 colored ? o->roles[row] : ROLE_NORMAL, i, widths[i], &x);
		}
		print_line(o, &line);
	}
	free(widths);
	sbuf_done(&line);
}

void out_close(struct out *o)
{
	switch (o->format) {
	case OUT_TABLE:
		if (o->n_rows > 0)
			print_table(o);
		return;
	case OUT_JSON:
		fputs(o->n_rows == 0 ? "[]\n" : "\n]\n", o->file);
		return;
	case OUT_CSV:
		if (o->n_rows == 0 && o->header)
			print_csv_header(o);
		return;
	case OUT_TEMPLATE:
		return;
	}
}
