#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Other people's software judges every kind of chain that we make.

OpenSSL, GnuTLS (certtool, ocsptool), NSS (vfychain) and Java's PKIX validator
must accept each, through a rollover of the issuing CA and of the root, and
refuse what is revoked, by CRL and by OCSP.  zlint and pkilint may find only
what doc/LINT.md names.  What is not here is skipped by name: ZLINT is the
program, PKILINT a python3 that has pkilint.
"""
import json
import os
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from service import (ALGORITHMS, BUILDDIR, SRCDIR, Service, Tap, der_of, must,
                     pem_blocks, program, run, write)

HERE = os.path.dirname(os.path.realpath(__file__))
# vfychain -u
NSS_USE = {"client": "0", "server": "1", "ca": "11"}
# What a judge cannot know; the reason is printed with each skip.
NSS_ED25519 = "NSS 3.87 does not know Ed25519"
GNUTLS_NAMES = "GnuTLS 3.7 does not look at limits on directory names"


class Case:
    """A leaf, what may be above it, and where its revocation is told."""

    def __init__(self, name, leaf, above, roots, **kw):
        self.name, self.leaf, self.above, self.roots = name, leaf, above, roots
        self.use = kw.get("use", "client")
        self.crls = kw.get("crls")          # complete ones of all CAs
        self.shards = kw.get("shards")      # in place of the issuing CA's
        self.ocsp = kw.get("ocsp")          # URL
        self.gone = kw.get("gone", False)
        self.bad = kw.get("bad", False)     # must be refused in any case
        self.lint = kw.get("lint", True)
        self.skips = kw.get("skips", {})    # judge: why it cannot say

    def is_ed25519(self):
        return any(b"\x06\x03\x2b\x65\x70" in der_of(c)
                   for c in [self.leaf, *self.above, *self.roots])


class Court:
    """The judges that are here; files that they read."""

    def __init__(self, folder):
        self.folder = folder
        self.n = 0
        self.databases = {}
        self.java = {}

    def file(self, *pems):
        self.n += 1
        return write(f"{self.folder}/{self.n}.pem", "".join(pems))

    def der(self, data):
        self.n += 1
        return write(f"{self.folder}/{self.n}.der", data)


def openssl(court, case, mode, crls):
    argv = ["openssl", "verify", "-x509_strict", "-no-CAfile", "-no-CApath",
            "-no-CAstore", "-trusted", court.file(*case.roots),
            "-untrusted", court.file(*case.above)]
    if case.use != "ca":
        argv += ["-purpose", "ssl" + case.use]
    if mode == "ocsp":
        done = run(*argv, court.file(case.leaf), text=True)
        ok, said = openssl_ocsp(court, case)
        return done.returncode == 0 and ok, done.stderr + said
    if crls:
        argv += ["-crl_check_all", "-CRLfile", court.file(*crls)]
    done = run(*argv, court.file(case.leaf), text=True)
    return done.returncode == 0, done.stdout + done.stderr


def ask_openssl(court, case, *more, cert=True):
    argv = ["openssl", "ocsp", "-issuer", court.file(case.above[0]),
            *more, "-url", case.ocsp, "-CAfile", court.file(*case.roots),
            "-verify_other", court.file(*case.above), "-timeout", "60"]
    if cert:
        argv += ["-cert", court.file(case.leaf)]
    done = run(*argv, text=True)
    said = done.stdout + done.stderr
    if "Response verify OK" not in said:
        return "not verified: " + said
    status = re.findall(r": (good|revoked|unknown)$", said, re.M)
    warned = " and warned" if "WARNING" in said else ""
    return (status[0] if status else said) + warned


def openssl_ocsp(court, case):
    said = ask_openssl(court, case)
    return said == "good", said


def gnutls(court, case, mode, crls):
    chain = court.file(case.leaf, *case.above)
    argv = ["certtool", "--verify", "--infile", chain,
            "--load-ca-certificate", court.file(*case.roots)]
    if crls:
        argv += ["--load-crl", court.file(*crls)]
    done = run(*argv, text=True)
    good = done.returncode == 0 and " Verified. " in done.stdout
    said = done.stdout + done.stderr
    if mode == "ocsp":
        status = ask_gnutls(court, case)
        return good and status == "good", said + status
    return good, said


def ask_gnutls(court, case, *more, leaf=None):
    issuer = court.file(case.above[0])
    done = run("ocsptool", "--ask=" + case.ocsp, "--load-issuer", issuer,
               "--load-cert", court.file(leaf or case.leaf), "--load-signer",
               issuer, *more, text=True)
    said = done.stdout + done.stderr
    status = re.search(r"Certificate Status: (\w+)", said)
    verified = "Verifying OCSP Response: Success" in said
    return status[1] if status and verified else "not verified: " + said


def nss_database(court, case, crls):
    """A database that trusts the roots and has the CRLs."""
    key = (*case.roots, *case.above, *(crls or []))
    if key not in court.databases:
        court.n += 1
        at = f"{court.folder}/{court.n}.nss"
        os.mkdir(at)
        at = "sql:" + at
        must("certutil", "-N", "-d", at, "--empty-password")
        for i, pem in enumerate(case.roots + case.above):
            trust = "CT,C,C" if i < len(case.roots) else ",,"
            must("certutil", "-A", "-d", at, "-n", f"ca-{i}", "-t", trust,
                 "-a", "-i", court.file(pem))
        for pem in crls or []:
            der = must("openssl", "crl", "-outform", "DER",
                       input=pem.encode())
            must("crlutil", "-I", "-d", at, "-t", "1", "-i", court.der(der))
        court.databases[key] = at
    return court.databases[key]


def nss(court, case, mode, crls):
    argv = ["vfychain", "-d", nss_database(court, case, crls), "-pp", "-u",
            NSS_USE[case.use]]
    if mode != "none":
        argv += ["-g", "leaf", "-h", "requireFreshInfo", "-m",
                 "ocsp" if mode == "ocsp" else "crl", "-s", "failIfNoInfo"]
    for pem in [case.leaf, *case.above]:
        argv += ["-a", court.file(pem)]
    done = run(*argv, text=True)
    said = done.stdout + done.stderr
    return done.returncode == 0 and "Chain is good!" in said, said


def java(court, case, mode, crls):
    return court.java[id(case), mode]


def hear_java(court, asks):
    """All that it is asked, at one start of it."""
    lines, keys = [], []
    for case, mode, crls in asks:
        how = {"none": "none", "ocsp": "ocsp"}.get(mode, "crl")
        lines.append("\t".join([str(len(keys)), how, court.file(*case.roots),
                                court.file(case.leaf, *case.above),
                                court.file(*crls) if crls else "-"]))
        keys.append((id(case), mode))
    questions = write(f"{court.folder}/questions", "\n".join(lines) + "\n")
    out = must("java", os.path.join(HERE, "Judge.java"), questions, text=True)
    for line in out.splitlines():
        number, answer = line.split("\t", 1)
        court.java[keys[int(number)]] = answer == "accepted", answer


# name, what it says, the programs that it needs, and how it is told of
# revocation.  GnuTLS does not look at a shard's scope, NSS cannot import it.
JUDGES = (
    ("OpenSSL", openssl, ("openssl",), ("none", "crl", "shard", "ocsp")),
    ("GnuTLS", gnutls, ("certtool", "ocsptool"), ("none", "crl", "ocsp")),
    ("NSS", nss, ("certutil", "crlutil", "vfychain"),
     ("none", "crl", "ocsp")),
    ("Java", java, ("java",), ("none", "crl", "shard", "ocsp")),
)
BY = {"none": "", "crl": " by the complete CRL", "shard": " by its CRL shard",
      "ocsp": " by OCSP"}


def modes_of(case, modes):
    for mode in modes:
        crls = {"crl": case.crls, "shard": case.shards}.get(mode)
        told = {"none": not case.gone, "ocsp": case.ocsp}.get(mode, crls)
        if told and (mode == "none" or not case.bad):
            yield mode, crls


def judge(tap, court, cases):
    for name, ask, needs, modes in JUDGES:
        missing = [p for p in needs if not shutil.which(p)]
        if ask is java and not missing:
            hear_java(court, [(c, m, crls) for c in cases
                              for m, crls in modes_of(c, modes)])
        for case in cases:
            for mode, crls in modes_of(case, modes):
                good = not (case.gone or case.bad)
                sentence = (f"{name} {'accepts' if good else 'refuses'} "
                            f"{case.name}{BY[mode]}")
                if missing:
                    tap.skip(sentence, f"{missing[0]} is missing")
                elif name in case.skips:
                    tap.skip(sentence, case.skips[name])
                elif ask is nss and case.is_ed25519():
                    tap.skip(sentence, NSS_ED25519)
                else:
                    accepted, said = ask(court, case, mode, crls)
                    tap.ok(accepted == good, sentence, said)


# --- what the signer makes ----------------------------------------------------

CLIENTS = ("default", "software-key", "rsa-key", "complete-crl", "server-auth",
           "spiffe", "hardware-name", "no-rev-avail")


def slashed(pem):
    """Its subject, as openssl req wants to be told."""
    out = must("openssl", "x509", "-noout", "-subject", "-nameopt",
               "sep_multiline,sname", input=pem, text=True)
    return "".join("/" + line.strip() for line in out.splitlines()[1:])


def below_edge(folder, alg, court, name, host):
    """What an edge CA signs by itself."""
    key, csr = court.file(), court.file()
    must("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", csr,
         "-subj", name)
    ext = court.file(f"""keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:{host}
