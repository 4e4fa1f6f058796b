/* The journal of commands: JSON lines, one for each change, synced; ids in a hash table. */
#include "connector/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <printop/json.h>
#include <printop/log.h>
#include <printop/loop.h>
#include <printop/mem.h>
#include <printop/path.h>
#include <printop/sbuf.h>
#include <printop/sha256.h>
#include <printop/str.h>

#define BUCKETS 4096
#define KEPT_IDS 100000			/* of commands that are over */
#define KEPT_COMPLETIONS 1000		/* of them, the newest, to be sent again */
#define KEPT_COMPLETION_BYTES (64u << 10)
#define NOT_KEPT "told before; not kept in full"
#define SHORT_GOOD "{\"status\":\"succeeded\",\"result\":{\"note\":\"" NOT_KEPT "\"}}"
#define SHORT_BAD "{\"status\":\"failed\",\"error_message\":\"" NOT_KEPT "\"}"
#define FILE_MAX (256u << 20)
#define GROWN (4u << 20)		/* written since the last rewrite */

struct ledger {
	char *dir, *path, *owner;
	int lock_fd, fd;		/* fd -1: not loaded */
	size_t written;
	struct ledger_entry *buckets[BUCKETS];
	struct ledger_entry **list;
	size_t n, cap;
};

static const char *const phases[] = {
	[LEDGER_TAKEN] = "taken",
	[LEDGER_BEGUN] = "begun",
	[LEDGER_DONE] = "done",
	[LEDGER_SENT] = "sent",
};

/* ---- the table ---- */

static unsigned bucket(const char *id)
{
	unsigned h = 2166136261u;

	for (; *id; id++)
		h = (h ^ (unsigned char)*id) * 16777619u;
	return h % BUCKETS;
}

static struct ledger_entry *find(const struct ledger *s, const char *id)
{
	struct ledger_entry *x = s->buckets[bucket(id)];

	while (x && !str_eq(x->id, id))
		x = x->chain;
	return x;
}

static struct ledger_entry *get(struct ledger *s, const char *id)
{
	struct ledger_entry *x = find(s, id), **b;

	if (x)
		return x;
	x = MEM_NEW(struct ledger_entry);
	x->id = mem_strdup(id);
	b = &s->buckets[bucket(id)];
	x->chain = *b;
	*b = x;
	s->list = mem_grow(s->list, s->n, &s->cap, sizeof(struct ledger_entry *));
	s->list[s->n++] = x;
	return x;
}

static void set_text(char **to, const char *text)
{
	char *copy = mem_strdup(text);

	free(*to);
	*to = copy;
}

static void entry_free(struct ledger_entry *x)
{
	free(x->id);
	free(x->command);
	free(x->completion);
	free(x);
}

static void forget_all(struct ledger *s)
{
	for (size_t i = 0; i < s->n; i++)
		entry_free(s->list[i]);
	s->n = 0;
	memset(s->buckets, 0, sizeof(s->buckets));
}

static void unlink_entry(struct ledger *s, const struct ledger_entry *x)
{
	struct ledger_entry **p = &s->buckets[bucket(x->id)];

	while (*p != x)
		p = &(*p)->chain;
	*p = x->chain;
}

/* How it ended is kept, what came out of it is not. */
static void shorten(struct ledger_entry *x)
{
	bool good = str_starts(x->completion, "{\"status\":\"succeeded\"");

	set_text(&x->completion, good ? SHORT_GOOD : SHORT_BAD);
}

/* Of what is over, the oldest ids go, and all but the newest completions are shortened. */
static void trim(struct ledger *s)
{
	size_t over = 0, kept = 0, drop = 0;

	for (size_t i = s->n; i-- > 0;) {
		struct ledger_entry *x = s->list[i];

		if (x->phase != LEDGER_SENT)
			continue;
		if (x->completion &&
		    (++kept > KEPT_COMPLETIONS || strlen(x->completion) > KEPT_COMPLETION_BYTES))
			shorten(x);
		over++;
	}
	for (size_t i = 0, at = 0, n = s->n; i < n; i++) {
		struct ledger_entry *x = s->list[i];

		if (over > KEPT_IDS && x->phase == LEDGER_SENT) {
			unlink_entry(s, x);
			entry_free(x);
			over--;
			drop++;
		} else {
			s->list[at++] = x;
		}
	}
	s->n -= drop;
}

/* ---- lines ---- */

