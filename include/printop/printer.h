/*
 * A printer: plain data. Unknown is a value: double NAN, int64_t -1, string "". Times in *_ms are the
 * loop's monotonic clock, *_at are wall-clock seconds since 1970.
 */
#ifndef PRINTOP_PRINTER_H
#define PRINTOP_PRINTER_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/limits.h>

/* The common states; names and meaning are part of the JSON contract. Order is the enum's only. */
enum printer_status {
	PRINTER_UNKNOWN,
	PRINTER_OFFLINE,
	PRINTER_STARTING,
	PRINTER_UNAUTHORIZED,
	PRINTER_DISCONNECTED,	/* the server answers; the printer or Klippy is not there */
	PRINTER_CONNECTING,
	PRINTER_IDLE,
	PRINTER_BUSY,
	PRINTER_PREPARING,	/* job started: heating or homing, where the server tells */
	PRINTER_PRINTING,
	PRINTER_PAUSING,
	PRINTER_PAUSED,
	PRINTER_RESUMING,
	PRINTER_CANCELLING,
	PRINTER_FINISHING,
	PRINTER_COMPLETE,
	PRINTER_CANCELLED,
	PRINTER_FAILED,		/* the job ended in an error, the printer is usable */
	PRINTER_ERROR,
	PRINTER_SHUTDOWN,
	PRINTER_PARKED,
	PRINTER_STATUS_N
};

#define STATUS_BIT(s) (1u << (s))
/* A job is under way (a cancel would lose work). */
#define STATUS_ACTIVE (STATUS_BIT(PRINTER_PREPARING) | STATUS_BIT(PRINTER_PRINTING) | \
	STATUS_BIT(PRINTER_PAUSING) | STATUS_BIT(PRINTER_PAUSED) | STATUS_BIT(PRINTER_RESUMING) | \
	STATUS_BIT(PRINTER_CANCELLING) | STATUS_BIT(PRINTER_FINISHING))
/* A job could be started. */
#define STATUS_READY (STATUS_BIT(PRINTER_IDLE) | STATUS_BIT(PRINTER_COMPLETE) | \
	STATUS_BIT(PRINTER_CANCELLED) | STATUS_BIT(PRINTER_FAILED))
/* The machine itself answers (heaters and motors can be reached). */
#define STATUS_OPERATIONAL (STATUS_ACTIVE | STATUS_READY | STATUS_BIT(PRINTER_BUSY))
/* A person has to look. */
#define STATUS_ALARM (STATUS_BIT(PRINTER_ERROR) | STATUS_BIT(PRINTER_SHUTDOWN) | \
	STATUS_BIT(PRINTER_FAILED) | STATUS_BIT(PRINTER_PAUSED))

struct status_info {
	const char *name;	/* "printing": JSON, selectors */
	const char *label;	/* "PRINT": at most 6 columns, on the screen */
	const char *count;	/* "print": in the line of counts; states with the same word add up */
	const char *role;	/* colour role, see roles.def */
	int attention;		/* sort weight: smaller is shown first; see ATTENTION_PERSON */
	const char *sentence;	/* for the manual */
};

#define ATTENTION_PERSON 10	/* weights below: somebody has to go there */

const struct status_info *printer_status_info(enum printer_status s);
bool printer_status_from_name(const char *name, enum printer_status *ret);

/* A secret: freed with its bytes wiped, never printed. */
struct secret {
	char *value;		/* NULL: none */
};

void secret_set(struct secret *s, const char *value);
void secret_done(struct secret *s);
bool secret_is_set(const struct secret *s);

/* ---- configuration of one printer (all strings owned, NULL when not set) ---- */

struct preset {
	char *name;		/* "PLA" */
	double extruder_c, bed_c, chamber_c;	/* NAN: leave alone */
};

struct printer_config {
	char *name;
	char *url;		/* normalised: scheme://host[:port][/prefix] */
	char *dialect;		/* "auto", "octoprint", "moonraker" */
	struct secret key;
	char *key_source;	/* "key", "key_file /etc/x", ...: where it came from, for check */
	char *key_error;	/* why it could not be read; the printer is then "unauthorized" */
	char *tags[LIMIT_TAGS];
	int n_tags;
	char *group;
	char *model;		/* what it is, "Voron 2.4": for selectors */
	char *notes;		/* Markdown */
	char *camera_url;
	double max_extruder_c, max_bed_c, max_chamber_c;	/* NAN: the program's own limit */
	struct preset *presets;	/* few printers have any */
	int n_presets;
	char *ca_file, *pin;
	bool insecure;
	char *parked;		/* reason; NULL: not parked, "" : parked without a reason */
	double poll_active_s, poll_idle_s, poll_offline_s;	/* NAN: the general setting */
	double stale_after_s;	/* values older than this are old; NAN: STALE_AFTER_S */
	char *where;		/* "printers.conf:12" */
};

