/*
 * JSON in and out. Reading is tolerant: a missing member and one of the wrong type are both unknown.
 * Names are case-sensitive, paths are dotted ("a.b"); a name that holds a dot is read with json_get().
 */
#ifndef PRINTOP_JSON_H
#define PRINTOP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>

struct json;		/* a value inside a document */

/*
 * Parses a whole document. NaN, Infinity and -Infinity literals are read as null and lone surrogates
 * as U+FFFD, because real servers send them (facts: Moonraker traps 9 and 10); anything else that is
 * not JSON fails with ERR_BAD_REPLY. The caller frees the root with json_free(); a parsed
 * document is for reading: it can become part of one that is built, but not grow itself.
 */
struct json *json_parse(const char *text, size_t len, struct err *e);
void json_free(struct json *root);

const struct json *json_get(const struct json *o, const char *name);	/* one member, no path */
const struct json *json_at(const struct json *o, const char *path);	/* dotted path */
double json_num(const struct json *o, const char *path, double unknown);
int64_t json_int(const struct json *o, const char *path, int64_t unknown);
int json_bool(const struct json *o, const char *path, int unknown);	/* 0, 1 or unknown */
/* Cleaned by str_clean() and cut to size; false (and "") when missing or no string. */
bool json_str(const struct json *o, const char *path, char *dst, size_t size);
/* The same on the value itself; lines kept when lines is true. */
bool json_str_value(const struct json *v, char *dst, size_t size, bool lines);
/* The raw string, NULL when missing: for comparing with constants only, never for showing. */
const char *json_raw(const struct json *o, const char *path);

bool json_is_object(const struct json *v);
bool json_is_array(const struct json *v);
bool json_is_string(const struct json *v);
bool json_is_num(const struct json *v);
bool json_is_null(const struct json *v);
double json_value_num(const struct json *v, double unknown);
const char *json_name(const struct json *member);	/* raw name of an object's member */
const struct json *json_first(const struct json *container);	/* first member or element */
const struct json *json_next(const struct json *item);
size_t json_count(const struct json *container);

/* Building. The setters put NULL for unknown: NAN, a negative infinity, a NULL string. */
struct json *json_new_object(void);
struct json *json_new_array(void);
void json_set_str(struct json *o, const char *name, const char *value);
void json_set_num(struct json *o, const char *name, double value);
void json_set_int(struct json *o, const char *name, int64_t value, int64_t unknown);
void json_set_bool(struct json *o, const char *name, bool value);
void json_set_null(struct json *o, const char *name);
void json_set_take(struct json *o, const char *name, struct json *value);
void json_push_str(struct json *a, const char *value);
void json_push_num(struct json *a, double value);
void json_push_take(struct json *a, struct json *value);
char *json_print(const struct json *v, bool pretty);	/* the caller frees */

#endif
