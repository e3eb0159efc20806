/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

static const char *const level_names[] = { "debug", "info", "warn", "error" };

struct line {
	char	text[LOG_LINE_MAX];
	size_t	n;
};

static void
add_char(struct line *line, char c)
{
	if (line->n < sizeof(line->text) - 1)	/* the last is for '\n' */
		line->text[line->n++] = c;
}

static void
add_text(struct line *line, const char *text)
{
	while (*text != '\0')
		add_char(line, *text++);
}

static bool
is_plain(const char *value)
{
	if (*value == '\0')
		return false;
	for (; *value != '\0'; value++)
		if (*value <= ' ' || *value == '"' || *value == '\\' ||
		    *value == '=' || *value == 0x7f)
			return false;
	return true;
}

static void
add_value(struct line *line, const char *value)
{
	if (is_plain(value)) {
		add_text(line, value);
		return;
	}
	add_char(line, '"');
	for (; *value != '\0'; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\') {
			add_char(line, '\\');
			add_char(line, (char)c);
		} else if (c < ' ' || c == 0x7f) {
			char hex[8];

			(void)snprintf(hex, sizeof(hex), "\\x%02x", c);
			add_text(line, hex);
		} else {
			add_char(line, (char)c);
		}
	}
	add_char(line, '"');
}

static void
add_pair(struct line *line, const char *key, const char *value)
{
	if (value == NULL)
		return;
	add_char(line, ' ');
	add_text(line, key);
	add_char(line, '=');
	add_value(line, value);
}

static void
add_time(struct line *line)
{
	struct timespec ts;
	struct tm tm;
	char text[40];

	ASSERT(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	ASSERT(gmtime_r(&ts.tv_sec, &tm) != NULL);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	add_text(line, text);
	(void)snprintf(text, sizeof(text), ".%03ldZ", ts.tv_nsec / 1000000);
	add_text(line, text);
}

void
log_put(const struct log *log, enum log_level level, const char *event, ...)
{
	struct line line;
	const char *key, *value;
	va_list ap;

	if (log == NULL || level < log->least)
		return;
	line.n = 0;
	add_time(&line);
	add_char(&line, ' ');
	add_text(&line, level_names[level]);
	add_char(&line, ' ');
	add_text(&line, log->program);
	add_char(&line, ' ');
	add_text(&line, event);
	va_start(ap, event);
	while ((key = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		add_pair(&line, key, value);
	}
	va_end(ap);
	add_pair(&line, "trace", log->trace);
	line.text[line.n++] = '\n';
	/* A log that cannot be written must not stop the work. */
	if (write(log->fd, line.text, line.n) < 0)
		return;
}

int
log_level_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(level_names); i++)
		if (strcmp(level_names[i], name) == 0)
			return (int)i;
	return -1;
}
