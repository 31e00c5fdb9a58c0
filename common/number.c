/* SPDX-License-Identifier: Apache-2.0 */
#include "common/number.h"

#include <inttypes.h>

int number_parse(const char *text, int64_t min, int64_t max, int64_t *number,
                 struct error *err)
{
	const char *digits = *text == '-' ? text + 1 : text;
	char *end = NULL;
	int64_t n;

	/* strtoll() would also take blanks and '+'. */
	errno = *digits >= '0' && *digits <= '9' ? 0 : EINVAL;
	n = errno ? 0 : strtoll(text, &end, 10);
	if (errno || *end || n < min || n > max)
		return error_set(err, -EINVAL,
		                 "must be a number from %" PRId64 " to %" PRId64, min,
		                 max);
	*number = n;
	return 0;
}
