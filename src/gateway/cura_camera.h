/*
 * Cameras of printers as the stream that Cura's monitor wants (MJPEG), made of still pictures: however many look at a
 * printer, its camera is asked for one picture at a time, and only while somebody looks.
 */
#ifndef GATEWAY_CURA_CAMERA_H
#define GATEWAY_CURA_CAMERA_H

#include "gateway/cura.h"
#include "gateway/gateway.h"

/* Answers the request with the stream of the printer of that name. */
void cura_camera_watch(struct cura *c, struct httpd_request *r, const char *name);
/* After the server has ended: all viewers are gone. */
void cura_cameras_free(struct cura *c);

#endif
