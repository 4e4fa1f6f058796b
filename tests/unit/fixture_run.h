/* Fixtures: one .expect file while it runs, its set-up lines, and the driver at work. */
#ifndef PRINTOP_TEST_FIXTURE_RUN_H
#define PRINTOP_TEST_FIXTURE_RUN_H

#include <stdarg.h>
#include <stddef.h>
#include <printop/driver.h>
#include "fixture.h"

#define MAX_REQUESTS 8
#define MAX_SAMPLES 4096
#define MAX_FIRST 4

struct sample {
	char heater[HEATER_NAME];
	double age_s, actual_c, target_c;
};

/* One .expect file while it runs. */
struct run {
	char *path;			/* of the .expect file */
	int line;
	struct sbuf report;		/* what did not fit, a line each */
	int checks;

	const struct driver *driver;
	struct printer p;		/* as it was before the reply */
	struct printer_state next;	/* as the driver left it */
	struct verb_args args;
	enum http_fault fault;		/* instead of the reply */
	char *first[MAX_FIRST];		/* replies before the one under test */
	int n_first;

	bool acted;			/* the reply was given to the driver */
	bool is_verb;
	bool heard;
	const struct driver *detected;
	struct err e;
	struct exchange x;
	enum exchange_next turn;
	struct http_req requests[MAX_REQUESTS];
	int n_requests, n_seen;		/* n_seen: compared by "request" lines */
	struct sample samples[MAX_SAMPLES];
	int n_samples;
};

static void mismatch(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void mismatch(struct run *r, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sbuf_addf(&r->report, "# %s:%d: %s\n", r->path, r->line, text);
}

/* For a line that is wrong itself. */
static void bad_line(struct run *r, const char *why)
{
	mismatch(r, "bad line: %s", why);
}

/* ---- the fields of a state, to set before and to compare after ---- */

enum kind { TEXT, NUM, INT, BOOL };

struct state_field {
	const char *name;
	enum kind kind;
	size_t at, size;
};

#define SIZE_OF(member) sizeof(((struct printer_state *)NULL)->member)
#define AT(name, kind, member) \
	{ name, kind, offsetof(struct printer_state, member), SIZE_OF(member) }

static const struct state_field state_fields[] = {
	AT("reason", TEXT, reason),
	AT("message", TEXT, message),
	AT("file", TEXT, job.file),
	AT("origin", TEXT, job.origin),
	AT("size", INT, job.size_bytes),
	AT("progress", NUM, job.progress),
	AT("progress_source", TEXT, job.progress_source),
	AT("elapsed_s", NUM, job.elapsed_s),
	AT("left_s", NUM, job.left_s),
	AT("left_source", TEXT, job.left_source),
	AT("layer", INT, job.layer),
	AT("layers", INT, job.layers),
	AT("filament_mm", NUM, job.filament_used_mm),
	AT("file_position", NUM, job.file_position),
	AT("total_s", NUM, job.total_s),
	AT("user", TEXT, job.user),
	AT("z_mm", NUM, pos_mm[2]),
	AT("homed", TEXT, homed),
	AT("speed", NUM, speed_factor),
	AT("flow", NUM, flow_factor),
	AT("fan", NUM, fan),
	AT("version", TEXT, version),
	AT("firmware", TEXT, firmware),
	AT("hostname", TEXT, hostname),
	AT("access", TEXT, access),
	AT("klippy_state", TEXT, klippy_state),
	AT("z_offset_mm", NUM, z_offset_mm),
	AT("version_tried", BOOL, version_tried),
	AT("access_tried", BOOL, access_tried),
	AT("history_seeded", BOOL, history_seeded),
	AT("klippy_silent", BOOL, klippy_silent),
	AT("objects_known", BOOL, objects_known),
	AT("has_jsonrpc", BOOL, has_jsonrpc),
	AT("no_jsonrpc", BOOL, no_jsonrpc),
	AT("meta.for_file", TEXT, meta.for_file),
	AT("meta.tried", BOOL, meta.tried),
	AT("meta.estimated_s", NUM, meta.estimated_s),
	AT("meta.filament_mm", NUM, meta.filament_mm),
	AT("meta.filament_g", NUM, meta.filament_g),
	AT("meta.layer_height_mm", NUM, meta.layer_height_mm),
	AT("meta.first_layer_height_mm", NUM, meta.first_layer_height_mm),
	AT("meta.object_height_mm", NUM, meta.object_height_mm),
	AT("meta.nozzle_c", NUM, meta.nozzle_c),
	AT("meta.bed_c", NUM, meta.bed_c),
	AT("meta.nozzle_mm", NUM, meta.nozzle_mm),
	AT("meta.layers", INT, meta.layers),
	AT("meta.start_byte", INT, meta.start_byte),
	AT("meta.end_byte", INT, meta.end_byte),
	AT("meta.size_bytes", INT, meta.size_bytes),
	AT("meta.modified_at", NUM, meta.modified_at),
	AT("meta.slicer", TEXT, meta.slicer),
	AT("meta.filament_type", TEXT, meta.filament_type),
};

static const struct state_field *find_field(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(state_fields); i++)
		if (str_eq(state_fields[i].name, name))
			return &state_fields[i];
	return NULL;
}

