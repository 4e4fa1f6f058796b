/* Home Assistant's MQTT discovery: one table of entities, a retained message each. */
#include "serve/mqtt_discovery.h"

#include <stdlib.h>
#include <string.h>
#include <printop/json.h>
#include <printop/mem.h>
#include <printop/str.h>

static const struct entity {
	const char *component, *id, *name;
	const char *value;		/* template over the state's JSON; NULL: a button */
	const char *unit, *class, *icon;
} entities[] = {
	{ "sensor", "state", "State", "{{ value_json.state }}", NULL, NULL, "mdi:printer-3d" },
	{ "sensor", "reason", "Reason", "{{ value_json.reason or '' }}", NULL, NULL, "mdi:alert-circle-outline" },
	{ "sensor", "file", "File", "{{ value_json.file or '' }}", NULL, NULL, "mdi:file-outline" },
	{ "sensor", "progress", "Progress",
	  "{{ (value_json.progress * 100) | round(1) if value_json.progress is not none else none }}",
	  "%", NULL, "mdi:progress-clock" },
	{ "sensor", "left", "Time left", "{{ value_json.left_s }}", "s", "duration", NULL },
	{ "sensor", "elapsed", "Time printed", "{{ value_json.elapsed_s }}", "s", "duration", NULL },
	{ "sensor", "extruder", "Nozzle",
	  "{{ (value_json.heaters | selectattr('name', 'eq', 'extruder') | map(attribute='actual_c') | list + [none]) | first }}",
	  "°C", "temperature", NULL },
	{ "sensor", "bed", "Bed",
	  "{{ (value_json.heaters | selectattr('name', 'eq', 'bed') | map(attribute='actual_c') | list + [none]) | first }}",
	  "°C", "temperature", NULL },
	{ "binary_sensor", "printing", "Printing",
	  "{{ 'ON' if value_json.state in ['preparing','printing','pausing','resuming','finishing'] else 'OFF' }}",
	  NULL, "running", NULL },
	{ "binary_sensor", "problem", "Needs a person",
	  "{{ 'ON' if value_json.state in ['paused','failed','error','shutdown','unauthorized','offline'] else 'OFF' }}",
	  NULL, "problem", NULL },
	{ "button", "pause", "Pause", NULL, NULL, NULL, "mdi:pause" },
	{ "button", "resume", "Resume", NULL, NULL, NULL, "mdi:play" },
	{ "button", "cancel", "Cancel", NULL, NULL, NULL, "mdi:stop" },
};

size_t discovery_count(void)
{
	return ARRAY_LEN(entities);
}

/* Home Assistant takes letters, digits, '_' and '-' in ids. */
static void make_id(char *dst, size_t size, const char *name)
{
	str_copy(dst, size, name);
	for (char *p = dst; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-'))
			*p = '_';
}

static struct json *device(const struct printer *p, const char *id)
{
	struct json *o = json_new_object(), *ids = json_new_array();
	char text[80];

	str_printf(text, sizeof(text), "printop_%s", id);
	json_push_str(ids, text);
	json_set_take(o, "identifiers", ids);
	json_set_str(o, "name", p->config.name);
	json_set_str(o, "model", p->config.model ? p->config.model : "3D printer");
	json_set_str(o, "via_device", "printop");
	return o;
}

bool mqtt_allows(const char *commands, const char *command)
{
	char *copy = mem_strdup(commands), *rest = copy, *w;
	bool found = false;

	while (!found && (w = str_token(&rest, " ,")))
		found = str_eq(w, command);
	free(copy);
	return found;
}

bool discovery_make(size_t i, const struct printer *p, const char *prefix, const char *state_topic,
		    const char *command_topic, const char *status_topic, const char *commands, struct discovery *ret)
{
	const struct entity *t = &entities[i];
	char id[64], unique[160];
	struct json *o;

	if (!t->value && !mqtt_allows(commands, t->id))
		return false;
	make_id(id, sizeof(id), p->config.name);
	str_printf(unique, sizeof(unique), "printop_%s_%s", id, t->id);
	o = json_new_object();
	json_set_str(o, "name", t->name);
	json_set_str(o, "unique_id", unique);
	json_set_str(o, "availability_topic", status_topic);
	if (t->value) {
		json_set_str(o, "state_topic", state_topic);
		json_set_str(o, "value_template", t->value);
	} else {
		json_set_str(o, "command_topic", command_topic);
		json_set_str(o, "payload_press", t->id);
	}
	if (t->unit)
		json_set_str(o, "unit_of_measurement", t->unit);
	if (t->class)
		json_set_str(o, "device_class", t->class);
	if (t->icon)
		json_set_str(o, "icon", t->icon);
	json_set_take(o, "device", device(p, id));
	ret->payload = json_print(o, false);
	ret->topic = mem_printf("%s/%s/printop_%s/%s/config", prefix, t->component, id, t->id);
	json_free(o);
	return true;
}
