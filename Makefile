# kvmtop: one program, one static library that the tests link, no recursion.
#
#   make [V=1] [SAN=1|TSAN=1] [LIBVIRT=0] [BUILD=dir]     build/kvmtop; with ASan and UBSan, or with TSan
#   make install PREFIX= DESTDIR=      program, man pages, completions, timer for Prometheus
#   make dist                          build/kvmtop-VERSION.tar.xz, the same bytes from the same commit
#   make package-check                 deb and RPM, built, looked at, installed and removed
#   make check                         everything that is tested
#   make bench, make soak              speed; long runs and fuzzers

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
COMPDIR ?= $(DATADIR)/bash-completion/completions
ZSHDIR ?= $(DATADIR)/zsh/site-functions
FISHDIR ?= $(DATADIR)/fish/vendor_completions.d
UNITDIR ?= $(PREFIX)/lib/systemd/system
BUILD ?= build
CC ?= cc
PKG_CONFIG ?= pkg-config
INSTALL ?= install

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || cat VERSION)
DIRS := lib/base lib/model lib/host lib/hostctl qmp lib/virt lib/sample lib/plan hotplug tuning lib/cmd tui
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

# The picture in README.md, of real guests; as root.
screenshot: $(BUILD)/kvmtop $(BUILD)/tools/screen_svg
	./tests/screenshot docs/screen.svg

# What is installed, a line each: file, mode, where. A file whose name ends in .in or is a unit has paths to fill in.
INSTALLED := $(BUILD)/kvmtop:755:$(BINDIR)/kvmtop \
	$(foreach f,$(wildcard man/*.1),$(f):644:$(MANDIR)/man1/$(notdir $(f))) \
	$(foreach f,$(wildcard man/*.7),$(f):644:$(MANDIR)/man7/$(notdir $(f))) \
	$(patsubst %,%:644:$(COMPDIR)/kvmtop,$(wildcard completions/kvmtop.bash)) \
	$(patsubst %,%:644:$(ZSHDIR)/_kvmtop,$(wildcard completions/_kvmtop)) \
	$(patsubst %,%:644:$(FISHDIR)/kvmtop.fish,$(wildcard completions/kvmtop.fish)) \
	packaging/kvmtop.metainfo.xml:644:$(DATADIR)/metainfo/invalid.kvmtop.kvmtop.metainfo.xml \
	$(BUILD)/packaging/textfile:755:$(LIBEXECDIR)/kvmtop/textfile \
	$(foreach f,service timer,$(BUILD)/packaging/kvmtop-prometheus.$(f):644:$(UNITDIR)/kvmtop-prometheus.$(f))
part = $(word $(2),$(subst :, ,$(1)))
PATHS := s,@BINDIR@,$(BINDIR),g; s,@LIBEXECDIR@,$(LIBEXECDIR),g

# The man pages are committed, and not made here.
install: $(BUILD)/kvmtop $(patsubst packaging/%,$(BUILD)/packaging/%,$(wildcard packaging/textfile packaging/*.service packaging/*.timer))
	$(foreach i,$(INSTALLED),$(INSTALL) -D -m $(call part,$(i),2) $(call part,$(i),1) $(DESTDIR)$(call part,$(i),3) &&) true

uninstall:
	rm -f $(foreach i,$(INSTALLED),$(DESTDIR)$(call part,$(i),3))
	-rmdir $(DESTDIR)$(LIBEXECDIR)/kvmtop

$(BUILD)/packaging/%: packaging/% FORCE
	$(Q)mkdir -p $(@D)
	$(call say,GEN,$@)sed '$(PATHS)' $< > $@

dist:
	$(Q)mkdir -p $(BUILD)
	$(call say,DIST,$(BUILD)/kvmtop-$(shell cat VERSION).tar.xz)packaging/dist $(BUILD)/kvmtop-$(shell cat VERSION).tar.xz

package-check:
	./tests/run lint/package

clean:
	rm -rf $(BUILD)

FORCE:
.PHONY: all tests tools check bench soak fuzzers install uninstall dist package-check screenshot clean FORCE
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
