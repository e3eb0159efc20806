/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/event_log.h"
#include "base/text.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

#define EV_NO_ACTION	0x3u
#define EV_SEPARATOR	0x4u
#define EV_CONFIG	0x80000001u
#define EV_APPLICATION	0x80000003u
#define EV_ACTION	0x80000007u
#define EV_AUTHORITY	0x800000e0u
#define FIRST_EVENT	69u	/* bytes of the header */

static struct make_log boot;
static struct pcr_bank banks[2];
static struct event_log_findings found;
static uint8_t locality;

static void
begin(void)
{
	make_boot(cx, &boot);
	locality = 0;
}

/* Registers 0 to 9 of both banks as this log gives them. */
static void
quote(const struct make_log *log)
{
	banks[0] = (struct pcr_bank){ .hash = TPM_SHA256, .pcrs = 0x3ff };
	banks[1] = (struct pcr_bank){ .hash = TPM_SHA1, .pcrs = 0x3ff };
	for (uint32_t pcr = 0; pcr < 10; pcr++) {
		banks[0].values[pcr] = make_pcr(cx, log, TPM_SHA256, pcr,
		    locality);
		banks[1].values[pcr] = make_pcr(cx, log, TPM_SHA1, pcr,
		    locality);
	}
}

static struct err
replay_bytes(struct slice bytes, size_t n_banks)
{
	struct event_log log;

	memset(&found, 0, sizeof(found));
	TRY(event_log_parse(cx, bytes, &log));
	return event_log_replay(cx, &log, banks, n_banks, &found);
}

/* The log as it is, against registers as it gives them. */
static struct err
replay(void)
{
	quote(&boot);
	return replay_bytes(make_event_log(cx, &boot), 2);
}

static const char *
digest_hex(const char *text)
{
	uint8_t hash[32];

	crypto_hash_sha256(hash, (const uint8_t *)text, strlen(text));
	return text_hex(cx->arena, SLICE_OF(hash));
}

START_TEST(an_honest_log_is_replayed_and_understood)
{
	begin();
	ck_ok(replay());
	ck_assert(found.secure_boot_known && found.secure_boot);
	ck_assert(found.debug_known && !found.debug);
	ck_assert_uint_eq(found.n_components, 2);
	ck_assert_uint_eq(found.n_authorities, 1);
	/* SHA-256 of "shim". */
	ck_assert_str_eq(found.components[0], digest_hex("shim"));
}
END_TEST

START_TEST(secure_boot_that_is_off_is_told)
{
	struct slice off;

	begin();
	off = make_secure_boot(cx, 0);
	boot.events[1].data = boot.events[1].measured = off;
	ck_ok(replay());
	ck_assert(found.secure_boot_known && !found.secure_boot);
}
END_TEST

START_TEST(a_log_that_does_not_give_the_registers_is_refused)
{
	begin();
	quote(&boot);
	boot.events[0].measured = slice_text("other version");
	ck_fails(replay_bytes(make_event_log(cx, &boot), 2), ERR_EV_BINDING);
	begin();
	/* Without the kernel, and without the command line of register 8. */
	boot.n -= 2;
	ck_fails(replay_bytes(make_event_log(cx, &boot), 2), ERR_EV_BINDING);
}
END_TEST

START_TEST(firmware_registers_without_events_must_be_at_reset)
{
	struct make_log less = { .n = 0 };

	begin();
	quote(&boot);
	for (size_t i = 0; i < boot.n; i++)
		if (boot.events[i].pcr != 3)
			less.events[less.n++] = boot.events[i];
	ck_fails(replay_bytes(make_event_log(cx, &less), 2), ERR_EV_BINDING);
	less.n = 0;
	/* The system extends register 8: that is not the log's business. */
	for (size_t i = 0; i < boot.n; i++)
		if (boot.events[i].pcr != 8)
			less.events[less.n++] = boot.events[i];
	ck_ok(replay_bytes(make_event_log(cx, &less), 2));
}
END_TEST

