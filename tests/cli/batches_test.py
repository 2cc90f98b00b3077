"""Stages that share a proxy process have the verdicts that they have with one each; `fresh = true` shares none."""
import tempfile
from pathlib import Path

from harness import ROOT, Checks, have, report, tries

PROGRAMS = {"trafficserver": "traffic_server"}
QUICK = ["expired", "wrong-name", "no-intermediate", "self-signed", "unknown-ca", "sha1", "tls1.2-only", "p521-only",
         "sni-required", "sni-selected", "wants-certificate-tls1.3", "wants-other-certificate-tls1.2", "refuse",
         "connect-reset", "hello-fin", "server-hello-reset", "handshake-fin", "request-reset", "plain-http", "garbage",
         "alert-40", "octet-records", "hello-retry", "slow-certificate", "request-blackhole", "handshake-blackhole"]
# HAProxy waits 3 s before it gives a refused try up.
SOME = ["expired", "self-signed", "tls1.2-only", "sni-required", "refuse", "handshake-fin", "request-reset", "alert-40"]

SCENARIO = """title = "Faults of the origin"
{fresh}
[certs]
client = {{ kind = "client" }}
[proxy]
timeout = "700ms"
[proxy.routes."shop.test"]
to = "origin"
certificate = "client"
[matrix]
fault.origin = [{faults}]
[[try]]
name = "a fault"
url = "https://shop.test/"
timeout = "2s"
expect.fault = {{ one_of = ["named", "accepted"] }}
"""


def write(folder, name, faults, fresh):
    file = Path(folder) / f"{name}.toml"
    file.write_text(SCENARIO.format(fresh="fresh = true" if fresh else "",
                                    faults=", ".join(f'"{fault}"' for fault in faults)))
    return str(file)


def verdict(one):
    """What must not depend on who else used the process."""
    record = one["record"]
    answers = [exchange["response"]["status"] for exchange in record["client"]["exchanges"] if exchange["response"]]
    findings = [(found["cause"], found["leg"], found["refused_by"], found["stage"], found["certainty"])
                for found in one["findings"]]
    return one["status"], one["fault"]["came"], one["fault"]["control"]["passed"], findings, answers, len(record["origins"])


def verdicts(checks, path, *arguments):
    process, document = report(path, "--jobs", "4", "-q", *arguments)
    checks.that(f"{' '.join(arguments)}: all passed", process.returncode == 0, process.stdout + process.stderr)
    return {one["variant"]["fault.origin"]: verdict(one) for _, one in tries(document)} if document else {}


def compare(checks, folder, proxy, faults):
    shared = verdicts(checks, write(folder, "shared", faults, False), "--proxy", proxy)
    alone = verdicts(checks, write(folder, "alone", faults, True), "--proxy", proxy)
    for fault in faults:
        checks.equal(f"{proxy}, {fault}: the same with a process of its own", shared.get(fault), alone.get(fault))


def starts(checks, folder, fresh):
    """How often nginx is started for eight stages and their common control twin."""
    count = Path(folder) / "starts"
    count.write_text("")
    wrapper = Path(folder) / "counted"
    wrapper.write_text(f"#!/bin/sh\ncase \" $* \" in *' -v '*|*' -t '*) ;; *) echo start >> {count};; esac\n"
                       "PATH=$PATH:/usr/sbin exec nginx \"$@\"\n")
    wrapper.chmod(0o755)
    driver = Path(folder) / "driver.toml"
    driver.write_text((ROOT / "proxy/drivers/nginx.toml").read_text()
                      .replace('binaries = ["nginx"]', f'binaries = ["{wrapper}"]'))
    verdicts(checks, write(folder, "counted", SOME, fresh), "--driver", str(driver))
    return len(count.read_text().split())


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        for proxy in ("nginx", "apache2", "caddy", "trafficserver", "haproxy"):
            if have(PROGRAMS.get(proxy, proxy), checks):
                compare(checks, folder, proxy, SOME if proxy == "haproxy" else QUICK)
        # "refuse" wants a process of its own in any case.
        checks.equal("processes of eight stages and a twin that share", starts(checks, folder, False), 2)
        checks.equal("processes of eight stages and a twin that do not", starts(checks, folder, True), 9)
    checks.done()


if __name__ == "__main__":
    main()
