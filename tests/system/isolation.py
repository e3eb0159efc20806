#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many tenants with CAs of every algorithm, and nothing of one serves another.

A real daad with its daa-signer, a device with daa-agent in each tenant.  Every
operator route of the API's description is called with other tenants' tokens;
every chain, CRL and OCSP answer is held against every other tenant's (apart);
every sealed key is ordered to serve every other tenant (crossed).

ISOLATION_TENANTS is how many tenants there are of each algorithm (50).  RSA
keys above 2048 bits take the signer's one thread most of a second to some
seconds each, so of those algorithms there are ISOLATION_RSA tenants (6), as
many as the others when that is "all".
"""
import concurrent.futures
import itertools
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time

import yaml

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from service import (ALGORITHMS, BUILDDIR, GROUP, SRCDIR, Service, Tap, der_of,
                     must, program, run, write)

TENANTS = int(os.environ.get("ISOLATION_TENANTS", "50"))
FEW = os.environ.get("ISOLATION_RSA", "6")
SLOW = ("rsa3072", "rsa4096")
# What every tenant has one of, under the same name.
SHARED = {"{tenant}", "{group}", "{version}"}
# Nobody proposes anything here.
NOTHING_THERE = {"/v1/tenants/{tenant}/proposals/{id}"}
# A name that each tenant may give to what it has.
ITS_OWN = {(method, "/v1/tenants/{tenant}/reference-values/{set}")
           for method in ("PUT", "DELETE")}
OTHERS = 6      # as apart.c has it: a neighbour of each algorithm


class Tenant:
    def __init__(self, number, algorithm):
        # All of one length, so that one can be written over another.
        self.name = f"tenant-{number:03d}"
        self.algorithm = algorithm

    def make(self, service):
        self.token = service.make_tenant(self.name, self.algorithm)

    def set_up(self, service, anchor):
        call = service.call
        base = f"/v1/tenants/{self.name}"
        call("POST", base + "/anchors", {
            "name": "vendor", "scheme": "tpm-ek", "certificate": anchor})
        call("POST", base + "/collateral", {
            "kind": "revoked-serials", "name": "lost",
            "provenance": "somebody", "document": {"serials": ["0a"]}})
        device = service.make_device(self.name)
        self.gone, _ = device.enroll()
        self.leaf, chain = device.enroll()
        self.issuing, self.root = chain[0], chain[-1]
        device.agent("report", "--type", "Load", "--class", "Test",
                     "--category", "System", "--report-id", "one")
        # A key that waits for the tenant's own root to sign it.
        self.csr = call("POST", base + "/cas", {
            "role": "issuing", "root": "own", "algorithm": "p256"})["csr"]
        call("PUT", f"{base}/groups/{GROUP}/policy/draft",
             {"rules": [{"claim": "debug", "equals": False}]})
        call("PUT", f"{base}/reference-values/of-{self.name}", {})
        # Of its own name: every tenant has a profile "default".
        call("POST", base + "/profiles", {
            "name": "of-" + self.name, "profile": {}})
        self.ids = {
            "{tenant}": self.name, "{group}": GROUP, "{device}": device.id,
            "{profile}": "of-" + self.name, "{set}": "of-" + self.name, "{version}": "1",
            "{serial}": self.serial_of(self.leaf),
            "{event}": self.items(service, "error-reports")[0]["id"],
            "{transfer}": call("POST", base + "/transfers", {
                "device_id": device.id, "to": "nobody"})["id"],
            # Neither has anything to do.
            "{ban}": call("POST", base + "/bans", {
                "match": {"labels": {"site": "none"}},
                "action": "quarantine"})["id"],
            "{webhook}": call("POST", base + "/webhooks", {
                "url": "https://hooks.invalid/", "types": ["ca.tainted"]})["id"],
            "{ca}": next(ca["id"] for ca in self.items(service, "cas")
                         if ca["role"] == "issuing"
                         and ca["state"] == "active"),
        }
        self.rows = {what: self.items(service, what)[0]["id"]
                     for what in ("tokens", "anchors", "collateral",
                                  "hardware", "error-groups")}
        call("POST", f"{base}/certificates/{self.serial_of(self.gone)}/revoke",
             {"reason": "keyCompromise"})

    def items(self, service, what):
        return service.call("GET",
                            f"/v1/tenants/{self.name}/{what}")["items"]

    @staticmethod
    def serial_of(pem):
        out = must("openssl", "x509", "-noout", "-serial", input=pem,
                   text=True)
        return out.split("=")[1].strip().lower()

    def path(self, template, named=None):
        """A route with this tenant's IDs, in the name of another one."""
        for key, value in self.ids.items():
            if key != "{tenant}" or named is None:
                template = template.replace(key, str(value))
        template = template.replace("{tenant}", named or "")
        kind = template.split("/")[4] if template.count("/") > 3 else ""
        return template.replace("{id}", str(self.rows.get(kind, "1")))


