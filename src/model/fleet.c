/* The fleet: printers by id and in the order of the config, commits of new states, and who hears of changes. */
#include <printop/fleet.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <printop/history.h>
#include <printop/mem.h>
#include <printop/str.h>

#define MAX_OBSERVERS 8
#define ENDS_AT_STEP_S 30.0	/* an end that moves by less, or by 1 % of what is left, stays */
#define LEFT_MAX_S 1e9			/* 30 years: more is no estimate */

struct entry {
	struct printer printer;		/* first: a printer is its entry */
	size_t queued;			/* place in pending + 1; 0: no change waits */
	bool was_active;		/* the last status that could tell said: a job is under way */
	bool kept;			/* by the reload that goes on */
};

struct changes {
	struct fleet_change *items;
	size_t n, cap;
};

struct fleet {
	struct entry **by_order, **by_id;	/* the same entries twice */
	size_t n, cap_order, cap_id;
	uint32_t last_id;
	struct changes pending;
	struct observer {
		fleet_change_fn *fn;
		void *ctx;
	} observers[MAX_OBSERVERS];
};

struct fleet *fleet_new(void)
{
	return MEM_NEW(struct fleet);
}

static void entry_free(struct entry *e)
{
	printer_config_done(&e->printer.config);
	history_free(e->printer.history);
	free(e);
}

void fleet_free(struct fleet *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		entry_free(f->by_order[i]);
	free(f->by_order);
	free(f->by_id);
	free(f->pending.items);
	free(f);
}

/* ---- who is there ---- */

size_t fleet_count(const struct fleet *f)
{
	return f->n;
}

struct printer *fleet_at(const struct fleet *f, size_t i)
{
	return i < f->n ? &f->by_order[i]->printer : NULL;
}

/* The place of id in by_id, or where it would be. */
static size_t id_place(const struct fleet *f, uint32_t id)
{
	size_t low = 0, high = f->n;

	/* Ids are given in order: where no printer ever left, this is the place. */
	if (id && id <= f->n && f->by_id[id - 1]->printer.id == id)
		return id - 1;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->by_id[mid]->printer.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct entry *entry_get(const struct fleet *f, uint32_t id)
{
	size_t i = id_place(f, id);

	return i < f->n && f->by_id[i]->printer.id == id ? f->by_id[i] : NULL;
}

struct printer *fleet_get(const struct fleet *f, uint32_t id)
{
	struct entry *e = entry_get(f, id);

	return e ? &e->printer : NULL;
}

struct printer *fleet_find(const struct fleet *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq_nocase(f->by_order[i]->printer.config.name, name))
			return &f->by_order[i]->printer;
	return NULL;
}

/* ---- changes ---- */

/* Merges a change of e into the queue; `from` stays the first status of the turn. */
static void queue_change(struct fleet *f, struct entry *e, field_mask mask, enum printer_status from)
{
	struct changes *c = &f->pending;
	enum printer_status to = e->printer.state.status;

	if (!e->queued) {
		c->items = mem_grow(c->items, c->n, &c->cap, sizeof(*c->items));
		c->items[c->n++] = (struct fleet_change){ e->printer.id, mask, from, to };
		e->queued = c->n;
		return;
	}
	c->items[e->queued - 1].mask |= mask;
	c->items[e->queued - 1].to = to;
}

void fleet_touch(struct fleet *f, uint32_t id, field_mask mask)
{
	struct entry *e = entry_get(f, id);

	if (e)
		queue_change(f, e, mask, e->printer.state.status);
}

void fleet_observe(struct fleet *f, fleet_change_fn *fn, void *ctx)
{
	for (int i = 0; i < MAX_OBSERVERS; i++) {
		if (!f->observers[i].fn) {
			f->observers[i] = (struct observer){ fn, ctx };
			return;
		}
	}
	fatal("fleet: more than %d observers", MAX_OBSERVERS);
}

void fleet_unobserve(struct fleet *f, fleet_change_fn *fn, void *ctx)
{
	for (int i = 0; i < MAX_OBSERVERS; i++)
		if (f->observers[i].fn == fn && f->observers[i].ctx == ctx)
			f->observers[i] = (struct observer){ NULL, NULL };
}

