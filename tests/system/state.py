# SPDX-License-Identifier: Apache-2.0
"""A server of its own for tests that end it, restore it and fill its disk."""
import collections
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request

BUILDDIR = os.path.realpath(os.environ.get("builddir", "."))
READY_S = 60            # for a start
LOAD_S = 120            # for a load to get somewhere


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, sentence, *why):
        self.n += 1
        print("ok" if good else "not ok", self.n, "-", sentence)
        if not good:
            self.failed += 1
            for text in why:
                for line in str(text).splitlines()[-20:]:
                    print("#", line)
        sys.stdout.flush()
        return good

    def end(self, folder, service):
        """The plan; the folder goes when all went well."""
        print(f"1..{self.n}")
        if self.failed == 0:
            shutil.rmtree(folder)
            return 0
        with open(service.log.name, errors="replace") as f:
            for line in f.readlines()[-30:]:
                print("#", line.rstrip())
        print("# all of it is kept in", folder)
        return 1


def program(name):
    return os.path.join(BUILDDIR, name)


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def is_ready(status_url):
    try:
        with urllib.request.urlopen(status_url + "/readyz",
                                    timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def signer_pid(state):
    """Of the daa-signer whose key and journal lie beside that folder."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe") != program("daa-signer"):
                continue
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                if state.encode() + b".signer" in f.read():
                    return int(pid)
        except OSError:
            continue
    return None


class Service:
    CALL_S, CRL_S = 60, 30      # for an answer of the API, for a CRL

    def __init__(self, folder, settings=(), state=None):
        self.state = state or os.path.join(folder, "state")
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
            "--server-names=127.0.0.1,localhost", "--log-level=warn",
            *settings]
        self.process = None
        out = subprocess.run([program("daad"), "init", *self.settings],
                             check=True, capture_output=True, text=True)
        self.token = re.search(r"daapki_[A-Za-z0-9_-]{43}",
                               out.stdout + out.stderr).group()
        self.tls = ssl.create_default_context(
            cafile=os.path.join(self.state, "trust.pem"))

    def start(self, env=None, limit=None):
        """limit: called in the child first."""
        self.process = subprocess.Popen(
            [program("daad"), "serve", *self.settings],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
            env={**os.environ, **(env or {})}, preexec_fn=limit)

    def is_ready(self):
        return is_ready(self.status_url)

    def wait_ready(self, limit_s=READY_S):
        began = time.monotonic()
        while time.monotonic() - began < limit_s:
            if self.has_ended():
                return False
            if self.is_ready():
                return True
            time.sleep(0.05)
        return False

    def has_ended(self):
        return self.process.poll() is not None

    def signer_pid(self):
        return signer_pid(self.state)

    def kill(self):
        """kill -9 of all that is left of it."""
        if self.process is None:
            return
        if not self.has_ended():
            self.process.kill()
        self.process.wait()
        began = time.monotonic()
        while True:
            pid = self.signer_pid()
            if pid is None or time.monotonic() - began > READY_S:
                return
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        return self.process.wait(READY_S)

    def daactl(self, *words, env=None):
        return subprocess.run(
            [program("daactl"), *words, *self.settings],
            capture_output=True, text=True, env={**os.environ, **(env or {})})

    def call(self, method, path, body=None, more=None):
        """more: other headers."""
        url = urllib.parse.urlsplit(self.operator_url)
        c = http.client.HTTPSConnection(url.hostname, url.port,
                                        context=self.tls,
                                        timeout=self.CALL_S)
        headers = {"Authorization": "Bearer " + self.token, **(more or {})}
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

    def try_call(self, method, path, body=None, more=None):
        """None when it did not answer, or refused."""
        try:
            return self.call(method, path, body, more)
        except (OSError, RuntimeError, http.client.HTTPException):
            return None

    def all(self, path):
        """Every item of a list, over all its pages."""
        after = ""
        while True:
            page = self.call("GET", f"{path}?limit=1000{after}")
            yield from page["items"]
            if "next" not in page:
                return
            after = "&after=" + page["next"]

    def crl(self, url):
        """The number and the serials of a CRL."""
        with urllib.request.urlopen(url, timeout=self.CRL_S) as answer:
            der = answer.read()
        text = subprocess.run(
            ["openssl", "crl", "-inform", "DER", "-noout", "-text"],
            input=der, check=True, capture_output=True).stdout.decode()
        number = re.search(r"CRL Number:\s*(?:0x)?([0-9A-F]+)", text)
        return int(number.group(1), 16), {
            s.lower() for s in re.findall(r"Serial Number: ([0-9A-F]+)", text)}

    def revoked(self, tenant):
        """Every serial on a complete CRL of the tenant."""
        found = set()
        for ca in self.all(f"/v1/tenants/{tenant}/cas"):
            if ca["role"] == "issuing" and ca.get("crl_url"):
                try:
                    found |= self.crl(ca["crl_url"])[1]
                except OSError:
                    pass
        return found


class Load:
    """Devices that enrol; what was acknowledged is in a file."""

    def __init__(self, service, tenant, group, folder, threads=4):
        self.service, self.tenant, self.group = service, tenant, group
        self.threads = threads
        self.path = os.path.join(folder, "acknowledged")
        self.token = os.path.join(folder, "token")
        if os.path.exists(self.path):
            os.unlink(self.path)
        with open(self.token, "w",
                  opener=lambda p, f: os.open(p, f, 0o600)) as f:
            f.write(service.token + "\n")
        self.err = open(os.path.join(folder, "load.err"), "w+")

    def start(self):
        self.process = subprocess.Popen(
            [program("tests/system/load"), self.service.device_url,
             self.service.operator_url,
             os.path.join(self.service.state, "trust.pem"), self.token,
             self.tenant, self.group, self.path, str(self.threads)],
            stderr=self.err)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def run_until(self, done):
        """Was it done in time, by a load that was refused nothing?"""
        self.start()
        began = time.monotonic()
        good = False
        while not good and self.process.poll() is None and \
                time.monotonic() - began < LOAD_S:
            time.sleep(0.05)
            good = done()
        self.stop()
        return good

    def said(self):
        out = collections.defaultdict(list)
        if os.path.exists(self.path):
            with open(self.path) as f:
                for line in f:
                    what, *rest = line.split()
                    out[what].append(rest)
        return out

    def count(self, what):
        return len(self.said()[what])

    def last(self, what):
        return self.said()[what][-1][0]
