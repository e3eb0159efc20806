/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/bundle.h"

#include "base/base.h"

/* How often who holds a bundle should ask again: some times while a new root
 * is announced. */
#define REFRESH_PARTS	10
#define REFRESH_MIN_S	300
#define REFRESH_MAX_S	86400

static const struct { const char *word, *media_type; } formats[] = {
	[BUNDLE_PEM] = { "pem", "application/x-pem-file" },
	[BUNDLE_DER] = { "der", "application/pkix-cert" },
	[BUNDLE_PKCS7] = { "pkcs7", "application/pkcs7-mime" },
	[BUNDLE_JWKS] = { "jwks", "application/jwk-set+json" },
	[BUNDLE_SPIFFE] = { "spiffe", "application/json" },
};

bool
bundle_format_find(const char *word, enum bundle_format *out)
{
	for (size_t i = 0; i < BUNDLE_FORMATS; i++) {
		if (strcmp(formats[i].word, word) == 0) {
			*out = (enum bundle_format)i;
			return true;
		}
	}
	return false;
}

enum bundle_format
bundle_format_accepted(const char *accept)
{
	for (size_t i = 0; i < BUNDLE_FORMATS; i++)
		if (strstr(accept, formats[i].media_type) != NULL)
			return (enum bundle_format)i;
	return BUNDLE_PEM;
}

/* Certificates in order, each once. */
struct list {
	struct slice	*items;
	size_t		 n;
};

static void
add(struct list *list, struct slice certificate)
{
	for (size_t i = 0; i < list->n; i++)
		if (slice_equal(list->items[i], certificate))
			return;
	if (list->n < BUNDLE_CERTS_MAX)
		list->items[list->n++] = certificate;
}

struct known {
	int64_t			 tenant_id;
	struct db_ca		*cas;
	size_t			 n_cas;
	struct db_ca_signed	*crosses;
	size_t			 n_crosses;
	/* Of the CA with the same index. */
	struct above { struct slice items[CA_ABOVE_MAX]; size_t n; } *above;
};

static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct known *k = arg;

	TRY(db_ca_list(cx, tx, k->tenant_id, 0, BUNDLE_CERTS_MAX, &k->cas,
	    &k->n_cas));
	TRY(db_ca_signed_list(cx, tx, k->tenant_id, "cross", &k->crosses,
	    &k->n_crosses));
	k->above = arena_array(cx->arena, k->n_cas, sizeof(*k->above));
	for (size_t i = 0; i < k->n_cas; i++)
		if (k->cas[i].own_root)
			TRY(db_ca_above_list(cx, tx, k->tenant_id,
			    k->cas[i].id, k->above[i].items, &k->above[i].n));
	return OK;
}

static bool
is_alive(const struct db_ca *ca)
{
	static const char *const states[] = {
		"staged", "active", "retiring", "tainted",
	};

	for (size_t i = 0; i < COUNT_OF(states); i++)
		if (strcmp(ca->state, states[i]) == 0)
			return true;
	return false;
}

static bool
has_role(const struct db_ca *ca, enum ca_role role)
{
	return strcmp(ca->role, ca_role_word(role)) == 0;
}

/* --- which -------------------------------------------------------------- */

static void
add_role(const struct known *k, struct list *list, enum ca_role role)
{
	for (size_t i = 0; i < k->n_cas; i++)
		if (has_role(&k->cas[i], role) && is_alive(&k->cas[i]))
			add(list, k->cas[i].certificate);
}

/* Certificates above CAs under the tenant's own root: all but the root, or the
 * root only. */
static void
add_above(const struct known *k, struct list *list, bool roots)
{
	for (size_t i = 0; i < k->n_cas; i++) {
		const struct above *above = &k->above[i];

		if (!is_alive(&k->cas[i]))
			continue;
		for (size_t j = 0; j < above->n; j++)
			if ((j == above->n - 1) == roots)
				add(list, above->items[j]);
	}
}

static const struct db_ca *
by_id(const struct known *k, int64_t id)
{
	for (size_t i = 0; i < k->n_cas; i++)
		if (k->cas[i].id == id)
			return &k->cas[i];
	return NULL;
}

static void
add_crosses(struct ctx *cx, const struct known *k, struct list *list)
{
	for (size_t i = 0; i < k->n_crosses; i++) {
		const struct db_ca *signer = by_id(k, k->crosses[i].ca_id);

		if (signer != NULL && is_alive(signer) &&
		    k->crosses[i].not_after_s > ctx_now(cx))
			add(list, k->crosses[i].certificate);
	}
}

