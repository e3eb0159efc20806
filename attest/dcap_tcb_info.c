/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/dcap_tcb_info.h"

#include <strings.h>

#include "base/base.h"
#include "base/text.h"

#define MODULE_PREFIX	"TDX_"

static const char *const status_names[] = {
	[TCB_UP_TO_DATE] = "UpToDate",
	[TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
	[TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
	[TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] =
	    "ConfigurationAndSWHardeningNeeded",
	[TCB_OUT_OF_DATE] = "OutOfDate",
	[TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] =
	    "OutOfDateConfigurationNeeded",
	[TCB_REVOKED] = "Revoked",
	[TCB_TD_RELAUNCH_ADVISED] = "TDRelaunchAdvised",
	[TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] =
	    "TDRelaunchAdvisedConfigurationNeeded",
	[TCB_NOT_SUPPORTED] = "NotSupported",
};

const char *
tcb_status_name(enum tcb_status status)
{
	ASSERT(status < COUNT_OF(status_names));
	return status_names[status];
}

/* --- members ---------------------------------------------------------- */

/* Something that this program does not take, though it may be well formed. */
static void
unsupported(struct json_in *in, const char *name)
{
	if (!failed(in->err))
		in->err = FAIL_AT(in->cx, ERR_EV_UNSUPPORTED,
		    json_pointer(in->cx, in->pointer, name),
		    "%s: has a value not known here", name);
}

static uint64_t
get_uint(struct json_in *in, const char *name, int64_t max)
{
	if (json_get(in, name, JSON_REQUIRED) == NULL)
		return 0;
	return (uint64_t)json_get_int(in, name, 0, max, 0);
}

static int64_t
get_time(struct json_in *in, const char *name)
{
	if (json_get(in, name, JSON_REQUIRED) == NULL)
		return 0;
	return json_get_time(in, name, 0);
}

/* Hex of exactly n bytes; Intel writes it in either case. */
static bool
unhex(struct ctx *cx, const char *text, uint8_t *out, size_t n)
{
	char *lower = arena_strdup(cx->arena, text);

	for (char *c = lower; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'F')
			*c = (char)(*c - 'A' + 'a');
	return text_unhex(lower, out, n);
}

static void
get_hex(struct json_in *in, const char *name, uint8_t *out, size_t n)
{
	const char *text = json_get_text(in, name, JSON_REQUIRED, 2 * n);

	if (text != NULL && !unhex(in->cx, text, out, n))
		json_refuse(in, name, arena_printf(in->cx->arena,
		    "must be %zu bytes in hex", n));
}

/* An object among the members or items of another. */
static struct json_in
inside(const struct json_in *in, const json_t *value, const char *pointer)
{
	struct json_in inner = json_in(in->cx, value, pointer);

	inner.code = in->code;
	if (failed(inner.err))
		inner.err = FAIL_AT(in->cx, (enum err_code)in->code, pointer,
		    "must be an object");
	return inner;
}

static struct json_in
item(const struct json_in *in, const char *name, const json_t *array,
    size_t i)
{
	return inside(in, json_array_get(array, i), json_pointer_item(in->cx,
	    json_pointer(in->cx, in->pointer, name), i));
}

static struct json_in
member(struct json_in *in, const char *name)
{
	const json_t *value = json_get(in, name, JSON_REQUIRED);
	struct json_in inner = { .cx = in->cx, .err = in->err };

	return failed(in->err) ? inner : inside(in, value,
	    json_pointer(in->cx, in->pointer, name));
}

static void
pass_on(struct json_in *in, const struct json_in *inner)
{
	if (!failed(in->err))
		in->err = inner->err;
}

/* --- levels ----------------------------------------------------------- */

static enum tcb_status
get_status(struct json_in *in)
{
	const char *text = json_get_text(in, "tcbStatus", JSON_REQUIRED, 64);

	for (size_t i = 0; i <= TCB_REVOKED && text != NULL; i++)
		if (strcmp(status_names[i], text) == 0)
			return (enum tcb_status)i;
	if (text != NULL)
		unsupported(in, "tcbStatus");
	return TCB_REVOKED;
}

static struct tcb_judgement
get_judgement(struct json_in *in)
{
	struct tcb_judgement j;
	const json_t *array = json_get_array(in, "advisoryIDs", JSON_OPTIONAL,
	    DCAP_ADVISORIES_MAX);
	const char **ids = arena_array(in->cx->arena, json_array_size(array),
	    sizeof(*ids));

	j.status = get_status(in);
	j.date_s = get_time(in, "tcbDate");
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *id = json_array_get(array, i);

		ids[i] = arena_strdup(in->cx->arena, json_is_string(id) ?
		    json_string_value(id) : "");
		if (ids[i][0] == '\0' || json_string_length(id) >
		    DCAP_ADVISORY_MAX || !text_is_printable(slice_text(ids[i])))
			json_refuse(in, "advisoryIDs", "must hold IDs");
	}
	j.advisories = ids;
	j.n_advisories = json_array_size(array);
	return j;
}

/* Version 3: an array of exactly 16 objects. */
static void
get_components(struct json_in *tcb, const char *name, uint8_t *out)
{
	const json_t *array = json_get_array(tcb, name, JSON_REQUIRED,
	    DCAP_SVN_SIZE);

	/* mutate: not reachable: more are refused above, and what is not
	 * there is no object. */
	if (array != NULL && json_array_size(array) != DCAP_SVN_SIZE)
		json_refuse(tcb, name, "must have 16 components");
	for (size_t i = 0; i < DCAP_SVN_SIZE && !failed(tcb->err); i++) {
		struct json_in c = item(tcb, name, array, i);

		out[i] = (uint8_t)get_uint(&c, "svn", UINT8_MAX);
		pass_on(tcb, &c);
	}
}

/* Version 2: a member each. */
static void
get_components_v2(struct json_in *tcb, uint8_t *out)
{
	for (size_t i = 0; i < DCAP_SVN_SIZE; i++)
		out[i] = (uint8_t)get_uint(tcb, arena_printf(tcb->cx->arena,
		    "sgxtcbcomp%02zusvn", i + 1), UINT8_MAX);
}

static void
read_level(struct json_in *in, unsigned version, enum dcap_tee tee,
    struct tcb_level *out)
{
	struct json_in tcb = member(in, "tcb");

	if (version == 2)
		get_components_v2(&tcb, out->sgx);
	else
		get_components(&tcb, "sgxtcbcomponents", out->sgx);
	if (tee == DCAP_TDX)
		get_components(&tcb, "tdxtcbcomponents", out->tdx);
	out->pce_svn = (uint16_t)get_uint(&tcb, "pcesvn", UINT16_MAX);
	pass_on(in, &tcb);
	out->judgement = get_judgement(in);
}

static void
read_levels(struct json_in *in, unsigned version, struct tcb_info *out)
{
	const json_t *array = json_get_array(in, "tcbLevels", JSON_REQUIRED,
	    DCAP_LEVELS_MAX);

	out->n_levels = json_array_size(array);
	out->levels = arena_array(in->cx->arena, out->n_levels,
	    sizeof(*out->levels));
	for (size_t i = 0; i < out->n_levels && !failed(in->err); i++) {
		struct json_in level = item(in, "tcbLevels", array, i);

		read_level(&level, version, out->tee, &out->levels[i]);
		pass_on(in, &level);
	}
}

/* Of a quoting enclave or module; these are only ever in three states. */
static void
read_isv_levels(struct json_in *in, struct isv_level **out, size_t *out_n)
{
	const json_t *array = json_get_array(in, "tcbLevels", JSON_REQUIRED,
	    DCAP_LEVELS_MAX);
	size_t n = json_array_size(array);
	struct isv_level *levels = arena_array(in->cx->arena, n,
	    sizeof(*levels));

	for (size_t i = 0; i < n && !failed(in->err); i++) {
		struct json_in level = item(in, "tcbLevels", array, i);
		struct json_in tcb = member(&level, "tcb");
		enum tcb_status status;

		levels[i].isv_svn = (uint16_t)get_uint(&tcb, "isvsvn",
		    UINT16_MAX);
		pass_on(&level, &tcb);
		levels[i].judgement = get_judgement(&level);
		status = levels[i].judgement.status;
		if (status != TCB_UP_TO_DATE && status != TCB_OUT_OF_DATE &&
		    status != TCB_REVOKED)
			unsupported(&level, "tcbStatus");
		pass_on(in, &level);
	}
	*out = levels;
	*out_n = n;
}

/* --- TCB info --------------------------------------------------------- */

static void
read_module(struct json_in *in, struct tdx_module *out)
{
	get_hex(in, "mrsigner", out->mrsigner, sizeof(out->mrsigner));
	get_hex(in, "attributes", out->attributes, sizeof(out->attributes));
	get_hex(in, "attributesMask", out->mask, sizeof(out->mask));
}

/* "TDX_" and two hex digits, in either case. */
static void
read_module_id(struct json_in *in, uint8_t *out)
{
	const char *id = json_get_text(in, "id", JSON_REQUIRED, 16);
	const size_t n = sizeof(MODULE_PREFIX) - 1;

	if (id != NULL && (strncasecmp(id, MODULE_PREFIX, n) != 0 ||
	    !unhex(in->cx, id + n, out, 1)))
		json_refuse(in, "id", "must be TDX_ and two hex digits");
}

static void
read_modules(struct json_in *in, struct tcb_info *out)
{
	struct json_in module = member(in, "tdxModule");
	const json_t *array;

	read_module(&module, &out->module);
	pass_on(in, &module);
	out->has_module = true;
	array = json_get_array(in, "tdxModuleIdentities", JSON_OPTIONAL,
	    DCAP_MODULES_MAX);
	out->n_modules = json_array_size(array);
	out->modules = arena_array(in->cx->arena, out->n_modules,
	    sizeof(*out->modules));
	for (size_t i = 0; i < out->n_modules && !failed(in->err); i++) {
		struct tdx_module *m = &out->modules[i];
		struct json_in one = item(in, "tdxModuleIdentities", array,
		    i);

		read_module_id(&one, &m->version);
		read_module(&one, m);
		read_isv_levels(&one, &m->levels, &m->n_levels);
		pass_on(in, &one);
	}
}

static enum dcap_tee
get_tcb_id(struct json_in *in)
{
	const char *id = json_get_text(in, "id", JSON_REQUIRED, 16);
	bool is_tdx = id != NULL && strcmp(id, "TDX") == 0;

	if (id != NULL && !is_tdx && strcmp(id, "SGX") != 0)
		unsupported(in, "id");
	return is_tdx ? DCAP_TDX : DCAP_SGX;
}

static enum qe_id
get_qe_id(struct json_in *in)
{
	const char *id = json_get_text(in, "id", JSON_REQUIRED, 16);

	if (id != NULL && strcmp(id, "QE") == 0)
		return QE_OF_SGX;
	return id != NULL && strcmp(id, "TD_QE") == 0 ? QE_OF_TDX : QE_OTHER;
}

static struct err
open_object(struct ctx *cx, struct slice text, const char *name,
    struct json_in *out)
{
	json_t *value;

	if (text.n > DCAP_JSON_MAX || failed(json_parse(cx, text, &value)) ||
	    !json_is_object(value))
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "%s is not an object in JSON", name);
	*out = json_in(cx, value, arena_printf(cx->arena, "/%s", name));
	out->code = ERR_EV_MALFORMED;
	return OK;
}

