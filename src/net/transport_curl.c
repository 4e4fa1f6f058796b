/* The transport over libcurl's multi socket interface: connections are kept, easy handles are not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <curl/curl.h>
#include <printop/limits.h>
#include <printop/loop.h>
#include <printop/mem.h>
#include <printop/str.h>
#include <printop/transport.h>
#include "net/curl_target.h"
#include "net/curl_upload.h"

#define MAX_IDLE_CONNECTIONS 4096L
#define PROGRESS_MS 100
#define RECEIVE_BYTES (4L << 10)	/* at once: more than a poll's answer */
#define KEPT_BODY_BYTES (8u << 10)	/* the buffer of a rare big answer is not kept */

struct sock {
	struct net *net;
	struct loop_fd *watch;
	curl_socket_t fd;
	int wanted;		/* CURL_POLL_* of now, CURL_POLL_REMOVE: an idle connection */
	bool connection;	/* opened for one; else libcurl's own wake-up pipe */
};

struct net {
	struct transport base;
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer, *deferred;
	long wait_ms;		/* what libcurl asked of the timer last, -1: nothing */
	bool read_only;
	struct targets *targets;
	struct sock **socks;	/* by fd */
	size_t n_socks;
	struct call *active;	/* on the wire or deferred */
	struct call *idle;	/* the pool: calls with their buffers */
};

struct call {
	struct net *net;
	struct target *target;
	CURL *easy;
	CURLU *own_url;			/* not kept in the target */
	struct curl_slist *own_headers;
	struct http_req req;
	struct sbuf body;
	struct http_reply reply;
	size_t header_bytes;
	transport_done_fn *done;
	transport_progress_fn *progress;
	void *ctx;
	struct upload *upload;
	int64_t started_ms, moved_ms, reported_ms;
	int64_t moved_bytes;
	enum http_fault abort;		/* why a callback ended the transfer */
	bool deferred;			/* ended before it began; reply is ready */
	char error[CURL_ERROR_SIZE];
	struct call *next, **link;
};

static void check_done(struct net *n);

/* ---- lists ---- */

static void list_add(struct call **head, struct call *c)
{
	c->next = *head;
	c->link = head;
	if (c->next)
		c->next->link = &c->next;
	*head = c;
}

static void list_remove(struct call *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	c->next = NULL;
	c->link = NULL;
}

/* ---- sockets and the timer ---- */

static struct sock *sock_get(struct net *n, curl_socket_t fd)
{
	if ((size_t)fd >= n->n_socks) {
		size_t grown = ((size_t)fd + 64) & ~(size_t)63;

		n->socks = mem_realloc(n->socks, grown, sizeof(*n->socks));
		memset(n->socks + n->n_socks, 0, (grown - n->n_socks) * sizeof(*n->socks));
		n->n_socks = grown;
	}
	if (!n->socks[fd]) {
		struct sock *s = MEM_NEW(struct sock);

		s->net = n;
		s->fd = fd;
		n->socks[fd] = s;
	}
	return n->socks[fd];
}

static void sock_drop(struct net *n, curl_socket_t fd)
{
	if (fd < 0 || (size_t)fd >= n->n_socks || !n->socks[fd])
		return;
	loop_fd_free(n->socks[fd]->watch);
	free(n->socks[fd]);
	n->socks[fd] = NULL;
}

/*
 * What a callback sends next (an OctoPrint poll is two requests) goes out at once: a turn of the loop would cost
 * a system call. Only once, so that a fast server cannot hold the loop.
 */
