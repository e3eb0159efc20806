/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of attest.c's table, one a format. */
#ifndef DAAPKI_ATTEST_FORMATS_H
#define DAAPKI_ATTEST_FORMATS_H

#include "attest/attest.h"

extern const struct attest_format format_android_key;
extern const struct attest_format format_azure_cvm;
extern const struct attest_format format_dice;
extern const struct attest_format format_idevid;
extern const struct attest_format format_key;
extern const struct attest_format format_openenclave;
extern const struct attest_format format_optee;
extern const struct attest_format format_psa;
extern const struct attest_format format_sgx;
extern const struct attest_format format_snp;
extern const struct attest_format format_tdx;
extern const struct attest_format format_tpm2;
extern const struct attest_format format_tpm2_ek;
extern const struct attest_format format_tpm2_key;
extern const struct attest_format format_webauthn;

#endif
