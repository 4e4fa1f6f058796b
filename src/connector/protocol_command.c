/* Commands as they come from a cloud: what they ask for, checked before anything is done. */
#include "connector/protocol.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define EXACT_INT 9007199254740992.0	/* JSON numbers above lose digits */

const char *const backup_parts[BACKUP_PART_N] = {
	[BACKUP_CONFIG] = "config",
	[BACKUP_DATABASE] = "database",
	[BACKUP_GCODES] = "gcodes",
	[BACKUP_LOGS] = "logs",
};

bool protocol_id(const struct json *item, const char *name, char *dst, size_t size)
{
	const struct json *v = json_get(item, name);
	double n = json_value_num(v, NAN);
	const char *raw = json_raw(item, name);

	str_copy(dst, size, "");
	if (json_is_num(v)) {
		if (!(fabs(n) < EXACT_INT) || n != floor(n))
			return false;
		return str_printf(dst, size, "%.0f", n);
	}
	/*
	 * It becomes a part of a path and of a line on disk: what cleaning would change is no id.
	 */
	if (!raw || !json_str(item, name, dst, size) || !str_eq(raw, dst) || !*dst) {
		str_copy(dst, size, "");
		return false;
	}
	return true;
}

bool protocol_command(const struct json *item, struct cloud_command *ret, struct err *e)
{
	const struct json *printer = json_get(item, "printer_id");
	double n = json_value_num(printer, NAN);

	*ret = (struct cloud_command){ .action = CLOUD_ACTION_N, .printer_id = -1 };
	if (!json_is_object(item) || !protocol_id(item, "id", ret->id, sizeof(ret->id)))
		return err_set(e, ERR_BAD_REPLY, "a command without a usable id");
	json_str(item, "action", ret->name, sizeof(ret->name));
	ret->action = cloud_action_from_name(ret->name);
	ret->params = json_get(item, "params");
	if (!ret->name[0])
		return err_set(e, ERR_BAD_REPLY, "the command has no action");
	if (!json_is_num(printer) || n != floor(n) || fabs(n) >= EXACT_INT)
		return err_set(e, ERR_BAD_REPLY, "printer_id must be a whole number");
	ret->printer_id = (int64_t)n;
	if (ret->params && !json_is_object(ret->params) && !json_is_null(ret->params))
		return err_set(e, ERR_BAD_REPLY, "params must be an object");
	return true;
}

/* ---- parameters ---- */

/* One of the parts between slashes. */
static bool part_is_good(const char *part, size_t len)
{
	return len && !(len == 1 && part[0] == '.') &&
	       !(len == 2 && part[0] == '.' && part[1] == '.');
}