/* whole: all that is known of it, not only what has changed. */
static void add_line(struct sbuf *b, const struct ledger_entry *x, bool whole)
{
	struct json *list = json_new_array();
	char *id;

	json_push_str(list, x->id);
	id = json_print(list, false);		/* ["..."] */
	json_free(list);
	sbuf_addf(b, "{\"id\":%.*s,\"phase\":\"%s\",\"at\":%.3f", (int)strlen(id) - 2, id + 1,
		  phases[x->phase], x->at);
	free(id);
	if (x->command && (x->phase == LEDGER_TAKEN || (whole && x->phase == LEDGER_BEGUN)))
		sbuf_addf(b, ",\"command\":%s", x->command);
	if (x->completion && (x->phase == LEDGER_DONE || whole))
		sbuf_addf(b, ",\"completion\":%s", x->completion);
	sbuf_adds(b, "}\n");
}

static void take_member(const struct json *o, const char *name, char **to)
{
	const struct json *v = json_get(o, name);

	if (!json_is_object(v))
		return;
	free(*to);
	*to = json_print(v, false);
}

/* A line that is cut (the power went) or strange tells nothing. */
static void read_line(struct ledger *s, const char *line, size_t len)
{
	struct json *o = json_parse(line, len, NULL);
	const char *phase = json_raw(o, "phase"), *id = json_raw(o, "id");

	for (unsigned i = 0; id && *id && i < ARRAY_LEN(phases); i++) {
		struct ledger_entry *x;

		if (!str_eq(phases[i], phase))
			continue;
		x = get(s, id);
		x->phase = (enum ledger_phase)i;
		x->at = json_num(o, "at", 0);
		take_member(o, "command", &x->command);
		take_member(o, "completion", &x->completion);
		if (x->phase > LEDGER_BEGUN)
			set_text(&x->command, NULL);
	}
	json_free(o);
}

static bool is_owner(const struct ledger *s, const char *line, size_t len)
{
	struct json *o = json_parse(line, len, NULL);
	bool same = str_eq(json_raw(o, "owner"), s->owner);

	json_free(o);
	return same;
}

static bool read_file(struct ledger *s, struct err *e)
{
	char *text, *at;
	size_t len;

	if (access(s->path, F_OK) && errno == ENOENT)
		return true;
	if (!path_read(s->path, FILE_MAX, &text, &len, e))
		return false;
	at = text;
	if (is_owner(s, at, strcspn(at, "\n"))) {
		for (size_t n; *at; at += n + (at[n] != 0)) {
			n = strcspn(at, "\n");
			read_line(s, at, n);
		}
	} else {
		log_warn("connector: the journal of commands is another connector's: begun anew");
	}
	explicit_bzero(text, len);
	free(text);
	return true;
}

/* ---- the file ---- */

static bool open_file(struct ledger *s, struct err *e)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = open(s->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	return s->fd >= 0 || err_set(e, ERR_IO, "%s: %s", s->path, strerror(errno));
}

static bool rewrite(struct ledger *s, struct err *e)
{
	struct sbuf b = SBUF_INIT(FILE_MAX);
	struct json *head = json_new_object();
	char *line;
	bool ok;

	trim(s);
	json_set_str(head, "owner", s->owner);
	line = json_print(head, false);
	json_free(head);
	sbuf_addf(&b, "%s\n", line);
	free(line);
	for (size_t i = 0; i < s->n; i++)
		add_line(&b, s->list[i], true);
	ok = b.overflow ? err_set(e, ERR_TOO_BIG, "%s: too big", s->path)
			: path_write(s->path, sbuf_str(&b), b.len, 0600, e);
	sbuf_done(&b);
	s->written = 0;
	return ok && open_file(s, e);
}

static bool append(struct ledger *s, const char *data, size_t len, struct err *e)
{
	ssize_t n;

	do {
		n = write(s->fd, data, len);
	} while (n < 0 && errno == EINTR);
	s->written += len;
	if (n == (ssize_t)len)
		return true;
	/* A full disk cut it: the next line shall at least begin as one. */
	if (n > 0 && write(s->fd, "\n", 1) < 0)
		n = -1;
	return err_set(e, ERR_IO, "%s: %s", s->path, n < 0 ? strerror(errno) : "the disk is full");
}

