/* The parts that `printop serve` and the full screen can run; main.c has the table. */
#ifndef SERVE_PARTS_H
#define SERVE_PARTS_H

#include <printop/service.h>

extern const struct service_ops metrics_service, mqtt_service;

#endif