""")
    return must("openssl", "x509", "-req", "-in", csr, "-CA",
                f"{folder}/{alg}.edge", "-CAkey", f"{folder}/{alg}.edge.key",
                "-set_serial", "0x5d00112233445566", "-days", "1", "-extfile",
                ext, text=True)


def kinds(tap, court, folder):
    """A case for each kind of certificate and algorithm of CA."""
    os.mkdir(folder)
    done = run(program("tests/system/kinds"), text=True, cwd=BUILDDIR,
               env={**os.environ, "KINDS_FOLDER": folder})
    if not tap.ok(done.returncode == 0, "the signer makes every kind",
                  done.stdout, done.stderr):
        return []
    cases = []
    for alg in ALGORITHMS:
        def got(what):
            with open(f"{folder}/{alg}.{what}") as f:
                return f.read()
        root, issuing = [got("root")], [got("issuing")]
        crls, shards = ([got("crl"), got("root-crl")],
                        [got("shard"), got("root-crl")])

        def case(kind, leaf=None, above=issuing, **kw):
            cases.append(Case(f"{alg}: {kind}", leaf or got(kind), above, root,
                              **kw))
        for kind in CLIENTS:
            told = kind != "no-rev-avail"
            case(kind, crls=crls if told else None, shards=shards if told and
                 kind != "complete-crl" else None)
        case("server-auth-only", use="server", crls=crls, shards=shards)
        case("tls-server", use="server", above=[got("server")])
        case("edge", use="ca", crls=crls)
        case("gone", crls=crls, shards=shards, gone=True)
        case("gone-edge", use="ca", crls=crls, gone=True)
        edge = got("edge")
        own = slashed(edge)
        for kind, bad, dn, host, skips in (
                ("what an edge CA signs", False, own, "m.host.example", {}),
                ("an edge CA's certificate for another tenant", True,
                 "/O=tenant-b", "m.host.example", {"GnuTLS": GNUTLS_NAMES}),
                ("an edge CA's certificate for another host", True, own,
                 "m.other.example", {})):
            case(kind, below_edge(folder, alg, court, dn + "/CN=module",
                                  host), [edge, *issuing], bad=bad,
                 skips=skips, lint=False)
    return cases


# --- what the server makes ----------------------------------------------------

def crl_pem(service, url):
    status, der = service.get(url)
    if status != 200:
        raise RuntimeError(f"{url}: {status}")
    return must("openssl", "crl", "-inform", "DER", input=der).decode()


def shard_url(pem):
    out = must("openssl", "x509", "-noout", "-ext", "crlDistributionPoints",
               input=pem, text=True)
    return out.split("URI:")[1].split()[0]


def serial_of(pem):
    return must("openssl", "x509", "-noout", "-serial", input=pem,
                text=True).split("=")[1].strip().lower()


def key_id(pem):
    out = must("openssl", "x509", "-noout", "-ext", "subjectKeyIdentifier",
               input=pem, text=True)
    return out.splitlines()[-1].strip().replace(":", "").lower()


class Server:
    """Cases of a tenant of a real server."""

    def __init__(self, service, tenant, algorithm):
        self.service, self.tenant, self.cases = service, tenant, []
        service.make_tenant(tenant, algorithm)
        self.device = service.make_device(tenant)
        self.others = []        # CRLs of CAs that are not the server's

    def post(self, path, body=None):
        return self.service.call("POST", f"/v1/tenants/{self.tenant}{path}",
                                 body or {})

    def stage(self, role, **kw):
        return self.post("/cas", {"role": role, **kw})

    def activate(self, ca):
        return self.post(f"/cas/{ca['id']}/activate")

    def enroll(self):
        """Leaf, and those above it."""
        leaf, above = self.device.enroll()
        return leaf, above

    def revoke(self, leaf):
        serial = serial_of(leaf)
        self.post(f"/certificates/{serial}/revoke",
                  {"reason": "keyCompromise"})
        url = shard_url(leaf)
        complete = f"{self.service.status_url}/crl/{url.split('/')[-2]}.crl"
        end = time.monotonic() + 60
        while any(bytes.fromhex(serial) not in self.service.get(u)[1]
                  for u in (url, complete)) and time.monotonic() < end:
            time.sleep(0.1)

    def crls(self, cas):
        """The complete CRL of each CA of this server."""
        out = []
        for pem in cas:
            status, _ = self.service.status(f"/crl/{key_id(pem)}.crl")
            if status == 200:
                out.append(crl_pem(self.service, f"{self.service.status_url}"
                                   f"/crl/{key_id(pem)}.crl"))
        return out

    def add(self, name, leaf, above, roots, gone=False, **kw):
        issuing, *rest = above
        upper = self.crls({key_id(c): c for c in [*rest, *roots]}.values())
        upper += self.others
        self.cases.append(Case(
            f"{self.tenant}: {name}", leaf, above, roots, gone=gone,
            crls=self.crls([issuing]) + upper,
            shards=[crl_pem(self.service, shard_url(leaf))] + upper,
            ocsp=f"{self.service.status_url}/ocsp/{key_id(issuing)}", **kw))


def plain(service, alg):
    """A leaf, and one that is revoked."""
    s = Server(service, alg, alg)
    gone, _ = s.enroll()
    leaf, above = s.enroll()
    s.revoke(gone)
    issuing, root = above[:1], above[-1:]
    s.add("a device", leaf, issuing, root)
    s.add("a revoked device", gone, issuing, root, gone=True)
    return s.cases


def rollover(service, name, before, after):
    """First the issuing CA, then the root gives way, to another algorithm."""
    s = Server(service, name, before)
    gone, above = s.enroll()
    first, first_above = s.enroll()
    old = above[-1:]
    ca = s.stage("issuing", algorithm=after)
    s.add("while the next issuing CA is staged", first, first_above[:1], old)
    s.activate(ca)
    s.revoke(gone)
    s.add("of the issuing CA that retires", first, first_above[:1], old)
    s.add("of the issuing CA that retires, revoked", gone, first_above[:1],
          old, gone=True)
    second_gone, _ = s.enroll()
    second, above = s.enroll()
    s.revoke(second_gone)
    s.add("of the next issuing CA", second, above[:1], old)

    root = s.stage("root", algorithm=after)
    new = [root["certificate"]]
    s.add("old root, while the next is staged", second, above[:1], old)
    over(s, "under the old CA", second, second_gone, old, new)
    s.activate(root)
    s.add("old root, which retires", second, above[:1], old)
    s.activate(s.stage("issuing", algorithm=after))
    third_gone, _ = s.enroll()
    third, above = s.enroll()
    s.revoke(third_gone)
    s.add("new root", third, above[:1], new)
    s.add("new root, revoked", third_gone, above[:1], new, gone=True)
    over(s, "under the new CA", third, third_gone, old, new)
    return s.cases


def over(s, name, leaf, gone, old, new):
    """With the chain as a device is given it: cross-certificates lead from
    either root to the leaf."""
    issuer = next(ca["id"] for ca in s.service.cas(s.tenant)
                  if ca["role"] == "issuing" and ca["state"] == "active")
    _, text = s.service.ask(
        "GET", f"/v1/tenants/{s.tenant}/cas/{issuer}/chain")
    chain = pem_blocks(text.decode())
    for which, roots, other in (("old", old, new), ("new", new, old)):
        # As it comes, without the roots themselves: trust is decided apart.
        above = [c for c in chain if der_of(c) not in
                 [der_of(r) for r in old + new]]
        s.add(f"{name}, {which} root, chain over", leaf, above, roots)
        s.add(f"{name}, {which} root, chain over, revoked", gone, above,
              roots, gone=True)


def own_root(service, court):
    """The tenant's root and an intermediate CA are its own affair."""
    at = f"{court.folder}/own"
    os.mkdir(at)
    write(f"{at}/conf", f"""[ca]
default_ca = it
[it]
database = {at}/index
crlnumber = {at}/number
default_md = sha256
default_crl_days = 5
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[between]
basicConstraints = critical, CA:true, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[issuing]
basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[req]
distinguished_name = dn
[dn]
""")
    write(f"{at}/index", "")
    write(f"{at}/number", "01\n")
    key = ["-newkey", "rsa:2048", "-nodes", "-config", f"{at}/conf"]
    must("openssl", "req", "-x509", *key, "-keyout", f"{at}/root.key", "-out",
         f"{at}/root.pem", "-subj", "/O=Owner/CN=Own root", "-days", "400",
         "-extensions", "root")
    must("openssl", "req", "-new", *key, "-keyout", f"{at}/between.key",
         "-out", f"{at}/between.csr", "-subj", "/O=Owner/CN=Own CA")

    def sign(csr, by, section):
        return must("openssl", "x509", "-req", "-CA", f"{at}/{by}.pem",
                    "-CAkey", f"{at}/{by}.key", "-days", "300", "-set_serial",
                    "0x5d" + os.urandom(15).hex(), "-extfile", f"{at}/conf",
                    "-extensions", section, input=csr, text=True)

    def read(name):
        with open(f"{at}/{name}") as f:
            return f.read()
    write(f"{at}/between.pem", sign(read("between.csr"), "root", "between"))
    s = Server(service, "own-root", "p256")
    s.others = [must("openssl", "ca", "-gencrl", "-config", f"{at}/conf",
                     "-cert", f"{at}/{who}.pem", "-keyfile",
                     f"{at}/{who}.key", text=True)
                for who in ("root", "between")]
    ca = s.stage("issuing", root="own")
    issuing = sign(ca["csr"], "between", "issuing")
    ca = s.post(f"/cas/{ca['id']}/certificate", {
        "certificate": issuing + read("between.pem") + read("root.pem")})
    s.activate(ca)
    gone, _ = s.enroll()
    leaf, above = s.enroll()
    s.revoke(gone)
    roots, above = [read("root.pem")], above[:2]
    # Most objects of these are not ours.
    s.add("an adopted CA", leaf, above, roots, lint=False)
    s.add("an adopted CA, revoked", gone, above, roots, gone=True, lint=False)
    return s.cases


