#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Operators by JWTs of an issuer with a TLS server of its own for its keys.

PyJWT makes and signs the JWTs, `cryptography` the keys; a real daad has the keys
fetched by a real daa-courier.
"""
import base64
import datetime
import http.server
import ipaddress
import json
import os
import shutil
import ssl
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from service import Service, Tap, run, program, write  # noqa: E402

try:
    import jwt
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.x509.oid import NameOID
    from jwt.algorithms import get_default_algorithms
except ImportError:
    print("1..0 # SKIP PyJWT (python3-jwt) is not here")
    sys.exit(0)

ADDRESS = "127.0.0.3"       # of the issuer; 127.0.0.1 is not one to fetch from
AUDIENCE = "daapki-test"
WAIT_S = 60


def wait_for(what):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.2)
    return False


def make_certificate(folder):
    """A self-signed one for ADDRESS; who trusts it gets ca.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    now = datetime.datetime.utcnow()
    day = datetime.timedelta(days=1)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1)
            .not_valid_before(now - day).not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address(ADDRESS))]), False)
            .sign(key, hashes.SHA256()))
    pem = serialization.Encoding.PEM
    write(os.path.join(folder, "tls.key"), key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return write(os.path.join(folder, "ca.pem"), cert.public_bytes(pem))


def coordinates(key):
    """In full size, as RFC 7518 has them; PyJWT of Debian 12 cuts zeros."""
    numbers = key.public_key().public_numbers()
    size = key.curve.key_size // 8
    return {name: base64.urlsafe_b64encode(value.to_bytes(size, "big"))
            .rstrip(b"=").decode() for name, value in
            (("x", numbers.x), ("y", numbers.y))}


class Issuer:
    """Keys by kid, and where they are to be had."""

    MAKE = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "PS256": lambda: rsa.generate_private_key(65537, 2048)}

    def __init__(self, folder):
        issuer = self
        self.keys, self.asked, self.down = {}, [], False

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                if issuer.down:
                    self.send_error(500)
                    return
                body = json.dumps(issuer.jwks()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer((ADDRESS, 0), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.path.join(folder, "ca.pem"),
                            os.path.join(folder, "tls.key"))
        self.server.socket = tls.wrap_socket(self.server.socket,
                                             server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"https://{ADDRESS}:{self.port}/realm"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def add(self, kid, alg="ES256"):
        self.keys[kid] = (alg, self.MAKE[alg]())

    def jwks(self):
        keys = []
        for kid, (alg, key) in self.keys.items():
            made = get_default_algorithms()[alg].to_jwk(key.public_key())
            keys.append({**json.loads(made), "kid": kid, "alg": alg,
                         "use": "sig"})
            keys[-1].pop("key_ops", None)
            if alg.startswith("ES"):
                keys[-1].update(coordinates(key))
        return {"keys": keys}

    def sign(self, kid, claims=None, drop=(), headers=None, key=None):
        alg, own = self.keys[kid]
        now = int(time.time())
        whole = {"iss": self.url, "sub": "alice", "aud": AUDIENCE,
                 "iat": now, "exp": now + 300, **(claims or {})}
        for name in drop:
            del whole[name]
        return jwt.encode(whole, key or own, alg,
                          {"kid": kid, **(headers or {})})


class Court:
    def __init__(self, service, issuer):
        self.service, self.issuer = service, issuer

    def status(self, token, method="GET", path="/v1/tenants/tenant-a/devices",
               body=None):
        return self.service.ask(method, path, token, body)[0]

    def wants(self, tap, status, sentence, *args, **kw):
        got = self.status(self.issuer.sign(*args, **kw))
        tap.ok(got == status, sentence)
        if got != status:
            print(f"# {got}")


def rule(value, role, tenant="tenant-a", claim="groups", **more):
    made = {"claim": claim, "value": value, "role": role, **more}
    return {**made, "tenant": tenant} if tenant else made


def keys_of(service, made):
    shown = service.call("GET", f"/v1/issuers/{made['id']}")
    return {k["kid"] for k in shown["keys"]}


def fetching(tap, court):
    service, issuer = court.service, court.issuer
    for alg in issuer.MAKE:
        issuer.add(alg.lower(), alg)
    made = service.call("POST", "/v1/issuers", {
        "issuer": issuer.url, "audience": AUDIENCE, "platform": True,
        "jwks_url": f"https://{ADDRESS}:{issuer.port}/keys", "rules": [
            rule("readers", "reader"), rule("owners", "owner"),
            rule("fleet", "owner", claim="realm_access.roles"),
            rule("admins", "admin", None)]})
    tap.ok(wait_for(lambda: len(keys_of(service, made)) == 5),
           "keys are fetched from an address inside, by the courier")
    return made


def roles(tap, court):
    service, issuer = court.service, court.issuer
    for alg in issuer.MAKE:
        court.wants(tap, 200, f"a JWT signed with {alg} is a credential",
                    alg.lower(), {"groups": ["x", "readers"]})
    court.wants(tap, 200, "a claim may be in a member of the payload",
                "es256", {"realm_access": {"roles": ["fleet"]}})
    court.wants(tap, 403, "without a rule that fits it may nothing", "es256",
                {"groups": ["x"]})
    group = {"name": "made"}
    path = "/v1/tenants/tenant-a/groups"
    reader = issuer.sign("es256", {"groups": ["readers"]})
    owner = issuer.sign("es256", {"groups": "owners", "sub": "olga"})
    both = issuer.sign("es256", {"groups": ["owners", "readers"]})
    admin = issuer.sign("es256", {"groups": ["admins"]})
    tap.ok([court.status(t, "POST", path, group) for t in
            (reader, both, owner, owner)] == [403, 403, 201, 409],
           "the role is that of the first rule that fits")
    tap.ok([court.status(t, path="/v1/tenants/tenant-b/devices")
            for t in (owner, admin)] == [404, 200],
           "a tenant's rule is for that tenant, the platform's for all")
    rows = service.call(
        "GET", "/v1/tenants/tenant-a/audit?limit=1000")["items"]
    tap.ok(any(r.get("actor") == f"olga@{issuer.url}" and
               r["action"] == "group.created" for r in rows),
           "the audit names subject and issuer")


def refusals(tap, court):
    now = int(time.time())
    good = {"groups": ["readers"]}
    for sentence, claims in (
            ("one that has expired", {"exp": now - 120}),
            ("one that does not hold yet", {"nbf": now + 300}),
            ("one of the future", {"iat": now + 300}),
            ("one for too long", {"exp": now + 100000}),
            ("one for another audience", {"aud": AUDIENCE + "x"}),
            ("one of another issuer", {"iss": court.issuer.url + "/"})):
        court.wants(tap, 401, sentence + " is refused", "es256",
                    {**good, **claims})
    court.wants(tap, 200, "one with as much in it as may be is taken",
                "ps256", {**good, "more": "x" * 7900})
    court.wants(tap, 401, "one that is too long is refused", "ps256",
                {**good, "more": "x" * 8192})
    for name in ("exp", "sub", "aud", "iss"):
        court.wants(tap, 401, f"one without {name} is refused", "es256",
                    good, drop=[name])
    court.wants(tap, 401, "one by another key of the same name is refused",
                "es256", good, key=ec.generate_private_key(ec.SECP256R1()))
    court.wants(tap, 401, "one of another type is refused", "es256", good,
                headers={"typ": "logout+jwt"})
    for sentence, token in (
            ("without a signature", jwt.encode(
                {"iss": court.issuer.url, "sub": "x", "aud": AUDIENCE,
                 "exp": now + 60, **good}, None, "none",
                {"kid": "es256"})),
            ("with an HMAC", jwt.encode(
                {"iss": court.issuer.url, "sub": "x", "aud": AUDIENCE,
                 "exp": now + 60, **good}, "secret", "HS256",
                {"kid": "es256"}))):
        tap.ok(court.status(token) == 401, f"one {sentence} is refused")


def rotation(tap, court, made):
    service, issuer = court.service, court.issuer
    old = issuer.sign("es256", {"groups": ["readers"]})
    issuer.add("next")
    token = issuer.sign("next", {"groups": ["readers"]})
    tap.ok(wait_for(lambda: court.status(token) == 200),
           "a JWT by a new key of the issuer has its keys fetched")
    n = len(issuer.asked)
    issuer.keys["never"] = ("ES256", issuer.MAKE["ES256"]())
    stranger = issuer.sign("never", {"groups": ["readers"]})
    del issuer.keys["never"]
    answers = {court.status(stranger) for _ in range(20)}
    tap.ok(answers == {401} and len(issuer.asked) - n <= 4,
           "JWTs by a key that nobody has are refused, and do not have "
           "keys fetched each time")
    keys, issuer.keys = issuer.keys, {}
    tap.ok(wait_for(lambda: court.status(stranger) == 401 and
                    court.status(token) == 401),
           "keys that the issuer has no longer are not believed, even when it "
           "has none instead")
    issuer.keys = keys
    tap.ok(wait_for(lambda: court.status(token) == 200),
           "they are when it has them again")
    issuer.down = True
    tap.ok(wait_for(lambda: court.status(stranger) == 401 and "fetch_error"
                    in service.call("GET", f"/v1/issuers/{made['id']}")),
           "an issuer that fails is told of")
    tap.ok(court.status(token) == 200 and court.status(old) == 200,
           "what was fetched before holds while the issuer is down")
    events = service.call("GET", "/v1/events?type=issuer.*&limit=1000")
    types = [e["type"] for e in events["items"]]
    tap.ok(types.count("issuer.fetch-failed") == 2 and
           types.count("issuer.keys-changed") >= 2,
           "that it lost its keys, that it began to fail, and each change of "
           "keys, is an event")
    return old, token


def restart(tap, court, token):
    service, issuer = court.service, court.issuer
    # Half of one of these letters would be no text.
    names = ["\u00e4" * 120, "x" + "\u00e4" * 120]
    refused = [court.status(issuer.sign("es256", {
        "groups": ["readers"], "sub": name}), "POST",
        "/v1/tenants/tenant-a/groups", {"name": "refused"}) for name in names]
    tap.ok(court.service.stop() and court.service.start() and
           court.status(token) == 200,
           "keys that were fetched hold after a restart while the issuer is "
           "down")
    # It writes what it counted when it ends, at the latest.
    rows = service.call("GET", "/v1/tenants/tenant-a/audit"
                        "?limit=1000&action=request.refused")["items"]
    tap.ok(refused == [403, 403] and {f"{n}@{issuer.url}" for n in names} <= {
        r.get("actor") for r in rows},
        "the audit names who was refused, however long the subject is")
    court.issuer.down = False


def by_document(tap, court):
    service, issuer = court.service, court.issuer
    files = Issuer.__new__(Issuer)
    files.keys, files.url = {}, "https://files.example"
    files.add("f1")
    folder = service.folder
    keys = write(os.path.join(folder, "jwks.json"), json.dumps(files.jwks()))
    document = write(os.path.join(folder, "issuer.json"), json.dumps({
        "issuer": files.url, "audience": AUDIENCE, "tenant": "tenant-a",
        "rules": [{"claim": "sub", "value": "alice", "role": "owner"}]}))
    token = write(os.path.join(folder, "token"), service.token, 0o600)
    daactl = [program("daactl"), "--url", service.operator_url, "--ca-file",
              service.trust, "--token-file", token]
    done = run(*daactl, "--json", "issuer", "create", document, keys,
               text=True)
    tap.ok(done.returncode == 0 and
           court.status(files.sign("f1")) == 200 and
           court.status(files.sign("f1", {"sub": "bob"})) == 403,
           "daactl makes an issuer of a document and a file of keys")
    if done.returncode != 0:
        print("#", done.stderr)
        return
    made = json.loads(done.stdout)
    was = files.sign("f1")
    files.keys.clear()
    files.add("f2")
    write(keys, json.dumps(files.jwks()))
    done = run(*daactl, "issuer", "keys", made["id"], keys)
    tap.ok(done.returncode == 0 and court.status(was) == 401 and
           court.status(files.sign("f2")) == 200,
           "other keys hold from the next request on, and the old ones not")
    done = run(*daactl, "issuer", "delete", made["id"])
    tap.ok(done.returncode == 0 and court.status(files.sign("f2")) == 401,
           "a JWT of an issuer that was deleted is refused")
    guarded = service.call("POST", "/v1/issuers", {
        "issuer": "https://inside.example", "audience": AUDIENCE,
        "jwks_url": f"https://127.0.0.1:{issuer.port}/keys",
        "rules": [rule("x", "reader")]})
    tap.ok(wait_for(lambda: "forbidden-address" in service.call(
        "GET", f"/v1/issuers/{guarded['id']}").get("fetch_error", "")),
           "keys are not fetched from an address inside that is not allowed")


def deleted_tenant(tap, court):
    service, issuer = court.service, court.issuer
    token = issuer.sign("es256", {"groups": ["readers"]})
    before = court.status(token, path="/v1/tenants")
    service.call("DELETE", "/v1/tenants/tenant-a")
    tap.ok((before, court.status(token, path="/v1/tenants")) == (200, 403),
           "a deleted tenant's principals may nothing")


def nobody(tap, court):
    service = court.service
    was, token = service.settings, court.issuer.sign("es256")
    service.settings = [*was, "--auth-fail-burst=3", "--auth-fail-per-s=1"]
    tap.ok(service.stop() and service.start() and 429 in
           {court.status(token) for _ in range(100)},
           "whom no rule fits may not try without end")
    service.settings = was
    tap.ok(service.stop() and service.start(), "the server starts again")


def no_secret_in_the_log(tap, court, token):
    with open(os.path.join(court.service.folder, "daad.log")) as f:
        log = f.read()
    tap.ok(token.split(".")[1] not in log and "eyJ" not in log,
           "no JWT is in the log")


def main():
    tap, folder = Tap(), tempfile.mkdtemp(prefix="daapki-issuers.")
    ca = make_certificate(folder)
    issuer = Issuer(folder)
    service = Service(folder, issuer_allow=ADDRESS, issuer_ca_file=ca,
                      log_level="debug")
    court = Court(service, issuer)
    try:
        if not service.start():
            raise RuntimeError("daad does not start")
        for tenant in ("tenant-a", "tenant-b"):
            service.call("POST", "/v1/tenants", {"name": tenant})
        made = fetching(tap, court)
        roles(tap, court)
        refusals(tap, court)
        old, token = rotation(tap, court, made)
        restart(tap, court, token)
        by_document(tap, court)
        deleted_tenant(tap, court)
        nobody(tap, court)
        no_secret_in_the_log(tap, court, old)
        tap.ok(service.stop(), "the server ends without a fault")
        clean = run(program("daad"), "fsck", *service.settings)
        tap.ok(clean.returncode == 0, "fsck finds nothing")
        if clean.returncode != 0:
            print("#", clean.stdout[-500:], clean.stderr[-500:])
    finally:
        service.end()
        if tap.failed and os.environ.get("KEEP"):
            print("#", folder)
        else:
            shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
