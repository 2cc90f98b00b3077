"""Servers that mean no good, or are none of TLS: each must end a survey within its time, with an answer that says what
it was. `HOSTILE[name]()` is a context manager with a `port`."""
import asyncio
import functools
import random
import socket
import struct

import pki
from hellos import RETRY, TLS12, TLS13, record, u16s, vector
from relay import Served

RANDOM = bytes(range(32))
CHAINED = 200


async def hello_of(reader):
    """The suites of the ClientHello, its session id, and its octets."""
    head = await reader.readexactly(5)
    body = await reader.readexactly(int.from_bytes(head[3:5], "big"))
    if head[0] != 22 or body[:1] != b"\x01":
        raise ConnectionError("no ClientHello")  # an alert, most of the time
    size = body[38]
    session, at = body[39:39 + size], 39 + size
    count = int.from_bytes(body[at:at + 2], "big")
    suites = struct.unpack(f"!{count // 2}H", body[at + 2:at + 2 + count])
    return suites, session, body


def message(kind, body):
    return bytes((kind,)) + vector(3, body)


def server_hello(suite, session=b"", mark=RANDOM, extensions=b"", version=TLS12):
    body = struct.pack("!H", version) + mark + vector(1, session) + struct.pack("!HB", suite, 0)
    return message(2, body + (vector(2, extensions) if extensions else b""))


def flight(suites, session, certificates=1):
    """RSA key transport where it is offered, so that nothing need be signed."""
    suite = next((suite for suite in (0x002F, 0x0035, 0x009C) if suite in suites), suites[0])
    der = pki.der(pki.leaf("shop.test", "rsa").chain.read_text())
    chain = vector(3, vector(3, der) * certificates)
    return server_hello(suite, session) + message(11, chain) + message(14, b"")


def records(octets, size=16000):
    return b"".join(record(22, octets[at:at + size]) for at in range(0, len(octets), size))


async def silent(reader, writer):
    await reader.read()


async def drip(reader, writer):
    """One octet of a good flight a second."""
    suites, session, _ = await hello_of(reader)
    for octet in records(flight(suites, session)):
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(1)


async def flood(reader, writer, first, again):
    """`first`, and then `again` for ever."""
    await hello_of(reader)
    writer.write(first)
    while True:
        writer.write(again)
        await writer.drain()


async def long_chain(reader, writer):
    suites, session, _ = await hello_of(reader)
    writer.write(records(flight(suites, session, CHAINED)))
    await writer.drain()
    await reader.read()


async def new_leaf(reader, writer):
    """Every connection gets a certificate that nobody else has got."""
    suites, session, body = await hello_of(reader)
    version = int.from_bytes(body[4:6], "big")
    der = pki.der(pki.leaf("shop.test", "rsa").chain.read_text())[:-8] + random.randbytes(8)
    hello = server_hello(suites[0], session, version=version)
    writer.write(records(hello + message(11, vector(3, vector(3, der))) + message(14, b"")))
    await writer.drain()
    await reader.read()


async def says(reader, writer, octets, waits=True):
    """And ends with FIN: closing with something unread would reset."""
    if waits:
        await reader.read(1)
    writer.write(octets)
    writer.write_eof()
    await reader.read()


async def garbage(reader, writer, seed):
    await says(reader, writer, random.Random(f"{seed}").randbytes(4096))


async def resets(reader, writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def half(reader, writer):
    suites, session, _ = await hello_of(reader)
    octets = records(flight(suites, session))
    writer.write(octets[:len(octets) // 2])
    await reader.read()


async def retries(reader, writer):
    """A HelloRetryRequest to every hello, on and on."""
    while True:
        suites, session, _ = await hello_of(reader)
        wanted = struct.pack("!HHH", 43, 2, TLS13) + struct.pack("!HHH", 51, 2, 23)
        suite = next((suite for suite in suites if suite >> 8 == 0x13), 0x1301)
        writer.write(record(22, server_hello(suite, session, RETRY, wanted)) + record(20, b"\x01"))
        await writer.drain()


class Mutating(Served):
    """A good flight with some octets changed, cut, doubled or put in: another way for every connection, the same ways
    for the same seed."""

    def __init__(self, seed):
        super().__init__()
        self.random = random.Random(seed)

    def mutated(self, octets):
        octets = bytearray(octets)
        for _ in range(self.random.randint(1, 6)):
            at = self.random.randrange(min(len(octets), 200) if self.random.random() < 0.7 else len(octets))
            way = self.random.randrange(5)
            if way == 0:
                octets[at] = self.random.randrange(256)
            elif way == 1:
                octets[at] ^= 1 << self.random.randrange(8)
            elif way == 2:
                del octets[at:at + self.random.randint(1, 40)]
            elif way == 3:
                octets[at:at] = self.random.randbytes(self.random.randint(1, 40))
            else:
                octets[at:at + 2] = u16s([self.random.choice((0, 1, 0x7FFF, 0xFFFF))])
            if not octets:
                break
        return bytes(octets)

    async def handle(self, reader, writer):
        suites, session, _ = await hello_of(reader)
        writer.write(self.mutated(records(flight(suites, session))))
        await writer.drain()


def served(handler, *arguments, **named):
    return functools.partial(Served, functools.partial(handler, *arguments, **named))


WARNING = record(21, b"\x01\x64")
HOSTILE = {
    "silent": served(silent),
    "drip": served(drip),
    "endless-warnings": served(flood, first=b"", again=WARNING * 500),
    "endless-empty-records": served(flood, first=b"", again=record(22, b"") * 1000),
    "endless-message": served(flood, first=record(22, b"\x0b\xff\xff\xff"), again=record(22, bytes(16000))),
    "endless-application-data": served(flood, first=record(22, server_hello(
        0x1301, extensions=struct.pack("!HHH", 43, 2, TLS13))), again=record(23, bytes(1000))),
    "hello-requests": served(flood, first=b"", again=record(22, message(0, b"")) * 500),
    "long-chain": served(long_chain),
    "new-leaf": served(new_leaf),
    "garbage": served(garbage, seed=1),
    "half-a-flight": served(half),
    "retry-loop": served(retries),
    "closes": served(says, octets=b"", waits=False),
    "resets": served(resets),
    "http": served(says, octets=b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "ssh": served(says, octets=b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", waits=False),
    **{f"mutated-{seed}": functools.partial(Mutating, seed) for seed in range(1, 5)},
}
