/* OctoPrint's replies: from its state texts, job and temperatures to ours. */
#include "octoprint.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define HISTORY_ROWS 1000	/* more than half an hour of samples */

/* ---- state ---- */

struct state_text {
	const char *text;
	enum printer_status status;
};

/* OctoPrint 1.5 to 2.0.0rc3; never translated. "Operational" is looked at further. */
static const struct state_text states[] = {
	{ "Offline", PRINTER_DISCONNECTED },
	{ "Opening serial connection", PRINTER_CONNECTING },
	{ "Detecting serial connection", PRINTER_CONNECTING },
	{ "Detecting", PRINTER_CONNECTING },
	{ "Connecting", PRINTER_CONNECTING },
	{ "Operational", PRINTER_IDLE },
	{ "Starting", PRINTER_PREPARING },
	{ "Starting print from SD", PRINTER_PREPARING },
	{ "Starting to send file to SD", PRINTER_BUSY },
	{ "Sending file to SD", PRINTER_BUSY },
	{ "Transferring file to SD", PRINTER_BUSY },
	{ "Transferring file to printer", PRINTER_BUSY },
	{ "Printing", PRINTER_PRINTING },
	{ "Printing from SD", PRINTER_PRINTING },
	{ "Pausing", PRINTER_PAUSING },
	{ "Paused", PRINTER_PAUSED },
	{ "Resuming", PRINTER_RESUMING },
	{ "Cancelling", PRINTER_CANCELLING },
	{ "Finishing", PRINTER_FINISHING },
	{ "Error", PRINTER_ERROR },
	{ "Offline after error", PRINTER_ERROR },
};

/* For texts of other versions, in this order; 1.5 puts its message into the text. */
static const struct state_text beginnings[] = {
	{ "Offline", PRINTER_DISCONNECTED },
	{ "Opening", PRINTER_CONNECTING },
	{ "Detecting", PRINTER_CONNECTING },
	{ "Connecting", PRINTER_CONNECTING },
	{ "Printing", PRINTER_PRINTING },
	{ "Starting", PRINTER_PREPARING },
	{ "Sending", PRINTER_BUSY },
	{ "Transferring", PRINTER_BUSY },
};

/* An unknown text is busy: nothing may be started then, and it can still be stopped. */
static enum printer_status status_of(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (str_eq(states[i].text, text))
			return states[i].status;
	}
	if (strstr(text, "rror"))
		return PRINTER_ERROR;
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		if (str_starts(text, beginnings[i].text))
			return beginnings[i].status;
	}
	return PRINTER_BUSY;
}

/*
 * A finished job stays selected with completion 100, a cancelled one with none (1.11.8). That is
 * also how a file looks that was only selected, so what was seen before decides.
 */
static enum printer_status idle_status(const struct printer *p, double completion, const char *file)
{
	const struct printer_state *was = &p->state;
	const uint32_t cancelled_after =
		(STATUS_ACTIVE & ~STATUS_BIT(PRINTER_FINISHING)) | STATUS_BIT(PRINTER_CANCELLED);

	if (completion >= 100)
		return PRINTER_COMPLETE;
	if (!isnan(completion) || !*file || !str_eq(file, was->job.file))
		return PRINTER_IDLE;
	if (p->pending == VERB_CANCEL + 1 || driver_in(p, cancelled_after))
		return PRINTER_CANCELLED;
	return PRINTER_IDLE;
}

/* 1.5: "Error: <message>" and "Offline (Error: <message>)". */
static void message_in_text(const char *text, char *dst, size_t size)
{
	const char *message = strstr(text, "Error: ");
	size_t len;

	str_copy(dst, size, message ? message + 7 : text);
	len = strlen(dst);
	if (message && message > text && len && dst[len - 1] == ')')
		dst[len - 1] = '\0';
}

static void tell_text(const struct json *root, const char *text, enum printer_status status,
		      struct printer_state *next)
{
	char reason[TEXT_CAP] = "";

	if (status == PRINTER_ERROR) {
		json_str(root, "error", reason, sizeof(reason));
		if (!*reason)
			message_in_text(text, reason, sizeof(reason));
	} else if (status == PRINTER_DISCONNECTED) {
		str_copy(reason, sizeof(reason), "printer not connected");
	} else if (status == PRINTER_CONNECTING || status == PRINTER_BUSY) {
		str_copy(reason, sizeof(reason), text);
	}
	driver_tell(next, status, reason);
}

/* ---- job ---- */

/* filament is null, {}, {"length": null} or {"tool0": {"length": mm}, ...}. */
static double filament_length(const struct json *filament)
{
	double sum = NAN;

	for (const struct json *tool = json_first(filament); tool; tool = json_next(tool)) {
		double mm = json_num(tool, "length", NAN);

		if (!isnan(mm))
			sum = isnan(sum) ? mm : sum + mm;
	}
	return sum;
}