/* Puts the entry's change on disk. */
static bool note(struct ledger *s, struct ledger_entry *x, enum ledger_phase phase, struct err *e)
{
	struct sbuf b = SBUF_INIT(FILE_MAX);
	bool ok;

	x->phase = phase;
	x->at = loop_wall_s();
	if (s->fd < 0 || s->written > GROWN)
		return rewrite(s, e);
	add_line(&b, x, false);
	ok = append(s, sbuf_str(&b), b.len, e);
	/* That the cloud has it may be forgotten: it is only told again. */
	if (ok && phase != LEDGER_SENT && fdatasync(s->fd))
		ok = err_set(e, ERR_IO, "%s: %s", s->path, strerror(errno));
	sbuf_done(&b);
	return ok;
}

/* ---- opening ---- */

static bool lock(struct ledger *s, struct err *e)
{
	char *path = path_join(s->dir, "lock");

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB))
		err_set(e, ERR_REFUSED, "another copy of printop runs the connector of %s", s->dir);
	free(path);
	return e->code == ERR_NONE;
}

struct ledger *ledger_new(const char *dir, struct err *e)
{
	struct ledger *s = MEM_NEW(struct ledger);
	char *spool;

	err_clear(e);
	s->dir = mem_strdup(dir);
	s->path = path_join(dir, "commands.jsonl");
	s->lock_fd = s->fd = -1;
	spool = path_join(dir, "spool");
	if (path_make_dirs(spool, e) && lock(s, e)) {
		free(spool);
		return s;
	}
	free(spool);
	ledger_free(s);
	return NULL;
}

bool ledger_load(struct ledger *s, const char *owner, struct err *e)
{
	forget_all(s);
	set_text(&s->owner, owner);
	return read_file(s, e) && rewrite(s, e);
}

void ledger_free(struct ledger *s)
{
	if (!s)
		return;
	forget_all(s);
	if (s->fd >= 0)
		close(s->fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->list);
	free(s->owner);
	free(s->path);
	free(s->dir);
	free(s);
}

const char *ledger_dir(const struct ledger *s)
{
	return s->dir;
}

/* ---- spooled files ---- */

static void spool_name(const char *id, char hex[65])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_add(&h, id, strlen(id));
	sha256_hex(&h, hex);
}

char *ledger_spool(const struct ledger *s, const char *id)
{
	char hex[65];

	spool_name(id, hex);
	return mem_printf("%s/spool/%s", s->dir, hex);
}

static bool is_wanted(const struct ledger *s, const char *file)
{
	char hex[65];

	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i]->phase > LEDGER_BEGUN)
			continue;
		spool_name(s->list[i]->id, hex);
		if (str_eq(hex, file))
			return true;
	}
	return false;
}

void ledger_sweep(struct ledger *s)
{
	char *folder = path_join(s->dir, "spool");
	DIR *d = opendir(folder);
	const struct dirent *f;

	while (d && (f = readdir(d))) {
		char *path = path_join(folder, f->d_name);

		if (f->d_name[0] != '.' && !is_wanted(s, f->d_name))
			unlink(path);
		free(path);
	}
	if (d)
		closedir(d);
	free(folder);
}

/* ---- for the connector ---- */

const struct ledger_entry *ledger_find(const struct ledger *s, const char *id)
{
	return find(s, id);
}

size_t ledger_count(const struct ledger *s)
{
	return s->n;
}

const struct ledger_entry *ledger_at(const struct ledger *s, size_t i)
{
	return i < s->n ? s->list[i] : NULL;
}

bool ledger_take(struct ledger *s, const char *id, const char *command, struct err *e)
{
	struct ledger_entry *x = get(s, id);

	set_text(&x->command, command);
	return note(s, x, LEDGER_TAKEN, e);
}

bool ledger_begin(struct ledger *s, const char *id, struct err *e)
{
	return note(s, get(s, id), LEDGER_BEGUN, e);
}

bool ledger_done(struct ledger *s, const char *id, const char *completion, struct err *e)
{
	struct ledger_entry *x = get(s, id);

	set_text(&x->completion, completion);
	set_text(&x->command, NULL);
	return note(s, x, LEDGER_DONE, e);
}

bool ledger_sent(struct ledger *s, const char *id, struct err *e)
{
	struct ledger_entry *x = get(s, id);

	if (x->phase == LEDGER_SENT)
		return true;
	return note(s, x, LEDGER_SENT, e);
}

bool ledger_again(struct ledger *s, const char *id)
{
	struct ledger_entry *x = find(s, id);

	if (!x || x->phase != LEDGER_SENT || !x->completion)
		return false;
	x->phase = LEDGER_DONE;
	return true;
}
