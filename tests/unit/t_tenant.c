/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants and their CAs, with the real signer and the real database. */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "authority/bundle.h"
#include "authority/ca.h"
#include "authority/event.h"
#include "authority/group.h"
#include "authority/issuers.h"
#include "authority/tenant.h"
#include "pki/cert.h"
#include "pki/pem.h"
#include "tests/unit/realm.h"

static struct realm *realm;
static const struct authority *a;

static void
open_realm(void)
{
	realm = realm_open(cx);
	a = realm->authority;
}

static struct db_tenant
make(const char *name)
{
	struct db_tenant made;

	ck_ok(tenant_create(cx, a, &realm_admin, name, NULL, &made));
	return made;
}

static struct tenant
find(const char *name)
{
	struct tenant tenant;

	ck_ok(tenant_find(cx, a, name, &tenant));
	return tenant;
}

static struct db_ca *
cas_of(const struct tenant *tenant, size_t *out_n)
{
	struct page page = { 0, 10 };
	struct db_ca *cas;
	int64_t next;

	ck_ok(ca_list(cx, a, tenant, page, &cas, out_n, &next));
	ck_assert_int_eq(next, 0);
	return cas;
}

START_TEST(a_tenant_is_made_with_a_root_an_issuing_ca_and_a_group)
{
	struct cert root, issuing;
	struct key key;
	struct db_group group;
	struct event_row *events;
	struct page page = { 0, 100 };
	struct tenant tenant;
	struct db_ca *cas;
	size_t n;

	open_realm();
	(void)make("tenant-a");
	tenant = find("tenant-a");
	cas = cas_of(&tenant, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(cas[0].role, "root");
	ck_assert_str_eq(cas[1].role, "issuing");
	ck_assert_int_eq(cas[1].parent_id, cas[0].id);
	ck_ok(cert_parse(cx, cas[0].certificate, &root));
	ck_ok(cert_parse(cx, cas[1].certificate, &issuing));
	ck_assert_str_eq(root.organization, "tenant-a");
	ck_ok(cert_key(cx, &root, &key));
	ck_ok(cert_verify_signature(cx, &root, &key));
	ck_ok(cert_verify_issued(cx, &issuing, &root, ctx_now(cx)));
	ck_assert_int_eq(issuing.path_len, 0);
	ck_assert_str_eq(issuing.crl_url, ca_crl_url(cx, a, cas[0].key_id.p));
	ck_assert_str_eq(issuing.aia_url, ca_url(cx, a, cas[0].key_id.p));
	ck_assert_int_le(issuing.not_after_s, root.not_after_s);
	ck_assert_str_eq(ca_subject(cx, &cas[1]),
	    "O=tenant-a, CN=Issuing CA 1");
	ck_ok(group_get(cx, a, &tenant, "default", &group));
	ck_assert_int_eq(group.policy_version, 1);
	ck_ok(event_list(cx, a, &tenant, page, &events, &n));
	ck_assert_str_eq(events[n - 1].type, "tenant.created");
	realm_close(cx, realm);
}
END_TEST

START_TEST(the_cas_of_a_new_tenant_serve_at_once_and_after_a_restart)
{
	const struct issuer *issuer;
	struct tenant tenant;

	open_realm();
	(void)make("tenant-a");
	tenant = find("tenant-a");
	for (unsigned i = 0; i < 2; i++) {
		issuer = issuers_active(a, tenant.id, CA_ROLE_ISSUING);
		ck_assert_ptr_nonnull(issuer);
		ck_assert_ptr_nonnull(issuer->parent);
		ck_assert_ptr_eq(issuers_by_key_id(a, issuer->key_id), issuer);
		ck_assert(issuer->parent->role == CA_ROLE_ROOT);
		realm_reopen(cx, realm);
		a = realm->authority;
	}
	realm_close(cx, realm);
}
END_TEST

START_TEST(a_name_is_given_once_and_not_the_platforms)
{
	struct db_tenant made;

	open_realm();
	(void)make("tenant-a");
	ck_fails(tenant_create(cx, a, &realm_admin, "tenant-a", NULL, &made),
	    ERR_EXISTS);
	ck_assert_str_eq(cx->trail->pointer, "/name");
	ck_fails(tenant_create(cx, a, &realm_admin, "platform", NULL, &made),
	    ERR_FIELD);
	ck_fails(tenant_create(cx, a, &realm_admin, "Tenant", NULL, &made),
	    ERR_FIELD);
	realm_close(cx, realm);
}
END_TEST

START_TEST(a_bundle_is_one_tenants_roots_and_with_chain_what_they_signed)
{
	struct bundle roots, chain;
	struct tenant tenants[2];
	struct slice der[3];
	struct db_ca *cas;
	size_t n;

	open_realm();
	(void)make("tenant-a");
	(void)make("tenant-b");
	tenants[0] = find("tenant-a");
	tenants[1] = find("tenant-b");
	for (size_t i = 0; i < 2; i++) {
		cas = cas_of(&tenants[i], &n);
		ck_ok(bundle_of_tenant(cx, a, &tenants[i], BUNDLE_PEM, false,
		    &roots));
		ck_ok(pem_parse(cx, PEM_CERTIFICATE, roots.bytes, der));
		ck_assert(slice_equal(der[0], cas[0].certificate));
		ck_ok(bundle_of_tenant(cx, a, &tenants[i], BUNDLE_PEM, true,
		    &chain));
		ck_ok(pem_parse_all(cx, PEM_CERTIFICATE, chain.bytes, der, 3,
		    &n));
		ck_assert_uint_eq(n, 2);
		ck_assert(slice_equal(der[0], cas[1].certificate));
		ck_assert(slice_equal(der[1], cas[0].certificate));
	}
	realm_close(cx, realm);
}
END_TEST

START_TEST(a_ca_is_found_by_its_key_id_in_its_tenant_alone)
{
	struct tenant tenants[2];
	const char *key_id;
	struct db_ca ca, *cas;
	size_t n;

	open_realm();
	(void)make("tenant-a");
	(void)make("tenant-b");
	tenants[0] = find("tenant-a");
	tenants[1] = find("tenant-b");
	cas = cas_of(&tenants[0], &n);
	key_id = text_hex(cx->arena, cas[1].key_id);
	ck_ok(ca_get(cx, a, &tenants[0], key_id, &ca));
	ck_assert_int_eq(ca.id, cas[1].id);
	ck_fails(ca_get(cx, a, &tenants[1], key_id, &ca), ERR_NOT_FOUND);
	ck_fails(ca_get(cx, a, &tenants[0], "xyz", &ca), ERR_NOT_FOUND);
	realm_close(cx, realm);
}
END_TEST

START_TEST(the_platform_has_a_server_ca_and_cannot_have_devices)
{
	static const struct group_spec as_it_is = {
		.profile_version = GROUP_AS_IT_IS
	};
	struct tenant platform, again;
	struct db_group group;
	struct db_ca *cas;
	size_t n;

	open_realm();		/* which makes it, as `daad init` does */
	platform = find("platform");
	cas = cas_of(&platform, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(cas[1].role, "server");
	ck_fails(group_get(cx, a, &platform, "default", &group),
	    ERR_NOT_FOUND);
	ck_fails(group_create(cx, a, &platform, &realm_admin, "default",
	    &as_it_is, NULL, &group), ERR_FIELD);
	ck_fails(tenant_create_platform(cx, a, &again), ERR_EXISTS);
	realm_close(cx, realm);
}
END_TEST

START_TEST(a_list_shows_who_asks_what_it_may_see)
{
	struct principal owner = { .token_id = 9, .role = ROLE_OWNER,
	    .name = "owner" };
	struct page page = { 0, 2 };
	struct db_tenant *tenants;
	int64_t next;
	size_t n;

	open_realm();
	(void)make("tenant-a");
	(void)make("tenant-b");
	(void)make("tenant-c");
	ck_ok(tenant_list(cx, a, &realm_admin, page, &tenants, &n, &next));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(tenants[0].name, "tenant-a");
	ck_assert_int_ne(next, 0);
	page.after = next;
	ck_ok(tenant_list(cx, a, &realm_admin, page, &tenants, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(tenants[0].name, "tenant-c");
	ck_assert_int_eq(next, 0);
	owner.tenant_id = find("tenant-b").id;
	page.after = 0;
	ck_ok(tenant_list(cx, a, &owner, page, &tenants, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(tenants[0].name, "tenant-b");
	realm_close(cx, realm);
}
END_TEST

struct killing { pid_t signer; useconds_t after_us; };

static void *
kill_later(void *arg)
{
	const struct killing *k = arg;

	(void)usleep(k->after_us);
	ck_assert_int_eq(kill(k->signer, SIGKILL), 0);
	return NULL;
}

/* Before the first key, between the two, after both: wherever it happens. */
START_TEST(a_signer_that_dies_leaves_no_half_of_a_tenant)
{
	unsigned n_failed = 0;

	open_realm();
	for (unsigned i = 0; i < 12; i++) {
		const char *name = arena_printf(cx->arena, "tenant-%u", i);
		struct killing k = { realm->signer, i * 500 };
		struct db_tenant made;
		struct tenant tenant;
		pthread_t thread;
		struct err e;
		size_t n;

		ck_assert_int_eq(pthread_create(&thread, NULL, kill_later,
		    &k), 0);
		e = tenant_create(cx, a, &realm_admin, name, NULL, &made);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		if (failed(e)) {
			n_failed++;
			ck_assert_int_eq(e.code, ERR_SIGNER_GONE);
			ck_fails(tenant_find(cx, a, name, &tenant),
			    ERR_NOT_FOUND);
		}
		while (failed(e))
			e = tenant_create(cx, a, &realm_admin, name, NULL,
			    &made);
		tenant = find(name);
		(void)cas_of(&tenant, &n);
		ck_assert_uint_eq(n, 2);
		while (realm->signer == k.signer)
			(void)usleep(1000);
	}
	ck_assert_uint_gt(n_failed, 0);
	realm_close(cx, realm);
}
END_TEST

UNIT_MAIN("tenant",
    a_tenant_is_made_with_a_root_an_issuing_ca_and_a_group,
    the_cas_of_a_new_tenant_serve_at_once_and_after_a_restart,
    a_name_is_given_once_and_not_the_platforms,
    a_bundle_is_one_tenants_roots_and_with_chain_what_they_signed,
    a_ca_is_found_by_its_key_id_in_its_tenant_alone,
    the_platform_has_a_server_ca_and_cannot_have_devices,
    a_list_shows_who_asks_what_it_may_see,
    a_signer_that_dies_leaves_no_half_of_a_tenant)
