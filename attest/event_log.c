/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/event_log.h"

#include "base/text.h"

/* Event types (PFP 10.4.1). */
enum event_type {
	EV_NO_ACTION		= 0x00000003,
	EV_SEPARATOR		= 0x00000004,
	EV_OMIT_BOOT_DEVICES	= 0x00000012,
	EV_EFI_DRIVER_CONFIG	= 0x80000001,
	EV_EFI_GPT		= 0x80000006,
	EV_EFI_ACTION		= 0x80000007,
	EV_EFI_AUTHORITY	= 0x800000e0,
};

#define PCR_NONE		0xffffffffu	/* of events not measured */
#define PCR_FIRMWARE		0u
#define PCR_BOOT_CODE		4u
#define PCR_SECURE_BOOT		7u
#define PCR_FIRMWARE_LAST	7u
#define PCR_DRTM_FIRST		17u
#define PCR_DRTM_LAST		22u
#define SHA1_SIZE		20u
#define GUID_SIZE		16u
#define SIGNATURE_SIZE		16u

static const char signature_03[] = "Spec ID Event03";
static const char startup_locality[] = "StartupLocality";
static const char debug_mode[] = "UEFI Debug Mode";

/* 8be4df61-93ca-11d2-aa0d-00e098032b8c, as it lies in memory (UEFI 3.3). */
static const uint8_t guid_global[GUID_SIZE] = {
	0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
	0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c
};

/* Separators: two normal forms, and the one that says firmware failed. */
static const uint8_t separators[][4] = {
	{ 0x00, 0x00, 0x00, 0x00 }, { 0xff, 0xff, 0xff, 0xff },
	{ 0x01, 0x00, 0x00, 0x00 },
};

/* --- reading ---------------------------------------------------------- */

/* Bytes of 00 or ff, all the same, at the end. */
static size_t
count_fill(struct slice bytes)
{
	size_t n = 0;

	if (bytes.n == 0 || (bytes.p[bytes.n - 1] != 0x00 &&
	    bytes.p[bytes.n - 1] != 0xff))
		return 0;
	while (n < bytes.n && bytes.p[bytes.n - 1 - n] == bytes.p[bytes.n - 1])
		n++;
	return n;
}

static struct slice
read_le32_bytes(struct reader *r)
{
	return read_bytes(r, read_le32(r));
}

/* TCG_PCClientPCREvent: the first record of each log, and all of a SHA-1 log;
 * digests holds one. */
static struct event
read_event_sha1(struct reader *r, struct slice *digests)
{
	struct event e;

	e.pcr = read_le32(r);
	e.type = read_le32(r);
	digests[0] = read_bytes(r, SHA1_SIZE);
	e.digests = digests;
	e.data = read_le32_bytes(r);
	return e;
}

static size_t
bank_index(const struct event_log *log, uint16_t alg)
{
	size_t i = 0;

	while (i < log->n_algs && log->algs[i] != alg)
		i++;
	return i;
}

/* TCG_PCR_EVENT2: each bank of the header exactly once. */
static struct event
read_event_agile(struct reader *r, const struct event_log *log,
    struct slice *digests)
{
	struct event e;
	uint32_t n;

	e.pcr = read_le32(r);
	e.type = read_le32(r);
	n = read_le32(r);
	if (n != log->n_algs)
		r->bad = true;
	for (size_t i = 0; i < log->n_algs; i++)
		digests[i] = SLICE_NONE;
	for (size_t i = 0; i < log->n_algs && !r->bad; i++) {
		size_t k = bank_index(log, read_le16(r));

		if (k == log->n_algs || digests[k].n != 0) {
			r->bad = true;
			break;
		}
		digests[k] = read_bytes(r, tpm_digest_size(log->algs[k]));
	}
	e.digests = digests;
	e.data = read_le32_bytes(r);
	return e;
}

