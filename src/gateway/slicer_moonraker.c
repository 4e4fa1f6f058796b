/* What Moonraker would answer to a slicer, from the fleet's state in memory. */
#include "gateway/slicer.h"

#include <math.h>
#include <string.h>
#include <sys/random.h>
#include <printop/mem.h>
#include <printop/str.h>

#define EMULATED "v0.11.0-0-printop"	/* the version whose manners these are */
#define TOKEN_MS 5000

static void result_take(struct slicer_request *q, struct json *value)
{
	struct json *o = json_new_object();

	json_set_take(o, "result", value);
	slicer_json_take(q, 200, NULL, o);
}

static void result_ok(struct slicer_request *q)
{
	struct json *o = json_new_object();

	json_set_str(o, "result", "ok");
	slicer_json_take(q, 200, NULL, o);
}

/* ---- what the server is ---- */

static struct json *words(const char *const *list)
{
	struct json *a = json_new_array();

	for (; *list; list++)
		json_push_str(a, *list);
	return a;
}

/* A print is always taken, or queued: so Klippy is always ready. */
static void get_server_info(struct slicer_request *q)
{
	static const char *const components[] = { "file_manager", "job_queue", NULL }, *const folders[] = { "gcodes", NULL };
	struct json *o = json_new_object(), *version = json_new_array();

	json_set_bool(o, "klippy_connected", true);
	json_set_str(o, "klippy_state", "ready");
	json_set_take(o, "components", words(components));
	json_set_take(o, "failed_components", json_new_array());
	json_set_take(o, "registered_directories", words(folders));
	json_set_take(o, "warnings", json_new_array());
	json_set_num(o, "websocket_count", 0);
	json_set_str(o, "moonraker_version", EMULATED);
	json_set_take(o, "missing_klippy_requirements", json_new_array());
	json_push_num(version, 1);
	json_push_num(version, 5);
	json_push_num(version, 0);
	json_set_take(o, "api_version", version);
	json_set_str(o, "api_version_string", "1.5.0");
	result_take(q, o);
}

static void get_printer_info(struct slicer_request *q)
{
	struct json *o = json_new_object();

	json_set_str(o, "state", "ready");
	json_set_str(o, "state_message", "Printer is ready");
	json_set_str(o, "hostname", q->base.name[0] ? q->base.name : "printop");
	json_set_str(o, "software_version", "printop " PRINTOP_VERSION);
	result_take(q, o);
}

/* One root only: with a second one OrcaSlicer would offer the wrong one first. */
static void get_roots(struct slicer_request *q)
{
	struct json *list = json_new_array(), *o = json_new_object();

	json_set_str(o, "name", "gcodes");
	json_set_str(o, "path", "/gcodes");
	json_set_str(o, "permissions", "rw");
	json_push_take(list, o);
	result_take(q, list);
}

static void get_access_info(struct slicer_request *q)
{
	static const char *const sources[] = { "moonraker", NULL };
	struct json *o = json_new_object();

	json_set_str(o, "default_source", "moonraker");
	json_set_take(o, "available_sources", words(sources));
	json_set_bool(o, "login_required", false);
	json_set_bool(o, "trusted", false);
	result_take(q, o);
}

/* For one request within five seconds, as ?token=. */
static void get_token(struct slicer_request *q)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	struct slicer_token *t = &q->s->tokens[q->s->next_token++ % SLICER_TOKENS];
	struct json *o = json_new_object();
	unsigned char r[32];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		fatal("the system gives no random numbers");
	for (size_t i = 0; i < sizeof(r); i++)
		t->text[i] = letters[r[i] % 32];
	t->text[sizeof(r)] = '\0';
	str_copy(t->key_name, sizeof(t->key_name), q->client.name);
	t->rights = q->client.rights;
	t->overwrite = q->client.overwrite;
	t->until_ms = loop_now_ms(q->s->app->loop) + TOKEN_MS;
	json_set_str(o, "result", t->text);
	slicer_json_take(q, 200, NULL, o);
}

/* ---- the printer ---- */

static const char *print_state(const struct printer *p)
{
	if (!p)
		return "standby";
	if (p->state.status == PRINTER_PAUSED)
		return "paused";
	return STATUS_BIT(p->state.status) & STATUS_ACTIVE ? "printing" : "standby";
}

static struct json *print_stats(const struct printer *p)
{
	struct json *o = json_new_object();
	bool active = p && (STATUS_BIT(p->state.status) & STATUS_ACTIVE);
	const struct job *j = active ? &p->state.job : NULL;

	json_set_str(o, "filename", j ? j->file : "");
	json_set_num(o, "total_duration", j && !isnan(j->total_s) ? j->total_s : 0);
	json_set_num(o, "print_duration", j && !isnan(j->elapsed_s) ? j->elapsed_s : 0);
	json_set_num(o, "filament_used", j && !isnan(j->filament_used_mm) ? j->filament_used_mm : 0);
	json_set_str(o, "state", print_state(p));
	json_set_str(o, "message", "");
	return o;
}

static struct json *webhooks(const struct printer *p)
{
	struct json *o = json_new_object();

	(void)p;
	json_set_str(o, "state", "ready");
	json_set_str(o, "state_message", "Printer is ready");
	return o;
}

static struct json *sdcard(const struct printer *p)
{
	struct json *o = json_new_object();
	bool active = p && (STATUS_BIT(p->state.status) & STATUS_ACTIVE);