/* Estimates come with the job and with the file; they are null until the analysis is done. */
static void read_estimates(const struct json *o, struct file_meta *meta)
{
	meta->estimated_s = json_num(o, "estimatedPrintTime", meta->estimated_s);
	if (json_is_object(json_get(o, "filament"))) {
		double mm = filament_length(json_get(o, "filament"));

		if (!isnan(mm))
			meta->filament_mm = mm;
	}
}

static void read_file(const struct json *root, struct printer_state *next)
{
	struct job *job = &next->job;

	if (!json_str(root, "job.file.path", job->file, sizeof(job->file)))
		json_str(root, "job.file.name", job->file, sizeof(job->file));
	json_str(root, "job.file.origin", job->origin, sizeof(job->origin));
	if (str_eq(job->origin, "printer"))	/* 2.0.0rc3 */
		str_copy(job->origin, sizeof(job->origin), "sdcard");
	job->size_bytes = json_int(root, "job.file.size", -1);
	json_str(root, "job.user", job->user, sizeof(job->user));
	if (!str_eq(next->meta.for_file, job->file)) {
		driver_clear_meta(next);
		str_copy(next->meta.for_file, sizeof(next->meta.for_file), job->file);
	}
	if (*job->file)
		read_estimates(json_get(root, "job"), &next->meta);
}

#define STATUS_PROGRESS ((STATUS_ACTIVE & ~STATUS_BIT(PRINTER_PREPARING)) | \
	STATUS_BIT(PRINTER_COMPLETE))

static void read_progress(const struct json *root, double completion, const struct job *was,
			  struct printer_state *next)
{
	struct job *job = &next->job;

	if (!(STATUS_BIT(next->status) & STATUS_PROGRESS))
		return;
	job->elapsed_s = json_num(root, "progress.printTime", NAN);
	job->file_position = json_num(root, "progress.filepos", NAN);
	if (!isnan(completion)) {
		/* -100 is possible for a file of unknown size. */
		job->progress = fmin(fmax(completion / 100, 0), 1);
		str_copy(job->progress_source, sizeof(job->progress_source), "octoprint");
	} else if (next->status == PRINTER_CANCELLING && str_eq(was->file, job->file)) {
		/* It has no progress any more; how far it came is still true. */
		job->progress = was->progress;
		job->elapsed_s = was->elapsed_s;
		str_copy(job->progress_source, sizeof(job->progress_source), was->progress_source);
	}
	job->left_s = json_num(root, "progress.printTimeLeft", NAN);
	if (job->left_s < 0)
		job->left_s = NAN;
	/* The origin may be there without a value. */
	if (!isnan(job->left_s))
		json_str(root, "progress.printTimeLeftOrigin", job->left_source,
			 sizeof(job->left_source));
}

/*
 * Moonraker's emulation of OctoPrint never has a job in /api/job, nor the members of one: what it
 * says must not pass for the truth.
 */
static bool is_emulation(const struct json *root)
{
	return json_at(root, "progress.printTimeOrigin") && !json_at(root, "job.file.path");
}

/*
 * After an error or a disconnect no file is selected any more (1.11.8); what was printing, and how
 * far it was, stays known.
 */
static void keep_lost_job(const struct printer *p, struct printer_state *next)
{
	const uint32_t lost = STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_DISCONNECTED);

	if (next->job.file[0] || !(STATUS_BIT(next->status) & lost) ||
	    !driver_in(p, STATUS_ACTIVE | lost))
		return;
	next->job = p->state.job;
	next->job.left_s = NAN;
	next->job.left_source[0] = '\0';
}

static bool hear_job(const struct printer *p, const struct json *root, struct printer_state *next,
		     struct err *e)
{
	const double completion = json_num(root, "progress.completion", NAN);
	char text[TEXT_CAP];
	enum printer_status status;

	if (!json_str(root, "state", text, sizeof(text)) || !*text)
		return err_set(e, ERR_BAD_REPLY, "/api/job has no state");
	if (p->state.status == PRINTER_UNAUTHORIZED)
		next->access_tried = false;
	if (is_emulation(root)) {
		err_set(e, ERR_UNSUPPORTED,
			"Moonraker's emulation of OctoPrint: set dialect to moonraker");
		return driver_tell(next, PRINTER_UNKNOWN, e->text);
	}
	status = status_of(text);
	driver_clear_job(next);
	read_file(root, next);
	if (status == PRINTER_IDLE)
		status = idle_status(p, completion, next->job.file);
	tell_text(root, text, status, next);
	driver_renew_meta(p, next);
	read_progress(root, completion, &p->state.job, next);
	keep_lost_job(p, next);
	if (!(STATUS_BIT(status) & STATUS_OPERATIONAL))
		driver_clear_temps(next);
	return true;
}

