#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Calls that make something, asked for again after the answer was lost.

What tests/contract.t asks is asked here too.  Each POST that takes an
Idempotency-Key is sent with one; when what it made is in the database, daad is
killed (the first time that a route that makes something is met) or the
connection is dropped with the answer unread.  Then the same call is made again: it has the answer that was
lost, and no table of the database has one row more.

usage: again.py; srcdir and builddir say where sources and programs are.
"""
import http.client
import importlib.machinery
import importlib.util
import json
import os
import re
import select
import shutil
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import quote, urlsplit

sys.dont_write_bytecode = True
SRCDIR = os.path.realpath(os.environ.get("srcdir", "."))
BUILDDIR = os.path.realpath(os.environ.get("builddir", "."))
os.environ["abs_srcdir"], os.environ["abs_builddir"] = SRCDIR, BUILDDIR
sys.path.insert(0, os.path.join(SRCDIR, "tests", "system"))
import state   # noqa: E402

loader = importlib.machinery.SourceFileLoader(
    "contract", os.path.join(SRCDIR, "tests", "contract.t"))
spec = importlib.util.spec_from_loader("contract", loader)
contract = importlib.util.module_from_spec(spec)
loader.exec_module(contract)
import asked   # noqa: E402 (of tests/, where contract.t has found it)

WAIT_S = 60
AT_ONCE = 8     # callers with the same key
# Rows that are no record of what was asked for: the receipt itself; and that it
# was asked for again is in the audit.
NOT_RECORDS = {"receipt", "audit", "sqlite_sequence"}


def takes_key(template, method):
    op = asked.DOCUMENT.doc["paths"][template][method]
    return any(p.get("$ref", "").endswith("/idempotencyKey")
               for p in op.get("parameters", []))


def makes(template):
    """Is it a call that must be asked about here?"""
    responses = asked.DOCUMENT.doc["paths"][template]["post"]["responses"]
    return "201" in responses or "202" in responses


class Server(asked.Server):
    """Listens at the same addresses after each start."""

    def __init__(self, work):
        self.work = work
        self.state = os.path.join(work, "state")
        ports = state.free_ports(3)
        self.flags = ["--state-dir", self.state, "--server-names",
                      "localhost,127.0.0.1"] + [
            f"--{plane}-listen=127.0.0.1:{port}" for plane, port in
            zip(("device", "operator", "status"), ports)]
        made = subprocess.run(
            [os.path.join(BUILDDIR, "daad"), "init"] + self.flags,
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.token = made.stdout.decode().split()[-1]
        self.log = open(os.path.join(work, "daad.log"), "wb")
        self.starts = 0
        self.start()

    def start(self):
        path = os.path.join(self.state, "listening")
        if os.path.exists(path):
            os.unlink(path)
        self.process = subprocess.Popen(
            [os.path.join(BUILDDIR, "daad"), "serve"] + self.flags + asked.SERVE,
            stdout=self.log, stderr=self.log)
        self.urls = self.wait()
        end = time.monotonic() + WAIT_S
        while not state.is_ready(self.urls["status"]):
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError("daad is not ready")
            time.sleep(0.02)
        self.starts += 1

    def kill(self):
        """kill -9 of daad and of what it started."""
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + WAIT_S
        while (pid := state.signer_pid(self.state)) is not None and \
                time.monotonic() < end:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            time.sleep(0.01)

    def database(self):
        db = sqlite3.connect(os.path.join(self.state, "daapki.db"),
                             timeout=WAIT_S)
        db.execute("PRAGMA query_only = ON")
        return db

    def receipts(self):
        db = self.database()
        try:
            return db.execute(
                "SELECT coalesce(max(id), 0) FROM receipt").fetchone()[0]
        finally:
            db.close()

    def operations(self):
        """How many work in the background."""
        db = self.database()
        try:
            return db.execute(
                "SELECT count(*) FROM operation WHERE state NOT IN "
                "('held', 'done', 'failed', 'cancelled')").fetchone()[0]
        finally:
            db.close()

    def rows(self):
        """How many rows every table has."""
        db = self.database()
        try:
            db.execute("BEGIN")
            tables = [name for name, in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: db.execute(
                f'SELECT count(*) FROM "{name}"').fetchone()[0]
                for name in tables if name not in NOT_RECORDS}
        finally:
            db.close()


class Client(asked.Client):
    def __init__(self, server, held, tap):
        super().__init__(server, held)
        self.tap, self.n = tap, 0
        self.replayed, self.killed = set(), set()
        url = urlsplit(server.urls["operator"])
        self.address = url.hostname, url.port
        self.tls = ssl.create_default_context(
            cafile=os.path.join(server.state, "trust.pem"))
        # TLS 1.3 sends tickets: what can be read must be the answer.
        self.tls.maximum_version = ssl.TLSVersion.TLSv1_2

    def __call__(self, method, template, names=None, body=None, query="",
                 token=None, media="application/json", **more):
        if method != "post" or asked.DOCUMENT.plane_of(template) != "operator" or \
                token is False or not takes_key(template, method):
            return super().__call__(method, template, names, body, query,
                                    token, media, **more)
        path = re.sub(r"{(\w+)}", lambda m: quote(
            str((names or {})[m.group(1)]), safe=""), template) + query
        self.n += 1
        headers = {"Authorization": "Bearer " + (token or self.server.token),
                   "Idempotency-Key": f'"{self.n}"'}
        for name, key in (("If-Match", "if_match"), ("Prefer", "prefer"),
                          ("Accept", "accept")):
            if more.get(key):
                headers[name] = more[key]
        if body is not None:
            headers["Content-Type"] = media
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
        return self.twice(template, path, body, headers)

    def send(self, path, body, headers):
        c = http.client.HTTPSConnection(*self.address, context=self.tls,
                                        timeout=WAIT_S)
        c.request("POST", path, body, headers)
        return c

    def read(self, c):
        reply = c.getresponse()
        answer = asked.Answer(reply.status, reply.headers, reply.read())
        c.close()
        return answer

    def lose(self, template, path, body, headers):
        """Send it.  The answer when it made nothing, None when it was made
        and the answer is lost."""
        before = self.server.receipts()
        c = self.send(path, body, headers)
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if self.server.receipts() > before:
                break
            if select.select([c.sock], [], [], 0.002)[0] and \
                    self.server.receipts() == before:
                return self.read(c)
        # What follows a change of a CA's state is the upkeep's after a crash,
        # a minute later: the scenario would not wait for it.
        if makes(template) and template not in self.killed:
            self.killed.add(template)
            self.server.kill()
            c.close()
            self.server.start()
        else:
            c.close()
        return None

    def twice(self, template, path, body, headers):
        answer = self.lose(template, path, body, headers)
        if answer is not None:
            self.contract.hold(template, "post", answer)
            # A dry run makes nothing.
            if answer.status < 300 and b'"dry_run":true' not in answer.body:
                self.contract.problems.append(
                    f"{template}: {answer.status} and no receipt")
            return answer
        rows = self.settled()
        again = self.read(self.send(path, body, headers))
        self.contract.hold(template, "post", again)
        third = self.read(self.send(path, body, headers))
        problems = self.contract.problems
        for answer in (again, third):
            if answer.status >= 300 or \
                    answer.headers.get("Idempotency-Replayed") != "true":
                problems.append(f"{template}: {answer.status} "
                                f"{answer.body[:200]} is no answer again")
        if again.body != third.body:
            problems.append(f"{template}: two answers")
        now = self.server.rows()
        if now != rows:
            problems.append(f"{template}: rows of " + ", ".join(
                f"{t} {rows[t]} to {now[t]}" for t in now
                if rows[t] != now[t]))
        other = self.read(self.send(path, (body or "{}") + " ", {
            "Content-Type": "application/json", **headers}))
        if other.status not in (415, 422):
            problems.append(f"{template}: {other.status} for another body")
        self.replayed.add(template)
        return again

    def settled(self):
        """The rows, when what follows an answer is done too."""
        rows, same = self.server.rows(), 0
        end = time.monotonic() + WAIT_S
        while same < 3 and time.monotonic() < end:
            time.sleep(0.02)
            now = self.server.rows()
            quiet = now == rows and self.server.operations() == 0
            same = same + 1 if quiet else 0
            rows = now
        return rows

    def at_once(self, template, path, body):
        """The same call by many at the same time."""
        self.n += 1
        headers = {"Authorization": "Bearer " + self.server.token,
                   "Content-Type": "application/json",
                   "Idempotency-Key": f'"{self.n}"'}
        answers, lock = [], threading.Lock()
        ready = threading.Barrier(AT_ONCE)

        def one():
            c = http.client.HTTPSConnection(*self.address, context=self.tls,
                                            timeout=WAIT_S)
            c.connect()
            ready.wait()
            c.request("POST", path, json.dumps(body), headers)
            answer = self.read(c)
            with lock:
                answers.append(answer)

        threads = [threading.Thread(target=one) for _ in range(AT_ONCE)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        first = [a for a in answers
                 if a.headers.get("Idempotency-Replayed") is None]
        problems = [f"{a.status} {a.body[:200]}" for a in answers
                    if a.status != 201]
        if len(answers) != AT_ONCE or len(first) != 1:
            problems.append(f"{len(first)} of {len(answers)} made it")
        if len({a.body for a in answers}) > 1:
            problems.append("they have different answers")
        self.tap.ok(not problems, f"{template}: one of {AT_ONCE} at the same "
                    "time makes it, all have its answer", *problems)


def run(work, tap):
    server = Server(work)
    held = asked.Contract()
    ask = Client(server, held, tap)

    def done(sentence):
        problems = held.taken()
        tap.ok(not problems, sentence, *problems)

    try:
        contract.everything(ask, work, server, done)
        wanted = {t for t, m, _ in asked.DOCUMENT.operations() if m == "post"
                  and asked.DOCUMENT.plane_of(t) == "operator" and makes(t)}
        tap.ok(wanted and wanted <= ask.replayed,
               f"all {len(wanted)} calls that make something were asked for "
               "again", *sorted(wanted - ask.replayed))
        tap.ok(wanted == ask.killed,
               f"daad was killed in each, {server.starts - 1} times")
        for template, body in (
                ("/v1/tenants", {"name": "at-once"}),
                ("/v1/tokens", {"name": "at-once", "role": "reader"}),
                ("/v1/tenants/{tenant}/groups", {"name": "at-once"}),
                ("/v1/tenants/{tenant}/claims",
                 {"device_id": "12" * 32}),
                ("/v1/tenants/{tenant}/cas", {"role": "issuing"})):
            ask.at_once(template, template.replace("{tenant}", "at-once"),
                        body)
    finally:
        if server.process.poll() is None:
            server.stop()
        else:
            server.log.close()
    out = subprocess.run([os.path.join(BUILDDIR, "daactl"), "fsck",
                          *server.flags], capture_output=True, text=True)
    tap.ok(out.returncode == 0, "fsck finds nothing", out.stdout, out.stderr)


def main():
    for name in ("daad", "daa-signer", "daa-agent", "daactl"):
        if not os.access(os.path.join(BUILDDIR, name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    work = tempfile.mkdtemp(prefix="daapki-again-")
    tap = state.Tap()
    try:
        run(work, tap)
    finally:
        if tap.failed:
            print("# all of it is kept in", work)
        else:
            shutil.rmtree(work)
    print(f"1..{tap.n}")
    return 1 if tap.failed else 0


sys.exit(main())
