#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Webhooks of a real daad and daa-courier, at receivers of every kind.

What they are sent is verified by other people's code when WEBHOOKS_NODE names a
folder with node_modules (contrib/check makes one), else that is skipped.
"""
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from service import SRCDIR, Service, Tap, free_port, run  # noqa: E402

ALLOWED = "127.0.0.3"       # that webhooks may be sent to; 127.0.0.1 is not
DEVICES = 8
ROUNDS = 12                 # bans and their ends, of each device
WAIT_S = 120


def wait_for(what, seconds=WAIT_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


class Receiver:
    """An HTTP server; how it answers is in the path."""

    def __init__(self, address):
        receiver = self
        self.got = []           # (path, headers, body)
        self.lock = threading.Lock()
        self.answer = {}        # status of a path, other than 204

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(
                    int(self.headers.get("Content-Length", 0)))
                with receiver.lock:
                    receiver.got.append((self.path, {
                        k.lower(): v for k, v in self.headers.items()},
                        body.decode()))
                receiver.reply(self)

            do_GET = do_POST

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://{address}:{self.port}"
        self.elsewhere = ""
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def reply(self, handler):
        path = handler.path
        if path == "/slow":
            time.sleep(300)
        if path == "/huge":
            handler.send_response(200)
            handler.end_headers()
            try:
                while True:
                    handler.wfile.write(b"x" * 65536)
            except OSError:
                handler.close_connection = True
            return
        handler.send_response(self.answer.get(path, 204))
        if path == "/redirect":
            handler.send_header("Location", self.elsewhere)
        if self.answer.get(path, 204) != 204:
            handler.send_header("Content-Length", "9")
        handler.end_headers()
        if self.answer.get(path, 204) != 204:
            handler.wfile.write(b"try later")

    def of(self, path):
        with self.lock:
            return [m for m in self.got if m[0] == path]


class Hooks:
    def __init__(self, service, tenant):
        self.service = service
        self.path = f"/v1/tenants/{tenant}/webhooks"

    def make(self, url, **more):
        return self.service.call("POST", self.path, {"url": url, **more})

    def show(self, hook):
        return self.service.call("GET", f"{self.path}/{hook['id']}")

    def last(self, hook):
        """The last attempt."""
        items = self.service.call(
            "GET", f"{self.path}/{hook['id']}/deliveries")["items"]
        return items[-1] if items else None

    def act(self, hook, what, body=None):
        return self.service.call("POST", f"{self.path}/{hook['id']}/{what}",
                                 body)


def child_named(pid, name):
    """A process below that one, by the name of its program."""
    parents, names = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                text = f.read()
        except OSError:
            continue
        head, rest = text.rsplit(")", 1)
        parents[int(entry)] = int(rest.split()[1])
        names[int(entry)] = head.split("(", 1)[1]
    for one, its_name in names.items():
        above = one
        while above in parents and above != pid:
            above = parents[above]
        if above == pid and its_name.startswith(name[:15]):
            return one
    return None


# --- receivers that do not do as they should ------------------------------


def bad_receivers(tap, service, good, inside):
    hooks = Hooks(service, "bad")
    good.answer.update({"/redirect": 302, "/gone": 410, "/fails": 500})
    good.elsewhere = inside.url + "/from-redirect"
    kinds = {
        "dead": f"http://{ALLOWED}:{free_port()}/",
        "slow": good.url + "/slow",
        "redirecting": good.url + "/redirect",
        "huge": good.url + "/huge",
        "gone": good.url + "/gone",
        "failing": good.url + "/fails",
        "internal": inside.url + "/direct",
        "internal by name": f"http://localhost:{inside.port}/name",
        "internal by number": f"http://2130706433:{inside.port}/number",
        "internal inside of IPv6":
            f"http://[::ffff:127.0.0.1]:{inside.port}/mapped",
        "metadata": "http://169.254.169.254/latest/meta-data/",
        "nowhere": "http://" + 64 * "a" + ".invalid/",
        "another scheme": None,
        "good": good.url + "/good",
    }
    kinds.pop("another scheme")
    made = {k: hooks.make(url, types=["profile.*"])
            for k, url in kinds.items()}
    for hook in made.values():
        hooks.act(hook, "test")
    tap.ok(wait_for(lambda: good.of("/good")),
           "a good receiver is served while others hang")
    wait_for(lambda: all(hooks.last(h) for h in made.values()))
    last = {k: hooks.last(h) for k, h in made.items()}
    state = {k: hooks.show(h) for k, h in made.items()}

    def ends(kind, outcome, status=None, word="active"):
        d = last[kind] or {}
        tap.ok(d.get("outcome") == outcome and d.get("status") == status
               and state[kind]["state"] == word
               and (word == "disabled" or outcome == "answered"
                    and status == 204 or state[kind]["attempts"] > 0
                    and "next_attempt_at" in state[kind]),
               f"{kind}: {outcome}{' ' + str(status) if status else ''}",
               d, state[kind])

    ends("good", "answered", 204)
    ends("dead", "no-connection")
    ends("slow", "timeout")
    ends("redirecting", "answered", 302)
    ends("huge", "answer-too-large")
    ends("failing", "answered", 500)
    ends("gone", "answered", 410, "disabled")
    for kind in ("internal", "internal by name", "internal by number",
                 "internal inside of IPv6", "metadata", "nowhere"):
        ends(kind, "no-address")
    told = {json.dumps([last[kind][m] for m in ("outcome", "excerpt", "ms")])
            for kind in ("internal", "internal by name", "nowhere")}
    tap.ok(len(told) == 1, "what is inside is told as what is nowhere", told)
    with open(os.path.join(service.folder, "daad.log"), encoding="utf-8", errors="replace") as f:
        tap.ok("webhook.forbidden-address" in f.read(),
               "the log of the platform says which it was")
    tap.ok(not inside.got, "nothing inside was asked, by redirect neither",
           inside.got)
    tap.ok(last["failing"]["excerpt"] == "try later",
           "an answer is shown in part", last["failing"])
    events = service.call("GET", "/v1/tenants/bad/events?type=webhook.disabled"
                          "&limit=1000")["items"]
    tap.ok([e["data"]["reason"] for e in events] == ["gone"],
           "an event tells of the one that was disabled", events)
    good.answer["/gone"] = 204
    hooks.act(made["gone"], "enable")
    tap.ok(wait_for(lambda: len(good.of("/gone")) >= 2),
           "one that is enabled again goes on where it stood")
    refused, text = service.ask("POST", hooks.path, body={
        "url": "file:///etc/passwd"})
    tap.ok(refused == 400, "a URL of another scheme is refused", text)


# --- a stream with kills --------------------------------------------------


def device_ids():
    return [f"{i:064x}" for i in range(1, DEVICES + 1)]


def stream(service, cut):
    """Claims, bans and ends of bans; cut(i) is called between rounds."""
    base = "/v1/tenants/acme"
    for device in device_ids():
        service.call("POST", base + "/claims", {"device_id": device})
    for i in range(ROUNDS):
        for device in device_ids():
            what = "ban" if i % 2 == 0 else "unban"
            path = f"{base}/devices/{device}/{what}"
            service.ask("POST", path, body={"reason": f"round {i}"}
                        if what == "ban" else {})
        cut(i)


def device_of(event):
    return event["data"].get("device_id", event["subject"])


def wanted(service):
    """Event IDs of each device, in the feed's order."""
    items = service.call(
        "GET", "/v1/tenants/acme/events?type=device.*&limit=1000")["items"]
    found = {}
    for e in items:
        found.setdefault(device_of(e), []).append(e["id"])
    return found


