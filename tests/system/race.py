#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operators race for the same devices, and there is one claim at any time.

Owners of two tenants and a platform administrator claim, release, restore,
transfer (offer, accept, reject, cancel, undo), ban and unban the same few
devices over the API, RACE_ROUNDS times in all (10000), while the devices enrol.
Meanwhile the database is looked at, each time as it is at one moment.
Afterwards the history of claims is held against the feeds of events, which say
by themselves who had which device when, and daactl fsck looks at all of it.
"""
import collections
import json
import multiprocessing
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from service import GROUP, Device, Service, Tap, program, run

ROUNDS = int(os.environ.get("RACE_ROUNDS", "10000"))
SEED = int(os.environ.get("RACE_SEED", str(time.time_ns() % 10**9)))
TENANTS = ("tenant-a", "tenant-b")
N_DEVICES = 5
N_ENROLLING = 2
WORKERS = (("tenant-a", "owner"), ("tenant-b", "owner"),
           ("tenant-a", "owner"), ("tenant-b", "owner"),
           ("tenant-a", "admin"), ("tenant-b", "admin"))
# What may be answered by who comes too late.
EXPECTED = {200, 201, 204, 404, 409}


# --- operators ----------------------------------------------------------------

class Operator:
    """One of those who race, in a tenant."""

    def __init__(self, service, tenant, token, devices, seed):
        self.service, self.tenant, self.token = service, tenant, token
        self.other = TENANTS[1 - TENANTS.index(tenant)]
        self.devices, self.random = devices, random.Random(seed)
        self.base = f"/v1/tenants/{tenant}"
        self.counts = collections.Counter()
        self.wrong = []

    def ask(self, what, method, path, body=None):
        status, text = self.service.ask(method, self.base + path, self.token,
                                        body)
        self.counts[what, status] += 1
        if status not in EXPECTED:
            self.wrong.append(f"{what}: {status} {text[:200]}")
        return json.loads(text) if status in (200, 201) else None

    def claim(self, d):
        self.ask("claim", "POST", "/claims", {
            "hardware_id": d.hardware, "group": GROUP})

    def release(self, d):
        self.ask("release", "DELETE", f"/claims/{d.id}")

    def restore(self, d):
        self.ask("restore", "POST", f"/claims/{d.id}/restore")

    def ban(self, d):
        self.ask("ban", "POST", f"/devices/{d.id}/ban", {"reason": "race"})

    def unban(self, d):
        self.ask("unban", "POST", f"/devices/{d.id}/unban")

    def offer(self, d):
        self.ask("offer", "POST", "/transfers", {
            "device_id": d.id, "to": self.other,
            "require_evidence": self.random.random() < 0.3})

    def of(self, query, step):
        """Take that step in one of the transfers of a list.  The newest are
        the ones that somebody else is at, too."""
        after, newest = "", []
        while True:
            page = self.ask("list", "GET", f"/transfers?limit=1000&{query}"
                            + after)
            newest = page["items"] or newest
            if "next" not in page:
                break
            after = f"&after={page['next']}"
        if newest:
            t = self.random.choice(newest[-4:])
            body = {"group": GROUP} if step == "accept" else None
            self.ask(step, "POST", f"/transfers/{t['id']}/{step}", body)

    def accept(self, _):
        self.of("direction=in&state=offered", "accept")

    def reject(self, _):
        state = self.random.choice(("offered", "awaiting-evidence"))
        self.of(f"direction=in&state={state}", "reject")

    def cancel(self, _):
        state = self.random.choice(("offered", "awaiting-evidence"))
        self.of(f"direction=out&state={state}", "cancel")

    def undo(self, _):
        self.of("direction=out&state=done", "undo")

    def race(self, rounds):
        does = (self.claim, self.release, self.restore, self.ban, self.unban,
                self.offer, self.accept, self.reject, self.cancel, self.undo)
        weights = (4, 1, 2, 1, 4, 5, 6, 1, 1, 3)
        for _ in range(rounds):
            what = self.random.choices(does, weights)[0]
            what(self.random.choice(self.devices))


def work(operator, rounds, out):
    # A connection belongs to one process.
    operator.service.kept.connection = None
    try:
        operator.race(rounds)
    except Exception as e:  # pylint: disable=broad-except
        operator.wrong.append(f"{type(e).__name__}: {e}")
    out.put((dict(operator.counts), operator.wrong))


def enrol(device, stop, out):
    """A device that asks for certificates; most it is refused."""
    n = collections.Counter()
    while not stop.is_set():
        done = run(program("daa-agent"), "enroll", *device.argv)
        n[done.returncode == 0] += 1
    out.put(dict(n))


# --- who looks on ---------------------------------------------------------------

OPEN = """SELECT 'device ' || device_id || ' has ' || count(*) || ' claims'
    FROM claim WHERE released_s IS NULL GROUP BY device_id
    HAVING count(*) > 1"""
OWNED = """SELECT 'device ' || d.device_id || ' and its claim differ'
    FROM device d LEFT JOIN claim m ON m.device_id = d.device_id AND
    m.released_s IS NULL WHERE coalesce(d.tenant, 0) <> coalesce(m.tenant, 0)"""
GOOD = """SELECT 'certificate ' || hex(c.serial) || ' outlived its claim'
    FROM certificate c JOIN device d ON d.device_id = c.device_id
    WHERE c.revoked_s IS NULL AND coalesce(d.tenant, 0) <> c.tenant"""


def look(path, stop, out):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True,
                         isolation_level=None, timeout=60)
    n, found = 0, []
    while not stop.is_set():
        # One snapshot for the three of them.
        db.execute("BEGIN")
        for sql in (OPEN, OWNED, GOOD):
            found += [row[0] for row in db.execute(sql)]
        db.execute("ROLLBACK")
        n += 1
        time.sleep(0.02)
    out.put((n, found[:10]))


# --- afterwards -----------------------------------------------------------------

def all_of(service, path):
    items, after = [], ""
    while True:
        page = service.call("GET", f"{path}?limit=1000{after}")
        items += page["items"]
        if "next" not in page:
            return items
        after = f"&after={page['next']}"


# Who has the device after an event in a tenant's feed: that tenant, or nobody.
# Of a transfer, who loses the device is told first.
GAINS = {("device.claimed", None), ("device.restored", None),
         ("device.transferred", "in"), ("device.transfer-undone", "out")}
LOSES = {("device.released", None), ("device.transferred", "out"),
         ("device.transfer-undone", "in")}


def replay(events):
    """What the two feeds together say: for each device the tenants that had it
    in order, who has it, and what does not fit."""
    had, has, banned, bad = collections.defaultdict(list), {}, set(), []
    for _, tenant, e in sorted(events, key=lambda x: x[0]):
        d, data = e["subject"], e["data"]
        key = (e["type"], data.get("direction"))
        if key in LOSES:
            if has.get(d) != tenant or d in banned:
                bad.append(f"{e['id']}: {tenant} loses what it has not")
            has[d] = None
        elif key in GAINS:
            if has.get(d) is not None:
                bad.append(f"{e['id']}: {tenant} gains what another has")
            had[d].append(tenant)
            has[d] = tenant
        elif e["type"] in ("device.banned", "device.unbanned"):
            if has.get(d) != tenant:
                bad.append(f"{e['id']}: {tenant} bans what it has not")
            (banned.add if e["type"].endswith(".banned")
             else banned.discard)(d)
        elif e["type"] in ("device.enrolled", "device.renewed"):
            if has.get(d) != tenant or d in banned:
                bad.append(f"{e['id']}: {tenant} certifies what it has not")
    return had, has, bad


def check_history(tap, service, path):
    events = [(int(e["id"]), t, e) for t in TENANTS
              for e in all_of(service, f"/v1/tenants/{t}/events")
              if e["type"].startswith("device.")]
    had, has, bad = replay(events)
    tap.ok(not bad, f"the feeds say one story ({len(events)} events)",
           *bad[:10])

    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = db.execute(
        "SELECT m.device_id, t.name, m.claimed_s, m.released_s FROM claim m "
        "JOIN tenant t ON t.id = m.tenant ORDER BY m.id").fetchall()
    owners = dict(db.execute(
        "SELECT d.device_id, t.name FROM device d "
        "LEFT JOIN tenant t ON t.id = d.tenant").fetchall())
    db.close()
    claims = collections.defaultdict(list)
    for device, *claim in rows:
        claims[device].append(claim)
    bad = [f"{d}: {[c[0] for c in claims[d]]} is not {had[d]}"[:300]
           for d in claims if [c[0] for c in claims[d]] != had[d]]
    tap.ok(not bad, f"the feeds say who had each device in turn, as the "
           f"claims do ({len(rows)})", *bad)
    bad = [d for d, x in owners.items() if has.get(d) != x]
    tap.ok(not bad, "and who has it now", *bad)
    bad = [f"{d}: {one} {two}" for d, list_ in claims.items()
           for one, two in zip(list_, list_[1:])
           if one[2] is None or one[2] > two[1]]
    tap.ok(not bad, "no two claims of a device overlap", *bad[:5])
    # Each tenant reads its own part of that over the API.
    bad = [t for t in TENANTS
           if [c["device_id"] for c in
               all_of(service, f"/v1/tenants/{t}/claims")] !=
           [row[0] for row in rows if row[1] == t]]
    tap.ok(not bad, "each tenant reads its own claims", *bad)


def fsck(tap, service):
    # Beside the server, then without it.
    for when in ("beside the server", "offline"):
        done = run(program("daactl"), "fsck", *service.settings, text=True)
        tap.ok(done.returncode == 0, f"daactl fsck finds nothing, {when}",
               *(done.stdout + done.stderr).splitlines()[:20])
        if when != "offline":
            tap.ok(service.stop(), "daad ends as asked")


# --- the race -------------------------------------------------------------------

def start(service):
    tokens = {t: service.make_tenant(t) for t in TENANTS}
    devices = []
    for i in range(N_DEVICES):
        devices.append(Device(service, "race", str(i)))
        service.call("POST", "/v1/hardware",
                     {"hardware_id": devices[i].hardware})
    return tokens, devices


def race(tap, service):
    tokens, devices = start(service)
    path = os.path.join(service.state, "daapki.db")
    ctx = multiprocessing.get_context("fork")
    stop, told, seen, enrolled = (ctx.Event(), ctx.Queue(), ctx.Queue(),
                                  ctx.Queue())
    besides = [ctx.Process(target=look, args=(path, stop, seen))]
    besides += [ctx.Process(target=enrol, args=(d, stop, enrolled))
                for d in devices[:N_ENROLLING]]
    each = -(-ROUNDS // len(WORKERS))
    operators = [ctx.Process(target=work, args=(Operator(
        service, tenant, tokens[tenant] if role == "owner" else service.token,
        devices, SEED + i), each, told))
        for i, (tenant, role) in enumerate(WORKERS)]
    began = time.monotonic()
    for p in besides + operators:
        p.start()
    results = [told.get() for _ in operators]
    took = time.monotonic() - began
    stop.set()
    looks, found = seen.get()
    certified = collections.Counter()
    for _ in range(N_ENROLLING):
        certified.update(enrolled.get())
    for p in besides + operators:
        p.join()

    counts = collections.Counter()
    for c, _ in results:
        counts.update(c)
    wrong = [w for _, ws in results for w in ws]
    print(f"# {each * len(WORKERS)} rounds in {took:.1f} s, seed {SEED}; "
          f"{certified[True]} certificates, {certified[False]} refusals")
    for what in sorted({w for w, _ in counts}):
        print(f"# {what}:", ", ".join(f"{n} x {s}" for (w, s), n in
                                      sorted(counts.items()) if w == what))
    tap.ok(not wrong, "every call is answered, by what it asked for or by who "
           "came first", *wrong[:10])
    done = {w for (w, s), n in counts.items() if s < 300 and n > 0}
    missing = {"claim", "release", "restore", "ban", "unban", "offer",
               "accept", "reject", "cancel", "undo"} - done
    tap.ok(not missing, "each kind of step went through", *missing)
    tap.ok(looks > 0 and not found, f"at {looks} moments each device had at "
           "most one claim, its tenant's, and no good certificate of another",
           *found)
    tap.ok(certified[True] > 0, "devices were certified meanwhile")
    check_history(tap, service, path)
    fsck(tap, service)


def main():
    tap = Tap()
    folder = tempfile.mkdtemp(prefix="race.")
    service = Service(folder)
    try:
        tap.ok(service.start(), "daad starts")
        race(tap, service)
    finally:
        service.end()
        if tap.failed:
            with open(os.path.join(folder, "daad.log"), errors="replace") as f:
                for line in f.readlines()[-20:]:
                    print("#", line.rstrip())
        shutil.rmtree(folder, ignore_errors=True)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
