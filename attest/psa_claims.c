/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/psa.h"
#include "base/base.h"
#include "base/text.h"

/* RFC 9711. */
#define EAT_PROFILE	265
#define EAT_DEBUG	263
/* PSA_IOT_PROFILE_1. */
#define OLD_PROFILE	(-75000)
#define OLD_LAST	(-75010)

/* What the claims are called; 0: there is no such claim. */
struct names {
	int64_t	client, lifecycle, implementation, boot_seed, certification,
		components, no_components, nonce, instance,
		verification_service, config, hash;
};

static const struct names old_names = {
	.client = -75001, .lifecycle = -75002, .implementation = -75003,
	.boot_seed = -75004, .certification = -75005, .components = -75006,
	.no_components = -75007, .nonce = -75008, .instance = -75009,
	.verification_service = -75010,
};
static const struct names psa_names = {
	.client = 2394, .lifecycle = 2395, .implementation = 2396,
	.boot_seed = 2397, .certification = 2398, .components = 2399,
	.nonce = 10, .instance = 256, .verification_service = 2400,
};
static const struct names cca_names = {
	.client = 2394, .lifecycle = 2395, .implementation = 2396,
	.components = 2399, .nonce = 10, .instance = 256,
	.verification_service = 2400, .config = 2401, .hash = 2402,
};

struct profile {
	const char		*name;
	bool			 is_cca;
	const struct names	*names;
	enum cbor_need		 client, boot_seed;
	size_t			 boot_seed_min;
};

static const struct profile profiles[] = {
	{ "PSA_IOT_PROFILE_1", false, &old_names, CBOR_REQUIRED,
	    CBOR_REQUIRED, 32 },
	{ "http://arm.com/psa/2.0.0", false, &psa_names, CBOR_REQUIRED,
	    CBOR_OPTIONAL, 8 },
	{ "tag:psacertified.org,2023:psa#tfm", false, &psa_names,
	    CBOR_REQUIRED, CBOR_OPTIONAL, 8 },
	{ "http://arm.com/CCA-SSD/1.0.0", true, &cca_names, CBOR_OPTIONAL,
	    CBOR_OPTIONAL, 0 },
	{ "tag:arm.com,2023:cca_platform#1.0.0", true, &cca_names,
	    CBOR_OPTIONAL, CBOR_OPTIONAL, 0 },
	{ "tag:arm.com,2024:cca_platform#2.0.0", true, &cca_names,
	    CBOR_REQUIRED, CBOR_OPTIONAL, 0 },
};

/* RFC 9783, 4.3.1: the upper byte is the state. */
static const struct {
	uint8_t		 state;
	const char	*name;
	bool		 debug;
} states[] = {
	{ 0x00, "unknown", true },
	{ 0x10, "assembly-and-test", true },
	{ 0x20, "rot-provisioning", true },
	{ 0x30, "secured", false },
	{ 0x40, "non-rot-debug", true },
	{ 0x50, "recoverable-rot-debug", true },
	{ 0x60, "decommissioned", true },
};

/* --- profiles ----------------------------------------------------------- */

static bool
has_old_claims(const struct cbor *map)
{
	for (int64_t key = OLD_LAST; key <= OLD_PROFILE; key++)
		if (cbor_find(map, key) != NULL)
			return true;
	return false;
}

static bool
has_new_claims(const struct cbor *map)
{
	static const int64_t keys[] = {
		10, 256, EAT_PROFILE, 2394, 2395, 2396, 2397, 2398, 2399, 2400,
		2401, 2402,
	};

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (cbor_find(map, keys[i]) != NULL)
			return true;
	return false;
}

/* Of the profile that the token names, and no claim of another. */
static struct err
find_profile(struct ctx *cx, struct cbor_in *in, bool is_cca,
    const struct profile **out)
{
	bool is_old = has_old_claims(in->map);
	const char *name;

	if (is_old && has_new_claims(in->map))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "claims of two profiles");
	name = cbor_get_text(in, is_old ? OLD_PROFILE : EAT_PROFILE,
	    CBOR_REQUIRED, PSA_TEXT_MAX);
	TRY(cbor_in_done(in));
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		if (strcmp(profiles[i].name, name) != 0 ||
		    (profiles[i].names == &old_names) != is_old ||
		    profiles[i].is_cca != is_cca)
			continue;
		*out = &profiles[i];
		return OK;
	}
	return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "profile %s", name);
}

/* --- single claims ------------------------------------------------------ */

struct slice
psa_get_hash(struct cbor_in *in, int64_t key, enum cbor_need need)
{
	struct slice s = cbor_get_bytes(in, key, need, 32, 64);

	if (s.n % 16 != 0)
		cbor_refuse(in, key, "is not of 32, 48 or 64 bytes");
	return s;
}

/* RFC 9711, 4.1, has a list of nonces, too: of one alone it is the same. */
static struct slice
get_nonce(struct cbor_in *in, int64_t key)
{
	const struct cbor *value = cbor_find(in->map, key);

	if (failed(in->err) || value == NULL || value->kind != CBOR_ARRAY ||
	    value->n != 1 || value->items[0].kind != CBOR_BYTES)
		return psa_get_hash(in, key, CBOR_REQUIRED);
	(void)cbor_get_any(in, key, CBOR_REQUIRED);
	value = value->items;
	if (value->n != 32 && value->n != 48 && value->n != 64)
		cbor_refuse(in, key, "is not of 32, 48 or 64 bytes");
	return value->string;
}

