/* SPDX-License-Identifier: Apache-2.0 */
#include "stage0/fetch/progress.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "common/appc/schema.h"
#include "common/file.h"
#include "common/list.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/printable.h"

enum { VERSION = 1, COLUMNS = 80, REDRAWS_PER_SECOND = 4 };

static const int64_t second = 1000000000;

/* As it stands in JSON. */
struct event {
	int64_t version;
	char *event;
	char *image;
	char *url;
	int64_t bytes;
	int64_t total;
};

struct progress_item {
	struct progress *progress;
	char *image;
	char *url;
	int64_t bytes;
	int64_t total;
	int64_t told; /* when, in nanoseconds */
	bool done;
};

struct progress {
	enum progress_style style; /* AUTO only on a terminal */
	pthread_mutex_t lock;
	LIST_OF(struct progress_item *) items;

	bool drawn;       /* there is a line on the terminal */
	int64_t began;    /* the first download; nanoseconds */
	int64_t received; /* bytes since then */
	int64_t redrawn;
};

static const char *const styles[] = {
	[PROGRESS_AUTO] = "auto",
	[PROGRESS_JSON] = "json",
	[PROGRESS_NONE] = "none",
};

static const struct field event_fields[] = {
	{"progress", FIELD_INT, FIELD_KEEP, offsetof(struct event, version)},
	{"event", FIELD_TEXT, 0, offsetof(struct event, event)},
	{"image", FIELD_TEXT, 0, offsetof(struct event, image)},
	{"url", FIELD_TEXT, 0, offsetof(struct event, url)},
	{"bytes", FIELD_INT, FIELD_KEEP, offsetof(struct event, bytes)},
	{"total", FIELD_INT, FIELD_KEEP, offsetof(struct event, total)},
	{NULL},
};

static const struct schema event_schema = {
	.size = sizeof(struct event),
	.fields = event_fields,
};

int progress_style_parse(void *style, const char *text, struct error *err)
{
	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++)
		if (strcmp(text, styles[i]) == 0) {
			*(enum progress_style *)style = (enum progress_style)i;
			return 0;
		}
	return error_set(err, -EINVAL, "must be 'auto', 'json' or 'none'");
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * second + ts.tv_nsec;
}

/* "12.3 MiB" */
static void add_size(struct buf *line, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double size = (double)bytes;
	size_t unit = 0;

	while (size >= 1024 && unit + 1 < sizeof(units) / sizeof(*units)) {
		size /= 1024;
		unit++;
	}
	buf_format(line, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
}

/* "1:02:03", "2:03" */
static void add_time(struct buf *line, int64_t seconds)
{
	int64_t minutes = seconds / 60;

	if (minutes >= 60)
		buf_format(line, "%lld:%02d:%02d", (long long)(minutes / 60),
		           (int)(minutes % 60), (int)(seconds % 60));
	else
		buf_format(line, "%d:%02d", (int)minutes, (int)(seconds % 60));
}

/* What follows the name. */
static void add_numbers(const struct progress_view *view, struct buf *line)
{
	buf_text(line, ": ");
	add_size(line, view->bytes);
	if (view->total >= 0) {
		buf_text(line, " of ");
		add_size(line, view->total);
	}
	if (view->total > 0)
		buf_format(line, ", %d%%",
		           (int)((double)view->bytes * 100 / (double)view->total));
	if (view->rate <= 0)
		return;
	buf_text(line, ", ");
	add_size(line, view->rate);
	buf_text(line, "/s");
	if (view->total > view->bytes) {
		buf_text(line, ", ");
		add_time(line, (view->total - view->bytes) / view->rate);
		buf_text(line, " left");
	}
}

void progress_line(const struct progress_view *view, size_t columns, struct buf *line)
{
	autoclear(buf) name = {0}, numbers = {0};
	size_t room;

	if (view->image && view->count == 1)
		printable_add(&name, view->image, "");
	else
		buf_format(&name, "%zu images", view->count);
	add_numbers(view, &numbers);
	room = columns > numbers.len ? columns - numbers.len : 0;
	if (name.len <= room)
		buf_text(line, buf_string(&name));
	else if (room > 3)
		buf_format(line, "...%s", name.data + name.len - (room - 3));
	buf_add(line, numbers.data, numbers.len < columns ? numbers.len : columns);
}

/* The one that draws on the terminal. */
static struct progress *drawing;

static void erase(struct progress *progress)
{
	static const char clear_line[] = "\r\033[K";

	if (progress->drawn)
		(void)!write(STDERR_FILENO, clear_line, sizeof(clear_line) - 1);
	progress->drawn = false;
}

/* A message is about to be printed. */
static void make_room(void)
{
	if (!drawing)
		return;
	pthread_mutex_lock(&drawing->lock);
	erase(drawing);
	pthread_mutex_unlock(&drawing->lock);
}

static bool can_draw(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

struct progress *progress_new(enum progress_style style)
{
	struct progress *progress = memory_zeroed(1, sizeof(*progress));

	progress->style = style;
	pthread_mutex_init(&progress->lock, NULL);
	return progress;
}

/* The first download: most commands have none, and need not ask for a terminal. */
static void start(struct progress *progress, int64_t at)
{
	progress->began = at;
	if (progress->style != PROGRESS_AUTO)
		return;
	if (!can_draw()) {
		progress->style = PROGRESS_NONE;
		return;
	}
	drawing = progress;
	log_set_before(make_room);
}

void progress_free(struct progress *progress)
{
	if (!progress)
		return;
	if (drawing == progress) {
		erase(progress);
		log_set_before(NULL);
		drawing = NULL;
	}
	for (size_t i = 0; i < progress->items.count; i++) {
		free(progress->items.items[i]->image);
		free(progress->items.items[i]->url);
		free(progress->items.items[i]);
	}
	free(progress->items.items);
	pthread_mutex_destroy(&progress->lock);
	free(progress);
}

static size_t columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 20)
		return COLUMNS - 1;
	return size.ws_col - 1U;
}