/* TCG_EfiSpecIDEvent, after its signature. */
static bool
read_header(struct reader r, struct event_log *log, bool *out_unknown)
{
	uint32_t n;

	(void)read_bytes(&r, 4 + 1 + 1 + 1 + 1);
	n = read_le32(&r);
	if (n < 1 || n > EVENT_LOG_ALGS_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t alg = read_le16(&r), size = read_le16(&r);

		if (r.bad || bank_index(log, alg) != log->n_algs)
			return false;
		if (tpm_key_md(alg) == NULL)
			*out_unknown = true;
		else if (tpm_digest_size(alg) != size)
			return false;
		log->algs[log->n_algs++] = alg;
	}
	(void)read_bytes(&r, read_u8(&r));
	return read_done(&r);
}

/* Is the first record the header of a crypto-agile log? */
static bool
is_agile(const struct event *e)
{
	return e->type == EV_NO_ACTION && e->data.n >= SIGNATURE_SIZE &&
	    memcmp(e->data.p, signature_03, SIGNATURE_SIZE) == 0;
}

static bool
event_is_sound(const struct event *e)
{
	return e->pcr < TPM_PCRS ||
	    (e->pcr == PCR_NONE && e->type == EV_NO_ACTION);
}

/* How the events of a log are read, twice: to count and to keep. */
struct scan {
	struct reader	 r;
	size_t		 n_fill;	/* bytes at the end that may be fill */
	bool		 agile;
	struct slice	 scratch[EVENT_LOG_ALGS_MAX];
};

static struct event
next_event(struct scan *s, const struct event_log *log, struct slice *digests)
{
	struct event e = s->agile ? read_event_agile(&s->r, log, digests)
	    : read_event_sha1(&s->r, digests);

	if (!event_is_sound(&e))
		s->r.bad = true;
	return e;
}

static size_t
count_events(struct scan s, const struct event_log *log, bool *out_bad)
{
	size_t n = 0;

	while (s.r.n > s.n_fill && !s.r.bad) {
		(void)next_event(&s, log, s.scratch);
		n++;
	}
	*out_bad = s.r.bad;
	return n;
}

/* "StartupLocality", NUL and the locality, once and before PCR 0 is extended
 * (PFP 10.4.5.3); 0, 3, or 4 after a hardware root of trust. */
static bool
find_locality(struct event_log *log)
{
	bool measured = false, found = false;

	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];

		if (e->pcr != PCR_FIRMWARE)
			continue;
		if (e->type != EV_NO_ACTION) {
			measured = true;
			continue;
		}
		if (e->data.n != sizeof(startup_locality) + 1 ||
		    memcmp(e->data.p, startup_locality,
		    sizeof(startup_locality)) != 0)
			continue;
		log->locality = e->data.p[sizeof(startup_locality)];
		if (found || measured || (log->locality != 0 &&
		    log->locality != 3 && log->locality != 4))
			return false;
		found = true;
	}
	return true;
}

/* The header, if there is one; leaves s at the first measured event. */
static struct err
begin(struct ctx *cx, struct scan *s, struct event_log *log)
{
	struct reader start = s->r;
	struct event first = read_event_sha1(&s->r, s->scratch);
	bool unknown = false;

	if (s->r.bad || !event_is_sound(&first))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "event log: not a first record");
	s->agile = is_agile(&first);
	if (!s->agile) {
		log->algs[log->n_algs++] = TPM_SHA1;
		s->r = start;
		return OK;
	}
	if (!read_header(reader_of(SLICE(first.data.p + SIGNATURE_SIZE,
	    first.data.n - SIGNATURE_SIZE)), log, &unknown))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "event log: not a Spec ID event");
	if (unknown)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "event log: an algorithm that is not known here");
	return OK;
}

