/*
 * A driver speaks one server dialect. Pure functions: a printer's state and a topic or verb give a
 * request, a reply gives a new state. No I/O, clock, log or globals. Facts about the servers are
 * named where they are used: OctoPrint 1.11.8 and 2.0.0rc3, Moonraker 0.11.0 with Klipper v0.13.
 */
#ifndef PRINTOP_DRIVER_H
#define PRINTOP_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/http.h>
#include <printop/printer.h>

/* Things to ask a server. Each driver's table says how often and when. */
enum topic_id {
	TOPIC_STATUS,		/* state and job: every poll */
	TOPIC_TEMPS,		/* OctoPrint: /api/printer */
	TOPIC_SERVER,		/* Moonraker: /server/info, when the query cannot tell */
	TOPIC_VERSION,
	TOPIC_USER,		/* what the key may do */
	TOPIC_OBJECTS,		/* Moonraker: which heaters and sensors there are */
	TOPIC_METADATA,		/* of the job's file */
	TOPIC_HISTORY,		/* temperatures of the last 20 minutes */
	TOPIC_N
};

enum topic_when {
	TOPIC_EACH_POLL,	/* due with every poll while needs() */
	TOPIC_WHEN_NEEDED	/* once, as soon as needs(); again only after needs() was false */
};

struct topic {
	enum topic_id id;
	const char *name;
	enum topic_when when;
	bool (*needs)(const struct printer *p);
};

/* What a user can do to a printer through its server. */
enum verb {
	VERB_PAUSE,
	VERB_RESUME,
	VERB_CANCEL,
	VERB_START,		/* args: file */
	VERB_UPLOAD,		/* args: local, name, folder, start */
	VERB_ESTOP,
	VERB_CONNECT,
	VERB_DISCONNECT,
	VERB_RESTART,		/* Moonraker firmware restart */
	VERB_FILES,		/* looks only */
	VERB_HOME,		/* args: axes */
	VERB_DELETE,		/* args: file */
	VERB_N
};

#define VERB_BIT(v) (1ull << (v))

/* One file or folder on a printer's server. */
struct remote_file {
	char *path;		/* below the root, cleaned for showing */
	bool is_folder;
	bool unsafe_name;	/* the real name cannot be sent back: no start, no delete */
	int64_t size_bytes;
	double modified_at, estimated_s, filament_mm;
	int64_t prints_ok, prints_failed;	/* -1 unknown */
};

struct file_list {
	struct remote_file *files;	/* sorted by path */
	size_t n, cap;
	double free_bytes;		/* NAN unknown */
	bool cut;			/* there were more than LIMIT_LIST_ROWS */
	char etag[96];			/* of the server's answer, "" none: asked again with If-None-Match */
};

void file_list_done(struct file_list *l);
struct remote_file *file_list_add(struct file_list *l);	/* zeroed, unknowns set; NULL when full */
void file_list_sort(struct file_list *l);
void file_list_copy(struct file_list *to, const struct file_list *from);	/* to is initialised or done */

/* The arguments of a verb; strings owned, NULL when not given. */
struct verb_args {
	char *file;		/* path on the server */
	char *local;		/* local file */
	char *name;		/* name on the server (upload) */
	char *folder;		/* folder on the server (upload), no leading slash */
	char axes[4];		/* home: letters out of "xyz"; "" all of them */
	bool start;		/* print after upload */
	int64_t local_bytes;	/* size of the local file, -1 unknown */
};

void verb_args_done(struct verb_args *a);
void verb_args_copy(struct verb_args *to, const struct verb_args *from);

/* One verb on one printer, as far as the driver is concerned. */
struct exchange {
	enum verb verb;
	struct verb_args args;
	int step;		/* the driver's own place in its sequence, from 0 */
	bool sent;		/* the server has accepted something that changes the printer */
	bool started;		/* upload: the server says that it started the print */
	bool start_refused;	/* upload: it was asked to start and did not */
	char remote_path[NAME_CAP];	/* upload: where the server put it */
	int64_t remote_bytes;	/* upload: its size there, -1 unknown */
	struct file_list files;	/* VERB_FILES */
	const struct file_list *known;	/* VERB_FILES: the list of last time, NULL none; only read during step() */
	char note[TEXT_CAP];	/* something the user should know though it went well */
};

void exchange_init(struct exchange *x, enum verb verb);
void exchange_done(struct exchange *x);

enum exchange_next {
	EXCHANGE_SEND,		/* send *ret, then call step again with the reply */
	EXCHANGE_DONE,		/* the server took it; the engine now watches the state */
	EXCHANGE_RETRY,		/* nothing happened there; safe to send again in 1-2 s */
	EXCHANGE_FAILED		/* *e says why */
};

