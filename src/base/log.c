/* The program's own log: a ring in memory, and stderr or a file where that is wanted. */
#include <printop/log.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <printop/mem.h>
#include <printop/str.h>

#define RING 256

static const char *const names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static struct log_entry ring[RING];
static size_t written;		/* entries ever */
static enum log_level threshold = LOG_LEVEL_INFO;
static bool on_stderr = true;
static int file = -1;

void log_set_level(enum log_level level)
{
	threshold = level;
}

bool log_level_from_name(const char *name, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq_nocase(name, names[i])) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return names[level];
}

void log_to_stderr(bool on)
{
	on_stderr = on;
}

bool log_to_file(const char *path)
{
	const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_CLOEXEC, 0600);

	if (fd < 0)
		return false;
	log_close();
	file = fd;
	return true;
}

void log_close(void)
{
	if (file >= 0)
		close(file);
	file = -1;
}

size_t log_count(void)
{
	return written < RING ? written : RING;
}

const struct log_entry *log_at(size_t back)
{
	return back < log_count() ? &ring[(written - 1 - back) % RING] : NULL;
}

static void write_file(const struct log_entry *entry)
{
	char line[sizeof(entry->text) + 64], stamp[STR_SMALL];
	struct tm tm;
	ssize_t ignored;

	if (!localtime_r(&entry->at, &tm) ||
	    !strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S%z", &tm))
		stamp[0] = '\0';
	str_printf(line, sizeof(line), "%s %-5s %s\n", stamp, names[entry->level], entry->text);
	ignored = write(file, line, strlen(line)); /* nowhere left to report a failure */
	(void)ignored;
}

void log_write(enum log_level level, const char *fmt, ...)
{
	struct log_entry *entry = &ring[written % RING];
	va_list args;

	if (level > threshold)
		return;
	written++;
	entry->at = time(NULL);
	entry->level = level;
	va_start(args, fmt);
	str_vprintf(entry->text, sizeof(entry->text), fmt, args);
	va_end(args);
	str_clean(entry->text);
	if (on_stderr)
		fprintf(stderr, "printop: %s: %s\n", names[level], entry->text);
	if (file >= 0)
		write_file(entry);
}
