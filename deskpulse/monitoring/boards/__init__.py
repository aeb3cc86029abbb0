"""Grafana boards as code, made from the policy, the bands and one file of texts.

`deskpulse dashboards` writes them.
"""

from deskpulse.monitoring.boards.build import Board, boards
from deskpulse.monitoring.boards.desk import DATASOURCE, Desk
from deskpulse.monitoring.boards.locales import ENGLISH, LOCALES, Locale

__all__ = ["DATASOURCE", "ENGLISH", "LOCALES", "Board", "Desk", "Locale", "boards"]
