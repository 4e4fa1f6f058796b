/*
 * The HTTP server: libmicrohttpd on the loop's own thread. libmicrohttpd has one listening socket a
 * daemon, so sockets are accepted here, for any number of ports, and handed over to a single daemon.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <printop/httpd.h>
#include <printop/limits.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

#define ACCEPTS_A_TURN 64
#define DRIP_STEP_MS 100
#define STREAM_STEP (32u << 10)
#define REASON_ANSWER_MAX (64u << 10)

struct listener {
	struct httpd *h;
	int fd;
	struct loop_fd *watch;
	unsigned port;
	void *ctx;
};

struct socket {			/* an accepted one */
	struct listener *listener;	/* NULL: none of ours */
	int64_t waiting_ms;		/* for headers, since; 0: it has a request */
};

struct httpd {
	struct loop *loop;
	struct httpd_limits limits;
	void (*handle)(void *listener_ctx, struct httpd_request *r);
	bool (*on_body)(void *listener_ctx, struct httpd_request *r, struct httpd_sink *ret);
	struct MHD_Daemon *daemon;
	struct loop_fd *watch;
	struct loop_timer *timer, *sweep;
	struct listener **listeners;
	size_t n_listeners, cap_listeners;
	struct socket *by_fd;
	size_t n_by_fd;
	int spare_fd;			/* given up for a moment when descriptors run out */
	struct httpd_request *requests;	/* all there are */
	bool stopping;
};

struct httpd_request {
	struct httpd *h;
	struct listener *listener;
	struct MHD_Connection *conn;	/* NULL: the client has gone */
	struct httpd_request *next, **link;
	const char *method, *path;
	char peer[64];
	struct sbuf body;
	struct httpd_sink sink;
	struct MHD_Response *response;
	struct sbuf raw;		/* instead of a response */
	unsigned status;
	struct loop_fd *watch;		/* while suspended: sees the client go */
	bool handled, answered, suspended, drop, delivered;
};

/* A reply that is sent slowly or cut. */
struct drip {
	struct httpd_request *r;
	struct loop_timer *timer;
	int64_t since_ms;
	size_t len, cut_after;
	unsigned bytes_per_s;
	char data[];
};

/* An answer without an end. */
struct httpd_stream {
	struct httpd_request *r;
	void (*gone)(void *ctx);
	void *ctx;
	char *data;			/* the piece on its way */
	size_t len, sent;
};

static int conn_fd(struct MHD_Connection *conn)
{
	return MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static void pump(void *ctx)
{
	struct httpd *h = ctx;
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(h->daemon);
	if (MHD_get_timeout(h->daemon, &ms) == MHD_YES)
		loop_timer_start(h->timer, (int64_t)ms);
	else
		loop_timer_stop(h->timer);
}

static void pump_ready(void *ctx, int ready)
{
	(void)ready;
	pump(ctx);
}

/* ---- requests ---- */

static void request_free(struct httpd_request *r)
{
	*r->link = r->next;
	if (r->next)
		r->next->link = r->link;
	loop_fd_free(r->watch);
	if (r->sink.answered && r->delivered)
		r->sink.answered(r->sink.ctx);
	if (r->sink.done)
		r->sink.done(r->sink.ctx);
	if (r->response)
		MHD_destroy_response(r->response);
	sbuf_done(&r->body);
	sbuf_done(&r->raw);
	free(r);
}

static void peer_name(struct httpd_request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	socklen_t len = info && info->client_addr && info->client_addr->sa_family == AF_INET6 ?
		sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (!info || !info->client_addr ||
	    getnameinfo(info->client_addr, len, r->peer, sizeof(r->peer), NULL, 0, NI_NUMERICHOST) != 0)
		r->peer[0] = '\0';
}

static struct httpd_request *request_new(struct httpd *h, struct MHD_Connection *conn,
					 const char *method, const char *path)
{
	struct httpd_request *r = MEM_NEW(struct httpd_request);

	r->h = h;
	r->conn = conn;
	r->listener = h->by_fd[conn_fd(conn)].listener;
	h->by_fd[conn_fd(conn)].waiting_ms = 0;
	r->method = method;
	r->path = path;
	sbuf_init(&r->body, h->limits.max_body_bytes);
	sbuf_init(&r->raw, REASON_ANSWER_MAX);
	peer_name(r);
	r->next = h->requests;
	r->link = &h->requests;
	if (r->next)
		r->next->link = &r->next;
	h->requests = r;
	return r;
}

static void resume(struct httpd_request *r)
{
	if (!r->suspended)
		return;
	r->suspended = false;
	loop_fd_free(r->watch);
	r->watch = NULL;
	MHD_resume_connection(r->conn);
	loop_timer_start(r->h->timer, 0);
}

/* A suspended connection is not watched by libmicrohttpd: a client that gives up would stay for ever. */
static void suspended_ready(void *ctx, int ready)
{
	struct httpd_request *r = ctx;
	char c;
	ssize_t n = recv(conn_fd(r->conn), &c, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN) || (ready & LOOP_ERROR)) {
		r->drop = true;
		resume(r);
	} else if (n > 0) {		/* a pipelined request waits for its turn */
		loop_fd_want(r->watch, 0);
	}
}

