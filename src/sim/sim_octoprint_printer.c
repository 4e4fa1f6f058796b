/* OctoPrint 1.11.8: temperatures, printer commands and the serial connection. */
#include <sim/octo.h>

#include <math.h>
#include <string.h>
#include <printop/str.h>

#define HISTORY_STEP_S 5.0
#define HISTORY_SPAN_S 1800.0
#define HISTORY_LIMIT 300

static void heater(struct jw *w, const char *name, struct heat_now now, bool offset)
{
	jw_object(w, name);
	jw_num(w, "actual", round(now.actual_c * 10) / 10);
	if (offset)
		jw_int(w, "offset", 0);
	jw_num(w, "target", now.target_c);
	jw_end_object(w);
}

static struct heat_now chamber(const struct octo *o, double at)
{
	return (struct heat_now){ .actual_c = sim_chamber_c(o->p, at), .target_c = NAN };
}

static void history(struct octo *o)
{
	const char *text = sim_param(o->q, "limit");
	int64_t limit = HISTORY_LIMIT, have;
	double newest = floor(o->at / HISTORY_STEP_S) * HISTORY_STEP_S;
	struct jw *w = &o->w;

	if (text && (!str_to_int64(text, &limit) || limit < 0))
		limit = HISTORY_LIMIT;
	have = (int64_t)(fmin(HISTORY_SPAN_S, o->at - o->p->up_since) / HISTORY_STEP_S);
	if (limit == 0 || limit > have)		/* 0 is "all", not "none" */
		limit = have;
	jw_array(w, "history");
	for (int64_t i = limit - 1; i >= 0; i--) {
		double at = newest - (double)i * HISTORY_STEP_S;

		jw_object(w, NULL);
		heater(w, "bed", heat_at(&o->p->bed, at), false);
		if (o->p->has_chamber)
			heater(w, "chamber", chamber(o, at), false);
		jw_int(w, "time", (int64_t)(o->p->wall0 + at));
		heater(w, "tool0", heat_at(&o->p->extruder, at), false);
		jw_end_object(w);
	}
	jw_end_array(w);
}

static void temperature_part(struct octo *o)
{
	bool known = !o->p->hung && o->at - o->p->up_since >= 1;
	struct jw *w = &o->w;

	jw_object(w, "temperature");
	if (known) {
		heater(w, "bed", heat_at(&o->p->bed, o->at), true);
		if (o->p->has_chamber)
			heater(w, "chamber", chamber(o, o->at), true);
	}
	if (sim_is(sim_param(o->q, "history"), "true"))
		history(o);
	if (known)
		heater(w, "tool0", heat_at(&o->p->extruder, o->at), true);
	jw_end_object(w);
}

static void state_part(struct octo *o)
{
	enum sim_phase phase = o->p->phase;
	struct jw *w = &o->w;

	jw_object(w, "state");
	jw_str(w, "error", "");
	jw_object(w, "flags");
	jw_bool(w, "cancelling", phase == SIM_CANCELLING);
	jw_bool(w, "closedOrError", false);
	jw_bool(w, "error", false);
	jw_bool(w, "finishing", phase == SIM_FINISHING);
	jw_bool(w, "operational", true);
	jw_bool(w, "paused", phase == SIM_PAUSED);
	jw_bool(w, "pausing", phase == SIM_PAUSING);
	jw_bool(w, "printing", sim_job_active(o->p) && phase != SIM_PAUSED);
	jw_bool(w, "ready", !sim_job_active(o->p));
	jw_bool(w, "resuming", phase == SIM_RESUMING);
	jw_bool(w, "sdReady", true);
	jw_end_object(w);
	jw_str(w, "text", octo_state_text[phase]);
	jw_end_object(w);
}

/* Is name in the comma list of "exclude"? */
static bool excluded(const struct octo *o, const char *name)
{
	const char *list = sim_param(o->q, "exclude");
	size_t len = strlen(name);

	for (; list && *list; list += strcspn(list, ","), list += *list == ',')
		if (strncmp(list, name, len) == 0 && (list[len] == ',' || !list[len]))
			return true;
	return false;
}

void octo_get_printer(struct octo *o)
{
	if (!octo_operational(o))
		return;
	jw_object(&o->w, NULL);
	if (!excluded(o, "sd")) {
		jw_object(&o->w, "sd");
		jw_bool(&o->w, "ready", true);
		jw_end_object(&o->w);
	}
	if (!excluded(o, "state"))
		state_part(o);
	if (!excluded(o, "temperature"))
		temperature_part(o);
	jw_end_object(&o->w);
}

void octo_get_tool(struct octo *o)
{
	if (!octo_operational(o))
		return;
	jw_object(&o->w, NULL);
	heater(&o->w, "tool0", heat_at(&o->p->extruder, o->at), true);
	jw_end_object(&o->w);
}

void octo_get_bed(struct octo *o)
{
	if (!octo_operational(o))
		return;
	jw_object(&o->w, NULL);
	heater(&o->w, "bed", heat_at(&o->p->bed, o->at), true);
	jw_end_object(&o->w);
}

