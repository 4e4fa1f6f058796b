/* The parts of the OctoPrint driver: what it hears and what it sends. */
#ifndef PRINTOP_OCTOPRINT_H
#define PRINTOP_OCTOPRINT_H

#include "driver_util.h"

bool octoprint_hear(const struct printer *p, enum topic_id t, const struct http_reply *r,
		    struct printer_state *next, const struct history_sink *sink, struct err *e);
enum exchange_next octoprint_step(const struct printer *p, struct exchange *x,
				  const struct http_reply *prev, struct http_req *ret, struct err *e);
enum exchange_next octoprint_introduce(struct introduction *in, const struct http_reply *prev,
				       struct http_req *ret, struct err *e);
enum exchange_next octoprint_claim(struct claim *c, const struct http_reply *prev,
				   struct http_req *ret, struct err *e);
/* "full", "read-only", "protected", or "" for something between: what /api/currentuser allows. */
const char *octoprint_read_access(const struct json *root);
/* Files on the printer's own SD card are shown, and asked for, as "sdcard:NAME". */
#define OCTOPRINT_SD "sdcard:"
/* Reads /api/files into l. */
bool octoprint_read_files(const struct http_reply *r, struct file_list *l, struct err *e);

#endif