static void suspend(struct httpd_request *r)
{
	MHD_suspend_connection(r->conn);
	r->suspended = true;
	r->watch = loop_fd_new(r->h->loop, conn_fd(r->conn), suspended_ready, r);
	if (r->watch)
		loop_fd_want(r->watch, LOOP_READ);
}

/* What libmicrohttpd is told after the handler has run, and again after a resume. */
static enum MHD_Result request_answer(struct httpd_request *r)
{
	enum MHD_Result ret;

	if (r->raw.len)
		r->delivered = send(conn_fd(r->conn), r->raw.data, r->raw.len, MSG_NOSIGNAL) == (ssize_t)r->raw.len;
	if (r->drop || r->raw.len)
		return MHD_NO;
	if (!r->response) {
		suspend(r);
		return MHD_YES;
	}
	ret = MHD_queue_response(r->conn, r->status, r->response);
	MHD_destroy_response(r->response);
	r->response = NULL;
	return ret;
}

static enum MHD_Result reply_too_big(struct httpd_request *r)
{
	static const char text[] = "request body too large\n";

	r->handled = true;
	httpd_reply(r, MHD_HTTP_CONTENT_TOO_LARGE, "text/plain", NULL, text, sizeof(text) - 1);
	return request_answer(r);
}

static bool has_body(const struct httpd_request *r, int64_t *len)
{
	const char *text = httpd_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);

	*len = -1;
	if (text && !str_to_int64(text, len))
		*len = -1;
	return *len > 0 || httpd_header(r, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static bool expects_continue(const struct httpd_request *r)
{
	const char *expect = httpd_header(r, MHD_HTTP_HEADER_EXPECT);

	return expect && str_eq_nocase(expect, "100-continue");
}

/* What a look at the headers alone decides. */
static enum MHD_Result request_begin(struct httpd_request *r)
{
	struct httpd *h = r->h;
	struct httpd_sink sink = { 0 };
	int64_t len;

	if (!has_body(r, &len))
		return MHD_YES;
	if (h->on_body && h->on_body(r->listener->ctx, r, &sink))
		r->sink = sink;
	else if (!r->answered && len > 0 && (uint64_t)len > h->limits.max_body_bytes && expects_continue(r))
		return reply_too_big(r);
	if (!r->answered)
		return MHD_YES;
	/* Closing with a body unread would cost the client the answer, too. */
	r->handled = true;
	return expects_continue(r) ? request_answer(r) : MHD_YES;
}

static void take_body(struct httpd_request *r, const char *data, size_t size)
{
	if (r->answered)
		return;
	if (r->sink.data)
		r->sink.data(r->sink.ctx, data, size);
	else if (!r->body.overflow)
		sbuf_add(&r->body, data, size);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *conn, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **con_cls)
{
	struct httpd *h = cls;
	struct httpd_request *r = *con_cls;

	(void)version;
	if (h->stopping)
		return MHD_NO;
	if (!r) {
		*con_cls = r = request_new(h, conn, method, url);
		return request_begin(r);
	}
	if (*size) {
		take_body(r, data, *size);
		*size = 0;
		return MHD_YES;
	}
	if (r->body.overflow && !r->handled)
		return reply_too_big(r);
	if (!r->handled) {
		r->handled = true;
		h->handle(r->listener->ctx, r);
	}
	return request_answer(r);
}

static void on_completed(void *cls, struct MHD_Connection *conn, void **con_cls,
			 enum MHD_RequestTerminationCode why)
{
	struct httpd_request *r = *con_cls;
	struct httpd *h = cls;

	*con_cls = NULL;
	if (!r)
		return;
	h->by_fd[conn_fd(conn)].waiting_ms = loop_now_ms(h->loop);
	r->delivered = r->delivered || why == MHD_REQUEST_TERMINATED_COMPLETED_OK;
	r->conn = NULL;
	/* The one who has to answer still holds it. */
	if (r->answered || !r->handled)
		request_free(r);
}

static void on_connection(void *cls, struct MHD_Connection *conn, void **ctx,
			  enum MHD_ConnectionNotificationCode what)
{
	struct httpd *h = cls;

	(void)ctx;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED)
		h->by_fd[conn_fd(conn)].listener = NULL;
}

