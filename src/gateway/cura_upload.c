/* Uploads from Cura: taken apart as they come in, unpacked, and handed to the queue. */
#include "gateway/cura_upload.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/spool.h>
#include <printop/str.h>
#include "gateway/cura_materials.h"
#include "gateway/cura_preview.h"
#include "gateway/multipart.h"
#include "gateway/unpack.h"

#define TWIN_S 10.0		/* an equal upload within so long is the same job */
#define NAME_KEEP 180		/* bytes of a job's name; printers' file systems take 255 with what they add */
#define PIECE (256u << 10)	/* unpacked at once on the worker pool, then written on the loop */
#define FIELD_MAX 256

enum kind { KIND_GCODE, KIND_GZIP, KIND_UFP };

struct text_field {
	char text[FIELD_MAX];
	size_t len;
};

struct cura_upload {
	struct cura *c;			/* NULL: the door was closed */
	struct cura_upload *next, **link;
	struct httpd_request *r;	/* waits for its answer */
	struct multipart *multipart;
	struct text_field owner, target, *into;
	char filename[512];
	char peer[64];
	bool had_file, in_file, working, over;
	enum kind kind;
	int64_t expect_bytes;
	struct queue_intake *intake;
	struct gunzip *gunzip;
	struct spool *spool;		/* the .ufp as it comes in */
	char *spool_path;
	struct err err;			/* the first thing that went wrong */
	char job[40];			/* what it became */

	/* On the worker pool; the loop keeps its hands off while `working`. */
	struct ufp *ufp;
	unsigned char *png;
	size_t png_len;
	char *material;
	char *piece;
	size_t got;
	struct err work_err;
};

static const struct {
	const char *ending;
	enum kind kind;
} endings[] = {
	{ ".gcode.gz", KIND_GZIP }, { ".g.gz", KIND_GZIP }, { ".ufp", KIND_UFP }, { ".gcode", KIND_GCODE },
	{ ".gco", KIND_GCODE }, { ".g", KIND_GCODE },
};

static int ending_of(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		size_t n = strlen(endings[i].ending);

		if (len >= n && str_eq_nocase(name + len - n, endings[i].ending))
			return (int)i;
	}
	return -1;
}

/* Cura appends its ending to whatever the user wrote: "x.gcode.ufp", ".ufp". */
void cura_job_name(char *dst, size_t size, const char *filename)
{
	char name[512], base[NAME_KEEP];
	int ending;

	str_safe_name(name, sizeof(name), filename);
	/* A name that is nothing but its ending has lost the dot in front of it. */
	if (str_eq_nocase(name, "ufp") || str_eq_nocase(name, "gcode") || str_eq_nocase(name, "gcode.gz"))
		name[0] = '\0';
	while ((ending = ending_of(name)) >= 0)
		name[strlen(name) - strlen(endings[ending].ending)] = '\0';
	str_copy(base, sizeof(base), str_trim(name));
	str_printf(dst, size, "%s.gcode", base[0] ? base : "cura-job");
}

/* ---- life ---- */

static int64_t cap_bytes(const struct cura *c)
{
	return (int64_t)settings_num(&c->app->config->settings, SETTING_GATEWAY_MAX_UPLOAD) << 20;
}

static void drop_parts(struct cura_upload *u)
{
	queue_intake_abort(u->intake);
	gunzip_free(u->gunzip);
	spool_abort(u->spool);
	u->intake = NULL;
	u->gunzip = NULL;
	u->spool = NULL;
}

static void unlink_upload(struct cura_upload *u)
{
	if (!u->c)
		return;
	*u->link = u->next;
	if (u->next)
		u->next->link = u->link;
	u->c = NULL;
}

static void upload_free(struct cura_upload *u)
{
	drop_parts(u);
	unlink_upload(u);
	multipart_free(u->multipart);
	ufp_close(u->ufp);
	if (u->spool_path)
		unlink(u->spool_path);
	free(u->spool_path);
	free(u->png);
	free(u->material);
	free(u->piece);
	free(u);
}