def received(receiver, path):
    """The same as they first came."""
    found, seen = {}, set()
    for _, headers, body in receiver.of(path):
        data = json.loads(body)["data"]
        if headers["webhook-id"] in seen:
            continue
        seen.add(headers["webhook-id"])
        found.setdefault(data["data"].get("device_id", data["subject"]),
                         []).append(data["id"])
    return found


def kills(tap, service, good):
    hooks = Hooks(service, "acme")
    made = {kind: hooks.make(f"{good.url}/{kind}", types=["device.*"],
                             kind=kind) for kind in ("hmac", "ed25519")}
    killed = []

    def cut(i):
        if i in (2, 6):
            pid = child_named(service.process.pid, "daa-courier")
            if pid:
                os.kill(pid, signal.SIGKILL)
                killed.append("daa-courier")
        elif i in (4, 8):
            service.process.kill()
            service.process.wait()
            killed.append("daad")
            if not service.start():
                raise RuntimeError("no start after kill -9")
        elif i == 9:
            # The receiver fails for a while: order is kept over retries.
            good.answer["/hmac"] = 500
        elif i == 10:
            good.answer["/hmac"] = 204

    stream(service, cut)
    tap.ok(killed == ["daa-courier", "daad", "daa-courier", "daad"],
           "daad and daa-courier were killed in the stream", killed)
    want = wanted(service)
    tap.ok(len(want) == DEVICES and
           sum(map(len, want.values())) == DEVICES * (ROUNDS + 1),
           "the feed has every event", {d: len(v) for d, v in want.items()})
    for kind in made:
        whole = wait_for(lambda k=kind: received(good, "/" + k) == want)
        got = received(good, "/" + kind)
        tap.ok(whole, f"{kind}: no event is lost or out of order for a "
               "device", {d: (want[d], got.get(d)) for d in want
                          if want[d] != got.get(d)})
    return hooks, made


