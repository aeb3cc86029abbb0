"""What alerts about promises say.

Templates of Prometheus that fit the lock screen of a phone and read as English.

They claim nothing that the figures do not know. A figure beside the value of the alert is asked for when the
text is made; where there is none any more, its part of the sentence is left out.
"""

from __future__ import annotations

from typing import Final

WHO: Final = (
    '{{ if eq $labels.by "all" }}All teams{{ else if eq $labels.by "channel" "priority" }}{{ $labels.by | '
    "title }} {{ $labels.member }}"
    "{{ else }}{{ $labels.member }}{{ end }}"
)
_IS_SOLUTION: Final = '{{ if eq $labels.target "resolution" }}'
_IS_NEXT_REPLY: Final = '{{ else if eq $labels.target "next_reply" }}'
WHAT: Final = f"{_IS_SOLUTION}solutions{_IS_NEXT_REPLY}next replies{{{{ else }}}}first replies{{{{ end }}}}"
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
_EXCESS: Final = _with("worst_excess_tickets", f", {_COUNT} more than allowed")
_OVERDUE: Final = _with("worst_overdue_tickets", f"; {_COUNT} overdue now")
_LATE: Final = f"{WHO}: {{{{ $value }}}}{_OF} {WHAT} late{_IN_WINDOW}{_EXCESS}{_OVERDUE}."

ENDANGERED_SUMMARY: Final = (
    f"{WHO}: {{{{ $value }}}} {WHAT} due within 15 min, {_urged('none is solved', 'nobody has answered')}"
    + _with("endangered_usual_tickets", f"; usual {_COUNT}")
    + ". "
    + _urged("Solve them now.", "Answer them now.")
)
ENDANGERED: Final = (
    f"{{{{ $value }}}} {WHAT} are due within 15 minutes and still to be done"
    + _with("endangered_observations", f", of {_COUNT} with such a deadline")
    + _with("endangered_usual_tickets", f"; {_COUNT} would be usual")
    + ". That is more than chance explains. They can still be kept: tickets_url lists them, the next "
    "deadline first."
)
BELOW_PAGE_SUMMARY: Final = f"{_LATE} {_urged('Solve these first.', 'Answer these first.')}"
BELOW_SUMMARY: Final = _LATE
BELOW: Final = (
    f"{{{{ $value }}}}{_OF} {WHAT} with a deadline{_IN_WINDOW} were late{_EXCESS}"
    + _with("worst_objective_ratio", " by the objective of {{ . | first | value | humanizePercentage }}")
    + ". That is more than chance explains"
    + _with(
        "worst_since_timestamp_seconds", "; so it has been since {{ . | first | value | humanizeTimestamp }}"
    )
    + _with("worst_overdue_tickets", f". Past their deadline and not done yet: {_COUNT}")
    + ". tickets_url lists them."
)
WAITS_LONG_SUMMARY: Final = (
    f"{WHO}: {{{{ $value }}}} {WHAT} have waited for twice the promised time. Answer them now."
)
WAITS_LONG: Final = (
    f"{{{{ $value }}}} {WHAT} of a team with few tickets are overdue by at least as long as was promised. "
    "There are too few deadlines for a test, so the tickets themselves count: tickets_url lists them."
)


def burn_summary(long: str) -> str:
    """What a burn of the budget says. Empty case: none, the share is the value of the alert."""
    return (
        f"{WHO}: {{{{ $value | humanizePercentage }}}} of the {WHAT} were late in {long}; the objective "
        "allows fewer."
    )


def burn(short: str) -> str:
    """Why it matters."""
    return (
        f"The last {short} were no better, so the share that may be late will be used up before its 30 days "
        "are over. "
        "Compare teams, channels and priorities on the board to see where it comes from."
    )
