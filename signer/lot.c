/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/lot.h"

#include <sys/mman.h>

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/base.h"

struct place {
	struct place	*next;		/* of those that are free */
	ucontext_t	 inside, outside;
	uint8_t		*stack;		/* with its guard page */
	void		(*work)(void *);
	void		*arg;
	bool		 ended;
	const bool	*ready;		/* what it waits for */
	size_t		 n_held;
	unsigned	*held[LOT_HELD_MAX];
};

struct lot {
	struct place	*running;
	struct place	*places[LOT_MAX];	/* all that were made */
	size_t		 n_places, n_taken;
	struct place	*free;
	bool		 asked;
};

static size_t
guard_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct place *
place_new(struct lot *lot)
{
	struct place *p = base_alloc(sizeof(*p));
	void *stack = mmap(NULL, guard_size() + LOT_STACK,
	    PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

	/* As with any memory: without it the process ends. */
	ASSERT(stack != MAP_FAILED);
	ASSERT(mprotect(stack, guard_size(), PROT_NONE) == 0);
	p->stack = stack;
	ASSERT(lot->n_places < LOT_MAX);
	lot->places[lot->n_places++] = p;
	return p;
}

struct lot *
lot_new(void)
{
	return base_alloc(sizeof(struct lot));
}

void
lot_free(struct lot *lot)
{
	if (lot == NULL)
		return;
	for (size_t i = 0; i < lot->n_places; i++) {
		(void)munmap(lot->places[i]->stack, guard_size() + LOT_STACK);
		free(lot->places[i]);
	}
	free(lot);
}

bool
lot_has_room(const struct lot *lot)
{
	return lot->n_taken < LOT_MAX;
}

/* makecontext() passes ints only: a pointer goes in two halves. */
static void
begin(unsigned high, unsigned low)
{
	struct place *p =
	    (struct place *)((uintptr_t)high << 16 << 16 | (uintptr_t)low);

	p->work(p->arg);
	p->ended = true;
	/* uc_link goes back to whoever ran it. */
}

/* swapcontext() in two steps: AddressSanitizer has none that it trusts.  Back
 * here, from is where it was left and the flag on its stack is set. */
static void
go(ucontext_t *from, const ucontext_t *to)
{
	volatile bool left = false;

	ASSERT(getcontext(from) == 0);
	if (left)
		return;
	left = true;
	(void)setcontext(to);
	base_bug(__FILE__, __LINE__, "setcontext");
}

bool
lot_resume(struct lot *lot, struct place *p)
{
	ASSERT(lot->running == NULL);
	lot->running = p;
	go(&p->outside, &p->inside);
	lot->running = NULL;
	if (!p->ended)
		return false;
	for (size_t i = 0; i < p->n_held; i++)
		--*p->held[i];
	p->next = lot->free;
	lot->free = p;
	lot->n_taken--;
	return true;
}

/* A function of its own: getcontext() returns twice as far as a compiler
 * knows. */
static void
prepare(struct place *p)
{
	ASSERT(getcontext(&p->inside) == 0);
	p->inside.uc_stack.ss_sp = p->stack + guard_size();
	p->inside.uc_stack.ss_size = LOT_STACK;
	p->inside.uc_link = &p->outside;
	makecontext(&p->inside, (void (*)(void))begin, 2,
	    (unsigned)((uintptr_t)p >> 16 >> 16), (unsigned)(uintptr_t)p);
}

bool
lot_start(struct lot *lot, void (*work)(void *), void *arg,
    struct place **out)
{
	struct place *p = lot->free;

	ASSERT(lot_has_room(lot));
	if (p != NULL)
		lot->free = p->next;
	else
		p = place_new(lot);
	lot->n_taken++;
	p->work = work;
	p->arg = arg;
	p->ended = false;
	p->n_held = 0;
	prepare(p);
	*out = p;
	return lot_resume(lot, p);
}

bool
lot_is_inside(const struct lot *lot)
{
	return lot->running != NULL;
}

void
lot_ask(struct lot *lot)
{
	lot->asked = true;
}

bool
lot_was_asked(struct lot *lot)
{
	bool asked = lot->asked;

	lot->asked = false;
	return asked;
}

void
lot_wait(struct lot *lot, const bool *ready)
{
	struct place *p = lot->running;

	ASSERT(p != NULL);
	p->ready = ready;
	while (!*ready)
		go(&p->inside, &p->outside);
}

bool
lot_may_resume(const struct place *p)
{
	return *p->ready;
}

void
lot_hold(struct lot *lot, unsigned *held)
{
	struct place *p = lot->running;

	ASSERT(p != NULL && p->n_held < LOT_HELD_MAX);
	p->held[p->n_held++] = held;
	++*held;
}
