/*
 * Recorded exchanges of real servers against the drivers: one test per .expect file below
 * tests/fixtures, a small script of the facts about NAME.http and NAME.json, with its result as one
 * line of TAP. tests/fixtures/README.md lists the words of a script.
 */
#include <dirent.h>

#include "fixture_run.h"

#define FOLDER "tests/fixtures"

/* ---- compare lines ---- */

static void check_hear(struct run *r, char *rest)
{
	compare_yes(r, "heard", r->heard, rest);
	if (r->heard != str_eq(rest, "yes"))
		mismatch(r, "the driver says: %s", r->e.text);
}

static void check_next(struct run *r, char *rest)
{
	static const char *const names[] = {
		[EXCHANGE_SEND] = "send", [EXCHANGE_DONE] = "done",
		[EXCHANGE_RETRY] = "retry", [EXCHANGE_FAILED] = "failed",
	};

	if (!r->is_verb || !fixture_is_one_of(names[r->turn], rest))
		mismatch(r, "next: want %s, got %s (%s)", rest, names[r->turn], r->e.text);
}

static bool is_status(const char *name)
{
	enum printer_status status;

	return printer_status_from_name(name, &status);
}

static bool is_err(const char *name)
{
	for (int code = ERR_NONE; code < ERR_N; code++)
		if (str_eq(err_name((enum err_code)code), name))
			return true;
	return false;
}

/* A name of "a|b" that is misspelt would never be found out. */
static void check_names(struct run *r, const char *list, bool (*is_name)(const char *name))
{
	char *copy = mem_strdup(list), *rest = copy, *word;

	while ((word = strsep(&rest, "|")))
		if (!is_name(word))
			bad_line(r, "no such name");
	free(copy);
}

static void check_status(struct run *r, char *rest)
{
	const char *got = printer_status_info(r->next.status)->name;

	check_names(r, rest, is_status);
	if (!fixture_is_one_of(got, rest))
		mismatch(r, "status: want %s, got %s (%s)", rest, got, r->next.reason);
}

static void check_err(struct run *r, char *rest)
{
	const char *got = err_name(r->e.code);
	bool negated = *rest == '!';

	check_names(r, rest + negated, is_err);
	if (fixture_is_one_of(got, rest + negated) == negated)
		mismatch(r, "err: want %s, got %s (%s)", rest, got, r->e.text);
}

static void check_error(struct run *r, char *rest)
{
	compare_text(r, "error", r->e.text, rest);
}

/* "allowed VERB yes", "allowed VERB no [CODE]" */
static void check_allowed(struct run *r, char *rest)
{
	struct printer after = r->p;
	char *word = fixture_word(&rest), *answer = fixture_word(&rest);
	struct err why = { ERR_NONE, "" };
	enum verb verb;
	bool may;

	after.state = r->next;
	after.pending = 0;
	if (!word || !verb_from_name(word, &verb) || !answer) {
		bad_line(r, "VERB yes|no is wanted");
		return;
	}
	may = verb_allowed(&after, verb, &why);
	compare_yes(r, word, may, answer);
	if (!may && !*why.text)
		mismatch(r, "%s is refused without a reason", word);
	if (rest && !str_eq(rest, err_name(why.code)))
		mismatch(r, "%s: want code %s, got %s", word, rest, err_name(why.code));
}

static void check_needs(struct run *r, char *rest)
{
	const char *name = fixture_word(&rest);
	const struct topic *t = find_topic(r, name);
	struct printer after = r->p;

	after.state = r->next;
	if (!t || !rest)
		bad_line(r, "TOPIC yes|no is wanted");
	else
		compare_yes(r, name, !t->needs || t->needs(&after), rest);
}

/* "request METHOD PATH [JSON]": the requests in the order in which they were made. */
static void check_request(struct run *r, char *rest)
{
	const char *method = fixture_word(&rest), *path = fixture_word(&rest);
	const struct http_req *q = &r->requests[r->n_seen];
	bool bad;

	if (!method || !path) {
		bad_line(r, "METHOD PATH is wanted");
		return;
	}
	if (r->n_seen >= r->n_requests) {
		mismatch(r, "want a request %s %s, got none (%s)", method, path, r->e.text);
		return;
	}
	r->n_seen++;
	if (!str_eq(method, http_method_name(q->method)) || !str_eq(path, sbuf_str(&q->path)))
		mismatch(r, "want request %s %s, got %s %s", method, path,
			 http_method_name(q->method), sbuf_str(&q->path));
	if (!rest)
		return;
	if (!fixture_body_is(sbuf_str(&q->body), rest, &bad))
		mismatch(r, "want body %s, got %s", rest, sbuf_str(&q->body));
	if (bad)
		bad_line(r, "the body is no JSON");
}

