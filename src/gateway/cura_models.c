/*
 * Printers and jobs as the JSON that Cura reads. Cura 4.13 ends with a crash report when a value deeper in has the
 * wrong type, and drops the whole list when a key is missing: here every key is always there, with its type.
 */
#include "gateway/cura.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include "gateway/cura_materials.h"

#define PRINT_CORE "AA 0.4"
#define HOST_MAX 512

/* Text that is never null. */
static void set_text(struct json *o, const char *name, const char *value)
{
	json_set_str(o, name, value ? value : "");
}

/* ---- parts that both lists have ---- */

static struct json *material_json(const struct cura *c, const char *guid)
{
	struct json *o = json_new_object();
	const struct cura_material *m = cura_materials_find(c->materials, guid);

	set_text(o, "guid", guid);
	set_text(o, "brand", m ? m->brand : "");
	set_text(o, "color", m ? m->color : "");
	set_text(o, "material", m ? m->material : *guid ? "" : "empty");
	return o;
}

/* The one extruder that a card shows; without any its QML complains. */
static struct json *configuration_json(const struct cura *c, const char *guid)
{
	struct json *list = json_new_array(), *o = json_new_object();

	json_set_num(o, "extruder_index", 0);
	json_set_str(o, "print_core_id", PRINT_CORE);
	json_set_take(o, "material", material_json(c, guid));
	json_push_take(list, o);
	return list;
}

static struct json *build_plate_json(void)
{
	struct json *o = json_new_object();

	json_set_str(o, "type", "glass");
	return o;
}

static struct json *families_json(const struct cura_words *w)
{
	struct json *list = json_new_array();

	json_push_str(list, w->variant);
	return list;
}

/* ---- printers ---- */

static const char *printer_status(enum printer_status s)
{
	static const char *const words[PRINTER_STATUS_N] = {
		[PRINTER_UNKNOWN] = "unreachable", [PRINTER_OFFLINE] = "unreachable", [PRINTER_STARTING] = "booting",
		[PRINTER_UNAUTHORIZED] = "unreachable", [PRINTER_DISCONNECTED] = "unreachable",
		[PRINTER_CONNECTING] = "booting", [PRINTER_IDLE] = "idle", [PRINTER_BUSY] = "maintenance",
		[PRINTER_PREPARING] = "pre_print", [PRINTER_PRINTING] = "printing", [PRINTER_PAUSING] = "printing",
		[PRINTER_PAUSED] = "printing", [PRINTER_RESUMING] = "printing", [PRINTER_CANCELLING] = "printing",
		[PRINTER_FINISHING] = "printing", [PRINTER_COMPLETE] = "idle", [PRINTER_CANCELLED] = "idle",
		[PRINTER_FAILED] = "idle", [PRINTER_ERROR] = "error", [PRINTER_SHUTDOWN] = "error",
		[PRINTER_PARKED] = "maintenance",
	};

	return words[s];
}

/*
 * Cura makes its camera's address of it: "http://" + this + ":8080/?action=stream". With "#" at its end the rest becomes
 * a fragment and is not sent: one gateway can have a camera for each printer.
 */
static void camera_address(const struct printer *p, const struct cura_words *w, char *dst, size_t size)
{
	struct sbuf b = SBUF_INIT(HOST_MAX);

	sbuf_adds(&b, w->host);
	if (p && w->cameras && p->config.camera_url) {
		sbuf_adds(&b, "/cam/");
		str_url_encode(&b, p->config.name, false);
		sbuf_addc(&b, '#');
	}
	str_copy(dst, size, sbuf_str(&b));
	sbuf_done(&b);
}

static struct json *printer_json(const struct cura *c, const struct printer *p, const char *name, const char *unique,
				 const char *uuid, const struct cura_words *w)
{
	enum printer_status s = p ? p->state.status : PRINTER_PARKED;
	struct json *o = json_new_object();
	char address[HOST_MAX];

	camera_address(p, w, address, sizeof(address));
	json_set_bool(o, "enabled", s != PRINTER_PARKED);
	set_text(o, "firmware_version", w->firmware);
	set_text(o, "friendly_name", name);
	set_text(o, "ip_address", address);
	set_text(o, "machine_variant", w->variant);
	set_text(o, "status", printer_status(s));
	set_text(o, "unique_name", unique);
	set_text(o, "uuid", uuid);
	json_set_take(o, "configuration", configuration_json(c, ""));
	set_text(o, "reserved_by", "");
	json_set_bool(o, "maintenance_required", false);
	set_text(o, "firmware_update_status", "up_to_date");
	set_text(o, "latest_available_firmware", w->firmware);
	json_set_take(o, "build_plate", build_plate_json());
	return o;
}

/* An empty list six times in a row, and Cura disconnects until it is started again: a fleet without printers has one. */
static struct json *nobody_json(const struct cura *c, const struct cura_words *w)
{
	char uuid[40];

