/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error reports.  Each is put into the state folder with the ID it will always
 * have, and stays there until the server has acknowledged it: sending it again
 * is harmless, losing it is not.
 */
#ifndef DAAPKI_AGENT_REPORT_H
#define DAAPKI_AGENT_REPORT_H

#include "agent/agent.h"

#define REPORT_EVENTS_MAX	1000u
#define REPORT_FILE_MAX		(1024u * 1024u)
#define REPORT_QUEUE_MAX	1000u	/* unsent ones */

/*
 * The events that the options describe: one by flags, or those of a JSON file
 * (an array of events, one event, or a whole report).
 * ERR_PARAMETER, ERR_JSON, ERR_FIELD
 */
struct err	report_read(struct ctx *, const struct options *,
		    json_t **out_report);
/* Queue it; ERR_QUOTA when too many wait already. */
struct err	report_queue(struct ctx *, struct agent *,
		    const json_t *report);

struct report_sent {
	unsigned	 sent, waiting, refused;
	int64_t		 accepted, dropped;	/* events, as the server counted */
};

/*
 * Send what waits, oldest first.  A report that the server will never take
 * (its content is wrong) is set aside as *.refused so that it holds up nothing.
 * ERR_HTTP and the server's codes: the rest waits; out says how far it came
 */
struct err	report_send(struct ctx *, struct agent *,
		    struct report_sent *out);

#endif
