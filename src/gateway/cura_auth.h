/*
 * Cura 5.11 and later ask for credentials and sign each request of their API with them (HTTP digest, SHA-256, realm
 * "Jedi-API"). Anybody in an allowed network gets some: they tell users apart, they do not keep anybody out.
 */
#ifndef GATEWAY_CURA_AUTH_H
#define GATEWAY_CURA_AUTH_H

#include <stdbool.h>
#include <stddef.h>

struct cura_credentials {
	char id[33], key[65];
};

/* Derived from the gateway's secret: nothing needs to be stored, and they hold over restarts. */
void cura_auth_grant(const char *secret, const char *application, const char *user, struct cura_credentials *ret);

enum cura_auth { CURA_AUTH_GOOD, CURA_AUTH_NONE, CURA_AUTH_STALE, CURA_AUTH_WRONG };

/* header: the value of Authorization, NULL none. path as it was requested. */
enum cura_auth cura_auth_check(const char *secret, const char *header, const char *method, const char *path, double now);
/* The value of WWW-Authenticate for a 401. */
void cura_auth_challenge(const char *secret, double now, bool stale, char *dst, size_t size);
/* The digest itself, for the check and for tests. */
void cura_auth_response(const char *id, const char *key, const char *method, const char *path, const char *nonce,
			const char *nc, const char *cnonce, char hex[65]);

#endif
