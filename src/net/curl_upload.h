/* One file on its way, as multipart/form-data or as it is: streamed from disk, hashed while it goes. */
#ifndef NET_CURL_UPLOAD_H
#define NET_CURL_UPLOAD_H

#include <stdint.h>
#include <curl/curl.h>
#include <printop/err.h>
#include <printop/http.h>

struct upload;

/* Opens the file. Keeps a pointer to u, which must live as long. NULL with *e when it cannot be read. */
struct upload *upload_new(const struct http_upload *u, struct err *e);
void upload_free(struct upload *up);
/* The multipart body for this handle; owned by the upload. */
curl_mime *upload_mime(struct upload *up, CURL *easy);
/* libcurl's read callback for the file alone; ctx is the upload. */
size_t upload_read(char *dst, size_t size, size_t n, void *ctx);
int64_t upload_total(const struct upload *up);		/* bytes of the file */
/* What went wrong with the local file while it was read, NULL when nothing did. */
const char *upload_error(const struct upload *up);

#endif
