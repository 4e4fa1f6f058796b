/* Drivers in general: names, detection, faults, what may be sent when, lists and arguments. */
#include "driver_case.h"

static void test_names(void **state)
{
	enum verb v;

	(void)state;
	assert_ptr_equal(driver_by_name("octoprint"), &driver_octoprint);
	assert_ptr_equal(driver_by_name("Moonraker"), &driver_moonraker);
	assert_null(driver_by_name("auto"));
	assert_null(driver_by_name(NULL));
	assert_string_equal(driver_names(), "auto, octoprint, moonraker");
	for (size_t i = 0; i < driver_count(); i++)
		assert_ptr_equal(driver_by_name(driver_at(i)->name), driver_at(i));
	assert_null(driver_at(driver_count()));
	for (unsigned i = 0; i < VERB_N; i++) {
		assert_true(verb_from_name(verb_name((enum verb)i), &v));
		assert_int_equal(v, i);
	}
	assert_false(verb_from_name("jump", &v));
}

/* Every verb that a driver offers is allowed somewhere, and none else. */
static void test_verbs_and_allowed_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < driver_count(); i++) {
		const struct driver *d = driver_at(i);

		for (unsigned v = 0; v < VERB_N; v++)
			assert_int_equal((d->verbs & VERB_BIT(v)) != 0, d->allowed((enum verb)v) != 0);
		assert_int_equal(d->allowed(VERB_N), 0);
	}
}

/* ---- detection ---- */

static const char *detected(struct http_reply r, struct err *e)
{
	const struct driver *d = driver_detect(&r, e);

	return d ? d->name : NULL;
}

static void test_detect(void **state)
{
	struct http_reply r;
	struct http_req req;
	struct err e;

	(void)state;
	http_req_init(&req);
	driver_probe(&req);
	assert_string_equal(sbuf_str(&req.path), "/access/info");
	assert_true(req.no_key);
	assert_false(req.changes);
	http_req_done(&req);

	r = reply_json(200, "{\"result\":{\"default_source\":\"moonraker\"}}");
	assert_string_equal(detected(r, &e), "moonraker");
	r = reply_json(401, "{\"error\":{\"code\":401,\"message\":\"Unauthorized\"}}");
	assert_string_equal(detected(r, &e), "moonraker");
	r = reply_json(404, "{\"error\":\"not found\"}");
	assert_string_equal(detected(r, &e), "octoprint");
	r = reply_html(404);
	assert_null(detected(r, &e));
	assert_int_equal(e.code, ERR_BAD_REPLY);
	r.clacks = true;
	assert_string_equal(detected(r, &e), "octoprint");
	assert_null(detected(reply_json(200, "[]"), &e));
	assert_null(detected(reply_json(200, "{\"result\":\"ok\"}"), &e));
}

