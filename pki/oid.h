/* SPDX-License-Identifier: Apache-2.0 */
/* Object identifiers, as the contents of their DER. */
#ifndef DAAPKI_PKI_OID_H
#define DAAPKI_PKI_OID_H

#include "base/bytes.h"

/* A slice over one of the strings below. */
#define OID(s)		SLICE((s), sizeof(s) - 1)

/* Keys and signatures: RFC 3279, RFC 5480, RFC 5758, RFC 8410. */
#define OID_EC_PUBLIC_KEY	"\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_P256		"\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384		"\x2b\x81\x04\x00\x22"
#define OID_ED25519		"\x2b\x65\x70"
#define OID_RSA			"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_ECDSA_SHA256	"\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define OID_ECDSA_SHA384	"\x2a\x86\x48\xce\x3d\x04\x03\x03"
#define OID_ECDSA_SHA512	"\x2a\x86\x48\xce\x3d\x04\x03\x04"
#define OID_RSA_SHA256		"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
#define OID_RSA_SHA384		"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"
#define OID_RSA_SHA512		"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"

#define OID_EXTENSION_REQUEST	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"

/* Names: X.520. */
#define OID_CN			"\x55\x04\x03"
#define OID_O			"\x55\x04\x0a"

/* Extensions: RFC 5280, 4.2 and 5.2. */
#define OID_SUBJECT_KEY_ID	"\x55\x1d\x0e"
#define OID_KEY_USAGE		"\x55\x1d\x0f"
#define OID_SUBJECT_ALT_NAME	"\x55\x1d\x11"
#define OID_BASIC_CONSTRAINTS	"\x55\x1d\x13"
#define OID_NAME_CONSTRAINTS	"\x55\x1d\x1e"
#define OID_NO_REV_AVAIL	"\x55\x1d\x38"	/* RFC 9608 */
#define OID_CRL_SCOPE		"\x55\x1d\x1c"	/* issuingDistributionPoint */
#define OID_CRL_NUMBER		"\x55\x1d\x14"
#define OID_CRL_REASON		"\x55\x1d\x15"
#define OID_CRL_POINTS		"\x55\x1d\x1f"
#define OID_POLICIES		"\x55\x1d\x20"
#define OID_AUTHORITY_KEY_ID	"\x55\x1d\x23"
#define OID_EXT_KEY_USAGE	"\x55\x1d\x25"
#define OID_AUTHORITY_INFO	"\x2b\x06\x01\x05\x05\x07\x01\x01"
#define OID_CA_ISSUERS		"\x2b\x06\x01\x05\x05\x07\x30\x02"
#define OID_SERVER_AUTH		"\x2b\x06\x01\x05\x05\x07\x03\x01"
#define OID_CLIENT_AUTH		"\x2b\x06\x01\x05\x05\x07\x03\x02"
#define OID_OCSP_SIGNING	"\x2b\x06\x01\x05\x05\x07\x03\x09"
#define OID_OCSP		"\x2b\x06\x01\x05\x05\x07\x30\x01"
#define OID_HARDWARE_NAME	"\x2b\x06\x01\x05\x05\x07\x08\x04" /* RFC 4108 */
#define OID_PERMANENT_ID	"\x2b\x06\x01\x05\x05\x07\x08\x03" /* RFC 4043 */

/* Hashes (RFC 8017, RFC 5754) and OCSP (RFC 6960, 4). */
#define OID_SHA1		"\x2b\x0e\x03\x02\x1a"
#define OID_SHA256		"\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define OID_OCSP_BASIC		"\x2b\x06\x01\x05\x05\x07\x30\x01\x01"
#define OID_OCSP_NOCHECK	"\x2b\x06\x01\x05\x05\x07\x30\x01\x05"
#define OID_OCSP_NONCE		"\x2b\x06\x01\x05\x05\x07\x30\x01\x02"

/*
 * Ours.  The arc is
 * 1.2.840.113556.1.8000.2554.8649.47441.12721.17595.40147.6498292.3097903: below
 * 2554 Microsoft lets anybody have an arc of a GUID's digits in groups (ours is
 * 21c9b951-31b1-44bb-9cd3-6327f42f452f), so that no registry has to give us one.
 * The UUID arcs of ITU-T X.667 would be shorter, but one number of theirs has
 * 128 bits, and readers such as zlint and pkilint take 31 or 32 at most and
 * refuse the certificate.  Below it:
 *	.1	certificate policy: the key is held by the device's hardware
 *	.2	certificate policy: the key is in the device's software
 *	.3	hardware type (RFC 4108, 5): hwSerialNum is the device ID's bytes
 *	.4	extended key usage: the key signs attestation results
 */
#define OID_OURS \
	"\x2a\x86\x48\x86\xf7\x14\x01\xbe\x40\x93\x7a\xc3\x49\x82\xf2\x51" \
	"\xe3\x31\x81\x89\x3b\x82\xb9\x53\x83\x8c\xcf\x74\x81\xbd\x8a\x2f"
#define OID_POLICY_HARDWARE	OID_OURS "\x01"
#define OID_POLICY_SOFTWARE	OID_OURS "\x02"
#define OID_HARDWARE_TYPE	OID_OURS "\x03"
#define OID_RESULT_SIGNING	OID_OURS "\x04"

#endif
