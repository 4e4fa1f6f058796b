/*
 * "Print over network": the upload of Cura, .gcode, .gcode.gz or .ufp. It is read to its end whatever is wrong with it,
 * and always answered: Qt sends an unanswered upload again, and Cura then refuses to send anything more.
 */
#ifndef GATEWAY_CURA_UPLOAD_H
#define GATEWAY_CURA_UPLOAD_H

#include "gateway/cura.h"
#include "gateway/gateway.h"

struct cura_upload;

/* For httpd_on_body(). */
void cura_upload_begin(struct cura *c, struct httpd_request *r, struct httpd_sink *ret);
/* Its body is whole; answers now, or when it is unpacked. */
void cura_upload_finish(struct cura *c, struct httpd_request *r);
/* The door closes: those under way are given up. */
void cura_uploads_orphan(struct cura *c);
/* The job's name on the printer: one that every server takes, ending in .gcode. */
void cura_job_name(char *dst, size_t size, const char *filename);

#endif
