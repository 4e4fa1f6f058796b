/* Moonraker 0.11.0 as seen over HTTP: routes, access, envelopes, JSON-RPC and the job's commands. */
#include <sim/moon.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define STORE_SAMPLES 1200	/* one a second */

bool moon_fail(struct moon *m, unsigned status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sbuf_clear(&m->text);
	sbuf_adds(&m->text, text);
	m->status = status;
	return false;
}

static bool say_ok(struct moon *m)
{
	jw_str(&m->w, "result", "ok");
	return true;
}

const char *moon_arg(const struct moon *m, const char *name)
{
	const char *text = m->args ? json_raw(m->args, name) : NULL;

	return text ? text : sim_param(m->q, name);
}

int64_t moon_arg_int(const struct moon *m, const char *name, int64_t unknown)
{
	const char *text = sim_param(m->q, name);
	int64_t v;

	if (text && str_to_int64(text, &v))
		return v;
	return m->args ? json_int(m->args, name, unknown) : unknown;
}

/* ---- the server itself ---- */

static bool access_info(struct moon *m)
{
	jw_object(&m->w, "result");
	jw_str(&m->w, "default_source", "moonraker");
	jw_raw(&m->w, "available_sources", "[\"moonraker\"]");
	jw_bool(&m->w, "login_required", m->p->key[0] != '\0');
	jw_bool(&m->w, "trusted", m->p->key[0] == '\0');
	jw_end_object(&m->w);
	return true;
}

static bool server_info(struct moon *m)
{
	struct jw *w = &m->w;

	jw_object(w, "result");
	jw_bool(w, "klippy_connected", m->p->phase != SIM_OFF);
	jw_str(w, "klippy_state", klippy_state(m->p));
	jw_raw(w, "components", "[\"klippy_connection\",\"application\",\"websockets\",\"database\","
	       "\"file_manager\",\"authorization\",\"klippy_apis\",\"machine\",\"data_store\","
	       "\"proc_stats\",\"job_state\",\"job_queue\",\"history\",\"webcam\"]");
	jw_raw(w, "failed_components", "[]");
	jw_raw(w, "registered_directories", "[\"config\",\"logs\",\"gcodes\"]");
	jw_raw(w, "warnings", "[]");
	jw_int(w, "websocket_count", 0);
	jw_str(w, "moonraker_version", "0.11.0");
	jw_raw(w, "missing_klippy_requirements", "[]");
	jw_raw(w, "api_version", "[1,5,0]");
	jw_str(w, "api_version_string", "1.5.0");
	jw_end_object(w);
	return true;
}

/* The compatibility layer that makes clients take Moonraker for OctoPrint. */
static bool octo_version(struct moon *m)
{
	jw_str(&m->w, "server", "1.5.0");
	jw_str(&m->w, "api", "0.1");
	jw_str(&m->w, "text", "OctoPrint (Moonraker 0.11.0)");
	return true;
}

static bool webcams(struct moon *m)
{
	jw_raw(&m->w, "result", "{\"webcams\":[]}");
	return true;
}

static bool job_queue(struct moon *m)
{
	jw_raw(&m->w, "result", "{\"queued_jobs\":[],\"queue_state\":\"ready\"}");
	return true;
}

static bool gcode_store(struct moon *m)
{
	unsigned n = sim_line_count(m->p);
	int64_t count = moon_arg_int(m, "count", 1000);
	unsigned first = count >= 0 && count < n ? n - (unsigned)count : 0;
	struct jw *w = &m->w;

	jw_object(w, "result");
	jw_array(w, "gcode_store");
	for (unsigned i = first; i < n; i++) {
		const struct sim_line *line = sim_line_at(m->p, i);

		jw_object(w, NULL);
		jw_str(w, "message", line->text);
		jw_num(w, "time", m->p->wall0 + line->at);
		jw_str(w, "type", line->response ? "response" : "command");
		jw_end_object(w);
	}
	jw_end_array(w);
	jw_end_object(w);
	return true;
}

static double hundredth(double v)
{
	return round(v * 100) / 100;
}

static void store_heater(struct moon *m, const char *name, const struct heater_sim *h)
{
	struct heat_now *now = mem_zalloc(STORE_SAMPLES, sizeof(*now));
	struct jw *w = &m->w;

	for (int i = 0; i < STORE_SAMPLES; i++)
		now[i] = heat_at(h, m->at - (STORE_SAMPLES - 1 - i));
	jw_object(w, name);
	jw_array(w, "temperatures");
	for (int i = 0; i < STORE_SAMPLES; i++)
		jw_num(w, NULL, hundredth(now[i].actual_c));
	jw_end_array(w);
	jw_array(w, "targets");
	for (int i = 0; i < STORE_SAMPLES; i++)
		jw_num(w, NULL, now[i].target_c);
	jw_end_array(w);
	jw_array(w, "powers");
	for (int i = 0; i < STORE_SAMPLES; i++)
		jw_num(w, NULL, hundredth(now[i].power));
	jw_end_array(w);
	jw_end_object(w);
	free(now);
}

