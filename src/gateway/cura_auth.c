/* Digest authentication as Cura 5.11 does it; without any state but the gateway's secret. */
#include "gateway/cura_auth.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/sha256.h>
#include <printop/str.h>

#define REALM "Jedi-API"
#define NONCE_S 3600		/* then Cura gets a new one with a 401 and goes on with the next poll */
#define ID_HEX 32

/* SHA-256 over the words with colons between them. */
static void digest(const char *const *words, size_t n, char hex[65])
{
	struct sha256 s;

	sha256_init(&s);
	for (size_t i = 0; i < n; i++) {
		if (i)
			sha256_add(&s, ":", 1);
		sha256_add(&s, words[i], strlen(words[i]));
	}
	sha256_hex(&s, hex);
}

static void key_of(const char *secret, const char *id, char key[65])
{
	const char *const words[] = { secret, "cura-key", id };

	digest(words, ARRAY_LEN(words), key);
}

void cura_auth_grant(const char *secret, const char *application, const char *user, struct cura_credentials *ret)
{
	const char *const words[] = { secret, "cura-id", application, user };
	char hex[65];

	digest(words, ARRAY_LEN(words), hex);
	str_printf(ret->id, sizeof(ret->id), "%.*s", ID_HEX, hex);
	key_of(secret, ret->id, ret->key);
}

/* "SECONDS-MAC": whether it is ours and how old it is can be told without a list. */
static void make_nonce(const char *secret, int64_t at, char *dst, size_t size)
{
	const char *words[] = { secret, "cura-nonce", dst };
	char hex[65];

	str_printf(dst, size, "%lld", (long long)at);
	digest(words, ARRAY_LEN(words), hex);
	str_printf(dst, size, "%lld-%.32s", (long long)at, hex);
}

static bool is_same(const char *a, const char *b)
{
	unsigned char differs = 0;
	size_t n = strlen(a);

	if (n != strlen(b))
		return false;
	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)((unsigned char)a[i] ^ (unsigned char)b[i]);
	return !differs;
}

static bool is_fresh(const char *secret, const char *nonce, double now)
{
	char digits[STR_SMALL], made[80];
	int64_t at;

	str_printf(digits, sizeof(digits), "%.*s", (int)strcspn(nonce, "-"), nonce);
	if (!str_to_int64(digits, &at) || now - (double)at > NONCE_S || now - (double)at < -60)
		return false;
	make_nonce(secret, at, made, sizeof(made));
	return is_same(made, nonce);
}

void cura_auth_response(const char *id, const char *key, const char *method, const char *path, const char *nonce,
			const char *nc, const char *cnonce, char hex[65])
{
	const char *const user[] = { id, REALM, key }, *const what[] = { method, path };
	char ha1[65], ha2[65];
	const char *const all[] = { ha1, nonce, nc, cnonce, "auth", ha2 };

	digest(user, ARRAY_LEN(user), ha1);
	digest(what, ARRAY_LEN(what), ha2);
	digest(all, ARRAY_LEN(all), hex);
}

void cura_auth_challenge(const char *secret, double now, bool stale, char *dst, size_t size)
{
	char nonce[80];

	make_nonce(secret, (int64_t)now, nonce, sizeof(nonce));
	str_printf(dst, size, "Digest realm=\"" REALM "\", nonce=\"%s\", qop=\"auth\", algorithm=SHA-256%s", nonce,
		   stale ? ", stale=true" : "");
}

/* ---- the header ---- */

struct field {
	const char *name;
	char *dst;
	size_t size;
};

static void put(const struct field *fields, size_t n, const char *name, size_t name_len, const char *value, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(fields[i].name) == name_len && !strncasecmp(fields[i].name, name, name_len))
			str_printf(fields[i].dst, fields[i].size, "%.*s", (int)(len < 1024 ? len : 1024), value);
}

/* name=value or name="value", split by commas. */
static void read_fields(const char *s, const struct field *fields, size_t n)
{
	while (*(s += strspn(s, " \t,"))) {
		const char *name = s, *value;
		size_t name_len = strcspn(s, "=, \t"), len;

		s += name_len;
		if (*s != '=')
			continue;
		value = ++s;
		if (*value == '"') {
			len = strcspn(++value, "\"");
			s = value + len + (value[len] == '"');
		} else {
			len = strcspn(value, ", \t");
			s = value + len;
		}
		put(fields, n, name, name_len, value, len);
	}
}

enum cura_auth cura_auth_check(const char *secret, const char *header, const char *method, const char *path, double now)
{
	char id[80] = "", nonce[128] = "", nc[16] = "", cnonce[128] = "", uri[512] = "", response[80] = "", realm[32] = "";
	const struct field fields[] = {
		{ "username", id, sizeof(id) }, { "nonce", nonce, sizeof(nonce) }, { "nc", nc, sizeof(nc) },
		{ "cnonce", cnonce, sizeof(cnonce) }, { "uri", uri, sizeof(uri) }, { "realm", realm, sizeof(realm) },
		{ "response", response, sizeof(response) },
	};
	char key[65], hex[65];

	if (!header || !str_starts_nocase(header, "Digest "))
		return CURA_AUTH_NONE;
	read_fields(header + 7, fields, ARRAY_LEN(fields));
	if (!str_eq(realm, REALM) || !str_eq(uri, path) || strlen(id) != ID_HEX)
		return CURA_AUTH_WRONG;
	key_of(secret, id, key);
	cura_auth_response(id, key, method, path, nonce, nc, cnonce, hex);
	for (char *p = response; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (!is_same(hex, response))
		return CURA_AUTH_WRONG;
	return is_fresh(secret, nonce, now) ? CURA_AUTH_GOOD : CURA_AUTH_STALE;
}
