# SPDX-License-Identifier: Apache-2.0
"""api-spec/openapi.yaml, and what was asked and answered held against it.

Each exchange must have a status, headers, a media type and a body that the
document gives for its operation; and where it was a good answer, a body that
the document lets one send.
"""
import json
import os
import re

import jsonschema
import yaml

METHODS = ("get", "put", "post", "patch", "delete")
PLANES = {"8443": "device", "8444": "operator", "8080": "status"}
# What the document says of all paths together.
EVERYWHERE = {"405": "#/components/responses/MethodNotAllowed",
              "404": "#/components/responses/NotFound"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")

FORMATS = jsonschema.FormatChecker(formats=())
for name, form in (("date-time", TIME), ("date", DAY), ("uri", URI)):
    FORMATS.checks(name)(
        lambda value, form=form: not isinstance(value, str)
        or form.fullmatch(value) is not None)


def is_json(media):
    return media.endswith(("/json", "+json"))


class Document:
    def __init__(self, top):
        with open(os.path.join(top, "api-spec/openapi.yaml"),
                  encoding="utf-8") as f:
            self.doc = yaml.load(f, getattr(yaml, "CSafeLoader",
                                            yaml.SafeLoader))
        self.inlined = {}       # reference to what it stands for
        self.validators = {}    # of a schema, by its identity

    # --- where things are ---------------------------------------------------

    def operations(self):
        for template, item in self.doc["paths"].items():
            for method in METHODS:
                if method in item:
                    yield template, method, item[method]

    def plane_of(self, template):
        url = self.doc["paths"][template]["servers"][0]["url"]
        return PLANES[url.rsplit(":", 1)[1]]

    def at(self, ref):
        node = self.doc
        for key in ref[2:].split("/"):
            node = node[key.replace("~1", "/").replace("~0", "~")]
        return node

    def resolve(self, node):
        while "$ref" in node:
            node = self.at(node["$ref"])
        return node

    # --- schemas ------------------------------------------------------------

    def without_refs(self, node, above=()):
        """References in place, which is much faster than to look them up; not
        those that lead to themselves."""
        if isinstance(node, list):
            return [self.without_refs(n, above) for n in node]
        if not isinstance(node, dict):
            return node
        ref = node.get("$ref")
        if not isinstance(ref, str):
            return {k: self.without_refs(v, above) for k, v in node.items()}
        if ref in above:
            return node
        if ref not in self.inlined:
            self.inlined[ref] = self.without_refs(self.at(ref), above + (ref,))
        rest = {k: self.without_refs(v, above) for k, v in node.items()
                if k != "$ref"}
        if rest:
            return {"allOf": [self.inlined[ref]], **rest}
        return self.inlined[ref]

    def validator(self, schema):
        kept = self.validators.get(id(schema))
        if kept is None:
            whole = self.without_refs(schema)
            if isinstance(whole, dict):
                whole = {**whole, "components": self.doc["components"]}
            # The schema too, so that no other gets its identity.
            kept = self.validators[id(schema)] = (
                jsonschema.Draft202012Validator(whole,
                                                format_checker=FORMATS),
                schema)
        return kept[0]

    def invalid(self, schema, value):
        return ["%s: %s" % ("/".join(map(str, e.absolute_path)) or ".",
                            e.message[:200])
                for e in self.validator(schema).iter_errors(value)]

    # --- answers ------------------------------------------------------------

    def answer_wrong(self, template, method, status, headers, body):
        """Problems of an answer; headers is asked with get()."""
        where = "%s %s %d" % (method, template, status)
        responses = self.doc["paths"][template][method]["responses"]
        response = responses.get(str(status))
        if response is None:
            return ["%s is not in the document: %r" % (where, body[:300])]
        response = self.resolve(response)
        problems = [] if headers.get("X-Request-Id") else ["no X-Request-Id"]
        problems += self.headers_wrong(response, headers)
        problems += self.content_wrong(response.get("content", {}),
                                       headers.get("Content-Type"), body)
        return ["%s: %s" % (where, p) for p in problems]

    def headers_wrong(self, response, headers):
        for name, header in response.get("headers", {}).items():
            header, value = self.resolve(header), headers.get(name)
            if value is not None:
                for e in self.text_wrong(header.get("schema", {}), value):
                    yield "%s: %s" % (name, e)
            elif header.get("required", True):
                yield "no " + name

    def text_wrong(self, schema, text):
        """A header or a parameter: it may stand for what is no text."""
        meant = [text, text.split(",")]
        if re.fullmatch(r"-?\d+", text):
            meant.append(int(text))
        if text in ("true", "false"):
            meant.append(text == "true")
        if any(not self.invalid(schema, value) for value in meant):
            return []
        return self.invalid(schema, text)

    def content_wrong(self, content, media, body):
        if not content:
            return ["a body that is not foreseen"] if body else []
        media = (media or "").split(";")[0]
        if media not in content:
            return ["media type " + media]
        schema = content[media].get("schema")
        if schema is None:
            return []
        if not is_json(media):
            return self.invalid(schema, body.decode("utf-8", "replace"))
        try:
            return self.invalid(schema, json.loads(body))
        except ValueError as e:
            return [str(e)]

    # --- requests -----------------------------------------------------------

    def request_wrong(self, template, method, media, body):
        """Problems of the body of a request that was answered well."""
        wanted = self.resolve(self.doc["paths"][template][method].get(
            "requestBody", {}))
        # No lines are lines too, and an empty OCSP request has its answer.
        if not body:
            return []
        return ["%s %s: sent: %s" % (method, template, p) for p in
                self.content_wrong(wanted.get("content", {}), media, body)]
