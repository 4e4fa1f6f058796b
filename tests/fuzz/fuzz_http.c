/*
 * Fuzz target: raw bytes from a server through the real transport to both drivers. A listener on
 * loopback answers the request with the input and closes; libcurl, the transport and the drivers
 * get what a hostile server can send.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <printop/history.h>
#include <printop/log.h>
#include <printop/loop.h>
#include <printop/transport.h>
#include "fuzz_reply.h"

#define SEND_BYTES (256 << 10) /* of the socket's buffer: one send() takes the whole input */

static struct server {
	struct loop *loop;
	struct loop_fd *listener, *conn;
	struct transport *transport;
	int fd, conn_fd;
	char url[64];
	const uint8_t *data;
	size_t size;
	bool done;
} server;

static void hang_up(void)
{
	loop_fd_free(server.conn);
	server.conn = NULL;
	if (server.conn_fd >= 0)
		close(server.conn_fd);
	server.conn_fd = -1;
}

static void on_request(void *ctx, int ready)
{
	char request[4096];
	ssize_t n = read(server.conn_fd, request, sizeof(request));

	(void)ctx, (void)ready;
	if (n > 0 && server.size)
		n = send(server.conn_fd, server.data, server.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	hang_up();
}

static void on_connection(void *ctx, int ready)
{
	const int bytes = SEND_BYTES;

	(void)ctx, (void)ready;
	hang_up();
	server.conn_fd = accept4(server.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (server.conn_fd < 0)
		return;
	setsockopt(server.conn_fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	server.conn = loop_fd_new(server.loop, server.conn_fd, on_request, NULL);
	loop_fd_want(server.conn, LOOP_READ);
}

static void start(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	server.conn_fd = -1;
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	MUST(bind(server.fd, (struct sockaddr *)&a, len) == 0 && listen(server.fd, 8) == 0);
	MUST(getsockname(server.fd, (struct sockaddr *)&a, &len) == 0);
	str_printf(server.url, sizeof(server.url), "http://127.0.0.1:%u", ntohs(a.sin_port));
	server.loop = loop_new();
	server.listener = loop_fd_new(server.loop, server.fd, on_connection, NULL);
	loop_fd_want(server.listener, LOOP_READ);
	server.transport = transport_curl_new(server.loop, false);
	log_to_stderr(false);
}

static void give(const struct driver *d, const struct http_reply *r)
{
	struct fuzz_printer p = fuzz_printer_new(d);

	fuzz_reply(&p, r);
	fleet_free(p.fleet);
}

static void check_reply(const struct http_reply *r)
{
	MUST((unsigned)r->fault < HTTP_FAULT_N && r->body);
	MUST(r->len <= LIMIT_REPLY_BYTES && r->body[r->len] == '\0');
	must_be_clean(r->fault_text, sizeof(r->fault_text));
	must_be_clean(r->etag, sizeof(r->etag));
	must_be_clean(r->content_type, sizeof(r->content_type));
	MUST(r->retry_after_s >= -1);
}

static void on_reply(void *ctx, const struct http_reply *r)
{
	(void)ctx;
	check_reply(r);
	give(&driver_octoprint, r);
	give(&driver_moonraker, r);
	server.done = true;
	loop_stop(server.loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct endpoint to = {.key = "0123456789ABCDEF"};
	struct http_req req;

	if (size > SEND_BYTES / 2)
		return 0;
	if (!server.loop)
		start();
	server.data = data;
	server.size = size;
	server.done = false;
	to.base_url = server.url;
	http_req_init(&req);
	sbuf_adds(&req.path, "/api/job");
	req.changes = size & 1; /* on a connection of its own */
	server.transport->ops->send(server.transport, &to, &req, on_reply, NULL);
	while (!server.done)
		loop_run(server.loop);
	http_req_done(&req);
	hang_up();
	return 0;
}
