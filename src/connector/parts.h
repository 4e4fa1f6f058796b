/*
 * The parts of the connector: what they share, and what each offers the others. All run on the
 * loop's thread and wait for nobody.
 */
#ifndef CONNECTOR_PARTS_H
#define CONNECTOR_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/app.h>
#include <printop/connector.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/op.h>
#include <printop/service.h>
#include "connector/identity.h"
#include "connector/ledger.h"
#include "connector/protocol.h"

struct connector;
struct order;
struct letter;
struct shot;
struct single;

/* ---- requests to the cloud (cloud.c) ---- */

enum verdict {
	CLOUD_GOOD,
	CLOUD_UNAUTHORISED,	/* 401, 403 */
	CLOUD_GONE,		/* 404, 410 */
	CLOUD_REFUSED,		/* any other 4xx but 408 and 429 */
	CLOUD_TROUBLE		/* faults, redirects, 408, 429, 5xx: try again */
};

struct cloud {
	struct app *app;
	const struct connector_config *config;
	char id[PROTOCOL_ID];
	struct secret headers;	/* lines with id and secret; none before pairing */
	int refusals;		/* 401 and 403 in a row */
	bool refused;		/* too many: nothing is asked but a rare sign of life */
	double good_at;		/* wall clock of the last good answer, NAN never */
	char trouble[TEXT_CAP];	/* why it does not work, "" all is well */
};

