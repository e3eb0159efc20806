/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/revoked.h"

#include "authority/crls.h"
#include "authority/responder.h"

void
revoked_tell(const struct authority *a, const struct revoked_one *one)
{
	/* Nothing is served yet: recovery, before the CAs are loaded. */
	if (a->crls == NULL || a->responder == NULL)
		return;
	responder_forget(a, one->ca_id, one->serial);
	crls_changed(a, one->ca_id, one->shard);
}

void
revoked_tell_all(const struct authority *a, const struct revoked_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		revoked_tell(a, &list->items[i]);
}