static void draw(struct progress *progress, int64_t at)
{
	struct progress_view view = {0};
	autoclear(buf) line = {0};
	int64_t elapsed = at - progress->began;

	for (size_t i = 0; i < progress->items.count; i++) {
		const struct progress_item *item = progress->items.items[i];

		view.count += !item->done;
		if (!item->done)
			view.image = item->image;
		view.bytes += item->bytes;
		view.total = view.total < 0 || item->total < 0 ? -1
		                                               : view.total + item->total;
	}
	if (elapsed >= second)
		view.rate = (int64_t)((double)progress->received /
		                      ((double)elapsed / (double)second));
	buf_text(&line, "\r\033[K");
	progress_line(&view, columns(), &line);
	(void)!write(STDERR_FILENO, line.data, line.len);
	progress->drawn = true;
	progress->redrawn = at;
}

static void tell(struct progress_item *item, const char *what, int64_t at)
{
	autoclear(buf) line = {0};
	const struct event event = {
		.version = VERSION,
		.event = (char *)(uintptr_t)what,
		.image = item->image,
		.url = item->url,
		.bytes = item->bytes,
		.total = item->total,
	};

	schema_encode(&event_schema, &event, SCHEMA_COMPACT, &line);
	buf_char(&line, '\n');
	(void)!write(STDERR_FILENO, line.data, line.len);
	item->told = at;
}

struct progress_item *progress_begin(struct progress *progress, const char *image,
                                     const char *url, int64_t have, int64_t total)
{
	struct progress_item *item = memory_zeroed(1, sizeof(*item));
	int64_t at = now();

	item->progress = progress;
	item->image = memory_text(image);
	item->url = memory_text(url);
	item->bytes = have;
	item->total = total;
	pthread_mutex_lock(&progress->lock);
	*list_add(&progress->items) = item;
	if (!progress->began)
		start(progress, at);
	if (progress->style == PROGRESS_JSON)
		tell(item, "begin", at);
	pthread_mutex_unlock(&progress->lock);
	return item;
}

void progress_advance(struct progress_item *item, int64_t bytes)
{
	struct progress *progress = item->progress;
	const int64_t pause = second / REDRAWS_PER_SECOND;
	int64_t at = now();

	pthread_mutex_lock(&progress->lock);
	item->bytes += bytes;
	progress->received += bytes;
	if (progress->style == PROGRESS_JSON && at - item->told >= pause)
		tell(item, "advance", at);
	if (progress->style == PROGRESS_AUTO && at - progress->redrawn >= pause)
		draw(progress, at);
	pthread_mutex_unlock(&progress->lock);
}

void progress_wait(struct progress_item *item)
{
	struct progress *progress = item->progress;

	pthread_mutex_lock(&progress->lock);
	if (progress->style == PROGRESS_AUTO)
		draw(progress, now());
	pthread_mutex_unlock(&progress->lock);
}

void progress_end(struct progress_item *item, bool whole)
{
	struct progress *progress = item->progress;

	pthread_mutex_lock(&progress->lock);
	item->done = true;
	if (progress->style == PROGRESS_JSON)
		tell(item, whole ? "end" : "failed", now());
	if (progress->style == PROGRESS_AUTO)
		erase(progress);
	pthread_mutex_unlock(&progress->lock);
}
