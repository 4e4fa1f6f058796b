/*
 * What Cura remembers about this gateway for ever: its own name on the network, and for each printer a uuid and
 * the unique_name that comes back with an upload, even a day later. Kept in the state folder's cura.json, so that
 * neither a restart nor a renamed printer changes them.
 */
#ifndef GATEWAY_CURA_IDS_H
#define GATEWAY_CURA_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>
#include <printop/fleet.h>

struct cura_id {
	char name[64];		/* of the printer now, or when it was last seen */
	char server[300];	/* its address: a printer of another name with it is the same one */
	char unique[80];
	char uuid[40];
};

struct cura_ids;

/* A missing file makes a new identity; one that cannot be read or written is a failure: ids would change. */
struct cura_ids *cura_ids_load(const char *path, struct err *e);
void cura_ids_free(struct cura_ids *ids);
/* Gives every printer of the fleet its ids; writes the file when one is new. */
void cura_ids_sync(struct cura_ids *ids, const struct fleet *f);
const struct cura_id *cura_ids_of(const struct cura_ids *ids, const struct printer *p);	/* after a sync: never NULL */
/* Of a printer that may be away now; NULL: never heard of. */
const struct cura_id *cura_ids_find(const struct cura_ids *ids, const char *unique);
const char *cura_ids_guid(const struct cura_ids *ids);
const char *cura_ids_instance(const struct cura_ids *ids);	/* "printop-0123456789ab" */
const char *cura_ids_secret(const struct cura_ids *ids);	/* 64 hex digits; never shown */
/* A uuid that depends on nothing but these words. */
void cura_uuid(char uuid[40], const char *kind, const char *a, const char *b);

#endif
