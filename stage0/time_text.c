/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/time_text.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/memory.h"

enum { NS_PER_SECOND = 1000000000, NS_PER_MS = 1000000 };

enum {
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	WEEK = 7 * DAY,
	MONTH = 30 * DAY,
	YEAR = 12 * MONTH
};

/* A distance below LIMIT seconds is a count of UNITs. Those that are one word for all of
 * their range have no unit. */
static const struct {
	int64_t limit;
	int unit;
	const char *words;
} distances[] = {
	{2, 0, "1 second"},
	{MINUTE, 1, "seconds"},
	{2 * MINUTE, 0, "1 minute"},
	{HOUR, MINUTE, "minutes"},
	{2 * HOUR, 0, "1 hour"},
	{DAY, HOUR, "hours"},
	{2 * DAY, 0, "1 day"},
	{WEEK, DAY, "days"},
	{2 * WEEK, 0, "1 week"},
	{MONTH, WEEK, "weeks"},
	{2 * MONTH, 0, "1 month"},
	{YEAR, MONTH, "months"},
	{18 * (int64_t)MONTH, 0, "1 year"},
	{2 * (int64_t)YEAR, 0, "2 years"},
	{37 * (int64_t)YEAR, YEAR, "years"},
	{INT64_MAX, 0, "a long while"},
};

int64_t time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Rounded down, also before 1970. */
static int64_t seconds(int64_t ns)
{
	return ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0);
}

char *time_relative(int64_t then, int64_t now)
{
	const char *direction = then > now ? "from now" : "ago";
	int64_t distance = seconds(now) - seconds(then);
	size_t i = 0;

	if (distance < 0)
		distance = -distance;
	if (then && distance == 0)
		return memory_text("now");
	while (distance >= distances[i].limit ||
	       (!then && distances[i].limit < INT64_MAX))
		i++;
	if (!distances[i].unit)
		return memory_format("%s %s", distances[i].words, direction);
	return memory_format("%lld %s %s", (long long)(distance / distances[i].unit),
	                     distances[i].words, direction);
}

char *time_full(int64_t then)
{
	time_t second = (time_t)seconds(then);
	int ms = (int)((then - (int64_t)second * NS_PER_SECOND) / NS_PER_MS);
	char date[32], zone[32], fraction[8] = "";
	struct tm tm;

	if (!then)
		return memory_text("0001-01-01 00:00:00 +0000 UTC");
	localtime_r(&second, &tm);
	strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z %Z", &tm);
	if (ms) {
		snprintf(fraction, sizeof(fraction), ".%03d", ms);
		for (char *end = fraction + 3; *end == '0'; end--)
			*end = '\0';
	}
	return memory_format("%s%s %s", date, fraction, zone);
}

/* Adds NS in units of UNIT nanoseconds, a power of ten, without zeros at the end. */
static void add_decimal(struct buf *out, int64_t ns, int64_t unit)
{
	int64_t rest = ns % unit;

	buf_format(out, "%lld", (long long)(ns / unit));
	for (const char *point = "."; rest; point = "", rest %= unit) {
		unit /= 10;
		buf_format(out, "%s%lld", point, (long long)(rest / unit));
	}
}

char *time_length(int64_t nanoseconds)
{
	static const struct {
		int64_t ns;
		const char *name;
	} parts[] = {
		{1, "ns"}, {1000, "\xc2\xb5s"}, {NS_PER_MS, "ms"}, {NS_PER_SECOND, "s"}};
	int64_t minutes = nanoseconds / NS_PER_SECOND / MINUTE;
	size_t unit = sizeof(parts) / sizeof(*parts) - 1;
	autoclear(buf) text = {0};

	while (unit > 0 && nanoseconds && nanoseconds < parts[unit].ns)
		unit--;
	if (minutes >= 60)
		buf_format(&text, "%lldh", (long long)(minutes / 60));
	if (minutes)
		buf_format(&text, "%lldm", (long long)(minutes % 60));
	add_decimal(&text, nanoseconds - minutes * MINUTE * NS_PER_SECOND,
	            parts[unit].ns);
	buf_text(&text, parts[unit].name);
	return buf_take(&text);
}