/* RFC 9783, 4.2.1: 01 and the bytes that tell the device. */
static struct slice
get_instance(struct cbor_in *in, int64_t key)
{
	struct slice s = cbor_get_bytes(in, key, CBOR_REQUIRED, PSA_UEID_SIZE,
	    PSA_UEID_SIZE);

	if (s.n > 0 && s.p[0] != 1)
		cbor_refuse(in, key, "does not begin with 01");
	return s;
}

/* RFC 9783, 4.1.2: callers outside the secure world are negative. */
static int64_t
get_client(struct cbor_in *in, int64_t key, enum cbor_need need)
{
	int64_t client = cbor_get_int(in, key, need, INT32_MIN, INT32_MAX);

	if (client == 0 && cbor_find(in->map, key) != NULL)
		cbor_refuse(in, key, "is 0");
	return client;
}

static size_t
find_state(uint16_t lifecycle)
{
	size_t i;

	for (i = 0; i < COUNT_OF(states); i++)
		if (states[i].state == lifecycle >> 8)
			break;
	return i;
}

static uint16_t
get_lifecycle(struct cbor_in *in, int64_t key)
{
	uint16_t lifecycle = (uint16_t)cbor_get_int(in, key, CBOR_REQUIRED, 0,
	    UINT16_MAX);

	if (find_state(lifecycle) == COUNT_OF(states))
		cbor_refuse(in, key, "is no life cycle state");
	return lifecycle;
}

static bool
are_digits(const char *s, size_t n)
{
	return strspn(s, "0123456789") == n;
}

/* RFC 9783, 4.2.3: EAN-13, "-", five digits.  Before: an EAN-13 alone too. */
static const char *
get_certification(struct cbor_in *in, int64_t key, bool is_old)
{
	const char *s = cbor_get_text(in, key, CBOR_OPTIONAL, PSA_TEXT_MAX);

	if (s == NULL)
		return NULL;
	if (strlen(s) == 19 && are_digits(s, 13) && s[13] == '-' &&
	    are_digits(s + 14, 5))
		return s;
	if (!is_old || strlen(s) != 13 || !are_digits(s, 13))
		cbor_refuse(in, key, "is no certification reference");
	return s;
}

/* --- software components ------------------------------------------------ */

/* RFC 9783, 4.4.1; the RMM specification adds members that are not read. */
static struct err
read_component(struct ctx *cx, const struct cbor *map,
    struct psa_component *out)
{
	struct cbor_in in = cbor_in(cx, map, "software component");

	out->type = cbor_get_text(&in, 1, CBOR_OPTIONAL, PSA_TEXT_MAX);
	out->measurement = psa_get_hash(&in, 2, CBOR_REQUIRED);
	out->version = cbor_get_text(&in, 4, CBOR_OPTIONAL, PSA_TEXT_MAX);
	out->signer = psa_get_hash(&in, 5, CBOR_REQUIRED);
	out->description = cbor_get_text(&in, 6, CBOR_OPTIONAL, PSA_TEXT_MAX);
	return cbor_in_done(&in);
}

static void
read_components(struct cbor_in *in, int64_t key, enum cbor_need need,
    struct psa_claims *out)
{
	const struct cbor *list = cbor_get(in, key, CBOR_ARRAY, need);

	if (list == NULL)
		return;
	if (list->n == 0 || list->n > PSA_COMPONENTS_MAX)
		cbor_refuse(in, key, "holds no component, or too many");
	if (failed(in->err))
		return;
	out->n_components = (size_t)list->n;
	out->components = arena_array(in->cx->arena, out->n_components,
	    sizeof(*out->components));
	for (size_t i = 0; i < out->n_components && !failed(in->err); i++)
		in->err = read_component(in->cx, &list->items[i],
		    &out->components[i]);
}

/* Components, or the statement that there are none: one of the two. */
static void
read_software(struct cbor_in *in, const struct names *names,
    struct psa_claims *out)
{
	bool none = names->no_components != 0 &&
	    cbor_find(in->map, names->no_components) != NULL;

	if (none) {
		(void)cbor_get_int(in, names->no_components, CBOR_REQUIRED, 1,
		    1);
		if (cbor_find(in->map, names->components) != NULL)
			cbor_refuse(in, names->components,
			    "is there although there are none");
	}
	read_components(in, names->components, none ? CBOR_OPTIONAL :
	    CBOR_REQUIRED, out);
}

/* --- all of them -------------------------------------------------------- */

static void
read_cca(struct cbor_in *in, const struct names *names,
    struct psa_claims *out)
{
	out->config = cbor_get_bytes(in, names->config, CBOR_REQUIRED, 1,
	    PSA_CONFIG_MAX);
	out->hash = cbor_get_text(in, names->hash, CBOR_REQUIRED,
	    PSA_TEXT_MAX);
	/* RMM specification, A7.2.3.3.11: the RMM asks, and nobody else. */
	if (out->client_id != 0 && out->client_id != 1)
		cbor_refuse(in, names->client, "is not the RMM");
}

