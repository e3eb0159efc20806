#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real daad answers as api-spec/openapi.yaml says.

Every operation is asked, well and badly.  Each answer must have a status,
headers, a media type and a body that the document gives for that operation.
"""
import hashlib
import json
import os
import shutil
import ssl
import sys
import tempfile
import time

try:
    import jsonschema   # noqa: F401
    import yaml         # noqa: F401
except ImportError:
    print("1..0 # SKIP contract: python3-yaml or python3-jsonschema is not"
          " installed")
    sys.exit(0)

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ.get("abs_srcdir") or
                                os.path.dirname(os.path.dirname(
                                    os.path.abspath(__file__))), "tests"))
from asked import (   # noqa: E402
    BUILD, DOCUMENT, WAIT_S, Client, Contract, Device, Server,
    activation_request, b64url, openssl)

for tool in ("daad", "daa-signer", "daa-agent"):
    if not os.access(os.path.join(BUILD, tool), os.X_OK):
        print("1..0 # SKIP contract: %s is not built" % tool)
        sys.exit(0)
if shutil.which("openssl") is None:
    print("1..0 # SKIP contract: openssl is not installed")
    sys.exit(0)

n_tests = 0
n_failed = 0


def check(name, problems):
    global n_tests, n_failed
    n_tests += 1
    problems = sorted(set(problems))
    n_failed += bool(problems)
    print("%s %d - %s" % ("not ok" if problems else "ok", n_tests, name))
    for problem in problems:
        print("# " + problem)
    sys.stdout.flush()


# --- what is asked -----------------------------------------------------------

T = "/v1/tenants/{tenant}"
A = {"tenant": "tenant-a"}


def name(**more):
    return dict(A, **more)


def tenants_and_groups(ask, work):
    ask("post", "/v1/tenants", body={"name": "tenant-a", "title": "Grüße"})
    ask("post", "/v1/tenants", body={"name": "tenant-b"})
    ask("post", "/v1/tenants", body={"name": "tenant-a"})
    ask("get", "/v1/tenants", query="?limit=1")
    ask("get", T, A)
    ca = ask("get", T + "/cas", A).json()["items"][0]["id"]
    ask("get", T + "/cas/{ca}", name(ca=ca))
    ask("get", T + "/cas/{ca}", name(ca="00" * 20))
    ask("get", T + "/bundle", A)
    ask("get", T + "/bundle", A, query="?chain=1")
    ask("get", T + "/bundle", A, query="?chain=maybe")
    for form in ("der", "pkcs7", "jwks", "spiffe", "cbor"):
        ask("get", T + "/bundle", A, query="?format=" + form)
        ask("get", T + "/cas/{ca}/chain", name(ca=ca), query="?format=" + form)
    ask("get", T + "/bundle", A, accept="application/jwk-set+json")
    ask("get", "/crl/{ca}.crl", {"ca": ca})
    ask("get", "/ca/{ca}.cer", {"ca": ca})
    ask("get", "/ca/{ca}.cer", {"ca": "nonsense"})
    issuing = ask("get", T + "/cas", A).json()["items"][1]["id"]
    for shard in 1, 99:
        ask("get", "/crl/{ca}/{shard}.crl", {"ca": issuing, "shard": shard})
    ask("post", "/ocsp/{ca}", {"ca": ca}, b"0", media="application/ocsp-request")
    ask("post", "/ocsp/{ca}", {"ca": ca}, b"0")
    ask("get", "/ocsp/{ca}/{request}", {"ca": ca, "request": "MA=="})
    for base, names, role in (("/v1", {}, "admin"), (T, A, "reader")):
        made = ask("post", base + "/tokens", names,
                   {"name": "t", "role": role,
                    "expires_at": "2099-01-01T00:00:00Z"}).json()
        ask("get", base + "/tokens", names)
        ask("post", base + "/tokens/{id}/rotate",
            dict(names, id=made["id"]), {"overlap_s": 60})
        ask("delete", base + "/tokens/{id}", dict(names, id=made["id"]))
        ask("delete", base + "/tokens/{id}", dict(names, id="999999"))
    policy = {"formats": ["key"],
              "rules": [{"claim": "format", "equals": "key"}]}
    P = T + "/profiles"
    V = P + "/{profile}/versions"
    short = {"name": "short", "profile": {"lifetime_s": 3600}}
    made = ask("post", P, A, short).json()["profile"]
    ask("post", P, A, short)
    ask("post", P, A, {"name": "bad", "profile": {"lifetime_s": 0}})
    ask("post", P, A, {"name": "edge", "profile": {"edge_ca": {}}})
    ask("get", P, A)
    ask("get", P + "/{profile}", name(profile="short"))
    ask("get", P + "/{profile}", name(profile="nope"))
    ask("put", P + "/{profile}", name(profile="short"),
        dict(made, extended_key_usage=["clientAuth", "serverAuth"],
             subject_alt_names=["spiffe"], spiffe_trust_domain="fleet.example"))
    ask("put", P + "/{profile}", name(profile="short"), made,
        if_match='"1"')
    ask("put", P + "/{profile}", name(profile="short"), made,
        if_match='"2"')
    ask("put", P + "/{profile}", name(profile="short"),
        dict(made, revocation=["crl", "noRevAvail"]))
    ask("get", V, name(profile="short"))
    ask("get", V + "/{version}", name(profile="short", version=1))
    ask("get", V + "/{version}", name(profile="short", version=9))
    ask("post", T + "/groups", A, {"name": "lab", "profile": "short",
                                   "policy": policy})
    ask("post", T + "/groups", A, {"name": "other", "profile": "nope"})
    ask("post", T + "/groups", A, {"name": "lab"})
    ask("get", T + "/groups", A)
    ask("get", T + "/groups/{group}", name(group="lab"))
    ask("patch", T + "/groups/{group}", name(group="lab"), {"title": "Lab"})
    ask("patch", T + "/groups/{group}", name(group="lab"),
        {"profile_version": 9})
    ask("patch", T + "/groups/{group}", name(group="lab"),
        {"profile_version": None})
    ask("get", T + "/groups/{group}/policy", name(group="lab"))
    ask("put", T + "/groups/{group}/policy", name(group="lab"), policy)
    ask("put", T + "/groups/{group}/policy", name(group="lab"),
        {"rules": [{"claim": "no-such-claim", "equals": 1}]})
    policy_life(ask, policy)
    references(ask)


def references(ask):
    one = T + "/reference-values/{set}"
    pumps = name(set="pumps")
    ask("put", one, pumps, {"note": "line 4"})
    ask("put", one, pumps, {"note": "line 5"}, if_match='"1"')
    ask("put", one, pumps, {"note": "line 6"}, if_match='"1"')
    ask("put", one, name(set="-"), {})
    ask("get", T + "/reference-values", A)
    ask("get", one, pumps)
    ask("get", one, name(set="nope"))
    value = {"value": "ab" * 32, "provenance": "release notes",
             "valid_until": "2099-01-01T00:00:00Z"}
    made = ask("post", one + "/entries", pumps, value).json()
    ask("post", one + "/entries", pumps, value)
    ask("post", one + "/entries", pumps, dict(value, value="AB" * 32))
    ask("get", one + "/entries", pumps)
    rule = {"rules": [{"claim": "measurement", "in_set": "pumps"}]}
    ask("put", T + "/groups/{group}/policy", name(group="lab"), {
        "rules": [{"claim": "measurement", "in_set": "nope"}]})
    ask("put", T + "/groups/{group}/policy/draft", name(group="lab"), rule)
    ask("delete", one, pumps)
    ask("delete", T + "/groups/{group}/policy/draft", name(group="lab"))
    ask("delete", one + "/entries/{id}", dict(pumps, id=made["id"]))
    ask("delete", one + "/entries/{id}", dict(pumps, id=made["id"]))
    ask("delete", one, pumps, if_match='"1"')
    ask("delete", one, pumps)


def policy_life(ask, policy):
    p = T + "/groups/{group}/policy"
    lab = name(group="lab")
    ask("get", p + "/draft", lab)
    ask("put", p + "/draft", lab, policy, if_match='"1"')
    ask("put", p + "/draft", lab, policy)
    ask("put", p + "/draft", lab, {"rules": []})
    ask("put", p + "/draft", lab, dict(policy, rules=[
        {"claim": "secure_boot", "equals": True}]), if_match='"1"')
    ask("get", p + "/draft", lab)
    ask("post", p + "/activate", lab, {"draft": 1})
    ask("post", p + "/activate", lab, {"draft": 2, "version": 1})
    ask("post", p + "/activate", lab, {"draft": 2, "grace_s": 60,
                                       "reason": "tried"}, if_match='"2"')
    ask("post", p + "/activate", lab, {"version": 3})
    ask("post", p + "/activate", lab, {"version": 2, "reason": "too strict"})
    ask("post", p + "/activate", lab, {"version": 9})
    ask("put", p + "/draft", lab, policy)
    ask("delete", p + "/draft", lab, if_match='"1"')
    ask("delete", p + "/draft", lab)
    ask("delete", p + "/draft", lab)
    ask("post", p + "/dry-run", lab, {})
    ask("get", p + "/versions", lab, query="?limit=1")
    ask("get", p + "/versions/{version}", dict(lab, version=3))
    ask("get", p + "/versions/{version}", dict(lab, version=9))
    ask("get", p + "/activations", lab, query="?after=1")
    ask("get", p + "/activations", name(group="nope"))


def ca_life(ask, work):
    cas = T + "/cas"
    one = cas + "/{ca}"
    ask("post", "/v1/tenants", body={"name": "tenant-c", "algorithm": "p384"})
    ask("post", "/v1/tenants", body={"name": "tenant-d", "algorithm": "dsa"})
    old = [ca for ca in ask("get", cas, A).json()["items"]
           if ca["role"] == "issuing"][0]["id"]
    ask("post", cas, A, {"role": "issuing", "algorithm": "dsa"})
    ask("post", cas, A, {"role": "issuing",
                         "retire_at": "2026-01-01T00:00:00Z",
                         "activate_at": "2027-01-01T00:00:00Z"})
    new = ask("post", cas, A, {"role": "issuing"}).json()["id"]
    ask("post", cas, A, {"role": "issuing"})
    ask("patch", one, name(ca=new), {"activate_at": "2027-01-01T00:00:00Z",
                                     "retire_at": None})
    ask("patch", one, name(ca=new), {"activate_at": "tomorrow"})
    ask("get", one + "/certificates", name(ca=old), query="?unexpired=true")
    ask("get", one + "/certificates", name(ca="00" * 20))
    ask("post", one + "/retire", name(ca=old))
    ask("post", one + "/activate", name(ca=new))
    ask("post", one + "/activate", name(ca=new))
    ask("post", one + "/retire", name(ca=old))
    ask("post", one + "/taint", name(ca=new))
    ask("post", one + "/taint", name(ca=new))
    ask("post", one + "/revoke", name(ca=new), {"reason": "because"})
    two_people(ask, one, new)
    root = ask("post", cas, A, {"role": "root"}).json()["id"]
    ask("post", one + "/retire", name(ca=root))
    ask("post", one + "/proof", name(ca=old), {"nonce": "n"})
    now = [ca for ca in ask("get", cas, A).json()["items"]
           if ca["role"] == "issuing" and ca["state"] == "active"][0]["id"]
    ask("post", one + "/proof", name(ca=now), {"nonce": "4E2B7F"})
    own_root(ask, work)


def two_people(ask, one, ca):
    """What two_person names: one proposes, another approves or rejects."""
    alice, bob = (ask("post", "/v1/tokens", body={"name": n}).json()["token"]
                  for n in ("alice", "bob"))

    def propose(method, *args):
        made = ask(method, *args, token=alice)
        return {"id": made.json()["id"]}, made.headers["Location"]

    def decide(base, names, word, token):
        ask("post", base + "/{id}/" + word, names, token=token)

    why = {"reason": "cACompromise"}
    P = T + "/proposals"
    first = dict(A, **propose("post", one + "/revoke", name(ca=ca), why)[0])
    ask("post", one + "/revoke", name(ca=ca), why, token=bob)
    decide(P, first, "reject", alice)
    again = dict(A, **propose("post", one + "/revoke", name(ca=ca), why)[0])
    ask("get", P, A)
    ask("get", P + "/{id}", again)
    decide(P, again, "approve", alice)
    decide(P, again, "approve", bob)
    decide(P, again, "approve", bob)
    ask("post", one + "/revoke", name(ca=ca), {})
    gone = {"tenant": "tenant-c"}
    P = "/v1/proposals"
    decide(P, propose("delete", "/v1/tenants/{tenant}", gone)[0], "reject",
           bob)
    last = propose("delete", "/v1/tenants/{tenant}", gone)[0]
    ask("get", P)
    ask("get", P + "/{id}", last)
    decide(P, last, "approve", bob)
    ask("get", T, gone)
    ask("post", T + "/groups", gone, {"name": "late"})


def recoveries(ask):
    """An orphaned tenant, whose owner is there after all."""
    body = {"tenant": "tenant-b", "to": "tenant-a", "reason": "gone"}
    made = ask("post", "/v1/recoveries", body=body).json()
    ask("post", "/v1/recoveries", body=body)
    ask("post", "/v1/recoveries", body=dict(body, to="nobody"))
    ask("post", "/v1/recoveries", body=dict(body, to="tenant-b"))
    ask("get", "/v1/recoveries")
    ask("get", T + "/recoveries", {"tenant": "tenant-b"})
    names = {"tenant": "tenant-b", "id": made["id"]}
    for _ in range(2):
        ask("post", T + "/recoveries/{id}/object", names)


def own_root(ask, work):
    """The tenant's own root signs; OpenSSL plays it."""
    one = T + "/cas/{ca}"
    path = lambda name: os.path.join(work, name)
    made = ask("post", T + "/cas", A, {"role": "issuing",
                                       "root": "own"}).json()
    ask("post", one + "/certificate", name(ca=made["id"]),
        {"certificate": "nonsense"})
    with open(path("own.csr"), "w", encoding="ascii") as f:
        f.write(made["csr"])
    with open(path("own.ext"), "w", encoding="ascii") as f:
        f.write("basicConstraints=critical,CA:TRUE,pathlen:0\n"
                "keyUsage=critical,keyCertSign,cRLSign\n"
                "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/O=Example/CN=Own root", "-keyout", path("own.key"), "-addext",
            "keyUsage=critical,keyCertSign,cRLSign", "-out", path("own.pem"))
    openssl("x509", "-req", "-in", path("own.csr"), "-CA", path("own.pem"),
            "-CAkey", path("own.key"), "-days", "20", "-extfile",
            path("own.ext"), "-out", path("own-ca.pem"))
    chain = ""
    for part in ("own-ca.pem", "own.pem"):
        with open(path(part), encoding="ascii") as f:
            chain += f.read()
    ask("post", one + "/certificate", name(ca=made["id"]),
        {"certificate": chain})
    ask("post", one + "/certificate", name(ca=made["id"]),
        {"certificate": chain})


