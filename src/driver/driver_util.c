/* Requests, replies and heaters: what every driver needs in the same way. */
#include "driver_util.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

/* ---- requests ---- */

static void reset(struct http_req *r, enum http_method method, const char *path)
{
	http_req_done(r);
	http_req_init(r);
	r->method = method;
	sbuf_adds(&r->path, path);
}

void driver_get(struct http_req *r, const char *path)
{
	reset(r, HTTP_GET, path);
}

void driver_post(struct http_req *r, const char *path, const char *body, long timeout_ms)
{
	reset(r, HTTP_POST, path);
	sbuf_adds(&r->body, body);
	r->changes = true;
	r->timeout_ms = timeout_ms;
}

void driver_post_take(struct http_req *r, const char *path, struct json *body, long timeout_ms)
{
	char *text = json_print(body, false);

	driver_post(r, path, text, timeout_ms);
	free(text);
	json_free(body);
}

void driver_upload_name(const struct verb_args *args, char *dst, size_t size)
{
	str_safe_name(dst, size, args->name && *args->name ? args->name
							    : args->local ? args->local : "");
}

void driver_upload(struct http_req *r, const char *path, const struct verb_args *args)
{
	char name[NAME_CAP];

	driver_upload_name(args, name, sizeof(name));
	reset(r, HTTP_POST, path);
	r->changes = true;
	r->timeout_ms = 0;
	r->upload = MEM_NEW(struct http_upload);
	r->upload->local_path = mem_strdup(args->local);
	r->upload->name = mem_strdup(name);
}

void driver_upload_field(struct http_req *r, const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(r->upload->fields); i++) {
		if (r->upload->fields[i][0])
			continue;
		r->upload->fields[i][0] = mem_strdup(name);
		r->upload->fields[i][1] = mem_strdup(value);
		return;
	}
}

void driver_delete(struct http_req *r, const char *path, const char *file)
{
	reset(r, HTTP_DELETE, path);
	str_url_encode(&r->path, file, true);
	r->changes = true;
	r->timeout_ms = TIMEOUT_ANSWER_MS;
}

/* ---- replies ---- */

/* What a fault means for a watcher; status UNKNOWN: nothing about the printer. */
static const struct {
	enum err_code code;
	enum printer_status status;
	const char *text;	/* NULL: the transport's words */
} faults[] = {
	[HTTP_FAULT_NONE] = { ERR_NONE, PRINTER_UNKNOWN, "" },
	[HTTP_FAULT_DNS] = { ERR_UNREACHABLE, PRINTER_OFFLINE, "no such host" },
	[HTTP_FAULT_REFUSED] = { ERR_UNREACHABLE, PRINTER_OFFLINE, "connection refused" },
	[HTTP_FAULT_CONNECT] = { ERR_UNREACHABLE, PRINTER_OFFLINE, "connect timed out" },
	[HTTP_FAULT_TIMEOUT] = { ERR_TIMEOUT, PRINTER_OFFLINE, "no answer in time" },
	[HTTP_FAULT_RESET] = { ERR_UNREACHABLE, PRINTER_OFFLINE, "connection cut" },
	[HTTP_FAULT_EMPTY] = { ERR_UNREACHABLE, PRINTER_OFFLINE, "closed without an answer" },
	[HTTP_FAULT_NOT_HTTP] = { ERR_UNREACHABLE, PRINTER_STARTING, "starting: no HTTP yet" },
	[HTTP_FAULT_TLS] = { ERR_UNREACHABLE, PRINTER_OFFLINE, NULL },
	[HTTP_FAULT_TOO_BIG] = { ERR_TOO_BIG, PRINTER_UNKNOWN, "the answer is too big" },
	[HTTP_FAULT_STALLED] = { ERR_TIMEOUT, PRINTER_UNKNOWN, "the upload stopped moving" },
	[HTTP_FAULT_CANCELLED] = { ERR_CANCELLED, PRINTER_UNKNOWN, "cancelled" },
	[HTTP_FAULT_FILE] = { ERR_IO, PRINTER_UNKNOWN, NULL },
	[HTTP_FAULT_READ_ONLY] = { ERR_REFUSED, PRINTER_UNKNOWN, "read-only: nothing was sent" },
	[HTTP_FAULT_OTHER] = { ERR_UNREACHABLE, PRINTER_OFFLINE, NULL },
};

_Static_assert(ARRAY_LEN(faults) == HTTP_FAULT_N, "a row for each fault");

static bool is_html(const struct http_reply *r)
{
	return str_starts(r->content_type, "text/html");
}

static bool is_json(const struct http_reply *r)
{
	return str_starts(r->content_type, "application/json");
}