static bool read_yes(struct run *r, const char *word)
{
	if (!str_eq(word, "yes") && !str_eq(word, "no"))
		bad_line(r, "yes or no is wanted");
	return str_eq(word, "yes");
}

static void compare_yes(struct run *r, const char *what, bool got, const char *want)
{
	if (read_yes(r, want) != got)
		mismatch(r, "%s: want %s, got %s", what, want, got ? "yes" : "no");
}

static void compare_text(struct run *r, const char *what, const char *got, char *test)
{
	char *shown = mem_strdup(test);
	bool bad;

	if (!fixture_text_is(got, test, &bad)) {
		if (bad)
			bad_line(r, "= != ~ !~ or some is wanted");
		else
			mismatch(r, "%s: want %s, got \"%s\"", what, shown, got);
	}
	free(shown);
}

static void compare_num(struct run *r, const char *what, double got, char *test)
{
	char *shown = mem_strdup(test);
	bool bad;

	if (!fixture_nums_are(got, test, &bad))
		mismatch(r, "%s: want %s, got %.9g", what, shown, got);
	if (bad)
		bad_line(r, "a number is wanted");
	free(shown);
}

static void compare_field(struct run *r, const struct state_field *f, char *test)
{
	const char *at = (const char *)&r->next + f->at;
	int64_t whole;
	double num;

	switch (f->kind) {
	case TEXT:
		compare_text(r, f->name, at, test);
		return;
	case NUM:
		memcpy(&num, at, sizeof(num));
		compare_num(r, f->name, num, test);
		return;
	case INT:
		memcpy(&whole, at, sizeof(whole));
		compare_num(r, f->name, (double)whole, test);
		return;
	case BOOL:
		compare_yes(r, f->name, *(const bool *)at, test);
		return;
	}
}

static void set_field(struct run *r, const struct state_field *f, char *value)
{
	char *at = (char *)&r->p.state + f->at;
	bool yes, ok = true;
	int64_t whole;
	double num;

	switch (f->kind) {
	case TEXT:
		ok = str_copy(at, f->size, value);
		break;
	case NUM:
		ok = str_to_double(value, &num);
		memcpy(at, &num, ok ? sizeof(num) : 0);
		break;
	case INT:
		ok = str_to_int64(value, &whole);
		memcpy(at, &whole, ok ? sizeof(whole) : 0);
		break;
	case BOOL:
		yes = read_yes(r, value);
		memcpy(at, &yes, sizeof(yes));
		break;
	}
	if (!ok)
		bad_line(r, "no value for this field");
}

/* ---- set-up lines ---- */

static void set_driver(struct run *r, char *rest)
{
	r->driver = driver_by_name(rest);
	if (!r->driver) {
		bad_line(r, "no such driver");
		return;
	}
	r->p.dialect = r->driver->name;
}