static void act(struct net *n, curl_socket_t fd, int flags)
{
	int running;

	curl_multi_socket_action(n->multi, fd, flags, &running);
	check_done(n);
	if (n->wait_ms)
		return;
	curl_multi_socket_action(n->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	check_done(n);
}

static void sock_ready(void *ctx, int ready)
{
	struct sock *s = ctx;
	struct net *n = s->net;
	int flags = 0;

	if (s->wanted == CURL_POLL_REMOVE) {	/* an idle connection that the server closed */
		loop_fd_want(s->watch, 0);
		return;
	}
	if (ready & LOOP_READ && s->wanted & CURL_POLL_IN)
		flags |= CURL_CSELECT_IN;
	if (ready & LOOP_WRITE && s->wanted & CURL_POLL_OUT)
		flags |= CURL_CSELECT_OUT;
	if (ready & LOOP_ERROR)
		flags |= CURL_CSELECT_ERR;
	if (flags)
		act(n, s->fd, flags);
}

/*
 * A kept connection stays watched for reading between requests: taking it out of epoll and putting
 * it back would cost two system calls a poll. libcurl's wake-up pipes are closed without notice and
 * must go at once.
 */
static int socket_cb(CURL *easy, curl_socket_t fd, int what, void *ctx, void *sockp)
{
	struct net *n = ctx;
	struct sock *s;

	(void)easy;
	(void)sockp;
	if (what == CURL_POLL_REMOVE) {
		s = (size_t)fd < n->n_socks ? n->socks[fd] : NULL;
		if (s && !s->connection)
			sock_drop(n, fd);
		else if (s)
			s->wanted = CURL_POLL_REMOVE;
		return 0;
	}
	s = sock_get(n, fd);
	s->wanted = what;
	if (!s->watch)
		s->watch = loop_fd_new(n->loop, fd, sock_ready, s);
	if (s->watch)
		loop_fd_want(s->watch, (what & CURL_POLL_IN ? LOOP_READ : 0) |
				       (what & CURL_POLL_OUT ? LOOP_WRITE : 0));
	return 0;
}

static curl_socket_t open_socket_cb(void *ctx, curlsocktype purpose, struct curl_sockaddr *a)
{
	curl_socket_t fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);

	(void)purpose;
	if (fd != CURL_SOCKET_BAD) {
		struct sock *s = sock_get(ctx, fd);

		s->connection = true;
		s->wanted = CURL_POLL_REMOVE;
	}
	return fd;
}

static int close_socket_cb(void *ctx, curl_socket_t fd)
{
	sock_drop(ctx, fd);
	return close(fd);
}

static int timer_cb(CURLM *multi, long ms, void *ctx)
{
	struct net *n = ctx;

	(void)multi;
	n->wait_ms = ms;
	if (ms < 0)
		loop_timer_stop(n->timer);
	else
		loop_timer_start(n->timer, ms);
	return 0;
}

static void timer_fired(void *ctx)
{
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- replies ---- */

static size_t body_cb(char *data, size_t size, size_t n, void *ctx)
{
	struct call *c = ctx;

	if (!sbuf_add(&c->body, data, size * n)) {
		c->abort = HTTP_FAULT_TOO_BIG;
		return 0;
	}
	return size * n;
}

/* The value of a header line when it has this name. */
static bool header_value(const char *line, size_t len, const char *name, char *dst, size_t size)
{
	size_t k = strlen(name);

	if (len <= k || line[k] != ':' || strncasecmp(line, name, k))
		return false;
	char *value = mem_strndup(line + k + 1, len - k - 1);

	str_copy(dst, size, str_trim(value));
	str_clean(dst);		/* an ETag is sent back: no byte of it may end a line */
	free(value);
	return true;
}

/* Seconds, or a date; -1 for anything else and for more than a day. */
static long retry_after_s(const char *text)
{
	int64_t s;

	if (!str_to_int64(text, &s)) {
		time_t at = curl_getdate(text, NULL), now = time(NULL);

		s = at < 0 ? -1 : at > now ? at - now : 0;
	}
	return s >= 0 && s < 86400 ? (long)s : -1;
}

static size_t header_cb(char *line, size_t size, size_t n, void *ctx)
{
	struct call *c = ctx;
	size_t len = size * n;
	char text[32];

	c->header_bytes += len;
	if (c->header_bytes > LIMIT_HEADER_BYTES) {
		c->abort = HTTP_FAULT_TOO_BIG;
		return 0;
	}
	switch (line[0]) {
	case 'E': case 'e':
		header_value(line, len, "ETag", c->reply.etag, sizeof(c->reply.etag));
		break;
	case 'X': case 'x':
		if (header_value(line, len, "X-Clacks-Overhead", text, sizeof(text)))
			c->reply.clacks = true;
		break;
	case 'R': case 'r':
		if (header_value(line, len, "Retry-After", text, sizeof(text)))
			c->reply.retry_after_s = retry_after_s(text);
		break;
	default:
		break;
	}
	return len;
}

static enum http_fault connect_fault(const struct call *c)
{
	long os_errno = 0;

	curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &os_errno);
	return os_errno == ETIMEDOUT ? HTTP_FAULT_CONNECT : HTTP_FAULT_REFUSED;
}

