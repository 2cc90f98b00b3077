"""Certificates for the servers under survey: root, intermediate and leaves of every kind, made once a run by the
`openssl` command and removed at its end."""
import atexit
import base64
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

KEYS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa_pss": ["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ecdsa_p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ecdsa_p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "ecdsa_p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["-algorithm", "ED25519"],
    "ed448": ["-algorithm", "ED448"],
}


@dataclass
class Leaf:
    chain: Path  # PEM: leaf, intermediate
    key: Path    # PEM
    sha256: str  # of the leaf's DER


@functools.cache
def place():
    made = Path(tempfile.mkdtemp(prefix="bothends-pki-"))
    os.chmod(made, 0o755)
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def openssl(*words, **options):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, **options).stdout


def new_key(at, kind):
    if kind == "dsa":
        parameters = at.with_suffix(".params")
        openssl("genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", parameters)
        openssl("genpkey", "-paramfile", parameters, "-out", at)
    else:
        openssl("genpkey", *KEYS[kind], "-out", at)


def sign(stem, subject, extensions, issuer=None, kind="ecdsa_p256"):
    """STEM.key and STEM.crt, signed by the issuer's stem or by itself."""
    key, request, crt, text = (stem.with_suffix(end) for end in (".key", ".csr", ".crt", ".ext"))
    new_key(key, kind)
    text.write_text(extensions)
    openssl("req", "-new", "-key", key, "-subj", f"/CN={subject}", "-out", request)
    by = ["-CA", issuer.with_suffix(".crt"), "-CAkey", issuer.with_suffix(".key"), "-CAcreateserial"] if issuer \
        else ["-signkey", key]
    openssl("x509", "-req", "-in", request, *by, "-days", "30", "-sha256", "-extfile", text, "-out", crt)
    return crt


AUTHORITY = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n"


@functools.cache
def root():
    return sign(place() / "root", "Survey Root", AUTHORITY)


@functools.cache
def intermediate():
    root()
    return sign(place() / "intermediate", "Survey Intermediate", AUTHORITY, place() / "root")


@functools.cache
def leaf(name, kind):
    above = intermediate()
    stem = place() / f"{name}-{kind}".replace(".", "-")
    # NSS tells certificates apart by their subjects.
    crt = sign(stem, f"{name} {kind}", f"subjectAltName=DNS:{name}\nextendedKeyUsage=serverAuth\n", place() / "intermediate", kind)
    chain = stem.with_suffix(".chain")
    chain.write_text(crt.read_text() + above.read_text())
    return Leaf(chain, stem.with_suffix(".key"), hashlib.sha256(der(crt.read_text())).hexdigest())


@functools.cache
def dh():
    """RFC 7919's 2048 bits: made at once, as against a prime of one's own."""
    made = place() / "dh.pem"
    openssl("genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", made)
    return made


def der(text):
    """Of the first certificate in PEM."""
    return base64.b64decode(text.split("-----BEGIN CERTIFICATE-----")[1].split("-----END")[0])


def pem(octets):
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(octets).decode()}-----END CERTIFICATE-----\n"


def nss_database(at, made):
    """A database in the folder, with the leaves under the names of their kinds."""
    run = functools.partial(subprocess.run, check=True, capture_output=True)
    run(["certutil", "-N", "-d", f"sql:{at}", "--empty-password"])
    run(["certutil", "-A", "-d", f"sql:{at}", "-n", "root", "-t", "C,C,C", "-i", root()])
    for kind, one in made.items():
        bundle = at / f"{kind}.p12"
        openssl("pkcs12", "-export", "-in", one.chain, "-inkey", one.key, "-name", kind, "-passout", "pass:x", "-out",
                bundle)
        run(["pk12util", "-i", bundle, "-d", f"sql:{at}", "-W", "x", "-K", ""])
