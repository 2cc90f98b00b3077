"""ClientHellos of our own writing and what servers answer, for tests that must not lean on the product's codec: octets
by hand, TLS 1.3 flights decrypted with python3-cryptography. Nothing is verified."""
import asyncio
import csv
import functools
import hashlib
import hmac
import os
import random
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from harness import ROOT

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
VERSIONS = (TLS13, TLS12, TLS11, TLS10, SSL3)
X25519, P256, P384, P521, X448 = 29, 23, 24, 25, 30
SIGNALS = {0x00FF, 0x5600}  # RFC 5746, 7507: no suites
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()


@functools.cache
def names(registry):
    """code -> name, of the product's table of names: data, from IANA's registries."""
    with open(ROOT / "src/wire/names.csv", newline="") as file:
        return {int(row["code"], 16): row["name"] for row in csv.DictReader(file) if row["registry"] == registry}


@functools.cache
def codes(registry):
    grease = {code for code in names(registry) if code & 0x0F0F == 0x0A0A and code >> 8 == code & 0xFF}
    return tuple(sorted(set(names(registry)) - grease - SIGNALS))


@functools.cache
def exchange(suite):
    """(key exchange, authentication) as the suite's name has it: ("ECDHE", "RSA"), ("RSA", "RSA"), ("ECDH", "anon")."""
    name = names("suite").get(suite, "")
    if "_WITH_" not in name:
        return ("any", "any") if suite >> 8 == 0x13 else ("", "")
    parts = name.removeprefix("TLS_").split("_WITH_")[0].replace("_EXPORT1024", "").replace("_EXPORT", "").split("_")
    return parts[0], parts[1] if len(parts) > 1 else parts[0]


# --- key shares -------------------------------------------------------------------------------------------------------

CURVES = {P256: ec.SECP256R1, P384: ec.SECP384R1, P521: ec.SECP521R1,
          31: ec.BrainpoolP256R1, 32: ec.BrainpoolP384R1, 33: ec.BrainpoolP512R1}
FINITE = {256: 256, 257: 384, 258: 512, 259: 768, 260: 1024}
KEM = {0x0200: 512, 0x0201: 768, 0x0202: 1024}
HYBRID = {0x11EB: (P256, 768), 0x11EC: (X25519, 768), 0x11ED: (P384, 1024)}
SHARED = (X25519, P256, P384, P521, X448)  # those whose secret we can have


@functools.cache
def private(group):
    if group == X25519:
        return x25519.X25519PrivateKey.generate()
    if group == X448:
        return x448.X448PrivateKey.generate()
    return ec.generate_private_key(CURVES[group]())


def encapsulation_key(size):
    """FIPS 203: 12-bit values below 3329, and a seed. Nobody knows a key to it, and its form is right."""
    values = [random.randrange(3329) for _ in range(size)]
    packed = b"".join((a | b << 12).to_bytes(3, "little") for a, b in zip(values[::2], values[1::2]))
    return packed + os.urandom(32)


@functools.cache
def share(group):
    """key_exchange of a ClientHello, or None where we can make none."""
    if group in KEM:
        return encapsulation_key(KEM[group])
    if group in HYBRID:
        curve, size = HYBRID[group]
        parts = (encapsulation_key(size), share(curve))
        return b"".join(parts if group == 0x11EC else reversed(parts))
    if group in FINITE:
        return (4).to_bytes(FINITE[group], "big")  # a square, so in the right subgroup
    if group in (X25519, X448):
        return private(group).public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    if group in CURVES:
        return private(group).public_key().public_bytes(serialization.Encoding.X962,
                                                        serialization.PublicFormat.UncompressedPoint)
    return None


def secret(group, theirs):
    if group == X25519:
        return private(group).exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
    if group == X448:
        return private(group).exchange(x448.X448PublicKey.from_public_bytes(theirs))
    return private(group).exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVES[group](), theirs))


# --- ClientHello ------------------------------------------------------------------------------------------------------

@dataclass
class Hello:
    versions: tuple
    suites: tuple
    groups: tuple = ()
    shares: tuple = ()
    schemes: tuple = ()
    alpn: tuple = ()
    sni: str | None = None
    bare: bool = False  # no extension at all

    def octets(self):
        """One record; with the same hello always the same key shares."""
        legacy = min(max(self.versions), TLS12)
        suites = u16s(self.suites) + (b"" if TLS13 in self.versions and len(self.versions) == 1 else b"\x00\xff")
        body = (struct.pack("!H", legacy) + os.urandom(32) + vector(1, b"" if self.bare else os.urandom(32)) +
                vector(2, suites) + b"\x01\x00")
        if not self.bare:
            body += vector(2, self.extensions())
        return record(22, b"\x01" + len(body).to_bytes(3, "big") + body, min(legacy, TLS10))

    def extensions(self):
        made = []
        if self.sni:
            made.append((0, vector(2, b"\x00" + vector(2, self.sni.encode()))))
        if self.groups:
            made += [(10, vector(2, u16s(self.groups))), (11, b"\x01\x00")]
        if self.schemes:
            made.append((13, vector(2, u16s(self.schemes))))
        if self.alpn:
            made.append((16, vector(2, b"".join(vector(1, one.encode()) for one in self.alpn))))
        if min(self.versions) < TLS13:
            made.append((23, b""))
        if TLS13 in self.versions:
            shares = b"".join(struct.pack("!H", group) + vector(2, share(group)) for group in self.shares)
            made += [(43, vector(1, u16s(self.versions))), (45, b"\x01\x01"), (51, vector(2, shares))]
        return b"".join(struct.pack("!H", code) + vector(2, data) for code, data in made)


