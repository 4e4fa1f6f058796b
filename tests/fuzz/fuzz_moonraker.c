/* Fuzz target: the Moonraker driver, every topic and verb, over a run of replies. */
#include "fuzz_driver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_driver(&driver_moonraker, data, size);
	return 0;
}