static void
read_psa(struct cbor_in *in, const struct profile *profile,
    struct psa_claims *out)
{
	const struct names *names = profile->names;

	out->boot_seed = cbor_get_bytes(in, names->boot_seed,
	    profile->boot_seed, profile->boot_seed_min, 32);
	out->certification = get_certification(in, names->certification,
	    names == &old_names);
}

struct err
psa_claims_read(struct ctx *cx, struct slice payload, bool is_cca,
    struct psa_claims *out)
{
	struct psa_claims c = { .debug_status = -1 };
	const struct profile *profile;
	const struct names *names;
	struct cbor map;
	struct cbor_in in;

	TRY(cbor_parse(cx, payload, 0, &map));
	in = cbor_in(cx, &map, "claims");
	TRY(find_profile(cx, &in, is_cca, &profile));
	names = profile->names;
	c.profile = profile->name;
	c.nonce = get_nonce(&in, names->nonce);
	c.instance_id = get_instance(&in, names->instance);
	c.implementation_id = cbor_get_bytes(&in, names->implementation,
	    CBOR_REQUIRED, PSA_ID_SIZE, PSA_ID_SIZE);
	c.lifecycle = get_lifecycle(&in, names->lifecycle);
	c.client_id = get_client(&in, names->client, profile->client);
	c.verification_service = cbor_get_text(&in,
	    names->verification_service, CBOR_OPTIONAL, PSA_TEXT_MAX);
	read_software(&in, names, &c);
	if (cbor_find(&map, EAT_DEBUG) != NULL)
		c.debug_status = cbor_get_int(&in, EAT_DEBUG, CBOR_REQUIRED,
		    0, 4);
	if (is_cca)
		read_cca(&in, names, &c);
	else
		read_psa(&in, profile, &c);
	TRY(cbor_in_done(&in));
	*out = c;
	return OK;
}

/* --- telling ------------------------------------------------------------ */

const char *const *
psa_hex_list(struct ctx *cx, const struct slice *items, size_t n)
{
	const char **list = arena_array(cx->arena, n, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = text_hex(cx->arena, items[i]);
	return list;
}

static const char *
or_dash(const char *text)
{
	return text == NULL ? "-" : text;
}

/* One text each, so that a policy can name what may run, all of it together:
 * type, version, signer, measurement. */
static void
tell_components(struct ctx *cx, const struct psa_claims *c,
    struct claims *out)
{
	const char **whole = arena_array(cx->arena, c->n_components,
	    sizeof(*whole));
	struct slice *measured = arena_array(cx->arena, c->n_components,
	    sizeof(*measured));
	struct slice *signers = arena_array(cx->arena, c->n_components,
	    sizeof(*signers));

	for (size_t i = 0; i < c->n_components; i++) {
		const struct psa_component *s = &c->components[i];

		measured[i] = s->measurement;
		signers[i] = s->signer;
		whole[i] = arena_printf(cx->arena, "%s %s %s %s",
		    or_dash(s->type), or_dash(s->version),
		    text_hex(cx->arena, s->signer),
		    text_hex(cx->arena, s->measurement));
	}
	claims_add_list(out, "software_components", whole, c->n_components);
	claims_add_list(out, "software_measurements", psa_hex_list(cx,
	    measured, c->n_components), c->n_components);
	claims_add_list(out, "software_signers", psa_hex_list(cx, signers,
	    c->n_components), c->n_components);
}

static void
tell_text(struct claims *out, const char *name, const char *text)
{
	if (text != NULL)
		claims_add_text(out, name, text);
}

static void
tell_bytes(struct claims *out, const char *name, struct slice s)
{
	if (s.n > 0)
		claims_add_bytes(out, name, s);
}

void
psa_claims_tell(struct ctx *cx, const struct psa_claims *c,
    struct claims *out)
{
	size_t state = find_state(c->lifecycle);

	claims_add_text(out, "eat_profile", c->profile);
	claims_add_bytes(out, "instance_id", c->instance_id);
	claims_add_bytes(out, "implementation_id", c->implementation_id);
	claims_add_uint(out, "security_lifecycle", c->lifecycle);
	claims_add_text(out, "lifecycle_state", states[state].name);
	/* RFC 9711, 4.2.9: 0 is "enabled". */
	claims_add_bool(out, "debug", states[state].debug ||
	    c->debug_status == 0);
	if (c->client_id != 0) {
		claims_add_text(out, "client_id", arena_printf(cx->arena,
		    "%lld", (long long)c->client_id));
		claims_add_bool(out, "secure_caller", c->client_id > 0);
	}
	tell_bytes(out, "boot_seed", c->boot_seed);
	tell_text(out, "certification_reference", c->certification);
	tell_text(out, "verification_service", c->verification_service);
	tell_bytes(out, "platform_config", c->config);
	tell_text(out, "platform_hash", c->hash);
	tell_components(cx, c, out);
}
