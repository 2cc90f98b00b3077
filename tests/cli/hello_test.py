"""`bothends hello` decodes ClientHellos from hex, records, messages, pcap and pcapng, and says why there is none."""
import json
import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

from endpoints import NAME, nginx_member, nginx_strict
from harness import PROGRAM, ROOT, Checks, bothends, have

HELLOS = json.loads((ROOT / "tests/data/hellos-ja3-ja4.json").read_text())["hellos"]


def message(at):
    return bytes.fromhex(HELLOS[at]["clienthello_hex"])


def record(hello, version=b"\x03\x01"):
    return b"\x16" + version + struct.pack("!H", len(hello)) + hello


def extension(kind, data):
    return struct.pack("!HH", kind, len(data)) + data


def hello_with(*extensions):
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + b"\0\x04\x13\x01\x1a\x1a" + b"\x01\0"
    body += struct.pack("!H", sum(map(len, extensions))) + b"".join(extensions)
    return b"\x01" + struct.pack("!I", len(body))[1:] + body


def tcp(payload, sequence, flags=0x18, port=40000):
    return struct.pack("!HHIIBBHHH", port, 443, sequence, 0, 0x50, flags, 1000, 0, 0) + payload


def ethernet(segment):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 1, 0, 64, 6, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
    return b"\x02" * 12 + b"\x08\x00" + head + segment


def pcap(packets, order="<", magic=0xa1b2c3d4):
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(struct.pack(order + "IIII", 1, 2, len(one), len(one)) + one for one in packets)


def pcapng(packets, order="<"):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)

    head = block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack(order + "HHI", 1, 0, 0))
    return head + b"".join(block(6, struct.pack(order + "IIIII", 0, 1, 2, len(one), len(one)) + one) for one in packets)


def stream(octets, port=40000, start=1000, piece=1388):
    """A SYN and the octets in segments, the last one first and once more at the end."""
    parts = [(start + 1 + at, octets[at:at + piece]) for at in range(0, len(octets), piece)]
    order = [parts[-1], *parts] if len(parts) > 1 else parts
    return [ethernet(tcp(b"", start, 0x02, port))] + [ethernet(tcp(part, at, port=port)) for at, part in order]


