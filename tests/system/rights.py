#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every operation of the API's description by every kind of principal.

A real daad, a real device, real tokens.  tests/system/rights.tsv says what each
must get; an operation that has no row there fails, and so does a row without an
operation.  What is allowed is really asked for, with as little of a body as the
path takes: it must not be refused for who asks.
"""
import hashlib
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.parse

import yaml

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from service import SRCDIR, Service, Tap, der_of, must, write

TABLE = os.path.join(SRCDIR, "tests/system/rights.tsv")
SPEC = os.path.join(SRCDIR, "api-spec/openapi.yaml")
METHODS = ("get", "put", "post", "patch", "delete")
PLANES = {"8443": "device", "8444": "operator", "8080": "status"}
MINE, ELSE, OWN, OTHER = "own-group", "keys", "tenant-a", "tenant-b"
# As the columns of the table have them.  group: a contributor of one group,
# asked for what is of it; elsewhere: the same one, for what is of another.
WHO = ("none", "device", "reader", "auditor", "contributor", "owner", "group",
       "elsewhere", "platform-reader", "platform-auditor", "admin")
ALLOWED, NOBODY, FORBIDDEN, HIDDEN = "y", "u", "f", "n"


def read_table():
    rows = {}
    with open(TABLE, encoding="ascii") as f:
        for line in f:
            if not line.startswith("#") and line.strip():
                method, path, own, other = line.split()
                rows[method, path] = own, other
    return rows


def read_spec():
    """(method, path) to plane and media type of the body."""
    with open(SPEC, encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    found = {}
    for path, item in doc["paths"].items():
        url = item["servers"][0]["url"]
        plane = PLANES[url.rsplit(":", 1)[1]]
        for method in METHODS:
            if method in item:
                content = item[method].get("requestBody", {}).get("content")
                found[method, path] = plane, next(iter(content or ()), None)
    return found


class Court:
    """The server, the principals, and what paths name."""

    def __init__(self, folder, made):
        self.service = Service(
            folder, auth_fail_per_s="0", rate_per_s="0",
            two_person="tenant-deletion ca-revocation bulk-release "
                       "tenant-recovery",
            operator_ca_file=made.at("ca", "pem"))
        self.n = 0
        self.kept = {}

    def begin(self):
        if not self.service.start():
            return False
        call = self.service.call
        for name in OWN, OTHER:
            self.service.make_tenant(name)
        call("POST", f"/v1/tenants/{OWN}/groups", {"name": MINE})
        self.device = self.service.make_device(OWN)
        self.device.enroll()
        self.ca = self.service.cas(OWN)[0]["id"]
        self.tokens = {"admin": self.service.token}
        for role in "reader", "auditor":
            self.tokens["platform-" + role] = call(
                "POST", "/v1/tokens", {"name": role, "role": role})["token"]
        for who, role, group in (
                ("reader", "reader", None), ("auditor", "auditor", None),
                ("contributor", "contributor", None),
                ("owner", "owner", None), ("group", "contributor", MINE)):
            body = {"name": who, "role": role}
            if group:
                body["group"] = group
            self.tokens[who] = call("POST", f"/v1/tenants/{OWN}/tokens",
                                    body)["token"]
        self.tokens["elsewhere"] = self.tokens["group"]
        return True

    def claimed(self, group):
        """A device of that group that nothing was done with."""
        self.n += 1
        device = f"{self.n:064x}"
        self.service.call("POST", f"/v1/tenants/{OWN}/claims",
                          {"device_id": device, "group": group})
        return device

    def path(self, template, who, tenant, method):
        group = MINE if who == "group" else ELSE
        names = {"tenant": tenant, "group": group, "ca": self.ca,
                 "profile": "default", "serial": "0a", "version": "1"}
        if "{device}" in template:
            names["device"] = (self.device.id if method == "get" and
                               who != "group" else self.claimed(group))
        return re.sub(r"{(\w+)}", lambda m: names.get(m[1], "999999"),
                      template)

    def connect(self, plane, with_device):
        key = plane, with_device
        if key not in self.kept:
            if plane == "status":
                url = self.service.status_url
                made = http.client.HTTPConnection
                more = {}
            else:
                url = getattr(self.service, plane + "_url")
                tls = ssl.create_default_context(cafile=self.service.trust)
                if with_device:
                    tls.load_cert_chain(self.device.path("certificate"),
                                        self.device.path("key-file"))
                made, more = http.client.HTTPSConnection, {"context": tls}
            url = urllib.parse.urlsplit(url)
            self.kept[key] = made(url.hostname, url.port, timeout=60, **more)
        return self.kept[key]

    def ask(self, plane, method, template, media, who, tenant):
        path = self.path(template, who, tenant, method)
        headers, body = {}, None
        if who in self.tokens:
            headers["Authorization"] = "Bearer " + self.tokens[who]
        if media:
            headers["Content-Type"] = media
            body = "{}" if media == "application/json" else "x"
        key = plane, who == "device"
        for attempt in 0, 1:
            c = self.connect(*key)
            try:
                c.request(method.upper(), path, body, headers)
                answer = c.getresponse()
                answer.read()
                return answer.status
            except (http.client.HTTPException, OSError):
                self.kept.pop(key).close()
                if attempt:
                    raise
        return None


# There whatever they are called by: what is allowed must find them.
THERE = {"tenant", "group", "ca", "profile", "device"}
# But there is no result of a device that only was claimed, and no draft.
EMPTY = ("/attestation-result", "/policy/draft")


def is_there(method, template):
    return method == "get" and not template.endswith(EMPTY) and \
        THERE.issuperset(re.findall(r"{(\w+)}", template))


def holds(wanted, status, there):
    if wanted == ALLOWED:
        return status not in (401, 403) and status < 500 and \
            not (there and status == 404)
    return status == {NOBODY: 401, FORBIDDEN: 403, HIDDEN: 404}[wanted]


def judge(court, spec, rows):
    """What is not as the table says; refusals first, since what is allowed is
    done."""
    problems, n = [], 0
    for (method, template), (plane, media) in sorted(spec.items()):
        if (method, template) not in rows:
            continue
        cells = []
        for column, tenant in zip(rows[method, template], (OWN, OTHER)):
            if column != "-":
                cells += [(w == ALLOWED, i, w, tenant)
                          for i, w in enumerate(column)]
        for _, i, wanted, tenant in sorted(cells):
            status = court.ask(plane, method, template, media, WHO[i],
                               tenant)
            n += 1
            there = plane == "operator" and tenant == OWN and \
                is_there(method, template)
            if not holds(wanted, status, there):
                problems.append(f"{method} {template} by {WHO[i]} in "
                                f"{tenant}: {status}, not '{wanted}'")
    return problems, n


def scope_wrong(court):
    """What a body, a query or a list names, by who has one group."""
    token, base = court.tokens["group"], f"/v1/tenants/{OWN}"
    mine, other = court.claimed(MINE), court.claimed(ELSE)
    problems = []

    def want(status, method, path, body=None):
        got, text = court.service.ask(method, base + path, token, body)
        if got != status:
            problems.append(f"{method} {path} {body}: {got}, not {status}")
        return json.loads(text)

    want(404, "POST", "/claims", {"device_id": "f" * 64, "group": ELSE})
    want(409, "POST", "/claims", {"device_id": other})
    made = want(201, "POST", "/claims", {"device_id": "f" * 64})
    if made.get("group") != MINE:
        problems.append(f"claimed into {made}")
    want(404, "PATCH", f"/devices/{mine}", {"group": ELSE})
    want(404, "GET", f"/devices?group={ELSE}")
    listed = want(200, "GET", "/devices?limit=1000").get("items", [])
    if not listed or any(d["group"] != MINE for d in listed):
        problems.append(f"a list of {len(listed)} devices has others' too")
    groups = want(200, "GET", "/groups").get("items", [])
    if [g["name"] for g in groups] != [MINE]:
        problems.append(f"groups {groups}")
    problems += bulk_wrong(court, mine, other)
    events = want(200, "GET", "/events?limit=1000").get("items", [])
    about = {e["subject"] for e in events}
    if mine not in about or other in about or court.device.id in about:
        problems.append(f"a feed about {about}")
    for lists in "certificates", "error-reports", "error-quota":
        found = want(200, "GET", f"/{lists}?limit=1000").get("items")
        if found != []:
            problems.append(f"{lists} of another group: {found}")
        want(404, "GET", f"/{lists}?device_id={court.device.id}")
        want(200, "GET", f"/{lists}?device_id={mine}")
    return problems


def bulk_wrong(court, mine, other):
    """Claims by who has one group, at once and as an operation."""
    token, problems, made = court.tokens["group"], [], {}
    path, kind = f"/v1/tenants/{OWN}/claims/bulk", "application/x-ndjson"
    text = "".join(f'{{"device_id":"{d}"}}\n'
                   for d in (mine, other, "e" * 64))
    status, answer = court.service.ask("POST", path, token, text, kind)
    found = [json.loads(line).get("outcome") for line in answer.splitlines()]
    if found != ["already-claimed", "refused", "claimed"]:
        problems.append(f"bulk claim: {status} {answer}")
    # So many lines that it is done later, most of them empty.
    for who in "group", "owner":
        status, answer = court.service.ask(
            "POST", path, court.tokens[who], text + 1001 * "\n", kind)
        made[who] = json.loads(answer)
        if status != 202 or made[who].get("group") != \
                (MINE if who == "group" else None):
            problems.append(f"bulk claim by {who}: {status} {answer}")
    seen = json.loads(court.service.ask("GET", "/v1/operations", token)[1])
    if [o["id"] for o in seen["items"]] != [made["group"]["id"]]:
        problems.append(f"operations {seen}")
    for who, wanted in ("group", 200), ("owner", 404):
        for end in "", "/items":
            status, answer = court.service.ask(
                "GET", f"/v1/operations/{made[who]['id']}{end}", token)
            if status != wanted:
                problems.append(f"operation of {who}: {status} {answer}")
    return problems


def openssl(*argv, **kw):
    return must("openssl", *argv, stdin=subprocess.DEVNULL, **kw)


class Certificates:
    """A CA of the operators', and what it and others signed."""

    def __init__(self, folder):
        self.folder = folder
        for ca in "ca", "other":
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", f"/CN=Operators {ca}", "-keyout",
                    self.at(ca, "key"), "-out", self.at(ca, "pem"),
                    "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def at(self, name, end):
        return os.path.join(self.folder, f"{name}.{end}")

    def make(self, name, ca="ca", usage="clientAuth", days="3", san=None):
        extra = write(self.at(name, "ext"),
                      (f"extendedKeyUsage={usage}\n" if usage else "") +
                      (f"subjectAltName={san}\n" if san else "") +
                      "basicConstraints=critical,CA:FALSE\n"
                      "authorityKeyIdentifier=keyid\n")
        openssl("req", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/O=Example/CN={name}", "-keyout", self.at(name, "key"),
                "-out", self.at(name, "csr"))
        openssl("x509", "-req", "-in", self.at(name, "csr"), "-CA",
                self.at(ca, "pem"), "-CAkey", self.at(ca, "key"), "-days",
                days, "-extfile", extra, "-out", self.at(name, "pem"),
                "-CAcreateserial")
        return self.at(name, "pem"), self.at(name, "key")

    def sha256(self, name):
        with open(self.at(name, "pem"), encoding="ascii") as f:
            return hashlib.sha256(der_of(f.read())).hexdigest()


