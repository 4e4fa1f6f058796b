/* The simulated farm on real sockets: one server, one port for each printer. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <printop/httpd.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/sim.h>
#include <printop/str.h>
#include <sim/demo.h>
#include <sim/scene.h>

#define BODY_BYTES (1u << 20)	/* uploads are not bound by it: they are never kept */
#define DRIP_BYTES_PER_S 20
#define CHORE_MS 50		/* lets the answer out before its own port is closed */

struct device {
	struct sim_farm *farm;
	struct sim_printer p;
	enum sim_fault fault;
	unsigned port;
	bool refused;
	char url[48];
	const struct demo_row *row;	/* NULL: not of the demo */
};

struct late {			/* a reply that waits for its moment */
	struct sim_farm *farm;
	struct late *next, **link;
	struct httpd_request *r;
	struct sim_reply reply;
	struct loop_timer *timer;
};

struct sim_farm {
	struct loop *loop;
	struct httpd *httpd;
	struct device *devices;
	size_t n;
	double speed, skipped_s;
	int64_t start_ms;
	uint64_t random;
	struct late *late;
	struct loop_timer *chores;
};

static double farm_now(const struct sim_farm *f)
{
	return (double)(loop_now_ms(f->loop) - f->start_ms) / 1000 * f->speed + f->skipped_s;
}

static uint32_t dice(struct sim_farm *f)
{
	f->random = f->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(f->random >> 33);
}

/* ---- sending ---- */

static void transmit(struct httpd_request *r, const struct sim_reply *reply)
{
	const char *body = sbuf_str(&reply->body), *headers = sbuf_str(&reply->headers);
	size_t len = reply->body.len;

	switch (reply->wire) {
	case SIM_WIRE_HTTP:
		httpd_reply(r, reply->status, reply->type, headers, body, len);
		break;
	case SIM_WIRE_RAW:
		httpd_reply_raw(r, body, len);
		break;
	case SIM_WIRE_HOLD:
		httpd_hold(r);
		break;
	case SIM_WIRE_DRIP:
		httpd_reply_slowly(r, reply->status, reply->type, headers, body, len,
				   DRIP_BYTES_PER_S, len);
		break;
	case SIM_WIRE_RESET:
		httpd_reply_slowly(r, reply->status, reply->type, headers, body, len, 0, len / 2);
		break;
	}
}

static void late_free(struct late *l)
{
	*l->link = l->next;
	if (l->next)
		l->next->link = l->link;
	loop_timer_free(l->timer);
	sim_reply_done(&l->reply);
	free(l);
}

static void late_due(void *ctx)
{
	struct late *l = ctx;

	transmit(l->r, &l->reply);
	late_free(l);
}

static void send_later(struct sim_farm *f, struct httpd_request *r, const struct sim_reply *reply,
		       double in_s)
{
	struct late *l = MEM_NEW(struct late);

	l->farm = f;
	l->r = r;
	l->reply = *reply;
	l->timer = loop_timer_new(f->loop, late_due, l);
	l->next = f->late;
	l->link = &f->late;
	if (l->next)
		l->next->link = &l->next;
	f->late = l;
	loop_timer_start(l->timer, (int64_t)(in_s * 1000));
}

/* ---- the farm's own paths, for tests ---- */

static struct device *device_by_name(struct sim_farm *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->devices[i].p.name, name))
			return &f->devices[i];
	return NULL;
}

static void do_chores(void *ctx)
{
	struct sim_farm *f = ctx;

	for (size_t i = 0; i < f->n; i++) {
		struct device *d = &f->devices[i];
		bool refuse = d->fault == FAULT_REFUSE;

		if (refuse != d->refused && httpd_refuse(f->httpd, d->port, refuse, NULL))
			d->refused = refuse;
	}
}

static void set_scene(struct device *d, const struct scene *s, const struct scene_args *a)
{
	scene_set(s, &d->p, farm_now(d->farm), a);
	d->fault = s->fault;
}

static void say(struct sim_reply *reply, unsigned status, const char *text)
{
	sim_reply_text(reply, status, "text/plain", text);
}

static void post_fault(struct device *d, const struct json *body, struct sim_reply *reply)
{
	const struct scene *s = scene_find(json_raw(body, "kind"));
	const char *name = json_raw(body, "printer");

	if (name)
		d = device_by_name(d->farm, name);
	if (!d || !s) {
		say(reply, 404, d ? "no such kind\n" : "no such printer\n");
		return;
	}
	set_scene(d, s, NULL);
	loop_timer_start(d->farm->chores, CHORE_MS);
	say(reply, 200, "ok\n");
}

