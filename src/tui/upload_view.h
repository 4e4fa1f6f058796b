/* The upload form's parts: its state (view_upload.c), how it is drawn (upload_draw.c). */
#ifndef TUI_UPLOAD_VIEW_H
#define TUI_UPLOAD_VIEW_H

#include "parts.h"

enum upload_field { UPLOAD_FILE, UPLOAD_TO, UPLOAD_THEN, UPLOAD_NAME, UPLOAD_FOLDER,
		   UPLOAD_TRANSFERS, UPLOAD_FIELD_N };

struct upload_target {
	uint32_t id;
	bool ticked;
	uint32_t listing;		/* the operation that asks for its free space, 0: not asked */
	double free_bytes;		/* NAN unknown */
};

struct upload_view {
	struct view v;
	enum upload_field focus;
	struct edit file, name, folder;
	struct err file_err;		/* why the file cannot be sent; ERR_NONE: it can */
	int64_t size_bytes;
	double modified_at;
	char hint[512];			/* what the path could go on with */
	bool start;			/* start now */
	struct upload_target *targets;
	size_t n_targets;
	struct list to, transfers;
	uint32_t *ops;			/* ids of the transfers shown */
	size_t cap_ops;
	int64_t opened_ms;
};

void upload_draw(struct upload_view *u, struct canvas *c, const struct moment *m);
/*
 * Whether a printer may get the file, and start it when that was chosen; note: what to know
 * about it.
 */
bool upload_fits(const struct upload_view *u, const struct printer *p, const struct moment *m,
		 char *note, size_t size);
/* Ids of those that are ticked and fit; the caller frees. */
uint32_t *upload_ids(const struct upload_view *u, size_t *n);
/* The arguments as they are now; the caller frees them with verb_args_done(). */
void upload_args(const struct upload_view *u, struct verb_args *ret);

#endif
