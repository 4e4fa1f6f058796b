/* JSON over cJSON: tolerant reading, exact printing; struct json is cJSON's node under our name. */
#include <printop/json.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "base/arena.h"

#define EXACT_INT 9007199254740992.0	/* 2^53: beyond it a double skips integers */

static const cJSON *in(const struct json *v)
{
	return (const cJSON *)v;
}

static const struct json *out(const cJSON *v)
{
	return (const struct json *)v;
}

/*
 * ---- where nodes live ----
 *
 * A parsed document is many small nodes that are freed together, so they come from an arena: malloc() and free()
 * would cost as much as the parser. A document that is built has its nodes from malloc().
 */

#define PARSED (1 << 16)	/* in the root's type, beside cJSON's own flags */

struct document {
	struct arena *arena;		/* that this struct is in, too */
	cJSON root;
};

/* cJSON's hooks have no context. */
static _Thread_local struct arena *parsing;	/* where its allocations go now */
static _Thread_local struct arena *spare;	/* of the document before: most live for a moment only */

static struct arena *spare_or_new(void)
{
	struct arena *a = spare ? spare : arena_new();

	spare = NULL;
	return a;
}

static void make_spare(struct arena *a)
{
	arena_free(spare);
	arena_clear(a);
	spare = a;
}

static void *node_alloc(size_t size)
{
	return parsing ? arena_take(parsing, size) : mem_alloc(size);
}

static void node_free(void *p)
{
	if (!parsing)
		free(p);
}

static struct json *document_new_take(struct arena *arena, const cJSON *root)
{
	struct document *d = arena_take(arena, sizeof(*d));

	d->arena = arena;
	d->root = *root;
	d->root.type |= PARSED;
	return (struct json *)&d->root;
}

void json_free(struct json *root)
{
	cJSON *v = (cJSON *)root;

	if (v && v->type & PARSED)
		make_spare(((struct document *)((char *)v - offsetof(struct document, root)))->arena);
	else
		cJSON_Delete(v);
}

/* ---- parsing ---- */

