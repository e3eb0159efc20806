#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Second opinions: what other verifiers make of the evidence we judge.

Each published case (DAAPKI_VECTORS) and each that make_cases makes under roots
of its own goes to `daactl evidence verify` and to every judge that reads its
format; the verdicts must be the same.  doc/OPINIONS.md names the cases where
they are not, with the reason, and only those.  OPINIONS is the folder where
the judges were built; one that is not there is skipped by name.
"""
import base64
import glob
import hashlib
import json
import os
import re
import shutil
import struct
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))
from service import BUILDDIR, SRCDIR, Tap, must, run, write  # noqa: E402

TOOLS = os.environ.get("OPINIONS", "")
VECTORS = os.environ.get("DAAPKI_VECTORS", "")
CHAINS = ("anchors", "pck_chain", "certificates", "tcb_signing_chain",
          "ak_chain", "crls")
PEM = re.compile(rb"-----BEGIN [^-]+-----(.*?)-----END [^-]+-----", re.S)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# --- reading cases ------------------------------------------------------------

def resolved(value, folder, name=None):
    """A case's value with the files that it names in their place."""
    if isinstance(value, list):
        return [resolved(v, folder, name) for v in value]
    if not isinstance(value, dict):
        return value
    if "$file" not in value:
        return {k: resolved(v, folder, k) for k, v in value.items()}
    with open(os.path.join(folder, value["$file"]), "rb") as f:
        data = f.read()
    if value["encoding"] == "binary":
        return b64(data)
    if name in CHAINS:
        return [b64(base64.b64decode(m)) for m in PEM.findall(data)]
    return data.decode()


def seconds(text):
    return int(time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
               - time.timezone)


def read_case(path):
    with open(path) as f:
        case = json.load(f)
    case["path"] = path
    folder = os.path.dirname(path)
    case["evidence"] = resolved(case["evidence"], folder)
    case["trust"] = resolved(case.get("trust", {}), folder)
    return case


def question(case):
    """What a judge needs to know, flat."""
    evidence, trust = case["evidence"], case["trust"]
    given = evidence.get("collateral")
    q = {"case": case["case"], "at": seconds(case["at"]),
         "expected": case.get("nonce"), "allow": trust.get("allow", []),
         "anchors": trust.get("anchors", []), "crls": trust.get("crls", []),
         "keys": {k["id"]: k["spki"] for k in trust.get("keys", [])},
         "collateral": [given] if given else trust.get("collateral", [])}
    for name, value in evidence.items():
        if name != "collateral":
            q[name] = value
    return q


# --- judges -------------------------------------------------------------------

class Judge:
    """Evidence of `formats` is asked about; outside() says of what it is not,
    and why."""
    name, formats, program = None, (), None

    def missing(self):
        path = os.path.join(TOOLS, self.program)
        return None if TOOLS and os.access(path, os.R_OK) else \
            f"{self.name} is not here"

    def outside(self, q):
        return None

    def argv(self):
        return [os.path.join(TOOLS, self.program)]

    def ask(self, folder, questions):
        """Its answers by case."""
        path = write(f"{folder}/{self.name}.json", json.dumps(questions))
        out = must(*self.argv(), path, text=True)
        return {a["case"]: a for a in map(json.loads, out.splitlines())}


def first_word(q):
    return struct.unpack("<H", unb64(q["quote"])[:2].ljust(2, b"\0"))[0]


class DcapQvl(Judge):
    name, formats = "dcap-qvl", ("sgx", "tdx")
    program = "node/node_modules/@phala/dcap-qvl/package.json"

    def missing(self):
        if not shutil.which("node"):
            return "node is not here"
        return super().missing()

    def outside(self, q):
        if q["allow"]:
            return "it wants all collateral, with its CRLs"
        if any(json.loads(c["tcb_info"])["tcbInfo"]["version"] < 3
               for c in q["collateral"]):
            return "it reads TCB info of version 3"
        return None

    def argv(self):
        os.environ["NODE_PATH"] = os.path.join(TOOLS, "node/node_modules")
        return ["node", os.path.join(HERE, "dcap.js")]


