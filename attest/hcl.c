/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/hcl.h"

#include <openssl/evp.h>

#include "attest/snp_report.h"
#include "base/base.h"
#include "codec/json.h"

#define MAGIC			"HCLA"
#define HEADER_VERSION_MAX	2u
#define RUNTIME_VERSION		1u
#define HEADER_SIZE		32u
#define RUNTIME_HEADER_SIZE	20u
#define TD_REPORT_SIZE		1024u
#define TD_REPORT_TYPE		0x81u	/* TDX */
#define TD_REPORT_DATA_AT	128u
#define TD_INFO_AT		512u
#define TD_INFO_COMPARED	208u	/* to MROWNERCONFIG; RTMRs change */
#define HASH_SIZE_MAX		64u

/* --- the blob ----------------------------------------------------------- */

static const EVP_MD *
hash_of(unsigned hash)
{
	switch (hash) {
	case 1:
		return EVP_sha256();
	case 2:
		return EVP_sha384();
	case 3:
		return EVP_sha512();
	default:
		return NULL;
	}
}

static struct err
read_header(struct ctx *cx, struct reader *r, uint32_t *out_size)
{
	struct slice magic = read_bytes(r, sizeof(MAGIC) - 1);
	uint32_t version = read_le32(r), status;

	*out_size = read_le32(r);
	(void)read_le32(r);		/* what was asked for: means nothing */
	status = read_le32(r);
	if (!snp_is_zero(read_bytes(r, 12)) || r->bad ||
	    !slice_equal(magic, SLICE(MAGIC, sizeof(MAGIC) - 1)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "hcl_report: not a report of the paravisor");
	if (version == 0 || version > HEADER_VERSION_MAX)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "hcl_report: version %u", version);
	if (status != 0)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "hcl_report: status %u", status);
	return OK;
}

static struct err
read_td_report(struct ctx *cx, struct slice room, struct hcl_td_report *out)
{
	if (room.p[0] != TD_REPORT_TYPE || !snp_is_zero(SLICE(room.p +
	    TD_REPORT_SIZE, room.n - TD_REPORT_SIZE)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "hcl_report: no TDREPORT in it");
	out->report_data = SLICE(room.p + TD_REPORT_DATA_AT,
	    HCL_REPORT_DATA_SIZE);
	out->td = SLICE(room.p + TD_INFO_AT, TD_INFO_COMPARED);
	return OK;
}

/* The hardware's report is of the kind that the header after it says. */
static struct err
read_report(struct ctx *cx, struct slice room, uint32_t type, struct hcl *out)
{
	out->type = (enum hcl_type)type;
	if (type == HCL_TDX)
		return read_td_report(cx, room, &out->td_report);
	if (type != HCL_SNP)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "hcl_report: report of type %u", type);
	out->snp_report = room;
	return OK;
}

static struct err
read_runtime(struct ctx *cx, struct reader *r, uint32_t *out_type,
    struct hcl *out)
{
	uint32_t size = read_le32(r), version = read_le32(r), n;

	*out_type = read_le32(r);
	out->hash = read_le32(r);
	n = read_le32(r);
	out->runtime = read_bytes(r, n);
	if (r->bad || size < RUNTIME_HEADER_SIZE ||
	    size - RUNTIME_HEADER_SIZE != n)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "hcl_report: sizes that do not agree");
	if (version != RUNTIME_VERSION || hash_of(out->hash) == NULL)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "hcl_report: "
		    "runtime data of version %u with hash %u", version,
		    out->hash);
	return OK;
}

struct err
hcl_parse(struct ctx *cx, struct slice bytes, struct hcl *out)
{
	struct reader r = reader_of(bytes);
	struct hcl hcl = { .hash = 0 };
	struct slice room;
	uint32_t size, type;

	TRY(read_header(cx, &r, &size));
	room = read_bytes(&r, HCL_REPORT_SIZE);
	TRY(read_runtime(cx, &r, &type, &hcl));
	if (size != bytes.n - r.n || !snp_is_zero(SLICE(r.p, r.n)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "hcl_report: another size, or more after it");
	TRY(read_report(cx, room, type, &hcl));
	*out = hcl;
	return OK;
}

bool
hcl_is_bound(const struct hcl *hcl, struct slice report_data)
{
	uint8_t hash[HASH_SIZE_MAX] = { 0 };

	ASSERT(EVP_Digest(hcl->runtime.p, hcl->runtime.n, hash, NULL,
	    hash_of(hcl->hash), NULL) == 1);
	return slice_equal(report_data, SLICE_OF(hash));
}

/* --- the runtime data ---------------------------------------------------- */

/* RFC 7517: a key that is for signatures, and RFC 7518, 6.3.1. */
static bool
read_ak(struct ctx *cx, const json_t *jwk, struct tpm_public *out)
{
	struct tpm_public ak = { .type = TPM_RSA, .scheme.alg = TPM_NULL };
	const json_t *ops = json_object_get(jwk, "key_ops");
	struct slice e;

	if (strcmp(json_member_text(jwk, "kty"), "RSA") != 0 ||
	    json_array_size(ops) != 1 || json_string_value(json_array_get(ops,
	    0)) == NULL || strcmp(json_string_value(json_array_get(ops, 0)),
	    "sign") != 0)
		return false;
	if (!json_member_bytes(cx, jwk, "n", TPM_RSA_MAX, &ak.rsa_n) ||
	    !json_member_bytes(cx, jwk, "e", sizeof(ak.rsa_exponent), &e) ||
	    ak.rsa_n.p[0] == 0 || e.p[0] == 0)
		return false;
	for (size_t i = 0; i < e.n; i++)
		ak.rsa_exponent = ak.rsa_exponent << 8 | e.p[i];
	ak.rsa_bits = (uint16_t)(8 * ak.rsa_n.n);
	*out = ak;
	return true;
}

/* The one key of that name. */
static const json_t *
find_ak(const json_t *keys)
{
	const json_t *found = NULL;

	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *jwk = json_array_get(keys, i);

		if (strcmp(json_member_text(jwk, "kid"), HCL_AK_NAME) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = jwk;
	}
	return found;
}

struct err
hcl_runtime_parse(struct ctx *cx, const struct hcl *hcl,
    struct hcl_runtime *out)
{
	struct hcl_runtime runtime = { .vm_id = NULL };
	const char *vm_id;
	json_t *root;

	if (failed(json_parse(cx, hcl->runtime, &root)))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "the runtime data is not JSON");
	if (!read_ak(cx, find_ak(json_object_get(root, "keys")), &runtime.ak))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "the runtime data has not one key %s for signatures",
		    HCL_AK_NAME);
	vm_id = json_member_text(json_object_get(root, "vm-configuration"),
	    "vmUniqueId");
	if (vm_id[0] != '\0' && strlen(vm_id) <= HCL_VM_ID_MAX)
		runtime.vm_id = arena_strdup(cx->arena, vm_id);
	*out = runtime;
	return OK;
}
