"""`bothends probe` as its users get it wrong: one clear sentence each and the right exit code; what is no TLS is said to be
none; --policy, --strict and SIGINT end as they should, and JSON lines are whole."""
import json
import signal
import subprocess
import tempfile
from pathlib import Path

from endpoints import MODERN, NAME, leaves, nginx, nginx_modern, server
from harness import PROGRAM, Checks, bothends, have
from hostile import HOSTILE
import pki
from relay import Relay

NOBODY = "127.0.0.1:1"
# name, arguments, what the sentence says
WRONG = [
    ("no target", [], "HOST[:PORT] or -f"), ("a target and a file", [NOBODY, "-f", "x"], "HOST[:PORT] or -f"),
    ("an empty target", [""], "HOST[:PORT] or -f"), ("port 0", ["127.0.0.1:0"], "HOST:PORT"), ("a large port", ["127.0.0.1:70000"], "HOST:PORT"),
    ("a service", ["shop.test:https"], "HOST:PORT"), ("two words", ["shop.test other.test"], "HOST"), ("two lines", ["a.test\nb.test"], "HOST"),
    ("a URL", ["https://shop.test/"], "HOST"), ("control characters", ["a\x1bb"], r"a\x1bb"), ("a long name", ["x" * 5000], "name"),
    ("a time without a unit", [NOBODY, "--timeout", "soon"], "--timeout wants a duration"),
    ("no time", [NOBODY, "--timeout", "0s"], "--timeout wants a duration"),
    ("no time for a question", [NOBODY, "--question-timeout", "-1s"], "--question-timeout wants a duration"),
    ("an unknown policy", [NOBODY, "--policy", "mozila-modern"], 'did you mean "mozilla-modern"?'),
    ("no policy file", [NOBODY, "--policy", "/nonexistent/p.toml"], "/nonexistent/p.toml"),
    ("no file", ["-f", "/nonexistent/t.txt"], "cannot read /nonexistent/t.txt"), ("a folder", ["-f", "/tmp"], "directory"),
    ("no certificates", [NOBODY, "--ca", "/nonexistent/ca.pem"], "/nonexistent/ca.pem"), ("an empty file", ["-f", "/dev/null"], "no target"),
    ("a name of 70,000 letters", [NOBODY, "--sni", "a" * 70_000], "--sni: \"aaaa"), ("a name of 256 letters", [NOBODY, "--sni", "a" * 256], "longer"),
    ("an empty name", [NOBODY, "--sni", ""], '--sni: "" is no host name'), ("a name with a line feed", [NOBODY, "--sni", "a\nb"], r'"a\nb" is no host name'),
    ("the second name is too long", [NOBODY, "--sni", NAME, "--sni", "b" * 66_000], "longer"),
    ("no place for the report", [NOBODY, "--json", "/nonexistent/x.json"], "cannot write the report"),
]
USAGE = [["--jobs", "0"], ["--rate", "x"], ["--rate", "-1"], ["--proxy-protocol", "v3"], ["--max-connections", "0"], ["--nonsense"], ["--color", "blue"]]
LINES = [("shop.test:9x9", ":3:1: "), ("   shop.test:0", ":3:4: "), ("shop.test a.test b.test", ":3:"), ("a\x1bb", ":3:1: "), ("x" * 2000, ":3:1: ")]


