/* The services that run beside a frontend: started as the configuration wants, started again when they fail. */
#include <printop/service.h>

#include <stdlib.h>
#include <printop/alert.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/str.h>

#define AGAIN_MS 30000

struct slot {
	const struct service_ops *ops;
	struct service *running;	/* NULL: off, or failed */
	struct err failed;		/* of the last start */
};

struct services {
	struct app *app;
	struct slot *slots;
	size_t n;
	struct loop_timer *again;
};

static bool start(struct services *s, struct slot *slot)
{
	struct err e = { 0 };

	slot->running = slot->ops->start(s->app, &e);
	if (slot->running) {
		err_clear(&slot->failed);
		return true;
	}
	/* Told once for each reason, not every 30 s. */
	if (!str_eq(e.text, slot->failed.text)) {
		log_error("%s: %s", slot->ops->name, e.text);
		alerts_note(s->app->alerts, EVENT_NOTE, NULL, "%s: %s", slot->ops->name, e.text);
	}
	slot->failed = e;
	return false;
}

static void try_again(void *ctx)
{
	struct services *s = ctx;
	services_sync(s, NULL);
}

struct services *services_new(struct app *a, const struct service_ops *const *ops)
{
	struct services *s = MEM_NEW(struct services);

	s->app = a;
	s->again = loop_timer_new(a->loop, try_again, s);
	while (ops[s->n])
		s->n++;
	s->slots = mem_zalloc(s->n ? s->n : 1, sizeof(*s->slots));
	for (size_t i = 0; i < s->n; i++)
		s->slots[i].ops = ops[i];
	return s;
}

void services_free(struct services *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (s->slots[i].running)
			s->slots[i].ops->stop(s->slots[i].running);
	loop_timer_free(s->again);
	free(s->slots);
	free(s);
}

bool services_sync(struct services *s, struct err *e)
{
	bool good = true;

	for (size_t i = 0; i < s->n; i++) {
		struct slot *slot = &s->slots[i];
		bool wanted = slot->ops->wanted(s->app);

		if (!wanted && slot->running) {
			slot->ops->stop(slot->running);
			slot->running = NULL;
		}
		if (!wanted)
			err_clear(&slot->failed);
		if (!wanted || slot->running || start(s, slot))
			continue;
		if (good && e) {
			*e = slot->failed;
			err_wrap(e, "%s", slot->ops->name);
		}
		good = false;
	}
	if (!good)
		loop_timer_start(s->again, AGAIN_MS);
	return good;
}

size_t services_count(const struct services *s)
{
	return s ? s->n : 0;
}

void services_at(const struct services *s, size_t i, struct service_line *ret)
{
	const struct slot *slot = &s->slots[i];

	ret->name = slot->ops->name;
	ret->title = slot->ops->title;
	if (slot->running) {
		ret->health = slot->ops->describe(slot->running, ret->text, sizeof(ret->text));
	} else if (slot->failed.code != ERR_NONE) {
		ret->health = SERVICE_TROUBLE;
		str_copy(ret->text, sizeof(ret->text), slot->failed.text);
	} else {
		ret->health = SERVICE_OFF;
		str_copy(ret->text, sizeof(ret->text), "off");
	}
}
