/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp.h"

#include "attest/formats.h"
#include "attest/member.h"
#include "attest/snp_table.h"
#include "base/text.h"
#include "codec/der.h"

#define SCHEME		"snp:"
#define VLEK_SCHEME	"snp-vlek:"
#define SHA256_SIZE	32u
#define VMPL_MAX	3u
#define VMPL_HOST	0xffffffffu	/* SNP_HV_REPORT_REQ */
#define SHA512_SIZE	64u
#define RUNTIME_DATA_MAX	65536u

struct snp {
	struct snp_evidence	e;
	struct slice		runtime_data;	/* empty: none was sent */
};

/* --- reading ----------------------------------------------------------- */

static struct err
read_report(struct ctx *cx, struct slice bytes, struct snp_report *out,
    struct snp_table *out_table)
{
	struct slice report = bytes;

	if (bytes.n > SNP_REPORT_SIZE) {
		report.n = SNP_REPORT_SIZE;
		TRY(snp_table_parse(cx, SLICE(bytes.p + report.n,
		    bytes.n - report.n), out_table));
	}
	return snp_report_parse(cx, report, out);
}

/* The table has what it has in any order, and a key of either kind. */
static size_t
table_chain(const struct snp_table *t, unsigned signing_key,
    struct slice out[static SNP_CHAIN_MAX])
{
	const struct slice chain[SNP_CHAIN_MAX] = {
		t->certs[signing_key == SNP_VLEK ? SNP_TABLE_VLEK :
		    SNP_TABLE_VCEK],
		t->certs[SNP_TABLE_ASK], t->certs[SNP_TABLE_ARK],
	};
	size_t n = 0;

	while (n < SNP_CHAIN_MAX && chain[n].n > 0) {
		out[n] = chain[n];
		n++;
	}
	return n;
}

void
snp_read(struct json_in *in, const char *name, struct slice report,
    struct snp_evidence *out)
{
	struct snp_table table = { .n = 0 };
	struct slice from_table[SNP_CHAIN_MAX], *der;
	size_t n = json_get_bytes_array(in, "certificates", JSON_OPTIONAL,
	    SNP_CHAIN_MAX, ATTEST_CERT_MAX, &der);

	if (failed(in->err) || !attest_keep(in, name, read_report(in->cx,
	    report, &out->report, &table)))
		return;
	if (table.n > 0 && n > 0) {
		json_refuse(in, "certificates",
		    "stand beside those after the report");
		return;
	}
	if (table.n > 0) {
		n = table_chain(&table, out->report.signing_key, from_table);
		der = from_table;
	}
	out->n_certs = n;
	(void)attest_keep(in, table.n > 0 ? name : "certificates",
	    chain_certs_parse(in->cx, der, n, CHAIN_LEAF_STAYS, &out->certs));
}

static struct err
read_snp(struct ctx *cx, struct json_in *in, void **out_value)
{
	struct snp *s = ARENA_NEW(cx->arena, struct snp);
	struct slice report = json_get_bytes(in, "report", JSON_REQUIRED,
	    SNP_REPORT_SIZE + SNP_TABLE_MAX);

	s->runtime_data = json_get_bytes(in, "runtime_data", JSON_OPTIONAL,
	    RUNTIME_DATA_MAX);
	snp_read(in, "report", report, &s->e);
	TRY(json_in_done(in));
	*out_value = s;
	return OK;
}

/* --- the signature ----------------------------------------------------- */

static void
put_number(struct buf *der, struct slice little_endian)
{
	uint8_t big[SNP_NUMBER_SIZE];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = little_endian.p[sizeof(big) - 1 - i];
	der_put_unsigned(der, SLICE_OF(big));
}

