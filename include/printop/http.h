/* A request and a reply as plain data: what drivers build and read, what transports carry. */
#ifndef PRINTOP_HTTP_H
#define PRINTOP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/sbuf.h>

enum http_method { HTTP_GET, HTTP_POST, HTTP_DELETE, HTTP_PUT };

/* What went wrong below HTTP. */
enum http_fault {
	HTTP_FAULT_NONE,
	HTTP_FAULT_DNS,		/* the name has no address */
	HTTP_FAULT_REFUSED,	/* nothing listens there, or no route */
	HTTP_FAULT_CONNECT,	/* connecting timed out */
	HTTP_FAULT_TIMEOUT,	/* connected, no (whole) answer in time */
	HTTP_FAULT_RESET,	/* cut in the middle */
	HTTP_FAULT_EMPTY,	/* closed without an answer */
	HTTP_FAULT_NOT_HTTP,	/* an answer without a status line: OctoPrint while it starts */
	HTTP_FAULT_TLS,		/* handshake or certificate */
	HTTP_FAULT_TOO_BIG,	/* over the cap */
	HTTP_FAULT_STALLED,	/* an upload that stopped moving */
	HTTP_FAULT_CANCELLED,
	HTTP_FAULT_FILE,	/* the local file could not be read, or changed while it was sent */
	HTTP_FAULT_READ_ONLY,	/* this copy of printop sends nothing that changes a printer */
	HTTP_FAULT_OTHER,
	HTTP_FAULT_N
};

/* A file to send as multipart/form-data; strings are owned. */
struct http_upload {
	char *local_path;
	char *name;		/* filename="" of the part, raw UTF-8 */
	char *fields[8][2];	/* plain form fields before the file; name NULL ends */
	bool sha256;		/* add a last field "checksum" with the hash of what was sent */
	char *raw_type;		/* not NULL: the file alone is the body (PUT), with this Content-Type; name and fields are not used */
};

struct http_req {
	enum http_method method;
	struct sbuf path;	/* from the base URL on, "/api/job", already percent-encoded */
	struct sbuf body;	/* JSON; empty for none */
	struct sbuf headers;	/* more header lines, "Name: value\n"; secret ones are wiped when the request is done */
	struct http_upload *upload;
	bool changes;		/* changes something: sent once on a fresh connection, never repeated */
	bool no_key;		/* leave the key out */
	bool elsewhere;		/* not for a printer: read-only mode lets it through */
	long timeout_ms;	/* whole request; 0: no limit but the stall limit */
	size_t max_bytes;	/* reply cap; 0: LIMIT_REPLY_BYTES */
	char etag[96];		/* sent as If-None-Match when not empty */
};

struct http_reply {
	enum http_fault fault;
	char fault_text[160];	/* the transport's own words, without any secret */
	long status;		/* 0 when there was no status line */
	const char *body;	/* never NULL; valid during the callback only */
	size_t len;
	char content_type[48];	/* lower case, without parameters; "" when none */
	char etag[96];
	bool clacks;		/* X-Clacks-Overhead was there: OctoPrint's mark */
	long retry_after_s;	/* -1 when not sent */
	double took_s;
};

void http_req_init(struct http_req *r);
void http_req_done(struct http_req *r);
void http_req_move(struct http_req *to, struct http_req *from);	/* from is empty then */
void http_upload_free(struct http_upload *u);
const char *http_method_name(enum http_method m);
const char *http_fault_name(enum http_fault f);		/* "refused" */
const char *http_fault_text(enum http_fault f);		/* "connection refused" */

/* A base URL taken apart. */
struct http_url {
	bool tls;
	char host[256];		/* without brackets */
	unsigned port;		/* 0: the scheme's own */
	char prefix[256];	/* path prefix without trailing slash, "" for none */
};

/*
 * Reads "host", "host:port", "[::1]:7125", "http://host/prefix/" ... False when it is not one: another
 * scheme, user info (a password in a URL would end in logs), a query, a fragment, control bytes.
 */
bool http_url_parse(const char *text, struct http_url *ret, const char **why);
/* "http://host:port/prefix", IPv6 in brackets. */
void http_url_print(const struct http_url *u, struct sbuf *b);

#endif
