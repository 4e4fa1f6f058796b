/*
 * A driver and a run of replies. The input is one reply or several, parted by the byte 0x1e. A
 * reply is its body; with
 * "!sff" before it, the letters choose the HTTP status, the fault and flags: a fixture's .json is
 * an input as it is.
 */
#ifndef PRINTOP_FUZZ_DRIVER_H
#define PRINTOP_FUZZ_DRIVER_H

#include <printop/history.h>
#include "fuzz_reply.h"

#define FUZZ_REPLIES 8

static inline void fuzz_head(struct fuzz *f, struct http_reply *r)
{
	static const long statuses[] = {200, 201, 204, 304, 400, 401, 403, 404, 405,
					409, 415, 500, 501, 502, 503, 504, 0};
	static const char *const types[] = {"application/json", "text/html", "text/plain", ""};
	unsigned flags;

	fuzz_byte(f);
	r->status = statuses[fuzz_byte(f) % ARRAY_LEN(statuses)];
	r->fault = (enum http_fault)(fuzz_byte(f) % HTTP_FAULT_N);
	flags = fuzz_byte(f);
	r->clacks = flags & 1;
	str_copy(r->content_type, sizeof(r->content_type), types[flags >> 1 & 3]);
	str_copy(r->etag, sizeof(r->etag), flags & 8 ? "\"1\"" : "");
	str_copy(r->fault_text, sizeof(r->fault_text), flags & 16 ? "certificate has expired" : "");
	r->retry_after_s = flags & 32 ? 1 : -1;
}

static inline void fuzz_driver(const struct driver *d, const uint8_t *data, size_t size)
{
	struct fuzz f = {data, size};
	struct fuzz_printer p = fuzz_printer_new(d);

	for (int i = 0; i < FUZZ_REPLIES && f.left; i++) {
		struct http_reply r = {.status = 200,
				       .retry_after_s = -1,
				       .took_s = 0.01,
				       .content_type = "application/json"};
		const uint8_t *end = memchr(f.at, 0x1e, f.left);
		size_t len = end ? (size_t)(end - f.at) : f.left;
		struct fuzz one = {f.at, len};
		char *body;

		if (len && *one.at == '!')
			fuzz_head(&one, &r);
		r.len = one.left;
		r.body = body = fuzz_rest(&one);
		fuzz_reply(&p, &r);
		free(body);
		f.at += len + (end != NULL);
		f.left -= len + (end != NULL);
	}
	fleet_free(p.fleet);
}

#endif
