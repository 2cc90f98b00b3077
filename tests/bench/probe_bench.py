#!/usr/bin/env python3
"""tests/bench/probe_bench.py: a survey of one endpoint, side by side with sslscan in the same run.

                                                     wall          connections
  nginx, TLS 1.2 and 1.3, RSA and ECDSA leaf         aim <= 0.25   aim <= 100
  nginx, all of OpenSSL 3.0, four leaves             aim <= 0.4    aim <= 300
  the first through a round trip of 50 ms            aim <= 0.08   aim <= 100
  1,000 targets: our CPU for each, peak memory       aim <= 20 ms, 64 MiB

Rounds are interleaved, medians are quoted; connections are counted by a relay, in a round that is not timed. sslscan does
all it can (--show-certificate is on by default; groups and signature schemes are asked for). Never a test: machines
differ. BOTHENDS names the program; the default is build/. Needs nginx, openssl and sslscan."""
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from endpoints import NAME, nginx_broad, nginx_modern, through  # noqa: E402
from harness import PROGRAM  # noqa: E402

DELAY = 0.025


def ours(port):
    return [PROGRAM, "probe", f"127.0.0.1:{port}", "--sni", NAME, "--json", os.devnull]


def theirs(port):
    return ["sslscan", "--show-sigs", f"--sni-name={NAME}", f"127.0.0.1:{port}"]


def seconds(command):
    begin = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[:2]}: exit {done.returncode}\n{done.stderr.decode(errors='replace')[-1000:]}")
    return time.perf_counter() - begin


def connections(endpoint, command):
    with through(endpoint) as counted:
        seconds(command(counted.port))
        return counted.relay.count


def compare(label, endpoint, port, rounds, wall_aim, connections_aim):
    count, scanned = connections(endpoint, ours), connections(endpoint, theirs)
    ratios, times = [], []
    for _ in range(rounds):
        before = seconds(theirs(port))
        mine = seconds(ours(port))
        reference = (before + seconds(theirs(port))) / 2
        ratios.append(mine / reference)
        times.append((mine, reference))
    mine, reference = (statistics.median(column) for column in zip(*times))
    print(f"{label:34} {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f}; {mine * 1000:.0f} ms, sslscan "
          f"{reference * 1000:.0f} ms)   aim <= {wall_aim}\n{'':34} {count} connections, sslscan {scanned}   "
          f"aim <= {connections_aim}", flush=True)


def many(targets=1000):
    """Ten servers, each a hundred times: it is our side that is measured."""
    with nginx_modern("a") as server, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "targets.txt"
        file.write_text(f"{server.address}\n" * targets)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begin = time.perf_counter()
        done = subprocess.run([PROGRAM, "probe", "-f", file, "--jobs", "64", "--sni", NAME], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True)
        wall = time.perf_counter() - begin
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = sum(getattr(after, key) - getattr(before, key) for key in ("ru_utime", "ru_stime"))
        print(f"{targets} targets, {len(done.stdout.splitlines())} lines   {cpu / targets * 1000:.1f} ms of CPU each   aim <= 20 ms"
              f"\n{'':34} {peak(file)} MiB at most   aim <= 64 MiB\n{'':34} {wall:.1f} s")


def peak(file):
    """Of one process, in MiB: of all children only the largest is known, and sslscan is one."""
    code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)")
    return subprocess.run([sys.executable, "-c", code, PROGRAM, "probe", "-f", file, "--jobs", "64", "--sni", NAME],
                          capture_output=True, text=True).stdout.strip()


def main():
    if not shutil.which("sslscan"):
        sys.exit("sslscan is not installed: tools/install --tests installs it")
    with nginx_modern() as modern:
        compare("TLS 1.2 and 1.3, two leaves", modern, modern.port, 9, 0.25, 100)
        with through(modern, DELAY) as late:
            compare("the same, 50 ms round trip", modern, late.port, 3, 0.08, 100)
    with nginx_broad() as broad:
        compare("all of OpenSSL 3.0, four leaves", broad, broad.port, 9, 0.4, 300)
        with through(broad, DELAY) as late:
            compare("the same, 50 ms round trip", broad, late.port, 1, 0.08, 300)
    many()


if __name__ == "__main__":
    main()
