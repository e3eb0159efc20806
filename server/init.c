/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serve.h"

#include <stdio.h>
#include <unistd.h>

#include "authority/tenant.h"
#include "authority/token.h"
#include "base/base.h"
#include "base/file.h"
#include "server/state.h"
#include "server/tls.h"

/* The port is not known before the server listens; without one in the
 * settings there is nothing better to write in the first certificates. */
static unsigned
status_port(struct ctx *cx, const struct settings *s)
{
	const char *host, *port;
	uint64_t n = 0;

	if (failed(settings_split_listen(cx, s->status_listen, &host, &port)) ||
	    !text_parse_uint(port, UINT16_MAX, &n))
		return 0;
	return (unsigned)n;
}

static struct err
make_records(struct ctx *cx, const struct settings *s,
    struct authority_parts *parts, const char **out_token)
{
	struct authority *a;
	struct tenant platform;
	bool is_new;
	struct err e;

	TRY(serve_open_authority(cx, s, parts, status_port(cx, s), &a));
	e = tenant_create_platform(cx, a, &platform);
	if (!failed(e))
		e = tls_provide(cx, a, s, &is_new);
	if (!failed(e))
		e = token_create_first(cx, a, out_token);
	authority_close(a);
	return e;
}

static struct err
make_state(struct ctx *cx, const struct settings *s, const char **out_token)
{
	struct authority_parts parts = { .keys = NULL };
	struct err e;

	TRY(state_make_keys(cx, s->state_dir));
	if (s->signer_socket[0] == '\0') {
		TRY(file_make_folder(cx, arena_printf(cx->arena, "%s%s",
		    s->state_dir, SETTINGS_SIGNER_DIR)));
		if (s->master_passphrase_file[0] == '\0')
			TRY(signer_process_make_key_at(cx, s,
			    s->master_key_file));
	}
	TRY(state_load_keys(cx, s->state_dir, &parts.keys));
	e = signer_process_open(cx, s, &parts.signer_process);
	if (!failed(e))
		e = make_records(cx, s, &parts, out_token);
	signer_process_close(parts.signer_process);
	state_free_keys(parts.keys);
	return e;
}

static struct err
write_settings(struct ctx *cx, const struct settings *s)
{
	const char *path = state_path(cx, s->state_dir, SETTINGS_FILE_NAME);

	/* One that the operator put there beforehand stays. */
	if (access(path, F_OK) == 0)
		return OK;
	return file_create(cx, path, 0600, settings_file_text(cx, s));
}

static struct err
init_locked(struct ctx *cx, const struct settings *s, const char **out_token)
{
	if (state_is_used(cx, s->state_dir))
		return FAIL_TELL(cx, ERR_EXISTS,
		    "%s holds a state already, or the rest of an init that "
		    "was cut off", s->state_dir);
	TRY(make_state(cx, s, out_token));
	return write_settings(cx, s);
}

struct err
init_run(struct ctx *cx, const struct settings *s)
{
	const char *token;
	struct err e;
	int lock;

	serve_prepare_process();
	TRY(file_make_folder(cx, s->state_dir));
	TRY(state_lock(cx, s->state_dir, &lock));
	e = init_locked(cx, s, &token);
	(void)close(lock);
	TRY(e);
	(void)fprintf(stderr, "daad: made %s\n"
	    "daad: the operator's token follows; it is shown this once\n",
	    s->state_dir);
	if (printf("%s\n", token) < 0 || fflush(stdout) != 0)
		return FAIL_TELL(cx, ERR_IO, "the token could not be printed");
	return OK;
}