def trust(ask, work):
    root = os.path.join(work, "root.pem")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
            "/CN=Test EK root", "-keyout", os.path.join(work, "root.key"),
            "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", root)
    with open(root, encoding="ascii") as f:
        pem = f.read()
    for base, names in (("/v1", {}), (T, A)):
        body = {"scheme": "tpm-ek", "name": "Test", "certificate": pem}
        made = ask("post", base + "/anchors", names, body).json()
        ask("post", base + "/anchors", names, body)
        ask("post", base + "/anchors", names, dict(body, certificate="x"))
        ask("get", base + "/anchors", names)
        ask("delete", base + "/anchors/{id}", dict(names, id=made["id"]))
        ask("delete", base + "/anchors/{id}", dict(names, id=made["id"]))
        one = {"kind": "revoked-serials", "name": "lost", "document":
               {"serials": ["0a", "7f00"]}}
        status = {"kind": "android-status", "name": "Google", "document":
                  {"entries": {"abc": {"status": "SUSPENDED"}}}}
        ask("post", base + "/collateral", names, status)
        made = ask("post", base + "/collateral", names, one).json()
        ask("post", base + "/collateral", names, dict(one, kind="crl"))
        ask("get", base + "/collateral", names)
        ask("get", base + "/collateral/{id}", dict(names, id=made["id"]))
        ask("delete", base + "/collateral/{id}", dict(names, id=made["id"]))
        ask("delete", base + "/collateral/{id}", dict(names, id=made["id"]))
        part = {"hardware_id": "tpm-ek:" + "ab" * 32, "note": "lot 17"}
        made = ask("post", base + "/hardware", names, part).json()
        ask("post", base + "/hardware", names, part)
        ask("get", base + "/hardware", names)
        ask("delete", base + "/hardware/{id}", dict(names, id=made["id"]))
        ask("delete", base + "/hardware/{id}", dict(names, id="nonsense"))


