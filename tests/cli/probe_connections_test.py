"""The target never sees more connections at a time than --max-connections allows, those included that only part: counted
by the kernel, whenever the target takes one more."""
from pathlib import Path

from endpoints import Endpoint, nginx_modern, own
from harness import Checks, have
from relay import Relay
from surveyed import probe, survey_of

GONE = {"06", "07", "09", "0A", "0B"}  # both ends have said that they are at their end; 0A only listens


def open_at(port):
    """Connections of that local port which one end or both have not ended yet."""
    mark = f":{port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(parts[1].endswith(mark) and parts[3] not in GONE for parts in lines)


class Counting(Relay):
    widest = 0

    async def handle(self, reader, writer):
        self.widest = max(self.widest, open_at(self.port))
        await super().handle(reader, writer)


class Lingering(Counting):
    """Ends its connections a while after the prober did."""

    def __init__(self, ports):
        super().__init__(ports, delay=0.02)


def count(checks, label, kind, endpoint, limit, *more):
    with kind([endpoint.port]) as relay:
        process, document = probe(Endpoint(label, relay.port, root=endpoint.root), "--max-connections", limit, *more)
    label = f"{label}, at most {limit}"
    checks.equal(f"{label}: exit code", process.returncode, 0)
    checks.that(f"{label}: complete", document and not survey_of(document)["unknown"], process.stderr)
    checks.that(f"{label}: never more", 0 < relay.widest <= limit, relay.widest)
    checks.that(f"{label}: the room is used", relay.widest * 2 > limit, relay.widest)


def main():
    checks = Checks()
    with own("own-openssl", stack="openssl", keys="rsa,ecdsa-p256") as endpoint:
        for limit in (1, 4, 16):
            count(checks, "own", Counting, endpoint, limit)
    if have("nginx", checks):
        with nginx_modern() as endpoint:
            for limit in (1, 4, 16):
                count(checks, "nginx", Counting, endpoint, limit)
            count(checks, "nginx, parting slowly", Lingering, endpoint, 4)
    checks.done()


if __name__ == "__main__":
    main()
