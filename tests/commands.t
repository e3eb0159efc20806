#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What operators can do by the API, they can do by daactl: tests/commands.tsv has
a row for each operation of api-spec/openapi.yaml, with the commands that ask for
it or why none does.  That they do is read from their sources: from cmd_*() on,
all is followed that a text names in cli/, and what the path and the method are
made of must be there."""
import glob
import os
import re
import sys

SRCDIR = os.environ.get("srcdir", ".")
try:
    import yaml
except ImportError:
    print("1..0 # SKIP python3-yaml is missing")
    sys.exit(0)

COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
WORD = re.compile(r"\b[A-Za-z_]\w*\b")
FUNCTION = re.compile(r"^(\w+)\((?:[^;{}]*?)\)\n\{\n(.*?)^\}", re.M | re.S)
TABLE = re.compile(r"^(?:static |const |struct |\} )[^;{}()=]*?\b(\w+)"
                   r"(?:\[[^\]]*\])*\s*=\s*\{(.*?)\};", re.M | re.S)
MACRO = re.compile(r"^#define\s+(\w+)(?:\([^)]*\))?[ \t]+((?:.*\\\n)*.*)$",
                   re.M)


def read(path):
    with open(os.path.join(SRCDIR, path), encoding="utf-8") as f:
        return f.read()


def pieces():
    """(file, name) to the text of each function, table and macro of cli/."""
    out = {}
    for path in glob.glob(os.path.join(SRCDIR, "cli/*.c")):
        with open(path, encoding="utf-8") as f:
            text = COMMENT.sub("", f.read())
        for kind in MACRO, TABLE, FUNCTION:
            for name, body in kind.findall(text):
                out[os.path.basename(path), name] = body
    return out


def literals(texts, start):
    """All strings of what a function names, as one text."""
    owner = {}
    for at in texts:
        owner.setdefault(at[1], at)
    seen, left, said = set(), [owner[start]], []
    while left:
        at = left.pop()
        if at in seen:
            continue
        seen.add(at)
        said += STRING.findall(texts[at])
        for word in set(WORD.findall(STRING.sub('""', texts[at]))):
            own = (at[0], word)
            to = own if own in texts else owner.get(word)
            if to:
                left.append(to)
    return said


def asks(said, method, path):
    """Are all the words of the path, and the method, in those strings?"""
    words = {w for s in said for w in re.split(r"[^\w.-]+", s)}
    fixed = [p for p in path.split("/")[1:] if not p.startswith("{")]
    if path.startswith("/v1/tenants/{tenant}/"):
        fixed = fixed[2:]
    return (method == "get" or method.upper() in said) and \
        all(w in words for w in fixed if w != "v1")


def main():
    doc = yaml.load(read("api-spec/openapi.yaml"),
                    getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    operations = {op["operationId"]: (method, path, op)
                  for path, item in doc["paths"].items()
                  for method, op in item.items()
                  if isinstance(op, dict) and "operationId" in op}
    commands, local = {}, set()
    for name, words, rest in re.findall(
            r'^COMMAND\((\w+),\s*"([^"]*)",(.*?)^\s*"', read(
                "cli/commands.def") + '\n"', re.M | re.S):
        commands[words] = "cmd_" + name
        if "LOCAL" in rest:
            local.add(words)
    rows = {}
    doubles = []
    for line in read("tests/commands.tsv").splitlines():
        if line and not line.startswith("#"):
            name, _, what = line.partition("\t")
            doubles += [name] if name in rows else []
            rows[name] = what.strip()
    texts = pieces()
    named = {c for what in rows.values() if not what.startswith("-")
             for c in what.split(", ")}
    results = [
        ("each operation has a row, and each row an operation",
         sorted(set(operations) ^ set(rows)) + doubles),
        ("what no command asks for says why",
         [n for n, w in rows.items() if w.startswith("-") and len(w) < 8]),
        ("each command that is named is there",
         sorted(named - set(commands))),
        ("each command that asks a server is named",
         sorted(set(commands) - named - local)),
        ("commands ask for what they are named for",
         [f"{n}: {c}" for n, w in rows.items() if not w.startswith("-")
          for c in w.split(", ") if n in operations and c in commands
          and not asks(literals(texts, commands[c]), *operations[n][:2])]),
        ("a command that asks for something else is found",
         [] if not asks(literals(texts, "cmd_event_list"), "post",
                        "/v1/tenants/{tenant}/webhooks") else
         ["event list creates webhooks"]),
    ]
    failed = False
    print(f"1..{len(results)}")
    for i, (sentence, problems) in enumerate(results, 1):
        failed |= bool(problems)
        print(f"{'not ' if problems else ''}ok {i} - {sentence}")
        for p in problems:
            print("#", p)
    return failed


sys.exit(main())
