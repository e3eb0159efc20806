/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/snp_cert.h"

#include "attest/pss.h"
#include "codec/der.h"

#define AMD		"Advanced Micro Devices"
#define ROOT_BITS	4096
#define SALT		48
#define STRUCT_VERSION_MAX	1u
#define HWID_MAX	SNP_CHIP_ID_SIZE

/* 1.3.6.1.4.1.3704.1 as DER contents; one or two numbers follow. */
static const uint8_t oid_amd[] = {
	0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01
};

enum amd_element {
	ELEMENT_STRUCT_VERSION = 1, ELEMENT_PRODUCT, ELEMENT_SPL, ELEMENT_HWID,
	ELEMENT_CSP_ID,
};

/*
 * Up to Genoa: boot loader, TEE, four reserved, SNP, microcode.  Turin: FMC,
 * boot loader, TEE, SNP, three reserved, microcode (56860, TCB_VERSION).
 */
#define LAYOUT_GENOA	{ -1, 0, 1, 6, 2, 3, 4, 5, 7, -1 }
#define LAYOUT_TURIN	{ -1, 1, 2, 3, -1, 4, 5, 6, 7, 0 }
static const struct snp_line lines[] = {
	{ "Milan", LAYOUT_GENOA, 64 },
	{ "Genoa", LAYOUT_GENOA, 64 },
	{ "Turin", LAYOUT_TURIN, 8 },
};
enum { MILAN, GENOA, TURIN };

static const struct { uint8_t family, from, to, line; } cpus[] = {
	{ 0x19, 0x00, 0x0f, MILAN },
	{ 0x19, 0x10, 0x1f, GENOA },
	{ 0x19, 0xa0, 0xaf, GENOA },	/* Bergamo and Siena */
	{ 0x1a, 0x00, 0x11, TURIN },
};

const struct snp_line *
snp_line_of_cpu(uint8_t family, uint8_t model)
{
	for (size_t i = 0; i < COUNT_OF(cpus); i++)
		if (cpus[i].family == family && cpus[i].from <= model &&
		    model <= cpus[i].to)
			return &lines[cpus[i].line];
	return NULL;
}

uint8_t
snp_component(const struct snp_line *line, struct slice tcb,
    enum snp_component component)
{
	int at = line->at[component];

	ASSERT(tcb.n == SNP_TCB_SIZE);
	return at < 0 ? 0 : tcb.p[at];
}

/* --- extensions -------------------------------------------------------- */

static bool
read_text(struct slice der, char out[static SNP_TEXT_MAX])
{
	struct reader r = reader_of(der);
	struct slice text = der_read(&r, DER_IA5_STRING);

	if (!read_done(&r) || text.n == 0 || text.n >= SNP_TEXT_MAX ||
	    out[0] != '\0')
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	memcpy(out, text.p, text.n);
	out[text.n] = '\0';
	return true;
}

static bool
read_number(struct slice der, uint64_t max, uint64_t *out)
{
	struct reader r = reader_of(der);

	*out = der_read_uint(&r);
	return read_done(&r) && *out <= max;
}

static bool
read_spl(struct slice der, unsigned which, struct snp_cert *c)
{
	uint64_t value;

	if ((c->has_spl >> which & 1) != 0 ||
	    !read_number(der, UINT8_MAX, &value))
		return false;
	c->has_spl |= 1u << which;
	c->spl[which] = (uint8_t)value;
	return true;
}

/* As it is, or in an OCTET STRING of its own: both were issued. */
static bool
read_hwid(struct slice der, struct snp_cert *c)
{
	struct reader r = reader_of(der);
	struct slice inner = der_read(&r, DER_OCTET_STRING);
	bool is_wrapped = read_done(&r) && (inner.n == lines[TURIN].hwid_size ||
	    inner.n == lines[MILAN].hwid_size);

	if (c->hwid.n > 0)
		return false;
	c->hwid = is_wrapped ? inner : der;
	return c->hwid.n > 0 && c->hwid.n <= HWID_MAX;
}

struct extensions { struct snp_cert *cert; bool has_version; uint64_t version; };

