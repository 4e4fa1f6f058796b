/* The fleet as OpenMetrics text, for Prometheus and its like. */
#ifndef PRINTOP_METRICS_H
#define PRINTOP_METRICS_H

#include <printop/app.h>
#include <printop/sbuf.h>

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Counts what happens from now on: prints by their outcome. */
struct metrics;
struct metrics *metrics_new(struct app *a);
void metrics_free(struct metrics *m);
/* Everything, ended by "# EOF". Unknown values have no line. m may be NULL: no counts of prints. */
void metrics_write(const struct metrics *m, const struct app *a, struct sbuf *out);

#endif
