/* Shared by the two files of the simulated OctoPrint 1.11.8. */
#ifndef SIM_OCTO_H
#define SIM_OCTO_H

#include <printop/json.h>
#include <sim/sim_http.h>

struct octo {
	struct sim_printer *p;
	const struct sim_request *q;
	double at;
	struct sim_reply *r;
	struct jw w;
	struct json *json;	/* of a POST, NULL otherwise */
	const char *tail;	/* of the path behind the route's prefix */
};

void octo_error(struct octo *o, unsigned status, const char *text);
void octo_not_found(struct octo *o);
void octo_done(struct octo *o);		/* 204 */
void octo_bad_command(struct octo *o);	/* 400 */
const char *octo_command(const struct octo *o);	/* "command" of the body, "" when missing */
/* False when the serial port is closed: it has answered 409. */
bool octo_operational(struct octo *o);

extern const char *const octo_state_text[SIM_PHASE_N];

void octo_get_printer(struct octo *o);
void octo_get_tool(struct octo *o);
void octo_get_bed(struct octo *o);
void octo_get_error(struct octo *o);
void octo_post_command(struct octo *o);
void octo_post_tool(struct octo *o);
void octo_post_bed(struct octo *o);
void octo_post_printhead(struct octo *o);
void octo_get_connection(struct octo *o);
void octo_post_connection(struct octo *o);

void octo_keys_probe(struct octo *o);
void octo_keys_request(struct octo *o);
void octo_keys_poll(struct octo *o);

void octo_files_get(struct octo *o);
void octo_files_post(struct octo *o);
void octo_files_delete(struct octo *o);
void octo_upload(struct octo *o);

#endif