def hello(data, *arguments):
    """Through standard input; (process, document)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hello.json"
        process = subprocess.run([PROGRAM, "hello", "-", "--json", file, *arguments], input=data, capture_output=True, timeout=120,
                                 env={**os.environ, "LC_ALL": "C.UTF-8"})
        return process, json.loads(file.read_text()) if file.exists() else None


def names(document):
    return [one["hello"]["sni"] if one["hello"] else one["problem"] for one in document["hellos"]]


def check_known(checks):
    """Every captured hello: its fingerprints, and every extension in its order."""
    for at, known in enumerate(HELLOS):
        process, told = hello(known["clienthello_hex"].encode())
        one = told["hellos"][0]["hello"]
        good = known["ja4"] if isinstance(known["ja4"], list) else [known["ja4"]]
        checks.equal(f"hello {at}: exit", process.returncode, 0)
        checks.equal(f"hello {at}: JA3", (one["ja3"], one["ja3_text"]), (known["ja3"], known["ja3_full"]))
        checks.that(f"hello {at}: JA4", one["ja4"] in good, one["ja4"])
        checks.equal(f"hello {at}: no extension is malformed", [e for e in one["extensions"] or [] if e["malformed"]], [])
        types = [e["type"]["code"] for e in one["extensions"] or [] if not e["grease"]]
        checks.equal(f"hello {at}: extensions in order", types, [int(t) for t in known["ja3_full"].split(",")[2].split("-") if t])
        checks.that(f"hello {at}: for people", known["ja3"].encode() in process.stdout, process.stdout)


def check_forms(checks):
    """The same hello in every form is the same."""
    octets = record(message(0))
    wanted = hello(octets)[1]["hellos"][0]["hello"]
    text = octets.hex()
    spaced = " ".join(text[at:at + 2] for at in range(0, len(text), 2))
    forms = {
        "message": message(0), "hex": text.encode(), "spaced": spaced.encode(), "colons": spaced.replace(" ", ":").encode(),
        "0x": ", ".join("0x" + two for two in spaced.split()).encode(),
        "pcap": pcap(stream(octets)), "pcap, big-endian": pcap(stream(octets), ">"), "nanoseconds": pcap(stream(octets), "<", 0xa1b23c4d),
        "pcapng": pcapng(stream(octets)), "pcapng, big-endian": pcapng(stream(octets), ">"), "in small segments": pcap(stream(octets, piece=100)),
        "hex of a pcap": pcap(stream(octets)).hex().encode(),
        "records": b"".join(record(message(0)[at:at + 100]) for at in range(0, len(message(0)), 100)),
    }
    for name, data in forms.items():
        process, told = hello(data)
        checks.equal(f"{name}: the same", [one["hello"] for one in told["hellos"]], [wanted])
        checks.equal(f"{name}: silent", (process.returncode, process.stderr), (0, b""))
    checks.equal("hex as an argument", bothends("hello", text).stdout, hello(octets)[0].stdout.decode())
    checks.that("the shipped example", "TLSv1.3" in bothends("hello", "docs/hello.hex").stdout)


def check_several(checks):
    first, second = record(message(0)), record(hello_with(extension(21, bytes(1700))))
    capture = pcap(stream(first) + stream(second, 40001))
    process, told = hello(capture)
    checks.equal("two: both in JSON", [one["stream"] for one in told["hellos"]],
                 ["192.0.2.1:40000 → 192.0.2.2:443", "192.0.2.1:40001 → 192.0.2.2:443"])
    checks.equal("two: its packets", (told["hellos"][1]["packet"], told["hellos"][1]["last_packet"]), (4, 5))
    lines = re.findall(rb"^ +\d\. .*", process.stdout, re.M)
    checks.that("two: a line for each, and how to see more", len(lines) == 2 and b"--nth" in process.stdout, process.stdout)
    process, told = hello(capture, "--nth", "2")
    checks.equal("--nth: one", [one["number"] for one in told["hellos"]], [2])
    checks.that("--nth: in full", b"padding" in process.stdout and b"JA3" in process.stdout, process.stdout)
    checks.equal("-v: all in full", hello(capture, "-v")[0].stdout.count(b"JA3 text"), 2)
    process, _ = hello(capture, "--nth", "3")
    checks.equal("--nth beyond: exit", (process.returncode, process.stdout), (2, b""))


def check_malformed(checks):
    broken = hello_with(extension(10, b"\0\x06\0\x1d"), extension(0x7777, b"\xab\xcd"), extension(0, b"\0\x09\0\0\x06\x1b[2J\n\x07"))
    process, told = hello(record(broken))
    groups, unknown, _ = told["hellos"][0]["hello"]["extensions"]
    checks.that("a malformed extension is said to be", b"malformed: a length" in process.stdout and groups["malformed"], process.stdout)
    checks.equal("an unknown one survives", (unknown["known"], unknown["hex"]), (False, "abcd"))
    checks.that("the rest is shown", b"JA4" in process.stdout and b"0x7777" in process.stdout, process.stdout)
    checks.that("GREASE is marked", b"GREASE (0x1a1a)" in process.stdout, process.stdout)
    checks.equal("no control characters", re.findall(rb"[\x00-\x09\x0b-\x1f\x7f]", process.stdout), [])
    process, told = hello(record(broken)[:-3])
    checks.that("cut short: said", "cut short" in names(told)[0] and process.returncode == 1, told)


def check_none(checks):
    for name, (data, said) in {
            "nothing": (b"", "empty"), "text": (b"once upon a time", "no hex"), "PEM": (b"-----BEGIN CERTIFICATE-----\nMIIB", "PEM"),
            "no TCP": (pcap([b"\x02" * 12 + b"\x08\x06" + bytes(28)]), "no packet of TCP"), "gzip": (b"\x1f\x8b\x08\0", "gzip"),
            "a server": (record(b"\x02\0\0\x26\x03\x03" + bytes(36)), "server_hello"), "noise": (os.urandom(1 << 20), "no")}.items():
        process, told = hello(data)
        lines = process.stderr.decode().splitlines()
        checks.that(f"{name}: one sentence", len(lines) == 1 and said in lines[0], lines)
        checks.equal(f"{name}: exit", (process.returncode, process.stdout), (1, b""))
        checks.that(f"{name}: in JSON", said in told["nothing"] and told["hellos"] == [], told)
    for name, what in {"no file": "/nonexistent/x", "a folder": "/usr", "an odd word": "xyz"}.items():
        process = bothends("hello", what)
        checks.equal(f"{name}: exit", (process.returncode, process.stdout, len(process.stderr.splitlines())), (2, "", 1))
    checks.equal("endless: exit", bothends("hello", "/dev/zero").returncode, 1)
    full = subprocess.run(f"'{PROGRAM}' hello docs/hello.hex >/dev/full", shell=True, cwd=ROOT, capture_output=True)
    checks.equal("a full disk under standard output: exit", full.returncode, 2)


def offering(suites=b"\x13\x01\xc0\x2f", versions=b"\x03\x04\x03\x03", groups=b"\0\x1d\0\x17", alpn=b"", sni=NAME.encode()):
    """A hello with those lists; no key share, so that TLS 1.3 asks for one."""
    def listed(data, head="!H"):
        return struct.pack(head, len(data)) + data

    extensions = [extension(10, listed(groups)), extension(13, listed(b"\x04\x03\x08\x04\x04\x01")), extension(43, listed(versions, "!B")),
                  extension(51, b"\0\0")]
    extensions += [extension(16, listed(listed(alpn, "!B")))] if alpn else []
    extensions += [extension(0, listed(b"\0" + listed(sni)))] if sni else []
    body = b"\x03\x03" + bytes(32) + b"\0" + listed(suites) + b"\x01\0" + listed(b"".join(extensions))
    return record(b"\x01" + struct.pack("!I", len(body))[1:] + body)


def against(checks, name, octets, there, exit, *said):
    """The first hello's "against", checked with its exit and the words for people."""
    process, told = hello(octets, "--against", there)
    words = " ".join(process.stdout.decode().split())
    checks.equal(f"against: {name}: exit", process.returncode, exit)
    for part in said:
        checks.that(f"against: {name}: {part}", part in words, process.stdout.decode() + process.stderr.decode())
    return told["hellos"][0]["against"] if told else {}


