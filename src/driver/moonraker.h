/* The parts of the Moonraker driver: what it hears and what it sends. */
#ifndef PRINTOP_MOONRAKER_H
#define PRINTOP_MOONRAKER_H

#include "driver_util.h"

bool moonraker_hear(const struct printer *p, enum topic_id t, const struct http_reply *r,
		    struct printer_state *next, const struct history_sink *sink, struct err *e);
enum exchange_next moonraker_step(const struct printer *p, struct exchange *x,
				  const struct http_reply *prev, struct http_req *ret, struct err *e);
enum exchange_next moonraker_introduce(struct introduction *in, const struct http_reply *prev,
				       struct http_req *ret, struct err *e);
enum exchange_next moonraker_claim(struct claim *c, const struct http_reply *prev,
				   struct http_req *ret, struct err *e);

/* status: the objects of a query. Before the job, its file and the status must have been read. */
void moonraker_read_heaters(const struct json *status, struct printer_state *next);
void moonraker_read_file(const struct json *status, struct printer_state *next);
void moonraker_read_job(const struct json *status, struct printer_state *next);

bool moonraker_hear_objects(const struct printer *p, const struct json *root,
			    struct printer_state *next, struct err *e);
bool moonraker_hear_history(const struct json *root, struct printer_state *next,
			    const struct history_sink *sink, struct err *e);
/* root NULL: the server has none. */
bool moonraker_hear_metadata(const struct json *root, struct printer_state *next, struct err *e);

#endif
