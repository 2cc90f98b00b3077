"""What the survey is held against is sound itself: the endpoints are what they are configured to be, the prober finds
it, relays count and choose, hostile servers do their worst."""
import asyncio
import time

from endpoints import ENDPOINTS, haproxy_limited, needed, nginx_modern, pool, through
from harness import Checks, have
from hellos import SSL3, TLS12, TLS13, Hello, ask_all, ask_once, codes
from hostile import HOSTILE
from random_hellos import random_hellos
from truth import truth

# Pairs of version and suite, groups of TLS 1.2 and 1.3, leaves: of the configuration, counted by hand.
KNOWN = {"nginx-modern": (11, 3, 3, 2), "nginx-broad": (148, 30, 10, 4), "nginx-p384-only": (6, 1, 1, 1),
         "own-mlkem-only": (3, 0, 1, 0), "nginx-ed25519-only": (6, 5, 10, 1)}
PLAIN = Hello((TLS13, TLS12), (0x1301, 0x002F, 0xC02F, 0xC02B, 0xC030, 0xC02C), (29, 23), (29,), codes("signature_scheme"), sni="shop.test")


def known(checks):
    for name, counts in KNOWN.items():
        if needed(name) and not have(needed(name), checks):
            continue
        with ENDPOINTS[name]() as endpoint:
            found = truth(endpoint.port, endpoint.sni, endpoint.at_once)
            leaves = set().union(*(one.leaves for one in found.values()))
            checks.equal(f"{name}: pairs, groups, leaves", (sum(len(one.suites) for one in found.values()),
                         len(found[TLS12].groups), len(found[TLS13].groups), len(leaves)), counts)
            checks.that(f"{name}: the leaves are those configured", leaves <= set(endpoint.leaves.values()), leaves)
            checks.equal(f"{name}: nothing is unclear", [one.unclear for one in found.values() if one.unclear], [])


def old(checks):
    if have("selfserv", checks):
        with ENDPOINTS["nss"]() as endpoint:
            found = truth(endpoint.port)
            checks.that("NSS speaks SSLv3, RC4 and NULL", {0x0005, 0x0002} <= found[SSL3].suites, found[SSL3].suites)


def relays(checks):
    if not have("nginx", checks):
        return
    with nginx_modern() as server, through(server, delay=0.025) as late:
        begin = time.monotonic()
        answer = asyncio.run(ask_once(late.port, PLAIN, 10))
        checks.that("a relayed answer is late by connecting, and by both directions", time.monotonic() - begin >= 0.1)
        checks.equal("and is the answer", answer.kind, "accepted")
        checks.equal("and was counted", late.relay.count, 1)
    with pool() as endpoint:
        answers = asyncio.run(ask_all(endpoint.port, [PLAIN] * 6, at_once=1))
        checks.equal("a pool answers in turn", [answer.version for answer in answers], [TLS13, TLS12] * 3)
    with pool(pick="random", same_leaf=True) as endpoint:
        answers = asyncio.run(ask_all(endpoint.port, [PLAIN] * 24, at_once=1))
        checks.equal("a random pool has both members", {answer.version for answer in answers}, {TLS13, TLS12})
        checks.equal("of one leaf", len({answer.leaf for answer in answers}), 1)


def limit(checks):
    if have("haproxy", checks):
        with haproxy_limited() as endpoint:
            answers = asyncio.run(ask_all(endpoint.port, [PLAIN] * 40, at_once=1, attempts=1))
            checks.equal("30 connections in ten seconds, and no more",
                         [answer.kind for answer in answers], ["accepted"] * 30 + ["none"] * 10)


def hostile(checks):
    wanted = {"silent": "timeout", "closes": "eof", "resets": "reset", "http": "foreign", "ssh": "foreign", "drip": "timeout"}
    for kind, make in HOSTILE.items():
        with make() as server:
            answer = asyncio.run(ask_once(server.port, PLAIN, 0.7))
            if kind in wanted:
                checks.equal(f"{kind}", answer.how, wanted[kind])
            if kind == "long-chain":
                checks.equal(f"{kind}: certificates", len(answer.chain), 200)
            if kind == "retry-loop":
                checks.that(f"{kind}: a retry", answer.retry)
            checks.equal(f"{kind}: was asked", server.count, 1)


def seeded(checks):
    hellos = random_hellos()
    checks.equal("500 hellos", len(hellos), 500)
    checks.that("the same for the same seed, others for another", hellos == random_hellos() != random_hellos(seed=1))


def main():
    checks = Checks()
    for one in (seeded, known, old, relays, limit, hostile):
        one(checks)
    checks.done()


if __name__ == "__main__":
    main()