void cura_uploads_orphan(struct cura *c)
{
	while (c->uploads) {
		struct cura_upload *u = c->uploads;

		drop_parts(u);
		unlink_upload(u);
	}
}

static void fail(struct cura_upload *u, const struct err *e)
{
	if (u->err.code == ERR_NONE)
		u->err = *e;
	drop_parts(u);
}

/* ---- the parts ---- */

static bool to_intake(void *ctx, const void *data, size_t len, struct err *e)
{
	struct cura_upload *u = ctx;

	return queue_intake_add(u->intake, data, len, e);
}

static bool open_file(struct cura_upload *u, struct err *e)
{
	if (u->kind != KIND_UFP) {
		u->intake = queue_intake_new(u->c->queue, u->kind == KIND_GCODE ? u->expect_bytes : -1, e);
		if (u->kind == KIND_GZIP)
			u->gunzip = gunzip_new(cap_bytes(u->c), to_intake, u);
		return u->intake != NULL;
	}
	if (!ufp_supported())
		return err_set(e, ERR_UNSUPPORTED, "this printop was built without libzip and cannot unpack .ufp");
	u->spool_path = mem_printf("%s/" CURA_INTAKE "%zu.ufp", u->c->dir, u->c->next_upload++);
	u->spool = spool_new(u->spool_path, cap_bytes(u->c), u->expect_bytes, e);
	return u->spool != NULL;
}

static void begin_file(struct cura_upload *u, const char *filename)
{
	struct err e = { 0 };
	int ending;

	u->had_file = u->in_file = true;
	str_copy(u->filename, sizeof(u->filename), filename ? filename : "");
	ending = ending_of(u->filename);
	if (u->err.code != ERR_NONE)
		return;
	if (ending < 0) {
		err_set(&e, ERR_UNSUPPORTED, "only .gcode, .gcode.gz and .ufp can be printed");
		fail(u, &e);
		return;
	}
	u->kind = endings[ending].kind;
	if (!open_file(u, &e))
		fail(u, &e);
}

static void on_part(void *ctx, const struct multipart_part *p)
{
	struct cura_upload *u = ctx;

	u->in_file = false;
	u->into = NULL;
	if (!u->c)
		return;
	if (str_eq_nocase(p->name, "file") && !u->had_file)
		begin_file(u, p->filename);
	else if (str_eq_nocase(p->name, "owner"))
		u->into = &u->owner;
	else if (str_eq_nocase(p->name, "require_printer_name"))
		u->into = &u->target;
}

static bool take(struct cura_upload *u, const char *data, size_t len, struct err *e)
{
	switch (u->kind) {
	case KIND_GCODE:
		return queue_intake_add(u->intake, data, len, e);
	case KIND_GZIP:
		return gunzip_add(u->gunzip, data, len, e);
	case KIND_UFP:
		return spool_add(u->spool, data, len, e);
	}
	return false;
}

static void on_part_data(void *ctx, const char *data, size_t len)
{
	struct cura_upload *u = ctx;
	struct err e = { 0 };

	if (!u->c)
		return;
	if (u->into) {
		size_t n = FIELD_MAX - 1 - u->into->len < len ? FIELD_MAX - 1 - u->into->len : len;

		memcpy(u->into->text + u->into->len, data, n);
		u->into->len += n;
	} else if (u->in_file && u->err.code == ERR_NONE && !take(u, data, len, &e)) {
		fail(u, &e);
	}
}

static void on_part_end(void *ctx)
{
	struct cura_upload *u = ctx;

	u->in_file = false;
	u->into = NULL;
}

static void on_data(void *ctx, const char *data, size_t len)
{
	struct cura_upload *u = ctx;

	if (u->multipart)
		multipart_add(u->multipart, data, len);
}

