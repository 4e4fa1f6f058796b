/* The life of a simulated printer: one phase after the other, each with the moment at which it ends. */
#include <sim/sim_printer.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define HOMING_S 4.0
#define AWAY_S 1.0		/* Klippy is not there during a restart */

static const double lag_s[][SIM_PHASE_N] = {
	[SIM_OCTOPRINT] = { [SIM_CONNECTING] = 2, [SIM_STARTING] = 0.6, [SIM_PAUSING] = 1,
			    [SIM_RESUMING] = 0.8, [SIM_CANCELLING] = 1.2, [SIM_FINISHING] = 1 },
	/* Klipper has no starting and finishing; the others are its macros. */
	[SIM_MOONRAKER] = { [SIM_CONNECTING] = 1.5, [SIM_PAUSING] = 0.7, [SIM_RESUMING] = 0.5,
			    [SIM_CANCELLING] = 1 },
};

void sim_printer_reset(struct sim_printer *p, double at)
{
	p->phase = p->then = SIM_READY;
	p->queued = SIM_OFF;
	p->since = p->up_since = at - 1e6;
	p->until = INFINITY;
	p->resume_after_s = 0;
	p->never_up = p->config_error = p->hung = p->paused_flag = p->ever_selected = false;
	p->reason[0] = p->message[0] = '\0';
	p->incident = SIM_NO_INCIDENT;
	p->speed = p->flow = 1;
	p->fan = 0;
	memcpy(p->lag_s, lag_s[p->dialect], sizeof(p->lag_s));
	heat_init(&p->extruder, &heat_extruder, p->seed);
	heat_init(&p->bed, &heat_bed, p->seed + 1);
	sim_select(p, NULL);
}

void sim_printer_init(struct sim_printer *p, const char *name, enum sim_dialect d, uint32_t seed,
		      double wall0)
{
	memset(p, 0, sizeof(*p));
	p->name = mem_strdup(name);
	p->dialect = d;
	p->seed = seed;
	p->wall0 = wall0;
	sim_printer_reset(p, 0);
	for (size_t i = 0; i < store_catalogue_count(); i++) {
		struct sim_file f;

		if ((seed >> i) % 4 == 0 && i > 1)	/* not all have all */
			continue;
		sim_file_copy(&f, store_catalogue(i));
		f.modified = -86400.0 * (1 + (double)((seed >> i) % 40)) - (double)i * 777;
		f.prints_ok = (int)((seed >> (i + 3)) % 15);
		f.prints_failed = (int)((seed >> (i + 5)) % 2);
		if (f.prints_ok) {
			f.last_print = f.modified + 40000;
			f.last_ok = true;
		}
		store_put_take(&p->store, &f);
	}
}

void sim_printer_done(struct sim_printer *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->n_past; i++)
		free(p->past[i].path);
	store_done(&p->store);
	free(p->job.file.path);
	free(p->lines);
	free(p->name);
	memset(p, 0, sizeof(*p));
}

bool sim_operational(const struct sim_printer *p)
{
	return p->phase != SIM_OFF && p->phase != SIM_CONNECTING && p->phase != SIM_HALTED;
}

bool sim_job_active(const struct sim_printer *p)
{
	return p->phase >= SIM_STARTING && p->phase <= SIM_FINISHING;
}

/* ---- phases ---- */

static bool heats(const struct sim_printer *p)
{
	return p->job.file.nozzle_c > 0 || p->job.file.bed_c > 0;
}

static double heating_s(const struct sim_printer *p, double at)
{
	double wait = fmax(heat_wait_s(&p->extruder, at), heat_wait_s(&p->bed, at));

	return heats(p) ? wait + HOMING_S : 0.2;
}

static double printing_s(const struct sim_printer *p)
{
	double end = p->job.file.print_s;

	if (p->incident != SIM_NO_INCIDENT && p->incident_at_s < end)
		end = p->incident_at_s;
	return fmax(end - p->job.printed_s, 0) / p->speed;
}

static double duration_s(const struct sim_printer *p, enum sim_phase phase, double at)
{
	switch (phase) {
	case SIM_OFF:
	case SIM_READY:
	case SIM_PAUSED:
	case SIM_HALTED:
	case SIM_PHASE_N:
		return INFINITY;
	case SIM_HEATING:
		return heating_s(p, at);
	case SIM_PRINTING:
		return printing_s(p);
	case SIM_CONNECTING:
	case SIM_BUSY:
	case SIM_STARTING:
	case SIM_PAUSING:
	case SIM_RESUMING:
	case SIM_CANCELLING:
	case SIM_FINISHING:
		return p->lag_s[phase];
	}
	return INFINITY;
}

