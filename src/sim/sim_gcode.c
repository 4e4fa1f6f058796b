/* The few G-code commands that a simulated printer understands. */
#include <sim/sim_printer.h>

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define MAX_EXTRUDER_C 300
#define MAX_BED_C 130

struct gcode {
	struct sim_printer *p;
	double at, done;
	const char *args;
	char *error;
};

/* The number behind a letter, or behind "NAME=". */
static double arg(const struct gcode *g, const char *name, double unknown)
{
	const char *at = strstr(g->args, name);

	return at ? strtod(at + strlen(name), NULL) : unknown;
}

static bool refuse(struct gcode *g, const char *text)
{
	str_copy(g->error, 120, text);
	return false;
}

static bool set_heater(struct gcode *g, struct heater_sim *h, double target, double max, bool wait)
{
	if (!(target >= 0 && target <= max)) {
		str_printf(g->error, 120, "Requested temperature (%.1f) out of range (0.0:%.1f)",
			   target, max);
		return false;
	}
	heat_set(h, g->at, target);
	if (wait)
		g->done = g->at + heat_wait_s(h, g->at);
	return true;
}

static bool do_m104(struct gcode *g)
{
	return set_heater(g, &g->p->extruder, arg(g, "S", 0), MAX_EXTRUDER_C, false);
}

static bool do_m109(struct gcode *g)
{
	return set_heater(g, &g->p->extruder, arg(g, "S", 0), MAX_EXTRUDER_C, true);
}

static bool do_m140(struct gcode *g)
{
	return set_heater(g, &g->p->bed, arg(g, "S", 0), MAX_BED_C, false);
}

static bool do_m190(struct gcode *g)
{
	return set_heater(g, &g->p->bed, arg(g, "S", 0), MAX_BED_C, true);
}

static bool do_set_heater(struct gcode *g)
{
	if (strstr(g->args, "HEATER=extruder"))
		return set_heater(g, &g->p->extruder, arg(g, "TARGET=", 0), MAX_EXTRUDER_C, false);
	if (strstr(g->args, "HEATER=heater_bed"))
		return set_heater(g, &g->p->bed, arg(g, "TARGET=", 0), MAX_BED_C, false);
	return refuse(g, "The value for HEATER is not valid");
}

static bool do_heaters_off(struct gcode *g)
{
	heat_set(&g->p->extruder, g->at, 0);
	heat_set(&g->p->bed, g->at, 0);
	return true;
}

static bool do_fan(struct gcode *g)
{
	g->p->fan = fmin(fmax(arg(g, "S", 255) / 255, 0), 1);
	return true;
}

static bool do_fan_off(struct gcode *g)
{
	g->p->fan = 0;
	return true;
}

static bool do_speed(struct gcode *g)
{
	double percent = arg(g, "S", 100);

	if (!(percent >= 1 && percent <= 1000))
		return refuse(g, "Error on M220: S must be above 0");
	sim_set_speed(g->p, g->at, percent / 100);
	return true;
}

static bool do_flow(struct gcode *g)
{
	g->p->flow = fmin(fmax(arg(g, "S", 100) / 100, 0.01), 10);
	return true;
}

static bool do_message(struct gcode *g)
{
	str_copy(g->p->message, sizeof(g->p->message), g->args + (*g->args == ' '));
	return true;
}

static bool do_home(struct gcode *g)
{
	sim_busy(g->p, g->at, 6);
	g->done = g->at + 6;
	return true;
}

static bool do_dwell(struct gcode *g)
{
	double for_s = arg(g, "S", arg(g, "P", 0) / 1000);

	for_s = fmin(fmax(for_s, 0), 600);
	sim_busy(g->p, g->at, for_s);
	g->done = g->at + for_s;
	return true;
}

static bool do_move(struct gcode *g)
{
	if (arg(g, "X", 0) > 400 || arg(g, "Y", 0) > 400 || arg(g, "Z", 0) > 400)
		return refuse(g, "Move out of range: 999.000 100.400 0.200 [65.321]");
	return true;
}

static bool do_pause(struct gcode *g)
{
	g->done = sim_pause(g->p, g->at);
	return true;
}

static bool do_resume(struct gcode *g)
{
	g->done = sim_resume(g->p, g->at);
	return true;
}

static bool do_cancel(struct gcode *g)
{
	g->done = sim_cancel(g->p, g->at);
	return true;
}

static bool do_stop(struct gcode *g)
{
	sim_halt(g->p, g->at, "Shutdown due to M112 command");
	return true;
}

static bool do_nothing(struct gcode *g)
{
	(void)g;
	return true;
}

static const struct {
	const char *name;
	bool (*fn)(struct gcode *g);
} commands[] = {
	{ "CANCEL_PRINT", do_cancel },
	{ "G0", do_move },
	{ "G1", do_move },
	{ "G28", do_home },
	{ "G4", do_dwell },
	{ "G90", do_nothing },
	{ "G91", do_nothing },
	{ "M104", do_m104 },
	{ "M105", do_nothing },
	{ "M106", do_fan },
	{ "M107", do_fan_off },
	{ "M109", do_m109 },
	{ "M112", do_stop },
	{ "M115", do_nothing },
	{ "M117", do_message },
	{ "M140", do_m140 },
	{ "M190", do_m190 },
	{ "M220", do_speed },
	{ "M221", do_flow },
	{ "M400", do_nothing },
	{ "PAUSE", do_pause },
	{ "RESTORE_GCODE_STATE", do_nothing },
	{ "RESUME", do_resume },
	{ "SAVE_GCODE_STATE", do_nothing },
	{ "SET_HEATER_TEMPERATURE", do_set_heater },
	{ "TURN_OFF_HEATERS", do_heaters_off },
};

static bool run_line(struct gcode *g, char *line)
{
	size_t len = strcspn(line, " ;");
	char text[120];

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strlen(commands[i].name) != len || strncmp(line, commands[i].name, len) != 0)
			continue;
		g->args = line + len;
		return commands[i].fn(g);
	}
	/* Klipper answers 200 all the same; only the console says it. */
	str_printf(text, sizeof(text), "// Unknown command:\"%.*s\"", (int)(len < 60 ? len : 60), line);
	sim_say(g->p, g->at, true, text);
	return true;
}

bool sim_gcode(struct sim_printer *p, double at, const char *script, double *done, char error[120])
{
	struct gcode g = { .p = p, .at = at, .done = at, .error = error };
	char *copy = mem_strdup(script), *rest = copy, *line;
	bool ok = true;

	error[0] = '\0';
	while (ok && (line = str_token(&rest, "\r\n"))) {
		line = str_trim(line);
		if (!*line || *line == ';')
			continue;
		sim_say(p, at, false, line);
		ok = run_line(&g, line);
		g.at = fmax(g.at, g.done);
		if (!ok) {
			char text[130];

			str_printf(text, sizeof(text), "!! %s", error);
			sim_say(p, at, true, text);
		}
	}
	free(copy);
	*done = g.done;
	return ok;
}