static enum http_fault timeout_fault(const struct call *c)
{
	curl_off_t sending = 0;

	curl_easy_getinfo(c->easy, CURLINFO_PRETRANSFER_TIME_T, &sending);
	return sending > 0 ? HTTP_FAULT_TIMEOUT : HTTP_FAULT_CONNECT;
}

static enum http_fault fault_of(const struct call *c, CURLcode rc)
{
	static const struct {
		CURLcode code;
		enum http_fault fault;
	} table[] = {
		{ CURLE_OK, HTTP_FAULT_NONE },
		{ CURLE_COULDNT_RESOLVE_HOST, HTTP_FAULT_DNS },
		{ CURLE_COULDNT_RESOLVE_PROXY, HTTP_FAULT_DNS },
		{ CURLE_UNSUPPORTED_PROTOCOL, HTTP_FAULT_NOT_HTTP },	/* what it says of HTTP/0.9 */
		{ CURLE_WEIRD_SERVER_REPLY, HTTP_FAULT_NOT_HTTP },
		{ CURLE_HTTP2, HTTP_FAULT_NOT_HTTP },
		{ CURLE_GOT_NOTHING, HTTP_FAULT_EMPTY },
		{ CURLE_RECV_ERROR, HTTP_FAULT_RESET },
		{ CURLE_SEND_ERROR, HTTP_FAULT_RESET },
		{ CURLE_PARTIAL_FILE, HTTP_FAULT_RESET },
		{ CURLE_SSL_CONNECT_ERROR, HTTP_FAULT_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, HTTP_FAULT_TLS },
		{ CURLE_SSL_CACERT_BADFILE, HTTP_FAULT_TLS },
		{ CURLE_SSL_PINNEDPUBKEYNOTMATCH, HTTP_FAULT_TLS },
		{ CURLE_SSL_CERTPROBLEM, HTTP_FAULT_TLS },
		{ CURLE_SSL_CIPHER, HTTP_FAULT_TLS },
		{ CURLE_SSL_ISSUER_ERROR, HTTP_FAULT_TLS },
		{ CURLE_SSL_INVALIDCERTSTATUS, HTTP_FAULT_TLS },
	};

	if (c->abort)
		return c->abort;
	if (rc == CURLE_COULDNT_CONNECT)
		return connect_fault(c);
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return timeout_fault(c);
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].code == rc)
			return table[i].fault;
	return HTTP_FAULT_OTHER;
}

static void fill_type(struct call *c)
{
	const char *type = NULL;
	char *p = c->reply.content_type;

	curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &type);
	str_copy(p, sizeof(c->reply.content_type), type);
	p[strcspn(p, "; \t")] = 0;
	for (str_clean(p); *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
}

