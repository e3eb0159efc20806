#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: what was acknowledged is there, and no hand is needed.

CRASH_ROUNDS times (50) daad, daa-signer or both are killed while tests/system/
load enrols, claims, revokes and reports.  daad is started anew by the same
command each time; a daa-signer that was killed alone is left to daad.  At the
end all that load wrote to its log is looked for.
"""
import collections
import itertools
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import state   # noqa: E402

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "50"))
SEED = int(os.environ.get("CRASH_SEED", str(time.time_ns() % 10**9)))
READY_S = 30            # for a start after a kill
PROGRESS_S = 30         # for a certificate after that
CRL_S = 1               # until a revocation is on the CRL
TENANT, GROUP = "tenant-a", "keys"


class Service(state.Service):
    CALL_S, CRL_S = 30, 10

    def kill_one(self, what):
        """False when there was nothing to kill."""
        pids = []
        if what in ("daa-signer", "both"):
            pids.append(self.signer_pid())
        if what in ("daad", "both"):
            pids.append(self.process.pid)
        if None in pids:
            return False
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        if what != "daa-signer":
            self.process.wait()
        return True

    def items(self, what):
        return self.all(f"/v1/tenants/{TENANT}/{what}")

    def issuing_crl(self):
        """The number and the serials of the issuing CA's CRL."""
        return self.crl(next(ca["crl_url"] for ca in self.items("cas")
                             if ca["role"] == "issuing"))


class Load(state.Load):
    def size(self):
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0

    def wait_progress(self):
        """Some more must be acknowledged; False when nothing is."""
        at, began = self.size(), time.monotonic()
        while time.monotonic() - began < PROGRESS_S and self.is_alive():
            if self.size() > at + 2000:
                return True
            time.sleep(0.02)
        return False

    def is_alive(self):
        return self.process.poll() is None

    def stop(self):
        """What it complained of."""
        super().stop()
        self.err.seek(0)
        return self.err.read()


def some(missing):
    return [f"{len(missing)} are missing:", *itertools.islice(missing, 5)]


def check_acknowledged(tap, service, said):
    certificates = list(service.items("certificates"))
    by_serial = {c["serial"]: c for c in certificates}
    claims = {c["device_id"] for c in service.items("claims")}
    events = collections.Counter(
        (e["device_id"], e["report_id"]) for e in service.items("error-reports"))
    devices = {d["device_id"]: d for d in service.items("devices")}

    for what in ("claim", "certificate", "report", "revoked", "banned"):
        tap.ok(len(said[what]) >= ROUNDS / 5,
               f"{len(said[what])} of \"{what}\" were acknowledged")
    lost = [d for d, in said["claim"] if d not in claims]
    tap.ok(not lost, "no acknowledged claim is lost", *some(lost))
    lost = [s for s, d in said["certificate"]
            if by_serial.get(s, {}).get("device_id") != d]
    tap.ok(not lost, "no acknowledged certificate is lost", *some(lost))
    lost = [d for d, r, n in said["report"] if events[d, r] != int(n)]
    tap.ok(not lost, "no acknowledged error report is lost or doubled",
           *some(lost))
    lost = [s for s, in said["revoked"] if "revoked_at" not in by_serial[s] or
            not by_serial[s]["revoked_at"]]
    tap.ok(not lost, "no acknowledged revocation is lost", *some(lost))
    lost = [d for d, in said["banned"] if devices[d]["state"] != "banned"]
    tap.ok(not lost, "no acknowledged ban is lost", *some(lost))

    began = time.monotonic()
    while True:
        _, on_crl = service.issuing_crl()
        lost = [s for s, in said["revoked"] if s not in on_crl]
        if not lost or time.monotonic() - began > CRL_S:
            break
        time.sleep(0.05)
    tap.ok(not lost, "every acknowledged revocation is on the CRL",
           *some(lost))
    acknowledged = [s for s, _ in said["certificate"]]
    tap.ok(len(set(acknowledged)) == len(acknowledged) and
           len(by_serial) == len(certificates), "no serial appears twice")