def routes(anchor):
    """(method, template, body, content type) of every operator route of a
    tenant, with the body that the API's description has as its example."""
    with open(os.path.join(SRCDIR, "api-spec/openapi.yaml")) as f:
        spec = yaml.safe_load(f)
    for path, item in spec["paths"].items():
        if not path.startswith("/v1/tenants/{tenant}"):
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            if method not in item:
                continue
            content = item[method].get("requestBody", {}).get("content", {})
            kind, shape = next(iter(content.items()), (None, {}))
            body = shape.get("example", next(
                (e["value"] for e in shape.get("examples", {}).values()),
                None))
            if kind and body is None:
                body = {}
            if path.endswith("/cas/{ca}/certificate"):
                body = {"certificate": anchor * 2}  # that can be read
            yield method.upper(), path, body, kind


def each(tenants, what, *args):
    """what(tenant, ...) for all of them, some at a time; the results."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda t: what(t, *args), tenants))


# --- the API ------------------------------------------------------------------

def database(service):
    """Every row that there is, as bytes can be compared, but what tells of the
    attempts themselves: when a token was used last, and the audit, which the
    journal follows."""
    db = sqlite3.connect(os.path.join(service.state, "daapki.db"))
    out = {}
    for name, in db.execute("SELECT name FROM sqlite_master "
                            "WHERE type = 'table' AND name NOT LIKE 'audit%' "
                            "AND name <> 'sqlite_sequence' "
                            "ORDER BY name").fetchall():
        columns = [c[1] for c in db.execute(f"PRAGMA table_info({name})")
                   if (name, c[1]) != ("token", "last_used_s")]
        out[name] = sorted(map(repr, db.execute(
            f"SELECT {', '.join(columns)} FROM {name}")))
    db.close()
    out["meta"] = [row for row in out["meta"] if "journal_seen" not in row]
    return out


def settled(service):
    """The database once nothing is under way any more."""
    before = database(service)
    while True:
        time.sleep(2)
        after = database(service)
        if after == before:
            return after
        before = after


def check_routes(tap, service, tenants, anchor):
    table = list(routes(anchor))
    tap.ok(len(table) >= 46, f"the API's description has {len(table)} routes "
           "below a tenant")
    reads = [(t, path) for t in tenants for method, path, _, _ in table
             if method == "GET" and path not in NOTHING_THERE]
    bad = [(t.name, p) for t, p in reads
           if service.ask("GET", t.path(p), t.token)[0] != 200]
    tap.ok(not bad, f"each tenant reads all that is its own ({len(reads)} "
           "calls)", *bad[:5])
    before = settled(service)

    def stranger(i):
        """What the next tenant's owner gets: of its paths, and of its IDs in
        a path of the other's own."""
        t, other = tenants[i], tenants[(i + 1) % len(tenants)]
        calls = [(m, t.path(p), b, k) for m, p, b, k in table]
        calls += [(m, t.path(p, other.name), b, k) for m, p, b, k in table
                  if set(re.findall("{.*?}", p)) - SHARED
                  and (m, p) not in ITS_OWN]
        wrong = []
        for method, path, body, kind in calls:
            status, text = service.ask(method, path, other.token, body, kind)
            # A list of its own is empty, as for IDs that nobody has.
            empty = status == 200 and json.loads(text) == {"items": []}
            if status not in (403, 404) and not empty:
                wrong.append((status, method, path, text[:200]))
        return len(calls), wrong

    done = each(range(len(tenants)), stranger)
    bad = [w for _, wrong in done for w in wrong]
    tap.ok(not bad, "another tenant's owner gets 403, 404 or nothing "
           f"of each ({sum(n for n, _ in done)} calls)", *bad[:5])

    pairs = [(t, tenants[(i + k) % len(tenants)])
             for i, t in enumerate(tenants) for k in range(1, OTHERS + 1)]

    def bundle(pair):
        t, other = pair
        return service.ask("GET", f"/v1/tenants/{t.name}/bundle",
                           other.token)[0]

    codes = each(pairs, bundle)
    tap.ok(set(codes) == {404}, f"no owner of a tenant of any algorithm gets "
           f"the bundle of another ({len(codes)} pairs)", *set(codes))
    token = "daapki_" + "A" * 43
    codes = {service.ask(m, t.path(p), token, b, k)[0]
             for t in tenants[:OTHERS] for m, p, b, k in table}
    tap.ok(codes == {401}, "a token that nobody made gets 401 everywhere",
           codes)
    own = [json.loads(service.ask("GET", "/v1/tenants", t.token)[1])
           for t in tenants]
    tap.ok(all([x["name"] for x in o["items"]] == [t.name]
               for o, t in zip(own, tenants)),
           "each tenant's owner lists that tenant and no other")
    after = settled(service)
    changed = [(name, list(itertools.islice(
        set(before[name]) ^ set(after[name]), 2)))
               for name in before if before[name] != after[name]]
    tap.ok(not changed, "no row of the database is another than before",
           *changed)


