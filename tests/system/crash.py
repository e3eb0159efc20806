#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 under load: what was acknowledged is there, and no hand is needed.

CRASH_ROUNDS times (50) daad, daa-signer or both are killed while tests/system/
load enrols, claims, revokes and reports.  daad is started anew by the same
command each time; a daa-signer that was killed alone is left to daad.  At the
end all that load wrote to its log is looked for.
"""
import collections
import http.client
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

SRCDIR = os.environ.get("srcdir", ".")
BUILDDIR = os.path.realpath(os.environ.get("builddir", "."))
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "50"))
SEED = int(os.environ.get("CRASH_SEED", str(time.time_ns() % 10**9)))
READY_S = 30            # for a start after a kill
PROGRESS_S = 30         # for a certificate after that
CRL_S = 1               # until a revocation is on the CRL
TENANT, GROUP = "tenant-a", "keys"


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, sentence, *why):
        self.n += 1
        print("ok" if good else "not ok", self.n, "-", sentence)
        if not good:
            self.failed += 1
            for line in why:
                print("#", line)
        sys.stdout.flush()
        return good


def program(name):
    return os.path.join(BUILDDIR, name)


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Service:
    def __init__(self, folder):
        self.state = os.path.join(folder, "state")
        self.log = open(os.path.join(folder, "daad.log"), "ab")
        device, operator, status = free_ports(3)
        self.device_url = f"https://127.0.0.1:{device}"
        self.operator_url = f"https://127.0.0.1:{operator}"
        self.status_url = f"http://127.0.0.1:{status}"
        self.settings = [
            f"--state-dir={self.state}",
            f"--device-listen=127.0.0.1:{device}",
            f"--operator-listen=127.0.0.1:{operator}",
            f"--status-listen=127.0.0.1:{status}",
            "--server-names=127.0.0.1,localhost", "--log-level=warn"]
        self.process = None
        out = subprocess.run([program("daad"), "init", *self.settings],
                             check=True, capture_output=True, text=True)
        self.token = re.search(r"daapki_[A-Za-z0-9_-]{43}",
                               out.stdout + out.stderr).group()
        self.tls = ssl.create_default_context(
            cafile=os.path.join(self.state, "trust.pem"))

    def start(self):
        self.process = subprocess.Popen(
            [program("daad"), "serve", *self.settings],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.status_url + "/readyz",
                                        timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def wait_ready(self):
        """Seconds until ready, None when it did not come up."""
        began = time.monotonic()
        while time.monotonic() - began < READY_S:
            if self.process.poll() is not None:
                return None
            if self.is_ready():
                return time.monotonic() - began
            time.sleep(0.02)
        return None

    def signer_pid(self):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/exe") != program("daa-signer"):
                    continue
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    if self.state.encode() in f.read():
                        return int(pid)
            except OSError:
                continue
        return None

    def kill(self, what):
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

    def call(self, method, path, body=None):
        url = urllib.parse.urlsplit(self.operator_url)
        c = http.client.HTTPSConnection(url.hostname, url.port,
                                        context=self.tls, timeout=30)
        headers = {"Authorization": "Bearer " + self.token}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        c.request(method, path, body, headers)
        answer = c.getresponse()
        text = answer.read()
        c.close()
        if answer.status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {answer.status} {text}")
        return json.loads(text) if text else None

    def all(self, path):
        """Every item of a list, over all its pages."""
        after = ""
        while True:
            page = self.call("GET", f"/v1/tenants/{TENANT}/{path}"
                             f"?limit=1000{after}")
            yield from page["items"]
            if "next" not in page:
                return
            after = "&after=" + page["next"]

    def crl(self):
        """The number and the serials of the issuing CA's CRL."""
        url = next(ca["crl_url"] for ca in self.all("cas")
                   if ca["role"] == "issuing")
        with urllib.request.urlopen(url, timeout=10) as answer:
            der = answer.read()
        text = subprocess.run(
            ["openssl", "crl", "-inform", "DER", "-noout", "-text"],
            input=der, check=True, capture_output=True).stdout.decode()
        number = re.search(r"CRL Number:\s*(?:0x)?([0-9A-F]+)", text)
        return int(number.group(1), 16), {
            s.lower() for s in re.findall(r"Serial Number: ([0-9A-F]+)", text)}


