/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/member.h"
#include "attest/tpm2_parts.h"

/* --- reading ---------------------------------------------------------- */

static void
read_quote(struct json_in *in, struct tpm2_quoted *t)
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
read_log(struct json_in *in, struct tpm2_quoted *t)
{
	struct slice log = json_get_bytes(in, "event_log", JSON_OPTIONAL,
	    ATTEST_EVENT_LOG_MAX);

	t->has_log = log.n > 0;
	if (t->has_log)
		(void)attest_keep(in, "event_log",
		    event_log_parse(in->cx, log, &t->log));
}

void
tpm2_quoted_read(struct json_in *in, struct tpm2_quoted *out)
{
	read_quote(in, out);
	read_log(in, out);
	certify_read(in, JSON_OPTIONAL, &out->key);
}

/* --- verifying -------------------------------------------------------- */

static struct err
verify_quote(struct ctx *cx, const char *format, const struct tpm2_quoted *t,
    const struct ak *ak, const struct appraisal *a)
{
	TRY(certify_check_attest(cx, ak, &t->quote, &t->quote_signature,
	    TPM_ATTEST_QUOTE, a->trust));
	/* Said before the nonce: where a key is attested and another one is
	 * to be certified, that is what is wrong. */
	if (!a->raw && t->key.present && !slice_equal(t->key.spki, a->spki))
		return FAIL_TELL(cx, ERR_EV_KEY_NOT_BOUND,
		    "the key attested is not the key to be certified");
	TRY(certify_check_nonce(cx, format, &t->quote, a));
	return pcr_check_quote(cx, &t->pcrs, &t->quote,
	    t->quote_signature.scheme.hash);
}

static struct err
verify_key(struct ctx *cx, const char *format, const struct tpm2_quoted *t,
    const struct ak *ak, const struct appraisal *a, struct claims *claims)
{
	struct slice name;

	claims_add_bool(claims, "hardware_key", t->key.present);
	if (!t->key.present)
		return OK;
	TRY(certify_verify(cx, format, &t->key, ak, a, &name));
	claims_add_bytes(claims, "key_name", name);
	return OK;
}

struct err
tpm2_quoted_verify(struct ctx *cx, const char *format,
    const struct tpm2_quoted *t, const struct ak *ak,
    const struct appraisal *a, struct claims *claims)
{
	TRY(verify_quote(cx, format, t, ak, a));
	return verify_key(cx, format, t, ak, a, claims);
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
verify_log(struct ctx *cx, const struct tpm2_quoted *t, struct claims *claims)
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

struct err
tpm2_quoted_registers(struct ctx *cx, const struct tpm2_quoted *t,
    struct claims *claims)
{
	TRY(verify_log(cx, t, claims));
	pcr_claim(claims, &t->pcrs);
	claim_quote(claims, &t->quote);
	return OK;
}