void cloud_init(struct cloud *k, struct app *a, const struct connector_config *config);
void cloud_identify(struct cloud *k, const char *id, const char *secret);
void cloud_done(struct cloud *k);
/* An initialised request; fmt makes the path, in which %s must be encoded already. */
void cloud_req(struct http_req *r, enum http_method m, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void cloud_body_take(struct http_req *r, char *body);
/* Adds the headers and sends; empties r. */
struct call *cloud_send(struct cloud *k, struct http_req *r, transport_done_fn *done, void *ctx);
/*
 * What the answer means. Keeps count of refusals and of what is wrong; *e is filled unless it is
 * good.
 */
enum verdict cloud_hear(struct cloud *k, const struct http_reply *r, struct err *e);
/*
 * What it means, as an error text, without keeping count: for addresses that are not the cloud's
 * own.
 */
enum verdict cloud_verdict(const struct http_reply *r, struct err *e);
void cloud_drop(struct cloud *k, struct call **c);
/* "https://host:1" and "/path?query" of a whole address; false when it is none. */
bool cloud_split_url(const char *url, char *base, size_t base_size, char *path, size_t path_size);

/* ---- what is done again and again (lanes.c) ---- */

enum lane_id { LANE_HEARTBEAT, LANE_COMMANDS, LANE_CAPTURE, LANE_PUSH, LANE_CAMERAS, LANE_N };

struct lane {
	struct connector *c;
	enum lane_id id;
	struct loop_timer *timer;
	struct call *call;
	bool busy;
	int failures;
	int64_t due_ms;
	double period_s;
};

void lanes_init(struct connector *c);
void lanes_start(struct connector *c);
void lanes_stop(struct connector *c);
/* The lane's work is over: the next time is set by how it went. r NULL: nothing was asked. */
void lane_end(struct lane *l, enum verdict v, const struct http_reply *r);
void lane_now(struct lane *l);		/* unless it is busy or waits after a failure */
double connector_random(void);		/* 0 to 1 */

/* ---- pairing (pair.c) ---- */

struct pairing {
	struct call *call;
	struct loop_timer *timer;
	int failures;
	bool refused;		/* the cloud does not take the token */
};

void pair_start(struct connector *c);
void pair_stop(struct connector *c);

/* ---- commands (orders.c, actions.c) ---- */

enum order_phase { ORDER_WAITING, ORDER_RUNNING, ORDER_ENDING };

struct order {
	struct connector *c;
	char *id;
	int64_t printer_id;
	char printer[64];
	enum cloud_action action;
	enum order_phase phase;
	bool settle;		/* it was begun before a restart: look whether it took effect */
	int64_t since_ms;	/* when it came */
	int64_t turn_ms;	/* when it could have begun, 0 not yet */
	struct action_args args;
	char *spool;		/* upload_file: the decoded file */
	int64_t spool_bytes;
	uint32_t op_id;
	struct call *call;
	struct backup *backup;
	struct json *result;
	struct order *next;
};

void orders_poll(struct connector *c);			/* LANE_COMMANDS */
void orders_restore(struct connector *c);			/* after the ledger was loaded */
void orders_stop(struct connector *c);
void orders_run(struct connector *c);			/* starts what may start */
/* It is over: error NULL it went well. Frees o, sooner or later. */
void order_end(struct order *o, const char *error);
const struct printer *order_printer(const struct order *o); /* NULL: not in the fleet any more */

/*
 * What forbids it now will pass by itself: Klipper calls itself busy for a second after it has
 * homed.
 */
bool action_should_wait(const struct order *o);
void action_start(struct order *o);
void action_stop(struct order *o);			/* drops what it waits for */
void action_op_changed(void *ctx, const struct op *op);	/* ctx is the connector */
bool actions_look(
	struct connector *c); /* one that ended unseen is over now; false: there is none */
/* The action's parameters as the result shows them. */
struct json *action_result(const struct order *o);

struct backup;
void backup_start(struct order *o);
void backup_stop(struct backup *b);
void backup_sweep(const struct connector *c);		/* archives of a copy that was killed */

/* ---- completions (outbox.c) ---- */

struct outbox {
	struct letter *letters;
	struct loop_timer *timer;
	int in_flight;
};

void outbox_init(struct connector *c);
void outbox_stop(struct connector *c);
void outbox_add(struct connector *c, const char *id, bool hold);
void outbox_release(struct connector *c, const char *id);
void outbox_run(struct connector *c);
size_t outbox_count(const struct connector *c);

/* ---- snapshots (snapshots.c) ---- */

struct snapshots {
	struct snapshot {
		char *json;
		size_t len;
	} *ring;			/* oldest first */
	size_t n, cap, bytes;
	uint64_t dropped;
	size_t batch;			/* how many go at once; fewer after a refusal */
	size_t under_way;		/* of the ring, in the push that runs */
	int captures;			/* of the round that runs */
	char captured_at[24];		/* one time for all of a round, while it is begun */
	struct single *singles;		/* after a command, sent before its completion */
	struct capture *capturing;
};

typedef void captured_fn(void *ctx, char *snapshot_take, const char *error);

void snapshots_round(struct connector *c);		/* LANE_CAPTURE */
void snapshots_push(struct connector *c);		/* LANE_PUSH */
/* One printer now; snapshot is NULL when error says why. ctx NULLed by snapshots_forget(). */
void snapshots_capture(struct connector *c, const char *printer, int64_t printer_id,
		       captured_fn *done, void *ctx);
void snapshots_forget(struct connector *c, const void *ctx);
/* Sends one at once, then releases the completion of this command. */
void snapshots_push_single(struct connector *c, char *snapshot_take, const char *command_id);
void snapshots_stop(struct connector *c);

/* ---- cameras (camera.c) ---- */

#define CAMERA_REMEMBERED 256

struct cameras {
	struct eye {			/* what is known of a printer's camera */
		char printer[64];
		struct call *call;
		struct connector *c;
		bool asked;
		char url[1024];		/* "" none */
		struct eye *next;
	} *eyes;
	struct shot *shots;
	char answered[CAMERA_REMEMBERED][PROTOCOL_ID];
	size_t next_answered;
	int64_t wanted_ms;		/* when a picture was asked for last, 0 never */
	bool none;			/* no printer has one */
};

void cameras_poll(struct connector *c);			/* LANE_CAMERAS */
double cameras_period_s(const struct connector *c);
void cameras_stop(struct connector *c);

/* ---- questions to printers in their dialect (looks.c) ---- */

/* False: the dialect has no such question. r is initialised. */
bool look_snapshot(const struct printer *p, struct http_req *r);
bool look_history(const struct printer *p, int64_t limit, struct http_req *r);
struct json *look_read_history(const struct printer *p, const struct http_reply *r, int64_t limit,
			       int64_t *count, struct err *e);
bool look_camera(const struct printer *p, struct http_req *r);
void look_read_camera(const struct printer *p, const struct http_reply *r, char *url, size_t size);
/* The document of a printer's good answer; NULL with *e, "moonraker http 503: ...". */
struct json *look_read(const struct printer *p, const struct http_reply *r, struct err *e);

/* ---- all of it (connector.c) ---- */

struct connector {
	struct app *app;
	const struct config *seen;	/* what config was copied from; only compared */
	struct connector_config config;
	struct cloud cloud;
	struct identity identity;
	struct ledger *ledger;
	struct pairing pairing;
	struct lane lanes[LANE_N];
	struct loop_timer *warm_up, *work;
	struct order *orders;		/* in the order in which they came */
	struct outbox outbox;
	struct snapshots snapshots;
	struct cameras cameras;
	int64_t started_ms;
	bool once;			/* each lane one time */
	unsigned once_left;		/* bits of lanes */
	bool failed;			/* once: something did not go well */
};

/* Opens the state folder and begins; NULL with *e. once: see connector_finished(). */
struct connector *connector_new(struct app *a, bool once, struct err *e);
void connector_free(struct connector *c);
enum service_health connector_describe(const struct connector *c, char *buf, size_t size);
bool connector_finished(const struct connector *c);	/* once: all is done */
void connector_paired(struct connector *c);		/* there is an identity: go */
void connector_kick(struct connector *c);		/* orders_run() soon, from the loop */
bool connector_check_config(struct connector *c);	/* after a reload; true: it began anew */
int64_t connector_now_ms(const struct connector *c);
/* The printers that the cloud knows, for the wire; the caller frees. */
struct wire_printer *connector_printers(const struct connector *c, size_t *n);
/* The fleet's printer with this number of the cloud; NULL none. */
const struct printer *connector_printer(const struct connector *c, int64_t id);

#endif
