/* How a verb ended on each printer: for people a line at once, for programs rows at the end. */
#ifndef BATCH_RESULTS_H
#define BATCH_RESULTS_H

#include <printop/op.h>
#include "batch/batch.h"

struct result {
	uint32_t printer_id, op_id;
	char name[64];
	const char *verb;
	const char *file;	/* local file of an upload, path of a start; NULL */
	size_t job;		/* which of the verb's arguments */
	bool ended;
	bool dry;		/* text says what would be sent */
	bool arrived;		/* an upload that is there, but was not started */
	const char *phase;	/* "done", "failed", "cancelled", "sending" ... */
	enum err_code code;
	const char *code_name;	/* instead of the code's own; NULL */
	char text[1024];
	double took_s;
	char remote_path[NAME_CAP];
};

struct results {
	struct batch *b;
	struct result *rows;
	size_t n, cap;
	size_t n_ended;
	int name_width;
	bool live;		/* lines for people, at once */
	bool show_file;		/* several files: say which */
	void (*before_line)(void *ctx);	/* clears progress bars */
	void *ctx;
};

extern const struct out_source results_source;	/* rows are const struct result * */

void results_init(struct results *r, struct batch *b);
void results_done(struct results *r);
/* A new row for a printer; valid until the next one is added. */
struct result *results_add(struct results *r, uint32_t printer_id, const char *verb);
/* The row has its code, phase and text now: counts it, prints its line. */
void results_end(struct results *r, struct result *row);
/* Prints what was not printed live, and on stderr who failed and why. The exit status. */
int results_finish(struct results *r);
size_t results_failed(const struct results *r);

#endif
