/* Uploads as slicers send them, whole and in single bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <gateway/multipart.h>
#include <printop/mem.h>
#include <printop/sbuf.h>
#include <printop/str.h>

static struct sbuf seen;		/* "name|filename|type=data;" of each part */

static void on_part(void *ctx, const struct multipart_part *p)
{
	(void)ctx;
	sbuf_addf(&seen, "%s|%s|%s=", p->name, p->filename ? p->filename : "(none)", p->type);
}

static void on_data(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	sbuf_add(&seen, data, len);
}

static void on_end(void *ctx)
{
	(void)ctx;
	sbuf_addc(&seen, ';');
}

static const struct multipart_ops ops = { on_part, on_data, on_end };

/* What is seen when the body comes in pieces of that size; true when it was whole. */
static bool read_in(const char *type, const char *body, size_t len, size_t piece)
{
	struct multipart *m = multipart_new(type, &ops, NULL);
	bool whole;

	assert_non_null(m);
	sbuf_done(&seen);
	sbuf_init(&seen, 1 << 20);
	for (size_t i = 0; i < len; i += piece) {
		char *copy = mem_strndup(body + i, len - i < piece ? len - i : piece);	/* so that a reader beyond it is caught */

		memcpy(copy, body + i, len - i < piece ? len - i : piece);
		multipart_add(m, copy, len - i < piece ? len - i : piece);
		free(copy);
	}
	whole = multipart_whole(m);
	multipart_free(m);
	return whole;
}

static void expect_bytes(const char *type, const char *body, size_t len, const char *parts, size_t parts_len)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 1 << 20 };

	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		assert_true(read_in(type, body, len, pieces[i]));
		assert_int_equal(seen.len, parts_len);
		assert_memory_equal(sbuf_str(&seen), parts, parts_len);
	}
}

static void expect(const char *type, const char *body, const char *parts)
{
	expect_bytes(type, body, strlen(body), parts, strlen(parts));
}

#define CURL "multipart/form-data; boundary=------------------------d74496d66958873e"
#define DASHES "--------------------------d74496d66958873e"

static void test_libcurl(void **state)
{
	(void)state;
	expect(CURL,
	       DASHES "\r\nContent-Disposition: form-data; name=\"print\"\r\n\r\ntrue\r\n"
	       DASHES "\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\n\r\n"
	       DASHES "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b\xc3\xbc.gcode\"\r\n"
	       "Content-Type: application/octet-stream\r\n\r\nG28\nG1 X1\n\r\n" DASHES "--\r\n",
	       "print|(none)|=true;path|(none)|=;file|b\xc3\xbc.gcode|application/octet-stream=G28\nG1 X1\n;");
}

static void test_qt(void **state)
{
	(void)state;
	/* Qt 5 and 6: a quoted boundary with + / =, unquoted names, lower-case headers, flags behind the file. */
	expect("multipart/form-data; boundary=\"boundary_.oOo._MTA3+Nj/QxODk2NA==\"",
	       "--boundary_.oOo._MTA3+Nj/QxODk2NA==\r\ncontent-disposition: form-data; name=file; filename=\"a \"b\".gcode\"\r\n\r\nX\r\n"
	       "--boundary_.oOo._MTA3+Nj/QxODk2NA==\r\ncontent-type: text/plain\r\ncontent-disposition: form-data; name=print\r\n\r\ntrue\r\n"
	       "--boundary_.oOo._MTA3+Nj/QxODk2NA==--\r\n",
	       "file|a \"b\".gcode|=X;print|(none)|text/plain=true;");
}

static void test_names(void **state)
{
	static const struct {
		const char *value, *name;
	} rows[] = {
		{ "\"a\\\"b\\\\c.g\"", "a\"b\\c.g" },
		{ "\"a%22b%0D%0a.g\"", "a\"b\r\n.g" },
		{ "\"a%41 100%.g\"", "a%41 100%.g" },
		{ "\"dir\\a.g\"", "dir\\a.g" },
		{ "\"a\"; b.g\"", "a\"; b.g" },
		{ "\"a.g\"; size=9", "a.g" },
		{ "\"a.g\"; filename*=UTF-8''%C3%BC.g", "\xc3\xbc.g" },
		{ "a b.g ; x=1", "a b.g" },
		{ "\"a;b.g\"", "a;b.g" },
		{ "\"\"", "" },
		{ "\"no end", "no end" },
	};
	char body[400], parts[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		str_printf(body, sizeof(body), "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=%s\r\n\r\nX\r\n--b--",
			   rows[i].value);
		str_printf(parts, sizeof(parts), "file|%s|=X;", rows[i].name);
		expect("multipart/form-data; boundary=b", body, parts);
	}
}

static void test_bytes_are_kept(void **state)
{
	static const char body[] = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\n"
		"\r\n--\r\n-b\r\r\n--bX\r\n--b-\r\n--b \tY\0\xff\r\n--b\rZ\r\n\r\n--b--";
	static const char parts[] = "file|x|=\r\n--\r\n-b\r\r\n--bX\r\n--b-\r\n--b \tY\0\xff\r\n--b\rZ\r\n;";

	(void)state;
	expect_bytes("multipart/form-data; boundary=b", body, sizeof(body) - 1, parts, sizeof(parts) - 1);
}

static void test_oddities(void **state)
{
	(void)state;
	/* A preamble, blanks behind the delimiter, bare line feeds in headers, a part without a name, an epilogue. */
	expect("Multipart/Form-Data; charset=utf-8; Boundary=b", "hello\r\n--b \t\r\nX-Other: 1\n\nA\r\n--b\nContent-Disposition: form-data\r\n\r\nB\r\n--b--\r\nbye",
	       "|(none)|=A;|(none)|=B;");
	expect("multipart/form-data; boundary=b", "--b--", "");
}

static void test_what_is_refused(void **state)
{
	static const char *const types[] = {
		NULL, "", "text/plain", "multipart/mixed; boundary=b", "multipart/form-data", "multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"\"", "multipart/form-data; xboundary=b",
	};
	struct sbuf b = SBUF_INIT(1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		assert_null(multipart_new(types[i], &ops, NULL));
	sbuf_adds(&b, "multipart/form-data; boundary=");
	sbuf_addn(&b, 'x', 1000);
	assert_null(multipart_new(sbuf_str(&b), &ops, NULL));
	/* Cut off anywhere, it is not whole. */
	sbuf_clear(&b);
	sbuf_adds(&b, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\n\r\nG28\r\n--b--");
	for (size_t n = 0; n < b.len; n++)
		assert_false(read_in("multipart/form-data; boundary=b", b.data, n, 16));
	assert_true(read_in("multipart/form-data; boundary=b", b.data, b.len, 16));
	/* Headers without an end. */
	sbuf_clear(&b);
	sbuf_adds(&b, "--b\r\nX: ");
	sbuf_addn(&b, 'x', 100000);
	sbuf_adds(&b, "\r\n\r\nA\r\n--b--");
	assert_false(read_in("multipart/form-data; boundary=b", b.data, b.len, 4096));
	assert_int_equal(seen.len, 0);
	sbuf_done(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libcurl),
		cmocka_unit_test(test_qt),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bytes_are_kept),
		cmocka_unit_test(test_oddities),
		cmocka_unit_test(test_what_is_refused),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	sbuf_done(&seen);
	return failed;
}
