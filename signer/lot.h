/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders that wait for an HSM.  Each is done on a stack of its own, so that
 * the code that does it reads as if it did not wait, and the loop goes on with
 * others meanwhile.  All is one thread: an order is left only in lot_wait().
 */
#ifndef DAAPKI_SIGNER_LOT_H
#define DAAPKI_SIGNER_LOT_H

#include <stdbool.h>
#include <stddef.h>

#define LOT_MAX		128u	/* orders that wait at a time, for all HSMs */
#define LOT_STACK	(256u * 1024u)	/* bytes; a guard page is below it */
#define LOT_HELD_MAX	8u	/* counts that one order holds */

struct lot;
struct place;			/* of one order */

struct lot	*lot_new(void);
/* Frees the stacks of those that wait too; what they hold is not freed. */
void		 lot_free(struct lot *);

/* Is there room for one more? */
bool		 lot_has_room(const struct lot *);
/*
 * Run work(arg) on a stack of its own until it ends or waits.  True: it ended.
 * Else *out is its place, to be run again by lot_resume().
 */
bool		 lot_start(struct lot *, void (*work)(void *), void *arg,
		    struct place **out);
/* Run it again, until it ends (true; the place is gone) or waits. */
bool		 lot_resume(struct lot *, struct place *);

/* Inside an order: is it one of a lot?  If it is not, lot_ask() notes that it
 * should be, and the order is to fail without having done anything. */
bool		 lot_is_inside(const struct lot *);
void		 lot_ask(struct lot *);
/* Was that asked since the last call? */
bool		 lot_was_asked(struct lot *);
/* Inside: let others go on until *ready is set. */
void		 lot_wait(struct lot *, const bool *ready);
/* Is what it waits for there? */
bool		 lot_may_resume(const struct place *);
/* Inside: count one up in *held until this order ends. */
void		 lot_hold(struct lot *, unsigned *held);

#endif
