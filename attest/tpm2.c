/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tpm2.h"

#include "attest/certify.h"
#include "attest/formats.h"
#include "attest/member.h"
#include "attest/pcr.h"
#include "attest/tpm2_parts.h"
#include "base/text.h"

#define EK_SCHEME	"tpm-ek:"

struct tpm2 {
	struct ek_shown		ek;
	struct ak_shown		ak;
	struct tpm_attest	quote;
	struct tpm_signature	quote_signature;
	struct pcrs		pcrs;
	bool			has_log;
	struct event_log	log;
	struct certify		key;
	const char		*token;		/* NULL: no activation */
	struct slice		secret;
};

/* --- reading ---------------------------------------------------------- */

static void
read_quote(struct json_in *in, struct tpm2 *t)
{
	struct slice quote, signature;

	quote = json_get_bytes(in, "quote", JSON_REQUIRED, TPM_ATTEST_MAX);
	signature = json_get_bytes(in, "quote_signature", JSON_REQUIRED,
	    TPM_SIGNATURE_MAX);
	pcr_read(in, "pcrs", &t->pcrs);
	if (failed(in->err) || !attest_keep(in, "quote",
	    tpm_attest_parse(in->cx, quote, &t->quote)))
		return;
	(void)attest_keep(in, "quote_signature",
	    tpm_signature_parse(in->cx, signature, &t->quote_signature));
}

static void
read_log(struct json_in *in, struct tpm2 *t)
{
	struct slice log = json_get_bytes(in, "event_log", JSON_OPTIONAL,
	    ATTEST_EVENT_LOG_MAX);

	t->has_log = log.n > 0;
	if (t->has_log)
		(void)attest_keep(in, "event_log",
		    event_log_parse(in->cx, log, &t->log));
}

static void
read_activation(struct json_in *in, struct tpm2 *t)
{
	bool present;
	struct json_in inner = json_in_member(in, "activation", JSON_OPTIONAL,
	    &present);

	if (failed(in->err) || !present)
		return;
	t->token = json_get_text(&inner, "token", JSON_REQUIRED,
	    TPM2_TOKEN_MAX);
	t->secret = json_get_bytes(&inner, "secret", JSON_REQUIRED,
	    TPM_DIGEST_MAX);
	in->err = json_in_done(&inner);
}

static struct err
read_tpm2(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct tpm2 *t = ARENA_NEW(cx->arena, struct tpm2);

	ek_read(in, &t->ek);
	ak_read(in, JSON_REQUIRED, &t->ak);
	read_quote(in, t);
	read_log(in, t);
	certify_read(in, JSON_OPTIONAL, &t->key);
	read_activation(in, t);
	TRY(json_in_done(in));
	*out_value = t;
	return OK;
}

/* --- verifying -------------------------------------------------------- */

void
tpm2_hardware_id(const uint8_t spki_sha256[static 32],
    char out[static HARDWARE_ID_MAX])
{
	const size_t n = sizeof(EK_SCHEME) - 1;

	memcpy(out, EK_SCHEME, n);
	text_hex_into(SLICE(spki_sha256, 32), out + n);
}

void
tpm2_claim_ek(struct claims *claims, const struct ek *ek)
{
	claims_add_bool(claims, "ek_certified", ek->certified);
	if (ek->manufacturer[0] != '\0')
		claims_add_text(claims, "tpm_manufacturer", ek->manufacturer);
	if (ek->model != NULL)
		claims_add_text(claims, "tpm_model", ek->model);
	if (ek->version != NULL)
		claims_add_text(claims, "tpm_version", ek->version);
}

static void
claim_quote(struct claims *claims, const struct tpm_attest *quote)
{
	claims_add_uint(claims, "tpm_firmware_version",
	    quote->firmware_version);
	claims_add_uint(claims, "tpm_reset_count", quote->reset_count);
	claims_add_uint(claims, "tpm_restart_count", quote->restart_count);
	claims_add_uint(claims, "tpm_clock_ms", quote->clock_ms);
	claims_add_bool(claims, "tpm_clock_safe", quote->clock_safe);
}

static void
claim_log(struct claims *claims, const struct event_log_findings *f)
{
	claims_add_bool(claims, "event_log", true);
	if (f->secure_boot_known)
		claims_add_bool(claims, "secure_boot", f->secure_boot);
	if (f->debug_known)
		claims_add_bool(claims, "debug", f->debug);
	/* An empty list says nothing good of a device: it is no claim. */
	if (f->components_known && f->n_components > 0)
		claims_add_list(claims, "boot_components", f->components,
		    f->n_components);
	if (f->authorities_known && f->n_authorities > 0)
		claims_add_list(claims, "boot_authorities", f->authorities,
		    f->n_authorities);
}