static bool
read_element(struct extensions *e, struct slice tail, struct slice der)
{
	if (tail.n == 2 && tail.p[0] == ELEMENT_SPL && tail.p[1] > 0 &&
	    tail.p[1] < SNP_COMPONENTS)
		return read_spl(der, tail.p[1], e->cert);
	if (tail.n != 1)
		return true;		/* not known here, and not critical */
	switch (tail.p[0]) {
	case ELEMENT_STRUCT_VERSION:
		if (e->has_version)
			return false;
		e->has_version = true;
		return read_number(der, UINT8_MAX, &e->version);
	case ELEMENT_PRODUCT:
		return read_text(der, e->cert->product);
	case ELEMENT_HWID:
		return read_hwid(der, e->cert);
	case ELEMENT_CSP_ID:
		return read_text(der, e->cert->csp_id);
	default:
		return true;
	}
}

static struct err
read_extensions(struct ctx *cx, X509 *x, struct extensions *e)
{
	for (int i = 0; i < X509_get_ext_count(x); i++) {
		X509_EXTENSION *ext = X509_get_ext(x, i);
		const ASN1_OBJECT *obj = X509_EXTENSION_get_object(ext);
		const ASN1_OCTET_STRING *data = X509_EXTENSION_get_data(ext);
		struct slice oid = SLICE(OBJ_get0_data(obj), OBJ_length(obj));

		if (oid.n <= sizeof(oid_amd) ||
		    memcmp(oid.p, oid_amd, sizeof(oid_amd)) != 0)
			continue;
		if (!read_element(e, SLICE(oid.p + sizeof(oid_amd),
		    oid.n - sizeof(oid_amd)), SLICE(ASN1_STRING_get0_data(data),
		    (size_t)ASN1_STRING_length(data))))
			return FAIL_TELL(cx, ERR_EV_MALFORMED,
			    "an extension of the report key's certificate");
	}
	return OK;
}

/* "Milan", or "Milan-B0". */
static bool
is_product_of(const char *product, const struct snp_line *line)
{
	size_t n = strlen(line->name);

	return strncmp(product, line->name, n) == 0 &&
	    (product[n] == '\0' || product[n] == '-');
}

static struct err
check_extensions(struct ctx *cx, const struct extensions *e)
{
	const struct snp_cert *c = e->cert;
	uint32_t need = 1u << SNP_BOOTLOADER | 1u << SNP_TEE | 1u << SNP_SNP |
	    1u << SNP_MICROCODE;

	if (e->has_version && e->version > STRUCT_VERSION_MAX)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "extensions of version %u", (unsigned)e->version);
	if (c->line->at[SNP_FMC] >= 0)
		need |= 1u << SNP_FMC;
	if (!e->has_version || c->product[0] == '\0' ||
	    (c->has_spl & need) != need)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "the report key's certificate does not say which TCB it "
		    "is for");
	if (c->hwid.n != (c->kind == SNP_VCEK ? c->line->hwid_size : 0))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a VCEK is of one chip, and a VLEK of none");
	if ((c->kind == SNP_VLEK) != (c->csp_id[0] != '\0'))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "a VLEK is of one provider, and a VCEK of none");
	if (!is_product_of(c->product, c->line))
		return FAIL_TELL(cx, ERR_EV_MISMATCH,
		    "a certificate for %s under the root of %s", c->product,
		    c->line->name);
	return OK;
}

struct err
snp_cert_read(struct ctx *cx, X509 *leaf, const struct snp_line *line,
    enum snp_signing_key kind, struct snp_cert *out)
{
	struct snp_cert cert = { .leaf = leaf, .line = line, .kind = kind };
	struct extensions e = { .cert = &cert };

	TRY(read_extensions(cx, leaf, &e));
	TRY(check_extensions(cx, &e));
	*out = cert;
	return OK;
}

bool
snp_cert_chip(struct ctx *cx, X509 *leaf, uint8_t out[static SNP_CHIP_ID_SIZE])
{
	struct snp_cert cert = { .leaf = leaf };
	struct extensions e = { .cert = &cert };

	if (failed(read_extensions(cx, leaf, &e)))
		ctx_forget(cx);
	else if (cert.hwid.n > 0) {
		memset(out, 0, SNP_CHIP_ID_SIZE);
		memcpy(out, cert.hwid.p, cert.hwid.n);
		return true;
	}
	return false;
}

