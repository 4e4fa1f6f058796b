/* Shared by the parts of the Cura door: its state, jobs as Cura sees them, and their JSON. */
#ifndef GATEWAY_CURA_H
#define GATEWAY_CURA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/app.h>
#include <printop/queue.h>
#include "gateway/cura_ids.h"

#define CURA_REFUSALS 16	/* uploads that were not taken, kept for showing */
#define CURA_INTAKE "in-"	/* files that are coming in; what a crash leaves of them is swept away */

struct gateway;
struct cura_announce;
struct cura_camera;
struct cura_materials;
struct cura_previews;
struct cura_upload;

/*
 * An upload that could not become a job. Cura reads no answer to an upload: what is wrong with it is shown in its
 * list of jobs.
 */
struct cura_refusal {
	char uuid[40];		/* "" a free place */
	char name[256], owner[96], why[256];
	double at;
};

/* A list as text. Built anew at most four times a second, however many ask; an action throws it away. */
struct cura_cache {
	char *text;		/* NULL: none */
	size_t len;
	char host[256];		/* how that client called us: it is in the text */
	int64_t at_ms;
};

struct cura {
	struct gateway *gateway;
	struct app *app;
	struct queue *queue;
	char *dir;		/* in the state folder */
	struct cura_ids *ids;
	struct cura_materials *materials;
	struct cura_previews *previews;
	struct cura_refusal refusals[CURA_REFUSALS];
	size_t next_refusal;
	struct cura_upload *uploads;	/* under way */
	size_t next_upload;
	struct cura_cache printers, jobs;
	struct cura_camera *cameras;	/* with viewers */
	struct cura_announce *announce;	/* NULL: not announced */
};

/* Something was changed from here: the next list shows it. */
void cura_changed(struct cura *c);

void cura_refuse(struct cura *c, const char *name, const char *owner, const char *why);

/* ---- jobs: cura_jobs.c ---- */

/* What Cura calls them; the first two are shown in the queue, the others on a printer's card. */
enum cura_status {
	CURA_QUEUED, CURA_ERROR,
	CURA_SENT, CURA_PRE_PRINT, CURA_PRINTING, CURA_PAUSING, CURA_PAUSED, CURA_RESUMING, CURA_POST_PRINT,
	CURA_ABORTING, CURA_WAIT_CLEANUP, CURA_FAILED, CURA_STATUS_N
};

const char *cura_status_name(enum cura_status s);

struct cura_job {
	char uuid[40];
	enum cura_status status;
	const struct queue_job *queued;		/* NULL: it was started elsewhere, or refused */
	const struct printer *printer;		/* on whose card it is; NULL none */
	const struct cura_refusal *refusal;	/* not NULL: it is one */
	char name[256], owner[96];
	double created_at;
	int64_t total_s, elapsed_s;		/* never unknown here: 0 */
	char why[256];				/* an error's reason, "" none */
	bool griffin;				/* waits for an override on printer */
	int place;				/* working out who gets the card; see cura_jobs.c */
};

/* All jobs, queue first; at most one on each printer. The caller frees *ret. */
size_t cura_jobs(const struct cura *c, struct cura_job **ret);
/* The one with this uuid (upper or lower case). */
bool cura_job_find(const struct cura *c, const char *uuid, struct cura_job *ret);

/* ---- JSON: cura_models.c ---- */

struct cura_words {		/* what the models take from the settings */
	const char *name, *machine, *variant, *firmware;
	const char *host;	/* how the client reaches the gateway: "192.168.1.10", "[fe80::1]:8080" */
	bool cameras;
};

char *cura_printers_json(const struct cura *c, const struct cura_words *w);	/* the caller frees */
char *cura_jobs_json(const struct cura *c, const struct cura_words *w);
char *cura_system_json(const struct cura *c, const struct cura_words *w);

#endif