def with_certificate(court, pair, method="GET", path="/v1/tenants"):
    """The status that a client certificate alone is answered with."""
    tls = ssl.create_default_context(cafile=court.service.trust)
    if pair:
        tls.load_cert_chain(*pair)
    url = urllib.parse.urlsplit(court.service.operator_url)
    c = http.client.HTTPSConnection(url.hostname, url.port, timeout=60,
                                    context=tls)
    try:
        c.request(method, path)
        return c.getresponse().status
    finally:
        c.close()


def certificates_wrong(court, made):
    problems = []
    call = court.service.call

    def want(status, pair, *args):
        got = with_certificate(court, pair, *args)
        if got != status:
            problems.append(f"{pair} {args}: {got}, not {status}")

    alice, bob = made.make("alice"), made.make("bob")
    nobody = made.make("nobody")
    call("POST", "/v1/tokens", {
        "name": "alice", "role": "admin",
        "certificate": "subject:CN=alice,O=Example"})
    token = call("POST", f"/v1/tenants/{OWN}/tokens", {
        "name": "bob", "role": "reader",
        "certificate": "sha256:" + made.sha256("bob")})
    if "token" in token:
        problems.append("a certificate's token has a secret")
    want(200, alice)
    want(200, alice, "GET", "/v1/tokens")
    call("POST", "/v1/tokens", {
        "name": "dora", "role": "reader",
        "certificate": "san:email:dora@example.com"})
    want(200, made.make("dora", san="email:dora@example.com"))
    want(401, made.make("dora", san="email:dora@example.com,"
                                    "email:d@example.com"))
    want(200, bob, "GET", f"/v1/tenants/{OWN}/devices")
    want(404, bob, "GET", f"/v1/tenants/{OTHER}/devices")
    want(403, bob, "GET", "/v1/tokens")
    want(401, nobody)
    want(401, None)
    # The right subject is not enough.
    os.mkdir(made.at("more", "d"))
    more = Certificates(made.at("more", "d"))
    for kw in ({"ca": "other"}, {"usage": "serverAuth"}, {"usage": None}):
        if "usage" in kw:
            for end in "pem", "key":
                shutil.copy(made.at("ca", end), more.at("ca", end))
        want(401, more.make("alice", **kw))
    want(401, (court.device.path("certificate"),
               court.device.path("key-file")))
    status, _ = court.service.ask("POST", f"/v1/tenants/{OWN}/tokens",
                                  court.tokens["owner"], {
        "name": "x", "role": "owner", "certificate": "subject:CN=x"})
    if status != 403:
        problems.append(f"an owner names a certificate: {status}")
    status, _ = court.service.ask(
        "POST", f"/v1/tenants/{OWN}/tokens/{token['id']}/rotate", None, {})
    if status != 409:
        problems.append(f"what has no secret is rotated: {status}")
    call("DELETE", f"/v1/tenants/{OWN}/tokens/{token['id']}")
    want(401, bob, "GET", f"/v1/tenants/{OWN}/devices")
    return problems