static void check_body(struct run *r, char *rest)
{
	compare_text(r, "body", r->n_requests ? sbuf_str(&r->requests[0].body) : "", rest);
}

/* "form NAME VALUE": a field of the upload; "none" when it must not be there. */
static void check_form(struct run *r, char *rest)
{
	const char *name = fixture_word(&rest), *got = "none";
	const struct http_upload *u = r->n_requests ? r->requests[0].upload : NULL;

	if (!u || !name || !rest) {
		mismatch(r, "want form %s, got no upload", name ? name : "");
		return;
	}
	if (str_eq(name, "file"))
		got = u->name;
	else if (str_eq(name, "checksum"))
		got = u->sha256 ? "yes" : "none";
	for (size_t i = 0; i < ARRAY_LEN(u->fields) && u->fields[i][0]; i++)
		if (str_eq(u->fields[i][0], name))
			got = u->fields[i][1];
	if (!str_eq(got, rest))
		mismatch(r, "form %s: want %s, got %s", name, rest, got);
}

/* "then NAME": one more reply of the sequence. */
static void check_then(struct run *r, char *rest)
{
	if (r->turn != EXCHANGE_SEND)
		mismatch(r, "the driver waits for no further reply");
	else
		step_with(r, rest);
}

static void check_sent(struct run *r, char *rest)
{
	compare_yes(r, "sent", r->x.sent, rest);
}

static void check_started(struct run *r, char *rest)
{
	compare_yes(r, "started", r->x.started, rest);
}

static void check_start_refused(struct run *r, char *rest)
{
	compare_yes(r, "start_refused", r->x.start_refused, rest);
}

static void check_remote_path(struct run *r, char *rest)
{
	compare_text(r, "remote_path", r->x.remote_path, rest);
}

static void check_remote_bytes(struct run *r, char *rest)
{
	compare_num(r, "remote_bytes", (double)r->x.remote_bytes, rest);
}

static void check_note(struct run *r, char *rest)
{
	compare_text(r, "note", r->x.note, rest);
}

static void check_dialect(struct run *r, char *rest)
{
	const char *got = r->detected ? r->detected->name : "none";

	if (!str_eq(got, rest))
		mismatch(r, "dialect: want %s, got %s (%s)", rest, got, r->e.text);
}

/* ---- heaters and samples ---- */

static void check_heaters(struct run *r, char *rest)
{
	compare_num(r, "heaters", r->next.n_heaters, rest);
}

static void compare_temp(struct run *r, const char *what, const char *part, double got,
			 const char *want)
{
	bool bad = false;

	if (!want || !fixture_num_is(got, want, (double)NAN, &bad))
		mismatch(r, "%s %s: want %s, got %.5g", what, part, want ? want : "?", got);
	if (bad)
		bad_line(r, "ACTUAL/TARGET is wanted");
}

static void compare_temps(struct run *r, const char *what, double actual, double target, char *pair)
{
	compare_temp(r, what, "actual", actual, pair ? strsep(&pair, "/") : NULL);
	compare_temp(r, what, "target", target, pair);
}

/* "heater NAME ACTUAL/TARGET [power P]" */
static void check_heater(struct run *r, char *rest)
{
	const char *name = fixture_word(&rest), *word;
	char *pair = fixture_word(&rest);
	const struct heater *h = name ? printer_heater(&r->next, name) : NULL;

	if (!h || !pair) {
		mismatch(r, "there is no heater %s", name ? name : "");
		return;
	}
	compare_temps(r, name, h->actual_c, h->target_c, pair);
	word = fixture_word(&rest);
	if (word && (!str_eq(word, "power") || !rest))
		bad_line(r, "power P is wanted");
	else if (word)
		compare_num(r, "power", h->power, rest);
}

static const struct sample *find_sample(const struct run *r, const char *heater, int nth, int *n)
{
	const struct sample *found = NULL;

	*n = 0;
	for (int i = 0; i < r->n_samples; i++)
		if (str_eq(r->samples[i].heater, heater) && ++*n == nth)
			found = &r->samples[i];
	return found;
}

/* "samples HEATER N": samples that hold a temperature. */
static void check_samples(struct run *r, char *rest)
{
	const char *heater = fixture_word(&rest);
	int n;

	find_sample(r, heater, 0, &n);
	if (rest)
		compare_num(r, heater, n, rest);
	else
		bad_line(r, "HEATER N is wanted");
}

