/* SHA-256 against the standard's own examples, whole and in pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <printop/sha256.h>
#include "base/sha256_blocks.h"

static void check(const char *text, size_t piece, const char *want)
{
	struct sha256 s;
	char hex[65];
	size_t len = strlen(text);

	sha256_init(&s);
	for (size_t i = 0; i < len; i += piece)
		sha256_add(&s, text + i, len - i < piece ? len - i : piece);
	sha256_hex(&s, hex);
	assert_string_equal(hex, want);
}

static void test_examples(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 130; piece++) {
		check("", piece, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
		check("abc", piece, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
		check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", piece,
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	}
}

static void test_million(void **state)
{
	struct sha256 s;
	char hex[65], a[1000];

	(void)state;
	memset(a, 'a', sizeof(a));
	sha256_init(&s);
	for (int i = 0; i < 1000; i++)
		sha256_add(&s, a, sizeof(a));
	sha256_hex(&s, hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Whatever this processor offers must agree with the plain one. */
static void test_instructions(void **state)
{
	unsigned char data[64 * 20];
	uint32_t plain[8], fast[8];

	(void)state;
	if (!sha256_x86_usable())
		skip();
	for (unsigned round = 0; round < 200; round++) {
		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (unsigned char)((i * 2654435761u + round * 40503u) >> (round % 24));
		for (unsigned i = 0; i < 8; i++)
			plain[i] = fast[i] = i * 0x9e3779b9u + round;
		sha256_plain_blocks(plain, data, round % 21);
		sha256_x86_blocks(fast, data, round % 21);
		assert_memory_equal(plain, fast, sizeof(plain));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_million),
		cmocka_unit_test(test_instructions),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
