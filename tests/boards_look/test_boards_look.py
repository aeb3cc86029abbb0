"""`make boards-look` without a frontend says so; its list of pictures covers what the boards promise."""

import itertools
from pathlib import Path

import pytest

from proofs.boards.look.__main__ import FOLDER, REQUIRED, main
from proofs.boards.look.frontend import Frontend, FrontendError
from proofs.boards.look.pictures import BOARDS, NO_PROMETHEUS, pictures
from proofs.history import STORIES


@pytest.fixture
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.delenv(REQUIRED, raising=False)


@pytest.mark.usefixtures("_nowhere")
class TestWithoutAFrontend:
    def test_it_is_skipped_with_the_reason(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert 0 == main([])
        assert (
            f"skipped: Grafana's built frontend is not at hand: ${FOLDER} or --public names"
            in capsys.readouterr().out
        )

    def test_where_it_is_required_that_is_a_failure(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv(REQUIRED, "1")
        assert 1 == main([])
        assert "REQUIRE_FRONTEND is set" in capsys.readouterr().err

    def test_words_of_no_picture_are_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert 2 == main(["--only", "wall 12x12"])
        assert "no picture has the words" in capsys.readouterr().err


def test_a_folder_without_manifest_is_no_frontend(tmp_path: Path) -> None:
    with pytest.raises(FrontendError, match=r"holds no build/assets-manifest\.json"):
        Frontend(tmp_path)


def test_nothing_outside_of_the_folder_is_served(tmp_path: Path) -> None:
    (tmp_path / "public/build").mkdir(parents=True)
    (tmp_path / "public/build/assets-manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    frontend = Frontend(tmp_path / "public")
    assert frontend.file("build/assets-manifest.json") is not None
    assert frontend.file("../secret") is None


def test_every_value_is_in_some_picture() -> None:
    found = list(pictures())
    assert {"wall", *BOARDS} == {picture.board for picture in found}
    assert {*STORIES, NO_PROMETHEUS} == {picture.story for picture in found}
    for values in ({"en", "es-ES", "es-MX"}, {"dark", "light"}):
        assert values <= {value for picture in found for value in (picture.locale, picture.theme)}
    sizes = {(picture.size, picture.fit) for picture in found if picture.board == "wall"}
    assert {
        ((w, h), fit) for w, h in ((1366, 768), (1920, 1080), (3840, 2160)) for fit in (False, True)
    } <= sizes
    assert len({picture.file for picture in found}) == len(found)


def test_pictures_of_a_story_come_together() -> None:
    stories = [picture.story for picture in pictures()]
    changes = sum(one != other for one, other in itertools.pairwise(stories))
    assert len(set(stories)) - 1 == changes, "each story starts a Prometheus"
