/* The demo farm: every state a user can meet, within its first ten seconds. */
#include <sim/demo.h>

#include <math.h>
#include <printop/mem.h>

#define VORON "## Voron 2.4, 350 mm\n\n- nozzle **0.4 hardened**, changed in March\n- PETG and ASA only, " \
	"doors closed\n\nIf the first layer lifts: clean the sheet, then run `G28` and the mesh again.\n"
#define MK3 "## Prusa MK3S+\n\n1. Wipe the sheet with alcohol\n2. Preheat **before** loading\n\n" \
	"Spare thermistors are in drawer *C4*.\n"
#define ENDER "## Ender 3 V2\n\nThe filament sensor sits at the spool: a red light means *really* empty.\n"

static const struct demo_row rows[] = {
	{ "voron-01", "moonraker", "printing", "bracket_x12.gcode", 0.87, NAN, false, true,
	  "petg room-1", "farm", VORON, NULL },
	{ "voron-02", "moonraker", "printing", "case_top.gcode", 0.63, NAN, true, true,
	  "petg room-1", "farm", VORON, NULL },
	{ "voron-03", "moonraker", "busy", NULL, NAN, 30, false, true,
	  "asa room-1", "farm", "Mesh every morning.\n", NULL },
	{ "voron-04", "moonraker", "complete", "lid_x4.gcode", 1, 2040, false, true,
	  "petg room-1", "farm", VORON, NULL },
	{ "voron-05", "moonraker", "shutdown", "bracket_x12.gcode", 0.31, 1180, false, true,
	  "petg room-1", "farm", VORON, NULL },
	{ "mk3-01", "octoprint", "thermal", "hook_50.gcode", 0.22, 1320, true, false,
	  "pla room-2", "farm", MK3, NULL },
	{ "mk3-02", "octoprint", "cancelling", "plate_7.gcode", 0.12, NAN, true, false,
	  "pla room-2", "farm", MK3, NULL },
	{ "mk3-03", "octoprint", "finishing", "petg/clip_v2.gcode", 1, NAN, true, false,
	  "petg room-2", "farm", MK3, NULL },
	{ "mk4-01", "octoprint", "printing", "hook_50.gcode", 0.04, NAN, true, false,
	  "pla room-2", "farm", NULL, NULL },
	{ "octo-1", "octoprint", "printing", "Zahnr\xc3\xa4""der_40.gcode", 0.9885, NAN, true, false,
	  "pla office", "office", NULL, NULL },
	{ "octo-2", "octoprint", "pausing", "plate_7.gcode", 0.41, NAN, true, true,
	  "pla office", "office", NULL, NULL },
	{ "octo-3", "octoprint", "unauthorized", NULL, NAN, NAN, true, false,
	  "office", "office", "The key was changed when the machine moved. Ask at the *front desk*.\n",
	  NULL },
	{ "octo-4", "octoprint", "starting", NULL, NAN, NAN, true, false,
	  "office", "office", NULL, NULL },
	{ "ender-1", "moonraker", "preparing", "vase.gcode", 0, 8, false, false,
	  "pla room-2", "farm", ENDER, NULL },
	{ "ender-2", "moonraker", "paused", "arm_left_v3.gcode", 0.41, 760, false, false,
	  "abs room-2", "farm", ENDER, NULL },
	{ "ender-3", "moonraker", "refuse", NULL, NAN, NAN, false, false,
	  "room-2", "farm", "Switched off over the weekend.\n", NULL },
	{ "ender-4", "moonraker", "hang", NULL, NAN, NAN, false, false,
	  "room-2", "farm", NULL, NULL },
	{ "ender-5", "moonraker", "failed", "calibration/temp_tower.gcode", 0.54, 3300, false, false,
	  "pla room-2", "farm", ENDER, NULL },
	{ "cr10-1", "octoprint", "connect-fails", NULL, NAN, NAN, true, false,
	  "room-2", "farm", NULL, NULL },
	{ "cr10-2", "moonraker", "cancelled", "case_top.gcode", 0.08, 1500, false, false,
	  "petg room-2", "farm", NULL, NULL },
	{ "cr10-3", "octoprint", "idle", NULL, NAN, NAN, true, false,
	  "pla room-2", "farm", NULL, NULL },
	{ "cr10-old", "octoprint", "idle", NULL, NAN, NAN, true, false,
	  "room-2", "farm", NULL, "waits for a new hotend" },
};

size_t demo_count(void)
{
	return ARRAY_LEN(rows);
}

const struct demo_row *demo_at(size_t i)
{
	return &rows[i];
}
