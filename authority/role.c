/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/role.h"

#include "base/base.h"

#define MAY(right)	(1u << (right))

struct rule {
	const char	*name;
	unsigned	 may;
	bool		 of_tenant, of_platform;
};

static const struct rule rules[] = {
	[ROLE_READER] = { "reader", MAY(RIGHT_READ), true, true },
	[ROLE_AUDITOR] = { "auditor", MAY(RIGHT_READ) | MAY(RIGHT_AUDIT),
	    true, true },
	[ROLE_CONTRIBUTOR] = { "contributor",
	    MAY(RIGHT_READ) | MAY(RIGHT_WRITE), true, false },
	[ROLE_OWNER] = { "owner", MAY(RIGHT_READ) | MAY(RIGHT_AUDIT) |
	    MAY(RIGHT_WRITE) | MAY(RIGHT_OWN), true, false },
	[ROLE_ADMIN] = { "admin", MAY(RIGHT_READ) | MAY(RIGHT_AUDIT) |
	    MAY(RIGHT_WRITE) | MAY(RIGHT_OWN) | MAY(RIGHT_ADMIN),
	    false, true },
};

static const struct rule *
rule_of(enum role role)
{
	ASSERT((size_t)role < COUNT_OF(rules));
	return &rules[role];
}

const char *
role_name(enum role role)
{
	return rule_of(role)->name;
}

bool
role_find(const char *name, enum role *out)
{
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		if (strcmp(name, rules[i].name) == 0) {
			*out = (enum role)i;
			return true;
		}
	}
	return false;
}

bool
role_may(enum role role, enum right right)
{
	return (rule_of(role)->may & MAY(right)) != 0;
}

bool
role_is_of(enum role role, bool platform)
{
	return platform ? rule_of(role)->of_platform : rule_of(role)->of_tenant;
}

/* --- two people --------------------------------------------------------- */

/* What has no person of its own, as the server's own acts, has a name. */
static const char *
person_of(const struct principal *who)
{
	return who->person != NULL ? who->person : who->name;
}

struct err
role_lineage(struct ctx *cx, const struct principal *who, const char **out)
{
	const char *above = who->lineage == NULL ? "" : who->lineage;
	const char *text = arena_printf(cx->arena, "%s%s%s", person_of(who),
	    above[0] == '\0' ? "" : "\n", above);

	if (strlen(text) > ROLE_LINEAGE_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "too many have made one another up to here");
	*out = text;
	return OK;
}

bool
role_is_in(const char *lineage, const char *person)
{
	size_t n = strlen(person);

	while (lineage != NULL && *lineage != '\0') {
		size_t length = strcspn(lineage, "\n");

		if (length == n && memcmp(lineage, person, n) == 0)
			return true;
		lineage += length;
		lineage += *lineage == '\n';
	}
	return false;
}

/* Who made both could be both.  The last line is the token that `daad init`
 * printed, which made everybody, and is to be revoked. */
static bool
share_maker(const char *lineage, const char *other)
{
	const char *end;

	for (; lineage != NULL && (end = strchr(lineage, '\n')) != NULL;
	    lineage = end + 1) {
		char person[ROLE_PERSON_MAX + 1];
		size_t n = (size_t)(end - lineage);

		if (n >= sizeof(person))
			return true;
		memcpy(person, lineage, n);
		person[n] = '\0';
		if (role_is_in(other, person))
			return true;
	}
	return false;
}

bool
role_are_two(const struct principal *one, const struct principal *other)
{
	return strcmp(person_of(one), person_of(other)) != 0 &&
	    !role_is_in(one->lineage, person_of(other)) &&
	    !role_is_in(other->lineage, person_of(one)) &&
	    !share_maker(one->lineage, other->lineage) &&
	    !share_maker(other->lineage, one->lineage);
}
