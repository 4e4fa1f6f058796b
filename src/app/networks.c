/* Lists of networks: "127.0.0.0/8 ::1 10.0.4.0/24". */
#include <printop/access.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

struct network {
	int family;
	unsigned char address[16];
	int bits;
};

/* An IPv4 address that a dual-stack socket shows as ::ffff:10.0.4.1 is that IPv4 address. */
static bool read_address(const char *text, int *family, unsigned char address[16])
{
	static const unsigned char mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memset(address, 0, 16);
	*family = AF_INET;
	if (inet_pton(AF_INET, text, address) == 1)
		return true;
	*family = AF_INET6;
	if (inet_pton(AF_INET6, text, address) != 1)
		return false;
	if (!memcmp(address, mapped, sizeof(mapped))) {
		*family = AF_INET;
		memmove(address, address + 12, 4);
		memset(address + 4, 0, 12);
	}
	return true;
}

static bool read_network(char *text, struct network *ret)
{
	char *slash = strchr(text, '/');
	int64_t bits;

	if (slash)
		*slash = '\0';
	if (!read_address(text, &ret->family, ret->address))
		return false;
	ret->bits = ret->family == AF_INET ? 32 : 128;
	if (!slash)
		return true;
	if (!str_to_int64(slash + 1, &bits) || bits < 0 || bits > ret->bits)
		return false;
	ret->bits = (int)bits;
	return true;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
	int whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, (size_t)whole))
		return false;
	return !rest || !((a[whole] ^ b[whole]) & (0xff << (8 - rest)) & 0xff);
}

bool access_network_ok(const char *networks, const char *address)
{
	char *copy = mem_strdup(networks), *rest = copy, *word;
	struct network n;
	unsigned char a[16];
	int family;
	bool found = false;

	if (read_address(address, &family, a))
		while (!found && (word = str_token(&rest, " ,")))
			found = read_network(word, &n) && n.family == family && same_bits(a, n.address, n.bits);
	free(copy);
	return found;
}

bool access_networks_valid(const char *networks, struct err *e)
{
	char *copy = mem_strdup(networks), *rest = copy, *word;
	struct network n;
	bool good = true;

	while (good && (word = str_token(&rest, " ,"))) {
		char shown[64];

		str_copy(shown, sizeof(shown), word);
		good = read_network(word, &n);
		if (!good)
			err_set(e, ERR_CONFIG, "\"%s\" is no network: write 10.0.4.0/24 or ::1", shown);
	}
	free(copy);
	return good;
}
