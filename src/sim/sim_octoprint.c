/* OctoPrint 1.11.8 as seen over HTTP: routes, access and the job. */
#include <sim/octo.h>

#include <math.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define VERSION "1.11.8"

const char *const octo_state_text[SIM_PHASE_N] = {
	[SIM_OFF] = "Offline",
	[SIM_CONNECTING] = "Detecting serial connection",
	[SIM_READY] = "Operational",
	[SIM_BUSY] = "Operational",
	[SIM_STARTING] = "Starting",
	[SIM_HEATING] = "Printing",
	[SIM_PRINTING] = "Printing",
	[SIM_PAUSING] = "Pausing",
	[SIM_PAUSED] = "Paused",
	[SIM_RESUMING] = "Resuming",
	[SIM_CANCELLING] = "Cancelling",
	[SIM_FINISHING] = "Finishing",
	[SIM_HALTED] = "Offline after error",
};

/* ---- replies ---- */

void octo_error(struct octo *o, unsigned status, const char *text)
{
	sbuf_clear(&o->r->body);
	o->w = (struct jw){ .b = &o->r->body, .pretty = true };
	o->r->status = status;
	jw_object(&o->w, NULL);
	jw_str(&o->w, "error", text);
	jw_end_object(&o->w);
}

void octo_not_found(struct octo *o)
{
	octo_error(o, 404, "The requested URL was not found on the server. If you entered the URL "
		   "manually please check your spelling and try again.");
}

void octo_done(struct octo *o)
{
	sim_reply_text(o->r, 204, "text/plain", "");
}

bool octo_operational(struct octo *o)
{
	if (sim_operational(o->p))
		return true;
	octo_error(o, 409, "Printer is not operational");
	return false;
}

const char *octo_command(const struct octo *o)
{
	const char *text = o->json ? json_raw(o->json, "command") : NULL;

	return text ? text : "";
}

void octo_bad_command(struct octo *o)
{
	octo_error(o, 400, "command is invalid");
}

/* ---- what the server is ---- */

static void get_version(struct octo *o)
{
	jw_object(&o->w, NULL);
	jw_str(&o->w, "api", "0.1");
	jw_str(&o->w, "server", VERSION);
	jw_str(&o->w, "text", "OctoPrint " VERSION);
	jw_end_object(&o->w);
}

static void get_server(struct octo *o)
{
	jw_object(&o->w, NULL);
	jw_null(&o->w, "safemode");
	jw_str(&o->w, "version", VERSION);
	jw_end_object(&o->w);
}

static bool key_good(const struct octo *o)
{
	return o->q->key && o->p->key[0] && strcmp(o->q->key, o->p->key) == 0;
}

static void get_user(struct octo *o)
{
	static const char *const rights[] = { "STATUS", "CONNECTION", "WEBCAM", "FILES_LIST",
		"FILES_UPLOAD", "FILES_DOWNLOAD", "FILES_DELETE", "FILES_SELECT", "PRINT",
		"GCODE_VIEWER", "MONITOR_TERMINAL", "CONTROL", "SLICE", "SETTINGS_READ" };
	bool good = key_good(o);

	jw_object(&o->w, NULL);
	jw_array(&o->w, "groups");
	jw_str(&o->w, NULL, good ? "users" : "guests");
	jw_end_array(&o->w);
	jw_str(&o->w, "name", good ? "operator" : NULL);
	jw_array(&o->w, "permissions");
	for (size_t i = 0; good && i < ARRAY_LEN(rights); i++)
		jw_str(&o->w, NULL, rights[i]);
	jw_end_array(&o->w);
	jw_end_object(&o->w);
}

static void get_settings(struct octo *o)
{
	jw_object(&o->w, NULL);
	jw_object(&o->w, "appearance");
	jw_str(&o->w, "color", "default");
	jw_str(&o->w, "name", o->p->name);
	jw_end_object(&o->w);
	jw_object(&o->w, "feature");
	jw_bool(&o->w, "sdSupport", true);
	jw_bool(&o->w, "temperatureGraph", true);
	jw_end_object(&o->w);
	jw_object(&o->w, "temperature");
	jw_raw(&o->w, "profiles", "[{\"name\": \"PLA\", \"extruder\": 210, \"bed\": 60, \"chamber\": "
	       "null}, {\"name\": \"PETG\", \"extruder\": 240, \"bed\": 85, \"chamber\": null}]");
	jw_end_object(&o->w);
	jw_object(&o->w, "webcam");
	jw_bool(&o->w, "webcamEnabled", false);
	jw_str(&o->w, "snapshotUrl", "");
	jw_str(&o->w, "streamUrl", "");
	jw_end_object(&o->w);
	jw_end_object(&o->w);
}

