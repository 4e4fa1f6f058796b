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
	size_t max_body_bytes;		/* over it: 413 */
	unsigned max_connections;
	unsigned idle_timeout_s;
};

/* A listening socket added to a server; ctx tells the handler which one a request came in by. */
struct httpd *httpd_new(struct loop *l, const struct httpd_limits *limits,
			void (*handle)(void *listener_ctx, struct httpd_request *r), struct err *e);
/* port 0: any free one. Returns the port, 0 and *e when it cannot listen. */
unsigned httpd_listen(struct httpd *h, const char *address, unsigned port, void *listener_ctx,
		      struct err *e);
/*
 * Called with each accepted socket before HTTP; true: it was taken over by the caller (faults of the
 * simulator: raw bytes, silence, reset). May be NULL.
 */
void httpd_on_accept(struct httpd *h, bool (*fn)(void *listener_ctx, int fd));
void httpd_free(struct httpd *h);

const char *httpd_method(const struct httpd_request *r);
const char *httpd_path(const struct httpd_request *r);		/* decoded, without query */
const char *httpd_query(const struct httpd_request *r, const char *name);	/* decoded value, NULL; "" when without value */
void httpd_each_query(const struct httpd_request *r, void (*fn)(void *ctx, const char *name, const char *value),
		      void *ctx);
const char *httpd_header(const struct httpd_request *r, const char *name);
const char *httpd_body(const struct httpd_request *r, size_t *len);
const char *httpd_peer(const struct httpd_request *r);		/* numeric address */

/*
 * Every request is answered exactly once, now or later (an unanswered one is kept: hang). headers is
 * "Name: value\n" lines, may be NULL. body is copied.
 */
void httpd_reply(struct httpd_request *r, unsigned status, const char *content_type, const char *headers,
		 const void *body, size_t len);
/* Sends at most bytes_per_s, and with cut_after < len closes there without finishing. */
void httpd_reply_slowly(struct httpd_request *r, unsigned status, const char *content_type,
			const char *headers, const void *body, size_t len, unsigned bytes_per_s,
			size_t cut_after);

#endif
