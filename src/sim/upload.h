/*
 * A multipart/form-data body read piece by piece: form fields are kept, the file is only counted, hashed
 * and scanned. Constant memory, whatever is sent.
 */
#ifndef SIM_UPLOAD_H
#define SIM_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/sha256.h>
#include <sim/store.h>

#define UPLOAD_FIELDS 12

enum upload_state { UPLOAD_DATA, UPLOAD_AFTER, UPLOAD_HEADERS, UPLOAD_END, UPLOAD_BROKEN };

struct upload_field {
	char name[32];
	char value[512];
	size_t len;
};

struct upload {
	enum upload_state state;
	char delimiter[80];		/* "\r\n--boundary" */
	size_t delimiter_len, matched;
	char head[4096];		/* headers of the part, or the two bytes behind a delimiter */
	size_t head_len;

	struct upload_field fields[UPLOAD_FIELDS];
	size_t n_fields;
	struct upload_field *field;	/* the part that comes in, NULL when it is the file or ignored */
	bool in_file;

	bool has_file;
	char name[512];			/* of filename= */
	char star[512];			/* of filename*=, decoded; "" none */
	struct sim_file file;		/* path is NULL until the server has found a place for it */
	struct gcode_scan scan;
	bool hash;
	struct sha256 sha;
	char checksum[65];		/* of the file, only with hash */
};

/*
 * False when the content type is not multipart/form-data with a boundary. hash: the file's SHA-256 is
 * wanted (it takes most of the time).
 */
bool upload_init(struct upload *u, const char *content_type, bool hash);
void upload_add(struct upload *u, const char *data, size_t len);
/* True when the body was whole. */
bool upload_end(struct upload *u);
const char *upload_field(const struct upload *u, const char *name);	/* NULL when missing */

#endif