void octo_get_error(struct octo *o)
{
	bool firmware = o->p->phase == SIM_HALTED && !strstr(o->p->reason, "M112");

	jw_object(&o->w, NULL);
	if (firmware)
		jw_str(&o->w, "consequence", "emergency");
	jw_str(&o->w, "error", firmware ? o->p->reason : "");
	if (firmware) {
		jw_str(&o->w, "faq", "firmware-thermal-runaway");
		jw_array(&o->w, "logs");
		jw_str(&o->w, NULL, "Recv: ok");
		jw_str(&o->w, NULL, "Recv: Error:Printer halted. kill() called!");
		jw_str(&o->w, NULL, "Changing monitoring state from \"Operational\" to \"Error\"");
		jw_end_array(&o->w);
	}
	jw_str(&o->w, "reason", firmware ? "firmware" : "");
	jw_end_object(&o->w);
}

static void run_command(struct octo *o, const char *line)
{
	char error[120];
	double done;

	if (str_starts(line, "M112"))
		sim_halt(o->p, o->at, "Closing serial port due to emergency stop M112.");
	else
		sim_gcode(o->p, o->at, line, &done, error);
}

void octo_post_command(struct octo *o)
{
	const struct json *many = json_get(o->json, "commands"), *one;
	const char *single = json_raw(o->json, "command");
	char line[256];

	if ((single != NULL) == json_is_array(many)) {
		octo_error(o, 400, "Expected either \"command\", \"commands\" or \"script\"");
		return;
	}
	if (!octo_operational(o))
		return;
	if (single)
		run_command(o, single);
	for (one = json_first(many); one; one = json_next(one))
		if (json_str_value(one, line, sizeof(line), false) && sim_operational(o->p))
			run_command(o, line);
	octo_done(o);
}

/* A target for a heater; negative ones are a server error, as in 1.11.8. */
static void post_target(struct octo *o, struct heater_sim *h, const struct json *value)
{
	double target = json_value_num(value, NAN);

	if (!octo_operational(o))
		return;
	if (strcmp(octo_command(o), "target") != 0) {
		octo_bad_command(o);
	} else if (isnan(target)) {
		octo_error(o, 400, "Not a number");
	} else if (target < 0) {
		octo_error(o, 500, "The server encountered an internal error");
	} else {
		heat_set(h, o->at, target);
		octo_done(o);
	}
}

void octo_post_tool(struct octo *o)
{
	const struct json *target = json_at(o->json, "targets.tool0");

	post_target(o, &o->p->extruder, target ? target : json_at(o->json, "targets.tool"));
}

void octo_post_bed(struct octo *o)
{
	post_target(o, &o->p->bed, json_get(o->json, "target"));
}

void octo_post_printhead(struct octo *o)
{
	char error[120];
	double done;

	if (!octo_operational(o))
		return;
	if (sim_job_active(o->p) && o->p->phase != SIM_PAUSED) {
		octo_error(o, 409, "Printer is currently printing");
		return;
	}
	if (strcmp(octo_command(o), "home") == 0)
		sim_gcode(o->p, o->at, "G28", &done, error);
	octo_done(o);
}

/* ---- the connection ---- */

void octo_get_connection(struct octo *o)
{
	bool open = o->p->phase != SIM_OFF && o->p->phase != SIM_HALTED;
	struct jw *w = &o->w;

	jw_object(w, NULL);
	jw_object(w, "current");
	jw_raw(w, "baudrate", open ? "115200" : "null");
	jw_str(w, "port", open ? "/dev/ttyUSB0" : NULL);
	jw_str(w, "printerProfile", "_default");
	jw_str(w, "state", open ? octo_state_text[o->p->phase] : "Closed");
	jw_end_object(w);
	jw_object(w, "options");
	jw_int(w, "baudratePreference", 115200);
	jw_raw(w, "baudrates", "[250000, 115200, 57600]");
	jw_str(w, "portPreference", "/dev/ttyUSB0");
	jw_raw(w, "ports", "[\"/dev/ttyUSB0\"]");
	jw_str(w, "printerProfilePreference", "_default");
	jw_raw(w, "printerProfiles", "[{\"id\": \"_default\", \"name\": \"Default\"}]");
	jw_end_object(w);
	jw_end_object(w);
}

void octo_post_connection(struct octo *o)
{
	const char *port = json_raw(o->json, "port");

	if (strcmp(octo_command(o), "connect") == 0) {
		if (port && strcmp(port, "AUTO") != 0 && strcmp(port, "/dev/ttyUSB0") != 0) {
			octo_error(o, 400, "port is invalid");
			return;
		}
		sim_connect(o->p, o->at);
	} else if (strcmp(octo_command(o), "disconnect") == 0) {
		sim_disconnect(o->p, o->at);
	} else {
		octo_bad_command(o);
		return;
	}
	octo_done(o);
}
