"""What an endpoint really accepts, found the slow and simple way: one hello for every code, in every version. No
elimination, no cleverness, nothing of the product but its table of names.
    truth.py PORT [NAME] prints it."""
import asyncio
import sys
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from hellos import (CURVES, P256, P384, P521, SHARED, SSL3, TLS12, TLS13, VERSIONS, X25519, Hello, ask_all, codes, exchange,
                    names, share)

UNREGISTERED = {"suite": (0x00FE, 0x1399, 0xC0FF, 0xFE01), "group": (0x00FA, 0x4242, 0xFE99), "signature_scheme": (0x0101, 0x0BAD)}
CURVE_CODES = {"secp256r1": P256, "secp384r1": P384, "secp521r1": P521}
SIGNING = ("DHE", "ECDHE")


@dataclass
class Version:
    suites: set = field(default_factory=set)
    groups: set = field(default_factory=set)
    schemes: set = field(default_factory=set)
    leaves: set = field(default_factory=set)  # SHA-256 of the DER
    asked: bool = False                       # for the client's certificate
    unclear: list = field(default_factory=list)

    @property
    def spoken(self):
        return bool(self.suites)


def registered(registry):
    return codes(registry) + UNREGISTERED[registry]


class Asked:
    """One endpoint under questions."""

    def __init__(self, port, sni, at_once):
        self.port, self.sni, self.at_once = port, sni, at_once
        self.found = {version: Version() for version in VERSIONS}
        self.curves = {version: set() for version in VERSIONS}  # of its ECDSA leaves
        self.count = 0

    def hello(self, version, suites, groups=None, shares=None, schemes=None):
        suites = tuple(suites)
        if version == SSL3:
            return Hello((version,), suites, bare=True)
        if shares is None:
            shares = (X25519, P256)
        return Hello((version,), suites, tuple(codes("group") if groups is None else groups),
                     tuple(shares) if version == TLS13 else (),
                     tuple(codes("signature_scheme") if schemes is None else schemes) if version >= TLS12 else (),
                     sni=self.sni)

    async def answers(self, questions):
        """[(version, key, hello)] -> [(version, key, answer)] of those that were accepted in that version."""
        self.count += len(questions)
        came = await ask_all(self.port, [hello for _, _, hello in questions], self.at_once)
        kept = []
        for (version, key, _), answer in zip(questions, came):
            if answer.kind == "none":
                self.found[version].unclear.append((key, answer.brief()))
            if answer.kind == "accepted" and answer.version == version:
                self.seen(version, answer)
                kept.append((version, key, answer))
        return kept

    def seen(self, version, answer):
        here = self.found[version]
        here.asked |= answer.asked
        if answer.chain and answer.leaf not in here.leaves:
            here.leaves.add(answer.leaf)
            key = leaf_key(answer.chain[0])
            if isinstance(key, ec.EllipticCurvePublicKey):
                self.curves[version].add(CURVE_CODES.get(key.curve.name, 0))

    async def suites(self):
        questions = [(version, suite, self.hello(version, [suite])) for version in VERSIONS for suite in registered("suite")]
        for version, suite, answer in await self.answers(questions):
            if answer.suite == suite:
                self.found[version].suites.add(suite)

    def family(self, version, authentication, exchanges=SIGNING):
        return [suite for suite in sorted(self.found[version].suites)
                if exchange(suite)[0] in exchanges and exchange(suite)[1] == authentication]

    def group_questions(self, version):
        for group in registered("group"):
            if version == TLS13:
                yield group, self.hello(version, self.found[version].suites, [group], [])
                if share(group):
                    yield group, self.hello(version, self.found[version].suites, [group], [group])
                continue
            anonymous = self.family(version, "anon", ["ECDH"])
            for suites in (self.family(version, "RSA", ["ECDHE"]), self.family(version, "ECDSA", ["ECDHE"]), anonymous):
                if not suites:
                    continue
                yield group, self.hello(version, suites, [group])
                for curve in self.curves[version] - {group}:  # an ECDSA leaf needs its own curve to be there
                    yield group, self.hello(version, suites, [group, curve])

    async def groups(self):
        questions = [(version, group, hello) for version in VERSIONS if version != SSL3 and self.found[version].suites
                     for group, hello in self.group_questions(version)]
        for version, group, answer in await self.answers(questions):
            if answer.group == group:
                self.found[version].groups.add(group)

    async def schemes(self):
        """By family: in a mixed offer the suite would be taken first, and then nothing fits it."""
        questions = []
        rsa = (0x0401,)  # HAProxy looks for PKCS #1 before it thinks of its RSA leaf, PSS or not
        share_of = next((group for group in (*SHARED, 0x11EC) if group in self.found[TLS13].groups), None)
        for scheme in registered("signature_scheme"):
            for authentication in ("RSA", "ECDSA", "DSS"):
                if suites := self.family(TLS12, authentication):
                    questions += [(TLS12, scheme, self.hello(TLS12, suites, schemes=[scheme, *more]))
                                  for more in {(), rsa if authentication == "RSA" else ()}]
            if self.found[TLS13].suites and share_of:
                questions += [(TLS13, scheme, self.hello(TLS13, self.found[TLS13].suites, [share_of], [share_of],
                                                         [scheme, *more])) for more in ((), rsa)]
        for version, scheme, answer in await self.answers(questions):
            sealed = version == TLS13 and answer.group not in SHARED and answer.later > 200  # it went on, unreadably
            if not answer.retry and (answer.scheme == scheme or sealed):
                self.found[version].schemes.add(scheme)


def leaf_key(der):
    try:
        return x509.load_der_x509_certificate(der).public_key()
    except Exception:  # a key of a kind that this library does not know
        return None


async def whole_truth(port, sni, at_once):
    asked = Asked(port, sni, at_once)
    await asked.suites()
    await asked.groups()
    await asked.schemes()
    return asked


def truth(port, sni="shop.test", at_once=24):
    """{version: Version}"""
    return asyncio.run(whole_truth(port, sni, at_once)).found


def show(found):
    for version, one in found.items():
        if not one.spoken:
            continue
        print(f"{names('version')[version]}: {len(one.suites)} suites, {len(one.groups)} groups, {len(one.schemes)} schemes, "
              f"{len(one.leaves)} leaves{', asks for a certificate' if one.asked else ''}"
              f"{f', {len(one.unclear)} unclear: {one.unclear[:4]}' if one.unclear else ''}")
        for registry, values in (("suite", one.suites), ("group", one.groups), ("signature_scheme", one.schemes)):
            print("   ", " ".join(names(registry).get(code, hex(code)).removeprefix("TLS_") for code in sorted(values)))


if __name__ == "__main__":
    show(truth(int(sys.argv[1]), *sys.argv[2:3]))
