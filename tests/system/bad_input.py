# SPDX-License-Identifier: Apache-2.0
"""A real daad meets what clients should not do.  Prints TAP.

Each test says in its name what must hold.  The server is started with short
time-outs, one worker and a queue of two, so that limits are met soon.
"""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

BUILD = sys.argv[1] if len(sys.argv) > 1 else "."
DAAD = os.path.join(BUILD, "daad")
FLAGS = os.environ.get("DAAPKI_TEST_FLAGS", "").split()  # e.g. --sandbox=off
TIMEOUT_S = 2
QUEUE = 2

tests = []


def test(fn):
    tests.append(fn)
    return fn


class Reply:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Server:
    """A daad with its state folder and its log."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="daapki-bad-input-")
        self.state = os.path.join(self.folder, "state")
        self.log_path = os.path.join(self.folder, "log")
        self.process = None
        self.token = subprocess.run(
            [DAAD, "init", "--state-dir", self.state,
             "--device-listen=127.0.0.1:0", "--operator-listen=127.0.0.1:0",
             "--status-listen=127.0.0.1:0", "--workers=1",
             f"--queue-max={QUEUE}", f"--request-timeout-s={TIMEOUT_S}",
             *FLAGS],
            check=True, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.DEVNULL).stdout.strip()
        self.tls = ssl.create_default_context(
            cafile=os.path.join(self.state, "trust.pem"))

    def start(self):
        self.log = open(self.log_path, "a")
        self.process = subprocess.Popen(
            [DAAD, "serve", "--state-dir", self.state], stderr=self.log,
            stdin=subprocess.DEVNULL)
        path = os.path.join(self.state, "listening")
        until = time.monotonic() + 20
        while not os.path.exists(path):
            assert self.process.poll() is None, "daad did not start"
            assert time.monotonic() < until, "daad does not listen"
            time.sleep(0.05)
        with open(path) as f:
            lines = dict(line.split() for line in f)
        self.ports = {k: int(v.rsplit(":", 1)[1]) for k, v in lines.items()}

    def end(self, sig=signal.SIGTERM):
        self.process.send_signal(sig)
        status = self.process.wait(timeout=40)
        self.log.close()
        return status

    def socket(self, plane, tls=True):
        s = socket.create_connection(("127.0.0.1", self.ports[plane]), 15)
        if tls and plane != "status":
            s = self.tls.wrap_socket(s, server_hostname="127.0.0.1")
        return s

    def connect(self, plane):
        if plane == "status":
            return http.client.HTTPConnection(
                "127.0.0.1", self.ports[plane], timeout=40)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.ports[plane], timeout=40, context=self.tls)

    def ask(self, plane, method, path, body=None, headers=None, c=None):
        c = c or self.connect(plane)
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        if plane == "operator":
            headers.setdefault("Authorization", "Bearer " + self.token)
        headers = {k: v for k, v in headers.items() if v is not None}
        c.request(method, path, body, headers)
        response = c.getresponse()
        return Reply(response, response.read())


def children_of(pid):
    out = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            out.append(int(name))
    return out


def signer_of(server):
    for starter in children_of(server.process.pid):
        for pid in children_of(starter):
            return pid
    return None


def wait_for(what, seconds, why):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, why
        time.sleep(0.05)


def is_problem(reply, status, code):
    assert reply.status == status, f"{reply.status}, not {status}: {reply.body}"
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem = reply.json()
    assert problem["code"] == code, problem
    assert problem["type"] == "urn:daapki:problem:" + code, problem
    assert problem["status"] == status, problem
    assert problem["title"], problem
    request_id = reply.headers["X-Request-Id"]
    assert request_id, "no X-Request-Id"
    assert problem["instance"] == "urn:daapki:request:" + request_id
    trace = reply.headers["traceresponse"]
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", trace), trace
    return problem


def closed_within(s, seconds):
    """How long until the other side closes; fails when it does not."""
    began = time.monotonic()
    s.settimeout(seconds)
    try:
        while s.recv(65536):
            pass
    except socket.timeout:
        raise AssertionError(f"still open after {seconds} s")
    except (OSError, ssl.SSLError):
        pass
    return time.monotonic() - began


@test
def an_unknown_route_is_404_on_every_plane(server):
    for plane in "device", "operator", "status":
        is_problem(server.ask(plane, "GET", "/nothing"), 404, "request.route")
        is_problem(server.ask(plane, "GET", "/"), 404, "request.route")
    is_problem(server.ask("device", "GET", "/v1/tenants"), 404,
               "request.route")


@test
def a_wrong_method_is_405_with_allow(server):
    reply = server.ask("operator", "DELETE", "/v1/tenants")
    is_problem(reply, 405, "request.method")
    assert reply.headers["Allow"] == "GET, HEAD, POST", reply.headers["Allow"]
    reply = server.ask("device", "GET", "/v1/challenges")
    is_problem(reply, 405, "request.method")
    assert reply.headers["Allow"] == "POST"
    is_problem(server.ask("status", "BREW", "/healthz"), 405,
               "request.method")


@test
def an_oversized_body_is_413_and_the_connection_goes_on(server):
    c = server.connect("operator")
    for _ in range(2):
        is_problem(server.ask("operator", "POST", "/v1/tenants",
                              {"name": "x" * 70000}, c=c),
                   413, "request.too-large")
    assert server.ask("operator", "GET", "/v1/tenants", c=c).status == 200


@test
def a_body_said_to_be_huge_is_413_without_being_read(server):
    s = server.socket("operator")
    s.sendall(b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\n"
              b"Authorization: Bearer " + server.token.encode() + b"\r\n"
              b"Content-Type: application/json\r\n"
              b"Content-Length: 10000000000\r\n\r\n")
    response = http.client.HTTPResponse(s)
    response.begin()
    is_problem(Reply(response, response.read()), 413, "request.too-large")


@test
def a_chunked_body_without_end_is_413_or_cut_off(server):
    s = server.socket("operator")
    s.sendall(b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\n"
              b"Content-Type: application/json\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n")
    sent = 0
    try:
        while sent < 64 << 20:
            s.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
            sent += 0x8000
    except OSError:
        pass
    assert sent < 16 << 20, f"{sent} bytes were taken"


@test
def a_chunked_body_above_the_limit_is_413(server):
    s = server.socket("operator")
    s.sendall(b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\n"
              b"Content-Type: application/json\r\n"
              b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(10):
        s.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
    s.sendall(b"0\r\n\r\n")
    response = http.client.HTTPResponse(s)
    response.begin()
    is_problem(Reply(response, response.read()), 413, "request.too-large")


@test
def a_body_where_none_is_taken_is_413(server):
    is_problem(server.ask("operator", "GET", "/v1/tenants", {"a": 1}), 413,
               "request.too-large")


@test
def another_media_type_is_415(server):
    for kind in "text/plain", "application/xml", "application/jsonx":
        is_problem(server.ask("operator", "POST", "/v1/tenants", "{}",
                              {"Content-Type": kind}), 415,
                   "request.media-type")


@test
def malformed_json_is_400_and_says_the_place(server):
    for body in ("{", "[]]", '{"name": tru}', '{"name":1,"name":2}',
                 '{"a":"\x00"}', "[" * 100 + "]" * 100, "\xff"):
        problem = is_problem(
            server.ask("operator", "POST", "/v1/tenants",
                       body.encode("latin-1"),
                       {"Content-Type": "application/json"}),
            400, "request.json")
        assert problem["detail"], problem
    problem = is_problem(
        server.ask("operator", "POST", "/v1/tenants",
                   b'{"name":\n "a",,}',
                   {"Content-Type": "application/json"}), 400, "request.json")
    assert "line 2" in problem["detail"], problem


@test
def a_wrong_member_is_400_with_its_pointer(server):
    for body, pointer in (({"name": "tenant-a", "colour": 1}, "/colour"),
                          ({"name": 7}, "/name"), ({}, "/name"),
                          ({"name": "No Name"}, "/name")):
        problem = is_problem(server.ask("operator", "POST", "/v1/tenants",
                                        body), 400, "request.field")
        assert problem["pointer"] == pointer, problem


@test
def a_query_that_cannot_be_read_is_400(server):
    for query in "limit=0", "limit=x", "limit=1&limit=2", "after=-1", "a=%":
        is_problem(server.ask("operator", "GET", "/v1/tenants?" + query),
                   400, "request.parameter")


@test
def encoded_slashes_and_nuls_reach_nothing(server):
    for path in ("/v1/tenants%2fplatform", "/v1/tenants/a%00b",
                 "/v1/tenants/%2e%2e%2f%2e%2e", "/v1/../v1/tenants",
                 "//v1/tenants", "/v1/tenants/%ff"):
        is_problem(server.ask("operator", "GET", path), 404, "request.route")


@test
def without_a_token_it_is_401(server):
    reply = server.ask("operator", "GET", "/v1/tenants",
                       headers={"Authorization": None})
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    for token in ("Bearer x", "Bearer daapki_" + "A" * 43, "Basic YTpi",
                  "Bearer " + server.token + "x", server.token,
                  "Bearer " + "x" * 5000):
        is_problem(server.ask("operator", "GET", "/v1/tenants",
                              headers={"Authorization": token}),
                   401, "auth.token")
    is_problem(server.ask("device", "GET", "/v1/self"), 401, "auth.required")


@test
def a_token_opens_its_own_tenant_only_and_no_more_than_its_role(server):
    def bearer(tenant, role):
        assert server.ask("operator", "POST", "/v1/tenants",
                          {"name": tenant}).status in (201, 409)
        reply = server.ask("operator", "POST", f"/v1/tenants/{tenant}/tokens",
                           {"name": role, "role": role})
        assert reply.status == 201, reply.body
        return {"Authorization": "Bearer " + reply.json()["token"]}

    a_reader, a_owner = bearer("role-a", "reader"), bearer("role-a", "owner")
    b_owner = bearer("role-b", "owner")
    groups = "/v1/tenants/role-a/groups"
    for who in a_reader, a_owner:
        assert server.ask("operator", "GET", groups, headers=who).status == 200
    is_problem(server.ask("operator", "GET", groups, headers=b_owner), 404,
               "resource.not-found")
    foreign = server.ask("operator", "GET", groups, headers=b_owner).json()
    absent = server.ask("operator", "GET", "/v1/tenants/no-such/groups",
                        headers=b_owner).json()
    for problem in foreign, absent:
        del problem["instance"]
    assert foreign == absent, "the reply tells that the tenant is there"
    is_problem(server.ask("operator", "POST", groups, {"name": "x"},
                          headers=a_reader), 403, "auth.forbidden")
    is_problem(server.ask("operator", "POST", "/v1/tenants", {"name": "x"},
                          headers=a_owner), 403, "auth.forbidden")
    assert server.ask("operator", "POST", groups, {"name": "x"},
                      headers=a_owner).status == 201


@test
def headers_that_are_too_large_are_refused(server):
    is_problem(server.ask("status", "GET", "/healthz",
                          headers={"X-Large": "x" * 20000}), 413,
               "request.too-large")
    s = server.socket("status")
    try:
        s.sendall(b"GET /healthz HTTP/1.1\r\n" + b"X-A: b\r\n" * 200000)
    except OSError:
        pass
    closed_within(s, TIMEOUT_S + 6)


@test
def every_reply_has_its_headers(server):
    reply = server.ask("operator", "GET", "/v1/tenants")
    assert reply.status == 200
    assert reply.headers["X-Request-Id"]
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    reply = server.ask("status", "HEAD", "/healthz")
    assert reply.status == 200 and reply.body == b""


@test
def connections_are_kept_alive_also_over_failures(server):
    c = server.connect("device")
    ports = set()
    for path in "/v1/challenges", "/nothing", "/v1/self", "/v1/challenges":
        server.ask("device", "POST" if "chal" in path else "GET", path, c=c)
        ports.add(c.sock.getsockname()[1])
    assert len(ports) == 1, "the connection was closed in between"


@test
def a_tls_version_before_1_2_is_refused(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    s = socket.create_connection(("127.0.0.1", server.ports["operator"]), 10)
    try:
        context.wrap_socket(s)
    except (ssl.SSLError, OSError):
        return
    raise AssertionError("TLS 1.1 was taken")


@test
def a_certificate_of_a_stranger_is_no_credential(server):
    if not shutil.which("openssl"):
        return "SKIP openssl is not installed"
    key = os.path.join(server.folder, "key.pem")
    crt = os.path.join(server.folder, "crt.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                    "-out", crt, "-subj", "/CN=" + "0" * 64, "-days", "2"],
                   check=True, stderr=subprocess.DEVNULL)
    context = ssl.create_default_context(
        cafile=os.path.join(server.state, "trust.pem"))
    context.load_cert_chain(crt, key)
    c = http.client.HTTPSConnection("127.0.0.1", server.ports["device"],
                                    timeout=20, context=context)
    is_problem(server.ask("device", "GET", "/v1/self", c=c), 401,
               "auth.certificate")
    # Where none is needed it is no obstacle.
    assert server.ask("device", "POST", "/v1/challenges", c=c).status == 201
    # It does not stand in for a token either.
    c = http.client.HTTPSConnection("127.0.0.1", server.ports["operator"],
                                    timeout=20, context=context)
    is_problem(server.ask("operator", "GET", "/v1/tenants", c=c,
                          headers={"Authorization": None}), 401,
               "auth.required")


@test
def garbage_in_place_of_tls_ends_the_connection_only(server):
    for junk in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 4096,
                 os.urandom(4096), b"\x16\x03\x01\xff\xff" + b"\0" * 200):
        s = server.socket("device", tls=False)
        try:
            s.sendall(junk)
        except OSError:
            pass
        closed_within(s, TIMEOUT_S + 6)
    assert server.ask("device", "POST", "/v1/challenges").status == 201


@test
def garbage_in_place_of_http_ends_the_connection_only(server):
    for junk in (b"\0" * 4096, os.urandom(4096), b"\r\n" * 5000,
                 b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1e9\r\n\r\n",
                 b"POST / HTTP/1.1\r\nHost: x\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"):
        for plane in "status", "operator":
            s = server.socket(plane)
            try:
                s.sendall(junk)
            except OSError:
                pass
            closed_within(s, TIMEOUT_S + 6)
    assert server.ask("status", "GET", "/healthz").status == 200


@test
def a_connection_that_says_nothing_is_closed(server):
    for plane, tls in (("device", False), ("operator", False),
                       ("device", True), ("status", False)):
        took = closed_within(server.socket(plane, tls), TIMEOUT_S + 6)
        assert took > TIMEOUT_S / 2, f"closed after {took:.1f} s already"


def trickle(s, data):
    """Send a byte every 100 ms; how long until the other side had enough."""
    began = time.monotonic()
    try:
        for i in range(len(data)):
            s.sendall(data[i:i + 1])
            time.sleep(0.1)
            assert time.monotonic() - began < TIMEOUT_S + 6, "never closed"
    except OSError:
        pass
    return time.monotonic() - began


@test
def a_head_that_trickles_in_is_cut_off(server):
    for plane in "device", "status":
        took = trickle(server.socket(plane),
                       b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 1000)
        assert took > TIMEOUT_S / 2


@test
def a_body_that_trickles_in_is_cut_off(server):
    s = server.socket("operator")
    s.sendall(b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\n"
              b"Content-Type: application/json\r\n"
              b"Content-Length: 1000\r\n\r\n")
    assert trickle(s, b"x" * 1000) > TIMEOUT_S / 2


@test
def a_client_that_goes_away_in_the_middle_does_no_harm(server):
    for _ in range(20):
        s = server.socket("operator")
        s.sendall(b"POST /v1/tenants HTTP/1.1\r\nHost: x\r\n"
                  b"Content-Type: application/json\r\n"
                  b"Content-Length: 1000\r\n\r\n{")
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     b"\1\0\0\0\0\0\0\0")
        s.close()
        s = server.socket("operator")
        s.sendall(b"GET /v1/tenants HTTP/1.1\r\nHost: x\r\n"
                  b"Authorization: Bearer " + server.token.encode() +
                  b"\r\n\r\n")
        s.close()
    assert server.ask("operator", "GET", "/v1/tenants").status == 200


@test
def a_full_queue_is_503_at_once_and_what_was_queued_is_done(server):
    signer = signer_of(server)
    assert signer, "no signer is running"
    results = []

    def make(i):
        began = time.monotonic()
        reply = server.ask("operator", "POST", "/v1/tenants",
                           {"name": f"queue-{i}"})
        results.append((reply, time.monotonic() - began))

    threads = [threading.Thread(target=make, args=(i,)) for i in range(12)]
    os.kill(signer, signal.SIGSTOP)
    try:
        for thread in threads:
            thread.start()
        wait_for(lambda: len(results) >= 12 - 1 - QUEUE, 8,
                 "the queue let too many in")
    finally:
        os.kill(signer, signal.SIGCONT)
    for thread in threads:
        thread.join()
    refused = [r for r in results if r[0].status == 503]
    made = [r for r in results if r[0].status == 201]
    assert len(refused) + len(made) == 12, [r[0].status for r in results]
    assert len(made) >= QUEUE, "what was queued was not done"
    assert len(refused) >= 12 - 1 - QUEUE
    for reply, took in refused:
        is_problem(reply, 503, "server.busy")
        assert int(reply.headers["Retry-After"]) >= 1
        assert reply.json()["retry_after"] >= 1
        assert took < 6, f"the refusal took {took:.1f} s"
    names = {t["name"] for t in
             server.ask("operator", "GET", "/v1/tenants").json()["items"]}
    for reply, _ in made:
        assert reply.json()["name"] in names


@test
def a_signer_that_was_killed_is_replaced(server):
    old = signer_of(server)
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: signer_of(server) not in (None, old), 10,
             "no new signer")
    reply = server.ask("operator", "POST", "/v1/tenants", {"name": "again"})
    if reply.status == 503:
        assert int(reply.headers["Retry-After"]) >= 1
        time.sleep(3)
        reply = server.ask("operator", "POST", "/v1/tenants",
                           {"name": "again"})
    assert reply.status == 201, reply.body


@test
def a_new_tls_certificate_is_taken_up_without_a_restart(server):
    def certificate():
        with server.socket("operator") as s:
            return s.getpeercert(binary_form=True)

    kept = server.connect("operator")
    assert server.ask("operator", "GET", "/v1/tenants", c=kept).status == 200
    old = certificate()
    server.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert certificate() == old, "a good certificate was replaced"
    os.unlink(os.path.join(server.state, "tls.pem"))
    server.process.send_signal(signal.SIGHUP)
    # server.tls verifies it against the same root.
    wait_for(lambda: certificate() != old, 10, "no new certificate")
    assert server.ask("operator", "GET", "/v1/tenants", c=kept).status == 200


@test
def every_thread_is_in_the_sandbox(server):
    if "--sandbox=off" in FLAGS or os.environ.get("DAAPKI_SANDBOX") == "off":
        return "SKIP the sandbox is off"
    tasks = f"/proc/{server.process.pid}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/status") as f:
            status = dict(line.split(":", 1) for line in f)
        assert status["Seccomp"].strip() == "2", task
        assert status["NoNewPrivs"].strip() == "1", task


@test
def a_second_daad_on_the_same_folder_is_refused(server):
    done = subprocess.run([DAAD, "serve", "--state-dir", server.state],
                          stderr=subprocess.PIPE, text=True, timeout=20)
    assert done.returncode == 1
    assert "another daad" in done.stderr, done.stderr
    assert server.ask("status", "GET", "/healthz").status == 200


@test
def init_refuses_a_folder_that_is_in_use(server):
    before = sorted(os.listdir(server.state))
    done = subprocess.run([DAAD, "init", "--state-dir", server.state],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=20)
    assert done.returncode == 1 and done.stdout == ""
    assert sorted(os.listdir(server.state)) == before


@test
def nothing_secret_is_in_the_log(server):
    with open(server.log_path) as f:
        log = f.read()
    assert server.token not in log
    assert server.token.split("_", 1)[1] not in log
    assert "route=/v1/tenants" in log
    assert "/v1/tenants/%2e" not in log, "the raw path is in the log"


@test
def only_the_owner_may_read_the_state_folder(server):
    assert os.stat(server.state).st_mode & 0o777 == 0o700
    assert os.stat(server.state + ".signer").st_mode & 0o777 == 0o700
    for name in ("/keys", "/tls.pem", "/daapki.db", "/daapki.conf",
                 ".signer/master.key"):
        mode = os.stat(server.state + name).st_mode
        assert mode & 0o077 == 0, f"{name}: {mode:o}"


@test
def after_kill_9_nothing_is_left_and_the_next_start_works(server):
    starters = children_of(server.process.pid)
    pids = starters + [p for s in starters for p in children_of(s)]
    assert len(pids) == 3, pids     # the starter, daa-signer, daa-courier
    server.end(signal.SIGKILL)
    os.unlink(os.path.join(server.state, "listening"))
    server.start()
    wait_for(lambda: not any(os.path.exists(f"/proc/{p}") for p in pids), 60,
             "processes of the killed server are left")
    assert server.ask("operator", "GET", "/v1/tenants").status == 200


@test
def a_request_under_way_is_answered_before_the_server_stops(server):
    signer = signer_of(server)
    replies = []
    thread = threading.Thread(target=lambda: replies.append(server.ask(
        "operator", "POST", "/v1/tenants", {"name": "last"})))
    idle = server.socket("operator")
    os.kill(signer, signal.SIGSTOP)
    thread.start()
    time.sleep(1)
    pids = [signer] + children_of(server.process.pid)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    os.kill(signer, signal.SIGCONT)
    assert server.end() == 0
    thread.join()
    idle.close()
    assert replies and replies[0].status == 201, replies
    for pid in pids:
        assert not os.path.exists(f"/proc/{pid}"), "a process is left"
    with open(server.log_path) as f:
        log = f.read()
    for sign in "Sanitizer", "runtime error", "bug:", "out of memory":
        assert sign not in log, log[log.index(sign):][:2000]


def main():
    server = Server()
    n_failed = 0
    try:
        server.start()
        print(f"1..{len(tests)}", flush=True)
        for i, fn in enumerate(tests, 1):
            name = fn.__name__.replace("_", " ")
            try:
                skip = fn(server)
                print(f"ok {i} - {name}" + (f" # {skip}" if skip else ""),
                      flush=True)
            except Exception as e:  # a test that breaks has failed
                n_failed += 1
                print(f"not ok {i} - {name}", flush=True)
                print("# " + f"{type(e).__name__}: {e}".replace(
                    "\n", "\n# "), flush=True)
    finally:
        if server.process and server.process.poll() is None:
            server.end(signal.SIGKILL)
        if n_failed and os.path.exists(server.log_path):
            with open(server.log_path) as f:
                for line in f.readlines()[-40:]:
                    print("# log: " + line.rstrip())
        shutil.rmtree(server.folder)
    return 1 if n_failed else 0


sys.exit(main())
