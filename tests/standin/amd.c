/* SPDX-License-Identifier: Apache-2.0 */
/* AMD's: an SEV-SNP guest, and an Azure confidential VM on such a chip. */
#include "codec/base64.h"
#include "pki/pem.h"
#include "tests/make_azure.h"
#include "tests/standin/standin.h"

#define CHIP_ID		0x1a0u	/* places in the report */
#define REPORT_DATA	0x050u
#define POLICY_DEBUG	0x00au	/* the byte with bit 19 of the guest policy */
#define TCBS		4u
#define TABLE_ROW	24u
#define TABLE_PAGE	4096u
#define TABLE_MAX	65536u
#define OLD_MICROCODE	200u

static void
shift_dates(struct standin *s, struct make_snp *m)
{
	struct make_amd_cert *certs[] = { &m->ark, &m->ask, &m->leaf };

	for (size_t i = 0; i < COUNT_OF(certs); i++) {
		certs[i]->from_s = standin_shift(s, MAKE_AT - MAKE_DAY);
		certs[i]->to_s = standin_shift(s, MAKE_AT + 1000 * MAKE_DAY);
	}
	m->crl.from_s = standin_shift(s, m->crl.from_s);
	m->crl.to_s = standin_shift(s, MAKE_AT + 30 * MAKE_DAY);
}

/* The chip's certificate is for the versions that its reports tell. */
static void
make_old(struct standin *s, struct make_snp *m)
{
	static const size_t at[TCBS] = { 0x038, 0x180, 0x1e0, 0x1f0 };

	for (size_t i = 0; i < TCBS; i++)
		make_snp_tcb(m, at[i], SNP_MICROCODE, OLD_MICROCODE);
	make_amd_ext(m, "3.8")->der = make_der_number(s->cx, OLD_MICROCODE);
}

/* Signatures with salt are others each time: the ARK is registered, not sent. */
static void
begin(struct standin *s, struct make_snp *m)
{
	m->n_certs = 2;
	standin_random(s, m->report + CHIP_ID, m->line->hwid_size);
	shift_dates(s, m);
	if (s->old)
		make_old(s, m);
	if (s->debug)
		m->report[POLICY_DEBUG] |= 0x08;
	memcpy(m->nonce, s->nonce, sizeof(m->nonce));
	m->spki = s->spki;
	m->report_data_given = s->covered.n > 0;
	if (m->report_data_given)
		memcpy(m->report + REPORT_DATA, s->covered.p, s->covered.n);
}

static void
publish(struct standin *s, const struct make_snp *m)
{
	standin_pem(s, "ark.pem", PEM_CERTIFICATE, &m->chain[2], 1);
	standin_pem(s, "ask.pem", PEM_CERTIFICATE, &m->chain[1], 1);
	standin_pem(s, "vcek.pem", PEM_CERTIFICATE, &m->chain[0], 1);
	standin_file(s, "ark-crl.der", m->crl_der);
}

static void
put_le32(struct buf *b, size_t value)
{
	for (unsigned i = 0; i < 32; i += 8)
		put_u8(b, (uint8_t)(value >> i));
}

/* What the host gives with an extended request: GUIDs of VCEK and ASK with
 * offset and length, an end, the certificates; then the rest of the page. */
static struct slice
make_table(struct standin *s, struct make_snp *m)
{
	static const char *const guids[] = {
		"\x8d\x75\xda\x63\x64\xe6\x64\x45"
		"\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd",
		"\x79\xb3\xb7\x4a\xac\xbb\xe4\x4f"
		"\xa0\x2f\x05\xae\xf3\x27\xc7\x82",
	};
	struct buf b = buf_in(s->cx->arena, TABLE_MAX);
	size_t at = (COUNT_OF(guids) + 1) * TABLE_ROW;

	make_snp_parts(s->cx, m, "snp");
	m->keep_chain = true;
	for (size_t i = 0; i < COUNT_OF(guids); i++) {
		put_bytes(&b, SLICE(guids[i], 16));
		put_le32(&b, at);
		put_le32(&b, m->chain[i].n);
		at += m->chain[i].n;
	}
	memset(put_space(&b, TABLE_ROW), 0, TABLE_ROW);
	for (size_t i = 0; i < COUNT_OF(guids); i++)
		put_bytes(&b, m->chain[i]);
	memset(put_space(&b, TABLE_PAGE - b.n % TABLE_PAGE), 0,
	    TABLE_PAGE - b.n % TABLE_PAGE);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

json_t *
standin_snp(struct standin *s)
{
	struct make_snp *m = ARENA_NEW(s->cx->arena, struct make_snp);
	json_t *evidence;

	make_snp(s->cx, m, "Milan");
	begin(s, m);
	/* The kernel has the certificates from the host as a table. */
	if (s->covered.n > 0) {
		m->table = make_table(s, m);
		m->n_certs = 0;
	}
	evidence = make_snp_evidence(s->cx, m);
	publish(s, m);
	return json_incref(evidence);
}

/* A host that gives its guests no certificates. */
json_t *
standin_snp_bare(struct standin *s)
{
	struct make_snp *m = ARENA_NEW(s->cx->arena, struct make_snp);
	json_t *evidence;

	make_snp(s->cx, m, "Milan");
	begin(s, m);
	m->n_certs = 0;
	evidence = make_snp_evidence(s->cx, m);
	publish(s, m);
	return json_incref(evidence);
}

/* The certificate's key is not the TPM's, but its quote covers it. */
json_t *
standin_azure_cvm(struct standin *s)
{
	struct make_azure *v = ARENA_NEW(s->cx->arena, struct make_azure);
	json_t *evidence;

	make_azure(s->cx, v, false);
	begin(s, &v->snp);
	memcpy(v->tpm.nonce, s->nonce, sizeof(v->tpm.nonce));
	v->tpm.spki = s->spki;
	v->tpm.send_key = false;
	v->n_certs = 2;
	evidence = make_azure_evidence(s->cx, v);
	publish(s, &v->snp);
	return json_incref(evidence);
}