def vector(size, octets):
    return len(octets).to_bytes(size, "big") + octets


def u16s(values):
    return b"".join(struct.pack("!H", value) for value in values)


def record(kind, octets, version=TLS12):
    return bytes((kind,)) + struct.pack("!HH", version, len(octets)) + octets


# --- what comes back --------------------------------------------------------------------------------------------------

@dataclass
class Answer:
    kind: str = "none"  # accepted, refused, none
    alert: int | None = None  # also after a ServerHello
    how: str = ""             # with none: eof, reset, timeout, foreign
    version: int = 0
    suite: int = 0
    group: int = 0
    scheme: int = 0
    retry: bool = False
    alpn: str = ""
    chain: list = field(default_factory=list)  # DER
    asked: bool = False                        # for the client's certificate
    later: int = 0                             # TLS 1.3: octets of the encrypted flight

    @property
    def leaf(self):
        return hashlib.sha256(self.chain[0]).hexdigest() if self.chain else None

    def brief(self):
        if self.kind == "accepted":
            return ("accepted", self.version, self.suite, self.group, self.scheme, self.alpn, self.retry, self.leaf,
                    self.alert)
        return (self.kind, self.alert, self.how)


class Reading:
    """One answer as it grows."""

    def __init__(self, hello, sent):
        self.hello, self.answer = hello, Answer()
        self.transcript = bytearray(sent[5:])
        self.buffer, self.messages = bytearray(), bytearray()
        self.keys = None
        self.over = False  # all that the server says before it waits for us

    def feed(self, octets):
        self.buffer += octets
        while not self.over and len(self.buffer) >= 5:
            kind, version, size = self.buffer[0], self.buffer[1], int.from_bytes(self.buffer[3:5], "big")
            if kind not in (20, 21, 22, 23) or version != 3:
                self.answer.how, self.over = "foreign", True
                return
            if len(self.buffer) < 5 + size:
                return
            head, body = bytes(self.buffer[:5]), bytes(self.buffer[5:5 + size])
            del self.buffer[:5 + size]
            self.take(kind, head, body)

    def take(self, kind, head, body):
        if kind == 23 and self.answer.kind == "accepted":
            self.answer.later += len(body)
            if self.keys is None:  # sealed with a secret that we cannot have: that it went on is all there is to see
                self.over = self.answer.later > 200
                return
            kind, body = self.keys.open(head, body)
        if kind == 21:
            self.alert(body)
        elif kind == 22:
            self.messages += body
            while not self.over and len(self.messages) >= 4:
                size = 4 + int.from_bytes(self.messages[1:4], "big")
                if len(self.messages) < size:
                    return
                message = bytes(self.messages[:size])
                del self.messages[:size]
                self.message(message[0], message[4:], message)

    def alert(self, body):
        if body[0] == 1 and body[1] != 0:  # a warning, and the handshake goes on
            return
        self.over = True
        self.answer.alert = body[1]
        if self.answer.kind != "accepted":
            self.answer.kind = "refused"

    def message(self, kind, body, whole):
        if kind == 2:
            self.server_hello(body, whole)
            return
        self.transcript += whole
        answer = self.answer
        if kind == 11:
            answer.chain = certificates13(body) if answer.version == TLS13 else certificates12(body)
        elif kind == 12:
            self.key_exchange(body)
        elif kind == 13:
            answer.asked = True
        elif kind == 15:
            answer.scheme = int.from_bytes(body[:2], "big")
        elif kind == 8:
            answer.alpn = alpn_of(extensions(body))
        elif kind in (14, 20):
            self.over = True

    def server_hello(self, body, whole):
        answer, size = self.answer, body[34]
        answer.kind, answer.retry = "accepted", body[2:34] == RETRY
        answer.version = int.from_bytes(body[:2], "big")
        answer.suite = int.from_bytes(body[35 + size:37 + size], "big")
        found = extensions(body[38 + size:])
        answer.alpn = alpn_of(found)
        if 43 in found:
            answer.version = int.from_bytes(found[43], "big")
        if 51 in found:
            answer.group = int.from_bytes(found[51][:2], "big")
        self.transcript += whole
        if answer.retry:
            self.over = True
        elif answer.version == TLS13 and answer.group in SHARED:
            digest = "sha384" if answer.suite == 0x1302 else "sha256"
            self.keys = Keys(answer.suite, digest, secret(answer.group, found[51][4:]), bytes(self.transcript))

    def key_exchange(self, body):
        """RFC 8422 section 5.4, RFC 5246 section 7.4.3."""
        kind, authentication = exchange(self.answer.suite)
        if kind == "ECDHE" or (kind == "ECDH" and authentication == "anon"):
            if body[0] != 3:
                return
            self.answer.group = int.from_bytes(body[1:3], "big")
            at = 4 + body[3]
        elif kind in ("DHE", "DH"):
            at = 0
            for _ in range(3):
                at += 2 + int.from_bytes(body[at:at + 2], "big")
        else:
            return
        if self.answer.version == TLS12 and authentication != "anon":
            self.answer.scheme = int.from_bytes(body[at:at + 2], "big")


