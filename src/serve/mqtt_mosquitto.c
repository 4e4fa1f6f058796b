/* The MQTT service over libmosquitto: states as retained messages, commands if allowed, on the loop like everything else. */
#include "serve/parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <mosquitto.h>
#include <printop/alert.h>
#include <printop/fields.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/mem.h>
#include <printop/op.h>
#include <printop/path.h>
#include <printop/str.h>
#include "serve/mqtt_discovery.h"

#define KEEPALIVE_S 30
#define PUBLISH_MS 1000			/* a printer's state goes out at most so often */
#define MISC_MS 1000
#define AGAIN_FIRST_MS 1000
#define AGAIN_LAST_MS 60000
#define PAYLOAD_MAX 4096
#define PASSWORD_MAX 1024

enum link { LINK_DOWN, LINK_CONNECTING, LINK_UP };

struct service {
	struct app *app;
	struct mosquitto *mosq;
	struct loop_fd *fd;
	struct loop_timer *timer, *publish, *again;
	enum link link;
	int64_t again_ms;
	bool connecting, stopped;	/* a worker holds mosq; free it when it comes back */
	int connect_rc;
	char *host, *prefix, *user, *password, *ca_file;
	int port;
	char why[160];			/* of the last failure */
	uint64_t sent, commands;
	uint32_t *dirty;		/* printers to publish */
	size_t n_dirty, cap_dirty;
	uint32_t *ops;			/* commands under way: ids */
	size_t n_ops, cap_ops;
};

static void connect_start(struct service *s);

/* ---- publishing ---- */

static void publish(struct service *s, const char *topic, const char *payload, bool retain)
{
	if (mosquitto_publish(s->mosq, NULL, topic, (int)strlen(payload), payload, 1, retain) == MOSQ_ERR_SUCCESS)
		s->sent++;
}

/* A name as a topic level: what MQTT gives a meaning to becomes '_'. */
static char *topic_of(const struct service *s, const char *printer, const char *what)
{
	char level[64];

	str_copy(level, sizeof(level), printer);
	for (char *p = level; *p; p++)
		if (*p == '/' || *p == '+' || *p == '#')
			*p = '_';
	return mem_printf("%s/%s/%s", s->prefix, level, what);
}

static void publish_state(struct service *s, const struct printer *p)
{
	struct json *o = printer_to_json(p, loop_now_ms(s->app->loop));
	char *text = json_print(o, false), *topic = topic_of(s, p->config.name, "state");

	publish(s, topic, text, true);
	free(topic);
	free(text);
	json_free(o);
}

static void publish_discovery(struct service *s, const struct printer *p)
{
	const struct settings *set = &s->app->config->settings;
	char *state = topic_of(s, p->config.name, "state"), *command = topic_of(s, p->config.name, "command");
	char *status = mem_printf("%s/status", s->prefix);

	if (settings_bool(set, SETTING_MQTT_DISCOVERY)) {
		for (size_t i = 0; i < discovery_count(); i++) {
			struct discovery d;

			if (!discovery_make(i, p, settings_str(set, SETTING_MQTT_DISCOVERY_PREFIX), state, command, status,
					    settings_str(set, SETTING_MQTT_COMMANDS), &d))
				continue;
			publish(s, d.topic, d.payload, true);
			free(d.topic);
			free(d.payload);
		}
	}
	free(status);
	free(command);
	free(state);
}

static void mark_dirty(struct service *s, uint32_t id)
{
	for (size_t i = 0; i < s->n_dirty; i++)
		if (s->dirty[i] == id)
			return;
	s->dirty = mem_grow(s->dirty, s->n_dirty, &s->cap_dirty, sizeof(*s->dirty));
	s->dirty[s->n_dirty++] = id;
	if (s->link == LINK_UP && !loop_timer_active(s->publish))
		loop_timer_start(s->publish, PUBLISH_MS);
}

static void publish_dirty(void *ctx)
{
	struct service *s = ctx;

	if (s->link != LINK_UP)
		return;
	for (size_t i = 0; i < s->n_dirty; i++) {
		const struct printer *p = fleet_get(s->app->fleet, s->dirty[i]);

		if (p)
			publish_state(s, p);
	}
	s->n_dirty = 0;
	loop_fd_want(s->fd, LOOP_READ | (mosquitto_want_write(s->mosq) ? LOOP_WRITE : 0));
}

