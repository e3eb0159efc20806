/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/token.h"

#include <dlfcn.h>
#include <libp11.h>
#include <stdlib.h>

#include "base/base.h"
#include "hsm/algorithm.h"

#define KEYS_KEPT	256u	/* handles that were found; a power of two */
#define ATTRIBUTE_MAX	1024u	/* bytes of one that is read */
#define KEY_RAW_MAX	512u	/* bytes of a signature: RSA-4096 */

/* A private key that was found before. */
struct found {
	uint8_t			 id[HSM_KEY_ID_SIZE];
	CK_OBJECT_HANDLE	 handle;
	bool			 used;
};

struct token {
	PKCS11_CTX		*p11;
	PKCS11_SLOT		*slots;
	unsigned		 n_slots;
	CK_SLOT_ID		 slot;
	CK_FUNCTION_LIST	*call;
	CK_SESSION_HANDLE	 session;	/* our own */
	bool			 has_session;
	struct found		 found[KEYS_KEPT];
};

/* --- failures ------------------------------------------------------------ */

static const struct { CK_RV rv; const char *word; bool refused; } words[] = {
	{ CKR_GENERAL_ERROR, "general error", false },
	{ CKR_FUNCTION_FAILED, "function failed", false },
	{ CKR_DEVICE_ERROR, "device error", false },
	{ CKR_DEVICE_REMOVED, "device removed", false },
	{ CKR_TOKEN_NOT_PRESENT, "token not present", false },
	{ CKR_TOKEN_NOT_RECOGNIZED, "token not recognized", false },
	{ CKR_SESSION_HANDLE_INVALID, "session lost", false },
	{ CKR_USER_NOT_LOGGED_IN, "not logged in", false },
	{ CKR_KEY_HANDLE_INVALID, "key handle invalid", false },
	{ CKR_OBJECT_HANDLE_INVALID, "object handle invalid", false },
	{ CKR_PIN_INCORRECT, "PIN incorrect", false },
	{ CKR_PIN_LOCKED, "PIN locked", false },
	{ CKR_PIN_EXPIRED, "PIN expired", false },
	{ CKR_PIN_INVALID, "PIN invalid", false },
	{ CKR_PIN_LEN_RANGE, "PIN of a wrong length", false },
	{ CKR_MECHANISM_INVALID, "mechanism invalid", true },
	{ CKR_MECHANISM_PARAM_INVALID, "mechanism parameter invalid", true },
	{ CKR_KEY_SIZE_RANGE, "key size out of range", true },
	{ CKR_KEY_TYPE_INCONSISTENT, "key of another type", true },
	{ CKR_KEY_FUNCTION_NOT_PERMITTED, "key does not sign", true },
	{ CKR_ATTRIBUTE_TYPE_INVALID, "attribute type invalid", true },
	{ CKR_ATTRIBUTE_VALUE_INVALID, "attribute value invalid", true },
	{ CKR_TEMPLATE_INCOMPLETE, "template incomplete", true },
	{ CKR_TEMPLATE_INCONSISTENT, "template inconsistent", true },
	{ CKR_DOMAIN_PARAMS_INVALID, "curve not known", true },
	{ CKR_CURVE_NOT_SUPPORTED, "curve not supported", true },
	{ CKR_FUNCTION_NOT_SUPPORTED, "function not supported", true },
	{ CKR_TOKEN_WRITE_PROTECTED, "token write protected", true },
	{ CKR_DEVICE_MEMORY, "no room in the token", true },
};

/* What is not known to be a refusal may be a loss: the token is opened anew
 * after it, which costs little. */
static struct err
fail_rv(struct ctx *cx, const char *what, CK_RV rv)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (words[i].rv == rv)
			return FAIL(cx, words[i].refused ? ERR_HSM_REFUSED :
			    ERR_HSM_GONE, "%s: %s", what, words[i].word);
	return FAIL(cx, ERR_HSM_GONE, "%s: CKR 0x%lx", what, rv);
}

#define CALL(cx, t, function, ...) do {					\
	CK_RV rv_ = (t)->call->function(__VA_ARGS__);			\
	if (rv_ != CKR_OK)						\
		return fail_rv((cx), #function, rv_);			\
} while (0)

/* --- opening ------------------------------------------------------------- */

/* libp11 leaves the module's answer in OpenSSL's queue. */
static CK_RV
last_rv(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_get_CKR_code() ?
	    (CK_RV)ERR_GET_REASON(e) : CKR_GENERAL_ERROR;
}

