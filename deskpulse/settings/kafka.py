"""How every Kafka client reaches the brokers: addresses, TLS, SASL."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import SecretStr, ValidationInfo, field_validator

from deskpulse.settings.base import NameList, Section, check_readable, read_secret, wrong

_LAST_PORT: Final = 65535
HIDDEN: Final = "********"

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class HiddenText(str):
    """A secret that a client can use as text and that a log of its options does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(HIDDEN)


class KafkaSettings(Section):
    """Section `kafka`. The order of the fields matters: a check across fields sits on the last of them."""

    bootstrap_servers: NameList = ("127.0.0.1:9092",)
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def client_options(self) -> dict[str, Any]:
        """Keyword arguments that connect any aiokafka client (consumer, producer, admin).

        Their `repr` shows no secret.

        Errors: OSError when a file named here has gone since start.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.bootstrap_servers),
            "security_protocol": self.security_protocol,
        }
        if self.uses_tls:
            options["ssl_context"] = _ssl_context(self.ca_file, self.cert_file, self.key_file)
        if self.uses_sasl:
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = HiddenText(read_secret(self.password, self.password_file) or "")
        return options

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return _uses_tls(self.security_protocol)

    @property
    def uses_sasl(self) -> bool:
        """Whether the client logs in with a user name and a password."""
        return _uses_sasl(self.security_protocol)

    @field_validator("bootstrap_servers")
    @classmethod
    def _check_servers(cls, servers: tuple[str, ...]) -> tuple[str, ...]:
        if not servers:
            raise wrong("no broker", "name at least one broker, such as 127.0.0.1:9092")
        for server in servers:
            _check_server(server)
        return servers

    @field_validator("password_file", "ca_file", "cert_file", "key_file")
    @classmethod
    def _check_file(cls, path: Path | None) -> Path | None:
        check_readable(path)
        return path

    @field_validator("username")
    @classmethod
    def _check_username(cls, username: str | None, info: ValidationInfo) -> str | None:
        protocol = info.data.get("security_protocol")
        if protocol is None:
            return username
        if _uses_sasl(protocol) and not username:
            raise wrong(
                f"missing, but {protocol} logs in", "set kafka.username, or a security_protocol without SASL"
            )
        if username and not _uses_sasl(protocol):
            raise wrong(
                f"never used with {protocol}",
                "set kafka.security_protocol to SASL_SSL, or leave username out",
            )
        return username

    @field_validator("password_file")
    @classmethod
    def _check_password(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if "password" not in info.data or "security_protocol" not in info.data:
            return path  # has a fault of its own
        protocol, password = info.data["security_protocol"], info.data["password"]
        if password is not None and path is not None:
            raise wrong("given together with kafka.password", "keep one of the two")
        given = password is not None or path is not None
        if _uses_sasl(protocol) and not given:
            raise wrong(
                f"missing, like kafka.password, but {protocol} logs in",
                "set kafka.password_file (better) or kafka.password",
            )
        if given and not _uses_sasl(protocol):
            raise wrong(
                f"a password is never used with {protocol}",
                "set kafka.security_protocol to SASL_SSL, or leave it out",
            )
        return path

    @field_validator("key_file")
    @classmethod
    def _check_tls(cls, key_file: Path | None, info: ValidationInfo) -> Path | None:
        if not {"security_protocol", "ca_file", "cert_file"} <= info.data.keys():
            return key_file  # has a fault of its own
        protocol, ca_file, cert_file = (
            info.data[name] for name in ("security_protocol", "ca_file", "cert_file")
        )
        if not _uses_tls(protocol):
            if ca_file or cert_file or key_file:
                raise wrong(
                    f"ca_file, cert_file and key_file are never used with {protocol}",
                    "set kafka.security_protocol to SSL or SASL_SSL",
                )
            return key_file
        if (cert_file is None) != (key_file is None):
            raise wrong(
                "key_file and cert_file belong together, but one is missing",
                "set both, or none for TLS without a client certificate",
            )
        try:
            _ssl_context(ca_file, cert_file, key_file)
        except (ssl.SSLError, ValueError) as error:
            raise wrong(
                f"ca_file, cert_file and key_file cannot be loaded: {error}",
                "use PEM files; the key must belong to the certificate and have no passphrase",
            ) from error
        return key_file


def _uses_tls(protocol: str) -> bool:
    return protocol in {"SSL", "SASL_SSL"}


def _uses_sasl(protocol: str) -> bool:
    return protocol.startswith("SASL_")


def _ssl_context(ca_file: Path | None, cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext:
    """A verifying client context; without `ca_file` it trusts the system's authorities."""
    context = ssl.create_default_context(cafile=ca_file)
    if cert_file is not None:
        # The empty passphrase keeps OpenSSL from asking the terminal for one.
        context.load_cert_chain(cert_file, key_file, password="")
    return context


def _check_server(server: str) -> None:
    if "://" in server:
        raise wrong(
            f"{server!r} has a scheme", "write host:port only; kafka.security_protocol sets how to connect"
        )
    host, colon, port = server.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 1 <= int(port) <= _LAST_PORT:
        raise wrong(f"{server!r} is not host:port", "add the port, such as 127.0.0.1:9092 or [::1]:9092")
