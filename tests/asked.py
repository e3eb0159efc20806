# SPDX-License-Identifier: Apache-2.0
"""For contract.t: a server, a client that asks it by operation and holds each
answer to the document, and a device.
"""
import base64
import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import time
from urllib.parse import quote, urlsplit

import document

TOP = os.environ.get("abs_srcdir") or os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("abs_builddir") or os.path.join(TOP, "build")
WAIT_S = 60
DOCUMENT = document.Document(TOP)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Contract:
    """Holds each answer to the document; remembers what was asked."""

    def __init__(self):
        self.problems = []
        self.good = set()
        self.acts = {}      # what operators did, by the ID of the request

    def hold(self, template, method, answer):
        self.problems += DOCUMENT.answer_wrong(
            template, method, answer.status, answer.headers, answer.body)
        if answer.status < 300:
            self.good.add((template, method))
            if method != "get" and DOCUMENT.plane_of(template) == "operator":
                self.acts[answer.headers["X-Request-Id"]] = (template, method)

    def taken(self):
        """The problems since the last time."""
        problems, self.problems = self.problems, []
        return problems


# --- the server ------------------------------------------------------------

SERVE = ["--two-person", "tenant-deletion ca-revocation"]


class Server:
    def __init__(self, work):
        self.work = work
        self.state = os.path.join(work, "state")
        listen = ["--%s-listen=127.0.0.1:0" % p
                  for p in ("device", "operator", "status")]
        made = subprocess.run(
            [os.path.join(BUILD, "daad"), "init", "--state-dir", self.state,
             "--server-names", "localhost,127.0.0.1"] + listen,
            check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.token = made.stdout.decode().split()[-1]
        self.log = open(os.path.join(work, "daad.log"), "wb")
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "daad"), "serve", "--state-dir", self.state,
             *SERVE],
            stdout=self.log, stderr=self.log)
        self.urls = self.wait()

    def wait(self):
        end = time.monotonic() + WAIT_S
        path = os.path.join(self.state, "listening")
        while time.monotonic() < end and self.process.poll() is None:
            if os.path.exists(path):
                with open(path, encoding="ascii") as f:
                    urls = dict(line.split() for line in f)
                if len(urls) == 3:
                    return urls
            time.sleep(0.1)
        raise RuntimeError("daad did not begin to serve")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def ask(self, plane, method, path, body=None, headers=None, cert=None):
        url = urlsplit(self.urls[plane])
        if url.scheme == "http":
            conn = http.client.HTTPConnection(url.netloc, timeout=WAIT_S)
        else:
            tls = ssl.create_default_context(
                cafile=os.path.join(self.state, "trust.pem"))
            if cert is not None:
                tls.load_cert_chain(*cert)
            conn = http.client.HTTPSConnection(url.netloc, timeout=WAIT_S,
                                               context=tls)
        try:
            conn.request(method.upper(), path, body, headers or {})
            reply = conn.getresponse()
            return Answer(reply.status, reply.headers, reply.read())
        finally:
            conn.close()


class Client:
    """Asks by operation and holds the answer to the contract."""

    def __init__(self, server, contract):
        self.server, self.contract = server, contract

    def __call__(self, method, template, names=None, body=None, query="",
                 token=None, media="application/json", accept=None, cert=None,
                 if_match=None, prefer=None):
        path = re.sub(r"{(\w+)}", lambda m: quote(
            str((names or {})[m.group(1)]), safe=""), template)
        headers = {}
        plane = DOCUMENT.plane_of(template)
        if plane == "operator" and token is not False:
            headers["Authorization"] = "Bearer " + (
                token or self.server.token)
        if body is not None:
            headers["Content-Type"] = media
            if not isinstance(body, (bytes, str)):
                body = json.dumps(body)
        if accept:
            headers["Accept"] = accept
        if if_match:
            headers["If-Match"] = if_match
        if prefer:
            headers["Prefer"] = prefer
        answer = self.server.ask(plane, method, path + query, body, headers,
                                 cert)
        self.contract.hold(template, method, answer)
        return answer


# --- a device ---------------------------------------------------------------