START_TEST(a_log_without_a_quoted_bank_proves_nothing)
{
	begin();
	quote(&boot);
	banks[0].hash = TPM_SHA384;
	ck_fails(replay_bytes(make_event_log(cx, &boot), 1), ERR_EV_BINDING);
}
END_TEST

START_TEST(boot_programs_are_believed_in_the_sha256_bank_only)
{
	begin();
	quote(&boot);
	banks[0] = banks[1];
	ck_ok(replay_bytes(make_event_log(cx, &boot), 1));
	ck_assert(found.secure_boot_known);
	ck_assert(!found.components_known && !found.authorities_known);
}
END_TEST

START_TEST(registers_that_were_not_quoted_are_not_believed)
{
	begin();
	quote(&boot);
	banks[0].pcrs = banks[1].pcrs = 0x0f;
	ck_ok(replay_bytes(make_event_log(cx, &boot), 2));
	ck_assert(!found.secure_boot_known && !found.components_known &&
	    !found.authorities_known && !found.debug_known);
}
END_TEST

START_TEST(data_that_was_not_measured_is_refused)
{
	begin();
	boot.events[1].measured = make_secure_boot(cx, 0);
	ck_fails(replay(), ERR_EV_BINDING);
	begin();
	boot.events[2].data = slice_text("1234");
	ck_fails(replay(), ERR_EV_BINDING);
	begin();
	boot.events[11].data = slice_text("Returning from EFI Application");
	ck_fails(replay(), ERR_EV_BINDING);
}
END_TEST

START_TEST(a_program_called_something_else_is_still_listed)
{
	begin();
	boot.events[12].type = 0xd;
	boot.events[13].type = 0x5;
	ck_ok(replay());
	ck_assert_uint_eq(found.n_components, 2);
	/* Nor does it hide as a text that was measured. */
	begin();
	boot.events[12].type = EV_ACTION;
	boot.events[12].data = boot.events[12].measured =
	    SLICE("MZ\x90\x00 program", 12);
	ck_ok(replay());
	ck_assert_uint_eq(found.n_components, 2);
}
END_TEST

START_TEST(an_event_that_is_not_extended_must_be_called_so)
{
	begin();
	quote(&boot);
	boot.events[12].type = EV_NO_ACTION;
	ck_fails(replay_bytes(make_event_log(cx, &boot), 2), ERR_EV_BINDING);
}
END_TEST

START_TEST(secure_boot_after_the_separator_is_refused)
{
	struct slice on;

	begin();
	on = make_secure_boot(cx, 1);
	make_log_add(&boot, 7, EV_CONFIG, on, on);
	ck_fails(replay(), ERR_EV_PROPERTY);
}
END_TEST

/* Its GUID, its name, and the name's length. */
START_TEST(another_variable_is_not_taken_for_secure_boot)
{
	static const size_t places[] = { 0, 32, 50, 16 };

	for (size_t i = 0; i < COUNT_OF(places); i++) {
		struct slice s;
		uint8_t *p;

		begin();
		s = make_secure_boot(cx, 0);
		p = arena_dup(cx->arena, s.p, s.n);
		p[places[i]] ^= 1;
		/* In place of the version, before Secure Boot. */
		boot.events[0] = (struct make_event){ 7, EV_CONFIG,
			SLICE(p, s.n), SLICE(p, s.n) };
		ck_ok(replay());
		ck_assert(found.secure_boot_known && found.secure_boot);
	}
}
END_TEST

START_TEST(secure_boot_measured_twice_is_refused)
{
	struct make_log twice = { .n = 0 };

	begin();
	twice = boot;
	for (size_t i = twice.n; i > 2; i--)
		twice.events[i] = twice.events[i - 1];
	twice.n++;
	twice.events[2] = twice.events[1];
	boot = twice;
	ck_fails(replay(), ERR_EV_PROPERTY);
}
END_TEST

/* Root of a running system extends what it likes after the separator, and
 * renames what came before. */