/* The transport's own words, with what people look for put in front. */
static void fault_words(const struct http_reply *r, struct err *e)
{
	char own[sizeof(r->fault_text)];
	const char *text = http_fault_text(r->fault);

	str_copy(own, sizeof(own), r->fault_text);
	str_clean(own);
	if (r->fault == HTTP_FAULT_TLS && str_contains_nocase(own, "certificate"))
		text = "certificate not trusted";
	err_set(e, faults[r->fault].code, *own ? "%s: %s" : "%s", text, own);
}

/*
 * A front-end proxy with nothing behind it sends its own page, and Mainsail's sends one for a path it
 * does not know. Moonraker's 503 is JSON; OctoPrint's interim server answers a POST with a 501 page.
 */
static enum printer_status page_status(const struct http_reply *r, struct err *e)
{
	if (r->status == 502 || r->status == 504 || (r->status == 503 && !is_json(r))) {
		err_set(e, r->status == 504 ? ERR_TIMEOUT : ERR_UNREACHABLE,
			"%ld from the proxy: the server behind it does not answer", r->status);
		return PRINTER_OFFLINE;
	}
	if (r->status == 501) {
		err_set(e, ERR_UNREACHABLE, "%s", faults[HTTP_FAULT_NOT_HTTP].text);
		return PRINTER_STARTING;
	}
	if (r->status == 200 && is_html(r)) {
		err_set(e, ERR_BAD_REPLY, "a web page answers here, not a printer's server");
		return PRINTER_OFFLINE;
	}
	return PRINTER_UNKNOWN;
}

bool driver_is_fault(const struct http_reply *r, struct err *e)
{
	err_clear(e);
	if (r->fault == HTTP_FAULT_NONE)
		page_status(r, e);
	else if (faults[r->fault].text)
		err_set(e, faults[r->fault].code, "%s", faults[r->fault].text);
	else
		fault_words(r, e);
	return e->code != ERR_NONE;
}

bool driver_hear_fault(const struct http_reply *r, struct printer_state *next, struct err *e)
{
	struct err page, fault;
	enum printer_status status;

	if (!driver_is_fault(r, &fault)) {
		err_clear(e);
		return false;
	}
	err_set(e, fault.code, "%s", fault.text);
	status = r->fault ? faults[r->fault].status : page_status(r, &page);
	if (status == PRINTER_UNKNOWN)
		return false;
	/* Another server may answer next time: what is asked once per session is asked again. */
	next->version_tried = next->access_tried = false;
	next->objects_known = next->klippy_silent = false;
	next->seen_topics = 0;
	return driver_tell(next, status, fault.text);
}

bool driver_is_lost(const struct http_reply *r)
{
	return r->fault == HTTP_FAULT_TIMEOUT || r->fault == HTTP_FAULT_RESET ||
	       (!r->fault && r->status == 504);
}

double driver_read_time(const struct json *o, const char *path)
{
	static const double end_s = 1e11;	/* the year 5138 */
	const double at = json_num(o, path, NAN);

	return at >= 0 && at < end_s ? at : (double)NAN;
}

/*
 * The whole of a text that had several lines: what follows the last "HTTP 400: " of a traceback,
 * else its last line behind the exception's name.
 */
static void traceback_text(const char *traceback, char *dst, size_t size)
{
	const char *found = NULL, *error = strstr(traceback, "Error: ");

	for (const char *s = strstr(traceback, "HTTP "); s; s = strstr(s + 5, "HTTP ")) {
		if (strspn(s + 5, "0123456789") == 3 && str_starts(s + 8, ": "))
			found = s + 10;
	}
	for (; !found && error; error = strstr(error + 7, "Error: "))
		traceback = error + 7;
	str_copy(dst, size, found ? found : traceback);
	str_clean(dst);
}

/* Moonraker 0.11.0: any text with a newline, and any error of an upload, becomes one of these. */
static bool is_empty_word(const char *text)
{
	static const char *const words[] = {
		"", "Unknown", "Bad Request", "Internal Server Error", "Forbidden",
		"Unprocessable Entity",
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (str_eq(text, words[i]))
			return true;
	}
	return false;
}

static void json_error_text(const struct json *root, char *dst, size_t size)
{
	const char *traceback = json_raw(root, "error.traceback");
	char better[TEXT_CAP];

	if (json_str(root, "error", dst, size))	/* OctoPrint: a string */
		return;
	json_str(root, "error.message", dst, size);
	if (!is_empty_word(dst) || !traceback)
		return;
	traceback_text(traceback, better, sizeof(better));
	if (!is_empty_word(str_trim(better)))
		str_copy(dst, size, str_trim(better));
}

