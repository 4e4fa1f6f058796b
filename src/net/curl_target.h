/* The servers that requests go to: their parsed addresses and header lines, made once. */
#ifndef NET_CURL_TARGET_H
#define NET_CURL_TARGET_H

#include <stdbool.h>
#include <curl/curl.h>
#include <printop/http.h>
#include <printop/transport.h>

#define TARGET_URLS 2		/* parsed addresses kept per server: those of a poll */

struct targets;

struct target_url {
	char *path;
	CURLU *url;
};

/* What is known of one server: parsed once, used by every request to it. */
struct target {
	char *base_url, *key, *ca_file, *pin;
	bool insecure;
	struct curl_slist *headers[2][2];	/* [with key][with JSON body] */
	struct target_url urls[TARGET_URLS];
	int calls;				/* under way, the one that asks included */
	bool lost;				/* the last request did not reach it: its name may have a new address */
	struct target *next;
};

struct targets *targets_new(void);
void targets_free(struct targets *s);
/* The server of an endpoint; lives while it has calls, and as a rule as long as the set. */
struct target *targets_get(struct targets *s, const struct endpoint *to);
/* The parsed address of a request; *ret_own is set when the caller has to free it. NULL: no address. */
CURLU *target_url(struct target *g, const struct http_req *r, CURLU **ret_own);
/* The header lines of a request; *ret_own is set when the caller has to free them. */
struct curl_slist *target_headers(struct target *g, const struct http_req *r, struct curl_slist **ret_own);
void target_headers_free(struct curl_slist *list);	/* wipes them: there are keys among them */

#endif