# --- the status plane ---------------------------------------------------------

def collect(service, tenants, folder):
    """What anybody can fetch, for apart."""
    for t in tenants:
        for what in ("root", "issuing", "leaf", "gone"):
            write(f"{folder}/{t.name}.{what}", der_of(getattr(t, what)))
    write(f"{folder}/tenants", "".join(t.name + "\n" for t in tenants))

    def fetch(t):
        base = f"/crl/{t.ids['{ca}']}"
        gone = must("openssl", "x509", "-noout", "-ext",
                    "crlDistributionPoints", input=t.gone, text=True)
        shard = gone.split("URI:")[1].split()[0]
        for url, what in ((service.status_url + base + ".crl", "crl"),
                          (shard, "shard")):
            wait_listed(service, url, t.serial_of(t.gone))
            write(f"{folder}/{t.name}.{what}", service.get(url)[1])
        status, ca = service.status(f"/ca/{t.ids['{ca}']}.cer")
        return status == 200 and ca == der_of(t.issuing)

    return all(each(tenants, fetch))


def wait_listed(service, url, serial):
    """A revocation is on a list within a second; on a busy machine later."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        status, der = service.get(url)
        if status == 200 and bytes.fromhex(serial) in der:
            return
        time.sleep(0.1)


def check_status(tap, service, tenants, folder):
    tap.ok(collect(service, tenants, folder), "a CA's URL gives that CA's "
           "certificate")
    must(program("tests/system/apart"), "requests", folder)
    names = {t.name: t.ids["{ca}"] for t in tenants}

    def answer(file):
        with open(f"{folder}/{file}", "rb") as f:
            _, got = service.get(
                f"{service.status_url}/ocsp/{names[file.split('.')[0]]}",
                f.read(), "application/ocsp-request")
        write(f"{folder}/{file}.resp", got)

    each([f for f in os.listdir(folder) if f.count(".") == 2], answer)
    done = run(program("tests/system/apart"), "check", folder, text=True)
    tap.take(done.stdout.splitlines())
    tap.ok(done.returncode == 0, "OpenSSL found each chain in its place",
           done.stdout[-300:], done.stderr[-300:])


# --- orders -------------------------------------------------------------------

def own_root(folder):
    must("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{folder}/own.key",
         "-out", f"{folder}/own.pem", "-subj", "/O=Owner/CN=Own root",
         "-days", "30")
    with open(f"{folder}/own.pem") as f:
        pem = f.read()
    write(f"{folder}/own.root", der_of(pem))
    write(f"{folder}/own.ext", """basicConstraints = critical, CA:true, pathlen:0
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
""")
    return pem


def adopted(folder, t):
    """What the tenant's own root makes of the request."""
    pem = must("openssl", "x509", "-req", "-CA", f"{folder}/own.pem", "-CAkey",
               f"{folder}/own.key", "-extfile", f"{folder}/own.ext",
               "-set_serial", "0x5d" + os.urandom(15).hex(), "-days", "20",
               input=t.csr, text=True)
    write(f"{folder}/{t.name}.adopt", der_of(pem))