/* What the person at OctoPrint's web page presses when an application asks for a key. */
static void post_decide(struct device *d, const struct json *body, struct sim_reply *reply)
{
	const char *answer = json_raw(body, "answer"), *name = json_raw(body, "printer");

	if (name)
		d = device_by_name(d->farm, name);
	if (!d || !answer) {
		say(reply, 404, "no such printer\n");
		return;
	}
	d->p.decision = str_eq(answer, "allow") ? SIM_ALLOW : str_eq(answer, "deny") ? SIM_DENY : SIM_UNDECIDED;
	say(reply, 200, "ok\n");
}

static void post_advance(struct device *d, const struct json *body, struct sim_reply *reply)
{
	d->farm->skipped_s += fmin(fmax(json_num(body, "s", 0), 0), 1e7);
	say(reply, 200, "ok\n");
}

static void get_printers(struct sim_farm *f, struct sim_reply *reply)
{
	struct jw w = { .b = &reply->body };

	jw_array(&w, NULL);
	for (size_t i = 0; i < f->n; i++) {
		struct sim_info info = sim_farm_info(f, i);

		jw_object(&w, NULL);
		jw_str(&w, "name", info.name);
		jw_str(&w, "url", info.url);
		jw_str(&w, "dialect", info.dialect);
		jw_str(&w, "key", info.key);
		jw_end_object(&w);
	}
	jw_end_array(&w);
}

static void admin(struct device *d, const struct sim_request *q, struct sim_reply *reply)
{
	bool post = strcmp(q->method, "POST") == 0;
	struct json *body = post ? json_parse(q->body, q->len, NULL) : NULL;

	if (post && body && strcmp(q->path, "/sim/fault") == 0)
		post_fault(d, body, reply);
	else if (post && body && strcmp(q->path, "/sim/decide") == 0)
		post_decide(d, body, reply);
	else if (post && body && strcmp(q->path, "/sim/advance") == 0)
		post_advance(d, body, reply);
	else if (!post && strcmp(q->path, "/sim/printers") == 0)
		get_printers(d->farm, reply);
	else
		say(reply, 404, "POST /sim/fault {\"kind\", \"printer\"}, POST /sim/advance {\"s\"}, "
		    "POST /sim/decide {\"answer\", \"printer\"}, GET /sim/printers\n");
	json_free(body);
}

/* ---- requests ---- */

static void add_param(void *ctx, const char *name, const char *value)
{
	struct sim_request *q = ctx;

	if (q->n_params < SIM_PARAMS)
		q->params[q->n_params++] = (struct sim_param){ name, value };
}

static void read_request(const struct device *d, const struct httpd_request *r, struct sim_request *q)
{
	memset(q, 0, offsetof(struct sim_request, params));
	q->n_params = 0;
	q->method = httpd_method(r);
	q->path = httpd_path(r);
	httpd_each_query(r, add_param, q);
	q->key = httpd_header(r, "X-Api-Key");
	q->content_type = httpd_header(r, "Content-Type");
	q->if_none_match = httpd_header(r, "If-None-Match");
	q->host = d->url + strlen("http://");
	q->body = httpd_body(r, &q->len);
	q->upload = httpd_sink_ctx(r);
}

/* Both servers close without an answer when an upload was cut short. */
static bool upload_broken(struct sim_request *q)
{
	return q->upload && !upload_end(q->upload);
}

static void handle(void *ctx, struct httpd_request *r)
{
	struct device *d = ctx;
	struct sim_request q;
	struct sim_reply reply;
	double wait_s;

	read_request(d, r, &q);
	sim_reply_init(&reply);
	if (str_starts(q.path, "/sim/"))
		admin(d, &q, &reply);
	else if (upload_broken(&q))
		reply.wire = SIM_WIRE_RAW;
	else
		sim_answer(&d->p, d->fault, &q, farm_now(d->farm), &reply);
	wait_s = reply.wait_s / d->farm->speed;
	if (wait_s >= 0.001) {
		send_later(d->farm, r, &reply, wait_s);
		return;
	}
	transmit(r, &reply);
	sim_reply_done(&reply);
}

