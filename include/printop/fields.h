/* The field table: every visible value of a printer by name; text, JSON and sort order of each. */
#ifndef PRINTOP_FIELDS_H
#define PRINTOP_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/printer.h>

enum field_id {
#define FIELD(id, ...) FIELD_##id,
#include <printop/fields.def>
#undef FIELD
	FIELD_N
};

enum field_type { FTYPE_STR, FTYPE_STATE, FTYPE_NUM, FTYPE_INT, FTYPE_RATIO, FTYPE_TIME,
	FTYPE_CLOCK, FTYPE_TEMP, FTYPE_HEATERS, FTYPE_TAGS };

struct field {
	const char *name, *title, *unit;
	enum field_type type;
	int width;
	bool in_json;		/* part of the stable JSON of a printer */
	const char *sentence;
};

typedef uint64_t field_mask;
#define FIELD_BIT(id) ((field_mask)1 << (id))

const struct field *field_info(enum field_id id);
bool field_from_name(const char *name, enum field_id *ret);

/* For people: "-" when unknown. now_ms for ages. Returns buf. */
char *field_text(const struct printer *p, enum field_id id, int64_t now_ms, char *buf, size_t size);
/* The bare number (RATIO 0..1), NAN when unknown or no number. */
double field_num(const struct printer *p, enum field_id id, int64_t now_ms);
/* The string behind STR and STATE fields, NULL when unknown. */
const char *field_str(const struct printer *p, enum field_id id);
/* Order for sorting: unknown last. */
int field_compare(const struct printer *a, const struct printer *b, enum field_id id, int64_t now_ms);

struct json;
/* Sets member field->name of o (null when unknown). */
void field_to_json(const struct printer *p, enum field_id id, int64_t now_ms, struct json *o);
/* The stable JSON of a printer: every in_json field. The caller frees. */
struct json *printer_to_json(const struct printer *p, int64_t now_ms);

/*
 * Which fields differ. Numbers are compared in the steps that people see (0.1 C, 1 s, 0.1 %), so noise below
 * is no change and a slow drift is not lost. Failing or recovering polls count as a change of FIELD_AGE.
 */
field_mask fields_diff(const struct printer_state *before, const struct printer_state *after);
#define FIELD_MASK_ALL (((field_mask)1 << FIELD_N) - 1)

#endif
