"""Where an exporter listens, who may ask, and how much it exports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from deskpulse.settings.base import Section, check_readable, listed, read_secret, wrong
from deskpulse.settings.windows import TicketWindow
from exporters.config import EXACT_SECONDS, is_host, is_loopback

Rollup = Literal["all", "team", "channel", "priority", "segment"]


class ExporterSettings(Section):
    """Section `exporter`. The order of the fields matters: a check across fields sits on the last of them."""

    host: str = "127.0.0.1"
    port: int = Field(9_108, ge=0, le=65_535)
    cert_file: Path | None = None
    key_file: Path | None = None
    bearer_token: SecretStr | None = None
    bearer_token_file: Path | None = None
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    insecure_listen: bool = False
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(listed)] = ()
    show_tickets: bool = False
    max_screens: int = Field(50, ge=1, le=10_000)
    clock: Literal["wall", "event"] = "wall"
    behind_seconds: float = Field(30.0, ge=1, le=86_400)
    clock_skew_seconds: float = Field(10.0, ge=1, le=3_600)
    parts_windows: Annotated[tuple[TicketWindow, ...], BeforeValidator(listed)] = ("1h",)
    compared_rollups: Annotated[tuple[Rollup, ...], BeforeValidator(listed)] = ("all", "team")
    buckets_seconds: Annotated[tuple[int, ...], BeforeValidator(listed)] = (900, 3_600, 10_800)

    def read_bearer_token(self) -> str | None:
        """The token that requests may carry, None without one. Errors: OSError."""
        return read_secret(self.bearer_token, self.bearer_token_file)

    def read_basic_auth(self) -> tuple[str, str] | None:
        """User name and password that requests may carry, None without. Errors: OSError."""
        password = read_secret(self.password, self.password_file)
        return None if self.username is None or password is None else (self.username, password)

    @field_validator("cert_file", "key_file", "bearer_token_file", "password_file")
    @classmethod
    def _check_file(cls, path: Path | None) -> Path | None:
        check_readable(path)
        return path

    @field_validator("key_file")
    @classmethod
    def _check_pair(cls, key_file: Path | None, info: ValidationInfo) -> Path | None:
        if "cert_file" in info.data and (info.data["cert_file"] is None) != (key_file is None):
            raise wrong("key_file and cert_file belong together, but one is missing", "set both, or none")
        return key_file

    @field_validator("bearer_token_file")
    @classmethod
    def _check_token(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None and info.data.get("bearer_token") is not None:
            raise wrong("given together with exporter.bearer_token", "keep one of the two")
        if not _is_filled(info.data.get("bearer_token"), path):
            raise wrong("an empty token lets anyone in", "fill the file, or leave it out")
        return path

    @field_validator("password_file")
    @classmethod
    def _check_password(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if not {"username", "password"} <= info.data.keys():
            return path  # has a fault of its own
        username, password = info.data["username"], info.data["password"]
        if path is not None and password is not None:
            raise wrong("given together with exporter.password", "keep one of the two")
        if (username is None) != (password is None and path is None):
            raise wrong(
                "exporter.username and a password belong together, but one is missing", "set both, or none"
            )
        if username == "" or not _is_filled(password, path):
            raise wrong("an empty user name or password lets anyone in", "fill them, or leave both out")
        return path

    @field_validator("insecure_listen")
    @classmethod
    def _check_door(cls, insecure: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic calls it
        given = info.data
        host = given.get("host")
        if host is None or insecure or is_loopback(host):
            return insecure
        has_login = any(
            given.get(name) is not None for name in ("bearer_token", "bearer_token_file", "username")
        )
        missing = [
            name
            for name, there in (("TLS", given.get("cert_file") is not None), ("a log-in", has_login))
            if not there
        ]
        if missing:
            raise wrong(
                f"exporter.host {host!r} can be reached from other machines, and {' and '.join(missing)} is "
                "not set up",
                "keep host 127.0.0.1 behind a proxy that has both, or set exporter.cert_file, key_file and "
                "bearer_token_file (or username "
                "and password_file); in a network you trust, set insecure_listen to true",
            )
        return insecure

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if wrongs := [host for host in hosts if not is_host(host)]:
            raise wrong(
                f"{wrongs[0]!r} is not a host", "write names or addresses alone, without scheme, port or path"
            )
        return hosts

    @field_validator("parts_windows", "compared_rollups", "buckets_seconds")
    @classmethod
    def _check_once(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(values)) < len(values):
            raise wrong("it has duplicates", "list each value once")
        return values

    @field_validator("buckets_seconds")
    @classmethod
    def _check_buckets(cls, edges: tuple[int, ...]) -> tuple[int, ...]:
        if unknown := [edge for edge in edges if edge not in EXACT_SECONDS]:
            raise wrong(
                f"the stored histograms have no edge at {unknown}",
                f"choose from {', '.join(map(str, EXACT_SECONDS))}",
            )
        return tuple(sorted(edges))


def _is_filled(secret: SecretStr | None, path: Path | None) -> bool:
    return (secret is None and path is None) or bool(read_secret(secret, path))
