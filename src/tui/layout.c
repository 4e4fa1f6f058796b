/* Where things go on a screen of a given size: cuts the screen up from its edges inwards. */
#include "layout.h"

#define SIDE_FROM_COLS 110	/* the focus pane moves to the right */
#define WIDE_ROWS 30		/* more events, transfers, two lines of keys */
#define STRIP_ROWS 20
#define EVENTS_ROWS 16
#define FULL_COLS 80	/* filter line and bars */
#define STRIP_MIN 4

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

/* Each takes n lines or columns off one edge of *rest; less when there is less. */
static struct area cut_top(struct area *rest, int n)
{
	struct area a = *rest;

	a.h = clamp(n, 0, rest->h);
	rest->y += a.h;
	rest->h -= a.h;
	return a;
}

static struct area cut_bottom(struct area *rest, int n)
{
	struct area a = *rest;

	a.h = clamp(n, 0, rest->h);
	rest->h -= a.h;
	a.y += rest->h;
	return a;
}

static struct area cut_right(struct area *rest, int n)
{
	struct area a = *rest;

	a.w = clamp(n, 0, rest->w);
	rest->w -= a.w;
	a.x += rest->w;
	return a;
}

/*
 * The key lines; the last line of the screen is one column short, so that its last cell is never
 * written.
 */
static struct area cut_footer(struct area *rest, int cols, int rows)
{
	struct area a =
		cut_bottom(rest, rows >= WIDE_ROWS && cols >= SIDE_FROM_COLS ? 2 : rows >= 4);

	a.w = a.h ? a.w - 1 : 0;
	return a;
}

static int events_height(int rows)
{
	if (rows < EVENTS_ROWS)
		return 0;
	return rows >= WIDE_ROWS ? 6 : 3;
}

static int side_width(int cols)
{
	int most = cols / 3 > 60 ? cols / 3 : 60;

	return clamp(cols - 94, 34, most);
}

/* Below the rows: more of the focused printer when the fleet leaves room. */
static int strip_height(int room, size_t n_printers)
{
	int printers = n_printers < 200 ? (int)n_printers : 200;

	return STRIP_MIN + clamp(room - STRIP_MIN - printers, 0, 9);
}

struct layout_fleet layout_fleet(int cols, int rows, size_t n_printers, bool filter, bool transfers)
{
	struct layout_fleet l = { 0 };
	struct area rest = { 0, 0, cols, rows };
	bool side = cols >= SIDE_FROM_COLS && rows >= EVENTS_ROWS;

	l.title = cut_top(&rest, 1);
	if (filter || (cols >= FULL_COLS && rows >= 12))
		l.filter = cut_top(&rest, rows >= 6);
	l.footer = cut_footer(&rest, cols, rows);
	l.events = cut_bottom(&rest, events_height(rows));
	if (l.events.h && side && rows >= WIDE_ROWS && transfers)
		l.transfers = cut_right(&l.events, side_width(cols) + 1);
	if (side)
		l.side = cut_right(&rest, side_width(cols) + 1);
	l.header = cut_top(&rest, rows >= 8);
	if (!side && rows >= STRIP_ROWS)
		l.strip = cut_bottom(&rest, strip_height(rest.h, n_printers));
	l.rows = rest;
	return l;
}

/* Widths of the fleet table's columns before the last; each is followed by one blank. */
enum {
	SIGN_W = 3,
	NAME_MIN = 9,
	NAME_MAX = 20,
	STATE_W = 6,
	PERCENT_W = 4,
	LEFT_W = 6,
	END_W = 5,
	TEMP_W = 7,
	BAR_MIN = 10,
	BAR_MAX = 20,
	JOB_MIN = 10,
	JOB_FAIR = 20
};

struct widths {
	int name, state, bar, percent, left, end, nozzle, bed, job;
};

static int total(const struct widths *w)
{
	int sum = SIGN_W + w->name;
	const int rest[] = { w->state, w->bar,	  w->percent, w->left,
			     w->end,   w->nozzle, w->bed,     w->job };

	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		sum += rest[i] ? rest[i] + 1 : 0;
	/* LEFT has a leading blank of its own behind the percentage. */
	return sum - (w->left && w->percent);
}

