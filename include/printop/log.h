/* The program's own log: levels, one line an entry, no secrets. Kept in a ring for the log view. */
#ifndef PRINTOP_LOG_H
#define PRINTOP_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);
bool log_level_from_name(const char *name, enum log_level *ret);
void log_to_stderr(bool on);			/* off while the screen is ours */
bool log_to_file(const char *path);		/* appended, mode 0600; false with errno */
void log_close(void);
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The latest entries, for the log view; pointers hold until the next log_write(). */
struct log_entry {
	time_t at;
	enum log_level level;
	char text[240];
};

size_t log_count(void);
const struct log_entry *log_at(size_t back);	/* 0 is the newest; NULL behind the oldest */
const char *log_level_name(enum log_level level);

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
