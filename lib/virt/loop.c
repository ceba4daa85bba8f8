// SPDX-License-Identifier: GPL-3.0-or-later
/* libvirt's process-wide part: its event loop and how it talks, which is not at all. */
#include "private.h"

#include <locale.h>
#include <stdlib.h>

#include <libxml/parser.h>

static void no_words(void *arg, virErrorPtr error)
{
	(void)arg;
	(void)error;
}

static void init_once(void)
{
	/*
	 * The client library writes warnings ("No response from client ..") to stderr, over the screen, and starts a
	 * session daemon where none runs. Its ways to be told otherwise are these; whoever set them keeps his own.
	 */
	setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);
	setenv("LIBVIRT_AUTOSTART", "0", 1);
	/* its messages are told apart by their words too, and kvmtop's own are English */
	setlocale(LC_MESSAGES, "C");
	xmlInitParser();
	virSetErrorFunc(NULL, no_words);
	virInitialize();
	virEventRegisterDefaultImpl();
}

void loop_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init_once);
}

static void on_kick(int timer, void *arg)
{
	(void)arg;
	virEventRemoveTimeout(timer);
}

void loop_kick(void)
{
	virEventAddTimeout(0, on_kick, NULL, NULL);
}

void *loop_run(void *arg)
{
	struct virt *v = arg;

	pthread_mutex_lock(&v->lock);
	while (!v->stop_loop) {
		pthread_mutex_unlock(&v->lock);
		virEventRunDefaultImpl();
		pthread_mutex_lock(&v->lock);
	}
	virt_unref_locked(v);
	return NULL;
}
