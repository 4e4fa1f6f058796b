/* The real transport against a raw server on loopback: every fault under its own name, nothing sent twice or elsewhere. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <printop/limits.h>
#include <printop/loop.h>
#include <printop/mem.h>
#include <printop/sha256.h>
#include <printop/str.h>
#include <printop/transport.h>

/* ---- the server: one thread a connection, what it does is in the path ---- */

static unsigned port;
static atomic_int requests, connections, open_now, keys_seen, elsewhere;
#define HANG_S 5

static char upload_body[1 << 20];
static atomic_int upload_len;
static char last_head[4096];

#define FOLDED "0123456789012345678901234567890123456789012345678901234567890123456789"

static void send_text(int fd, const char *s)
{
	(void)!send(fd, s, strlen(s), MSG_NOSIGNAL);
}

static void send_ok(int fd, const char *headers, const char *body)
{
	char head[512];

	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: %zu\r\n%s\r\n",
		 strlen(body), headers);
	send_text(fd, head);
	send_text(fd, body);
}

static void send_big(int fd, size_t len, bool in_headers)
{
	char chunk[4096];

	memset(chunk, 'x', sizeof(chunk));
	chunk[sizeof(chunk) - 1] = 0;
	send_text(fd, in_headers ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	for (size_t sent = 0; sent < len; sent += sizeof(chunk)) {
		if (in_headers)
			send_text(fd, "X-Fill: ");
		send_text(fd, chunk);
		if (in_headers)
			send_text(fd, "\r\n");
	}
}

/* Reads one request's head, and its body by Content-Length; false when the peer is gone. */
static bool read_request(int fd, char *head, size_t size)
{
	size_t len = 0;
	char *end, *cl;

	head[0] = 0;
	while (!(end = strstr(head, "\r\n\r\n"))) {
		ssize_t got = recv(fd, head + len, size - 1 - len, 0);

		if (got <= 0)
			return false;
		len += (size_t)got;
		head[len] = 0;
	}
	if (strstr(head, " /upload/hang")) {
		sleep(HANG_S);
		return false;
	}
	cl = strstr(head, "Content-Length: ");
	size_t want = cl && cl < end ? (size_t)strtoul(cl + 16, NULL, 10) : 0;
	size_t have = len - (size_t)(end + 4 - head);

	memcpy(upload_body, end + 4, have);
	while (have < want && have < sizeof(upload_body)) {
		ssize_t got = recv(fd, upload_body + have, sizeof(upload_body) - have, 0);

		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	upload_len = (int)have;
	return true;
}

static bool answer(int fd, const char *head)
{
	char text[200];

	requests++;
	str_copy(last_head, sizeof(last_head), head);
	if (strstr(head, "X-Api-Key: sesame\r\n"))
		keys_seen++;
	if (strstr(head, " /ok")) {
		send_ok(fd, "ETag: \"e1\"\r\nX-Clacks-Overhead: GNU Terry Pratchett\r\n", "{\"a\":1}");
		return true;
	}
	if (strstr(head, " /etag") && strstr(head, "If-None-Match: \"e1\"\r\n")) {
		send_text(fd, "HTTP/1.1 304 Not Modified\r\n\r\n");
		return true;
	}
	if (strstr(head, " /upload")) {
		send_text(fd, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
		return true;
	}
	if (strstr(head, " /redirect")) {
		snprintf(text, sizeof(text), "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/elsewhere\r\nContent-Length: 0\r\n\r\n", port);
		send_text(fd, text);
		return true;
	}
	if (strstr(head, " /odd-etag"))
		send_ok(fd, "ETag: \"a\x01\x1b[2Jb\"\r\n", "{}");
	else if (strstr(head, " /folded"))
		send_text(fd, "HTTP/1.1 200 OK\r\n folded: " FOLDED "\r\nContent-Length: 2\r\n\r\n{}");
	else if (strstr(head, " /elsewhere"))
		elsewhere++;
	else if (strstr(head, " /not-http"))
		send_text(fd, "Not found");
	else if (strstr(head, " /cut"))
		send_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":");
	else if (strstr(head, " /big-body"))
		send_big(fd, LIMIT_REPLY_BYTES + 65536, false);
	else if (strstr(head, " /big-head"))
		send_big(fd, LIMIT_HEADER_BYTES + 65536, true);
	else if (strstr(head, " /busy"))
		send_text(fd, "HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(head, " /later"))
		send_text(fd, "HTTP/1.1 503 No\r\nRetry-After: Fri, 01 Jan 1999 00:00:00 GMT\r\nContent-Length: 0\r\n\r\n");
	else if (strstr(head, " /hang"))
		sleep(3);
	return false;			/* /empty and the rest: closed without an answer */
}

static void *serve(void *ctx)
{
	int fd = (int)(intptr_t)ctx;
	char head[16384];

	connections++;
	open_now++;
	while (read_request(fd, head, sizeof(head)) && answer(fd, head))
		continue;
	close(fd);
	open_now--;
	return NULL;
}

static void *accept_all(void *ctx)
{
	int fd = (int)(intptr_t)ctx;

	for (;;) {
		int c = accept(fd, NULL, NULL);
		pthread_t t;

		if (c < 0 || pthread_create(&t, NULL, serve, (void *)(intptr_t)c))
			return NULL;
		pthread_detach(t);
	}
}

static int start_server(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pthread_t t;

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 64) || getsockname(fd, (struct sockaddr *)&a, &len))
		return -1;
	port = ntohs(a.sin_port);
	return pthread_create(&t, NULL, accept_all, (void *)(intptr_t)fd);
}

/* ---- asking ---- */

struct ask {
	struct loop *loop;
	struct transport *net;
	struct http_reply reply;	/* body is a copy */
	char *body;
	int done;
	int64_t progress;
	int64_t told_ms, gap_ms;	/* progress was told last; the longest silence before that */
};

static void heard(void *ctx, const struct http_reply *r)
{
	struct ask *a = ctx;

	a->reply = *r;
	free(a->body);
	a->body = mem_strndup(r->body, r->len);
	a->done++;
	loop_stop(a->loop);
}

static void progressed(void *ctx, int64_t sent, int64_t total)
{
	struct ask *a = ctx;

	assert_true(sent <= total);
	if (a->told_ms && loop_now_ms(a->loop) - a->told_ms > a->gap_ms)
		a->gap_ms = loop_now_ms(a->loop) - a->told_ms;
	a->told_ms = loop_now_ms(a->loop);
	a->progress = sent;
}

static void give_up(void *ctx)
{
	loop_stop(ctx);
}

static struct ask ask_new(bool read_only)
{
	struct ask a = { .loop = loop_new() };

	a.net = transport_curl_new(a.loop, read_only);
	return a;
}

static void ask_done(struct ask *a)
{
	transport_free(a->net);
	loop_free(a->loop);
	free(a->body);
}

static void wait_done(struct ask *a)
{
	struct loop_timer *t = loop_timer_new(a->loop, give_up, a->loop);
	int before = a->done;

	loop_timer_start(t, 8000);
	loop_run(a->loop);
	loop_timer_free(t);
	assert_int_equal(a->done, before + 1);
}

static struct endpoint here(char *base, size_t size)
{
	str_printf(base, size, "http://127.0.0.1:%u", port);
	return (struct endpoint){ .base_url = base, .key = "sesame", .connect_ms = 500 };
}

static void request(struct ask *a, enum http_method m, const char *path, bool changes, long timeout_ms)
{
	struct http_req r;
	char base[64];
	struct endpoint to = here(base, sizeof(base));

	http_req_init(&r);
	r.method = m;
	sbuf_adds(&r.path, path);
	if (m == HTTP_POST)
		sbuf_adds(&r.body, "{\"command\":\"pause\"}");
	r.changes = changes;
	r.timeout_ms = timeout_ms;
	if (strstr(path, "/etag"))
		str_copy(r.etag, sizeof(r.etag), "\"e1\"");
	a->net->ops->send(a->net, &to, &r, heard, a);
	http_req_done(&r);
	wait_done(a);
}

static void test_a_good_answer(void **state)
{
	struct ask a = ask_new(false);

	(void)state;
	requests = connections = keys_seen = 0;
	for (int i = 0; i < 3; i++)
		request(&a, HTTP_GET, "/ok", false, 2000);
	assert_int_equal(a.reply.fault, HTTP_FAULT_NONE);
	assert_int_equal(a.reply.status, 200);
	assert_string_equal(a.reply.content_type, "application/json");
	assert_string_equal(a.reply.etag, "\"e1\"");
	assert_string_equal(a.body, "{\"a\":1}");
	assert_true(a.reply.clacks);
	assert_int_equal(a.reply.retry_after_s, -1);
	assert_int_equal(keys_seen, 3);
	assert_int_equal(connections, 1);	/* kept alive */
	request(&a, HTTP_GET, "/etag", false, 2000);
	assert_int_equal(a.reply.status, 304);
	request(&a, HTTP_GET, "/busy", false, 2000);
	assert_int_equal(a.reply.status, 429);
	assert_int_equal(a.reply.retry_after_s, 7);
	assert_string_equal(a.reply.content_type, "text/plain");
	ask_done(&a);
}

static void test_each_fault_has_its_name(void **state)
{
	static const struct {
		const char *path;
		enum http_fault fault;
	} rows[] = {
		{ "/empty", HTTP_FAULT_EMPTY },	      { "/cut", HTTP_FAULT_RESET },	    { "/not-http", HTTP_FAULT_NOT_HTTP },
		{ "/big-body", HTTP_FAULT_TOO_BIG },  { "/big-head", HTTP_FAULT_TOO_BIG },  { "/hang", HTTP_FAULT_TIMEOUT },
	};
	struct ask a = ask_new(false);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		request(&a, HTTP_GET, rows[i].path, false, 700);
		if (a.reply.fault != rows[i].fault)
			fail_msg("%s: %s (%s)", rows[i].path, http_fault_name(a.reply.fault), a.reply.fault_text);
		assert_true(a.reply.fault_text[0]);
		assert_null(strstr(a.reply.fault_text, "sesame"));
	}
	ask_done(&a);
}