def device_life(ask, work, server):
    device = Device(work, server)
    hardware, did = device.id["hardware_id"], device.id["device_id"]
    ask("post", "/v1/hardware", {}, {"hardware_id": hardware})
    device.enroll(ask)			# nobody has claimed it yet
    ask("post", T + "/claims", A, {"hardware_id": hardware, "group": "lab"})
    ask("post", T + "/claims", A, {"device_id": did})
    ask("post", T + "/claims", {"tenant": "tenant-b"}, {"device_id": did})
    request, _ = device.enroll(ask)
    ask("post", "/v1/enrollments", body=request)	# the nonce is used
    ask("post", "/v1/enrollments", body=dict(request, csr="AAAA"))
    asked = device.ask_owner(ask)
    ask("post", "/v1/ownership", body=asked)		# and so is this one
    ask("post", "/v1/ownership", body=dict(asked, public_key="AAAA"))
    asked, given = device.consent(ask, "tenant-b")
    ask("post", "/v1/claim-consents", body=asked)
    ask("post", "/v1/claim-consents", body=dict(asked, audience="evil.example"))
    ask("post", "/v1/claim-consents", body=dict(asked, tenant="Not a name"))
    ask("post", T + "/claims", {"tenant": "tenant-b"},
        {"device_id": did, "consent": given.json()["consent"],
         "proof": "consent"})
    ask("post", T + "/claims", {"tenant": "tenant-b"},
        {"device_id": did, "proof": "everything"})
    ask("post", "/v1/tpm/activations", body=activation_request(work))
    ask("post", "/v1/tpm/activations", body={"ek_public": "AAAA",
                                             "ak_public": "AAAA"})
    ask("get", "/v1/self", cert=device.cert)
    ask("get", "/v1/self")
    at = "2026-11-22T07:52:50Z"
    report = {"report_id": "r1", "events": [{
        "event_type": "AppCrash", "event_class": "Exit",
        "event_category": "Application", "event_count": 2,
        "description": "=cmd, \"quoted\"", "start_time": at, "end_time": at}]}
    for _ in range(2):
        ask("post", "/v1/error-reports", body=report, cert=device.cert)
    ask("post", "/v1/error-reports", body=report)
    ask("post", "/v1/error-reports", body={"report_id": "r2", "events": []},
        cert=device.cert)
    return device, did


