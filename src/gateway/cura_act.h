/*
 * What Cura's buttons do to a job. Each answers at once with an HTTP status; a command to a printer goes on by itself and
 * shows in the next lists. why: in words, for scripts and the log (Cura reads neither).
 */
#ifndef GATEWAY_CURA_ACT_H
#define GATEWAY_CURA_ACT_H

#include "gateway/cura.h"

/* Body: {"action": "pause"}, or the bare word as Cura 4.1 sends it. */
unsigned cura_act_action(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why);
/* Body: {"to_position": 0}. */
unsigned cura_act_move(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why);
/* Body: {"force": true}. */
unsigned cura_act_force(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why);
unsigned cura_act_delete(struct cura *c, const char *uuid, const char *body, size_t len, struct err *why);

#endif
