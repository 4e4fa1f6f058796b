/* What OctoPrint would answer to a slicer, from the fleet's state in memory. */
#include "gateway/slicer.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>
#include <printop/mem.h>
#include <printop/str.h>

#define EMULATED "1.11.8"	/* the version whose manners these are */

/* ---- what the server is ---- */

static void get_version(struct slicer_request *q)
{
	struct json *o = json_new_object();

	/* PrusaSlicer: without "api" it fails, and the text must begin with "OctoPrint"; "capabilities" would mean PrusaLink. */
	json_set_str(o, "api", "0.1");
	json_set_str(o, "server", EMULATED);
	json_set_str(o, "text", "OctoPrint (printop " PRINTOP_VERSION ")");
	slicer_json_take(q, 200, NULL, o);
}

static void get_server(struct slicer_request *q)
{
	struct json *o = json_new_object();

	json_set_str(o, "version", EMULATED);
	json_set_null(o, "safemode");
	slicer_json_take(q, 200, NULL, o);
}

static struct json *user(const struct slicer_request *q)
{
	struct json *o = json_new_object();

	json_set_str(o, "name", q->client.name);
	json_set_bool(o, "active", true);
	json_set_bool(o, "user", true);
	json_set_bool(o, "admin", false);
	return o;
}

static void post_login(struct slicer_request *q)
{
	struct json *o = user(q);
	unsigned char r[16] = { 0 };
	char session[40] = "";

	/* For a socket that there is not; clients want to see one. */
	if (getrandom(r, sizeof(r), 0) == (ssize_t)sizeof(r))
		for (size_t i = 0; i < sizeof(r); i++)
			str_printf(session + 2 * i, 3, "%02x", r[i]);
	json_set_str(o, "session", session);
	slicer_json_take(q, 200, NULL, o);
}

static void get_currentuser(struct slicer_request *q)
{
	static const struct {
		unsigned right;
		const char *names[3];
	} rows[] = {
		{ ACCESS_LOOK, { "STATUS", "FILES_LIST", NULL } }, { ACCESS_UPLOAD, { "FILES_UPLOAD", NULL } },
		{ ACCESS_START, { "PRINT", "FILES_SELECT", NULL } }, { ACCESS_CONTROL, { "CONTROL", NULL } },
	};
	struct json *o = json_new_object(), *list = json_new_array();

	json_set_str(o, "name", q->client.name);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t k = 0; rows[i].names[k] && (q->client.rights & rows[i].right); k++)
			json_push_str(list, rows[i].names[k]);
	json_set_take(o, "permissions", list);
	json_set_take(o, "groups", json_new_array());
	slicer_json_take(q, 200, NULL, o);
}

static const char *base_title(const struct slicer_request *q)
{
	switch (q->base.place) {
	case PLACE_ANY:
		return "any printer";
	case PLACE_PRINTER:
	case PLACE_TAG:
		return q->base.name;
	case PLACE_LIBRARY:
		return "library";
	}
	return "";
}

static void get_settings(struct slicer_request *q)
{
	struct json *o = json_new_object(), *part;

	part = json_new_object();
	json_set_str(part, "name", base_title(q));
	json_set_take(o, "appearance", part);
	part = json_new_object();
	json_set_bool(part, "sdSupport", false);
	json_set_take(o, "feature", part);
	part = json_new_object();
	json_set_bool(part, "webcamEnabled", false);
	json_set_str(part, "streamUrl", "");
	json_set_str(part, "snapshotUrl", "");
	json_set_bool(part, "flipH", false);
	json_set_bool(part, "flipV", false);
	json_set_bool(part, "rotate90", false);
	json_set_take(o, "webcam", part);
	part = json_new_object();
	json_set_take(part, "profiles", json_new_array());
	json_set_take(o, "temperature", part);
	json_set_take(o, "plugins", json_new_object());
	slicer_json_take(q, 200, NULL, o);
}

static void get_profiles(struct slicer_request *q)
{
	struct json *o = json_new_object(), *profiles = json_new_object(), *p = json_new_object(), *extruder = json_new_object();

	json_set_num(extruder, "count", 1);
	json_set_bool(extruder, "sharedNozzle", false);
	json_set_str(p, "id", "_default");
	json_set_str(p, "name", base_title(q));
	json_set_bool(p, "current", true);
	json_set_bool(p, "default", true);
	json_set_bool(p, "heatedBed", true);
	json_set_bool(p, "heatedChamber", false);
	json_set_take(p, "extruder", extruder);
	json_set_take(profiles, "_default", p);
	json_set_take(o, "profiles", profiles);
	slicer_json_take(q, 200, NULL, o);
}