def sentence(match):
    return "- " + match[1].replace("_", " ") + ("" if match[2] else ": ")


def check_orders(tap, service, tenants, folder):
    """daad has ended; its signer's key and its sealed records are here."""
    os.mkdir(folder)
    shutil.copy(service.state + ".signer/master.key", f"{folder}/master")
    write(f"{folder}/tenants", "".join(t.name + "\n" for t in tenants))
    db = sqlite3.connect(os.path.join(service.state, "daapki.db"))
    for name, role, state, sealed in db.execute(
            "SELECT t.name, c.role, c.state, c.sealed FROM ca c "
            "JOIN tenant t ON t.id = c.tenant WHERE t.name LIKE 'tenant-%'"):
        what = "pending" if state == "requested" else role
        write(f"{folder}/{name}.{what}", sealed, 0o600)
    db.close()
    own_root(folder)
    each(tenants, lambda t: adopted(folder, t))
    done = run(program("tests/system/crossed"), text=True, cwd=BUILDDIR,
               env={**os.environ, "CROSSED_FOLDER": folder})
    # Check says file:case:test: message.
    tap.take(re.sub(r"- \S+:(\w+):\w+: (Passed)?", sentence, line)
             for line in done.stdout.splitlines())
    tap.ok(done.returncode == 0, "the signer refused each order by its reason",
           done.stdout[-300:], done.stderr[-300:])


def slow_key(tap, service):
    """As on a machine where a large RSA key takes that long."""
    pid = service.signer_pid()
    os.kill(pid, signal.SIGSTOP)
    timer = threading.Timer(12, os.kill, (pid, signal.SIGCONT))
    timer.start()
    status, text = service.ask("POST", "/v1/tenants", body={"name": "slow"})
    timer.join()
    tap.ok(status == 201, "a key that takes longer than other orders may is "
           "waited for", status, text)


def main():
    folder = tempfile.mkdtemp(dir="/tmp")
    tap = Tap()
    counts = {a: TENANTS if a not in SLOW or FEW == "all" else
              min(TENANTS, int(FEW)) for a in ALGORITHMS}
    # Neighbours are of different algorithms.
    order = [a for i in range(TENANTS) for a in ALGORITHMS if i < counts[a]]
    tenants = [Tenant(i, a) for i, a in enumerate(order)]
    service = Service(folder, ca_rollover_auto="off", anchor_warn_s="60")
    try:
        if not tap.ok(service.start(), "daad starts"):
            return tap.end()
        anchor = own_root(folder)
        began = time.monotonic()
        slow_key(tap, service)
        # The signer makes one key at a time; what waits behind a large RSA
        # key may be given up.
        for t in tenants:
            t.make(service)
        each(tenants, Tenant.set_up, service, anchor)
        took = time.monotonic() - began
        tap.ok(True, "tenants with an enrolled device each: " + ", ".join(
            f"{n} of {a}" for a, n in counts.items()))
        print(f"# in {took:.0f} s", flush=True)
        check_routes(tap, service, tenants, anchor)
        os.mkdir(folder + "/apart")
        check_status(tap, service, tenants, folder + "/apart")
        tap.ok(service.stop(), "daad ends by itself when told to")
        check_orders(tap, service, tenants, folder + "/crossed")
    finally:
        service.end()
        shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
