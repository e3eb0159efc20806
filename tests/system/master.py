#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
daactl keys rotate-master, with a key in a file and with a passphrase: the new
secret opens everything afterwards and the old one nothing.
"""
import os
import sqlite3
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import state   # noqa: E402


def sealed(service):
    db = sqlite3.connect(os.path.join(service.state, "daapki.db"))
    rows = dict(db.execute("SELECT hex(key_id), sealed FROM ca"))
    db.close()
    return rows


def opens(service, secret):
    """Can a signer with that secret alone use the folder's log key?"""
    option = "--master-key" if service.secret == "key" else \
        "--master-passphrase-file"
    journal = service.state + ".signer/journal"
    out = subprocess.run(
        [state.program("daa-signer"), option, secret, "--journal", journal,
         "--fd", "0"], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60)
    return "signer.ready" in out.stderr


def rotate(t, service, name, path):
    before = sealed(service)
    out = service.daactl("keys", "rotate-master")
    t.ok(out.returncode == 0, f"{name}: the master key is rotated",
         out.stdout, out.stderr)
    after = sealed(service)
    t.ok(before.keys() == after.keys() and
         not any(before[k] == after[k] for k in before),
         f"{name}: each of {len(after)} records is sealed anew")
    t.ok(opens(service, path), f"{name}: the new one opens them")
    t.ok(not opens(service, path + ".old"), f"{name}: the old one does not")
    t.ok(not os.path.exists(path + ".new"), f"{name}: nothing is left over")


def serves(t, service, name, tenant):
    service.start()
    t.ok(service.wait_ready(), f"{name}: daad starts")
    t.ok(service.try_call("POST", "/v1/tenants", {"name": tenant}),
         f"{name}: a tenant is made")
    out = service.daactl("keys", "rotate-master")
    t.ok(out.returncode == 1 and "another daad" in out.stderr,
         f"{name}: a server that runs is not touched", out.stderr)
    service.stop()
    out = service.daactl("fsck")
    t.ok(out.returncode == 0, f"{name}: fsck finds nothing", out.stdout)


def delegate(t, service, name):
    """Have a root delegate its OCSP answers, and answer for the CA under it."""
    service.start()
    service.wait_ready()
    pems = {ca["role"]: ca for ca in service.all("/v1/tenants/tenant-a/cas")}
    files = {}
    for role, ca in pems.items():
        files[role] = os.path.join(service.state, role + ".pem")
        with open(files[role], "w") as f:
            f.write(ca["certificate"])
    out = subprocess.run(
        ["openssl", "ocsp", "-issuer", files["root"], "-cert",
         files["issuing"], "-CAfile", files["root"], "-url",
         f"{service.status_url}/ocsp/{pems['root']['id']}"],
        capture_output=True, text=True)
    t.ok(": good" in out.stdout and "verify OK" in out.stderr,
         f"{name}: a delegated key signs OCSP answers", out.stdout, out.stderr)
    service.stop()


def with_key(t, folder):
    service = state.Service(folder, ["--ocsp-signer=delegated"])
    service.secret = "key"
    path = service.state + ".signer/master.key"
    serves(t, service, "key", "tenant-a")
    delegate(t, service, "key")
    rotate(t, service, "key", path)
    serves(t, service, "new key", "tenant-b")
    delegate(t, service, "new key")
    rotate(t, service, "key again", path)
    return service


def write(path, text):
    with open(path, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
        f.write(text + "\n")


def with_passphrase(t, folder):
    path = os.path.join(folder, "passphrase")
    write(path, "correct horse battery staple")
    service = state.Service(folder, [f"--master-passphrase-file={path}"])
    service.secret = "passphrase"
    t.ok(not os.path.exists(service.state + ".signer/master.key"),
         "passphrase: there is no key in a file")
    serves(t, service, "passphrase", "tenant-a")
    out = service.daactl("keys", "rotate-master")
    t.ok(out.returncode == 1 and path + ".new" in out.stderr,
         "passphrase: without a new one it is asked for", out.stderr)
    write(path + ".new", "a longer and quite different passphrase")
    rotate(t, service, "passphrase", path)
    serves(t, service, "new passphrase", "tenant-b")
    return service


def main():
    for name in ("daad", "daa-signer", "daactl"):
        if not os.access(state.program(name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    t = state.Tap()
    folder = tempfile.mkdtemp(prefix="daapki-master-")
    service = None
    try:
        for run in (with_key, with_passphrase):
            inner = os.path.join(folder, run.__name__)
            os.mkdir(inner)
            service = run(t, inner)
    finally:
        if service is not None:
            service.kill()
    return t.end(folder, service)


sys.exit(main())