/* What a server says of itself to somebody who does not know it yet. */
struct introduction {
	int step;			/* the driver's own place in its sequence, from 0 */
	bool with_key;			/* a key goes with the requests */
	bool known;			/* it is this dialect's server; what follows may still be unknown */
	char name[64];			/* what its owners call it */
	char version[48];
	char access[16];		/* "", "protected", "read-only", "full": with the key, or without one */
	bool grants;			/* it can be asked for a key: somebody presses Allow there */
	bool logs_in;			/* a user's name and password get a key */
	char source[16];		/* of the users that log in */
};

/* Getting a key from a server. */
struct claim {
	int step;
	char *user;			/* NULL: somebody presses Allow at the server */
	struct secret password;		/* of the user; wiped as soon as it was sent */
	char source[16];
	struct secret token;		/* of the question, or of the session */
	struct secret key;		/* EXCHANGE_DONE: there it is */
};

void claim_done(struct claim *c);

struct history_sink {		/* where TOPIC_HISTORY puts its samples */
	void (*sample)(void *ctx, const char *heater, double age_s, double actual_c, double target_c);
	void *ctx;
};

struct driver {
	const char *name, *title;
	unsigned default_port;
	uint64_t verbs;			/* VERB_BIT of what it can serve */
	const struct topic *topics;
	size_t n_topics;
	/* Statuses in which a verb may be sent; anything else is refused before the network. */
	uint32_t (*allowed)(enum verb v);

	/* Fills *ret (initialised) with the request for a topic. */
	bool (*ask)(const struct printer *p, enum topic_id t, struct http_req *ret, struct err *e);
	/*
	 * Reads the reply into *next, a copy of p->state. False with *e: the reply was no answer (freshness
	 * only). Transport faults and HTTP errors that mean a state (401, 503 ...) are heard here, too, and
	 * return true when they told the state, with next->reason set. *e may then be filled as well
	 * (unreachable, timeout, auth): commit *next, but the values in it were not renewed.
	 */
	bool (*hear)(const struct printer *p, enum topic_id t, const struct http_reply *r,
		     struct printer_state *next, const struct history_sink *sink, struct err *e);
	/* prev NULL starts the sequence. Fills *ret when it answers EXCHANGE_SEND. */
	enum exchange_next (*step)(const struct printer *p, struct exchange *x,
				   const struct http_reply *prev, struct http_req *ret, struct err *e);
	/* Is the reply to driver_probe() this dialect's? 0 no .. 100 sure. */
	int (*detect)(const struct http_reply *r);
	/*
	 * Getting to know a server, before it is a printer: prev NULL begins, SEND sends *ret, DONE ends it.
	 * FAILED: it is not this dialect's after all. An unanswered question (a fault) is no failure then on.
	 */
	enum exchange_next (*introduce)(struct introduction *in, const struct http_reply *prev,
					struct http_req *ret, struct err *e);
	/* Getting a key. RETRY: nothing is decided; call again with prev NULL in a second. */
	enum exchange_next (*claim)(struct claim *c, const struct http_reply *prev,
				    struct http_req *ret, struct err *e);
};

extern const struct driver driver_octoprint, driver_moonraker;

const struct driver *driver_by_name(const char *name);	/* NULL for "auto" and unknown names */
const struct driver *driver_of(const struct printer *p);	/* by p->dialect, NULL unknown */
size_t driver_count(void);
const struct driver *driver_at(size_t i);
const char *driver_names(void);				/* "auto, octoprint, moonraker" */

/* The one request that tells all dialects apart: GET /access/info. */
void driver_probe(struct http_req *ret);
/* A second one, for a server that answered the first with nothing that is known: GET /api/version. */
void driver_probe_again(struct http_req *ret);
/* The best driver for a probe's reply; NULL and *e (what was seen, in plain words) when none fits. */
const struct driver *driver_detect(const struct http_reply *r, struct err *e);

const char *verb_name(enum verb v);			/* "pause" */
bool verb_from_name(const char *name, enum verb *ret);
/* Why v may not be sent to p now, in plain words (e->code ERR_REFUSED, ERR_UNSUPPORTED ...); true: it may. */
bool verb_allowed(const struct printer *p, enum verb v, struct err *e);

/*
 * Shared by drivers: what a transport fault or a proxy's error page means. True: it told the state
 * (next->status and reason), and *e says the same for freshness. False with *e: a fault that says
 * nothing about the printer. False with ERR_NONE: no fault, r is the server's own answer.
 */
bool driver_hear_fault(const struct http_reply *r, struct printer_state *next, struct err *e);

#endif
