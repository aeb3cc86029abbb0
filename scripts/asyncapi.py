"""The event contract as an AsyncAPI 3 document, made from its types: `python -m scripts.asyncapi [--check]`.

Topics, keys and payloads come from `streams/`, the examples from docs/events.md, which a test decodes.
`--check` writes nothing and exits 1 when the committed document is not what they give.
"""

import argparse
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

import yaml

from scripts import schemas
from scripts.tidy import ROOT
from streams.decode import MAX_BYTES, Reject, decoder
from streams.events import Event
from streams.sources import BY_TOPIC, SourceTopic

DOCUMENT: Final = Path("docs/asyncapi.yaml")
EXAMPLES: Final = Path("docs/events.md")
_HEAD: Final = "# Made by scripts/asyncapi.py from streams/ and docs/events.md; do not edit.\n"
_BINDING: Final = "0.5.0"
_BLOCK: Final = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOPIC_CHAPTER: Final = re.compile(r"^### `([a-z-]+)`$", re.MULTILINE)
_ABOUT: Final = (
    "Events that a support desk sends to deskpulse over Kafka. JSON in UTF-8, one object a record, at most "
    f"{MAX_BYTES // 1024} KiB; unknown fields are ignored. Order and repetitions do not matter. The names of "
    "the topics may carry a prefix. docs/events.md explains when to send which event."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the document, or compare it."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.asyncapi", description="The event contract as an AsyncAPI 3 document."
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 when the committed document is out of date",
    )
    options = parser.parse_args(arguments)
    if not options.check:
        (ROOT / DOCUMENT).write_text(render(ROOT), encoding="utf-8")
        print(f"asyncapi: wrote {DOCUMENT}")
        return 0
    if is_current(ROOT):
        return 0
    print(f"asyncapi: {DOCUMENT} is not what the types give: run `python -m scripts.asyncapi`")
    return 1


def is_current(root: Path) -> bool:
    """Whether the committed document is what types and examples give."""
    path = root / DOCUMENT
    return path.is_file() and path.read_text(encoding="utf-8") == render(root)


def render(root: Path) -> str:
    """The text of the document."""
    return _HEAD + yaml.safe_dump(document(root), sort_keys=False, allow_unicode=True, width=120)


def document(root: Path) -> dict[str, Any]:
    """The document as plain values."""
    shown = examples((root / EXAMPLES).read_text(encoding="utf-8"))
    messages = {
        kind.__name__: message(source, kind, shown.get(kind, []))
        for source in BY_TOPIC.values()
        for kind in source.kinds
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "deskpulse: events of a support desk",
            "version": tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"],
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {source.topic: channel(source) for source in BY_TOPIC.values()},
        "operations": {
            f"read-{topic}": {
                "action": "receive",
                "summary": "Workers read every record, once they have its partition.",
                "channel": {"$ref": f"#/channels/{topic}"},
            }
            for topic in BY_TOPIC
        },
        "components": {"messages": messages},
    }


def channel(source: SourceTopic) -> dict[str, Any]:
    """One topic with the messages that it carries."""
    return {
        "address": source.topic,
        "description": source.about,
        "messages": {
            kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in source.kinds
        },
        "bindings": {
            "kafka": {
                "topic": source.topic,
                "topicConfiguration": {"cleanup.policy": ["delete"]},
                "bindingVersion": _BINDING,
            }
        },
    }


def message(source: SourceTopic, kind: type[Event], shown: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One kind of event: its payload, the key of its record, and examples."""
    key = ", else ".join(source.key)
    about = cleandoc(kind.__doc__ or "")
    return {
        "name": kind.__name__,
        "title": str(kind.__struct_config__.tag or source.topic),
        "summary": about.partition("\n")[0],
        "description": about,
        "contentType": "application/json",
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 128,
                    "description": f"`{key}`, plain.",
                },
                "bindingVersion": _BINDING,
            }
        },
        "payload": payload(source.topic, kind),
        "examples": [{"name": str(event["event_id"]), "payload": event} for event in shown],
    }


def payload(topic: str, kind: type[Event]) -> dict[str, Any]:
    """The JSON Schema of one kind of event, of the words that draft 7 and 2020-12 share."""
    made = schemas.schema(topic)
    found: Mapping[str, Any] = made["$defs"][kind.__name__] if "$defs" in made else made
    return {word: value for word, value in found.items() if not word.startswith("$")}


def examples(page: str) -> dict[type, list[dict[str, Any]]]:
    """The examples of docs/events.md by kind of event, in their order.

    Errors: ValueError for one that is no event of the topic under whose heading it stands.
    """
    found: dict[type, list[dict[str, Any]]] = {}
    for topic, text in _chapters(page):
        for line in (line for block in _BLOCK.findall(text) for line in block.splitlines()):
            event = decoder(topic)(line.encode())
            if isinstance(event, Reject):
                message = f"{EXAMPLES}: {line} is no event of {topic}: {event.detail}"
                raise ValueError(message)  # noqa: TRY004 - the page is at fault, no type is
            found.setdefault(type(event), []).append(json.loads(line))
    return found


def _chapters(page: str) -> Iterator[tuple[str, str]]:
    """Topics and what stands under their headings."""
    _, *parts = _TOPIC_CHAPTER.split(page)
    for topic, text in zip(parts[::2], parts[1::2], strict=True):
        yield topic, re.split(r"^##", text, maxsplit=1, flags=re.MULTILINE)[0]


if __name__ == "__main__":
    raise SystemExit(main())