# --- OCSP answers -------------------------------------------------------------

STRANGE = "0x5d000000000000000000000000000001"


def stranger_of(court, case):
    """A certificate whose issuer has the CA's name and another key: the CA
    never issued its serial."""
    key, ca = court.file(), court.file()
    must("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", ca,
         "-subj", slashed(case.above[0]), "-days", "2")
    return must("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", court.file(),
                "-CA", ca, "-CAkey", key, "-subj", "/CN=stranger",
                "-set_serial", STRANGE, "-days", "1", text=True)


def answers(tap, court, cases):
    """good, revoked and unknown, with a nonce and without."""
    tools = (("openssl ocsp", "openssl", ask_openssl, ("-nonce",),
              ("-no_nonce",)),
             ("ocsptool", "ocsptool", ask_gnutls, ("--nonce",),
              ("--no-nonce",)))
    for case in cases:
        expect = "revoked" if case.gone else "good"
        for tool, needs, ask, nonce, none in tools:
            for how, more in (("with a nonce", nonce), ("without", none)):
                sentence = f"{tool} reads {expect} {how}: {case.name}"
                if not shutil.which(needs):
                    tap.skip(sentence, f"{needs} is missing")
                    continue
                said = ask(court, case, *more)
                tap.ok(said == expect, sentence, said)
                if case.gone:
                    continue
                sentence = f"{tool} reads unknown {how}: {case.name}"
                if ask is ask_openssl:
                    said = ask(court, case, *more, "-serial",
                               STRANGE, cert=False)
                else:
                    said = ask(court, case, *more,
                               leaf=stranger_of(court, case))
                tap.ok(said == "unknown", sentence, said)


