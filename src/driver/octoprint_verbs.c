/* OctoPrint's verbs as sequences of requests, and its file list. */
#include "octoprint.h"

#include <math.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

/* Disconnecting waits up to 10 s for a printer that is busy. */
#define TIMEOUT_DISCONNECT_MS (2 * TIMEOUT_ANSWER_MS)

/* The one request of most verbs. */
static const struct {
	const char *path, *body;
	long timeout_ms;
} simple[VERB_N] = {
	/* Without "action" a pause toggles. */
	[VERB_PAUSE] = { "/api/job", "{\"command\":\"pause\",\"action\":\"pause\"}",
			 TIMEOUT_ANSWER_MS },
	[VERB_RESUME] = { "/api/job", "{\"command\":\"pause\",\"action\":\"resume\"}",
			  TIMEOUT_ANSWER_MS },
	[VERB_CANCEL] = { "/api/job", "{\"command\":\"cancel\"}", TIMEOUT_ANSWER_MS },
	[VERB_START] = { "/api/job", "{\"command\":\"start\"}", TIMEOUT_ANSWER_MS },
	[VERB_ESTOP] = { "/api/printer/command", "{\"command\":\"M112\"}", TIMEOUT_ESTOP_MS },
	[VERB_CONNECT] = { "/api/connection", "{\"command\":\"connect\"}", TIMEOUT_ANSWER_MS },
	[VERB_DISCONNECT] = { "/api/connection", "{\"command\":\"disconnect\"}",
			      TIMEOUT_DISCONNECT_MS },
};

static enum exchange_next await_reply(struct exchange *x)
{
	x->step++;
	return EXCHANGE_SEND;
}

static enum exchange_next failed(struct err *e, enum err_code code, const char *text)
{
	err_set(e, code, "%s", text);
	return EXCHANGE_FAILED;
}

static void send_simple(enum verb v, struct http_req *ret)
{
	driver_post(ret, simple[v].path, simple[v].body, simple[v].timeout_ms);
}

/* ---- answers ---- */

/* 1.8.3 and later take a POST with a wrong key for a forged form of a browser. */
static bool is_key_refused(const struct http_reply *r)
{
	char text[TEXT_CAP];

	if (r->status != 400)
		return r->status == 401 || r->status == 403;
	driver_error_text(r, text, sizeof(text));
	return strstr(text, "CSRF") != NULL;
}

static bool refused_upload(const struct http_reply *r, struct err *e)
{
	if (r->status == 413 || (r->status == 400 && !r->len))
		return err_set(e, ERR_TOO_BIG, "the file is larger than the server takes");
	if (r->status == 415)
		return err_set(e, ERR_REFUSED, "not a kind of file that OctoPrint takes "
					       "(.gcode, .gco, .g), or too long a name");
	return driver_refuse(r, ERR_REFUSED, r->status == 409 ? "file in use" : "refused", e);
}

/* What an answer outside 200 to 299 means; returns false. */
static bool explain(const struct http_reply *r, enum verb v, struct err *e)
{
	if (is_key_refused(r))
		return err_set(e, ERR_AUTH, r->status == 400 ? "key refused" :
							       "%ld: the key may not do this",
			       r->status);
	if (v == VERB_UPLOAD)
		return refused_upload(r, e);
	switch (r->status) {
	case 400:
	case 409:
		return driver_refuse(r, ERR_REFUSED, "refused", e);
	case 404:
		return err_set(e, ERR_NOT_FOUND, "no such file on the server");
	case 415:
		return err_set(e, ERR_REFUSED, "not a file that can be printed");
	}
	return driver_refuse(r, ERR_BAD_REPLY, "the server failed", e);
}

static bool is_good(const struct http_reply *r, enum verb v, struct err *e)
{
	if (driver_is_fault(r, e))
		return false;
	if (r->status >= 200 && r->status < 300)
		return true;
	return explain(r, v, e);
}

/* Every command: 204 says that it is queued, the state will say what became of it. */
static enum exchange_next hear_simple(struct exchange *x, const struct http_reply *prev,
				      struct err *e)
{
	if (!is_good(prev, x->verb, e)) {
		if (driver_is_lost(prev))
			err_wrap(e, "it may have been carried out");
		return EXCHANGE_FAILED;
	}
	x->sent = true;
	return EXCHANGE_DONE;
}

/* ---- emergency stop ---- */

/* A second M112 cannot hurt: after the first one the printer is gone, and it is refused (409). */
static enum exchange_next step_estop(struct exchange *x, const struct http_reply *prev,
				     struct http_req *ret, struct err *e)
{
	if (!prev || (x->step == 1 && (driver_is_lost(prev) || prev->fault == HTTP_FAULT_EMPTY))) {
		send_simple(VERB_ESTOP, ret);
		return await_reply(x);
	}
	if (x->step == 2 && prev->status == 409) {
		str_copy(x->note, sizeof(x->note), "sent twice: the first one got no answer");
		x->sent = true;
		return EXCHANGE_DONE;
	}
	return hear_simple(x, prev, e);
}

