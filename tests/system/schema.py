#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
schemathesis asks a real daad, on each plane, what api-spec/openapi.yaml lets it
think of: examples, limits of every parameter, and what does not fit.  No answer
may be a server error, nor have a status, media type, header or body that the
document does not give for it.

usage: schema.py; srcdir and builddir say where sources and programs are, ST which
schemathesis to run.  SEED=random asks what was never asked; a number repeats a run.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

sys.dont_write_bytecode = True
SRCDIR = os.path.realpath(os.environ.get("srcdir", "."))
HERE = os.path.join(SRCDIR, "tests", "system")
sys.path.insert(0, HERE)
import state   # noqa: E402

METHODS = ("get", "put", "post", "patch", "delete")
PLANES = {"device": ":8443", "operator": ":8444", "status": ":8080"}
CHECKS = ",".join((
    "not_a_server_error", "status_code_conformance",
    "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance"))
CASES = os.environ.get("CASES", "3")    # of an operation, at random
RUN_S = 600                             # for one plane
# The credential that asks; and a JWS, which it cannot make.
LEFT_OUT = {("/v1/tokens/{id}", "delete"), ("/v1/tokens/{id}/rotate", "post"),
            ("/v1/manifests", "post")}


def of_plane(doc, plane):
    """The document with the paths of one plane."""
    mine = json.loads(json.dumps(doc))
    mine["paths"] = {
        path: {key: value for key, value in item.items()
               if key not in METHODS or (path, key) not in LEFT_OUT}
        for path, item in mine["paths"].items()
        if item["servers"][0]["url"].endswith(PLANES[plane])}
    for item in mine["paths"].values():
        del item["servers"]
        # What the whole document says once (info.description).
        for method in METHODS:
            if method in item:
                item[method]["responses"].setdefault("405", {
                    "$ref": "#/components/responses/MethodNotAllowed"})
                item[method]["responses"].setdefault("404", {
                    "$ref": "#/components/responses/NotFound"})
    return mine


def prepare(service, doc):
    """What the examples of parameters name."""
    named = {name: p.get("example") for name, p in
             doc["components"]["parameters"].items()}
    tenant = named["tenant"]
    service.call("POST", "/v1/tenants", {"name": tenant})
    if named["group"] != "default":
        service.call("POST", f"/v1/tenants/{tenant}/groups",
                     {"name": named["group"]})
    service.call("POST", f"/v1/tenants/{tenant}/claims",
                 {"device_id": named["device"]})


def fell_over_itself(text):
    """It found nothing, and met nothing but its own exceptions."""
    summary = text[text.rfind("= SUMMARY ="):]
    errors = re.findall(r"^ +\S+ ([A-Z][\w ]+): \d+$", summary, re.M)
    return errors == ["Runtime Error"] and " failed" not in summary


def run(t, service, doc, folder):
    prepare(service, doc)
    seed = os.environ.get("SEED", "1")
    if seed == "random":
        seed = str(random.randrange(1 << 32))
    urls = {"device": service.device_url, "operator": service.operator_url,
            "status": service.status_url}
    for plane, url in urls.items():
        path = os.path.join(folder, plane + ".json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(of_plane(doc, plane), f)
        command = [
            os.environ["ST"], "run", path, "--url", url, "--checks", CHECKS,
            "--max-examples", CASES, "--seed", seed, "--workers", "2",
            "--phases", "examples,coverage,fuzzing", "--no-shrink",
            "--continue-on-failure", "--suppress-health-check", "all",
            "--warnings", "off", "--request-timeout", "60",
            "--tls-verify", os.path.join(service.state, "trust.pem")]
        if plane == "operator":
            command += ["--header", "Authorization:Bearer " + service.token]
        try:
            out = subprocess.run(
                command, cwd=folder, capture_output=True, text=True,
                timeout=RUN_S, env={**os.environ,
                                    "PYTHONPATH": HERE,
                                    "PYTHONDONTWRITEBYTECODE": "1",
                                    "SCHEMATHESIS_HOOKS": "schema_hooks"})
            text, rc = out.stdout + out.stderr, out.returncode
        except subprocess.TimeoutExpired as e:
            text, rc = str(e.stdout), -1
        asked = re.search(r"(\d+) generated", text)
        with open(os.path.join(folder, plane + ".out"), "w") as f:
            f.write(text)
        sentence = f"{plane}: schemathesis finds nothing in " \
            f"{asked.group(1) if asked else 'its'} calls (seed {seed})"
        if rc != 0 and fell_over_itself(text):
            sentence += " # SKIP it ended with a fault of its own"
            rc = 0
        t.ok(rc == 0, sentence, text[-8000:])
    t.ok(not service.has_ended(), "the server still runs")


def main():
    if not os.access(os.environ.get("ST", ""), os.X_OK):
        print("ok 1 - schemathesis finds nothing # SKIP schemathesis cannot "
              "be installed")
        print("1..1")
        return 0
    with open(os.path.join(SRCDIR, "api-spec/openapi.yaml"),
              encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    folder = tempfile.mkdtemp(prefix="daapki-schema-")
    t = state.Tap()
    service = state.Service(folder, ["--rate-per-s=0", "--auth-fail-per-s=0"])
    try:
        service.start()
        if t.ok(service.wait_ready(), "daad starts"):
            run(t, service, doc, folder)
            service.stop()
    finally:
        service.kill()
    return t.end(folder, service)


sys.exit(main())