# --- linters ------------------------------------------------------------------

def ocsp_der(court, case):
    at = court.der(b"")
    run("openssl", "ocsp", "-issuer", court.file(case.above[0]), "-cert",
        court.file(case.leaf), "-url", case.ocsp, "-respout", at, "-noverify")
    return at


def lint_files(court, cases):
    """A file of each kind of object, once: certificates, CRLs, OCSP."""
    certs, crls, ocsp = {}, {}, []
    for case in cases:
        if case.lint:
            for pem in [case.leaf, *case.above, *case.roots]:
                certs.setdefault(pem)
            for pem in (case.crls or []) + (case.shards or []):
                crls.setdefault(pem)
            if case.ocsp:
                ocsp.append(ocsp_der(court, case))
    out = [court.file(pem) for pem in certs]
    for pem in crls:
        at = court.file(pem)
        os.rename(at, at + ".crl")
        out.append(at + ".crl")
    for at in ocsp:
        os.rename(at, at + ".ocsp")
        out.append(at + ".ocsp")
    return out


def zlint(files):
    """Its lints that say error or fatal, as (name, file)."""
    for file in files:
        if file.endswith(".ocsp"):      # not every version reads them
            continue
        done = run(os.environ["ZLINT"], file, text=True)
        try:
            results = json.loads(done.stdout)
        except ValueError:
            yield "unreadable", f"{file}: {done.stderr[-300:]}"
            continue
        for name, found in results.items():
            if found["result"] in ("error", "fatal"):
                yield name, file