static void get_profiles(struct octo *o)
{
	struct jw *w = &o->w;

	jw_object(w, NULL);
	jw_object(w, "profiles");
	jw_object(w, "_default");
	jw_bool(w, "current", true);
	jw_bool(w, "default", true);
	jw_object(w, "extruder");
	jw_int(w, "count", 1);
	jw_num(w, "nozzleDiameter", 0.4);
	jw_bool(w, "sharedNozzle", false);
	jw_end_object(w);
	jw_bool(w, "heatedBed", true);
	jw_bool(w, "heatedChamber", o->p->has_chamber);
	jw_str(w, "id", "_default");
	jw_str(w, "model", "Generic RepRap Printer");
	jw_str(w, "name", "Default");
	jw_object(w, "volume");
	jw_num(w, "depth", 210);
	jw_str(w, "formFactor", "rectangular");
	jw_num(w, "height", 250);
	jw_str(w, "origin", "lowerleft");
	jw_num(w, "width", 220);
	jw_end_object(w);
	jw_end_object(w);
	jw_end_object(w);
	jw_end_object(w);
}

/* OctoPrint does not know this path, and that is how clients tell it from Moonraker. */
static void get_access_info(struct octo *o)
{
	sim_reply_text(o->r, 404, "text/html; charset=utf-8",
		       "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n"
		       "<h1>Not Found</h1>\n<p>The requested URL was not found on the server.</p>\n");
}

/* ---- the job ---- */

static void job_file(struct octo *o)
{
	const struct sim_file *f = &o->p->job.file;
	struct jw *w = &o->w;

	jw_object(w, "file");
	if (f->path)
		jw_int(w, "date", (int64_t)(o->p->wall0 + f->modified));
	else
		jw_null(w, "date");
	if (o->p->ever_selected)	/* the key is missing until a file was selected once */
		jw_str(w, "display", f->path ? str_basename(f->path) : NULL);
	jw_str(w, "name", f->path ? str_basename(f->path) : NULL);
	jw_str(w, "origin", f->path ? "local" : NULL);
	jw_str(w, "path", f->path);
	if (f->path)
		jw_int(w, "size", f->size);
	else
		jw_null(w, "size");
	jw_end_object(w);
}

static void job_filament(struct octo *o)
{
	const struct sim_file *f = &o->p->job.file;
	struct jw *w = &o->w;

	if (!o->p->ever_selected) {
		jw_object(w, "filament");
		jw_null(w, "length");
		jw_null(w, "volume");
		jw_end_object(w);
	} else if (!f->path || !f->analysed) {
		jw_null(w, "filament");
	} else {
		jw_object(w, "filament");
		jw_object(w, "tool0");
		jw_num(w, "length", f->filament_mm);
		jw_num(w, "volume", f->filament_mm * 2.405e-3);
		jw_end_object(w);
		jw_end_object(w);
	}
}

static void job_part(struct octo *o)
{
	const struct sim_file *f = &o->p->job.file;
	bool printed = f->path && f->prints_ok > 0;
	struct jw *w = &o->w;

	jw_object(w, "job");
	if (o->p->ever_selected)
		jw_num(w, "averagePrintTime", printed ? f->print_s * 1.02 : (double)NAN);
	jw_num(w, "estimatedPrintTime", f->path && f->analysed ? f->print_s * 0.97 : (double)NAN);
	job_filament(o);
	job_file(o);
	jw_num(w, "lastPrintTime", printed ? f->print_s : (double)NAN);
	jw_str(w, "user", f->path ? "operator" : NULL);
	jw_end_object(w);
}

static void no_progress(struct jw *w)
{
	jw_null(w, "completion");
	jw_null(w, "filepos");
	jw_null(w, "printTime");
	jw_null(w, "printTimeLeft");
	jw_null(w, "printTimeLeftOrigin");
}

