# SPDX-License-Identifier: Apache-2.0
"""The statuses and problem codes that the code can answer on each route, read
from its sources.

From a route's handler, and from what the engine does before it, everything is
followed that a function's text names: functions that it calls or hands on,
tables, macros.  What is answered is each status that stands there as a number,
and that of each error made there (base/err.def).  This is no less than what can
be answered; where it is more, a row of NEVER says why.
"""
import os
import re

ROOMS = ("base", "codec", "pki", "attest", "policy", "wire", "db",
         "authority", "server")

# (who names, what): not followed, because
CUT = {
    ("server/metrics.c:print_requests", "server/"):
        "it counts by route and calls none",
    ("server/ocsp.c:answer", "server/ocsp.c:ask"):
        "a failure is said in an OCSP response",
    ("server/ocsp.c:ocsp_get", "pki/ocsp_request.c:"):
        "a failure is said in an OCSP response",
    ("authority/tenant.c:tenant_event", "db/tenant.c:"):
        "the row of the platform is always there",
    ("authority/audit.c:list_work", "db/tenant.c:"):
        "the row of the platform is always there",
    ("authority/tenant.c:list_own", "authority/tenant.c:tenant_get"):
        "who asks is of that tenant",
    ("authority/subject.c:find", "db/"):
        "foreign keys: what a claimed device names is there",
    ("authority/subject.c:find", "authority/subject.c:find_profile"):
        "foreign keys: what a claimed device names is there",
    ("authority/token.c:find_group", "db/"): "it is told as 400",
    ("authority/group.c:check_profile", "db/"): "it is told as 400",
    ("authority/token.c:find_work", "db/"): "it is told as 401",
    ("authority/token.c:show_work", "db/"): "it is told as 401",
    ("authority/audit.c:begin", "db/tenant.c:"):
        "the row of the platform is always there",
    ("authority/audit.c:chain_of", "db/tenant.c:"):
        "the row of the platform is always there",
    ("authority/ownership.c:fill", "db/"):
        "foreign keys: what a claimed device names is there",
    ("authority/oidc_issuer.c:create_work", "db/oidc.c:db_oidc_get"):
        "it has just been added",
    ("authority/oidc_rule.c:oidc_rules_resolve",
     "authority/oidc_rule.c:resolve"):
        "a rule that names what is not there is kept as lost",
    ("authority/tenant.c:check_is_new", "authority/tenant.c:find_work"):
        "that there is none is what is asked",
    ("authority/ban_apply.c:ban_queue", "authority/ban_apply.c:"):
        "the operation works later",
    ("authority/claim_bulk.c:claim_bulk_begin", "authority/claim_bulk.c:"):
        "the operation works later",
    ("authority/claim_bulk.c:many_work", "authority/claim_bulk.c:do_line"):
        "what comes of a line is told in its line",
    ("authority/manifest.c:manifest_import",
     "authority/manifest.c:manifest_operation"):
        "what comes of a part is told as its item",
    ("authority/operation.c:kind_of", "authority/operation_kinds.c:"):
        "the kind is looked up, and works later",
    ("authority/policies.c:policies_check_formats", "attest/attest.c:"):
        "the format is looked up, and verifies nothing",
    ("authority/basis.c:check_verification", "authority/appraise.c:"):
        "a refusal is what is asked for",
    ("authority/basis.c:check_verdict", "policy/appraise.c:"):
        "a refusal is what is asked for",
    ("authority/dry_run.c:try_claims", "policy/appraise.c:"):
        "a refusal is what is asked for",
    ("authority/collateral_read.c:collateral_check",
     "authority/collateral_read.c:checkers"):
        "it is told as 400 request.field",
    ("authority/trust.c:read_values", "attest/"):
        "what is kept could be read when it came",
    ("authority/life.c:make_staged", "authority/ca.c:ca_request"):
        "the request is our own signer's",
    ("pki/jws.c:jws_verify", "pki/key.c:"):
        "what is registered could be read when it came",
    ("pki/cert.c:cert_verify_issued", "pki/cert.c:cert_key"):
        "the certificate is our own CA's",
    ("pki/bundle.c:put_jwk", "pki/cert.c:cert_key"):
        "the certificate is our own CA's",
    ("authority/proposal.c:proposal_make", "authority/proposal.c:kinds"):
        "it is carried out when it is approved",
    ("authority/transfer.c:transfer_awaiting", "db/tenant.c:"):
        "foreign keys: the row of whom it is offered to is there",
    ("authority/operation.c:open_it", "db/operation.c:db_operation_open"):
        "it has just been added",
    ("authority/operation.c:operation_add",
     "authority/operation.c:check_item"):
        "what is added at once are few and short items",
    ("authority/device.c:unban_work", "db/device.c:db_device_unban"):
        "it has just been found to be barred",
}

