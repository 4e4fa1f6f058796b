/* Moonraker's replies: from Klipper's state and Moonraker's view of Klippy to ours. */
#include "moonraker.h"

#include <math.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

/* ---- motion ---- */

static double element(const struct json *array, int index)
{
	const struct json *v = json_is_array(array) ? json_first(array) : NULL;

	while (v && index-- > 0)
		v = json_next(v);
	return json_value_num(v, NAN);
}

static void read_motion(const struct json *status, struct printer_state *next)
{
	const struct json *position = json_at(status, "gcode_move.gcode_position");

	for (int i = 0; i < 3; i++)
		next->pos_mm[i] = element(position, i);
	next->z_offset_mm = element(json_at(status, "gcode_move.homing_origin"), 2);
	next->speed_factor = json_num(status, "gcode_move.speed_factor", NAN);
	next->flow_factor = json_num(status, "gcode_move.extrude_factor", NAN);
	next->fan = json_num(status, "fan.speed", NAN);
	next->live_velocity_mm_s = json_num(status, "motion_report.live_velocity", NAN);
	json_str(status, "toolhead.homed_axes", next->homed, sizeof(next->homed));
	json_str(status, "display_status.message", next->message, sizeof(next->message));
}

static void forget_left(struct job *job)
{
	job->left_s = NAN;
	job->left_source[0] = '\0';
}

/* While Klippy is not ready the objects hold zeros that mean nothing. */
static void forget_machine(struct printer_state *next)
{
	driver_clear_temps(next);
	read_motion(NULL, next);
	next->objects_known = false;
}

/* ---- state ---- */

/* Moonraker has no word for a command that waits behind running G-code; we know that we sent it. */
static enum printer_status with_pending(const struct printer *p, enum printer_status s)
{
	bool paused = s == PRINTER_PAUSED;

	if (p->pending == VERB_CANCEL + 1)
		return PRINTER_CANCELLING;
	if (p->pending == VERB_PAUSE + 1 && !paused)
		return PRINTER_PAUSING;
	if (p->pending == VERB_RESUME + 1 && paused)
		return PRINTER_RESUMING;
	return s;
}

static enum printer_status ready_status(const struct printer *p, const struct json *status)
{
	static const struct {
		const char *state;
		enum printer_status status;
	} states[] = {
		{ "", PRINTER_IDLE },	/* no [virtual_sdcard] */
		{ "standby", PRINTER_IDLE },
		{ "complete", PRINTER_COMPLETE },
		{ "cancelled", PRINTER_CANCELLED },
		{ "error", PRINTER_FAILED },
	};
	char state[32];
	bool for_picture = json_bool(json_get(status, "gcode_macro TIMELAPSE_TAKE_FRAME"),
				     "is_paused", false);

	json_str(status, "print_stats.state", state, sizeof(state));
	if (str_eq(state, "printing") || (str_eq(state, "paused") && for_picture))
		return with_pending(p, json_num(status, "print_stats.print_duration", -1) == 0 ?
					       PRINTER_PREPARING : PRINTER_PRINTING);
	if (str_eq(state, "paused"))
		return with_pending(p, PRINTER_PAUSED);
	/* "Printing" here is any motion or G-code, of no job. */
	if (str_eq(json_raw(status, "idle_timeout.state"), "Printing"))
		return PRINTER_BUSY;
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (str_eq(state, states[i].state))
			return states[i].status;
	}
	return PRINTER_BUSY;	/* a state of another version: start nothing there */
}

static bool hear_ready(const struct printer *p, const struct json *status,
		       struct printer_state *next)
{
	char reason[TEXT_CAP] = "";

	read_motion(status, next);
	moonraker_read_heaters(status, next);
	moonraker_read_file(status, next);
	next->status = ready_status(p, status);
	if (next->status == PRINTER_FAILED)
		json_str(status, "print_stats.message", reason, sizeof(reason));
	driver_renew_meta(p, next);
	moonraker_read_job(status, next);
	return driver_tell(next, next->status, reason);
}