static struct err
check_signature(struct ctx *cx, const struct snp_report *r, X509 *leaf)
{
	struct buf der = buf_in(cx->arena, 2 * SNP_NUMBER_SIZE + 16);
	EVP_PKEY *key = chain_key(leaf);
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	size_t at = der_open(&der, DER_SEQUENCE);

	ASSERT(md != NULL);
	if (!chain_key_is_on(key, "secp384r1"))
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED,
		    "a report key that is not of P-384");
	put_number(&der, r->r);
	put_number(&der, r->s);
	der_close(&der, at);
	ASSERT(!der.bad);
	if (EVP_DigestVerifyInit(md, NULL, EVP_sha384(), NULL, key) != 1 ||
	    EVP_DigestVerify(md, der.p, der.n, r->signed_bytes.p,
	    r->signed_bytes.n) != 1)
		return FAIL_TELL(cx, ossl_code(ERR_EV_SIGNATURE),
		    "the signature of the report is not right");
	return OK;
}

/* Of the chip's certificates, which there are one of for each TCB, those whose
 * key signed the report; none is no failure yet. */
static void
find_certs(struct ctx *cx, const struct trust *trust, struct snp_evidence *e)
{
	for (size_t i = 0; i < trust->n_chips; i++) {
		const struct trust_chip *chip = &trust->chips[i];
		X509 **certs;

		if (!slice_equal(chip->chip_id, e->report.chip_id))
			continue;
		if (failed(chain_certs_parse(cx, chip->certs, chip->n_certs,
		    CHAIN_LEAF_STAYS, &certs)) ||
		    failed(check_signature(cx, &e->report, certs[0]))) {
			ctx_forget(cx);
			continue;
		}
		e->certs = certs;
		e->n_certs = chip->n_certs;
		if (trust->used != NULL)
			trust->used->chips[i] = true;
		return;
	}
}

static struct err
check_signed(struct ctx *cx, const struct snp_evidence *e,
    struct slice report_data)
{
	if (e->n_certs == 0)
		return FAIL_TELL(cx, ERR_EV_CHAIN, "no certificate of the "
		    "key that signed the report");
	TRY(check_signature(cx, &e->report, e->certs[0]));
	if (!slice_equal_secret(e->report.report_data, report_data))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "the report data is not what was asked for");
	return OK;
}

/* --- report and certificate -------------------------------------------- */

static struct err
check_key(struct ctx *cx, const struct snp_report *r, const struct snp_cert *c)
{
	if (r->signing_key != SNP_VCEK && r->signing_key != SNP_VLEK)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a report that says it is not signed (%u)",
		    r->signing_key);
	if (r->signing_key != c->kind)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a report signed by another kind of key than it says");
	/* Firmware that masks the chip's key signs nothing with it. */
	if (r->mask_chip_key && c->kind == SNP_VCEK)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a report of a platform that masks its chip's key");
	return OK;
}

static struct err
check_chip(struct ctx *cx, const struct snp_report *r, const struct snp_cert *c)
{
	size_t n = c->hwid.n;

	if (c->kind == SNP_VCEK && (!slice_equal(SLICE(r->chip_id.p, n),
	    c->hwid) || !snp_is_zero(SLICE(r->chip_id.p + n,
	    r->chip_id.n - n))))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a certificate of another chip");
	return OK;
}

/* Version 2 does not say which processor it is of. */
static struct err
check_line(struct ctx *cx, const struct snp_report *r, const struct snp_cert *c)
{
	const struct snp_line *line;

	if (!r->has_cpuid)
		return OK;
	line = snp_line_of_cpu(r->family, r->model);
	if (line == NULL)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "a processor of family %x and model %x", r->family,
		    r->model);
	if (line != c->line)
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a %s under the root of %s", line->name, c->line->name);
	return OK;
}

/* A key is made from the TCB, and certified for it (57230, 3.1). */
static struct err
check_reported_tcb(struct ctx *cx, const struct snp_report *r,
    const struct snp_cert *c)
{
	for (enum snp_component i = SNP_BOOTLOADER; i < SNP_COMPONENTS; i++)
		if (snp_component(c->line, r->reported_tcb, i) != c->spl[i])
			return FAIL_TELL(cx, ERR_EV_MISMATCH,
			    "a certificate for another TCB");
	return OK;
}

