/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MAC and IP addresses as people, logs and other tools write them, in one spelling. */
#ifndef KT_BASE_ADDRESS_H
#define KT_BASE_ADDRESS_H

#include <stdbool.h>

#define ADDRESS_MAC_SIZE 18		/* "52:54:00:12:34:56" */
#define ADDRESS_IP_SIZE 46		/* INET6_ADDRSTRLEN */
#define ADDRESS_ZONE_SIZE 16		/* IFNAMSIZ */

/*
 * Six bytes apart by ':' or '-', leading zeros left out or not (52:54:0:12:34:56); three groups by '.' (5254.0012.3456),
 * two by '-' or ':' (525400-123456); or twelve digits. As "52:54:00:12:34:56" in lower case. False: not a MAC.
 */
bool address_mac_parse(const char *text, char mac[ADDRESS_MAC_SIZE]);
/* Whether it is told from a name only by its length: "525400123456" */
bool address_mac_is_bare(const char *text);

struct address_ip {
	char text[ADDRESS_IP_SIZE];	/* as inet_ntop writes it; IPv4 in IPv6 (::ffff:192.0.2.7) as IPv4 */
	char zone[ADDRESS_ZONE_SIZE];	/* the interface behind %; "" = none */
	bool has_mac;			/* the interface identifier is made of a MAC (modified EUI-64) .. */
	char mac[ADDRESS_MAC_SIZE];	/* .. which is this */
};
/* IPv4 or IPv6, alone, as "[2001:db8::1]", with a port, a prefix length (/64), a zone (%br0). False: not an address. */
bool address_ip_parse(const char *text, struct address_ip *out);

/* Both spell the same MAC; NULL spells none. */
bool address_mac_is(const char *text, const char *mac);
/* A text such as "virtio-net-pci,mac=52-54-0-12-34-56" has it, spelled with ':' or '-'. */
bool address_mac_is_in(const char *text, const char *mac);

#endif
