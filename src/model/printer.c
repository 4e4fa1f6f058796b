/* Printers as plain data: the table of states, secrets, and values that start as unknown. */
#include <printop/printer.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

/*
 * Labels: a verb is something under way (PAUSE), a participle is where it stays (PAUSED). Weights: below
 * ATTENTION_PERSON somebody has to go there, 20 works on its own, then what is free, then what is away.
 */
static const struct status_info statuses[PRINTER_STATUS_N] = {
	[PRINTER_UNKNOWN] = { "unknown", "?", "unknown", "dim", 50,
		"nothing was heard yet, or the server says something that is not known" },
	[PRINTER_OFFLINE] = { "offline", "NO NET", "off", "off", 60,
		"the server does not answer; the reason says how" },
	[PRINTER_STARTING] = { "starting", "BOOT", "busy", "dim", 30,
		"the server or the firmware is starting" },
	[PRINTER_UNAUTHORIZED] = { "unauthorized", "KEY?", "error", "error", 7,
		"the server refuses the key, or the key could not be read" },
	[PRINTER_DISCONNECTED] = { "disconnected", "CLOSED", "off", "warn", 8,
		"the server answers, but the printer or Klippy is not there" },
	[PRINTER_CONNECTING] = { "connecting", "CONN", "busy", "dim", 30,
		"the server is opening the connection to the printer" },
	[PRINTER_IDLE] = { "idle", "READY", "ready", "ready", 40,
		"ready for a job" },
	[PRINTER_BUSY] = { "busy", "BUSY", "busy", "heat", 30,
		"no job, but the printer is doing something: moving, running a macro, writing to its card" },
	[PRINTER_PREPARING] = { "preparing", "HEAT", "heat", "heat", 20,
		"the job has started and heats or homes, where the server tells" },
	[PRINTER_PRINTING] = { "printing", "PRINT", "print", "print", 20,
		"printing" },
	[PRINTER_PAUSING] = { "pausing", "PAUSE", "pause", "pause", 20,
		"on the way to a pause" },
	[PRINTER_PAUSED] = { "paused", "PAUSED", "pause", "pause", 3,
		"paused; waits for resume or cancel" },
	[PRINTER_RESUMING] = { "resuming", "RESUME", "print", "print", 20,
		"on the way back from a pause" },
	[PRINTER_CANCELLING] = { "cancelling", "CANCEL", "print", "pause", 20,
		"the job is being cancelled" },
	[PRINTER_FINISHING] = { "finishing", "FINISH", "print", "print", 20,
		"the job is at its end: the last moves, or a file written to the card" },
	[PRINTER_COMPLETE] = { "complete", "DONE", "done", "clear", 5,
		"the job is finished; ready for another when the bed is clear" },
	[PRINTER_CANCELLED] = { "cancelled", "CANCLD", "done", "clear", 6,
		"the job was cancelled; ready for another when the bed is clear" },
	[PRINTER_FAILED] = { "failed", "FAILED", "error", "error", 2,
		"the job ended in an error; the printer can be used" },
	[PRINTER_ERROR] = { "error", "ERROR", "error", "error", 1,
		"the printer or its firmware reports an error and cannot print" },
	[PRINTER_SHUTDOWN] = { "shutdown", "HALTED", "error", "error", 0,
		"the firmware has halted, by an emergency stop or to protect the machine" },
	[PRINTER_PARKED] = { "parked", "OFF", "off", "off", 70,
		"taken out of use in printers.conf; it is not asked" },
};

const struct status_info *printer_status_info(enum printer_status s)
{
	return &statuses[(unsigned)s < PRINTER_STATUS_N ? s : PRINTER_UNKNOWN];
}

bool printer_status_from_name(const char *name, enum printer_status *ret)
{
	for (unsigned i = 0; i < PRINTER_STATUS_N; i++) {
		if (str_eq_nocase(statuses[i].name, name)) {
			*ret = (enum printer_status)i;
			return true;
		}
	}
	return false;
}

void secret_set(struct secret *s, const char *value)
{
	char *copy = mem_strdup(value);

	secret_done(s);
	s->value = copy;
}

void secret_done(struct secret *s)
{
	if (!s || !s->value)
		return;
	explicit_bzero(s->value, strlen(s->value));
	free(s->value);
	s->value = NULL;
}