/* ---- temperatures ---- */

/* "tool0" is shown as "extruder", "tool1" as "extruder1", as Klipper names them. */
static void heater_name(const char *object, char *dst, size_t size)
{
	if (str_eq(object, "tool0"))
		str_copy(dst, size, "extruder");
	else if (str_starts(object, "tool") && isdigit((unsigned char)object[4]))
		str_printf(dst, size, "extruder%s", object + 4);
	else
		str_copy(dst, size, object);
	str_clean(dst);
}

static bool is_heater(const struct json *member)
{
	return json_is_object(member) && json_get(member, "actual");
}

static void add_heater(struct printer_state *next, const struct json *member)
{
	char name[HEATER_NAME];
	struct heater *h;

	heater_name(json_name(member), name, sizeof(name));
	h = *name ? printer_heater_add(next, name, name) : NULL;
	if (!h)
		return;
	str_copy(h->object, sizeof(h->object), json_name(member));
	str_clean(h->object);
	h->actual_c = json_num(member, "actual", NAN);
	h->target_c = json_num(member, "target", NAN);
}

/* Just after a connect, and while the firmware hangs, it is {}: the heaters are there, unknown. */
static void read_temps(const struct json *temps, struct printer_state *next)
{
	const struct json *m = json_first(temps);

	while (m && !is_heater(m))
		m = json_next(m);
	if (!m) {
		driver_clear_temps(next);
		return;
	}
	next->n_heaters = 0;
	for (; m; m = json_next(m)) {
		if (is_heater(m))
			add_heater(next, m);
	}
	driver_sort_heaters(next);
}

static bool hear_temps(const struct json *root, struct printer_state *next, struct err *e)
{
	const struct json *temps = json_get(root, "temperature");

	if (!json_is_object(temps))
		return err_set(e, ERR_BAD_REPLY, "/api/printer has no temperatures");
	read_temps(temps, next);
	return true;
}

static void seed_row(const struct json *row, double age_s, const struct history_sink *sink)
{
	char name[HEATER_NAME];

	for (const struct json *m = json_first(row); m; m = json_next(m)) {
		if (!is_heater(m))
			continue;
		heater_name(json_name(m), name, sizeof(name));
		sink->sample(sink->ctx, name, age_s, json_num(m, "actual", NAN),
			     json_num(m, "target", NAN));
	}
}

/* The times are the server's clock: ages count from its newest sample. */
static bool hear_history(const struct json *root, struct printer_state *next,
			 const struct history_sink *sink)
{
	const struct json *rows = json_at(root, "temperature.history");
	const struct json *row;
	size_t skip = json_count(rows);
	double newest = NAN;

	if (!json_is_array(rows))
		return true;
	for (row = json_first(rows); row; row = json_next(row))
		newest = fmax(newest, json_num(row, "time", NAN));
	skip = skip > HISTORY_ROWS ? skip - HISTORY_ROWS : 0;
	for (row = json_first(rows); row; row = json_next(row)) {
		double age_s = newest - json_num(row, "time", NAN);

		if (skip)
			skip--;
		else if (sink && !isnan(age_s))
			seed_row(row, age_s, sink);
	}
	next->history_seeded = true;
	return true;
}

/* ---- once per session or file ---- */

/* Moonraker's emulation says "OctoPrint (Moonraker 0.11.0)"; others put their own name there. */
static bool hear_version(const struct json *root, struct printer_state *next, struct err *e)
{
	char text[sizeof(next->version)];

	next->version_tried = true;
	json_str(root, "server", next->version, sizeof(next->version));
	if (!json_str(root, "text", text, sizeof(text)) ||
	    (str_starts(text, "OctoPrint ") && !strstr(text, "Moonraker")))
		return true;
	str_copy(next->version, sizeof(next->version), text);
	err_set(e, ERR_UNSUPPORTED, "not OctoPrint but %s", text);
	return true;
}

static bool has_permission(const struct json *root, const char *name)
{
	const struct json *v = json_first(json_get(root, "permissions"));
	char text[32];

	for (; v; v = json_next(v)) {
		json_str_value(v, text, sizeof(text), false);
		if (str_eq(text, name) || str_eq(text, "ADMIN"))
			return true;
	}
	return false;
}

const char *octoprint_read_access(const struct json *root)
{
	const bool print = has_permission(root, "PRINT"), control = has_permission(root, "CONTROL");

	if (print && control)
		return "full";
	if (print || control)
		return "";
	return has_permission(root, "STATUS") ? "read-only" : "protected";
}

