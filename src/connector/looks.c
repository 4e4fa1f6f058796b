/*
 * Questions that only one dialect knows: Moonraker's query as the cloud wants it, histories,
 * cameras.
 */
#include "connector/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/str.h>

#define OBJECTS \
	"{\"objects\":{\"print_stats\":null,\"virtual_sdcard\":null,\"extruder\":null," \
	"\"heater_bed\":null,\"toolhead\":null,\"pause_resume\":null}}"
#define SNAPSHOT_BYTES (1u << 20)
#define HISTORY_BYTES (5u << 20)

static bool is_moonraker(const struct printer *p)
{
	return str_eq(p->dialect, "moonraker");
}

static bool is_octoprint(const struct printer *p)
{
	return str_eq(p->dialect, "octoprint");
}

struct json *look_read(const struct printer *p, const struct http_reply *r, struct err *e)
{
	const char *who = p->dialect ? p->dialect : "printer";
	struct json *root = NULL;
	char text[TEXT_CAP] = "";

	if (r->fault) {
		err_set(e, ERR_UNREACHABLE, "%s: %s", who, http_fault_text(r->fault));
		return NULL;
	}
	if (r->len)
		root = json_parse(r->body, r->len, e);
	if (r->status >= 200 && r->status < 300) {
		if (!root)
			err_set(e, ERR_BAD_REPLY, "%s: the answer is not JSON", who);
		return root;
	}
	/* Only the message: what comes behind it is a traceback of some kB. */
	if (!json_str(root, "error.message", text, sizeof(text)))
		json_str(root, "error", text, sizeof(text));
	json_free(root);
	err_set(e, ERR_REFUSED, "%s http %ld%s%s", who, r->status, *text ? ": " : "", text);
	return NULL;
}

/* ---- snapshots ---- */

bool look_snapshot(const struct printer *p, struct http_req *r)
{
	if (!is_moonraker(p))
		return false;
	r->method = HTTP_POST;
	r->max_bytes = SNAPSHOT_BYTES;
	sbuf_adds(&r->path, "/printer/objects/query");
	return sbuf_adds(&r->body, OBJECTS);
}

/* ---- history ---- */

bool look_history(const struct printer *p, int64_t limit, struct http_req *r)
{
	r->timeout_ms = TIMEOUT_LIST_MS;
	if (is_moonraker(p)) {
		r->max_bytes = HISTORY_BYTES;
		return sbuf_addf(&r->path, "/server/history/list?limit=%lld", (long long)limit);
	}
	r->max_bytes = LIMIT_LIST_BYTES;
	return is_octoprint(p) && sbuf_adds(&r->path, "/api/files?recursive=true");
}

struct print {				/* OctoPrint keeps the last one of each file */
	double at;
	const struct json *file;
};

struct prints {
	struct print *list;
	size_t n, cap;
};

static void collect(const struct json *files, struct prints *ret, int depth)
{
	for (const struct json *v = json_first(files); v && depth < LIMIT_JSON_DEPTH;
	     v = json_next(v)) {
		double at = json_num(v, "prints.last.date", NAN);

		collect(json_get(v, "children"), ret, depth + 1);
		if (isnan(at) || !json_raw(v, "path"))
			continue;
		ret->list = mem_grow(ret->list, ret->n, &ret->cap, sizeof(*ret->list));
		ret->list[ret->n++] = (struct print){ at, v };
	}
}

static int newest_first(const void *a, const void *b)
{
	double x = ((const struct print *)a)->at, y = ((const struct print *)b)->at;

	return x < y ? 1 : x > y ? -1 : 0;
}

static struct json *print_entry(const struct print *p)
{
	struct json *o = json_new_object(), *meta = json_new_object();
	double took = json_num(p->file, "prints.last.printTime", NAN);
	char path[NAME_CAP], id[32];

	json_str(p->file, "path", path, sizeof(path));
	str_printf(id, sizeof(id), "%.0f", p->at);
	json_set_str(o, "job_id", id);
	json_set_str(o, "filename", path);
	json_set_str(o, "status",
		     json_bool(p->file, "prints.last.success", 0) == 1 ? "completed" : "error");
	json_set_num(o, "start_time", p->at - took);
	json_set_num(o, "end_time", p->at);
	json_set_num(o, "print_duration", took);
	json_set_num(o, "total_duration", took);
	json_set_bool(o, "exists", true);
	json_set_int(meta, "size", json_int(p->file, "size", -1), -1);
	json_set_num(meta, "estimated_time",
		     json_num(p->file, "gcodeAnalysis.estimatedPrintTime", NAN));
	json_set_take(o, "metadata", meta);
	return o;
}

/* In Moonraker's shape, from what OctoPrint knows of its files. */
static struct json *prints_of_files(const struct json *root, int64_t limit, int64_t *count)
{
	struct json *o = json_new_object(), *result = json_new_object(), *jobs = json_new_array();
	struct prints prints = { NULL, 0, 0 };

	collect(json_get(root, "files"), &prints, 0);
	if (prints.n > 1)
		qsort(prints.list, prints.n, sizeof(*prints.list), newest_first);
	for (*count = 0; *count < limit && (size_t)*count < prints.n; ++*count)
		json_push_take(jobs, print_entry(&prints.list[*count]));
	free(prints.list);
	json_set_int(result, "count", *count, -1);
	json_set_take(result, "jobs", jobs);
	json_set_take(o, "result", result);
	return o;
}

struct json *look_read_history(const struct printer *p, const struct http_reply *r, int64_t limit,
			       int64_t *count, struct err *e)
{
	struct json *root = look_read(p, r, e), *made;

	if (!root || !is_octoprint(p)) {
		*count = root ? (int64_t)json_count(json_at(root, "result.jobs")) : 0;
		return root;
	}
	made = prints_of_files(root, limit, count);
	json_free(root);
	return made;
}

/* ---- cameras ---- */

bool look_camera(const struct printer *p, struct http_req *r)
{
	r->timeout_ms = TIMEOUT_REPLY_MS;
	if (is_moonraker(p))
		return sbuf_adds(&r->path, "/server/webcams/list");
	return is_octoprint(p) && sbuf_adds(&r->path, "/api/settings");
}

static void first_webcam(const struct json *list, char *url, size_t size)
{
	for (const struct json *v = json_first(list); v && !*url; v = json_next(v))
		if (json_bool(v, "enabled", 1) == 1)
			json_str(v, "snapshot_url", url, size);
}

void look_read_camera(const struct printer *p, const struct http_reply *r, char *url, size_t size)
{
	struct err unread;
	struct json *root = look_read(p, r, &unread);

	*url = '\0';
	if (is_moonraker(p)) {
		first_webcam(json_at(root, "result.webcams"), url, size);
	} else if (json_bool(root, "webcam.webcamEnabled", 1) == 1) {
		/* Since 1.9 it belongs to a plugin; the old place is still filled. */
		if (!json_str(root, "webcam.snapshotUrl", url, size) || !*url)
			json_str(root, "plugins.classicwebcam.snapshot", url, size);
	}
	json_free(root);
}
