/* OctoPrint's dialect: what to poll, what may be sent when, and how to know it. */
#include "octoprint.h"

#include <string.h>
#include <printop/str.h>

/* ---- what to poll ---- */

static bool always(const struct printer *p)
{
	(void)p;
	return true;
}

static bool is_operational(const struct printer *p)
{
	return driver_in(p, STATUS_OPERATIONAL);
}

static bool needs_version(const struct printer *p)
{
	return driver_in(p, STATUS_ANSWERS) && !p->state.version_tried;
}

/* Also without a valid key: it answers without one, and says what the key is worth. */
static bool needs_user(const struct printer *p)
{
	return driver_in(p, STATUS_ANSWERS | STATUS_BIT(PRINTER_UNAUTHORIZED)) &&
	       !p->state.access_tried;
}

static bool needs_history(const struct printer *p)
{
	return is_operational(p) && !p->state.history_seeded;
}

/* Files on the SD card are in no folder of the server and are never analysed. */
static bool needs_metadata(const struct printer *p)
{
	const struct printer_state *s = &p->state;

	return driver_in(p, STATUS_ANSWERS) && s->job.file[0] && str_eq(s->job.origin, "local") &&
	       !(s->meta.tried && str_eq(s->meta.for_file, s->job.file));
}

static const struct topic topics[] = {
	{ TOPIC_STATUS, "job", TOPIC_EACH_POLL, always },
	{ TOPIC_TEMPS, "temperatures", TOPIC_EACH_POLL, is_operational },
	{ TOPIC_VERSION, "version", TOPIC_WHEN_NEEDED, needs_version },
	{ TOPIC_USER, "user", TOPIC_WHEN_NEEDED, needs_user },
	{ TOPIC_HISTORY, "history", TOPIC_WHEN_NEEDED, needs_history },
	{ TOPIC_METADATA, "file", TOPIC_WHEN_NEEDED, needs_metadata },
};

static bool ask(const struct printer *p, enum topic_id t, struct http_req *ret, struct err *e)
{
	switch (t) {
	case TOPIC_STATUS:
		driver_get(ret, "/api/job");
		return true;
	case TOPIC_TEMPS:
		driver_get(ret, "/api/printer?exclude=state,sd");
		return true;
	case TOPIC_VERSION:
		driver_get(ret, "/api/version");
		return true;
	case TOPIC_USER:
		driver_get(ret, "/api/currentuser");
		return true;
	case TOPIC_HISTORY:
		/* limit=0 would be all of it; /api/printer/tool?history=true drops the times. */
		driver_get(ret, "/api/printer?history=true&limit=300&exclude=state,sd");
		return true;
	case TOPIC_METADATA:
		driver_get(ret, "/api/files/local/");
		str_url_encode(&ret->path, p->state.job.file, true);
		return true;
	case TOPIC_SERVER:
	case TOPIC_OBJECTS:
	case TOPIC_N:
		break;
	}
	return err_set(e, ERR_INTERNAL, "OctoPrint has no such topic");
}

/* ---- what may be sent ---- */

#define S(status) STATUS_BIT(PRINTER_##status)

/*
 * A pause while a job is starting is lost (1.11.8: 204, "Pausing", then "Printing"), a resume while
 * it is pausing is ignored, and a start is refused while a job is there.
 */
static const uint32_t allowed_in[VERB_N] = {
	[VERB_PAUSE] = S(PRINTING),
	[VERB_RESUME] = S(PAUSED),
	[VERB_CANCEL] = S(PREPARING) | S(PRINTING) | S(PAUSING) | S(PAUSED) | S(BUSY),
	[VERB_START] = STATUS_READY,
	[VERB_UPLOAD] = STATUS_ANSWERS,
	[VERB_ESTOP] = STATUS_OPERATIONAL,
	[VERB_CONNECT] = S(DISCONNECTED) | S(ERROR),
	[VERB_DISCONNECT] = STATUS_READY | S(CONNECTING),
	[VERB_FILES] = STATUS_ANSWERS,
	[VERB_HOME] = STATUS_READY,
	[VERB_DELETE] = STATUS_ANSWERS,
};

static uint32_t allowed(enum verb v)
{
	return (unsigned)v < VERB_N ? allowed_in[v] : 0;
}

/* ---- detection ---- */

/* What /api/version says; Moonraker's emulation says whose it is. */
static bool names_octoprint(const struct json *root)
{
	const char *text = json_raw(root, "text");

	return text && str_starts_nocase(text, "OctoPrint") && !strstr(text, "Moonraker");
}

static int detect(const struct http_reply *r)
{
	struct json *root;
	int score = 0;

	if (r->fault || !r->status)
		return 0;
	if (r->clacks)
		return r->status == 404 ? 100 : 90;
	/* A proxy may drop the mark: OctoPrint's error is a string, Moonraker's an object. */
	if (!str_starts(r->content_type, "application/json"))
		return 0;
	root = json_parse(r->body, r->len, NULL);
	if (r->status == 200 && names_octoprint(root))
		score = 90;
	else if (r->status >= 400 && json_raw(root, "error"))
		score = 40;
	json_free(root);
	return score;
}

const struct driver driver_octoprint = {
	.name = "octoprint",
	.title = "OctoPrint",
	.default_port = 5000,
	.verbs = VERB_BIT(VERB_PAUSE) | VERB_BIT(VERB_RESUME) | VERB_BIT(VERB_CANCEL) |
		 VERB_BIT(VERB_START) | VERB_BIT(VERB_UPLOAD) | VERB_BIT(VERB_ESTOP) |
		 VERB_BIT(VERB_CONNECT) | VERB_BIT(VERB_DISCONNECT) | VERB_BIT(VERB_FILES) |
		 VERB_BIT(VERB_HOME) | VERB_BIT(VERB_DELETE),
	.topics = topics,
	.n_topics = sizeof(topics) / sizeof(topics[0]),
	.allowed = allowed,
	.ask = ask,
	.hear = octoprint_hear,
	.step = octoprint_step,
	.detect = detect,
	.introduce = octoprint_introduce,
	.claim = octoprint_claim,
};
