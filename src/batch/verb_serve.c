/* serve, metrics: the fleet for other programs. */
#include "batch/batch.h"

#include <stdio.h>
#include <printop/metrics.h>

int verb_serve(struct batch *b)
{
	int status;

	if (!batch_open(b, PICK_ALL | PICK_NO_POLL, true, &status))
		return status;
	return b->env->run_serve(b->env->ctx, b->app);
}

int verb_metrics(struct batch *b)
{
	struct sbuf text = SBUF_INIT(64u << 20);
	int status;

	if (!batch_open(b, PICK_ALL | PICK_FIRST_ROUND, false, &status))
		return status;
	metrics_write(NULL, b->app, &text);
	fwrite(sbuf_str(&text), 1, text.len, stdout);
	sbuf_done(&text);
	return batch_flush(EXIT_DONE);
}
