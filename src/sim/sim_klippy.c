/* Klippy's side of the simulated Moonraker: printer info and the status objects. */
#include <sim/moon.h>

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define GCODES "/home/pi/printer_data/gcodes"

const char *klippy_state(const struct sim_printer *p)
{
	if (p->phase == SIM_OFF)
		return "disconnected";
	if (p->phase == SIM_CONNECTING)
		return "startup";
	if (p->phase == SIM_HALTED)
		return p->config_error ? "error" : "shutdown";
	return "ready";
}

void klippy_message(const struct sim_printer *p, struct sbuf *b)
{
	if (p->phase == SIM_CONNECTING)
		sbuf_adds(b, "\nPrinter is not ready\nThe klippy host software is attempting to connect."
			  "  Please\nretry in a few moments.\n");
	else if (p->phase != SIM_HALTED)
		sbuf_adds(b, "Printer is ready");
	else
		sbuf_addf(b, "%s\nOnce the underlying issue is corrected, use the\n"
			  "\"FIRMWARE_RESTART\" command to reset the firmware.\n%s\n", p->reason,
			  p->config_error ? "Printer is halted" : "Printer is shutdown");
}

bool moon_printer_info(struct moon *m)
{
	struct sbuf text = SBUF_INIT(2048);
	struct jw *w = &m->w;

	klippy_message(m->p, &text);
	jw_object(w, "result");
	jw_str(w, "state", klippy_state(m->p));
	jw_str(w, "state_message", sbuf_str(&text));
	jw_str(w, "hostname", m->p->name);
	jw_str(w, "klipper_path", "/home/pi/klipper");
	jw_str(w, "python_path", "/home/pi/klippy-env/bin/python");
	jw_int(w, "process_id", 700 + m->p->seed % 300);
	jw_int(w, "user_id", 1000);
	jw_int(w, "group_id", 1000);
	jw_str(w, "log_file", "/home/pi/printer_data/logs/klippy.log");
	jw_str(w, "config_file", "/home/pi/printer_data/config/printer.cfg");
	jw_str(w, "software_version", "v0.13.0-730-g84104bbbd");
	jw_str(w, "cpu_info", "4 core ARMv7 Processor rev 3 (v7l)");
	jw_end_object(w);
	sbuf_done(&text);
	return true;
}

/* ---- the values behind the objects ---- */

struct k_heater {
	double temperature, target, power, pressure_advance, smooth_time;
	bool can_extrude;
	const char *motion_queue;
};

struct k_sensor {
	double temperature, min, max;
};

struct klippy {
	const char *state, *message;
	const char *filename, *job_state, *job_message;
	double total_s, print_s, filament_mm;
	int64_t layer, layers;		/* -1 null */
	const char *file_path;
	double progress, display_progress;
	int64_t file_position, file_size;
	bool active, paused;
	const char *display, *idle;
	double printing_time, idle_timeout;
	struct k_heater extruder, bed;
	struct k_sensor chamber, host, mcu;
	double position[4], speed, flow, fan, velocity, e_velocity, print_time, sysload;
	const char *homed, *tool;
	bool filament_detected, filament_enabled;
	const char *monitors, *heaters, *sensors;	/* JSON text */
	char path[600];
	struct sbuf text;
};

static const char *job_state(const struct sim_printer *p)
{
	static const char *const by_result[] = { [SIM_NO_JOB] = "standby",
		[SIM_COMPLETE] = "complete", [SIM_CANCELLED] = "cancelled", [SIM_FAILED] = "error" };

	if (p->phase == SIM_PAUSED || p->phase == SIM_RESUMING)
		return "paused";
	if (sim_job_active(p))
		return "printing";
	/* After a shutdown in a print Klipper says "paused": clients must look at webhooks first. */
	if (p->phase == SIM_HALTED && p->job.file.path && p->result == SIM_NO_JOB)
		return "paused";
	return by_result[p->result];
}