static void
collect_tenant(struct ctx *cx, const struct known *k, bool with_chain,
    struct list *list)
{
	if (with_chain) {
		add_role(k, list, CA_ROLE_ISSUING);
		add_role(k, list, CA_ROLE_SERVER);
		add_above(k, list, false);
		add_crosses(cx, k, list);
	}
	add_role(k, list, CA_ROLE_ROOT);
	add_above(k, list, true);
}

static void
collect_ca(const struct known *k, const struct db_ca *ca, struct list *list)
{
	const struct db_ca *root = ca->parent_id == 0 ? ca :
	    by_id(k, ca->parent_id);
	const struct above *above = &k->above[ca - k->cas];

	add(list, ca->certificate);
	for (size_t i = 0; i < above->n; i++)
		add(list, above->items[i]);
	if (root == NULL)
		return;
	for (size_t i = 0; i < k->n_crosses; i++)
		if (slice_equal(k->crosses[i].key_id, root->key_id))
			add(list, k->crosses[i].certificate);
	add(list, root->certificate);
}

/* --- how ---------------------------------------------------------------- */

/* It grows whenever a root comes, or changes its state. */
static struct bundle_spiffe
spiffe_of(const struct authority *a, const struct known *k)
{
	struct bundle_spiffe s = {
		.refresh_s = a->limits.ca_announce_s / REFRESH_PARTS,
	};

	if (s.refresh_s < REFRESH_MIN_S)
		s.refresh_s = REFRESH_MIN_S;
	if (s.refresh_s > REFRESH_MAX_S)
		s.refresh_s = REFRESH_MAX_S;
	for (size_t i = 0; i < k->n_cas; i++)
		if ((has_role(&k->cas[i], CA_ROLE_ROOT) ||
		    k->cas[i].own_root) && k->cas[i].changed_s > s.sequence)
			s.sequence = k->cas[i].changed_s;
	return s;
}

static struct err
put(struct ctx *cx, const struct authority *a, const struct known *k,
    const struct list *list, enum bundle_format format, struct bundle *out)
{
	struct bundle_spiffe spiffe = spiffe_of(a, k);
	struct bundle made = { .media_type = formats[format].media_type };
	struct err e;

	if (format == BUNDLE_PEM) {
		made.bytes = bundle_pem(cx, list->items, list->n);
	} else if (format == BUNDLE_PKCS7) {
		made.bytes = bundle_pkcs7(cx, list->items, list->n);
	} else if (format == BUNDLE_DER) {
		made.bytes = list->items[0];
	} else {
		e = bundle_jwks(cx, list->items, list->n,
		    format == BUNDLE_SPIFFE ? &spiffe : NULL, &made.bytes);
		if (e.code == ERR_AUTH_CERTIFICATE || e.code == ERR_CSR_KEY)
			return FAIL_TELL(cx, ERR_CONFLICT,
			    "a CA whose key has no form in this format");
		TRY(e);
	}
	*out = made;
	return OK;
}

static struct err
know(struct ctx *cx, const struct authority *a, const struct tenant *tenant,
    struct known *k, struct list *list)
{
	*k = (struct known){ .tenant_id = tenant->id };
	TRY(db_read(cx, a->db, read_work, k));
	*list = (struct list){ arena_array(cx->arena, BUNDLE_CERTS_MAX,
	    sizeof(struct slice)), 0 };
	return OK;
}

struct err
bundle_of_tenant(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, enum bundle_format format, bool with_chain,
    struct bundle *out)
{
	bool authorities = format == BUNDLE_JWKS || format == BUNDLE_SPIFFE;
	struct known k;
	struct list list;

	TRY(know(cx, a, tenant, &k, &list));
	collect_tenant(cx, &k, with_chain && !authorities, &list);
	if (format == BUNDLE_DER && list.n != 1)
		return FAIL_TELL(cx, ERR_PARAMETER, "format: der holds one "
		    "certificate, and there are %zu: ask for pkcs7 or pem",
		    list.n);
	return put(cx, a, &k, &list, format, out);
}

struct err
bundle_of_ca(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *key_id,
    enum bundle_format format, struct bundle *out)
{
	const struct db_ca *ca = NULL;
	struct known k;
	struct list list;

	TRY(know(cx, a, tenant, &k, &list));
	for (size_t i = 0; i < k.n_cas; i++)
		if (strcmp(text_hex(cx->arena, k.cas[i].key_id), key_id) == 0)
			ca = &k.cas[i];
	if (ca == NULL)
		return FAIL(cx, ERR_NOT_FOUND, "no such CA");
	if (ca->certificate.n == 0)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "its certificate is awaited");
	collect_ca(&k, ca, &list);
	return put(cx, a, &k, &list, format, out);
}
