/*
 * A file from a slicer: read as it comes, decided upon when all of it is there. Whatever goes wrong is remembered and
 * told at the end, as a client that is cut off in its sending shows nothing of the reason.
 */
#include "gateway/slicer.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sbuf.h>
#include <printop/spool.h>
#include <printop/str.h>
#include "gateway/multipart.h"

#define TEMP_NAME ".printop-upload-"
#define TWIN_S 10.0		/* nobody sends a file twice by hand within so long */
#define OVERHEAD_BYTES (64ll << 10)	/* of the other parts */

/* The form fields that mean something here; all others are read over. */
enum form_field { FORM_PRINT, FORM_PATH, FORM_ROOT, FORM_CHECKSUM, FORM_FIELDS };

static const char *const field_names[FORM_FIELDS] = {
	[FORM_PRINT] = "print", [FORM_PATH] = "path", [FORM_ROOT] = "root", [FORM_CHECKSUM] = "checksum",
};

struct slicer_upload {
	struct slicer *s;
	struct slicer_base base;
	struct access_client client;
	bool octoprint;
	struct multipart *body;
	struct err failed;		/* the first thing that was wrong */
	char values[FORM_FIELDS][512];
	size_t lens[FORM_FIELDS];
	int field;			/* whose data comes in; -1: of none, FORM_FIELDS: of the file */
	bool has_file;
	char name[256];
	int64_t expect;
	struct queue_intake *intake;	/* for the queue, */
	struct spool *spool;		/* or for the library */
	char *temp;
	char job[40];			/* that was made of it */
};

static int64_t cap_bytes(const struct slicer *s)
{
	return (int64_t)settings_num(&s->app->config->settings, SETTING_GATEWAY_MAX_UPLOAD) << 20;
}

/* ---- the library ---- */

/* The first of its folders. */
static bool library_dir(const struct slicer *s, char **ret, struct err *e)
{
	char *copy = mem_strdup(settings_str(&s->app->config->settings, SETTING_LIBRARY)), *rest = copy, *first;

	first = str_token(&rest, ":");
	*ret = first && *first ? path_expand(first, ".") : NULL;
	free(copy);
	return *ret || err_set(e, ERR_REFUSED, "there is no library here: set library in printers.conf");
}

/* What a gateway that was killed left half received. */
void slicer_library_sweep(const struct slicer *s)
{
	struct err none = { 0 };
	const struct dirent *ent;
	char *path;
	DIR *d;

	if (!library_dir(s, &path, &none))
		return;
	d = opendir(path);
	while (d && (ent = readdir(d)))
		if (str_starts(ent->d_name, TEMP_NAME))
			unlinkat(dirfd(d), ent->d_name, 0);
	if (d)
		closedir(d);
	free(path);
}

static void open_library(struct slicer_upload *u)
{
	char *dir;

	if (!library_dir(u->s, &dir, &u->failed))
		return;
	u->temp = mem_printf("%s/" TEMP_NAME "%d-%p", dir, (int)getpid(), (void *)u);
	if (path_make_dirs(dir, &u->failed))
		u->spool = spool_new(u->temp, cap_bytes(u->s), u->expect, &u->failed);
	free(dir);
}

/* ---- parts ---- */

static bool is_kind_ok(const struct slicer_upload *u, const char *name, struct err *e)
{
	static const char *const kinds[] = { ".gcode", ".g", ".gco", ".nc", ".bgcode", ".3mf", ".ufp" };
	const char *dot = strrchr(name, '.');

	if (u->base.place != PLACE_LIBRARY)
		return queue_kind_ok(u->s->app, u->base.target, name, e);
	for (size_t i = 0; dot && i < ARRAY_LEN(kinds); i++)
		if (str_eq_nocase(dot, kinds[i]))
			return true;
	return err_set(e, ERR_UNSUPPORTED, "the library takes G-code only");
}

static void begin_file(struct slicer_upload *u, const char *filename)
{
	if (u->has_file) {
		err_set(&u->failed, ERR_USAGE, "send one file at a time");
		return;
	}
	u->has_file = true;
	u->field = FORM_FIELDS;
	if (!slicer_clean_name(filename, u->name)) {
		err_set(&u->failed, ERR_USAGE, "the file has no usable name");
		return;
	}
	is_kind_ok(u, u->name, &u->failed);
}

