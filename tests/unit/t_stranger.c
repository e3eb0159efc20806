/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a device is told only to who has proved to be it: of two
 * appraisals that differ only in what is believed, a stranger gets one answer.
 */
#include "tests/unit/unit.h"

#include "tests/make_tpm.h"

static struct make_device d;
static struct attestation out;

static void
begin(void)
{
	d = (struct make_device){ .quote_signer = NULL };
	make_device(cx, &d);
}

/* With the anchor of the EK's maker, and without. */
static void
answers(enum err_code code)
{
	const json_t *e = make_evidence(cx, &d);

	ck_fails(make_verify(cx, e, &d, &out), code);
	d.trust.n_anchors = 0;
	ck_fails(make_verify(cx, e, &d, &out), code);
}

START_TEST(an_ek_certificate_and_a_foreign_ak_tell_nothing)
{
	begin();
	d.activated = false;
	answers(ERR_EV_ACTIVATION);
	begin();
	d.activated = false;
	d.send_ak_cert = true;
	answers(ERR_EV_ACTIVATION);
}
END_TEST

START_TEST(an_ek_certificate_alone_tells_nothing)
{
	json_t *e;

	begin();
	e = json_keep(cx, json_object());
	ck_assert_int_eq(json_object_set_new(e, "format",
	    json_string("tpm2-ek")), 0);
	ck_assert_int_eq(json_object_set(e, "ek_certificate",
	    json_object_get(make_evidence(cx, &d), "ek_certificate")), 0);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_KEY_NOT_BOUND);
	d.trust.n_anchors = 0;
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_KEY_NOT_BOUND);
}
END_TEST

START_TEST(an_ek_public_in_the_inventory_tells_nothing)
{
	uint8_t known[1][32];
	const json_t *e;

	begin();
	d.activated = d.send_ek_cert = false;
	d.send_ek_public = true;
	e = make_evidence(cx, &d);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_ACTIVATION);
	memcpy(known[0], d.activation.ek_spki_sha256, sizeof(known[0]));
	d.appraisal.known_eks = known;
	d.appraisal.n_known_eks = 1;
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_ACTIVATION);
}
END_TEST

START_TEST(an_ak_that_is_remembered_is_not_told_to_who_lacks_it)
{
	const json_t *e;

	begin();
	d.quote_signer = d.app;
	e = make_evidence(cx, &d);
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_SIGNATURE);
	d.appraisal.activation = NULL;
	ck_fails(make_verify(cx, e, &d, &out), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(who_has_all_the_keys_learns_that_no_anchor_holds)
{
	begin();
	(void)make_evidence(cx, &d);
	d.trust.n_anchors = 0;
	ck_fails(make_verify(cx, make_evidence(cx, &d), &d, &out),
	    ERR_EV_CHAIN);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		an_ek_certificate_and_a_foreign_ak_tell_nothing,
		an_ek_certificate_alone_tells_nothing,
		an_ek_public_in_the_inventory_tells_nothing,
		an_ak_that_is_remembered_is_not_told_to_who_lacks_it,
		who_has_all_the_keys_learns_that_no_anchor_holds,
	};

	return unit_run("stranger", tests, COUNT_OF(tests), NULL, NULL);
}
