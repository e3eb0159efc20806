/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks whose a device is, and what it is told. */
#include "tests/unit/soft_device.h"

#include "authority/ownership.h"
#include "authority/transfer.h"

static struct dev dev;

static void
start(void)
{
	begin();
	realm_use_clock(cx, realm);
	dev = new_device();
}

static struct ownership_request
question(const struct dev *who)
{
	EVP_PKEY *key = new_key();
	struct ownership_request r = { .nonce = fresh_nonce(),
	    .spki = spki_of(key), .evidence_pointer = "/evidence" };

	r.evidence = evidence_of(who, r.nonce, key);
	return r;
}

static struct err
ask(const struct ownership_request *r, struct ownership *out)
{
	return ownership_ask(cx, realm->authority, r, out);
}

static struct ownership
answer(void)
{
	struct ownership_request r = question(&dev);
	struct ownership o;

	ck_ok(ask(&r, &o));
	ck_assert_str_eq(o.device_id, dev.device_id);
	ck_assert_str_eq(o.hardware_id, dev.hardware_id);
	return o;
}

START_TEST(who_holds_the_key_is_told_whose_the_device_is)
{
	struct ownership o;

	start();
	o = answer();
	ck_assert(!o.claimed);
	ck_assert_ptr_null(o.tenant);
	claim(&dev, "soft");
	o = answer();
	ck_assert(o.claimed && !o.banned && !o.offered);
	ck_assert_str_eq(o.tenant, "tenant-a");
	ck_assert_str_eq(o.group, "soft");
	ck_assert_int_ne(o.claimed_s, 0);
	ck_ok(claim_release(cx, realm->authority, &tenant, &realm_admin,
	    dev.device_id, NULL));
	o = answer();
	ck_assert(!o.claimed);
	ck_assert_ptr_null(o.tenant);
	end();
}
END_TEST

START_TEST(a_nonce_is_used_once)
{
	struct ownership_request r;
	struct enroll_request e = { .evidence_pointer = "/evidence" };
	struct enrollment made;
	struct ownership o;
	EVP_PKEY *key = new_key();

	start();
	claim(&dev, "soft");
	r = question(&dev);
	ck_ok(ask(&r, &o));
	ck_fails(ask(&r, &o), ERR_NONCE_USED);
	/* Nor can what was sent to ask be sent to enrol. */
	e.nonce = fresh_nonce();
	e.evidence = evidence_of(&dev, e.nonce, key);
	e.csr = csr_of(key);
	r = (struct ownership_request){ e.nonce, spki_of(key), e.evidence,
	    "/evidence" };
	ck_ok(ask(&r, &o));
	ck_fails(enroll(cx, realm->authority, &e, &made), ERR_NONCE_USED);
	end();
}
END_TEST

START_TEST(who_does_not_hold_the_key_is_told_the_same_of_every_device)
{
	struct ownership_request r;
	struct dev thief;
	struct ownership o;
	enum err_code codes[2];

	start();
	thief = dev;
	thief.key = new_key();
	for (int i = 0; i < 2; i++) {
		/* Unclaimed, then claimed. */
		r = question(&thief);
		codes[i] = (enum err_code)ask(&r, &o).code;
		ctx_forget(cx);
		if (i == 0)
			claim(&dev, "soft");
	}
	ck_assert_int_eq(codes[0], ERR_EV_SIGNATURE);
	ck_assert_int_eq(codes[1], ERR_EV_SIGNATURE);
	/* Nor with evidence for another key, or an old nonce. */
	r = question(&dev);
	r.spki = spki_of(new_key());
	ck_assert(failed(ask(&r, &o)));
	ctx_forget(cx);
	r = question(&dev);
	realm->ahead_s += 400;
	ck_fails(ask(&r, &o), ERR_NONCE_EXPIRED);
	end();
}
END_TEST

START_TEST(a_ban_and_an_offer_are_told)
{
	struct device_change change = { .reason = "stolen" };
	struct transfer_offer offer = { .to = "tenant-x",
	    .needs_evidence = true };
	struct transfer_row row;
	struct device_view view;
	struct ownership o;

	start();
	claim(&dev, "soft");
	offer.device_id = change.device_id = dev.device_id;
	ck_ok(transfer_make(cx, realm->authority, &tenant, &realm_admin,
	    &offer, &row));
	o = answer();
	ck_assert(o.offered);
	ck_assert_str_eq(o.transfer.to_name, "tenant-x");
	ck_ok(device_ban(cx, realm->authority, &tenant, &realm_admin,
	    &change, &view));
	o = answer();
	ck_assert(o.banned);
	ck_assert_str_eq(o.ban_reason, "stolen");
	realm->ahead_s += TRANSFER_LIFE_S;
	o = answer();
	ck_assert(!o.offered);
	end();
}
END_TEST

START_TEST(what_waits_to_go_to_another_tenant_is_still_the_first_ones)
{
	struct transfer_offer offer = { .to = "tenant-b",
	    .needs_evidence = true };
	struct principal bob = { .token_id = 1, .role = ROLE_OWNER,
	    .name = "bob" };
	struct transfer_row row;
	struct db_tenant made;
	struct tenant b;
	struct ownership o;

	start();
	claim(&dev, "soft");
	offer.device_id = dev.device_id;
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-b",
	    NULL, &made));
	ck_ok(tenant_find(cx, realm->authority, "tenant-b", &b));
	bob.tenant_id = b.id;
	ck_ok(transfer_make(cx, realm->authority, &tenant, &realm_admin,
	    &offer, &row));
	ck_ok(transfer_take_step(cx, realm->authority, &b, &bob,
	    TRANSFER_ACCEPT, row.handle, NULL, &row));
	o = answer();
	ck_assert_str_eq(o.tenant, "tenant-a");
	ck_assert(o.offered);
	ck_assert_int_eq(o.transfer.state, TRANSFER_AWAITING);
	end();
}
END_TEST

UNIT_MAIN("ownership",
    who_holds_the_key_is_told_whose_the_device_is,
    a_nonce_is_used_once,
    who_does_not_hold_the_key_is_told_the_same_of_every_device,
    a_ban_and_an_offer_are_told,
    what_waits_to_go_to_another_tenant_is_still_the_first_ones)
