/* SPDX-License-Identifier: Apache-2.0 */
/* The signer's work done in this process, at a fixed time. */
#ifndef DAAPKI_TESTS_SIGNER_WORK_H
#define DAAPKI_TESTS_SIGNER_WORK_H

#include "tests/unit/signer_help.h"

#include "signer/rules.h"
#include "signer/work.h"

#define NOW	INT64_C(1795334400)

static inline int64_t
fixed_now(void *arg)
{
	(void)arg;
	return NOW;
}

static const struct clock fixed = { fixed_now, NULL, NULL };

static char folder[32];
static struct work work;
static struct master *master;

static inline const char *
in_folder(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

/* name NULL: the systemd credential. */
static inline struct err
open_key(const char *name, struct master **out)
{
	const struct master_source source = {
		.key_file = name != NULL ? in_folder(name) : NULL,
		.params_folder = folder,
	};

	return master_open(cx, &source, out);
}

static inline void
remove_folder(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static inline void
begin(void)
{
	struct journal_conf conf;

	cx->clock = &fixed;
	memcpy(folder, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_ok(master_make(cx, in_folder("master")));
	ck_ok(open_key("master", &master));
	conf = (struct journal_conf){ .folder = in_folder("journal"),
	    .segment_max = 4096 };
	work.master = master;
	work.cas = ca_cache_new(master, NULL);
	ck_ok(journal_open(cx, &conf, &work.journal));
}

static inline void
end(void)
{
	ca_cache_free(work.cas);
	journal_close(work.journal);
	master_free(master);
	remove_folder();
}

static inline struct answer
done(const struct order *order)
{
	struct answer a;

	work_do(cx, &work, order, &a);
	ck_assert_msg(!failed(a.err), "%s: %s", err_name(a.err), a.detail);
	return a;
}

/* --- CAs and orders that are taken --------------------------------------- */

static struct answer root, issuing, server, other_root, other_issuing;
static struct slice leaf_spki;
static struct order order;

static inline void
make_cas(void)
{
	order = help_root("tenant-a", CA_ALG_P256);
	root = done(&order);
	order = help_below("tenant-a", CA_ROLE_ISSUING, CA_ALG_P256,
	    root.sealed);
	issuing = done(&order);
	order = help_below("tenant-a", CA_ROLE_SERVER, CA_ALG_ED25519,
	    root.sealed);
	server = done(&order);
	order = help_root("tenant-b", CA_ALG_P256);
	other_root = done(&order);
	order = help_below("tenant-b", CA_ROLE_ISSUING, CA_ALG_P256,
	    other_root.sealed);
	other_issuing = done(&order);
	leaf_spki = help_spki("P-256");
}

static inline void
good_leaf(void) { order = help_leaf("tenant-a", issuing.sealed, leaf_spki); }
static inline void
good_crl(void) { order = help_crl("tenant-a", issuing.sealed, 1); }
static inline void
good_root(void) { order = help_root("tenant-a", CA_ALG_P256); }

static inline void
good_server(void)
{
	order = help_leaf("tenant-a", server.sealed, leaf_spki);
	order.issue.device_id = "";
	order.issue.flags = 0;
	order.issue.n_dns_names = 1;
	order.issue.dns_names[0] = "a.example";
}

static inline void
good_issuing(void)
{
	order = help_below("tenant-a", CA_ROLE_ISSUING, CA_ALG_P256,
	    root.sealed);
}

#endif
