"""Texts of the alerts on SLA targets: Prometheus templates that fit a phone's lock screen.

A text claims only what the figures know. Prometheus queries the figures beside the alert's own value when it
fills the template in; the text leaves out the part of a figure that no longer exists.
"""

from __future__ import annotations

from typing import Final

WHO: Final = (
    '{{ if eq $labels.by "all" }}All teams{{ else if eq $labels.by "channel" "priority" "segment" }}'
    "{{ $labels.by | title }} {{ $labels.member }}"
    "{{ else }}{{ $labels.member }}{{ end }}"
)
_IS_SOLUTION: Final = '{{ if eq $labels.target "resolution" }}'
_IS_NEXT_REPLY: Final = '{{ else if eq $labels.target "next_reply" }}'
WHAT: Final = f"{_IS_SOLUTION}resolutions{_IS_NEXT_REPLY}next replies{{{{ else }}}}first replies{{{{ end }}}}"
_COUNT: Final = '{{ . | first | value | printf "%.0f" }}'


def _with(metric: str, text: str) -> str:
    """A piece of text about a figure of the same member and target; nothing where there is no such figure."""
    labels = ",".join(f"{name}=%q" for name in ("desk", "by", "member", "target"))
    asked = (
        f'printf "desk:support_sla_{metric}{{{labels}}}" $labels.desk $labels.by $labels.member '
        "$labels.target"
    )
    return f"{{{{ with query ({asked}) }}}}{text}{{{{ end }}}}"


def _urged(solution: str, reply: str) -> str:
    return f"{_IS_SOLUTION}{solution}{{{{ else }}}}{reply}{{{{ end }}}}"


_OF: Final = _with("worst_observations", f" of {_COUNT}")
_IN_WINDOW: Final = _with(
    "worst_observations", ' in {{ . | first | label "window" | reReplaceAll "h" " h" }}'
)
_EXCESS: Final = _with("worst_excess_tickets", f", {_COUNT} too many")
_OVERDUE: Final = _with("worst_overdue_tickets", f"; {_COUNT} overdue now")
_LATE: Final = f"{WHO}: {{{{ $value }}}}{_OF} {WHAT} late{_IN_WINDOW}{_EXCESS}{_OVERDUE}."

ENDANGERED_SUMMARY: Final = (
    f"{WHO}: {{{{ $value }}}} {WHAT} due within 15 min"
    + _with("endangered_usual_tickets", f", usually {_COUNT}")
    + ". "
    + _urged("Resolve them now.", "Answer them now.")
)
ENDANGERED: Final = (
    f"{{{{ $value }}}} {WHAT} are still due within 15 minutes"
    + _with("endangered_observations", f", of {_COUNT} with a deadline in that time")
    + _with("endangered_usual_tickets", f"; {_COUNT} would be usual")
    + ". That is more than chance explains. They can still be on time: tickets_url lists them, the next "
    "deadline first."
)
BELOW_PAGE_SUMMARY: Final = f"{_LATE} {_urged('Resolve these first.', 'Answer these first.')}"
BELOW_SUMMARY: Final = f"{_LATE} Find the cause."
BELOW: Final = (
    f"{{{{ $value }}}}{_OF} {WHAT} with a deadline{_IN_WINDOW} were late{_EXCESS}"
    + _with("worst_objective_ratio", " for the objective of {{ . | first | value | humanizePercentage }}")
    + ". That is more than chance explains"
    + _with(
        "worst_since_timestamp_seconds", " and has lasted since {{ . | first | value | humanizeTimestamp }}"
    )
    + _with("worst_overdue_tickets", f". Still open past their deadline: {_COUNT}")
    + ". Start with these: tickets_url lists them."
)
WAITS_LONG_SUMMARY: Final = (
    f"{WHO}: {{{{ $value }}}} {WHAT} have waited twice the target time. Answer them now."
)
WAITS_LONG: Final = (
    f"{{{{ $value }}}} {WHAT} of a small team have waited at least twice the target time. "
    "The team has too few deadlines for a statistical test, so this alert counts the tickets: tickets_url "
    "lists them."
)

LATER_SUMMARY: Final = (
    f"{WHO}: a customer has waited {{{{ $value | humanizeDuration }}}} for a later reply. Answer now."
)


def later(least: str) -> str:
    """The description of a long wait for a later reply. `least`: twice the longest first reply promised."""
    return (
        "The customer wrote again after our reply, and nobody has answered. The policy promises no next "
        f"reply here, so this alert counts from {least} of open time on: twice the longest time that it "
        "allows for a first reply. The board shows how many wait."
    )


def burn_summary(long: str) -> str:
    """The summary of a burn of the error budget over the window `long`.

    Empty case: none, the share is the alert's value.
    """
    return (
        f"{WHO}: {{{{ $value | humanizePercentage }}}} of {WHAT} late in {long}; the 30-day budget will "
        "not last. Find the cause."
    )


def burn(short: str) -> str:
    """The description of a burn of the error budget, checked over the shorter window `short`."""
    return (
        f"The last {short} were no better. At this rate the late tickets that the objective allows for 30 "
        "days are used up early. Compare teams, channels and priorities on the board to find the cause."
    )