class GoTdxGuest(Judge):
    name, formats, program = "go-tdx-guest", ("tdx",), "bin/tdx"

    def outside(self, q):
        if first_word(q) == 5:
            return "it reads quotes of version 4"
        return None


# 1.3.6.1.4.1.3704.1.3.9
FMC_SPL = bytes.fromhex("060a2b060104019c78010309")


class GoSevGuest(Judge):
    name, formats, program = "go-sev-guest", ("snp",), "bin/snp"

    def outside(self, q):
        if any(FMC_SPL in unb64(c) for c in q.get("certificates", [])):
            return "it does not know Turin's FMC"
        return None


class TpmJudge(Judge):
    """Judges of quotes are given the key to believe."""
    formats = ("tpm2",)

    def outside(self, q):
        if not self.key(q):
            return "there is no key to give it"
        if len(q["pcrs"]) != 1:
            return "it is asked about one bank"
        return None

    @staticmethod
    def key(q):
        """DER of the key that is registered, or certified."""
        public = unb64(q["ak_public"])
        name = public[2:4].hex() + hashlib.sha256(public).hexdigest()
        if name in q["keys"]:
            return unb64(q["keys"][name])
        if not q.get("ak_chain"):
            return None
        pem = must("openssl", "x509", "-inform", "DER", "-pubkey", "-noout",
                   input=unb64(q["ak_chain"][0]))
        return must("openssl", "pkey", "-pubin", "-outform", "DER", input=pem)


class GoTpmTools(TpmJudge):
    name, program = "go-tpm-tools", "bin/tpm"

    def ask(self, folder, questions):
        return super().ask(folder, [dict(q, key=b64(self.key(q)))
                                    for q in questions])


HASHES = {"sha1": 4, "sha256": 11, "sha384": 12, "sha512": 13}


def pcr_file(bank, values):
    """As tpm2_quote writes it: TPML_PCR_SELECTION and TPML_DIGESTs, as they
    are in memory, numbers little-endian."""
    order = sorted(map(int, values))
    chosen = sum(1 << i for i in order).to_bytes(4, "little")
    out = struct.pack("<IHB4sx120x", 1, HASHES[bank], 3, chosen)
    lists = [order[i:i + 8] for i in range(0, len(order), 8)]
    out += struct.pack("<I", len(lists))
    for some in lists:
        digests = [bytes.fromhex(values[str(i)]) for i in some]
        out += struct.pack("<I", len(digests)) + b"".join(
            struct.pack("<H64s", len(d), d) for d in digests)
        out += bytes(66 * (8 - len(some)))
    return out


class CheckQuote(TpmJudge):
    name = "tpm2_checkquote"

    def missing(self):
        return None if shutil.which(self.name) else f"{self.name} is not here"

    def ask(self, folder, questions):
        folder = f"{folder}/{self.name}"
        os.mkdir(folder)
        return {q["case"]: self.one(folder, q) for q in questions}

    def one(self, folder, q):
        signature = unb64(q["quote_signature"])
        (bank, values), = q["pcrs"].items()
        # The hash that a TPMT_SIGNATURE names.
        hashes = {n: name for name, n in HASHES.items()}
        named = hashes.get(int.from_bytes(signature[2:4], "big"), "sha256")
        pem = must("openssl", "pkey", "-pubin", "-inform", "DER",
                   input=self.key(q))
        done = run(
            self.name, "-u", write(f"{folder}/key.pem", pem),
            "-m", write(f"{folder}/quote", unb64(q["quote"])),
            "-s", write(f"{folder}/signature", signature), "-g", named,
            "-f", write(f"{folder}/pcrs", pcr_file(bank, values)),
            "-q", q["expected"] or "", text=True)
        return {"verdict": "refused" if done.returncode else "accepted",
                "detail": done.stderr[-300:]}


class GoCose(Judge):
    name, formats, program = "go-cose", ("psa",), "bin/psa"


