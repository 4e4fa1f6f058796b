/*
 * Who this machine is to the cloud: id, secret, the printers' numbers; kept in one file, mode 0600.
 */
#ifndef CONNECTOR_IDENTITY_H
#define CONNECTOR_IDENTITY_H

#include <printop/connector.h>
#include <printop/err.h>
#include "connector/protocol.h"

struct identity {
	char id[PROTOCOL_ID];		/* "" not paired */
	struct secret secret;
	double commands_s, snapshots_s;	/* said by the cloud, NAN not */
	struct connector_printer *printers;
	size_t n_printers;
	char paired_with[65];		/* SHA-256 of the token that was used, "" unknown */
};

/*
 * The identity that the configuration or the state folder holds. *ret is empty when there is none,
 * when it is one for another cloud (*e says so, true all the same), and when the configuration has
 * a token that was not used yet.
 */
bool identity_load(const struct connector_config *c, struct identity *ret, struct err *e);
/*
 * Fills *ret from a registration of these printers and stores it; then the token is gone from its
 * file.
 */
bool identity_store(const struct connector_config *c, const struct registration *r,
		    const struct wire_printer *p, size_t n, struct identity *ret, struct err *e);
void identity_done(struct identity *i);

#endif
