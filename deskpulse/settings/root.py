"""All settings as one frozen value."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from deskpulse.settings.bands import BandSettings
from deskpulse.settings.base import DELIMITER, VARIABLE_PREFIX, wrong
from deskpulse.settings.exporter import ExporterSettings
from deskpulse.settings.kafka import KafkaSettings
from deskpulse.settings.privacy import PrivacySettings
from deskpulse.settings.sections import DeskSettings, TopicSettings, WorkerSettings

_KAFKA_NAME_LENGTH: Final = 200  # Kafka allows 249, and names are made longer with prefix and suffix
_KAFKA_NAME_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class Settings(BaseSettings):
    """Every setting of deskpulse; read them with `deskpulse.settings.load`.

    `Settings()` has the defaults and what `DESKPULSE_*` variables say; variables win over keyword arguments,
    which are the file's values.
    """

    model_config = SettingsConfigDict(
        env_prefix=VARIABLE_PREFIX,
        env_nested_delimiter=DELIMITER,
        env_ignore_empty=True,  # compose files pass an unset variable on as an empty one
        env_parse_none_str="null",
        enable_decoding=False,  # lists may be written a,b; the fields read their own text
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    app_id: Annotated[str, StringConstraints(min_length=1, max_length=_KAFKA_NAME_LENGTH)] = "deskpulse"
    topic_prefix: Annotated[str, StringConstraints(max_length=_KAFKA_NAME_LENGTH)] = ""
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    topics: TopicSettings = Field(default_factory=TopicSettings)
    desk: DeskSettings = Field(default_factory=DeskSettings)
    privacy: PrivacySettings = Field(default_factory=PrivacySettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    exporter: ExporterSettings = Field(default_factory=ExporterSettings)
    bands: BandSettings = Field(default_factory=BandSettings)

    @property
    def desk_name(self) -> str:
        """What the desk is called: `desk.name`, else the app_id."""
        return self.desk.name or self.app_id

    def describe(self) -> dict[str, Any]:
        """The effective settings as plain values for YAML or JSON, secrets hidden."""
        return self.model_dump(mode="json")

    @field_validator("app_id", "topic_prefix")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if odd := sorted(set(name) - _KAFKA_NAME_LETTERS):
            raise wrong(
                f"{''.join(odd)!r} is not allowed in the name of a Kafka topic",
                "use letters, digits, dot, underscore and hyphen",
            )
        return name

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables first, then the file; no `.env`, no folder of secrets.

        One place more is one more to look at.
        """
        return env_settings, init_settings