def webhooks(ask):
    hooks = T + "/webhooks"
    # A name that is reserved to lead nowhere (RFC 6761, 6.4).
    hook = ask("post", hooks, A, body={
        "url": "https://hook.invalid/", "types": ["device.*"]}).json()
    ask("post", hooks, A, body={"url": "file:///x"})
    ask("post", hooks, A, body={"url": "https://x.invalid/",
                                "types": ["no.such"]})
    ask("post", hooks, A, body={"url": "https://hook.invalid/",
                                "kind": "ed25519", "description": "other"})
    ask("get", hooks, A)
    one = name(webhook=hook["id"])
    for path, body in (("/rotate", {"overlap_s": 60}), ("/test", None),
                       ("/enable", None), ("/replay", {"after": "0"}),
                       ("/replay", {})):
        ask("post", hooks + "/{webhook}" + path, one, body=body)
    ask("get", hooks + "/{webhook}/deliveries", one)
    ask("get", hooks + "/{webhook}", one)
    ask("delete", hooks + "/{webhook}", one)
    ask("get", hooks + "/{webhook}", one)


def issuers(ask):
    # A name that is reserved to lead nowhere (RFC 6761, 6.4).
    rule = {"claim": "groups", "value": "x", "role": "reader",
            "tenant": "tenant-a", "group": "lab"}
    whole = {"issuer": "https://login.invalid/a", "audience": "daapki",
             "title": "people", "jwks_url": "https://login.invalid/keys",
             "rules": [rule]}
    made = ask("post", "/v1/issuers", body=whole).json()
    ask("post", "/v1/issuers", body=whole)
    ask("post", "/v1/issuers", body=dict(whole, rules=[
        dict(rule, group="nope")]))
    ask("get", "/v1/issuers", query="?limit=1")
    one = {"id": made["id"]}
    ask("get", "/v1/issuers/{id}", one)
    ask("patch", "/v1/issuers/{id}", one, body={"title": "others"})
    ask("patch", "/v1/issuers/{id}", one, body={"jwks": {"keys": [
        {"kty": "oct", "k": "AAAA"}]}})
    ask("delete", "/v1/issuers/{id}", one)
    ask("get", "/v1/issuers/{id}", one)