static void enter(struct sim_printer *p, enum sim_phase phase, double at)
{
	double spent = at - p->since;

	if (p->phase == SIM_PRINTING)
		p->job.printed_s = fmin(p->job.printed_s + spent * p->speed, p->job.file.print_s);
	else if (p->phase == SIM_PAUSING || p->phase == SIM_PAUSED || p->phase == SIM_RESUMING)
		p->job.paused_s += spent;
	p->phase = phase;
	p->since = at;
	p->until = at + duration_s(p, phase, at);
	if (phase == SIM_PRINTING)
		p->fan = 0.4;
}

static void remember_job(struct sim_printer *p, const char *status, double at)
{
	struct sim_view v;
	struct sim_past *past;

	sim_look(p, at, &v);
	if (p->n_past == SIM_PASTS) {
		free(p->past[0].path);
		memmove(&p->past[0], &p->past[1], sizeof(p->past[0]) * (SIM_PASTS - 1));
		p->n_past--;
	}
	past = &p->past[p->n_past++];
	*past = (struct sim_past){ .path = mem_strdup(p->job.file.path), .status = status,
		.started = p->job.started, .ended = at, .print_s = v.printed_s,
		.total_s = v.total_s, .filament_mm = v.filament_mm, .number = p->job.number };
}

static void count_print(struct sim_printer *p, bool ok, double at)
{
	struct sim_file *f = store_find(&p->store, p->job.file.path);

	if (!f)
		return;
	f->prints_ok += ok;
	f->prints_failed += !ok;
	f->last_print = at;
	f->last_ok = ok;
	p->store.version++;
}

static void heaters_off(struct sim_printer *p, double at)
{
	heat_set(&p->extruder, at, 0);
	heat_set(&p->bed, at, 0);
	p->fan = 0;
}

static void end_job(struct sim_printer *p, enum sim_result result, double at)
{
	static const char *const status[] = { [SIM_NO_JOB] = "interrupted",
		[SIM_COMPLETE] = "completed", [SIM_CANCELLED] = "cancelled", [SIM_FAILED] = "error" };

	p->job.ended = at;
	remember_job(p, status[result], at);
	count_print(p, result == SIM_COMPLETE, at);
	heaters_off(p, at);
	p->result = result;
	p->paused_flag = false;
	p->incident = SIM_NO_INCIDENT;
	enter(p, SIM_READY, at);
}

static void printing_over(struct sim_printer *p, double at)
{
	enum sim_incident incident = p->incident;
	bool early = incident != SIM_NO_INCIDENT && p->incident_at_s < p->job.file.print_s;

	p->incident = SIM_NO_INCIDENT;
	if (!early) {
		enter(p, SIM_FINISHING, at);
	} else if (incident == SIM_RUNOUT) {
		enter(p, SIM_PAUSED, at);
		p->paused_flag = true;
		str_copy(p->message, sizeof(p->message), "no filament");
		sim_say(p, at, true, "// Filament sensor 'switch': no filament, pausing");
	} else {
		enter(p, SIM_READY, at);
		sim_say(p, at, true, "!! Move out of range: 999.000 100.400 0.200 [65.321]");
		str_copy(p->reason, sizeof(p->reason),
			 "Move out of range: 999.000 100.400 0.200 [65.321]");
		end_job(p, SIM_FAILED, at);
	}
}

static void connected(struct sim_printer *p, double at)
{
	enter(p, p->then, at);
	if (p->phase == SIM_READY) {
		p->up_since = at;
		p->reason[0] = '\0';
	}
	p->then = SIM_READY;
}

/* The phase is over: what comes next. */
static void expire(struct sim_printer *p, double at)
{
	switch (p->phase) {
	case SIM_OFF:
		enter(p, SIM_CONNECTING, at);
		break;
	case SIM_CONNECTING:
		connected(p, at);
		break;
	case SIM_STARTING:
		enter(p, SIM_HEATING, at);
		break;
	case SIM_HEATING:
		enter(p, p->queued != SIM_OFF ? p->queued : SIM_PRINTING, at);
		p->queued = SIM_OFF;
		break;
	case SIM_PRINTING:
		printing_over(p, at);
		break;
	case SIM_PAUSING:
		enter(p, SIM_PAUSED, at);
		p->paused_flag = true;
		if (p->resume_after_s > 0)
			p->until = at + p->resume_after_s;
		p->resume_after_s = 0;
		break;
	case SIM_PAUSED:
		enter(p, SIM_RESUMING, at);
		break;
	case SIM_RESUMING:
		p->paused_flag = false;
		enter(p, SIM_PRINTING, at);
		break;
	case SIM_CANCELLING:
		end_job(p, SIM_CANCELLED, at);
		break;
	case SIM_FINISHING:
		end_job(p, SIM_COMPLETE, at);
		break;
	case SIM_BUSY:
	case SIM_READY:
	case SIM_HALTED:
	case SIM_PHASE_N:
		enter(p, SIM_READY, at);
		break;
	}
}

