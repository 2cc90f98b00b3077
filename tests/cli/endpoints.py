"""Real servers to survey, each a context manager that yields an Endpoint: started on a free loopback port, ready when
it listens (nothing connects to find that out, so that nothing is counted), ended with its whole process group by id."""
import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pki
from harness import ROOT
from relay import Relay

SERVE = Path(os.environ.get("SERVE", ROOT / "build/tests/cli/serve"))
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
NAME = "shop.test"
OTHER = "other.test"

MODERN = ("ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
          "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
          "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384")
BROAD_GROUPS = ("X25519:X448:P-256:P-384:P-521:brainpoolP256r1:brainpoolP384r1:brainpoolP512r1:"
                "secp256k1:secp192k1:prime192v1:secp224k1:secp224r1:secp160k1:secp160r1:secp160r2:"
                "sect163k1:sect163r1:sect163r2:sect193r1:sect193r2:sect233k1:sect233r1:sect239k1:sect283k1:sect283r1:"
                "sect409k1:sect409r1:sect571k1:sect571r1:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:ffdhe8192")


@dataclass
class Endpoint:
    name: str
    port: int
    sni: str = NAME
    leaves: dict = field(default_factory=dict)  # kind -> sha256 of the DER
    relay: Relay | None = None
    root: Path | None = None       # PEM
    at_once: int = 24              # connections that it bears at a time

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    mark = f":{port:04X} "
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                parts = line.split()
                if parts[3] == "0A" and (parts[1] + " ").endswith(mark):
                    return True
    return False


def installed(program):
    return shutil.which(program, path=PATH)


@contextlib.contextmanager
def process(command, port, env=None, cwd=None):
    """The command while it runs, and listens on the port."""
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=cwd,
                                 start_new_session=True, env={**os.environ, "PATH": PATH, **(env or {})})
        try:
            deadline = time.monotonic() + 20
            while not listens(port):
                if child.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]} does not listen: {log.read()[-2000:].decode(errors='replace')}")
                time.sleep(0.01)
            yield child
        finally:
            end(child)


def end(child):
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5 if number == signal.SIGTERM else None)
            break
    with contextlib.suppress(ProcessLookupError):  # those of its children that have outlived it
        os.killpg(child.pid, signal.SIGKILL)


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


def leaves(*kinds, name=NAME):
    return {kind: pki.leaf(name, kind) for kind in kinds}


def digests(made):
    return {kind: leaf.sha256 for kind, leaf in made.items()}


# --- nginx ------------------------------------------------------------------------------------------------------------

NGINX = """daemon off; worker_processes 1; {user} pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; {servers} }}
"""


@contextlib.contextmanager
def nginx(name, servers, made, **more):
    """`servers` are blocks with {port} in them."""
    port = free_port()
    with folder() as at:
        user = "user root;" if os.geteuid() == 0 else ""
        config = at / "nginx.conf"
        config.write_text(NGINX.format(folder=at, user=user, servers=servers.replace("{port}", str(port))))
        command = [installed("nginx"), "-e", at / "error.log", "-p", at, "-c", config]
        with process(command, port, env={"OPENSSL_CONF": "/dev/null"}):
            yield Endpoint(name, port, leaves=digests(made), root=pki.root(), **more)


def server(made, words, listen="127.0.0.1:{port} ssl"):
    files = "".join(f"ssl_certificate {leaf.chain}; ssl_certificate_key {leaf.key}; " for leaf in made.values())
    return f'server {{ listen {listen}; {files} {words} return 200 "hello"; }}\n'


def nginx_modern(name="nginx-modern"):
    made = leaves("rsa", "ecdsa_p256")
    words = (f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {MODERN}; ssl_prefer_server_ciphers off; "
             f"ssl_ecdh_curve X25519:P-256:P-384; ssl_session_cache shared:a:1m; ssl_dhparam {pki.dh()}; ")
    return nginx(name, server(made, words), made)


def nginx_broad(name="nginx-broad"):
    made = leaves("rsa", "ecdsa_p256", "ed25519", "dsa")
    words = (f'ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers "ALL:COMPLEMENTOFALL:!PSK:!SRP:@SECLEVEL=0"; '
             f"ssl_prefer_server_ciphers on; ssl_ecdh_curve {BROAD_GROUPS}; ssl_dhparam {pki.dh()}; "
             "ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:"
             "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256; ")
    return nginx(name, server(made, words), made)