def operators_view(ask, device, did):
    reports = ask("get", T + "/error-reports", A,
                  query="?device_id=%s&event_type=AppCrash" % did).json()
    ask("get", T + "/error-reports", A, accept="text/csv")
    ask("get", T + "/error-reports", A, accept="application/x-ndjson")
    ask("get", T + "/error-reports", A, query="?from=yesterday")
    ask("get", T + "/error-reports/{event}",
        name(event=reports["items"][0]["id"]))
    ask("get", T + "/error-quota", A)
    error_groups(ask)
    ask("get", T + "/events", A)
    ask("get", T + "/events", A, query="?limit=0")
    ask("get", T + "/events", A, query="?type=device.*&limit=1000")
    ask("get", T + "/events", A, query="?after=latest&wait=1")
    ask("get", T + "/events", A, query="?type=nonsense")
    ask("get", T + "/events", A, query="?wait=61")
    ask("get", "/v1/events", query="?limit=5")
    webhooks(ask)
    issuers(ask)
    ask("get", T + "/devices", A, query="?state=active&group=lab")
    ask("get", T + "/devices", A, query="?state=nonsense")
    ask("get", T + "/devices/{device}", name(device=did))
    ask("get", T + "/devices/{device}/claims", name(device=did))
    ask("get", T + "/devices/{device}/refusals", name(device=did))
    ask("get", T + "/devices/{device}/refusals", name(device="0" * 64))
    ask("get", T + "/devices", A, accept="text/csv")
    ask("get", T + "/devices", A, accept="application/x-ndjson")
    for query in ("label=site,line=7&q=0123", "stale_tcb=true&refused=false",
                  "silent_since=2026-11-22T07:52:50Z", "clock_skewed=maybe",
                  "expiring_before=2026-11-22T07:52:50Z&limit=1"):
        ask("get", T + "/devices", A, query="?" + query)
    result = T + "/devices/{device}/attestation-result"
    ask("get", result, name(device=did))
    ask("get", result, name(device=did), accept="application/json")
    ask("get", result, name(device=did), query="?nonce=short")
    ask("get", result, name(device="0" * 64))
    ask("get", T + "/claims", A, query="?active=true")
    ask("get", T + "/certificates", A, query="?revoked=false")
    ask("get", T + "/certificates/{serial}", name(serial=device.serial))
    again = T + "/certificates/{serial}/replay"
    for body, outcome in (({"evidence": device.evidence}, "same"),
                          ({"evidence": {}}, "differs"), ({}, "incomplete")):
        told = ask("post", again, name(serial=device.serial), body).json()
        if told["outcome"] != outcome:
            raise SystemExit("the replay: %r" % told)
    ask("post", again, name(serial="00"), {})
    dry = T + "/groups/{group}/policy/dry-run"
    ask("post", dry, name(group="lab"), {"version": 3})
    ask("post", dry, name(group="lab"), {"version": 3}, query="?limit=0")
    ask("post", dry, name(group="lab"), {"policy": {
        "rules": [{"claim": "debug", "equals": False}]}}, query="?limit=1")
    # This device has shown neither registers nor an event log.
    for what in ({"pcrs": {"sha256": [0]}}, {"boot_components": True}):
        ask("post", T + "/groups/{group}/policy/learn", name(group="lab"),
            dict(what, device_id=did))


