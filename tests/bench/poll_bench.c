/* Polls one printer N times through the whole engine and ends: a poll's cost is the difference of two run lengths. */
#include <stdio.h>
#include <stdlib.h>
#include <printop/app.h>
#include <printop/driver.h>
#include <printop/mem.h>
#include <printop/poller.h>
#include <printop/str.h>
#include <printop/transport.h>

struct run {
	struct app *app;
	uint64_t requests;
};

static void look(void *ctx)
{
	struct run *r = ctx;

	if (poller_stats(r->app->poller).polls >= r->requests)
		loop_stop(r->app->loop);
}

static struct config *config_of_one(char **argv)
{
	struct config *c = config_load(NULL);
	struct printer_config p;
	struct err e = { 0 };

	printer_config_init(&p);
	p.name = mem_strdup("bench");
	p.url = mem_strdup(argv[2]);
	p.dialect = mem_strdup(argv[3]);
	secret_set(&p.key, argv[4]);
	config_add_printer_take(c, &p);
	settings_set(&c->settings, SETTING_POLL_ACTIVE, "0.2", NULL, &e);
	settings_set(&c->settings, SETTING_POLL_IDLE, "0.5", NULL, &e);
	settings_set(&c->settings, SETTING_JOURNAL, "none", NULL, &e);
	return c;
}

/* What the yardstick has to send, too. */
static void print_question(const struct printer *p)
{
	struct http_req req;
	struct err e = { 0 };

	http_req_init(&req);
	if (driver_of(p)->ask(p, TOPIC_STATUS, &req, &e))
		printf("%s\n", sbuf_str(&req.body));
	http_req_done(&req);
}

int main(int argc, char **argv)
{
	struct loop *l = loop_new();
	struct run r = { 0 };
	const struct printer *p;
	struct poller_stats s;

	if (argc < 5) {
		fprintf(stderr, "usage: poll_bench REQUESTS URL DIALECT KEY\n");
		return 2;
	}
	r.app = app_new(l, config_of_one(argv), transport_curl_new(l, false), false, false);
	r.app->demo = true;
	r.requests = strtoull(argv[1], NULL, 10);
	p = fleet_at(r.app->fleet, 0);
	loop_after_turn(l, look, &r);
	poller_start(r.app->poller);
	poller_focus(r.app->poller, p->id);
	loop_run(l);
	s = poller_stats(r.app->poller);
	printf("%llu requests, %llu failures, %s\n", (unsigned long long)s.polls, (unsigned long long)s.failures,
	       printer_status_info(p->state.status)->name);
	print_question(p);
	loop_after_turn_remove(l, look, &r);
	app_free(r.app);
	loop_free(l);
	return s.failures != 0;
}
