/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/collateral_read.h"

#include <openssl/x509v3.h>

#include "attest/dcap_collateral.h"
#include "attest/snp_cert.h"
#include "base/text.h"

static const char *const kinds[COLLATERAL_KIND_COUNT] = {
	[COLLATERAL_DCAP] = "dcap",
	[COLLATERAL_CRL] = "crl",
	[COLLATERAL_REVOKED_SERIALS] = "revoked-serials",
	[COLLATERAL_ANDROID_STATUS] = "android-status",
	[COLLATERAL_SNP_CHAIN] = "snp-chain",
};

const char *
collateral_kind_name(enum collateral_kind kind)
{
	ASSERT((size_t)kind < COUNT_OF(kinds));
	return kinds[kind];
}

bool
collateral_kind_find(const char *name, enum collateral_kind *out)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strcmp(kinds[i], name) == 0) {
			*out = (enum collateral_kind)i;
			return true;
		}
	return false;
}

/* --- reading ---------------------------------------------------------- */

static void
read_dcap(struct json_in *in, struct collateral_value *v)
{
	dcap_collateral_read(in, &v->dcap);
}

static void
read_crl(struct json_in *in, struct collateral_value *v)
{
	struct slice *chain;

	v->crl = json_get_bytes(in, "crl", JSON_REQUIRED, COLLATERAL_CRL_MAX);
	v->n_chain = json_get_bytes_array(in, "chain", JSON_OPTIONAL,
	    ATTEST_CHAIN_MAX, ATTEST_CERT_MAX, &chain);
	v->chain = chain;
}

static void
read_serials(struct json_in *in, struct collateral_value *v)
{
	const json_t *array = json_get_array(in, "serials", JSON_REQUIRED,
	    COLLATERAL_SERIALS_MAX);
	size_t n = json_array_size(array);
	struct slice *serials = arena_array(in->cx->arena, n,
	    sizeof(*serials));

	for (size_t i = 0; i < n; i++) {
		const char *hex = json_string_value(json_array_get(array, i));

		if (hex != NULL && text_unhex_any(in->cx->arena, hex,
		    COLLATERAL_SERIAL_MAX, &serials[i]) &&
		    serials[i].n > 0 && serials[i].p[0] != 0)
			continue;
		json_refuse(in, "serials", "must be serial numbers in "
		    "lower-case hex without leading zero bytes");
		return;
	}
	v->serials = serials;
	v->n_serials = n;
}

/* A number in hex as Google writes it: "0" and 2n + 1 digits are possible. */
static bool
read_number(struct arena *arena, const char *hex, struct slice *out)
{
	return hex[0] != '0' && strlen(hex) <= 2 * COLLATERAL_SERIAL_MAX &&
	    text_unhex_any(arena, strlen(hex) % 2 == 0 ? hex :
	    arena_printf(arena, "0%s", hex), COLLATERAL_SERIAL_MAX, out) &&
	    out->n > 0;
}

static bool
is_status(const json_t *entry)
{
	const char *status = json_string_value(json_object_get(entry,
	    "status"));

	return status != NULL && (strcmp(status, "REVOKED") == 0 ||
	    strcmp(status, "SUSPENDED") == 0);
}

static void
read_android_status(struct json_in *in, struct collateral_value *v)
{
	json_t *entries = (json_t *)json_get(in, "entries", JSON_REQUIRED);
	size_t n = json_object_size(entries), i = 0;
	struct slice *serials;
	const char *hex;
	json_t *entry;

	if (!json_is_object(entries) || n > COLLATERAL_SERIALS_MAX) {
		json_refuse(in, "entries", "must be an object of serial "
		    "numbers");
		return;
	}
	serials = arena_array(in->cx->arena, n, sizeof(*serials));
	json_object_foreach(entries, hex, entry) {
		if (!read_number(in->cx->arena, hex, &serials[i++]) ||
		    !is_status(entry)) {
			json_refuse(in, "entries", "must have serial numbers "
			    "in lower-case hex, each REVOKED or SUSPENDED");
			return;
		}
	}
	v->serials = serials;
	v->n_serials = n;
}

static void
read_chip(struct json_in *in, struct collateral_value *v)
{
	uint8_t *chip_id = arena_alloc(in->cx->arena, SNP_CHIP_ID_SIZE);
	struct slice *certs;
	X509 *leaf;

	v->chip.n_certs = json_get_bytes_array(in, "certificates",
	    JSON_REQUIRED, SNP_CHAIN_MAX, ATTEST_CERT_MAX, &certs);
	v->chip.certs = certs;
	v->chip.chip_id = SLICE(chip_id, SNP_CHIP_ID_SIZE);
	if (failed(in->err))
		return;
	if (v->chip.n_certs == 0 ||
	    failed(chain_cert_parse(in->cx, certs[0], &leaf)) ||
	    !snp_cert_chip(in->cx, leaf, chip_id)) {
		ctx_forget(in->cx);
		json_refuse(in, "certificates", "must begin with a VCEK");
	}
}

