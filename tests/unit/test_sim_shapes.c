/* The simulated servers against recordings of the real ones: the same members, of the same types. */
#include <stdio.h>
#include <printop/path.h>
#include "sim_rig.h"

static const struct row {
	enum sim_dialect dialect;
	const char *recording;		/* below tests/fixtures, without .json */
	const char *scene;
	double at;			/* moment of the request */
	const char *request;		/* "GET /path" */
	const char *body;
	const char *missing;		/* members that a client does not need, "" none */
	const char *extra;		/* members that come from another slicer, "" none */
} rows[] = {
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-idle", "idle", 0, "GET /api/job", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-printing-50", "printing", 0, "GET /api/job", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-finished", "complete", 0, "GET /api/job", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-cancelled", "cancelled", 0, "GET /api/job", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-paused", "paused", 0, "GET /api/job", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-error-printing", "thermal", 0, "GET /api/job", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-disconnected", "disconnected", 0, "GET /api/job", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/printer-printing-50", "printing", 0, "GET /api/printer", NULL, "",
	  "chamber" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/printer-paused", "paused", 0, "GET /api/printer", NULL, "", "chamber" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/printer-hist-paused", "paused", 0,
	  "GET /api/printer?history=true&limit=5", NULL, "", "chamber" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/printer-disconnected", "disconnected", 0, "GET /api/printer", NULL,
	  "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/version-userkey", "idle", 0, "GET /api/version", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/currentuser-userkey", "idle", 0, "GET /api/currentuser", NULL, "", "" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/files-recursive", "idle", 0, "GET /api/files?recursive=true", NULL,
	  "printingArea travelArea travelDimensions hash", "prints" },
	{ SIM_OCTOPRINT, "octoprint/1.11.8/job-cancel-idle", "idle", 0, "POST /api/job",
	  "{\"command\":\"cancel\"}", "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-idle", "idle", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-printing-50", "printing", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-print-heating-bed", "preparing", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-paused", "paused", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-complete", "complete", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-cancelled", "cancelled", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-print-error", "failed", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-estop", "shutdown", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-mcu-gone", "starting", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-all-heaters", "idle", 0, "GET /printer/objects/query?heaters", NULL,
	  "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-noklippy", "klippy-down", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/query-klippy-killed", "disconnected", 0, "QUERY", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/server-info-printing-layer1", "printing", 0, "GET /server/info", NULL,
	  "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/server-info-noklippy", "klippy-down", 0, "GET /server/info", NULL, "",
	  "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/metadata", "idle", 0,
	  "GET /server/files/metadata?filename=bracket_x12.gcode", NULL, "filament_colors extruder_colors "
	  "filament_temps referenced_tools filament_weights thumbnails", "layer_count" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/files-list", "idle", 0, "GET /server/files/list?root=gcodes", NULL, "",
	  "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/directory", "idle", 0, "GET /server/files/directory?path=gcodes", NULL,
	  "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/access-info-trusted-nokey", "idle", 0, "GET /access/info", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/temperature-store-full", "printing", 0, "GET /server/temperature_store",
	  NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/print-start-missing", "idle", 0,
	  "POST /printer/print/start?filename=missing.gcode", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/print-start-ok", "idle", 0,
	  "POST /printer/print/start?filename=bracket_x12.gcode", NULL, "", "" },
	{ SIM_MOONRAKER, "moonraker/0.11.0/jsonrpc-badmethod", "idle", 0, "POST /server/jsonrpc",
	  "{\"jsonrpc\":\"2.0\",\"method\":\"no.such\",\"id\":2}", "", "" },
};

#define QUERY "GET /printer/objects/query?webhooks&print_stats&virtual_sdcard&display_status&pause_resume" \
	"&idle_timeout&extruder&heater_bed&toolhead&gcode_move&fan&exclude_object"

static const char *kind(const struct json *v)
{
	return json_is_object(v) ? "object" : json_is_array(v) ? "array" : json_is_string(v) ? "string" :
		json_is_num(v) ? "number" : json_is_null(v) ? "null" : "boolean";
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len)
		if ((at == list || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static void compare(const struct row *row, const struct json *real, const struct json *sim, const char *path);

/* Every member of a must be in b; those in both are compared once, when a is the recording. */
static void members(const struct row *row, const struct json *a, const struct json *b, const char *path,
		    bool forth)
{
	for (const struct json *it = json_first(a); it; it = json_next(it)) {
		const struct json *other = json_get(b, json_name(it));
		char name[300];

		str_printf(name, sizeof(name), "%s.%s", path, json_name(it));
		if (!other && !listed(forth ? row->missing : row->extra, json_name(it)))
			fail_msg("%s: %s is only in the %s", row->recording, name,
				 forth ? "recording" : "simulation");
		if (other && forth)
			compare(row, it, other, name);
	}
}

/* The temperature store's members are the printer's own sensors; lists of text may be longer or empty. */
static void compare(const struct row *row, const struct json *real, const struct json *sim, const char *path)
{
	bool objects = json_is_object(real) && json_is_object(sim);

	if (json_is_null(real) || json_is_null(sim))
		return;			/* unknown on either side */
	if (strcmp(kind(real), kind(sim)) != 0)
		fail_msg("%s: %s is a %s, not a %s", row->recording, path, kind(sim), kind(real));
	if (objects && json_count(sim) && json_count(real)) {
		members(row, real, sim, path, true);
		members(row, sim, real, path, false);
	} else if (json_is_array(real) && json_first(real) && json_first(sim)) {
		compare(row, json_first(real), json_first(sim), path);
	}
}

static struct json *recorded(const struct row *row, char **text)
{
	char path[200];
	struct json *doc;
	struct err e;
	size_t len;

	str_printf(path, sizeof(path), "tests/fixtures/%s.json", row->recording);
	if (!path_read(path, 1u << 20, text, &len, &e))
		fail_msg("%s", e.text);
	doc = json_parse(*text, len, &e);
	if (!doc)
		fail_msg("%s: %s", path, e.text);
	return doc;
}

static void test_row(void **state)
{
	const struct row *row = *state;
	const char *request = strcmp(row->request, "QUERY") ? row->request : QUERY;
	const char *target = strchr(request, ' ') + 1;
	char method[8], *text;
	struct json *real = recorded(row, &text);
	struct rig g;

	str_printf(method, sizeof(method), "%.*s", (int)(target - 1 - request), request);
	rig_open(&g, row->dialect, row->scene, "bracket_x12.gcode", 0.5);
	g.at = row->at;
	rig_send(&g, method, target, "application/json", row->body, NULL);
	assert_non_null(g.json);
	compare(row, real, g.json, "");
	rig_close(&g);
	json_free(real);
	free(text);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_LEN(rows)];
	char names[ARRAY_LEN(rows)][80];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct row *row;

		memcpy(&row, &(const struct row *){ &rows[i] }, sizeof(row));
		str_printf(names[i], sizeof(names[i]), "like %s", rows[i].recording);
		tests[i] = (struct CMUnitTest){ names[i], test_row, NULL, NULL, row };
	}
	return cmocka_run_group_tests_name("sim_shapes", tests, NULL, NULL);
}