static void fleet_changed(void *ctx, struct fleet *f, const struct fleet_change *c, size_t n)
{
	struct service *s = ctx;

	(void)f;
	for (size_t i = 0; i < n; i++)
		mark_dirty(s, c[i].id);
}

/* ---- commands ---- */

static void tell_result(struct service *s, const char *printer, const char *command, bool ok, const char *text)
{
	struct json *o = json_new_object();
	char *topic = topic_of(s, printer, "result"), *line;

	json_set_str(o, "command", command);
	json_set_bool(o, "ok", ok);
	json_set_str(o, "text", text);
	line = json_print(o, false);
	publish(s, topic, line, false);
	free(line);
	free(topic);
	json_free(o);
}

/* "pause", or {"command":"start","file":"petg/lid.gcode"} */
static void run_command(struct service *s, const struct printer *p, const char *payload, size_t len)
{
	struct verb_args args = { .local_bytes = -1 };
	struct json *o = NULL;
	char word[32] = "", file[NAME_CAP] = "";
	struct err e = { 0 };
	enum verb verb;

	if (len && payload[0] == '{') {
		o = json_parse(payload, len, &e);
		json_str(o, "command", word, sizeof(word));
		if (json_str(o, "file", file, sizeof(file)))
			args.file = mem_strdup(file);
		json_free(o);
	} else {
		str_printf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1), payload);
		str_clean(word);
	}
	if (!verb_from_name(word, &verb) || verb == VERB_UPLOAD || verb == VERB_FILES) {
		tell_result(s, p->config.name, word, false, "there is no such command");
	} else if (!mqtt_allows(settings_str(&s->app->config->settings, SETTING_MQTT_COMMANDS), word)) {
		log_warn("mqtt: %s for %s is not in mqtt_commands", word, p->config.name);
		tell_result(s, p->config.name, word, false, "not allowed: mqtt_commands does not name it");
	} else {
		/* on_op() may run inside and look through the list. */
		uint32_t id = op_submit(s->app->ops, ops_new_group(s->app->ops), p->id, verb, &args, (double)NAN);

		s->ops = mem_grow(s->ops, s->n_ops, &s->cap_ops, sizeof(*s->ops));
		s->ops[s->n_ops++] = id;
		s->commands++;
	}
	verb_args_done(&args);
}

/* Only ends are told, of our own commands. The id is not known yet while op_submit() runs: looked at again below. */
static void on_op(void *ctx, const struct op *op)
{
	struct service *s = ctx;

	if (!op_ended(op))
		return;
	for (size_t i = 0; i < s->n_ops; i++) {
		if (s->ops[i] != op->id)
			continue;
		s->ops[i] = s->ops[--s->n_ops];
		if (s->link == LINK_UP)
			tell_result(s, op->printer_name, verb_name(op->x.verb), op->phase == OP_DONE, op->seen);
		return;
	}
}

static void tell_refused(struct service *s)
{
	for (size_t i = 0; i < s->n_ops; i++) {
		const struct op *op = op_get(s->app->ops, s->ops[i]);

		if (op && op_ended(op)) {
			on_op(s, op);
			i--;
		}
	}
}

static void on_message(struct mosquitto *m, void *ctx, const struct mosquitto_message *msg)
{
	struct service *s = ctx;

	(void)m;
	if (msg->retain || msg->payloadlen <= 0 || msg->payloadlen > PAYLOAD_MAX)
		return;		/* a retained command would be given again at every start */
	for (size_t i = 0; i < fleet_count(s->app->fleet); i++) {
		const struct printer *p = fleet_at(s->app->fleet, i);
		char *topic = topic_of(s, p->config.name, "command");
		bool hit = str_eq(topic, msg->topic);

		free(topic);
		if (hit) {
			run_command(s, p, msg->payload, (size_t)msg->payloadlen);
			tell_refused(s);
			return;
		}
	}
}

/* ---- the connection ---- */

