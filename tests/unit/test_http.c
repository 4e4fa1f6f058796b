/* HTTP as data: base URLs taken apart and put together, requests handed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <printop/http.h>
#include <printop/mem.h>
#include <printop/str.h>

static void test_good_urls(void **state)
{
	static const struct {
		const char *text;
		bool tls;
		const char *host;
		unsigned port;
		const char *prefix, *printed;
	} rows[] = {
		{ "octopi", false, "octopi", 0, "", "http://octopi" },
		{ "octopi.local:5000", false, "octopi.local", 5000, "", "http://octopi.local:5000" },
		{ "http://10.0.0.7/", false, "10.0.0.7", 0, "", "http://10.0.0.7" },
		{ "HTTPS://Host/Octo/", true, "host", 0, "/Octo", "https://host/Octo" },
		{ "hTTp://h:1//", false, "h", 1, "", "http://h:1" },
		{ "https://h:65535/a/b%20c", true, "h", 65535, "/a/b%20c", "https://h:65535/a/b%20c" },
		{ "[::1]:7125", false, "::1", 7125, "", "http://[::1]:7125" },
		{ "http://[fe80::1%25eth0]/x", false, "fe80::1%eth0", 0, "/x", "http://[fe80::1%25eth0]/x" },
		{ "[fe80::1%eth0]", false, "fe80::1%eth0", 0, "", "http://[fe80::1%25eth0]" },
		{ "my_printer-2/printer1", false, "my_printer-2", 0, "/printer1", "http://my_printer-2/printer1" },
		{ "h/a@b:c", false, "h", 0, "/a@b:c", "http://h/a@b:c" },
		{ "h/http://x", false, "h", 0, "/http://x", "http://h/http://x" },
	};
	struct sbuf b = SBUF_INIT(1000);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_url u, again;
		const char *why = "";

		if (!http_url_parse(rows[i].text, &u, &why))
			fail_msg("%s: %s", rows[i].text, why);
		assert_int_equal(u.tls, rows[i].tls);
		assert_string_equal(u.host, rows[i].host);
		assert_int_equal(u.port, rows[i].port);
		assert_string_equal(u.prefix, rows[i].prefix);
		sbuf_clear(&b);
		http_url_print(&u, &b);
		assert_string_equal(sbuf_str(&b), rows[i].printed);
		assert_true(http_url_parse(sbuf_str(&b), &again, NULL));
		assert_string_equal(again.host, u.host);
	}
	sbuf_done(&b);
}

static void test_bad_urls(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "host name is missing" }, { "http://", "host name is missing" }, { ":80", "host name is missing" },
		{ "/x", "host name is missing" }, { "ftp://h", "only http" }, { "file:///etc/passwd", "only http" },
		{ "h:0", "1 to 65535" }, { "h:65536", "1 to 65535" }, { "h:", "1 to 65535" }, { "h:99999999999", "1 to 65535" },
		{ "h:8o", "comes a '/'" }, { "h:+80", "1 to 65535" }, { "h:-1", "1 to 65535" },
		{ "http://user:pw@h/", "user and password" }, { "u@h", "user and password" },
		{ "h?x=1", "no '?'" }, { "h/#frag", "no '?'" }, { "h/a b", "spaces" }, { " h", "spaces" }, { "h\n", "spaces" },
		{ "h/\177", "spaces" }, { "m\xc3\xbcll", "spaces" }, { "h/\x1b[0m", "spaces" },
		{ "[::1", "']'" }, { "[::1]x", "comes a '/'" }, { "[zz]", "IPv6" }, { "[]", "IPv6" }, { "[1.2.3.4]", "IPv6" },
		{ "[fe80::1%]", "IPv6" }, { "[fe80::1%a%b]", "IPv6" }, { "::1", "host name is missing" },
		{ "fe80::1", "1 to 65535" }, { "h:80:90", "brackets" },
		{ "h/%zz", "hex digits" }, { "h/%2", "hex digits" }, { "h\\x", "is in it" }, { "h/\"x", "is in it" },
		{ "-h", "letter or a digit" }, { ".h", "letter or a digit" }, { "h,x", "only letters" }, { "http:/h", "1 to 65535" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_url u = { .port = 77 };
		const char *why = "";

		if (http_url_parse(rows[i].text, &u, &why))
			fail_msg("'%s' was taken", rows[i].text);
		if (!str_contains_nocase(why, rows[i].why))
			fail_msg("'%s': %s", rows[i].text, why);
		assert_int_equal(u.port, 77);
	}
}

static void test_long_urls(void **state)
{
	struct http_url u;
	char text[800];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[255] = '\0';
	assert_true(http_url_parse(text, &u, NULL));
	text[255] = 'a';
	text[256] = '\0';
	assert_false(http_url_parse(text, &u, NULL));
	text[1] = '/';
	text[256] = 'a';
	text[1 + 255] = '\0';
	assert_true(http_url_parse(text, &u, NULL));
	assert_int_equal(strlen(u.prefix), 255);
	text[1 + 255] = 'a';
	text[1 + 256] = '\0';
	assert_false(http_url_parse(text, &u, NULL));
}

static void test_request_moves(void **state)
{
	struct http_req a, b;

	(void)state;
	http_req_init(&a);
	sbuf_adds(&a.path, "/api/job");
	a.method = HTTP_POST;
	a.upload = MEM_NEW(struct http_upload);
	a.upload->name = mem_strdup("x.gcode");
	a.upload->fields[0][0] = mem_strdup("print");
	a.upload->fields[0][1] = mem_strdup("true");
	http_req_move(&b, &a);
	assert_string_equal(sbuf_str(&b.path), "/api/job");
	assert_string_equal(b.upload->name, "x.gcode");
	assert_string_equal(sbuf_str(&a.path), "");
	assert_null(a.upload);
	assert_int_equal(a.method, HTTP_GET);
	http_req_done(&a);
	http_req_done(&b);
	http_req_done(NULL);
	http_upload_free(NULL);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(http_method_name(HTTP_DELETE), "DELETE");
	for (enum http_fault f = 0; f < HTTP_FAULT_N; f++) {
		assert_true(*http_fault_name(f) && *http_fault_text(f));
		for (enum http_fault other = 0; other < f; other++)
			assert_string_not_equal(http_fault_name(f), http_fault_name(other));
	}
	assert_string_equal(http_fault_text(HTTP_FAULT_REFUSED), "connection refused");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_urls),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_long_urls),
		cmocka_unit_test(test_request_moves),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
