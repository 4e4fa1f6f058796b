/* Gives a server's reply to a driver in every way there is, and checks what the driver makes of it.
 */
#ifndef PRINTOP_FUZZ_REPLY_H
#define PRINTOP_FUZZ_REPLY_H

#include <math.h>
#include <printop/driver.h>
#include <printop/fields.h>
#include <printop/fleet.h>
#include <printop/json.h>
#include "fuzz.h"

#define FUZZ_STEPS 6

/* A printer that lives on from reply to reply. */
struct fuzz_printer {
	struct fleet *fleet;
	uint32_t id;
	int64_t now_ms;
};

static inline struct fuzz_printer fuzz_printer_new(const struct driver *d)
{
	struct fuzz_printer f = {.fleet = fleet_new(), .now_ms = 1000};
	struct printer_config c;
	struct printer *p;

	printer_config_init(&c);
	c.name = mem_strdup("fuzz");
	c.url = mem_strdup("http://127.0.0.1:1");
	c.dialect = mem_strdup(d->name);
	p = fleet_add_take(f.fleet, &c);
	p->dialect = d->name;
	f.id = p->id;
	return f;
}

static inline struct printer *fuzz_printer_get(const struct fuzz_printer *f)
{
	return fleet_get(f->fleet, f->id);
}

/* ---- what must be true of whatever a driver hands over ---- */

static inline void must_be_finite(double v)
{
	MUST(isnan(v) || isfinite(v));
}

static inline void must_be_a_request(const struct http_req *r)
{
	const char *path = sbuf_str(&r->path);
	struct json *body;

	MUST(path[0] == '/' && !r->path.overflow && !r->body.overflow);
	for (const char *c = path; *c; c++)
		MUST(*c > ' ' && *c < 0x7f && *c != '#');
	if (r->body.len) {
		body = json_parse(sbuf_str(&r->body), r->body.len, NULL);
		MUST(body);
		json_free(body);
	}
	if (r->upload) {
		must_be_clean(r->upload->name, PTRDIFF_MAX);
		MUST(!strchr(r->upload->name, '/') &&
		     str_copy((char[512]){0}, 512, r->upload->name));
	}
}

static inline void must_be_a_job(const struct job *j)
{
	must_be_clean(j->file, sizeof(j->file));
	must_be_clean(j->origin, sizeof(j->origin));
	must_be_clean(j->progress_source, sizeof(j->progress_source));
	must_be_clean(j->left_source, sizeof(j->left_source));
	must_be_clean(j->user, sizeof(j->user));
	MUST(isnan(j->progress) || (j->progress >= 0 && j->progress <= 1));
	must_be_finite(j->elapsed_s);
	must_be_finite(j->left_s);
	must_be_finite(j->total_s);
	MUST(j->size_bytes >= -1 && j->layer >= -1 && j->layers >= -1);
}

static inline void must_be_heaters(const struct printer_state *s)
{
	MUST(s->n_heaters >= 0 && s->n_heaters <= LIMIT_HEATERS);
	for (int i = 0; i < s->n_heaters; i++) {
		must_be_clean(s->heaters[i].name, sizeof(s->heaters[i].name));
		MUST(s->heaters[i].name[0]);
		must_be_finite(s->heaters[i].actual_c);
		must_be_finite(s->heaters[i].target_c);
		must_be_finite(s->heaters[i].power);
	}
}

static inline void must_be_a_state(const struct printer_state *s)
{
	MUST((unsigned)s->status < PRINTER_STATUS_N);
	must_be_clean(s->reason, sizeof(s->reason));
	must_be_clean(s->message, sizeof(s->message));
	must_be_clean(s->version, sizeof(s->version));
	must_be_clean(s->firmware, sizeof(s->firmware));
	must_be_clean(s->hostname, sizeof(s->hostname));
	must_be_clean(s->access, sizeof(s->access));
	must_be_clean(s->meta.for_file, sizeof(s->meta.for_file));
	must_be_clean(s->meta.slicer, sizeof(s->meta.slicer));
	must_be_clean(s->meta.filament_type, sizeof(s->meta.filament_type));
	must_be_finite(s->meta.estimated_s);
	must_be_finite(s->speed_factor);
	must_be_finite(s->fan);
	must_be_a_job(&s->job);
	must_be_heaters(s);
}

/* ---- looking ---- */

static inline void fuzz_sample(void *ctx, const char *heater, double age_s, double actual_c,
			       double target_c)
{
	struct fuzz_printer *f = ctx;

	must_be_clean(heater, HEATER_NAME);
	must_be_finite(age_s);
	history_seed(fuzz_printer_get(f)->history, heater, age_s, actual_c, target_c, f->now_ms);
}