/* "sample HEATER NTH ACTUAL/TARGET age S", the oldest is 1. */
static void check_sample(struct run *r, char *rest)
{
	const char *heater = fixture_word(&rest), *nth = fixture_word(&rest);
	char *pair = fixture_word(&rest);
	const struct sample *s;
	int64_t index;
	int n;

	if (!pair || !rest || !str_starts(rest, "age ") || !str_to_int64(nth, &index)) {
		bad_line(r, "HEATER NTH ACTUAL/TARGET age S is wanted");
		return;
	}
	s = find_sample(r, heater, (int)index, &n);
	if (!s) {
		mismatch(r, "%s has %d samples", heater, n);
		return;
	}
	compare_temps(r, heater, s->actual_c, s->target_c, pair);
	compare_num(r, "age", s->age_s, rest + strlen("age "));
}

/* ---- file lists ---- */

static void check_files(struct run *r, char *rest)
{
	compare_num(r, "files", (double)r->x.files.n, rest);
}

static void check_folders(struct run *r, char *rest)
{
	int n = 0;

	for (size_t i = 0; i < r->x.files.n; i++)
		n += r->x.files.files[i].is_folder;
	compare_num(r, "folders", n, rest);
}

static void check_unsafe_rows(struct run *r, char *rest)
{
	int n = 0;

	for (size_t i = 0; i < r->x.files.n; i++)
		n += r->x.files.files[i].unsafe_name;
	compare_num(r, "unsafe rows", n, rest);
}

static void check_free(struct run *r, char *rest)
{
	compare_num(r, "free", r->x.files.free_bytes, rest);
}

/* One " | NAME VALUE" of a row. */
static void compare_column(struct run *r, const struct remote_file *f, char *column)
{
	const char *name = fixture_word(&column);

	if (str_eq(name, "folder") && !column)
		compare_yes(r, "folder", f->is_folder, "yes");
	else if (str_eq(name, "unsafe") && !column)
		compare_yes(r, "unsafe", f->unsafe_name, "yes");
	else if (!column)
		bad_line(r, "NAME VALUE is wanted");
	else if (str_eq(name, "size"))
		compare_num(r, f->path, (double)f->size_bytes, column);
	else if (str_eq(name, "est"))
		compare_num(r, f->path, f->estimated_s, column);
	else if (str_eq(name, "filament"))
		compare_num(r, f->path, f->filament_mm, column);
	else if (str_eq(name, "modified"))
		compare_num(r, f->path, f->modified_at, column);
	else if (str_eq(name, "ok"))
		compare_num(r, f->path, (double)f->prints_ok, column);
	else if (str_eq(name, "bad"))
		compare_num(r, f->path, (double)f->prints_failed, column);
	else
		bad_line(r, "no such column");
}

/* "row PATH | size N | est S | filament MM | modified T | folder | unsafe" */
static void check_row(struct run *r, char *rest)
{
	char *column, *path;

	path = str_trim(strsep(&rest, "|"));
	for (size_t i = 0; i < r->x.files.n; i++) {
		if (!str_eq(r->x.files.files[i].path, path))
			continue;
		if (!rest)
			bad_line(r, "no column");
		while ((column = strsep(&rest, "|")))
			compare_column(r, &r->x.files.files[i], str_trim(column));
		return;
	}
	mismatch(r, "no row %s", path);
}

/* ---- lines ---- */

enum phase { SET_UP, ACT, COMPARE };

static const struct directive {
	const char *name;
	enum phase phase;
	void (*run)(struct run *r, char *rest);
} directives[] = {
	{ "driver", SET_UP, set_driver },
	{ "before", SET_UP, set_before },
	{ "after", SET_UP, set_after },
	{ "arg", SET_UP, set_arg },
	{ "first", SET_UP, set_first },
	{ "fault", SET_UP, set_fault },
	{ "topic", ACT, act_topic },
	{ "verb", ACT, act_verb },
	{ "probe", ACT, act_probe },
	{ "hear", COMPARE, check_hear },
	{ "next", COMPARE, check_next },
	{ "then", COMPARE, check_then },
	{ "status", COMPARE, check_status },
	{ "err", COMPARE, check_err },
	{ "error", COMPARE, check_error },
	{ "allowed", COMPARE, check_allowed },
	{ "needs", COMPARE, check_needs },
	{ "request", COMPARE, check_request },
	{ "body", COMPARE, check_body },
	{ "form", COMPARE, check_form },
	{ "sent", COMPARE, check_sent },
	{ "started", COMPARE, check_started },
	{ "start_refused", COMPARE, check_start_refused },
	{ "remote_path", COMPARE, check_remote_path },
	{ "remote_bytes", COMPARE, check_remote_bytes },
	{ "note", COMPARE, check_note },
	{ "dialect", COMPARE, check_dialect },
	{ "heaters", COMPARE, check_heaters },
	{ "heater", COMPARE, check_heater },
	{ "samples", COMPARE, check_samples },
	{ "sample", COMPARE, check_sample },
	{ "files", COMPARE, check_files },
	{ "folders", COMPARE, check_folders },
	{ "unsafe_rows", COMPARE, check_unsafe_rows },
	{ "free", COMPARE, check_free },
	{ "row", COMPARE, check_row },
};

