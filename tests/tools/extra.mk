# Targets for developers: fuzzing, benchmarks, pictures.

.PHONY: fuzz fuzz-flags fuzz-libs bench pictures
FUZZ_SECONDS ?= 60
fuzz:				## each fuzz target for FUZZ_SECONDS (clang)
	$(Q)B=$(B) SECONDS_EACH=$(FUZZ_SECONDS) tests/fuzz/run
fuzz-flags:
	@echo -std=c11 -g $(WARN) $(SANFLAGS) -D_GNU_SOURCE -Iinclude -Isrc
fuzz-libs:
	@echo $(LIBS)
bench: all			## measured figures, as counts and ratios
	$(Q)B=$(B) $(PYTHON) tests/bench/bench.py

$(O)/tests/bench/%: tests/bench/%.c $(LIB)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIB) $(LIBS)

# Runs in a folder of its own: what is on the pictures must not be about this machine.
$(O)/tests/pictures: tests/tools/pictures.c $(LIB)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIB) $(LIBS)
pictures: $(O)/tests/pictures	## the README's pictures, man/img/*.svg
	$(Q)mkdir -p man/img $(O)/pictures && truncate -s 12M $(O)/pictures/lid_x4.gcode
	$(Q)cd $(O)/pictures && PRINTOP_THEMES=$(CURDIR)/themes XDG_STATE_HOME=$(abspath $(O))/pictures \
		$(abspath $(O))/tests/pictures $(CURDIR)/man/img
