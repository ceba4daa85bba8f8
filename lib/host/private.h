/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared inside lib/host only: directories, and the few formats of /proc. All text may come from a
 * stranger.
 */
#ifndef KT_HOST_PRIVATE_H
#define KT_HOST_PRIVATE_H

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>

#include "cgroup.h"
#include "kvm.h"
#include "qdisc.h"
#include "root.h"
#include "scan.h"
#include "system.h"

/*
 * Open relative to a directory's descriptor, with the flags that fit files somebody else may have
 * put there.
 */
int host_open_in(int dir, const char *path);
/* A path below the root from its pieces: -ENAMETOOLONG, -EINVAL if it would leave the root. */
int host_vpath(char path[PATH_MAX], const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
int host_dir(const struct host *h);		/* descriptor of the root directory, borrowed */
int host_vopenat(const struct host *h, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
/* Below the root, for reading and writing; never made. */
int host_open_rw(const struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Until the end or until buf is full, NUL-terminated: length or negative errno. */
ssize_t host_fd_read(int fd, char *buf, size_t size);

/* A directory below the root, closed with closedir; NULL: there is none. */
DIR *host_dir_open(const struct host *h, const char *path);
/* The last part of a link's target; "" where there is no such link, or it does not fit. */
void host_link_name(const struct host *h, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * A descriptor of a process is a device node that it has opened: the one whose number a file of sysfs has ("..../dev").
 * What a path is called says nothing: a process can have a /dev of its own. Waits for no file system.
 */
bool host_fd_is_node(const struct host *h, pid_t pid, int fd, const char *dev);
/*
 * A copy of a descriptor of a process; link: what it is, as /proc/PID/fd has it. -ESTALE: it has become something else
 * meanwhile, and the copy is closed in a thread of its own, as closing can wait for who serves the file (lates NULL: here and now).
 */
int host_fd_copy(struct lates *lates, int pidfd, int theirs, const char *link);

/* A file of any length, up to 8 MiB of it: out ends in a NUL. 0 or negative errno. */
int host_read_all(const struct host *h, const char *path, struct buf *out);

/*
 * The names in a directory that are numbers, sorted; from its start each time. {0} is an empty
 * list.
 */
struct host_ids {
	pid_t *id;
	size_t n;
	bool cut;			/* there are more */
};
int host_ids_read(int dir, struct host_ids *out);
/* The first ones only: reading, too, ends there. */
int host_ids_read_some(int dir, size_t max, struct host_ids *out);
void host_ids_done(struct host_ids *ids);
#define auto_ids __attribute__((cleanup(host_ids_done)))

/* The number a file begins with; HOST_UNKNOWN: there is no such file, or it holds none. */
uint64_t host_number_read(const struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The number behind a key that begins a line ("MemFree:", "thp_fault_alloc "), HOST_UNKNOWN: there is none. */
uint64_t host_key_number(const char *text, const char *key);
/* The same times 1024, of what is in kB. */
uint64_t host_key_kb(const char *text, const char *key);
/* n times unit; HOST_UNKNOWN where it is that already or does not fit. */
uint64_t host_times(uint64_t n, uint64_t unit);
/* The word in brackets of "always [madvise] never", or the whole line; "" where the file cannot be read. */
void host_choice_read(const struct host *h, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* One line of text, cut at size, without what a terminal would act on. "" where there is none. */
void host_line_read(const struct host *h, char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The next line of a text, which is cut into them; NULL at its end. */
char *host_line_next(char **text);
/* Up to count words of a line, apart by blanks, in place: how many. */
size_t host_words(char *line, char **word, size_t count);
/* A number after blanks; *text moves behind it. False when there is none or it does not fit. */
bool host_u64_next(const char **text, uint64_t *out);
/* The next range of a list like "0-3,8\n": 1, 0 at the end, -EINVAL. */
int host_range_next(const char **text, unsigned *first, unsigned *last);
/* A name that can be one component of a path. */
bool host_name_is_plain(const char *name);
/* vhost-<digits>: *owner gets the number. */
bool host_comm_is_vhost(const char *comm, pid_t *owner);
/* By the base name, also when the file was replaced since ("... (deleted)"). */
enum host_name {
	HOST_NAME_OTHER,
	HOST_NAME_LIKE,			/* a vendor's or a wrapper's name, or of another program for QEMU or KVM */
	HOST_NAME_QEMU,			/* as QEMU and its distributions call it */
};
enum host_name host_exe_name(const char *path);

struct host_stat {
	char comm[16];
	char state;
	bool kthread;
	unsigned threads;
	uint64_t start;
	int cpu;
	/* ticks; HOST_UNKNOWN: not in the line. guest is in user too */
	uint64_t user, system, guest;
};
#define HOST_STAT_SIZE 2048
/* One line of /proc/PID/stat: 0 or -EBADMSG. */
int host_stat_parse(const char *line, struct host_stat *out);

#define HOST_KVM_DIR "sys/kernel/debug/kvm"
/* How often a refresh saw that it had come, had gone or was another. */
unsigned host_kvm_changes(const struct host *h);
/* The VM's directory in it: PID-FD. */
int host_kvm_dir_find(const struct host *h, pid_t pid, char *name, size_t size);

/* KVM's statistics as a descriptor gives them (linux/kvm.h, KVM_GET_STATS_FD): numbers only, no histograms. */
struct host_kvm_binary {
	struct host_kvm_stat *stats;
	uint32_t *offsets;		/* in data */
	size_t n, data_size;
	uint32_t data_at;
	char *data;
};
int host_kvm_binary_open(int fd, struct host_kvm_binary *out);
int host_kvm_binary_read(int fd, struct host_kvm_binary *b);
void host_kvm_binary_done(struct host_kvm_binary *b);

/* What dumps of qdiscs and classes tell. One datagram: 1 at the end, 0 for more, negative. */
struct host_dump {
	struct host_qdisc *list;	/* without names */
	size_t n;
	double ceil_bits;		/* the largest of htb's root classes; NAN: none */
};
int host_dump_take(struct host_dump *d, const char *buf, size_t size);

/* write.c: between fork and exec; the end of a child as 0 or negative errno, of which it has made its exit status */
void host_close_from(int first);
int host_child_end(pid_t pid);

const struct host *host_cgroups_host(const struct host_cgroups *c);

/* The start time and the user of a process, without its command line. -ESRCH. */
int host_found_read(const struct host *h, pid_t pid, struct host_found *out);

/* host_scan_run with the time given, for tests. */
int host_scan_run_at(struct host_scan *s, uint64_t now,
		     const struct host_found **procs, size_t *n_procs,
		     const struct host_vhost **vhosts, size_t *n_vhosts, struct err *err);

#endif
