#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
doc/formats and what OTHERS lists, command by command: the blocks "```sh" of each
page in order, each in a shell of its own, in an empty folder and against an empty
server of its own.  A block "```text" after it is what came out: each line must be there, in
that order; "..." stands for anything within a line, and alone for any lines.

usage: pages.py [PAGE...]
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import service   # noqa: E402

BLOCK_S = 600
TOOLS = {"": ("curl", "jq", "openssl"),      # all pages; one page
         "tpm2.md": ("swtpm", "swtpm_setup", "swtpm_localca", "tpm2_startup")}
FOLDER = os.path.join(service.SRCDIR, "doc/formats")
INDEX = "README.md"
OTHERS = ("doc/OPERATING.md", "doc/INTEGRATING.md", "doc/API.md",
          "doc/AUDIT.md", "doc/EVENTS.md", "doc/OBSERVING.md")


def blocks(page):
    """(line, commands, output or None) of each block of commands."""
    with open(page) as f:
        text = f.read()
    found = []
    for m in re.finditer(r"^```(sh|text)\n(.*?)^```$", text, re.S | re.M):
        if m[1] == "sh":
            found.append([text.count("\n", 0, m.start()) + 1, m[2], None])
        elif found and found[-1][2] is None:
            found[-1][2] = m[2]
    return found


def missing(wanted, said):
    """The first line of wanted that is not said, or None."""
    lines = iter(said.splitlines())
    for want in wanted.splitlines():
        if want.strip() == "...":
            continue
        pattern = ".*".join(re.escape(p) for p in want.strip().split("..."))
        if not any(re.fullmatch(pattern, line.strip()) for line in lines):
            return want
    return None


def end_group(pid):
    """What a block has left running."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Page:
    def __init__(self, tap, path):
        self.tap, self.path = tap, path
        self.name = os.path.basename(path)

    def environment(self, server, folder):
        path = [service.BUILDDIR,
                os.path.join(service.BUILDDIR, "tests/standin"),
                os.path.join(service.SRCDIR, "tests/standin"),
                os.environ["PATH"]]
        return {**os.environ, "PATH": ":".join(path), "HOME": folder,
                "DAACTL_URL": server.operator_url,
                "DAACTL_CA_FILE": server.trust,
                "DAACTL_TOKEN_FILE": os.path.join(folder, "operator.token"),
                "DAA_AGENT_SERVER": server.device_url,
                "DAA_AGENT_CA": server.trust,
                "DAA_AGENT_STATE_DIR": os.path.join(folder, "agent")}

    def run(self):
        found = blocks(self.path)
        if not self.tap.ok(found, f"{self.name} has an example"):
            return
        lacks = [t for t in TOOLS[""] + TOOLS.get(self.name, ())
                 if not shutil.which(t)]
        if lacks:
            self.tap.skip(f"{self.name} does what it says",
                          f"{lacks[0]} is not here")
            return
        folder = tempfile.mkdtemp(prefix="daapki-page-")
        server = service.Service(folder)
        try:
            if self.tap.ok(server.start(), f"{self.name}: a server starts"):
                self.run_blocks(server, found)
        finally:
            server.end()
            shutil.rmtree(folder)

    def run_blocks(self, server, found):
        folder = os.path.join(server.folder, "here")
        os.mkdir(folder)
        service.write(os.path.join(folder, "operator.token"), server.token,
                      0o600)
        env = self.environment(server, folder)
        shells = []
        try:
            for line, commands, output in found:
                self.run_block(shells, line, commands, output, folder, env)
        finally:
            for shell in shells:
                end_group(shell.pid)
        if os.path.dirname(self.path) == FOLDER:
            self.check_claims(server)

    def run_block(self, shells, line, commands, output, folder, env):
        shell = subprocess.Popen(
            ["sh", "-eu", "-c", commands], cwd=folder, env=env, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        shells.append(shell)
        said, _ = shell.communicate(timeout=BLOCK_S)
        lacks = missing(output, said) if output else None
        self.tap.ok(
            shell.returncode == 0 and lacks is None,
            f"{self.name}: the block at line {line} does what it says",
            said, f"exit status {shell.returncode}",
            *([f"not said: {lacks}"] if lacks else []))

    def check_claims(self, server):
        """What was claimed of its devices, against the page's table."""
        made = set()
        for tenant in server.call("GET", "/v1/tenants")["items"]:
            base = f"/v1/tenants/{tenant['name']}/devices"
            for device in server.call("GET", base)["items"]:
                seen = server.call("GET", f"{base}/{device['device_id']}")
                made |= set(seen.get("attestation", {}).get("claims", ()))
        with open(self.path) as f:
            told = set(re.findall(r"^\| `([a-z0-9_.]+)` \|", f.read(), re.M))
        told |= {t.split(".")[0] + "." for t in told}
        unknown = sorted(m for m in made
                         if not {m, m.split(".")[0] + "."} & told)
        self.tap.ok(made and not unknown,
                    f"{self.name} names each claim that was made", unknown)


def main():
    tap = service.Tap()
    pages = sys.argv[1:] or sorted(glob.glob(os.path.join(FOLDER, "*.md"))) + \
        [os.path.join(service.SRCDIR, page) for page in OTHERS]
    pages = [p for p in pages if os.path.basename(p) != INDEX]
    tap.ok(pages, "there are pages")
    for page in pages:
        Page(tap, page).run()
    return tap.end()


sys.exit(main())