/* The whole answer has left: an equal upload from now on is one that the user wants. */
static void on_answered(void *ctx)
{
	struct cura_upload *u = ctx;

	if (u->c && u->job[0])
		queue_told(u->c->queue, u->job);
}

static void on_over(void *ctx)
{
	struct cura_upload *u = ctx;

	u->over = true;
	u->r = NULL;
	if (!u->working)
		upload_free(u);
}

void cura_upload_begin(struct cura *c, struct httpd_request *r, struct httpd_sink *ret)
{
	static const struct multipart_ops ops = { on_part, on_part_data, on_part_end };
	struct cura_upload *u = MEM_NEW(struct cura_upload);
	const char *length = httpd_header(r, "Content-Length");

	u->c = c;
	u->next = c->uploads;
	u->link = &c->uploads;
	if (u->next)
		u->next->link = &u->next;
	c->uploads = u;
	if (!length || !str_to_int64(length, &u->expect_bytes))
		u->expect_bytes = -1;
	str_copy(u->peer, sizeof(u->peer), httpd_peer(r));
	u->multipart = multipart_new(httpd_header(r, "Content-Type"), &ops, u);
	if (!u->multipart)
		err_set(&u->err, ERR_USAGE, "the upload is no multipart/form-data");
	*ret = (struct httpd_sink){ .data = on_data, .done = on_over, .answered = on_answered, .ctx = u };
}

/* ---- the answer ---- */

static unsigned status_of(const struct err *e)
{
	static const struct {
		enum err_code code;
		unsigned status;
	} map[] = {
		{ ERR_TOO_BIG, 413 }, { ERR_IO, 507 }, { ERR_UNSUPPORTED, 415 }, { ERR_REFUSED, 409 }, { ERR_USAGE, 400 },
		{ ERR_BAD_REPLY, 400 },
	};

	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (map[i].code == e->code)
			return map[i].status;
	return 500;
}

static void answer(struct cura_upload *u, unsigned status, const char *word, const char *text)
{
	struct json *o = json_new_object();
	struct httpd_request *r = u->r;
	char *body;

	json_set_str(o, word, text);
	body = json_print(o, false);
	json_free(o);
	u->r = NULL;
	cura_changed(u->c);
	httpd_reply(r, status, "application/json", NULL, body, strlen(body));
	free(body);
}

static void refuse(struct cura_upload *u)
{
	struct gateway_event ev = { .peer = u->peer, .client = "Cura", .key = u->owner.text, .file = u->filename,
		.target = u->target.text, .outcome = u->err.text };

	fail(u, &u->err);
	cura_refuse(u->c, u->filename, u->owner.text, u->err.text);
	log_warn("cura: %s from %s was not taken: %s", u->filename, u->peer, u->err.text);
	gateway_journal(u->c->gateway, &ev);
	answer(u, status_of(&u->err), "message", u->err.text);
}

static bool may_start(const struct cura *c)
{
	const struct settings *s = &c->app->config->settings;

	return settings_bool(s, SETTING_GATEWAY_CURA_START) && !str_eq(settings_str(s, SETTING_GATEWAY_START), "never");
}

/* A name that was never given away cannot be waited for; a printer that is away can. */
static void set_target(const struct cura_upload *u, struct queue_job *want)
{
	const struct cura_id *id = cura_ids_find(u->c->ids, u->target.text);

	if (!u->target.len)
		return;
	str_copy(want->target, sizeof(want->target), id ? id->name : u->target.text);
	if (id)
		return;
	want->state = QUEUE_HELD;
	str_printf(want->reason, sizeof(want->reason), "it was sent for a printer that is not known here: %s", u->target.text);
}

static void set_material(struct cura_upload *u, struct queue_job *want)
{
	struct cura_material m;
	struct err ignored;

	if (!u->material || !cura_material_read(u->material, &m))
		return;
	str_copy(want->material_guid, sizeof(want->material_guid), m.guid);
	m.version = 0;
	cura_materials_add(u->c->materials, &m, &ignored);
}

