/* The pages that Cura opens in a browser: "Manage in browser" and the queue. */
#ifndef GATEWAY_CURA_PAGES_H
#define GATEWAY_CURA_PAGES_H

#include "gateway/cura.h"

char *cura_page(const struct cura *c, const struct cura_words *w);	/* HTML; the caller frees */

#endif