static void test_detect_says_what_was_seen(void **state)
{
	struct err e;

	(void)state;
	assert_null(detected(reply_html(200), &e));
	assert_non_null(strstr(e.text, "web page"));
	assert_null(detected(reply_html(502), &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
	assert_null(detected(reply_fault(HTTP_FAULT_REFUSED, ""), &e));
	assert_string_equal(e.text, "connection refused");
	/* OctoPrint while it starts, or any service that is not HTTP: wait and see. */
	assert_null(detected(reply_fault(HTTP_FAULT_NOT_HTTP, ""), &e));
	assert_int_equal(e.code, ERR_UNREACHABLE);
}

/* ---- faults ---- */

static void test_faults(void **state)
{
	static const struct {
		enum http_fault fault;
		const char *own;
		enum err_code code;
		enum printer_status status;	/* UNKNOWN: not told */
		const char *text;
	} rows[] = {
		{ HTTP_FAULT_DNS, "x", ERR_UNREACHABLE, PRINTER_OFFLINE, "no such host" },
		{ HTTP_FAULT_REFUSED, "", ERR_UNREACHABLE, PRINTER_OFFLINE, "connection refused" },
		{ HTTP_FAULT_CONNECT, "", ERR_UNREACHABLE, PRINTER_OFFLINE, "connect timed out" },
		{ HTTP_FAULT_TIMEOUT, "", ERR_TIMEOUT, PRINTER_OFFLINE, "no answer in time" },
		{ HTTP_FAULT_RESET, "", ERR_UNREACHABLE, PRINTER_OFFLINE, "connection cut" },
		{ HTTP_FAULT_EMPTY, "", ERR_UNREACHABLE, PRINTER_OFFLINE, "closed without an answer" },
		{ HTTP_FAULT_NOT_HTTP, "", ERR_UNREACHABLE, PRINTER_STARTING, "starting: no HTTP yet" },
		{ HTTP_FAULT_TLS, "self-signed certificate", ERR_UNREACHABLE, PRINTER_OFFLINE,
		  "certificate not trusted: self-signed certificate" },
		{ HTTP_FAULT_TLS, "alert\033[31m", ERR_UNREACHABLE, PRINTER_OFFLINE,
		  "the secure connection failed: alert" },
		{ HTTP_FAULT_TOO_BIG, "", ERR_TOO_BIG, PRINTER_UNKNOWN, "the answer is too big" },
		{ HTTP_FAULT_STALLED, "", ERR_TIMEOUT, PRINTER_UNKNOWN, "the upload stopped moving" },
		{ HTTP_FAULT_CANCELLED, "", ERR_CANCELLED, PRINTER_UNKNOWN, "cancelled" },
		{ HTTP_FAULT_FILE, "", ERR_IO, PRINTER_UNKNOWN, "the local file could not be read" },
		{ HTTP_FAULT_READ_ONLY, "", ERR_REFUSED, PRINTER_UNKNOWN, "read-only: nothing was sent" },
		{ HTTP_FAULT_OTHER, "odd", ERR_UNREACHABLE, PRINTER_OFFLINE, "the request failed: odd" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_reply r = reply_fault(rows[i].fault, rows[i].own);
		struct printer_state next;
		struct err e;

		printer_state_init(&next);
		next.version_tried = true;
		assert_int_equal(driver_hear_fault(&r, &next, &e), rows[i].status != PRINTER_UNKNOWN);
		assert_int_equal(next.status, rows[i].status);
		assert_int_equal(e.code, rows[i].code);
		assert_string_equal(e.text, rows[i].text);
		assert_string_equal(next.reason, rows[i].status ? rows[i].text : "");
		assert_int_equal(next.version_tried, rows[i].status == PRINTER_UNKNOWN);
	}
}

static void test_pages(void **state)
{
	static const struct {
		long status;
		bool html;
		enum printer_status told;
	} rows[] = {
		{ 502, true, PRINTER_OFFLINE }, { 502, false, PRINTER_OFFLINE },
		{ 503, true, PRINTER_OFFLINE }, { 503, false, PRINTER_UNKNOWN },
		{ 504, true, PRINTER_OFFLINE }, { 501, true, PRINTER_STARTING },
		{ 200, true, PRINTER_OFFLINE }, { 200, false, PRINTER_UNKNOWN },
		{ 404, true, PRINTER_UNKNOWN }, { 401, true, PRINTER_UNKNOWN },
		{ 204, false, PRINTER_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_reply r = rows[i].html ? reply_html(rows[i].status)
						   : reply_json(rows[i].status, "{}");
		struct printer_state next;
		struct err e;

		printer_state_init(&next);
		assert_int_equal(driver_hear_fault(&r, &next, &e), rows[i].told != PRINTER_UNKNOWN);
		assert_int_equal(next.status, rows[i].told);
		assert_int_equal(e.code == ERR_NONE, rows[i].told == PRINTER_UNKNOWN);
	}
}

/* ---- what may be sent ---- */

/* The legal actions, written down once more: verb, then the states of OctoPrint and of Moonraker. */
static const struct {
	enum verb verb;
	const char *octoprint, *moonraker;
} legal[] = {
	{ VERB_PAUSE, "printing", "preparing printing" },
	{ VERB_RESUME, "paused", "paused" },
	{ VERB_CANCEL, "busy preparing printing pausing paused",
	  "preparing printing pausing paused resuming" },
	{ VERB_START, "idle complete cancelled failed", "idle complete cancelled failed" },
	{ VERB_UPLOAD,
	  "disconnected connecting idle busy preparing printing pausing paused resuming cancelling "
	  "finishing complete cancelled failed error shutdown",
	  "starting disconnected connecting idle busy preparing printing pausing paused resuming "
	  "cancelling finishing complete cancelled failed error shutdown" },
	{ VERB_ESTOP,
	  "idle busy preparing printing pausing paused resuming cancelling finishing complete "
	  "cancelled failed",
	  "starting idle busy preparing printing pausing paused resuming cancelling finishing "
	  "complete cancelled failed error shutdown" },
	{ VERB_CONNECT, "disconnected error", NULL },
	{ VERB_DISCONNECT, "connecting idle complete cancelled failed", NULL },
	{ VERB_RESTART, NULL, "starting idle complete cancelled failed error shutdown" },
	{ VERB_HOME, "idle complete cancelled failed", "idle busy complete cancelled failed" },
	{ VERB_DELETE,
	  "disconnected connecting idle busy preparing printing pausing paused resuming cancelling "
	  "finishing complete cancelled failed error shutdown",
	  "starting disconnected connecting idle busy preparing printing pausing paused resuming "
	  "cancelling finishing complete cancelled failed error shutdown" },
};

static bool has_word(const char *list, const char *word)
{
	char copy[512], *rest = copy, *w;

	str_copy(copy, sizeof(copy), list);
	while ((w = str_token(&rest, " "))) {
		if (str_eq(w, word))
			return true;
	}
	return false;
}

static void check_legal(struct driver_case *c, enum verb v, const char *list)
{
	for (unsigned s = 0; s < PRINTER_STATUS_N; s++) {
		const char *name = printer_status_info((enum printer_status)s)->name;

		c->p.state.status = (enum printer_status)s;
		if (verb_allowed(&c->p, v, &c->e) != (list && has_word(list, name)))
			fail_msg("%s %s in state %s", c->p.dialect, verb_name(v), name);
		if (!list)
			assert_int_equal(c->e.code, ERR_UNSUPPORTED);
	}
}

static void test_legal_actions(void **state)
{
	struct driver_case c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(legal); i++) {
		case_open(&c, "octoprint", PRINTER_UNKNOWN);
		check_legal(&c, legal[i].verb, legal[i].octoprint);
		c.p.dialect = "moonraker";
		check_legal(&c, legal[i].verb, legal[i].moonraker);
		case_close(&c);
	}
}

static void assert_refused(struct driver_case *c, enum verb v, enum err_code code, const char *text)
{
	assert_false(verb_allowed(&c->p, v, &c->e));
	assert_string_equal(err_name(c->e.code), err_name(code));
	assert_string_equal(c->e.text, text);
}

static void test_refusals_name_the_state(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_IDLE);
	assert_refused(&c, VERB_PAUSE, ERR_REFUSED, "not printing (idle): nothing to pause");
	assert_refused(&c, VERB_RESUME, ERR_REFUSED, "not paused (idle): nothing to resume");
	assert_refused(&c, VERB_RESTART, ERR_UNSUPPORTED, "OctoPrint has no restart");
	c.p.state.status = PRINTER_PAUSED;
	assert_refused(&c, VERB_START, ERR_REFUSED, "paused: cannot start a job now");
	c.p.state.status = PRINTER_UNAUTHORIZED;
	str_copy(c.p.state.reason, sizeof(c.p.state.reason), "401: key refused");
	assert_refused(&c, VERB_CANCEL, ERR_AUTH, "unauthorized: 401: key refused");
	c.p.state.status = PRINTER_OFFLINE;
	str_copy(c.p.state.reason, sizeof(c.p.state.reason), "no such host");
	assert_refused(&c, VERB_UPLOAD, ERR_UNREACHABLE, "offline: no such host");
	c.p.dialect = NULL;
	assert_refused(&c, VERB_UPLOAD, ERR_UNREACHABLE, "offline: no such host");
	case_close(&c);
}

static void test_refusals_of_the_config(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "octoprint", PRINTER_PRINTING);
	str_copy(c.p.state.access, sizeof(c.p.state.access), "read-only");
	assert_refused(&c, VERB_PAUSE, ERR_AUTH, "the key may only look");
	assert_true(verb_allowed(&c.p, VERB_FILES, &c.e));
	c.p.config.parked = mem_strdup("new hotend");
	assert_refused(&c, VERB_FILES, ERR_REFUSED, "parked: new hotend");
	c.p.config.parked[0] = '\0';
	assert_refused(&c, VERB_FILES, ERR_REFUSED, "parked");
	case_close(&c);
}

/* A server that was too slow for a poll may still hear an emergency stop. */
static void test_estop_is_tried_on_a_slow_server(void **state)
{
	struct driver_case c;

	(void)state;
	case_open(&c, "moonraker", PRINTER_OFFLINE);
	assert_false(verb_allowed(&c.p, VERB_ESTOP, &c.e));
	c.p.state.fresh.err = ERR_TIMEOUT;
	assert_true(verb_allowed(&c.p, VERB_ESTOP, &c.e));
	assert_false(verb_allowed(&c.p, VERB_PAUSE, &c.e));
	c.p.state.fresh.err = ERR_NONE;
	c.p.state.status = PRINTER_DISCONNECTED;
	c.p.state.klippy_silent = true;
	assert_true(verb_allowed(&c.p, VERB_ESTOP, &c.e));
	case_close(&c);
}

/* ---- lists and arguments ---- */

static void test_file_list(void **state)
{
	static const char *const names[] = { "b", "a/x", "a" };
	struct file_list l = { .free_bytes = NAN };
	struct remote_file *f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		f = file_list_add(&l);
		assert_true(isnan(f->modified_at) && isnan(f->estimated_s) && isnan(f->filament_mm));
		assert_true(f->size_bytes == -1 && f->prints_ok == -1 && f->prints_failed == -1);
		f->path = mem_strdup(names[i]);
	}
	file_list_sort(&l);
	assert_string_equal(l.files[0].path, "a");
	assert_string_equal(l.files[1].path, "a/x");
	assert_string_equal(l.files[2].path, "b");
	while ((f = file_list_add(&l)))
		assert_false(l.cut);
	assert_int_equal(l.n, LIMIT_LIST_ROWS);
	assert_true(l.cut);
	file_list_sort(&l);	/* rows without a path */
	file_list_done(&l);
	assert_int_equal(l.n, 0);
	file_list_done(NULL);
}

static void test_arguments(void **state)
{
	struct verb_args a = { .file = mem_strdup("f"), .start = true, .local_bytes = 7 }, b;
	struct exchange x;

	(void)state;
	verb_args_copy(&b, &a);
	verb_args_done(&a);
	assert_null(a.file);
	assert_int_equal(a.local_bytes, -1);
	assert_string_equal(b.file, "f");
	assert_null(b.folder);
	assert_true(b.start && b.local_bytes == 7);
	verb_args_done(&b);
	exchange_init(&x, VERB_FILES);
	assert_int_equal(x.remote_bytes, -1);
	assert_int_equal(x.args.local_bytes, -1);
	assert_true(isnan(x.files.free_bytes));
	exchange_done(&x);
	exchange_done(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_verbs_and_allowed_agree),
		cmocka_unit_test(test_detect),
		cmocka_unit_test(test_detect_says_what_was_seen),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_legal_actions),
		cmocka_unit_test(test_refusals_name_the_state),
		cmocka_unit_test(test_refusals_of_the_config),
		cmocka_unit_test(test_estop_is_tried_on_a_slow_server),
		cmocka_unit_test(test_file_list),
		cmocka_unit_test(test_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
