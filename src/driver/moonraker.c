/* Moonraker's dialect: what to poll, what may be sent when, and how to know it. */
#include "moonraker.h"

#include <string.h>
#include <printop/str.h>

#define S(status) STATUS_BIT(PRINTER_##status)

/* ---- what to poll ---- */

static bool always(const struct printer *p)
{
	(void)p;
	return true;
}

/* The query cannot tell a hung Klippy from a hung Moonraker, nor why there is none. */
static bool needs_server(const struct printer *p)
{
	return p->state.klippy_silent || driver_in(p, S(DISCONNECTED) | S(STARTING));
}

static bool needs_version(const struct printer *p)
{
	return driver_in(p, STATUS_ANSWERS | S(STARTING)) && !p->state.version_tried;
}

static bool needs_objects(const struct printer *p)
{
	return driver_in(p, STATUS_OPERATIONAL) && !p->state.objects_known;
}

/* After the objects: they settle the names. */
static bool needs_history(const struct printer *p)
{
	return driver_in(p, STATUS_OPERATIONAL) && p->state.objects_known &&
	       !p->state.history_seeded;
}

static bool needs_metadata(const struct printer *p)
{
	const struct printer_state *s = &p->state;

	return driver_in(p, STATUS_ANSWERS) && s->job.file[0] &&
	       !(s->meta.tried && str_eq(s->meta.for_file, s->job.file));
}

static const struct topic topics[] = {
	{ TOPIC_STATUS, "status", TOPIC_EACH_POLL, always },
	{ TOPIC_SERVER, "server", TOPIC_EACH_POLL, needs_server },
	{ TOPIC_VERSION, "version", TOPIC_WHEN_NEEDED, needs_version },
	{ TOPIC_OBJECTS, "objects", TOPIC_WHEN_NEEDED, needs_objects },
	{ TOPIC_METADATA, "metadata", TOPIC_WHEN_NEEDED, needs_metadata },
	{ TOPIC_HISTORY, "history", TOPIC_WHEN_NEEDED, needs_history },
};

/* Every query takes up to 250 ms whatever it asks (Klipper's tick), so all is asked at once. */
#define QUERY_PATH "/printer/objects/query"
#define QUERY_HEAD \
	"{\"objects\":{" \
	"\"webhooks\":[\"state\",\"state_message\"]," \
	"\"print_stats\":[\"filename\",\"total_duration\",\"print_duration\",\"filament_used\"," \
		"\"state\",\"message\",\"info\"]," \
	"\"virtual_sdcard\":[\"progress\",\"file_position\",\"file_size\"]," \
	"\"display_status\":[\"progress\",\"message\"]," \
	"\"idle_timeout\":[\"state\"]," \
	"\"fan\":[\"speed\"]," \
	"\"gcode_move\":[\"speed_factor\",\"extrude_factor\",\"homing_origin\"," \
		"\"gcode_position\"]," \
	"\"toolhead\":[\"homed_axes\"]," \
	"\"motion_report\":[\"live_velocity\"]"
/* moonraker-timelapse pauses the job for each picture. */
#define QUERY_TIMELAPSE ",\"gcode_macro TIMELAPSE_TAKE_FRAME\":[\"is_paused\"]"
#define QUERY_FIRST_HEATERS \
	",\"extruder\":[\"temperature\",\"target\",\"power\"]" \
	",\"heater_bed\":[\"temperature\",\"target\",\"power\"]"

/* An object that is not there answers {}, an attribute that is not there null. */
static void ask_heater(struct sbuf *b, const struct heater *h)
{
	bool sensor = str_starts(h->object, "temperature_sensor ");

	sbuf_addf(b, ",\"%s\":[\"temperature\"%s]", h->object,
		  sensor ? "" : ",\"target\",\"power\"");
}

static void ask_status(const struct printer *p, struct http_req *ret)
{
	driver_post(ret, QUERY_PATH, QUERY_HEAD, TIMEOUT_REPLY_MS);
	ret->changes = false;
	if (driver_in(p, STATUS_ACTIVE))
		sbuf_adds(&ret->body, QUERY_TIMELAPSE);
	for (int i = 0; i < p->state.n_heaters; i++)
		ask_heater(&ret->body, &p->state.heaters[i]);
	if (!p->state.n_heaters)
		sbuf_adds(&ret->body, QUERY_FIRST_HEATERS);
	sbuf_adds(&ret->body, "}}");
}

