"""A throw-away certificate authority and its server certificate for loopback, made with openssl."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deskpulse.lab.brokers import BrokerError

# Key usages and key identifiers are not decoration: Python 3.13 verifies strictly and refuses certificates
# without them.
_SETTINGS = """\
[req]
prompt = no
distinguished_name = name
[name]
CN = deskpulse throw-away
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid:always
subjectAltName = IP:127.0.0.1, DNS:localhost
"""
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files: the authority that clients trust, and the server's private key with its certificate."""

    ca_file: Path
    server_file: Path


def make_certificates(folder: Path, *, days: int = 30) -> Certificates:
    """Write a new authority and a server certificate for 127.0.0.1 and localhost into a folder."""
    (folder / "openssl.cnf").write_text(_SETTINGS, encoding="utf-8")
    openssl = ("req", "-config", "openssl.cnf", *_NEW_KEY)
    for_days = ("-days", str(days))
    authority = ("-x509", "-extensions", "authority", *for_days, "-subj", "/CN=deskpulse throw-away CA")
    _openssl(folder, *openssl, *authority, "-keyout", "ca.key", "-out", "ca.pem")
    _openssl(
        folder, *openssl, "-new", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"
    )
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", *for_days)
    extended = ("-extfile", "openssl.cnf", "-extensions", "server")
    _openssl(folder, "x509", "-req", "-in", "server.csr", *signed, *extended, "-out", "server.crt")
    server_file = folder / "server.pem"  # Kafka wants key and certificate in one file
    server_file.write_bytes((folder / "server.key").read_bytes() + (folder / "server.crt").read_bytes())
    return Certificates(ca_file=folder / "ca.pem", server_file=server_file)


def _openssl(folder: Path, *arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise BrokerError(
            "no openssl on PATH to make test certificates: install it (Debian: apt-get install openssl) or "
            "run without TLS"
        )
    run = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise BrokerError(
            f"openssl {arguments[0]} failed (exit {run.returncode}), OpenSSL 1.1.1 or newer is "
            f"needed:\n{run.stderr.strip()}"
        )