/* ---- the printer ---- */

static void add_heater(struct json *to, const char *name, const struct heater *h)
{
	struct json *o = json_new_object();

	json_set_num(o, "actual", h ? h->actual_c : NAN);
	json_set_num(o, "target", h && !isnan(h->target_c) ? h->target_c : 0);
	json_set_num(o, "offset", 0);
	json_set_take(to, name, o);
}

static struct json *temperatures(const struct printer *p)
{
	static const struct {
		const char *theirs, *ours;
	} rows[] = {
		{ "tool0", "extruder" }, { "tool1", "extruder1" }, { "bed", "bed" }, { "chamber", "chamber" },
	};
	struct json *o = json_new_object();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct heater *h = p ? printer_heater(&p->state, rows[i].ours) : NULL;

		if (h || i == 0 || i == 2)
			add_heater(o, rows[i].theirs, h);
	}
	return o;
}

/*
 * Every base takes jobs at any time, into its queue: so it is ready at any time. A busy one would make Cura's plugin
 * refuse what the queue would have kept; and a cancelled job must not read as an error.
 */
static void get_printer(struct slicer_request *q)
{
	static const char *const flags[] = {
		"operational", "ready", "paused", "pausing", "printing", "cancelling", "error", "closedOrError", "finishing", "resuming",
	};
	struct json *o = json_new_object(), *state = json_new_object(), *set = json_new_object(), *sd = json_new_object();

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		json_set_bool(set, flags[i], i < 2);
	json_set_str(state, "text", "Operational");
	json_set_take(state, "flags", set);
	json_set_bool(sd, "ready", false);
	json_set_take(o, "temperature", temperatures(slicer_printer(q)));
	json_set_take(o, "sd", sd);
	json_set_take(o, "state", state);
	slicer_json_take(q, 200, NULL, o);
}

static const char *state_text(const struct printer *p)
{
	static const struct {
		enum printer_status status;
		const char *text;
	} rows[] = {
		{ PRINTER_PREPARING, "Printing" }, { PRINTER_PRINTING, "Printing" }, { PRINTER_PAUSING, "Pausing" },
		{ PRINTER_PAUSED, "Paused" }, { PRINTER_RESUMING, "Resuming" }, { PRINTER_CANCELLING, "Cancelling" },
		{ PRINTER_FINISHING, "Finishing" },
	};

	for (size_t i = 0; p && i < ARRAY_LEN(rows); i++)
		if (rows[i].status == p->state.status)
			return rows[i].text;
	return "Operational";
}

/* Only on a printer's own base, and only while a job runs: then it is the truth about that job. */
static void get_job(struct slicer_request *q)
{
	const struct printer *p = slicer_printer(q);
	const struct job *j = p && (STATUS_BIT(p->state.status) & STATUS_ACTIVE) ? &p->state.job : NULL;
	struct json *o = json_new_object(), *job = json_new_object(), *file = json_new_object(), *progress = json_new_object();

	json_set_str(file, "name", j && j->file[0] ? str_basename(j->file) : NULL);
	json_set_str(file, "display", j && j->file[0] ? str_basename(j->file) : NULL);
	json_set_str(file, "path", j && j->file[0] ? j->file : NULL);
	json_set_str(file, "origin", j ? "local" : NULL);
	json_set_int(file, "size", j ? j->size_bytes : -1, -1);
	json_set_null(file, "date");
	json_set_take(job, "file", file);
	json_set_num(job, "estimatedPrintTime", j ? p->state.meta.estimated_s : NAN);
	json_set_null(job, "lastPrintTime");
	json_set_null(job, "filament");
	json_set_str(job, "user", j && j->user[0] ? j->user : NULL);
	json_set_num(progress, "completion", j ? j->progress * 100 : NAN);
	json_set_num(progress, "filepos", j ? j->file_position : NAN);
	json_set_num(progress, "printTime", j ? floor(j->elapsed_s) : NAN);
	json_set_num(progress, "printTimeLeft", j ? floor(j->left_s) : NAN);
	json_set_str(progress, "printTimeLeftOrigin", j && !isnan(j->left_s) ? "estimate" : NULL);
	json_set_take(o, "job", job);
	json_set_take(o, "progress", progress);
	json_set_str(o, "state", j ? state_text(p) : "Operational");
	slicer_json_take(q, 200, NULL, o);
}