static void (*const readers[])(struct json_in *, struct collateral_value *) = {
	[COLLATERAL_DCAP] = read_dcap,
	[COLLATERAL_CRL] = read_crl,
	[COLLATERAL_REVOKED_SERIALS] = read_serials,
	[COLLATERAL_ANDROID_STATUS] = read_android_status,
	[COLLATERAL_SNP_CHAIN] = read_chip,
};

struct err
collateral_read(struct ctx *cx, enum collateral_kind kind,
    const json_t *document, const char *pointer, struct collateral_value *out)
{
	struct json_in in = json_in(cx, document, pointer);
	struct collateral_value v = { .kind = kind };

	readers[kind](&in, &v);
	TRY(json_in_done(&in));
	*out = v;
	return OK;
}

/* --- checking ---------------------------------------------------------- */

struct check {
	const struct collateral_value	*value;
	const struct trust		*trust;
	int64_t				 at_s;
};

static const char *
name_words(struct ctx *cx, const X509_NAME *name)
{
	AUTO(BIO) bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	ASSERT(bio != NULL);
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
		return "";
	n = BIO_get_mem_data(bio, &text);
	return arena_strndup(cx->arena, text, n > 0 ? (size_t)n : 0);
}

/* A list that says when it ends, and has not. */
static struct err
check_times(struct ctx *cx, const X509_CRL *crl, const char *what,
    int64_t at_s, int64_t *out_from_s, int64_t *out_to_s)
{
	int64_t from_s, to_s;

	if (!chain_seconds_of(X509_CRL_get0_lastUpdate(crl), &from_s) ||
	    !chain_seconds_of(X509_CRL_get0_nextUpdate(crl), &to_s))
		return FAIL_TELL(cx, ossl_code(ERR_EV_MALFORMED),
		    "%s does not say from when until when", what);
	if (at_s < from_s || at_s >= to_s)
		return FAIL_TELL(cx, ERR_EV_EXPIRED,
		    "%s is valid from %s until %s only", what,
		    text_time_dup(cx->arena, from_s),
		    text_time_dup(cx->arena, to_s));
	*out_from_s = from_s;
	*out_to_s = to_s;
	return OK;
}

static struct err
check_dcap(struct ctx *cx, const struct check *check,
    struct collateral_facts *out)
{
	struct dcap_collateral *c = ARENA_NEW(cx->arena,
	    struct dcap_collateral);
	struct trust trust = *check->trust;
	int64_t from_s, to_s;
	bool tdx;

	trust.allow &= ~(unsigned)TRUST_ALLOW_MISSING_CRL;
	TRY(dcap_collateral_verify(cx, &check->value->dcap, &trust,
	    check->at_s, c));
	TRY(check_times(cx, c->pck_crl, "the PCK CRL", check->at_s, &from_s,
	    &to_s));
	tdx = c->tcb.tee == DCAP_TDX;
	if (c->qe.id != (tdx ? QE_OF_TDX : QE_OF_SGX))
		return FAIL_TELL(cx, ERR_EV_MISMATCH, "the QE identity is "
		    "not of %s", tdx ? "TDX" : "SGX");
	/* to_s of the collateral is the last second of all its parts. */
	if (c->to_s < to_s)
		to_s = c->to_s + 1;
	*out = (struct collateral_facts){
		.about = arena_printf(cx->arena, "%s %s %s %s",
		    tdx ? "TDX" : "SGX",
		    text_hex(cx->arena, SLICE_OF(c->tcb.fmspc)),
		    text_hex(cx->arena, SLICE_OF(c->tcb.pce_id)),
		    name_words(cx, X509_CRL_get_issuer(c->pck_crl))),
		.issued_s = c->tcb.issued_s, .expires_s = to_s,
	};
	return OK;
}

static bool
signed_by(X509_CRL *crl, X509 *issuer, bool *named)
{
	bool is;

	if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
	    X509_get_subject_name(issuer)) != 0)
		return false;
	*named = true;
	is = X509_CRL_verify(crl, chain_key(issuer)) == 1;
	(void)ossl_code(ERR_EV_SIGNATURE);
	return is;
}