/* The file is whole in the intake. */
static void commit(struct cura_upload *u)
{
	const struct queue_job *job;
	struct queue_job want;

	queue_job_init(&want);
	cura_job_name(want.name, sizeof(want.name), u->filename);
	str_copy(want.owner, sizeof(want.owner), u->owner.text);
	str_copy(want.client, sizeof(want.client), "Cura");
	want.start = may_start(u->c);
	set_target(u, &want);
	set_material(u, &want);
	queue_intake_sum(u->intake, &want);
	job = queue_twin(u->c->queue, &want, TWIN_S);
	if (job) {
		log_info("cura: %s from %s came again: it is the same job", want.name, u->peer);
		queue_intake_abort(u->intake);
	} else {
		if (u->png)
			cura_preview_put_take(u->c->previews, want.sha256, u->png, u->png_len);
		u->png = NULL;
		job = queue_intake_commit(u->intake, &want, &u->err);
	}
	u->intake = NULL;
	if (!job) {
		refuse(u);
		return;
	}
	str_copy(u->job, sizeof(u->job), job->id);
	answer(u, 200, "uuid", u->job);
}

/* ---- .ufp, on the worker pool ---- */

static void unpack_work(void *ctx)
{
	struct cura_upload *u = ctx;

	if (!u->ufp) {
		u->ufp = ufp_open(u->spool_path, u->expect_bytes, &u->work_err);
		if (!u->ufp)
			return;
		u->png = ufp_thumbnail(u->ufp, &u->png_len);
		u->material = ufp_material(u->ufp);
	}
	ufp_read(u->ufp, u->piece, PIECE, &u->got, &u->work_err);
}

static void unpack_more(struct cura_upload *u);

static void unpack_done(void *ctx)
{
	struct cura_upload *u = ctx;

	u->working = false;
	if (u->over || !u->c) {
		if (u->over)
			upload_free(u);
		return;
	}
	if (u->work_err.code != ERR_NONE || (u->got && !queue_intake_add(u->intake, u->piece, u->got, &u->work_err)))
		fail(u, &u->work_err);
	if (u->err.code != ERR_NONE)
		refuse(u);
	else if (u->got)
		unpack_more(u);
	else
		commit(u);
}

static void unpack_more(struct cura_upload *u)
{
	u->working = true;
	u->got = 0;
	loop_work(u->c->app->loop, unpack_work, unpack_done, u);
}

static bool unpack_begin(struct cura_upload *u)
{
	struct spool *s = u->spool;

	u->spool = NULL;
	if (!spool_finish(s, &u->err))
		return false;
	u->intake = queue_intake_new(u->c->queue, -1, &u->err);
	if (!u->intake)
		return false;
	u->piece = mem_alloc(PIECE);
	u->expect_bytes = cap_bytes(u->c);
	unpack_more(u);
	return true;
}

void cura_upload_finish(struct cura *c, struct httpd_request *r)
{
	struct cura_upload *u = httpd_sink_ctx(r);

	(void)c;
	u->r = r;
	str_clean(u->owner.text);
	str_clean(u->target.text);
	str_clean(u->filename);
	if (u->err.code == ERR_NONE && u->multipart && !multipart_whole(u->multipart))
		err_set(&u->err, ERR_USAGE, "the upload ends too early");
	if (u->err.code == ERR_NONE && !u->had_file)
		err_set(&u->err, ERR_USAGE, "the upload has no file");
	if (u->err.code == ERR_NONE && u->gunzip)
		gunzip_end(u->gunzip, &u->err);
	if (u->err.code != ERR_NONE)
		refuse(u);
	else if (u->kind != KIND_UFP)
		commit(u);
	else if (!unpack_begin(u))
		refuse(u);
}