static void sink_data(void *ctx, const char *data, size_t len)
{
	upload_add(ctx, data, len);
}

static void sink_done(void *ctx)
{
	struct upload *u = ctx;

	free(u->file.path);
	free(u);
}

static bool take_body(void *ctx, struct httpd_request *r, struct httpd_sink *ret)
{
	const char *type = httpd_header(r, "Content-Type");
	const struct device *d = ctx;
	struct upload *u;

	if (!type || !str_starts_nocase(type, "multipart/form-data"))
		return false;
	u = MEM_NEW(struct upload);
	upload_init(u, type, d->p.dialect == SIM_MOONRAKER);
	*ret = (struct httpd_sink){ .data = sink_data, .done = sink_done, .ctx = u };
	return true;
}

/* ---- the printers ---- */

static void make_key(struct sim_farm *f, char key[40], bool hex)
{
	static const char letters[] = "0123456789abcdefGHJKLMNPQRSTUVWXYZ";

	for (int i = 0; i < 32; i++)
		key[i] = letters[dice(f) % (hex ? 16 : sizeof(letters) - 1)];
	key[32] = '\0';
}

static void init_demo(struct sim_farm *f, struct device *d, const struct demo_row *row, double wall0)
{
	enum sim_dialect dialect = str_eq(row->dialect, "octoprint") ? SIM_OCTOPRINT : SIM_MOONRAKER;
	struct scene_args a = { row->file, row->progress, row->ago_s };

	sim_printer_init(&d->p, row->name, dialect, dice(f), wall0);
	d->row = row;
	d->p.has_chamber = row->chamber;
	if (row->has_key)
		make_key(f, d->p.key, dialect == SIM_MOONRAKER);
	set_scene(d, scene_find(row->scene), &a);
}

/* What a farm looks like on a working day, in per cent. */
static const struct {
	const char *scene;
	unsigned share;
} usual[] = { { "printing", 45 }, { "idle", 25 }, { "complete", 10 }, { "preparing", 5 },
	      { "paused", 5 }, { "cancelled", 4 }, { "failed", 2 }, { "disconnected", 2 },
	      { "shutdown", 2 } };

static const struct scene *usual_scene(struct sim_farm *f)
{
	unsigned at = dice(f) % 100, i = 0;

	while (at >= usual[i].share && i + 1 < ARRAY_LEN(usual))
		at -= usual[i++].share;
	return scene_find(usual[i].scene);
}

static void init_random(struct sim_farm *f, struct device *d, size_t i, const struct sim_options *o,
			double wall0)
{
	enum sim_dialect dialect = i % 2 ? SIM_OCTOPRINT : SIM_MOONRAKER;
	char name[32];

	if (o->dialect)
		dialect = str_eq(o->dialect, "octoprint") ? SIM_OCTOPRINT : SIM_MOONRAKER;
	str_printf(name, sizeof(name), "sim-%03zu", i + 1);
	sim_printer_init(&d->p, name, dialect, dice(f), wall0);
	d->p.has_chamber = dice(f) % 3 == 0;
	if (dialect == SIM_OCTOPRINT)	/* it does not work without one */
		make_key(f, d->p.key, false);
	set_scene(d, o->idle ? scene_find("idle") : usual_scene(f), NULL);
}

/* ---- --faults ---- */

/* Printers in a random order: faults take them from the front. */
static size_t *shuffled(struct sim_farm *f)
{
	size_t *order = mem_zalloc(f->n, sizeof(*order));

	for (size_t i = 0; i < f->n; i++)
		order[i] = i;
	for (size_t i = f->n; i > 1; i--) {
		size_t j = dice(f) % i, keep = order[i - 1];

		order[i - 1] = order[j];
		order[j] = keep;
	}
	return order;
}

static bool spread_one(struct sim_farm *f, char *word, const size_t *order, size_t *next, struct err *e)
{
	char *equals = strchr(word, '=');
	const struct scene *s;
	int64_t count = 1;

	if (equals) {
		*equals = '\0';
		if (!str_to_int64(equals + 1, &count) || count < 0)
			return err_set(e, ERR_USAGE, "--faults: %s is no number", equals + 1);
	}
	s = scene_find(word);
	if (!s)
		return err_set(e, ERR_USAGE, "--faults: there is no \"%s\"; see sim --help", word);
	for (; count > 0; count--) {
		if (*next == f->n)
			return err_set(e, ERR_USAGE, "--faults: more faults than printers");
		set_scene(&f->devices[order[(*next)++]], s, NULL);
	}
	return true;
}