/* Cuts those who connect and then say nothing, or say it byte by byte: a place is worth something. */
static void sweep(void *ctx)
{
	struct httpd *h = ctx;
	int64_t limit = loop_now_ms(h->loop) - (int64_t)h->limits.header_timeout_s * 1000;
	bool any = false;

	for (size_t fd = 0; fd < h->n_by_fd; fd++) {
		const struct socket *s = &h->by_fd[fd];

		any = any || s->listener;
		if (s->listener && s->waiting_ms && s->waiting_ms < limit)
			shutdown((int)fd, SHUT_RDWR);
	}
	if (any)
		loop_timer_start(h->sweep, (int64_t)h->limits.header_timeout_s * 250);
}

/* ---- listening ---- */

static void remember_fd(struct httpd *h, int fd, struct listener *l)
{
	size_t n = (size_t)fd + 1;

	if (n > h->n_by_fd) {
		n = n * 2;
		h->by_fd = mem_realloc(h->by_fd, n, sizeof(*h->by_fd));
		memset(h->by_fd + h->n_by_fd, 0, (n - h->n_by_fd) * sizeof(*h->by_fd));
		h->n_by_fd = n;
	}
	h->by_fd[fd] = (struct socket){ l, loop_now_ms(h->loop) };
	if (h->limits.header_timeout_s && !loop_timer_active(h->sweep))
		loop_timer_start(h->sweep, (int64_t)h->limits.header_timeout_s * 250);
}

/* Without this a listening socket that cannot be served would wake the loop for ever. */
static void accept_and_close(struct httpd *h, struct listener *l)
{
	int fd;

	close(h->spare_fd);
	fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	h->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static bool accept_one(struct listener *l)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int fd = accept4(l->fd, (struct sockaddr *)&addr, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			accept_and_close(l->h, l);
		return false;
	}
	remember_fd(l->h, fd, l);
	if (MHD_add_connection(l->h->daemon, fd, (struct sockaddr *)&addr, len) != MHD_YES)
		l->h->by_fd[fd].listener = NULL;	/* it has closed the socket */
	return true;
}

static void listener_ready(void *ctx, int ready)
{
	struct listener *l = ctx;

	(void)ready;
	for (int i = 0; i < ACCEPTS_A_TURN && accept_one(l); i++)
		continue;
	pump(l->h);
}

static void listener_free(struct listener *l)
{
	loop_fd_free(l->watch);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

static unsigned bound_port(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
		return 0;
	if (addr.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&addr)->sin6_port);
	return ntohs(((struct sockaddr_in *)&addr)->sin_port);
}

static int bound_socket(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * A port that the system chose is lost with a shutdown() (see httpd_refuse()), one that was asked for is
 * not: a second socket asks for the first one's port.
 */
static int keep_port(int fd, struct addrinfo *ai)
{
	unsigned port = bound_port(fd);
	int kept;

	if (ai->ai_family == AF_INET6)
		((struct sockaddr_in6 *)ai->ai_addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)ai->ai_addr)->sin_port = htons((uint16_t)port);
	kept = bound_socket(ai);
	close(fd);
	return kept;
}

