// SPDX-License-Identifier: GPL-3.0-or-later
/* MAC and IP addresses in their usual spellings. */
#include "base.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Groups of digits a spelling has, how many bytes each holds, and what stands between them. */
static const struct spelling {
	size_t groups, bytes;
	const char *separators;
	bool short_ones;		/* leading zeros may be left out */
} spellings[] = {
	{ 6, 1, ":-", true }, { 3, 2, ".:-", false }, { 2, 3, ":-", false }, { 1, 6, "", false },
};

static bool spelled(const char *text, const struct spelling *s, unsigned char byte[6])
{
	char separator = 0;
	size_t i, k, len;

	for (i = 0; i < s->groups; i++, text += len) {
		char digits[13] = "000000000000";

		if (i) {
			if (!*text || !strchr(s->separators, *text) || (separator && *text != separator))
				return false;
			separator = *text++;
		}
		for (len = 0; isxdigit((unsigned char)text[len]); len++)
			;
		if (!len || len > 2 * s->bytes || (len < 2 * s->bytes && !s->short_ones))
			return false;
		memcpy(digits + 2 * s->bytes - len, text, len);
		for (k = 0; k < s->bytes; k++) {
			const char two[] = { digits[2 * k], digits[2 * k + 1], '\0' };

			byte[i * s->bytes + k] = (unsigned char)strtoul(two, NULL, 16);
		}
	}
	return !*text;
}

static void mac_write(const unsigned char b[6], char mac[ADDRESS_MAC_SIZE])
{
	snprintf(mac, ADDRESS_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
}

bool address_mac_parse(const char *text, char mac[ADDRESS_MAC_SIZE])
{
	unsigned char byte[6];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(spellings); i++) {
		if (spelled(text, &spellings[i], byte)) {
			mac_write(byte, mac);
			return true;
		}
	}
	return false;
}

bool address_mac_is_bare(const char *text)
{
	unsigned char byte[6];

	return spelled(text, &spellings[ARRAY_SIZE(spellings) - 1], byte);
}

bool address_mac_is(const char *text, const char *mac)
{
	char one[ADDRESS_MAC_SIZE], other[ADDRESS_MAC_SIZE];

	return text && mac && address_mac_parse(text, one) && address_mac_parse(mac, other) && !strcmp(one, other);
}

bool address_mac_is_in(const char *text, const char *mac)
{
	while (*text) {
		size_t len = strspn(text, "0123456789abcdefABCDEF:-");
		char word[ADDRESS_MAC_SIZE] = "";

		if (len && len < sizeof(word)) {
			memcpy(word, text, len);
			if (!address_mac_is_bare(word) && address_mac_is(word, mac))
				return true;
		}
		text += len ? len : 1;
	}
	return false;
}

/* The number behind an address is one: "/24", ":8080" */
static bool is_number(const char *text, uint64_t most)
{
	uint64_t n;

	return !units_uint_parse(text, &n) && n <= most;
}

/* Cuts off what begins with a mark and is legal there. False: something else stands there. */
static bool cut_number(char *text, char mark, uint64_t most)
{
	char *at = strrchr(text, mark);

	if (!at)
		return true;
	*at = '\0';
	return is_number(at + 1, most);
}

/* "[ADDRESS]", "[ADDRESS]:PORT" or "[ADDRESS]/64" to ADDRESS, in place; a bare one stays. */
static bool unwrap(char *text)
{
	char *end = *text == '[' ? strchr(text, ']') : NULL;

	if (*text != '[')
		return true;
	if (!end || (end[1] && !(end[1] == ':' && is_number(end + 2, 65535)) && !(end[1] == '/' && is_number(end + 2, 128))))
		return false;
	*end = '\0';
	memmove(text, text + 1, (size_t)(end - text));
	return true;
}

/* RFC 4291, appendix A: ff:fe in the middle, and the bit "universal" turned over */
static void read_eui64(const unsigned char in6[16], struct address_ip *out)
{
	const unsigned char *id = in6 + 8;
	const unsigned char mac[6] = { id[0] ^ 2, id[1], id[2], id[5], id[6], id[7] };

	if (id[3] != 0xff || id[4] != 0xfe)
		return;
	out->has_mac = true;
	mac_write(mac, out->mac);
}

static bool read_v6(char *text, struct address_ip *out)
{
	char *zone = strchr(text, '%');
	struct in6_addr in6;

	if (zone) {
		*zone++ = '\0';
		if (!*zone || strlen(zone) >= sizeof(out->zone))
			return false;
	}
	if (inet_pton(AF_INET6, text, &in6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&in6))
		inet_ntop(AF_INET, in6.s6_addr + 12, out->text, sizeof(out->text));
	else
		inet_ntop(AF_INET6, &in6, out->text, sizeof(out->text));
	read_eui64(in6.s6_addr, out);
	if (zone)
		strcpy(out->zone, zone);
	return true;
}

bool address_ip_parse(const char *text, struct address_ip *out)
{
	char room[ADDRESS_IP_SIZE + ADDRESS_ZONE_SIZE + 16];
	struct address_ip ip = {0};
	struct in_addr in;
	bool ok;

	if (strlen(text) >= sizeof(room))
		return false;
	strcpy(room, text);
	if (!unwrap(room) || !cut_number(room, '/', strchr(room, ':') ? 128 : 32))
		return false;
	if (strchr(room, ':') && strchr(room, ':') != strrchr(room, ':')) {
		ok = read_v6(room, &ip);
	} else {
		ok = cut_number(room, ':', 65535) && inet_pton(AF_INET, room, &in) == 1;
		if (ok)
			inet_ntop(AF_INET, &in, ip.text, sizeof(ip.text));
	}
	if (ok)
		*out = ip;
	return ok;
}