/* --- what the report says of itself ------------------------------------- */

static struct err
check_guest(struct ctx *cx, const struct snp_report *r)
{
	if ((r->policy & SNP_POLICY_ONE) == 0 ||
	    r->policy >> SNP_POLICY_BITS != 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "a guest policy that cannot be");
	if (r->vmpl > VMPL_MAX)
		return FAIL_TELL(cx, ERR_EV_PROPERTY, r->vmpl == VMPL_HOST ?
		    "a report that the host asked for" :
		    "a privilege level above %u", VMPL_MAX);
	if (!r->author_key_en && !snp_is_zero(r->author_key_digest))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "an author's key that is said not to be there");
	return OK;
}

/* No component of a above b's. */
static bool
is_at_most(struct slice a, struct slice b)
{
	for (size_t i = 0; i < SNP_TCB_SIZE; i++)
		if (a.p[i] > b.p[i])
			return false;
	return true;
}

static uint32_t
number_of(const struct snp_firmware *f)
{
	return (uint32_t)f->major << 16 | (uint32_t)f->minor << 8 | f->build;
}

static struct err
check_tcbs(struct ctx *cx, const struct snp_report *r)
{
	if (!is_at_most(r->reported_tcb, r->committed_tcb) ||
	    !is_at_most(r->committed_tcb, r->current_tcb) ||
	    !is_at_most(r->launch_tcb, r->current_tcb))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "TCBs that are not in order");
	if (number_of(&r->committed) > number_of(&r->current))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "firmware older than what it is committed to");
	return OK;
}

static struct err
check_content(struct ctx *cx, const struct snp_report *r,
    const struct snp_cert *c)
{
	TRY(check_key(cx, r, c));
	TRY(check_line(cx, r, c));
	TRY(check_reported_tcb(cx, r, c));
	TRY(check_chip(cx, r, c));
	TRY(check_guest(cx, r));
	return check_tcbs(cx, r);
}

/* --- claims ------------------------------------------------------------ */

static void
claim_bits(struct claims *claims, const struct snp_report *r)
{
	const struct { const char *name; uint64_t is; } rows[] = {
		{ "debug", r->policy & SNP_POLICY_DEBUG },
		{ "migration_agent", r->policy & SNP_POLICY_MIGRATE_MA },
		{ "smt_allowed", r->policy & SNP_POLICY_SMT },
		{ "single_socket", r->policy & SNP_POLICY_SINGLE_SOCKET },
		{ "cxl_allowed", r->policy & SNP_POLICY_CXL },
		{ "aes_256_xts_required", r->policy & SNP_POLICY_AES_256_XTS },
		{ "rapl_off_required", r->policy & SNP_POLICY_RAPL_DIS },
		{ "ciphertext_hiding_required",
		    r->policy & SNP_POLICY_CIPHERTEXT_HIDING },
		{ "page_swap_disabled",
		    r->policy & SNP_POLICY_PAGE_SWAP_DISABLE },
		{ "smt_enabled", r->platform_info & SNP_PLATFORM_SMT },
		{ "tsme_enabled", r->platform_info & SNP_PLATFORM_TSME },
		{ "ecc_memory", r->platform_info & SNP_PLATFORM_ECC },
		{ "rapl_off", r->platform_info & SNP_PLATFORM_RAPL_DIS },
		{ "ciphertext_hiding",
		    r->platform_info & SNP_PLATFORM_CIPHERTEXT_HIDING },
		{ "alias_check_complete",
		    r->platform_info & SNP_PLATFORM_ALIAS_CHECK },
		{ "tio_enabled", r->platform_info & SNP_PLATFORM_TIO },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		claims_add_bool(claims, rows[i].name, rows[i].is != 0);
}

/* What is all zeros was not given. */
static void
claim_bytes(struct claims *claims, const struct snp_report *r)
{
	const struct { const char *name; struct slice value; } rows[] = {
		{ "host_data", r->host_data },
		{ "family_id", r->family_id },
		{ "image_id", r->image_id },
		{ "id_key_digest", r->id_key_digest },
		{ "author_key_digest", r->author_key_digest },
		{ "report_id", r->report_id },
		{ "chip_id", r->chip_id },
	};

	claims_add_bytes(claims, "measurement", r->measurement);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!snp_is_zero(rows[i].value))
			claims_add_bytes(claims, rows[i].name, rows[i].value);
}

