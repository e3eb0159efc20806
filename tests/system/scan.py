#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Look for secrets in a process: scan.py PID < lines of "NAME HEX".

All memory that can be read, and all files that are open, are searched for
each secret as bytes, as the machine's big numbers keep it (the lowest byte
first), and as hex text.  Prints "NAME form where" for each that is found.
Exit: 0 nothing found, 1 something found, 2 the process cannot be read.
"""
import os
import re
import stat
import sys

CHUNK = 16 << 20


def forms(secret):
    text = secret.hex().encode()
    return {"bytes": secret, "reversed": secret[::-1], "hex": text,
            "upper hex": text.upper()}


def search(read, size, needles, where, found):
    """read(offset, n) gives bytes; chunks overlap by the longest needle."""
    overlap = max(len(n) for _, _, n in needles)
    at = 0
    while at < size:
        data = read(at, min(CHUNK + overlap, size - at))
        if not data:
            return
        for name, form, needle in needles:
            if needle in data:
                found.add((name, form, where))
        at += CHUNK


def scan_memory(pid, needles, found):
    """How many bytes were read."""
    total = 0
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            begin, end, rights, path = re.match(
                r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+\s*(.*)",
                line).groups()
            begin, end = int(begin, 16), int(end, 16)
            if rights[0] != "r" or path in ("[vvar]", "[vsyscall]"):
                continue

            def read(at, n):
                nonlocal total
                try:
                    data = os.pread(mem.fileno(), n, begin + at)
                except OSError:
                    return b""      # gone meanwhile, or a device
                total += len(data)
                return data

            search(read, end - begin, needles, path or "memory", found)
    return total


def scan_files(pid, needles, found):
    for fd in os.listdir(f"/proc/{pid}/fd"):
        path = f"/proc/{pid}/fd/{fd}"
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                continue
            name = os.readlink(path)
            with open(path, "rb") as file:
                size = os.fstat(file.fileno()).st_size
                search(lambda at, n: os.pread(file.fileno(), n, at), size,
                       needles, name, found)
        except OSError:
            continue                # closed meanwhile


def main():
    pid = int(sys.argv[1])
    needles = []
    for line in sys.stdin:
        *name, value = line.split()
        needles += [(" ".join(name), form, needle)
                    for form, needle in forms(bytes.fromhex(value)).items()]
    if not needles:
        sys.exit("nothing to look for")
    found = set()
    try:
        total = scan_memory(pid, needles, found)
        scan_files(pid, needles, found)
    except OSError as e:
        print(f"process {pid}: {e}", file=sys.stderr)
        sys.exit(2)
    print(f"# {total >> 20} MiB of process {pid}", file=sys.stderr)
    for name, form, where in sorted(found):
        print(name, f"({form})", "in", where)
    sys.exit(1 if found else 0)


main()