bool secret_is_set(const struct secret *s)
{
	return s->value && *s->value;
}

void printer_config_init(struct printer_config *c)
{
	memset(c, 0, sizeof(*c));
	c->max_extruder_c = c->max_bed_c = c->max_chamber_c = NAN;
	c->poll_active_s = c->poll_idle_s = c->poll_offline_s = NAN;
	c->stale_after_s = NAN;
}

void printer_config_done(struct printer_config *c)
{
	if (!c)
		return;
	free(c->name);
	free(c->url);
	free(c->dialect);
	secret_done(&c->key);
	free(c->key_source);
	free(c->key_error);
	for (int i = 0; i < c->n_tags; i++)
		free(c->tags[i]);
	free(c->group);
	free(c->model);
	free(c->notes);
	free(c->camera_url);
	for (int i = 0; i < c->n_presets; i++)
		free(c->presets[i].name);
	free(c->presets);
	free(c->ca_file);
	free(c->pin);
	free(c->parked);
	free(c->where);
	printer_config_init(c);
}

bool printer_config_same_server(const struct printer_config *a, const struct printer_config *b)
{
	return str_eq(a->url, b->url) && str_eq(a->dialect, b->dialect) &&
	       str_eq(a->key.value, b->key.value) && str_eq(a->key_error, b->key_error) &&
	       str_eq(a->ca_file, b->ca_file) && str_eq(a->pin, b->pin) &&
	       a->insecure == b->insecure;
}

void job_init(struct job *j)
{
	memset(j, 0, sizeof(*j));
	j->size_bytes = j->layer = j->layers = -1;
	j->progress = j->elapsed_s = j->left_s = j->total_s = NAN;
	j->filament_used_mm = j->file_position = NAN;
}

void file_meta_init(struct file_meta *m)
{
	memset(m, 0, sizeof(*m));
	m->estimated_s = m->filament_mm = m->filament_g = NAN;
	m->layer_height_mm = m->first_layer_height_mm = m->object_height_mm = NAN;
	m->nozzle_c = m->bed_c = m->nozzle_mm = m->modified_at = NAN;
	m->layers = m->start_byte = m->end_byte = m->size_bytes = -1;
}

void printer_state_init(struct printer_state *s)
{
	memset(s, 0, sizeof(*s));
	s->fresh.ok_ms = s->fresh.tried_ms = -1;
	job_init(&s->job);
	file_meta_init(&s->meta);
	s->pos_mm[0] = s->pos_mm[1] = s->pos_mm[2] = NAN;
	s->speed_factor = s->flow_factor = s->fan = NAN;
	s->live_velocity_mm_s = s->z_offset_mm = s->latency_ms = NAN;
}

const struct heater *printer_heater(const struct printer_state *s, const char *name)
{
	for (int i = 0; i < s->n_heaters; i++)
		if (str_eq(s->heaters[i].name, name))
			return &s->heaters[i];
	return NULL;
}

struct heater *printer_heater_add(struct printer_state *s, const char *name, const char *object)
{
	struct heater *h;

	for (int i = 0; i < s->n_heaters; i++)
		if (str_eq(s->heaters[i].name, name))
			return &s->heaters[i];
	if (s->n_heaters >= LIMIT_HEATERS)
		return NULL;
	h = &s->heaters[s->n_heaters++];
	str_copy(h->name, sizeof(h->name), name);
	str_copy(h->object, sizeof(h->object), object);
	h->actual_c = h->target_c = h->power = NAN;
	return h;
}

double printer_age_s(const struct printer *p, int64_t now_ms)
{
	if (p->state.fresh.ok_ms < 0)
		return NAN;
	if (now_ms < p->state.fresh.ok_ms)
		return 0;
	return (double)(now_ms - p->state.fresh.ok_ms) / 1000.0;
}

bool printer_stale(const struct printer *p, int64_t now_ms)
{
	double limit = isnan(p->config.stale_after_s) ? STALE_AFTER_S : p->config.stale_after_s;

	if (p->state.status == PRINTER_PARKED)
		return false;
	if (p->state.fresh.err != ERR_NONE)
		return true;
	/* Never heard and never tried is "unknown", not old. */
	return p->state.fresh.ok_ms >= 0 && printer_age_s(p, now_ms) > limit;
}
