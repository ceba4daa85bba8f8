// SPDX-License-Identifier: GPL-3.0-or-later
/* lib/host: interfaces out of rtnetlink's messages, switches out of OVSDB, addresses out of tables and lease files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host_tree.h"
#include "lib/host/host.h"
#include "netlink_lies.h"

/* A message under construction; lengths of the open attributes are mended when they are closed. */
struct msg {
	_Alignas(struct nlmsghdr) char data[4096];
	size_t len;
};

static size_t begin(struct msg *m, unsigned type, unsigned char family, int index, unsigned flags)
{
	size_t at = m->len;
	struct nlmsghdr head = { .nlmsg_type = (uint16_t)type };
	struct ifinfomsg info = { .ifi_family = family, .ifi_index = index, .ifi_flags = flags };

	memcpy(m->data + at, &head, sizeof(head));
	memcpy(m->data + at + sizeof(head), &info, sizeof(info));
	m->len += sizeof(head) + sizeof(info);
	return at;
}

static void end(struct msg *m, size_t at)
{
	uint32_t len = (uint32_t)(m->len - at);

	memcpy(m->data + at, &len, sizeof(len));
}

static size_t put(struct msg *m, unsigned type, const void *value, size_t len)
{
	size_t at = m->len;
	struct rtattr a = { .rta_len = (uint16_t)RTA_LENGTH(len), .rta_type = (uint16_t)type };

	memcpy(m->data + at, &a, sizeof(a));
	if (len)
		memcpy(m->data + at + sizeof(a), value, len);
	m->len += RTA_SPACE(len);
	return at;
}

static void put_u32(struct msg *m, unsigned type, uint32_t n)
{
	put(m, type, &n, sizeof(n));
}

static void put_text(struct msg *m, unsigned type, const char *text)
{
	put(m, type, text, strlen(text) + 1);
}

static void close_nest(struct msg *m, size_t at)
{
	uint16_t len = (uint16_t)(m->len - at);

	memcpy(m->data + at, &len, sizeof(len));
}

static void put_vlan(struct msg *m, unsigned flags, unsigned vid)
{
	struct bridge_vlan_info v = { .flags = (uint16_t)flags, .vid = (uint16_t)vid };

	put(m, IFLA_BRIDGE_VLAN_INFO, &v, sizeof(v));
}

static void put_bridge(struct msg *m)
{
	size_t at = begin(m, RTM_NEWLINK, AF_UNSPEC, 2, IFF_UP), info, data;
	uint8_t on = 1;

	put_text(m, IFLA_IFNAME, "br0");
	info = put(m, IFLA_LINKINFO, NULL, 0);
	put_text(m, IFLA_INFO_KIND, "bridge");
	data = put(m, IFLA_INFO_DATA, NULL, 0);
	put(m, IFLA_BR_VLAN_FILTERING, &on, 1);
	close_nest(m, data);
	close_nest(m, info);
	end(m, at);
}

static void put_macvtap(struct msg *m)
{
	size_t at = begin(m, RTM_NEWLINK, AF_UNSPEC, 4, IFF_UP), info, data;
	uint8_t none = 0;

	put_text(m, IFLA_IFNAME, "macvtap0");
	put(m, IFLA_CARRIER, &none, 1);
	put_u32(m, IFLA_LINK, 2);
	put_u32(m, IFLA_MTU, 9000);
	info = put(m, IFLA_LINKINFO, NULL, 0);
	put_text(m, IFLA_INFO_KIND, "macvtap");
	data = put(m, IFLA_INFO_DATA, NULL, 0);
	put_u32(m, IFLA_MACVLAN_MODE, MACVLAN_MODE_VEPA);
	close_nest(m, data);
	close_nest(m, info);
	end(m, at);
}