/* The code unit of the escape at s, "\uXXXX"; -1 when it is none. */
static long escape_unit(const char *s, const char *end)
{
	char digits[5] = "";

	if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	memcpy(digits, s + 2, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

/* Copies the escape at s, U+FFFD for NUL and half a surrogate pair; returns what follows it. */
static const char *mend_escape(const char *s, const char *end, char **to)
{
	const long unit = escape_unit(s, end), next = unit < 0 ? -1 : escape_unit(s + 6, end);
	const bool high = unit >= 0xd800 && unit < 0xdc00, low = unit >= 0xdc00 && unit < 0xe000;
	const bool pair = high && next >= 0xdc00 && next < 0xe000;
	const bool bad = unit == 0 || low || (high && !pair);
	const size_t len = pair ? 12 : unit >= 0 ? 6 : end - s > 1 ? 2 : 1;

	memcpy(*to, bad ? "\\ufffd" : s, len);
	*to += len;
	return s + len;
}

/* Copies the string that opens at s; returns what follows it. */
static const char *mend_string(const char *s, const char *end, char **to)
{
	*(*to)++ = *s++;
	while (s < end && *s != '"') {
		if (*s == '\\')
			s = mend_escape(s, end, to);
		else
			*(*to)++ = *s++;
	}
	if (s < end)
		*(*to)++ = *s++;
	return s;
}

/* The length of what Python writes for a number that is none; 0 when it is something else. */
static size_t odd_literal(const char *s, const char *end)
{
	static const char *const literals[] = { "NaN", "Infinity", "-Infinity" };

	for (size_t i = 0; i < ARRAY_LEN(literals); i++) {
		const size_t len = strlen(literals[i]);

		if ((size_t)(end - s) >= len && memcmp(s, literals[i], len) == 0)
			return len;
	}
	return 0;
}

/* A copy with NaN and its like as null, and NUL and lone surrogates as U+FFFD. */
static char *mend(const char *s, size_t *len)
{
	const char *const end = s + *len;
	char *copy = mem_alloc(*len + *len / 3 + 1);	/* only "NaN" grows, to "null" */
	char *to = copy;

	while (s < end) {
		const size_t odd = odd_literal(s, end);

		if (*s == '"') {
			s = mend_string(s, end, &to);
		} else if (odd) {
			to = mempcpy(to, "null", 4);
			s += odd;
		} else {
			*to++ = *s++;
		}
	}
	*len = (size_t)(to - copy);
	return copy;
}

static cJSON *parse_all(const char *text, size_t len)
{
	const char *end = NULL;
	cJSON *root;

	/*
	 * cJSON 1.7.15 reads one byte too far behind a comma that ends the text, and takes a NUL
	 * for a blank.
	 */
	if (!len || text[len - 1] == ',' || memchr(text, '\0', len))
		return NULL;
	root = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	if (!root)
		return NULL;
	while (end < text + len && strchr(" \t\r\n", *end))
		end++;
	return end == text + len ? root : NULL;
}

/* The root of all of text, or NULL. */
static struct json *parse_exactly(const char *text, size_t len)
{
	static cJSON_Hooks hooks = { node_alloc, node_free };
	struct arena *arena = spare_or_new();
	const cJSON *root;

	cJSON_InitHooks(&hooks);
	parsing = arena;
	root = parse_all(text, len);
	parsing = NULL;
	if (root)
		return document_new_take(arena, root);
	make_spare(arena);
	return NULL;
}

static bool is_too_deep(const cJSON *v, unsigned depth)
{
	if (!v->child)
		return false;
	if (depth >= LIMIT_JSON_DEPTH)
		return true;
	for (const cJSON *c = v->child; c; c = c->next) {
		if (c->child && is_too_deep(c, depth + 1))
			return true;
	}
	return false;
}

/* cJSON ends a string at an escaped NUL, so such a text is mended even though it parses. */
static bool has_nul_escape(const char *text, size_t len)
{
	return memchr(text, '\\', len) && memmem(text, len, "\\u0000", 6);
}

/*
 * The usual document is parsed where it lies, with no scan before. Only what the parser refuses is
 * looked at again, mended and given another try.
 */
struct json *json_parse(const char *text, size_t len, struct err *e)
{
	struct json *root = NULL;

	if (!has_nul_escape(text, len))
		root = parse_exactly(text, len);
	if (!root && len) {
		char *mended = mend(text, &len);

		root = parse_exactly(mended, len);
		free(mended);
	}
	if (!root) {
		err_set(e, ERR_BAD_REPLY, len ? "not JSON" : "empty instead of JSON");
		return NULL;
	}
	if (is_too_deep(in(root), 0)) {
		json_free(root);
		err_set(e, ERR_BAD_REPLY, "JSON nested more than %d deep", LIMIT_JSON_DEPTH);
		return NULL;
	}
	return root;
}

/* ---- reading ---- */

static const cJSON *find(const cJSON *o, const char *name, size_t len)
{
	if (!o || !cJSON_IsObject(o))
		return NULL;
	for (const cJSON *c = o->child; c; c = c->next) {
		/* Most names differ in their first byte. */
		if (c->string[0] == name[0] && strncmp(c->string, name, len) == 0 && !c->string[len])
			return c;
	}
	return NULL;
}

const struct json *json_get(const struct json *o, const char *name)
{
	return out(find(in(o), name, strlen(name)));
}

const struct json *json_at(const struct json *o, const char *path)
{
	const cJSON *v = in(o);

	while (v) {
		const size_t len = strcspn(path, ".");

		v = find(v, path, len);
		if (!path[len])
			break;
		path += len + 1;
	}
	return out(v);
}

double json_value_num(const struct json *v, double unknown)
{
	/* "1e999" is a number to the parser, but not to us. */
	if (!json_is_num(v) || !isfinite(in(v)->valuedouble))
		return unknown;
	return in(v)->valuedouble;
}

double json_num(const struct json *o, const char *path, double unknown)
{
	return json_value_num(json_at(o, path), unknown);
}

int64_t json_int(const struct json *o, const char *path, int64_t unknown)
{
	const double value = json_num(o, path, (double)NAN);

	return fabs(value) < 0x1p63 ? (int64_t)value : unknown;
}

int json_bool(const struct json *o, const char *path, int unknown)
{
	const cJSON *v = in(json_at(o, path));

	return v && cJSON_IsBool(v) ? cJSON_IsTrue(v) : unknown;
}

bool json_str_value(const struct json *v, char *dst, size_t size, bool lines)
{
	if (!json_is_string(v)) {
		str_copy(dst, size, "");
		return false;
	}
	str_copy(dst, size, in(v)->valuestring);
	if (lines)
		str_clean_lines(dst);
	else
		str_clean(dst);
	return true;
}

bool json_str(const struct json *o, const char *path, char *dst, size_t size)
{
	return json_str_value(json_at(o, path), dst, size, false);
}

const char *json_raw(const struct json *o, const char *path)
{
	const struct json *v = json_at(o, path);

	return json_is_string(v) ? in(v)->valuestring : NULL;
}

bool json_is_object(const struct json *v)
{
	return v && cJSON_IsObject(in(v));
}

bool json_is_array(const struct json *v)
{
	return v && cJSON_IsArray(in(v));
}

bool json_is_string(const struct json *v)
{
	return v && cJSON_IsString(in(v)) && in(v)->valuestring;
}

bool json_is_num(const struct json *v)
{
	return v && cJSON_IsNumber(in(v));
}

bool json_is_null(const struct json *v)
{
	return v && cJSON_IsNull(in(v));
}

const char *json_name(const struct json *member)
{
	return member && in(member)->string ? in(member)->string : "";
}

const struct json *json_first(const struct json *container)
{
	return container ? out(in(container)->child) : NULL;
}

const struct json *json_next(const struct json *item)
{
	return item ? out(in(item)->next) : NULL;
}

size_t json_count(const struct json *container)
{
	size_t n = 0;

	for (const struct json *v = json_first(container); v; v = json_next(v))
		n++;
	return n;
}

/* ---- building ---- */

static struct json *made(cJSON *v)
{
	if (!v)
		fatal("out of memory");
	return (struct json *)v;
}

struct json *json_new_object(void)
{
	return made(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
	return made(cJSON_CreateArray());
}

static struct json *new_str(const char *value)
{
	return made(value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

static struct json *new_num(double value)
{
	return made(isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

/* A container that may grow: a parsed document is for reading only. */
static cJSON *built(struct json *container)
{
	cJSON *v = (cJSON *)container;

	if (v->type & PARSED)
		fatal("a parsed document was built upon");
	return v;
}

/* What becomes part of a document that is built; a parsed one dies as a whole, so a copy of it does. */
static cJSON *part_take(struct json *value)
{
	cJSON *v = (cJSON *)value, *copy;

	if (!(v->type & PARSED))
		return v;
	copy = (cJSON *)made(cJSON_Duplicate(v, true));
	copy->type &= ~PARSED;
	json_free(value);
	return copy;
}

void json_set_take(struct json *o, const char *name, struct json *value)
{
	if (!cJSON_AddItemToObject(built(o), name, part_take(value)))
		fatal("out of memory");
}

void json_set_str(struct json *o, const char *name, const char *value)
{
	json_set_take(o, name, new_str(value));
}

void json_set_num(struct json *o, const char *name, double value)
{
	json_set_take(o, name, new_num(value));
}

void json_set_int(struct json *o, const char *name, int64_t value, int64_t unknown)
{
	json_set_take(o, name, new_num(value == unknown ? (double)NAN : (double)value));
}

void json_set_bool(struct json *o, const char *name, bool value)
{
	json_set_take(o, name, made(cJSON_CreateBool(value)));
}

void json_set_null(struct json *o, const char *name)
{
	json_set_take(o, name, made(cJSON_CreateNull()));
}

void json_push_take(struct json *a, struct json *value)
{
	if (!cJSON_AddItemToArray(built(a), part_take(value)))
		fatal("out of memory");
}

void json_push_str(struct json *a, const char *value)
{
	json_push_take(a, new_str(value));
}

void json_push_num(struct json *a, double value)
{
	json_push_take(a, new_num(value));
}

/* ---- printing: cJSON's own rounds large integers and writes 17 digits ---- */

static void print_num(struct sbuf *b, double value)
{
	if (!isfinite(value))
		sbuf_adds(b, "null");
	else if (fabs(value) <= EXACT_INT && value == trunc(value))
		sbuf_addf(b, "%.0f", value + 0.0);	/* no "-0" */
	else
		sbuf_addf(b, "%.15g", value);
}

static void print_char(struct sbuf *b, const char *s, size_t len)
{
	static const char plain[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *special = strchr(plain, *s);

	if (!len)
		sbuf_adds(b, "\xef\xbf\xbd");
	else if (special)
		sbuf_addf(b, "\\%c", names[special - plain]);
	else if ((unsigned char)*s < 0x20 || *s == 0x7f)
		sbuf_addf(b, "\\u%04x", (unsigned char)*s);
	else
		sbuf_add(b, s, len);
}

static void print_str(struct sbuf *b, const char *s)
{
	sbuf_addc(b, '"');
	for (size_t len; *s; s += len ? len : 1) {
		len = str_utf8_len(s);
		print_char(b, s, len);
	}
	sbuf_addc(b, '"');
}

static void new_line(struct sbuf *b, bool pretty, unsigned depth)
{
	if (!pretty)
		return;
	sbuf_addc(b, '\n');
	sbuf_addn(b, ' ', 2 * (size_t)depth);
}

static void print_value(struct sbuf *b, const cJSON *v, bool pretty, unsigned depth);

static void print_container(struct sbuf *b, const cJSON *v, bool pretty, unsigned depth)
{
	const bool object = cJSON_IsObject(v);

	sbuf_addc(b, object ? '{' : '[');
	for (const cJSON *c = v->child; c; c = c->next) {
		new_line(b, pretty, depth + 1);
		if (object) {
			print_str(b, c->string);
			sbuf_adds(b, pretty ? ": " : ":");
		}
		print_value(b, c, pretty, depth + 1);
		if (c->next)
			sbuf_addc(b, ',');
	}
	if (v->child)
		new_line(b, pretty, depth);
	sbuf_addc(b, object ? '}' : ']');
}

static void print_value(struct sbuf *b, const cJSON *v, bool pretty, unsigned depth)
{
	if (cJSON_IsObject(v) || cJSON_IsArray(v))
		print_container(b, v, pretty, depth);
	else if (cJSON_IsString(v))
		print_str(b, v->valuestring);
	else if (cJSON_IsNumber(v))
		print_num(b, v->valuedouble);
	else if (cJSON_IsBool(v))
		sbuf_adds(b, cJSON_IsTrue(v) ? "true" : "false");
	else
		sbuf_adds(b, "null");
}

char *json_print(const struct json *v, bool pretty)
{
	struct sbuf b = SBUF_INIT(SIZE_MAX / 2);

	print_value(&b, in(v), pretty, 0);
	return sbuf_take(&b);
}
