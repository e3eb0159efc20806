#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
A full disk, once under the database and once under the journal: what would
write is refused, what only reads is answered, nothing that was acknowledged is
lost, and it goes on by itself when there is space.

It mounts small file systems in a namespace of its own, which wants root.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import state   # noqa: E402

TENANT, GROUP = "tenant-a", "keys"
SIZE = "48m"
QUIET_S = 3             # without a new acknowledgement: all is refused
WAIT_S = 120


def mount(path):
    os.mkdir(path)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700",
                    "tmpfs", path], check=True)


def fill(path):
    """To the last byte; the filler's path."""
    filler = os.path.join(path, "filler")
    with open(filler, "wb", buffering=0) as f:
        for block in (65536, 4096, 1):
            try:
                while f.write(b"x" * block) == block:
                    pass
            except OSError:
                pass
    return filler


# What is written there: claims and reports need no signer.
WRITES = {
    "database": ("certificate", "claim", "report", "revoked", "banned"),
    "journal": ("certificate",),
}


def wait_quiet(load, what):
    """Until nothing has been acknowledged for a while."""
    def progress():
        said = load.said()
        return sum(len(said[kind]) for kind in WRITES[what])
    began = last = time.monotonic()
    n = progress()
    while time.monotonic() - began < WAIT_S:
        time.sleep(0.1)
        if progress() != n:
            n, last = progress(), time.monotonic()
        if time.monotonic() - last > QUIET_S:
            return True
    return False


def wait_progress(load):
    began, n = time.monotonic(), load.count("certificate")
    while time.monotonic() - began < WAIT_S:
        if load.count("certificate") > n + 5:
            return True
        time.sleep(0.1)
    return False


def check_kept(t, service, what, said):
    known = {c["serial"]: c for c in service.all(
        f"/v1/tenants/{TENANT}/certificates")}
    lost = [s for s, _ in said["certificate"] if s not in known]
    t.ok(not lost, f"{what}: none of {len(said['certificate'])} acknowledged "
         "certificates is lost", str(lost[:5]))
    lost = [s for s, in said["revoked"] if not known[s].get("revoked_at")]
    t.ok(not lost, f"{what}: no acknowledged revocation is lost",
         str(lost[:5]))


def run(t, folder, what):
    disk = os.path.join(folder, "disk")
    mount(disk)
    setting = f"--db-path={disk}/daapki.db" if what == "database" else \
        f"--journal-dir={disk}/journal"
    service = state.Service(folder, [setting])
    t.service = service
    service.start()
    if not t.ok(service.wait_ready(), f"{what}: daad starts"):
        return
    service.call("POST", "/v1/tenants", {"name": TENANT})
    service.call("POST", f"/v1/tenants/{TENANT}/groups", {
        "name": GROUP,
        "policy": {"rules": [{"claim": "format", "equals": "key"}]}})
    load = state.Load(service, TENANT, GROUP, folder)
    load.start()
    t.ok(wait_progress(load), f"{what}: certificates are issued")

    filler = fill(disk)
    t.ok(wait_quiet(load, what),
         f"{what}: full: nothing is acknowledged any more")
    try:
        service.call("POST", "/v1/tenants", {"name": "tenant-full"})
        refused = "taken"
    except RuntimeError as e:
        refused = str(e)
    code = "server.storage" if what == "database" else "signer.unavailable"
    t.ok(" 503 " in refused and code in refused,
         f"{what}: full: who would write is refused with 503 {code}", refused)
    t.ok(service.try_call("GET", "/v1/tenants") is not None,
         f"{what}: full: who only reads is answered")
    t.ok(not service.has_ended(), f"{what}: full: daad runs on")
    service.kill()
    service.start()
    time.sleep(1)
    os.unlink(filler)
    if service.has_ended():     # it could not start without space
        service.start()
    t.ok(service.wait_ready(), f"{what}: space again: after a kill meanwhile, "
         "daad starts")
    t.ok(wait_progress(load), f"{what}: space again: certificates are issued")

    filler = fill(disk)
    wait_quiet(load, what)
    os.unlink(filler)
    t.ok(wait_progress(load), f"{what}: full once more and space again: it "
         "goes on by itself")
    load.stop()
    check_kept(t, service, what, load.said())
    t.ok(service.stop() == 0, f"{what}: daad ends when told to")
    service.start()
    service.wait_ready()
    service.stop()
    out = service.daactl("fsck")
    t.ok(out.returncode == 0, f"{what}: fsck finds nothing", out.stdout,
         out.stderr)
    subprocess.run(["umount", disk], check=True)


def main():
    for name in ("daad", "daa-signer", "daactl", "tests/system/load"):
        if not os.access(state.program(name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    folder = tempfile.mkdtemp(prefix="daapki-diskfull-")
    t = state.Tap()
    try:
        for what in ("database", "journal"):
            inner = os.path.join(folder, what)
            os.mkdir(inner)
            run(t, inner, what)
    finally:
        t.service.kill()
    return t.end(folder, t.service)


if "DISKFULL_INSIDE" not in os.environ:
    if shutil.which("unshare") is None or subprocess.run(
            ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"],
            capture_output=True).returncode != 0:
        print("1..0 # SKIP nothing can be mounted here")
        sys.exit(0)
    os.environ["DISKFULL_INSIDE"] = "yes"
    os.execvp("unshare", ["unshare", "-m", "--propagation", "private",
                          sys.executable, __file__])
sys.exit(main())
