#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
All that the system tests asked and were answered, held against
api-spec/openapi.yaml: status, headers, media type and body of each answer, and
of what was answered well the body that was sent.

usage: traffic.py FOLDER
FOLDER is what DAAPKI_TRAFFIC named when tests ran with a build of
--enable-traffic (server/traffic.h).  Of exchanges that have the same shape, SAME
are held in each process's file and the others counted: loads send tens of
thousands of them.
"""
import base64
import collections
import concurrent.futures
import json
import os
import sys

try:
    import jsonschema   # noqa: F401
    import yaml         # noqa: F401
except ImportError:
    print("1..0 # SKIP traffic: python3-yaml or python3-jsonschema is not"
          " installed")
    sys.exit(0)

sys.dont_write_bytecode = True
SRCDIR = os.path.realpath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SRCDIR, "tests"))
import document   # noqa: E402

SAME = int(os.environ.get("SAME", "20"))
SHOWN = 20      # problems of a kind

DOCUMENT = document.Document(SRCDIR)
TEMPLATES = {}  # route of the code's tables to that of the document
for known, _, _ in DOCUMENT.operations():
    TEMPLATES[known] = known


def decoded(value):
    """None: it was too large to be kept."""
    if isinstance(value, int):
        return None
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def shape(value):
    """What there is, without what it says."""
    if isinstance(value, dict):
        return tuple(sorted((k, shape(v)) for k, v in value.items()))
    if isinstance(value, list):
        return tuple(sorted({shape(v) for v in value}, key=repr))
    return type(value).__name__


def shape_of(media, body):
    if body and document.is_json(media):
        try:
            return shape(json.loads(body))
        except ValueError:
            return "not JSON"
    return bool(body)


def outside(said, answer):
    """The answer to a path or a method that does not exist."""
    if said["status"] not in (404, 405, 413, 503):
        return ["%s %s: %d without a route" % (
            said["method"], said["path"][:80], said["status"])]
    return DOCUMENT.invalid({"$ref": "#/components/schemas/Problem"},
                            json.loads(answer))


def held(said, template, body, answer):
    """Problems of answer, problems of request."""
    method = said["method"].lower()
    of_answer, of_request = [], []
    if method == "head":
        method, answer = "get", None
    if method not in DOCUMENT.doc["paths"][template]:
        return ["%s %s" % (method, template)], []
    if answer is not None:
        of_answer = DOCUMENT.answer_wrong(template, method, said["status"],
                                          said["headers"], answer)
    if said["status"] < 300 and body is not None:
        of_request = DOCUMENT.request_wrong(template, method, said["type"],
                                            body)
    return of_answer, of_request


class Found:
    """What one file, or all of them, came to."""

    def __init__(self):
        self.n = self.n_held = self.n_large = self.n_cut = 0
        self.answers = collections.Counter()
        self.requests = collections.Counter()
        self.unknown = collections.Counter()
        self.seen = collections.Counter()   # (method, template, status)

    def add(self, other):
        self.n += other.n
        self.n_held += other.n_held
        self.n_large += other.n_large
        self.n_cut += other.n_cut
        for mine, its in ((self.answers, other.answers),
                          (self.requests, other.requests),
                          (self.unknown, other.unknown),
                          (self.seen, other.seen)):
            mine.update(its)


def read(path):
    found, same = Found(), collections.Counter()
    with open(path, "rb") as f:
        for line in f:
            try:
                said = json.loads(line)
            except ValueError:
                found.n_cut += 1    # it was killed as it wrote
                continue
            found.n += 1
            take(found, same, said)
    return found


def take(found, same, said):
    body, answer = decoded(said["body"]), decoded(said["answer"])
    found.n_large += body is None or answer is None
    template = said["route"].replace("*}", "}")
    kind = (said["method"], template, said["status"], said["type"],
            tuple(sorted(said["headers"])), tuple(sorted(said["query"])),
            shape_of(said["type"], body),
            shape_of(said["headers"].get("Content-Type", ""), answer))
    same[kind] += 1
    if same[kind] > SAME:
        return
    found.n_held += 1
    if template == "":
        found.answers.update(outside(said, answer))
        return
    if template not in TEMPLATES:
        found.unknown[template] += 1
        return
    found.seen[said["method"].lower(), template, said["status"]] += 1
    of_answer, of_request = held(said, template, body, answer)
    found.answers.update(of_answer)
    found.requests.update(of_request)


class Tap:
    n = failed = 0

    def ok(self, sentence, problems):
        self.n += 1
        self.failed += bool(problems)
        print("not ok" if problems else "ok", self.n, "-", sentence)
        for text, n in sorted(problems.items())[:SHOWN]:
            print("# %s (%d times)" % (text[:400], n))
        if len(problems) > SHOWN:
            print("# and", len(problems) - SHOWN, "more")


def say_what_was_not(found):
    """For people: what no test has been answered.  Not all can be made to."""
    asked = {(m, t) for m, t, _ in found.seen}
    never = ["%s %s" % (m, t) for t, m, _ in DOCUMENT.operations()
             if (m, t) not in asked]
    print("#", found.n, "exchanges,", found.n_held, "held,", found.n_large,
          "with a body too large to keep,", found.n_cut, "cut short;", len(found.seen),
          "statuses of operations,", len(never), "operations not asked")
    for what in never:
        print("# not asked:", what)


def main():
    folder = sys.argv[1]
    paths = sorted((e.path for e in os.scandir(folder)),
                   key=os.path.getsize, reverse=True)
    found, t = Found(), Tap()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for one in pool.map(read, paths):
            found.add(one)
    t.ok("there is traffic to hold",
         {} if found.n else {folder + " has none": 1})
    t.ok("every route that was asked is in the document", found.unknown)
    t.ok("every answer is as the document says", found.answers)
    t.ok("every body that was taken is one that the document describes",
         found.requests)
    say_what_was_not(found)
    print("1..%d" % t.n)
    return 1 if t.failed else 0


if __name__ == "__main__":
    sys.exit(main())
