#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pkilint over many files at once: a line "FILE CODE@PLACE" for each error
and warning.  The ending of a file says what is in it: .crl, .ocsp (DER) or else a
certificate.  To be run by a python3 that has pkilint."""
import contextlib
import io
import json
import sys

from pkilint.bin import lint_crl, lint_ocsp_response, lint_pkix_cert


def place(node):
    """"@" and the kind of extension that it is in, if it is in one."""
    _, found, inside = node.partition(".extnValue.")
    return "@" + inside.split(".")[0] if found else ""


def lint(path):
    words = ["lint", "-f", "JSON", "-s", "WARNING", path]
    if path.endswith(".crl"):
        main, words = lint_crl.main, [*words, "-t", "CRL", "-p", "PKIX"]
    elif path.endswith(".ocsp"):
        main = lint_ocsp_response.main
    else:
        main = lint_pkix_cert.main
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(words)
    results = json.loads(out.getvalue() or "{}")
    found = {f["code"] + place(r["node_path"])
             for r in results.get("results", [])
             for f in r["finding_descriptions"]}
    if code and not found:
        found = {"unreadable"}
    return found


for file in sys.argv[1:]:
    for name in sorted(lint(file)):
        print(file, name)
