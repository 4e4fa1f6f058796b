/* Errors: the table of codes, and texts that gather context on the way up. */
#include <printop/err.h>

#include <stdio.h>
#include <string.h>
#include <printop/mem.h>
#include <printop/str.h>

static const struct {
	const char *name, *sentence;
	int exit_status;
} codes[] = {
	[ERR_NONE] = { "none", "no error", 0 },
	[ERR_USAGE] = { "usage", "the command line is wrong", 2 },
	[ERR_CONFIG] = { "config", "the configuration is wrong", 2 },
	[ERR_UNREACHABLE] = { "unreachable", "the server cannot be reached", 3 },
	[ERR_TIMEOUT] = { "timeout", "it took too long", 6 },
	[ERR_AUTH] = { "auth", "the key was refused", 5 },
	[ERR_REFUSED] = { "refused", "the printer's state forbids it", 4 },
	[ERR_UNSUPPORTED] = { "unsupported", "the printer's server cannot do it", 1 },
	[ERR_BAD_REPLY] = { "bad-reply", "the server's answer makes no sense", 1 },
	[ERR_NOT_FOUND] = { "not-found", "there is no such thing", 1 },
	[ERR_TOO_BIG] = { "too-big", "it is larger than printop accepts", 1 },
	[ERR_IO] = { "io", "a file could not be read or written", 1 },
	[ERR_CANCELLED] = { "cancelled", "it was interrupted", 130 },
	[ERR_INTERNAL] = { "internal", "printop made a mistake", 1 },
};

_Static_assert(ARRAY_LEN(codes) == ERR_N, "a row for each code");

static size_t row(enum err_code code)
{
	return (size_t)code < ERR_N ? (size_t)code : ERR_INTERNAL;
}

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	char text[sizeof(e->text)];	/* the arguments may hold e->text itself */
	va_list args;

	if (!e)
		return false;
	va_start(args, fmt);
	str_vprintf(text, sizeof(text), fmt, args);
	va_end(args);
	str_clean(text);	/* it may quote a file's name or an argument */
	e->code = code;
	memcpy(e->text, text, sizeof(text));
	return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
	char context[sizeof(e->text)], text[sizeof(e->text)];
	va_list args;

	if (!e)
		return false;
	va_start(args, fmt);
	str_vprintf(context, sizeof(context), fmt, args);
	va_end(args);
	str_printf(text, sizeof(text), "%s: %s", str_clean(context), e->text);
	memcpy(e->text, text, sizeof(text));
	return false;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = ERR_NONE;
	e->text[0] = '\0';
}

const char *err_name(enum err_code code)
{
	return codes[row(code)].name;
}

const char *err_sentence(enum err_code code)
{
	return codes[row(code)].sentence;
}

int err_exit_status(enum err_code code)
{
	return codes[row(code)].exit_status;
}
