#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Ends daad or daa-signer, as kill -9 would, at every failpoint() of the sources:
in an issuance, a change of the journal's file, a rollover, the making of a CRL,
a change of the master key, between a commit and its reply.  After each, the service starts again with the same
command, daactl fsck finds nothing, and what was cut off can be done again.

usage: failpoints.py; it wants a build with --enable-failpoints in $builddir.
"""
import glob
import os
import re
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import state   # noqa: E402

SRCDIR = os.environ.get("srcdir", ".")
TENANT, GROUP = "tenant-a", "keys"
END_S = 60              # until an armed program has met its failpoint


def failpoints():
    """Each name in the sources."""
    found = set()
    for path in glob.glob(os.path.join(SRCDIR, "*", "*.c")):
        with open(path) as f:
            found.update(re.findall(r'failpoint\("([^"]+)"\)', f.read()))
    return found


class Run(state.Tap):
    def __init__(self, folder):
        super().__init__()
        self.service = state.Service(
            folder, ["--journal-segment-bytes=20000"])
        self.folder = folder

    # --- what is interrupted: None, or who was seen to end ---

    def issue(self):
        load = state.Load(self.service, TENANT, GROUP, self.folder)
        return load.run_until(lambda: self.ended())

    def segment(self):
        return self.issue()

    def audit(self):
        """The last word of each chain is told to the journal at the end."""
        load = state.Load(self.service, TENANT, GROUP, self.folder)
        load.run_until(lambda: load.count("certificate") >= 1)
        self.service.process.terminate()

    def crl(self):
        page = self.service.try_call(
            "GET", f"/v1/tenants/{TENANT}/certificates?revoked=false&limit=1")
        if page is None:
            return
        serial = page["items"][0]["serial"]
        self.service.try_call(
            "POST", f"/v1/tenants/{TENANT}/certificates/{serial}/revoke",
            {"reason": "superseded"})

    def rollover(self):
        """A new root and a new issuing CA under it, both made active."""
        for role in ("root", "issuing"):
            staged = self.service.try_call(
                "POST", f"/v1/tenants/{TENANT}/cas", {"role": role})
            if staged is None:
                continue
            self.service.try_call(
                "POST",
                f"/v1/tenants/{TENANT}/cas/{staged['id']}/activate")

    def reply(self):
        """A token, whose answer is lost."""
        return self.service.try_call(
            "POST", "/v1/tokens", {"name": "reply", "role": "reader"},
            {"Idempotency-Key": '"reply"'})

    def ended(self):
        return self.service.has_ended() or self.service.signer_pid() != \
            self.signer

    # --- one failpoint ---

    def interrupt(self, name):
        """Arm it, do what meets it, and say whether a program ended there."""
        seen = os.path.getsize(self.service.log.name)
        self.service.start({"DAAPKI_FAILPOINT": name})
        # What was left undone before, such as a list that is due, may meet it
        # before anything is asked for.
        if self.service.wait_ready():
            self.signer = self.service.signer_pid()
            getattr(self, name.split(".")[0])()
            began = time.monotonic()
            while not self.ended() and time.monotonic() - began < END_S:
                time.sleep(0.05)
        self.service.kill()
        with open(self.service.log.name, "rb") as f:
            f.seek(seen)
            return f"failpoint {name}\n".encode() in f.read()

    def interrupt_rotation(self, name):
        out = self.service.daactl("keys", "rotate-master",
                                  env={"DAAPKI_FAILPOINT": name})
        return f"failpoint {name}\n" in out.stderr

    def do(self, name):
        rotation = name.startswith("rotate.")
        met = self.interrupt_rotation(name) if rotation else \
            self.interrupt(name)
        self.ok(met, f"{name}: reached, and the program ends there")
        if rotation:
            # Service goes on with both keys.
            self.service.start()
            ready = self.service.wait_ready() and self.issues()
            self.ok(ready, f"{name}: certificates are issued meanwhile")
            self.service.stop()
            out = self.service.daactl("keys", "rotate-master")
            self.ok(out.returncode == 0, f"{name}: another run finishes it",
                    out.stdout + out.stderr)
        self.service.start()
        self.ok(self.service.wait_ready(), f"{name}: it starts again")
        if name == "reply.ready":
            made = self.reply()
            mine = [t for t in self.service.all("/v1/tokens")
                    if t["name"] == "reply"]
            self.ok(made is not None and [t["id"] for t in mine] ==
                    [made["id"]], f"{name}: the same call has the answer "
                    "that was lost, and made one record", made, mine)
        self.ok(self.issues() and self.revokes(),
                f"{name}: certificates are issued and revoked")
        self.ok(self.rolls_over(), f"{name}: CAs are rolled over")
        self.clean(f"{name}: fsck finds nothing beside the server")
        self.service.stop()
        self.clean(f"{name}: fsck finds nothing")

    # --- what must work afterwards ---

    def clean(self, sentence):
        out = self.service.daactl("fsck")
        self.ok(out.returncode == 0, sentence, out.stdout + out.stderr)

    def issues(self):
        load = state.Load(self.service, TENANT, GROUP, self.folder)
        return load.run_until(lambda: load.count("certificate") >= 3)

    def revokes(self):
        load = state.Load(self.service, TENANT, GROUP, self.folder)
        if not load.run_until(lambda: load.count("revoked") >= 1):
            return False
        serial = load.last("revoked")
        began = time.monotonic()
        while time.monotonic() - began < END_S:
            if serial in self.service.revoked(TENANT):
                return True
            time.sleep(0.1)
        return False

    def rolls_over(self):
        def active():
            return {ca["role"]: ca["id"] for ca in self.service.call(
                "GET", f"/v1/tenants/{TENANT}/cas?limit=1000")["items"]
                if ca["state"] == "active"}
        before = active()
        for ca in self.service.call(
                "GET", f"/v1/tenants/{TENANT}/cas?limit=1000")["items"]:
            if ca["state"] == "staged":
                self.service.call(
                    "POST",
                    f"/v1/tenants/{TENANT}/cas/{ca['id']}/activate")
        self.rollover()
        after = active()
        return set(after) == {"root", "issuing"} and \
            all(after[role] != before[role] for role in after)


def run(t):
    t.service.start()
    if not t.ok(t.service.wait_ready(), "daad starts"):
        return
    t.service.call("POST", "/v1/tenants", {"name": TENANT})
    t.service.call("POST", f"/v1/tenants/{TENANT}/groups", {
        "name": GROUP,
        "policy": {"rules": [{"claim": "format", "equals": "key"}]}})
    t.ok(t.issues(), "certificates are issued")
    t.service.stop()
    t.clean("fsck finds nothing")
    for name in sorted(failpoints()):
        if os.environ.get("FAILPOINT", name) == name:
            t.do(name)
    segments = glob.glob(t.service.state + ".signer/journal/*.jnl")
    if "FAILPOINT" in os.environ:
        return
    t.ok(len(segments) > 3, f"the journal went over {len(segments)} files")


def main():
    for name in ("daad", "daa-signer", "daactl", "tests/system/load"):
        if not os.access(state.program(name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    with open(state.program("daad"), "rb") as f:
        if b"DAAPKI_FAILPOINT" not in f.read():
            print("1..0 # SKIP not a build with --enable-failpoints")
            return 0
    folder = tempfile.mkdtemp(prefix="daapki-failpoints-")
    t = Run(folder)
    try:
        run(t)
    finally:
        t.service.kill()
    return t.end(folder, t.service)


sys.exit(main())
