/* The one seam to the network: carries requests to printers' servers and brings the replies. */
#ifndef PRINTOP_TRANSPORT_H
#define PRINTOP_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/http.h>

struct loop;
struct transport;
struct call;			/* a request on its way */

/* Where a request goes; the strings must live until the call has started (they are copied). */
struct endpoint {
	const char *base_url;
	const char *key;	/* NULL: none */
	const char *ca_file, *pin;
	bool insecure;
	long connect_ms;	/* 0: TIMEOUT_CONNECT_MS */
};

typedef void transport_done_fn(void *ctx, const struct http_reply *r);
typedef void transport_progress_fn(void *ctx, int64_t sent_bytes, int64_t total_bytes);

struct transport_ops {
	/* Takes the contents of req. done is called exactly once, never from inside send. */
	struct call *(*send)(struct transport *t, const struct endpoint *to, struct http_req *req,
			     transport_done_fn *done, void *ctx);
	void (*progress)(struct call *c, transport_progress_fn *fn);	/* uploads; ctx as in send */
	/* done is not called any more. */
	void (*cancel)(struct transport *t, struct call *c);
	void (*free)(struct transport *t);
};

struct transport {
	const struct transport_ops *ops;
};

/* libcurl's multi interface on the loop. read_only: sends only GETs and requests without `changes`. */
struct transport *transport_curl_new(struct loop *l, bool read_only);

static inline void transport_free(struct transport *t)
{
	if (t)
		t->ops->free(t);
}

#endif