/* ---- start ---- */

/* Selecting and printing in one request, so that nothing can come in between. */
static enum exchange_next send_start(const struct printer *p, struct exchange *x,
				     struct http_req *ret, struct err *e)
{
	const char *file = x->args.file;
	bool on_sd = file && str_starts(file, OCTOPRINT_SD);

	if (!file || !*file) {
		/* 1.11.8: with nothing selected it answers 204 and does nothing. */
		if (!p->state.job.file[0])
			return failed(e, ERR_REFUSED, "no file is selected: name one");
		send_simple(VERB_START, ret);
		return await_reply(x);
	}
	if (!driver_path_is_safe(file))
		return failed(e, ERR_REFUSED, "this name cannot be sent back to the server");
	driver_post(ret, on_sd ? "/api/files/sdcard/" : "/api/files/local/",
		    "{\"command\":\"select\",\"print\":true}", TIMEOUT_ANSWER_MS);
	str_url_encode(&ret->path, on_sd ? file + strlen(OCTOPRINT_SD) : file, true);
	return await_reply(x);
}

/* ---- upload ---- */

static enum exchange_next send_upload(struct exchange *x, struct http_req *ret, struct err *e)
{
	char name[NAME_CAP];

	driver_upload_name(&x->args, name, sizeof(name));
	if (!x->args.local || !*name)
		return failed(e, ERR_USAGE, "no usable file name");
	driver_upload(ret, "/api/files/local", &x->args);
	if (x->args.folder && *x->args.folder)
		driver_upload_field(ret, "path", x->args.folder);
	if (x->args.start)
		driver_upload_field(ret, "print", "true");
	return await_reply(x);
}

/* The path is the server's own: it drops what it does not like in a name. */
static enum exchange_next hear_upload(struct exchange *x, const struct http_reply *prev,
				      struct http_req *ret, struct err *e)
{
	struct json *root;

	if (!is_good(prev, VERB_UPLOAD, e))
		return EXCHANGE_FAILED;
	root = driver_read(prev, e);
	if (!root)
		return EXCHANGE_FAILED;
	x->sent = true;
	x->started = x->args.start && json_bool(root, "effectivePrint", false);
	x->start_refused = x->args.start && !x->started;
	json_str(root, "files.local.path", x->remote_path, sizeof(x->remote_path));
	json_free(root);
	if (x->start_refused)
		str_copy(x->note, sizeof(x->note),
			 "the printer was not ready for it");
	if (!*x->remote_path)
		return failed(e, ERR_BAD_REPLY, "the server does not say where it put the file");
	driver_get(ret, "/api/files/local/");
	str_url_encode(&ret->path, x->remote_path, true);
	return await_reply(x);
}

/* The file is there: when its size cannot be had, that is worth a note and no more. */
static enum exchange_next hear_size(struct exchange *x, const struct http_reply *prev,
				    struct err *e)
{
	struct err unread;
	struct json *root = NULL;

	if (is_good(prev, VERB_FILES, &unread))
		root = driver_read(prev, &unread);
	x->remote_bytes = json_int(root, "size", -1);
	json_free(root);
	if (x->remote_bytes < 0 && !*x->note)
		str_copy(x->note, sizeof(x->note), "its size there could not be checked");
	if (x->remote_bytes < 0 || x->args.local_bytes < 0 ||
	    x->remote_bytes == x->args.local_bytes)
		return EXCHANGE_DONE;
	err_set(e, ERR_BAD_REPLY, "the file there has %lld bytes instead of %lld",
		(long long)x->remote_bytes, (long long)x->args.local_bytes);
	return EXCHANGE_FAILED;
}

static enum exchange_next step_upload(struct exchange *x, const struct http_reply *prev,
				      struct http_req *ret, struct err *e)
{
	if (!prev)
		return send_upload(x, ret, e);
	return x->step == 1 ? hear_upload(x, prev, ret, e) : hear_size(x, prev, e);
}

/* ---- home, delete ---- */

static void send_home(const struct exchange *x, struct http_req *ret)
{
	const char *axes = x->args.axes[0] ? x->args.axes : "xyz";
	struct json *body = json_new_object(), *list = json_new_array();

	for (; *axes; axes++)
		json_push_str(list, (const char[]){ *axes, '\0' });
	json_set_str(body, "command", "home");
	json_set_take(body, "axes", list);
	driver_post_take(ret, "/api/printer/printhead", body, TIMEOUT_ANSWER_MS);
}

static enum exchange_next step_home(struct exchange *x, const struct http_reply *prev,
				    struct http_req *ret, struct err *e)
{
	if (prev)
		return hear_simple(x, prev, e);
	send_home(x, ret);
	return await_reply(x);
}

static enum exchange_next step_delete(const struct printer *p, struct exchange *x,
				      const struct http_reply *prev, struct http_req *ret,
				      struct err *e)
{
	const char *file = x->args.file;
	bool on_sd = file && str_starts(file, OCTOPRINT_SD);

