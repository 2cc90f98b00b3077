"""`bothends explain` takes any text, from the command line and from standard input, and says what it does not know."""
import os
import re
import subprocess

from harness import PROGRAM, ROOT, Checks, bothends

NGINX = ("2026/11/23 13:37:05 [error] 7#7: *1 upstream SSL certificate verify error: (10:certificate has expired) while SSL "
         "handshaking to upstream, client: 192.0.2.1, server: shop.test")


def explain(text):
    return subprocess.run([PROGRAM, "explain", "-"], input=text, capture_output=True, timeout=60)


def causes(output):
    return re.findall(r"^\d\. (\S+) ", output, re.M)


def raw_control(data):
    return re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]", data)


def check_answers(checks):
    process = bothends("explain", *NGINX.split())
    checks.equal("words are one text", causes(process.stdout)[:1], ["cert-expired"])
    checks.that("the leg is told", "(told, origin leg)" in process.stdout, process.stdout)
    checks.equal("a known text: exit", process.returncode, 0)
    checks.that("fix and why", re.search(r"^   why  \S.*\n(?:        .*\n)*   fix  Renew", process.stdout, re.M), process.stdout)
    command = re.search(r"^  (bothends run .*)$", process.stdout, re.M)
    checks.that("the deciding command is told", command, process.stdout)
    if command:
        decided = bothends(*command[1].split()[1:])
        checks.equal("the deciding command works", decided.returncode, 0)
    checks.equal("an alert by number", causes(bothends("explain", "120").stdout)[:1], ["alpn-mismatch"])
    checks.equal("a text that begins like an option", causes(bothends("explain", "-0x6800").stdout), ["no-answer"])
    checks.equal("standard input", causes(explain(NGINX.encode()).stdout.decode())[:1], ["cert-expired"])
    checks.equal("an id from standard input", explain(b"cert-expired\n").stdout.decode(), bothends("explain", "cert-expired").stdout)
    checks.equal("behind --", causes(bothends("explain", "--", "unexpected", "EOF").stdout)[:1], ["h2-origin-520"])
    checks.equal("a status with the proxy's name", causes(bothends("explain", "Cloudflare", "524").stdout), ["no-answer"])
    alone = bothends("explain", "499")
    checks.equal("one cause", causes(alone.stdout), ["client-aborted"])
    checks.that("without a scenario that shows it, one is told to write one", "docs/scenarios.md" in alone.stdout, alone.stdout)


def check_unknown(checks):
    process = bothends("explain", "the", "weather", "is", "fine")
    checks.equal("an unknown text: exit", process.returncode, 1)
    checks.equal("an unknown text: standard output", process.stdout, "")
    checks.that("an unknown text: what is understood", "What is understood:" in process.stderr, process.stderr)
    checks.equal("nearly an id: exit", bothends("explain", "cert-expird").returncode, 2)
    checks.equal("an empty text: exit", bothends("explain", "").returncode, 1)
    checks.equal("empty standard input: exit", explain(b"").returncode, 1)


def check_hostile(checks):
    line = NGINX.encode()
    for name, text in {
            "NULs": b"\0" * (1 << 20), "lines": b"\n" * (1 << 20), "noise": os.urandom(1 << 20), "one letter": b"a" * (1 << 20),
            "escapes": b"\x1b]0;x\x07\x1b[2J" + line + b"\x1b[31m\xc2\x9b\xe2\x80\xae", "not UTF-8": line + b"\xff\xfe\xc0",
            "a lying SNI": line + b', host: "x while SSL handshaking, client: (18:self-signed certificate) alert number 116"',
            "stars": b"*" * 70000, "a format": b"%s%n %99999d {} {0}"}.items():
        process = explain(text)
        checks.that(f"{name}: exit", process.returncode in (0, 1), process)
        checks.equal(f"{name}: no raw control characters", raw_control(process.stdout + process.stderr), [])
        if line in text:
            checks.that(f"{name}: the line is still understood", "cert-expired" in causes(process.stdout.decode()), process.stdout)


def main():
    checks = Checks()
    check_answers(checks)
    check_unknown(checks)
    check_hostile(checks)
    full = subprocess.run(f"'{PROGRAM}' explain 48 >/dev/full", shell=True, cwd=ROOT, capture_output=True)
    checks.equal("a full disk under standard output: exit", full.returncode, 2)
    checks.done()


if __name__ == "__main__":
    main()
