/* The scenes a simulated printer can be put into. */
#include <sim/scene.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

#define MCU_SHUTDOWN "MCU 'mcu' shutdown: Timer too close\nThis often means that the host computer is " \
	"overloaded."
#define HEATER_FAULT "Heater extruder not heating at expected rate\nCheck the heater, its sensor and " \
	"the verify_heater section."
#define RUNAWAY "Thermal Runaway, system stopped! Heater_ID: bed - Printer halted. kill() called!"

static const struct sim_file *file_of(struct sim_printer *p, const struct scene_args *a)
{
	struct sim_file *f = a->file ? store_find(&p->store, a->file) : NULL;

	if (f)
		return f;
	for (size_t i = 0; a->file && i < store_catalogue_count(); i++) {
		struct sim_file copy;

		if (strcmp(store_catalogue(i)->path, a->file) != 0)
			continue;
		sim_file_copy(&copy, store_catalogue(i));
		copy.modified = -90000;
		return store_put_take(&p->store, &copy);
	}
	return &p->store.files[p->seed % p->store.n];
}

static double progress_of(const struct sim_printer *p, const struct scene_args *a)
{
	return isnan(a->progress) ? 0.03 + (p->seed / 7 % 90) / 100.0 : a->progress;
}

static double ago_of(const struct sim_printer *p, const struct scene_args *a)
{
	return isnan(a->ago_s) ? 120 + p->seed % 3000 : a->ago_s;
}

/* Starts a job so that it stands at this progress at the moment. */
static void start_before(struct sim_printer *p, double at, const struct sim_file *f, double progress)
{
	double spent = sim_warm_up_s(p, f, at) + progress * f->print_s;

	sim_start(p, f, at - spent);
}

static void set_idle(struct sim_printer *p, double at, const struct scene_args *a)
{
	(void)p, (void)at, (void)a;
}

static void set_printing(struct sim_printer *p, double at, const struct scene_args *a)
{
	start_before(p, at, file_of(p, a), progress_of(p, a));
}

static void set_preparing(struct sim_printer *p, double at, const struct scene_args *a)
{
	sim_start(p, file_of(p, a), at - (isnan(a->ago_s) ? 15 : a->ago_s));
}

static void set_complete(struct sim_printer *p, double at, const struct scene_args *a)
{
	start_before(p, at - ago_of(p, a), file_of(p, a), 1);
}

static void set_cancelled(struct sim_printer *p, double at, const struct scene_args *a)
{
	double then = at - ago_of(p, a);

	start_before(p, then, file_of(p, a), progress_of(p, a));
	sim_printer_live(p, then);
	sim_cancel(p, then);
}

static void set_incident(struct sim_printer *p, double at, const struct scene_args *a,
			 enum sim_incident what)
{
	const struct sim_file *f = file_of(p, a);
	double progress = progress_of(p, a);

	start_before(p, at - ago_of(p, a), f, progress);
	p->incident = what;
	p->incident_at_s = progress * p->job.file.print_s;
}

static void set_runout(struct sim_printer *p, double at, const struct scene_args *a)
{
	set_incident(p, at, a, SIM_RUNOUT);
}

static void set_failed(struct sim_printer *p, double at, const struct scene_args *a)
{
	set_incident(p, at, a, SIM_FAILURE);
}

static void halt(struct sim_printer *p, double at, const struct scene_args *a, const char *reason)
{
	double then = at - ago_of(p, a);

	start_before(p, then, file_of(p, a), progress_of(p, a));
	sim_printer_live(p, then);
	sim_halt(p, then, reason);
}

static void set_shutdown(struct sim_printer *p, double at, const struct scene_args *a)
{
	halt(p, at, a, p->dialect == SIM_MOONRAKER ? MCU_SHUTDOWN :
	     "Closing serial port due to emergency stop M112.");
}

static void set_thermal(struct sim_printer *p, double at, const struct scene_args *a)
{
	halt(p, at, a, p->dialect == SIM_MOONRAKER ? HEATER_FAULT : RUNAWAY);
}

static void set_config_error(struct sim_printer *p, double at, const struct scene_args *a)
{
	(void)a;
	p->config_error = true;
	sim_halt(p, at, "Option 'pin' in section 'fan' must be specified");
}

static void set_disconnected(struct sim_printer *p, double at, const struct scene_args *a)
{
	(void)a;
	sim_disconnect(p, at);
}

static void set_klippy_down(struct sim_printer *p, double at, const struct scene_args *a)
{
	(void)a;
	sim_disconnect(p, at);
	p->never_up = true;
}

static void set_klippy_hang(struct sim_printer *p, double at, const struct scene_args *a)
{
	(void)at, (void)a;
	p->hung = true;
}

static void set_connecting(struct sim_printer *p, double at, const struct scene_args *a)
{
	(void)a;
	sim_disconnect(p, at);
	sim_connect(p, at);
	p->until = at + 6;
}

/* Opens its port, finds no printer behind it, gives up. */
static void set_connect_fails(struct sim_printer *p, double at, const struct scene_args *a)
{
	set_connecting(p, at, a);
	p->then = SIM_OFF;
}

static void set_starting(struct sim_printer *p, double at, const struct scene_args *a)
{
	(void)a;
	if (p->dialect != SIM_MOONRAKER)
		return;		/* the fault does it */
	sim_disconnect(p, at);
	sim_connect(p, at);
	p->until = INFINITY;
}