	if (prev)
		return hear_simple(x, prev, e);
	if (!driver_may_delete(p, x, e))
		return EXCHANGE_FAILED;
	driver_delete(ret, on_sd ? "/api/files/sdcard/" : "/api/files/local/",
		      on_sd ? file + strlen(OCTOPRINT_SD) : file);
	return await_reply(x);
}

/* ---- files ---- */

static void add_entries(const struct json *entries, struct file_list *l, unsigned depth);

static void read_facts(const struct json *entry, struct remote_file *f)
{
	double mm = NAN;

	f->size_bytes = json_int(entry, "size", -1);
	f->modified_at = driver_read_time(entry, "date");
	f->estimated_s = json_num(entry, "gcodeAnalysis.estimatedPrintTime", NAN);
	f->prints_ok = json_int(entry, "prints.success", -1);
	f->prints_failed = json_int(entry, "prints.failure", -1);
	for (const struct json *tool = json_first(json_at(entry, "gcodeAnalysis.filament")); tool;
	     tool = json_next(tool))
		mm = fmax(mm, 0) + json_num(tool, "length", 0);
	f->filament_mm = mm > 0 ? mm : (double)NAN;
}

/* Files that can be printed, and folders; models for a slicer are left out. */
static void add_entry(const struct json *entry, struct file_list *l, unsigned depth)
{
	const char *raw = json_raw(entry, "path"), *type = json_raw(entry, "type");
	const bool is_folder = str_eq(type, "folder");
	const bool on_sd = str_eq(json_raw(entry, "origin"), "sdcard") ||
			   str_eq(json_raw(entry, "origin"), "printer");
	char path[NAME_CAP];
	struct remote_file *f;

	if (!raw || str_eq(type, "model"))
		return;
	json_str(entry, "path", path, sizeof(path));
	f = file_list_add(l);
	if (!f)
		return;
	f->path = mem_printf("%s%s", on_sd ? OCTOPRINT_SD : "", path);
	f->is_folder = is_folder;
	f->unsafe_name = !str_eq(raw, path) || !driver_path_is_safe(path);
	read_facts(entry, f);
	if (is_folder)
		add_entries(json_get(entry, "children"), l, depth + 1);
}

static void add_entries(const struct json *entries, struct file_list *l, unsigned depth)
{
	if (!json_is_array(entries) || depth > LIMIT_JSON_DEPTH)
		return;
	for (const struct json *v = json_first(entries); v && !l->cut; v = json_next(v))
		add_entry(v, l, depth);
}

bool octoprint_read_files(const struct http_reply *r, struct file_list *l, struct err *e)
{
	struct json *root = driver_read(r, e);

	if (!root)
		return false;
	if (!json_is_array(json_get(root, "files"))) {
		json_free(root);
		return err_set(e, ERR_BAD_REPLY, "the list has no files");
	}
	add_entries(json_get(root, "files"), l, 0);
	l->free_bytes = json_num(root, "free", NAN);
	str_copy(l->etag, sizeof(l->etag), r->etag);
	file_list_sort(l);
	json_free(root);
	return true;
}

static enum exchange_next step_files(struct exchange *x, const struct http_reply *prev,
				     struct http_req *ret, struct err *e)
{
	if (prev) {
		if (driver_list_unchanged(x, prev))
			return EXCHANGE_DONE;
		if (!is_good(prev, VERB_FILES, e) || !octoprint_read_files(prev, &x->files, e))
			return EXCHANGE_FAILED;
		return EXCHANGE_DONE;
	}
	/* Without recursive=true every folder looks empty; filter= is an error 500 in 1.11.8. */
	driver_get(ret, "/api/files?recursive=true");
	driver_ask_if_changed(x, ret);
	ret->timeout_ms = TIMEOUT_LIST_MS;
	ret->max_bytes = LIMIT_LIST_BYTES;
	return await_reply(x);
}

/* ---- all ---- */

enum exchange_next octoprint_step(const struct printer *p, struct exchange *x,
				  const struct http_reply *prev, struct http_req *ret, struct err *e)
{
	struct err unread;

	e = e ? e : &unread;
	err_clear(e);
	if (!prev)
		x->step = 0;
	switch (x->verb) {
	case VERB_UPLOAD:
		return step_upload(x, prev, ret, e);
	case VERB_FILES:
		return step_files(x, prev, ret, e);
	case VERB_ESTOP:
		return step_estop(x, prev, ret, e);
	case VERB_START:
		return prev ? hear_simple(x, prev, e) : send_start(p, x, ret, e);
	case VERB_PAUSE:
	case VERB_RESUME:
	case VERB_CANCEL:
	case VERB_CONNECT:
	case VERB_DISCONNECT:
		if (prev)
			return hear_simple(x, prev, e);
		send_simple(x->verb, ret);
		return await_reply(x);
	case VERB_HOME:
		return step_home(x, prev, ret, e);
	case VERB_DELETE:
		return step_delete(p, x, prev, ret, e);
	case VERB_RESTART:
	case VERB_N:
		break;
	}
	return failed(e, ERR_UNSUPPORTED, "OctoPrint cannot do that");
}