static void store_sensor(struct moon *m, const char *name,
			 double (*fn)(const struct sim_printer *p, double at))
{
	jw_object(&m->w, name);
	jw_array(&m->w, "temperatures");
	for (int i = 0; i < STORE_SAMPLES; i++)
		jw_num(&m->w, NULL, hundredth(fn(m->p, m->at - (STORE_SAMPLES - 1 - i))));
	jw_end_array(&m->w);
	jw_end_object(&m->w);
}

static bool temperature_store(struct moon *m)
{
	jw_object(&m->w, "result");
	if (!m->p->never_up) {
		store_heater(m, "heater_bed", &m->p->bed);
		if (m->p->has_chamber)
			store_sensor(m, "temperature_sensor chamber", sim_chamber_c);
		store_sensor(m, "temperature_sensor raspberry_pi", sim_host_c);
		store_heater(m, "extruder", &m->p->extruder);
	}
	jw_end_object(&m->w);
	return true;
}

/* ---- commands ---- */

/* Klippy refuses them in shutdown, error and startup, with a text of several lines. */
static bool ready(struct moon *m)
{
	struct sbuf text = SBUF_INIT(1000);

	if (sim_operational(m->p))
		return true;
	klippy_message(m->p, &text);
	moon_fail(m, 400, "%s", sbuf_str(&text));
	sbuf_done(&text);
	return false;
}

/* These calls answer only when Klippy has done it. */
static bool ok_at(struct moon *m, double done)
{
	m->r->wait_s = fmax(m->r->wait_s, done - m->at);
	return say_ok(m);
}

static bool print_start(struct moon *m)
{
	const char *name = moon_arg(m, "filename");
	const struct sim_file *f;
	bool paused = m->p->paused_flag;

	if (!name)
		return moon_fail(m, 400, "No data for argument: filename");
	if (!ready(m))
		return false;
	if (sim_job_active(m->p) && m->p->phase != SIM_PAUSED)
		return moon_fail(m, 400, "SD busy");
	f = store_find(&m->p->store, name);
	if (!f) {
		sim_select(m->p, NULL);		/* the last result is lost, too */
		return moon_fail(m, 400, "Unable to open file");
	}
	/* In pause this is not refused: the paused job is thrown away, and the flag stays. */
	sim_start(m->p, f, m->at);
	m->p->paused_flag = paused;
	return say_ok(m);
}

static bool print_pause(struct moon *m)
{
	if (!ready(m))
		return false;
	if (!sim_job_active(m->p))
		m->p->paused_flag = true;
	return ok_at(m, sim_pause(m->p, m->at));
}

static bool print_resume(struct moon *m)
{
	return ready(m) && ok_at(m, sim_resume(m->p, m->at));
}

static bool print_cancel(struct moon *m)
{
	return ready(m) && ok_at(m, sim_cancel(m->p, m->at));
}

static bool emergency_stop(struct moon *m)
{
	if (m->p->phase != SIM_HALTED)
		sim_halt(m->p, m->at, "Shutdown due to webhooks request");
	return say_ok(m);
}

static bool host_restart(struct moon *m)
{
	sim_restart(m->p, m->at, false);
	return say_ok(m);
}

static bool firmware_restart(struct moon *m)
{
	sim_restart(m->p, m->at, true);
	return say_ok(m);
}

static bool gcode_script(struct moon *m)
{
	const char *script = moon_arg(m, "script");
	char error[120];
	double done;

	if (!script)
		return moon_fail(m, 400, "Missing Argument [script]");
	if (!sim_is(script, "M105") && !sim_is(script, "M115") && !ready(m))
		return false;
	if (!sim_gcode(m->p, m->at, script, &done, error))
		return moon_fail(m, 400, "%s", error);
	return ok_at(m, done);
}

/* ---- routes ---- */

/*
 * OPEN: no key needed. KLIPPY: registered by Klippy, so unknown (404) until it was there once. CALL: needs
 * Klippy. BARE: the reply has no "result" around it. TAIL: more path follows.
 */
enum { OPEN = 1, KLIPPY = 2, CALL = 4, BARE = 8, TAIL = 16 };