	json_set_num(o, "progress", active && !isnan(p->state.job.progress) ? p->state.job.progress : 0);
	json_set_bool(o, "is_active", active && p->state.status != PRINTER_PAUSED);
	return o;
}

static struct json *heater(const struct printer *p, const char *name)
{
	struct json *o = json_new_object();
	const struct heater *h = p ? printer_heater(&p->state, name) : NULL;

	json_set_num(o, "temperature", h && !isnan(h->actual_c) ? h->actual_c : 0);
	json_set_num(o, "target", h && !isnan(h->target_c) ? h->target_c : 0);
	return o;
}

static struct json *extruder(const struct printer *p)
{
	return heater(p, "extruder");
}

static struct json *bed(const struct printer *p)
{
	return heater(p, "bed");
}

static const struct {
	const char *name;
	struct json *(*make)(const struct printer *p);
} objects[] = {
	{ "webhooks", webhooks }, { "print_stats", print_stats }, { "virtual_sdcard", sdcard }, { "extruder", extruder },
	{ "heater_bed", bed },
};

static void get_objects(struct slicer_request *q)
{
	struct json *o = json_new_object(), *list = json_new_array();

	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		json_push_str(list, objects[i].name);
	json_set_take(o, "objects", list);
	result_take(q, o);
}

/* Whatever is asked for, all there is: five small objects. */
static void query_objects(struct slicer_request *q)
{
	struct json *o = json_new_object(), *status = json_new_object();

	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		json_set_take(status, objects[i].name, objects[i].make(slicer_printer(q)));
	json_set_num(o, "eventtime", (double)loop_now_ms(q->s->app->loop) / 1000);
	json_set_take(o, "status", status);
	result_take(q, o);
}

/* ---- files, jobs ---- */

static void get_list(struct slicer_request *q)
{
	struct json *list = json_new_array();
	char path[520];

	for (size_t i = 0; q->base.place != PLACE_LIBRARY && i < queue_count(q->s->queue); i++) {
		const struct queue_job *j = queue_at(q->s->queue, i);
		struct json *o;

		if (!str_eq_nocase(j->target, q->base.target))
			continue;
		str_printf(path, sizeof(path), "%s%s%s", j->folder, j->folder[0] ? "/" : "", j->name);
		o = json_new_object();
		json_set_str(o, "path", path);
		json_set_num(o, "modified", j->created_at);
		json_set_int(o, "size", j->bytes, -1);
		json_set_str(o, "permissions", "rw");
		json_push_take(list, o);
	}
	result_take(q, list);
}

static void post_nothing(struct slicer_request *q)
{
	slicer_fail(q, 400, "there is no file in the upload");
}

static void post_start(struct slicer_request *q)
{
	size_t len;
	const char *body = httpd_body(q->r, &len), *query = httpd_query(q->r, "filename");
	struct json *o = json_parse(body, len, NULL);
	struct err e = { 0 };
	char path[520];

	if (!json_str(o, "filename", path, sizeof(path)) && query)
		str_copy(path, sizeof(path), query);
	json_free(o);
	if (!path[0])
		slicer_fail(q, 400, "no file is named");
	else if (slicer_start_file(q, path, &e))
		result_ok(q);
	else
		slicer_fail(q, slicer_status_of(&e), "%s", e.text);
}

static void post_control(struct slicer_request *q)
{
	const char *word = strrchr(q->base.rest, '/') + 1;
	enum verb verb = VERB_PAUSE;
	struct err e = { 0 };

	verb_from_name(word, &verb);
	if (slicer_control(q, verb, &e))
		result_ok(q);
	else
		slicer_fail(q, e.code == ERR_AUTH ? 403 : 400, "%s", e.text);
}

/* Every queue job of this base; for its page. */
static void get_jobs(struct slicer_request *q)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < queue_count(q->s->queue); i++) {
		const struct queue_job *j = queue_at(q->s->queue, i);

		if (q->base.place == PLACE_ANY || str_eq_nocase(j->target, q->base.target))
			json_push_take(list, queue_job_json(j));
	}
	result_take(q, list);
}

const struct slicer_route slicer_moonraker_routes[] = {
	{ "GET", "server/info", ACCESS_LOOK, get_server_info },
	{ "GET", "printer/info", ACCESS_LOOK, get_printer_info },
	{ "GET", "access/info", 0, get_access_info },
	{ "GET", "access/oneshot_token", ACCESS_LOOK, get_token },
	{ "POST", "access/oneshot_token", ACCESS_LOOK, get_token },
	{ "GET", "printer/objects/list", ACCESS_LOOK, get_objects },
	{ "GET", "printer/objects/query", ACCESS_LOOK, query_objects },
	{ "POST", "printer/objects/query", ACCESS_LOOK, query_objects },
	{ "GET", "server/files/roots", ACCESS_LOOK, get_roots },
	{ "GET", "server/files/list", ACCESS_LOOK, get_list },
	{ "POST", "server/files/upload", ACCESS_UPLOAD, post_nothing },
	{ "POST", "printer/print/start", ACCESS_LOOK, post_start },
	{ "POST", "printer/print/pause", ACCESS_LOOK, post_control },
	{ "POST", "printer/print/resume", ACCESS_LOOK, post_control },
	{ "POST", "printer/print/cancel", ACCESS_LOOK, post_control },
	{ "GET", "printop/jobs", ACCESS_LOOK, get_jobs },
	{ NULL, NULL, 0, NULL },
};