static void fill_reply(struct call *c, CURLcode rc)
{
	struct http_reply *r = &c->reply;
	curl_off_t took = 0;

	r->fault = fault_of(c, rc);
	if (r->fault)
		str_copy(r->fault_text, sizeof(r->fault_text),
			 c->upload && upload_error(c->upload) ? upload_error(c->upload)
			 : c->error[0] ? c->error : curl_easy_strerror(rc));
	str_clean(r->fault_text);
	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &r->status);
	if (r->fault == HTTP_FAULT_NOT_HTTP)
		r->status = 0;
	curl_easy_getinfo(c->easy, CURLINFO_TOTAL_TIME_T, &took);
	r->took_s = (double)took / 1e6;
	fill_type(c);
	r->body = sbuf_str(&c->body);
	r->len = c->body.len;
}

/* ---- calls ---- */

/*
 * Each request has a handle of its own. Before 8.1.1 libcurl keeps a pointer to the last header line of the
 * transfer before in a handle, frees the line, and writes there when a reply begins with a folded line: a
 * hostile server could write into freed memory. A new handle costs a microsecond.
 */
static void easy_init(struct net *n, struct call *c)
{
	CURL *h = c->easy = curl_easy_init();

	if (!h)
		fatal("out of memory");
	curl_easy_setopt(h, CURLOPT_PRIVATE, c);
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);		/* a resolver that takes long is not waited for */
	curl_easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);	/* a key must never reach another host */
	curl_easy_setopt(h, CURLOPT_PROXY, "");			/* printers are near; the environment's proxy is not for them */
	curl_easy_setopt(h, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(h, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, body_cb);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, header_cb);
	curl_easy_setopt(h, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, open_socket_cb);
	curl_easy_setopt(h, CURLOPT_OPENSOCKETDATA, n);
	curl_easy_setopt(h, CURLOPT_CLOSESOCKETFUNCTION, close_socket_cb);
	curl_easy_setopt(h, CURLOPT_CLOSESOCKETDATA, n);
}

static struct call *call_new(struct net *n)
{
	struct call *c = n->idle;

	if (c) {
		list_remove(c);
	} else {
		c = MEM_NEW(struct call);
		c->net = n;
		sbuf_init(&c->body, LIMIT_REPLY_BYTES);
	}
	easy_init(n, c);
	memset(&c->reply, 0, sizeof(c->reply));
	c->reply.retry_after_s = -1;
	c->reply.body = "";
	c->abort = HTTP_FAULT_NONE;
	c->header_bytes = 0;
	c->error[0] = 0;
	c->progress = NULL;
	c->deferred = false;
	c->started_ms = c->moved_ms = loop_now_ms(n->loop);
	c->reported_ms = c->moved_bytes = 0;
	list_add(&n->active, c);
	return c;
}

/* The server's address and headers are not used any more: the next request to it may replace them. */
static void call_detach(struct call *c)
{
	if (!c->target)
		return;
	curl_easy_cleanup(c->easy);
	c->easy = NULL;
	curl_url_cleanup(c->own_url);
	c->own_url = NULL;
	target_headers_free(c->own_headers);
	c->own_headers = NULL;
	c->target->calls--;
	c->target = NULL;
}

/* Frees what belongs to one request; the buffer goes back into the pool. */
static void call_release(struct call *c)
{
	struct net *n = c->net;

	list_remove(c);
	call_detach(c);
	upload_free(c->upload);
	c->upload = NULL;
	http_req_done(&c->req);
	if (c->body.cap > KEPT_BODY_BYTES)
		sbuf_done(&c->body);
	list_add(&n->idle, c);
}

/* Did the request get to where its name led? */
static bool never_reached(enum http_fault f)
{
	return f == HTTP_FAULT_DNS || f == HTTP_FAULT_REFUSED || f == HTTP_FAULT_CONNECT || f == HTTP_FAULT_TLS ||
	       f == HTTP_FAULT_TIMEOUT || f == HTTP_FAULT_RESET;
}

static void call_end(struct call *c)
{
	if (c->target && !c->abort)
		c->target->lost = never_reached(c->reply.fault);
	call_detach(c);
	c->done(c->ctx, &c->reply);
	call_release(c);
}

static void check_done(struct net *n)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(n->multi, &left))) {
		struct call *c = NULL;
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		fill_reply(c, rc);
		curl_multi_remove_handle(n->multi, c->easy);
		call_end(c);
	}
}

