/* MQTT in a program that was built without libmosquitto: it says so. */
#include "serve/parts.h"

#include <printop/app.h>

static bool wanted(const struct app *a)
{
	return settings_str(&a->config->settings, SETTING_MQTT_HOST)[0] != '\0';
}

static struct service *start(struct app *a, struct err *e)
{
	(void)a;
	err_set(e, ERR_UNSUPPORTED, "this printop was built without libmosquitto (Debian: libmosquitto-dev)");
	return NULL;
}

static void stop(struct service *s)
{
	(void)s;
}

static enum service_health describe(const struct service *s, char *buf, size_t size)
{
	(void)s;
	if (size)
		buf[0] = '\0';
	return SERVICE_OFF;
}

const struct service_ops mqtt_service = {
	.name = "mqtt",
	.title = "the fleet on an MQTT broker",
	.wanted = wanted,
	.start = start,
	.stop = stop,
	.describe = describe,
};
