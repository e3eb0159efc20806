/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pcr.h"

#include <string.h>

#include "base/base.h"
#include "base/text.h"

#define SELECT_SIZE	3u		/* bytes of a bitmap of 24 registers */
#define READ_ROUNDS_MAX	64u		/* a reply holds at most 8 registers */

static const struct bank {
	const char	*name;
	TPM2_ALG_ID	 alg;
	size_t		 size;
} banks[] = {
	{ "sha1", TPM2_ALG_SHA1, 20 },
	{ "sha256", TPM2_ALG_SHA256, 32 },
	{ "sha384", TPM2_ALG_SHA384, 48 },
	{ "sha512", TPM2_ALG_SHA512, 64 },
};

const char *
pcr_bank_name(TPM2_ALG_ID alg)
{
	for (size_t i = 0; i < COUNT_OF(banks); i++)
		if (banks[i].alg == alg)
			return banks[i].name;
	return NULL;
}

size_t
pcr_bank_size(TPM2_ALG_ID alg)
{
	for (size_t i = 0; i < COUNT_OF(banks); i++)
		if (banks[i].alg == alg)
			return banks[i].size;
	return 0;
}

bool
pcr_selected(const TPMS_PCR_SELECTION *s, unsigned pcr)
{
	return pcr / 8 < s->sizeofSelect &&
	    (s->pcrSelect[pcr / 8] & 1u << pcr % 8) != 0;
}

static void
set(TPMS_PCR_SELECTION *s, unsigned pcr, bool on)
{
	uint8_t bit = (uint8_t)(1u << pcr % 8);

	if (on)
		s->pcrSelect[pcr / 8] |= bit;
	else
		s->pcrSelect[pcr / 8] &= (uint8_t)~bit;
}

/* "7" or "0-9" into the bitmap. */
static bool
parse_range(char *text, TPMS_PCR_SELECTION *s)
{
	char *dash = strchr(text, '-');
	uint64_t first, last;

	if (dash != NULL)
		*dash++ = '\0';
	if (!text_parse_uint(text, PCR_COUNT - 1, &first))
		return false;
	last = first;
	if (dash != NULL && (!text_parse_uint(dash, PCR_COUNT - 1, &last) ||
	    last < first))
		return false;
	for (uint64_t pcr = first; pcr <= last; pcr++)
		set(s, (unsigned)pcr, true);
	return true;
}

/* The text up to a separator, ended there; *rest is after it, or NULL. */
static char *
cut(char **rest, char separator)
{
	char *word = *rest, *end = strchr(word, separator);

	*rest = end == NULL ? NULL : end + 1;
	if (end != NULL)
		*end = '\0';
	return word;
}

static bool
parse_bank(char *text, TPMS_PCR_SELECTION *out)
{
	char *list = strchr(text, ':');
	const struct bank *bank = NULL;

	if (list == NULL)
		return false;
	*list++ = '\0';
	for (size_t i = 0; i < COUNT_OF(banks); i++)
		if (strcmp(banks[i].name, text) == 0)
			bank = &banks[i];
	if (bank == NULL)
		return false;
	*out = (TPMS_PCR_SELECTION){
		.hash = bank->alg, .sizeofSelect = SELECT_SIZE,
	};
	while (list != NULL)
		if (!parse_range(cut(&list, ','), out))
			return false;
	return true;
}

struct err
pcr_parse(struct ctx *cx, const char *text, TPML_PCR_SELECTION *out)
{
	char *rest = arena_strdup(cx->arena, text);
	TPML_PCR_SELECTION all = { .count = 0 };

	while (rest != NULL) {
		TPMS_PCR_SELECTION *s = &all.pcrSelections[all.count];

		if (all.count == COUNT_OF(banks) ||
		    !parse_bank(cut(&rest, '+'), s))
			return FAIL(cx, ERR_CONFIG,
			    "pcrs must be like %s, not \"%s\"", PCR_DEFAULT,
			    text);
		for (uint32_t i = 0; i < all.count; i++)
			if (all.pcrSelections[i].hash == s->hash)
				return FAIL(cx, ERR_CONFIG,
				    "pcrs names a bank twice: \"%s\"", text);
		all.count++;
	}
	*out = all;
	return OK;
}