/*
 * A header line that continues none: libcurl before 8.1.1 writes it behind the last line of the transfer before, if
 * both had one handle. Here it must be an error or a header, and the heap as it was.
 */
static void test_folded_header_comes_first(void **state)
{
	struct ask a = ask_new(false);

	(void)state;
	for (int i = 0; i < 20; i++) {
		request(&a, HTTP_GET, "/ok", false, 2000);
		assert_int_equal(a.reply.status, 200);
		assert_string_equal(a.reply.etag, "\"e1\"");
		request(&a, HTTP_GET, "/folded", false, 2000);
		assert_true(a.reply.fault == HTTP_FAULT_NONE || a.reply.fault_text[0]);
		assert_string_equal(a.reply.etag, "");
	}
	request(&a, HTTP_GET, "/odd-etag", false, 2000);
	assert_string_equal(a.reply.etag, "\"ab\"");	/* what is sent back cannot end a line */
	ask_done(&a);
}

static void test_nobody_there(void **state)
{
	struct ask a = ask_new(false);
	struct http_req r;
	struct endpoint to = { .base_url = "http://127.0.0.1:1", .connect_ms = 500 };

	(void)state;
	http_req_init(&r);
	sbuf_adds(&r.path, "/ok");
	a.net->ops->send(a.net, &to, &r, heard, &a);
	wait_done(&a);
	assert_int_equal(a.reply.fault, HTTP_FAULT_REFUSED);
	ask_done(&a);
}