bool fleet_dirty(const struct fleet *f)
{
	return f->pending.n > 0;
}

/* Observers may commit and touch: that is queued anew and told by the next call. */
void fleet_publish(struct fleet *f)
{
	struct changes told = f->pending;

	if (told.n == 0)
		return;
	f->pending = (struct changes){ NULL, 0, 0 };
	for (size_t i = 0; i < told.n; i++) {
		struct entry *e = entry_get(f, told.items[i].id);

		if (e)
			e->queued = 0;
	}
	for (int i = 0; i < MAX_OBSERVERS; i++)
		if (f->observers[i].fn)
			f->observers[i].fn(f->observers[i].ctx, f, told.items, told.n);
	if (f->pending.items) {
		free(told.items);
		return;
	}
	f->pending.items = told.items;		/* the memory serves the next turn */
	f->pending.cap = told.cap;
}

/* ---- coming and going ---- */

static void set_status(struct printer_state *s, enum printer_status status, const char *reason)
{
	s->status = status;
	str_copy(s->reason, sizeof(s->reason), reason);
}

/* What the configuration alone says: parked, or a key that cannot be read. */
static void start_state(struct printer *p)
{
	printer_state_init(&p->state);
	p->ends_at = p->since_at = NAN;
	if (p->config.parked)
		set_status(&p->state, PRINTER_PARKED, "");
	else if (p->config.key_error)
		set_status(&p->state, PRINTER_UNAUTHORIZED, p->config.key_error);
}

static struct entry *entry_new_take(struct fleet *f, struct printer_config *c)
{
	struct entry *e = MEM_NEW(struct entry);

	e->printer.id = ++f->last_id;
	e->printer.config = *c;
	printer_config_init(c);
	e->printer.history = history_new();
	start_state(&e->printer);
	return e;
}

/* Ids only grow, so by_id stays sorted by adding at its end. */
static void append(struct fleet *f, struct entry *e)
{
	f->by_order = mem_grow(f->by_order, f->n, &f->cap_order, sizeof(struct entry *));
	f->by_id = mem_grow(f->by_id, f->n, &f->cap_id, sizeof(struct entry *));
	f->by_order[f->n] = e;
	f->by_id[f->n++] = e;
}

struct printer *fleet_add_take(struct fleet *f, struct printer_config *c)
{
	struct entry *e = entry_new_take(f, c);

	append(f, e);
	queue_change(f, e, FIELD_MASK_ALL, e->printer.state.status);
	return &e->printer;
}

static void remove_from(struct entry **list, size_t n, const struct entry *e)
{
	size_t i = 0;

	while (i < n && list[i] != e)
		i++;
	if (i < n)
		memmove(&list[i], &list[i + 1], (n - i - 1) * sizeof(struct entry *));
}

void fleet_remove(struct fleet *f, uint32_t id)
{
	struct entry *e = entry_get(f, id);

	if (!e)
		return;
	queue_change(f, e, FIELD_MASK_ALL, e->printer.state.status);
	remove_from(f->by_order, f->n, e);
	remove_from(f->by_id, f->n, e);
	f->n--;
	entry_free(e);
}

/* Gives a printer that stays its new configuration; parking and unparking start it afresh. */
static void reconfigure_take(struct fleet *f, struct entry *e, struct printer_config *c)
{
	struct printer *p = &e->printer;
	enum printer_status from = p->state.status;
	bool was_parked = p->config.parked != NULL;

	printer_config_done(&p->config);
	p->config = *c;
	printer_config_init(c);
	if (was_parked != (p->config.parked != NULL)) {
		start_state(p);
		e->was_active = false;
	}
	queue_change(f, e, FIELD_MASK_ALL, from);
}