static void on_part(void *ctx, const struct multipart_part *p)
{
	struct slicer_upload *u = ctx;

	u->field = -1;
	if (u->failed.code != ERR_NONE)
		return;
	if (p->filename) {
		begin_file(u, p->filename);
		return;
	}
	for (int i = 0; i < FORM_FIELDS; i++)
		if (str_eq(p->name, field_names[i]))
			u->field = i;
	if (u->field >= 0)
		u->lens[u->field] = 0;
}

static void on_data(void *ctx, const char *data, size_t len)
{
	struct slicer_upload *u = ctx;

	if (u->failed.code != ERR_NONE || u->field < 0)
		return;
	if (u->field == FORM_FIELDS) {
		if (u->intake)
			queue_intake_add(u->intake, data, len, &u->failed);
		else
			spool_add(u->spool, data, len, &u->failed);
		return;
	}
	if (u->lens[u->field] + len >= sizeof(u->values[0]) || memchr(data, '\0', len)) {
		err_set(&u->failed, ERR_USAGE, "the field %s cannot be used", field_names[u->field]);
		return;
	}
	memcpy(u->values[u->field] + u->lens[u->field], data, len);
	u->lens[u->field] += len;
	u->values[u->field][u->lens[u->field]] = '\0';
}

static void on_end(void *ctx)
{
	struct slicer_upload *u = ctx;

	u->field = -1;
}

/* ---- begin and end ---- */

static void set_expect(struct slicer_upload *u, const struct httpd_request *r)
{
	const char *text = httpd_header(r, "Content-Length");

	u->expect = -1;
	if (!text || !str_to_int64(text, &u->expect))
		u->expect = -1;
}

static bool check_size(struct slicer_request *q, int64_t expect)
{
	char text[STR_SMALL];
	int64_t cap = cap_bytes(q->s);

	if (expect <= cap + OVERHEAD_BYTES)
		return true;
	slicer_fail(q, 413, "the file is larger than %s, the most that is taken here", str_bytes(text, sizeof(text), (double)cap));
	return false;
}

/* All that can be known before the body is: size, room, form. A client that asks first hears of it now. */
static bool open_upload(struct slicer_upload *u, struct slicer_request *q)
{
	static const struct multipart_ops ops = { on_part, on_data, on_end };

	if (!check_size(q, u->expect))
		return false;
	/* The file is a little smaller than the body; within the cap that makes no difference. */
	if (u->expect > cap_bytes(u->s))
		u->expect = cap_bytes(u->s);
	u->body = multipart_new(httpd_header(q->r, "Content-Type"), &ops, u);
	if (!u->body) {
		slicer_fail(q, 400, "a file is sent as multipart/form-data");
		return false;
	}
	if (u->base.place == PLACE_LIBRARY)
		open_library(u);
	else
		u->intake = queue_intake_new(u->s->queue, u->expect, &u->failed);
	if (u->failed.code != ERR_NONE)
		slicer_fail(q, slicer_status_of(&u->failed), "%s", u->failed.text);
	return u->failed.code == ERR_NONE;
}

struct slicer_upload *slicer_upload_new(struct slicer_request *q)
{
	struct slicer_upload *u;

	if (!slicer_may(q, ACCESS_UPLOAD, "send files") || !slicer_exists(q))
		return NULL;
	u = MEM_NEW(struct slicer_upload);
	u->s = q->s;
	u->base = q->base;
	u->client = q->client;
	u->octoprint = q->octoprint;
	u->field = -1;
	set_expect(u, q->r);
	if (open_upload(u, q))
		return u;
	slicer_upload_free(u);
	return NULL;
}

void slicer_upload_data(void *upload, const char *data, size_t len)
{
	struct slicer_upload *u = upload;

	multipart_add(u->body, data, len);
}

void slicer_upload_answered(void *upload)
{
	struct slicer_upload *u = upload;

	if (u->job[0])
		queue_told(u->s->queue, u->job);
}

void slicer_upload_free(void *upload)
{
	struct slicer_upload *u = upload;

	queue_intake_abort(u->intake);
	spool_abort(u->spool);
	multipart_free(u->body);
	free(u->temp);
	free(u);
}

/* ---- when all is there ---- */

static bool check_fields(struct slicer_upload *u, char folder[256], struct err *e)
{
	const char *root = u->values[FORM_ROOT];

	if (!multipart_whole(u->body))
		return err_set(e, ERR_USAGE, "the upload was cut off");
	if (!u->has_file)
		return err_set(e, ERR_USAGE, "there is no file in the upload");
	if (*root && !str_eq(root, "gcodes"))
		return err_set(e, ERR_USAGE, "files can only be sent to gcodes, not to %s", root);
	return slicer_clean_folder(u->values[FORM_PATH], folder, e);
}

