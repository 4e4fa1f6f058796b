/*
 * multipart/form-data as it comes in: any pieces, down to single bytes, in constant memory. As tolerant as the
 * servers that slicers are written for: boundaries with or without quotes, part headers in any case, names with and
 * without quotes and with quotes inside, parts in any order.
 */
#ifndef GATEWAY_MULTIPART_H
#define GATEWAY_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#define MULTIPART_HEAD_MAX 8192		/* of the headers of one part */

struct multipart;

struct multipart_part {
	const char *name;		/* "" none */
	const char *filename;		/* raw, with escapes undone; NULL: it is a field */
	const char *type;		/* Content-Type, "" none */
};

struct multipart_ops {
	void (*part)(void *ctx, const struct multipart_part *p);	/* its headers are there */
	void (*data)(void *ctx, const char *data, size_t len);		/* of the part begun last */
	void (*end)(void *ctx);						/* that part is whole */
};

/* NULL: the Content-Type (may be NULL) is not multipart/form-data with a usable boundary. */
struct multipart *multipart_new(const char *content_type, const struct multipart_ops *ops, void *ctx);
void multipart_add(struct multipart *m, const char *data, size_t len);
/* True when the last delimiter was seen: the body was whole. False as well for headers that are too long. */
bool multipart_whole(const struct multipart *m);
void multipart_free(struct multipart *m);

#endif