static void test_links(void **state)
{
	struct msg m = {0}, ports = {0};
	struct host_link *list = NULL;
	size_t n = 0, at, spec;
	int rc = 0;

	(void)state;
	put_bridge(&m);
	at = begin(&m, RTM_NEWLINK, AF_UNSPEC, 3, 0);
	put_text(&m, IFLA_IFNAME, "tap0");
	put_u32(&m, IFLA_MASTER, 2);
	put_u32(&m, IFLA_MTU, 1500);
	put_vlan(&m, BRIDGE_VLAN_INFO_PVID, 99);	/* number 2 is another attribute here */
	end(&m, at);
	put_macvtap(&m);
	assert_false(host_links_take(m.data, m.len, &list, &n, &rc));
	at = begin(&ports, RTM_NEWLINK, AF_BRIDGE, 3, 0);
	spec = put(&ports, IFLA_AF_SPEC, NULL, 0);
	put_vlan(&ports, 0, 10);
	put_vlan(&ports, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED, 20);
	put_vlan(&ports, 0, 30);
	close_nest(&ports, spec);
	end(&ports, at);
	at = begin(&ports, RTM_NEWLINK, AF_BRIDGE, 77, 0);	/* one that came between the dumps */
	end(&ports, at);
	at = begin(&ports, NLMSG_DONE, 0, 0, 0);
	end(&ports, at);
	assert_true(host_links_take(ports.data, ports.len, &list, &n, &rc));
	assert_int_equal(rc, 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].name, "br0");
	assert_string_equal(list[0].kind, "bridge");
	assert_true(list[0].filters_vlans);
	assert_string_equal(list[1].name, "tap0");
	assert_string_equal(list[1].state, "down");
	assert_int_equal(list[1].master, 2);
	assert_int_equal(list[1].mtu, 1500);
	assert_int_equal(list[1].pvid, 20);
	assert_string_equal(list[2].mode, "vepa");
	assert_string_equal(list[2].state, "no-carrier");
	assert_int_equal(list[2].lower, 2);
	assert_int_equal(list[2].mtu, 9000);
	assert_ptr_equal(host_links_index(list, n, 2), &list[0]);
	assert_null(host_links_index(list, n, 0));
	free(list);
}

static void test_bad_messages(void **state)
{
	struct msg m = {0}, error = {0};
	struct host_link *list = NULL;
	struct nlmsgerr e = { .error = -EPERM };
	struct nlmsghdr head = { .nlmsg_type = NLMSG_ERROR, .nlmsg_len = NLMSG_LENGTH(sizeof(e)) };
	size_t n = 0, at, len;
	int rc = 0;

	(void)state;
	at = begin(&m, RTM_NEWLINK, AF_UNSPEC, 5, 0);
	put_text(&m, IFLA_IFNAME, "a_name_of_more_than_15");
	end(&m, at);
	at = begin(&m, RTM_NEWLINK, AF_UNSPEC, 6, 0);
	put_text(&m, IFLA_IFNAME, "../x");
	end(&m, at);
	at = begin(&m, RTM_NEWLINK, AF_UNSPEC, 7, 0);
	put(&m, IFLA_MTU, "x", 1);		/* too short for a number */
	put_text(&m, IFLA_IFNAME, "short");
	put(&m, IFLA_CARRIER, NULL, 0);
	put(&m, IFLA_LINKINFO, "xy", 2);
	end(&m, at);
	assert_false(host_links_take(m.data, m.len, &list, &n, &rc));
	assert_int_equal(n, 1);
	assert_string_equal(list[0].name, "short");
	assert_int_equal(list[0].mtu, 0);
	memcpy(error.data, &head, sizeof(head));
	memcpy(error.data + NLMSG_HDRLEN, &e, sizeof(e));
	assert_true(host_links_take(error.data, head.nlmsg_len, &list, &n, &rc));
	assert_int_equal(rc, -EPERM);
	/* cut anywhere: nothing beyond the end is read */
	memset(&m, 0, sizeof(m));
	put_bridge(&m);
	put_macvtap(&m);
	for (len = 0; len < m.len; len++) {
		char *copy = malloc(len ? len : 1);

		memcpy(copy, m.data, len);
		host_links_take(copy, len, &list, &n, &rc);
		free(copy);
	}
	free(list);
}

static void read_links(const void *data, size_t len)
{
	struct host_link *list = NULL;
	size_t n = 0;
	int rc = 0;

	host_links_take(data, len, &list, &n, &rc);
	assert_true(n <= 2);
	free(list);
}