static const TPMS_PCR_SELECTION *
bank_in(const TPML_PCR_SELECTION *all, TPM2_ALG_ID hash)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->pcrSelections[i].hash == hash)
			return &all->pcrSelections[i];
	return NULL;
}

/* Drop what the TPM lacks; gives how many registers stay. */
static unsigned
keep_existing(TPMS_PCR_SELECTION *s, const TPMS_PCR_SELECTION *have,
    bool *out_lacking)
{
	unsigned n = 0;

	for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
		if (!pcr_selected(s, pcr))
			continue;
		if (have != NULL && pcr_selected(have, pcr)) {
			n++;
			continue;
		}
		*out_lacking = true;
		set(s, pcr, false);
	}
	return n;
}

struct err
pcr_limit(struct ctx *cx, struct tpm *tpm, bool exact,
    TPML_PCR_SELECTION *in_out)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPML_PCR_SELECTION kept = { .count = 0 };
	bool lacking = false;
	TPMI_YES_NO more;
	TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
	    ESYS_TR_NONE, TPM2_CAP_PCRS, 0, TPM2_NUM_PCR_BANKS, &more, &data);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(cx, rc, "list the PCR banks");
	for (uint32_t i = 0; i < in_out->count; i++) {
		TPMS_PCR_SELECTION s = in_out->pcrSelections[i];

		if (keep_existing(&s, bank_in(&data->data.assignedPCR, s.hash),
		    &lacking) > 0)
			kept.pcrSelections[kept.count++] = s;
	}
	Esys_Free(data);
	if (kept.count == 0 || (exact && lacking))
		return FAIL(cx, ERR_CONFIG, "the TPM lacks a register or bank "
		    "that pcrs names");
	*in_out = kept;
	return OK;
}

/* Take what one reply holds and drop it from what is still wanted. */
static struct err
take_values(struct ctx *cx, const TPML_PCR_SELECTION *got,
    const TPML_DIGEST *digests, TPML_PCR_SELECTION *want,
    struct pcr_values *values)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < got->count; i++) {
		const TPMS_PCR_SELECTION *s = &got->pcrSelections[i];

		for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++) {
			if (!pcr_selected(s, pcr))
				continue;
			if (k == digests->count || i >= want->count ||
			    values->n == COUNT_OF(values->at))
				return FAIL(cx, ERR_TPM,
				    "TPM: registers and values do not match");
			values->at[values->n++] = (struct pcr_value){ s->hash,
			    pcr, slice_dup(cx->arena,
			    SLICE(digests->digests[k].buffer,
			    digests->digests[k].size)) };
			set(&want->pcrSelections[i], pcr, false);
			k++;
		}
	}
	return k > 0 && k == digests->count ? OK :
	    FAIL(cx, ERR_TPM, "TPM: registers and values do not match");
}

static bool
is_empty(const TPML_PCR_SELECTION *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		for (unsigned pcr = 0; pcr < PCR_COUNT; pcr++)
			if (pcr_selected(&all->pcrSelections[i], pcr))
				return false;
	return true;
}

struct err
pcr_read(struct ctx *cx, struct tpm *tpm, const TPML_PCR_SELECTION *selection,
    struct pcr_values *out)
{
	struct pcr_values *values = ARENA_NEW(cx->arena, struct pcr_values);
	TPML_PCR_SELECTION want = *selection;

	for (unsigned round = 0; !is_empty(&want); round++) {
		TPML_PCR_SELECTION *got = NULL;
		TPML_DIGEST *digests = NULL;
		struct err e;
		TSS2_RC rc;

		if (round == READ_ROUNDS_MAX)
			return FAIL(cx, ERR_TPM, "TPM: registers have no end");
		rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE,
		    ESYS_TR_NONE, &want, NULL, &got, &digests);
		if (rc != TSS2_RC_SUCCESS)
			return tpm_fail(cx, rc, "read registers");
		e = take_values(cx, got, digests, &want, values);
		Esys_Free(got);
		Esys_Free(digests);
		TRY(e);
	}
	*out = *values;
	return OK;
}
