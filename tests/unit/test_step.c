/* SPDX-License-Identifier: Apache-2.0 */

/* The steps change the process for good: each test's are taken by a child. */
#include "stage2/step.h"

#include <linux/capability.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* What a child tells. */
struct seen {
	bool able; /* to be what the test wants it to be */
	int r;
	struct error err;
	struct rlimit files;
};

typedef bool become(void);

static bool set_files(void)
{
	return setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, 30}) == 0;
}

static bool has_capability(uint32_t *effective, bool take)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	*effective = data[0].effective;
	if (take)
		data[0].effective &= ~(1U << CAP_SYS_RESOURCE);
	return syscall(SYS_capset, &header, data) == 0;
}

static bool cannot_raise(void)
{
	uint32_t effective;

	return set_files() && has_capability(&effective, true);
}

/* The kernel's own bound holds for whoever has the capability, be it in a namespace only. */
static bool can_raise(void)
{
	uint32_t effective;

	return has_capability(&effective, false) &&
	       (effective & 1U << CAP_SYS_RESOURCE || unshare(CLONE_NEWUSER) == 0);
}

static void take_step(const char *limit, become *become_able, struct seen *seen)
{
	struct exec_spec spec = {0};
	struct seen *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	assert_true(shared != MAP_FAILED);
	strv_add(&spec.limits, limit);
	pid = fork();
	if (pid == 0) {
		shared->able = become_able();
		if (shared->able)
			shared->r = step_limits(&spec, &shared->err);
		getrlimit(RLIMIT_NOFILE, &shared->files);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	*seen = *shared;
	munmap(shared, sizeof(*shared));
	exec_spec_clear(&spec);
}

test(a_limit_is_set)
{
	struct seen seen;

	take_step("nofile:7:21:29", set_files, &seen);
	assert_true(seen.able);
	assert_int_equal(seen.r, 0);
	assert_int_equal(seen.files.rlim_cur, 21);
	assert_int_equal(seen.files.rlim_max, 29);
}

test(one_that_cannot_be_raised_is_named_with_what_it_is)
{
	struct seen seen;

	take_step("nofile:7:21:31", cannot_raise, &seen);
	assert_true(seen.able);
	assert_true(seen.r < 0);
	assert_string_equal(seen.err.text,
	                    "limit 'nofile' cannot be raised to 31: the hard limit of "
	                    "who runs gantry is 30 (raise that, or give gantry "
	                    "CAP_SYS_RESOURCE)");
	assert_int_equal(seen.files.rlim_cur, 20);
}

test(more_files_than_the_kernel_has_are_nobodys)
{
	struct seen seen;

	take_step("nofile:7:21:18446744073709551615", can_raise, &seen);
	if (!seen.able)
		skip();
	assert_true(seen.r < 0);
	assert_string_equal(seen.err.text, "limit 'nofile' cannot be unlimited: sysctl "
	                                   "fs.nr_open is less");
}

test(what_is_no_limit_is_refused)
{
	struct seen seen;

	take_step("nofile:7:21", set_files, &seen);
	assert_true(seen.r < 0);
	assert_string_equal(seen.err.text, "'nofile' is not a limit");
	take_step("nothing:99:1:1", set_files, &seen);
	assert_true(seen.r < 0);
	assert_string_equal(seen.err.text,
	                    "cannot read limit 'nothing': Invalid argument");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_is_set),
		cmocka_unit_test(one_that_cannot_be_raised_is_named_with_what_it_is),
		cmocka_unit_test(more_files_than_the_kernel_has_are_nobodys),
		cmocka_unit_test(what_is_no_limit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