static bool spread_faults(struct sim_farm *f, const char *faults, struct err *e)
{
	char *copy = mem_strdup(faults ? faults : ""), *rest = copy, *word;
	size_t *order = shuffled(f), next = 0;
	bool ok = true;

	while (ok && (word = str_token(&rest, ", ")))
		if (*word)
			ok = spread_one(f, word, order, &next, e);
	free(order);
	free(copy);
	return ok;
}

/* ---- start and stop ---- */

static bool listen_all(struct sim_farm *f, const char *address, int port, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		struct device *d = &f->devices[i];

		d->port = httpd_listen(f->httpd, address, port ? (unsigned)port + (unsigned)i : 0, d,
				       e);
		if (!d->port)
			return false;
		str_printf(d->url, sizeof(d->url), "http://%s:%u", address, d->port);
	}
	do_chores(f);
	return true;
}

static void make_printers(struct sim_farm *f, const struct sim_options *o)
{
	double wall0 = loop_wall_s();

	f->n = o->demo ? demo_count() : (size_t)o->printers;
	f->devices = mem_zalloc(f->n, sizeof(*f->devices));
	for (size_t i = 0; i < f->n; i++) {
		struct device *d = &f->devices[i];

		d->farm = f;
		if (o->demo)
			init_demo(f, d, demo_at(i), wall0);
		else
			init_random(f, d, i, o, wall0);
		d->p.tick_s = o->tick_ms / 1000.0 * f->speed;
	}
}

static bool options_good(const struct sim_options *o, struct err *e)
{
	if (!o->demo && (o->printers < 1 || o->printers > 4000))
		return err_set(e, ERR_USAGE, "the number of printers must be 1 to 4000");
	if (o->port && (o->port < 1 || o->port + o->printers > 65536))
		return err_set(e, ERR_USAGE, "there are no such ports");
	if (o->address && !str_starts(o->address, "127."))	/* it is no server for others */
		return err_set(e, ERR_USAGE, "the address must be one of 127.0.0.0/8");
	if (o->dialect && !str_eq(o->dialect, "octoprint") && !str_eq(o->dialect, "moonraker"))
		return err_set(e, ERR_USAGE, "the dialect is octoprint or moonraker");
	return true;
}

struct sim_farm *sim_farm_start(struct loop *l, const struct sim_options *o, struct err *e)
{
	struct sim_farm *f;

	if (!options_good(o, e))
		return NULL;
	f = MEM_NEW(struct sim_farm);
	f->loop = l;
	f->speed = o->speed > 0 ? o->speed : 1;
	f->start_ms = loop_now_ms(l);
	f->random = o->seed * 2862933555777941757u + 3037000493u;
	f->chores = loop_timer_new(l, do_chores, f);
	make_printers(f, o);
	struct httpd_limits limits = { .max_body_bytes = BODY_BYTES, .max_connections = (unsigned)f->n * 4 + 64,
		.idle_timeout_s = 120 };

	f->httpd = httpd_new(l, &limits, handle, e);
	if (!f->httpd || !spread_faults(f, o->faults, e) || !listen_all(f, o->address ? o->address : "127.0.0.1", o->port, e)) {
		sim_farm_stop(f);
		return NULL;
	}
	httpd_on_body(f->httpd, take_body);
	return f;
}

void sim_farm_stop(struct sim_farm *f)
{
	if (!f)
		return;
	while (f->late)
		late_free(f->late);
	httpd_free(f->httpd);
	loop_timer_free(f->chores);
	for (size_t i = 0; i < f->n; i++)
		sim_printer_done(&f->devices[i].p);
	free(f->devices);
	free(f);
}

size_t sim_farm_count(const struct sim_farm *f)
{
	return f->n;
}

struct sim_info sim_farm_info(const struct sim_farm *f, size_t i)
{
	const struct device *d = &f->devices[i];
	struct sim_info info = { .name = d->p.name, .url = d->url,
		.dialect = d->p.dialect == SIM_OCTOPRINT ? "octoprint" : "moonraker",
		.key = d->p.key[0] ? d->p.key : NULL };

	if (d->row) {
		info.tags = d->row->tags;
		info.group = d->row->group;
		info.notes = d->row->notes;
		info.parked = d->row->parked;
	}
	return info;
}