static void test_redirects_are_not_followed(void **state)
{
	struct ask a = ask_new(false);

	(void)state;
	elsewhere = 0;
	request(&a, HTTP_GET, "/redirect", false, 2000);
	assert_int_equal(a.reply.status, 302);
	assert_int_equal(elsewhere, 0);
	ask_done(&a);
}

/* The server closes a kept connection instead of answering: libcurl alone would send the POST again. */
static void test_a_change_is_sent_once(void **state)
{
	struct ask a = ask_new(false);

	(void)state;
	request(&a, HTTP_GET, "/ok", false, 2000);
	requests = 0;
	request(&a, HTTP_POST, "/empty", true, 2000);
	assert_int_equal(a.reply.fault, HTTP_FAULT_EMPTY);
	assert_int_equal(requests, 1);
	ask_done(&a);
}

/* Each on a connection of its own, and none of them stays: a server has only so many places. */
static void test_the_connection_of_a_change_is_not_kept(void **state)
{
	struct ask a = ask_new(false);
	int before, open_before;

	(void)state;
	request(&a, HTTP_GET, "/ok", false, 2000);
	before = connections;
	open_before = open_now;		/* ours, and those that earlier tests left hanging */
	for (int i = 0; i < 5; i++)
		request(&a, HTTP_POST, "/ok", true, 2000);
	assert_int_equal(connections, before + 5);
	request(&a, HTTP_GET, "/ok", false, 2000);
	for (int i = 0; i < 200 && open_now > open_before; i++)
		usleep(10000);
	assert_in_range(open_now, 1, open_before);
	ask_done(&a);
}

