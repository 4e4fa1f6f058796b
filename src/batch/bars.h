/* What is under way, on stderr and redrawn in place, when that is a terminal. */
#ifndef BATCH_BARS_H
#define BATCH_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/op.h>

struct bars {
	bool on;		/* stderr is a terminal */
	bool ascii;
	int drawn;		/* lines on the screen */
	int64_t drawn_ms;
};

void bars_init(struct bars *b, bool ascii);
/* Draws a line for each of the ids that is not over, not more often than ten times a second. */
void bars_draw(struct bars *b, const struct ops *ops, const uint32_t *ids, size_t n,
	       int64_t now_ms);
void bars_clear(struct bars *b);
/* "voron-01  [######----]  61% 12.3 MB/s 12 s" in at most width columns. */
void bars_line(char *buf, size_t size, const struct op *op, int width, bool ascii);

#endif
