"""Whatever is wrong with the input: one clear sentence with its place, the right exit code, and the others still run."""
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

from harness import PROGRAM, ROOT, Checks, bothends, have, report, tries

GOOD = """
[origin.shop]
body = "hello from shop"
[proxy.routes."shop.test"]
to = "shop"
[[try]]
name = "control"
url = "https://shop.test/"
expect = { status = 200 }
"""

# name, file's content, what the message must match (after the file's name)
FILES = [
    ("unknown key", GOOD.replace("body", "boddy"), r':3:1: .*boddy.*did you mean "?body"?'),
    ("unknown table", GOOD + "[orgin.x]\n", r':\d+:\d+: .*did you mean "?origin"?'),
    ("wrong type", GOOD.replace('"shop"\n[[', "7\n[["), r":5:6: .*number.*text"),
    ("port out of range", GOOD.replace("shop.test/", "shop.test:70000/"), r":8:7: .*port"),
    ("not a URL", GOOD.replace("https://shop.test/", "shop.test"), r":8:7: "),
    ("http", GOOD.replace("https:", "http:"), r":8:7: .*https"),
    ("credentials", GOOD.replace("https://", "https://u:p@"), r":8:7: "),
    ("a route to nowhere", GOOD.replace('to = "shop"', 'to = "shp"'), r':5:6: .*"shp".*did you mean "?shop"?'),
    ("two origins of one name", GOOD + "[origin.shop]\n", r":\d+:\d+: "),
    ("unknown certificate", GOOD.replace("body", 'certs = ["ship"]\nbody'), r':3:10: .*"ship"'),
    ("unknown kind", '[certs]\nx = { names = ["shop.test"], kind = "expird" }\n' + GOOD, r':2:.*did you mean "?expired"?'),
    ("unknown fact", GOOD.replace("status = 200", "statsu = 200"), r':9:\d+: .*did you mean "?status"?'),
    ("unknown cause", GOOD.replace("status = 200", 'finding = "cert-expred"'), r':9:\d+: .*did you mean "?cert-expired"?'),
    ("unknown suite", GOOD.replace("body", 'suites = ["TLS_NO"]\nbody'), r":3:11: .*TLS_NO"),
    ("unknown proxy", GOOD.replace("[proxy.routes", '[proxy]\nuse = "ngnix"\n[proxy.routes'), r':\d+:\d+: .*did you mean "?nginx"?'),
    ("no tries", GOOD[: GOOD.index("[[try]]")], r".*\[\[try\]\]"),
    ("empty", "", r".*"),
    ("not UTF-8", GOOD.replace("hello", "h\udcffllo"), r".*UTF-8"),
    ("not TOML", "[origin\n", r":[12]:\d+: "),
    ("10 MB of dots", "a" + ".b" * 5_000_000 + " = 1\n", r".*"),
    ("many dots in a small file", "a" + ".b" * 20_000 + " = 1\n", r".*"),
    ("many brackets", "a = " + "[" * 20_000 + "]" * 20_000 + "\n", r".*"),
    ("a file of zeros", "\0" * 4096, r".*"),
]

DRIVER = """
name = "odd"
binaries = ["sh"]
start = ["-c", "{script}"]
log = "output"
ready_within = 1
"""

# name, what the "proxy" does, what the error must say
PROXIES = [
    ("exits at once", "echo bad directive in line 7; exit 3", r"odd exited with 3 .*bad directive in line 7"),
    ("forks away", "setsid sleep 60 & sleep 0.1; echo daemon started; exit 0", r"odd exited with 0 .*must stay in the foreground; .*daemon started"),
    ("ignores SIGTERM", "trap '' TERM; while :; do sleep 0.02; done", r"odd was not ready within 1000 ms"),
    ("never gets ready", "exec sleep 30", r"odd was not ready within 1000 ms"),
    ("dies of a signal", "kill -9 $$", r"SIGKILL"),
    ("prints control characters", "printf 'evil \\\\033[2J here'; exit 1", r"evil \\x1b\[2J here"),
    ("prints without end", "yes loudly | head -c 5000000; exit 1", r"odd exited with 1"),
]