static void test_read_only_sends_no_change(void **state)
{
	struct ask a = ask_new(true);

	(void)state;
	requests = 0;
	request(&a, HTTP_POST, "/ok", true, 2000);
	assert_int_equal(a.reply.fault, HTTP_FAULT_READ_ONLY);
	request(&a, HTTP_DELETE, "/ok", false, 2000);
	assert_int_equal(a.reply.fault, HTTP_FAULT_READ_ONLY);
	assert_int_equal(requests, 0);
	request(&a, HTTP_POST, "/ok", false, 2000);	/* Moonraker's query: it changes nothing */
	assert_int_equal(a.reply.status, 200);
	assert_int_equal(requests, 1);
	ask_done(&a);
}

static void test_a_cancelled_call_is_silent(void **state)
{
	struct ask a = ask_new(false);
	struct http_req r;
	char base[64];
	struct endpoint to = here(base, sizeof(base));
	struct call *c;

	(void)state;
	http_req_init(&r);
	sbuf_adds(&r.path, "/hang");
	c = a.net->ops->send(a.net, &to, &r, heard, &a);
	a.net->ops->cancel(a.net, c);
	request(&a, HTTP_GET, "/ok", false, 2000);
	assert_int_equal(a.done, 1);
	ask_done(&a);
}

/* ---- uploads ---- */

static void upload(struct ask *a, const char *to_path, const char *path)
{
	struct http_req r;
	char base[64];
	struct endpoint to = here(base, sizeof(base));
	struct call *c;

	http_req_init(&r);
	r.method = HTTP_POST;
	sbuf_adds(&r.path, to_path);
	r.changes = true;
	r.timeout_ms = 0;	/* as the drivers: only the stall limit */
	r.upload = MEM_NEW(struct http_upload);
	r.upload->local_path = mem_strdup(path);
	r.upload->name = mem_strdup("Käse \xe7\xab\x8b.gcode");
	r.upload->fields[0][0] = mem_strdup("path");
	r.upload->fields[0][1] = mem_strdup("petg/x");
	r.upload->sha256 = true;
	c = a->net->ops->send(a->net, &to, &r, heard, a);
	a->net->ops->progress(c, progressed);
	wait_done(a);
}

static void test_an_upload_carries_its_checksum(void **state)
{
	struct ask a = ask_new(false);
	char path[] = "/tmp/printop-upload-XXXXXX", data[200000], hex[65];
	int fd = mkstemp(path);
	struct sha256 s;

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 251);
	assert_int_equal(write(fd, data, sizeof(data)), sizeof(data));
	close(fd);
	upload(&a, "/upload", path);
	unlink(path);
	assert_int_equal(a.reply.status, 201);
	sha256_init(&s);
	sha256_add(&s, data, sizeof(data));
	sha256_hex(&s, hex);
	assert_non_null(memmem(upload_body, (size_t)upload_len, hex, 64));
	assert_non_null(memmem(upload_body, (size_t)upload_len, data, sizeof(data)));
	assert_non_null(memmem(upload_body, (size_t)upload_len, "filename=\"Käse \xe7\xab\x8b.gcode\"", 26));
	assert_non_null(memmem(upload_body, (size_t)upload_len, "name=\"path\"\r\n\r\npetg/x\r\n", 23));
	assert_int_equal(a.progress, sizeof(data));
	ask_done(&a);
}

/* The limit on an upload that stands still, and the rate that is shown, need to be looked at all the time. */
static void test_an_upload_that_stands_still_is_watched(void **state)
{
	struct ask a = ask_new(false);
	char path[] = "/tmp/printop-upload-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(ftruncate(fd, 32 << 20), 0);
	close(fd);
	upload(&a, "/upload/hang", path);
	unlink(path);
	assert_int_not_equal(a.reply.fault, HTTP_FAULT_NONE);
	assert_true(a.progress < 32 << 20);
	assert_true(loop_now_ms(a.loop) - a.told_ms < HANG_S * 1000 / 2);
	assert_true(a.gap_ms < HANG_S * 1000 / 2);
	ask_done(&a);
}

