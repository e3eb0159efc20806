/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/pcr.h"

#include "base/text.h"

/* Slices of one digest each: 8 banks of 24 registers. */
#define PARTS_MAX	(PCR_BANKS_MAX * TPM_PCRS)

static void
read_bank(struct json_in *in, struct pcr_bank *bank)
{
	const char *index;
	json_t *value;
	size_t size = tpm_digest_size(bank->hash);

	json_object_foreach((json_t *)(uintptr_t)in->object, index, value) {
		uint64_t i;
		struct slice digest;

		if (!text_parse_uint(index, TPM_PCRS - 1, &i)) {
			json_refuse(in, index, "is not a register, 0 to 23");
			return;
		}
		digest = json_get_hex(in, index, JSON_REQUIRED, size);
		if (digest.n != size)
			json_refuse(in, index, "is not a digest of that bank");
		(void)value;
		bank->values[i] = digest;
		bank->pcrs |= 1u << i;
	}
	if (bank->pcrs == 0 && !failed(in->err))
		in->err = FAIL_AT(in->cx, in->code, in->pointer,
		    "must have a register");
}

void
pcr_read(struct json_in *in, const char *name, struct pcrs *out)
{
	bool present;
	struct json_in banks = json_in_member(in, name, JSON_REQUIRED,
	    &present);
	const char *bank;
	json_t *value;

	*out = (struct pcrs){ .n_banks = 0 };
	if (failed(in->err))
		return;
	json_object_foreach((json_t *)(uintptr_t)banks.object, bank, value) {
		struct pcr_bank *b = &out->banks[out->n_banks];
		struct json_in inner;

		(void)value;
		if (out->n_banks == PCR_BANKS_MAX ||
		    tpm_hash_find(bank) == 0) {
			json_refuse(&banks, bank, "is not a bank");
			break;
		}
		b->hash = tpm_hash_find(bank);
		inner = json_in_member(&banks, bank, JSON_REQUIRED, &present);
		if (failed(banks.err))
			break;
		read_bank(&inner, b);
		banks.err = json_in_done(&inner);
		if (failed(banks.err))
			break;
		out->n_banks++;
	}
	if (out->n_banks == 0 && !failed(banks.err))
		json_refuse(in, name, "must have a bank");
	if (failed(banks.err))
		in->err = banks.err;
}

/* --- checking --------------------------------------------------------- */

static const struct pcr_bank *
find_bank(const struct pcrs *pcrs, uint16_t hash)
{
	for (size_t i = 0; i < pcrs->n_banks; i++)
		if (pcrs->banks[i].hash == hash)
			return &pcrs->banks[i];
	return NULL;
}

/* A selection may name banks with no register chosen: those select nothing. */
static struct err
check_selection(struct ctx *cx, const struct pcrs *pcrs,
    const struct tpm_attest *quote)
{
	size_t n_selected = 0;

	for (size_t i = 0; i < quote->n_selections; i++) {
		const struct tpm_pcr_selection *s = &quote->selections[i];
		const struct pcr_bank *bank = find_bank(pcrs, s->hash);

		for (size_t k = 0; k < i; k++)
			if (quote->selections[k].hash == s->hash)
				return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
				    "a bank is selected twice");
		if (s->pcrs >> TPM_PCRS != 0)
			return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
			    "a register above %u is selected", TPM_PCRS - 1);
		if (s->pcrs != (bank == NULL ? 0 : bank->pcrs))
			return FAIL_TELL(cx, ERR_EV_BINDING, "the registers "
			    "sent are not those quoted (%s)",
			    tpm_hash_name(s->hash));
		n_selected += bank != NULL;
	}
	if (n_selected != pcrs->n_banks)
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "a bank was sent that is not quoted");
	return OK;
}

struct err
pcr_check_quote(struct ctx *cx, const struct pcrs *pcrs,
    const struct tpm_attest *quote, uint16_t signature_hash)
{
	struct slice parts[PARTS_MAX];
	size_t n = 0;

	TRY(check_selection(cx, pcrs, quote));
	for (size_t i = 0; i < quote->n_selections; i++) {
		const struct tpm_pcr_selection *s = &quote->selections[i];
		const struct pcr_bank *bank = find_bank(pcrs, s->hash);

		for (uint32_t pcr = 0; pcr < TPM_PCRS && bank != NULL; pcr++)
			if ((s->pcrs >> pcr & 1) != 0)
				parts[n++] = bank->values[pcr];
	}
	if (n == 0 || !slice_equal(quote->pcr_digest,
	    tpm_key_hash(cx, signature_hash, parts, n)))
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "the registers sent do not give the quoted digest");
	return OK;
}

void
pcr_claim(struct claims *claims, const struct pcrs *pcrs)
{
	for (size_t i = 0; i < pcrs->n_banks; i++) {
		const struct pcr_bank *bank = &pcrs->banks[i];

		for (uint32_t pcr = 0; pcr < TPM_PCRS; pcr++)
			if ((bank->pcrs >> pcr & 1) != 0)
				claims_add_bytes(claims, arena_printf(
				    claims->arena, "pcr.%s.%u",
				    tpm_hash_name(bank->hash), pcr),
				    bank->values[pcr]);
	}
}