def nginx_strict(name="nginx-strict"):
    """Two names; who asks for none of them is refused with unrecognized_name."""
    shop, other = leaves("ecdsa_p256"), leaves("rsa", name=OTHER)
    common = f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {MODERN}; "
    servers = ("server { listen 127.0.0.1:{port} ssl default_server; ssl_reject_handshake on; " + common + "}\n" +
               server(shop, common + f"server_name {NAME}; ") + server(other, common + f"server_name {OTHER}; "))
    return nginx(name, servers, {"shop": shop["ecdsa_p256"], "other": other["rsa"]})


def nginx_p384_only(name="nginx-p384-only"):
    made = leaves("ecdsa_p384")
    return nginx(name, server(made, f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {MODERN}; ssl_ecdh_curve P-384; "), made)


def nginx_ed25519_only(name="nginx-ed25519-only"):
    made = leaves("ed25519")
    return nginx(name, server(made, f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {MODERN}; "), made)


def nginx_member(name, kind, ciphers, protocols="TLSv1.2 TLSv1.3"):
    made = leaves(kind)
    return nginx(name, server(made, f"ssl_protocols {protocols}; ssl_ciphers {ciphers}; "), made)


# --- other servers ----------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def haproxy(name="haproxy", limit="", verify="", kinds=("rsa", "ecdsa_p256")):
    made, port = leaves(*kinds), free_port()
    with folder() as at:
        for kind, leaf in made.items():
            (at / f"shop.pem.{kind.split('_')[0]}").write_text(leaf.chain.read_text() + leaf.key.read_text())
        config = at / "haproxy.cfg"
        config.write_text(
            f"global\n  maxconn 2000\n  tune.ssl.default-dh-param 2048\ndefaults\n  mode http\n  timeout client 10s\n"
            f"  timeout server 10s\n  timeout connect 10s\n"
            f"frontend shop\n  bind 127.0.0.1:{port} ssl crt {at}/shop.pem alpn h2,http/1.1 {verify}\n{limit}"
            f"  http-request return status 200 content-type text/plain string hello\n")
        with process([installed("haproxy"), "-db", "-f", config], port):
            yield Endpoint(name, port, leaves=digests(made), root=pki.root())


def haproxy_limited(name="haproxy-limited"):
    """Closes at once from the 31st connection within ten seconds on."""
    return haproxy(name, "  stick-table type ip size 1k expire 30s store conn_rate(10s)\n"
                         "  tcp-request connection track-sc0 src\n"
                         "  tcp-request connection reject if { sc_conn_rate(0) gt 30 }\n")


def haproxy_required(name="haproxy-required"):
    return haproxy(name, verify=f"verify required ca-file {pki.root()}")


@contextlib.contextmanager
def apache(name="apache"):
    made, port = leaves("rsa", "ecdsa_p256"), free_port()
    modules = "/usr/lib/apache2/modules"
    loaded = "".join(f"LoadModule {module}_module {modules}/mod_{module}.so\n"
                     for module in ("mpm_event", "ssl", "socache_shmcb", "authz_core"))
    files = "".join(f"SSLCertificateFile {leaf.chain}\nSSLCertificateKeyFile {leaf.key}\n" for leaf in made.values())
    with folder() as at:
        user = f"User {www_user()}\nGroup #{pwd.getpwnam(www_user()).pw_gid}\n" if os.geteuid() == 0 else ""
        config = at / "apache.conf"
        config.write_text(f"ServerRoot {at}\nServerName {NAME}\nPidFile {at}/pid\nErrorLog {at}/error.log\n{loaded}{user}"
                          f"DefaultRuntimeDir {at}\nListen 127.0.0.1:{port}\nSSLSessionCache shmcb:{at}/cache(512000)\n"
                          f"<VirtualHost 127.0.0.1:{port}>\nServerName {NAME}\nSSLEngine on\n{files}</VirtualHost>\n")
        with process([installed("apache2"), "-D", "FOREGROUND", "-f", config], port):
            yield Endpoint(name, port, leaves=digests(made), root=pki.root())


def www_user():
    for user in ("www-data", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(user).pw_name
    raise RuntimeError("no user for Apache's workers")


# What NSS 3.87 can do for RSA and ECDSA keys, asked or not.
NSS_SUITES = ("c02b c02c c02f c030 cca8 cca9 ccaa c009 c00a c013 c014 c023 c024 c027 c028 c007 c008 c011 c012 c006 c010 "
              "0033 0039 0067 006b 009e 009f 0016 0015 0045 0088 002f 0035 003c 003d 009c 009d 0041 0084 0096 000a 0009 "
              "0005 0004 003b 0002 0001")


@contextlib.contextmanager
def selfserv(name="nss", versions="ssl3:tls1.2"):
    """NSS with all it has: SSLv3, RC4, DES, 3DES, NULL."""
    made, port = leaves("rsa", "ecdsa_p256"), free_port()
    with folder() as at:
        pki.nss_database(at, made)
        command = [installed("selfserv"), "-d", f"sql:{at}", "-p", port, "-n", "rsa", "-e", "ecdsa_p256", "-V", versions,
                   "-H", "1", "-W", "1", "-c", "".join(f":{code}" for code in NSS_SUITES.split())]
        with process(command, port, env={"NSS_IGNORE_SYSTEM_POLICY": "1"}):
            yield Endpoint(name, port, leaves=digests(made), root=pki.root())


@contextlib.contextmanager
def gnutls(name="gnutls", priority="NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:+3DES-CBC:+ARCFOUR-128:+DHE-RSA:+SIGN-RSA-SHA1:"
                                   "+SIGN-ECDSA-SHA1:%VERIFY_ALLOW_SIGN_WITH_SHA1"):
    made, port = leaves("rsa", "ecdsa_p256"), free_port()
    files = [word for leaf in made.values() for word in ("--x509certfile", leaf.chain, "--x509keyfile", leaf.key)]
    with process([installed("gnutls-serv"), "-q", "--http", "-a", "-p", port, "--priority", priority, *files], port):
        yield Endpoint(name, port, leaves=digests(made), root=pki.root(), at_once=4)  # one thread, a short queue


# --- our own ----------------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def own(name, **settings):
    """tests/support/serve.cpp; settings as it takes them."""
    with folder() as at:
        settings.setdefault("names", NAME)
        command = [SERVE, *(f"{key}={value}" for key, value in settings.items()), f"certificates={at}"]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                 start_new_session=True)
        try:
            line = child.stdout.readline()
            if not line:
                raise RuntimeError(f"serve did not start: {command}")
            pem = at / "root.pem"
            pem.write_text(pki.pem((at / "root.der").read_bytes()))
            made = {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in at.glob("[0-9]*.der")}
            yield Endpoint(name, int(line), leaves=made, root=pem)
        finally:
            end(child)
            child.stdout.close()


def own_openssl(name="own-openssl"):
    groups = ("X25519MLKEM768,SecP256r1MLKEM768,SecP384r1MLKEM1024,MLKEM512,MLKEM768,MLKEM1024,x25519,secp256r1,x448,"
              "secp384r1,secp521r1,ffdhe2048,ffdhe3072")
    return own(name, stack="openssl", versions="TLSv1.0,TLSv1.3", groups=groups, keys="rsa,ecdsa-p256,ed25519")


def own_mbedtls(name="own-mbedtls"):
    return own(name, stack="mbedtls", keys="rsa,ecdsa-p256")


def own_mlkem_only(name="own-mlkem-only"):
    return own(name, stack="openssl", versions="TLSv1.3,TLSv1.3", groups="X25519MLKEM768", keys="ecdsa-p256")


# --- relays and pools -------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def through(endpoint, delay=0.0, name=None):
    """Every direction is late by `delay` seconds; `relay.count` tells how many connections came."""
    with Relay([endpoint.port], delay=delay) as relay:
        yield Endpoint(name or f"{endpoint.name}-relayed", relay.port, endpoint.sni, endpoint.leaves, relay,
                       endpoint.root)


@contextlib.contextmanager
def pool(name="pool", same_leaf=False, pick="alternate"):
    """Two unequal servers behind one address; the members are in `relay.members`."""
    first = nginx_member("member-a", "rsa", "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384")
    second = nginx_member("member-b", "rsa" if same_leaf else "ecdsa_p256",
                          "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:"
                          "ECDHE-ECDSA-CHACHA20-POLY1305", "TLSv1.2")
    with first as a, second as b, Relay([a.port, b.port], pick=pick) as relay:
        relay.members = [a, b]
        yield Endpoint(name, relay.port, NAME, {**a.leaves, **b.leaves}, relay, root=pki.root())


ENDPOINTS = {
    "nginx-modern": nginx_modern, "nginx-broad": nginx_broad, "own-openssl": own_openssl, "own-mbedtls": own_mbedtls,
    "haproxy": haproxy, "apache": apache, "nss": selfserv, "gnutls": gnutls, "haproxy-required": haproxy_required,
    "nginx-strict": nginx_strict, "nginx-p384-only": nginx_p384_only, "nginx-ed25519-only": nginx_ed25519_only,
    "own-mlkem-only": own_mlkem_only,
}
NEEDS = {"nginx": "nginx", "haproxy": "haproxy", "apache": "apache2", "nss": "selfserv", "gnutls": "gnutls-serv"}


def needed(name):
    """The program that an endpoint is made of, for harness.have()."""
    return next((program for start, program in NEEDS.items() if name.startswith(start)), None)
