/* What the drivers share among themselves: requests, the reading of replies, heaters by rank. */
#ifndef PRINTOP_DRIVER_UTIL_H
#define PRINTOP_DRIVER_UTIL_H

#include <printop/driver.h>
#include <printop/json.h>
#include <printop/limits.h>

/* A command that the server only has to take note of. */
#define TIMEOUT_ANSWER_MS (3 * TIMEOUT_REPLY_MS)

/* Statuses in which the server itself answers and the key is good. */
#define STATUS_ANSWERS (STATUS_OPERATIONAL | STATUS_BIT(PRINTER_DISCONNECTED) | \
	STATUS_BIT(PRINTER_CONNECTING) | STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_SHUTDOWN))

static inline bool driver_in(const struct printer *p, uint32_t statuses)
{
	return STATUS_BIT(p->state.status) & statuses;
}

/* ---- requests; path is percent-encoded already ---- */

/* Makes *r (initialised) a GET. */
void driver_get(struct http_req *r, const char *path);
/* Makes *r a POST that changes something: sent once, on a connection of its own. */
void driver_post(struct http_req *r, const char *path, const char *body, long timeout_ms);
/* The same with an object for its body, which it takes over. */
void driver_post_take(struct http_req *r, const char *path, struct json *body, long timeout_ms);
/* Makes *r an upload of the verb's local file, to which the driver adds fields. */
void driver_upload(struct http_req *r, const char *path, const struct verb_args *args);
void driver_upload_field(struct http_req *r, const char *name, const char *value);
/* The name under which an upload's file is stored, made safe; "" when nothing is left of it. */
void driver_upload_name(const struct verb_args *args, char *dst, size_t size);

/* Makes *r a DELETE of this file, which stands encoded behind path. */
void driver_delete(struct http_req *r, const char *path, const char *file);

/* ---- replies ---- */

/*
 * True when r is no answer of the server itself but a transport fault or a proxy's page; *e (not
 * NULL) says which, in plain words.
 */
bool driver_is_fault(const struct http_reply *r, struct err *e);
/* The transport or the proxy lost the answer: what was asked for may have been done. */
bool driver_is_lost(const struct http_reply *r);
/* The document of a good answer; NULL with *e when there is none. The caller frees. */
struct json *driver_read(const struct http_reply *r, struct err *e);
/* A moment in seconds since 1970; NAN when missing or no date that a calendar has. */
double driver_read_time(const struct json *o, const char *path);
/* The server's own words in an error reply, cleaned; "HTTP 409" when it has none. */
void driver_error_text(const struct http_reply *r, char *dst, size_t size);
/* Sets *e from an error reply: "what: the server's own words". Returns false. */
bool driver_refuse(const struct http_reply *r, enum err_code code, const char *what, struct err *e);
/* Sets the status and its reason; returns true, for the end of a hear function. */
bool driver_tell(struct printer_state *next, enum printer_status status, const char *reason);

/* ---- state ---- */

void driver_clear_job(struct printer_state *s);		/* all unknown but the count of jobs */
void driver_clear_meta(struct printer_state *s);
void driver_clear_temps(struct printer_state *s);	/* keeps the list of heaters */
/* Extruders first, then bed, chamber, other heaters, sensors; the server's order among equals. */
void driver_sort_heaters(struct printer_state *s);
/* A path that can be sent back: nothing that cleaning would change or has put there, no "..". */
bool driver_path_is_safe(const char *path);
/* Whether the file of a delete is one that can be named and is not being printed; false with *e. */
bool driver_may_delete(const struct printer *p, const struct exchange *x, struct err *e);
/* Notes that the job's file is asked about again: a new job may be a new file of the same name. */
void driver_renew_meta(const struct printer *p, struct printer_state *next);

/* A file list is asked for only when it differs from x->known; true when the server says that it does not. */
void driver_ask_if_changed(const struct exchange *x, struct http_req *ret);
bool driver_list_unchanged(struct exchange *x, const struct http_reply *r);

#endif