/* Ends calls that never went out, from the loop and not from inside send. */
static void deferred_fired(void *ctx)
{
	struct net *n = ctx;

	for (struct call *c = n->active, *next; c; c = next) {
		next = c->next;
		if (!c->deferred)
			continue;
		c->deferred = false;
		call_end(c);
		next = n->active;	/* the callback may have changed the list */
	}
}

static struct call *call_defer(struct call *c, enum http_fault fault, const char *why)
{
	c->deferred = true;
	c->reply.fault = fault;
	str_copy(c->reply.fault_text, sizeof(c->reply.fault_text), why);
	loop_timer_start(c->net->deferred, 0);
	return c;
}

static int progress_cb(void *ctx, curl_off_t dltotal, curl_off_t dlnow, curl_off_t ultotal, curl_off_t ulnow)
{
	struct call *c = ctx;
	int64_t now = loop_now_ms(c->net->loop);
	bool sent_all = ultotal > 0 && ulnow >= ultotal;

	(void)dltotal;
	(void)dlnow;
	if (ulnow != c->moved_bytes) {
		c->moved_bytes = ulnow;
		c->moved_ms = now;
	}
	/* The answer comes when the server has read the file: minutes on a small one. */
	if (now - c->moved_ms > (sent_all ? TIMEOUT_COMMAND_MS : TIMEOUT_STALL_MS)) {
		c->abort = sent_all ? HTTP_FAULT_TIMEOUT : HTTP_FAULT_STALLED;
		return 1;
	}
	if (c->progress && (sent_all || now - c->reported_ms >= PROGRESS_MS)) {
		int64_t total = upload_total(c->upload), gone = ulnow < total ? ulnow : total;

		c->reported_ms = now;
		c->progress(c->ctx, gone, total);
	}
	return 0;
}

static void set_upload(struct call *c)
{
	CURL *h = c->easy;

	if (c->req.upload->raw_type) {
		curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(h, CURLOPT_READFUNCTION, upload_read);
		curl_easy_setopt(h, CURLOPT_READDATA, c->upload);
		curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload_total(c->upload));
	} else {
		curl_easy_setopt(h, CURLOPT_MIMEPOST, upload_mime(c->upload, h));
	}
	curl_easy_setopt(h, CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
	curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, progress_cb);
	curl_easy_setopt(h, CURLOPT_XFERINFODATA, c);
	curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
}

static void set_method(struct call *c)
{
	CURL *h = c->easy;

	if (c->upload) {
		set_upload(c);
	} else if (c->req.method != HTTP_GET) {		/* what a new handle does */
		curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->req.body.len);
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, sbuf_str(&c->req.body));
		if (c->req.method != HTTP_POST)
			curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, http_method_name(c->req.method));
	}
}

static void set_tls(struct call *c)
{
	const struct target *g = c->target;
	CURL *h = c->easy;
	/* A pin alone is enough: it names exactly one key, whoever signed it. */
	long check = !g->insecure && (!g->pin || g->ca_file);

	curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, check);
	curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, check ? 2L : 0L);
	if (g->ca_file)
		curl_easy_setopt(h, CURLOPT_CAINFO, g->ca_file);
	if (g->pin)
		curl_easy_setopt(h, CURLOPT_PINNEDPUBLICKEY, g->pin);
}