static void post_job(struct slicer_request *q)
{
	size_t len;
	const char *body = httpd_body(q->r, &len);
	struct json *o = json_parse(body, len, NULL);
	const char *command = json_raw(o, "command"), *action = json_raw(o, "action");
	enum verb verb = VERB_N;
	struct err e = { 0 };

	if (str_eq(command, "cancel"))
		verb = VERB_CANCEL;
	else if (str_eq(command, "pause") && str_eq(action, "resume"))
		verb = VERB_RESUME;
	else if (str_eq(command, "pause") && str_eq(action, "pause"))
		verb = VERB_PAUSE;
	json_free(o);
	if (verb == VERB_N)
		slicer_fail(q, 400, "that command is not known here");
	else if (slicer_control(q, verb, &e))
		httpd_reply(q->r, 204, "text/plain", NULL, "", 0);
	else	/* Cura reads each 409 as a name conflict: never that one */
		slicer_fail(q, e.code == ERR_AUTH ? 403 : 400, "%s", e.text);
}

/* ---- files ---- */

static void add_file(struct json *list, const struct slicer_request *q, const struct queue_job *j)
{
	struct sbuf link = SBUF_INIT(2048);
	struct json *o = json_new_object(), *refs = json_new_object();
	char path[520];

	str_printf(path, sizeof(path), "%s%s%s", j->folder, j->folder[0] ? "/" : "", j->name);
	sbuf_addf(&link, "%s/api/files/local/", q->base.prefix);
	str_url_encode(&link, path, true);
	json_set_str(o, "name", j->name);
	json_set_str(o, "path", path);
	json_set_str(o, "type", "machinecode");
	json_set_str(o, "origin", "local");
	json_set_int(o, "size", j->bytes, -1);
	json_set_num(o, "date", floor(j->created_at));
	json_set_str(refs, "resource", sbuf_str(&link));
	json_set_take(o, "refs", refs);
	json_push_take(list, o);
	sbuf_done(&link);
}

/* What was sent to this base and is still known. */
static void get_files(struct slicer_request *q)
{
	struct json *o = json_new_object(), *list = json_new_array();

	for (size_t i = 0; q->base.place != PLACE_LIBRARY && i < queue_count(q->s->queue); i++) {
		const struct queue_job *j = queue_at(q->s->queue, i);

		if (str_eq_nocase(j->target, q->base.target))
			add_file(list, q, j);
	}
	json_set_take(o, "files", list);
	slicer_json_take(q, 200, NULL, o);
}

static void post_nothing(struct slicer_request *q)
{
	slicer_fail(q, 400, "there is no file in the upload");
}

/* {"command": "select", "print": true} starts it; selecting alone means nothing where files wait for printers. */
static void post_file(struct slicer_request *q)
{
	size_t len;
	const char *body = httpd_body(q->r, &len);
	struct json *o = json_parse(body, len, NULL);
	bool select = str_eq(json_raw(o, "command"), "select"), print = json_bool(o, "print", false);
	struct err e = { 0 };

	json_free(o);
	if (!select)
		slicer_fail(q, 400, "that command is not known here");
	else if (!print || slicer_start_file(q, q->base.rest + strlen("api/files/local/"), &e))
		httpd_reply(q->r, 204, "text/plain", NULL, "", 0);
	else
		slicer_fail(q, slicer_status_of(&e), "%s", e.text);
}

const struct slicer_route slicer_octoprint_routes[] = {
	{ "GET", "api/version", ACCESS_LOOK, get_version },
	{ "GET", "api/server", ACCESS_LOOK, get_server },
	{ "GET", "api/settings", ACCESS_LOOK, get_settings },
	{ "GET", "api/printer", ACCESS_LOOK, get_printer },
	{ "GET", "api/job", ACCESS_LOOK, get_job },
	{ "POST", "api/job", ACCESS_LOOK, post_job },
	{ "GET", "api/printerprofiles", ACCESS_LOOK, get_profiles },
	{ "GET", "api/currentuser", ACCESS_LOOK, get_currentuser },
	{ "POST", "api/login", ACCESS_LOOK, post_login },
	{ "GET", "api/files", ACCESS_LOOK, get_files },
	{ "GET", "api/files/local", ACCESS_LOOK, get_files },
	{ "POST", "api/files/local", ACCESS_UPLOAD, post_nothing },
	{ "POST", "api/files/local/*", ACCESS_LOOK, post_file },
	{ NULL, NULL, 0, NULL },
};