static void set_busy(struct sim_printer *p, double at, const struct scene_args *a)
{
	sim_busy(p, at, isnan(a->ago_s) ? 30 : a->ago_s);
}

/* The states that pass quickly are drawn out, and the first one begins now. */
static void set_pausing(struct sim_printer *p, double at, const struct scene_args *a)
{
	set_printing(p, at, a);
	sim_printer_live(p, at);
	p->lag_s[SIM_PAUSING] = 4;
	p->lag_s[SIM_RESUMING] = 4;
	p->resume_after_s = 2;
	sim_pause(p, at);
}

static void set_cancelling(struct sim_printer *p, double at, const struct scene_args *a)
{
	set_printing(p, at, a);
	sim_printer_live(p, at);
	p->lag_s[SIM_CANCELLING] = 6;
	sim_cancel(p, at);
}

static void set_finishing(struct sim_printer *p, double at, const struct scene_args *a)
{
	p->lag_s[SIM_FINISHING] = 6;
	start_before(p, at, file_of(p, a), 1);
}

static void set_clock(struct sim_printer *p, double at, const struct scene_args *a)
{
	set_printing(p, at, a);
	p->wall0 += 3 * 86400;
}

static const struct scene scenes[] = {
	{ "none", FAULT_NONE, NULL, "takes a fault of the network or the server away" },
	{ "idle", FAULT_NONE, set_idle, "ready, nothing printed" },
	{ "busy", FAULT_NONE, set_busy, "a long macro runs" },
	{ "preparing", FAULT_NONE, set_preparing, "a job has started and heats" },
	{ "printing", FAULT_NONE, set_printing, "prints" },
	{ "pausing", FAULT_NONE, set_pausing, "pauses, resumes after a while and prints on" },
	{ "paused", FAULT_NONE, set_runout, "paused: no filament" },
	{ "runout", FAULT_NONE, set_runout, "the same" },
	{ "cancelling", FAULT_NONE, set_cancelling, "a cancel takes some seconds" },
	{ "finishing", FAULT_NONE, set_finishing, "the end of a job takes some seconds" },
	{ "complete", FAULT_NONE, set_complete, "the job is done" },
	{ "cancelled", FAULT_NONE, set_cancelled, "the job was cancelled" },
	{ "failed", FAULT_NONE, set_failed, "the job ended in an error" },
	{ "shutdown", FAULT_NONE, set_shutdown, "the firmware has shut down" },
	{ "thermal", FAULT_NONE, set_thermal, "a heater fault has halted the firmware" },
	{ "config-error", FAULT_NONE, set_config_error, "Klippy's configuration is broken" },
	{ "connecting", FAULT_NONE, set_connecting, "the serial port is being opened" },
	{ "connect-fails", FAULT_NONE, set_connect_fails, "opens its port in vain" },
	{ "disconnected", FAULT_NONE, set_disconnected, "serial port closed, Klippy lost" },
	{ "klippy-down", FAULT_NONE, set_klippy_down, "Klippy was never there" },
	{ "klippy-hang", FAULT_NONE, set_klippy_hang, "the firmware or Klippy does not answer" },
	{ "starting", FAULT_BOOT, set_starting, "the server starts: not even HTTP from OctoPrint" },
	{ "clock", FAULT_NONE, set_clock, "the server's clock is three days ahead" },
	{ "refuse", FAULT_REFUSE, NULL, "connections are refused" },
	{ "hang", FAULT_HANG, NULL, "accepts and never answers" },
	{ "drip", FAULT_DRIP, NULL, "answers a few bytes a second" },
	{ "reset", FAULT_RESET, NULL, "resets in the middle of the answer" },
	{ "empty", FAULT_EMPTY, NULL, "closes without an answer" },
	{ "unauthorized", FAULT_UNAUTHORIZED, NULL, "refuses the key" },
	{ "http401", FAULT_HTTP401, NULL, "a proxy asks for a password" },
	{ "http403", FAULT_HTTP403, NULL, "a proxy forbids" },
	{ "http500", FAULT_HTTP500, NULL, "an internal error" },
	{ "proxy502", FAULT_PROXY502, NULL, "a proxy without its server" },
	{ "redirect", FAULT_REDIRECT, NULL, "points to another host" },
	{ "spa", FAULT_SPA, NULL, "a web page for everything" },
	{ "garbage", FAULT_GARBAGE, NULL, "bytes that are no JSON" },
	{ "truncated", FAULT_TRUNCATED, NULL, "JSON cut in the middle" },
	{ "huge", FAULT_HUGE, NULL, "an answer of 40 MB" },
	{ "types", FAULT_TYPES, NULL, "every value of the wrong type" },
	{ "nan", FAULT_NAN, NULL, "NaN and Infinity for numbers" },
	{ "control", FAULT_CONTROL, NULL, "escape sequences in names and messages" },
};

size_t scene_count(void)
{
	return ARRAY_LEN(scenes);
}

const struct scene *scene_at(size_t i)
{
	return &scenes[i];
}

const struct scene *scene_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(scenes); i++)
		if (str_eq(scenes[i].name, name))
			return &scenes[i];
	return NULL;
}

void scene_set(const struct scene *s, struct sim_printer *p, double at, const struct scene_args *a)
{
	static const struct scene_args by_seed = { NULL, NAN, NAN };

	if (!s->set)
		return;
	sim_printer_reset(p, at);
	s->set(p, at, a ? a : &by_seed);
	sim_printer_live(p, at);
}
