/* What is said to a cloud and what it says: plain functions of text, without I/O. */
#ifndef CONNECTOR_PROTOCOL_H
#define CONNECTOR_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/connector.h>
#include <printop/err.h>
#include <printop/json.h>
#include <printop/printer.h>
#include <printop/sbuf.h>

#define PROTOCOL_ID 200			/* bytes of an id, with its end */
#define PROTOCOL_ERROR_BYTES 500	/* of an error message */
#define PROTOCOL_VERSION PRINTOP_VERSION
#define PROTOCOL_USER_AGENT "printer-connector/0.1.0 (printop/" PRINTOP_VERSION ")"

/* ---- pairing ---- */

struct wire_device {
	char hostname[256], ip[64];
	const char *arch, *os;
};

struct wire_printer {
	const char *name;
	int64_t id;
	unsigned ui_port;
	bool reachable;
};

void protocol_device(struct wire_device *ret);		/* this machine */
/* All these return a new string, which the caller frees. */
char *protocol_register(const char *token, const char *site_name, const struct wire_device *d,
			const struct wire_printer *p, size_t n);

struct registration {
	char id[PROTOCOL_ID];
	struct secret secret;
	double commands_s, snapshots_s;		/* NAN not said */
	int64_t *ids; /* of the n printers, in their order; 0: not given */
};

/*
 * False with *e when there is no id or no secret: nothing of it can be used, the token may still be
 * good.
 */
bool protocol_read_registration(const char *text, size_t len, size_t n, struct registration *ret,
				struct err *e);
void registration_done(struct registration *r);

/* ---- heartbeat, snapshots ---- */

char *protocol_heartbeat(int64_t uptime_s, const struct wire_printer *p, size_t n);
void protocol_time(double at, char dst[24]);		/* "2026-01-01T00:00:00Z" */
/* Takes payload. */
char *protocol_snapshot(int64_t printer_id, const char *captured_at, struct json *payload);
/*
 * What Moonraker would say of a printer, made from its state: the same names below result.status,
 * for printers of another dialect.
 */
struct json *protocol_payload(const struct printer *p, double now_s);
/*
 * Klipper, or the printer behind OctoPrint, can be asked: also while it is in error or shut down.
 */
bool protocol_reachable(const struct printer *p);

/* ---- commands ---- */

struct cloud_command {
	char id[PROTOCOL_ID];
	int64_t printer_id;
	char name[64];			/* of the action, as it came */
	enum cloud_action action;	/* CLOUD_ACTION_N: unknown */
	const struct json *params;	/* of the document; NULL none */
};

/* An id out of a string or a whole number; false for anything that is none. */
bool protocol_id(const struct json *item, const char *name, char *dst, size_t size);
/* False with *e when it cannot be run; ret->id is "" when it has not even an id. */
bool protocol_command(const struct json *item, struct cloud_command *ret, struct err *e);

struct action_args {
	char file[NAME_CAP];		/* below the root of G-code files */
	char folder[NAME_CAP], name[NAME_CAP];	/* the same in two parts */
	char axes[4];
	int64_t limit;			/* import_history */
	const char *content;		/* upload_file: base64, in the document */
	char backup_id[65];
	char url[4096];			/* create_backup: holds a signature, never shown */
	char root[1024];		/* create_backup, "" not given */
	unsigned include;		/* BACKUP_BIT */
};

enum backup_part { BACKUP_CONFIG, BACKUP_DATABASE, BACKUP_GCODES, BACKUP_LOGS, BACKUP_PART_N };
extern const char *const backup_parts[BACKUP_PART_N];

/* The parameters of an action, checked: the first thing that is wrong with them is in *e. */
bool protocol_args(enum cloud_action a, const struct json *params, struct action_args *ret,
		   struct err *e);

/* Takes result. error NULL: it succeeded. */
char *protocol_completion(struct json *result, const char *error);
/* The first line of a text, cleaned, at most PROTOCOL_ERROR_BYTES. */
void protocol_error_line(char dst[PROTOCOL_ERROR_BYTES + 1], const char *text);

/* ---- addresses, pictures, time ---- */

bool protocol_host_is_private(const char *host);
/* http:// only to private hosts, or when it is allowed. */
bool protocol_cloud_url(const char *url, bool insecure_http, struct err *e);
/*
 * A picture's real type, "image/jpeg"; NULL when content type and first bytes do not agree on one.
 */
const char *protocol_image_type(const char *content_type, const void *data, size_t len);
/*
 * Milliseconds until the next try after so many failures in a row: 1, 2, 4 ... 60 s, times 0.75 to
 * 1.25 (random 0 to 1).
 */
int64_t protocol_backoff_ms(int failures, double random);

#endif