void sim_printer_live(struct sim_printer *p, double at)
{
	while (at >= p->until)
		expire(p, p->until);
}

/* ---- commands ---- */

void sim_select(struct sim_printer *p, const struct sim_file *f)
{
	free(p->job.file.path);
	memset(&p->job.file, 0, sizeof(p->job.file));
	p->result = SIM_NO_JOB;
	p->job.started = p->job.ended = NAN;
	p->job.printed_s = p->job.paused_s = 0;
	if (f) {
		sim_file_copy(&p->job.file, f);
		p->ever_selected = true;
	}
}

void sim_start(struct sim_printer *p, const struct sim_file *f, double at)
{
	struct sim_file copy;

	if (sim_job_active(p))		/* as Klipper does: the old job is just gone */
		end_job(p, SIM_CANCELLED, at);
	sim_file_copy(&copy, f);
	sim_select(p, &copy);
	free(copy.path);
	p->job.started = at;
	p->job.number = ++p->jobs;
	p->queued = SIM_OFF;
	p->reason[0] = '\0';
	if (p->job.file.nozzle_c > 0)
		heat_set(&p->extruder, at, p->job.file.nozzle_c);
	if (p->job.file.bed_c > 0)
		heat_set(&p->bed, at, p->job.file.bed_c);
	enter(p, SIM_STARTING, at);
	sim_printer_live(p, at);	/* Klipper's start takes no time */
}

double sim_pause(struct sim_printer *p, double at)
{
	double heated = p->until;

	if (p->phase == SIM_HEATING && p->dialect == SIM_MOONRAKER) {
		p->queued = SIM_PAUSING;
		return heated + p->lag_s[SIM_PAUSING];
	}
	if (p->phase != SIM_PRINTING && p->phase != SIM_HEATING)
		return at;
	if (p->phase == SIM_PRINTING)
		heated = at;
	enter(p, SIM_PAUSING, at);
	p->until = heated + p->lag_s[SIM_PAUSING];
	return p->until;
}

double sim_resume(struct sim_printer *p, double at)
{
	if (p->phase != SIM_PAUSED)
		return at;
	p->message[0] = '\0';
	enter(p, SIM_RESUMING, at);
	return p->until;
}

double sim_cancel(struct sim_printer *p, double at)
{
	if (!sim_job_active(p) || p->phase == SIM_CANCELLING || p->phase == SIM_FINISHING)
		return at;
	if (p->phase == SIM_HEATING && p->dialect == SIM_MOONRAKER) {
		p->queued = SIM_CANCELLING;
		return p->until + p->lag_s[SIM_CANCELLING];
	}
	enter(p, SIM_CANCELLING, at);
	return p->until;
}

void sim_halt(struct sim_printer *p, double at, const char *reason)
{
	bool active = sim_job_active(p);

	enter(p, SIM_HALTED, at);
	if (active)
		remember_job(p, "klippy_shutdown", at);
	heat_cut(&p->extruder, at);
	heat_cut(&p->bed, at);
	p->fan = 0;
	p->paused_flag = false;
	p->incident = SIM_NO_INCIDENT;
	str_copy(p->reason, sizeof(p->reason), reason);
	if (p->dialect == SIM_OCTOPRINT)	/* it forgets the file with the connection */
		sim_select(p, NULL);
}

/* Whatever runs is lost and the firmware is as after power-on. */
static void drop(struct sim_printer *p, double at)
{
	if (sim_job_active(p))
		remember_job(p, "klippy_disconnect", at);
	enter(p, SIM_OFF, at);
	sim_select(p, NULL);
	heaters_off(p, at);
	p->speed = p->flow = 1;
	p->paused_flag = false;
	p->incident = SIM_NO_INCIDENT;
	p->queued = SIM_OFF;
}

void sim_connect(struct sim_printer *p, double at)
{
	if (sim_operational(p) || p->phase == SIM_CONNECTING)
		return;
	drop(p, at);
	p->reason[0] = '\0';
	p->then = SIM_READY;
	p->never_up = false;
	enter(p, SIM_CONNECTING, at);
}

void sim_disconnect(struct sim_printer *p, double at)
{
	drop(p, at);
	p->reason[0] = '\0';
}