static struct err
verify_quote(struct ctx *cx, const struct tpm2 *t, const struct ak *ak,
    const struct appraisal *a)
{
	TRY(certify_check_attest(cx, ak, &t->quote, &t->quote_signature,
	    TPM_ATTEST_QUOTE, a->trust));
	/* Said before the nonce: where a key is attested and another one is
	 * to be certified, that is what is wrong. */
	if (!a->raw && t->key.present && !slice_equal(t->key.spki, a->spki))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "the key attested is not the key to be certified");
	TRY(certify_check_nonce(cx, format_tpm2.name, &t->quote, a));
	return pcr_check_quote(cx, &t->pcrs, &t->quote,
	    t->quote_signature.scheme.hash);
}

static struct err
verify_key(struct ctx *cx, const struct tpm2 *t, const struct ak *ak,
    const struct appraisal *a, struct claims *claims)
{
	struct slice name;

	claims_add_bool(claims, "hardware_key", t->key.present);
	if (!t->key.present)
		return OK;
	TRY(certify_verify(cx, format_tpm2.name, &t->key, ak, a, &name));
	claims_add_bytes(claims, "key_name", name);
	return OK;
}

static struct err
verify_log(struct ctx *cx, const struct tpm2 *t, struct claims *claims)
{
	struct event_log_findings *f;

	if (!t->has_log) {
		claims_add_bool(claims, "event_log", false);
		return OK;
	}
	f = ARENA_NEW(cx->arena, struct event_log_findings);
	TRY(event_log_replay(cx, &t->log, t->pcrs.banks, t->pcrs.n_banks, f));
	claim_log(claims, f);
	return OK;
}

static struct err
verify_ek(struct ctx *cx, const struct tpm2 *t, const struct appraisal *a,
    struct ek *out)
{
	return t->ek.shown ? ek_verify(cx, &t->ek, a->trust, a->at_s,
	    a->known_eks, a->n_known_eks, out) : OK;
}

static struct err
verify_ak(struct ctx *cx, const struct tpm2 *t, const struct appraisal *a,
    struct ak *out)
{
	return ak_verify(cx, &t->ak, a, t->ek.shown ? &t->ek : NULL, out);
}

static struct err
verify_signed(struct ctx *cx, const struct tpm2 *t,
    const struct appraisal *a, struct claims *claims)
{
	const struct ak shown = { .key = t->ak.public };

	TRY(tpm_key_check_ak(cx, &t->ak.public,
	    (a->trust->allow & TRUST_ALLOW_SHA1) != 0));
	TRY(verify_quote(cx, t, &shown, a));
	return verify_key(cx, t, &shown, a, claims);
}

/*
 * In a live appraisal: who has the AK, whether it is in the EK's TPM, and only
 * then what is believed of that EK.  EK certificates are public, and which
 * anchors and inventory hold for one says whether somebody has claimed it.
 * Recorded evidence is judged from the trust anchor down.
 */
static struct err
verify_parts(struct ctx *cx, const struct tpm2 *t, const struct appraisal *a,
    struct claims *claims, struct ek *out_ek, struct ak *out_ak)
{
	if (!a->raw) {
		TRY(verify_signed(cx, t, a, claims));
		TRY(verify_ak(cx, t, a, out_ak));
		return verify_ek(cx, t, a, out_ek);
	}
	TRY(verify_ek(cx, t, a, out_ek));
	TRY(verify_ak(cx, t, a, out_ak));
	return verify_signed(cx, t, a, claims);
}

static struct err
verify_tpm2(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct tpm2 *t = value;
	struct attestation result = { .claims = claims_in(cx->arena) };
	struct ek ek;
	struct ak ak;

	TRY(verify_parts(cx, t, a, &result.claims, &ek, &ak));
	TRY(verify_log(cx, t, &result.claims));
	pcr_claim(&result.claims, &t->pcrs);
	claim_quote(&result.claims, &t->quote);
	claims_add_bytes(&result.claims, "ak_name", ak.name);
	/* An EK that merely came along says nothing of this AK's TPM. */
	if (ak.in_tpm_of_ek) {
		tpm2_hardware_id(ek.spki_sha256, result.hardware_id);
		tpm2_claim_ek(&result.claims, &ek);
	}
	*out = result;
	return OK;
}

static void
identify_tpm2(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct tpm2 *t = value;

	(void)cx;
	out_hardware_id[0] = '\0';
	if (t->ek.has_key)
		tpm2_hardware_id(t->ek.spki_sha256, out_hardware_id);
	*out_ak_name = t->ak.name;
}

const struct attest_format format_tpm2 = {
	.name = "tpm2", .read = read_tpm2, .verify = verify_tpm2,
	.identify = identify_tpm2,
};

bool
tpm2_activation(const struct evidence *evidence, const char **out_token,
    struct slice *out_secret)
{
	const struct tpm2 *t = evidence->value;

	if (evidence->format != &format_tpm2 || t->token == NULL)
		return false;
	*out_token = t->token;
	*out_secret = t->secret;
	return true;
}

struct slice
tpm2_key_spki(struct ctx *cx, const struct evidence *evidence)
{
	const struct tpm2 *t = evidence->value;

	(void)cx;
	if (evidence->format == &format_tpm2_key)
		return tpm2_key_attested(evidence->value);
	if (evidence->format == &format_tpm2 && t->key.present)
		return t->key.spki;
	return SLICE_NONE;
}
