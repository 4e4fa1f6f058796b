# printop: build, test, install. `make help` lists the targets.

VERSION   := 0.1.0
B         ?= build
PREFIX    ?= /usr/local
DESTDIR   ?=
CC        ?= cc
PKGCONF   ?= pkg-config
PYTHON    ?= python3
WERROR    ?= $(if $(CI),1)
SAN       ?=
V         ?=
JOBS      := -j$(shell nproc 2>/dev/null || echo 1)

# ---- what it needs -------------------------------------------------------------------------------
# Library, pkg-config name and Debian package; keep the list short.
PKGS      := ncursesw libcurl libcjson libconfig libcmark libuv libmicrohttpd zlib
DEB_BUILD := gcc libc6-dev make pkg-config libncurses-dev libcurl4-openssl-dev libcjson-dev \
	libconfig-dev libcmark-dev libuv1-dev libmicrohttpd-dev zlib1g-dev
DEB_TEST  := libcmocka-dev tmux python3 python3-venv python3-dev libsodium23 valgrind curl binutils \
	clang libclang-rt-14-dev ncurses-term strace mosquitto mosquitto-clients avahi-daemon avahi-utils dbus

# Optional libraries are whole files with a twin that does without, never #ifdef: PKG:FILE-WITH:FILE-WITHOUT.
OPTIONAL  := libmosquitto:src/serve/mqtt_mosquitto.c:src/serve/mqtt_none.c \
	avahi-client:src/net/mdns_avahi.c:src/net/mdns_none.c \
	libzip:src/gateway/ufp_libzip.c:src/gateway/ufp_none.c
DEB_OPTIONAL := libmosquitto-dev libavahi-client-dev libzip-dev
have       = $(shell $(PKGCONF) --exists $(1) 2>/dev/null && echo y)
part       = $(word $(2),$(subst :, ,$(1)))

# ---- flags ---------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wimplicit-fallthrough \
	-Wnull-dereference -Wno-format-nonliteral $(if $(WERROR),-Werror)
HARDEN := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
OPT ?= -O2
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
PKGS += $(foreach o,$(OPTIONAL),$(if $(call have,$(call part,$(o),1)),$(call part,$(o),1)))
CPPFLAGS_ALL := -D_GNU_SOURCE -DPRINTOP_VERSION='"$(VERSION)"' -DPRINTOP_PREFIX='"$(PREFIX)"' \
	-Iinclude -Isrc $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(OPT) -g $(WARN) $(HARDEN) $(SANFLAGS) $(shell $(PKGCONF) --cflags $(PKGS) 2>/dev/null) $(CFLAGS)
LDFLAGS_ALL := -pie -Wl,-z,relro,-z,now $(SANFLAGS) $(LDFLAGS)
LIBS = $(shell $(PKGCONF) --libs $(PKGS) 2>/dev/null) -lm
# The flags are asked for once, not for each file.
CFLAGS_ALL := $(CFLAGS_ALL)
LIBS := $(LIBS)

# Sanitized objects live in a folder of their own, so that a plain build stays fast.
comma := ,
ifneq ($(SAN),)
O := $(B)/san-$(subst $(comma),-,$(SAN))
else
O := $(B)
endif