def error_groups(ask):
    groups, settings = T + "/error-groups", T + "/error-report-settings"
    first = ask("get", groups, A, query="?state=open").json()["items"][0]["id"]
    ask("get", groups, A, query="?from=yesterday")
    ask("get", T + "/error-reports", A, query="?group=" + first)
    ask("get", T + "/error-reports", A, query="?group=x")
    one = groups + "/{id}"
    ask("get", one, name(id=first))
    ask("get", one, name(id="999"))
    ask("patch", one, name(id=first), {"state": "resolved", "note": "7.2"},
        if_match='"1"')
    ask("patch", one, name(id=first), {"state": "muted"}, if_match='"1"')
    ask("patch", one, name(id=first), {"state": "gone"})
    ask("get", one + "/devices", name(id=first))
    ask("get", T + "/error-series", A, query="?group=%s&event_type=AppCrash"
        % first)
    ask("get", T + "/error-series", A, query="?to=tomorrow")
    ask("get", settings, A)
    ask("patch", settings, A, {"keep_days": 90, "spike_least": None},
        if_match='"1"')
    ask("patch", settings, A, {"keep_days": 90}, if_match='"1"')
    ask("patch", settings, A, {"keep_days": 0})


def bans(ask):
    """Rules about no device of these; a dry run first."""
    match = {"shows": {"rules": [{"claim": "debug", "equals": True}]}}
    for path, names in ((T + "/bans", A), ("/v1/bans", {})):
        one = path + "/{ban}"
        ask("post", path, names, {"match": match, "action": "ban",
                                  "dry_run": True})
        made = ask("post", path, names, {"match": match, "reason": "debug",
                                         "action": "quarantine"}).json()
        ask("post", path, names, {"match": {}, "action": "ban"})
        ask("get", path, names)
        ask("get", one, dict(names, ban=made["id"]))
        ask("get", one, dict(names, ban="4711"))
        ask("delete", one, dict(names, ban=made["id"]), query="?unban=true")
        ask("delete", one, dict(names, ban=made["id"]))


def changes(ask, device, did):
    bans(ask)
    ask("patch", T + "/devices/{device}", name(device=did),
        {"group": "default"})
    ask("patch", T + "/devices/{device}", name(device=did), {"group": "nope"})
    ask("patch", T + "/devices/{device}", name(device=did),
        {"labels": {"site": "berlin", "line": None}})
    ask("patch", T + "/devices/{device}", name(device=did),
        {"labels": {"Site": "berlin"}})
    ask("post", T + "/certificates/{serial}/revoke",
        name(serial=device.serial), {"reason": "keyCompromise"})
    ask("post", T + "/certificates/{serial}/revoke",
        name(serial=device.serial), {"reason": "because"})
    ask("get", "/v1/self", cert=device.cert)
    ask("post", T + "/devices/{device}/ban", name(device=did),
        {"reason": "stolen"})
    device.enroll(ask)
    ask("delete", T + "/claims/{device}", name(device=did))
    ask("post", T + "/devices/{device}/unban", name(device=did))
    ask("delete", T + "/claims/{device}", name(device=did),
        query="?reason=sold")
    ask("delete", T + "/claims/{device}", name(device=did))
    lines = "id,group\n%s,lab\nnonsense\n" % hashlib.sha256(b"x").hexdigest()
    bulk = ask("post", T + "/claims/bulk", A, lines, media="text/csv")
    schema = {"$ref": "#/components/schemas/ClaimOutcome"}
    # With an Idempotency-Key it is an operation.
    said = bulk.body.decode() if bulk.status == 200 else ""
    for line in said.splitlines():
        ask.contract.problems.extend(DOCUMENT.invalid(schema, json.loads(line)))
    ask("post", T + "/claims/bulk", A, '{"device_id":"%s"}\n' % (
        hashlib.sha256(b"y").hexdigest()), media="application/x-ndjson")
    long_work(ask, lines)


def manifests(ask):
    """A list of parts, signed by a key that was registered."""
    work = tempfile.mkdtemp()
    try:
        key, text = os.path.join(work, "key"), os.path.join(work, "text")
        openssl("genpkey", "-algorithm", "ed25519", "-out", key)
        spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
        head = json.dumps({"alg": "EdDSA", "typ": "daapki-manifest",
                           "kid": hashlib.sha256(spki).hexdigest()})
        parts = json.dumps({"hardware_id": "sgx:" + "ab" * 32, "batch": "b",
                            "claim_secret": "secret-of-it"})
        signed = b64url(head.encode()) + "." + b64url(parts.encode())
        with open(text, "w", encoding="ascii") as f:
            f.write(signed)
        signed += "." + b64url(openssl("pkeyutl", "-sign", "-rawin",
                                       "-inkey", key, "-in", text))
    finally:
        shutil.rmtree(work)
    M = "/v1/manifest-keys"
    ask("post", "/v1/manifests", {}, signed, media="application/jose")
    made = ask("post", M, {}, {"name": "maker", "public_key": b64url(spki)})
    ask("post", M, {}, {"name": "maker", "public_key": b64url(spki)})
    ask("get", M)
    ask("post", "/v1/manifests", {}, signed, media="application/jose")
    ask("delete", M + "/{id}", {"id": json.loads(made.body)["id"]})