void
snp_cert_provider(struct ctx *cx, X509 *leaf, char out[static SNP_TEXT_MAX])
{
	struct snp_cert cert = { .leaf = leaf };
	struct extensions e = { .cert = &cert };

	out[0] = '\0';
	if (failed(read_extensions(cx, leaf, &e)))
		ctx_forget(cx);
	else
		memcpy(out, cert.csp_id, SNP_TEXT_MAX);
}

/* --- the chain --------------------------------------------------------- */

static bool
is_signed_as_amd_does(X509 *x)
{
	const X509_ALGOR *alg;
	struct pss pss;

	X509_get0_signature(NULL, &alg, x);
	return pss_parse(alg, &pss) && pss.md == NID_sha384 &&
	    pss.mgf1_md == NID_sha384 && pss.salt == SALT;
}

static bool
is_root_key(const EVP_PKEY *key)
{
	return key != NULL && EVP_PKEY_is_a(key, "RSA") &&
	    EVP_PKEY_get_bits(key) == ROOT_BITS;
}

static bool
is_named(X509 *x, const char *prefix, const char *line)
{
	char name[SNP_TEXT_MAX];

	(void)snprintf(name, sizeof(name), "%s%s", prefix, line);
	return chain_subject_is(x, NID_commonName, name) &&
	    chain_subject_is(x, NID_organizationName, AMD);
}

static const struct snp_line *
line_of_root(X509 *ark)
{
	for (size_t i = 0; i < COUNT_OF(lines); i++)
		if (is_named(ark, "ARK-", lines[i].name))
			return &lines[i];
	return NULL;
}

static struct err
check_names(struct ctx *cx, X509 *const *path, const struct snp_line **out_line,
    enum snp_signing_key *out_kind)
{
	const struct snp_line *line = line_of_root(path[2]);

	if (line == NULL)
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "the anchor is no root of AMD's that is known here");
	if (is_named(path[0], "SEV-VCEK", "") &&
	    is_named(path[1], "SEV-", line->name))
		*out_kind = SNP_VCEK;
	else if (is_named(path[0], "SEV-VLEK", "") &&
	    is_named(path[1], "SEV-VLEK-", line->name))
		*out_kind = SNP_VLEK;
	else
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "certificates of other names than AMD gives");
	*out_line = line;
	return OK;
}

static struct err
check_algorithms(struct ctx *cx, X509 *const *path)
{
	for (size_t i = 0; i + 1 < SNP_CHAIN_MAX; i++)
		if (!is_signed_as_amd_does(path[i]) ||
		    !is_root_key(chain_key(path[i + 1])))
			return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
			    "a certificate that is not signed as AMD does");
	return OK;
}

/* What was sent is what was found, in its order. */
static struct err
check_order(struct ctx *cx, X509 *const *certs, size_t n,
    const struct chain_path *path)
{
	if (path->n != SNP_CHAIN_MAX || !chain_is_end_entity(path->certs[0]))
		return FAIL_TELL(cx, ERR_EV_CHAIN,
		    "a path of other certificates than AMD's");
	for (size_t i = 1; i < n; i++)
		if (X509_cmp(certs[i], path->certs[i]) != 0)
			return FAIL_TELL(cx, ERR_EV_CHAIN,
			    "certificate %zu is not its place's", i);
	return OK;
}

struct err
snp_cert_verify(struct ctx *cx, X509 *const *certs, size_t n,
    const struct trust *trust, int64_t at_s, struct snp_cert *out)
{
	const struct snp_line *line;
	enum snp_signing_key kind;
	struct chain_path path;

	ASSERT(n <= SNP_CHAIN_MAX);
	if (n == 0)
		return FAIL_TELL(cx, ERR_EV_CHAIN, "no certificate of the "
		    "key that signs reports");
	TRY(chain_verify_path(cx, certs[0], certs + 1, n - 1, trust, at_s,
	    &path));
	TRY(check_order(cx, certs, n, &path));
	TRY(check_names(cx, path.certs, &line, &kind));
	TRY(check_algorithms(cx, path.certs));
	return snp_cert_read(cx, certs[0], line, kind, out);
}