static void fill_job(struct klippy *k, const struct sim_printer *p, double at)
{
	const struct sim_file *f = &p->job.file;
	struct sim_view v;
	bool kept = f->path && p->result != SIM_COMPLETE && p->result != SIM_CANCELLED;

	sim_look(p, at, &v);
	k->filename = f->path ? f->path : "";
	k->job_state = job_state(p);
	k->job_message = p->result == SIM_FAILED ? p->reason : "";
	k->total_s = v.total_s;
	k->print_s = v.printed_s;
	k->filament_mm = v.filament_mm;
	k->layers = f->path && f->analysed ? f->layers : -1;
	k->layer = f->path && f->analysed ? v.layer : -1;
	if (kept) {
		str_printf(k->path, sizeof(k->path), GCODES "/%s", f->path);
		k->file_path = k->path;
	}
	if (kept || p->result == SIM_COMPLETE) {
		k->file_size = f->size;
		k->file_position = p->result == SIM_COMPLETE ? f->size : (int64_t)v.file_position;
		k->progress = f->size ? (double)k->file_position / (double)f->size : 0;
		k->display_progress = p->result == SIM_COMPLETE ? 1 : floor(v.progress * 100) / 100;
	}
	k->active = p->phase == SIM_HEATING || p->phase == SIM_PRINTING;
	k->printing_time = sim_job_active(p) ? v.total_s : 0;
	k->position[0] = v.x;
	k->position[1] = v.y;
	k->position[2] = v.z;
	k->position[3] = v.filament_mm;
	k->velocity = v.velocity;
	k->e_velocity = v.velocity * 0.033;
}

static void fill_heater(struct k_heater *k, const struct heater_sim *h, double at)
{
	struct heat_now now = heat_at(h, at);

	k->temperature = round(now.actual_c * 100) / 100;
	k->target = now.target_c;
	k->power = now.power;
}

static struct k_sensor sensor(double c)
{
	return (struct k_sensor){ round(c * 100) / 100, fmin(c, 21.3), fmax(c, 61.8) };
}

/* Before the firmware is there Klippy reports zeroes. */
static void fill_heaters(struct klippy *k, const struct sim_printer *p, double at)
{
	k->extruder.smooth_time = k->extruder.pressure_advance = 0.04;
	if (p->phase == SIM_CONNECTING || p->config_error)
		return;
	fill_heater(&k->extruder, &p->extruder, at);
	fill_heater(&k->bed, &p->bed, at);
	k->extruder.can_extrude = k->extruder.temperature >= 170;
	k->chamber = sensor(sim_chamber_c(p, at));
	k->host = sensor(sim_host_c(p, at));
	k->mcu = sensor(sim_host_c(p, at + 77) - 5);
}

static void fill(struct klippy *k, const struct sim_printer *p, double at)
{
	memset(k, 0, sizeof(*k));
	sbuf_init(&k->text, 2048);
	klippy_message(p, &k->text);
	k->state = klippy_state(p);
	k->message = sbuf_str(&k->text);
	fill_job(k, p, at);
	fill_heaters(k, p, at);
	k->paused = p->paused_flag;
	k->display = p->message[0] ? p->message : NULL;
	k->idle = sim_job_active(p) || p->phase == SIM_BUSY ? "Printing" : p->jobs ? "Ready" : "Idle";
	k->idle_timeout = 1800;
	k->speed = p->speed;
	k->flow = p->flow;
	k->fan = p->fan;
	k->homed = p->jobs && sim_operational(p) ? "xyz" : "";
	k->tool = "extruder";
	k->print_time = at + 1e4;
	k->sysload = 0.31 + 0.1 * fabs(heat_noise(p->seed, at / 30));
	k->filament_detected = strcmp(p->message, "no filament") != 0;
	k->filament_enabled = true;
	k->heaters = "[\"heater_bed\",\"extruder\"]";
	k->monitors = "[]";
	k->sensors = p->has_chamber ?
		"[\"heater_bed\",\"temperature_sensor chamber\",\"temperature_sensor raspberry_pi\","
		"\"temperature_sensor mcu_temp\",\"extruder\"]" :
		"[\"heater_bed\",\"temperature_sensor raspberry_pi\",\"extruder\"]";
}

/* ---- the objects and their attributes ---- */

enum attr_type { NUM, INT, BOOL, STR, RAW, VEC, LAYERS, CONST };

struct attr {
	const char *name;
	enum attr_type type;
	size_t offset;		/* from the object's own base */
	const char *text;	/* CONST: the JSON */
};

