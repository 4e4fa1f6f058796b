/*
 * A small HTTP server on the loop (libmicrohttpd inside, same thread): the simulated farm now, slicers
 * later. Listens on loopback unless another address is given; every cap is set by the caller.
 */
#ifndef PRINTOP_HTTPD_H
#define PRINTOP_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/loop.h>

struct httpd;
struct httpd_request;

struct httpd_limits {
	size_t max_body_bytes;		/* over it: 413, after the rest was read and thrown away */
	unsigned max_connections;
	unsigned idle_timeout_s;	/* nothing moved */
	unsigned header_timeout_s;	/* from connecting, or from the last answer, to whole headers; 0: no limit */
};

/* A listening socket added to a server; ctx tells the handler which one a request came in by. */
struct httpd *httpd_new(struct loop *l, const struct httpd_limits *limits,
			void (*handle)(void *listener_ctx, struct httpd_request *r), struct err *e);
/* port 0: any free one. Returns the port, 0 and *e when it cannot listen. */
unsigned httpd_listen(struct httpd *h, const char *address, unsigned port, void *listener_ctx,
		      struct err *e);
/*
 * Refuses connections to a port that httpd_listen() gave, and cuts those that are open; the port stays
 * ours. With refuse false it listens again.
 */
bool httpd_refuse(struct httpd *h, unsigned port, bool refuse, struct err *e);

/* A body taken piece by piece instead of whole. */
struct httpd_sink {
	void (*data)(void *ctx, const char *data, size_t len);
	void (*done)(void *ctx);	/* once, when the request is over, however it ended */
	void *ctx;
	void (*answered)(void *ctx);	/* before done: the client's system took the whole answer. May be NULL */
};
/*
 * Asks fn about each request that has a body, when its headers are there. True: the body goes to *ret,
 * whatever its size, and httpd_body() is empty. fn may answer the request itself: then it is refused by its
 * headers. A client that asked first (Expect: 100-continue) hears that at once, any other one when its body has been
 * read and thrown away; handle is not called.
 */
void httpd_on_body(struct httpd *h, bool (*fn)(void *listener_ctx, struct httpd_request *r,
					       struct httpd_sink *ret));
/* Stops everything; unanswered requests that the caller still has must not be used any more. */
void httpd_free(struct httpd *h);

const char *httpd_method(const struct httpd_request *r);
const char *httpd_path(const struct httpd_request *r);		/* decoded, without query */
const char *httpd_query(const struct httpd_request *r, const char *name);	/* decoded value, NULL; "" when without value */
void httpd_each_query(const struct httpd_request *r, void (*fn)(void *ctx, const char *name, const char *value),
		      void *ctx);
const char *httpd_header(const struct httpd_request *r, const char *name);
const char *httpd_body(const struct httpd_request *r, size_t *len);
void *httpd_sink_ctx(const struct httpd_request *r);		/* of httpd_on_body(), NULL when none */
const char *httpd_peer(const struct httpd_request *r);		/* numeric address */

/*
 * Every request is answered exactly once by one of these, now or later; it is valid until then, even
 * when the client has gone. headers is "Name: value\n" lines, may be NULL. body is copied.
 */
void httpd_reply(struct httpd_request *r, unsigned status, const char *content_type, const char *headers,
		 const void *body, size_t len);
/*
 * The same with words of its own behind the status (some clients show nothing else), and the connection is closed
 * behind it. What is not printable ASCII in reason becomes '?'.
 */
void httpd_reply_reason(struct httpd_request *r, unsigned status, const char *reason, const char *content_type,
			const char *headers, const void *body, size_t len);
/* Sends at most bytes_per_s (0: no limit), and with cut_after < len resets the connection there. */
void httpd_reply_slowly(struct httpd_request *r, unsigned status, const char *content_type,
			const char *headers, const void *body, size_t len, unsigned bytes_per_s,
			size_t cut_after);
/*
 * An answer without an end, in pieces (chunked): cameras. gone is called once, when the client or the server ends it; the
 * stream must not be used any more then. NULL: the client has gone already, gone is not called.
 */
struct httpd_stream;
struct httpd_stream *httpd_reply_stream(struct httpd_request *r, const char *content_type, void (*gone)(void *ctx), void *ctx);
/* False: the piece before is still on its way to a slow client, this one was not taken. Copies. */
bool httpd_stream_send(struct httpd_stream *s, const void *data, size_t len);
/* Sends bytes that need not be HTTP, or none, and closes. */
void httpd_reply_raw(struct httpd_request *r, const void *data, size_t len);
/* Never answers; ends when the client gives up. */
void httpd_hold(struct httpd_request *r);

#endif