/* A poll: the topic is asked for, answered with r and committed. */
static inline void fuzz_hear(struct fuzz_printer *f, const struct topic *t,
			     const struct http_reply *r)
{
	struct printer *p = fuzz_printer_get(f);
	const struct driver *d = driver_of(p);
	const struct history_sink sink = {fuzz_sample, f};
	struct printer_state next = p->state;
	struct http_req req;
	struct err e = {0};
	bool heard;

	t->needs(p);
	http_req_init(&req);
	if (d->ask(p, t->id, &req, &e))
		must_be_a_request(&req);
	http_req_done(&req);
	err_clear(&e);
	heard = d->hear(p, t->id, r, &next, &sink, &e);
	MUST(heard || e.code != ERR_NONE);
	must_be_clean(e.text, sizeof(e.text));
	must_be_a_state(&next);
	f->now_ms += 500;
	fleet_commit(f->fleet, f->id, &next, f->now_ms, 1.7e9 + (double)f->now_ms / 1000);
}

/* ---- doing ---- */

static inline void must_be_files(const struct file_list *l)
{
	MUST(l->n <= LIMIT_LIST_ROWS);
	must_be_finite(l->free_bytes);
	for (size_t i = 0; i < l->n; i++) {
		must_be_clean(l->files[i].path, PTRDIFF_MAX);
		must_be_finite(l->files[i].estimated_s);
	}
}

static inline void fuzz_args(struct verb_args *a, const struct http_reply *r)
{
	a->file = mem_strndup(r->body, r->len < 40 ? r->len : 40);
	a->local = mem_strdup("/tmp/cube.gcode");
	a->name = r->len & 1 ? mem_strdup(a->file) : NULL;
	a->folder = r->len & 2 ? str_clean(mem_strndup(r->body, r->len < 7 ? r->len : 7)) : NULL;
	a->start = r->len & 4;
	a->local_bytes = 4711;
}

/* A verb from its first request to its end, every one answered with r. */
static inline void fuzz_step(struct fuzz_printer *f, enum verb v, const struct http_reply *r)
{
	const struct printer *p = fuzz_printer_get(f);
	const struct driver *d = driver_of(p);
	const struct http_reply *prev = NULL;
	enum exchange_next next = EXCHANGE_SEND;
	struct exchange x;
	struct http_req req;
	struct err e = {0};

	exchange_init(&x, v);
	fuzz_args(&x.args, r);
	http_req_init(&req);
	for (int i = 0; i < FUZZ_STEPS && next == EXCHANGE_SEND; i++, prev = r) {
		err_clear(&e);
		next = d->step(p, &x, prev, &req, &e);
		if (next == EXCHANGE_SEND)
			must_be_a_request(&req);
	}
	MUST(next != EXCHANGE_FAILED || e.code != ERR_NONE);
	must_be_clean(e.text, sizeof(e.text));
	must_be_clean(x.note, sizeof(x.note));
	must_be_clean(x.remote_path, sizeof(x.remote_path));
	must_be_files(&x.files);
	http_req_done(&req);
	exchange_done(&x);
}

/* ---- showing ---- */

static inline void fuzz_show(const struct fuzz_printer *f)
{
	const struct printer *p = fuzz_printer_get(f);
	struct json *o = printer_to_json(p, f->now_ms), *again;
	char *text = json_print(o, false), cell[TEXT_CAP];

	again = json_parse(text, strlen(text), NULL);
	MUST(again && json_count(again) == json_count(o));
	json_free(again);
	json_free(o);
	free(text);
	for (unsigned i = 0; i < FIELD_N; i++) {
		field_text(p, (enum field_id)i, f->now_ms, cell, sizeof(cell));
		must_be_clean(cell, sizeof(cell));
	}
	fleet_publish(f->fleet);
}

/* Everything that a reply can do to one printer. */
static inline void fuzz_reply(struct fuzz_printer *f, const struct http_reply *r)
{
	const struct driver *d = driver_of(fuzz_printer_get(f));
	struct err e = {0};

	MUST(driver_detect(r, &e) || e.code != ERR_NONE);
	for (size_t i = 0; i < d->n_topics; i++)
		fuzz_hear(f, &d->topics[i], r);
	fuzz_show(f);
	for (unsigned v = 0; v < VERB_N; v++) {
		err_clear(&e);
		MUST(verb_allowed(fuzz_printer_get(f), (enum verb)v, &e) || e.code != ERR_NONE);
		if (d->verbs & VERB_BIT(v))
			fuzz_step(f, (enum verb)v, r);
	}
}

#endif
