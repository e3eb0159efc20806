/* SPDX-License-Identifier: Apache-2.0 */
/* Profile documents: what is read, what is refused, and with which pointer. */
#include "tests/unit/unit.h"

#include "pki/profile.h"

static struct err
parse(const char *text, struct profile *out)
{
	return profile_parse(cx, text, out);
}

START_TEST(an_empty_document_is_the_default_and_is_stored_in_full)
{
	struct profile p;

	ck_ok(parse("{}", &p));
	ck_assert_str_eq(profile_text(cx, &p),
	    "{\"lifetime_s\":86400,\"backdate_s\":300,"
	    "\"renew_after_percent\":50,\"renew_without_evidence_s\":0,"
	    "\"min_interval_s\":0,\"key_types\":[\"p256\",\"p384\","
	    "\"ed25519\",\"rsa2048\",\"rsa3072\",\"rsa4096\"],"
	    "\"extended_key_usage\":[\"clientAuth\"],"
	    "\"subject_alt_names\":[\"urn\",\"permanentIdentifier\"],"
	    "\"revocation\":[\"crl\",\"ocsp\"],"
	    "\"require_hardware_key\":false}");
}
END_TEST

START_TEST(what_is_stored_reads_back_the_same)
{
	static const char *const documents[] = {
		"{}",
		"{\"lifetime_s\":1,\"backdate_s\":0,\"key_types\":[\"rsa4096\","
		"\"p384\"],\"revocation\":[]}",
		"{\"lifetime_s\":7776000,\"backdate_s\":86400,"
		"\"renew_after_percent\":99,"
		"\"renew_without_evidence_s\":7776000,"
		"\"min_interval_s\":86400,\"require_hardware_key\":true}",
		"{\"subject_alt_names\":[\"hardwareModuleName\",\"spiffe\"],"
		"\"spiffe_trust_domain\":\"a.b-c_d\","
		"\"revocation\":[\"noRevAvail\"]}",
		"{\"edge_ca\":{},\"extended_key_usage\":[]}",
		"{\"edge_ca\":{\"dns_names\":[\"a.example\",\"b\"]},"
		"\"extended_key_usage\":[\"serverAuth\"]}",
	};

	for (size_t i = 0; i < COUNT_OF(documents); i++) {
		struct profile p, again;
		const char *text;

		ck_ok(parse(documents[i], &p));
		text = profile_text(cx, &p);
		ck_ok(parse(text, &again));
		ck_assert_str_eq(profile_text(cx, &again), text);
	}
}
END_TEST

static const struct { const char *document, *pointer; } bad[] = {
	{ "{\"lifetime_s\":0}", "/lifetime_s" },
	{ "{\"lifetime_s\":7776001}", "/lifetime_s" },
	{ "{\"lifetime_s\":\"1h\"}", "/lifetime_s" },
	{ "{\"backdate_s\":86401}", "/backdate_s" },
	{ "{\"backdate_s\":-1}", "/backdate_s" },
	{ "{\"renew_after_percent\":0}", "/renew_after_percent" },
	{ "{\"renew_after_percent\":100}", "/renew_after_percent" },
	{ "{\"renew_without_evidence_s\":7776001}",
	    "/renew_without_evidence_s" },
	{ "{\"min_interval_s\":86401}", "/min_interval_s" },
	/* As long as a certificate lives: nobody could renew in time. */
	{ "{\"lifetime_s\":600,\"min_interval_s\":600}", "/min_interval_s" },
	{ "{\"key_types\":[]}", "/key_types" },
	{ "{\"key_types\":[\"p521\"]}", "/key_types" },
	{ "{\"key_types\":[\"p256\",\"p256\"]}", "/key_types" },
	{ "{\"key_types\":\"p256\"}", "/key_types" },
	{ "{\"key_types\":[256]}", "/key_types" },
	{ "{\"extended_key_usage\":[]}", "/extended_key_usage" },
	{ "{\"extended_key_usage\":[\"codeSigning\"]}",
	    "/extended_key_usage" },
	{ "{\"subject_alt_names\":[]}", "/subject_alt_names" },
	{ "{\"subject_alt_names\":[\"dns\"]}", "/subject_alt_names" },
	{ "{\"subject_alt_names\":[\"urn\",\"spiffe\"],"
	    "\"spiffe_trust_domain\":\"a.example\"}", "/subject_alt_names" },
	{ "{\"subject_alt_names\":[\"spiffe\"]}", "/spiffe_trust_domain" },
	{ "{\"spiffe_trust_domain\":\"a.example\"}", "/spiffe_trust_domain" },
	{ "{\"subject_alt_names\":[\"spiffe\"],"
	    "\"spiffe_trust_domain\":\"A.example\"}",
	    "/spiffe_trust_domain" },
	{ "{\"subject_alt_names\":[\"spiffe\"],"
	    "\"spiffe_trust_domain\":\"a/b\"}", "/spiffe_trust_domain" },
	{ "{\"revocation\":[\"noRevAvail\",\"crl\"]}", "/revocation" },
	{ "{\"revocation\":[\"ocsp\",\"noRevAvail\"]}", "/revocation" },
	{ "{\"revocation\":[\"delta\"]}", "/revocation" },
	{ "{\"require_hardware_key\":1}", "/require_hardware_key" },
	{ "{\"edge_ca\":true}", "/edge_ca" },
	{ "{\"edge_ca\":{\"path_len\":1}}", "/edge_ca/path_len" },
	{ "{\"edge_ca\":{\"dns_names\":[\"*.a.example\"]}}",
	    "/edge_ca/dns_names" },
	{ "{\"edge_ca\":{\"dns_names\":[\"10.0.0.1\"]}}",
	    "/edge_ca/dns_names" },
	{ "{\"edge_ca\":{\"dns_names\":[\"\"]}}", "/edge_ca/dns_names" },
	{ "{\"edge_ca\":{},\"revocation\":[\"noRevAvail\"]}", "/revocation" },
	{ "{\"edge_ca\":{},\"subject_alt_names\":[\"spiffe\"],"
	    "\"spiffe_trust_domain\":\"a.example\"}", "/subject_alt_names" },
	{ "{\"edge_ca\":{\"dns_names\":[\"a.example\"]},"
	    "\"extended_key_usage\":[\"clientAuth\"]}",
	    "/extended_key_usage" },
	{ "{\"lifetime\":1}", "/lifetime" },
	{ "[]", "" },
};