static void on_connected(struct mosquitto *m, void *ctx, int rc)
{
	struct service *s = ctx;
	char *topic;

	if (rc) {
		str_printf(s->why, sizeof(s->why), "the broker refuses: %s", mosquitto_connack_string(rc));
		return;
	}
	s->link = LINK_UP;
	s->again_ms = AGAIN_FIRST_MS;
	s->why[0] = '\0';
	log_info("mqtt: connected to %s:%d", s->host, s->port);
	topic = mem_printf("%s/status", s->prefix);
	publish(s, topic, "online", true);
	free(topic);
	for (size_t i = 0; i < fleet_count(s->app->fleet); i++) {
		publish_discovery(s, fleet_at(s->app->fleet, i));
		mark_dirty(s, fleet_at(s->app->fleet, i)->id);
	}
	if (settings_str(&s->app->config->settings, SETTING_MQTT_COMMANDS)[0]) {
		topic = mem_printf("%s/+/command", s->prefix);
		mosquitto_subscribe(m, NULL, topic, 1);
		free(topic);
	}
	loop_timer_start(s->publish, 0);
}

static void link_down(struct service *s, const char *why)
{
	if (s->link == LINK_UP)
		log_warn("mqtt: connection lost: %s", why);
	if (!s->why[0] || s->link == LINK_UP)
		str_copy(s->why, sizeof(s->why), why);
	s->link = LINK_DOWN;
	loop_fd_free(s->fd);
	s->fd = NULL;
	loop_timer_stop(s->timer);
	loop_timer_start(s->again, s->again_ms);
	s->again_ms = s->again_ms * 2 < AGAIN_LAST_MS ? s->again_ms * 2 : AGAIN_LAST_MS;
}