def raw_control(text):
    return re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def check_files(checks, folder):
    good = folder / "good.toml"
    good.write_text(GOOD)
    for name, content, wanted in FILES:
        file = folder / "bad.toml"
        file.write_bytes(content.encode("utf-8", "surrogateescape"))
        process, document = report(good, file, timeout=60)
        text = process.stdout + process.stderr
        checks.equal(f"{name}: exit", process.returncode, 2)
        checks.that(f"{name}: the message", re.search(re.escape(str(file)) + wanted, " ".join(text.split())), text)
        checks.that(f"{name}: no raw control characters", not raw_control(text.replace("\n", "")), repr(text))
        checks.that(f"{name}: the message is short", len(text) < 4000, len(text))
        checks.equal(f"{name}: the other scenario ran", [one["status"] for _, one in tries(document)][:1], ["passed"])
        checks.equal(f"{name}: counted as one error", document["counts"]["errors"], 1)


def check_paths(checks, folder):
    empty = folder / "empty"
    empty.mkdir()
    for name, argument in (("a missing file", folder / "none.toml"), ("a folder without scenarios", empty)):
        process = bothends("run", argument)
        checks.equal(f"{name}: exit", process.returncode, 2)
        checks.that(f"{name}: says which", str(argument) in process.stderr, process.stderr)
    skipped = folder / "skipped.toml"
    skipped.write_text(GOOD.replace("[[try]]", '[client]\nstack = "mbedtls"\nversions = "TLSv1.0"\n[[try]]'))
    process, document = report(skipped)
    checks.equal("all skipped: exit", process.returncode, 2)
    checks.that("all skipped: says why", "mbedtls" in tries(document)[0][1]["reason"], process.stdout)
    good = folder / "good.toml"
    checks.equal("some skipped: exit", bothends("run", good, skipped).returncode, 0)
    checks.equal("some skipped with --strict: exit", bothends("run", good, skipped, "--strict").returncode, 2)
    none = bothends("run", good, "--name", "no such try")
    checks.equal("no try has that name: exit", none.returncode, 2)


def check_proxies(checks, folder):
    good = folder / "good.toml"
    for name, script, wanted in PROXIES:
        driver = folder / "odd.toml"
        driver.write_text(DRIVER.replace("{script}", script.replace('"', '\\"')))
        process, document = report(good, "--driver", driver, timeout=30)
        checks.equal(f"a proxy that {name}: exit", process.returncode, 2)
        checks.equal(f"a proxy that {name}: an error", [one["status"] for _, one in tries(document)], ["error"])
        reason = tries(document)[0][1]["reason"]
        checks.that(f"a proxy that {name}: its words", re.search(wanted, reason), reason)
        checks.that(f"a proxy that {name}: no raw control characters", not raw_control(process.stdout.replace("\n", "")),
                    repr(process.stdout))
        checks.that(f"a proxy that {name}: a short report", len(process.stdout) < 4000, len(process.stdout))
        checks.equal(f"a proxy that {name}: it leaves no process", processes(), [])
    for name, text, wanted in (
            ("an unknown key", 'name = "x"\nbinaries = ["x"]\nstart = ["x"]\nbinarys = 1\n', r':4:1: .*did you mean "?binaries"?'),
            ("a wrong template", 'name = "x"\nbinaries = ["sh"]\nstart = ["{{prot}}"]\n', r'did you mean \{\{port\}\}'),
            ("a missing program", 'name = "x"\nbinaries = ["no-such-program"]\nstart = ["a"]\n', r"no-such-program")):
        driver = folder / "odd.toml"
        driver.write_text(text)
        process = bothends("run", good, "--driver", driver)
        checks.equal(f"a driver with {name}: exit", process.returncode, 2)
        checks.that(f"a driver with {name}: the message", re.search(wanted, process.stdout + process.stderr),
                    process.stdout + process.stderr)