static bool path_is_good(const char *path)
{
	if (strchr(path, '\\'))
		return false;
	for (;;) {
		size_t len = strcspn(path, "/");

		if (!part_is_good(path, len))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

/* A file below the root of G-code files; never above it, never absolute. */
static bool read_file(enum cloud_action a, const struct json *params, struct action_args *ret,
		      struct err *e)
{
	const char *raw = json_raw(params, "filename"), *slash;

	if (!raw || !*raw)
		return err_set(e, ERR_USAGE, "missing params.filename for %s",
			       cloud_action_info(a)->name);
	json_str(params, "filename", ret->file, sizeof(ret->file));
	if (!str_eq(raw, ret->file) || !path_is_good(ret->file))
		return err_set(e, ERR_REFUSED,
			       "params.filename is not a path below the folder of G-code files");
	slash = strrchr(ret->file, '/');
	str_copy(ret->name, sizeof(ret->name), slash ? slash + 1 : ret->file);
	if (slash)
		str_printf(ret->folder, sizeof(ret->folder), "%.*s", (int)(slash - ret->file),
			   ret->file);
	return true;
}

/* What a server would store under another name could not be started by its own. */
static bool read_upload(const struct json *params, struct action_args *ret, struct err *e)
{
	char safe[NAME_CAP];

	if (!read_file(CLOUD_ACTION_UPLOAD, params, ret, e))
		return false;
	ret->content = json_raw(params, "content");
	if (!ret->content)
		return err_set(e, ERR_USAGE, "missing params.content for upload_file");
	str_safe_name(safe, sizeof(safe), ret->name);
	if (!str_eq(safe, ret->name))
		return err_set(e, ERR_REFUSED,
			       "params.filename has characters that a server does not keep");
	return true;
}

/*
 * ["X","Y"]; none at all is every axis, but unknown ones are not: that would move more than was
 * asked.
 */
static bool read_axes(const struct json *params, struct action_args *ret, struct err *e)
{
	const struct json *axes = json_get(params, "axes");
	size_t n = 0;

	if (!axes || json_is_null(axes))
		return true;
	if (!json_is_array(axes))
		return err_set(e, ERR_USAGE, "params.axes must be a list of X, Y and Z");
	for (const struct json *v = json_first(axes); v; v = json_next(v)) {
		char text[8] = "", c;

		json_str_value(v, text, sizeof(text), false);
		c = (char)(text[0] | 0x20);
		if (text[0] == '\0' || text[1] || c < 'x' || c > 'z')
			return err_set(e, ERR_USAGE, "params.axes must be a list of X, Y and Z");
		if (!strchr(ret->axes, c) && n < 3)
			ret->axes[n++] = c;
	}
	return true;
}

static bool id_is_safe(const char *id)
{
	return *id && id[0] != '.' && id[0] != '-' &&
	       !id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")];
}

static bool read_include(const struct json *params, struct action_args *ret, struct err *e)
{
	const struct json *include = json_get(params, "include");

	if (!json_is_object(include)) {
		ret->include = 1u << BACKUP_CONFIG;
		return true;
	}
	for (unsigned i = 0; i < BACKUP_PART_N; i++)
		if (json_bool(include, backup_parts[i], 0) == 1)
			ret->include |= 1u << i;
	return ret->include || err_set(e, ERR_USAGE, "no directories selected");
}

static bool read_backup(const struct json *params, struct action_args *ret, struct err *e)
{
	char id[PROTOCOL_ID];
	const char *url = json_raw(params, "presigned_url");

	if (!protocol_id(params, "backup_id", id, sizeof(id)))
		return err_set(e, ERR_USAGE, "missing params.backup_id");
	if (!id_is_safe(id) || !str_copy(ret->backup_id, sizeof(ret->backup_id), id))
		return err_set(
			e, ERR_REFUSED,
			"params.backup_id has only letters, digits, '.', '_' and '-', at most 64");
	if (!url || !*url)
		return err_set(e, ERR_USAGE, "missing params.presigned_url");
	if (!str_copy(ret->url, sizeof(ret->url), url))
		return err_set(e, ERR_TOO_BIG, "params.presigned_url is too long");
	json_str(params, "printer_data_root", ret->root, sizeof(ret->root));
	return read_include(params, ret, e);
}

bool protocol_args(enum cloud_action a, const struct json *params, struct action_args *ret,
		   struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	switch (a) {
	case CLOUD_ACTION_START:
	case CLOUD_ACTION_DELETE:
		return read_file(a, params, ret, e);
	case CLOUD_ACTION_UPLOAD:
		return read_upload(params, ret, e);
	case CLOUD_ACTION_HOMING:
		return read_axes(params, ret, e);
	case CLOUD_ACTION_BACKUP:
		return read_backup(params, ret, e);
	case CLOUD_ACTION_HISTORY:
		ret->limit = json_int(params, "limit", 50);
		if (ret->limit < 1 || ret->limit > 10000)
			ret->limit = 50;
		return true;
	case CLOUD_ACTION_PAUSE:
	case CLOUD_ACTION_RESUME:
	case CLOUD_ACTION_CANCEL:
	case CLOUD_ACTION_SYNC:
	case CLOUD_ACTION_N:
		break;
	}
	return true;
}