static void check(struct service *s, int rc)
{
	if (rc != MOSQ_ERR_SUCCESS)
		link_down(s, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
	else if (s->fd)
		loop_fd_want(s->fd, LOOP_READ | (mosquitto_want_write(s->mosq) ? LOOP_WRITE : 0));
}

static void on_ready(void *ctx, int ready)
{
	struct service *s = ctx;
	int rc = MOSQ_ERR_SUCCESS;

	if (ready & LOOP_ERROR)
		rc = MOSQ_ERR_CONN_LOST;
	if (!rc && ready & LOOP_READ)
		rc = mosquitto_loop_read(s->mosq, 1);
	if (!rc && ready & LOOP_WRITE)
		rc = mosquitto_loop_write(s->mosq, 1);
	check(s, rc);
}

static void on_timer(void *ctx)
{
	struct service *s = ctx;

	loop_timer_start(s->timer, MISC_MS);
	check(s, mosquitto_loop_misc(s->mosq));
}

static void destroy(struct service *s)
{
	mosquitto_destroy(s->mosq);
	if (s->password)
		explicit_bzero(s->password, strlen(s->password));
	free(s->password);
	free(s->host);
	free(s->prefix);
	free(s->user);
	free(s->ca_file);
	free(s->dirty);
	free(s->ops);
	free(s);
	mosquitto_lib_cleanup();
}

/* Looking the name up blocks, so it happens on a worker; nobody else touches mosq meanwhile. */
static void connect_work(void *ctx)
{
	struct service *s = ctx;

	s->connect_rc = mosquitto_connect_async(s->mosq, s->host, s->port, KEEPALIVE_S);
}

static void connect_done(void *ctx)
{
	struct service *s = ctx;

	s->connecting = false;
	if (s->stopped) {
		destroy(s);
		return;
	}
	if (s->connect_rc == MOSQ_ERR_SUCCESS && mosquitto_socket(s->mosq) >= 0)
		s->fd = loop_fd_new(s->app->loop, mosquitto_socket(s->mosq), on_ready, s);
	if (!s->fd) {
		link_down(s, s->connect_rc == MOSQ_ERR_EAI ? "the broker's name has no address" : "no connection");
		return;
	}
	loop_fd_want(s->fd, LOOP_READ | LOOP_WRITE);
	loop_timer_start(s->timer, MISC_MS);
}

static void connect_start(struct service *s)
{
	s->link = LINK_CONNECTING;
	s->connecting = true;
	loop_work(s->app->loop, connect_work, connect_done, s);
}

static void connect_again(void *ctx)
{
	struct service *s = ctx;

	if (!s->connecting)
		connect_start(s);
}

/* ---- the service ---- */

static bool wanted(const struct app *a)
{
	return settings_str(&a->config->settings, SETTING_MQTT_HOST)[0] != '\0';
}

static bool read_password(struct service *s, const char *file, struct err *e)
{
	size_t len;
	char *path;
	bool good;

	if (!*file)
		return true;
	path = path_expand(file, ".");
	good = path_read(path, PASSWORD_MAX, &s->password, &len, e) || err_wrap(e, "mqtt_password_file");
	free(path);
	if (good)
		s->password[strcspn(s->password, "\r\n")] = '\0';
	return good;
}

static bool set_up(struct service *s, struct err *e)
{
	char *topic = mem_printf("%s/status", s->prefix);
	bool tls = settings_bool(&s->app->config->settings, SETTING_MQTT_TLS);
	const char *ca = s->ca_file ? s->ca_file : "/etc/ssl/certs/ca-certificates.crt";

	mosquitto_will_set(s->mosq, topic, 7, "offline", 1, true);
	free(topic);
	mosquitto_connect_callback_set(s->mosq, on_connected);
	mosquitto_message_callback_set(s->mosq, on_message);
	if (s->user)
		mosquitto_username_pw_set(s->mosq, s->user, s->password);
	if (tls && mosquitto_tls_set(s->mosq, ca, NULL, NULL, NULL, NULL) != MOSQ_ERR_SUCCESS)
		return err_set(e, ERR_CONFIG, "TLS cannot be set up with %s", ca);
	return true;
}

static void stop(struct service *s)
{
	ops_unobserve(s->app->ops, on_op, s);
	fleet_unobserve(s->app->fleet, fleet_changed, s);
	loop_fd_free(s->fd);
	loop_timer_free(s->timer);
	loop_timer_free(s->publish);
	loop_timer_free(s->again);
	s->stopped = true;
	if (s->connecting)
		return;		/* the worker's end destroys it */
	if (s->link == LINK_UP) {
		char *topic = mem_printf("%s/status", s->prefix);

		publish(s, topic, "offline", true);
		mosquitto_disconnect(s->mosq);
		free(topic);
	}
	destroy(s);
}

static struct service *start(struct app *a, struct err *e)
{
	const struct settings *set = &a->config->settings;
	struct service *s = MEM_NEW(struct service);
	const char *user = settings_str(set, SETTING_MQTT_USER), *ca = settings_str(set, SETTING_MQTT_CA_FILE);

	mosquitto_lib_init();
	s->app = a;
	s->host = mem_strdup(settings_str(set, SETTING_MQTT_HOST));
	s->port = (int)settings_num(set, SETTING_MQTT_PORT);
	s->prefix = mem_strdup(settings_str(set, SETTING_MQTT_PREFIX));
	s->user = *user ? mem_strdup(user) : NULL;
	s->ca_file = *ca ? path_expand(ca, ".") : NULL;
	s->again_ms = AGAIN_FIRST_MS;
	s->mosq = mosquitto_new(NULL, true, s);
	if (!s->mosq || !read_password(s, settings_str(set, SETTING_MQTT_PASSWORD_FILE), e) || !set_up(s, e)) {
		destroy(s);
		return NULL;
	}
	s->timer = loop_timer_new(a->loop, on_timer, s);
	s->publish = loop_timer_new(a->loop, publish_dirty, s);
	s->again = loop_timer_new(a->loop, connect_again, s);
	fleet_observe(a->fleet, fleet_changed, s);
	ops_observe(a->ops, on_op, s);
	connect_start(s);
	return s;
}

static enum service_health describe(const struct service *s, char *buf, size_t size)
{
	if (s->link == LINK_UP) {
		str_printf(buf, size, "connected to %s:%d, %llu messages sent, %llu commands", s->host, s->port,
			   (unsigned long long)s->sent, (unsigned long long)s->commands);
		return SERVICE_GOOD;
	}
	str_printf(buf, size, "no connection to %s:%d%s%s, tries for ever", s->host, s->port, s->why[0] ? ": " : "", s->why);
	return SERVICE_TROUBLE;
}

const struct service_ops mqtt_service = {
	.name = "mqtt",
	.title = "the fleet on an MQTT broker",
	.wanted = wanted,
	.start = start,
	.stop = stop,
	.describe = describe,
};