static void set_options(struct call *c, const struct endpoint *to)
{
	CURL *h = c->easy;
	bool tls = str_starts_nocase(c->target->base_url, "https:");

	set_method(c);
	curl_easy_setopt(h, CURLOPT_HTTPHEADER, target_headers(c->target, &c->req, &c->own_headers));
	if (tls)
		set_tls(c);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, to->connect_ms > 0 ? to->connect_ms : (long)TIMEOUT_CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, c->req.timeout_ms);
	if (!c->req.timeout_ms) {
		/*
		 * The limits of an upload are progress_cb()'s; libcurl's own, which never comes first,
		 * makes it call that every second even when no byte moves.
		 */
		long limit_ms = c->upload ? 2 * TIMEOUT_COMMAND_MS : TIMEOUT_STALL_MS;

		curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, limit_ms / 1000);
	}
	/* A printer that moved is found where its name leads now, not where it led a minute ago. */
	if (c->target->lost)
		curl_easy_setopt(h, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	/* libcurl would silently repeat a POST whose kept connection was closed by the server; a fresh one is not kept. */
	if (c->req.changes) {
		curl_easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(h, CURLOPT_FORBID_REUSE, 1L);
	}
	c->body.max = c->req.max_bytes ? c->req.max_bytes : LIMIT_REPLY_BYTES;
	sbuf_clear(&c->body);
}

static struct call *net_send(struct transport *t, const struct endpoint *to, struct http_req *req,
			     transport_done_fn *done, void *ctx)
{
	struct net *n = (struct net *)t;
	struct call *c = call_new(n);
	struct err e = { 0 };

	c->target = targets_get(n->targets, to);
	c->target->calls++;
	c->done = done;
	c->ctx = ctx;
	http_req_move(&c->req, req);
	if (n->read_only && !c->req.elsewhere &&
	    (c->req.changes || c->req.upload || c->req.method == HTTP_DELETE))
		return call_defer(c, HTTP_FAULT_READ_ONLY, "read-only: nothing was sent");
	if (c->req.upload && !(c->upload = upload_new(c->req.upload, &e)))
		return call_defer(c, HTTP_FAULT_FILE, e.text);
	CURLU *url = target_url(c->target, &c->req, &c->own_url);

	if (!url)
		return call_defer(c, HTTP_FAULT_OTHER, "the address cannot be used");
	curl_easy_setopt(c->easy, CURLOPT_CURLU, url);
	set_options(c, to);
	curl_multi_add_handle(n->multi, c->easy);
	return c;
}

static void net_progress(struct call *c, transport_progress_fn *fn)
{
	c->progress = fn;
}

static void net_cancel(struct transport *t, struct call *c)
{
	struct net *n = (struct net *)t;

	if (!c->deferred)
		curl_multi_remove_handle(n->multi, c->easy);
	call_release(c);
}

static void net_free(struct transport *t)
{
	struct net *n = (struct net *)t;

	while (n->active)
		net_cancel(t, n->active);
	while (n->idle) {
		struct call *c = n->idle;

		list_remove(c);
		sbuf_done(&c->body);
		free(c);
	}
	curl_multi_cleanup(n->multi);
	targets_free(n->targets);
	for (size_t fd = 0; fd < n->n_socks; fd++)
		sock_drop(n, (curl_socket_t)fd);
	free(n->socks);
	loop_timer_free(n->timer);
	loop_timer_free(n->deferred);
	free(n);
	curl_global_cleanup();
}

struct transport *transport_curl_new(struct loop *l, bool read_only)
{
	static const struct transport_ops ops = {
		.send = net_send,
		.progress = net_progress,
		.cancel = net_cancel,
		.free = net_free,
	};
	struct net *n = MEM_NEW(struct net);

	curl_global_init(CURL_GLOBAL_DEFAULT);
	n->base.ops = &ops;
	n->loop = l;
	n->read_only = read_only;
	n->targets = targets_new();
	n->wait_ms = -1;
	n->timer = loop_timer_new(l, timer_fired, n);
	n->deferred = loop_timer_new(l, deferred_fired, n);
	n->multi = curl_multi_init();
	if (!n->multi)
		fatal("cannot start libcurl");
	curl_multi_setopt(n->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
	curl_multi_setopt(n->multi, CURLMOPT_SOCKETDATA, n);
	curl_multi_setopt(n->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
	curl_multi_setopt(n->multi, CURLMOPT_TIMERDATA, n);
	curl_multi_setopt(n->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS);
	return &n->base;
}
