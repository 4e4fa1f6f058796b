/* The connector to a cloud that was made for printer-connector: its configuration, its service, and the verb that runs it alone. */
#ifndef PRINTOP_CONNECTOR_H
#define PRINTOP_CONNECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <printop/err.h>
#include <printop/printer.h>

#define CONNECTOR_CLOUD_URL "https://www.spoolr.io"	/* the original's */

struct config;

enum cloud_action {
#define CLOUD_ACTION(id, ...) CLOUD_ACTION_##id,
#include <printop/cloud_actions.def>
#undef CLOUD_ACTION
	CLOUD_ACTION_N
};

#define CLOUD_ACTION_BIT(a) (1u << (a))
#define CLOUD_ACTIONS_ALL (CLOUD_ACTION_BIT(CLOUD_ACTION_N) - 1)

struct cloud_action_info {
	const char *name;
	bool changes;
	const char *sentence;
};

const struct cloud_action_info *cloud_action_info(enum cloud_action a);
/* CLOUD_ACTION_N for an unknown name. */
enum cloud_action cloud_action_from_name(const char *name);

struct connector_key {		/* a row of connector_keys.def */
	const char *name, *form, *sentence;
};

enum connector_key_id {
#define CONNECTOR_KEY(id, ...) CONNECTOR_KEY_##id,
#include <printop/connector_keys.def>
#undef CONNECTOR_KEY
	CONNECTOR_KEY_N
};

const struct connector_key *connector_key_info(enum connector_key_id id);

struct connector_printer {
	char *name;		/* in the fleet */
	int64_t id;		/* the cloud's, 0 not paired yet */
	unsigned ui_port;	/* of its web page, for the camera; 0 unknown */
};

/* All strings owned, NULL when not set. */
struct connector_config {
	bool on;
	char *original;		/* printer-connector's config.json, when that is where the identity lives */
	char *cloud_url;	/* normalised; never NULL when on */
	char *site_name;
	struct secret token;
	char *token_file;	/* where it came from, to be deleted when it is used */
	char *id;		/* the identity in the original's file */
	struct secret secret;
	struct connector_printer *printers;	/* none: all of the fleet, when there is no original */
	size_t n_printers;
	unsigned allow;		/* CLOUD_ACTION_BIT */
	double commands_s, snapshots_s, heartbeat_s;	/* NAN: not set */
	char *state_dir;	/* never NULL when on */
	char *ca_file;
	bool insecure_http;
	char *backup_roots[8];
	int n_backup_roots;
	char *backup_hosts[16];
	int n_backup_hosts;
	char *where;
};

void connector_config_init(struct connector_config *c);
void connector_config_done(struct connector_config *c);
void connector_config_copy(struct connector_config *to, const struct connector_config *from);	/* to is initialised */
bool connector_config_same(const struct connector_config *a, const struct connector_config *b);

/*
 * Reads the original's file into c->connector and adds its printers that are not there yet. What is wrong becomes
 * issues of c, in the order in which the original checks.
 */
void config_add_original(struct config *c, const char *path);
/* A configuration made of the original's file alone. */
struct config *config_load_original(const char *path);

/*
 * `printop connector ...`, argv[0] being "connector": runs it alone until SIGTERM or SIGINT, or once. config is what came
 * before the verb, NULL none. Returns the exit status.
 */
struct loop;
int connector_main(struct loop *l, const char *config, bool read_only, int argc, char **argv);

struct service_ops;
extern const struct service_ops connector_service;

#endif
