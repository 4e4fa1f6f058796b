/* Fuzz target: the OctoPrint driver, every topic and verb, over a run of replies. */
#include "fuzz_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_driver(&driver_octoprint, data, size);
	return 0;
}