void fleet_replace_take(struct fleet *f, struct printer_config *configs, size_t n)
{
	struct entry **order = mem_zalloc(n + 1, sizeof(struct entry *));

	for (size_t i = 0; i < n; i++) {
		struct entry *e = (struct entry *)fleet_find(f, configs[i].name);

		if (e && !e->kept && printer_config_same_server(&e->printer.config, &configs[i]))
			reconfigure_take(f, e, &configs[i]);
		else
			e = entry_new_take(f, &configs[i]);
		e->kept = true;
		order[i] = e;
	}
	for (size_t i = f->n; i-- > 0;)
		if (!f->by_order[i]->kept)
			fleet_remove(f, f->by_order[i]->printer.id);
	for (size_t i = 0; i < n; i++) {
		order[i]->kept = false;
		if (entry_get(f, order[i]->printer.id))
			continue;
		append(f, order[i]);
		queue_change(f, order[i], FIELD_MASK_ALL, order[i]->printer.state.status);
	}
	if (n)
		memcpy(f->by_order, order, n * sizeof(struct entry *));
	free(order);
}

/* ---- commit ---- */

/* Statuses that say nothing about a job: it may well go on behind them. */
#define STATUS_SILENT (STATUS_BIT(PRINTER_UNKNOWN) | STATUS_BIT(PRINTER_OFFLINE) | \
	STATUS_BIT(PRINTER_STARTING) | STATUS_BIT(PRINTER_UNAUTHORIZED) | \
	STATUS_BIT(PRINTER_CONNECTING) | STATUS_BIT(PRINTER_PARKED))
/* The job moves towards its end. */
#define STATUS_RUNNING (STATUS_BIT(PRINTER_PREPARING) | STATUS_BIT(PRINTER_PRINTING) | \
	STATUS_BIT(PRINTER_RESUMING) | STATUS_BIT(PRINTER_FINISHING))

/* How many jobs were seen starting, the one that next brings included. */
static uint32_t count_jobs(struct entry *e, const struct printer_state *next)
{
	const struct job *before = &e->printer.state.job;
	bool active = STATUS_BIT(next->status) & STATUS_ACTIVE;
	bool other_file = before->file[0] && next->job.file[0] && !str_eq(before->file, next->job.file);
	bool starts = active && (!e->was_active || other_file);

	if (STATUS_BIT(next->status) & STATUS_SILENT)
		return before->seq;
	e->was_active = active;
	return before->seq + starts;
}

/* before: the end that is shown, NAN when none is; it stays until the new one is clearly another. */
static double job_end(const struct printer_state *s, double before, double wall_s)
{
	double left = s->job.left_s;
	double end = wall_s + left;

	if (!(STATUS_BIT(s->status) & STATUS_RUNNING) || !(fabs(left) < LEFT_MAX_S))
		return NAN;
	return fabs(end - before) <= fmax(ENDS_AT_STEP_S, left * 0.01) ? before : end;
}

static bool same_time(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

field_mask fleet_commit(struct fleet *f, uint32_t id, const struct printer_state *next,
			int64_t now_ms, double wall_s)
{
	struct entry *e = entry_get(f, id);
	struct printer *p;
	struct printer_state parked;
	enum printer_status from;
	uint32_t jobs;
	field_mask mask;
	double end;

	if (!e)
		return 0;
	p = &e->printer;
	if (p->config.parked) {
		parked = *next;
		set_status(&parked, PRINTER_PARKED, "");
		next = &parked;
	}
	from = p->state.status;
	if (from != next->status || isnan(p->since_at)) {
		p->since_at = wall_s;
		p->since_seen = from != PRINTER_UNKNOWN && from != PRINTER_OFFLINE;
	}
	mask = fields_diff(&p->state, next);
	jobs = count_jobs(e, next);
	end = job_end(next, jobs == p->state.job.seq ? p->ends_at : (double)NAN, wall_s);
	if (!same_time(end, p->ends_at))
		mask |= FIELD_BIT(FIELD_ENDS_AT);
	p->ends_at = end;
	p->state = *next;
	p->state.job.seq = jobs;
	if (p->state.fresh.err == ERR_NONE)
		history_note(p->history, &p->state, now_ms);
	if (mask)
		queue_change(f, e, mask, from);
	return mask;
}

void fleet_count_states(const struct fleet *f, size_t counts[PRINTER_STATUS_N])
{
	memset(counts, 0, PRINTER_STATUS_N * sizeof(counts[0]));
	for (size_t i = 0; i < f->n; i++)
		counts[f->by_order[i]->printer.state.status]++;
}
