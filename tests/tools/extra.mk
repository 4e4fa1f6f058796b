# Targets for developers: fuzzing and benchmarks.

.PHONY: fuzz bench
FUZZ_SECONDS ?= 60
fuzz:				## each fuzz target for FUZZ_SECONDS (clang)
	$(Q)B=$(B) SECONDS_EACH=$(FUZZ_SECONDS) tests/fuzz/run
bench: all			## measured figures, as counts and ratios
	$(Q)B=$(B) $(PYTHON) tests/bench/bench.py
