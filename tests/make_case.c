/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_case DIR: evidence cases for tests/evidence.t, made like everything of
 * make_tpm.h.  The evidence is for the nonce 5a5a... at 2026-06-01T12:00:00Z.
 */
#include <stdio.h>

#include <openssl/pem.h>
#include <sodium.h>

#include "base/file.h"
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_tpm.h"

static struct ctx_root root;
static struct ctx *cx = &root.cx;
static const char *folder;

static void
put_file(const char *name, struct slice contents)
{
	ASSERT(!failed(file_replace(cx, arena_printf(cx->arena, "%s/%s",
	    folder, name), 0644, contents)));
}

static void
put(json_t *object, const char *name, json_t *value)
{
	ASSERT(json_object_set_new(object, name, value) == 0);
}

static json_t *
reference(const char *name, const char *encoding)
{
	json_t *r = json_object();

	put(r, "$file", json_string(name));
	put(r, "encoding", json_string(encoding));
	return r;
}

/* One PEM block, 64 characters a line, in standard base64. */
static struct slice
pem_of(struct slice der)
{
	AUTO(BIO) bio = BIO_new(BIO_s_mem());
	const uint8_t *p = der.p;
	AUTO(X509) x = d2i_X509(NULL, &p, (long)der.n);
	char *text;
	long n;

	ASSERT(bio != NULL && PEM_write_bio_X509(bio, x) == 1);
	n = BIO_get_mem_data(bio, &text);
	return slice_dup(cx->arena, SLICE(text, (size_t)n));
}

/* The quote goes to a file of its own. */
static void
move_out(json_t *evidence, const char *member, const char *file)
{
	const json_t *v = json_object_get(evidence, member);
	struct slice s;

	ASSERT(base64url_parse(cx->arena, json_string_value(v),
	    json_string_length(v), 1 << 20, &s));
	put_file(file, s);
	put(evidence, member, reference(file, "binary"));
}

static void
put_case(const char *file, json_t *evidence, json_t *trust, const char *nonce,
    const char *verdict, const char *reason)
{
	json_t *c = json_keep(cx, json_object()), *expect = json_object();

	put(c, "case", json_string(file));
	ASSERT(json_object_set(c, "evidence", evidence) == 0);
	ASSERT(json_object_set(c, "trust", trust) == 0);
	put(c, "nonce", json_string(nonce));
	put(c, "binding", json_string("raw"));
	put(c, "at", json_string("2026-06-01T12:00:00Z"));
	put(expect, "verdict", json_string(verdict));
	if (reason != NULL)
		put(expect, "reason", json_string(reason));
	put(c, "expect", expect);
	put_file(file, json_text(cx, c));
}

int
main(int argc, char **argv)
{
	static struct make_device d;
	json_t *trust, *raw, *bound;
	const char *nonce, *other;

	if (argc != 2 || sodium_init() < 0)
		return 2;
	folder = argv[1];
	ctx_root_init(&root, NULL);
	trust = json_keep(cx, json_object());
	make_device(cx, &d);
	d.send_ek_cert = false;
	d.send_ak_cert = true;
	bound = make_evidence(cx, &d);
	d.quote_extra_given = d.certify_extra_given = true;
	d.quote.extra = d.certify.extra = SLICE_OF(d.nonce);
	raw = make_evidence(cx, &d);
	nonce = text_hex(cx->arena, SLICE_OF(d.nonce));
	d.nonce[0] ^= 1;
	other = text_hex(cx->arena, SLICE_OF(d.nonce));
	put_file("root.pem", pem_of(make_certificate(cx, &d.root)));
	put_file("spki", make_spki(cx, d.ek));
	put(trust, "anchors", reference("root.pem", "text"));
	put_file("trust.json", json_text(cx, trust));
	put_file("bound.json", json_text(cx, bound));
	move_out(raw, "quote", "quote.bin");
	put_case("good.json", raw, trust, nonce, "accepted", NULL);
	put_case("nonce.json", raw, trust, other, "refused", "nonce");
	put_case("wrong.json", raw, trust, nonce, "refused", "nonce");
	put(raw, "activation", json_object());
	put_case("activation.json", raw, trust, nonce, "refused", "malformed");
	put_file("broken.json", slice_text("{\"case\":"));
	ctx_root_fini(&root);
	return 0;
}