/* "before heater NAME = OBJECT" */
static void set_heater(struct run *r, char *rest)
{
	char *object = strstr(rest, " = ");

	if (!object) {
		bad_line(r, "NAME = OBJECT is wanted");
		return;
	}
	*object = '\0';
	if (!printer_heater_add(&r->p.state, rest, object + 3))
		bad_line(r, "too many heaters");
}

static void set_before(struct run *r, char *rest)
{
	char *word = fixture_word(&rest);
	const struct state_field *f = find_field(word);
	enum printer_status status;
	enum verb verb;

	if (word && printer_status_from_name(word, &status) && !rest)
		r->p.state.status = status;
	else if (!rest)
		bad_line(r, "no such state");
	else if (f)
		set_field(r, f, rest);
	else if (str_eq(word, "heater"))
		set_heater(r, rest);
	else if (str_eq(word, "key"))
		secret_set(&r->p.config.key, rest);
	else if (str_eq(word, "pending") && verb_from_name(rest, &verb))
		r->p.pending = (int)verb + 1;
	else
		bad_line(r, "no such field");
}

static void set_arg(struct run *r, char *rest)
{
	char *word = fixture_word(&rest);
	struct { const char *name; char **at; } texts[] = {
		{ "file", &r->args.file }, { "local", &r->args.local },
		{ "name", &r->args.name }, { "folder", &r->args.folder },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!str_eq(texts[i].name, word))
			continue;
		free(*texts[i].at);
		*texts[i].at = mem_strdup(rest ? rest : "");
		return;
	}
	if (str_eq(word, "start"))
		r->args.start = read_yes(r, rest);
	else if (str_eq(word, "bytes") && rest && str_to_int64(rest, &r->args.local_bytes))
		return;
	else
		bad_line(r, "no such argument");
}

static void set_fault(struct run *r, char *rest)
{
	for (int f = HTTP_FAULT_NONE + 1; f < HTTP_FAULT_N; f++)
		if (str_eq(http_fault_name((enum http_fault)f), rest))
			r->fault = (enum http_fault)f;
	if (r->fault == HTTP_FAULT_NONE)
		bad_line(r, "no such fault");
}

static void set_first(struct run *r, char *rest)
{
	if (r->n_first == MAX_FIRST)
		bad_line(r, "too many replies");
	else
		r->first[r->n_first++] = mem_strdup(rest);
}

/* ---- the driver at work ---- */

static void take_sample(void *ctx, const char *heater, double age_s, double actual_c,
			double target_c)
{
	struct run *r = ctx;
	struct sample *s;

	/* A sample without a temperature is none. */
	if (r->n_samples == MAX_SAMPLES || isnan(actual_c))
		return;
	s = &r->samples[r->n_samples++];
	str_copy(s->heater, sizeof(s->heater), heater);
	s->age_s = age_s;
	s->actual_c = actual_c;
	s->target_c = target_c;
}

/* The reply NAME beside the .expect file; NULL: its own, or the fault that was set instead. */
static bool load_reply(struct run *r, const char *name, struct http_reply *reply, char **body)
{
	size_t folder = (size_t)(str_basename(r->path) - r->path);
	size_t own = strlen(r->path) - strlen(".expect");
	char *base;
	bool ok;

	*body = NULL;
	if (!name && r->fault != HTTP_FAULT_NONE) {
		*reply = (struct http_reply){ .fault = r->fault, .body = "", .retry_after_s = -1 };
		return true;
	}
	base = name ? mem_printf("%.*s%s", (int)folder, r->path, name) : mem_strndup(r->path, own);
	ok = fixture_reply(base, reply, body);
	if (!ok)
		mismatch(r, "%s.http or .json is missing", base);
	free(base);
	return ok;
}

/* Topics by their id: each driver calls them as it likes. */
static const char *const topic_names[] = {
	[TOPIC_STATUS] = "status", [TOPIC_TEMPS] = "temps", [TOPIC_SERVER] = "server",
	[TOPIC_VERSION] = "version", [TOPIC_USER] = "user", [TOPIC_OBJECTS] = "objects",
	[TOPIC_METADATA] = "metadata", [TOPIC_HISTORY] = "history",
};

