/*
 * The door for slicers: OctoPrint's and Moonraker's upload points below each base path. Shared by its own files.
 * Bases: / (any printer), /printer/NAME, /tag/TAG (the first idle printer of the tag), /library (stored, never printed).
 */
#ifndef GATEWAY_SLICER_H
#define GATEWAY_SLICER_H

#include "gateway/gateway.h"

#define SLICER_TOKENS 32

enum slicer_place { PLACE_ANY, PLACE_PRINTER, PLACE_TAG, PLACE_LIBRARY };

struct slicer_base {
	enum slicer_place place;
	char name[128];		/* of the printer or tag */
	char target[128];	/* as the queue takes it */
	char prefix[400];	/* percent-encoded, without a slash at its end: for links */
	char rest[512];		/* behind it, without a slash at its beginning: "api/version" */
};

struct slicer_token {		/* access/oneshot_token */
	char text[40];
	char key_name[64];
	unsigned rights;
	bool overwrite;
	int64_t until_ms;
};

struct slicer_announce;

struct slicer {
	struct gateway *g;
	struct slicer_announce *announce;	/* NULL: off */
	struct app *app;
	struct queue *queue;
	struct slicer_token tokens[SLICER_TOKENS];
	size_t next_token;
};

/* One request on its way through the door. */
struct slicer_request {
	struct slicer *s;
	struct httpd_request *r;
	struct slicer_base base;
	bool octoprint;			/* which server's manners its path asks for */
	struct access_client client;	/* a copy; name "" when it has none */
};

/* False: the path names a printer or tag that does not exist (base->name). */
bool slicer_base_read(const struct app *a, const char *path, struct slicer_base *base);
/* Fills *q; q->client.name is "" when the key is missing or wrong. */
void slicer_request_init(struct slicer_request *q, struct slicer *s, struct httpd_request *r);
/* Answers a request whose key is missing or does not give the right; true: it may go on. */
bool slicer_may(struct slicer_request *q, unsigned right, const char *what);
bool slicer_exists(struct slicer_request *q);	/* its base; answers when it does not */
bool slicer_is_upload(const struct slicer_base *b, const char *method);
/* "PrusaSlicer/2.9.4", cleaned. */
void slicer_agent(const struct httpd_request *r, char *dst, size_t size);

/* ---- answers ---- */
void slicer_json_take(struct slicer_request *q, unsigned status, const char *headers, struct json *o);
/* In the manner of the server that was asked: a plain sentence, or an error object. The reason phrase says the same. */
void slicer_fail(struct slicer_request *q, unsigned status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
unsigned slicer_status_of(const struct err *e);
void slicer_page(struct slicer_request *q);		/* GET of the base itself */

/* ---- looks: slicer_octoprint.c, slicer_moonraker.c ---- */
struct slicer_route {
	const char *method, *path;	/* a path that ends in "*" is a beginning */
	unsigned right;			/* 0: no key is needed */
	void (*handle)(struct slicer_request *q);
};

extern const struct slicer_route slicer_octoprint_routes[], slicer_moonraker_routes[];
/* The printer of a printer's base, NULL for the others. */
const struct printer *slicer_printer(const struct slicer_request *q);

/* ---- uploads: slicer_upload.c ---- */
struct slicer_upload;
/* At the headers; NULL: it was refused and answered. */
struct slicer_upload *slicer_upload_new(struct slicer_request *q);
void slicer_upload_data(void *upload, const char *data, size_t len);
void slicer_upload_answered(void *upload);
void slicer_upload_free(void *upload);
void slicer_library_sweep(const struct slicer *s);
void slicer_upload_finish(struct slicer_upload *u, struct slicer_request *q);

/* ---- mDNS: slicer_announce.c ---- */
/* One service for each base, kept in step with the fleet; NULL when it is switched off. */
struct slicer_announce *slicer_announce_new(struct slicer *s);
void slicer_announce_free(struct slicer_announce *a);
void slicer_set_prefix(struct slicer_base *base, const char *kind);	/* from its name */

/* ---- starting: slicer_start.c ---- */
/* May this client start prints there? False with the reason in words. */
bool slicer_may_start(const struct slicer_request *q, struct err *e);
/* Starts or queues a file of this base; true also when it is under way already. */
bool slicer_start_file(struct slicer_request *q, const char *path, struct err *e);
bool slicer_control(struct slicer_request *q, enum verb verb, struct err *e);

/* ---- names: slicer_names.c ---- */
/* A file name that every server takes, at most 240 bytes, its extension kept; false when nothing is left of it. */
bool slicer_clean_name(const char *raw, char dst[256]);
/* A folder: slashes either way, no "..", not absolute; "" is the top. */
bool slicer_clean_folder(const char *raw, char dst[256], struct err *e);
/* "name-a9ab1b.gcode": the same name again does not replace another file. */
void slicer_distinct_name(char name[256], const char *sha256);

#endif
