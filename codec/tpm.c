/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/tpm.h"

#include "base/base.h"

static const struct { uint16_t alg; uint8_t size; const char *name; } hashes[] = {
	{ TPM_SHA1,	20, "sha1" },
	{ TPM_SHA256,	32, "sha256" },
	{ TPM_SHA384,	48, "sha384" },
	{ TPM_SHA512,	64, "sha512" },
	{ TPM_SM3_256,	32, "sm3_256" },
	{ TPM_SHA3_256,	32, "sha3_256" },
	{ TPM_SHA3_384,	48, "sha3_384" },
	{ TPM_SHA3_512,	64, "sha3_512" },
};

size_t
tpm_digest_size(uint16_t alg)
{
	for (size_t i = 0; i < COUNT_OF(hashes); i++)
		if (hashes[i].alg == alg)
			return hashes[i].size;
	return 0;
}

const char *
tpm_hash_name(uint16_t alg)
{
	for (size_t i = 0; i < COUNT_OF(hashes); i++)
		if (hashes[i].alg == alg)
			return hashes[i].name;
	return NULL;
}

uint16_t
tpm_hash_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(hashes); i++)
		if (strcmp(hashes[i].name, name) == 0)
			return hashes[i].alg;
	return 0;
}

size_t
tpm_curve_size(uint16_t curve)
{
	static const struct { uint16_t curve; uint8_t size; } curves[] = {
		{ TPM_P256, 32 }, { TPM_P384, 48 }, { TPM_P521, 66 },
	};

	for (size_t i = 0; i < COUNT_OF(curves); i++)
		if (curves[i].curve == curve)
			return curves[i].size;
	return 0;
}

/* A reader that also remembers that a selector was not known: what follows
 * such a selector has no form that could be read. */
struct walk { struct reader r; bool unknown; };

static void
unknown(struct walk *w)
{
	w->unknown = w->unknown || !w->r.bad;
	/* mutate: not reachable: walk_end() refuses what is unknown first. */
	w->r.bad = true;
}

static struct err
walk_end(struct ctx *cx, const struct walk *w, const char *what)
{
	if (w->unknown)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "%s: an algorithm that is not known here", what);
	if (!read_done(&w->r))
		return FAIL_TELL(cx, ERR_EV_MALFORMED, "not exactly one %s",
		    what);
	return OK;
}

static uint16_t
read_hash(struct walk *w)
{
	uint16_t alg = read_be16(&w->r);

	if (tpm_digest_size(alg) == 0)
		unknown(w);
	return alg;
}

/* What follows the selector of a scheme (Part 2, 11.2): its union's size. */
enum scheme_tail { TAIL_NONE, TAIL_HASH, TAIL_HASH_COUNT };

static const struct { uint16_t alg; uint16_t type; enum scheme_tail tail; }
schemes[] = {
	{ TPM_RSASSA,	TPM_RSA,	TAIL_HASH },
	{ TPM_RSAPSS,	TPM_RSA,	TAIL_HASH },
	{ TPM_OAEP,	TPM_RSA,	TAIL_HASH },
	{ TPM_RSAES,	TPM_RSA,	TAIL_NONE },
	{ TPM_ECDSA,	TPM_ECC,	TAIL_HASH },
	{ TPM_ECDH,	TPM_ECC,	TAIL_HASH },
	{ TPM_ECDAA,	TPM_ECC,	TAIL_HASH_COUNT },
	{ TPM_SM2,	TPM_ECC,	TAIL_HASH },
	{ TPM_ECSCHNORR, TPM_ECC,	TAIL_HASH },
	{ TPM_ECMQV,	TPM_ECC,	TAIL_HASH },
};

static struct tpm_scheme
read_scheme(struct walk *w, uint16_t type)
{
	struct tpm_scheme s = { .alg = read_be16(&w->r) };

	if (s.alg == TPM_NULL)
		return s;
	for (size_t i = 0; i < COUNT_OF(schemes); i++) {
		if (schemes[i].alg != s.alg || schemes[i].type != type)
			continue;
		if (schemes[i].tail != TAIL_NONE)
			s.hash = read_hash(w);
		if (schemes[i].tail == TAIL_HASH_COUNT)
			(void)read_be16(&w->r);
		return s;
	}
	unknown(w);
	return s;
}

