/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage0/fetch/net.h"
#include "tests/unit/unit.h"

/* The real program, in its sandbox, but for a network to talk to. */

static struct net *start(const struct net_options *options)
{
	struct net *net = NULL;
	struct error err = {0};

	if (net_start(options, &net, &err) < 0)
		fail_msg("%s", err.text);
	return net;
}

static const struct net_options plain = {.program = "gantry"};

static void refuses(struct net *net, const char *url, const char *why)
{
	const struct net_request request = {.url = url, .size_max = 1};
	autoclear(net_reply) reply = {0};
	struct error err = {0};

	assert_true(net_get(net, &request, &reply, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("'%s' is not in '%s'", why, err.text);
	assert_int_equal(net_body_fd(net), -1);
}

test(what_must_not_be_asked_for_is_not)
{
	autoptr(net) net = start(&plain);

	refuses(net, "http://127.0.0.1/", "--insecure-options=http");
	refuses(net, "ftp://127.0.0.1/", "neither https nor http");
	refuses(net, "file:///etc/passwd", "neither https nor http");
	refuses(net, "https://", "no URL");
	refuses(net, "https://127.0.0.1/\r\nHost: x", "must be a URL");
	refuses(net, "https://127.0.0.1/a b", "must be a URL");
	refuses(net, "", "must be a URL");
	refuses(net, "ftp://127.0.0.1/", "neither https nor http");
}

test(a_password_in_a_url_is_refused_and_not_shown)
{
	autoptr(net) net = start(&plain);
	const struct net_request request = {.url = "https://u:secret@example.com/?secret",
	                                    .size_max = 1};
	autoclear(net_reply) reply = {0};
	struct error err = {0};

	assert_true(net_get(net, &request, &reply, &err) < 0);
	assert_string_equal(err.text,
	                    "cannot get 'https://...@example.com/?...': has a user or a "
	                    "password within it: put them into auth.d");
}

test(one_that_is_not_there_is_an_error_and_the_next_request_goes_on)
{
	const struct net_options options = {.program = "gantry", .insecure_http = true};
	autoptr(net) net = start(&options);
	autoclear(discovery) found = {0};
	struct error err = {0};

	refuses(net, "http://127.0.0.1:1/a",
	        "cannot get 'http://127.0.0.1:1/a': failed to connect");
	refuses(net, "http://127.0.0.1:1/b", "failed to connect");
	assert_int_equal(
		net_discover(net, DISCOVER_KEYS, "127.0.0.1/x", NULL, 0, &found, &err),
		-ENOENT);
	assert_non_null(
		strstr(err.text, "no page tells where the keys of '127.0.0.1/x' are"));
	assert_non_null(strstr(err.text, "'http://127.0.0.1?ac-discovery=1'"));
}

test(a_label_that_cannot_be_told_is_refused)
{
	const struct name_value label = {"os", "\xff"};
	autoptr(net) net = start(&plain);
	autoclear(discovery) found = {0};
	struct error err = {0};

	assert_int_equal(net_discover(net, DISCOVER_IMAGES, "example.com/a", &label, 1,
	                              &found, &err),
	                 -EINVAL);
	assert_non_null(strstr(err.text, "label 'os' must be"));
}

/* The one child that this program has. */
static pid_t child(void)
{
	FILE *file = fopen("/proc/thread-self/children", "r");
	long pid = 0;
	char text[32] = "";

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	pid = strtol(text, NULL, 10);
	assert_true(pid > 0);
	return (pid_t)pid;
}

test(a_child_that_dies_is_an_error_and_nothing_hangs)
{
	autoptr(net) net = start(&plain);

	refuses(net, "ftp://x/", "neither");
	assert_int_equal(kill(child(), SIGKILL), 0);
	refuses(net, "ftp://x/", "the import program was killed by signal 9");
	refuses(net, "ftp://x/", "the import program has ended");
}

test(one_that_does_not_move_is_ended_all_the_same)
{
	autoptr(net) net = start(&plain);

	refuses(net, "ftp://x/", "neither");
	assert_int_equal(kill(child(), SIGSTOP), 0);
}

static void *ask_much(void *failed)
{
	autoptr(net) net = NULL;
	const struct net_request request = {.url = "https://127.0.0.1:1/", .size_max = 1};
	struct error err = {0};

	if (net_start(&plain, &net, &err) < 0)
		*(bool *)failed = true;
	for (int i = 0; i < 20 && net; i++) {
		autoclear(net_reply) reply = {0};

		if (net_get(net, &request, &reply, &err) != -EIO ||
		    !strstr(err.text, "failed to connect"))
			*(bool *)failed = true;
	}
	return NULL;
}

test(threads_have_one_each)
{
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	bool failed[THREADS] = {false};

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(threads + i, NULL, ask_much, failed + i),
		                 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(failed[i]);
	}
}

test(what_it_cannot_begin_with_is_said)
{
	const struct net_request request = {.url = "https://127.0.0.1:1/", .size_max = 1};
	autoclear(net_reply) reply = {0};
	autoptr(net) net = NULL;
	struct error err = {0};

	setenv("SSL_CERT_FILE", "/nonexistent/ca.pem", 1);
	net = start(&plain);
	/* Not as if a server said that it has no such file. */
	assert_int_equal(net_get(net, &request, &reply, &err), -EIO);
	assert_string_equal(err.text, "SSL_CERT_FILE: cannot open '/nonexistent/ca.pem': "
	                              "No such file or directory");
	unsetenv("SSL_CERT_FILE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_must_not_be_asked_for_is_not),
		cmocka_unit_test(a_password_in_a_url_is_refused_and_not_shown),
		cmocka_unit_test(
			one_that_is_not_there_is_an_error_and_the_next_request_goes_on),
		cmocka_unit_test(a_label_that_cannot_be_told_is_refused),
		cmocka_unit_test(a_child_that_dies_is_an_error_and_nothing_hangs),
		cmocka_unit_test(one_that_does_not_move_is_ended_all_the_same),
		cmocka_unit_test(threads_have_one_each),
		cmocka_unit_test(what_it_cannot_begin_with_is_said),
		cmocka_unit_test(threads_have_one_each),
		cmocka_unit_test(what_it_cannot_begin_with_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