static const struct route {
	const char *method, *path, *rpc;
	unsigned flags;
	bool (*fn)(struct moon *m);
} routes[] = {
	{ "POST", "/printer/objects/query", "printer.objects.query", KLIPPY, moon_objects_query },
	{ "GET", "/printer/objects/query", NULL, KLIPPY, moon_objects_query },
	{ "GET", "/server/info", "server.info", 0, server_info },
	{ "GET", "/access/info", "access.info", OPEN, access_info },
	{ "GET", "/printer/info", "printer.info", KLIPPY, moon_printer_info },
	{ "GET", "/printer/objects/list", "printer.objects.list", KLIPPY, moon_objects_list },
	{ "POST", "/printer/print/start", "printer.print.start", CALL, print_start },
	{ "POST", "/printer/print/pause", "printer.print.pause", CALL, print_pause },
	{ "POST", "/printer/print/resume", "printer.print.resume", CALL, print_resume },
	{ "POST", "/printer/print/cancel", "printer.print.cancel", CALL, print_cancel },
	{ "POST", "/printer/emergency_stop", "printer.emergency_stop", KLIPPY, emergency_stop },
	{ "GET", "/printer/emergency_stop", NULL, KLIPPY, emergency_stop },
	{ "POST", "/printer/restart", "printer.restart", CALL, host_restart },
	{ "POST", "/printer/firmware_restart", "printer.firmware_restart", CALL, firmware_restart },
	{ "POST", "/printer/gcode/script", "printer.gcode.script", KLIPPY, gcode_script },
	{ "GET", "/printer/gcode/script", NULL, KLIPPY, gcode_script },
	{ "GET", "/server/temperature_store", "server.temperature_store", 0, temperature_store },
	{ "GET", "/server/gcode_store", "server.gcode_store", 0, gcode_store },
	{ "GET", "/server/files/list", "server.files.list", 0, moon_files_list },
	{ "GET", "/server/files/directory", "server.files.get_directory", 0, moon_directory },
	{ "GET", "/server/files/metadata", "server.files.metadata", 0, moon_metadata },
	{ "GET", "/server/files/roots", "server.files.roots", 0, moon_roots },
	{ "POST", "/server/files/upload", NULL, BARE, moon_upload },
	{ "DELETE", "/server/files/", "server.files.delete_file", TAIL, moon_delete },
	{ "GET", "/server/history/list", "server.history.list", 0, moon_history_list },
	{ "GET", "/server/history/totals", "server.history.totals", 0, moon_history_totals },
	{ "GET", "/server/webcams/list", "server.webcams.list", 0, webcams },
	{ "GET", "/server/job_queue/status", "server.job_queue.status", 0, job_queue },
	{ "GET", "/api/version", NULL, BARE, octo_version },
};

static bool path_fits(const struct route *route, const char *path)
{
	return route->flags & TAIL ? str_starts(path, route->path) : strcmp(path, route->path) == 0;
}

static bool available(struct moon *m, const struct route *route)
{
	if (!(route->flags & (KLIPPY | CALL)))
		return true;
	if (m->p->hung) {	/* Moonraker has no time limit of its own */
		m->r->wire = SIM_WIRE_HOLD;
		return moon_fail(m, 504, "no answer");
	}
	if (m->p->phase != SIM_OFF)
		return true;
	if (m->p->never_up && (route->flags & KLIPPY))
		return moon_fail(m, 404, "Not Found");
	return moon_fail(m, 503, "Klippy Host not connected");
}

static const struct route *find_route(struct moon *m)
{
	bool path_known = false;

	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (!path_fits(&routes[i], m->q->path))
			continue;
		path_known = true;
		if (strcmp(m->q->method, routes[i].method) == 0)
			return &routes[i];
	}
	moon_fail(m, path_known ? 405 : 404, path_known ? "Method Not Allowed" : "Not Found");
	return NULL;
}

static bool key_wrong(const struct moon *m)
{
	return m->q->key && strcmp(m->q->key, m->p->key) != 0;
}

static bool key_missing(const struct moon *m)
{
	return !m->q->key && m->p->key[0];
}

/* A wrong key is refused everywhere; a missing one only where the client is not trusted. */
static bool access_granted(struct moon *m, const struct route *route)
{
	if (key_wrong(m) || (key_missing(m) && !(route && (route->flags & OPEN))))
		return moon_fail(m, 401, "Unauthorized");
	return true;
}

/* ---- envelopes ---- */

static const char *reason_phrase(unsigned status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 422:
		return "Unprocessable Entity";
	default:
		return "Internal Server Error";
	}
}