static int listen_socket(const char *address, unsigned port, struct err *e)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *ai;
	char service[8];
	int fd;

	str_printf(service, sizeof(service), "%u", port);
	if (getaddrinfo(address, service, &hints, &ai) != 0) {
		err_set(e, ERR_USAGE, "%s is no address to listen on", address);
		return -1;
	}
	fd = bound_socket(ai);
	if (fd >= 0 && !port)
		fd = keep_port(fd, ai);
	if (fd < 0 || listen(fd, SOMAXCONN) != 0) {
		err_set(e, ERR_IO, "cannot listen on %s port %u: %s", address, port, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

unsigned httpd_listen(struct httpd *h, const char *address, unsigned port, void *listener_ctx,
		      struct err *e)
{
	struct listener *l;
	int fd = listen_socket(address, port, e);

	if (fd < 0)
		return 0;
	l = MEM_NEW(struct listener);
	l->h = h;
	l->fd = fd;
	l->ctx = listener_ctx;
	l->port = bound_port(fd);
	l->watch = loop_fd_new(h->loop, fd, listener_ready, l);
	if (!l->watch) {
		listener_free(l);
		err_set(e, ERR_IO, "cannot watch port %u", port);
		return 0;
	}
	loop_fd_want(l->watch, LOOP_READ);
	h->listeners = mem_grow(h->listeners, h->n_listeners, &h->cap_listeners,
				sizeof(*h->listeners));
	h->listeners[h->n_listeners++] = l;
	return l->port;
}

static void cut_connections(struct httpd *h, const struct listener *l)
{
	for (size_t fd = 0; fd < h->n_by_fd; fd++)
		if (h->by_fd[fd].listener == l)
			shutdown((int)fd, SHUT_RDWR);
}

bool httpd_refuse(struct httpd *h, unsigned port, bool refuse, struct err *e)
{
	struct listener *l = NULL;

	for (size_t i = 0; i < h->n_listeners && !l; i++)
		if (h->listeners[i]->port == port)
			l = h->listeners[i];
	if (!l)
		return err_set(e, ERR_NOT_FOUND, "port %u is not served here", port);
	if (!refuse) {
		if (listen(l->fd, SOMAXCONN) != 0)
			return err_set(e, ERR_IO, "cannot listen on port %u: %s", port, strerror(errno));
		loop_fd_want(l->watch, LOOP_READ);
		return true;
	}
	/* A listening socket that is shut down stays bound: nobody else gets the port meanwhile. */
	loop_fd_want(l->watch, 0);
	shutdown(l->fd, SHUT_RDWR);
	cut_connections(h, l);
	return true;
}

/* ---- the server ---- */

/* Each connection needs a descriptor, and in a demo the other end lives in this process, too. */
static void raise_fd_limit(unsigned connections)
{
	struct rlimit rl;
	rlim_t want = 256 + 4 * (rlim_t)connections;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_cur >= want)
		return;
	rl.rlim_cur = want < rl.rlim_max ? want : rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
}

struct httpd *httpd_new(struct loop *l, const struct httpd_limits *limits,
			void (*handle)(void *listener_ctx, struct httpd_request *r), struct err *e)
{
	struct httpd *h = MEM_NEW(struct httpd);
	int fd;

	raise_fd_limit(limits->max_connections);
	h->loop = l;
	h->limits = *limits;
	h->handle = handle;
	h->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_CONNECTION_LIMIT,
		limits->max_connections, MHD_OPTION_CONNECTION_TIMEOUT, limits->idle_timeout_s,
		MHD_OPTION_END);
	if (!h->daemon) {
		free(h);
		err_set(e, ERR_IO, "cannot start the HTTP server: %s", strerror(errno));
		return NULL;
	}
	h->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fd = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	h->timer = loop_timer_new(l, pump, h);
	h->sweep = loop_timer_new(l, sweep, h);
	h->watch = loop_fd_new(l, fd, pump_ready, h);
	if (!h->watch)
		fatal("the HTTP server's descriptor cannot be watched");
	loop_fd_want(h->watch, LOOP_READ);
	return h;
}

void httpd_on_body(struct httpd *h, bool (*fn)(void *listener_ctx, struct httpd_request *r,
					       struct httpd_sink *ret))
{
	h->on_body = fn;
}

