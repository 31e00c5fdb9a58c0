/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "stage0/config/install.h"

test(other_programs_are_found_beside_this_ones_directory)
{
	autofree char *self = realpath("/proc/self/exe", NULL);
	autofree char *import = NULL;
	struct error err;
	char *top;

	assert_non_null(self);
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	assert_int_equal(install_path(INSTALL_IMPORT_NET, &import, &err), 0);
	top = strstr(import, "/libexec/gantry/import-net");
	assert_non_null(top);
	*top = '\0';
	assert_string_equal(import, self);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_programs_are_found_beside_this_ones_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
