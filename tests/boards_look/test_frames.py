"""Answers of Prometheus become the frames that Grafana's backend makes of them."""

from proofs.boards.look.frames import frames
from proofs.boards.look.frontend import Json


def vector(*values: tuple[dict[str, str], str]) -> Json:
    return {
        "resultType": "vector",
        "result": [{"metric": labels, "value": [10.5, value]} for labels, value in values],
    }


def test_a_frame_for_each_series() -> None:
    found = frames(
        vector(({"team": "billing"}, "7"), ({"team": "vip"}, "8")),
        "A",
        legend="{{team}}",
        expression="x",
        step_ms=15_000,
    )
    assert ["billing", "vip"] == [frame["schema"]["name"] for frame in found]
    assert [[[10_500], [7.0]], [[10_500], [8.0]]] == [frame["data"]["values"] for frame in found]
    value = found[0]["schema"]["fields"][1]
    assert {"team": "billing"} == value["labels"]
    assert {"displayNameFromDS": "billing"} == value["config"]


def test_what_json_cannot_hold_is_told_apart() -> None:
    data = {
        "resultType": "matrix",
        "result": [{"metric": {}, "values": [[1, "1"], [2, "NaN"], [3, "+Inf"], [4, "-Inf"]]}],
    }
    (frame,) = frames(data, "A", legend="__auto", expression="x", step_ms=1_000)
    assert [1.0, None, None, None] == frame["data"]["values"][1]
    assert [None, {"NaN": [1], "Inf": [2], "NegInf": [3]}] == frame["data"]["entities"]


def test_no_series_is_a_frame_without_fields() -> None:
    (frame,) = frames(vector(), "B", legend=None, expression="absent", step_ms=1_000)
    assert [] == frame["schema"]["fields"]
    assert "B" == frame["schema"]["refId"]


def test_a_scalar_is_a_series_without_labels() -> None:
    (frame,) = frames(
        {"resultType": "scalar", "result": [10, "3"]},
        "A",
        legend="__auto",
        expression="scalar(x)",
        step_ms=1_000,
    )
    assert [[10_000], [3.0]] == frame["data"]["values"]