struct err
event_log_parse(struct ctx *cx, struct slice bytes, struct event_log *out)
{
	struct scan s = { .r = reader_of(bytes), .n_fill = count_fill(bytes) };
	struct event_log log = { .n_algs = 0 };
	struct slice *digests;
	bool bad;

	TRY(begin(cx, &s, &log));
	log.n_events = count_events(s, &log, &bad);
	if (bad)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "event log: event %zu cannot be read", log.n_events);
	log.events = arena_array(cx->arena, log.n_events, sizeof(*log.events));
	digests = arena_array(cx->arena, log.n_events * log.n_algs,
	    sizeof(*digests));
	for (size_t i = 0; i < log.n_events; i++)
		log.events[i] = next_event(&s, &log, digests + i * log.n_algs);
	if (!find_locality(&log))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "event log: startup locality");
	*out = log;
	return OK;
}

/* --- replay ----------------------------------------------------------- */

struct registers {
	uint8_t		value[TPM_PCRS][TPM_DIGEST_MAX];
	size_t		n_events[TPM_PCRS];
};

static void
extend(struct registers *r, uint32_t pcr, const EVP_MD *md, size_t size,
    struct slice digest)
{
	uint8_t both[2 * TPM_DIGEST_MAX];

	memcpy(both, r->value[pcr], size);
	memcpy(both + size, digest.p, size);
	ASSERT(EVP_Digest(both, 2 * size, r->value[pcr], NULL, md, NULL) == 1);
	r->n_events[pcr]++;
}

/* One bank of the log from reset to the end (PFP 3.3). */
static void
run(const struct event_log *log, size_t bank, struct registers *r)
{
	size_t size = tpm_digest_size(log->algs[bank]);
	const EVP_MD *md = tpm_key_md(log->algs[bank]);

	memset(r, 0, sizeof(*r));
	r->value[PCR_FIRMWARE][size - 1] = log->locality;
	for (size_t pcr = PCR_DRTM_FIRST; pcr <= PCR_DRTM_LAST; pcr++)
		memset(r->value[pcr], 0xff, size);
	for (size_t i = 0; i < log->n_events; i++)
		if (log->events[i].type != EV_NO_ACTION)
			extend(r, log->events[i].pcr, md, size,
			    log->events[i].digests[bank]);
}

static struct err
compare(struct ctx *cx, const struct registers *r, const struct pcr_bank *bank)
{
	size_t size = tpm_digest_size(bank->hash);

	for (uint32_t pcr = 0; pcr < TPM_PCRS; pcr++) {
		if ((bank->pcrs >> pcr & 1) == 0)
			continue;
		if (r->n_events[pcr] == 0 && pcr > PCR_FIRMWARE_LAST)
			continue;
		if (!slice_equal(bank->values[pcr],
		    SLICE(r->value[pcr], size)))
			return FAIL_TELL(cx, ERR_EV_BINDING, "event log: its "
			    "replay does not give PCR %u (%s)", pcr,
			    tpm_hash_name(bank->hash));
	}
	return OK;
}

static bool
digest_is_of(uint16_t hash, struct slice digest, struct slice data)
{
	uint8_t made[EVP_MAX_MD_SIZE];
	unsigned n;

	ASSERT(EVP_Digest(data.p, data.n, made, &n, tpm_key_md(hash),
	    NULL) == 1);
	return slice_equal(digest, SLICE(made, n));
}

/* Which separator it is, whatever type the log gives the event; -1: none. */
int
event_log_separator(uint16_t hash, struct slice digest)
{
	for (size_t i = 0; i < COUNT_OF(separators); i++)
		if (digest_is_of(hash, digest, SLICE_OF(separators[i])))
			return (int)i;
	return -1;
}

/* Types whose digest is, by the profile, the hash of the event's data. */
static bool
data_is_measured(uint32_t type)
{
	return type == EV_SEPARATOR || type == EV_EFI_DRIVER_CONFIG ||
	    type == EV_EFI_ACTION || type == EV_EFI_GPT ||
	    type == EV_OMIT_BOOT_DEVICES;
}

/* In each bank of the log: one bank's digests must not say of an event's data
 * what another's do not, even where only that other one was quoted. */
