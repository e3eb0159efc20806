#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doc/CHECKS.md names functions and tests that there are, and leaves out no file.

That a test fails without its check is for tests/mutate to see.
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.environ.get("abs_srcdir") or os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))
ROOMS = ("attest", "authority", "base", "codec", "db", "policy")
QUOTED = re.compile(r"`([^`]+)`")
SENTENCE = re.compile(r"^[a-z0-9_]+$")

n_tests = 0
n_failed = 0


def check(name, problems):
    global n_tests, n_failed
    n_tests += 1
    n_failed += bool(problems)
    print("%s %d - %s" % ("not ok" if problems else "ok", n_tests, name))
    for problem in problems:
        print("# " + problem)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as f:
        return f.read()


def sources(pattern):
    return sorted(os.path.relpath(path, TOP)
                  for path in glob.glob(os.path.join(TOP, pattern)))


def functions_of(path):
    """What begins a line, and a parenthesis: how definitions are written."""
    return re.findall(r"^([a-z][a-z0-9_]*)\(", read(path), re.M)


def tests_of(path):
    return set(re.findall(r"^START_TEST\(([a-z0-9_]+)\)", read(path), re.M))


def tables(text):
    """(line, what stood before the table since the last, cells) for each row."""
    before, in_table = "", False
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            before = line if in_table else before + "\n" + line
            in_table = False
            continue
        in_table = True
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] != "check" and not set(cells[0]) <= set("-"):
            yield number, before, cells


DOC = read("doc/CHECKS.md")
FUNCTIONS = {name: path for room in ROOMS
             for path in sources(room + "/*.c") for name in functions_of(path)}
TESTS = {os.path.basename(path)[:-2]: tests_of(path)
         for path in sources("tests/unit/t_*.c")}


def bad_functions(cell):
    names = QUOTED.findall(cell)
    if cell == "all":
        return []
    if not names:
        return ["no function in '%s'" % cell]
    bad, stem = [], ""
    for name in names:
        # `tpm_key_check_ak`, `_app`: the same but for its end.
        full = stem + name if name.startswith("_") else name
        stem = full.rsplit("_", 1)[0] if not name.startswith("_") else stem
        if full not in FUNCTIONS:
            bad.append("no function %s" % full)
    return bad


def bad_tests(cell, before):
    usual = [name for name in QUOTED.findall(before) if name in TESTS]
    bad, n = [], 0
    for part in re.split(r"[;()]", cell):
        where = usual
        for item in re.split(r",", part):
            item = re.sub(r"^and ", "", item.strip())
            named = re.match(r"`(t_[a-z0-9_]+)`:? ?(.*)$", item)
            if named:
                where, item = [named.group(1)], named.group(2).strip()
                if where[0] not in TESTS:
                    bad.append("no test %s" % where[0])
                elif not item:
                    n += 1
            if not item:
                continue
            n += 1
            if not SENTENCE.match(item):
                bad.append("'%s' is not a test's name" % item)
            elif not any(item in TESTS.get(t, ()) for t in where):
                bad.append("no %s in %s" % (item, " ".join(where) or "any"))
    return bad + (["no test"] if n == 0 else [])


wrong_rows, wrong_functions, wrong_tests, n_rows = [], [], [], 0
for line, before, cells in tables(DOC):
    n_rows += 1
    at = "doc/CHECKS.md:%d: " % line
    if len(cells) != 3 or not all(cells):
        wrong_rows.append(at + "not a check, a function and a test")
        continue
    wrong_functions += [at + b for b in bad_functions(cells[1])]
    wrong_tests += [at + b for b in bad_tests(cells[2],
                                              before.replace("and `", "`"))]

check("each row of doc/CHECKS.md has a check, a function and a test",
      wrong_rows or ([] if n_rows > 200 else ["only %d rows" % n_rows]))
check("functions named in doc/CHECKS.md exist", wrong_functions)
check("tests named in doc/CHECKS.md exist where it says", wrong_tests)

listed = subprocess.run([os.path.join(TOP, "tests/mutate"), "--list"], text=True,
                        env=dict(os.environ, srcdir=TOP), check=True,
                        stdout=subprocess.PIPE).stdout.split()
REFUSES = re.compile(r"return .*FAIL[A-Z_]*\(|[ \t]bad = true")
refusing = [path for path in sources("attest/*.c") if REFUSES.search(read(path))]
check("tests/mutate takes the checks out of every file of attest/ that has any",
      ["%s is left out" % path for path in refusing if path not in listed])
check("doc/CHECKS.md speaks of every file of attest/ that refuses anything",
      ["%s is not named" % path for path in refusing if path not in DOC])

print("1..%d" % n_tests)
sys.exit(n_failed != 0)