def long_work(ask, lines):
    manifests(ask)
    made = ask("post", T + "/claims/bulk", A, lines, media="text/csv",
               prefer="respond-async")
    one = dict(A, operation=json.loads(made.body)["id"])
    O = "/v1/operations/{operation}"
    give_up = time.time() + WAIT_S
    while json.loads(ask("get", O, one).body)["state"] != "done":
        if time.time() > give_up:
            ask.contract.problems.append("an operation does not end")
            break
        time.sleep(0.05)
    ask("get", "/v1/operations", query="?tenant=tenant-a&kind=claim")
    ask("get", O + "/items", one, query="?outcome=refused")
    for media in ("text/csv", "application/x-ndjson"):
        ask("get", O + "/items", one, accept=media)
    ask("post", O + "/cancel", one, {})
    # So many that it cannot have ended when it is cancelled.
    many = "".join("%064x\n" % i for i in range(20000))
    made = ask("post", T + "/claims/bulk", A, many, media="text/csv",
               query="?dry_run=true")
    ask("post", O + "/cancel", dict(A, operation=json.loads(
        made.body)["id"]), {})
    ask("post", T + "/claims/bulk-release", A, lines, media="text/csv",
        query="?dry_run=true&reason=sold")
    ask("post", T + "/claims/bulk-release", A, lines, media="text/csv",
        prefer="respond-async")


def transfers(ask, did):
    """A device goes to tenant-b and is taken back; offers end each way."""
    at, b = T + "/transfers/{transfer}", {"tenant": "tenant-b"}

    def offer(**more):
        made = ask("post", T + "/transfers", A,
                   dict(more, device_id=did, to="tenant-b")).json()
        return name(transfer=made["id"]), dict(b, transfer=made["id"])

    ask("post", T + "/claims/{device}/restore", name(device=did))
    ask("post", T + "/claims/{device}/restore", name(device="0" * 64))
    ours, theirs = offer(reason="sold")
    ask("post", T + "/transfers", A, {"device_id": did, "to": "nobody"})
    ask("post", T + "/transfers", A, {"device_id": did, "to": "tenant-a"})
    ask("get", T + "/transfers", b, query="?state=offered")
    ask("get", T + "/transfers", A, query="?direction=out&limit=1")
    ask("get", T + "/transfers", A, query="?direction=up")
    ask("get", at, ours)
    ask("get", at, theirs)
    ask("post", at + "/reject", ours)
    ask("post", at + "/reject", theirs)
    ours, theirs = offer()
    ask("post", at + "/cancel", ours)
    ask("post", at + "/accept", theirs, {"group": "default"})
    ours, theirs = offer()
    ask("post", at + "/accept", theirs, {"group": "nope"})
    ask("post", at + "/accept", theirs, {"group": "default"})
    ask("get", T + "/claims", b)
    ask("post", at + "/undo", ours, {})
    ask("get", T + "/devices/{device}/claims", name(device=did))
    ask("delete", T + "/claims/{device}", name(device=did))


def health(ask, _):
    ask("get", "/healthz")
    ask("get", "/readyz")


SAMPLE = {"tenant": "tenant-a", "group": "lab", "set": "pumps", "profile": "short",
          "version": "1", "device": "0" * 64, "serial": "01" * 16, "ca": "00" * 20, "id": "1", "event": "1",
          "transfer": "0" * 32, "operation": "0" * 32, "webhook": "1",
          "ban": "1"}


def bodies(op):
    """The media types of a request; empty when no body is taken."""
    return list(op.get("requestBody", {}).get("content", {}))


def wants(problems, answer, status, code, where):
    if answer.status != status or answer.json().get("code") != code:
        problems.append("%s: %d %s, not %d %s" % (
            where, answer.status, answer.body[:120], status, code))


def bad_credentials(ask, reader):
    problems = []
    for template, method, op in DOCUMENT.operations():
        where = "%s %s" % (method, template)
        if DOCUMENT.plane_of(template) != "operator":
            continue
        media = (bodies(op) or [None])[0]
        body = None if media is None else "{}"
        wants(problems, ask(method, template, SAMPLE, body, token=False,
                            media=media),
              401, "auth.required", where)
        wants(problems, ask(method, template, SAMPLE, body, media=media,
                            token="daapki_" + "A" * 43),
              401, "auth.token", where)
        if "{tenant}" in template:
            wants(problems, ask(method, template,
                                dict(SAMPLE, tenant="tenant-b"), body,
                                token=reader, media=media),
                  404, "resource.not-found", where)
        if method != "get":
            wants(problems, ask(method, template, SAMPLE, body,
                                token=reader, media=media),
                  403, "auth.forbidden", where)
    return problems