/* An anchor, or the first of the chain, which must lead to one. */
static struct err
find_issuer(struct ctx *cx, const struct check *check, X509_CRL *crl,
    X509 **out)
{
	const struct collateral_value *v = check->value;
	const struct trust *trust = check->trust;
	bool named = false;
	X509 *issuer, **chain;

	TRY(chain_certs_parse(cx, v->chain, v->n_chain, CHAIN_LEAF_STAYS, &chain));
	if (v->n_chain > 0 && signed_by(crl, chain[0], &named)) {
		TRY(chain_verify(cx, chain[0], chain + 1, v->n_chain - 1,
		    trust, check->at_s));
		*out = chain[0];
		return OK;
	}
	for (size_t i = 0; i < trust->n_anchors; i++) {
		TRY(chain_cert_parse(cx, trust->anchors[i], &issuer));
		if (signed_by(crl, issuer, &named)) {
			*out = issuer;
			return OK;
		}
	}
	return named ? FAIL_TELL(cx, ERR_EV_SIGNATURE,
	    "the CRL is not signed by its issuer") :
	    FAIL_TELL(cx, ERR_EV_CHAIN, "the CRL's issuer, %s, is neither an "
	    "anchor of this scope nor first in the chain",
	    name_words(cx, X509_CRL_get_issuer(crl)));
}

static struct err
check_crl(struct ctx *cx, const struct check *check,
    struct collateral_facts *out)
{
	const ASN1_OCTET_STRING *id;
	struct slice key = SLICE_NONE;
	int64_t from_s, to_s;
	X509_CRL *crl;
	X509 *issuer;

	TRY(pck_crl_parse(cx, check->value->crl, &crl));
	TRY(find_issuer(cx, check, crl, &issuer));
	if ((X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0)
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "its issuer may not sign CRLs");
	TRY(check_times(cx, crl, "the CRL", check->at_s, &from_s, &to_s));
	id = X509_get0_subject_key_id(issuer);
	if (id != NULL)
		key = SLICE(ASN1_STRING_get0_data(id),
		    (size_t)ASN1_STRING_length(id));
	*out = (struct collateral_facts){
		.about = arena_printf(cx->arena, "%s%s%s",
		    name_words(cx, X509_CRL_get_issuer(crl)),
		    key.n > 0 ? " " : "", text_hex(cx->arena, key)),
		.issued_s = from_s, .expires_s = to_s,
	};
	return OK;
}

static struct err
check_serials(struct ctx *cx, const struct check *check,
    struct collateral_facts *out)
{
	(void)cx;
	*out = (struct collateral_facts){
		.about = "", .issued_s = check->at_s,
	};
	return OK;
}

/* Nothing is signed over it, and nothing in it says until when it holds. */
static struct err
check_android_status(struct ctx *cx, const struct check *check,
    struct collateral_facts *out)
{
	(void)cx;
	*out = (struct collateral_facts){
		.about = "Android key attestation",
		.issued_s = check->at_s,
	};
	return OK;
}

static struct err
check_chip(struct ctx *cx, const struct check *check,
    struct collateral_facts *out)
{
	const struct trust_chip *chip = &check->value->chip;
	struct snp_cert cert;
	int64_t from_s, to_s;
	X509 **certs;

	TRY(chain_certs_parse(cx, chip->certs, chip->n_certs,
	    CHAIN_LEAF_STAYS, &certs));
	TRY(snp_cert_verify(cx, certs, chip->n_certs, check->trust,
	    check->at_s, &cert));
	if (!chain_seconds_of(X509_get0_notBefore(certs[0]), &from_s) ||
	    !chain_seconds_of(X509_get0_notAfter(certs[0]), &to_s))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "the VCEK does not say from when until when");
	*out = (struct collateral_facts){
		.about = arena_printf(cx->arena, "%s %s %s", cert.product,
		    text_hex(cx->arena, cert.hwid), text_hex(cx->arena,
		    SLICE(cert.spl, sizeof(cert.spl)))),
		.issued_s = from_s, .expires_s = to_s + 1,
	};
	return OK;
}

static struct err (*const checkers[])(struct ctx *, const struct check *,
    struct collateral_facts *) = {
	[COLLATERAL_DCAP] = check_dcap,
	[COLLATERAL_CRL] = check_crl,
	[COLLATERAL_REVOKED_SERIALS] = check_serials,
	[COLLATERAL_ANDROID_STATUS] = check_android_status,
	[COLLATERAL_SNP_CHAIN] = check_chip,
};

struct err
collateral_check(struct ctx *cx, const struct collateral_value *value,
    const struct trust *trust, int64_t at_s, const char *pointer,
    struct collateral_facts *out)
{
	const struct check check = { value, trust, at_s };
	struct err e = checkers[value->kind](cx, &check, out);

	/* What is a verdict on evidence elsewhere is about a document here. */
	if (failed(e) && (err_blame(e) == ERR_BLAME_CALLER ||
	    err_blame(e) == ERR_BLAME_POLICY))
		return FAIL_AT(cx, ERR_FIELD, pointer, "%s",
		    arena_strdup(cx->arena, cx->trail->tell));
	return e;
}
