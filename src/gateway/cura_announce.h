/*
 * Telling the local network that a printer for Cura is here. Never a goodbye on stop or restart where it can be helped:
 * a Cura that is connected would keep a dead printer until it is started again.
 */
#ifndef GATEWAY_CURA_ANNOUNCE_H
#define GATEWAY_CURA_ANNOUNCE_H

#include <printop/sbuf.h>
#include "gateway/cura.h"

struct cura_announce;

/* Also writes printop.service into the door's folder, for /etc/avahi/services. NULL when it is off. */
struct cura_announce *cura_announce_new(struct cura *c, const struct cura_words *w, unsigned port);
void cura_announce_free(struct cura_announce *a);
/* The service file: avahi then announces whether printop runs or not, so that nobody hears of a restart. */
void cura_service_file(struct sbuf *b, const char *instance, const struct cura_words *w, size_t printers, unsigned port);

#endif