void printer_config_init(struct printer_config *c);
void printer_config_done(struct printer_config *c);
/* The same server, dialect, key and TLS settings: state can be kept over a reload. */
bool printer_config_same_server(const struct printer_config *a, const struct printer_config *b);

/* ---- state ---- */

#define HEATER_NAME 40
#define NAME_CAP 512		/* file names and paths in the state */
#define TEXT_CAP 256		/* messages and reasons */

struct heater {
	char name[HEATER_NAME];		/* shown: "extruder", "bed", "chamber" */
	char object[HEATER_NAME + 16];	/* the server's: "heater_generic chamber", "tool0" */
	double actual_c, target_c;	/* target NAN: a sensor without a target */
	double power;			/* 0..1 */
};

/* When a group of values was last known; drives "stale" and its age. */
struct freshness {
	int64_t ok_ms;		/* last success, -1 never */
	int64_t tried_ms;	/* last attempt ended, -1 never */
	enum err_code err;	/* of the last attempt */
	int failures;		/* in a row */
	uint32_t polls_total, errors_total;	/* since the start */
	char text[TEXT_CAP];	/* of the last attempt, "" when it was good */
};

struct file_meta {		/* facts about the job's file, from the server */
	char for_file[NAME_CAP];	/* path it belongs to, "" none */
	bool tried;			/* asked for this path (even when it had none) */
	double estimated_s, filament_mm, filament_g;
	double layer_height_mm, first_layer_height_mm, object_height_mm;
	double nozzle_c, bed_c, nozzle_mm;
	int64_t layers, start_byte, end_byte, size_bytes;
	double modified_at;
	char slicer[64], filament_type[64];
};

struct job {
	char file[NAME_CAP];	/* path below the server's root; "" none */
	char origin[16];	/* "local", "sdcard" */
	int64_t size_bytes;
	double progress;	/* 0..1 */
	char progress_source[16];
	double elapsed_s, left_s;
	char left_source[24];
	int64_t layer, layers;
	double filament_used_mm;
	double file_position;	/* bytes */
	double total_s;		/* Moonraker total_duration, with pauses */
	uint32_t seq;		/* counts jobs seen starting on this printer */
	char user[64];
};

struct printer_state {
	enum printer_status status;
	char reason[TEXT_CAP];	/* why it is not well; "" when all is well */
	char message[128];	/* the printer's own display text (M117): a line or two there */
	struct freshness fresh;	/* of the status poll */
	struct job job;
	struct file_meta meta;
	struct heater heaters[LIMIT_HEATERS];
	int n_heaters;
	double pos_mm[3];
	char homed[4];
	double speed_factor, flow_factor, fan;	/* 1.0 = 100 %; fan 0..1 */
	double live_velocity_mm_s;
	double z_offset_mm;

	/* what the server is */
	char version[48];	/* of the server program */
	char firmware[64];
	char hostname[64];
	char access[16];	/* "", "full", "read-only", "protected" */
	double latency_ms;	/* of the last good status request */
	bool has_jsonrpc;	/* Moonraker >= 0.9 */
	bool no_jsonrpc;
	bool objects_known;	/* Moonraker: heaters were discovered since Klippy became ready */
	bool klippy_silent;	/* Moonraker: the query timed out; /server/info is asked next */
	bool version_tried, access_tried, history_seeded;
	char klippy_state[16];
	int64_t seen_topics;	/* bit per topic heard well in this session */
};

void printer_state_init(struct printer_state *s);	/* all unknown */
void job_init(struct job *j);
void file_meta_init(struct file_meta *m);
/* The heater with this shown name, or NULL. */
const struct heater *printer_heater(const struct printer_state *s, const char *name);
/* Adds a heater with unknown values, or finds the one of that name; NULL when LIMIT_HEATERS are there. */
struct heater *printer_heater_add(struct printer_state *s, const char *name, const char *object);

struct history;

struct printer {
	uint32_t id;			/* never reused, never 0 */
	struct printer_config config;
	struct printer_state state;
	const char *dialect;		/* resolved driver name, NULL while unknown */
	int pending;			/* enum verb + 1 of an unconfirmed command, 0 none */
	struct history *history;	/* temperatures */
	bool marked;
	double since_at;		/* wall clock of the last change of status */
	bool since_seen;		/* it changed while we looked, not before */
	double ends_at;			/* wall clock, NAN unknown: set by fleet_commit */
};

/* Seconds since the values were true, NAN when never. */
double printer_age_s(const struct printer *p, int64_t now_ms);
#define STALE_AFTER_S 15.0
/* The last attempt failed, or nothing was heard for longer than config.stale_after_s. A parked printer is never stale. */
bool printer_stale(const struct printer *p, int64_t now_ms);

#endif