def check_configuration(checks, folder):
    """A real one's own test says what is wrong with its configuration."""
    good = folder / "good.toml"
    for name in ("nginx", "haproxy"):
        if not have(name, checks):
            continue
        shipped = (ROOT / f"proxy/drivers/{name}.toml").read_text()
        driver = folder / "broken.toml"
        driver.write_text(shipped.rstrip().removesuffix("'''") + "no_such_directive here;\n'''\n")
        process, document = report(good, "--driver", driver)
        checks.equal(f"{name} with a wrong directive: exit", process.returncode, 2)
        reason = tries(document)[0][1]["reason"]
        checks.that(f"{name} with a wrong directive: its own test is shown",
                    re.search(rf"{name} exited with 1 .*its own test of the configuration says: .*no_such_directive", reason), reason)
        scenario = folder / "default.toml"
        scenario.write_text(GOOD.replace("[proxy.routes", '[proxy]\nsetting = "default"\n[proxy.routes'))
        driver.write_text(re.sub(r'^tested .*$', 'tested = "0.9"', shipped, flags=re.M))
        process, document = report(scenario, "--driver", driver)
        reason = tries(document)[0][1]["reason"]
        checks.that(f"{name} of another version: skipped, with both",
                    re.search(rf"{name}: what it does by default is known of version 0\.9, and this is [0-9.]+$", reason), reason)


# Answers as a proxy must until it is asked by a client: then it dies in the middle of its answer.
DYING = """
import os, socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("front0.crt", "front0.key")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    plain, _ = listener.accept()
    try:
        connection = context.wrap_socket(plain, server_side=True)
        if connection.recv(1000).startswith(b"GET"):
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 100\\r\\n\\r\\nhalf")
            os.abort()
    except OSError:
        pass
"""


def check_dying(checks, folder):
    driver, scenario = folder / "dying.toml", folder / "two.toml"
    driver.write_text('name = "odd"\nbinaries = ["python3"]\nstart = ["{{folder}}/proxy.py", "{{port}}"]\n'
                      f"[files]\n'proxy.py' = '''{DYING}'''\n".replace("\\\\", "\\"))
    scenario.write_text(GOOD + '[[try]]\nname = "the next"\nurl = "https://shop.test/"\n')
    process, document = report(scenario, "--driver", driver)
    first, second = [one for _, one in tries(document)]
    checks.equal("a proxy that dies in the middle: exit", process.returncode, 2)
    checks.that("a proxy that dies in the middle: the try is not green", first["status"] == "error", first)
    checks.equal("a proxy that dies in the middle: said", first.get("reason"),
                 "odd has ended by itself: it was ended by SIGABRT")
    checks.equal("a proxy that dies in the middle: the next try", second.get("reason"),
                 "odd has ended by itself: it was ended by SIGABRT during an earlier try")
    checks.equal("a proxy that dies in the middle: it leaves no process", processes(), [])


def processes():
    """What was started by a bothends that is not there any more, by the mark that each of its children has."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "environ").read_bytes().startswith(b"BOTHENDS_CHILD_OF="):
                mark = (entry / "environ").read_bytes().split(b"=", 1)[1].split(b"-")[0].decode()
                if not Path("/proc", mark).exists():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def check_usage(checks):
    for arguments in (["run"], ["rnu"], ["run", "scenarios", "--jobs", "0"], ["run", "scenarios", "--colour", "x"], []):
        checks.equal(f"usage {arguments}: exit", bothends(*arguments).returncode, 2)
    checks.equal("explain nothing known: exit", bothends("explain", "cert-expird").returncode, 2)
    checks.that("explain: did you mean", 'did you mean "cert-expired"?' in bothends("explain", "cert-expird").stderr)
    full = subprocess.run(f"'{PROGRAM}' run scenarios/healthy.toml >/dev/full", shell=True, cwd=ROOT, capture_output=True)
    checks.equal("a full disk under standard output: exit", full.returncode, 2)


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        check_files(checks, folder)
        check_paths(checks, folder)
        check_proxies(checks, folder)
        check_configuration(checks, folder)
        check_dying(checks, folder)
    check_usage(checks)
    checks.done()


if __name__ == "__main__":
    main()
