/* Home Assistant's MQTT discovery: what each printer is announced as. Pure. */
#ifndef SERVE_MQTT_DISCOVERY_H
#define SERVE_MQTT_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/printer.h>

struct discovery {
	char *topic, *payload;		/* the caller frees */
};

/* Is this command in the list of mqtt_commands? One rule for the buttons shown and the commands taken. */
bool mqtt_allows(const char *commands, const char *command);

size_t discovery_count(void);		/* entities of a printer */
/* Entity i of a printer; false when this one has none (a button for a command that is not in `commands`). */
bool discovery_make(size_t i, const struct printer *p, const char *prefix, const char *state_topic,
		    const char *command_topic, const char *status_topic, const char *commands, struct discovery *ret);

#endif