/* Lines that say nothing of the cause. */
static bool is_filler(const char *line)
{
	return !*line || str_eq(line, "Printer is not ready") ||
	       str_eq(line, "Printer is shutdown") || str_starts(line, "Once the underlying issue");
}

/* "klippy shutdown: Heater extruder not heating at expected rate": the first line that says why. */
static void klippy_reason(const struct json *status, const char *state, char *dst, size_t size)
{
	char text[1024], *rest = text, *line;

	json_str_value(json_at(status, "webhooks.state_message"), text, sizeof(text), true);
	while ((line = str_token(&rest, "\n"))) {
		line = str_trim(line);
		if (!is_filler(line))
			break;
	}
	str_printf(dst, size, line ? "klippy %s: %s" : "klippy %s", state, line);
}

/*
 * print_stats must not be read now: it may say printing, paused or standby. What was printing stays
 * known, and how far it was.
 */
static bool hear_shutdown(const struct json *status, struct printer_state *next)
{
	char file[NAME_CAP], reason[TEXT_CAP];

	read_motion(status, next);
	moonraker_read_heaters(status, next);
	if (json_str(status, "print_stats.filename", file, sizeof(file)) && *file &&
	    !str_eq(file, next->job.file))
		moonraker_read_file(status, next);
	forget_left(&next->job);
	next->objects_known = false;
	klippy_reason(status, "shutdown", reason, sizeof(reason));
	return driver_tell(next, PRINTER_SHUTDOWN, reason);
}

static bool hear_status(const struct printer *p, const struct json *root,
			struct printer_state *next, struct err *e)
{
	const struct json *status = json_at(root, "result.status");
	char state[sizeof(next->klippy_state)], reason[TEXT_CAP];

	/* It outranks print_stats and is always there. */
	if (!json_str(status, "webhooks.state", state, sizeof(state)))
		return err_set(e, ERR_BAD_REPLY, "the query has no webhooks.state");
	next->klippy_silent = false;
	str_copy(next->klippy_state, sizeof(next->klippy_state), state);
	str_copy(next->access, sizeof(next->access), "full");
	if (str_eq(state, "ready"))
		return hear_ready(p, status, next);
	if (str_eq(state, "shutdown"))
		return hear_shutdown(status, next);
	forget_machine(next);
	driver_clear_job(next);
	if (str_eq(state, "startup"))
		return driver_tell(next, PRINTER_STARTING, "klippy is starting");
	klippy_reason(status, state, reason, sizeof(reason));
	return driver_tell(next, str_eq(state, "error") ? PRINTER_ERROR : PRINTER_UNKNOWN, reason);
}

/* ---- the server without Klippy ---- */

/* The job is lost with Klippy, but what it was, and how far, stays known. */
static bool tell_no_klippy(struct printer_state *next, const char *reason)
{
	forget_machine(next);
	forget_left(&next->job);
	return driver_tell(next, PRINTER_DISCONNECTED, reason);
}

/* 404: Klippy has not been there since Moonraker started, or comes back just now; 503: it went. */
static bool is_no_klippy(const struct http_reply *r)
{
	return r->status == 503 ||
	       (r->status == 404 && str_starts(r->content_type, "application/json"));
}

/* /server/info knows that it is starting: then that stays. */
static bool hear_query_refused(const struct printer *p, struct printer_state *next)
{
	next->klippy_silent = false;
	if (p->state.status == PRINTER_STARTING)
		return true;
	return tell_no_klippy(next, "Klippy is not connected");
}

static void read_server(const struct json *info, struct printer_state *next)
{
	char component[32];

	json_str(info, "moonraker_version", next->version, sizeof(next->version));
	next->version_tried = true;
	for (const struct json *v = json_first(json_get(info, "components")); v; v = json_next(v)) {
		json_str_value(v, component, sizeof(component), false);
		if (str_eq(component, "jsonrpc"))
			next->has_jsonrpc = true;
	}
}