struct err
tcb_info_parse(struct ctx *cx, struct slice text, struct tcb_info *out)
{
	struct tcb_info t = { .tee = DCAP_SGX };
	struct json_in in;
	unsigned version;

	TRY(open_object(cx, text, "tcbInfo", &in));
	version = (unsigned)get_uint(&in, "version", INT32_MAX);
	if (version != 2 && version != 3)
		unsupported(&in, "version");
	/* Version 2 is of a time when there was only SGX. */
	if (version == 3)
		t.tee = get_tcb_id(&in);
	else if (json_get(&in, "id", JSON_OPTIONAL) != NULL &&
	    get_tcb_id(&in) != DCAP_SGX)
		unsupported(&in, "id");
	t.issued_s = get_time(&in, "issueDate");
	t.next_s = get_time(&in, "nextUpdate");
	get_hex(&in, "fmspc", t.fmspc, sizeof(t.fmspc));
	get_hex(&in, "pceId", t.pce_id, sizeof(t.pce_id));
	if (get_uint(&in, "tcbType", INT32_MAX) != 0)
		unsupported(&in, "tcbType");
	t.evaluation = get_uint(&in, "tcbEvaluationDataNumber", INT32_MAX);
	if (t.tee == DCAP_TDX)
		read_modules(&in, &t);
	read_levels(&in, version, &t);
	TRY(in.err);
	*out = t;
	return OK;
}

