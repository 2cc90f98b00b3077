"""Every known client's real hello gets what was foretold of it; where it does not, that is said and the exit code is 1.
Real stacks check the survey, too."""
from endpoints import Endpoint, nginx_member, nginx_modern, own_mbedtls, own_openssl
from harness import Checks, have
from relay import Relay
from surveyed import probe

CLIENTS = 68
ECH = b"\xfe\x0d"  # an extension of browsers, which no question of the survey has


class TwoFaced(Relay):
    """To the second port, or nowhere, with every hello that has the extension."""

    async def handle(self, reader, writer):
        first = await reader.read(1 << 16)
        if ECH not in first:
            self.chosen = lambda: self.ports[0]
        elif len(self.ports) == 1:
            return await reader.read()
        else:
            self.chosen = lambda: self.ports[1]
        await self.relayed(reader, writer, first)

    async def relayed(self, reader, writer, first):
        reader._buffer[:0] = first  # noqa: SLF001: as if nothing had been read yet
        await super().handle(reader, writer)


def verified(checks, label, endpoint):
    process, document = probe(endpoint, "--verify-clients", "--stack", "openssl", "--stack", "mbedtls")
    checks.equal(f"{label}: exit code", process.returncode, 0)
    said = f"{CLIENTS} hellos sent: {CLIENTS} answered as foretold, 0 otherwise, 0 cannot be compared"
    checks.that(f"{label}: every client gets what was foretold", said in process.stdout, process.stdout)
    crossed = (document or {}).get("cross_checks", [])
    checks.equal(f"{label}: both stacks", {one["stack"] for one in crossed}, {"openssl", "mbedtls"})
    checks.equal(f"{label}: no difference is the server's", [one for one in crossed if one["is"] in ("the-server's", "unknown")], [])
    checks.that(f"{label}: a reason for each difference", all(one["why"] for one in crossed if one["is"] != "equal"), crossed)
    return crossed


def different(checks, modern):
    """Whoever speaks of ECH is let in elsewhere."""
    with nginx_member("old", "rsa", "ECDHE-RSA-AES128-GCM-SHA256", "TLSv1.2") as old:
        with TwoFaced([modern.port, old.port]) as relay:
            process, _ = probe(Endpoint("two-faced", relay.port), "--verify-clients")
    checks.equal("two-faced: exit code", process.returncode, 1)
    checks.that("two-faced: said by name", "Chrome 150 (macOS): foretold TLSv1.3" in process.stdout, process.stdout)
    checks.that("two-faced: counted", "0 otherwise" not in process.stdout, process.stdout)


def silent(checks, modern):
    """Whoever speaks of ECH gets no answer: not known, neither equal nor different."""
    for more, code in (((), 0), (("--strict",), 2)):
        with TwoFaced([modern.port]) as relay:
            process, _ = probe(Endpoint("silent", relay.port), "--verify-clients", "--question-timeout", "300ms", *more)
        checks.equal(f"silent {more}: exit code", process.returncode, code)
        checks.that(f"silent {more}: nothing is said to differ", "0 otherwise" in process.stdout, process.stdout)
        checks.that(f"silent {more}: not known", "0 cannot be compared" not in process.stdout, process.stdout)


def main():
    checks = Checks()
    with own_mbedtls() as endpoint:
        verified(checks, "mbedtls", endpoint)
    with own_openssl() as endpoint:
        crossed = verified(checks, "openssl", endpoint)
        checks.that("what a stack cannot do is the stack's", any(one["is"] == "the-stack's" for one in crossed), crossed)
    if have("nginx", checks):
        with nginx_modern() as endpoint:
            crossed = verified(checks, "nginx", endpoint)
            checks.equal("nginx: a check for each stack, version and leaf", len(crossed), 8)
            checks.equal("nginx: all equal", {one["is"] for one in crossed}, {"equal"})
            different(checks, endpoint)
            silent(checks, endpoint)
    checks.done()


if __name__ == "__main__":
    main()