def check_against(checks):
    """Live and from a snapshot the answer is the same; the agreement is what the server's own ClientHello gets."""
    if not have("nginx", checks):
        return
    with tempfile.TemporaryDirectory() as folder:
        snapshot = Path(folder) / "shop.json"
        with nginx_member("member", "rsa", "ECDHE-RSA-AES128-GCM-SHA256") as endpoint:
            bothends("probe", endpoint.address, "--sni", NAME, "--json", snapshot)
            check_outcomes(checks, "live", endpoint.address)
        check_outcomes(checks, "snapshot", snapshot)
        check_hostile_snapshots(checks, folder, snapshot.read_text())
    with nginx_strict() as endpoint:
        told = against(checks, "an unknown name", offering(sni=b"unknown.test"), endpoint.address, 1, "unrecognized_name (112)")
        checks.equal("against: an unknown name: who", told["outcome"]["refusal"]["by"], "server")
        both = pcap(stream(offering()) + stream(offering(sni=b"other.test"), 40001))
        process, told = hello(both, "--against", endpoint.address)
        checks.that("against: a name with another certificate is not known", process.returncode == 2 and
                    told["hellos"][0]["against"]["outcome"] and "another certificate" in str(told["hellos"][1]["against"]["unknown"]), told)
        for odd in (b"a" * 16_000, b"sh\nop.test", b"\xff"):
            process, _ = hello(offering(sni=odd), "--against", endpoint.address)
            checks.that(f"against: the name {odd[:9]} is not asked for", process.returncode == 2 and b"no endpoint is asked" in process.stderr and
                        len(process.stderr.splitlines()) == 1, process.stderr)
        checks.equal("against: --nth asks for its name", hello(both, "--nth", "2", "--against", endpoint.address)[0].returncode, 0)


