/* SPDX-License-Identifier: Apache-2.0 */
#include "base/claims.h"

#include "base/base.h"

static const struct claim_kind kinds[] = {
#define CLAIM(name, type, refusal, meaning) \
	{ name, CLAIM_##type, ERR_##refusal, meaning },
#include "base/claims.def"
#undef CLAIM
};

/* Of their names. */
static const uint8_t sizes[] = {
#define CLAIM(name, type, refusal, meaning) sizeof(name) - 1,
#include "base/claims.def"
#undef CLAIM
};

struct claims
claims_in(struct arena *arena)
{
	return (struct claims){ .arena = arena };
}

const struct claim_kind *
claim_kinds(size_t *out_n)
{
	*out_n = COUNT_OF(kinds);
	return kinds;
}

const struct claim_kind *
claim_kind_find(const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if ((kinds[i].name[sizes[i] - 1] == '.' ? n > sizes[i] :
		    n == sizes[i]) &&
		    memcmp(name, kinds[i].name, sizes[i]) == 0)
			return &kinds[i];
	return NULL;
}

const struct claim *
claims_find(const struct claims *claims, const char *name)
{
	for (size_t i = 0; i < claims->n; i++)
		if (strcmp(claims->items[i].name, name) == 0)
			return &claims->items[i];
	return NULL;
}

static struct claim *
add(struct claims *claims, const char *name, enum claim_type type)
{
	const struct claim_kind *kind = claim_kind_find(name);
	struct claim *claim;

	ASSERT(kind != NULL && kind->type == type);
	ASSERT(claims_find(claims, name) == NULL);
	ASSERT(claims->n < CLAIMS_MAX);
	if (claims->n == claims->cap) {
		size_t cap = claims->cap > 0 ? claims->cap * 2 : 32;
		struct claim *grown = arena_array(claims->arena, cap,
		    sizeof(*grown));

		if (claims->n > 0)
			memcpy(grown, claims->items,
			    claims->n * sizeof(*grown));
		claims->items = grown;
		claims->cap = cap;
	}
	claim = &claims->items[claims->n++];
	claim->name = arena_strdup(claims->arena, name);
	claim->kind = kind;
	return claim;
}

void
claims_add_bool(struct claims *claims, const char *name, bool value)
{
	add(claims, name, CLAIM_BOOL)->boolean = value;
}

void
claims_add_uint(struct claims *claims, const char *name, uint64_t value)
{
	add(claims, name, CLAIM_UINT)->uint = value;
}

void
claims_add_text(struct claims *claims, const char *name, const char *value)
{
	add(claims, name, CLAIM_TEXT)->text = arena_strdup(claims->arena, value);
}

void
claims_add_bytes(struct claims *claims, const char *name, struct slice value)
{
	add(claims, name, CLAIM_BYTES)->bytes = slice_dup(claims->arena, value);
}

void
claims_add_list(struct claims *claims, const char *name,
    const char *const *items, size_t n)
{
	struct claim *claim = add(claims, name, CLAIM_LIST);
	const char **copy = arena_array(claims->arena, n, sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = arena_strdup(claims->arena, items[i]);
	claim->list.items = copy;
	claim->list.n = n;
}

static void
add_same(struct claims *claims, const struct claim *claim)
{
	switch (claim->kind->type) {
	case CLAIM_BOOL:
		claims_add_bool(claims, claim->name, claim->boolean);
		break;
	case CLAIM_UINT:
		claims_add_uint(claims, claim->name, claim->uint);
		break;
	case CLAIM_TEXT:
		claims_add_text(claims, claim->name, claim->text);
		break;
	case CLAIM_BYTES:
		claims_add_bytes(claims, claim->name, claim->bytes);
		break;
	case CLAIM_LIST:
		claims_add_list(claims, claim->name, claim->list.items,
		    claim->list.n);
		break;
	}
}

void
claims_add_missing(struct claims *claims, const struct claims *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (claims_find(claims, from->items[i].name) == NULL)
			add_same(claims, &from->items[i]);
}
