/* The program without a face: puts configuration, fleet, poller, operations and alerts on one loop. */
#include <stdlib.h>
#include <printop/alert.h>
#include <printop/app.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/poller.h>
#include <printop/service.h>
#include "app/internal.h"

struct endpoint app_endpoint(const struct app *a, const struct printer *p)
{
	struct endpoint to = {
		.base_url = p->config.url,
		.key = secret_is_set(&p->config.key) ? p->config.key.value : NULL,
		.ca_file = p->config.ca_file,
		.pin = p->config.pin,
		.insecure = p->config.insecure,
		.connect_ms = (long)(settings_num(&a->config->settings, SETTING_CONNECT_TIMEOUT) * 1000),
	};

	return to;
}

long app_reply_ms(const struct app *a)
{
	return (long)(settings_num(&a->config->settings, SETTING_REPLY_TIMEOUT) * 1000);
}

static void apply_log(const struct settings *s)
{
	const char *file = settings_str(s, SETTING_LOG_FILE);
	enum log_level level;

	if (log_level_from_name(settings_str(s, SETTING_LOG_LEVEL), &level))
		log_set_level(level);
	if (file && *file && !log_to_file(file))
		log_warn("cannot write the log file %s", file);
}

/* The fleet takes the printers out of the configuration; the rest of it stays with the app. */
static void take_printers(struct app *a)
{
	struct config *c = a->config;

	fleet_replace_take(a->fleet, c->printers, c->n_printers);
	free(c->printers);
	c->printers = NULL;
	c->n_printers = 0;
}

static void after_turn(void *ctx)
{
	struct app *a = ctx;

	/* Observers may commit again: bounded, so that two of them cannot play ping-pong for ever. */
	for (int i = 0; i < 8 && fleet_dirty(a->fleet); i++)
		fleet_publish(a->fleet);
}

struct app *app_new(struct loop *l, struct config *config_take, struct transport *transport_take,
		    bool read_only, bool events)
{
	struct app *a = MEM_NEW(struct app);

	a->loop = l;
	a->config = config_take;
	a->transport = transport_take;
	a->read_only = read_only || settings_bool(&a->config->settings, SETTING_READ_ONLY);
	a->frontend = events ? "screen" : "batch";
	a->recorder_fd = -1;
	apply_log(&a->config->settings);
	a->fleet = fleet_new();
	take_printers(a);
	a->journal = journal_new(a);
	a->poller = poller_new(a);
	/* Alerts look first: an operation that is proved by a change must still be known as its cause. */
	a->alerts = alerts_new(a, events);
	a->ops = ops_new(a);
	loop_after_turn(l, after_turn, a);
	return a;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	loop_after_turn_remove(a->loop, after_turn, a);
	services_free(a->services);
	poller_free(a->poller);
	ops_free(a->ops);
	alerts_free(a->alerts);
	journal_free(a->journal);
	recorder_release(a);
	transport_free(a->transport);
	fleet_free(a->fleet);
	config_free(a->config);
	free(a);
}

bool app_reload(struct app *a, struct err *e)
{
	struct config *fresh;
	char *path;

	if (!a->config->path)
		path = config_find(NULL);	/* there may be one now */
	else
		path = mem_strdup(a->config->path);
	if (!path)
		return err_set(e, ERR_CONFIG, "there is no printers.conf to read");
	fresh = config_load(path);
	free(path);
	if (config_has_errors(fresh)) {
		config_first_error(fresh, e);
		config_free(fresh);
		return false;
	}
	config_free(a->config);
	a->config = fresh;
	recorder_release(a);		/* its lock is named after the configuration */
	apply_log(&fresh->settings);
	/* Reading alone cannot be taken back by a reload; it can only be added. */
	a->read_only = a->read_only || settings_bool(&fresh->settings, SETTING_READ_ONLY);
	take_printers(a);
	poller_reload(a->poller);
	if (a->services)
		services_sync(a->services, NULL);
	alerts_note(a->alerts, EVENT_NOTE, NULL, "configuration read again: %zu printers", fleet_count(a->fleet));
	return true;
}