LAYERS := base model driver text net sim app tui batch gateway connector serve
TWINS  := $(foreach o,$(OPTIONAL),$(if $(call have,$(call part,$(o),1)),$(call part,$(o),3),$(call part,$(o),2)))
SRC    := $(filter-out $(TWINS),$(foreach d,$(LAYERS),$(sort $(wildcard src/$(d)/*.c))))
OBJ    := $(SRC:%.c=$(O)/%.o)
LIB    := $(O)/libprintop.a
BIN    := $(O)/printop
TESTS  := $(sort $(patsubst tests/unit/%.c,$(O)/tests/%,$(wildcard tests/unit/test_*.c)))
THEMES := $(sort $(wildcard themes/*.theme))
Q      := $(if $(V),,@)
say     = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

.PHONY: all
all: $(BIN)

$(O)/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(OBJ)

$(BIN): $(O)/src/main.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(O)/src/main.o $(LIB) $(LIBS)

$(O)/tests/%: tests/unit/%.c $(LIB) $(wildcard tests/unit/*.h)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests/unit $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIB) $(LIBS) -lcmocka

-include $(OBJ:.o=.d) $(O)/src/main.d

# ---- run -----------------------------------------------------------------------------------------
.PHONY: demo
demo: deps			## build what is missing and open the demo farm
	$(Q)$(MAKE) --no-print-directory $(JOBS) all
	$(Q)if [ -t 0 ] && [ -t 1 ]; then exec $(BIN) --demo; else exec $(BIN) --demo --no-tui; fi

# ---- tests: each suite prints TAP, tests/run counts ----------------------------------------------
.PHONY: unit check test
unit: $(if $(T),$(O)/tests/$(T),$(TESTS))	## unit tests only; T=test_str for one
	$(Q)B=$(O) tests/run $(if $(T),$(O)/tests/$(T),$(TESTS))

check: all $(TESTS)		## unit, golden, lint and fuzz replay: < 60 s, no network
	$(Q)B=$(O) PYTHON=$(PYTHON) tests/run $(TESTS) $(sort $(wildcard tests/check/*.sh))

test: deps-test			## everything, with real OctoPrint and Moonraker
	$(Q)$(MAKE) --no-print-directory $(JOBS) WERROR=1 all unit-build
	$(Q)B=$(O) PYTHON=$(PYTHON) MAKE=$(MAKE) tests/run $(TESTS) $(sort $(wildcard tests/check/*.sh)) \
		$(sort $(wildcard tests/full/*.sh))

.PHONY: unit-build
unit-build: $(TESTS)

# ---- install -------------------------------------------------------------------------------------
.PHONY: install uninstall
DOCS := man/printop.1 man/printers.conf.5
COMPLETIONS := share/bash-completion/completions/printop share/zsh/site-functions/_printop \
	share/fish/vendor_completions.d/printop.fish

install: all			## into DESTDIR and PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/printop/themes \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/doc/printop
	install -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/printop
	install -m 644 $(THEMES) $(DESTDIR)$(PREFIX)/share/printop/themes
	install -m 644 man/printop.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/printers.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 README.md LICENSE printers.conf.example $(DESTDIR)$(PREFIX)/share/doc/printop
	install -D -m 644 man/completions/printop.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/printop
	install -D -m 644 man/completions/_printop $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_printop
	install -D -m 644 man/completions/printop.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/printop.fish

uninstall:			## removes what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/printop $(DESTDIR)$(PREFIX)/share/man/man1/printop.1 \
		$(DESTDIR)$(PREFIX)/share/man/man5/printers.conf.5 $(COMPLETIONS:%=$(DESTDIR)$(PREFIX)/%)
	rm -rf $(DESTDIR)$(PREFIX)/share/printop $(DESTDIR)$(PREFIX)/share/doc/printop
	-cd $(DESTDIR)$(PREFIX) 2>/dev/null && rmdir -p --ignore-fail-on-non-empty bin share/man/man1 share/man/man5 \
		share/doc $(dir $(COMPLETIONS)) 2>/dev/null || true

# ---- documents made from the tables --------------------------------------------------------------
.PHONY: docs
docs: all			## manual pages, example and completions from the tables
	$(Q)mkdir -p man/completions
	$(Q)$(BIN) docs example >printers.conf.example
	$(Q)$(BIN) docs printop.1 >man/printop.1
	$(Q)$(BIN) docs printers.conf.5 >man/printers.conf.5
	$(Q)$(BIN) docs bash >man/completions/printop.bash
	$(Q)$(BIN) docs zsh >man/completions/_printop
	$(Q)$(BIN) docs fish >man/completions/printop.fish
	$(Q)B=$(O) tests/tools/readme.sh >$(O)/README.md && cp $(O)/README.md README.md

# ---- packages ------------------------------------------------------------------------------------
# A no-op when all is there; apt-get where it exists, a list of what is missing elsewhere.
define need
	@if $(PKGCONF) --exists $(PKGS) 2>/dev/null && command -v $(CC) >/dev/null && [ -z "$(2)" ]; then exit 0; fi; \
	missing=; \
	if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then \
		for p in $(1); do \
			dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; \
		done; \
		[ -n "$$missing" ] || exit 0; \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		echo "installing:$$missing"; \
		$$sudo apt-get update -qq && \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
		echo "printop needs a C11 compiler, GNU make, pkg-config and these libraries with their headers:"; \
		echo "  $(PKGS)"; \
		$(if $(2),echo "and for the tests: cmocka tmux python3 (with venv) valgrind curl clang strace";) \
		echo "Install them with your system's package manager, then run make again."; \
		$(PKGCONF) --exists $(PKGS) 2>/dev/null; \
	fi
endef

.PHONY: deps deps-test
deps:				## install what the build needs
	$(call need,$(DEB_BUILD),)
deps-test:			## install what the tests need
	$(call need,$(DEB_BUILD) $(DEB_OPTIONAL) $(DEB_TEST),tests)

.PHONY: clean help
clean:				## remove build/
	rm -rf $(B)
help:				## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile tests/tools/extra.mk

include tests/tools/extra.mk
