/* Snapshots: what a cloud gets to see of a printer, in Moonraker's words whatever its dialect. */
#include "connector/protocol.h"

#include <math.h>
#include <stdlib.h>
#include <printop/str.h>

char *protocol_snapshot(int64_t printer_id, const char *captured_at, struct json *payload)
{
	struct json *o = json_new_object();
	char *text;

	json_set_int(o, "printer_id", printer_id, -1);
	json_set_str(o, "captured_at", captured_at);
	json_set_take(o, "payload", payload);
	text = json_print(o, false);
	json_free(o);
	return text;
}

bool protocol_reachable(const struct printer *p)
{
	const uint32_t there =
		STATUS_OPERATIONAL | STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_SHUTDOWN);

	if (p->state.fresh.ok_ms < 0 || p->state.fresh.failures > 0)
		return false;
	return STATUS_BIT(p->state.status) & there ||
	       (p->state.status == PRINTER_STARTING && str_eq(p->state.klippy_state, "startup"));
}

/* Klipper's words. */
static const char *state_word(enum printer_status s)
{
	if (STATUS_BIT(s) & STATUS_ACTIVE)
		return s == PRINTER_PAUSED || s == PRINTER_RESUMING ? "paused" : "printing";
	switch (s) {
	case PRINTER_COMPLETE:
		return "complete";
	case PRINTER_CANCELLED:
		return "cancelled";
	case PRINTER_FAILED:
	case PRINTER_ERROR:
	case PRINTER_SHUTDOWN:
		return "error";
	case PRINTER_UNKNOWN:
	case PRINTER_OFFLINE:
	case PRINTER_STARTING:
	case PRINTER_UNAUTHORIZED:
	case PRINTER_DISCONNECTED:
	case PRINTER_CONNECTING:
	case PRINTER_IDLE:
	case PRINTER_BUSY:
	case PRINTER_PREPARING:
	case PRINTER_PRINTING:
	case PRINTER_PAUSING:
	case PRINTER_PAUSED:
	case PRINTER_RESUMING:
	case PRINTER_CANCELLING:
	case PRINTER_FINISHING:
	case PRINTER_PARKED:
	case PRINTER_STATUS_N:
		break;
	}
	return "standby";
}

/* Klipper counts from 0 where there is no job. */
static double or_zero(double v)
{
	return isnan(v) ? 0 : v;
}

static struct json *print_stats(const struct printer_state *s)
{
	struct json *o = json_new_object(), *info = json_new_object();

	json_set_str(o, "state", state_word(s->status));
	json_set_str(o, "filename", s->job.file);
	json_set_num(o, "total_duration",
		     or_zero(isnan(s->job.total_s) ? s->job.elapsed_s : s->job.total_s));
	json_set_num(o, "print_duration", or_zero(s->job.elapsed_s));
	json_set_num(o, "filament_used", or_zero(s->job.filament_used_mm));
	json_set_str(o, "message", s->reason);
	json_set_int(info, "total_layer", s->job.layers, -1);
	json_set_int(info, "current_layer", s->job.layer, -1);
	json_set_take(o, "info", info);
	return o;
}

static struct json *virtual_sdcard(const struct printer_state *s)
{
	struct json *o = json_new_object();

	json_set_str(o, "file_path", s->job.file[0] ? s->job.file : NULL);
	json_set_num(o, "progress", or_zero(s->job.progress));
	json_set_bool(o, "is_active",
		      STATUS_BIT(s->status) & STATUS_ACTIVE && s->status != PRINTER_PAUSED);
	json_set_num(o, "file_position", or_zero(s->job.file_position));
	json_set_int(o, "file_size", s->job.size_bytes < 0 ? 0 : s->job.size_bytes, -1);
	return o;
}

static struct json *heater(const struct printer_state *s, const char *name)
{
	const struct heater *h = printer_heater(s, name);
	struct json *o = json_new_object();

	json_set_num(o, "temperature", h ? h->actual_c : (double)NAN);
	json_set_num(o, "target", h ? h->target_c : (double)NAN);
	json_set_num(o, "power", h ? h->power : (double)NAN);
	return o;
}

static struct json *toolhead(const struct printer_state *s)
{
	struct json *o = json_new_object(), *position = json_new_array();

	for (int i = 0; i < 3; i++)
		json_push_num(position, s->pos_mm[i]);
	json_push_num(position, NAN);
	json_set_take(o, "position", position);
	json_set_str(o, "homed_axes", s->homed);
	json_set_num(o, "print_time", or_zero(s->job.elapsed_s));
	return o;
}

struct json *protocol_payload(const struct printer *p, double now_s)
{
	const struct printer_state *s = &p->state;
	struct json *root = json_new_object(), *result = json_new_object(),
		    *status = json_new_object();
	struct json *pause = json_new_object();

	json_set_bool(pause, "is_paused", s->status == PRINTER_PAUSED);
	json_set_take(status, "print_stats", print_stats(s));
	json_set_take(status, "virtual_sdcard", virtual_sdcard(s));
	json_set_take(status, "extruder", heater(s, "extruder"));
	json_set_take(status, "heater_bed", heater(s, "bed"));
	json_set_take(status, "toolhead", toolhead(s));
	json_set_take(status, "pause_resume", pause);
	json_set_num(result, "eventtime", now_s);
	json_set_take(result, "status", status);
	json_set_take(root, "result", result);
	return root;
}