static bool plain(const char *text)
{
	for (; *text; text++)
		if (*text == '\n' || *text == '<' || (unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* A message of several lines becomes "Unknown"; the words are in the traceback only. */
static void error_reply(struct moon *m)
{
	const char *text = sbuf_str(&m->text);
	struct sbuf trace = SBUF_INIT(4096);
	struct jw *w = &m->w;

	sbuf_clear(&m->r->body);
	*w = (struct jw){ .b = &m->r->body };
	m->r->status = m->status;
	sbuf_addf(&trace, "Traceback (most recent call last):\n\n  File \"application.py\", line 719, in "
		  "_process_http_request\n    result = await self._do_request(req)\n\n"
		  "tornado.web.HTTPError: HTTP %u: %s\n", m->status, text);
	jw_object(w, NULL);
	jw_object(w, "error");
	jw_int(w, "code", m->status);
	jw_str(w, "message", m->vague ? reason_phrase(m->status) : plain(text) ? text : "Unknown");
	jw_str(w, "traceback", sbuf_str(&trace));
	jw_end_object(w);
	jw_end_object(w);
	sbuf_done(&trace);
}

static struct json *json_body(const struct sim_request *q)
{
	/* Anything else, and JSON that is broken, counts as no argument. */
	if (!q->content_type || !str_starts_nocase(q->content_type, "application/json"))
		return NULL;
	return json_parse(q->body, q->len, NULL);
}

static void http_call(struct moon *m)
{
	const struct route *route = find_route(m);
	struct json *body = NULL;
	bool ok = false;

	if (access_granted(m, route) && route && available(m, route)) {
		m->tail = m->q->path + strlen(route->path);
		m->args = body = json_body(m->q);
		jw_object(&m->w, NULL);
		ok = route->fn(m);
	}
	json_free(body);
	if (!ok) {
		error_reply(m);
		return;
	}
	jw_end_object(&m->w);
	if (strcmp(m->q->method, "GET") == 0)
		sim_reply_etag(m->r, m->q);
}

/* ---- JSON-RPC over HTTP ---- */

static const struct route *rpc_route(const char *method)
{
	for (size_t i = 0; i < ARRAY_LEN(routes); i++)
		if (sim_is(routes[i].rpc, method))
			return &routes[i];
	return NULL;
}

static void rpc_error(struct moon *m, int code, const char *text)
{
	jw_object(&m->w, "error");
	jw_int(&m->w, "code", code);
	jw_str(&m->w, "message", text);
	jw_end_object(&m->w);
}

static void rpc_failure(struct moon *m)
{
	if (m->status == 404)
		rpc_error(m, -32601, "Method not found");
	else if (m->status == 401)
		rpc_error(m, -32602, "Unauthorized");
	else
		rpc_error(m, (int)m->status, sbuf_str(&m->text));
}

static void rpc_one(struct moon *m, const struct json *call)
{
	const struct json *id = json_get(call, "id");
	const char *method = json_raw(call, "method");
	const struct route *route = method ? rpc_route(method) : NULL;

	m->status = 0;
	m->tail = "";
	m->args = json_get(call, "params");
	jw_object(&m->w, NULL);
	jw_str(&m->w, "jsonrpc", "2.0");
	if (!route)
		rpc_error(m, method ? -32601 : -32600, method ? "Method not found" : "Invalid Request");
	else if (!access_granted(m, route) || !available(m, route) || !route->fn(m))
		rpc_failure(m);
	if (json_is_string(id))
		jw_str(&m->w, "id", json_raw(call, "id"));
	else if (json_is_num(id))
		jw_int(&m->w, "id", json_int(call, "id", 0));
	else
		jw_null(&m->w, "id");
	jw_end_object(&m->w);
}

static void rpc_call(struct moon *m)
{
	struct json *body = json_body(m->q);

	if (key_wrong(m)) {
		moon_fail(m, 401, "Unauthorized");
		error_reply(m);
	} else if (!body) {
		jw_object(&m->w, NULL);
		jw_str(&m->w, "jsonrpc", "2.0");
		rpc_error(m, -32700, "Parse error");
		jw_null(&m->w, "id");
		jw_end_object(&m->w);
	} else if (json_is_array(body)) {
		jw_array(&m->w, NULL);
		for (const struct json *it = json_first(body); it; it = json_next(it))
			rpc_one(m, it);
		jw_end_array(&m->w);
	} else {
		rpc_one(m, body);
	}
	json_free(body);
}

void sim_moonraker(struct sim_printer *p, const struct sim_request *q, double at, struct sim_reply *r)
{
	struct moon m = { .p = p, .q = q, .at = at, .r = r, .w = { .b = &r->body },
			  .text = SBUF_INIT(2048), .tail = "" };

	r->type = "application/json; charset=UTF-8";
	sbuf_adds(&r->headers, "Server: TornadoServer/6.5.8\n");
	sim_printer_live(p, at);
	if (strcmp(q->path, "/server/jsonrpc") == 0 && strcmp(q->method, "POST") == 0)
		rpc_call(&m);
	else
		http_call(&m);
	sbuf_done(&m.text);
}