static struct http_req put_request(void)
{
	struct http_req r;

	http_req_init(&r);
	r.method = HTTP_PUT;
	sbuf_adds(&r.path, "/upload?signature=x");
	r.no_key = true;
	return r;
}

static void test_a_put_is_the_file_alone(void **state)
{
	struct ask a = ask_new(false);
	char path[] = "/tmp/printop-put-XXXXXX", base[64];
	struct endpoint to = here(base, sizeof(base));
	struct http_req r = put_request();
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "archive", 7), 7);
	close(fd);
	r.upload = MEM_NEW(struct http_upload);
	r.upload->local_path = mem_strdup(path);
	r.upload->raw_type = mem_strdup("application/gzip");
	keys_seen = 0;
	a.net->ops->send(a.net, &to, &r, heard, &a);
	wait_done(&a);
	unlink(path);
	assert_int_equal(a.reply.status, 201);
	assert_ptr_equal(strstr(last_head, "PUT /upload?signature=x HTTP/1.1\r\n"), last_head);
	assert_non_null(strstr(last_head, "\r\nContent-Type: application/gzip\r\n"));
	assert_non_null(strstr(last_head, "\r\nContent-Length: 7\r\n"));
	assert_null(strstr(last_head, "Expect:"));
	assert_int_equal(keys_seen, 0);
	assert_int_equal(upload_len, 7);
	assert_memory_equal(upload_body, "archive", 7);
	ask_done(&a);
}

static void test_lines_of_its_own(void **state)
{
	struct ask a = ask_new(false);
	char base[64];
	struct endpoint to = here(base, sizeof(base));
	struct http_req r = put_request();

	(void)state;
	sbuf_adds(&r.body, "\xff\xd8\xff");
	sbuf_adds(&r.headers, "Authorization: Bearer quiet\nContent-Type: image/jpeg\nUser-Agent: other/1\n");
	a.net->ops->send(a.net, &to, &r, heard, &a);
	wait_done(&a);
	assert_int_equal(a.reply.status, 201);
	assert_non_null(strstr(last_head, "\r\nAuthorization: Bearer quiet\r\n"));
	assert_non_null(strstr(last_head, "\r\nContent-Type: image/jpeg\r\n"));
	assert_non_null(strstr(last_head, "\r\nUser-Agent: other/1\r\n"));
	assert_null(strstr(last_head, "application/json"));
	/* The next request to the same server has nothing of it. */
	request(&a, HTTP_POST, "/upload", false, 1000);
	assert_null(strstr(last_head, "quiet"));
	assert_null(strstr(last_head, "image/jpeg"));
	assert_non_null(strstr(last_head, "application/json"));
	request(&a, HTTP_GET, "/later", false, 1000);
	assert_int_equal(a.reply.retry_after_s, 0);
	ask_done(&a);
}

static void test_a_file_that_cannot_be_read(void **state)
{
	struct ask a = ask_new(false);

	(void)state;
	requests = 0;
	upload(&a, "/upload", "/nonexistent/x.gcode");
	assert_int_equal(a.reply.fault, HTTP_FAULT_FILE);
	upload(&a, "/upload", "/tmp");
	assert_int_equal(a.reply.fault, HTTP_FAULT_FILE);
	assert_int_equal(requests, 0);
	ask_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_answer),
		cmocka_unit_test(test_each_fault_has_its_name),
		cmocka_unit_test(test_folded_header_comes_first),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_redirects_are_not_followed),
		cmocka_unit_test(test_a_change_is_sent_once),
		cmocka_unit_test(test_the_connection_of_a_change_is_not_kept),
		cmocka_unit_test(test_read_only_sends_no_change),
		cmocka_unit_test(test_a_cancelled_call_is_silent),
		cmocka_unit_test(test_an_upload_carries_its_checksum),
		cmocka_unit_test(test_an_upload_that_stands_still_is_watched),
		cmocka_unit_test(test_a_put_is_the_file_alone),
		cmocka_unit_test(test_lines_of_its_own),
		cmocka_unit_test(test_a_file_that_cannot_be_read),
	};

	return cmocka_run_group_tests_name("transport", tests, start_server, NULL);
}