static bool
is_it(const struct conf *conf, const PKCS11_TOKEN *token)
{
	if (token == NULL || !token->initialized)
		return false;
	return conf->token != NULL ? strcmp(conf->token, token->label) == 0 :
	    strcmp(conf->serial, token->serialnr) == 0;
}

static struct err
find_slot(struct ctx *cx, const struct conf *conf, struct token *t,
    PKCS11_SLOT **out)
{
	PKCS11_SLOT *found = NULL;

	if (PKCS11_enumerate_slots(t->p11, &t->slots, &t->n_slots) != 0)
		return fail_rv(cx, "C_GetSlotList", last_rv());
	for (unsigned i = 0; i < t->n_slots; i++) {
		if (!is_it(conf, t->slots[i].token))
			continue;
		if (found != NULL)
			return FAIL(cx, ERR_HSM_GONE,
			    "two tokens of that name");
		found = &t->slots[i];
	}
	if (found == NULL)
		return FAIL(cx, ERR_HSM_GONE, "the module has no token %s",
		    conf->token != NULL ? conf->token : conf->serial);
	*out = found;
	return OK;
}

static bool
is_about_pin(CK_RV rv)
{
	return rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED ||
	    rv == CKR_PIN_EXPIRED || rv == CKR_PIN_INVALID ||
	    rv == CKR_PIN_LEN_RANGE;
}

static struct err
log_in(struct ctx *cx, PKCS11_SLOT *slot, const char *pin,
    bool *out_pin_refused)
{
	CK_RV rv;

	/* The last try is for a person. */
	if (slot->token->userPinFinalTry || slot->token->userPinLocked)
		return FAIL(cx, ERR_HSM_GONE, slot->token->userPinLocked ?
		    "the token's PIN is locked" :
		    "the token allows one more PIN, which is not tried here");
	if (PKCS11_login(slot, 0, pin) == 0)
		return OK;
	rv = last_rv();
	*out_pin_refused = is_about_pin(rv);
	return fail_rv(cx, "C_Login", rv);
}

/* The module stays loaded for the life of the process: some do not survive
 * being unloaded. */
static struct err
load_functions(struct ctx *cx, const char *module, struct token *t)
{
	CK_RV (*get)(CK_FUNCTION_LIST **) = NULL;
	void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	void *symbol = library != NULL ?
	    dlsym(library, "C_GetFunctionList") : NULL;

	if (symbol == NULL)
		return FAIL(cx, ERR_HSM_GONE, "load %s: %s", module,
		    dlerror());
	/* POSIX, dlsym: the pointer is one to a function. */
	memcpy(&get, &symbol, sizeof(get));
	if (get(&t->call) != CKR_OK || t->call == NULL)
		return FAIL(cx, ERR_HSM_GONE, "%s has no functions", module);
	return OK;
}

static struct err
open_with(struct ctx *cx, const struct conf *conf, const char *pin,
    struct token *t, bool *out_pin_refused)
{
	PKCS11_SLOT *slot;

	ERR_clear_error();
	TRY(load_functions(cx, conf->module, t));
	t->p11 = PKCS11_CTX_new();
	ASSERT(t->p11 != NULL);
	if (PKCS11_CTX_load(t->p11, conf->module) != 0) {
		struct err e = fail_rv(cx, "C_Initialize", last_rv());

		PKCS11_CTX_free(t->p11);
		t->p11 = NULL;
		return e;
	}
	TRY(find_slot(cx, conf, t, &slot));
	TRY(log_in(cx, slot, pin, out_pin_refused));
	t->slot = PKCS11_get_slotid_from_slot(slot);
	CALL(cx, t, C_OpenSession, t->slot, CKF_SERIAL_SESSION |
	    CKF_RW_SESSION, NULL, NULL, &t->session);
	t->has_session = true;
	return OK;
}

struct err
token_open(struct ctx *cx, const struct conf *conf, const char *pin,
    struct token **out, bool *out_pin_refused)
{
	struct token *t = base_alloc(sizeof(*t));
	bool pin_refused = false;
	struct err e = open_with(cx, conf, pin, t, &pin_refused);

	*out_pin_refused = pin_refused;
	if (failed(e)) {
		token_close(t);
		return e;
	}
	*out = t;
	return OK;
}

void
token_close(struct token *t)
{
	if (t == NULL)
		return;
	if (t->has_session)
		(void)t->call->C_CloseSession(t->session);
	if (t->slots != NULL)
		PKCS11_release_all_slots(t->p11, t->slots, t->n_slots);
	if (t->p11 != NULL) {
		PKCS11_CTX_unload(t->p11);
		PKCS11_CTX_free(t->p11);
	}
	free(t);
}