/* The server's own words, "" when it has none. */
static void own_words(const struct http_reply *r, char *dst, size_t size)
{
	struct json *root;

	str_copy(dst, size, "");
	if (!r->len || r->len >= LIMIT_STRING_BYTES * 4 || is_html(r))
		return;
	root = json_parse(r->body, r->len, NULL);
	if (root)
		json_error_text(root, dst, size);
	json_free(root);
}

void driver_error_text(const struct http_reply *r, char *dst, size_t size)
{
	own_words(r, dst, size);
	if (!*dst)
		str_printf(dst, size, "HTTP %ld", r->status);
}

bool driver_refuse(const struct http_reply *r, enum err_code code, const char *what, struct err *e)
{
	char text[TEXT_CAP];

	driver_error_text(r, text, sizeof(text));
	return err_set(e, code, "%s: %s", what, text);
}

/* A status that no reader of this reply expects, with the server's words or our own. */
static void tell_status(const struct http_reply *r, struct err *e)
{
	char text[TEXT_CAP];

	own_words(r, text, sizeof(text));
	if (!*text && r->status >= 300 && r->status < 400)
		str_copy(text, sizeof(text), "a redirection, which is not followed: mend the url");
	err_set(e, ERR_BAD_REPLY, *text ? "HTTP %ld: %s" : "HTTP %ld", r->status, text);
}

struct json *driver_read(const struct http_reply *r, struct err *e)
{
	struct json *root;

	if (r->status < 200 || r->status > 299) {
		tell_status(r, e);
		return NULL;
	}
	if (is_html(r)) {
		err_set(e, ERR_BAD_REPLY, "a web page instead of JSON");
		return NULL;
	}
	root = json_parse(r->body, r->len, e);
	if (root && !json_is_object(root)) {
		json_free(root);
		err_set(e, ERR_BAD_REPLY, "not a JSON object");
		return NULL;
	}
	return root;
}

bool driver_tell(struct printer_state *next, enum printer_status status, const char *reason)
{
	next->status = status;
	str_copy(next->reason, sizeof(next->reason), reason);
	return true;
}

/* ---- state ---- */

void driver_clear_job(struct printer_state *s)
{
	uint32_t seq = s->job.seq;

	job_init(&s->job);
	s->job.seq = seq;
}

void driver_clear_meta(struct printer_state *s)
{
	file_meta_init(&s->meta);
}

void driver_clear_temps(struct printer_state *s)
{
	for (int i = 0; i < s->n_heaters; i++)
		s->heaters[i].actual_c = s->heaters[i].target_c = s->heaters[i].power = NAN;
}

static int heater_rank(const struct heater *h)
{
	if (str_starts(h->name, "extruder"))
		return 0;
	if (str_eq(h->name, "bed"))
		return 1;
	if (str_eq(h->name, "chamber"))
		return 2;
	return str_starts(h->object, "heater") ? 3 : 4;
}

void driver_sort_heaters(struct printer_state *s)
{
	for (int i = 1; i < s->n_heaters; i++) {
		struct heater h = s->heaters[i];
		int at = i;

		for (; at && heater_rank(&s->heaters[at - 1]) > heater_rank(&h); at--)
			s->heaters[at] = s->heaters[at - 1];
		s->heaters[at] = h;
	}
}

bool driver_path_is_safe(const char *path)
{
	for (const char *s = path; *s; s += str_utf8_len(s)) {
		uint32_t c = str_utf8_decode(s, NULL);

		if (c == 0xfffd || str_is_unsafe(c))
			return false;
		if ((s == path || s[-1] == '/') && s[0] == '.' && s[1] == '.' &&
		    (!s[2] || s[2] == '/'))
			return false;
	}
	return true;
}

bool driver_may_delete(const struct printer *p, const struct exchange *x, struct err *e)
{
	const char *file = x->args.file;

	if (!file || !*file)
		return err_set(e, ERR_USAGE, "name the file");
	if (!driver_path_is_safe(file))
		return err_set(e, ERR_REFUSED, "this name cannot be sent back to the server");
	if (driver_in(p, STATUS_ACTIVE) && str_eq(p->state.job.file, file))
		return err_set(e, ERR_REFUSED, "that file is being printed");
	return true;
}

void driver_renew_meta(const struct printer *p, struct printer_state *next)
{
	if ((STATUS_BIT(next->status) & STATUS_ACTIVE) &&
	    driver_in(p, STATUS_READY | STATUS_BIT(PRINTER_BUSY)))
		next->meta.tried = false;
}

void driver_ask_if_changed(const struct exchange *x, struct http_req *ret)
{
	if (x->known)
		str_copy(ret->etag, sizeof(ret->etag), x->known->etag);
}

bool driver_list_unchanged(struct exchange *x, const struct http_reply *r)
{
	if (r->fault || r->status != 304 || !x->known)
		return false;
	file_list_copy(&x->files, x->known);
	return true;
}