#define AT(member) offsetof(struct klippy, member)
#define HEATER(member) offsetof(struct k_heater, member)
#define SENSOR(member) offsetof(struct k_sensor, member)

static const struct attr webhooks[] = {
	{ "state", STR, AT(state), NULL }, { "state_message", STR, AT(message), NULL }, { 0 },
};
static const struct attr print_stats[] = {
	{ "filename", STR, AT(filename), NULL },
	{ "total_duration", NUM, AT(total_s), NULL },
	{ "print_duration", NUM, AT(print_s), NULL },
	{ "filament_used", NUM, AT(filament_mm), NULL },
	{ "state", STR, AT(job_state), NULL },
	{ "message", STR, AT(job_message), NULL },
	{ "info", LAYERS, 0, NULL }, { 0 },
};
static const struct attr virtual_sdcard[] = {
	{ "file_path", STR, AT(file_path), NULL },
	{ "progress", NUM, AT(progress), NULL },
	{ "is_active", BOOL, AT(active), NULL },
	{ "file_position", INT, AT(file_position), NULL },
	{ "file_size", INT, AT(file_size), NULL }, { 0 },
};
static const struct attr display_status[] = {
	{ "progress", NUM, AT(display_progress), NULL },
	{ "message", STR, AT(display), NULL }, { 0 },
};
static const struct attr pause_resume[] = { { "is_paused", BOOL, AT(paused), NULL }, { 0 } };
static const struct attr idle_timeout[] = {
	{ "state", STR, AT(idle), NULL },
	{ "printing_time", NUM, AT(printing_time), NULL },
	{ "idle_timeout", NUM, AT(idle_timeout), NULL }, { 0 },
};
static const struct attr extruder[] = {
	{ "temperature", NUM, HEATER(temperature), NULL },
	{ "target", NUM, HEATER(target), NULL },
	{ "power", NUM, HEATER(power), NULL },
	{ "can_extrude", BOOL, HEATER(can_extrude), NULL },
	{ "pressure_advance", NUM, HEATER(pressure_advance), NULL },
	{ "smooth_time", NUM, HEATER(smooth_time), NULL },
	{ "motion_queue", STR, HEATER(motion_queue), NULL }, { 0 },
};
static const struct attr heater_bed[] = {
	{ "temperature", NUM, HEATER(temperature), NULL },
	{ "target", NUM, HEATER(target), NULL },
	{ "power", NUM, HEATER(power), NULL }, { 0 },
};
static const struct attr temperature_sensor[] = {
	{ "temperature", NUM, SENSOR(temperature), NULL },
	{ "measured_min_temp", NUM, SENSOR(min), NULL },
	{ "measured_max_temp", NUM, SENSOR(max), NULL }, { 0 },
};
static const struct attr heaters[] = {
	{ "available_heaters", RAW, AT(heaters), NULL },
	{ "available_sensors", RAW, AT(sensors), NULL },
	{ "available_monitors", RAW, AT(monitors), NULL }, { 0 },
};
static const struct attr fan[] = {
	{ "speed", NUM, AT(fan), NULL }, { "rpm", CONST, 0, "null" }, { 0 },
};
static const struct attr toolhead[] = {
	{ "homed_axes", STR, AT(homed), NULL },
	{ "axis_minimum", CONST, 0, "[0.0,0.0,0.0,0.0]" },
	{ "axis_maximum", CONST, 0, "[250.0,250.0,250.0,0.0]" },
	{ "print_time", NUM, AT(print_time), NULL },
	{ "stalls", CONST, 0, "0" },
	{ "estimated_print_time", NUM, AT(print_time), NULL },
	{ "extruder", STR, AT(tool), NULL },
	{ "position", VEC, AT(position), NULL },
	{ "max_velocity", CONST, 0, "300.0" },
	{ "max_accel", CONST, 0, "3000.0" },
	{ "minimum_cruise_ratio", CONST, 0, "0.5" },
	{ "square_corner_velocity", CONST, 0, "5.0" },
	{ "extra_axes", CONST, 0, "{\"extruder\":3}" }, { 0 },
};
static const struct attr gcode_move[] = {
	{ "speed_factor", NUM, AT(speed), NULL },
	{ "speed", CONST, 0, "6000.0" },
	{ "extrude_factor", NUM, AT(flow), NULL },
	{ "absolute_coordinates", CONST, 0, "true" },
	{ "absolute_extrude", CONST, 0, "true" },
	{ "homing_origin", CONST, 0, "[0.0,0.0,0.025,0.0]" },
	{ "position", VEC, AT(position), NULL },
	{ "gcode_position", VEC, AT(position), NULL },
	{ "axis_map", CONST, 0, "{\"X\":0,\"Y\":1,\"Z\":2,\"E\":3}" }, { 0 },
};
static const struct attr motion_report[] = {
	{ "live_position", VEC, AT(position), NULL },
	{ "live_velocity", NUM, AT(velocity), NULL },
	{ "live_extruder_velocity", NUM, AT(e_velocity), NULL },
	{ "steppers", CONST, 0, "[\"extruder\",\"stepper_x\",\"stepper_y\",\"stepper_z\"]" },
	{ "trapq", CONST, 0, "[\"extruder\",\"toolhead\"]" }, { 0 },
};
static const struct attr filament_sensor[] = {
	{ "filament_detected", BOOL, AT(filament_detected), NULL },
	{ "enabled", BOOL, AT(filament_enabled), NULL }, { 0 },
};
static const struct attr exclude_object[] = {
	{ "objects", CONST, 0, "[]" }, { "excluded_objects", CONST, 0, "[]" },
	{ "current_object", CONST, 0, "null" }, { 0 },
};
static const struct attr mcu[] = {
	{ "mcu_version", CONST, 0, "\"v0.13.0-730-g84104bbbd\"" },
	{ "last_stats", CONST, 0, "{\"mcu_awake\":0.004,\"freq\":180000431}" }, { 0 },
};
static const struct attr system_stats[] = {
	{ "sysload", NUM, AT(sysload), NULL }, { "cputime", NUM, AT(print_time), NULL },
	{ "memavail", CONST, 0, "1482316" }, { 0 },
};

