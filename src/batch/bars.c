/* What is under way, redrawn in place on the terminal: uploads as bars, slow commands as words. */
#include "batch/bars.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <printop/sbuf.h>
#include <printop/str.h>
#include <printop/text.h>

#define REDRAW_MS 100
#define MAX_LINES 16
#define SLOW_MS 1000		/* a command that takes longer is shown */

void bars_init(struct bars *b, bool ascii)
{
	const char *term = getenv("TERM");

	*b = (struct bars){ .ascii = ascii, .drawn_ms = -REDRAW_MS };
	b->on = isatty(STDERR_FILENO) && term && !str_eq(term, "dumb");
}

void bars_clear(struct bars *b)
{
	if (b->drawn > 0)
		fprintf(stderr, "\033[%dA\r\033[J", b->drawn);
	b->drawn = 0;
}

/* " 61% 12.3 MB/s 12 s", or what it waits for */
static void upload_text(char *buf, size_t size, const struct op *op)
{
	char rate[STR_SMALL], left[STR_SMALL];
	double done = (double)op->sent_bytes / (double)op->total_bytes;

	if (op->phase == OP_QUEUED || op->total_bytes <= 0) {
		str_copy(buf, size, " waits for its turn");
	} else if (op->phase == OP_CONFIRMING) {
		str_copy(buf, size, " 100% checking");
	} else if (!(op->rate_bytes_s > 0)) {
		str_printf(buf, size, " %3.0f%%", floor(done * 100));
	} else {
		str_bytes(rate, sizeof(rate), op->rate_bytes_s);
		str_age(left, sizeof(left),
			(double)(op->total_bytes - op->sent_bytes) / op->rate_bytes_s);
		str_printf(buf, size, " %3.0f%% %s/s %s", floor(done * 100), rate, left);
	}
}

/* Wide terminals have room for the file as well. */
static void label(char *buf, size_t size, const struct op *op, int width, bool ascii)
{
	char text[NAME_CAP];

	str_copy(text, sizeof(text), op->printer_name);
	if (width >= 60 && op->x.args.name)
		str_printf(text, sizeof(text), "%s %s", op->printer_name, op->x.args.name);
	text_cut(buf, size, text, width < 60 ? 10 : 28, ascii);
}

static void add_bar(struct sbuf *b, double done, int room)
{
	int full;

	if (room < 4)
		return;
	room = room > 40 ? 40 : room;
	full = (int)(room * done);
	sbuf_addc(b, '[');
	sbuf_addn(b, '#', (size_t)full);
	sbuf_addn(b, '-', (size_t)(room - full));
	sbuf_addc(b, ']');
}

/* " pausing" or " waits for the answer" */
static void command_text(char *buf, size_t size, const struct op *op)
{
	bool confirming = op->phase == OP_CONFIRMING && op->seen[0];

	str_printf(buf, size, " %s", confirming ? op->seen : "waits for the answer");
}

void bars_line(char *buf, size_t size, const struct op *op, int width, bool ascii)
{
	bool upload = op->x.verb == VERB_UPLOAD;
	int name_width = width < 60 ? 10 : 28;
	char tail[TEXT_CAP + 2], name[NAME_CAP];
	struct sbuf b = SBUF_INIT(1024);
	double done = 0;

	if (op->total_bytes > 0)
		done = fmin(1, (double)op->sent_bytes / (double)op->total_bytes);
	if (op->phase == OP_CONFIRMING)
		done = 1;
	if (upload)
		upload_text(tail, sizeof(tail), op);
	else
		command_text(tail, sizeof(tail), op);
	label(name, sizeof(name), op, width, ascii);
	sbuf_adds(&b, name);
	sbuf_addn(&b, ' ', (size_t)(name_width - text_width(name) + 1));
	if (upload && op->phase != OP_QUEUED)
		add_bar(&b, done, width - name_width - 3 - text_width(tail));
	sbuf_adds(&b, tail);
	text_cut(buf, size, sbuf_str(&b), width, ascii);
	sbuf_done(&b);
}

static int max_lines(int *width)
{
	struct winsize size = { 0 };

	*width = 80;
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return MAX_LINES;
	*width = size.ws_col - 1;	/* the last column makes some terminals wrap */
	return size.ws_row > 3 && size.ws_row - 2 < MAX_LINES ? size.ws_row - 2 : MAX_LINES;
}

static bool too_young(const struct op *op, int64_t now_ms)
{
	return op->x.verb != VERB_UPLOAD && now_ms - op->submitted_ms < SLOW_MS;
}

void bars_draw(struct bars *b, const struct ops *ops, const uint32_t *ids, size_t n,
	       int64_t now_ms)
{
	int width, lines = 0, most = max_lines(&width);
	size_t hidden = 0;
	char line[NAME_CAP];

	if (!b->on || now_ms - b->drawn_ms < REDRAW_MS)
		return;
	b->drawn_ms = now_ms;
	if (b->drawn > 0)
		fprintf(stderr, "\033[%dA", b->drawn);
	for (size_t i = 0; i < n; i++) {
		const struct op *op = op_get(ops, ids[i]);

		if (!op || op_ended(op) || too_young(op, now_ms))
			continue;
		if (lines >= most || (op->phase == OP_QUEUED && lines > 4)) {
			hidden++;
			continue;
		}
		bars_line(line, sizeof(line), op, width, b->ascii);
		fprintf(stderr, "\r%s\033[K\n", line);
		lines++;
	}
	if (hidden > 0)
		fprintf(stderr, "\r%zu more\033[K\n", hidden);
	b->drawn = lines + (hidden > 0);
	fputs("\033[J", stderr);
}