static void test_lying_links(void **state)
{
	struct msg m = {0};
	size_t port;

	(void)state;
	put_bridge(&m);
	port = m.len;
	put_macvtap(&m);
	netlink_lies(m.data + port, m.len - port, NLMSG_SPACE(sizeof(struct ifinfomsg)), 0, read_links);
	netlink_lies(m.data, port, NLMSG_SPACE(sizeof(struct ifinfomsg)), 0, read_links);
}

static void link_to(const char *root, const char *name, const char *target)
{
	auto_free char *path = xasprintf("%s/%s", root, name), *dir = xstrdup(path);

	*strrchr(dir, '/') = '\0';
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static void test_recorded(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	const struct host_link *tap;
	struct host_link *list = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(host_links_read(h, 1000, &list, &n), -ENOENT);
	tree_puts(root, "7\n", "sys/class/net/tap0/ifindex");
	tree_puts(root, "7\n", "sys/class/net/tap0/iflink");
	tree_puts(root, "0x1003\n", "sys/class/net/tap0/flags");
	tree_puts(root, "0\n", "sys/class/net/tap0/carrier");
	tree_puts(root, "1400\n", "sys/class/net/tap0/mtu");
	tree_puts(root, "3\n", "sys/class/net/br0/ifindex");
	tree_puts(root, "1\n", "sys/class/net/br0/bridge/vlan_filtering");
	link_to(root, "sys/class/net/tap0/master", "../../virtual/net/br0");
	assert_int_equal(host_links_read(h, 1000, &list, &n), 0);
	assert_int_equal(n, 2);
	tap = host_links_find(list, n, "tap0");
	assert_non_null(tap);
	assert_int_equal(tap->mtu, 1400);
	assert_int_equal(tap->lower, 0);
	assert_string_equal(tap->state, "no-carrier");
	assert_string_equal(host_links_index(list, n, tap->master)->name, "br0");
	assert_string_equal(host_links_find(list, n, "br0")->state, "down");
	assert_null(host_links_find(list, n, "tap"));
	free(list);
	host_free(h);
	tree_remove(root);
}

static void test_live(void **state)
{
	struct host *h = tree_host("/");
	const struct host_link *lo;
	struct host_link *list;
	size_t n;

	(void)state;
	assert_int_equal(host_links_read(h, 10000, &list, &n), 0);
	lo = host_links_find(list, n, "lo");
	assert_non_null(lo);
	assert_int_equal(lo->index, 1);
	assert_int_equal(lo->mtu, 65536);
	free(list);
	host_free(h);
}

static bool has(const struct host_address *list, size_t n, const char *mac, const char *ip)
{
	size_t count, i;
	const struct host_address *of = host_addresses_of(list, n, mac, &count);

	for (i = 0; i < count; i++)
		if (!strcmp(of[i].ip, ip))
			return true;
	return false;
}

static void test_addresses(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_address *list;
	size_t n, count;

	(void)state;
	host_addresses_read(h, 1000, 1000, &list, &n);
	assert_int_equal(n, 0);
	tree_puts(root, "IP address       HW type     Flags       HW address            Mask     Device\n"
		  "192.168.122.5    0x1         0x2         52:54:00:12:34:56     *        virbr0\n"
		  "192.168.122.6    0x1         0x0         52:54:00:12:34:57     *        virbr0\nshort\n", "proc/net/arp");
	tree_puts(root, "2000 52:54:00:AB:cd:01 10.0.0.1 name *\n0 52:54:00:ab:cd:01 10.0.0.2 * *\n"
		  "999 52:54:00:ab:cd:01 10.0.0.3 over *\n-1 52:54:00:ab:cd:01 10.0.0.4\nx\n"
		  "2000 not-a-mac 10.0.0.5 a b\n2000 52:54:00:ab:cd:01 10.0.0.256 a b\n2000 52:54:00:ab:cd:01 $(reboot) a b",
		  "var/lib/misc/dnsmasq.leases");
	tree_puts(root, "[{\"ip-address\":\"192.168.122.5\",\"mac-address\":\"52:54:00:12:34:56\",\"expiry-time\":2000},"
		  "{\"ip-address\":\"192.168.122.9\",\"mac-address\":\"52:54:00:12:34:56\",\"expiry-time\":1000},"
		  "{\"ip-address\":\"fd00::9\",\"mac-address\":\"52:54:00:12:34:56\",\"expiry-time\":1001},"
		  "{\"ip-address\":7,\"mac-address\":\"52:54:00:12:34:56\"},{\"mac-address\":[]},null]",
		  "var/lib/libvirt/dnsmasq/virbr0.status");
	tree_puts(root, "[{", "var/lib/libvirt/dnsmasq/half.status");
	tree_puts(root, "{}", "var/lib/libvirt/dnsmasq/other.status");
	host_addresses_read(h, 1000, 1000, &list, &n);
	assert_int_equal(n, 4);
	assert_true(has(list, n, "52:54:00:12:34:56", "192.168.122.5"));
	assert_true(has(list, n, "52:54:00:12:34:56", "fd00::9"));
	assert_true(has(list, n, "52:54:00:AB:CD:01", "10.0.0.1"));
	assert_true(has(list, n, "52:54:00:ab:cd:01", "10.0.0.2"));
	assert_null(host_addresses_of(list, n, "52:54:00:12:34:57", &count));
	assert_null(host_addresses_of(NULL, 0, "52:54:00:12:34:57", &count));
	free(list);
	host_free(h);
	tree_remove(root);
}

static void test_leases(void **state)
{
	char *root = tree_new();
	struct host *h = tree_host(root);
	struct host_address *list;
	size_t n;

	(void)state;
	tree_puts(root, "2000 52:54:00:00:01:01 10.0.1.1 name *\nduid 00:01:00:01:2a:aa\n"
		  "2000 12345 fd00::1 name 00:01:00:01:2a:aa:bb:cc:52:54:00:00:01:02\n"
		  "2000 12346 fd00::2 name 00:03:00:01:52:54:00:00:01:03\n2000 7 fd00::3 name 00:02:00:00:52:54:00:00:01:04\n",
		  "var/lib/incus/networks/incusbr0/dnsmasq.leases");
	tree_puts(root, "2000 52:54:00:00:02:01 10.0.2.1 name *\n", "var/lib/misc/dnsmasq.zone1.leases");
	tree_puts(root, "2000 fa:16:3e:00:00:01 10.0.3.1 host-10-0-3-1 *\n", "var/lib/neutron/dhcp/5a0b/leases");
	tree_puts(root, "# comment\nlease 10.0.4.1 {\n  starts 4 1970/01/01 00:00:00;\n  ends 4 1970/01/01 00:33:20;\n"
		  "  binding state active;\n  hardware ethernet 52:54:00:00:04:01;\n}\n"
		  "lease 10.0.4.2 {\n  ends never;\n  hardware ethernet 52:54:00:00:04:02;\n}\n"
		  "lease 10.0.4.2 {\n  binding state free;\n  hardware ethernet 52:54:00:00:04:02;\n}\n"
		  "lease 10.0.4.3 {\n  ends 4 1970/01/01 00:10:00;\n  hardware ethernet 52:54:00:00:04:03;\n}\n"
		  "lease 10.0.4.4 {\n  ends epoch 2000; # Thu\n  hardware ethernet 52:54:00:00:04:04;\n}\n"
		  "lease 10.0.4.5 {\n  ends soon;\n  hardware ethernet 52:54:00:00:04:05;\n}\nlease 10.0.4.6 {\n",
		  "var/lib/dhcp/dhcpd.leases");
	tree_puts(root, "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n"
		  "10.0.5.1,52:54:00:00:05:01,,3600,2000,1,0,0,a,0,,0\n10.0.5.2,52:54:00:00:05:02,,3600,2000,1,0,0,b,0,,0\n"
		  "10.0.5.2,52:54:00:00:05:02,,3600,2000,1,0,0,b,2,,0\n10.0.5.3,52:54:00:00:05:03,,3600,999,1,0,0,c,0,,0\n10.0.5.4,,\n",
		  "var/lib/kea/kea-leases4.csv");
	host_addresses_read(h, 1000, 1000, &list, &n);
	assert_true(has(list, n, "52:54:00:00:01:01", "10.0.1.1"));
	assert_true(has(list, n, "52:54:00:00:01:02", "fd00::1"));
	assert_true(has(list, n, "52:54:00:00:01:03", "fd00::2"));
	assert_true(has(list, n, "52:54:00:00:02:01", "10.0.2.1"));
	assert_true(has(list, n, "fa:16:3e:00:00:01", "10.0.3.1"));
	assert_true(has(list, n, "52:54:00:00:04:01", "10.0.4.1"));
	assert_true(has(list, n, "52:54:00:00:04:04", "10.0.4.4"));
	assert_true(has(list, n, "52:54:00:00:05:01", "10.0.5.1"));
	assert_int_equal(n, 8);
	free(list);
	host_free(h);
	tree_remove(root);
}

/* A neighbour by IPv6, of a card whose address has bytes bytes. */
static void put_neighbour(struct msg *m, size_t bytes)
{
	const struct nlmsghdr head = { .nlmsg_type = RTM_NEWNEIGH };
	const struct ndmsg nd = { .ndm_family = AF_INET6, .ndm_state = NUD_REACHABLE };
	const unsigned char ip[16] = { 0xfe, 0x80, [15] = 9 }, mac[20] = { 0x52, 0x54, 0, 0xab, 0xcd, (unsigned char)bytes };
	size_t at = m->len;

	memcpy(m->data + at, &head, sizeof(head));
	memcpy(m->data + at + sizeof(head), &nd, sizeof(nd));
	m->len += sizeof(head) + sizeof(nd);
	put(m, NDA_DST, ip, sizeof(ip));
	put(m, NDA_LLADDR, mac, bytes);
	end(m, at);
}

static void read_neighbours(const void *data, size_t len)
{
	struct host_address *list = NULL;
	size_t n = 0;

	host_addresses_take(data, len, &list, &n);
	assert_true(n <= 1);
	free(list);
}

static void test_neighbours(void **state)
{
	struct msg m = {0};
	struct host_address *list = NULL;
	size_t n = 0, one;

	(void)state;
	put_neighbour(&m, 6);
	one = m.len;
	put_neighbour(&m, 20);
	assert_int_equal(host_addresses_take(m.data, m.len, &list, &n), 0);
	assert_int_equal(n, 1);
	assert_true(has(list, n, "52:54:00:ab:cd:06", "fe80::9"));
	free(list);
	netlink_lies(m.data, one, NLMSG_SPACE(sizeof(struct ndmsg)), 0, read_neighbours);
}

#define BRIDGES "{\"rows\":[{\"name\":\"ovsbr0\",\"ports\":[\"set\",[[\"uuid\",\"p1\"],[\"uuid\",\"p2\"]]]}," \
	"{\"name\":\"one\",\"ports\":[\"uuid\",\"p3\"]},{\"name\":7,\"ports\":9},null]}"
#define PORTS "{\"rows\":[{\"_uuid\":[\"uuid\",\"p1\"],\"interfaces\":[\"uuid\",\"i1\"],\"tag\":42}," \
	"{\"_uuid\":[\"uuid\",\"p2\"],\"interfaces\":[\"set\",[[\"uuid\",\"i2\"],[\"uuid\",\"i3\"]]],\"tag\":[\"set\",[]]}," \
	"{\"_uuid\":[\"uuid\",\"p3\"],\"interfaces\":[\"uuid\",\"i4\"],\"tag\":4096}]}"
#define INTERFACES "{\"rows\":[{\"_uuid\":[\"uuid\",\"i1\"],\"name\":\"tap0\"},{\"_uuid\":[\"uuid\",\"i2\"],\"name\":\"eth0\"}," \
	"{\"_uuid\":[\"uuid\",\"i3\"],\"name\":\"a_name_of_more_than_15\"},{\"_uuid\":[\"uuid\",\"i4\"],\"name\":\"tap4\"}," \
	"{\"_uuid\":[\"uuid\",\"i9\"],\"name\":\"stray\"},{\"_uuid\":7},{\"_uuid\":[\"uuid\"]},{\"_uuid\":[1,2]}]}"
#define RESULT "[" BRIDGES "," PORTS "," INTERFACES "]"

static void check_ports(const struct host_ovs_port *list, size_t n)
{
	assert_int_equal(n, 3);
	assert_string_equal(list[0].name, "tap0");
	assert_string_equal(list[0].bridge, "ovsbr0");
	assert_int_equal(list[0].tag, 42);
	assert_string_equal(list[1].name, "eth0");
	assert_int_equal(list[1].tag, -1);
	assert_string_equal(list[2].bridge, "one");
	assert_int_equal(list[2].tag, -1);
}

static int parse(const char *text, struct host_ovs_port **list, size_t *n)
{
	auto_json struct json_object *result = NULL;
	struct err err;

	*list = NULL;
	*n = 0;
	assert_int_equal(json_parse(text, strlen(text), &result, &err), 0);
	return host_ovs_parse(result, list, n, &err);
}

static void test_ovs_parse(void **state)
{
	static const char *const bad[] = { "{}", "[]", "[{},{}]", "7", "\"x\"" };
	static const char *const empty[] = { "[null,null,null]", "[{},{},{}]", "[{\"rows\":{}},{\"rows\":7},{\"rows\":[]}]" };
	struct host_ovs_port *list;
	size_t n, i;

	(void)state;
	assert_int_equal(parse(RESULT, &list, &n), 0);
	check_ports(list, n);
	free(list);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse(bad[i], &list, &n), -EBADMSG);
	for (i = 0; i < ARRAY_SIZE(empty); i++) {
		assert_int_equal(parse(empty[i], &list, &n), 0);
		assert_int_equal(n, 0);
	}
}