# (method and path, place, status): not answered, because
UNSAID = {
    ("post /ocsp/.*", "server/http.c:http_reply_cached", 304):
        "only GET and HEAD are answered so",
    ("(get|put|patch|delete) .*|post .*/(dry-run|ownership|manifests|"
     "claim-consents|certificates/.*/replay|"
     "error-reports|claims|bulk|bulk-release|restore|ban|unban)",
     "db/sqlite.c:sqlite_fail", 409):
        "only a row with a name that was sent collides",
    ("post .*/claims/bulk", "authority/proposal.c:make_work", 409):
        "a release alone is proposed",
    ("post .*/restore", "server/rest_claim.c:say_claim", 201):
        "another status is set afterwards",
    ("post /v1/recoveries", "server/rest_recovery.c:say_recovery", 200):
        "another status is set afterwards",
    ("post .*/rotate", "server/rest_tenant.c:say_token", 201):
        "another status is set afterwards",
    ("post .*/webhooks", "server/rest_webhook.c:say_made", 200):
        "201 where the path names none yet",
    ("post .*/webhooks/.*", "server/rest_webhook.c:say_made", 201):
        "201 where the path names none yet",
    ("post .*/transfers", "server/rest_transfer.c:say_transfer", 200):
        "another status is set afterwards",
}

WORD = re.compile(r"(?<![.>\w])[A-Za-z_]\w*\b")   # members name nothing
NOT_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
FUNCTION = re.compile(r"^(\w+)\((?:[^;{}]*?)\)\n\{\n(.*?)^\}", re.M | re.S)
TABLE = re.compile(r"^(?:static |const |struct |\} )[^;{}()=]*?\b(\w+)"
                   r"(?:\[[^\]]*\])*\s*=\s*\{(.*?)\};", re.M | re.S)
CALLS = re.compile(r"^static [^;{}]*?\(\*const (\w+)\[\]\)\([^;{}]*?\)\s*=\s*"
                   r"\{(.*?)\};", re.M | re.S)
MACRO = re.compile(r"^#define\s+(\w+)(?:\([^)]*\))?[ \t]+((?:.*\\\n)*.*)$",
                   re.M)
# What no other file can name.
STATIC = re.compile(r"^static [^\n;=]*\n(\w+)\(|"
                    r"^(?:static|\} )[^;{}()=]*?\b(\w+)(?:\[[^\]]*\])*\s*"
                    r"=\s*\{", re.M)
# A failure that is looked at in place goes no further.
LOOKED_AT = re.compile(r"\bfailed\(\w+\(")
# An error that is compared with is not made.
MADE = re.compile(r"(?<![=!]= )(?<!case )\bERR_([A-Z0-9_]+)\b")
SAID = re.compile(r"(?:\breply_\w+\(|\bhttp_reply_\w+\(|\bstatus)"
                  r"([^;]*);")
NUMBER = re.compile(r"[=,?:]\s*([2345]\d\d)\b")


