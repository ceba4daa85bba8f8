// SPDX-License-Identifier: GPL-3.0-or-later
/* QEMU command lines: every spelling, and words that mean harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "qmp/cmdline.h"
#include "qmp/config.h"
#include "qmp/looks.h"
#include "lib/base/base.h"

#define MAX_WORDS 24
#define PAD "0123456789012345678901234567890123456789"

static void parse(const char *const words[], struct qmp_cmdline *out)
{
	char *argv[MAX_WORDS] = {0};
	size_t n = 0;

	argv[n++] = (char *)(uintptr_t)"qemu-system-x86_64";
	while (n < MAX_WORDS && words[n - 1]) {
		argv[n] = (char *)(uintptr_t)words[n - 1];
		n++;
	}
	qmp_cmdline_parse(argv, n, NULL, 0, out);
}

static void check_text(const char *have, const char *want)
{
	if (want)
		assert_string_equal(have ? have : "(none)", want);
	else
		assert_null(have);
}

static void test_options(void **state)
{
	static const struct {
		const char *opts, *implied, *key, *value;
	} cases[] = {
		{ "demo", "guest", "guest", "demo" },
		{ "guest=demo,debug-threads=on", "guest", "guest", "demo" },
		{ "a,,b,,,c=d", "guest", "guest", "a,b," },
		{ "a,,b,,,c=d", "guest", "c", "d" },
		{ "x,server,nowait", "path", "server", "on" },
		{ "x,server,nowait", "path", "wait", "off" },
		{ "x,wait=off,wait=on", "path", "wait", "on" },
		{ "x,path=y", "path", "path", "y" },
		{ "server", NULL, "server", "on" },
		{ "x=1,", NULL, "x", "1" },
		{ "x=", NULL, "x", "" },
		{ "x==", NULL, "x", "=" },
		{ ",x=1", "a", "x", "1" },
		{ "=,=,=", "a", "", "" },
		{ "pathological=1", "path", "path", NULL },
		{ "", "path", "path", NULL },
		{ ",,,,", "path", "path", ",," },
		{ "{\"id\":\"x\",\"n\":7,\"b\":true,\"a\":{\"p\":\"q\"}}", NULL, "id", "x" },
		{ "{\"id\":\"x\",\"n\":7,\"b\":true,\"a\":{\"p\":\"q\"}}", NULL, "n", "7" },
		{ "{\"id\":\"x\",\"n\":7,\"b\":true,\"a\":{\"p\":\"q\"}}", NULL, "b", "on" },
		{ "{\"id\":\"x\",\"n\":7,\"b\":true,\"a\":{\"p\":\"q\"}}", NULL, "a.p", "q" },
		{ "{\"id\":\"x\",\"n\":7,\"b\":true,\"a\":{\"p\":\"q\"}}", NULL, "a", NULL },
		{ "{\"id\":\"x\",\"n\":7,\"b\":true,\"a\":{\"p\":\"q\"}}", NULL, "a.", NULL },
		{ "{\"id\":\"x\"", NULL, "id", NULL },
		{ "{]", NULL, "id", NULL },
		{ "{", NULL, "", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *value = qmp_opt_get(cases[i].opts, cases[i].implied, cases[i].key);

		check_text(value, cases[i].value);
	}
}

static void test_identity(void **state)
{
	static const struct {
		const char *words[MAX_WORDS];
		const char *name, *uuid, *machine, *accel;
		uint64_t mib;
		bool libvirt, incoming;
	} cases[] = {
		{ { NULL }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-name", "demo" }, "demo", NULL, NULL, NULL, 0, false, false },
		{ { "--name", "guest=a,,b=c,process=x" },
		  "a,b=c",
		  NULL,
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
		{ { "-name", "one", "-name", "debug-threads=on", "-name", "two" },
		  "two",
		  NULL,
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
		{ { "-name", "debug-threads=on" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-name", "a\x1b[2J\xff" },
		  "a\x1b[2J\xef\xbf\xbd",
		  NULL,
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
		/* a value is no option, and an option's value may look like one */
		{ { "-name", "-name", "-m", "1G" }, "-name", NULL, NULL, NULL, 1024, false, false },
		{ { "-append", "-name", "evil" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-kernel", "vmlinuz", "-S", "-name", "x" },
		  "x",
		  NULL,
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
		{ { "-name" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "disk.img", "-name", "x", "-" }, "x", NULL, NULL, NULL, 0, false, false },
		{ { "-uuid", "AAAAAAAA-2222-3333-4444-555555555555" },
		  NULL,
		  "aaaaaaaa-2222-3333-4444-555555555555",
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
		{ { "-uuid", "00000000-0000-0000-0000-000000000000" },
		  NULL,
		  NULL,
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
		{ { "-uuid", "not a uuid" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-uuid", "aaaaaaaaa2222-3333-4444-555555555555" },
		  NULL,
		  NULL,
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
		{ { "-M", "q35" }, NULL, NULL, "q35", NULL, 0, false, false },
		{ { "-machine", "pc-q35-7.2,usb=off,accel=kvm:tcg" },
		  NULL,
		  NULL,
		  "pc-q35-7.2",
		  "kvm:tcg",
		  0,
		  false,
		  false },
		{ { "-machine", "type=pc", "-M", "accel=tcg" },
		  NULL,
		  NULL,
		  "pc",
		  "tcg",
		  0,
		  false,
		  false },
		{ { "-accel", "kvm,kernel-irqchip=split", "-accel", "tcg", "-machine",
		    "accel=xen" },
		  NULL,
		  NULL,
		  NULL,
		  "kvm",
		  0,
		  false,
		  false },
		{ { "-enable-kvm", "-name", "x" }, "x", NULL, NULL, "kvm", 0, false, false },
		{ { "-m", "4096" }, NULL, NULL, NULL, NULL, 4096, false, false },
		{ { "-m", "size=4g,slots=2,maxmem=8G" },
		  NULL,
		  NULL,
		  NULL,
		  NULL,
		  4096,
		  false,
		  false },
		{ { "-m", "size=4194304k" }, NULL, NULL, NULL, NULL, 4096, false, false },
		{ { "-m", "1.5G" }, NULL, NULL, NULL, NULL, 1536, false, false },
		{ { "-m", "1T" }, NULL, NULL, NULL, NULL, 1 << 20, false, false },
		{ { "-m", "slots=2,maxmem=8G" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-m", "-1" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-m", "99999999999999999999E" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-m", "4X" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-m", "4Gx" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-m", "" }, NULL, NULL, NULL, NULL, 0, false, false },
		{ { "-incoming", "defer" }, NULL, NULL, NULL, NULL, 0, false, true },
		{ { "-object", "{\"qom-type\":\"secret\",\"id\":\"masterKey0\",\"format\":\"raw\","
			       "\"file\":\"/x/master-key.aes\"}" },
		  NULL,
		  NULL,
		  NULL,
		  NULL,
		  0,
		  true,
		  false },
		{ { "-object",
		    "secret,id=masterKey0,format=raw,file=/var/lib/libvirt/qemu/domain-1-a/master-key.aes" },
		  NULL,
		  NULL,
		  NULL,
		  NULL,
		  0,
		  true,
		  false },
		{ { "-chardev",
		    "socket,id=c,path=/var/lib/libvirt/qemu/domain-1-a/monitor.sock,server=on" },
		  NULL,
		  NULL,
		  NULL,
		  NULL,
		  0,
		  true,
		  false },
		{ { "-drive", "file=/var/lib/libvirt/images/a.img", "-name",
		    "/libvirt/qemu/domain-1" },
		  "/libvirt/qemu/domain-1",
		  NULL,
		  NULL,
		  NULL,
		  0,
		  false,
		  false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct qmp_cmdline c;

		parse(cases[i].words, &c);
		check_text(c.name, cases[i].name);
		check_text(c.uuid, cases[i].uuid);
		check_text(c.machine, cases[i].machine);
		check_text(c.accel, cases[i].accel);
		assert_int_equal(c.mem_bytes == QMP_UNKNOWN ? 0 : c.mem_bytes >> 20, cases[i].mib);
		assert_int_equal(c.libvirt, cases[i].libvirt);
		assert_int_equal(c.incoming, cases[i].incoming);
		assert_int_equal(c.n_monitors, 0);
		qmp_cmdline_done(&c);
	}
}

static void test_monitors(void **state)
{
	/* each monitor as "unix:PATH fd:N other:TEXT " */
	static const struct {
		const char *words[MAX_WORDS];
		const char *monitors;
	} cases[] = {
		{ { "-qmp", "unix:/run/a.sock,server=on,wait=off" }, "unix:/run/a.sock " },
		{ { "-qmp", "unix:a.sock,server,nowait" }, "unix:a.sock " },
		{ { "--qmp-pretty", "unix:/a,,b,server=on" }, "unix:/a,b " },
		{ { "-qmp", "unix:path=/a,server=yes" }, "unix:/a " },
		{ { "-qmp", "unix:/a" }, "other:connects to /a " },
		{ { "-qmp", "unix:/a,server=on,abstract=on" }, "abstract:/a " },
		{ { "-qmp", "unix:" }, "other:a socket that is no unix socket " },
		{ { "-qmp", "tcp:127.0.0.1:4444,server=on,wait=off" },
		  "other:tcp:127.0.0.1:4444 " },
		{ { "-qmp", "stdio" }, "other:stdio " },
		{ { "-qmp", "unix:fd=3,server=on,wait=off" }, "fd3:fd=3 " },
		{ { "-chardev", "socket,id=m,fd=monitor,server=on", "-mon", "m,mode=control" }, "fd:fd=monitor " },
		{ { "-monitor", "none", "-qmp", "unix:/a,server=on" }, "unix:/a " },
		{ { "-qmp", "unix:/a,server=on", "-qmp", "unix:/b,server=on" },
		  "unix:/a unix:/b " },
		{ { "-chardev", "socket,id=m,path=/a,server=on,wait=off", "-mon",
		    "chardev=m,mode=control" },
		  "unix:/a " },
		{ { "-mon", "m,mode=control", "-chardev", "socket,path=/a,server,id=m" },
		  "unix:/a " },
		{ { "-chardev", "socket,id=m,path=/a,server=on", "-qmp", "chardev:m" },
		  "unix:/a " },
		{ { "-chardev", "socket,id=m,path=/a,server=on", "-mon",
		    "chardev=m,mode=readline" },
		  "human:/a " },
		{ { "-chardev", "socket,id=m,path=/a,server=on", "-mon", "chardev=m" }, "human:/a " },
		{ { "-chardev", "socket,id=m,path=/a,server=on", "-mon", "chardev=n,mode=control" },
		  "" },
		{ { "-chardev", "socket,id=m,path=/a", "-mon", "chardev=m,mode=control" },
		  "other:connects to /a " },
		{ { "-chardev", "socket,id=m,fd=28,server=on,wait=off", "-mon",
		    "chardev=m,id=monitor,mode=control" },
		  "fd28:fd=28 " },
		{ { "-chardev", "socket,id=m,host=::1,port=1,server=on", "-mon",
		    "chardev=m,mode=control" },
		  "other:tcp:[::1]:1 " },
		{ { "-chardev", "pty,id=m", "-mon", "chardev=m,mode=control" }, "other:pty " },
		{ { "-chardev", "pipe,id=m,path=/a", "-mon", "chardev=m,mode=control" },
		  "other:pipe " },
		{ { "-chardev", "socket,id=m,addr.type=unix,addr.path=/a,server=on", "-mon",
		    "chardev=m,mode=control" },
		  "unix:/a " },
		{ { "-chardev", "socket,id=m,addr.type=unix,addr.path=/a", "-mon",
		    "chardev=m,mode=control" },
		  "unix:/a " },
		{ { "-chardev",
		    "{\"id\":\"m\",\"backend\":{\"type\":\"socket\",\"data\":{\"addr\":{\"type\":\"unix\","
		    "\"data\":{\"path\":\"/a\"}},\"server\":true}}}",
		    "-mon", "{\"chardev\":\"m\",\"mode\":\"control\"}" },
		  "unix:/a " },
		{ { "-chardev",
		    "{\"backend\":\"socket\",\"id\":\"m\",\"addr\":{\"type\":\"unix\",\"path\":\"/a\"}}",
		    "-mon", "m,mode=control" },
		  "unix:/a " },
		{ { "-chardev",
		    "{\"backend\":\"socket\",\"id\":\"m\",\"addr\":{\"type\":\"unix\",\"path\":\"/a\"},"
		    "\"server\":false}",
		    "-mon", "m,mode=control" },
		  "other:connects to /a " },
		{ { "-chardev", "{\"id\":\"m\",\"backend\":[[[", "-mon", "chardev=m,mode=control" },
		  "" },
		{ { "-mon", "mode=control" }, "" },
		{ { "-monitor", "unix:/a,server=on", "-serial", "-qmp", "unix:/b,server=on" }, "human:/a " },
		{ { "-qmp" }, "" },
		{ { "-", "--", "-qmp", "unix:/a,server=on" }, "unix:/a " },
	};
	static const char *const kinds[] = {
		[QMP_MONITOR_UNIX] = "unix", [QMP_MONITOR_FD] = "fd", [QMP_MONITOR_OTHER] = "other", [QMP_MONITOR_ABSTRACT] = "abstract",
		[QMP_MONITOR_HUMAN] = "human",
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_buf struct buf text = {0};
		struct qmp_cmdline c;

		parse(cases[i].words, &c);
		for (k = 0; k < c.n_monitors; k++) {
			buf_printf(&text, "%s", kinds[c.monitors[k].kind]);
			if (c.monitors[k].number >= 0)
				buf_printf(&text, "%d", c.monitors[k].number);
			buf_printf(&text, ":%s ", c.monitors[k].path);
		}
		check_text(text.text ? text.text : "", cases[i].monitors);
		qmp_cmdline_done(&c);
	}
}

static void test_form(void **state)
{
	static const struct {
		const char *words[MAX_WORDS];
		unsigned n;
	} cases[] = {
		{ { NULL }, 0 }, { { "1000" }, 0 }, { { "disk.img" }, 0 }, { { "disk.img", "-m", "512" }, 1 },
		{ { "-S", "--machine", "q35", "-m", "512" }, 2 }, { { "-f", "qcow2", "-o", "x" }, 0 }, { { "-", "--", "" }, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[MAX_WORDS + 1] = { (char *)(uintptr_t)"qemu" };
		size_t n = 1;

		while (cases[i].words[n - 1]) {
			argv[n] = (char *)(uintptr_t)cases[i].words[n - 1];
			n++;
		}
		assert_int_equal(qmp_cmdline_form(argv, n), cases[i].n);
	}
}

static void test_netdevs(void **state)
{
	static const char *const words[] = {
		"qemu", "-netdev", "tap,id=n1,vhost=on", "-netdev", "user,hostname=id=x", "-netdev",
		"{\"type\":\"tap\",\"id\":\"n0\"}", "-device", "virtio-net-pci,netdev=n7,id=n8", "-netdev", "id=n2,type=tap",
		"-netdev", "{\"type\":\"tap\",\"id\":\"n3\"}", "-netdev", "{", "-netdev", NULL
	};
	auto_buf struct buf text = {0};
	struct qmp_cmdline c;
	size_t i;

	(void)state;
	parse(words, &c);
	for (i = 0; i < c.n_netdevs; i++)
		buf_printf(&text, "%s ", c.netdevs[i]);
	assert_string_equal(text.text, "n0 n3 n1 n2 ");
	qmp_cmdline_done(&c);
}

static void test_huge(void **state)
{
	static const char *const starts[] = { "", "unix:", "{\"id\":\"", "guest=", "socket,id=" };
	char fill[] = { 'a', ',', '=', '{', '[', '"', '\xff', '\x1b' };
	size_t size = 20000, i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		for (k = 0; k < sizeof(fill); k++) {
			auto_free char *tail = xmalloc(size + 1), *word = NULL;
			struct qmp_cmdline c;

			memset(tail, fill[k], size);
			tail[size] = '\0';
			word = xasprintf("%s%s", starts[i], tail);
			const char *const words[] = { "-name",	  word, "-qmp",	    word,
						      "-mon",	  word, "-chardev", word,
						      "-m",	  word, "-object",  word,
						      "-machine", word, "-uuid",    word,
						      word,	  NULL };
			parse(words, &c);
			assert_true(!c.name || strlen(c.name) <= 255);
			qmp_cmdline_done(&c);
		}
	}
}

/* Thousands of each: read in no time, up to the bounds, and what was left out is said. */
static void test_bounds(void **state)
{
	enum { N = 5000 };
	static const struct {
		const char *option, *value, *cut;
	} cases[] = {
		{ "-mon", "chardev=c4999,mode=control", "more than 16 monitors" },
		{ "-chardev", "{\"id\":\"c%d\",\"backend\":\"socket\",\"path\":\"/x\"}", "more than 1024 chardevs" },
		{ "-drive", "id=d%d,file=/x", "more than 1024 drives" },
		{ "-netdev", "{\"id\":\"n%d\",\"type\":\"tap\"}", "more than 256 netdevs" },
		{ "-object", "memory-backend-ram,id=m%d,size=1M", "more than 256 memory backends" },
		{ "-blockdev", "{\"node-name\":\"n%d\",\"driver\":\"raw\",\"pad\":\"" PAD PAD PAD PAD "\"}", "more than 524288 bytes of JSON" },
	};
	char **argv = xcalloc(2 * N + 2, sizeof(*argv));
	struct qmp_cmdline c;
	uint64_t begun = clock_now_ns();
	size_t n, i, k;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(cases); k++) {
		for (i = 0, n = 1; i < N; i++) {
			auto_free char *form = xstrdup(cases[k].value);
			char *at = strstr(form, "%d");

			argv[n++] = xstrdup(cases[k].option);
			if (at)
				*at = '\0';
			argv[n++] = at ? xasprintf("%s%zu%s", form, i, at + 2) : xstrdup(form);
		}
		qmp_cmdline_parse(argv, n, NULL, 0, &c);
		check_text(c.cut, cases[k].cut);
		qmp_cmdline_done(&c);
		while (n > 1)
			free(argv[--n]);
	}
	/* monitors that name the last of many chardevs */
	for (i = 0, n = 1; i < 1000; i++) {
		argv[n++] = xstrdup("-chardev");
		argv[n++] = xasprintf("{\"id\":\"c%zu\",\"backend\":\"socket\",\"path\":\"/%zu\"}", i, i);
	}
	argv[n++] = xstrdup("-mon");
	argv[n++] = xstrdup("chardev=c999,mode=control");
	qmp_cmdline_parse(argv, n, NULL, 0, &c);
	assert_null(c.cut);
	assert_int_equal(c.n_monitors, 1);
	assert_string_equal(c.monitors[0].path, "/999");
	qmp_cmdline_done(&c);
	while (n > 1)
		free(argv[--n]);
	free(argv);
	assert_true(clock_now_ns() - begun < 20 * NS_PER_SEC);		/* 0.5 s with sanitizers */
}

static void memory_is_summed_up(void **state)
{
	static const struct {
		const char *words[16];
		uint64_t mem_mib, plugged_mib;
		bool varies;
	} cases[] = {
		{ { "-m", "256" }, 256, 0, false }, { { "-m", "size=1.5G,slots=4,maxmem=8G" }, 1536, 0, false },
		{ { "-m", "size=128,slots=4,maxmem=2G", "-object", "memory-backend-ram,id=a,size=128M", "-device", "pc-dimm,id=d,memdev=a",
		    "-device", "{\"driver\":\"pc-dimm\",\"memdev\":\"b\"}", "-object",
		    "{\"qom-type\":\"memory-backend-memfd\",\"id\":\"b\",\"size\":268435456}" }, 128, 384, false },
		{ { "-m", "128", "-device", "nvdimm,memdev=a", "-object", "memory-backend-file,id=a,size=64M,mem-path=/x" }, 128, 64, false },
		{ { "-m", "128", "-device", "pc-dimm,memdev=none", "-device", "virtio-balloon,id=dimm" }, 128, 0, false },
		{ { "-m", "128", "-device", "virtio-mem-pci,memdev=a", "-object", "memory-backend-ram,id=a,size=1G" }, 128, 0, true },
		{ { "-machine", "q35,memory-backend=m", "-object", "memory-backend-memfd,id=m,size=64M" }, 64, 0, false },
		{ { "-m", "64", "-machine", "q35,memory-backend=m", "-object", "memory-backend-memfd,id=m,size=64M" }, 64, 0, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct qmp_cmdline c;

		parse(cases[i].words, &c);
		if (c.mem_bytes != cases[i].mem_mib << 20 || c.plugged_bytes != cases[i].plugged_mib << 20 || c.plugged_varies != cases[i].varies)
			fail_msg("%zu: %llu and %llu MiB", i, (unsigned long long)c.mem_bytes >> 20, (unsigned long long)c.plugged_bytes >> 20);
		qmp_cmdline_done(&c);
	}
}

/* QEMU's own reading of a file, its oddities included. */
static void take_section(void *arg, const char *option, char *value)
{
	buf_printf(arg, "-%s %s ", option, value);
	free(value);
}

static void test_config(void **state)
{
	static const struct {
		const char *text, *options;
		bool bad;
	} cases[] = {
		{ "", "" }, { "# a\n\n#b", "" },
		{ "[memory]\nsize = \"64M\"\n", "-m size=64M " },
		{ "[memory]\n  size =\"64M\" # rest\n maxmem  =  \"1G\"", "-m size=64M,maxmem=1G " },
		{ "[smp-opts]\ncpus = \"2\"\n[name]\nguest = \"a,b\"\n", "-smp cpus=2 -name guest=a,,b " },
		{ "[drive \"d 0\"]\nfile = \"/x=y\"\nif = \"none\"\n[device \"v\"]\ndriver = \"virtio-blk-pci\"\n",
		  "-drive id=d 0,file=/x=y,if=none -device id=v,driver=virtio-blk-pci " },
		{ "[chardev \"m\"]\nserver = \"on\"\nserver = \"off\"\n", "-chardev id=m,server=on,server=off " },
		{ "[mon]\nmode = \"\"\n", "-mon mode= " },
		{ "[mon]\nmode = control\n", "-mon mode= " },		/* what is not quoted is empty */
		{ "[mon]\nmode\n", "-mon mode= " },
		{ "[mon]\na,b=c = \"x\"\nchardev = \"m\"\n", "-mon  ", true }, { "[mon]\nchardev=\"m\"\n", "-mon  ", true },
		{ "[mon]\n \n", "-mon  ", true }, { "size = \"1\"\n", "", true }, { "[]\n", "", true }, { "[\n", "-\n  " },
		{ "[mon]\r\nmode = \"control\"\r\n", "-mon mode=control " },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_buf struct buf text = {0};
		bool good = qmp_config_read(cases[i].text, take_section, &text);

		check_text(text.text ? text.text : "", cases[i].options);
		if (good == cases[i].bad)
			fail_msg("%zu: %d", i, good);
	}
}

static void test_configs(void **state)
{
	static const char text[] = "[memory]\nsize = \"64M\"\n[smp-opts]\ncpus = \"2\"\n[name]\nguest = \"in a file\"\n[chardev \"c\"]\n"
				   "backend = \"socket\"\npath = \"/m\"\nserver = \"on\"\n[object \"b\"]\nqom-type = \"memory-backend-ram\"\n"
				   "size = \"1G\"\n[device \"d\"]\ndriver = \"pc-dimm\"\nmemdev = \"b\"\n[drive \"r\"]\naio = \"native\"\n";
	static const struct {
		const char *words[MAX_WORDS];
		struct qmp_config config[2];
		uint64_t mib, plugged_mib, vcpus;	/* 0: not known */
		const char *name, *unread;
	} cases[] = {
		{ { "-readconfig", "a" }, { { text, NULL } }, 64, 1024, 2, "in a file", NULL },
		{ { "-m", "32", "-smp", "1", "-readconfig", "a", "-name", "x" }, { { text, NULL } }, 64, 1024, 2, "x", NULL },
		{ { "--readconfig", "a", "-m", "32", "-smp", "maxcpus=8" }, { { text, NULL } }, 32, 1024, 2, "in a file", NULL },
		{ { "-readconfig", "a", "-readconfig", "b" }, { { text, NULL }, { "[memory]\nsize = \"1G\"\n", NULL } }, 1024, 1024, 2,
		  "in a file", NULL },
		{ { "-readconfig", "a" }, { { NULL, "it is gone" } }, 0, 0, 0, NULL, "-readconfig a: it is gone" },
		{ { "-m", "32", "-smp", "1", "-readconfig", "a" }, { { NULL, "it is gone" } }, 0, 0, 0, NULL, "-readconfig a: it is gone" },
		{ { "-readconfig", "a", "-m", "32", "-smp", "3" }, { { NULL, "it is gone" } }, 0, 0, 3, NULL, "-readconfig a: it is gone" },
		{ { "-readconfig", "a", "-smp", "cores=3" }, { { NULL, "it is gone" } }, 0, 0, 0, NULL, "-readconfig a: it is gone" },
		{ { "-readconfig", "a", "-readconfig", "b" }, { { text, NULL }, { NULL, "no" } }, 0, 1024, 0, "in a file", "-readconfig b: no" },
		{ { "-readconfig", "a" }, { { "[memory]\nsize = \"64M\"\n \n", NULL } }, 0, 0, 0, NULL,
		  "-readconfig a: it is not as QEMU takes it" },
		{ { "-append", "-readconfig", "-m", "32" }, { { text, NULL } }, 32, 0, 0, NULL, NULL },
		{ { "-daemonize", "-smp", "maxcpus=4" }, { { NULL, NULL } }, 0, 0, 4, NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *argv[MAX_WORDS + 1] = { (char *)(uintptr_t)"qemu" };
		struct qmp_config_files files;
		struct qmp_cmdline c;
		size_t n = 1;

		while (cases[i].words[n - 1]) {
			argv[n] = (char *)(uintptr_t)cases[i].words[n - 1];
			n++;
		}
		qmp_cmdline_configs(argv, n, &files);
		qmp_cmdline_parse(argv, n, cases[i].config, files.n, &c);
		check_text(c.name, cases[i].name);
		check_text(c.unread, cases[i].unread);
		assert_int_equal(c.mem_bytes == QMP_UNKNOWN ? 0 : c.mem_bytes >> 20, cases[i].mib);
		assert_int_equal(c.plugged_bytes >> 20, cases[i].plugged_mib);
		assert_int_equal(c.vcpus == QMP_UNKNOWN ? 0 : c.vcpus, cases[i].vcpus);
		qmp_cmdline_done(&c);
	}
}

static void test_config_files(void **state)
{
	static const char *const words[] = {
		"qemu", "-readconfig", "/a", "--readconfig", "b", "-append", "-readconfig", "-daemonize", "-run-with",
		"async-teardown=on,chroot=/x", "-readconfig", "c", "-readconfig",
	};
	struct qmp_config_files files;

	(void)state;
	qmp_cmdline_configs((char *const *)(uintptr_t)words, ARRAY_SIZE(words), &files);
	assert_int_equal(files.n, 3);
	assert_string_equal(files.paths[0], "/a");
	assert_string_equal(files.paths[1], "b");
	assert_string_equal(files.paths[2], "c");
	assert_true(files.left_root && files.left_dir);
	qmp_cmdline_configs((char *const *)(uintptr_t)words, 3, &files);
	assert_true(files.n == 1 && !files.left_root && !files.left_dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_summed_up),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_configs),
		cmocka_unit_test(test_config_files),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_monitors),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_netdevs),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
