#!/usr/bin/env python3
"""tests/bench/bench.py: what the program costs, as ratios to a reference measured side by side in the same run.

  two-leg tries a second through the embedded proxy : two handshakes in memory          aim >= 0.45
  one scenario on real nginx                        : nginx start + one request + stop  aim <= 1.5
    as a command of its own, and as one of 20 scenarios in one run, each with an nginx of its own
  bothends --version                                                                    aim < 20 ms
  14 stages behind each proxy, in one process of it  : with a process each               aim < 1
  peak memory of 1,000 and of 5,000 tries, --jobs 8                                     aim <= 128 MiB, flat

Rounds are interleaved, medians are quoted, the reference is measured before and after each round. Needs nginx and openssl.
Never a test: machines differ. BOTHENDS and HANDSHAKES name the programs; the default is build/."""
import os
import resource
import shutil
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("BOTHENDS", ROOT / "build/src/cli/bothends"))
HANDSHAKES = Path(os.environ.get("HANDSHAKES", ROOT / "build/tests/bench/handshakes"))
ROUNDS = 5
HEAD = '[origin.shop]\n[client]\ngroups = ["x25519"]\n[proxy.routes."shop.test"]\nto = "shop"\ngroups = ["x25519"]\n'
TRY = '[[try]]\nname = "{}"\nurl = "https://shop.test/"\nexpect = {{ status = 200 }}\n'


def seconds(command, **options):
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    return time.perf_counter() - begin


def scenario(folder, count):
    file = Path(folder) / f"{count}.toml"
    file.write_text(HEAD + "".join(TRY.format(i) for i in range(count)))
    return file


def reference():
    return float(subprocess.run([HANDSHAKES, "1"], check=True, capture_output=True, text=True).stdout)


def tries_per_second(folder):
    file, ratios, rates = scenario(folder, 500), [], []
    for _ in range(ROUNDS):
        before = reference()
        rate = 500 / seconds([PROGRAM, "run", "-q", file])
        pairs = (before + reference()) / 2
        ratios.append(rate / pairs)
        rates.append((rate, pairs))
    rate, pairs = rates[len(rates) // 2]
    print(f"two-leg tries / two handshakes in memory   {statistics.median(ratios):.2f}   "
          f"({min(ratios):.2f} to {max(ratios):.2f}; one round: {rate:.0f} tries, {pairs:.0f} pairs a second)   aim >= 0.45")


NGINX = """daemon off; worker_processes 1; {user} pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/crt; ssl_certificate_key {folder}/key; return 200 "hello"; }} }}
"""


def bare_nginx(folder, nginx):
    """nginx start, one HTTPS request, stop."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = Path(folder) / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, user="user root;" if os.geteuid() == 0 else ""))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    begin = time.perf_counter()
    process = subprocess.Popen([nginx, "-e", f"{folder}/error.log", "-p", folder, "-c", config], stderr=subprocess.DEVNULL)
    for _ in range(2000):
        try:
            with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as secure:
                secure.sendall(b"GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n")
                assert secure.recv(4096).startswith(b"HTTP/1.1 200")
                break
        except OSError:
            time.sleep(0.002)
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    return time.perf_counter() - begin


def one_scenario_on_nginx(folder):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not nginx:
        return print("one scenario on nginx: nginx is not installed")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=shop.test", "-keyout", f"{folder}/key", "-out", f"{folder}/crt"], check=True, capture_output=True)
    file = scenario(folder, 1)
    for name, count in (("one scenario on nginx / bare nginx", 1), ("one of 20 in one run / bare nginx", 20)):
        ratios, times = [], []
        for _ in range(ROUNDS):
            before = bare_nginx(folder, nginx)
            ours = seconds([PROGRAM, "run", "-q", "--proxy", "nginx", "--repeat", str(count), file]) / count
            bare = (before + bare_nginx(folder, nginx)) / 2
            ratios.append(ours / bare)
            times.append((ours, bare))
        ours, bare = times[len(times) // 2]
        print(f"{name:42} {statistics.median(ratios):.2f}   ({min(ratios):.2f} to {max(ratios):.2f}; "
              f"one round: {ours * 1000:.0f} ms, {bare * 1000:.0f} ms)   aim <= 1.5")


SITES = """[proxy]
[proxy.routes."shop.test"]
to = "origin"
verify = "none"
[matrix]
fault.origin = ["expired", "not-yet-valid", "wrong-name", "no-intermediate", "wrong-order", "self-signed", "unknown-ca",
  "expired-intermediate", "cn-only", "client-auth-only", "broken-chain", "tls1.2-only", "http1-only", "hello-retry"]
[[try]]
url = "https://shop.test/"
expect.fault = "accepted"
"""


def one_process_or_many(folder):
    together, each = Path(folder) / "together.toml", Path(folder) / "each.toml"
    together.write_text(SITES)
    each.write_text("fresh = true\n" + SITES)
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    for proxy, program in (("nginx", "nginx"), ("haproxy", "haproxy"), ("apache2", "apache2"), ("caddy", "caddy"),
                           ("trafficserver", "traffic_server")):
        if not shutil.which(program, path=path):
            print(f"one process of {proxy} for 14 stages: it is not installed")
            continue
        command = [PROGRAM, "run", "-q", "--jobs", "4", "--proxy", proxy]
        times = [(seconds([*command, together]), seconds([*command, each])) for _ in range(ROUNDS)]
        ratios = [shared / alone for shared, alone in times]
        shared, alone = times[len(times) // 2]
        print(f"{'14 stages in one ' + proxy + ' / one each':42} {statistics.median(ratios):.2f}   "
              f"({min(ratios):.2f} to {max(ratios):.2f}; one round: {shared * 1000:.0f} ms, {alone * 1000:.0f} ms)   aim < 1")


def start_up():
    times = [seconds([PROGRAM, "--version"]) * 1000 for _ in range(20)]
    bare = [seconds(["true"]) * 1000 for _ in range(20)]
    print(f"bothends --version                         {statistics.median(times):.1f} ms   "
          f"(starting `true`: {statistics.median(bare):.1f} ms)   aim < 20 ms")


def peak_memory(command):
    """MiB, of the one child."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    pid = os.spawnv(os.P_NOWAIT, command[0], command)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, (command, status, before)
    return usage.ru_maxrss / 1024


def memory(folder):
    file = scenario(folder, 100)
    peaks = [peak_memory([str(PROGRAM), "run", "-q", "--jobs", "8", "--repeat", str(count // 100), str(file)])
             for count in (1000, 5000)]
    print(f"peak memory, 1,000 and 5,000 tries         {peaks[0]:.0f} MiB, {peaks[1]:.0f} MiB   aim <= 128 MiB, flat")


def main():
    for program in (PROGRAM, HANDSHAKES):
        if not program.exists():
            sys.exit(f"{program} is missing: tools/build makes it")
    with tempfile.TemporaryDirectory() as folder:
        tries_per_second(folder)
        one_scenario_on_nginx(folder)
        one_process_or_many(folder)
        start_up()
        memory(folder)


if __name__ == "__main__":
    main()