void sim_restart(struct sim_printer *p, double at, bool firmware)
{
	bool stays = p->phase == SIM_HALTED && !firmware;

	drop(p, at);
	p->until = at + AWAY_S;
	p->then = stays ? SIM_HALTED : SIM_READY;
	p->config_error = stays;
	if (stays)
		str_copy(p->reason, sizeof(p->reason),
			 "Can not update MCU 'mcu' config as it is shutdown");
	else
		p->reason[0] = '\0';
}

void sim_busy(struct sim_printer *p, double at, double for_s)
{
	if (p->phase != SIM_READY && p->phase != SIM_BUSY)
		return;
	enter(p, SIM_BUSY, at);
	p->until = at + for_s;
}

void sim_set_speed(struct sim_printer *p, double at, double factor)
{
	enum sim_phase phase = p->phase;
	double until = p->until;

	enter(p, phase, at);	/* what was printed up to now counts at the old speed */
	p->until = until;
	p->speed = factor;
	if (phase == SIM_PRINTING)
		p->until = at + duration_s(p, phase, at);
}

double sim_warm_up_s(const struct sim_printer *p, const struct sim_file *f, double at)
{
	struct heater_sim extruder = p->extruder, bed = p->bed;
	double wait;

	if (!(f->nozzle_c > 0 || f->bed_c > 0))
		return p->lag_s[SIM_STARTING] + 0.2;
	heat_set(&extruder, at, f->nozzle_c);
	heat_set(&bed, at, f->bed_c);
	wait = fmax(heat_wait_s(&extruder, at), heat_wait_s(&bed, at));
	return p->lag_s[SIM_STARTING] + wait + HOMING_S;
}

/* ---- the console ---- */

void sim_say(struct sim_printer *p, double at, bool response, const char *text)
{
	struct sim_line *line;

	if (!p->lines)
		p->lines = mem_zalloc(SIM_LINES, sizeof(*p->lines));
	line = &p->lines[p->n_lines++ % SIM_LINES];
	line->at = at;
	line->response = response;
	str_copy(line->text, sizeof(line->text), text);
}

unsigned sim_line_count(const struct sim_printer *p)
{
	return p->n_lines < SIM_LINES ? p->n_lines : SIM_LINES;
}

const struct sim_line *sim_line_at(const struct sim_printer *p, unsigned i)
{
	return &p->lines[(p->n_lines - sim_line_count(p) + i) % SIM_LINES];
}

/* ---- what can be seen ---- */

void sim_look(const struct sim_printer *p, double at, struct sim_view *ret)
{
	const struct sim_file *f = &p->job.file;
	double printed = p->job.printed_s, end = isnan(p->job.ended) ? at : p->job.ended;
	double turn = printed * 0.9 + p->seed % 7, done;

	memset(ret, 0, sizeof(*ret));
	ret->x = ret->y = 5;
	ret->z = p->result != SIM_NO_JOB || sim_job_active(p) ? 10 : 0;
	if (!f->path || isnan(p->job.started))
		return;
	if (p->phase == SIM_PRINTING) {
		printed = fmin(printed + (at - p->since) * p->speed, f->print_s);
		turn = printed * 0.9 + p->seed % 7;
	}
	done = f->print_s > 0 ? printed / f->print_s : 0;
	ret->printed_s = printed;
	ret->total_s = end - p->job.started;
	ret->progress = done;
	/* Dense layers in the middle: bytes and time do not run alike. */
	ret->file_position = (double)f->start_byte + (double)(f->end_byte - f->start_byte) *
		(done - 0.012 * sin(done * 2 * M_PI));
	ret->filament_mm = f->filament_mm * done;
	ret->layer = done <= 0 ? 0 : (int)fmin(1 + floor(done * f->layers), f->layers);
	if (p->phase == SIM_PRINTING) {
		ret->x = 110 + 52.4 * cos(turn);
		ret->y = 110 + 38.2 * sin(turn * 1.3);
		ret->velocity = 90 + 85 * fabs(sin(turn * 3));
	}
	if (ret->layer > 0)
		ret->z = f->first_layer_mm + (ret->layer - 1) * f->layer_mm;
}

double sim_chamber_c(const struct sim_printer *p, double at)
{
	double room = p->bed.ambient_c;

	return room + 0.27 * (heat_at(&p->bed, at - 120).actual_c - room);
}

double sim_host_c(const struct sim_printer *p, double at)
{
	return 44 + p->seed % 6 + 1.5 * sin(at / 240) + 0.3 * heat_noise(p->seed, at);
}