struct err
qe_identity_parse(struct ctx *cx, struct slice text, struct qe_identity *out)
{
	struct qe_identity q = { .id = QE_OTHER };
	struct json_in in;

	TRY(open_object(cx, text, "enclaveIdentity", &in));
	if (get_uint(&in, "version", INT32_MAX) != 2)
		unsupported(&in, "version");
	q.id = get_qe_id(&in);
	q.issued_s = get_time(&in, "issueDate");
	q.next_s = get_time(&in, "nextUpdate");
	q.evaluation = get_uint(&in, "tcbEvaluationDataNumber", INT32_MAX);
	/* Images of memory, not numbers: compared byte by byte. */
	get_hex(&in, "miscselect", q.misc_select, sizeof(q.misc_select));
	get_hex(&in, "miscselectMask", q.misc_select_mask,
	    sizeof(q.misc_select_mask));
	get_hex(&in, "attributes", q.attributes, sizeof(q.attributes));
	get_hex(&in, "attributesMask", q.attributes_mask,
	    sizeof(q.attributes_mask));
	get_hex(&in, "mrsigner", q.mrsigner, sizeof(q.mrsigner));
	q.isv_prod_id = (uint16_t)get_uint(&in, "isvprodid", UINT16_MAX);
	read_isv_levels(&in, &q.levels, &q.n_levels);
	TRY(in.err);
	*out = q;
	return OK;
}
