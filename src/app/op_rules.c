/* The rules that an operation has to pass before anything is sent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <printop/app.h>
#include <printop/mem.h>
#include <printop/str.h>
#include "app/op_rules.h"

/* Two commands to one printer at once contradict each other; only the stop, looks and a cancel get through. */
static bool is_free(const struct ops *o, uint32_t printer_id, enum verb v, struct err *e)
{
	if (v == VERB_ESTOP || v == VERB_FILES || v == VERB_UPLOAD)
		return true;
	for (size_t i = 0; i < ops_count(o); i++) {
		const struct op *op = ops_at(o, i);
		enum verb w = op->x.verb;

		if (op->printer_id != printer_id || op_ended(op) || w == VERB_FILES || w == VERB_UPLOAD)
			continue;
		if (v == VERB_CANCEL && w != VERB_CANCEL)
			continue;
		return err_set(e, ERR_REFUSED, "%s is under way", verb_name(w));
	}
	return true;
}

bool op_allowed(const struct app *a, uint32_t printer_id, enum verb verb, struct err *e)
{
	const struct printer *p = fleet_get(a->fleet, printer_id);

	if (!p)
		return err_set(e, ERR_NOT_FOUND, "there is no such printer");
	if (a->read_only && verb != VERB_FILES)
		return err_set(e, ERR_REFUSED, "read-only: printop was started with -r or read_only");
	return verb_allowed(p, verb, e) && (!a->ops || is_free(a->ops, printer_id, verb, e));
}

/* ---- uploads ---- */

static bool same_host(const struct printer *a, const struct printer *b)
{
	struct http_url ua, ub;
	const char *why;

	return http_url_parse(a->config.url, &ua, &why) && http_url_parse(b->config.url, &ub, &why) &&
	       str_eq_nocase(ua.host, ub.host);
}

bool op_upload_turn(const struct app *a, const struct op *op)
{
	const struct printer *p = fleet_get(a->fleet, op->printer_id), *q;
	int limit = (int)settings_num(&a->config->settings, SETTING_UPLOADS), running = 0;

	for (size_t i = 0; i < ops_count(a->ops); i++) {
		const struct op *other = ops_at(a->ops, i);

		if (other->x.verb != VERB_UPLOAD || other->phase != OP_SENDING)
			continue;
		running++;
		q = fleet_get(a->fleet, other->printer_id);
		/* Moonraker's temporary name is the second on the clock, shared by all instances on a host. */
		if (p && q && (p == q || (same_host(p, q) && str_eq(p->dialect, "moonraker") && str_eq(q->dialect, "moonraker"))))
			return false;
	}
	return running < limit;
}

static bool check_file(struct op *op, struct err *e)
{
	struct verb_args *args = &op->x.args;
	struct stat st;

	if (!args->local || stat(args->local, &st))
		return err_set(e, ERR_IO, "cannot read %s: %s", args->local ? args->local : "the file", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "%s is not a regular file", args->local);
	if (st.st_size == 0)
		return err_set(e, ERR_IO, "%s is empty", args->local);
	args->local_bytes = st.st_size;
	op->total_bytes = st.st_size;
	return true;
}

static bool check_name(struct op *op, struct err *e)
{
	struct verb_args *args = &op->x.args;
	char safe[256];

	str_safe_name(safe, sizeof(safe), args->name ? args->name : args->local);
	if (!safe[0])
		return err_set(e, ERR_USAGE, "the name %s cannot be used on a server", args->name ? args->name : args->local);
	free(args->name);
	args->name = mem_strdup(safe);
	return true;
}

/* "petg/x" from "/petg//x/"; nothing that leaves the server's root or cannot be shown. */
static bool check_folder(struct op *op, struct err *e)
{
	struct verb_args *args = &op->x.args;
	char folder[NAME_CAP] = "", shown[NAME_CAP], *copy, *rest, *part;
	bool good = true;

	if (!args->folder)
		return true;
	good = str_copy(shown, sizeof(shown), args->folder) && str_eq(str_clean(shown), args->folder);
	copy = rest = mem_strdup(args->folder);
	while (good && (part = str_token(&rest, "/"))) {
		size_t len = strlen(folder);

		good = !str_eq(part, "..") && !str_eq(part, ".") && !strchr(part, '\\');
		if (*part)
			str_printf(folder + len, sizeof(folder) - len, "%s%s", len ? "/" : "", part);
	}
	free(copy);
	if (!good)
		return err_set(e, ERR_USAGE, "the folder %s cannot be used on a server", shown);
	free(args->folder);
	args->folder = folder[0] ? mem_strdup(folder) : NULL;
	return true;
}

bool op_upload_file(struct op *op, struct err *e)
{
	return check_file(op, e) && check_name(op, e) && check_folder(op, e);
}