START_TEST(what_is_unknown_out_of_range_or_contradictory_is_refused)
{
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct profile p;

		ck_assert_msg(parse(bad[i].document, &p).code == ERR_FIELD,
		    "%s", bad[i].document);
		ck_assert_str_eq(cx->trail->pointer, bad[i].pointer);
		ctx_forget(cx);
	}
}
END_TEST

START_TEST(more_names_than_the_limit_are_refused)
{
	struct buf b = buf_in(cx->arena, 4096);
	struct profile p;

	put_text(&b, "{\"edge_ca\":{\"dns_names\":[\"a0\"");
	for (unsigned i = 1; i < PROFILE_DNS_NAMES_MAX; i++)
		put_fmt(&b, ",\"a%u\"", i);
	ck_ok(parse(arena_printf(cx->arena, "%.*s]},\"extended_key_usage\":[]}",
	    (int)b.n, (const char *)b.p), &p));
	ck_assert_uint_eq(p.n_dns_names, PROFILE_DNS_NAMES_MAX);
	ck_fails(parse(arena_printf(cx->arena, "%.*s,\"b\"]},"
	    "\"extended_key_usage\":[]}", (int)b.n, (const char *)b.p), &p),
	    ERR_FIELD);
}
END_TEST

START_TEST(a_key_is_taken_by_kind_and_by_the_size_of_rsa)
{
	static const struct { enum key_kind kind; unsigned bits;
	    const char *word; } keys[] = {
		{ KEY_P256, 256, "p256" }, { KEY_P384, 384, "p384" },
		{ KEY_ED25519, 256, "ed25519" }, { KEY_RSA, 2048, "rsa2048" },
		{ KEY_RSA, 3072, "rsa3072" }, { KEY_RSA, 4096, "rsa4096" },
	};
	struct profile all, one;
	struct key odd = { .kind = KEY_RSA, .bits = 2560 };

	ck_ok(parse("{}", &all));
	ck_assert(!profile_takes_key(&all, &odd));
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		ck_ok(parse(arena_printf(cx->arena, "{\"key_types\":[\"%s\"]}",
		    keys[i].word), &one));
		ck_assert_str_eq(profile_key_words(cx, one.key_types),
		    keys[i].word);
		for (size_t j = 0; j < COUNT_OF(keys); j++) {
			struct key key = { .kind = keys[j].kind,
			    .bits = keys[j].bits };

			ck_assert(profile_takes_key(&all, &key));
			ck_assert(profile_takes_key(&one, &key) == (i == j));
		}
	}
}
END_TEST

UNIT_MAIN("profile",
    an_empty_document_is_the_default_and_is_stored_in_full,
    what_is_stored_reads_back_the_same,
    what_is_unknown_out_of_range_or_contradictory_is_refused,
    more_names_than_the_limit_are_refused,
    a_key_is_taken_by_kind_and_by_the_size_of_rsa)