static bool ask(const struct printer *p, enum topic_id t, struct http_req *ret, struct err *e)
{
	switch (t) {
	case TOPIC_STATUS:
		ask_status(p, ret);
		return true;
	case TOPIC_SERVER:
	case TOPIC_VERSION:
		driver_get(ret, "/server/info");
		return true;
	case TOPIC_OBJECTS:
		driver_post(ret, QUERY_PATH,
			    "{\"objects\":{\"heaters\":null,\"mcu\":[\"mcu_version\"]}}",
			    TIMEOUT_REPLY_MS);
		ret->changes = false;
		return true;
	case TOPIC_METADATA:
		driver_get(ret, "/server/files/metadata?filename=");
		str_url_encode(&ret->path, p->state.job.file, true);
		return true;
	case TOPIC_HISTORY:
		driver_get(ret, "/server/temperature_store");
		ret->timeout_ms = TIMEOUT_ANSWER_MS;
		return true;
	case TOPIC_TEMPS:
	case TOPIC_USER:
	case TOPIC_N:
		break;
	}
	return err_set(e, ERR_INTERNAL, "Moonraker has no such topic");
}

/* ---- what may be sent ---- */

/*
 * Moonraker 0.11.0 refuses little by itself: a start while paused throws the paused job away,
 * cancel and resume run their macros (and move) when idle, a pause when idle leaves a flag behind.
 */
static const uint32_t allowed_in[VERB_N] = {
	[VERB_PAUSE] = S(PREPARING) | S(PRINTING),
	[VERB_RESUME] = S(PAUSED),
	/* Behind a pause that still waits for its turn, it waits for its own. */
	[VERB_CANCEL] = S(PREPARING) | S(PRINTING) | S(PAUSING) | S(PAUSED) | S(RESUMING),
	[VERB_START] = STATUS_READY,
	[VERB_UPLOAD] = STATUS_ANSWERS | S(STARTING),
	[VERB_ESTOP] = STATUS_OPERATIONAL | S(STARTING) | S(ERROR) | S(SHUTDOWN),
	[VERB_RESTART] = STATUS_READY | S(STARTING) | S(ERROR) | S(SHUTDOWN),
	[VERB_FILES] = STATUS_ANSWERS | S(STARTING),
	/*
	 * 0.11.0: G28 is taken while a job is printed, and moves the tool out of it. Behind other
	 * G-code, such as another G28, it waits for its turn.
	 */
	[VERB_HOME] = STATUS_READY | S(BUSY),
	[VERB_DELETE] = STATUS_ANSWERS | S(STARTING),
};

static uint32_t allowed(enum verb v)
{
	return (unsigned)v < VERB_N ? allowed_in[v] : 0;
}

/* ---- detection ---- */

/* Also without [authorization] or in old versions: Moonraker's errors are objects. */
static int detect(const struct http_reply *r)
{
	struct json *root;
	const char *text;
	int score = 0;

	if (r->fault || !r->status || !r->len || r->clacks ||
	    str_starts(r->content_type, "text/html"))
		return 0;
	root = json_parse(r->body, r->len, NULL);
	text = json_raw(root, "text");		/* /api/version of its emulation of OctoPrint */
	if (json_raw(root, "result.default_source") || (text && strstr(text, "Moonraker")))
		score = 100;
	else if (json_is_object(json_at(root, "result")))
		score = 60;
	else if (json_is_object(json_at(root, "error")))
		score = r->status == 401 ? 90 : 80;
	json_free(root);
	return score;
}

const struct driver driver_moonraker = {
	.name = "moonraker",
	.title = "Moonraker",
	.default_port = 7125,
	.verbs = VERB_BIT(VERB_PAUSE) | VERB_BIT(VERB_RESUME) | VERB_BIT(VERB_CANCEL) |
		 VERB_BIT(VERB_START) | VERB_BIT(VERB_UPLOAD) | VERB_BIT(VERB_ESTOP) |
		 VERB_BIT(VERB_RESTART) | VERB_BIT(VERB_FILES) | VERB_BIT(VERB_HOME) |
		 VERB_BIT(VERB_DELETE),
	.topics = topics,
	.n_topics = sizeof(topics) / sizeof(topics[0]),
	.allowed = allowed,
	.ask = ask,
	.hear = moonraker_hear,
	.step = moonraker_step,
	.detect = detect,
	.introduce = moonraker_introduce,
	.claim = moonraker_claim,
};
