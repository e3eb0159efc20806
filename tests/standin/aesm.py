#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
aesm.py serve STANDIN DEVICE SOCKET
	a stand-in for the AESM service of Intel's SGX software, on a Unix socket.
	The quotes are those of the stand-in device DEVICE.  Its messages are read
	and written by Google's protobuf.
aesm.py enclave
	a stand-in for an enclave of that platform, as enclave_command

DEVICE/fault has a word when something is to go wrong:

	error		GetQuoteEx is refused, with error 13
	unsupported	GetQuoteEx is not known
	other		the answer is to another request
	garbage		the answer is no message
	long		the answer says that it is of 4 GB
	hang-up		there is no answer
	silent		there is no answer, and no end of the connection
	epid		there is no key for ECDSA quotes
	target		TARGETINFO is too short

Where there is DEVICE/recorded, that quote is played back.
"""
import base64
import hashlib
import hmac
import json
import os
import socket
import struct
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

KEY_ID_SIZE, TARGET_INFO_SIZE, REPORT_SIZE = 256, 512, 432
QUOTE_BUFFER = 12288
ECDSA = struct.pack("<HHH48sI16s64s16sI", 0, 0, 32, bytes(range(32)), 1, b"",
                    b"", b"", 2).ljust(KEY_ID_SIZE, b"\0")
EPID = bytes(KEY_ID_SIZE)
REFUSED = 13

# psw/ae/common/proto/messages.proto: what of it quoting needs.
BYTES, BOOL, U32, U64 = 12, 8, 13, 4
CALLS = {
    15: ("InitQuoteEx",
         {"att_key_id": (1, BYTES), "b_pub_key_id": (3, BOOL),
          "buf_size": (4, U64), "timeout": (9, U32)},
         {"target_info": (2, BYTES), "pub_key_id_size": (3, U64),
          "pub_key_id": (4, BYTES)}),
    16: ("GetQuoteSizeEx", {"att_key_id": (1, BYTES), "timeout": (9, U32)},
         {"quote_size": (2, U32)}),
    17: ("GetQuoteEx",
         {"report": (1, BYTES), "att_key_id": (2, BYTES),
          "qe_report_info": (3, BYTES), "buf_size": (4, U32),
          "timeout": (9, U32)},
         {"quote": (2, BYTES), "qe_report_info": (3, BYTES)}),
    20: ("Unsupported", {}, {}),
    21: ("GetSupportedAttKeyIDNum", {"timeout": (9, U32)},
         {"att_key_id_num": (2, U32)}),
    22: ("GetSupportedAttKeyIDs", {"buf_size": (1, U32), "timeout": (9, U32)},
         {"att_key_ids": (2, BYTES)}),
}


def messages():
    """The classes Request and Response."""
    file = descriptor_pb2.FileDescriptorProto(
        name="aesm.proto", package="aesm.message", syntax="proto2")
    for side, which in (("Request", 1), ("Response", 2)):
        outer = file.message_type.add(name=side)
        for number, call in CALLS.items():
            inner = outer.nested_type.add(name=call[0] + side)
            fields = dict(call[which])
            if side == "Response":
                fields["errorCode"] = (1, U32)
            for name, (field, kind) in fields.items():
                inner.field.add(name=name, number=field, type=kind, label=1)
            outer.field.add(name=call[0], number=number, type=11, label=1,
                            type_name=f".aesm.message.{side}.{call[0]}{side}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.MessageFactory(pool)
    return [made.GetPrototype(pool.FindMessageTypeByName(
        "aesm.message." + side)) for side in ("Request", "Response")]


def report_mac(target_info, body):
    """As no one can make it but an enclave on the platform."""
    return hmac.new(target_info, body, hashlib.sha256).digest()[:16]


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Aesm:
    def __init__(self, standin, device):
        self.standin, self.device = standin, device
        self.target_info = os.urandom(TARGET_INFO_SIZE)

    def fault(self):
        try:
            with open(os.path.join(self.device, "fault")) as f:
                return f.read().strip()
        except FileNotFoundError:
            return ""

    def answer(self, name, q, a):
        """Fill in the answer a to the question q."""
        a.errorCode = 0
        epid = self.fault() == "epid"
        if name == "GetSupportedAttKeyIDNum":
            a.att_key_id_num = 1 if epid else 2
        elif name == "GetSupportedAttKeyIDs":
            a.att_key_ids = EPID if epid else EPID + ECDSA
            assert len(a.att_key_ids) == q.buf_size
        else:
            assert q.att_key_id == ECDSA
            self.quoting(name, q, a)

    def quoting(self, name, q, a):
        if name == "InitQuoteEx":
            a.pub_key_id_size = 32
            if q.b_pub_key_id:
                assert q.buf_size == 32
                a.target_info = self.target_info
                a.pub_key_id = bytes(32)
            if self.fault() == "target":
                a.target_info = a.target_info[:-1]
        elif name == "GetQuoteSizeEx":
            a.quote_size = QUOTE_BUFFER
        elif self.fault() == "error":
            a.errorCode = REFUSED
        else:
            body, mac = q.report[:384], q.report[416:]
            assert len(q.report) == REPORT_SIZE
            assert mac == report_mac(self.target_info, body)
            # The service gives its whole buffer back.
            a.quote = self.quote(body[320:]).ljust(q.buf_size, b"\0")

    def quote(self, report_data):
        try:
            with open(os.path.join(self.device, "recorded"), "rb") as f:
                return f.read()
        except FileNotFoundError:
            made = subprocess.run(
                [self.standin, "quote", self.device, report_data.hex()],
                check=True, stdout=subprocess.PIPE).stdout
            return unbase64(json.loads(made)["quote"])

    def serve(self, connection, request_type, response_type):
        n, = struct.unpack("<I", connection.recv(4, socket.MSG_WAITALL))
        request = request_type.FromString(
            connection.recv(n, socket.MSG_WAITALL))
        (field, question), = request.ListFields()
        response, fault = response_type(), self.fault()
        if field.name == "GetQuoteEx" and fault == "unsupported":
            response.Unsupported.errorCode = 1
        elif fault == "other":
            response.GetQuoteSizeEx.errorCode = 0
        else:
            self.answer(field.name, question, getattr(response, field.name))
        data = response.SerializeToString()
        if fault == "garbage":
            data = b"\xff" * len(data)
        if fault == "hang-up":
            return
        if fault == "silent":
            connection.recv(1)
            return
        n = 0xffffffff if fault == "long" else len(data)
        connection.sendall(struct.pack("<I", n) + data)


def serve(standin, device, path):
    aesm, types = Aesm(standin, device), messages()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen()
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                aesm.serve(connection, *types)
            except OSError as e:
                print("aesm:", e, file=sys.stderr)


def enclave():
    request = json.load(sys.stdin)
    body = bytes(320) + bytes.fromhex(request["report_data"])
    report = body + bytes(32) + report_mac(unbase64(request["target_info"]),
                                           body)
    assert len(report) == REPORT_SIZE
    text = base64.urlsafe_b64encode(report).decode().rstrip("=")
    json.dump({"report": text}, sys.stdout)


if __name__ == "__main__":
    if sys.argv[1] == "enclave":
        enclave()
    else:
        serve(*sys.argv[2:])