static void time_left(struct octo *o, const struct sim_view *v)
{
	const struct sim_file *f = &o->p->job.file;
	bool known = f->analysed || v->progress > 0.02;

	if (o->p->result == SIM_COMPLETE) {
		jw_int(&o->w, "printTimeLeft", 0);
		jw_null(&o->w, "printTimeLeftOrigin");
		return;
	}
	if (known)
		jw_int(&o->w, "printTimeLeft", (int64_t)(f->print_s - v->printed_s));
	else
		jw_null(&o->w, "printTimeLeft");
	jw_str(&o->w, "printTimeLeftOrigin", !f->analysed ? "linear" :
	       f->prints_ok ? "mixed-average" : "analysis");
}

/* printTime leaves the pauses out, not the heating. */
static double print_time_s(const struct octo *o, const struct sim_view *v)
{
	const struct sim_printer *p = o->p;
	double paused = p->job.paused_s;

	if (p->phase == SIM_PAUSING || p->phase == SIM_PAUSED || p->phase == SIM_RESUMING)
		paused += o->at - p->since;
	return fmax(v->total_s - paused, 0);
}

static void progress_part(struct octo *o)
{
	const struct sim_printer *p = o->p;
	double pos;
	struct sim_view v;
	bool shown = p->result == SIM_COMPLETE || (sim_job_active(p) && p->phase != SIM_STARTING &&
						   p->phase != SIM_CANCELLING);

	jw_object(&o->w, "progress");
	if (!shown || !p->job.file.path) {
		no_progress(&o->w);
	} else {
		sim_look(p, o->at, &v);
		pos = p->result == SIM_COMPLETE || p->phase == SIM_FINISHING ?
			(double)p->job.file.size : floor(v.file_position);
		jw_num(&o->w, "completion", p->job.file.size ?
		       100 * pos / (double)p->job.file.size : 0);
		jw_int(&o->w, "filepos", (int64_t)pos);
		jw_int(&o->w, "printTime", (int64_t)print_time_s(o, &v));
		time_left(o, &v);
	}
	jw_end_object(&o->w);
}

static void get_job(struct octo *o)
{
	jw_object(&o->w, NULL);
	if (o->p->reason[0] && o->p->phase == SIM_HALTED)
		jw_str(&o->w, "error", o->p->reason);
	job_part(o);
	progress_part(o);
	jw_str(&o->w, "state", octo_state_text[o->p->phase]);
	jw_end_object(&o->w);
}

static void job_start(struct octo *o)
{
	if (sim_job_active(o->p)) {
		octo_error(o, 409, "Printer already has an active print job, did you mean 'restart'?");
		return;
	}
	if (o->p->job.file.path)	/* else 204 all the same, and nothing happens */
		sim_start(o->p, &o->p->job.file, o->at);
	octo_done(o);
}

static void job_restart(struct octo *o)
{
	if (o->p->phase != SIM_PAUSED) {
		octo_error(o, 409, "Printer does not have an active print job or is not paused");
		return;
	}
	sim_start(o->p, &o->p->job.file, o->at);
	octo_done(o);
}

static bool printing_or_paused(struct octo *o, const char *what)
{
	char text[120];

	if (sim_job_active(o->p))
		return true;
	str_printf(text, sizeof(text),
		   "Printer is neither printing nor paused, '%s' command cannot be performed", what);
	octo_error(o, 409, text);
	return false;
}

static void job_pause(struct octo *o)
{
	const char *action = json_raw(o->json, "action");
	bool toggle = !action || strcmp(action, "toggle") == 0;

	if (!printing_or_paused(o, "pause"))
		return;
	if (sim_is(action, "resume") || (toggle && o->p->phase == SIM_PAUSED))
		sim_resume(o->p, o->at);
	else if (sim_is(action, "pause") || toggle)
		sim_pause(o->p, o->at);
	else {
		octo_error(o, 400, "Unknown action");
		return;
	}
	octo_done(o);
}

static void job_cancel(struct octo *o)
{
	if (!printing_or_paused(o, "cancel"))
		return;
	sim_cancel(o->p, o->at);
	octo_done(o);
}

static void post_job(struct octo *o)
{
	static const struct {
		const char *name;
		void (*fn)(struct octo *o);
	} rows[] = { { "start", job_start }, { "restart", job_restart }, { "pause", job_pause },
		     { "cancel", job_cancel } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(octo_command(o), rows[i].name) != 0)
			continue;
		if (octo_operational(o))
			rows[i].fn(o);
		return;
	}
	octo_bad_command(o);
}

/* ---- routes ---- */

enum { OPEN = 1, PREFIX = 2, FORM = 4 };	/* no key needed; more path follows; no JSON body */