def check_wrong(checks):
    for name, arguments, said in WRONG:
        process = bothends("probe", *arguments)
        lines = process.stderr.splitlines()
        checks.that(f"{name}: one sentence", len(lines) == 1 and said in lines[0] and "line 1:1" not in lines[0] and not process.stdout,
                    process.stderr + process.stdout)
        checks.equal(f"{name}: exit", process.returncode, 2)
    for arguments in USAGE:
        process = bothends("probe", NOBODY, *arguments)
        checks.that(f"{arguments}: usage", process.returncode == 2 and arguments[0] in process.stderr and not process.stdout, process.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for text, place in LINES:
            file = Path(folder) / "targets.txt"
            file.write_text(f"# the third is bad\n{NOBODY}\n{text}\n")
            process = bothends("probe", "-f", file)
            lines = process.stderr.splitlines()
            checks.that(f"{text[:20]!r}: its place", len(lines) == 1 and f"targets.txt{place}" in lines[0] and "\x1b" not in lines[0], lines)
            checks.equal(f"{text[:20]!r}: exit, and nothing was asked", (process.returncode, process.stdout), (2, ""))
    full = bothends("probe", NOBODY, "--json", "/dev/full")
    checks.that("a full disk", full.returncode == 2 and "cannot write the report" in full.stderr, full.stderr)


def check_policies(checks):
    listed = bothends("probe", "--list-policies")
    lines = [line.split() for line in listed.stdout.splitlines()]
    checks.that("--list-policies", listed.returncode == 0 and ["mozilla-modern-6.0", "documented", "Mozilla"] in lines and len(lines) > 60, listed.stdout)
    checks.equal("--list-policies: each once", len({line[0] for line in lines}), len(lines))


def check_no_tls(checks):
    """What cannot be asked is an error with a reason, in JSON too."""
    cases = [("nobody listens", NOBODY, "nobody listens at 127.0.0.1:1", "error"), ("no such name", "nosuch.invalid", "nosuch.invalid has no address", "error")]
    with HOSTILE["ssh"]() as ssh, HOSTILE["http"]() as http:
        cases += [("SSH", f"127.0.0.1:{ssh.port}", "not TLS: it says \"SSH-2.0-OpenSSH", "foreign"),
                  ("HTTP", f"127.0.0.1:{http.port}", r'not TLS: it says "HTTP/1.1 400 Bad Request\x0d\n', "foreign")]
        for name, target, said, key in cases:
            process = bothends("probe", target)
            words = " ".join(process.stdout.split())
            checks.that(f"{name}: said", process.returncode == 2 and said in words, process.stdout)
            document = json.loads(bothends("probe", target, "--json", "-").stdout)
            checks.that(f"{name}: in JSON", document[key] if key == "error" else document["survey"][key], document)
            checks.that(f"{name}: not graded", "grade" not in json.loads(
                bothends("probe", target, "--json", "-", "--policy", "modern", "--clients").stdout))


def intermediate(more=""):
    made = leaves("rsa", "ecdsa_p256")
    return nginx("intermediate", server(made, f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {MODERN}:DHE-RSA-CHACHA20-POLY1305{more}; "
                                        f"ssl_prefer_server_ciphers off; ssl_ecdh_curve X25519:P-256:P-384; ssl_dhparam {pki.dh()}; "), made)


def graded(endpoint, policy, *more):
    """(exit, document) of one endpoint held against a policy."""
    process = bothends("probe", endpoint.address, "--sni", NAME, "--policy", policy, "--json", "-", *more)
    return process.returncode, json.loads(process.stdout)


def check_grades(checks):
    with tempfile.TemporaryDirectory() as folder, intermediate() as endpoint:
        exit, document = graded(endpoint, "mozilla-intermediate-5.8", "--clients")
        checks.equal("exactly that policy", (exit, document["grade"]["verdict"]), (0, "meets"))
        served = {client["id"]: client["foretold"] for client in document["clients"]}
        checks.that("the clients are in JSON", len(served) > 10 and all(served.values()), served)
        exit, document = graded(endpoint, "mozilla-modern-5.8")
        checks.equal("another policy", (exit, document["grade"]["verdict"], "clients" in document), (1, "differs", False))
        checks.that("another policy: TLS 1.2 is too much", [one["code"]["name"] for one in document["grade"]["too_much"]] == ["TLSv1.2"],
                    document["grade"]["too_much"])
        half = Path(folder) / "half.toml"
        half.write_text('versions = ["TLSv1.2", "TLSv1.3"]\nsuites = ["TLS_AES_128_GCM_SHA256"]\ncomplete = false\n')
        for strict in (), ("--strict",):
            exit, document = graded(endpoint, half, *strict)
            checks.equal(f"a policy known in part {strict}", (exit, document["grade"]["verdict"]), (2, "unknown"))
    with intermediate(":ECDHE-RSA-AES256-SHA384") as endpoint:
        exit, document = graded(endpoint, "mozilla-intermediate-5.8")
        checks.equal("one suite more", (exit, [one["code"]["name"] for one in document["grade"]["too_much"]], document["grade"]["missing"]),
                     (1, ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"], []))


def check_incomplete(checks, endpoint):
    """Two questions a second do not come far in three: what is not known is said, and an error with --strict only."""
    for strict, wanted in ((), 0), (("--strict",), 2):
        process = bothends("probe", endpoint.address, "--rate", "2", "--timeout", "3s", "--json", "-", *strict)
        document = json.loads(process.stdout)
        checks.equal(f"incomplete {strict}: exit", process.returncode, wanted)
        checks.that(f"incomplete {strict}: said", not document["complete"] and document["survey"]["unknown"] and "INCOMPLETE" in process.stderr,
                    process.stderr)


class Particular(Relay):
    """Answers `instead` to the ClientHellos of Mbed TLS, which has 0303 in its record where those of the survey have 0301."""

    def __init__(self, port, instead):
        super().__init__([port])
        self.instead = instead

    async def handle(self, reader, writer):
        begin = await reader.readexactly(3)
        if begin[1:] == b"\3\3":
            writer.write(self.instead)
            return writer.close()
        reader._buffer[:0] = begin
        await super().handle(reader, writer)


def check_cross(checks, endpoint):
    """A stack that is answered otherwise than foretold is a difference, one that is not answered leaves something unknown."""
    refusal = b"\x15\3\3\0\2\2\x28"
    for name, instead, strict, wanted in (("refused", refusal, (), 1), ("refused", refusal, ("--strict",), 1), ("silence", b"", (), 0),
                                          ("silence", b"", ("--strict",), 2)):
        with Particular(endpoint.port, instead) as relay:
            process = bothends("probe", f"127.0.0.1:{relay.port}", "--sni", NAME, "--ca", endpoint.root, "--stack", "mbedtls", *strict)
        checks.equal(f"cross check, {name} {strict}: exit", process.returncode, wanted)
    process = bothends("probe", endpoint.address, "--sni", NAME, "--ca", endpoint.root, "--stack", "mbedtls", "--stack", "openssl", "--strict")
    checks.equal("cross check as foretold: exit", process.returncode, 0)


def check_interrupt(checks, endpoint):
    """The first target is there when SIGINT comes, the second never answers."""
    with tempfile.TemporaryDirectory() as folder, HOSTILE["silent"]() as silent:
        targets = Path(folder) / "targets.txt"
        targets.write_text(f"{endpoint.address} {NAME}\n127.0.0.1:{silent.port}\n" + f"127.0.0.1:{silent.port}\n" * 5)
        process = subprocess.Popen([PROGRAM, "probe", "-f", targets, "--jobs", "2", "--question-timeout", "50s"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
        lines = [process.stdout.readline()]
        process.send_signal(signal.SIGINT)
        try:
            rest, errors = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            return checks.that("SIGINT ends it", False, process.communicate())
        documents = [json.loads(line) for line in lines + rest.splitlines()]
        checks.equal("SIGINT: exit", process.returncode, 130)
        checks.that("SIGINT: what was begun is written, whole lines", 1 < len(documents) <= 3 and documents[0]["complete"], rest + errors)
        checks.that("SIGINT: what was cut short says so", all(one["interrupted"] for one in documents[1:]), [one["interrupted"] for one in documents])


def main():
    checks = Checks()
    check_wrong(checks)
    check_policies(checks)
    check_no_tls(checks)
    if have("nginx", checks):
        check_grades(checks)
        with nginx_modern() as endpoint:
            check_incomplete(checks, endpoint)
            check_cross(checks, endpoint)
            check_interrupt(checks, endpoint)
    checks.done()


if __name__ == "__main__":
    main()
