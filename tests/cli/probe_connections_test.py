"""The target never sees more connections at a time than --max-connections allows, those included that only part: counted
by the kernel, whenever the target takes one more."""
import socket

from endpoints import Endpoint, nginx_modern, own
from harness import Checks, have
from relay import Relay
from surveyed import probe, survey_of

GONE = {6, 7, 9, 11}  # TIME_WAIT, CLOSE, LAST_ACK, CLOSING: both ends have said that they are at their end


def is_open(accepted):
    return accepted.fileno() >= 0 and accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] not in GONE


class Counting(Relay):
    """Whoever is accepted was there before the counting begins, and so no connection is counted that came after."""

    def __init__(self, ports, **more):
        super().__init__(ports, **more)
        self.widest, self.accepted = 0, []

    async def handle(self, reader, writer):
        self.accepted = [one for one in [*self.accepted, writer.get_extra_info("socket")] if is_open(one)]
        self.widest = max(self.widest, len(self.accepted))
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
