/* Every cap of the program in one place, so that a hostile or broken server can cost only so much. */
#ifndef PRINTOP_LIMITS_H
#define PRINTOP_LIMITS_H

#define LIMIT_REPLY_BYTES	(4u << 20)	/* a JSON reply */
#define LIMIT_LIST_BYTES	(32u << 20)	/* a file list: 20,000 rows of OctoPrint's 1.3 KB */
#define LIMIT_HEADER_BYTES	(64u << 10)	/* all headers of one reply */
#define LIMIT_LIST_ROWS		20000		/* files, history rows */
#define LIMIT_STRING_BYTES	4096		/* one string from a server */
#define LIMIT_JSON_DEPTH	64
#define LIMIT_HEATERS		16		/* heaters and sensors kept per printer */
#define LIMIT_TAGS		16
#define LIMIT_PRESETS		16
#define LIMIT_PRINTERS		4096
#define LIMIT_CONFIG_BYTES	(4u << 20)
#define LIMIT_KEY_BYTES		1024		/* an API key */
#define LIMIT_HOOK_OUTPUT	(64u << 10)
#define LIMIT_MARKDOWN_BYTES	(1u << 20)
#define LIMIT_MARKDOWN_LINES	20000		/* on the screen */

#define LIMIT_IN_FLIGHT		64		/* requests on the wire at once */
#define LIMIT_IN_FLIGHT_PRINTER	2
#define LIMIT_UPLOADS		8		/* uploads on the wire at once, one per host */

#define TIMEOUT_CONNECT_MS	2000
#define TIMEOUT_REPLY_MS	5000
#define TIMEOUT_COMMAND_MS	600000		/* pause, cancel, G-code: they answer when done */
#define TIMEOUT_ESTOP_MS	5000
#define TIMEOUT_STALL_MS	30000		/* an upload that moves no byte for so long */
#define TIMEOUT_LIST_MS		60000

#endif
