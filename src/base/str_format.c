/* Numbers as people read them: sizes, durations, ages and clock times. */
#include <printop/str.h>

#include <math.h>

static char *unknown(char *buf, size_t size)
{
	str_copy(buf, size, "-");
	return buf;
}

char *str_bytes(char *buf, size_t size, double bytes)
{
	static const char *const units[] = { "kB", "MB", "GB", "TB", "PB" };
	size_t unit = 0;

	if (!(bytes >= 0 && bytes < 1e18))
		return unknown(buf, size);
	if (bytes < 999.5) {
		str_printf(buf, size, "%.0f B", bytes);
		return buf;
	}
	/* 999.95 would be rounded to "1000.0". */
	for (bytes /= 1000; bytes >= 999.95 && unit < 4; unit++)
		bytes /= 1000;
	str_printf(buf, size, "%.1f %s", bytes, units[unit]);
	return buf;
}

char *str_duration(char *buf, size_t size, double seconds)
{
	long minutes;

	if (!(seconds >= 0 && seconds < 1e10))
		return unknown(buf, size);
	minutes = (long)(seconds / 60);
	str_printf(buf, size, "%ld:%02ld", minutes / 60, minutes % 60);
	return buf;
}

char *str_age(char *buf, size_t size, double seconds)
{
	static const struct {
		double from, unit;
		const char *name;
	} steps[] = {
		{ 86400, 86400, "d" }, { 3600, 3600, "h" }, { 60, 60, "min" }, { 0, 1, "s" },
	};

	if (!(seconds >= 0 && seconds < 1e10))
		return unknown(buf, size);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (seconds < steps[i].from)
			continue;
		str_printf(buf, size, "%.0f %s", floor(seconds / steps[i].unit), steps[i].name);
		break;
	}
	return buf;
}

char *str_clock(char *buf, size_t size, time_t at, time_t now)
{
	enum { WEEK_S = 6 * 86400 };	/* a weekday's name is clear within so long */
	struct tm then, today;
	const char *fmt = "%e %b";
	char text[STR_SMALL];

	if (at < 0 || !localtime_r(&at, &then) || !localtime_r(&now, &today))
		return unknown(buf, size);
	if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
		fmt = "%H:%M";
	else if (at > now - WEEK_S && at < now + WEEK_S)
		fmt = "%a %H:%M";
	if (!strftime(text, sizeof(text), fmt, &then))
		return unknown(buf, size);
	str_copy(buf, size, text + (text[0] == ' '));
	return buf;
}