def extensions(octets):
    """extension -> data, of a vector of them; nothing where there is none."""
    found, at = {}, 2
    while at + 4 <= len(octets):
        code, size = struct.unpack("!HH", octets[at:at + 4])
        found[code] = octets[at + 4:at + 4 + size]
        at += 4 + size
    return found


def alpn_of(found):
    return found[16][3:].decode(errors="replace") if 16 in found else ""


def certificates12(body):
    chain, at = [], 3
    while at + 3 <= len(body):
        size = int.from_bytes(body[at:at + 3], "big")
        chain.append(body[at + 3:at + 3 + size])
        at += 3 + size
    return chain


def certificates13(body):
    chain, at = [], 1 + body[0] + 3
    while at + 3 <= len(body):
        size = int.from_bytes(body[at:at + 3], "big")
        chain.append(body[at + 3:at + 3 + size])
        at += 3 + size
        at += 2 + int.from_bytes(body[at:at + 2], "big")
    return chain


class Keys:
    """The server's handshake traffic keys, RFC 8446 section 7."""

    def __init__(self, suite, digest, shared, transcript):
        self.digest, size, self.count = digest, hashlib.new(digest).digest_size, 0
        early = self.extract(bytes(size), bytes(size))
        handshake = self.extract(self.expand(early, b"derived", hashlib.new(digest).digest(), size), shared)
        traffic = self.expand(handshake, b"s hs traffic", hashlib.new(digest, transcript).digest(), size)
        key = self.expand(traffic, b"key", b"", 32 if suite in (0x1302, 0x1303) else 16)
        self.iv = int.from_bytes(self.expand(traffic, b"iv", b"", 12), "big")
        make = {0x1303: ChaCha20Poly1305, 0x1304: AESCCM, 0x1305: lambda k: AESCCM(k, tag_length=8)}
        self.cipher = make.get(suite, AESGCM)(key)

    def extract(self, salt, material):
        return hmac.digest(salt, material, self.digest)

    def expand(self, key, label, context, size):
        info = struct.pack("!H", size) + vector(1, b"tls13 " + label) + vector(1, context)
        return hmac.digest(key, info + b"\x01", self.digest)[:size]

    def open(self, head, body):
        plain = self.cipher.decrypt((self.iv ^ self.count).to_bytes(12, "big"), body, head).rstrip(b"\0")
        self.count += 1
        return plain[-1], plain[:-1]


# --- asking -----------------------------------------------------------------------------------------------------------

async def ask_once(port, hello, timeout):
    sent = hello if isinstance(hello, bytes) else hello.octets()
    reading, writer = Reading(hello, sent), None
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            while not reading.over:
                octets = await reader.read(1 << 16)
                if not octets:
                    reading.answer.how = "eof"
                    break
                reading.feed(octets)
            if writer.can_write_eof():
                writer.write_eof()  # a reset would end selfserv
                async with asyncio.timeout(0.3):
                    while await reader.read(1 << 16):
                        pass
    except TimeoutError:
        reading.answer.how = reading.answer.how or ("" if reading.over else "timeout")
    except OSError:
        reading.answer.how = "reset"
    finally:
        if writer:
            writer.close()
    return reading.answer


async def ask(port, hello, timeout=5.0, attempts=3):
    """No answer is neither yes nor no: asked again, and `none` in the end."""
    answer = Answer()
    for attempt in range(attempts):
        answer = await ask_once(port, hello, timeout)
        if answer.kind != "none":
            break
        await asyncio.sleep(0.05 * attempt)
    return answer


async def ask_all(port, hellos, at_once=24, **options):
    """The answers, in the order of the hellos."""
    gate = asyncio.Semaphore(at_once)

    async def one(hello):
        async with gate:
            return await ask(port, hello, **options)
    return await asyncio.gather(*(one(hello) for hello in hellos))
