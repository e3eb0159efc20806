#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The contract in api-spec/openapi.yaml against the tables in the code.

The routes are read from the C tables of server/, the error codes from
base/err.def: what one side has and the other has not is a failure.
"""
import os
import re
import sys
from typing import NamedTuple

try:
    import yaml
except ImportError:
    print("1..0 # SKIP python3-yaml is not installed")
    sys.exit(0)
try:
    import jsonschema
except ImportError:
    jsonschema = None

TOP = os.environ.get("abs_srcdir") or os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests"))
import reach    # noqa: E402

METHODS = ("get", "put", "post", "patch", "delete")
PLANES = {"DEVICE": ":8443", "OPERATOR": ":8444", "STATUS": ":8080"}

# Failures of programs among themselves or with their settings; none of them
# is an answer to a request; who is too slow is cut off.
INTERNAL = {"ok", "request.timeout", "tpm.failed", "http.failed",
    "source.failed"}

n_tests = 0
n_failed = 0


def check(name, problems):
    """Print one TAP line; problems is a list of texts."""
    global n_tests, n_failed
    n_tests += 1
    problems = sorted(set(problems))
    if problems:
        n_failed += 1
    print("%s %d - %s" % ("not ok" if problems else "ok", n_tests, name))
    for problem in problems:
        print("# " + problem)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


class Row(NamedTuple):
    """A row of a route table."""
    plane: str
    method: str
    path: str
    auth: str
    body: bool
    handler: str    # "server/file.c:name"


ROW = re.compile(r'\{\s*PLANE_(\w+),\s*"([A-Z]+)",\s*((?:"[^"]*"|\w+|\s)+?),'
                 r'\s*(AUTH_\w+),\s*([^{}]*?),\s*(\w+)\s*\}')


def rows_of_code(code):
    """Every row of every route table."""
    rows = []
    for name in sorted(os.listdir(os.path.join(TOP, "server"))):
        if not name.endswith(".c"):
            continue
        text = read("server/" + name)
        macros = dict(re.findall(r'^#define\s+(\w+)\s+"([^"]*)"', text, re.M))
        for plane, method, path, auth, body, handler in ROW.findall(text):
            where = "".join(literal or macros.get(macro, "<%s>" % macro)
                            for literal, macro in
                            re.findall(r'"([^"]*)"|(\w+)', path))
            # {name*}: the rest of the path, which OpenAPI cannot say.
            rows.append(Row(plane, method.lower(), where.replace("*}", "}"),
                            auth, not body.startswith("0"),
                            code.find("server/" + name, handler)))
    return rows


def rights_of_code(rows):
    """(method, path) of the operator plane to the name of what it asks."""
    return {(r.method, r.path):
            r.auth.removeprefix("AUTH_").lower().replace("_", "-")
            for r in rows if r.plane == "OPERATOR"}


def rights_wrong(doc, rows):
    """x-daapki-right of each operation against the row of its route."""
    problems, code = [], rights_of_code(rows)
    for path, method, _, op in operations(doc):
        said, is_so = op.get("x-daapki-right"), code.get((method, path))
        if said != is_so:
            problems.append("%s %s: x-daapki-right is %s, the code's is %s" %
                            (method, path, said, is_so))
    return problems


def routes_of_document(doc):
    rows = set()
    for path, item in doc["paths"].items():
        url = item["servers"][0]["url"]
        plane = next(p for p, port in PLANES.items() if url.endswith(port))
        rows.update((plane, m, path) for m in METHODS if m in item)
    return rows


def codes_of_code():
    """Dotted code to HTTP status, of what can be answered to a request."""
    rows = re.findall(r'^ERR\(\w+,\s*\w+,\s*(\d+),\s*"([^"]+)"',
                      read("base/err.def"), re.M)
    return {code: int(status) for status, code in rows
            if code not in INTERNAL}


def codes_of_response(doc, response):
    if "$ref" in response:
        response = resolve(doc, response["$ref"])
    media = response.get("content", {}).get("application/problem+json")
    return media["schema"]["allOf"][1]["properties"]["code"]["enum"] \
        if media else [""]


def answers_apart(doc, code, rows):
    """What only the code answers, what only the document does; and codes that
    the document does not list under their status."""
    only_code, only_document, codes = [], [], []
    for r in rows:
        op = doc["paths"].get(r.path, {}).get(r.method)
        if op is None:
            continue
        found = code.of_route(r.method, r.path, r.auth, r.body, r.handler)
        listed = {int(status): codes_of_response(doc, response)
                  for status, response in op["responses"].items()}
        where = "%s %s: " % (r.method, r.path)
        for (status, name), place in found.items():
            said = where + "%d %s, of %s" % (status, name, place)
            if status not in listed:
                only_code.append(said)
            elif name and name not in listed[status]:
                codes.append(said)
        only_document += [where + "%d" % s for s in
                          listed.keys() - {s for s, _ in found}]
    return only_code, only_document, codes


def events_of_code():
    """Type to description, of every row of authority/event.def."""
    rows = re.findall(r'^EVENT\(\w+,\s*"([^"]+)",\s*"([^"]*)",\s*'
                      r'((?:"[^"]*"\s*)+)\)', read("authority/event.def"),
                      re.M)
    return {name: "".join(re.findall(r'"([^"]*)"', sentence)) +
            (" Data: %s." % ", ".join(members.split()) if members else "")
            for name, members, sentence in rows}


def events_of_document(doc):
    return {e["const"]: e["description"]
            for e in doc["components"]["schemas"]["EventType"]["oneOf"]}


def codes_of_document(doc):
    """Dotted code to the statuses under which a response lists it."""
    found = {}
    for response in doc["components"]["responses"].values():
        schema = response["content"]["application/problem+json"]["schema"]
        narrowed = schema["allOf"][1]["properties"]
        for code in narrowed["code"]["enum"]:
            found.setdefault(code, set()).add(narrowed["status"]["const"])
    return found


def walk(node, path=""):
    """Every dict in the document with its JSON pointer."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from walk(value, "%s/%s" % (
                path, str(key).replace("~", "~0").replace("/", "~1")))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from walk(value, "%s/%d" % (path, i))


