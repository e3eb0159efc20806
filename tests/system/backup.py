#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
doc/BACKUP.md, command by command: a backup of a server that issues, a restore
of an older database beside the journal, of everything onto a bare machine, and
a start without a journal.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import state   # noqa: E402

SRCDIR = os.environ.get("srcdir", ".")
TENANT, GROUP = "tenant-a", "keys"
WAIT_S = 60


def blocks():
    """The commands of the document by the word after "sh"."""
    with open(os.path.join(SRCDIR, "doc/BACKUP.md")) as f:
        return dict(re.findall(r"```sh (\S+)\n(.*?)```", f.read(), re.S))


class Run(state.Tap):
    def __init__(self, folder):
        super().__init__()
        self.service = state.Service(
            folder, ["--journal-segment-bytes=20000"])
        self.folder = folder
        self.backup = os.path.join(folder, "backup")
        os.mkdir(self.backup)
        self.blocks = blocks()

    def do(self, name, sentence):
        env = {**os.environ, "STATE": self.service.state,
               "BACKUP": self.backup,
               "PATH": state.BUILDDIR + ":" + os.environ["PATH"]}
        out = subprocess.run(["sh", "-eu", "-c", self.blocks[name]], env=env,
                             capture_output=True, text=True)
        return self.ok(out.returncode == 0, sentence, out.stdout, out.stderr)

    def starts(self, sentence):
        self.service.start()
        return self.ok(self.service.wait_ready(), sentence)

    def issue(self, sentence):
        load = state.Load(self.service, TENANT, GROUP, self.folder)
        self.ok(load.run_until(lambda: load.count("certificate") >= 10 and
                               load.count("revoked") >= 2), sentence)
        return {s for s, in load.said()["revoked"]}

    def issuing(self):
        return next(ca for ca in self.service.all(f"/v1/tenants/{TENANT}/cas")
                    if ca["role"] == "issuing" and ca["state"] == "active")

    def on_crl(self, serials):
        began = time.monotonic()
        while time.monotonic() - began < WAIT_S:
            if serials <= self.service.revoked(TENANT):
                return True
            time.sleep(0.2)
        return False

    def revoked_here(self):
        return {c["serial"] for c in self.service.all(
            f"/v1/tenants/{TENANT}/certificates") if c.get("revoked_at")}


def run(t):
    service = t.service
    if not t.starts("daad starts"):
        return
    service.call("POST", "/v1/tenants", {"name": TENANT})
    service.call("POST", f"/v1/tenants/{TENANT}/groups", {
        "name": GROUP,
        "policy": {"rules": [{"claim": "format", "equals": "key"}]}})
    before = t.issue("certificates are issued and revoked")
    t.ok(t.on_crl(before), "the CRL shows it")

    t.do("backup", "backup: of a server that runs")
    t.do("master-key", "backup: of the master key")

    after = t.issue("more are issued and revoked after the backup")
    t.ok(t.on_crl(after), "the CRL shows that, too")
    staged = service.call("POST", f"/v1/tenants/{TENANT}/cas",
                          {"role": "issuing"})
    old = t.issuing()["id"]
    service.call("POST", f"/v1/tenants/{TENANT}/cas/{staged['id']}/activate")
    service.call("POST", f"/v1/tenants/{TENANT}/cas/{old}/revoke",
                 {"reason": "superseded"})
    root = next(ca for ca in service.all(f"/v1/tenants/{TENANT}/cas")
                if ca["role"] == "root")
    began = time.monotonic()
    while not service.crl(root["crl_url"])[1] and \
            time.monotonic() - began < WAIT_S:
        time.sleep(0.2)
    number, listed = service.crl(root["crl_url"])
    t.ok(listed, "a CA is revoked after the backup, and on its root's CRL")
    issued = {c["serial"] for c in service.all(
        f"/v1/tenants/{TENANT}/certificates")}
    service.stop()

    # An older database beside the journal.
    t.do("restore", "restore: an older database beside the journal")
    t.starts("restore: daad starts")
    t.ok({c["serial"] for c in service.all(
        f"/v1/tenants/{TENANT}/certificates")} == issued,
        f"restore: all of {len(issued)} certificates are known")
    lost = (before | after) - t.revoked_here()
    t.ok(not lost, "restore: what was revoked is revoked", str(lost))
    states = {ca["id"]: ca["state"]
              for ca in service.all(f"/v1/tenants/{TENANT}/cas")}
    t.ok(states[old] == "revoked", "restore: the CA is revoked again",
         str(states))
    t.ok(states.get(staged["id"]) == "retired",
         "restore: the CA that came after is known", str(states))
    began = time.monotonic()
    while time.monotonic() - began < WAIT_S:
        again, shown = service.crl(root["crl_url"])
        if again > number and shown == listed:
            break
        time.sleep(0.2)
    t.ok(again > number and shown == listed,
         "restore: the root's CRL lists it again, with a greater number",
         f"{number} {listed}", f"{again} {shown}")
    t.do("look", "restore: fsck finds nothing")
    fresh = service.call("POST", f"/v1/tenants/{TENANT}/cas",
                         {"role": "issuing"})
    service.call("POST", f"/v1/tenants/{TENANT}/cas/{fresh['id']}/activate")
    t.issue("restore: it issues and revokes again")
    service.stop()

    # A bare machine; the index was copied after the segments.
    shutil.copy(service.state + ".signer/journal/index",
                t.backup + "/journal/index")
    shutil.rmtree(service.state)
    shutil.rmtree(service.state + ".signer")
    t.do("restore", "new machine: everything is restored")
    t.starts("new machine: daad starts")
    t.ok(before <= t.revoked_here(), "new machine: what was revoked is")
    t.issue("new machine: it issues and revokes")
    t.do("look", "new machine: fsck finds nothing")
    service.stop()

    # No journal.
    shutil.rmtree(service.state + ".signer/journal")
    t.starts("no journal: daad starts")
    t.issue("no journal: it issues and revokes")
    service.stop()
    out = service.daactl("journal", "verify")
    t.ok(out.returncode == 1 and "journal_signed" in out.stdout,
         "no journal: what has no second witness is named")


def main():
    for name in ("daad", "daa-signer", "daactl", "tests/system/load"):
        if not os.access(state.program(name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    for name in ("sqlite3", "openssl"):
        if shutil.which(name) is None:
            print(f"1..0 # SKIP {name} is not here")
            return 0
    folder = tempfile.mkdtemp(prefix="daapki-backup-")
    t = Run(folder)
    try:
        run(t)
    finally:
        t.service.kill()
    return t.end(folder, t.service)


sys.exit(main())