def starts_with(court, made):
    """Whether it starts with a tenant's root among the operators' CAs."""
    root = court.service.call("GET", f"/v1/tenants/{OWN}/cas/{court.ca}")
    court.service.stop()
    with open(made.at("ca", "pem"), "a", encoding="ascii") as f:
        f.write(root["certificate"])
    return court.service.start()


def main():
    tap = Tap()
    spec, rows = read_spec(), read_table()
    folder = tempfile.mkdtemp(prefix="daapki-rights-")
    made = Certificates(folder)
    court = Court(folder, made)

    def say(sentence, problems):
        tap.ok(not problems, sentence)
        for problem in problems[:60]:
            print("#", problem)

    try:
        say("every operation has a row, and every row an operation",
            [f"{m} {p}" for m, p in sorted(set(spec) ^ set(rows))])
        say("every row says it of every kind of principal",
            [f"{m} {p}" for (m, p), columns in rows.items()
             if any(len(c) != len(WHO) and c != "-" for c in columns)
             or (columns[1] == "-") == ("{tenant}" in p
                                        and spec.get((m, p), "")[:1] ==
                                        ("operator",))])
        tap.ok(court.begin(), "a server, two tenants, ten principals")
        problems, n = judge(court, spec, rows)
        say(f"all {n} answers are those of the table", problems)
        say("who has one group reaches nothing else by body, query or list",
            scope_wrong(court))
        say("client certificates of the operators' CA are their operators, "
            "and no device's is", certificates_wrong(court, made))
        tap.ok(not starts_with(court, made), "it does not start with a "
               "tenant's CA among the operators'")
    finally:
        court.service.end()
        shutil.rmtree(folder, ignore_errors=True)
    return tap.end()


sys.exit(main())
