/*
 * One simulated printer: heaters, a job and its states, files. It knows no protocol, clock or socket: every
 * call is given the moment (simulated seconds since the farm began) and first lets the printer live up to it.
 */
#ifndef SIM_PRINTER_H
#define SIM_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sim/heat.h>
#include <sim/store.h>

enum sim_dialect { SIM_OCTOPRINT, SIM_MOONRAKER };

enum sim_phase {
	SIM_OFF,		/* serial port closed; Klippy not there */
	SIM_CONNECTING,		/* serial port opens; Klippy starts */
	SIM_READY,
	SIM_BUSY,		/* a long macro runs, no job */
	SIM_STARTING,
	SIM_HEATING,
	SIM_PRINTING,
	SIM_PAUSING,
	SIM_PAUSED,
	SIM_RESUMING,
	SIM_CANCELLING,
	SIM_FINISHING,
	SIM_HALTED,		/* shutdown; offline after an error */
	SIM_PHASE_N
};

enum sim_result { SIM_NO_JOB, SIM_COMPLETE, SIM_CANCELLED, SIM_FAILED };

enum sim_incident { SIM_NO_INCIDENT, SIM_RUNOUT, SIM_FAILURE };

struct sim_job {
	struct sim_file file;	/* a copy; path NULL: nothing is selected */
	double started, ended;	/* NAN: not yet */
	double printed_s;	/* up to the beginning of this phase, without heating and pauses */
	double paused_s;
	int number;
};

struct sim_past {		/* a job of the history */
	char *path;
	const char *status;
	double started, ended, print_s, total_s, filament_mm;
	int number;
};

struct sim_line {		/* of the console */
	double at;
	bool response;
	char text[200];
};

#define SIM_LINES 64
#define SIM_PASTS 24

enum sim_decision { SIM_UNDECIDED, SIM_ALLOW, SIM_DENY };

/* Somebody asked OctoPrint for an application key. */
struct sim_question {
	unsigned number;	/* of the question, 0: none is open */
	double asked, polled;
};

struct sim_printer {
	char *name;
	enum sim_dialect dialect;
	char key[40];		/* "" none */
	uint32_t seed;
	double wall0;		/* wall clock at moment 0 */
	bool has_chamber;

	enum sim_phase phase, then, queued;	/* then: after CONNECTING; queued: after HEATING */
	double since, until;	/* until INFINITY: nothing happens by itself */
	double lag_s[SIM_PHASE_N];
	double resume_after_s;	/* the next pause ends by itself, 0: it does not */
	double tick_s;		/* Klippy answers queries on this tick; 0: at once */
	bool never_up;		/* Klippy has not connected since Moonraker started */
	double up_since;	/* when the connection to the printer began */
	bool config_error;	/* halted before it was ever ready, as after a broken printer.cfg */
	bool hung;		/* the firmware, or Klippy, does not answer any more */
	char reason[640];	/* why it is halted, or why the job failed */

	struct heater_sim extruder, bed;
	double fan, speed, flow;
	char message[120];	/* M117 */
	bool paused_flag, ever_selected;

	struct sim_job job;
	enum sim_result result;
	enum sim_incident incident;
	double incident_at_s;	/* of printed time */

	struct sim_question question;
	enum sim_decision decision;	/* what the one at the web page says; it stays */

	struct store store;
	struct sim_past past[SIM_PASTS];	/* oldest first */
	int n_past, jobs;
	struct sim_line *lines;	/* a ring of SIM_LINES, made when first used */
	unsigned n_lines;
};

void sim_printer_init(struct sim_printer *p, const char *name, enum sim_dialect d, uint32_t seed,
		      double wall0);
void sim_printer_reset(struct sim_printer *p, double at);	/* cold and idle; files stay */
void sim_printer_done(struct sim_printer *p);
void sim_printer_live(struct sim_printer *p, double at);

/* Commands. They do as the firmware does; who may send what when is the dialects' business. */
void sim_select(struct sim_printer *p, const struct sim_file *f);	/* NULL: nothing */
void sim_start(struct sim_printer *p, const struct sim_file *f, double at);
/* These answer the moment at which they will be done: heating cannot be interrupted. */
double sim_pause(struct sim_printer *p, double at);
double sim_resume(struct sim_printer *p, double at);
double sim_cancel(struct sim_printer *p, double at);
void sim_halt(struct sim_printer *p, double at, const char *reason);
void sim_connect(struct sim_printer *p, double at);
void sim_disconnect(struct sim_printer *p, double at);
/* Klippy is away, starts, is ready; a shutdown needs the firmware restarted, too. */
void sim_restart(struct sim_printer *p, double at, bool firmware);
void sim_busy(struct sim_printer *p, double at, double for_s);
void sim_set_speed(struct sim_printer *p, double at, double factor);
void sim_say(struct sim_printer *p, double at, bool response, const char *text);
const struct sim_line *sim_line_at(const struct sim_printer *p, unsigned i);	/* 0 is the oldest kept */
unsigned sim_line_count(const struct sim_printer *p);

/* Runs G-code lines. False and error when one is refused; *done is when the last one ends. */
bool sim_gcode(struct sim_printer *p, double at, const char *script, double *done, char error[120]);

/* Seconds that a start of f now would heat and home. */
double sim_warm_up_s(const struct sim_printer *p, const struct sim_file *f, double at);

bool sim_operational(const struct sim_printer *p);
bool sim_job_active(const struct sim_printer *p);

/* What can be seen of the job at a moment. */
struct sim_view {
	double progress, printed_s, total_s;	/* total with pauses, from the start */
	double file_position, filament_mm;
	int layer;
	double x, y, z, velocity;
};
void sim_look(const struct sim_printer *p, double at, struct sim_view *ret);

double sim_chamber_c(const struct sim_printer *p, double at);
double sim_host_c(const struct sim_printer *p, double at);

#endif
