/* Turns printers into rows of output by the field table. */
#include "batch/printers.h"

#include <printop/str.h>

#define RIGHT_STR 0
#define RIGHT_STATE COL_ROLE
#define RIGHT_NUM COL_RIGHT
#define RIGHT_INT COL_RIGHT
#define RIGHT_RATIO COL_RIGHT
#define RIGHT_TIME COL_RIGHT
#define RIGHT_CLOCK COL_RIGHT
#define RIGHT_TEMP COL_RIGHT
#define RIGHT_HEATERS 0
#define RIGHT_TAGS 0

#define IN_TABLE(id) ((id) == FIELD_NAME || (id) == FIELD_STATE || (id) == FIELD_PROGRESS || \
	(id) == FIELD_LEFT || (id) == FIELD_ENDS_AT || (id) == FIELD_NOZZLE || (id) == FIELD_BED)

static const struct out_column columns[FIELD_N + 1] = {
#define FIELD(id, name, title, unit, type, width, in_json, sentence) \
	[FIELD_##id] = { name, title, \
		RIGHT_##type | ((in_json) ? COL_JSON : 0) | \
			(IN_TABLE(FIELD_##id) ? COL_TABLE : 0) },
#include <printop/fields.def>
#undef FIELD
	[PRINTER_COL_NOTE] = { "note", "JOB / REASON", COL_TABLE },
};

enum role printers_role(enum printer_status s)
{
	enum role role = ROLE_NORMAL;

	role_from_name(printer_status_info(s)->role, &role);
	return role;
}

static enum role row_role(const void *row)
{
	return printers_role(((const struct printer *)row)->state.status);
}

static const char *note(const struct printer *p)
{
	const char *reason = field_str(p, FIELD_REASON), *file = field_str(p, FIELD_FILE);

	if (reason && *reason)
		return reason;
	if (p->config.parked && *p->config.parked)
		return p->config.parked;
	return file ? str_basename(file) : "";
}

static char *text(const struct out *o, const void *row, size_t col, char *buf, size_t size)
{
	const struct printer *p = row;

	if (col != PRINTER_COL_NOTE)
		return field_text(p, (enum field_id)col, o->now_ms, buf, size);
	str_copy(buf, size, note(p));
	return buf;
}

static void json(const struct out *o, const void *row, size_t col, struct json *object)
{
	const struct printer *p = row;

	if (col != PRINTER_COL_NOTE)
		field_to_json(p, (enum field_id)col, o->now_ms, object);
	else
		json_set_str(object, columns[col].name, note(p));
}

const struct out_source printers_source = {
	.columns = columns, .n_columns = FIELD_N + 1, .text = text, .json = json, .role = row_role,
};

int printers_look_status(const struct printer *p)
{
	if (p->state.status == PRINTER_UNAUTHORIZED)
		return EXIT_BAD_KEY;
	if (p->state.status == PRINTER_OFFLINE || p->state.status == PRINTER_UNKNOWN)
		return EXIT_UNREACHABLE;
	return EXIT_DONE;
}

void printers_count_look(struct tally *t, const struct printer *p)
{
	if (p->state.status != PRINTER_PARKED)
		tally_add(t, printers_look_status(p));
}