static void
claim_tcb(struct claims *claims, const struct snp_report *r,
    const struct snp_line *line)
{
	static const struct { const char *name; enum snp_component which; }
	rows[] = {
		{ "tcb_bootloader", SNP_BOOTLOADER },
		{ "tcb_tee", SNP_TEE },
		{ "tcb_snp", SNP_SNP },
		{ "tcb_microcode", SNP_MICROCODE },
		{ "tcb_fmc", SNP_FMC },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (line->at[rows[i].which] >= 0)
			claims_add_uint(claims, rows[i].name, snp_component(
			    line, r->reported_tcb, rows[i].which));
	claims_add_bytes(claims, "launch_tcb", r->launch_tcb);
	claims_add_uint(claims, "snp_firmware_version",
	    number_of(&r->committed));
	claims_add_bool(claims, "provisional_firmware",
	    !slice_equal(r->current_tcb, r->committed_tcb) ||
	    number_of(&r->current) != number_of(&r->committed));
	if (!r->has_mitigations)
		return;
	claims_add_uint(claims, "launch_mitigations", r->launch_mitigations);
	claims_add_uint(claims, "current_mitigations",
	    r->current_mitigations);
}

static void
claim_report(struct claims *claims, const struct snp_report *r,
    const struct snp_cert *c)
{
	/* The key is as safe as the guest keeps it. */
	claims_add_bool(claims, "hardware_key", false);
	claims_add_text(claims, "product", c->line->name);
	claims_add_text(claims, "product_name", c->product);
	claims_add_text(claims, "signing_key",
	    c->kind == SNP_VLEK ? "vlek" : "vcek");
	if (c->kind == SNP_VLEK)
		claims_add_text(claims, "csp_id", c->csp_id);
	claims_add_uint(claims, "vmpl", r->vmpl);
	claims_add_uint(claims, "guest_svn", r->guest_svn);
	claims_add_uint(claims, "guest_abi",
	    r->policy & (SNP_POLICY_ABI_MAJOR | SNP_POLICY_ABI_MINOR));
	claim_bits(claims, r);
	claim_bytes(claims, r);
	claim_tcb(claims, r, c->line);
}

/* --- all of it ---------------------------------------------------------- */

static void
put_vlek_id(struct ctx *cx, const struct snp_evidence *e,
    char out[static HARDWARE_ID_MAX])
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	char provider[SNP_TEXT_MAX], hex[2 * SHA256_SIZE + 1];
	uint8_t hash[SHA256_SIZE];

	if (e->n_certs == 0)
		return;
	snp_cert_provider(cx, e->certs[0], provider);
	ASSERT(md != NULL);
	ASSERT(EVP_DigestInit_ex(md, ossl_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(md, provider, strlen(provider)) == 1 &&
	    EVP_DigestUpdate(md, e->report.chip_id.p,
	    e->report.chip_id.n) == 1 &&
	    EVP_DigestFinal_ex(md, hash, NULL) == 1);
	text_hex_into(SLICE_OF(hash), hex);
	(void)snprintf(out, HARDWARE_ID_MAX, VLEK_SCHEME "%s", hex);
}

void
snp_hardware_id(struct ctx *cx, const struct snp_evidence *e,
    char out[static HARDWARE_ID_MAX])
{
	const struct snp_report *r = &e->report;
	const size_t n = sizeof(SCHEME) - 1;

	out[0] = '\0';
	if (snp_is_zero(r->chip_id))
		return;
	if (r->signing_key == SNP_VLEK)
		put_vlek_id(cx, e, out);
	if (r->signing_key != SNP_VCEK)
		return;
	memcpy(out, SCHEME, n);
	text_hex_into(r->chip_id, out + n);
}

struct err
snp_verify(struct ctx *cx, const struct snp_evidence *sent,
    const struct appraisal *a, struct slice report_data,
    struct attestation *out)
{
	struct snp_evidence e = *sent;
	struct snp_cert cert;

	if (e.n_certs == 0)
		find_certs(cx, a->trust, &e);
	/* As in tpm2: a stranger learns nothing of what is believed here
	 * before he has shown to have the hardware. */
	if (!a->raw)
		TRY(check_signed(cx, &e, report_data));
	TRY(snp_cert_verify(cx, e.certs, e.n_certs, a->trust, a->at_s,
	    &cert));
	if (a->raw)
		TRY(check_signed(cx, &e, report_data));
	TRY(check_content(cx, &e.report, &cert));
	claim_report(&out->claims, &e.report, &cert);
	snp_hardware_id(cx, &e, out->hardware_id);
	return OK;
}

/* What was asked for: the nonce as it stands (raw), or the binding hash. */
static struct slice
asked_for(struct ctx *cx, const struct appraisal *a)
{
	uint8_t *binding;

	if (a->raw)
		return a->nonce;
	binding = arena_alloc(cx->arena, SHA512_SIZE);
	attest_binding(format_snp.name, a->nonce, a->spki, binding,
	    SHA512_SIZE);
	return SLICE(binding, SHA512_SIZE);
}

/*
 * The report data is the hash of the runtime data, and that is the binding
 * hash, whole; in a raw appraisal the nonce is either of the two.
 */
static struct err
check_runtime_data(struct ctx *cx, const struct snp *s,
    const struct appraisal *a)
{
	struct slice report_data = s->e.report.report_data;
	struct slice asked = asked_for(cx, a);
	uint8_t hash[SHA512_SIZE];

	ASSERT(EVP_Digest(s->runtime_data.p, s->runtime_data.n, hash, NULL,
	    EVP_sha512(), NULL) == 1);
	if (!slice_equal(report_data, SLICE_OF(hash)))
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "the report data is not the hash of the runtime data");
	if (!slice_equal_secret(s->runtime_data, asked) &&
	    !(a->raw && slice_equal_secret(report_data, asked)))
		return FAIL_TELL(cx, ERR_EV_NONCE,
		    "the runtime data is not what was asked for");
	return OK;
}

static struct err
verify_snp(struct ctx *cx, const void *value, const struct appraisal *a,
    struct attestation *out)
{
	const struct snp *s = value;
	struct attestation result = { .claims = claims_in(cx->arena) };
	bool has_runtime = s->runtime_data.n > 0;

	if (has_runtime && !a->raw)
		TRY(check_runtime_data(cx, s, a));
	TRY(snp_verify(cx, &s->e, a, has_runtime ? s->e.report.report_data :
	    asked_for(cx, a), &result));
	if (has_runtime && a->raw)
		TRY(check_runtime_data(cx, s, a));
	*out = result;
	return OK;
}

static void
identify_snp(struct ctx *cx, const void *value,
    char out_hardware_id[static HARDWARE_ID_MAX], struct slice *out_ak_name)
{
	const struct snp *s = value;

	snp_hardware_id(cx, &s->e, out_hardware_id);
	*out_ak_name = SLICE_NONE;
}

const struct attest_format format_snp = {
	.name = "snp", .read = read_snp, .verify = verify_snp,
	.identify = identify_snp,
};
