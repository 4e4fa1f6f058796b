/* Fuzz target: a theme's file. */
#include <printop/theme.h>
#include "fuzz.h"

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so\n";
}

static void check_style(const struct style *s)
{
	MUST(s->fg >= -1 && s->fg <= 255 && s->bg >= -1 && s->bg <= 255);
	MUST(s->fg16 >= -1 && s->fg16 <= 15 && s->bg16 >= -1 && s->bg16 <= 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_strndup((const char *)data, size);
	struct theme t;
	struct err e = {0};

	if (theme_parse(text, "fuzz.theme", &t, &e)) {
		must_be_clean(t.name, sizeof(t.name));
		must_be_clean(t.title, sizeof(t.title));
		for (int i = 0; i < ROLE_N; i++)
			check_style(&t.styles[i]);
	} else {
		MUST(e.code != ERR_NONE);
		must_be_clean(e.text, sizeof(e.text));
	}
	free(text);
	return 0;
}
