/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of policies share: reading one, and a device's claims. */
#ifndef DAAPKI_TESTS_POLICIES_H
#define DAAPKI_TESTS_POLICIES_H

#include "tests/unit/unit.h"

#include "base/text.h"
#include "policy/policy.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define AT	1800000000	/* 2027-01-15T08:00:00Z */
#define C64 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static inline struct err
read_policy(const char *text, struct policy *out)
{
	json_t *document;

	ck_ok(json_parse(cx, slice_text(text), &document));
	return policy_read(cx, document, "/policy", out);
}
#define UNTIL(value, time) "{\"value\":\"" value "\",\"until\":\"" time "\"}"

/* A device that shows one claim of each type. */
static inline struct claims
device(void)
{
	static const char *const parts[] = { A64, B64 };
	struct claims claims = claims_in(cx->arena);
	struct slice pcr;

	ck_assert(text_unhex_any(cx->arena, A64, 32, &pcr));
	claims_add_bool(&claims, "hardware_key", true);
	claims_add_bytes(&claims, "pcr.sha256.7", pcr);
	claims_add_uint(&claims, "tpm_firmware_version", 7);
	claims_add_text(&claims, "tpm_manufacturer", "00001014");
	claims_add_list(&claims, "boot_components", parts, 2);
	return claims;
}

#endif
