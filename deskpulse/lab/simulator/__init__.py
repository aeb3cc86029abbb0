"""A seeded, realistic desk for demos, tests and measurements.

Its events come in the order in which they are published.
"""

from deskpulse.lab.simulator.backlog import publish_backlog
from deskpulse.lab.simulator.desk import DEFAULT_DESK, Channel, Priority, Rates, SimulatedDesk, Spread, Team
from deskpulse.lab.simulator.kinds import Kinds
from deskpulse.lab.simulator.rough import Rough
from deskpulse.lab.simulator.scenarios import SCENARIOS, Scenario
from deskpulse.lab.simulator.simulate import simulate

__all__ = [
    "DEFAULT_DESK",
    "SCENARIOS",
    "Channel",
    "Kinds",
    "Priority",
    "Rates",
    "Rough",
    "Scenario",
    "SimulatedDesk",
    "Spread",
    "Team",
    "publish_backlog",
    "simulate",
]