void httpd_free(struct httpd *h)
{
	if (!h)
		return;
	h->stopping = true;
	for (struct httpd_request *r = h->requests; r; r = r->next) {
		r->answered = true;
		resume(r);
	}
	MHD_run(h->daemon);
	MHD_stop_daemon(h->daemon);
	while (h->requests)		/* those whose client had gone before the answer */
		request_free(h->requests);
	for (size_t i = 0; i < h->n_listeners; i++)
		listener_free(h->listeners[i]);
	loop_fd_free(h->watch);
	loop_timer_free(h->timer);
	loop_timer_free(h->sweep);
	if (h->spare_fd >= 0)
		close(h->spare_fd);
	free(h->listeners);
	free(h->by_fd);
	free(h);
}

/* ---- reading a request ---- */

const char *httpd_method(const struct httpd_request *r)
{
	return r->method;
}

const char *httpd_path(const struct httpd_request *r)
{
	return r->path;
}

const char *httpd_peer(const struct httpd_request *r)
{
	return r->peer;
}

const char *httpd_header(const struct httpd_request *r, const char *name)
{
	return r->conn ? MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, name) : NULL;
}

const char *httpd_body(const struct httpd_request *r, size_t *len)
{
	*len = r->body.len;
	return sbuf_str(&r->body);
}

void *httpd_sink_ctx(const struct httpd_request *r)
{
	return r->sink.ctx;
}

struct query {
	void (*fn)(void *ctx, const char *name, const char *value);
	void *ctx;
	const char *wanted, *found;
};

static enum MHD_Result query_cb(void *cls, enum MHD_ValueKind kind, const char *name,
				const char *value)
{
	struct query *q = cls;

	(void)kind;
	if (q->fn)
		q->fn(q->ctx, name, value ? value : "");
	else if (strcmp(name, q->wanted) == 0)
		q->found = value ? value : "";
	return q->found ? MHD_NO : MHD_YES;
}

const char *httpd_query(const struct httpd_request *r, const char *name)
{
	struct query q = { .wanted = name };

	if (r->conn)
		MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, query_cb, &q);
	return q.found;
}

void httpd_each_query(const struct httpd_request *r,
		      void (*fn)(void *ctx, const char *name, const char *value), void *ctx)
{
	struct query q = { .fn = fn, .ctx = ctx };

	if (r->conn)
		MHD_get_connection_values(r->conn, MHD_GET_ARGUMENT_KIND, query_cb, &q);
}

/* ---- answering ---- */

static void add_headers(struct MHD_Response *resp, const char *type, const char *headers)
{
	char *copy = mem_strdup(headers ? headers : ""), *rest = copy, *line;

	if (type && *type)
		MHD_add_response_header(resp, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	while ((line = str_token(&rest, "\n"))) {
		char *value = strchr(line, ':');

		if (!value)
			continue;
		*value++ = '\0';
		MHD_add_response_header(resp, line, str_trim(value));
	}
	free(copy);
}

/* Either the client is there and gets it, or it has gone and r was only waiting for this. */
static void answered(struct httpd_request *r)
{
	assert(!r->answered);
	r->answered = true;
	if (!r->conn)
		request_free(r);
	else
		resume(r);
}

static void reply(struct httpd_request *r, unsigned status, const char *type, const char *headers,
		  struct MHD_Response *resp)
{
	if (!resp)
		fatal("out of memory for a reply");
	add_headers(resp, type, headers);
	r->response = resp;
	r->status = status;
	answered(r);
}

void httpd_reply(struct httpd_request *r, unsigned status, const char *content_type,
		 const char *headers, const void *body, size_t len)
{
	static char nothing[1];
	void *data = nothing;

	if (len)
		memcpy(&data, &body, sizeof(data));	/* it is copied, and only then written to */
	reply(r, status, content_type, headers,
	      MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_COPY));
}

void httpd_reply_reason(struct httpd_request *r, unsigned status, const char *reason, const char *content_type,
			const char *headers, const void *body, size_t len)
{
	char *copy = mem_strdup(headers ? headers : ""), *rest = copy, *line;

	sbuf_addf(&r->raw, "HTTP/1.1 %u ", status);
	for (; *reason; reason++)
		sbuf_addc(&r->raw, *reason >= ' ' && *reason < 127 ? *reason : '?');
	sbuf_addf(&r->raw, "\r\nConnection: close\r\nContent-Type: %s\r\nContent-Length: %zu\r\n", content_type, len);
	while ((line = str_token(&rest, "\n")))
		sbuf_addf(&r->raw, "%s\r\n", line);
	sbuf_adds(&r->raw, "\r\n");
	sbuf_add(&r->raw, body, len);
	free(copy);
	answered(r);
}

