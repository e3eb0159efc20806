/* SPDX-License-Identifier: Apache-2.0 */
/* Format dice: a chain of layer certificates, and what its leaf signed. */
#include "attest/dice.h"

#include "attest/chain.h"
#include "attest/formats.h"
#include "attest/member.h"
#include "attest/possession.h"
#include "base/text.h"

#define SHA256_SIZE	32u
#define LAYERS_MAX	(ATTEST_CHAIN_MAX + 2u)
#define LISTED_MAX	(LAYERS_MAX * DICE_COMPONENTS_MAX)

struct dice {
	X509		**chain;
	size_t		 n_chain;
	struct slice	 signature;
};

/* A path, leaf first, and what each certificate says. */
struct layers {
	X509 *const		*certs;
	struct dice_layer	*items;
	size_t			 n;
	size_t			 n_saying;	/* the first so many */
};

static struct err
read_dice(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct dice *d = ARENA_NEW(cx->arena, struct dice);
	struct slice *chain;

	d->n_chain = json_get_bytes_array(in, "chain", JSON_REQUIRED,
	    ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &chain);
	d->signature = json_get_bytes(in, "signature", JSON_OPTIONAL,
	    POSSESSION_MAX);
	if (!failed(in->err) && d->n_chain == 0)
		json_refuse(in, "chain", "is empty");
	if (!failed(in->err))
		(void)attest_keep(in, "chain",
		    chain_certs_parse(cx, chain, d->n_chain, CHAIN_LEAF_STAYS,
		    &d->chain));
	TRY(json_in_done(in));
	*out_value = d;
	return OK;
}

/* --- layers --------------------------------------------------------------- */

static struct err
layers_read(struct ctx *cx, X509 *const *certs, size_t n, struct layers *out)
{
	struct layers l = { .certs = certs, .n = n };

	l.items = arena_array(cx->arena, n, sizeof(*l.items));
	for (size_t i = 0; i < n; i++)
		TRY(dice_layer_read(cx, certs[i], &l.items[i]));
	while (l.n_saying < n && l.items[l.n_saying].says)
		l.n_saying++;
	*out = l;
	return OK;
}

/* From the leaf down, until the device itself: a certificate without a word
 * between two that speak hides a layer. */
static struct err
check_no_gap(struct ctx *cx, const struct layers *l)
{
	if (l->n_saying == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "the leaf does not say what runs");
	for (size_t i = l->n_saying; i < l->n; i++)
		if (l->items[i].says)
			return FAIL_TELL(cx, ERR_EV_PROPERTY,
			    "a layer that does not say what runs");
	return OK;
}

/* Where layers are numbered, each is the next one after the layer below. */
static struct err
check_order(struct ctx *cx, const struct layers *l)
{
	for (size_t i = 0; i + 1 < l->n_saying; i++) {
		const struct dice_layer *above = &l->items[i];
		const struct dice_layer *below = &l->items[i + 1];

		if (above->n_components == 0 || below->n_components == 0 ||
		    !above->components[0].has_layer ||
		    !below->components[0].has_layer)
			continue;
		if (above->components[0].layer !=
		    below->components[0].layer + 1)
			return FAIL_TELL(cx, ERR_EV_PROPERTY,
			    "layers out of order");
	}
	return OK;
}

/* RIoT: the device ID that a layer names is the key that vouches for it. */
static struct err
check_device_keys(struct ctx *cx, const struct layers *l)
{
	for (size_t i = 0; i < l->n_saying; i++) {
		if (l->items[i].device_key.n == 0)
			continue;
		if (i + 1 == l->n || !slice_equal(l->items[i].device_key,
		    chain_spki(cx, l->certs[i + 1])))
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "a layer of another device ID");
	}
	return OK;
}

static struct err
find_ueid(struct ctx *cx, const struct layers *l, struct slice *out)
{
	struct slice ueid = SLICE_NONE;

	for (size_t i = 0; i < l->n; i++) {
		if (l->items[i].ueid.n == 0)
			continue;
		if (ueid.n > 0 && !slice_equal(ueid, l->items[i].ueid))
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "UEIDs of two devices");
		ueid = l->items[i].ueid;
	}
	*out = ueid;
	return OK;
}

/*
 * The certificate whose key is the device's: the lowest that says it is an
 * identity; else the one that vouches for the lowest layer, where RIoT or Open
 * DICE say that this is the device.  Else the lowest layer's own: the issuer
 * may be the maker's, and stand for all its devices.  NULL when not shown.
 */
static X509 *
find_device(const struct layers *l)
{
	const struct dice_layer *lowest;

	for (size_t i = l->n; i > 0; i--)
		if (l->items[i - 1].is_identity)
			return l->certs[i - 1];
	if (l->n_saying == 0)
		return NULL;
	lowest = &l->items[l->n_saying - 1];
	if (!lowest->is_open && lowest->device_key.n == 0)
		return l->certs[l->n_saying - 1];
	return l->n_saying < l->n ? l->certs[l->n_saying] : NULL;
}

static void
put_hardware_id(struct ctx *cx, const struct layers *l,
    char out[static HARDWARE_ID_MAX])
{
	char hex[2 * SHA256_SIZE + 1];
	X509 *device = find_device(l);
	uint8_t hash[SHA256_SIZE];
	struct slice spki;

	out[0] = '\0';
	if (device == NULL)
		return;
	spki = chain_spki(cx, device);
	ASSERT(EVP_Digest(spki.p, spki.n, hash, NULL, ossl_sha256(), NULL)
	    == 1);
	text_hex_into(SLICE_OF(hash), hex);
	(void)snprintf(out, HARDWARE_ID_MAX, "dice:%s", hex);
}

/* --- claims --------------------------------------------------------------- */

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

