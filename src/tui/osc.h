/*
 * Sequences for the window title and for desktop messages, wrapped when tmux or screen is between.
 */
#ifndef TUI_OSC_H
#define TUI_OSC_H

#include <stdbool.h>
#include <stddef.h>

#define OSC_BYTES 1024

/* Both clean the text and answer false when there is nothing to send. */
bool osc_title(char *buf, size_t size, const char *text);
/*
 * osc: 9, 777, or 0 for the one that the terminal around us (by its environment) is known to show.
 */
bool osc_message(char *buf, size_t size, int osc, const char *title, const char *text);

#endif
