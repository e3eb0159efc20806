/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/make_azure.h"

#include "attest/hcl.h"
#include "attest/tpm_key.h"
#include "codec/base64.h"

#define TD_BODY_INFO	120u	/* TDATTRIBUTES in a quote's body */
#define TD_BODY_DATA	520u	/* its report data */

const char *
make_jwk(struct ctx *cx, const char *kid, EVP_PKEY *key, const char *ops)
{
	struct tpm_public p;

	ASSERT(!failed(tpm_key_from_pkey(cx, key, &p)));
	return arena_printf(cx->arena, "{\"kid\":\"%s\",\"key_ops\":%s,"
	    "\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}", kid, ops,
	    base64url(cx->arena, p.rsa_n));
}

static const char *
make_runtime(struct ctx *cx, const struct make_azure *v)
{
	if (v->runtime != NULL)
		return v->runtime;
	return arena_printf(cx->arena, "{\"keys\":[%s,%s],"
	    "\"vm-configuration\":{\"secure-boot\":true,"
	    "\"vmUniqueId\":\"6332533D-5649-4D02-8AA7-8F64B7C3EE21\"},"
	    "\"user-data\":\"00\"}",
	    make_jwk(cx, "HCLEkPub", make_amd_key(cx, 0), "[\"encrypt\"]"),
	    make_jwk(cx, "HCLAkPub", v->tpm.ak, "[\"sign\"]"));
}

void
make_azure(struct ctx *cx, struct make_azure *v, bool is_td)
{
	*v = (struct make_azure){ .is_td = is_td, .hash = 1, .n_fill = 100,
	    .n_certs = 3 };
	if (is_td)
		make_dcap(cx, &v->td, true);
	else
		make_snp(cx, &v->snp, "Milan");
	make_device(cx, &v->tpm);
	v->tpm.format = "azure-cvm";
	v->tpm.send_ek_cert = v->tpm.activated = false;
	v->tpm.ak = make_amd_key(cx, 2);
	v->tpm.ak_public = make_ak_public(v->tpm.ak);
}

/* --- the blob ------------------------------------------------------------ */

static void
put_le32(struct buf *b, size_t value)
{
	for (unsigned i = 0; i < 32; i += 8)
		put_u8(b, (uint8_t)(value >> i));
}

static void
put_zeros(struct buf *b, size_t n)
{
	if (n > 0)
		memset(put_space(b, n), 0, n);
}

static void
put_td_report(struct buf *b, const struct make_azure *v)
{
	uint8_t report[HCL_REPORT_SIZE] = { 0x81 };

	memcpy(report + 128, v->td.body + TD_BODY_DATA, 64);
	memcpy(report + 512, v->td.body + TD_BODY_INFO, 208);
	if (v->other_td_data)
		report[128 + 63] ^= 1;
	if (v->other_td)
		report[512 + 207] ^= 1;
	put_bytes(b, SLICE_OF(report));
}

static struct slice
make_blob(struct ctx *cx, const struct make_azure *v, const char *runtime)
{
	struct buf b = buf_in(cx->arena, 65536);
	size_t n;

	if (v->runtime_sent != NULL)
		runtime = v->runtime_sent;
	n = strlen(runtime);
	put_text(&b, "HCLA");
	put_le32(&b, v->is_td ? 2 : 1);
	put_le32(&b, 32 + HCL_REPORT_SIZE + 20 + n);
	put_le32(&b, 2);
	put_zeros(&b, 16);
	if (v->is_td)
		put_td_report(&b, v);
	else
		put_bytes(&b, v->snp.sent);
	put_le32(&b, 20 + n);
	put_le32(&b, 1);
	put_le32(&b, v->is_td ? HCL_TDX : HCL_SNP);
	put_le32(&b, v->hash);
	put_le32(&b, n);
	put_text(&b, runtime);
	put_zeros(&b, v->n_fill);
	ASSERT(!b.bad && v->change_at < b.n);
	if (v->change_at != 0)
		b.p[v->change_at] = v->change_to;
	return buf_slice(&b);
}

static void
put_report_data(struct make_azure *v, const char *runtime)
{
	uint8_t *out = v->is_td ? v->td.body + TD_BODY_DATA :
	    v->snp.report + 0x50;
	const EVP_MD *const mds[] = { NULL, EVP_sha256(), EVP_sha384(),
	    EVP_sha512() };

	v->snp.report_data_given = v->td.report_data_given = true;
	if (v->report_data_given)
		return;
	memset(out, 0, 64);
	ASSERT(EVP_Digest(runtime, strlen(runtime), out, NULL, mds[v->hash],
	    NULL) == 1);
}

/* --- evidence ------------------------------------------------------------- */

static void
set_bytes(struct ctx *cx, json_t *object, const char *name, struct slice s)
{
	ASSERT(json_object_set_new(object, name, json_string(base64url(
	    cx->arena, s))) == 0);
}

static void
set_guest(struct ctx *cx, json_t *e, struct make_azure *v)
{
	json_t *certs = json_array();

	make_snp_parts(cx, &v->snp, "azure-cvm");
	for (size_t i = 0; i < v->n_certs; i++)
		ASSERT(json_array_append_new(certs, json_string(base64url(
		    cx->arena, v->snp.chain[i]))) == 0);
	if (v->n_certs > 0)
		ASSERT(json_object_set(e, "certificates", certs) == 0);
	json_decref(certs);
	v->appraisal = &v->snp.appraisal;
}

static void
set_td(struct ctx *cx, json_t *e, struct make_azure *v)
{
	(void)make_dcap_evidence(cx, &v->td);
	if (!v->no_td_quote)
		set_bytes(cx, e, "td_quote", v->td.quote);
	v->appraisal = &v->td.appraisal;
}

json_t *
make_azure_evidence(struct ctx *cx, struct make_azure *v)
{
	json_t *e = make_evidence(cx, &v->tpm);
	const char *runtime = make_runtime(cx, v);

	if (!v->send_ak)
		(void)json_object_del(e, "ak_public");
	put_report_data(v, runtime);
	if (v->is_td)
		set_td(cx, e, v);
	else
		set_guest(cx, e, v);
	v->blob = make_blob(cx, v, runtime);
	set_bytes(cx, e, "hcl_report", v->blob);
	v->appraisal->nonce = SLICE_OF(v->tpm.nonce);
	v->appraisal->spki = v->tpm.spki;
	return e;
}

struct err
make_azure_verify_json(struct ctx *cx, const json_t *e, struct make_azure *v,
    struct attestation *out)
{
	struct evidence evidence;

	TRY(evidence_read(cx, e, "/evidence", &evidence));
	return evidence_verify(cx, &evidence, v->appraisal, out);
}

struct err
make_azure_verify(struct ctx *cx, struct make_azure *v,
    struct attestation *out)
{
	return make_azure_verify_json(cx, make_azure_evidence(cx, v), v, out);
}