/* Without a good key it is 200 all the same, with a null name and what guests may do. */
static bool hear_user(const struct json *root, struct printer_state *next, struct err *e)
{
	if (!json_is_array(json_get(root, "permissions")))
		return err_set(e, ERR_BAD_REPLY, "/api/currentuser has no permissions");
	str_copy(next->access, sizeof(next->access), octoprint_read_access(root));
	next->access_tried = true;
	return true;
}

static bool hear_metadata(const struct json *root, struct printer_state *next)
{
	struct file_meta *meta = &next->meta;
	char path[NAME_CAP];

	/* The job may have changed since it was asked for. */
	if (json_str(root, "path", path, sizeof(path)) && !str_eq(path, next->job.file))
		return true;
	driver_clear_meta(next);
	str_copy(meta->for_file, sizeof(meta->for_file), next->job.file);
	meta->tried = true;
	meta->size_bytes = json_int(root, "size", -1);
	meta->modified_at = driver_read_time(root, "date");
	meta->object_height_mm = json_num(root, "gcodeAnalysis.dimensions.height", NAN);
	read_estimates(json_get(root, "gcodeAnalysis"), meta);
	return true;
}

/* ---- all ---- */

/* 403 for every GET without a good key or right; 401 is a proxy's (OctoPrint has none). */
static bool hear_refused(const struct http_reply *r, enum topic_id t, struct printer_state *next,
			 struct err *e)
{
	const char *text = r->status == 401 ? "401: the proxy wants a login" :
					      "403: no key, or the key is not accepted";

	if (t == TOPIC_STATUS) {
		err_set(e, ERR_AUTH, "%s", text);
		str_copy(next->access, sizeof(next->access), "protected");
		return driver_tell(next, PRINTER_UNAUTHORIZED, text);
	}
	if (t == TOPIC_USER)
		next->access_tried = true;
	if (t == TOPIC_VERSION)
		next->version_tried = true;
	if (t == TOPIC_METADATA) {
		str_copy(next->meta.for_file, sizeof(next->meta.for_file), next->job.file);
		next->meta.tried = true;
	}
	return true;
}

/*
 * While OctoPrint starts, its port is first closed, then answers nothing useful, then is cut when
 * the real server takes over.
 */
static bool hear_no_answer(const struct printer *p, const struct http_reply *r,
			   struct printer_state *next, struct err *e)
{
	bool told = driver_hear_fault(r, next, e);
	bool was_starting = p->state.status == PRINTER_STARTING ||
			    (p->state.status == PRINTER_OFFLINE &&
			     str_eq(p->state.reason, "connection refused"));

	if (told && r->fault == HTTP_FAULT_RESET && was_starting)
		return driver_tell(next, PRINTER_STARTING, "starting: connection cut");
	return told;
}

static bool hear_document(const struct printer *p, enum topic_id t, const struct json *root,
			  struct printer_state *next, const struct history_sink *sink,
			  struct err *e)
{
	switch (t) {
	case TOPIC_STATUS:
		return hear_job(p, root, next, e);
	case TOPIC_TEMPS:
		return hear_temps(root, next, e);
	case TOPIC_VERSION:
		return hear_version(root, next, e);
	case TOPIC_USER:
		return hear_user(root, next, e);
	case TOPIC_HISTORY:
		return hear_history(root, next, sink);
	case TOPIC_METADATA:
		return hear_metadata(root, next);
	case TOPIC_SERVER:
	case TOPIC_OBJECTS:
	case TOPIC_N:
		break;
	}
	return err_set(e, ERR_INTERNAL, "OctoPrint has no such topic");
}

bool octoprint_hear(const struct printer *p, enum topic_id t, const struct http_reply *r,
		    struct printer_state *next, const struct history_sink *sink, struct err *e)
{
	struct err fault, unread;
	struct json *root;
	bool ok;

	e = e ? e : &unread;
	err_clear(e);
	if (driver_is_fault(r, &fault)) {
		/* The job alone decides whether it is there; a long history may be too slow. */
		if (t == TOPIC_STATUS)
			return hear_no_answer(p, r, next, e);
		return err_set(e, fault.code, "%s", fault.text);
	}
	if (r->status == 401 || r->status == 403)
		return hear_refused(r, t, next, e);
	/* The two answers are of different instants: the job will say that the printer went. */
	if (r->status == 409 && (t == TOPIC_TEMPS || t == TOPIC_HISTORY))
		return true;
	if (r->status == 404 && t == TOPIC_METADATA)
		return hear_metadata(NULL, next);
	root = driver_read(r, e);
	if (!root)
		return false;
	ok = hear_document(p, t, root, next, sink, e);
	json_free(root);
	return ok;
}