bool
token_can(const struct token *t, enum ca_alg alg)
{
	const struct algorithm *a = algorithm_of(alg);
	CK_MECHANISM_INFO make, use;

	return t->call->C_GetMechanismInfo(t->slot, a->generate,
	    &make) == CKR_OK && t->call->C_GetMechanismInfo(t->slot, a->sign,
	    &use) == CKR_OK && (make.flags & CKF_GENERATE_KEY_PAIR) != 0 &&
	    (use.flags & CKF_SIGN) != 0 &&
	    (a->rsa_bits == 0 || a->rsa_bits <= make.ulMaxKeySize);
}

/* --- keys ---------------------------------------------------------------- */

static CK_ATTRIBUTE
attribute(CK_ATTRIBUTE_TYPE type, const void *p, size_t n)
{
	/* C_GenerateKeyPair does not write to a template (PKCS#11, 5.18). */
	return (CK_ATTRIBUTE){ type, (void *)(uintptr_t)p, (CK_ULONG)n };
}

static struct err
make_pair(struct ctx *cx, struct token *t, const struct hsm_request *r,
    CK_OBJECT_HANDLE *out_public, CK_OBJECT_HANDLE *out_private)
{
	static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	static const uint8_t exponent[] = { 1, 0, 1 };
	const struct algorithm *a = algorithm_of(r->alg);
	CK_MECHANISM mechanism = { a->generate, NULL, 0 };
	CK_ULONG bits = a->rsa_bits;
	const struct slice label = slice_text(arena_printf(cx->arena,
	    "daapki %s", r->tenant));
	CK_ATTRIBUTE public[] = {
		attribute(CKA_TOKEN, &yes, sizeof(yes)),
		attribute(CKA_VERIFY, &yes, sizeof(yes)),
		attribute(CKA_ID, r->key_id, sizeof(r->key_id)),
		attribute(CKA_LABEL, label.p, label.n),
		bits != 0 ? attribute(CKA_MODULUS_BITS, &bits, sizeof(bits)) :
		    attribute(CKA_EC_PARAMS, a->curve.p, a->curve.n),
		attribute(CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)),
	};
	CK_ATTRIBUTE private[] = {
		attribute(CKA_TOKEN, &yes, sizeof(yes)),
		attribute(CKA_PRIVATE, &yes, sizeof(yes)),
		attribute(CKA_SENSITIVE, &yes, sizeof(yes)),
		attribute(CKA_EXTRACTABLE, &no, sizeof(no)),
		attribute(CKA_SIGN, &yes, sizeof(yes)),
		attribute(CKA_ID, r->key_id, sizeof(r->key_id)),
		attribute(CKA_LABEL, label.p, label.n),
		attribute(CKA_DECRYPT, &no, sizeof(no)),
		attribute(CKA_UNWRAP, &no, sizeof(no)),
		attribute(CKA_DERIVE, &no, sizeof(no)),
	};

	CALL(cx, t, C_GenerateKeyPair, t->session, &mechanism, public,
	    COUNT_OF(public) - (bits != 0 ? 0 : 1), private,
	    COUNT_OF(private), out_public, out_private);
	return OK;
}

static struct err
read_attribute(struct ctx *cx, struct token *t, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, struct slice *out)
{
	uint8_t *p = arena_alloc(cx->arena, ATTRIBUTE_MAX);
	CK_ATTRIBUTE a = { type, p, ATTRIBUTE_MAX };

	CALL(cx, t, C_GetAttributeValue, t->session, object, &a, 1);
	if (a.ulValueLen > ATTRIBUTE_MAX)
		return FAIL(cx, ERR_HSM_REFUSED, "an attribute of no size");
	*out = SLICE(p, a.ulValueLen);
	return OK;
}

static struct err
check_flag(struct ctx *cx, struct token *t, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, CK_BBOOL must)
{
	struct slice value;

	TRY(read_attribute(cx, t, object, type, &value));
	if (value.n != sizeof(must) || *value.p != must)
		return FAIL(cx, ERR_HSM_REFUSED,
		    "the token would let the private key out");
	return OK;
}