static const struct route {
	const char *method, *path;
	unsigned flags;
	void (*fn)(struct octo *o);
} routes[] = {
	{ "GET", "/api/job", 0, get_job },
	{ "GET", "/api/printer", 0, octo_get_printer },
	{ "POST", "/api/job", 0, post_job },
	{ "GET", "/api/version", 0, get_version },
	{ "GET", "/api/server", 0, get_server },
	{ "GET", "/api/currentuser", OPEN, get_user },
	{ "GET", "/api/connection", 0, octo_get_connection },
	{ "POST", "/api/connection", 0, octo_post_connection },
	{ "GET", "/api/files", PREFIX, octo_files_get },
	{ "POST", "/api/files/local", FORM, octo_upload },
	{ "POST", "/api/files/local/", PREFIX, octo_files_post },
	{ "DELETE", "/api/files/local/", PREFIX, octo_files_delete },
	{ "POST", "/api/printer/command", 0, octo_post_command },
	{ "GET", "/api/printer/tool", 0, octo_get_tool },
	{ "POST", "/api/printer/tool", 0, octo_post_tool },
	{ "GET", "/api/printer/bed", 0, octo_get_bed },
	{ "POST", "/api/printer/bed", 0, octo_post_bed },
	{ "POST", "/api/printer/printhead", 0, octo_post_printhead },
	{ "GET", "/api/printer/error", 0, octo_get_error },
	{ "GET", "/api/settings", 0, get_settings },
	{ "GET", "/api/printerprofiles", 0, get_profiles },
	{ "GET", "/access/info", OPEN, get_access_info },
	{ "GET", "/plugin/appkeys/probe", OPEN, octo_keys_probe },
	{ "POST", "/plugin/appkeys/request", OPEN, octo_keys_request },
	{ "GET", "/plugin/appkeys/request/", OPEN | PREFIX, octo_keys_poll },
};

static bool path_fits(const struct route *route, const char *path)
{
	return route->flags & PREFIX ? str_starts(path, route->path) : strcmp(path, route->path) == 0;
}

static const struct route *find_route(struct octo *o)
{
	bool path_known = false;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!path_fits(&routes[i], o->q->path))
			continue;
		path_known = true;
		if (strcmp(o->q->method, routes[i].method) == 0)
			return &routes[i];
	}
	if (path_known)
		octo_error(o, 405, "The method is not allowed for the requested URL.");
	else if (str_starts(o->q->path, "/api"))
		octo_not_found(o);
	else
		get_access_info(o);
	return NULL;
}

static bool access_granted(struct octo *o)
{
	if (key_good(o))
		return true;
	/* A bad key counts as none, and whoever has none fails the CSRF check first. */
	if (strcmp(o->q->method, "GET") != 0)
		octo_error(o, 400, "CSRF validation failed");
	else
		octo_error(o, 403, "You don't have the permission to access the requested resource. "
			   "It is either read-protected or not readable by the server.");
	return false;
}

static bool read_json(struct octo *o)
{
	if (!o->q->content_type || !str_starts_nocase(o->q->content_type, "application/json")) {
		octo_error(o, 415, "Did not attempt to load JSON data because the request Content-Type "
			   "was not 'application/json'.");
		return false;
	}
	o->json = json_parse(o->q->body, o->q->len, NULL);
	if (o->json)
		return true;
	octo_error(o, 400, "The browser (or proxy) sent a request that this server could not "
		   "understand.");
	return false;
}

void sim_octoprint(struct sim_printer *p, const struct sim_request *q, double at, struct sim_reply *r)
{
	struct octo o = { .p = p, .q = q, .at = at, .r = r,
			  .w = { .b = &r->body, .pretty = true } };
	const struct route *route;

	sbuf_adds(&r->headers, "X-Clacks-Overhead: GNU Terry Pratchett\nCache-Control: max-age=0\n"
		  "X-Robots-Tag: noindex, nofollow, noimageindex\n"
		  "X-Content-Type-Options: nosniff\nX-Frame-Options: sameorigin\n");
	sim_printer_live(p, at);
	route = find_route(&o);
	if (!route)
		return;
	if (!(route->flags & OPEN) && !access_granted(&o))
		return;
	if (strcmp(q->method, "POST") == 0 && !(route->flags & FORM) && !read_json(&o))
		return;
	o.tail = q->path + strlen(route->path);
	route->fn(&o);
	json_free(o.json);
}