class Load:
    def __init__(self, service, folder):
        self.path = os.path.join(folder, "acknowledged")
        token = os.path.join(folder, "token")
        with open(token, "w", opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(service.token + "\n")
        self.err = open(os.path.join(folder, "load.err"), "w+")
        self.process = subprocess.Popen(
            [program("tests/system/load"), service.device_url,
             service.operator_url, os.path.join(service.state, "trust.pem"),
             token, TENANT, GROUP, self.path, "8"], stderr=self.err)

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
        self.process.terminate()
        self.process.wait()
        self.err.seek(0)
        return self.err.read()

    def said(self):
        out = collections.defaultdict(list)
        with open(self.path) as f:
            for line in f:
                what, *rest = line.split()
                out[what].append(rest)
        return out


def some(missing):
    return [f"{len(missing)} are missing:", *itertools.islice(missing, 5)]


def check_acknowledged(tap, service, said):
    certificates = list(service.all("certificates"))
    by_serial = {c["serial"]: c for c in certificates}
    claims = {c["device_id"] for c in service.all("claims")}
    events = collections.Counter(
        (e["device_id"], e["report_id"]) for e in service.all("error-reports"))
    devices = {d["device_id"]: d for d in service.all("devices")}

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
        _, on_crl = service.crl()
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
    out = subprocess.run([program("tests/system/peek"), "list", copy],
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
    out = subprocess.run([program("daactl"), "fsck", *service.settings],
                         capture_output=True, text=True)
    return out.returncode, out.stdout + out.stderr


def run(tap, service, folder):
    service.start()
    if not tap.ok(service.wait_ready() is not None, "daad starts"):
        return
    service.call("POST", "/v1/tenants", {"name": TENANT})
    service.call("POST", f"/v1/tenants/{TENANT}/groups", {
        "name": GROUP,
        "policy": {"rules": [{"claim": "format", "equals": "key"}]}})
    load = Load(service, folder)
    number = 0
    try:
        for i, what in zip(range(ROUNDS),
                           itertools.cycle(("daad", "daa-signer", "both"))):
            good = load.wait_progress()
            time.sleep(random.uniform(0, 0.3))
            good = good and service.kill(what)
            if what != "daa-signer":
                service.start()
            took = service.wait_ready()
            good = good and took is not None and load.wait_progress()
            if not tap.ok(good, f"kill -9 of {what}: it goes on by itself",
                          f"ready after {took} s"):
                return
            before, number = number, service.crl()[0]
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
    tap.ok(service.wait_ready() is not None, "daad starts once more")
    service.process.terminate()
    service.process.wait(60)
    check_journal(tap, service, folder)
    rc, said = fsck(service)
    tap.ok(rc == 0, "daactl fsck finds nothing", *said.splitlines()[:20])


def main():
    for name in ("daad", "daa-signer", "daactl", "tests/system/load",
                 "tests/system/peek"):
        if not os.access(program(name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    random.seed(SEED)
    print(f"# CRASH_SEED={SEED} CRASH_ROUNDS={ROUNDS}")
    tap = Tap()
    folder = tempfile.mkdtemp(prefix="daapki-crash-")
    service = Service(folder)
    try:
        run(tap, service, folder)
    finally:
        if service.process is not None and service.process.poll() is None:
            service.process.kill()
    print(f"1..{tap.n}")
    if tap.failed == 0:
        shutil.rmtree(folder)
    else:
        with open(os.path.join(folder, "daad.log"), errors="replace") as f:
            for line in f.readlines()[-30:]:
                print("#", line.rstrip())
        print("# all of it is kept in", folder)
    return 1 if tap.failed else 0


sys.exit(main())
