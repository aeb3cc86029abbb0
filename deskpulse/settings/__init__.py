"""Settings: one YAML file and `DESKPULSE_*` variables. The manual is `examples/deskpulse.yaml`."""

from deskpulse.settings.bands import Band, BandSettings, Bound
from deskpulse.settings.faults import Fault, SettingsError
from deskpulse.settings.kafka import KafkaSettings
from deskpulse.settings.loading import load
from deskpulse.settings.root import Settings
from deskpulse.settings.sections import (
    DeskSettings,
    ExporterSettings,
    MemberSettings,
    TopicSettings,
    WorkerSettings,
    is_loopback,
)

__all__ = [
    "Band",
    "BandSettings",
    "Bound",
    "DeskSettings",
    "ExporterSettings",
    "Fault",
    "KafkaSettings",
    "MemberSettings",
    "Settings",
    "SettingsError",
    "TopicSettings",
    "WorkerSettings",
    "is_loopback",
    "load",
]