_Static_assert(ARRAY_LEN(topic_names) == TOPIC_N, "a name for each topic");

static const struct topic *find_topic(const struct run *r, const char *name)
{
	for (size_t i = 0; r->driver && i < r->driver->n_topics; i++)
		if (str_eq(topic_names[r->driver->topics[i].id], name))
			return &r->driver->topics[i];
	return NULL;
}

static struct http_req *new_request(struct run *r)
{
	struct http_req *q = &r->requests[r->n_requests];

	if (r->n_requests == MAX_REQUESTS)
		fatal("%s: the driver asks without end", r->path);
	http_req_init(q);
	r->n_requests++;
	return q;
}

/* Asks for a topic and lets the driver hear the reply NAME; r->next is the outcome. */
static void hear_reply(struct run *r, const char *topic, const char *name)
{
	const struct history_sink sink = { take_sample, r };
	const struct topic *t = find_topic(r, topic);
	struct http_reply reply;
	struct http_req *q;
	char *body;

	if (!t) {
		bad_line(r, "no such topic of this driver");
		return;
	}
	q = new_request(r);
	if (!r->driver->ask(&r->p, t->id, q, &r->e))
		mismatch(r, "%s could not be asked: %s", topic, r->e.text);
	if (q->changes)
		mismatch(r, "asking for %s is marked as a change", topic);
	err_clear(&r->e);
	r->next = r->p.state;
	r->heard = false;
	if (load_reply(r, name, &reply, &body))
		r->heard = r->driver->hear(&r->p, t->id, &reply, &r->next, &sink, &r->e);
	free(body);
}

/* "after TOPIC NAME": hears another recorded reply first. */
static void set_after(struct run *r, char *rest)
{
	char *topic = fixture_word(&rest);

	if (!topic || !rest) {
		bad_line(r, "TOPIC NAME is wanted");
		return;
	}
	hear_reply(r, topic, rest);
	if (!r->heard)
		mismatch(r, "%s was not heard: %s", rest, r->e.text);
	r->p.state = r->next;
	while (r->n_requests > 0)
		http_req_done(&r->requests[--r->n_requests]);
	r->n_samples = 0;
}

static void act_topic(struct run *r, char *rest)
{
	hear_reply(r, rest, NULL);
	r->acted = true;
}

/* Calls step() and keeps the request it wants to send. */
static void take_step(struct run *r, const struct http_reply *reply)
{
	struct http_req *q = new_request(r);

	err_clear(&r->e);
	r->turn = r->driver->step(&r->p, &r->x, reply, q, &r->e);
	if (r->turn != EXCHANGE_SEND) {
		http_req_done(q);
		r->n_requests--;
		return;
	}
	if (q->changes != (q->method != HTTP_GET))
		mismatch(r, "%s %s: marked as %s", http_method_name(q->method), sbuf_str(&q->path),
			 q->changes ? "a change" : "no change");
}

static void step_with(struct run *r, const char *name)
{
	struct http_reply reply;
	char *body;

	if (load_reply(r, name, &reply, &body))
		take_step(r, &reply);
	free(body);
}

static void act_verb(struct run *r, char *rest)
{
	enum verb verb;

	r->acted = r->is_verb = true;
	r->next = r->p.state;
	if (!verb_from_name(rest, &verb)) {
		bad_line(r, "no such verb");
		return;
	}
	exchange_init(&r->x, verb);
	verb_args_copy(&r->x.args, &r->args);
	take_step(r, NULL);
	for (int i = 0; i < r->n_first && r->turn == EXCHANGE_SEND; i++)
		step_with(r, r->first[i]);
	if (r->turn == EXCHANGE_SEND)
		step_with(r, NULL);
}

static void act_probe(struct run *r, char *rest)
{
	struct http_reply reply;
	char *body;

	if (*rest)
		bad_line(r, "probe stands alone");
	r->acted = true;
	driver_probe(new_request(r));
	if (load_reply(r, NULL, &reply, &body))
		r->detected = driver_detect(&reply, &r->e);
	free(body);
}

#endif