	cura_uuid(uuid, "nobody", cura_ids_guid(c->ids), "");
	return printer_json(c, NULL, "no printers yet", "printop-nobody", uuid, w);
}

static char *print_and_free(struct json *o)
{
	char *text = json_print(o, false);

	json_free(o);
	return text;
}

char *cura_printers_json(const struct cura *c, const struct cura_words *w)
{
	const struct fleet *f = c->app->fleet;
	struct json *list = json_new_array();

	for (size_t i = 0; i < fleet_count(f); i++) {
		const struct printer *p = fleet_at(f, i);
		const struct cura_id *id = cura_ids_of(c->ids, p);

		if (id)
			json_push_take(list, printer_json(c, p, p->config.name, id->unique, id->uuid, w));
	}
	if (!json_count(list))
		json_push_take(list, nobody_json(c, w));
	return print_and_free(list);
}

/* ---- jobs ---- */

static void set_time(struct json *o, const char *name, double at)
{
	time_t t = at > 0 && at < 253402300799.0 ? (time_t)at : 0;
	struct tm tm = { 0 };
	char text[STR_SMALL];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_set_str(o, name, text);
}

/* Its details read "Change material 1 from <origin_name> to <target_name>"; Override sends {"force": true}. */
static struct json *changes_json(const struct cura_job *job)
{
	struct json *list = json_new_array(), *o;

	if (!job->griffin || !job->printer)
		return list;
	o = json_new_object();
	json_set_str(o, "type_of_change", "material_change");
	json_set_num(o, "index", 0);
	json_set_str(o, "target_id", "marlin");
	json_set_str(o, "target_name", "G-code flavour Marlin");
	json_set_str(o, "origin_id", "griffin");
	json_set_str(o, "origin_name", "Griffin (does not home)");
	json_push_take(list, o);
	return list;
}

static struct json *impediments_json(const struct cura_job *job)
{
	struct json *list = json_new_array(), *o;

	if (job->status != CURA_ERROR)
		return list;
	o = json_new_object();
	set_text(o, "translation_key", job->why[0] ? job->why : "it cannot be printed");
	json_set_str(o, "severity", "UNFIXABLE");
	json_push_take(list, o);
	return list;
}

/* null would not un-assign it: a job of nobody has no such keys. */
static void set_printer(struct json *o, const struct cura *c, const struct cura_job *job)
{
	const struct cura_id *id = job->printer ? cura_ids_of(c->ids, job->printer) : NULL;

	if (!id)
		return;
	json_set_str(o, "assigned_to", id->uuid);
	json_set_str(o, "printer_uuid", id->uuid);
}

static struct json *job_json(const struct cura *c, const struct cura_job *job, const struct cura_words *w)
{
	struct json *o = json_new_object();

	set_time(o, "created_at", job->created_at);
	json_set_bool(o, "force", job->queued && job->queued->force);
	set_text(o, "machine_variant", w->variant);
	set_text(o, "name", job->name);
	json_set_bool(o, "started", job->status > CURA_SENT);
	set_text(o, "status", cura_status_name(job->status));
	json_set_num(o, "time_total", (double)job->total_s);
	json_set_num(o, "time_elapsed", (double)job->elapsed_s);
	set_text(o, "uuid", job->uuid);
	json_set_take(o, "configuration", configuration_json(c, job->queued ? job->queued->material_guid : ""));
	json_set_take(o, "constraints", json_new_array());
	set_text(o, "owner", job->owner);
	set_printer(o, c, job);
	json_set_take(o, "configuration_changes_required", changes_json(job));
	json_set_take(o, "impediments_to_printing", impediments_json(job));
	json_set_take(o, "compatible_machine_families", families_json(w));
	json_set_take(o, "build_plate", build_plate_json());
	return o;
}

char *cura_jobs_json(const struct cura *c, const struct cura_words *w)
{
	struct json *list = json_new_array();
	struct cura_job *jobs;
	size_t n = cura_jobs(c, &jobs);

	for (size_t i = 0; i < n; i++)
		json_push_take(list, job_json(c, &jobs[i], w));
	free(jobs);
	return print_and_free(list);
}

/* ---- the gateway itself ---- */

char *cura_system_json(const struct cura *c, const struct cura_words *w)
{
	struct json *o = json_new_object(), *hardware = json_new_object();

	json_set_str(hardware, "typeid", w->machine);
	json_set_num(hardware, "revision", 0);
	set_text(o, "guid", cura_ids_guid(c->ids));
	set_text(o, "firmware", w->firmware);
	set_text(o, "hostname", cura_ids_instance(c->ids));
	set_text(o, "name", w->name);
	set_text(o, "platform", "printop");
	set_text(o, "variant", w->variant);
	json_set_take(o, "hardware", hardware);
	return print_and_free(o);
}
