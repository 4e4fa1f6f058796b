/*
 * Who may use the gateway: API keys made by `printop key new NAME`, kept as salted hashes in
 * clients.json (mode 0600) in the configuration folder, and networks that may connect at all.
 */
#ifndef PRINTOP_ACCESS_H
#define PRINTOP_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <printop/err.h>

enum access_right {
	ACCESS_LOOK = 1,
	ACCESS_UPLOAD = 2,
	ACCESS_START = 4,
	ACCESS_CONTROL = 8,	/* pause, cancel, delete, move */
};

struct access_client {
	char name[64];
	unsigned rights;
	bool overwrite;		/* the same name again: replace (true) or give it a new name */
	double made_at, used_at;	/* wall clock, NAN never */
};

struct access;

struct access *access_load(struct err *e);		/* an absent file is an empty one */
void access_free(struct access *a);
/* Reads the file again when it has changed on disk; one that cannot be read keeps what was known. */
void access_refresh(struct access *a);
/* Makes a key (shown once, never kept) for a new name. False: the name is taken or unusable. */
bool access_new(struct access *a, const char *name, unsigned rights, bool overwrite, char key[64], struct err *e);
bool access_remove(struct access *a, const char *name, struct err *e);
size_t access_count(const struct access *a);
const struct access_client *access_at(const struct access *a, size_t i);
/* The client with this key, NULL none. Takes the same time whatever is wrong. */
const struct access_client *access_check(struct access *a, const char *key);
/* "127.0.0.0/8 ::1 10.0.4.0/24": is this numeric address in one of them? False for what is no address. */
bool access_network_ok(const char *networks, const char *address);
bool access_networks_valid(const char *networks, struct err *e);

#endif
