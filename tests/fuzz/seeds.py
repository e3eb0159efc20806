#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeds for the fuzz targets, out of published evidence.

usage: seeds.py VECTORS OUT

Writes OUT/f_NAME/ for each target that reads something which the cases and
known answers in VECTORS hold.  A file's name is the hash of its content.
"""
import base64
import hashlib
import json
import pathlib
import re
import sys

SEED_MAX = 256 * 1024
OID_ANDROID = bytes.fromhex("060a2b06010401d679020111")
OIDS_DICE = [bytes.fromhex("06066781050504") + bytes([n]) for n in
             (1, 4, 5, 6, 7, 8, 9)]
# The first byte of an input chooses what it is for (f_dcap.c, f_snp.c).
DCAP_QUOTE, DCAP_DOCUMENT, DCAP_COLLATERAL, DCAP_CRL, DCAP_CERTIFICATE = range(5)
SNP_REPORT, SNP_TABLE, SNP_CERTIFICATE, SNP_LEAF = range(4)
SNP_REPORT_SIZE = 1184
# Answers of the AESM service, of which nobody publishes any: to InitQuoteEx,
# GetQuoteSizeEx, GetQuoteEx, GetSupportedAttKeyIDNum and -IDs; a refusal.
AESM_ANSWERS = [
    (0, "7a110800120674617267657418ac0222026964"), (1, "8201050800108060"),
    (2, "8a01080800120471756f74"), (3, "aa010408001002"),
    (4, "b20106080012026964"), (2, "8a0102080d"), (2, "a201020801"),
]
# Files of claims and of parts; a consent and a manifest, which nobody publishes.
DEVICE = "3f2b9c7d1e5a4f60" * 4
CLAIMS = [
    f"id,group\r\n{DEVICE},lab\r\n\r\ntpm-ek:{DEVICE}\r\n{DEVICE},\n",
    f"\ufeffgroup,\"device_id\",labels\nlab,{DEVICE},\"site=berlin,line=4\"\n"
    f"lab,\"a\nb\",\nx,\"{DEVICE}\"y,\n,\"{DEVICE},\n,{DEVICE},\"a\"\"=\"\n",
    f"hardware_id,claim_secret,consent\nsgx:{DEVICE},label-1-1111,\n"
    f"sgx:{DEVICE},,daapki-consent.AQ\n",
    f'{{"device_id":"{DEVICE}","labels":{{"site":"x"}}}}\n\n'
    f'{{"hardware_id":"sgx:{DEVICE}","consent":"daapki-consent.AQ"}}\n{{\n',
    f"hardware_id,batch,claim_secret\nsgx:{DEVICE},b7,label-1-1111\n",
    f'{{"hardware_id":"sgx:{DEVICE}","model":"m","claim_secret":"12345678"}}\n',
]
# RFC 7515, A.3: a token and its key.  The other is not signed, and is complete.
JWT_KEYS = {"keys": [{
    "kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}
JWT_PRINTED = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh"
    "0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6"
    "-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q")
JWT_WHOLE = ({"alg": "ES256", "kid": "1", "typ": "JWT"}, {
    "iss": "https://i", "sub": "s", "aud": ["a"], "exp": 1, "nbf": 1,
    "iat": 1, "realm_access": {"roles": ["a"]}})
ENCLAVE_HEADERS = 48 + 384      # of an SGX quote, before its signature
HCL_HEADER, TD_QUOTE_BODY = 32, 48 + 584


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def pem_blocks(text):
    for block in re.findall(r"-----BEGIN [^-]+-----(.*?)-----END", text, re.S):
        yield base64.b64decode("".join(block.split()))


def der_length(der, at):
    """Content of the DER value at a place: (first, behind the last)."""
    n = der[at + 1]
    at += 2
    if n & 0x80:
        size = n & 0x7f
        n = int.from_bytes(der[at:at + size], "big")
        at += size
    return at, at + n


def extension(der, oid):
    """The value of an X.509 extension, or None."""
    at = der.find(oid)
    if at < 0:
        return None
    at += len(oid)
    if der[at:at + 3] == b"\x01\x01\xff":
        at += 3
    if der[at] != 4:
        return None
    first, end = der_length(der, at)
    return der[first:end]


class Seeds:
    def __init__(self, out):
        self.out = out

    def put(self, target, data, kind=None):
        if kind is not None:
            data = bytes([kind]) + data
        if not data or len(data) > SEED_MAX:
            return
        folder = self.out / f"f_{target}"
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(data).hexdigest()[:24]
        (folder / name).write_bytes(data)

    def certificate(self, der):
        self.put("pki", der)
        self.put("dcap", der, DCAP_CERTIFICATE)
        self.put("snp", der, SNP_CERTIFICATE)
        self.put("snp", der, SNP_LEAF)
        self.android(der)
        for oid in OIDS_DICE:
            value = extension(der, oid)
            if value is not None:
                self.put("dice", value)

    def android(self, der):
        value = extension(der, OID_ANDROID)
        if value is not None:
            self.put("android", value)

    def crl(self, der):
        self.put("pki", der)
        self.put("dcap", der, DCAP_CRL)

    def document(self, text):
        self.put("dcap", text, DCAP_DOCUMENT)
        self.put("dcap", text, DCAP_COLLATERAL)

    def cbor(self, data):
        self.put("cbor", data)
        self.put("token", data)

    def hcl(self, data):
        self.put("snp", data[HCL_HEADER:HCL_HEADER + SNP_REPORT_SIZE],
                 SNP_REPORT)

    def report(self, data):
        self.put("snp", data[:SNP_REPORT_SIZE], SNP_REPORT)
        self.put("snp", data[SNP_REPORT_SIZE:], SNP_TABLE)

    def webauthn(self, data):
        self.put("webauthn", data)
        self.put("cbor", data)
        at = data.find(b"hauthData")
        if at >= 0 and data[at + 9] in (0x58, 0x59):
            size = data[at + 9] - 0x57
            n = int.from_bytes(data[at + 10:at + 10 + size], "big")
            self.put("webauthn", data[at + 10 + size:at + 10 + size + n])


# What a member of evidence is, by its name and the format.
def take(seeds, form, name, data):
    chain = {"ak_chain", "anchors", "certificates", "chain", "ek_chain",
             "pck_chain", "tcb_signing_chain"}
    if name in chain:
        seeds.certificate(data)
    elif name == "ek_certificate":
        seeds.put("tpm", data)
        seeds.put("pki", data)
    elif name in ("root_crl", "pck_crl", "crls"):
        seeds.crl(data)
    elif name in ("tcb_info", "qe_identity"):
        seeds.document(data)
    elif name == "event_log":
        seeds.put("event_log", data)
    elif name == "hcl_report":
        seeds.hcl(data)
    elif name == "object":
        seeds.webauthn(data)
    elif name == "token":
        seeds.cbor(data)
    elif name == "report" and form == "snp":
        seeds.report(data)
    elif name == "td_quote" or (name == "quote" and form in ("sgx", "tdx")):
        seeds.put("dcap", data, DCAP_QUOTE)
    elif name == "evidence":        # Open Enclave's, with its headers
        for header in (0, 16, 24):
            seeds.put("dcap", data[header:], DCAP_QUOTE)
    elif name in ("ak_public", "ek_public", "public", "quote", "attest",
                  "quote_signature", "signature"):
        seeds.put("tpm", data)


def follow(folder, value, name):
    """A case with all its files in it; each content as bytes, too."""
    if isinstance(value, dict) and "$file" in value:
        data = (folder / value["$file"]).read_bytes()
        if value["encoding"] == "binary":
            return base64.urlsafe_b64encode(data).decode().rstrip("=")
        text = data.decode()
        if text.lstrip().startswith("-----BEGIN") and name != "":
            return [base64.urlsafe_b64encode(b).decode().rstrip("=")
                    for b in pem_blocks(text)]
        return text
    if isinstance(value, dict):
        return {k: follow(folder, v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [follow(folder, v, "") for v in value]
    return value


def walk(seeds, form, name, value):
    if isinstance(value, dict):
        for k, v in value.items():
            walk(seeds, form, k, v)
    elif isinstance(value, list):
        for v in value:
            walk(seeds, form, name, v)
    elif isinstance(value, str):
        if name in ("tcb_info", "qe_identity"):
            data = value.encode()
        else:
            try:
                data = unbase64(value)
            except ValueError:
                return
        take(seeds, form, name, data)


def take_case(seeds, path):
    case = follow(path.parent, json.loads(path.read_text()), "case")
    form = case["evidence"]["format"]
    text = json.dumps(case["evidence"], separators=(",", ":"))
    seeds.put("evidence", text.encode())
    seeds.put("json", text.encode())
    walk(seeds, form, "", case["evidence"])
    walk(seeds, form, "", case.get("trust", {}))


def take_answer(seeds, path):
    inputs = json.loads(path.read_text()).get("inputs", {})
    for name, value in inputs.items():
        if not isinstance(value, dict) or "$file" not in value:
            continue
        data = (path.parent / value["$file"]).read_bytes()
        if name == "log":
            seeds.put("event_log", data)
            seeds.put("dice", data)
        else:
            seeds.put("tpm", data)
            seeds.put("dice", data)


def take_jwt(seeds):
    """A token, a line's end, the keys: f_jwt.c."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
             for part in JWT_WHOLE] + [JWT_PRINTED.split(".")[2].encode()]
    for text in (JWT_PRINTED.encode(), b".".join(parts)):
        seeds.put("jwt", text + b"\n" + json.dumps(JWT_KEYS).encode())


def main():
    vectors, out = (pathlib.Path(p) for p in sys.argv[1:3])
    seeds = Seeds(out)
    for path in sorted(vectors.glob("*/cases/*.json")):
        take_case(seeds, path)
    for path in sorted(vectors.glob("*/kat/*.json")):
        take_answer(seeds, path)
    for kind, answer in AESM_ANSWERS:
        seeds.put("aesm", bytes.fromhex(answer), kind)
    for text in CLAIMS:
        seeds.put("csv", text.encode())
    body = bytes([1]) + bytes(8) + bytes.fromhex(DEVICE) + bytes(48)
    seeds.put("consent", b"daapki-consent." + base64url(body))
    for target in ("consent", "csv"):
        seeds.put(target, b".".join(map(base64url, (
            b'{"alg":"EdDSA","typ":"daapki-manifest","kid":"00"}',
            CLAIMS[-1].encode(), bytes(64)))))
    take_jwt(seeds)
    for folder in sorted(out.iterdir()):
        print(f"# {folder.name}: {len(list(folder.iterdir()))} seeds")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: seeds.py VECTORS OUT")
    main()
