#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stand_in.py DIR [CERTIFICATE KEY]: a stand-in for vendors' services.

Gives out files of DIR at the addresses at which a PCCS, AMD's service and a
web site would, with their headers.  Prints its port; with a certificate it
speaks HTTPS.  Every request is a line of DIR/log.
"""
import http.server
import os
import ssl
import sys
from urllib.parse import parse_qs, quote, urlsplit

FOLDER = sys.argv[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def read(self, name):
        path = os.path.join(FOLDER, name)
        if not os.path.isfile(path):
            return None
        with open(path, "rb") as f:
            return f.read()

    def pccs(self, tee, rest, query):
        """Version 4 of Intel's API, as its own service and PCCS have it."""
        if rest == "tcb":
            if query.get("fmspc") != ["00a1b2c3d4e5"]:
                return None, None
            return self.read(tee + "-tcb"), "TCB-Info-Issuer-Chain"
        if rest == "qe/identity":
            return self.read(tee + "-qe"), "SGX-Enclave-Identity-Issuer-Chain"
        if rest == "pckcrl" and query.get("encoding") == ["der"]:
            return (self.read("pck.crl") if query.get("ca") == ["platform"]
                    else None), "SGX-PCK-CRL-Issuer-Chain"
        if rest == "rootcacrl":
            # A PCCS has it in hex.
            return self.read("root.crl").hex().encode(), None
        return None, None

    def find(self):
        url = urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        if parts[1:3] == ["certification", "v4"] and parts[0] in ("sgx",
                                                                  "tdx"):
            return self.pccs(parts[0], "/".join(parts[3:]),
                             parse_qs(url.query))
        if parts[0] == "vcek" and parts[3:] == ["crl"]:
            return self.read("amd-%s.crl" % parts[2]), None
        return self.read("site/" + "/".join(parts)), None

    def do_GET(self):
        with open(os.path.join(FOLDER, "log"), "a", encoding="utf-8") as f:
            f.write("%s key=%s\n" % (self.path, self.headers.get(
                "Ocp-Apim-Subscription-Key", "")))
        if self.path.startswith("/again"):
            self.send_response(302)
            self.send_header("Location", self.path)
            self.end_headers()
            return
        if self.path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.path[len("/moved"):])
            self.end_headers()
            return
        body, chain = self.find()
        self.send_response(404 if body is None else 200)
        if chain is not None and body is not None:
            self.send_header(chain, quote(self.read("chain.pem")))
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
