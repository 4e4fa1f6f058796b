/* Temperatures of the last 20 minutes: one sample per heater each HISTORY_STEP_MS, small integers. */
#ifndef PRINTOP_HISTORY_H
#define PRINTOP_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <printop/printer.h>

#define HISTORY_STEP_MS 5000
#define HISTORY_SAMPLES 240		/* 20 minutes */

struct history;

struct history *history_new(void);
void history_free(struct history *h);
/* Notes the temperatures at now_ms; several calls within one step keep the last one. */
void history_note(struct history *h, const struct printer_state *s, int64_t now_ms);
/*
 * Seeds one heater with a sample age_s seconds before now_ms (from the server's own store); ones
 * older than 20 minutes and steps that hold a measured value already are left alone.
 */
void history_seed(struct history *h, const char *heater, double age_s, double actual_c,
		  double target_c, int64_t now_ms);
/* Sample i steps before now (0: the current step); NAN when unknown. */
double history_actual(const struct history *h, const char *heater, int steps_back, int64_t now_ms);
double history_target(const struct history *h, const char *heater, int steps_back, int64_t now_ms);
bool history_empty(const struct history *h);

#endif