JUDGES = [DcapQvl(), GoTdxGuest(), GoSevGuest(), GoTpmTools(), CheckQuote(),
          GoCose()]


# --- what is known ------------------------------------------------------------

def explained(judge):
    """{case: what it says} of doc/OPINIONS.md, below the judge's name."""
    with open(os.path.join(SRCDIR, "doc/OPINIONS.md")) as f:
        text = f.read()
    section = re.search(rf"^## {re.escape(judge)}\n(.*?)(?=^## |\Z)", text,
                        re.S | re.M)
    known = {}
    for line in section[1].splitlines() if section else []:
        row = [cell.strip() for cell in line.split("|")]
        if len(row) == 5 and re.match("accepted|refused|panicked", row[2]):
            for name in re.findall(r"`([^`]+)`", row[1]):
                known[name] = row[2]
    return known


def ours(cases):
    """What daactl says, by case."""
    verdicts = {}
    for case in cases:
        done = run(os.path.join(BUILDDIR, "daactl"), "evidence", "verify",
                   case["path"], text=True)
        said = json.loads(done.stdout)
        verdicts[said["case"]] = said
    return verdicts


def verdict_of(answer, told):
    """With the status, where both tell it."""
    if "status" in answer and "status" in told:
        return f"{answer['verdict']}, {answer['status']}"
    return answer["verdict"]


def expected(tap, paths):
    tap.take(run(os.path.join(BUILDDIR, "daactl"), "evidence", "verify",
                 "--expect", *sorted(paths), text=True).stdout.splitlines())


def hear(tap, folder, judge, cases, verdicts):
    why = judge.missing()
    mine = [c for c in cases if c["evidence"]["format"] in judge.formats]
    if why:
        tap.skip(f"{judge.name} agrees on {', '.join(judge.formats)}", why)
        return
    asked = []
    for q in map(question, mine):
        outside = judge.outside(q)
        if outside:
            tap.skip(f"{judge.name} agrees on {q['case']}", outside)
        else:
            asked.append(q)
    answers = judge.ask(folder, asked)
    known = explained(judge.name)
    counts = {"agrees": 0, "differs": 0}
    for q in asked:
        name, answer = q["case"], answers[q["case"]]
        said = verdicts[name]
        other, we = verdict_of(answer, said), verdict_of(said, answer)
        same = other == we
        counts["agrees" if same else "differs"] += 1
        says = f"{judge.name} agrees on {name}" if name not in known else \
            f"{judge.name} says {known[name]} of {name}, as doc/OPINIONS.md"
        tap.ok(other == known.get(name, we) and same == (name not in known),
               says, f"{other}, and not {we}: "
               f"{answer.get('detail')} / {said.get('detail')}")
    print(f"# {judge.name}: {len(mine)} cases, {counts['agrees']} the same, "
          f"{counts['differs']} explained or failed, "
          f"{len(mine) - len(asked)} not asked")


def main():
    tap, folder = Tap(), tempfile.mkdtemp(dir="/tmp")
    try:
        paths = sorted(glob.glob(f"{VECTORS}/*/cases/*.json")) if VECTORS \
            else []
        if not paths:
            tap.skip("the judges agree on published evidence",
                     "there is none (DAAPKI_VECTORS)")
        os.mkdir(f"{folder}/ours")
        must(os.path.join(BUILDDIR, "tests/opinions/make_cases"),
             f"{folder}/ours")
        paths += sorted(glob.glob(f"{folder}/ours/*.json"))
        read = {f for judge in JUDGES for f in judge.formats}
        cases = [c for c in map(read_case, paths)
                 if c["evidence"]["format"] in read]
        verdicts = ours(cases)
        expected(tap, glob.glob(f"{folder}/ours/*.json"))
        for judge in JUDGES:
            hear(tap, folder, judge, cases, verdicts)
        tap.skip("evcli and psatoken agree on psa",
                 "no version of them can be had as a Go module")
    finally:
        shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
