"""The links of a panel: each keeps the time range, the data source and the desk.

Where the panel knows the team, the link keeps it too.
"""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as sdk

from deskpulse.monitoring.boards.desk import SOURCE_VARIABLE, Desk
from deskpulse.monitoring.boards.matchers import DESK

# Values are made safe one by one: Grafana itself would leave a `&` or a `+` of a name as it is.
_KEPT = f"${{__url_time_range}}&${{{SOURCE_VARIABLE}:queryparam}}&${{{DESK}:queryparam}}"


def url(desk: Desk, board: str, *more: str) -> str:
    """The address of a board."""
    return f"/d/{desk.uid(board)}?{'&'.join((*more, _KEPT))}"


def team_of_series(desk: Desk) -> str:
    """To the board of the team that a line, bar or row is about."""
    return url(desk, "team", "var-team=${__field.labels.member:percentencode}")


def team_of_cell(desk: Desk) -> str:
    """To the board of the team whose name stands in a cell."""
    return url(desk, "team", "var-team=${__value.raw:percentencode}")


def to(desk: Desk, board: str, *more: str) -> list[sdk.DashboardLink]:
    """The link of a tile."""
    return [
        sdk.DashboardLink(
            title=desk.words(f"board_{board}"),
            type_val=sdk.DashboardLinkType.LINK,
            url=url(desk, board, *more),
        )
    ]