def serials_on_disk(service):
    """With what the server finished after its list was read."""
    db = sqlite3.connect(os.path.join(service.state, "daapki.db"))
    rows = db.execute("SELECT lower(hex(serial)) FROM certificate c "
                      "JOIN tenant t ON t.id = c.tenant WHERE t.name = ?",
                      (TENANT,)).fetchall()
    db.close()
    return [serial for serial, in rows]


def check_journal(tap, service, folder):
    copy = os.path.join(folder, "journal")
    shutil.copytree(service.state + ".signer/journal", copy)
    out = subprocess.run([state.program("tests/system/peek"), "list", copy],
                         capture_output=True, text=True)
    tap.ok(out.returncode == 0, "the journal's chain of hashes is whole",
           out.stderr)
    leaves = [line.split()[2] for line in out.stdout.splitlines()
              if line.startswith(f"leaf {TENANT} ")]
    tap.ok(len(leaves) == len(set(leaves)),
           "no serial is twice in the journal")
    known = {s.lstrip("0") for s in serials_on_disk(service)}
    journal = {s.lstrip("0") for s in leaves}
    tap.ok(journal == known,
           f"journal and database know the same {len(journal)} certificates",
           f"journal only: {sorted(journal - known)[:5]}",
           f"database only: {sorted(known - journal)[:5]}")
    return len(leaves)


def fsck(service):
    """Exit status and what it said."""
    out = subprocess.run([state.program("daactl"), "fsck", *service.settings],
                         capture_output=True, text=True)
    return out.returncode, out.stdout + out.stderr


def run(tap, service, folder):
    service.start()
    if not tap.ok(service.wait_ready(READY_S), "daad starts"):
        return
    service.call("POST", "/v1/tenants", {"name": TENANT})
    service.call("POST", f"/v1/tenants/{TENANT}/groups", {
        "name": GROUP,
        "policy": {"rules": [{"claim": "format", "equals": "key"}]}})
    load = Load(service, TENANT, GROUP, folder, threads=8)
    load.start()
    number = 0
    try:
        for i, what in zip(range(ROUNDS),
                           itertools.cycle(("daad", "daa-signer", "both"))):
            good = load.wait_progress()
            time.sleep(random.uniform(0, 0.3))
            good = good and service.kill_one(what)
            if what != "daa-signer":
                service.start()
            began = time.monotonic()
            good = service.wait_ready(READY_S) and good
            took = time.monotonic() - began
            good = good and load.wait_progress()
            if not tap.ok(good, f"kill -9 of {what}: it goes on by itself",
                          f"ready after {took} s"):
                return
            before, number = number, service.issuing_crl()[0]
            if number < before:
                tap.ok(False, f"the CRL number fell: {before}, {number}")
    finally:
        alive = load.is_alive()
        complaint = load.stop()
        tap.ok(alive, "nothing was refused that should not be", complaint)
    tap.ok(number > ROUNDS / 5, f"CRL numbers grew to {number}, never fell")
    check_acknowledged(tap, service, load.said())
    service.process.terminate()
    tap.ok(service.process.wait(60) == 0, "daad ends by itself when told to")
    # What a killed daa-signer never answered is brought in at a start.
    service.start()
    tap.ok(service.wait_ready(READY_S), "daad starts once more")
    service.process.terminate()
    service.process.wait(60)
    check_journal(tap, service, folder)
    rc, said = fsck(service)
    tap.ok(rc == 0, "daactl fsck finds nothing", *said.splitlines()[:20])


def main():
    for name in ("daad", "daa-signer", "daactl", "tests/system/load",
                 "tests/system/peek"):
        if not os.access(state.program(name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    random.seed(SEED)
    print(f"# CRASH_SEED={SEED} CRASH_ROUNDS={ROUNDS}")
    tap = state.Tap()
    folder = tempfile.mkdtemp(prefix="daapki-crash-")
    service = Service(folder)
    try:
        run(tap, service, folder)
    finally:
        if service.process is not None and service.process.poll() is None:
            service.process.kill()
    return tap.end(folder, service)


sys.exit(main())
