/* Shared by the files of the simulated Moonraker 0.11.0 with its Klippy. */
#ifndef SIM_MOON_H
#define SIM_MOON_H

#include <printop/json.h>
#include <sim/sim_http.h>

struct moon {
	struct sim_printer *p;
	const struct sim_request *q;
	double at;
	struct sim_reply *r;
	struct jw w;
	const struct json *args;	/* the body, or the params of a JSON-RPC call; NULL none */
	const char *tail;		/* of the path behind the route's prefix */
	unsigned status;		/* of a failure, 0 none */
	struct sbuf text;		/* its message */
	bool vague;			/* uploads say "Bad Request" whatever was wrong */
};

/*
 * A handler writes one value by the name "result" (uploads: the root) and returns true, or returns
 * moon_fail(), which is false, before it has written anything.
 */
bool moon_fail(struct moon *m, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *moon_arg(const struct moon *m, const char *name);	/* NULL when missing */
int64_t moon_arg_int(const struct moon *m, const char *name, int64_t unknown);

const char *klippy_state(const struct sim_printer *p);
void klippy_message(const struct sim_printer *p, struct sbuf *b);

bool moon_printer_info(struct moon *m);
bool moon_objects_list(struct moon *m);
bool moon_objects_query(struct moon *m);

bool moon_files_list(struct moon *m);
bool moon_directory(struct moon *m);
bool moon_metadata(struct moon *m);
bool moon_roots(struct moon *m);
bool moon_upload(struct moon *m);
bool moon_delete(struct moon *m);
bool moon_history_list(struct moon *m);
bool moon_history_totals(struct moon *m);

#endif
