#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests that wait for events of a real daad take no thread of it, and are
answered by the commit."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time

SRCDIR = os.path.realpath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SRCDIR, "tests", "system"))
from service import Service, Tap, program, run, write  # noqa: E402

WAITING = 40        # with two workers
FULL = 64           # FEED_WAITERS_MAX


class Waiter(threading.Thread):
    """A request that waits, and what came of it."""

    def __init__(self, service, path):
        super().__init__(daemon=True)
        self.service, self.path = service, path
        self.status = self.page = None
        self.start()

    def run(self):
        try:
            self.status, text = self.service.ask("GET", self.path)
            self.page = json.loads(text)
        except OSError as e:
            self.page = {"error": str(e)}


def all_end(waiters, seconds=60):
    end = time.monotonic() + seconds
    for w in waiters:
        w.join(max(0, end - time.monotonic()))
    return not any(w.is_alive() for w in waiters)


def change(service, name):
    service.call("POST", "/v1/tenants/acme/groups", {
        "name": name,
        "policy": {"rules": [{"claim": "format", "equals": "key"}]}})


def waits(tap, service):
    feed = "/v1/tenants/acme/events"
    cursor = service.call("GET", feed + "?after=latest")["cursor"]
    wait = f"{feed}?after={cursor}&wait=60"
    waiters = [Waiter(service, wait) for _ in range(WAITING)]
    other = Waiter(service, "/v1/tenants/other/events?after=latest&wait=60")
    of_type = Waiter(service, wait + "&type=device.*")
    platform = Waiter(service, "/v1/events?after=latest&wait=60")
    time.sleep(1)
    for _ in range(20):
        service.call("GET", "/v1/tenants/acme/groups")
    tap.ok(all(w.is_alive() for w in waiters),
           f"{WAITING} requests wait while two workers serve others")
    change(service, "wakes")
    tap.ok(all_end(waiters + [platform]) and all(
        [e["type"] for e in w.page["items"]] == ["group.created"] and
        w.page["items"][0]["subject"] == "wakes" for w in waiters),
        "the commit of an event answers all of them", waiters[0].page)
    tap.ok(platform.page["items"][0].get("tenant") == "acme",
           "the feed of the platform is woken too, and names the tenant",
           platform.page)
    tap.ok(other.is_alive(), "an event of another tenant wakes nobody")
    tap.ok(of_type.is_alive(), "nor does one of a type that is not asked for")
    return other, of_type


def ends(tap, service):
    feed = "/v1/tenants/acme/events"
    cursor = service.call("GET", feed + "?after=latest")["cursor"]
    page = service.call("GET", f"{feed}?after={cursor}&wait=1")
    tap.ok(page == {"items": [], "cursor": cursor},
           "when the time is over the page is empty and the cursor the same",
           page)
    status, text = service.ask("GET", feed + "?wait=61")
    tap.ok(status == 400, "nobody waits for longer than a minute", text)


def bounded(tap, service):
    path = "/v1/tenants/third/events?after=latest&wait=60"
    waiters = [Waiter(service, path) for _ in range(FULL + 1)]
    end = time.monotonic() + 60
    while time.monotonic() < end and all(w.is_alive() for w in waiters):
        time.sleep(0.1)
    done = [w for w in waiters if not w.is_alive()]
    tap.ok(len(done) == 1 and done[0].status == 429 and
           done[0].page["code"] == "quota.exceeded",
           f"of {FULL + 1} requests that wait for one feed one is refused",
           [(w.status, w.page) for w in done])
    return [w for w in waiters if w.is_alive()]


def watched(tap, service, folder):
    token = write(os.path.join(folder, "token"), service.token, 0o600)
    env = {**os.environ, "DAACTL_URL": service.operator_url,
           "DAACTL_CA_FILE": service.trust, "DAACTL_TOKEN_FILE": token}
    cursor = service.call("GET", "/v1/events?after=latest")["cursor"]
    watch = subprocess.Popen(
        [program("daactl"), "event", "watch", "-t", "acme", "--type",
         "group.*", "--after", cursor, "-n", "2", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    change(service, "one")
    change(service, "two")
    out, err = watch.communicate(timeout=120)
    seen = [json.loads(line)["subject"] for line in out.splitlines()]
    tap.ok(watch.returncode == 0 and seen == ["one", "two"],
           "daactl event watch prints events as they come", out, err)
    done = run(program("daactl"), "event", "list", "--platform", "-n", "3",
               env=env, text=True)
    tap.ok(done.returncode == 0 and "TENANT" in done.stdout,
           "daactl event list --platform lists those of all tenants",
           done.stdout, done.stderr)


def main():
    folder = tempfile.mkdtemp()
    tap = Tap()
    service = Service(folder, workers=2, connections_per_address_max=0)
    try:
        if not tap.ok(service.start(), "the server starts"):
            return tap.end()
        for name in ("acme", "other", "third"):
            service.call("POST", "/v1/tenants", {"name": name})
        left = list(waits(tap, service))
        ends(tap, service)
        watched(tap, service, folder)
        left += bounded(tap, service)
        tap.ok(service.stop() and all_end(left) and all(
            w.status == 200 and w.page["items"] == [] for w in left),
            "a server that stops answers all that wait", left[0].page)
    finally:
        service.end()
        shutil.rmtree(folder, ignore_errors=True)
    return tap.end()


if not os.path.exists(program("daad")):
    print("1..0 # SKIP the programs are not built")
    sys.exit(0)
sys.exit(main())