/* What goes first when the screen gets narrow, in this order. */
static void shrink(struct widths *w, int width)
{
	int *const order[] = {
		&w->bar, &w->end, &w->job, &w->bed, &w->nozzle, &w->percent, &w->left
	};

	if (width < FULL_COLS)
		w->bar = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && total(w) > width; i++)
		*order[i] = 0;
	if (total(w) > width)
		w->name = clamp(width - SIGN_W - STATE_W - 1, 4, w->name);
	if (total(w) > width)
		w->state = 0;
	w->name = clamp(w->name, 0, width > SIGN_W ? width - SIGN_W : 0);
}

/* The name grows first, then the job up to a fair width; bar and job share what is left. */
static void grow(struct widths *w, int width, int longest_name)
{
	int spare = width - total(w), more;

	if (spare <= 0)
		return;
	more = clamp(longest_name - w->name, 0, clamp(NAME_MAX - w->name, 0, spare));
	w->name += more;
	spare -= more;
	if (!w->job)
		return;
	more = clamp(JOB_FAIR - w->job, 0, spare);
	w->job += more;
	spare -= more;
	if (w->bar) {
		more = clamp(spare / 4, 0, BAR_MAX - BAR_MIN);
		w->bar += more;
		spare -= more;
	}
	w->job += spare;
}

static struct area column(int *x, int w)
{
	struct area a = { *x, 0, w, 1 };

	*x += w ? w + 1 : 0;
	return a;
}

struct layout_columns layout_columns(int width, int longest_name)
{
	struct widths w = { NAME_MIN, STATE_W, BAR_MIN, PERCENT_W, LEFT_W,
			    END_W,    TEMP_W,  TEMP_W,	JOB_MIN };
	struct layout_columns l;
	int x = SIGN_W;

	shrink(&w, width);
	grow(&w, width, longest_name);
	l.sign = (struct area){ 0, 0, clamp(width, 0, SIGN_W), 1 };
	l.name = column(&x, w.name);
	l.state = column(&x, w.state);
	l.bar = column(&x, w.bar);
	l.percent = column(&x, w.percent);
	if (w.left && w.percent)
		x--;
	l.left = column(&x, w.left);
	l.end = column(&x, w.end);
	l.nozzle = column(&x, w.nozzle);
	l.bed = column(&x, w.bed);
	l.job = column(&x, w.job);
	return l;
}

/* Two columns side by side: the picture at the left, facts at the right. */
static void printer_columns(struct layout_printer *l, struct area rest, int n_heaters, bool notes,
			    bool wide)
{
	struct area right = cut_right(&rest, wide ? 51 : clamp(rest.w * 2 / 5, 28, 36));

	if (wide)
		l->job = cut_top(&right, clamp(right.h / 2, 0, 10));
	l->heaters = cut_top(&right, n_heaters + 1);
	l->motion = cut_top(&right, right.h >= 4 ? 4 : 0);
	l->ops = cut_top(&right, right.h >= 2 ? right.h : 0);
	if (notes && rest.h >= 14)
		l->notes = cut_bottom(&rest, rest.h / 3);
	l->graph = rest;
}

static void printer_stack(struct layout_printer *l, struct area rest, int n_heaters, bool notes)
{
	l->heaters = cut_top(&rest, rest.h >= 2 ? n_heaters + 1 : 0);
	l->motion = cut_top(&rest, rest.h >= 12 ? 4 : 0);
	l->ops = cut_bottom(&rest, rest.h >= 14 ? 3 : 0);
	if (notes && rest.h >= 14)
		l->notes = cut_bottom(&rest, rest.h / 3);
	if (rest.h >= 5)
		l->graph = rest;
}

struct layout_printer layout_printer(int cols, int rows, int n_heaters, bool notes)
{
	struct layout_printer l = { 0 };
	struct area rest = { 0, 0, cols, rows };
	bool wide = cols >= SIDE_FROM_COLS && rows >= 24;

	n_heaters = clamp(n_heaters, 1, 12);
	l.title = cut_top(&rest, 1);
	l.footer = cut_footer(&rest, cols, rows);
	l.events = cut_bottom(&rest, rows >= EVENTS_ROWS ? 3 : 0);
	if (!wide)
		l.job = cut_top(&rest, clamp(rest.h, 0, rows >= EVENTS_ROWS ? 4 : 2));
	if (cols >= 60)
		printer_columns(&l, rest, n_heaters, notes, wide);
	else
		printer_stack(&l, rest, n_heaters, notes);
	return l;
}