static const struct object {
	const char *name;
	size_t base;		/* of its values in struct klippy */
	const struct attr *attrs;
	bool chamber_only;
} objects[] = {
	{ "webhooks", 0, webhooks, false },
	{ "print_stats", 0, print_stats, false },
	{ "virtual_sdcard", 0, virtual_sdcard, false },
	{ "display_status", 0, display_status, false },
	{ "idle_timeout", 0, idle_timeout, false },
	{ "pause_resume", 0, pause_resume, false },
	{ "extruder", AT(extruder), extruder, false },
	{ "heater_bed", AT(bed), heater_bed, false },
	{ "temperature_sensor chamber", AT(chamber), temperature_sensor, true },
	{ "temperature_sensor raspberry_pi", AT(host), temperature_sensor, false },
	{ "temperature_sensor mcu_temp", AT(mcu), temperature_sensor, true },
	{ "heaters", 0, heaters, false },
	{ "fan", 0, fan, false },
	{ "toolhead", 0, toolhead, false },
	{ "gcode_move", 0, gcode_move, false },
	{ "motion_report", 0, motion_report, false },
	{ "filament_switch_sensor switch", 0, filament_sensor, false },
	{ "exclude_object", 0, exclude_object, false },
	{ "mcu", 0, mcu, false },
	{ "system_stats", 0, system_stats, false },
};

static const struct object *find_object(const struct sim_printer *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (strcmp(objects[i].name, name) == 0 && (p->has_chamber || !objects[i].chamber_only))
			return &objects[i];
	return NULL;
}

bool moon_objects_list(struct moon *m)
{
	jw_object(&m->w, "result");
	jw_array(&m->w, "objects");
	for (size_t i = 0; i < ARRAY_LEN(objects); i++)
		if (m->p->has_chamber || !objects[i].chamber_only)
			jw_str(&m->w, NULL, objects[i].name);
	jw_end_array(&m->w);
	jw_end_object(&m->w);
	return true;
}

/* ---- the query ---- */

static void put_layers(struct jw *w, const char *name, const struct klippy *k)
{
	jw_object(w, name);
	if (k->layers >= 0)
		jw_int(w, "total_layer", k->layers);
	else
		jw_null(w, "total_layer");
	if (k->layer >= 0)
		jw_int(w, "current_layer", k->layer);
	else
		jw_null(w, "current_layer");
	jw_end_object(w);
}

