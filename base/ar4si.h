/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of attestation results (draft-ietf-rats-ar4si, 2.3): what each
 * element of a trust vector speaks of, and how good it is.
 */
#ifndef DAAPKI_BASE_AR4SI_H
#define DAAPKI_BASE_AR4SI_H

enum ar4si_element {
	AR4SI_INSTANCE_IDENTITY, AR4SI_CONFIGURATION, AR4SI_EXECUTABLES,
	AR4SI_FILE_SYSTEM, AR4SI_HARDWARE, AR4SI_RUNTIME_OPAQUE,
	AR4SI_STORAGE_OPAQUE, AR4SI_SOURCED_DATA,
	AR4SI_ELEMENTS,
};

/* Of an element and of a whole result; of each band the one value we give. */
enum ar4si_tier {
	AR4SI_NONE = 0,			/* nothing is said */
	AR4SI_AFFIRMING = 2,		/* known, and accepted by the policy */
	AR4SI_WARNING = 32,		/* accepted for a time, or though not sound */
	AR4SI_CONTRAINDICATED = 96,	/* what was shown is not accepted */
};

/* "instance-identity" and so on. */
const char	*ar4si_element_name(enum ar4si_element);
/* "affirming" and so on; NULL when no tier has that number. */
const char	*ar4si_tier_name(unsigned tier);
/* AR4SI_NONE when no tier is called so. */
enum ar4si_tier	 ar4si_tier_of(const char *name);

#endif
