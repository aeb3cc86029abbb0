"""A Maven repository for tests: a server on loopback with made-up answers.

Each path has a list of them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What is answered once.

    `cut`: the connection ends in the middle. `hang`: nothing comes until the server ends. `endless`: the body
    over and over.
    """

    body: bytes = b""
    status: int = 200
    cut: bool = False
    hang: bool = False
    endless: bool = False
    location: str | None = None


@dataclass
class StandIn:
    """The answers of each path, the last of which is repeated.

    It also keeps what was asked for, with the header Authorization.
    """

    url: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    asked_once: threading.Event = field(default_factory=threading.Event)

    def paths(self) -> list[str]:
        return sorted(path for path, _ in self.asked)

    def next_answer(self, path: str) -> Answer:
        answers = self.answers.get(path, [Answer(status=404)])
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serve until the end of the block."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            served.asked.append((path, self.headers["Authorization"]))
            served.asked_once.set()
            answer = served.next_answer(path)
            if answer.hang:
                ended.wait()
                return
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            if not answer.endless:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            while answer.endless and not ended.is_set():
                self.wfile.write(answer.body)
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that went away is what some tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        served = StandIn(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield served
        finally:
            ended.set()
            server.shutdown()
            thread.join()
