/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one line an event, "time level event key=value ...", to standard
 * error.  Values that hold a space, a quote or a control character are quoted
 * and escaped, so a line is always one line and a value cannot forge another.
 */
#ifndef DAAPKI_BASE_LOG_H
#define DAAPKI_BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

struct log {
	int		 fd;
	enum log_level	 least;		/* quieter events are left out */
	const char	*program;
	const char	*trace;		/* ends each line; NULL: it is left out */
};

#define LOG_LINE_MAX	2048u		/* longer lines are cut */

/*
 * Write one event.  After the event's name come pairs of texts, key and value,
 * and a NULL; a NULL value leaves its pair out:
 *	log_put(log, LOG_LEVEL_INFO, "ca.made", "tenant", name, NULL);
 */
void	log_put(const struct log *, enum log_level, const char *event, ...)
	    __attribute__((sentinel));

/* "debug", "info", "warn", "error" to a level; -1 when it is none of them. */
int	log_level_find(const char *name);

#endif