def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def openssl(*args):
    return subprocess.run(("openssl",) + args, check=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


class Device:
    """A device with a raw P-256 key, as daa-agent makes it."""

    def __init__(self, work, server):
        self.work = work
        self.audience = urlsplit(server.urls["device"]).hostname
        self.config = os.path.join(work, "agent.ini")
        statement = os.path.join(work, "statement.json")
        with open(statement, "w", encoding="ascii") as f:
            f.write('{"firmware":"1.0"}')
        with open(self.config, "w", encoding="ascii") as f:
            f.write("server = %s\nca = %s/trust.pem\nstate_dir = %s/agent\n"
                    "identity = key\nkey = software\nstatement = %s\n" % (
                        server.urls["device"], server.state, work, statement))
        self.id = json.loads(self.agent("id", "--json"))

    def agent(self, *args):
        return subprocess.run(
            [os.path.join(BUILD, "daa-agent"), "--config", self.config]
            + list(args), check=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout

    def enroll(self, ask):
        """Enrol by the API alone; leaves a certificate for mutual TLS."""
        nonce = ask("post", "/v1/challenges").json()["nonce"]
        key = os.path.join(self.work, "key.pem")
        csr = os.path.join(self.work, "csr.der")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-subj", "/CN=x", "-outform", "DER", "-out", csr)
        out = os.path.join(self.work, "evidence.json")
        self.agent("evidence", "--nonce", nonce, "--csr", csr, "--out", out)
        with open(out, encoding="ascii") as f:
            evidence = json.load(f)
        with open(csr, "rb") as f:
            request = {"nonce": nonce, "evidence": evidence,
                       "csr": b64url(f.read())}
        answer = ask("post", "/v1/enrollments", body=request)
        if answer.status == 201:
            made = answer.json()
            self.cert = (os.path.join(self.work, "cert.pem"), key)
            self.serial, self.evidence = made["serial"], evidence
            with open(self.cert[0], "w", encoding="ascii") as f:
                f.write(made["certificate"] + made["chain"])
        return request, answer

    def covering(self, nonce):
        csr = os.path.join(self.work, "csr.der")
        out = os.path.join(self.work, "evidence.json")
        self.agent("evidence", "--nonce", nonce, "--csr", csr, "--out", out)
        pem = openssl("req", "-in", csr, "-inform", "DER", "-noout",
                      "-pubkey").decode("ascii")
        with open(out, encoding="ascii") as f:
            return {"evidence": json.load(f),
                    "public_key": b64url(ssl.PEM_cert_to_DER_cert(
                        pem.replace("PUBLIC KEY", "CERTIFICATE")))}

    def ask_owner(self, ask):
        nonce = ask("post", "/v1/challenges").json()["nonce"]
        request = dict(self.covering(nonce), nonce=nonce)
        ask("post", "/v1/ownership", body=request)
        return request

    def consent(self, ask, tenant):
        """As daa-agent claim-consent; its evidence takes any nonce."""
        nonce = ask("post", "/v1/challenges").json()["nonce"]
        stands_in = hashlib.sha512(
            b"daapki-claim-consent-1\0" + self.audience.encode() + b"\0"
            + tenant.encode() + b"\0" + bytes.fromhex(nonce)).hexdigest()
        request = self.covering(stands_in)
        request.update(nonce=nonce, audience=self.audience, tenant=tenant)
        return request, ask("post", "/v1/claim-consents", body=request)


def tpm_public(work, name, attributes, policy, symmetric, scheme):
    """TPMT_PUBLIC of a P-256 key (TPM 2.0 Part 2, 12.2.4)."""
    path = os.path.join(work, name)
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
            "-out", path)
    point = openssl("ec", "-in", path, "-pubout", "-outform", "DER")[-64:]
    sized = lambda b: len(b).to_bytes(2, "big") + b
    return (bytes.fromhex("0023000b") + attributes.to_bytes(4, "big")
            + sized(policy) + symmetric + scheme + bytes.fromhex("00030010")
            + sized(point[:32]) + sized(point[32:]))


# PolicySecret(TPM_RH_ENDORSEMENT), as every EK has it (TCG EK Profile, B.3.3).
EK_POLICY = bytes.fromhex("837197674484b3f81a90cc8d46a5d724"
                          "fd52d76e06520b64f2a1da1b331469aa")


def activation_request(work):
    return {
        "ek_public": b64url(tpm_public(
            work, "ek.pem", 0x000300b2, EK_POLICY,
            bytes.fromhex("000600800043"), bytes.fromhex("0010"))),
        "ak_public": b64url(tpm_public(
            work, "ak.pem", 0x00050072, b"", bytes.fromhex("0010"),
            bytes.fromhex("0018000b"))),
    }