def pkilint(files):
    out = must(os.environ["PKILINT"], f"{HERE}/lint_all.py", *files,
               text=True)
    for line in out.splitlines():
        file, name = line.rsplit(" ", 1)
        yield name, file


def what_is(file):
    kind = "x509" if file.endswith(".pem") else "crl"
    names = ["-subject"] if kind == "x509" else []
    done = run("openssl", kind, "-in", file, "-noout", "-issuer", *names,
               text=True)
    return " ".join(done.stdout.splitlines()) or "an OCSP answer"


def named(tool):
    """What doc/LINT.md explains: `name` where a row of its table begins."""
    with open(os.path.join(SRCDIR, "doc/LINT.md")) as f:
        text = f.read().split(f"## {tool}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)`", text, re.M))


def linters(tap, court, cases):
    files = lint_files(court, cases)
    for tool, ask, variable in (("zlint", zlint, "ZLINT"),
                                ("pkilint", pkilint, "PKILINT")):
        finds_no_more = f"{tool} finds only what doc/LINT.md names"
        finds_all = f"{tool} still finds what doc/LINT.md names"
        if not os.access(os.environ.get(variable, ""), os.X_OK):
            tap.skip(finds_no_more, f"{tool} is not here")
            tap.skip(finds_all, f"{tool} is not here")
            continue
        found = {}
        for name, file in ask(files):
            found.setdefault(name, file)
        known = named(tool)
        tap.ok(files and set(found) <= known,
               f"{finds_no_more}, in {len(files)} objects",
               *(f"{n}: {what_is(f)}" for n, f in found.items()
                 if n not in known))
        tap.ok(known <= set(found), finds_all, *(known - set(found)))


def main():
    folder = tempfile.mkdtemp(dir="/tmp")
    os.mkdir(folder + "/court")
    tap, court = Tap(), Court(folder + "/court")
    service = Service(folder, ocsp="on", ca_rollover_auto="off")
    try:
        if not tap.ok(service.start(), "daad starts"):
            return tap.end()
        cases = [c for alg in ALGORITHMS for c in plain(service, alg)]
        answered = list(cases)
        cases += rollover(service, "roll-p384", "p256", "p384")
        cases += rollover(service, "roll-p256", "rsa2048", "p256")
        cases += own_root(service, court)
        cases += kinds(tap, court, folder + "/kinds")
        judge(tap, court, cases)
        answers(tap, court, answered)
        linters(tap, court, cases)
        tap.ok(service.stop(), "daad ends by itself when told to")
    finally:
        service.end()
        shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
