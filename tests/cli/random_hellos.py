"""Random ClientHellos, the same ones for the same seed, and what endpoints answer to them: what the predictor is held
against.
    random_hellos.py                       500 hellos as hex lines: the record, and after a blank the offer as JSON
    random_hellos.py ENDPOINT|PORT…        the answers of each, one JSON line for every hello"""
import asyncio
import json
import random
import sys
from dataclasses import asdict

from endpoints import ENDPOINTS, NAME, OTHER
from hellos import SHARED, SSL3, TLS10, TLS11, TLS12, TLS13, Hello, ask_all, codes

COUNT, SEED = 500, 20
COMMON_SUITES = (0x1301, 0x1302, 0x1303, 0x1304, 0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9, 0xCCAA, 0xC009, 0xC00A,
                 0xC013, 0xC014, 0xC023, 0xC024, 0xC027, 0xC028, 0x009C, 0x009D, 0x009E, 0x009F, 0x002F, 0x0035, 0x003C,
                 0x003D, 0x0033, 0x0039, 0x0067, 0x006B, 0x000A, 0x0005, 0x0004, 0x0016, 0xC012, 0xC008, 0xC011, 0xC007)
COMMON_GROUPS = (29, 23, 24, 25, 30, 256, 257, 0x11EC, 26, 27, 28)
COMMON_SCHEMES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201, 0x0203, 0x0807, 0x0808,
                  0x0809, 0x080A, 0x080B)
VERSIONS = ((TLS13, TLS12), (TLS13,), (TLS12,), (TLS13, TLS12, TLS11, TLS10), (TLS12, TLS11, TLS10), (TLS11, TLS10), (TLS10,),
            (TLS11,), (TLS13, TLS11))
WEIGHTS = (30, 20, 25, 8, 6, 3, 3, 3, 2)


def some(source, values, most):
    """A random subset in random order, sometimes the lot."""
    size = source.choice((1, 2, 3, most // 2, most, len(values)))
    return tuple(source.sample(values, min(max(size, 1), len(values))))


def random_hello(source):
    versions = source.choices(VERSIONS, WEIGHTS)[0]
    suites = some(source, COMMON_SUITES if source.random() < 0.8 else codes("suite"), 12)
    if TLS13 in versions and not any(suite >> 8 == 0x13 for suite in suites) and source.random() < 0.8:
        suites = tuple(source.sample((0x1301, 0x1302, 0x1303), source.randint(1, 3))) + suites
    groups = some(source, COMMON_GROUPS if source.random() < 0.9 else codes("group"), 5)
    shares = ()
    if TLS13 in versions:
        able = [group for group in groups if group in (*SHARED, 0x11EC, 256)]
        shares = tuple(able[:source.randint(0, 2)]) if source.random() < 0.7 else tuple(
            sorted(source.sample(able, min(len(able), source.randint(0, 3))), key=groups.index))
    schemes = some(source, COMMON_SCHEMES, 8) if max(versions) >= TLS12 and source.random() < 0.93 else ()
    if TLS13 not in versions and source.random() < 0.06:
        groups = ()
    alpn = some(source, ("h2", "http/1.1", "spdy/3"), 2) if source.random() < 0.4 else ()
    sni = source.choices((NAME, OTHER, "unknown.test", None), (60, 10, 10, 20))[0]
    return Hello(versions, suites, groups, shares, schemes, alpn, sni)


def random_hellos(count=COUNT, seed=SEED):
    source = random.Random(seed)
    return [random_hello(source) for _ in range(count)]


def record_answers(port, hellos, at_once=8):
    return asyncio.run(ask_all(port, hellos, at_once, attempts=2))


def line(hello, answer):
    said = {key: value for key, value in asdict(answer).items() if key not in ("chain", "later")}
    return json.dumps({"hello": asdict(hello), "answer": {**said, "leaf": answer.leaf}})


def show(name, hellos):
    if name.isdigit():
        answers = record_answers(int(name), hellos)
    else:
        with ENDPOINTS[name]() as endpoint:
            answers = record_answers(endpoint.port, hellos, min(endpoint.at_once, 8))
    for hello, answer in zip(hellos, answers):
        print(line(hello, answer))


def main():
    hellos = random_hellos()
    for name in sys.argv[1:]:
        show(name, hellos)
    if not sys.argv[1:]:
        for hello in hellos:
            print(hello.octets().hex(), json.dumps(asdict(hello)))


if __name__ == "__main__":
    main()