/* What was asked for is what was made. */
static struct err
check_private(struct ctx *cx, struct token *t, CK_OBJECT_HANDLE private)
{
	TRY(check_flag(cx, t, private, CKA_SENSITIVE, CK_TRUE));
	TRY(check_flag(cx, t, private, CKA_ALWAYS_SENSITIVE, CK_TRUE));
	TRY(check_flag(cx, t, private, CKA_EXTRACTABLE, CK_FALSE));
	TRY(check_flag(cx, t, private, CKA_NEVER_EXTRACTABLE, CK_TRUE));
	return check_flag(cx, t, private, CKA_LOCAL, CK_TRUE);
}

static struct err
read_public(struct ctx *cx, struct token *t, uint8_t alg,
    CK_OBJECT_HANDLE public, struct slice *out)
{
	const struct algorithm *a = algorithm_of(alg);
	struct slice of, exponent = SLICE_NONE;

	TRY(read_attribute(cx, t, public, a->rsa_bits != 0 ? CKA_MODULUS :
	    CKA_EC_POINT, &of));
	if (a->rsa_bits != 0)
		TRY(read_attribute(cx, t, public, CKA_PUBLIC_EXPONENT,
		    &exponent));
	return algorithm_spki(cx, a, of, exponent, out);
}

struct err
token_generate(struct ctx *cx, struct token *t, const struct hsm_request *r,
    struct slice *out_spki)
{
	CK_OBJECT_HANDLE public, private;
	struct err e;

	if (!token_can(t, r->alg))
		return FAIL(cx, ERR_HSM_REFUSED,
		    "the token does not make and use keys of that algorithm");
	TRY(make_pair(cx, t, r, &public, &private));
	e = check_private(cx, t, private);
	if (!failed(e))
		e = read_public(cx, t, r->alg, public, out_spki);
	if (failed(e)) {
		/* Nobody knows it yet. */
		(void)t->call->C_DestroyObject(t->session, private);
		(void)t->call->C_DestroyObject(t->session, public);
	}
	return e;
}

static struct err
search(struct ctx *cx, struct token *t, const uint8_t *key_id,
    CK_OBJECT_HANDLE *out)
{
	static const CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE like[] = {
		attribute(CKA_CLASS, &class, sizeof(class)),
		attribute(CKA_ID, key_id, HSM_KEY_ID_SIZE),
	};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 0;
	CK_RV rv;

	CALL(cx, t, C_FindObjectsInit, t->session, like, COUNT_OF(like));
	rv = t->call->C_FindObjects(t->session, found, COUNT_OF(found), &n);
	(void)t->call->C_FindObjectsFinal(t->session);
	if (rv != CKR_OK)
		return fail_rv(cx, "C_FindObjects", rv);
	if (n != 1)
		return FAIL(cx, ERR_HSM_REFUSED, n == 0 ?
		    "the token has no such key" :
		    "the token has two keys of one ID");
	*out = found[0];
	return OK;
}

static struct err
find_key(struct ctx *cx, struct token *t, const uint8_t *key_id,
    struct found **out)
{
	/* IDs are random. */
	struct found *f = &t->found[key_id[0] % KEYS_KEPT];

	if (!f->used || memcmp(f->id, key_id, sizeof(f->id)) != 0) {
		f->used = false;
		TRY(search(cx, t, key_id, &f->handle));
		memcpy(f->id, key_id, sizeof(f->id));
		f->used = true;
	}
	*out = f;
	return OK;
}

struct err
token_sign(struct ctx *cx, struct token *t, uint8_t alg,
    const uint8_t key_id[static HSM_KEY_ID_SIZE], struct slice data,
    struct slice *out_signature)
{
	const struct algorithm *a = algorithm_of(alg);
	CK_MECHANISM mechanism = { a->sign, NULL, 0 };
	uint8_t raw[KEY_RAW_MAX];
	CK_ULONG n = sizeof(raw);
	struct slice input;
	struct found *key;
	CK_RV rv;

	TRY(algorithm_to_sign(cx, a, data, &input));
	TRY(find_key(cx, t, key_id, &key));
	rv = t->call->C_SignInit(t->session, &mechanism, key->handle);
	if (rv == CKR_OK)
		/* C_Sign only reads what it signs (PKCS#11, 5.13). */
		rv = t->call->C_Sign(t->session, (CK_BYTE *)(uintptr_t)input.p,
		    (CK_ULONG)input.n, raw, &n);
	if (rv != CKR_OK) {
		key->used = false;
		return fail_rv(cx, "C_Sign", rv);
	}
	return algorithm_signature(cx, a, slice_dup(cx->arena,
	    SLICE(raw, n)), out_signature);
}