struct server {
	int fd;
	const char *answer;		/* NULL: none, and it stays */
	char asked[4096];
};

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd = accept(s->fd, NULL, NULL);
	ssize_t len = read(fd, s->asked, sizeof(s->asked) - 1);
	char c;

	if (len > 0 && s->answer && write(fd, s->answer, strlen(s->answer)) > 0)
		shutdown(fd, SHUT_WR);
	while (read(fd, &c, 1) > 0)
		;
	close(fd);
	return NULL;
}

/* -errno, or what host_ovs_read says of that answer */
static int ask(const char *answer, unsigned timeout_ms, struct host_ovs_port **list, size_t *n)
{
	char *dir = tree_new();
	auto_free char *path = xasprintf("%s/db", dir);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct server s = { .fd = socket(AF_UNIX, SOCK_STREAM, 0), .answer = answer };
	struct err err;
	pthread_t thread;
	int rc;

	*list = NULL;
	*n = 0;
	assert_true(strlen(path) < sizeof(addr.sun_path));
	strcpy(addr.sun_path, path);
	assert_int_equal(host_ovs_read(path, timeout_ms, list, n, &err), -ENOENT);
	assert_int_equal(bind(s.fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(s.fd, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);
	rc = host_ovs_read(path, timeout_ms, list, n, &err);
	pthread_join(thread, NULL);
	assert_non_null(strstr(s.asked, "\"transact\""));
	close(s.fd);
	tree_remove(dir);
	return rc;
}

static void test_ovs_server(void **state)
{
	struct host_ovs_port *list;
	size_t n;

	(void)state;
	assert_int_equal(ask("{\"id\":\"echo\",\"method\":\"echo\",\"params\":[]}\n{\"id\":1,\"error\":null,\"result\":" RESULT "}",
			     20000, &list, &n), 0);
	check_ports(list, n);
	free(list);
	assert_int_equal(ask(NULL, 50, &list, &n), -ETIMEDOUT);
	assert_int_equal(ask("{\"id\":1,\"result\":[", 20000, &list, &n), -ECONNRESET);
	assert_int_equal(ask("<html>", 20000, &list, &n), -EPROTO);
	assert_int_equal(ask("{\"id\":1,\"result\":{}}", 20000, &list, &n), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_bad_messages),
		cmocka_unit_test(test_lying_links),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_leases),
		cmocka_unit_test(test_neighbours),
		cmocka_unit_test(test_ovs_parse),
		cmocka_unit_test(test_ovs_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
