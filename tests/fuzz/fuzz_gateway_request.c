/*
 * Fuzz target: raw bytes from a client through the real HTTP server to the gateway's doors. The key "po_fuzz" has all
 * rights. Whatever comes: what is kept has a name and a folder that lead nowhere, and nothing half received stays.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <printop/log.h>
#include <printop/path.h>
#include <printop/sha256.h>
#include "fuzz.h"
#include "gateway/gateway.h"

#define SEND_BYTES (256 << 10)

static struct rig {
	struct loop *loop;
	struct app *app;
	struct service *service;
	struct loop_timer *timer;
	char dir[64];
	unsigned port;
	int fd, turns;
} rig;

/* Nothing is sent to printers here: their states stay unknown. */
static struct call *no_send(struct transport *t, const struct endpoint *to, struct http_req *req, transport_done_fn *done, void *ctx)
{
	(void)t, (void)to, (void)req, (void)done, (void)ctx;
	fatal("a request to a printer");
}

static void no_progress(struct call *c, transport_progress_fn *fn)
{
	(void)c, (void)fn;
}

static void no_cancel(struct transport *t, struct call *c)
{
	(void)t, (void)c;
}

static void no_free(struct transport *t)
{
	(void)t;
}

static const struct transport_ops no_ops = { no_send, no_progress, no_cancel, no_free };
static struct transport no_net = { &no_ops };

static unsigned free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	MUST(bind(fd, (struct sockaddr *)&a, len) == 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void write_key(void)
{
	struct sha256 s;
	char hex[65], path[128], text[400];
	struct err e = { 0 };

	sha256_init(&s);
	sha256_add(&s, "00po_fuzz", 9);
	sha256_hex(&s, hex);
	str_printf(text, sizeof(text), "{\"clients\":[{\"name\":\"fuzz\",\"salt\":\"00\",\"hash\":\"%s\",\"rights\":[\"look\",\"upload\","
		   "\"start\",\"control\"],\"overwrite\":true}]}", hex);
	str_printf(path, sizeof(path), "%s/printop", rig.dir);
	MUST(path_make_dirs(path, &e));
	str_printf(path, sizeof(path), "%s/printop/clients.json", rig.dir);
	MUST(path_write(path, text, strlen(text), 0600, &e));
}

static void add_printer(struct config *c, const char *name, const char *dialect)
{
	struct printer_config p;

	printer_config_init(&p);
	p.name = mem_strdup(name);
	p.url = mem_strdup("http://127.0.0.1:9");
	p.dialect = mem_strdup(dialect);
	p.tags[p.n_tags++] = mem_strdup("pla");
	config_add_printer_take(c, &p);
}

static void remove_tree(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *ent;

	while (d && (ent = readdir(d))) {
		char *path;

		if (str_eq(ent->d_name, ".") || str_eq(ent->d_name, ".."))
			continue;
		path = path_join(dir, ent->d_name);
		if (unlink(path))
			remove_tree(path);
		free(path);
	}
	if (d)
		closedir(d);
	rmdir(dir);
}

static void open_gateway(void)
{
	struct err e = { 0 };

	rig.service = gateway_service.start(rig.app, &e);
	if (!rig.service)
		fatal("%s", e.text);
}

static void leave(void)
{
	gateway_service.stop(rig.service);
	loop_timer_free(rig.timer);
	app_free(rig.app);
	loop_free(rig.loop);
	remove_tree(rig.dir);
}

static void look(void *ctx);

static void start(void)
{
	struct config *c;
	struct err e = { 0 };
	char text[200];

	str_printf(rig.dir, sizeof(rig.dir), "/tmp/printop-fuzz-XXXXXX");
	MUST(mkdtemp(rig.dir));
	setenv("XDG_STATE_HOME", rig.dir, 1);
	setenv("XDG_CONFIG_HOME", rig.dir, 1);
	write_key();
	log_to_stderr(false);
	rig.loop = loop_new();
	c = config_load(NULL);
	rig.port = free_port();
	str_printf(text, sizeof(text), "127.0.0.1:%u", rig.port);
	MUST(settings_set(&c->settings, SETTING_GATEWAY_LISTEN, text, NULL, &e));
	MUST(settings_set(&c->settings, SETTING_JOURNAL, "none", NULL, &e));
	str_printf(text, sizeof(text), "%s/library", rig.dir);
	MUST(settings_set(&c->settings, SETTING_LIBRARY, text, NULL, &e));
	add_printer(c, "moon", "moonraker");
	add_printer(c, "octo", "octoprint");
	rig.app = app_new(rig.loop, c, &no_net, false, false);
	open_gateway();
	rig.timer = loop_timer_new(rig.loop, look, NULL);
	atexit(leave);
}

/* Reads what comes back, until the server closes or has long been silent. */
static void look(void *ctx)
{
	char buf[16384];
	ssize_t n;

	(void)ctx;
	do {
		n = recv(rig.fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			rig.turns = 0;
	} while (n > 0);
	if (n == 0 || ++rig.turns > 2)
		loop_stop(rig.loop);
	else
		loop_timer_start(rig.timer, 1);
}

static void run_loop(void)
{
	rig.turns = 0;
	loop_timer_start(rig.timer, 0);
	loop_run(rig.loop);
}

/* Nothing of a job may lead out of its place. */
static void check_job(const char *dir)
{
	struct queue_job j;
	struct json *o;
	char *path = path_join(dir, "job.json"), *text;
	size_t len;
	struct err e = { 0 };

	MUST(path_read(path, 1 << 16, &text, &len, &e));
	o = json_parse(text, len, &e);
	MUST(o && queue_job_read(o, &j));
	must_be_clean(j.name, sizeof(j.name));
	must_be_clean(j.folder, sizeof(j.folder));
	MUST(j.name[0] && j.name[0] != '.' && !strchr(j.name, '/') && !strchr(j.name, '\\'));
	MUST(j.folder[0] != '/' && !strstr(j.folder, "..") && j.bytes > 0);
	json_free(o);
	free(text);
	free(path);
}

/* Looks at what was kept, and begins anew when there was anything. */
static void sweep(void)
{
	char *queue = path_join(rig.dir, "printop/queue"), *library = path_join(rig.dir, "library");
	DIR *d = opendir(queue);
	const struct dirent *ent;
	size_t jobs = 0;

	while (d && (ent = readdir(d))) {
		char *dir = path_join(queue, ent->d_name);

		MUST(!str_starts(ent->d_name, ".in-"));
		if (strlen(ent->d_name) == 36) {
			check_job(dir);
			jobs++;
		}
		free(dir);
	}
	if (d)
		closedir(d);
	if (jobs) {
		gateway_service.stop(rig.service);
		remove_tree(queue);
		open_gateway();
	}
	remove_tree(library);
	free(library);
	free(queue);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int bytes = SEND_BYTES;
	ssize_t n;

	if (size > SEND_BYTES / 2 || !size)
		return 0;
	if (!rig.loop)
		start();
	a.sin_port = htons((uint16_t)rig.port);
	rig.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(rig.fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	MUST(connect(rig.fd, (struct sockaddr *)&a, sizeof(a)) == 0);
	n = send(rig.fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)n;
	run_loop();
	shutdown(rig.fd, SHUT_WR);
	run_loop();
	close(rig.fd);
	rig.fd = -1;
	run_loop();
	sweep();
	return 0;
}