static bool check_sum(const struct slicer_upload *u, const char *sha256, struct err *e)
{
	const char *sent = u->values[FORM_CHECKSUM];

	return !*sent || str_eq_nocase(sent, sha256) || err_set(e, ERR_BAD_REPLY, "the file arrived damaged: send it again");
}

/* Made whole in a temporary file, then renamed: the library never shows half of one. */
static bool store(struct slicer_upload *u, const char *folder, struct err *e)
{
	char *dir, *sub, *path, sum[65];
	bool good;

	spool_sum(u->spool, sum);
	if (!spool_bytes(u->spool))
		return err_set(e, ERR_USAGE, "the file is empty");
	if (!check_sum(u, sum, e) || !library_dir(u->s, &dir, e))
		return false;
	if (!u->client.overwrite)
		slicer_distinct_name(u->name, sum);
	sub = *folder ? path_join(dir, folder) : mem_strdup(dir);
	path = path_join(sub, u->name);
	good = path_make_dirs(sub, e);
	if (good) {
		good = spool_finish(u->spool, e);
		u->spool = NULL;
	}
	good = good && (rename(u->temp, path) == 0 || err_set(e, ERR_IO, "%s: %s", path, strerror(errno)));
	if (!good)
		unlink(u->temp);
	free(path);
	free(sub);
	free(dir);
	return good;
}

static void fill_job(struct slicer_upload *u, const struct slicer_request *q, const char *folder, bool start,
		     struct queue_job *j)
{
	queue_job_init(j);
	queue_intake_sum(u->intake, j);
	if (!u->client.overwrite)
		slicer_distinct_name(u->name, j->sha256);
	str_copy(j->name, sizeof(j->name), u->name);
	str_copy(j->folder, sizeof(j->folder), folder);
	str_copy(j->owner, sizeof(j->owner), u->client.name);
	str_copy(j->target, sizeof(j->target), u->base.target);
	slicer_agent(q->r, j->client, sizeof(j->client));
	j->start = start;
}

/* The job that this upload becomes, or became when it was sent a moment ago. */
static const struct queue_job *make_job(struct slicer_upload *u, const struct slicer_request *q, const char *folder, bool start,
					struct err *e)
{
	const struct queue_job *job;
	struct queue_intake *in = u->intake;
	struct queue_job j;

	fill_job(u, q, folder, start, &j);
	if (!check_sum(u, j.sha256, e))
		return NULL;
	job = queue_twin(u->s->queue, &j, TWIN_S);
	if (job) {
		log_info("gateway: %s from %s again: it is here already", j.name, j.owner);
		if (start && !job->start && !queue_start(u->s->queue, job->id, e))
			return NULL;
		return job;
	}
	u->intake = NULL;
	return queue_intake_commit(in, &j, e);
}

/* ---- the answer ---- */

struct outcome {
	const char *path;		/* folder/name */
	bool started, queued;
	char text[300];
	int64_t bytes;
};

static struct json *octoprint_answer(const struct slicer_upload *u, const struct outcome *o, const char *location)
{
	struct json *root = json_new_object(), *files = json_new_object(), *local = json_new_object(), *refs = json_new_object();

	json_set_str(local, "name", u->name);
	json_set_str(local, "path", o->path);
	json_set_str(local, "origin", "local");
	json_set_str(refs, "resource", location);
	json_set_take(local, "refs", refs);
	json_set_take(files, "local", local);
	json_set_take(root, "files", files);
	json_set_bool(root, "done", true);
	json_set_bool(root, "effectivePrint", o->started);
	json_set_bool(root, "effectiveSelect", o->started);
	json_set_bool(root, "queued", o->queued);
	json_set_str(root, "message", o->text);
	return root;
}

static void add_moonraker(struct json *to, const struct outcome *o)
{
	struct json *item = json_new_object();

	json_set_str(item, "path", o->path);
	json_set_str(item, "root", "gcodes");
	json_set_num(item, "modified", loop_wall_s());
	json_set_int(item, "size", o->bytes, -1);
	json_set_str(item, "permissions", "rw");
	json_set_take(to, "item", item);
	json_set_bool(to, "print_started", o->started);
	json_set_bool(to, "print_queued", o->queued);
	json_set_str(to, "action", "create_file");
	json_set_str(to, "message", o->text);
}

