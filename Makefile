# kvmtop: one program, one static library that the tests link, no recursion.
#
#   make [V=1] [SAN=1|TSAN=1] [LIBVIRT=0] [BUILD=dir]     build/kvmtop; with ASan and UBSan, or with TSan
#   make install PREFIX= DESTDIR=      program, man page, completion
#   make check                         everything that is tested
#   make bench, make soak              speed; long runs and fuzzers

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
BUILD ?= build
CC ?= cc
PKG_CONFIG ?= pkg-config
INSTALL ?= install

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || cat VERSION)
DIRS := lib/base lib/model lib/host qmp lib/virt lib/sample lib/plan hotplug tuning lib/cmd tui
PKGS := blkid json-c libmnl libpcre2-8 ncursesw readline
LIBVIRT ?= 1
ifeq ($(LIBVIRT),0)
LEFT_OUT := $(filter-out lib/virt/none.c,$(wildcard lib/virt/*.c)) $(wildcard tests/unit/test_virt_*.c) tests/tools/virt_call.c \
	tests/fuzz/fuzz_xml.c tests/fuzz/fuzz_events.c
else
PKGS += libvirt libvirt-qemu libxml-2.0
LEFT_OUT := lib/virt/none.c
endif

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wformat=2 -Wvla -Wundef -Wpointer-arith -Wno-missing-field-initializers
KT_CPPFLAGS := -I. -D_GNU_SOURCE $(shell $(PKG_CONFIG) --cflags $(PKGS)) $(CPPFLAGS)
# hidden: readline has an xmalloc and an xrealloc of its own, which ours would take the place of
KT_CFLAGS := -std=c11 -pthread -fvisibility=hidden $(WARN) $(CFLAGS)
KT_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS)) -pthread -lm $(LIBS)
ifeq ($(SAN),1)
KT_CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
KT_LDFLAGS := -fsanitize=address,undefined
endif
ifeq ($(TSAN),1)
KT_CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=thread
KT_LDFLAGS := -fsanitize=thread
endif
ifeq ($(WERROR),1)
STRICT := -Werror
endif
ifneq ($(V),1)
Q = @
say = @echo "  $(1)	$(2)";
endif

SRC := $(filter-out $(LEFT_OUT),$(wildcard $(addsuffix /*.c,$(DIRS))))
OBJ := $(SRC:%.c=$(BUILD)/obj/%.o)
LIB := $(BUILD)/libkvmtop.a
TEST_SRC := $(filter-out $(LEFT_OUT),$(wildcard tests/unit/test_*.c))
TEST_LIB := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
TESTS := $(TEST_SRC:tests/unit/%.c=$(BUILD)/tests/%)
TOOLS := $(patsubst tests/tools/%.c,$(BUILD)/tools/%,$(filter-out $(LEFT_OUT),$(wildcard tests/tools/*.c)))

MAN := $(patsubst %.in,%,$(wildcard man/*.in))

all: $(BUILD)/kvmtop $(MAN)

$(BUILD)/kvmtop: $(BUILD)/obj/main.o $(LIB)
	$(call say,LINK,$@)$(CC) $(KT_CFLAGS) $(LDFLAGS) $(KT_LDFLAGS) -o $@ $^ $(KT_LIBS)

$(LIB): $(OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(KT_CPPFLAGS) $(KT_CFLAGS) $(STRICT) -MMD -MP -c -o $@ $<

# Rebuild all when the flags change, one file when the version does.
$(BUILD)/flags: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(CC) $(KT_CPPFLAGS) $(KT_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(KT_CPPFLAGS) $(KT_CFLAGS)' > $@
$(BUILD)/version.h: FORCE
	$(Q)mkdir -p $(@D)
	$(Q)echo '#define KT_VERSION "$(VERSION)"' | cmp -s - $@ || echo '#define KT_VERSION "$(VERSION)"' > $@
$(BUILD)/obj/lib/cmd/version.o: $(BUILD)/version.h
$(BUILD)/obj/lib/cmd/version.o: KT_CPPFLAGS += -include $(BUILD)/version.h

# The manual pages are committed, so that a package needs no run of the program; `make check` fails when one is stale.
$(MAN): %: %.in $(BUILD)/kvmtop $(wildcard man/cookbook/*.sh)
	$(call say,GEN,$@)$(BUILD)/kvmtop --batch gen-man < $< > $@.tmp && { cmp -s $@.tmp $@ && rm $@.tmp && touch $@ || mv $@.tmp $@; }

tests: $(TESTS) tools
tools: $(TOOLS)
$(BUILD)/tools/%: $(BUILD)/obj/tests/tools/%.o $(LIB)
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(KT_CFLAGS) $(LDFLAGS) $(KT_LDFLAGS) -o $@ $^ $(KT_LIBS)
$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(TEST_LIB:%.c=$(BUILD)/obj/%.o) $(LIB)
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(KT_CFLAGS) $(LDFLAGS) $(KT_LDFLAGS) -o $@ $^ $(KT_LIBS) -lcmocka

# By clang, with its -fsanitize= in CFLAGS: tests/fuzz/run
FUZZ_LIB := $(filter-out tests/fuzz/fuzz_%,$(wildcard tests/fuzz/*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzzers/%,$(filter-out $(LEFT_OUT),$(wildcard tests/fuzz/fuzz_*.c)))
fuzzers: $(FUZZERS)
$(BUILD)/fuzzers/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_LIB:%.c=$(BUILD)/obj/%.o) $(LIB)
	$(Q)mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(KT_CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(KT_LIBS)

check:
	./tests/run

bench: all
	./tests/bench/run

soak: all
	./tests/soak/run

install: all
	$(INSTALL) -D -m 755 $(BUILD)/kvmtop $(DESTDIR)$(BINDIR)/kvmtop
	$(INSTALL) -D -m 644 man/kvmtop.1 $(DESTDIR)$(MANDIR)/man1/kvmtop.1
	for page in man/*.7; do $(INSTALL) -D -m 644 $$page $(DESTDIR)$(MANDIR)/man7/$${page#man/} || exit 1; done
	$(INSTALL) -D -m 644 completions/kvmtop.bash $(DESTDIR)$(COMPDIR)/kvmtop

uninstall:
	rm -f $(DESTDIR)$(BINDIR)/kvmtop $(DESTDIR)$(MANDIR)/man1/kvmtop.1 $(patsubst man/%,$(DESTDIR)$(MANDIR)/man7/%,$(wildcard man/*.7)) $(DESTDIR)$(COMPDIR)/kvmtop

clean:
	rm -rf $(BUILD)

FORCE:
.PHONY: all tests tools check bench soak fuzzers install uninstall clean FORCE
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