static bool hear_server(const struct json *root, enum topic_id t, struct printer_state *next,
			struct err *e)
{
	const struct json *info = json_get(root, "result");

	if (!json_is_object(info) || !json_raw(info, "klippy_state"))
		return err_set(e, ERR_BAD_REPLY, "/server/info has no klippy_state");
	read_server(info, next);
	/* Of a Klippy that answers it may still say "startup". */
	if (t != TOPIC_SERVER)
		return true;
	json_str(info, "klippy_state", next->klippy_state, sizeof(next->klippy_state));
	if (str_eq(next->klippy_state, "disconnected") ||
	    !json_bool(info, "klippy_connected", true))
		return tell_no_klippy(next, "Klippy is not connected");
	if (str_eq(next->klippy_state, "startup")) {
		forget_machine(next);
		return driver_tell(next, PRINTER_STARTING, "klippy is starting");
	}
	/* It says "ready" of a hung Klippy as of a good one: then the query has the word. */
	if (!next->klippy_silent)
		return true;
	return tell_no_klippy(next, "Klippy does not answer (Moonraker does)");
}

/* ---- all ---- */

static bool hear_unauthorized(const struct printer *p, enum topic_id t, struct printer_state *next,
			      struct err *e)
{
	const char *text = secret_is_set(&p->config.key) ? "401: key refused" :
							   "401: this server wants a key";

	err_set(e, ERR_AUTH, "%s", text);
	if (t != TOPIC_STATUS && t != TOPIC_SERVER)
		return false;
	str_copy(next->access, sizeof(next->access), "protected");
	next->klippy_silent = false;
	return driver_tell(next, PRINTER_UNAUTHORIZED, text);
}

static bool hear_no_answer(enum topic_id t, const struct http_reply *r, struct printer_state *next,
			   struct err *e)
{
	struct err fault;

	/* Moonraker waits for Klippy without a limit: /server/info tells which of them hangs. */
	if (t == TOPIC_STATUS && r->fault == HTTP_FAULT_TIMEOUT) {
		err_set(e, ERR_TIMEOUT, "no answer in time");
		next->klippy_silent = true;
		return true;
	}
	if (t == TOPIC_STATUS || t == TOPIC_SERVER)
		return driver_hear_fault(r, next, e);
	driver_is_fault(r, &fault);
	return err_set(e, fault.code, "%s", fault.text);
}

static bool hear_document(const struct printer *p, enum topic_id t, const struct json *root,
			  struct printer_state *next, const struct history_sink *sink,
			  struct err *e)
{
	switch (t) {
	case TOPIC_STATUS:
		return hear_status(p, root, next, e);
	case TOPIC_SERVER:
	case TOPIC_VERSION:
		return hear_server(root, t, next, e);
	case TOPIC_OBJECTS:
		return moonraker_hear_objects(p, root, next, e);
	case TOPIC_METADATA:
		return moonraker_hear_metadata(root, next, e);
	case TOPIC_HISTORY:
		return moonraker_hear_history(root, next, sink, e);
	case TOPIC_TEMPS:
	case TOPIC_USER:
	case TOPIC_N:
		break;
	}
	return err_set(e, ERR_INTERNAL, "Moonraker has no such topic");
}

bool moonraker_hear(const struct printer *p, enum topic_id t, const struct http_reply *r,
		    struct printer_state *next, const struct history_sink *sink, struct err *e)
{
	struct err fault;
	struct json *root;
	bool ok;

	err_clear(e);
	if (driver_is_fault(r, &fault))
		return hear_no_answer(t, r, next, e);
	if (r->status == 401)
		return hear_unauthorized(p, t, next, e);
	if (t == TOPIC_STATUS && is_no_klippy(r))
		return hear_query_refused(p, next);
	if (t == TOPIC_METADATA && r->status == 404)
		return moonraker_hear_metadata(NULL, next, e);
	root = driver_read(r, e);
	if (!root)
		return false;
	ok = hear_document(p, t, root, next, sink, e);
	json_free(root);
	return ok;
}