static const struct directive *find_directive(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(directives); i++)
		if (str_eq(directives[i].name, name))
			return &directives[i];
	return NULL;
}

static void run_line(struct run *r, char *text)
{
	char *rest = text, *word;
	const struct state_field *f;
	const struct directive *d;

	word = fixture_word(&rest);
	d = find_directive(word);
	f = d ? NULL : find_field(word);
	if (!d && !f) {
		bad_line(r, "unknown word");
		return;
	}
	if (r->acted != (f || d->phase == COMPARE)) {
		bad_line(r, r->acted ? "set-up after the reply" : "nothing was done yet");
		return;
	}
	if (!rest && d && d->run != act_probe) {
		bad_line(r, "something is missing");
		return;
	}
	if (!rest)
		rest = text + strlen(text);
	r->checks += f || d->phase == COMPARE;
	if (f)
		compare_field(r, f, rest);
	else
		d->run(r, rest);
}

static void run_lines(struct run *r, char *text)
{
	char *line;

	if (*text != '#') {
		r->line = 1;
		bad_line(r, "a comment must say what this is about");
		r->line = 0;
	}
	while ((line = strsep(&text, "\n"))) {
		r->line++;
		line = str_trim(line);
		if (*line && *line != '#')
			run_line(r, line);
	}
	if (!r->acted || !r->checks)
		bad_line(r, "nothing was compared");
	if (r->is_verb && r->n_seen != r->n_requests)
		mismatch(r, "%d requests were made, %d are expected", r->n_requests, r->n_seen);
}

static void run_done(struct run *r)
{
	for (int i = 0; i < r->n_requests; i++)
		http_req_done(&r->requests[i]);
	if (r->is_verb)
		exchange_done(&r->x);
	verb_args_done(&r->args);
	while (r->n_first > 0)
		free(r->first[--r->n_first]);
	printer_config_done(&r->p.config);
	free(r->path);
	sbuf_done(&r->report);
	free(r);
}

/* Runs one .expect file and prints its line of TAP. */
static bool run_file(const char *path, int number)
{
	struct run *r = MEM_NEW(struct run);
	size_t len;
	char *text = fixture_slurp(path, &len);
	bool ok;

	if (!text)
		fatal("%s: cannot be read", path);
	r->path = mem_strdup(path);
	sbuf_init(&r->report, 16384);
	printer_config_init(&r->p.config);
	printer_state_init(&r->p.state);
	r->p.id = 1;
	r->args.local_bytes = -1;
	run_lines(r, text);
	free(text);
	ok = r->report.len == 0 && !r->report.overflow;
	printf("%sok %d - %s\n%s", ok ? "" : "not ", number,
	       path + (str_starts(path, FOLDER "/") ? strlen(FOLDER "/") : 0), sbuf_str(&r->report));
	run_done(r);
	return ok;
}

/* ---- the list of files ---- */

struct paths {
	char **all;
	size_t n, cap;
};

static void add_folder(struct paths *p, const char *folder)
{
	struct dirent **list;
	int n = scandir(folder, &list, NULL, alphasort);
	char *path;

	for (int i = 0; i < n; i++) {
		path = mem_printf("%s/%s", folder, list[i]->d_name);
		if (str_ends(path, ".expect")) {
			p->all = mem_grow(p->all, p->n, &p->cap, sizeof(*p->all));
			p->all[p->n++] = mem_strdup(path);
		} else if (list[i]->d_type == DT_DIR && list[i]->d_name[0] != '.') {
			add_folder(p, path);
		}
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
}

/* Arguments: the .expect files to run; none: all of them. */
int main(int argc, char **argv)
{
	struct paths p = { NULL, 0, 0 };
	int failed = 0;

	add_folder(&p, FOLDER);
	if (p.n == 0)
		fatal(FOLDER ": no .expect file; run this from the top folder");
	for (int i = 1; i < argc; i++)
		failed += !run_file(argv[i], i);
	for (size_t i = 0; i < p.n; i++) {
		if (argc < 2)
			failed += !run_file(p.all[i], (int)i + 1);
		free(p.all[i]);
	}
	free(p.all);
	return failed > 0;
}
