# SPDX-License-Identifier: Apache-2.0
"""A server of its own for the long tests, its operators and its devices.

srcdir and builddir are taken from the environment, as `make check` sets them.
"""
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import state
from state import BUILDDIR, program  # noqa: F401 (and for who includes this)

SRCDIR = os.path.realpath(os.environ.get("srcdir", "."))
READY_S = 120
ALGORITHMS = ("p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096")
GROUP = "keys"


class Tap(state.Tap):
    def skip(self, sentence, why):
        self.n += 1
        print("ok", self.n, "-", sentence, "# SKIP", why)

    def take(self, lines):
        """What another program said, as tests of this one."""
        for line in lines:
            m = re.match(r"(not )?ok \d+ - (.*)", line)
            if m:
                self.ok(not m[1], m[2])
            elif line.startswith("#"):
                print(line.rstrip())

    def end(self):
        print(f"1..{self.n}")
        return 1 if self.failed else 0


def run(*argv, **kw):
    """The finished process, with what it wrote."""
    return subprocess.run(argv, capture_output=True, **kw)


def must(*argv, **kw):
    done = run(*argv, **kw)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[:3]}: {done.returncode} "
                           f"{done.stdout[-500:]} {done.stderr[-500:]}")
    return done.stdout


def write(path, data, mode=0o666):
    flags = "w" if isinstance(data, str) else "wb"
    with open(path, flags,
              opener=lambda p, f: os.open(p, f, mode)) as f:
        f.write(data)
    return path


def pem_blocks(text):
    return re.findall(r"-----BEGIN [^-]+-----.*?-----END [^-]+-----\n", text,
                      re.S)


def der_of(pem):
    return ssl.PEM_cert_to_DER_cert(pem)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Service:
    """The status plane has a port that is known before the start, because its
    URL stands in certificates."""

    def __init__(self, folder, **settings):
        self.folder = folder
        self.state = os.path.join(folder, "state")
        self.status_url = f"http://127.0.0.1:{free_port()}"
        settings = {"state_dir": self.state, "device_listen": "127.0.0.1:0",
                    "operator_listen": "127.0.0.1:0",
                    "status_listen": self.status_url[7:],
                    "status_url": self.status_url,
                    "server_names": "127.0.0.1,localhost",
                    "log_level": "warn", **settings}
        self.settings = [f"--{k.replace('_', '-')}={v}"
                         for k, v in settings.items()]
        out = must(program("daad"), "init", *self.settings[:6], text=True)
        self.token = re.search(r"daapki_[A-Za-z0-9_-]{43}", out).group()
        self.trust = os.path.join(self.state, "trust.pem")
        self.tls = ssl.create_default_context(cafile=self.trust)
        self.kept = threading.local()
        self.process = None

    def start(self):
        log = open(os.path.join(self.folder, "daad.log"), "ab")
        self.process = subprocess.Popen(
            [program("daad"), "serve", *self.settings], stdout=log,
            stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + READY_S
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.05)
        with open(os.path.join(self.state, "listening")) as f:
            urls = dict(line.split() for line in f)
        self.operator_url, self.device_url = urls["operator"], urls["device"]
        return True

    def is_ready(self):
        if not os.path.exists(os.path.join(self.state, "listening")):
            return False
        return state.is_ready(self.status_url)

    def signer_pid(self):
        return state.signer_pid(self.state)

    def stop(self):
        self.process.terminate()
        return self.process.wait(120) == 0

    def end(self):
        """Whatever happened before."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    # --- operators --------------------------------------------------------

    def ask(self, method, path, token=None, body=None, kind=None):
        """Status and body of the answer, over a connection that is kept."""
        headers = {"Authorization": "Bearer " + (token or self.token)}
        if body is not None:
            headers["Content-Type"] = kind or "application/json"
            if not isinstance(body, str):
                body = json.dumps(body)
        for attempt in (0, 1):
            c = getattr(self.kept, "connection", None)
            if c is None:
                url = urllib.parse.urlsplit(self.operator_url)
                c = self.kept.connection = http.client.HTTPSConnection(
                    url.hostname, url.port, context=self.tls, timeout=120)
            try:
                c.request(method, path, body, headers)
                answer = c.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError):
                # A connection that was idle for too long is closed.
                c.close()
                self.kept.connection = None
                if attempt:
                    raise
        return None

    def call(self, method, path, body=None, token=None):
        status, text = self.ask(method, path, token, body)
        if status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {status} {text}")
        return json.loads(text) if text else None

    def status(self, path):
        """Status and body of something on the status plane."""
        return self.get(self.status_url + path)

    def get(self, url, body=None, kind=None):
        request = urllib.request.Request(url, data=body)
        if kind:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as e:
            return e.code, e.read()

    # --- tenants and devices ----------------------------------------------

    def make_tenant(self, name, algorithm="p256"):
        """A tenant whose group takes keys in software; its owner's token."""
        self.call("POST", "/v1/tenants",
                  {"name": name, "algorithm": algorithm})
        self.call("POST", f"/v1/tenants/{name}/groups", {
            "name": GROUP,
            "policy": {"rules": [{"claim": "format", "equals": "key"}]}})
        return self.call("POST", f"/v1/tenants/{name}/tokens",
                         {"name": "owner", "role": "owner"})["token"]

    def make_device(self, tenant, name="device"):
        """A device with a key of its own, claimed; not yet enrolled."""
        device = Device(self, tenant, name)
        self.call("POST", f"/v1/tenants/{tenant}/hardware",
                  {"hardware_id": device.hardware})
        self.call("POST", f"/v1/tenants/{tenant}/claims",
                  {"hardware_id": device.hardware, "group": GROUP})
        return device

    def cas(self, tenant):
        return self.call("GET", f"/v1/tenants/{tenant}/cas")["items"]


class Device:
    """daa-agent with a raw key as its hardware."""

    def __init__(self, service, tenant, name):
        self.folder = os.path.join(service.folder, "devices",
                                   f"{tenant}-{name}")
        os.makedirs(self.folder)
        self.argv = ["--server", service.device_url, "--ca", service.trust,
                     "--state-dir", os.path.join(self.folder, "state"),
                     "--identity", "key", "--timeout", "120s",
                     "--log-level", "warn"]
        for what in ("certificate", "chain", "key-file"):
            self.argv += ["--" + what, self.path(what)]
        known = json.loads(self.agent("id", "--json"))
        self.hardware, self.id = known["hardware_id"], known["device_id"]

    def path(self, what):
        return os.path.join(self.folder, what)

    def agent(self, *words):
        return must(program("daa-agent"), *words, *self.argv, text=True)

    def enroll(self):
        """The certificate and those above it, PEM."""
        self.agent("enroll")
        with open(self.path("certificate")) as f:
            leaf = pem_blocks(f.read())[0]
        with open(self.path("chain")) as f:
            return leaf, pem_blocks(f.read())
