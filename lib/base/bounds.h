/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much is taken of what others can make as long as they like. Each is several times what the largest guest needs
 * that is known of, and small enough that the work that follows from it is over in milliseconds. What was cut off is
 * said in a note of the guest it was cut off of.
 */
#ifndef KT_BASE_BOUNDS_H
#define KT_BASE_BOUNDS_H

/* A command line: libvirt's with 1,000 disks has 0.9 MB and 6,000 words; the kernel allows 6 MB. */
#define CMDLINE_BYTES_MAX (1u << 20)
#define CMDLINE_WORDS_MAX 16384u
/* One option that is read: a path of 4 KiB with each comma doubled has half of it. */
#define CMDLINE_OPTION_MAX (16u << 10)
/* JSON of all options that are read: libvirt's -blockdev and -netdev with 1,000 disks have 0.4 MB. Parsing costs 20 ns a byte. */
#define CMDLINE_JSON_MAX (512u << 10)
/* libvirt has one; three are common where several programs watch a guest. Each costs a search of the chardevs. */
#define CMDLINE_MONITORS_MAX 16u
/* Serial ports, vhost-user devices, monitors: tens. */
#define CMDLINE_CHARDEVS_MAX 1024u
#define CMDLINE_DRIVES_MAX 1024u	/* as GUEST_DISKS_MAX */
#define CMDLINE_NETDEVS_MAX 256u	/* as GUEST_NICS_MAX */
#define CMDLINE_BACKENDS_MAX 256u	/* of memory: QEMU has 256 slots for DIMMs at most */
/* Files of -readconfig: one is common; Incus' has 10 KiB and 60 sections. */
#define CONFIGS_MAX 8u
#define CONFIG_BYTES_MAX (256u << 10)
#define CONFIG_SECTIONS_MAX 4096u

/* What a guest is said to have, by itself: virtio-scsi with all its targets has 256 disks, a PCI bus 32 devices. */
#define GUEST_DISKS_MAX 1024u
#define GUEST_NODES_MAX 16384u		/* block nodes and what holds them: 16 of each disk */
#define GUEST_EDGES_MAX 32768u
#define GUEST_DEVICES_MAX 4096u
#define GUEST_NICS_MAX 256u
#define GUEST_VCPUS_MAX 2048u		/* KVM's guests had 1,024 so far; a thread each */
#define GUEST_IOTHREADS_MAX 1024u

/* Threads of a process that are read one by one, two files of 3 us each for a sample: the largest guests have 1,000. */
#define PROC_THREADS_MAX 4096u
/* Descriptors of a process that are looked at, 2 us each: 1,024 disks of 4 images, 256 NICs of 16 queues have 8,000. */
#define PROC_FDS_MAX 16384u

/* Processes whose command lines are read at one time: of all users, and of one, as each may put its reader to sleep. */
#define READERS_MAX 64u
#define READERS_OF_USER_MAX 4u
/* Threads that sleep in memory they looked at, and are left there until they wake up: of all users, and of one. */
#define WALKERS_LOST_MAX 16u
#define WALKERS_LOST_OF_USER_MAX 2u

#endif