struct err
event_log_check_data(struct ctx *cx, const struct event_log *log, uint32_t pcrs)
{
	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];

		if (!data_is_measured(e->type) || (pcrs >> e->pcr & 1) == 0)
			continue;
		for (size_t bank = 0; bank < log->n_algs; bank++)
			if (!digest_is_of(log->algs[bank], e->digests[bank],
			    e->data))
				return FAIL_TELL(cx, ERR_EV_BINDING,
				    "event log: data of event %zu is not what "
				    "was measured", i);
	}
	return OK;
}

/*
 * One separator a register of the firmware.  In PCR 7 it is known by its
 * digest, whatever the event's type; elsewhere variables of four zero bytes are
 * measured, and only what is called a separator can be counted.
 */
static struct err
check_separators(struct ctx *cx, const struct event_log *log, size_t bank,
    uint32_t pcrs)
{
	size_t n_separators[TPM_PCRS] = { 0 };

	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];
		bool is_one = e->type == EV_SEPARATOR;

		if (e->type == EV_NO_ACTION || e->pcr > PCR_FIRMWARE_LAST ||
		    (pcrs >> e->pcr & 1) == 0)
			continue;
		if (e->pcr == PCR_SECURE_BOOT)
			is_one = event_log_separator(log->algs[bank],
			    e->digests[bank]) >= 0;
		if (is_one && ++n_separators[e->pcr] > 1)
			return FAIL_TELL(cx, ERR_EV_PROPERTY,
			    "event log: two separators in PCR %u", e->pcr);
	}
	return OK;
}

/* --- findings --------------------------------------------------------- */

/* UEFI_VARIABLE_DATA (PFP 10.4.3.2): is it the variable SecureBoot? */
bool
event_log_secure_boot(struct slice data, bool *out_on)
{
	static const char name[] = "SecureBoot";
	struct reader r = reader_of(data);
	struct slice guid = read_bytes(&r, GUID_SIZE), value;
	uint64_t n_name = read_le64(&r), n_value = read_le64(&r);

	if (!slice_equal(guid, SLICE_OF(guid_global)) ||
	    n_name != sizeof(name) - 1)
		return false;
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		if (read_le16(&r) != (uint16_t)name[i])
			return false;
	/* mutate: not reachable: with 64 bits, read_bytes() would refuse it. */
	if (n_value > r.n)
		return false;
	value = read_bytes(&r, (size_t)n_value);
	*out_on = value.n == 1 && value.p[0] == 1;
	return read_done(&r);
}

/*
 * What PCR 7 says of Secure Boot, in one bank.  Configuration counts before
 * the separator only: after it, whoever runs may extend what he likes.  The
 * separator is known by its digest, so that relabelling events cannot move it.
 */
static struct err
find_secure_boot(struct ctx *cx, const struct event_log *log, size_t bank,
    struct event_log_findings *out)
{
	bool ended = false, failed_boot = false, found = false, on = false;

	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];
		int separator;
		bool value;

		if (e->pcr != PCR_SECURE_BOOT || e->type == EV_NO_ACTION)
			continue;
		separator = event_log_separator(log->algs[bank],
		    e->digests[bank]);
		if (separator >= 0) {
			ended = true;
			failed_boot = separator == EVENT_LOG_SEPARATOR_ERROR;
		}
		if (digest_is_of(log->algs[bank], e->digests[bank],
		    SLICE(debug_mode, sizeof(debug_mode) - 1)))
			out->debug = true;
		if (e->type != EV_EFI_DRIVER_CONFIG ||
		    !event_log_secure_boot(e->data, &value))
			continue;
		if (ended || found)
			return FAIL_TELL(cx, ERR_EV_PROPERTY, "event log: "
			    "Secure Boot measured twice or too late");
		found = true;
		on = value;
	}
	out->secure_boot_known = found && ended && !failed_boot;
	out->secure_boot = out->secure_boot_known && on;
	out->debug_known = true;
	return OK;
}