static const char *
describe(struct ctx *cx, const struct dice_component *c)
{
	const char *text = arena_printf(cx->arena, "%s %s %s",
	    or_dash(c->vendor), or_dash(c->model), or_dash(c->version));

	for (size_t i = 0; i < c->n_fwids; i++)
		text = arena_printf(cx->arena, "%s %s", text,
		    text_hex(cx->arena, c->fwids[i]));
	return text;
}

struct told {
	const char	*components[LISTED_MAX];
	const char	*fwids[LISTED_MAX * DICE_FWIDS_MAX];
	const char	*signers[LISTED_MAX];
	const char	*messages[LAYERS_MAX];
	size_t		 n_components, n_fwids, n_signers, n_messages;
	uint32_t	 flags, flags_known;
};

static void
tell_component(struct ctx *cx, const struct dice_component *c, struct told *t)
{
	t->components[t->n_components++] = describe(cx, c);
	for (size_t i = 0; i < c->n_fwids; i++)
		t->fwids[t->n_fwids++] = text_hex(cx->arena, c->fwids[i]);
	if (c->authority.n > 0)
		t->signers[t->n_signers++] = text_hex(cx->arena,
		    c->authority);
	t->flags |= c->flags;
	t->flags_known &= c->flags_known;
}

static void
tell_layer(struct ctx *cx, const struct dice_layer *layer, struct told *t)
{
	uint8_t hash[SHA256_SIZE];

	for (size_t i = 0; i < layer->n_components; i++)
		tell_component(cx, &layer->components[i], t);
	if (layer->message.n == 0)
		return;
	ASSERT(EVP_Digest(layer->message.p, layer->message.n, hash, NULL,
	    ossl_sha256(), NULL) == 1);
	t->messages[t->n_messages++] = text_hex(cx->arena, SLICE_OF(hash));
	if (layer->n_components == 0)
		t->flags_known = 0;
}

/* True when any layer says so, false when all deny it; else nothing. */
static void
tell_flag(struct claims *claims, const char *name, const struct told *t,
    uint32_t mask)
{
	if ((t->flags & mask) != 0)
		claims_add_bool(claims, name, true);
	else if ((t->flags_known & mask) == mask)
		claims_add_bool(claims, name, false);
}

/* The security version of each layer, the lowest one first. */
static void
tell_svns(struct ctx *cx, const struct layers *l, struct claims *claims)
{
	for (size_t i = 0; i < l->n_saying; i++) {
		const struct dice_layer *layer =
		    &l->items[l->n_saying - 1 - i];
		bool found = false;
		uint64_t svn = 0;

		for (size_t k = 0; k < layer->n_components; k++) {
			const struct dice_component *c =
			    &layer->components[k];

			if (c->has_svn && (!found || c->svn < svn))
				svn = c->svn;
			found = found || c->has_svn;
		}
		if (found)
			claims_add_uint(claims, arena_printf(cx->arena,
			    "svn.%zu", i), svn);
	}
}

static void
tell(struct ctx *cx, const struct layers *l, struct claims *claims)
{
	struct told *t = ARENA_NEW(cx->arena, struct told);

	t->flags_known = DICE_FLAGS_TOLD;
	for (size_t i = l->n_saying; i > 0; i--)
		tell_layer(cx, &l->items[i - 1], t);
	claims_add_uint(claims, "layers", l->n_saying);
	claims_add_list(claims, "software_components", t->components,
	    t->n_components);
	claims_add_list(claims, "software_measurements", t->fwids,
	    t->n_fwids);
	if (t->n_signers > 0)
		claims_add_list(claims, "software_signers", t->signers,
		    t->n_signers);
	if (t->n_messages > 0)
		claims_add_list(claims, "conceptual_messages", t->messages,
		    t->n_messages);
	tell_flag(claims, "debug", t, DICE_DEBUG | DICE_NOT_SECURE |
	    DICE_NOT_CONFIGURED);
	tell_flag(claims, "recovery", t, DICE_RECOVERY);
	tell_svns(cx, l, claims);
}

/* --- the format ----------------------------------------------------------- */

static struct err
verify_dice(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	struct attestation result = { .claims = claims_in(cx->arena) };
	const struct dice *d = value;
	struct chain_path path;
	struct layers layers;
	struct slice ueid;

	TRY(chain_verify_reading(cx, d->chain[0], d->chain + 1,
	    d->n_chain - 1, a->trust, a->at_s, dice_critical, &path));
	TRY(layers_read(cx, path.certs, path.n, &layers));
	TRY(check_no_gap(cx, &layers));
	TRY(check_order(cx, &layers));
	TRY(check_device_keys(cx, &layers));
	TRY(find_ueid(cx, &layers, &ueid));
	if (!chain_key_is_strong(d->chain[0]))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a leaf with a weak key");
	TRY(possession_check(cx, format_dice.name, d->chain[0], d->signature,
	    a));
	claims_add_bool(&result.claims, "hardware_key", false);
	if (ueid.n > 0)
		claims_add_bytes(&result.claims, "ueid", ueid);
	tell(cx, &layers, &result.claims);
	put_hardware_id(cx, &layers, result.hardware_id);
	*out = result;
	return OK;
}

static void
identify_dice(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct dice *d = value;
	struct layers layers;

	*out_ak_name = SLICE_NONE;
	out_hardware_id[0] = '\0';
	if (failed(layers_read(cx, d->chain, d->n_chain, &layers))) {
		ctx_forget(cx);
		return;
	}
	put_hardware_id(cx, &layers, out_hardware_id);
}

const struct attest_format format_dice = {
	.name = "dice", .read = read_dice, .verify = verify_dice,
	.identify = identify_dice,
};
