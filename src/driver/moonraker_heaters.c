/* Klipper's heaters and sensors: their names, their values now and those of the last 20 minutes. */
#include "moonraker.h"

#include <math.h>
#include <string.h>
#include <printop/str.h>

#define HISTORY_S 1200		/* 1 Hz samples that are of use */

/* "heater_generic chamber" is shown as "chamber". */
static void short_name(const char *object, char *dst, size_t size)
{
	const char *space = strchr(object, ' ');

	if (str_eq(object, "heater_bed"))
		str_copy(dst, size, "bed");
	else
		str_copy(dst, size, space && space[1] ? space + 1 : object);
}

static struct heater *heater_of(struct printer_state *s, const char *object)
{
	for (int i = 0; i < s->n_heaters; i++) {
		if (str_eq(s->heaters[i].object, object))
			return &s->heaters[i];
	}
	return NULL;
}

/* The name goes into every query: one that is not plain, or too long to keep, is left out. */
static bool is_askable(const char *object)
{
	return *object && strlen(object) < sizeof(((struct heater *)0)->object) &&
	       !strpbrk(object, "\"\\") && driver_path_is_safe(object);
}

/* Two objects may share their short name ("heater_generic x", "temperature_sensor x"). */
static struct heater *add_heater(struct printer_state *s, const char *object)
{
	struct heater *h = heater_of(s, object);
	char name[HEATER_NAME];

	if (h || !is_askable(object))
		return h;
	short_name(object, name, sizeof(name));
	if (printer_heater(s, name))
		str_copy(name, sizeof(name), object);
	if (printer_heater(s, name) || !printer_heater_add(s, name, object))
		return NULL;
	driver_sort_heaters(s);
	return heater_of(s, object);
}

/* What has a temperature is a heater or a sensor; a sensor has no target. */
void moonraker_read_heaters(const struct json *status, struct printer_state *next)
{
	driver_clear_temps(next);
	for (const struct json *m = json_first(status); m; m = json_next(m)) {
		struct heater *h = NULL;

		if (json_is_object(m) && json_get(m, "temperature"))
			h = add_heater(next, json_name(m));
		if (!h)
			continue;
		h->actual_c = json_num(m, "temperature", NAN);
		h->target_c = json_num(m, "target", NAN);
		h->power = json_num(m, "power", NAN);
	}
}

static void discover(const struct json *names, const struct printer_state *was,
		     struct printer_state *next)
{
	char object[TEXT_CAP];	/* more than is kept: a name that is cut would be another's */

	for (const struct json *v = json_first(names); v; v = json_next(v)) {
		const struct heater *old = NULL;
		struct heater *h;

		json_str_value(v, object, sizeof(object), false);
		for (int i = 0; i < was->n_heaters && !old; i++) {
			if (str_eq(was->heaters[i].object, object))
				old = &was->heaters[i];
		}
		h = add_heater(next, object);
		if (!h || !old)
			continue;
		h->actual_c = old->actual_c;
		h->target_c = old->target_c;
		h->power = old->power;
	}
}

bool moonraker_hear_objects(const struct printer *p, const struct json *root,
			    struct printer_state *next, struct err *e)
{
	const struct json *heaters = json_at(root, "result.status.heaters");

	if (!json_is_object(heaters))
		return err_set(e, ERR_BAD_REPLY, "the query names no heaters");
	next->n_heaters = 0;
	discover(json_get(heaters, "available_heaters"), &p->state, next);
	discover(json_get(heaters, "available_sensors"), &p->state, next);
	json_str(root, "result.status.mcu.mcu_version", next->firmware, sizeof(next->firmware));
	next->objects_known = true;
	return true;
}

static void seed_sensor(const struct json *sensor, const char *name,
			const struct history_sink *sink)
{
	const struct json *actual = json_first(json_get(sensor, "temperatures"));
	const struct json *target = json_first(json_get(sensor, "targets"));
	size_t left = json_count(json_get(sensor, "temperatures"));

	if (json_count(json_get(sensor, "targets")) != left)
		target = NULL;
	for (; actual; actual = json_next(actual), target = json_next(target)) {
		double c = json_value_num(actual, NAN);

		/* Exactly 0.0 is what Klippy says before the first reading. */
		if (--left < HISTORY_S && !isnan(c) && c != 0)
			sink->sample(sink->ctx, name, (double)left, c,
				     json_value_num(target, NAN));
	}
}

/* One sample a second, the oldest first, without times. */
bool moonraker_hear_history(const struct json *root, struct printer_state *next,
			    const struct history_sink *sink, struct err *e)
{
	const struct json *store = json_get(root, "result");
	char name[HEATER_NAME];

	if (!json_is_object(store))
		return err_set(e, ERR_BAD_REPLY, "no temperatures in the answer");
	for (const struct json *m = json_first(store); m && sink; m = json_next(m)) {
		const struct heater *h = heater_of(next, json_name(m));

		short_name(json_name(m), name, sizeof(name));
		seed_sensor(m, h ? h->name : str_clean(name), sink);
	}
	next->history_seeded = true;
	return true;
}