/* A short text that was measured as such, not a program in disguise. */
static bool
is_text_event(const struct event *e)
{
	if ((e->type != EV_EFI_ACTION && e->type != EV_OMIT_BOOT_DEVICES) ||
	    e->data.n == 0 || e->data.n > EVENT_LOG_ACTION_MAX)
		return false;
	for (size_t i = 0; i < e->data.n; i++)
		if (e->data.p[i] < 0x20 || e->data.p[i] > 0x7e)
			return false;
	return true;
}

static struct err
list_add(struct ctx *cx, const char **list, size_t *n, struct slice digest)
{
	if (*n == EVENT_LOG_LIST_MAX)
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED,
		    "event log: more than %u programs", EVENT_LOG_LIST_MAX);
	list[(*n)++] = text_hex(cx->arena, digest);
	return OK;
}

/* PCR 4: everything measured there is a boot program, unless it is proved to
 * be something else; a type alone, which anyone may rewrite, hides nothing. */
static struct err
find_components(struct ctx *cx, const struct event_log *log, size_t bank,
    struct event_log_findings *out)
{
	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];

		if (e->pcr != PCR_BOOT_CODE || e->type == EV_NO_ACTION ||
		    is_text_event(e) ||
		    event_log_separator(log->algs[bank], e->digests[bank]) >= 0)
			continue;
		TRY(list_add(cx, out->components, &out->n_components,
		    e->digests[bank]));
	}
	out->components_known = true;
	return OK;
}

/* PCR 7: what is called an authority, and all that follows the separator. */
static struct err
find_authorities(struct ctx *cx, const struct event_log *log, size_t bank,
    struct event_log_findings *out)
{
	bool ended = false;

	for (size_t i = 0; i < log->n_events; i++) {
		const struct event *e = &log->events[i];

		if (e->pcr != PCR_SECURE_BOOT || e->type == EV_NO_ACTION)
			continue;
		if (event_log_separator(log->algs[bank], e->digests[bank]) >= 0)
			ended = true;
		else if (ended || e->type == EV_EFI_AUTHORITY)
			TRY(list_add(cx, out->authorities,
			    &out->n_authorities, e->digests[bank]));
	}
	out->authorities_known = true;
	return OK;
}

static bool
quotes(const struct pcr_bank *bank, uint32_t pcr)
{
	return (bank->pcrs >> pcr & 1) != 0;
}

/* A bank was replayed: what does it show that no other one has shown? */
static struct err
find(struct ctx *cx, const struct event_log *log, size_t index,
    const struct pcr_bank *bank, struct event_log_findings *out)
{
	if (quotes(bank, PCR_SECURE_BOOT) && !out->debug_known)
		TRY(find_secure_boot(cx, log, index, out));
	if (bank->hash != TPM_SHA256)
		return OK;
	if (quotes(bank, PCR_BOOT_CODE))
		TRY(find_components(cx, log, index, out));
	if (quotes(bank, PCR_SECURE_BOOT))
		TRY(find_authorities(cx, log, index, out));
	return OK;
}

struct err
event_log_replay(struct ctx *cx, const struct event_log *log,
    const struct pcr_bank *banks, size_t n_banks,
    struct event_log_findings *out)
{
	struct event_log_findings *found = ARENA_NEW(cx->arena,
	    struct event_log_findings);
	struct registers *r = ARENA_NEW(cx->arena, struct registers);
	size_t n_replayed = 0;

	for (size_t i = 0; i < n_banks; i++) {
		size_t bank = bank_index(log, banks[i].hash);

		if (bank == log->n_algs)
			continue;
		run(log, bank, r);
		TRY(compare(cx, r, &banks[i]));
		TRY(event_log_check_data(cx, log, banks[i].pcrs));
		TRY(check_separators(cx, log, bank, banks[i].pcrs));
		TRY(find(cx, log, bank, &banks[i], found));
		n_replayed++;
	}
	if (n_replayed == 0)
		return FAIL_TELL(cx, ERR_EV_BINDING,
		    "event log: none of its banks was quoted");
	*out = *found;
	return OK;
}