def resolve(doc, ref):
    node = doc
    for key in ref[2:].split("/"):
        node = node[key.replace("~1", "/").replace("~0", "~")]
    return node


def broken_refs(doc):
    problems = []
    for path, node in walk(doc):
        ref = node.get("$ref")
        if not isinstance(ref, str):
            continue
        try:
            resolve(doc, ref)
        except (KeyError, TypeError):
            problems.append("%s: no %s" % (path, ref))
    return problems


def unused_components(doc):
    used = {node["$ref"] for _, node in walk(doc)
            if isinstance(node.get("$ref"), str)}
    # Said of every path in info.description, an answer of no operation;
    # the lines of NDJSON bodies are objects that a media type cannot name.
    used.update(("#/components/responses/MethodNotAllowed",
                 "#/components/schemas/ClaimOutcome",
                 "#/components/schemas/ManifestPart"))
    return ["#/components/%s/%s" % (kind, name)
            for kind, entries in doc["components"].items()
            for name in entries
            if kind != "securitySchemes"
            and "#/components/%s/%s" % (kind, name) not in used]


def operations(doc):
    for path, item in doc["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item, item[method]


def path_parameters_wrong(doc):
    problems = []
    for path, method, item, op in operations(doc):
        named = set(re.findall(r"{(\w+)}", path))
        given = set()
        for p in item.get("parameters", []) + op.get("parameters", []):
            p = resolve(doc, p["$ref"]) if "$ref" in p else p
            if p["in"] == "path":
                given.add(p["name"])
        if named != given:
            problems.append("%s %s: %s" % (method, path, given ^ named))
    return problems


def operations_incomplete(doc):
    problems, seen = [], set()
    for path, method, _, op in operations(doc):
        where = "%s %s" % (method, path)
        statuses = set(op["responses"])
        if op["operationId"] in seen:
            problems.append(where + ": operationId is used twice")
        seen.add(op["operationId"])
        for key in ("summary", "tags", "security"):
            if key not in op:
                problems.append("%s: no %s" % (where, key))
        if not any(s.startswith("2") for s in statuses):
            problems.append(where + ": no good answer")
        want = {"400", "413", "503"}
        if "requestBody" in op:
            want |= {"415"}
        if "x-daapki-right" in op:
            want |= {"401", "403", "429"}
        if want - statuses:
            problems.append("%s: lacks %s" % (where, sorted(want - statuses)))
    return problems


def without_receipt(doc):
    """A POST that makes something can be asked again with its key."""
    problems = []
    for path, method, item, op in operations(doc):
        if method != "post" or not item["servers"][0]["url"].endswith(
                PLANES["OPERATOR"]):
            continue
        takes = any(p.get("$ref") == "#/components/parameters/idempotencyKey"
                    for p in op.get("parameters", []))
        if {"201", "202"} & set(op["responses"]) and not takes:
            problems.append(path + ": takes no Idempotency-Key")
        if takes and "422" not in op["responses"]:
            problems.append(path + ": lacks 422")
    return problems


def response_status_wrong(doc):
    """A $ref under '404' must be to a response whose status is 404."""
    problems = []
    for path, method, _, op in operations(doc):
        for status, response in op["responses"].items():
            if "$ref" not in response:
                continue
            schema = resolve(doc, response["$ref"])["content"][
                "application/problem+json"]["schema"]
            is_for = schema["allOf"][1]["properties"]["status"]["const"]
            if str(is_for) != status:
                problems.append("%s %s: %s has %s" % (
                    method, path, status, response["$ref"]))
    return problems


def validator(doc, schema):
    whole = dict(schema)
    whole["components"] = doc["components"]
    return jsonschema.Draft202012Validator(whole)


def media_types(doc):
    """Each media type object that has a schema, with its pointer."""
    for path, node in walk(doc):
        for name, media in node.get("content", {}).items() \
                if isinstance(node.get("content"), dict) else ():
            yield "%s/content/%s" % (path, name), media


def examples_wrong(doc):
    problems, n = [], 0
    for path, media in media_types(doc):
        examples = [e["value"] for e in media.get("examples", {}).values()]
        if "example" in media:
            examples.append(media["example"])
        for example in examples:
            n += 1
            for e in validator(doc, media["schema"]).iter_errors(example):
                problems.append("%s: %s: %s" % (
                    path, "/".join(map(str, e.absolute_path)), e.message))
    for path, schema in walk(doc["components"]["schemas"]):
        for example in schema.get("examples", []):
            n += 1
            for e in validator(doc, schema).iter_errors(example):
                problems.append("%s: %s" % (path, e.message))
    if n == 0:
        problems.append("there is no example")
    return problems


def json_without_example(doc):
    return [path for path, media in media_types(doc)
            if "example" not in media and "examples" not in media
            and "schema" in media]


class Strict(yaml.SafeLoader):
    """PyYAML takes the last of two members with one name."""


def twice(text):
    problems = []

    def mapping(loader, node):
        names = set()
        for key, _ in node.value:
            if key.value in names:
                problems.append("line %d: %s is there before" % (
                    key.start_mark.line + 1, key.value))
            names.add(key.value)
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor(
        yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    yaml.load(text, Loader=Strict)
    return problems


def main():
    doc = yaml.safe_load(read("api-spec/openapi.yaml"))
    sources = reach.Code(TOP)
    rows = rows_of_code(sources)
    code, document = {r[:3] for r in rows}, routes_of_document(doc)
    more, less, codes = answers_apart(doc, sources, rows)
    errors, listed = codes_of_code(), codes_of_document(doc)

    check("it is OpenAPI 3.1", [] if doc["openapi"].startswith("3.1.")
          else [doc["openapi"]])
    check("no member is there twice", twice(read("api-spec/openapi.yaml")))
    check("the tables of the code were found", [] if len(code) > 30
          and len(errors) > 30 else ["%d routes, %d codes" % (
              len(code), len(errors))])
    check("every route of the code is in the document",
          ["%s %s %s" % r for r in code - document])
    check("every route of the document is in the code",
          ["%s %s %s" % r for r in document - code])
    check("an operation says the right that its route asks",
          rights_wrong(doc, rows))
    check("every status that a route can answer is in the document", more)
    check("every status of the document can be answered by its route", less)
    check("every code that a route can answer is under its status", codes)
    check("what tests/reach.py leaves out is there", sources.unused())
    check("every code that can be answered is in the document",
          set(errors) - set(listed))
    check("every code of the document is in base/err.def",
          set(listed) - set(errors))
    check("codes stand under their HTTP status",
          ["%s: %s, not %d" % (c, listed[c], s) for c, s in errors.items()
           if c in listed and listed[c] != {s}])
    check("types of events are those of authority/event.def, in its words",
          ["%s: %s" % e for e in set(events_of_code().items()) ^
           set(events_of_document(doc).items())] or
          ([] if events_of_code() else ["there is no type"]))
    check("every reference leads somewhere", broken_refs(doc))
    check("every component is used", unused_components(doc))
    check("paths name their parameters", path_parameters_wrong(doc))
    check("operations are complete", operations_incomplete(doc))
    check("what makes something takes an Idempotency-Key",
          without_receipt(doc))
    check("problems stand under their status", response_status_wrong(doc))
    check("every body has an example", json_without_example(doc))
    if jsonschema is None:
        global n_tests
        n_tests += 1
        print("ok %d - examples fit their schemas # SKIP python3-jsonschema"
              " is not installed" % n_tests)
    else:
        check("examples fit their schemas", examples_wrong(doc))
    print("1..%d" % n_tests)
    sys.exit(1 if n_failed else 0)


main()