/* Real Moonraker answers bare, some slicers look below "result": both are there. */
static struct json *moonraker_answer(const struct outcome *o)
{
	struct json *root = json_new_object(), *result = json_new_object();

	add_moonraker(result, o);
	json_set_take(root, "result", result);
	add_moonraker(root, o);
	return root;
}

static void answer(const struct slicer_upload *u, struct slicer_request *q, const struct outcome *o)
{
	struct sbuf link = SBUF_INIT(2048), headers = SBUF_INIT(4096);
	char agent[96];
	unsigned status = 201;

	sbuf_addf(&link, "%s/%s", q->base.prefix, u->octoprint ? "api/files/local/" : "server/files/gcodes/");
	str_url_encode(&link, o->path, true);
	sbuf_addf(&headers, "Location: %s\n", sbuf_str(&link));
	/* Early versions of BambuStudio take anything but 200 for a failure. */
	slicer_agent(q->r, agent, sizeof(agent));
	if (u->octoprint && str_starts(agent, "BambuStudio/"))
		status = 200;
	slicer_json_take(q, status, sbuf_str(&headers),
			 u->octoprint ? octoprint_answer(u, o, sbuf_str(&link)) : moonraker_answer(o));
	sbuf_done(&link);
	sbuf_done(&headers);
}

/* What will happen to the job, as far as it is certain now. */
static void describe_job(const struct queue_job *j, const struct err *no_start, struct outcome *o)
{
	bool under_way = j->state == QUEUE_SENDING || j->state == QUEUE_SENT || j->state == QUEUE_STARTING ||
			 j->state == QUEUE_PRINTING;

	o->bytes = j->bytes;
	o->started = j->start && under_way;
	o->queued = j->start && j->state == QUEUE_WAITING;
	if (j->state == QUEUE_HELD)
		str_printf(o->text, sizeof(o->text), "held: %s", j->reason);
	else if (no_start->code != ERR_NONE)
		str_printf(o->text, sizeof(o->text), "stored, not started: %s", no_start->text);
	else if (!j->start)
		str_copy(o->text, sizeof(o->text), "stored");
	else if (o->started)
		str_printf(o->text, sizeof(o->text), "starts on %s", j->printer);
	else
		str_printf(o->text, sizeof(o->text), "queued: %s", j->reason[0] ? j->reason : "waits for a printer");
}

static bool is_true(const char *text)
{
	return str_eq_nocase(text, "true") || str_eq_nocase(text, "yes") || str_eq(text, "1");
}

static bool finish(struct slicer_upload *u, struct slicer_request *q, struct outcome *o, char path[520], struct err *e)
{
	bool start = is_true(u->values[FORM_PRINT]);
	struct err no_start = { 0 };
	const struct queue_job *job;
	char folder[256];

	if (!check_fields(u, folder, e))
		return false;
	if (start && !slicer_may_start(q, &no_start))
		start = false;
	if (u->base.place == PLACE_LIBRARY) {
		o->bytes = spool_bytes(u->spool);
		str_printf(o->text, sizeof(o->text), "stored in the library%s%s", no_start.text[0] ? "; " : "", no_start.text);
		if (!store(u, folder, e))
			return false;
	} else {
		job = make_job(u, q, folder, start, e);
		if (!job)
			return false;
		str_copy(u->job, sizeof(u->job), job->id);
		describe_job(job, &no_start, o);
	}
	str_printf(path, 520, "%s%s%s", folder, *folder ? "/" : "", u->name);
	o->path = path;
	return true;
}

void slicer_upload_finish(struct slicer_upload *u, struct slicer_request *q)
{
	struct outcome o = { 0 };
	struct err e = u->failed;
	char path[520], agent[96], text[420];
	struct gateway_event ev = { .peer = httpd_peer(q->r), .client = agent, .key = u->client.name, .file = u->name,
		.target = u->base.place == PLACE_LIBRARY ? "library" : u->base.target, .outcome = text, .job = u->job };
	bool good;

	/* The rights and the place are those of the beginning. */
	q->base = u->base;
	q->client = u->client;
	q->octoprint = u->octoprint;
	slicer_agent(q->r, agent, sizeof(agent));
	good = e.code == ERR_NONE && finish(u, q, &o, path, &e);
	str_printf(text, sizeof(text), "%s%s", good ? "" : "refused: ", good ? o.text : e.text);
	gateway_journal(u->s->g, &ev);
	if (good)
		answer(u, q, &o);
	else
		slicer_fail(q, slicer_status_of(&e), "%s", e.text);
}
