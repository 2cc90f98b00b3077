"""`bothends hello` decodes ClientHellos from hex, records, messages, pcap and pcapng, and says why there is none."""
import json
import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

from harness import PROGRAM, ROOT, Checks, bothends

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


def main():
    checks = Checks()
    check_known(checks)
    check_forms(checks)
    check_several(checks)
    check_malformed(checks)
    check_none(checks)
    checks.done()


if __name__ == "__main__":
    main()
