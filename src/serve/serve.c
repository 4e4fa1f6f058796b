/* printop serve: the services without a screen, in the foreground, for systemd and containers. */
#include <signal.h>
#include <printop/alert.h>
#include <printop/frontend.h>
#include <printop/log.h>
#include <printop/poller.h>
#include <printop/service.h>

struct serve {
	struct app *app;
	int signo;
};

static void on_stop(void *ctx, int signo)
{
	struct serve *s = ctx;

	s->signo = signo;
	loop_stop(s->app->loop);
}

static void on_reload(void *ctx, int signo)
{
	struct serve *s = ctx;
	struct err e;

	(void)signo;
	if (app_reload(s->app, &e))
		log_info("configuration read again");
	else
		log_error("configuration kept as it was: %s", e.text);
}

static void on_event(void *ctx, const struct event *ev)
{
	(void)ctx;
	log_write(ev->alarm ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "%s%s%s", ev->printer, ev->printer[0] ? ": " : "", ev->text);
}

static size_t running(const struct services *s)
{
	struct service_line line;
	size_t n = 0;

	for (size_t i = 0; i < services_count(s); i++) {
		services_at(s, i, &line);
		n += line.health != SERVICE_OFF;
		if (line.health != SERVICE_OFF)
			log_info("%s: %s", line.name, line.text);
	}
	return n;
}

int serve_run(struct app *a)
{
	struct serve s = { .app = a };
	struct loop_signal *signals[] = {
		loop_signal_new(a->loop, SIGTERM, on_stop, &s),
		loop_signal_new(a->loop, SIGINT, on_stop, &s),
		loop_signal_new(a->loop, SIGHUP, on_reload, &s),
	};
	struct err e = { 0 };
	int status = 0;

	alerts_observe(a->alerts, on_event, &s);
	if (!services_sync(a->services, &e)) {
		log_error("%s", e.text);
		status = err_exit_status(e.code);
	} else if (!running(a->services)) {
		log_error("nothing to serve: switch a part on in printers.conf, e.g. metrics_listen = \"127.0.0.1:9199\";");
		status = err_exit_status(ERR_CONFIG);
	} else {
		poller_start(a->poller);
		loop_run(a->loop);
	}
	alerts_unobserve(a->alerts, on_event, &s);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		loop_signal_free(signals[i]);
	return status;
}
