"""The settings of a local Kafka, without starting one."""

from pathlib import Path

from deskpulse.lab.brokers.settings import Access, Node, as_text, server_properties

ONE = Node(1, port=9092, controller_port=9093, folder=Path("/data/1"))
THREE = [Node(n, port=9090 + n, controller_port=9190 + n, folder=Path(f"/data/{n}")) for n in (1, 2, 3)]
ACCESS = Access("user", "pass", Path("/tls/ca.pem"), Path("/tls/server.pem"))


def test_one_broker_keeps_one_copy() -> None:
    settings = server_properties(ONE, [ONE], None, {})
    assert "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093" == settings["listeners"]
    assert "1" == settings["default.replication.factor"] == settings["transaction.state.log.min.isr"]


def test_three_brokers_keep_three_copies_and_need_two() -> None:
    settings = server_properties(THREE[1], THREE, None, {})
    assert "2" == settings["node.id"]
    assert "1@127.0.0.1:9191,2@127.0.0.1:9192,3@127.0.0.1:9193" == settings["controller.quorum.voters"]
    assert "3" == settings["default.replication.factor"] == settings["offsets.topic.replication.factor"]
    assert "2" == settings["min.insync.replicas"] == settings["transaction.state.log.min.isr"]


def test_with_access_control_no_listener_for_clients_is_plain() -> None:
    settings = server_properties(ONE, [ONE], ACCESS, {})
    assert "SASL_SSL://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093" == settings["listeners"]
    assert "SCRAM-SHA-512" == settings["sasl.enabled.mechanisms"]
    assert "PLAINTEXT" not in settings["inter.broker.listener.name"]


def test_overrides_win() -> None:
    assert (
        "7"
        == server_properties(ONE, [ONE], None, {"offsets.topic.num.partitions": "7"})[
            "offsets.topic.num.partitions"
        ]
    )


def test_backslashes_and_line_ends_survive_the_file_format() -> None:
    assert "a=b\\\\c\\nd\n" == as_text({"a": "b\\c\nd"})
