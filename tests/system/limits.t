#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often operators may ask, and that no other site's page may ask at all."""
import http.client
import json
import os
import re
import sys
import tempfile
from urllib.parse import urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests",
                                "system"))
import state   # noqa: E402

BURST = 6


def ask(service, url, method="GET", path="/v1/tenants", headers=None):
    url = urlsplit(url)
    c = http.client.HTTPConnection(url.hostname, url.port, timeout=60) \
        if url.scheme == "http" else http.client.HTTPSConnection(
            url.hostname, url.port, timeout=60, context=service.tls)
    c.request(method, path, headers=headers or {})
    reply = c.getresponse()
    reply.data = reply.read()
    c.close()
    return reply


def bearer(token):
    return {"Authorization": "Bearer " + token}


def left(reply):
    """r of RateLimit: how many may still come."""
    found = re.fullmatch(r'"principal";r=(\d+);t=(\d+)',
                         reply.headers.get("RateLimit", ""))
    return int(found.group(1)) if found else None


def rates(t, service):
    url = service.operator_url
    made = service.call("POST", "/v1/tokens", {"name": "other",
                                               "role": "reader"})
    mine, other = bearer(service.token), bearer(made["token"])
    reply = ask(service, url, headers=other)
    t.ok(reply.headers.get("RateLimit-Policy") ==
         f'"principal";q={BURST};w={BURST}' and left(reply) == BURST - 1,
         "a reply says how many may still come",
         reply.headers)
    last = None
    for _ in range(50 * BURST):
        last = ask(service, url, headers=mine)
        if last.status != 200:
            break
    problem = json.loads(last.data)
    t.ok(last.status == 429 and problem["code"] == "rate.exceeded" and
         last.headers.get("Retry-After") == "1" and left(last) == 0,
         "who asks too often is told to wait", last.status, problem,
         last.headers)
    t.ok(ask(service, url, headers=other).status == 200,
         "another credential is not held up")
    t.ok(ask(service, service.status_url, path="/healthz").headers.get(
        "RateLimit") is None, "the status plane has no such limit")


def failures(t, service):
    url = service.operator_url
    wrong = bearer("daapki_" + "A" * 43)
    seen = [ask(service, url, headers=wrong).status for _ in range(BURST)]
    t.ok(seen == [401] * BURST, "a wrong token is told so", seen)
    for _ in range(50 * BURST):
        reply = ask(service, url, headers=wrong)
        if reply.status == 429:
            break
    t.ok(reply.status == 429 and reply.headers.get("Retry-After"),
         "an address that fails too often is told to wait", reply.status)


def other_sites(t, service):
    origin = {"Origin": "https://evil.example",
              "Access-Control-Request-Method": "POST",
              "Access-Control-Request-Headers": "authorization"}
    problems = []
    for url, path in ((service.operator_url, "/v1/tenants"),
                      (service.device_url, "/v1/challenges"),
                      (service.status_url, "/healthz")):
        for method in ("OPTIONS", "GET", "POST"):
            reply = ask(service, url, method, path, origin)
            if method == "OPTIONS" and (
                    reply.status != 405 or not reply.headers.get("Allow")):
                problems.append(f"{url} OPTIONS {reply.status}")
            problems += [f"{url} {method} {name}" for name in reply.headers
                         if name.lower().startswith("access-control-")]
    t.ok(not problems, "no plane lets a page of another site ask", *problems)


def main():
    for name in ("daad", "daa-signer"):
        if not os.access(state.program(name), os.X_OK):
            print(f"1..0 # SKIP {name} is not built")
            return 0
    folder = tempfile.mkdtemp(prefix="daapki-limits-")
    t = state.Tap()
    # One a second: this many come faster on any machine.
    service = state.Service(folder, [
        "--rate-per-s=1", f"--rate-burst={BURST}", "--auth-fail-per-s=1",
        f"--auth-fail-burst={BURST}"])
    try:
        service.start()
        if t.ok(service.wait_ready(), "daad starts"):
            rates(t, service)
            failures(t, service)
            other_sites(t, service)
            service.stop()
    finally:
        service.kill()
    return t.end(folder, service)


sys.exit(main())
