/* Names that change their address, and resolvers that take long: the transport over a resolver of the test's own. */
#include <dlfcn.h>
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <printop/httpd.h>
#include <printop/loop.h>
#include <printop/str.h>
#include <printop/transport.h>

/* ---- the resolver: printer.local is wherever the test says; slow.local takes its time ---- */

static const char *volatile address = "127.0.88.1";

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **res)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (str_eq(node, "slow.local")) {
		usleep(3000000);
		return EAI_NONAME;
	}
	return real(str_eq(node, "printer.local") ? address : node, service, hints, res);
}

/* ---- a server that can move ---- */

static struct loop *loop;
static struct http_reply last;
static char last_body[64];

static void handle(void *ctx, struct httpd_request *r)
{
	httpd_reply(r, 200, "text/plain", NULL, ctx, strlen(ctx));
}

static struct httpd *serve_at(const char *where, unsigned *port)
{
	static const struct httpd_limits limits = { .max_body_bytes = 1000, .max_connections = 10, .idle_timeout_s = 10 };
	struct httpd *h = httpd_new(loop, &limits, handle, NULL);

	assert_non_null(h);
	*port = httpd_listen(h, where, *port, (void *)(uintptr_t)where, NULL);
	assert_int_not_equal(*port, 0);
	return h;
}

static void done(void *ctx, const struct http_reply *r)
{
	(void)ctx;
	last = *r;
	str_copy(last_body, sizeof(last_body), r->body);
	loop_stop(loop);
}

static void get(struct transport *t, const char *host, unsigned port, long timeout_ms)
{
	char url[80];
	struct endpoint to = { .base_url = url };
	struct http_req req;

	str_printf(url, sizeof(url), "http://%s:%u", host, port);
	http_req_init(&req);
	sbuf_adds(&req.path, "/");
	req.timeout_ms = timeout_ms;
	t->ops->send(t, &to, &req, done, NULL);
	http_req_done(&req);
	loop_run(loop);
}

static void test_a_name_that_moved_is_found_again(void **state)
{
	struct transport *t;
	struct httpd *h;
	unsigned port = 0;

	(void)state;
	loop = loop_new();
	t = transport_curl_new(loop, false);
	h = serve_at("127.0.88.1", &port);
	get(t, "printer.local", port, 2000);
	assert_string_equal(last_body, "127.0.88.1");
	httpd_free(h);
	address = "127.0.88.2";
	h = serve_at("127.0.88.2", &port);
	get(t, "printer.local", port, 2000);	/* the old address is remembered: it may fail once */
	get(t, "printer.local", port, 2000);
	assert_int_equal(last.fault, HTTP_FAULT_NONE);
	assert_string_equal(last_body, "127.0.88.2");
	httpd_free(h);
	transport_free(t);
	loop_free(loop);
}

/* A request that ended by its time limit must not wait for the thread that resolves its name. */
static void test_a_slow_resolver_holds_nobody(void **state)
{
	struct transport *t;
	int64_t begun;

	(void)state;
	loop = loop_new();
	t = transport_curl_new(loop, false);
	begun = loop_now_ms(loop);
	get(t, "slow.local", 80, 200);
	assert_int_equal(last.fault, HTTP_FAULT_CONNECT);
	transport_free(t);
	loop_free(loop);
	loop = loop_new();
	assert_in_range(loop_now_ms(loop) - begun, 150, 1500);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_that_moved_is_found_again),
		cmocka_unit_test(test_a_slow_resolver_holds_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