static void put_vec(struct jw *w, const char *name, const double v[4])
{
	jw_array(w, name);
	for (int i = 0; i < 4; i++)
		jw_num(w, NULL, v[i]);
	jw_end_array(w);
}

static void put_attr(struct jw *w, const struct attr *a, const struct klippy *k, size_t base)
{
	const void *at = (const char *)k + base + a->offset;

	switch (a->type) {
	case NUM:
		jw_num(w, a->name, *(const double *)at);
		break;
	case INT:
		jw_int(w, a->name, *(const int64_t *)at);
		break;
	case BOOL:
		jw_bool(w, a->name, *(const bool *)at);
		break;
	case STR:
		jw_str(w, a->name, *(const char *const *)at);
		break;
	case RAW:
		jw_raw(w, a->name, *(const char *const *)at);
		break;
	case VEC:
		put_vec(w, a->name, at);
		break;
	case LAYERS:
		put_layers(w, a->name, k);
		break;
	case CONST:
		jw_raw(w, a->name, a->text);
		break;
	}
}

static void put_named(struct jw *w, const struct object *o, const struct klippy *k, const char *name,
		      size_t len)
{
	char copy[64];

	for (const struct attr *a = o->attrs; a->name; a++) {
		if (strncmp(a->name, name, len) == 0 && !a->name[len]) {
			put_attr(w, a, k, o->base);
			return;
		}
	}
	str_printf(copy, sizeof(copy), "%.*s", (int)(len < 60 ? len : 60), name);
	jw_null(w, copy);		/* an unknown attribute is null, not an error */
}

static void put_all(struct jw *w, const struct object *o, const struct klippy *k)
{
	for (const struct attr *a = o->attrs; a->name; a++)
		put_attr(w, a, k, o->base);
}

/* "extruder=temperature,target" in the query string; nothing behind the name is all of it. */
static void query_by_params(struct moon *m, const struct klippy *k)
{
	for (size_t i = 0; i < m->q->n_params; i++) {
		const struct sim_param *param = &m->q->params[i];
		const struct object *o = find_object(m->p, param->name);
		const char *at = param->value;

		jw_object(&m->w, param->name);
		if (o && !*at)
			put_all(&m->w, o, k);
		for (; o && *at; at += strcspn(at, ","), at += *at == ',')
			put_named(&m->w, o, k, at, strcspn(at, ","));
		jw_end_object(&m->w);
	}
}

/* {"objects": {"extruder": ["temperature"], "webhooks": null}} */
static void query_by_json(struct moon *m, const struct klippy *k, const struct json *wanted)
{
	for (const struct json *it = json_first(wanted); it; it = json_next(it)) {
		const struct object *o = find_object(m->p, json_name(it));
		char name[64];

		jw_object(&m->w, json_name(it));
		if (o && json_is_null(it))
			put_all(&m->w, o, k);
		else if (o)
			for (const struct json *a = json_first(it); a; a = json_next(a))
				if (json_str_value(a, name, sizeof(name), false))
					put_named(&m->w, o, k, name, strlen(name));
		jw_end_object(&m->w);
	}
}

static bool args_good(const struct json *wanted)
{
	for (const struct json *it = json_first(wanted); it; it = json_next(it))
		if (!json_is_null(it) && !json_is_array(it))
			return false;
	return true;
}

bool moon_objects_query(struct moon *m)
{
	const struct json *wanted = json_get(m->args, "objects");
	struct klippy k;

	if (!args_good(wanted))
		return moon_fail(m, 400, "Invalid argument");
	if (m->p->tick_s > 0 && m->p->phase != SIM_CONNECTING)
		m->r->wait_s = m->p->tick_s - fmod(m->at, m->p->tick_s);
	fill(&k, m->p, m->at);
	jw_object(&m->w, "result");
	jw_num(&m->w, "eventtime", k.print_time);
	jw_object(&m->w, "status");
	if (wanted)
		query_by_json(m, &k, wanted);
	else
		query_by_params(m, &k);
	jw_end_object(&m->w);
	jw_end_object(&m->w);
	sbuf_done(&k.text);
	return true;
}