/* TPMT_KDF_SCHEME (Part 2, 11.2.3.3). */
static void
read_kdf(struct walk *w)
{
	uint16_t alg = read_be16(&w->r);

	if (alg == TPM_NULL)
		return;
	if (alg == TPM_MGF1 || alg == TPM_KDF1_56A || alg == TPM_KDF2 ||
	    alg == TPM_KDF1_108)
		(void)read_hash(w);
	else
		unknown(w);
}

/* TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7). */
static struct tpm_symmetric
read_symmetric(struct walk *w)
{
	struct tpm_symmetric s = { .alg = read_be16(&w->r) };

	if (s.alg == TPM_NULL)
		return s;
	if (s.alg != TPM_AES && s.alg != TPM_SM4 && s.alg != TPM_CAMELLIA)
		unknown(w);
	s.bits = read_be16(&w->r);
	s.mode = read_be16(&w->r);
	return s;
}

static void
read_rsa(struct walk *w, struct tpm_public *p)
{
	p->symmetric = read_symmetric(w);
	p->scheme = read_scheme(w, TPM_RSA);
	p->rsa_bits = read_be16(&w->r);
	p->rsa_exponent = read_be32(&w->r);
	if (p->rsa_exponent == 0)
		p->rsa_exponent = 65537;
	p->rsa_n = read_be16_bytes(&w->r, TPM_RSA_MAX);
}

static void
read_ecc(struct walk *w, struct tpm_public *p)
{
	p->symmetric = read_symmetric(w);
	p->scheme = read_scheme(w, TPM_ECC);
	p->curve = read_be16(&w->r);
	read_kdf(w);
	p->x = read_be16_bytes(&w->r, TPM_ECC_MAX);
	p->y = read_be16_bytes(&w->r, TPM_ECC_MAX);
}

/* TPMT_KEYEDHASH_SCHEME (Part 2, 11.1.21) and a digest. */
static void
read_keyedhash(struct walk *w, struct tpm_public *p)
{
	p->scheme.alg = read_be16(&w->r);
	if (p->scheme.alg == TPM_HMAC || p->scheme.alg == TPM_XOR)
		p->scheme.hash = read_hash(w);
	else if (p->scheme.alg != TPM_NULL)
		unknown(w);
	if (p->scheme.alg == TPM_XOR)
		read_kdf(w);
	(void)read_be16_bytes(&w->r, TPM_DIGEST_MAX);
}

static void
read_symcipher(struct walk *w, struct tpm_public *p)
{
	p->symmetric = read_symmetric(w);
	(void)read_be16_bytes(&w->r, TPM_DIGEST_MAX);
}

struct err
tpm_public_parse(struct ctx *cx, struct slice bytes, struct tpm_public *out)
{
	static const struct {
		uint16_t type;
		void (*read)(struct walk *, struct tpm_public *);
	} types[] = {
		{ TPM_RSA, read_rsa }, { TPM_ECC, read_ecc },
		{ TPM_KEYEDHASH, read_keyedhash },
		{ TPM_SYMCIPHER, read_symcipher },
	};
	struct walk w = { .r = reader_of(bytes) };
	struct tpm_public p = { .bytes = bytes };
	size_t i;

	p.type = read_be16(&w.r);
	p.name_alg = read_be16(&w.r);
	if (p.name_alg != TPM_NULL && tpm_digest_size(p.name_alg) == 0)
		unknown(&w);
	p.attributes = read_be32(&w.r);
	if ((p.attributes & ~TPM_ATTRIBUTES_KNOWN) != 0)
		w.r.bad = true;
	p.auth_policy = read_be16_bytes(&w.r, TPM_DIGEST_MAX);
	for (i = 0; i < COUNT_OF(types) && types[i].type != p.type; i++)
		;
	if (i < COUNT_OF(types))
		types[i].read(&w, &p);
	else
		unknown(&w);
	TRY(walk_end(cx, &w, "TPMT_PUBLIC"));
	*out = p;
	return OK;
}

