/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ar4si.h"

#include <string.h>

#include "base/base.h"

static const char *const elements[AR4SI_ELEMENTS] = {
	[AR4SI_INSTANCE_IDENTITY] = "instance-identity",
	[AR4SI_CONFIGURATION] = "configuration",
	[AR4SI_EXECUTABLES] = "executables",
	[AR4SI_FILE_SYSTEM] = "file-system",
	[AR4SI_HARDWARE] = "hardware",
	[AR4SI_RUNTIME_OPAQUE] = "runtime-opaque",
	[AR4SI_STORAGE_OPAQUE] = "storage-opaque",
	[AR4SI_SOURCED_DATA] = "sourced-data",
};

static const struct { enum ar4si_tier tier; const char *name; } tiers[] = {
	{ AR4SI_NONE,			"none" },
	{ AR4SI_AFFIRMING,		"affirming" },
	{ AR4SI_WARNING,		"warning" },
	{ AR4SI_CONTRAINDICATED,	"contraindicated" },
};

const char *
ar4si_element_name(enum ar4si_element element)
{
	ASSERT(element < AR4SI_ELEMENTS);
	return elements[element];
}

const char *
ar4si_tier_name(unsigned tier)
{
	for (size_t i = 0; i < COUNT_OF(tiers); i++)
		if (tiers[i].tier == tier)
			return tiers[i].name;
	return NULL;
}

enum ar4si_tier
ar4si_tier_of(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(tiers); i++)
		if (strcmp(tiers[i].name, name) == 0)
			return tiers[i].tier;
	return AR4SI_NONE;
}