class Code:
    """The texts of functions, tables and macros; each is "file:name"."""

    def __init__(self, top):
        self.texts, self.shared, self.used = {}, {}, set()
        with open(os.path.join(top, "base/err.def"), encoding="utf-8") as f:
            self.errors = {
                name: (int(status), code) for name, status, code in re.findall(
                    r'^ERR\((\w+),\s*\w+,\s*(\d+),\s*"([^"]+)"', f.read(),
                    re.M)}
        for room in ROOMS:
            folder = os.path.join(top, room)
            for name in sorted(os.listdir(folder)):
                if name.endswith((".c", ".h")):
                    with open(os.path.join(folder, name),
                              encoding="utf-8") as f:
                        self.read(room + "/" + name, f.read())

    def read(self, path, text):
        text = NOT_CODE.sub('""', text)
        static = {name for pair in STATIC.findall(text) for name in pair}
        static.update(name for name, _ in CALLS.findall(text))
        if path.endswith(".c"):
            static.update(name for name, _ in MACRO.findall(text))
        for name, body in MACRO.findall(text) + TABLE.findall(text) + \
                CALLS.findall(text) + FUNCTION.findall(text):
            self.texts[path + ":" + name] = body
            if name not in static:
                self.shared.setdefault(name, []).append(path + ":" + name)

    def find(self, path, name):
        """The place of what a file names."""
        own = path + ":" + name
        return own if own in self.texts else self.shared[name][0]

    def named(self, place):
        """What a text names, but what CUT takes away."""
        path = place.split(":")[0]
        text = LOOKED_AT.sub("failed(", self.texts[place])
        for word in set(WORD.findall(text)):
            own = path + ":" + word
            for to in [own] if own in self.texts else \
                    self.shared.get(word, ()):
                row = next((r for r in CUT if r[0] == place
                            and to.startswith(r[1])), None)
                if row is None:
                    yield to
                else:
                    self.used.add(row)

    def given(self, place):
        """(status, code) of what the text of one place answers by itself;
        code is "" of a status that stands there as a number."""
        body = self.texts[place]
        out = {self.errors[e] for e in MADE.findall(body)
               if e in self.errors and e != "OK"}
        if place.startswith("server/"):
            out.update((int(n), "") for said in SAID.findall(body)
                       for n in NUMBER.findall(said))
        return out

    def answers(self, route, *places):
        """Statuses to what calls the places, for "method path"."""
        out, seen, left = {}, set(places), list(places)
        while left:
            at = left.pop(0)
            for answer in self.given(at):
                row = next((r for r in UNSAID if r[1:] == (at, answer[0])
                            and re.fullmatch(r[0], route)), None)
                if row is None:
                    out.setdefault(answer, at)
                else:
                    self.used.add(row)
            for to in self.named(at):
                if to not in seen:
                    seen.add(to)
                    left.append(to)
        return out, seen

    def of_route(self, method, path, auth, body, handler):
        """(status, code) to a place that gives it."""
        route = method + " " + path
        places = [handler, "server/engine.c:job_add_query"]
        is_operator = auth not in OTHERS
        places += OTHERS.get(auth, ["server/auth.c:check_who"])
        if is_operator and "{tenant}" in path:
            places.append("server/auth.c:find_tenant")
        if auth.endswith("_GROUP"):
            places.append("server/auth.c:check_scope")
        if body:
            places.append("codec/json.c:json_parse")
        out, seen = self.answers(route, *places)
        before = "TOO_LARGE STOPPING" + (" MEDIA_TYPE" if body else "")
        out.update(dict.fromkeys((self.errors[e] for e in before.split()),
                                 "server/engine.c:check_head"))
        if is_operator:
            out.update(dict.fromkeys(
                (self.errors[e] for e in ("AUTH_FORBIDDEN", "INTERNAL")),
                "server/auth.c:check_operator"))
        if method == "post" and is_operator and \
                "server/repeat.c:http_will_say" in seen:
            out.update(self.answers(route, "server/repeat.c:run_with_key")[0])
        return out

    def unused(self):
        """Rows that keep nothing out any more."""
        return [str(r) for r in set(CUT) | set(UNSAID) if r not in self.used]


# What is asked of whom, before the handler; operators are the rest.
OTHERS = {
    "AUTH_NONE": [], "AUTH_NONE_AT_ONCE": [],
    "AUTH_CLIENT": ["server/auth.c:check_certificate"],
    "AUTH_CLIENT_MAYBE": ["server/auth.c:look_at_certificate"],
}