static void drip_resume(void *ctx)
{
	struct drip *d = ctx;

	resume(d->r);
}

/* RST instead of FIN: what the client sees when a server or a network dies. */
static void reset_connection(struct MHD_Connection *conn)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	connect(conn_fd(conn), &none, sizeof(none));
}

static ssize_t drip_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct drip *d = cls;
	int64_t ms = loop_now_ms(d->r->h->loop) - d->since_ms;
	size_t end = d->cut_after < d->len ? d->cut_after : d->len, n;

	if (d->r->h->stopping)		/* libmicrohttpd does not end with a connection suspended */
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (pos >= end) {
		reset_connection(d->r->conn);
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (d->bytes_per_s) {
		uint64_t allowed = (uint64_t)(ms + DRIP_STEP_MS) * d->bytes_per_s / 1000 + 1;

		if (allowed < end)
			end = (size_t)allowed;
	}
	if (pos >= end) {
		MHD_suspend_connection(d->r->conn);
		d->r->suspended = true;
		loop_timer_start(d->timer, DRIP_STEP_MS);
		return 0;
	}
	n = end - (size_t)pos < max ? end - (size_t)pos : max;
	memcpy(buf, d->data + pos, n);
	return (ssize_t)n;
}

static void drip_free(void *cls)
{
	struct drip *d = cls;

	loop_timer_free(d->timer);
	free(d);
}

void httpd_reply_slowly(struct httpd_request *r, unsigned status, const char *content_type,
			const char *headers, const void *body, size_t len, unsigned bytes_per_s,
			size_t cut_after)
{
	struct drip *d = mem_zalloc(1, sizeof(*d) + len);

	memcpy(d->data, body, len);
	d->r = r;
	d->len = len;
	d->cut_after = cut_after;
	d->bytes_per_s = bytes_per_s;
	d->since_ms = loop_now_ms(r->h->loop);
	d->timer = loop_timer_new(r->h->loop, drip_resume, d);
	reply(r, status, content_type, headers,
	      MHD_create_response_from_callback(len, 4096, drip_read, d, drip_free));
}

static ssize_t stream_read(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct httpd_stream *s = cls;
	size_t n = s->len - s->sent < max ? s->len - s->sent : max;

	(void)pos;
	if (s->r->h->stopping || s->r->drop)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!n) {
		suspend(s->r);
		return 0;
	}
	memcpy(buf, s->data + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static void stream_free(void *cls)
{
	struct httpd_stream *s = cls;

	s->gone(s->ctx);
	free(s->data);
	free(s);
}

struct httpd_stream *httpd_reply_stream(struct httpd_request *r, const char *content_type, void (*gone)(void *ctx), void *ctx)
{
	struct httpd_stream *s;

	if (!r->conn) {
		answered(r);
		return NULL;
	}
	s = MEM_NEW(struct httpd_stream);
	s->r = r;
	s->gone = gone;
	s->ctx = ctx;
	reply(r, MHD_HTTP_OK, content_type, "Cache-Control: no-store\n",
	      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_STEP, stream_read, s, stream_free));
	return s;
}

bool httpd_stream_send(struct httpd_stream *s, const void *data, size_t len)
{
	if (s->sent < s->len)
		return false;
	s->data = mem_realloc(s->data, len ? len : 1, 1);
	memcpy(s->data, data, len);
	s->len = len;
	s->sent = 0;
	resume(s->r);
	return true;
}

void httpd_reply_raw(struct httpd_request *r, const void *data, size_t len)
{
	if (r->conn && len) {
		/* A short answer on an idle connection: it fits into the socket's buffer. */
		ssize_t n = send(conn_fd(r->conn), data, len, MSG_NOSIGNAL);

		(void)n;
	}
	r->drop = true;
	answered(r);
}

void httpd_hold(struct httpd_request *r)
{
	answered(r);
}
