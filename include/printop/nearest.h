/* "Did you mean": the nearest of several known words. */
#ifndef PRINTOP_NEAREST_H
#define PRINTOP_NEAREST_H

struct nearest {
	const char *wanted, *best;
	unsigned distance;
};

void nearest_init(struct nearest *n, const char *wanted);
void nearest_try(struct nearest *n, const char *known);	/* known must live as long as n; NULL is skipped */
/* "; did you mean 'pause'?", or "" when nothing is near. Returns buf. */
#define NEAREST_HINT 128
char *nearest_hint(const struct nearest *n, char *buf, unsigned size);

#endif