def signatures(tap, service, good, hooks, made):
    old = made["hmac"]
    new = hooks.act(old, "rotate", {"overlap_s": 3600})
    n = len(good.of("/hmac"))
    hooks.act(old, "test")
    tap.ok(wait_for(lambda: len(good.of("/hmac")) > n),
           "a webhook goes on after its key was changed")
    last = good.of("/hmac")[-1]
    tap.ok(len(last[1]["webhook-signature"].split()) == 2 and
           new["secret"] != old["secret"],
           "both keys sign while they overlap", last[1])
    shown = hooks.show(old)
    tap.ok("secret" not in shown, "a secret is shown once", shown)
    node = os.environ.get("WEBHOOKS_NODE", "")
    sentence = "the standardwebhooks library verifies every message"
    if not os.path.isdir(os.path.join(node, "node_modules")):
        tap.skip(sentence, "npm's standardwebhooks is not here")
        return
    lines = [(old["secret"], m) for m in good.of("/hmac")]
    lines += [(made["ed25519"]["public_key"], m) for m in good.of("/ed25519")]
    lines.append((new["secret"], last))
    text = "\n".join(json.dumps({"key": key, "headers": m[1], "body": m[2]})
                     for key, m in lines)
    # And one that was changed, which it must not.
    text += "\n" + json.dumps({"key": old["secret"], "headers": last[1],
                               "body": last[2] + " "})
    done = subprocess.run(
        ["node", os.path.join(SRCDIR, "tests", "webhooks", "verify.js")],
        input=text, capture_output=True, text=True,
        env={**os.environ, "NODE_PATH": os.path.join(node, "node_modules")})
    said = done.stdout.split()
    tap.ok(said[:-1] == ["good"] * len(lines) and said[-1:] == ["bad"],
           sentence, done.stderr, said[-5:])


def replays(tap, service, good, hooks, made):
    want = wanted(service)
    hook, path = made["ed25519"], "/ed25519"
    first = {m[1]["webhook-id"] for m in good.of(path)}
    n = len(good.of(path))
    hooks.act(hook, "replay", {"after": "0"})
    tap.ok(wait_for(lambda: len(good.of(path)) >= n + sum(
        map(len, want.values()))), "a replay sends all of it again",
        len(good.of(path)) - n)
    tap.ok({m[1]["webhook-id"] for m in good.of(path)} == first,
           "with the same webhook-id")
    status, text = service.ask("POST", f"{hooks.path}/{hook['id']}/replay",
                               body={"after": "0", "from":
                                     "2026-11-22T00:00:00Z"})
    tap.ok(status == 400, "a replay is from a cursor or from a time", text)
    hooks.service.call("DELETE", f"{hooks.path}/{hook['id']}")
    n = len(good.of(path))
    hooks.act(made["hmac"], "test")
    service.call("POST", "/v1/tenants/acme/claims", {"device_id": "f" * 64})
    wait_for(lambda: any("f" * 64 in m[2] for m in good.of("/hmac")))
    tap.ok(len(good.of(path)) == n, "one that was deleted is sent nothing")


def main():
    folder = tempfile.mkdtemp()
    tap = Tap()
    service = Service(folder, webhook_http="on", webhook_allow=ALLOWED,
                      log_level="warn")
    good, inside = Receiver(ALLOWED), Receiver("127.0.0.1")
    try:
        if not tap.ok(service.start(), "the server starts"):
            return tap.end()
        for name in ("acme", "bad"):
            service.call("POST", "/v1/tenants", {"name": name})
        bad_receivers(tap, service, good, inside)
        hooks, made = kills(tap, service, good)
        signatures(tap, service, good, hooks, made)
        replays(tap, service, good, hooks, made)
        fsck = run(*[service_program("daad"), "fsck"], *service.settings,
                   text=True) if service.stop() else None
        tap.ok(fsck is not None and fsck.returncode == 0,
               "it ends as asked, and fsck finds nothing",
               fsck and fsck.stdout[-2000:])
    finally:
        if tap.failed:
            with open(os.path.join(folder, "daad.log")) as f:
                for line in f.readlines()[-30:]:
                    print("#", line.rstrip())
        service.end()
        shutil.rmtree(folder, ignore_errors=True)
    return tap.end()


def service_program(name):
    from service import program
    return program(name)


if __name__ == "__main__":
    sys.exit(main())
