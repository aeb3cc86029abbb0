"""Settings: one YAML file and `DESKPULSE_*` variables. The manual is `examples/deskpulse.yaml`."""

from deskpulse.settings.bands import Band, BandSettings, Bound
from deskpulse.settings.exporter import ExporterSettings
from deskpulse.settings.faults import Fault, SettingsError
from deskpulse.settings.kafka import KafkaSettings
from deskpulse.settings.loading import load
from deskpulse.settings.root import Settings
from deskpulse.settings.sections import DeskSettings, MemberSettings, TopicSettings, WorkerSettings

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
    "load",
]