def check_outcomes(checks, where, there):
    told = against(checks, f"{where}, TLS 1.3", offering(), there, 0, "agrees: TLSv1.3", "after a HelloRetryRequest")
    agreed = told["outcome"]["agreement"]
    checks.equal(f"against: {where}: on what", (agreed["version"]["name"], agreed["suite"]["name"], agreed["group"]["name"],
                                                agreed["signature_scheme"]["name"], agreed["hello_retry"]),
                 ("TLSv1.3", "TLS_AES_128_GCM_SHA256", "x25519", "rsa_pss_rsae_sha256", True))
    told = against(checks, f"{where}, no suite", offering(b"\xc0\x30\xc0\x14", b"\x03\x03"), there, 1, "refused handshake_failure (40): no shared suite",
                   "offered TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                   "accepted TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "change Nothing is in both lists")
    checks.equal(f"against: {where}: both lists", [[code["code"] for code in told["apart"][key]] for key in ("offered", "accepted")],
                 [[0xc030, 0xc014], [0xc02f]])
    against(checks, f"{where}, no version", offering(versions=b"\x03\x02"), there, 1, "protocol_version (70): no shared version",
            "offered TLSv1.1", "accepted TLSv1.3, TLSv1.2")
    against(checks, f"{where}, no group", offering(b"\x13\x01", b"\x03\x04", b"\x11\xec"), there, 1, "no shared group", "offered X25519MLKEM768")
    against(checks, f"{where}, no protocol", offering(alpn=b"spdy/1"), there, 1, "no shared alpn", "offered spdy/1", "accepted http/1.1")
    process, told = hello(hello_with(extension(10, b"\0\x06\0\x1d"))[:-3], "--against", there)
    checks.equal(f"against: {where}: no hello, no answer", process.returncode, 2)
    process, told = hello(pcap(stream(offering()) + stream(offering(b"\xc0\x30", b"\x03\x03"), 40001)), "--against", there)
    checks.equal(f"against: {where}: two hellos, the worse counts", (process.returncode, len(told["hellos"])), (1, 2))
    checks.that(f"against: {where}: two hellos, each has its line", b"agrees" in process.stdout and b"refused" in process.stdout, process.stdout)


def check_hostile_snapshots(checks, folder, good):
    file, shown = Path(folder) / "odd.json", "docs/hello.hex"
    document = json.loads(good)
    cases = {
        "cut short": (good[:len(good) // 2], "no JSON"), "empty": ("", "no JSON"), "huge": (" " * (9 << 20), "at most 8 MiB"), "no object": ("[]", "object"),
        "deep": ("[" * 100000, "deep"), "another format": ('{"format":"bothends-hello","version":1}', "no snapshot"),
        "a wrong type": (json.dumps({**document, "survey": 7}), "survey"), "a wrong list": (json.dumps({**document, "chains": {}}), "chains"),
        "two lines": (good.strip() + "\n" + good, "one endpoint"), "not UTF-8": (good.replace("shop.test", "sh\udcffp", 1), "odd.json"),
    }
    for name, (text, said) in cases.items():
        file.write_bytes(text.encode(errors="surrogateescape"))
        process = bothends("hello", shown, "--against", file)
        lines = process.stderr.splitlines()
        checks.that(f"snapshot {name}: one sentence", process.returncode == 2 and len(lines) == 1 and said in lines[0] and not process.stdout,
                    (process.returncode, lines))
    for name, what, said in (("missing", "/nonexistent/a.json", "no snapshot"), ("a folder", folder, "folder"), ("endless", "/dev/zero", "8 MiB"),
                             ("a port out of range", "127.0.0.1:99999", "HOST"), ("an odd word", "a b", "HOST")):
        process = bothends("hello", shown, "--against", what)
        lines = process.stderr.splitlines()
        checks.that(f"against {name}: one sentence", process.returncode == 2 and len(lines) == 1 and said in lines[0] and not process.stdout, lines)
    process = bothends("hello", shown, "--against", "127.0.0.1:1")
    checks.that("against nobody: not known", process.returncode == 2 and "nobody listens at 127.0.0.1:1" in process.stdout, process.stdout)
    for key in ("error", "survey"):
        changed = {**document, key: "no\x1b[2J" if key == "error" else {**document["survey"], "foreign": "\x1b[2J"}}
        file.write_text(json.dumps(changed))
        process = bothends("hello", shown, "--against", file)
        checks.that(f"snapshot with an odd {key}: not known, and harmless", process.returncode == 2 and "\x1b" not in process.stdout, process.stdout)


def main():
    checks = Checks()
    check_against(checks)
    check_known(checks)
    check_forms(checks)
    check_several(checks)
    check_malformed(checks)
    check_none(checks)
    checks.done()


if __name__ == "__main__":
    main()
