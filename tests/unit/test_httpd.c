/* The HTTP server and the farm on loopback: a child process is the client, the loop serves it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <printop/httpd.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/sim.h>
#include <printop/str.h>

/* ---- the client: it runs in a child, returns 0 when all is well, else the line that was not ---- */

#define CHECK(cond) do { if (!(cond)) return __LINE__; } while (0)

static int dial(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct timeval limit = { .tv_sec = 8 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

static bool put(int fd, const char *text)
{
	size_t len = strlen(text);

	return send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

/* Reads one reply: until the length its header tells is there, or the end. Returns errno of a cut. */
static int take(int fd, struct sbuf *b)
{
	char buf[4096];

	sbuf_clear(b);
	for (;;) {
		const char *end = strstr(sbuf_str(b), "\r\n\r\n");
		const char *len = strstr(sbuf_str(b), "Content-Length: ");
		ssize_t n;

		if (end && (!len || b->len >= (size_t)(end + 4 - b->data) + strtoul(len + 16, NULL, 10)))
			return 0;
		n = recv(fd, buf, sizeof(buf), 0);
		if (n <= 0)
			return n < 0 ? errno : ECONNABORTED;
		sbuf_add(b, buf, (size_t)n);
	}
}

static int ask(unsigned port, const char *request, struct sbuf *b)
{
	int fd = dial(port), err;

	if (fd < 0)
		return ECONNREFUSED;
	err = put(fd, request) ? take(fd, b) : EPIPE;
	close(fd);
	return err;
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- running client and loop side by side ---- */

struct run {
	struct loop *loop;
	struct loop_timer *timer;
	pid_t child;
	int status;
	double give_up;
};

static void look(void *ctx)
{
	struct run *r = ctx;

	if (waitpid(r->child, &r->status, WNOHANG) == r->child) {
		loop_stop(r->loop);
		return;
	}
	if (now_s() > r->give_up)
		kill(r->child, SIGKILL);
	loop_timer_start(r->timer, 5);
}

static void run_client(struct loop *l, int (*client)(const unsigned *ports), const unsigned *ports)
{
	struct run r = { .loop = l, .give_up = now_s() + 20 };
	int line;

	r.child = fork();
	if (r.child == 0) {
		line = client(ports);
		if (line)
			dprintf(2, "client: line %d\n", line);
		_exit(line ? 1 : 0);
	}
	r.timer = loop_timer_new(l, look, &r);
	loop_timer_start(r.timer, 5);
	loop_run(l);
	loop_timer_free(r.timer);
	assert_true(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 0);
}

/* ---- the server by itself ---- */

struct served {
	struct loop *loop;
	struct httpd *httpd;
	struct loop_timer *timer;
	struct httpd_request *waits, *gone;
	size_t sunk;
	int sinks_done, sinks_answered;
};

static struct served served;

static void later(void *ctx)
{
	struct served *s = ctx;

	if (s->waits)
		httpd_reply(s->waits, 200, "text/plain", NULL, "late", 4);
	s->waits = NULL;
}

static void answer_gone(void *ctx)
{
	struct served *s = ctx;

	httpd_reply(s->gone, 200, "text/plain", NULL, "nobody", 6);
	s->gone = NULL;
}

static void handle(void *ctx, struct httpd_request *r)
{
	const char *path = httpd_path(r), *name = ctx, *q = httpd_query(r, "q");
	struct sbuf b = SBUF_INIT(4096);
	size_t len;
	const char *body = httpd_body(r, &len);

	if (str_eq(path, "/late")) {
		served.waits = r;
		served.timer = loop_timer_new(served.loop, later, &served);
		loop_timer_start(served.timer, 150);
	} else if (str_eq(path, "/gone")) {
		served.gone = r;
		served.timer = loop_timer_new(served.loop, answer_gone, &served);
		loop_timer_start(served.timer, 300);
	} else if (str_eq(path, "/hold")) {
		httpd_hold(r);
	} else if (str_eq(path, "/raw")) {
		httpd_reply_raw(r, "Not found", 9);
	} else if (str_eq(path, "/empty")) {
		httpd_reply_raw(r, NULL, 0);
	} else if (str_eq(path, "/slow")) {
		httpd_reply_slowly(r, 200, "text/plain", NULL, "0123456789012345678901234567890123456789", 40,
				   50, 40);
	} else if (str_eq(path, "/drip")) {
		httpd_reply_slowly(r, 200, "text/plain", NULL, "0123456789012345678901234567890123456789", 40,
				   1, 40);
	} else if (str_eq(path, "/cut")) {
		httpd_reply_slowly(r, 200, "text/plain", NULL, "0123456789012345678901234567890123456789", 40, 0,
				   20);
	} else {
		sbuf_addf(&b, "%s %s %s q=%s peer=%s body=%.*s sunk=%zu", name, httpd_method(r), path,
			  q ? q : "(none)", httpd_peer(r), (int)len, body, served.sunk);
		httpd_reply(r, 200, "text/plain", "X-One: 1\nX-Two: two words\n", sbuf_str(&b), b.len);
	}
	sbuf_done(&b);
}

static void sink_data(void *ctx, const char *data, size_t len)
{
	(void)ctx, (void)data;
	served.sunk += len;
}

static void sink_done(void *ctx)
{
	(void)ctx;
	served.sinks_done++;
}

static void sink_answered(void *ctx)
{
	(void)ctx;
	served.sinks_answered++;
}

static bool on_body(void *ctx, struct httpd_request *r, struct httpd_sink *ret)
{
	(void)ctx;
	*ret = (struct httpd_sink){ .data = sink_data, .done = sink_done, .answered = sink_answered, .ctx = &served };
	if (str_eq(httpd_path(r), "/refuse")) {
		httpd_reply_reason(r, 403, "Not \xc3\xbcou\n", "text/plain", "X-Why: key\n", "no key", 6);
		return false;
	}
	return str_eq(httpd_path(r), "/sink");
}

static void serve(int (*client)(const unsigned *ports))
{
	static char first[] = "first", second[] = "second";
	struct httpd_limits limits = { .max_body_bytes = 1000, .max_connections = 50, .idle_timeout_s = 30 };
	unsigned ports[2];
	struct err e;

	memset(&served, 0, sizeof(served));
	served.loop = loop_new();
	limits.header_timeout_s = 1;
	served.httpd = httpd_new(served.loop, &limits, handle, &e);
	assert_non_null(served.httpd);
	httpd_on_body(served.httpd, on_body);
	ports[0] = httpd_listen(served.httpd, "127.0.0.1", 0, first, &e);
	ports[1] = httpd_listen(served.httpd, "127.0.0.1", 0, second, &e);
	assert_true(ports[0] && ports[1] && ports[0] != ports[1]);
	assert_int_equal(httpd_listen(served.httpd, "127.0.0.1", ports[0], NULL, &e), 0);
	assert_int_equal(httpd_listen(served.httpd, "nowhere", 0, NULL, &e), 0);
	run_client(served.loop, client, ports);
	httpd_free(served.httpd);
	loop_timer_free(served.timer);
	loop_free(served.loop);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static int plain_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(65536);
	int fd = dial(ports[0]);

	CHECK(fd >= 0);
	CHECK(put(fd, "POST /a%20b?q=%C3%BC&r HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"));
	CHECK(take(fd, &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 200 "));
	CHECK(strstr(sbuf_str(&b), "X-Two: two words\r\n"));
	CHECK(strstr(sbuf_str(&b), "first POST /a b q=\xc3\xbc peer=127.0.0.1 body=hi"));
	CHECK(put(fd, GET("/again?q")));		/* kept alive */
	CHECK(take(fd, &b) == 0);
	CHECK(strstr(sbuf_str(&b), "first GET /again q= peer"));
	CHECK(ask(ports[1], GET("/"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "second GET / q=(none)"));
	close(fd);
	sbuf_done(&b);
	return 0;
}

static int late_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(65536);
	double began = now_s();

	CHECK(ask(ports[0], GET("/late"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "late"));
	CHECK(now_s() - began > 0.12);
	began = now_s();
	CHECK(ask(ports[0], GET("/slow"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "0123456789012345678901234567890123456789"));
	CHECK(now_s() - began > 0.5);
	sbuf_done(&b);
	return 0;
}

static int broken_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(65536);
	int fd;

	CHECK(ask(ports[0], GET("/raw"), &b) == ECONNABORTED);
	CHECK(str_eq(sbuf_str(&b), "Not found"));
	CHECK(ask(ports[0], GET("/empty"), &b) != 0);
	CHECK(b.len == 0);
	CHECK(ask(ports[0], GET("/cut"), &b) == ECONNRESET);
	for (int i = 0; i < 60; i++) {		/* those that give up do not use up the 50 places */
		fd = dial(ports[0]);
		CHECK(fd >= 0 && put(fd, GET("/hold")));
		usleep(3000);
		close(fd);
	}
	fd = dial(ports[0]);
	CHECK(fd >= 0 && put(fd, GET("/gone")));
	usleep(50000);
	close(fd);				/* before the answer */
	usleep(500000);
	CHECK(ask(ports[0], GET("/"), &b) == 0);
	sbuf_done(&b);
	return 0;
}

static int body_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(65536);
	char chunk[4096];
	int fd;

	memset(chunk, 'x', sizeof(chunk));
	/* One that asks first hears it at once, the others when all of it was read. */
	CHECK(ask(ports[0], "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n", &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 413 "));
	fd = dial(ports[0]);
	CHECK(fd >= 0 && put(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4096000\r\n\r\n"));
	for (int i = 0; i < 1000; i++)
		CHECK(send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) == (ssize_t)sizeof(chunk));
	CHECK(take(fd, &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 413 "));
	CHECK(put(fd, GET("/")) && take(fd, &b) == 0);		/* the connection goes on */
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 200 "));
	close(fd);
	fd = dial(ports[0]);
	CHECK(fd >= 0 && put(fd, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n"));
	CHECK(send(fd, chunk, 2048, MSG_NOSIGNAL) == 2048 && put(fd, "\r\n0\r\n\r\n"));
	CHECK(take(fd, &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 413 "));
	close(fd);
	fd = dial(ports[0]);			/* a sink takes any size */
	CHECK(fd >= 0 && put(fd, "POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 4096000\r\n\r\n"));
	for (int i = 0; i < 1000; i++)
		CHECK(send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) == (ssize_t)sizeof(chunk));
	CHECK(take(fd, &b) == 0);
	CHECK(strstr(sbuf_str(&b), "body= sunk=4096000"));
	close(fd);
	fd = dial(ports[0]);
	CHECK(fd >= 0 && put(fd, "POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhal"));
	close(fd);
	usleep(100000);
	sbuf_done(&b);
	return 0;
}

static void test_plain(void **state)
{
	(void)state;
	serve(plain_client);
}

static void test_late(void **state)
{
	(void)state;
	serve(late_client);
}

static void test_broken(void **state)
{
	(void)state;
	serve(broken_client);
	assert_null(served.gone);
}

static void test_body(void **state)
{
	(void)state;
	serve(body_client);
	assert_int_equal(served.sinks_done, 2);
	assert_int_equal(served.sinks_answered, 1);
}

/* Refused by its headers: at once for a client that asks first, behind the whole body for others. */
static int refused_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(65536);
	char chunk[4096] = "";
	int fd = dial(ports[0]);

	CHECK(ask(ports[0], "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n", &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 403 Not ??ou?\r\n"));
	CHECK(strstr(sbuf_str(&b), "X-Why: key\r\n") && strstr(sbuf_str(&b), "\r\n\r\nno key"));
	CHECK(fd >= 0 && put(fd, "POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 4096000\r\n\r\n"));
	for (int i = 0; i < 999; i++)
		CHECK(send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) == (ssize_t)sizeof(chunk));
	CHECK(recv(fd, chunk, 1, MSG_DONTWAIT) < 0);
	CHECK(send(fd, chunk, sizeof(chunk), MSG_NOSIGNAL) == (ssize_t)sizeof(chunk));
	CHECK(take(fd, &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 403 Not "));
	CHECK(recv(fd, chunk, 1, 0) == 0);	/* closed in order, not reset */
	close(fd);
	sbuf_done(&b);
	return 0;
}

static void test_refused_by_its_headers(void **state)
{
	(void)state;
	serve(refused_client);
}

/* Header bytes that trickle in hold a place only so long. */
static int trickling_client(const unsigned *ports)
{
	static const char head[] = "GET / HTTP/1.1\r\nX-Long: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	struct sbuf b = SBUF_INIT(65536);
	double began = now_s();
	int fd = dial(ports[0]);
	size_t i = 0;

	CHECK(fd >= 0);
	while (i < sizeof(head) - 1 && send(fd, head + i, 1, MSG_NOSIGNAL) == 1) {
		i++;
		usleep(100000);
	}
	CHECK(now_s() - began < 3);
	close(fd);
	CHECK(ask(ports[0], GET("/slow"), &b) == 0);	/* a request that takes its time is not cut */
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 200 "));
	sbuf_done(&b);
	return 0;
}

static void test_trickling_headers(void **state)
{
	(void)state;
	serve(trickling_client);
}

/* Requests that nobody answered when the server stops. */
static int hold_client(const unsigned *ports)
{
	int fd = dial(ports[0]), other = dial(ports[1]);

	CHECK(fd >= 0 && put(fd, GET("/hold")));
	CHECK(other >= 0 && put(other, GET("/slow")));
	usleep(150000);
	return 0;
}

static void test_stop_with_open_requests(void **state)
{
	(void)state;
	serve(hold_client);
}

static void stop_loop(void *ctx)
{
	loop_stop(ctx);
}

/* The client is there and waits for the rest of a slow answer. */
static void test_stop_while_it_drips(void **state)
{
	struct httpd_limits limits = { .max_body_bytes = 1000, .max_connections = 50, .idle_timeout_s = 30 };
	struct loop *l = loop_new();
	struct loop_timer *t = loop_timer_new(l, stop_loop, l);
	struct httpd *h;
	struct err e;
	unsigned port;
	int fd;

	(void)state;
	memset(&served, 0, sizeof(served));
	h = httpd_new(l, &limits, handle, &e);
	assert_non_null(h);
	port = httpd_listen(h, "127.0.0.1", 0, NULL, &e);
	fd = dial(port);
	assert_true(fd >= 0 && put(fd, GET("/drip")));
	loop_timer_start(t, 150);
	loop_run(l);
	httpd_free(h);
	close(fd);
	loop_timer_free(t);
	loop_free(l);
}

/* ---- the farm ---- */

static struct sim_farm *farm;

static void with_farm(const struct sim_options *o, int (*client)(const unsigned *ports))
{
	struct loop *l = loop_new();
	unsigned *ports;
	struct err e;

	farm = sim_farm_start(l, o, &e);
	assert_non_null(farm);
	ports = mem_zalloc(sim_farm_count(farm), sizeof(*ports));
	for (size_t i = 0; i < sim_farm_count(farm); i++)
		ports[i] = (unsigned)strtoul(strrchr(sim_farm_info(farm, i).url, ':') + 1, NULL, 10);
	run_client(l, client, ports);
	sim_farm_stop(farm);
	loop_free(l);
	free(ports);
}

static int post(unsigned port, const char *path, const char *json, struct sbuf *b)
{
	char *text = mem_printf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
				"Content-Length: %zu\r\n\r\n%s", path, strlen(json), json);
	int err = ask(port, text, b);

	free(text);
	return err;
}

static int farm_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(1u << 20);

	CHECK(ask(ports[0], GET("/server/info"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "\"klippy_state\":\"ready\""));
	CHECK(ask(ports[1], GET("/access/info"), &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 404 ") && strstr(sbuf_str(&b), "X-Clacks-Overhead"));
	CHECK(ask(ports[1], GET("/sim/printers"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "\"name\":\"sim-002\""));
	CHECK(post(ports[1], "/sim/fault", "{\"kind\":\"empty\",\"printer\":\"sim-001\"}", &b) == 0);
	CHECK(ask(ports[0], GET("/server/info"), &b) != 0 && b.len == 0);
	CHECK(post(ports[0], "/sim/fault", "{\"kind\":\"refuse\"}", &b) == 0);	/* its own port */
	usleep(200000);
	CHECK(ask(ports[0], GET("/server/info"), &b) == ECONNREFUSED);
	CHECK(post(ports[1], "/sim/fault", "{\"kind\":\"none\",\"printer\":\"sim-001\"}", &b) == 0);
	usleep(200000);
	CHECK(ask(ports[0], GET("/server/info"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "\"klippy_state\":\"ready\""));
	CHECK(post(ports[1], "/sim/fault", "{\"kind\":\"wrong\"}", &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 404 "));
	sbuf_done(&b);
	return 0;
}

static void test_farm(void **state)
{
	struct sim_options o = { .printers = 2, .seed = 5, .speed = 1, .idle = true };

	(void)state;
	with_farm(&o, farm_client);
}

static int upload_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(1u << 20);
	static const char body[] = "--B\r\nContent-Disposition: form-data; name=\"print\"\r\n\r\ntrue\r\n"
		"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x.gcode\"\r\n\r\nG4 S100\n\r\n--B--\r\n";
	char *text = mem_printf("POST /server/files/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; "
				"boundary=B\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
	char *cut = mem_printf("POST /server/files/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; "
			       "boundary=B\r\nContent-Length: 20\r\n\r\n%.20s", body);

	CHECK(ask(ports[0], text, &b) == 0);
	CHECK(str_starts(sbuf_str(&b), "HTTP/1.1 201 ") && strstr(sbuf_str(&b), "\"print_started\":true"));
	CHECK(ask(ports[0], cut, &b) != 0 && b.len == 0);	/* no whole form: closed without an answer */
	CHECK(ask(ports[0], GET("/printer/objects/query?print_stats=state,filename"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "\"state\":\"printing\",\"filename\":\"x.gcode\""));
	CHECK(post(ports[0], "/sim/advance", "{\"s\":90}", &b) == 0);
	CHECK(ask(ports[0], GET("/printer/objects/query?print_stats=state"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "printing"));
	CHECK(post(ports[0], "/sim/advance", "{\"s\":20}", &b) == 0);
	CHECK(ask(ports[0], GET("/printer/objects/query?print_stats=state"), &b) == 0);
	CHECK(strstr(sbuf_str(&b), "complete"));
	double began = now_s();

	CHECK(post(ports[0], "/printer/gcode/script", "{\"script\":\"G28\"}", &b) == 0);	/* 6 s at speed 20 */
	CHECK(now_s() - began > 0.25 && now_s() - began < 3);
	free(text);
	free(cut);
	sbuf_done(&b);
	return 0;
}

static void test_farm_upload(void **state)
{
	struct sim_options o = { .printers = 1, .seed = 5, .speed = 20, .idle = true, .dialect = "moonraker" };

	(void)state;
	with_farm(&o, upload_client);
}

/* Three printers of a hundred refuse and two hang; the others answer. */
static int faults_client(const unsigned *ports)
{
	struct sbuf b = SBUF_INIT(1u << 20);
	int refused = 0, answered = 0, silent = 0;

	for (int i = 0; i < 100; i++) {
		int fd = dial(ports[i]);
		struct timeval limit = { .tv_usec = 200000 };

		if (fd < 0) {
			refused++;
			continue;
		}
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		CHECK(put(fd, GET("/access/info")));
		if (take(fd, &b) == 0)
			answered++;
		else
			silent++;
		close(fd);
	}
	CHECK(refused == 3 && silent == 2 && answered == 95);
	sbuf_done(&b);
	return 0;
}

static void test_farm_faults(void **state)
{
	struct sim_options o = { .printers = 100, .seed = 9, .speed = 1, .faults = "refuse=3,hang=2" };

	(void)state;
	with_farm(&o, faults_client);
}

static void test_farm_options(void **state)
{
	static const struct sim_options bad[] = {
		{ .printers = 0 },
		{ .printers = 2, .faults = "nonsense=1" },
		{ .printers = 2, .faults = "hang=x" },
		{ .printers = 2, .faults = "hang=3" },
		{ .printers = 2, .dialect = "prusalink" },
		{ .printers = 100, .port = 65500 },
	};
	struct loop *l = loop_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { .code = ERR_NONE };

		assert_null(sim_farm_start(l, &bad[i], &e));
		assert_int_equal(e.code, ERR_USAGE);
	}
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_refused_by_its_headers),
		cmocka_unit_test(test_trickling_headers),
		cmocka_unit_test(test_stop_with_open_requests),
		cmocka_unit_test(test_stop_while_it_drips),
		cmocka_unit_test(test_farm),
		cmocka_unit_test(test_farm_upload),
		cmocka_unit_test(test_farm_faults),
		cmocka_unit_test(test_farm_options),
	};

	return cmocka_run_group_tests_name("httpd", tests, NULL, NULL);
}