START_TEST(a_second_boot_pretended_after_the_first_is_not_believed)
{
	struct slice on, zero = SLICE("\0\0\0\0", 4);
	struct slice off;

	begin();
	on = make_secure_boot(cx, 1);
	off = make_secure_boot(cx, 0);
	boot.events[1].measured = off;
	boot.events[1].type = 0xd;
	make_log_add(&boot, 7, EV_CONFIG, on, on);
	ck_fails(replay(), ERR_EV_PROPERTY);
	make_log_add(&boot, 7, EV_SEPARATOR, zero, zero);
	ck_fails(replay(), ERR_EV_PROPERTY);
	/* Renaming the true separator does not help either. */
	for (size_t i = 0; i < boot.n; i++)
		if (boot.events[i].pcr == 7 &&
		    boot.events[i].type == EV_SEPARATOR) {
			boot.events[i].type = 0xd;
			break;
		}
	ck_fails(replay(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(two_separators_in_a_register_are_refused)
{
	struct slice zero = SLICE("\0\0\0\0", 4);

	begin();
	make_log_add(&boot, 3, EV_SEPARATOR, zero, zero);
	ck_fails(replay(), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(without_a_normal_separator_secure_boot_is_not_known)
{
	begin();
	for (size_t i = 0; i < boot.n; i++)
		if (boot.events[i].pcr == 7 &&
		    boot.events[i].type == EV_SEPARATOR)
			boot.events[i].data = boot.events[i].measured =
			    SLICE("\1\0\0\0", 4);
	ck_ok(replay());
	ck_assert(!found.secure_boot_known);
	begin();
	for (size_t i = 0; i < boot.n; i++)
		if (boot.events[i].pcr == 7 &&
		    boot.events[i].type == EV_SEPARATOR)
			boot.events[i].pcr = 9;
	ck_ok(replay());
	ck_assert(!found.secure_boot_known);
}
END_TEST

START_TEST(a_firmware_debugger_is_told)
{
	struct slice text = slice_text("UEFI Debug Mode");

	begin();
	make_log_add(&boot, 7, 0xd, slice_text("renamed"), text);
	ck_ok(replay());
	ck_assert(found.debug_known && found.debug);
}
END_TEST

START_TEST(startup_locality_sets_where_pcr_0_begins)
{
	struct make_log later;
	struct slice three = SLICE("StartupLocality\0\3", 17);
	struct slice nine = SLICE("StartupLocality\0\11", 17);

	begin();
	later = boot;
	boot.n = 0;
	make_log_add(&boot, 0, EV_NO_ACTION, three, three);
	for (size_t i = 0; i < later.n; i++)
		boot.events[boot.n++] = later.events[i];
	locality = 3;
	ck_ok(replay());
	locality = 0;
	ck_fails(replay(), ERR_EV_BINDING);
	boot.events[0].data = nine;
	ck_fails(replay(), ERR_EV_MALFORMED);
	/* Twice, and too late. */
	boot.events[0].data = three;
	boot.events[1] = boot.events[0];
	locality = 3;
	ck_fails(replay(), ERR_EV_MALFORMED);
	begin();
	make_log_add(&boot, 0, EV_NO_ACTION, three, three);
	ck_fails(replay(), ERR_EV_MALFORMED);
}
END_TEST

/* --- form --------------------------------------------------------------- */

static struct err
parse(struct slice bytes)
{
	struct event_log log;

	return event_log_parse(cx, bytes, &log);
}

static uint8_t *
changed(size_t at, const void *bytes, size_t n, struct slice *out)
{
	struct slice s = make_event_log(cx, &boot);
	uint8_t *p = arena_dup(cx->arena, s.p, s.n);

	memcpy(p + at, bytes, n);
	*out = SLICE(p, s.n);
	return p;
}

START_TEST(a_log_cut_inside_an_event_is_refused)
{
	struct slice s;
	size_t n_whole = 0;

	begin();
	s = make_event_log(cx, &boot);
	for (size_t n = 0; n < s.n; n++)
		n_whole += !failed(parse(SLICE(s.p, n)));
	/* Whole after the header and after each event but the last; where
	 * what is left of an event is fill, that is so too. */
	ck_assert_uint_ge(n_whole, boot.n);
	ck_assert_uint_le(n_whole, boot.n + 12);
}
END_TEST

START_TEST(fill_may_follow_a_log_and_nothing_else)
{
	struct slice s;
	struct buf b = buf_in(cx->arena, 65536);

	begin();
	s = make_event_log(cx, &boot);
	put_bytes(&b, s);
	for (int i = 0; i < 100; i++)
		put_u8(&b, 0xff);
	ck_ok(parse(buf_slice(&b)));
	put_u8(&b, 0x01);
	ck_fails(parse(buf_slice(&b)), ERR_EV_MALFORMED);
	b.n = s.n;
	for (int i = 0; i < 100; i++)
		put_u8(&b, 0x00);
	ck_ok(parse(buf_slice(&b)));
}
END_TEST

START_TEST(sizes_and_counts_are_not_believed)
{
	struct slice s;

	begin();
	/* The first event: pcr, type, count, algorithm. */
	(void)changed(FIRST_EVENT, "\x18\0\0\0", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(FIRST_EVENT, "\xff\xff\xff\xff", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(FIRST_EVENT + 8, "\0\0\1\0", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(FIRST_EVENT + 8, "\1\0\0\0", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(FIRST_EVENT + 12, "\x0b\0", 2, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(FIRST_EVENT + 12, "\x0c\0", 2, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(FIRST_EVENT + 12 + 22 + 34, "\xf0\xff\xff\xff", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_header_that_contradicts_itself_is_refused)
{
	struct slice s;

	begin();
	/* 32 bytes of record, 16 of signature, 8 of platform: the count. */
	(void)changed(56, "\0\0\0\0", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(56, "\x11\0\0\0", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(62, "\x15\0", 2, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(64, "\x04\0\x14\0", 4, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	(void)changed(64, "\x77\x77", 2, &s);
	ck_fails(parse(s), ERR_EV_UNSUPPORTED);
	(void)changed(68, "\1", 1, &s);
	ck_fails(parse(s), ERR_EV_MALFORMED);
	ck_fails(parse(SLICE_NONE), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_header_with_no_bank_or_one_twice_is_refused)
{
	static const char none[] = "\0\0\0\0\3\0\0\0"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\x1d\0\0\0"
	    "Spec ID Event03\0" "\0\0\0\0\0\2\0\2" "\0\0\0\0";
	struct slice s;

	begin();
	/* The closing NUL is the size of what a vendor says. */
	ck_fails(parse(SLICE(none, sizeof(none))), ERR_EV_MALFORMED);
	(void)changed(64, "\x04\0\x14\0", 4, &s);
	ck_fails(parse(SLICE(s.p, FIRST_EVENT)), ERR_EV_MALFORMED);
	s = make_event_log(cx, &boot);
	ck_ok(parse(SLICE(s.p, FIRST_EVENT)));
}
END_TEST

/* An event of register 0 with two digests, and one byte of data. */
static struct err
parse_event(struct slice digests)
{
	struct slice s = make_event_log(cx, &boot);
	struct buf b = buf_in(cx->arena, 256);

	put_bytes(&b, SLICE(s.p, FIRST_EVENT));
	put_bytes(&b, SLICE("\0\0\0\0" "\x08\0\0\0" "\2\0\0\0", 12));
	put_bytes(&b, digests);
	put_bytes(&b, SLICE("\1\0\0\0v", 5));
	return parse(buf_slice(&b));
}

START_TEST(an_event_has_each_banks_digest_once)
{
	begin();
	ck_fails(parse_event(SLICE("\x99\0", 2)), ERR_EV_MALFORMED);
	ck_fails(parse_event(SLICE("\x04\0" "01234567890123456789" "\x04\0",
	    24)), ERR_EV_MALFORMED);
	ck_ok(parse_event(SLICE("\x04\0" "01234567890123456789" "\x0b\0"
	    "01234567890123456789012345678901", 56)));
}
END_TEST

static void
check_list_limit(uint32_t pcr, uint32_t type, size_t n_already)
{
	begin();
	for (size_t i = n_already; i < EVENT_LOG_LIST_MAX; i++)
		make_log_add(&boot, pcr, type, slice_text("one more"),
		    slice_text("one more"));
	ck_ok(replay());
	make_log_add(&boot, pcr, type, slice_text("too many"),
	    slice_text("too many"));
	ck_fails(replay(), ERR_EV_UNSUPPORTED);
}

START_TEST(more_programs_or_authorities_than_can_be_listed_are_refused)
{
	check_list_limit(4, EV_APPLICATION, 2);
	check_list_limit(7, EV_AUTHORITY, 1);
}
END_TEST

START_TEST(an_old_log_has_sha1_only)
{
	struct buf b = buf_in(cx->arena, 256);
	struct event_log log;

	for (int i = 0; i < 8; i++)
		put_u8(&b, i == 4 ? 8 : 0);
	put_bytes(&b, SLICE("01234567890123456789", 20));
	put_u8(&b, 1);
	put_bytes(&b, SLICE("\0\0\0v", 4));
	ck_ok(event_log_parse(cx, buf_slice(&b), &log));
	ck_assert_uint_eq(log.n_algs, 1);
	ck_assert_uint_eq(log.algs[0], TPM_SHA1);
	ck_assert_uint_eq(log.n_events, 1);
}
END_TEST

static bool
listed(const char *item, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], item) == 0)
			return true;
	return false;
}

START_TEST(a_log_with_any_bit_changed_never_says_more)
{
	struct event_log_findings honest;
	struct slice s;
	uint8_t *p;

	begin();
	ck_ok(replay());
	honest = found;
	s = make_event_log(cx, &boot);
	p = arena_dup(cx->arena, s.p, s.n);
	for (size_t bit = 0; bit < 8 * s.n; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (!failed(replay_bytes(SLICE(p, s.n), 2))) {
			ck_assert(!found.secure_boot ||
			    honest.secure_boot);
			ck_assert(found.debug == honest.debug);
			for (size_t i = 0; i < honest.n_components; i++)
				ck_assert(listed(honest.components[i],
				    found.components, found.n_components));
			ck_assert_uint_ge(found.n_authorities,
			    honest.n_authorities);
		}
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

UNIT_MAIN("event_log",
    an_honest_log_is_replayed_and_understood,
    secure_boot_that_is_off_is_told,
    a_log_that_does_not_give_the_registers_is_refused,
    firmware_registers_without_events_must_be_at_reset,
    a_log_without_a_quoted_bank_proves_nothing,
    boot_programs_are_believed_in_the_sha256_bank_only,
    registers_that_were_not_quoted_are_not_believed,
    data_that_was_not_measured_is_refused,
    a_program_called_something_else_is_still_listed,
    an_event_that_is_not_extended_must_be_called_so,
    secure_boot_after_the_separator_is_refused,
    another_variable_is_not_taken_for_secure_boot,
    secure_boot_measured_twice_is_refused,
    a_second_boot_pretended_after_the_first_is_not_believed,
    two_separators_in_a_register_are_refused,
    without_a_normal_separator_secure_boot_is_not_known,
    a_firmware_debugger_is_told,
    startup_locality_sets_where_pcr_0_begins,
    a_log_cut_inside_an_event_is_refused,
    fill_may_follow_a_log_and_nothing_else,
    sizes_and_counts_are_not_believed,
    a_header_that_contradicts_itself_is_refused,
    a_header_with_no_bank_or_one_twice_is_refused,
    an_event_has_each_banks_digest_once,
    more_programs_or_authorities_than_can_be_listed_are_refused,
    an_old_log_has_sha1_only,
    a_log_with_any_bit_changed_never_says_more)