def bad_bodies(ask):
    problems = []
    for template, method, op in DOCUMENT.operations():
        where = "%s %s" % (method, template)
        if op.get("security") == [{"deviceCertificate": []}] or \
                not bodies(op):
            continue
        wants(problems, ask(method, template, SAMPLE, b"x", media="text/x"),
              415, "request.media-type", where)
        if "application/json" not in bodies(op):
            continue
        wants(problems, ask(method, template, SAMPLE, b'{"a":'), 400,
              "request.json", where)
        # What is wrong with evidence has codes of its own.
        wants(problems, ask(method, template, SAMPLE,
                            {"no-such-member": 1}), 400,
              "evidence.malformed" if "activations" in template
              else "request.field", where)
        large = b'{"a":"' + b"x" * (4 * 1024 * 1024) + b'"}'
        try:
            wants(problems, ask(method, template, SAMPLE, large), 413,
                  "request.too-large", where)
        except (ConnectionError, ssl.SSLError):
            pass	# the server may close on who goes on sending
    return problems


def outside(server):
    """What the document says of all paths together."""
    problems = []
    token = {"Authorization": "Bearer " + server.token}
    for plane in ("device", "operator", "status"):
        answer = server.ask(plane, "GET", "/v1/no/such/path", None, token)
        wants(problems, answer, 404, "request.route", plane)
        path = {"device": "/v1/self", "operator": "/v1/tenants",
                "status": "/healthz"}[plane]
        answer = server.ask(plane, "PUT", path, b"{}", dict(
            token, **{"Content-Type": "application/json"}))
        wants(problems, answer, 405, "request.method", plane)
        if not answer.headers.get("Allow"):
            problems.append(plane + ": no Allow")
        problems.extend(DOCUMENT.invalid(
            {"$ref": "#/components/schemas/Problem"}, answer.json()))
    return problems


def audit(ask, acts):
    """Each act of an operator has left a row, and each kind of them one of the
    transaction in which it was done: repeats and dry runs do nothing."""
    def rows(template, names=None):
        after, out = None, []
        while True:
            page = ask("get", template, names, query="?limit=1000" + (
                "" if after is None else "&after=" + after)).json()
            out += page["items"]
            after = page.get("next")
            if after is None:
                return out
    tenants = ask("get", "/v1/tenants").json()["items"]
    found = rows("/v1/audit")
    ask("get", "/metrics")
    for tenant in tenants:
        found += rows(T + "/audit", {"tenant": tenant["name"]})
    told = {}
    for row in found:
        told.setdefault(row["request_id"], []).append(row["action"])
    problems, done = [], set()
    for request_id, act in acts.items():
        actions = told.get(request_id, [])
        if not actions:
            problems.append("%s %s has left no row" % (act[1], act[0]))
        elif set(actions) != {"operator.request"}:
            done.add(act)
    problems += ["%s %s has no row of its transaction" % (act[1], act[0])
                 for act in set(acts.values()) - done
                 if not act[0].endswith(("/dry-run", "/replay"))]
    return problems + ([] if len(acts) > 20 else ["%d acts" % len(acts)])


# A good answer needs a TPM's measurements.
NEEDS_TPM = {(T + "/groups/{group}/policy/learn", "post")}


def everything(ask, work, server, done):
    """Ask for all there is; done(sentence) is called after each part."""
    health(ask, work)
    tenants_and_groups(ask, work)
    done("tenants, CAs, tokens, groups and policies")
    trust(ask, work)
    done("anchors and inventory")
    device, did = device_life(ask, work, server)
    done("challenge, activation, enrolment, self, error report")
    operators_view(ask, device, did)
    done("what operators see")
    changes(ask, device, did)
    done("what operators change")
    transfers(ask, did)
    recoveries(ask)
    done("devices from tenant to tenant")
    ca_life(ask, work)
    done("the life of a CA")


def run(work):
    server = Server(work)
    try:
        contract = Contract()
        ask = Client(server, contract)
        everything(ask, work, server,
                   lambda sentence: check(sentence, contract.taken()))
        check("what operators did is in the audit",
              audit(ask, dict(contract.acts)) + contract.taken())
        asked = {(t, m) for t, m, _ in DOCUMENT.operations()}
        check("every operation has been answered well",
              ["%s %s" % (m, t)
               for t, m in asked - contract.good - NEEDS_TPM])
        reader = ask("post", T + "/tokens", A,
                     {"name": "r", "role": "reader"}).json()["token"]
        check("bad credentials", bad_credentials(ask, reader)
              + contract.taken())
        check("bad bodies", bad_bodies(ask) + contract.taken())
        check("paths and methods that do not exist", outside(server))
        check("the server still runs", [] if server.process.poll() is None
              else ["it ended with %s" % server.process.poll()])
    finally:
        server.stop()
    check("it ends as asked", [] if server.process.returncode == 0
          else [str(server.process.returncode)])


def main():
    work = tempfile.mkdtemp(prefix="daapki-contract-")
    try:
        run(work)
    finally:
        if n_failed and os.path.exists(os.path.join(work, "daad.log")):
            with open(os.path.join(work, "daad.log"), errors="replace",
                      encoding="utf-8") as log:
                for line in log.readlines()[-20:]:
                    print("# " + line.rstrip())
        shutil.rmtree(work, ignore_errors=True)
    print("1..%d" % n_tests)
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()