struct err
tpm_signature_parse(struct ctx *cx, struct slice bytes,
    struct tpm_signature *out)
{
	struct walk w = { .r = reader_of(bytes) };
	struct tpm_signature s = { .scheme = { .alg = read_be16(&w.r) } };

	if (s.scheme.alg == TPM_RSASSA || s.scheme.alg == TPM_RSAPSS) {
		s.scheme.hash = read_hash(&w);
		s.rsa = read_be16_bytes(&w.r, TPM_RSA_MAX);
	} else if (s.scheme.alg == TPM_ECDSA) {
		s.scheme.hash = read_hash(&w);
		s.r = read_be16_bytes(&w.r, TPM_ECC_MAX);
		s.s = read_be16_bytes(&w.r, TPM_ECC_MAX);
	} else {
		unknown(&w);
	}
	TRY(walk_end(cx, &w, "TPMT_SIGNATURE"));
	*out = s;
	return OK;
}

/* TPML_PCR_SELECTION (Part 2, 10.9.7).  PC clients write 3 bytes a bank; 1 to
 * 4 are allowed. */
static void
read_selections(struct walk *w, struct tpm_attest *a)
{
	uint32_t n = read_be32(&w->r);

	if (n > TPM_SELECTIONS_MAX) {
		w->r.bad = true;
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct tpm_pcr_selection *s = &a->selections[i];
		struct slice map;
		uint8_t size;

		s->hash = read_hash(w);
		size = read_u8(&w->r);
		if (size < 1 || size > 4)
			w->r.bad = true;
		map = read_bytes(&w->r, size);
		for (size_t k = 0; k < map.n; k++)
			s->pcrs |= (uint32_t)map.p[k] << (8 * k);
	}
	a->n_selections = n;
}

static void
read_attest_body(struct walk *w, struct tpm_attest *a)
{
	if (a->type == TPM_ATTEST_QUOTE) {
		read_selections(w, a);
		a->pcr_digest = read_be16_bytes(&w->r, TPM_DIGEST_MAX);
	} else if (a->type == TPM_ATTEST_CERTIFY) {
		a->name = read_be16_bytes(&w->r, TPM_NAME_MAX);
		a->qualified_name = read_be16_bytes(&w->r, TPM_NAME_MAX);
	} else {
		(void)read_bytes(&w->r, w->r.n);
	}
}

struct err
tpm_attest_parse(struct ctx *cx, struct slice bytes, struct tpm_attest *out)
{
	struct walk w = { .r = reader_of(bytes) };
	struct tpm_attest a = { .bytes = bytes };
	uint8_t safe;

	a.magic = read_be32(&w.r);
	a.type = read_be16(&w.r);
	a.qualified_signer = read_be16_bytes(&w.r, TPM_NAME_MAX);
	a.extra_data = read_be16_bytes(&w.r, TPM_NAME_MAX);
	a.clock_ms = read_be64(&w.r);
	a.reset_count = read_be32(&w.r);
	a.restart_count = read_be32(&w.r);
	safe = read_u8(&w.r);
	if (safe > 1)		/* TPMI_YES_NO */
		w.r.bad = true;
	a.clock_safe = safe == 1;
	a.firmware_version = read_be64(&w.r);
	read_attest_body(&w, &a);
	TRY(walk_end(cx, &w, "TPMS_ATTEST"));
	*out = a;
	return OK;
}

struct err
tpm_credential_file_parse(struct ctx *cx, struct slice bytes,
    struct tpm_credential_file *out)
{
	struct walk w = { .r = reader_of(bytes) };
	struct tpm_credential_file f;

	if (read_be32(&w.r) != TPM_CREDENTIAL_MAGIC || read_be32(&w.r) != 1)
		w.r.bad = true;
	f.id_object = read_be16_bytes(&w.r, 2 + TPM_DIGEST_MAX + 2 +
	    TPM_DIGEST_MAX);
	f.encrypted_secret = read_be16_bytes(&w.r, TPM_RSA_MAX);
	TRY(walk_end(cx, &w, "credential file"));
	*out = f;
	return OK;
}
