"""Renderers by entry point: found by topic, loaded when a payload is shown, and never the end of an answer."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from genie.contracts.message import Payload
from genie.contracts.rendering import Notice
from genie.errors import DefinitionError
from genie.reports.renderers import renderer_of, report_of

ROOT = Path(__file__).parents[3]
MODULE = """
    from genie.contracts.rendering import Report, Section

    class Good:
        topics = ("drawn.one",)
        def render(self, payload):
            return Report((), headline=f"drawn: {payload.text}")

    class Failing(Good):
        def render(self, payload):
            raise KeyError(payload.text)

    class Odd(Good):
        def render(self, payload):
            return payload.text

    class Elsewhere(Good):
        topics = ("drawn.other",)
"""
Install = Callable[..., None]


class One(Payload, topic="drawn.one"):
    text: str


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what installs distributions with one renderer each for the topic ``drawn.one``."""

    def installed(*values: str) -> None:
        (tmp_path / "drawings.py").write_text(textwrap.dedent(MODULE))
        for number, value in enumerate(values):
            metadata = tmp_path / f"drawings{number}-1.dist-info"
            metadata.mkdir()
            (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: drawings{number}\nVersion: 1\n")
            (metadata / "entry_points.txt").write_text(f"[genie.renderers]\ndrawn.one = {value}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "drawings", raising=False)

    return installed


def test_a_payload_is_rendered_by_the_renderer_of_its_topic(install: Install) -> None:
    install("drawings:Good")
    assert report_of(One(text="a")).headline == "drawn: a"


def test_a_payload_without_a_renderer_is_shown_by_its_fields() -> None:
    assert renderer_of("drawn.one") is None
    assert report_of(One(text="a")).sections[0].blocks


@pytest.mark.parametrize(
    "name", ["drawings:Failing", "drawings:Odd", "drawings:Elsewhere", "drawings:Missing", "gone:X"]
)
def test_a_renderer_that_fails_takes_no_answer_away(install: Install, name: str) -> None:
    expected = report_of(One(text="a secret")).sections
    install(name)
    report = report_of(One(text="a secret"))
    notice = report.lead[0]
    assert isinstance(notice, Notice)
    assert "'drawn.one'" in notice.text
    assert "a secret" not in notice.text, "the text of an exception may hold the payload's"
    assert report.sections == expected


def test_two_renderers_of_one_topic_are_an_error(install: Install) -> None:
    install("drawings:Good", "drawings:Odd")
    with pytest.raises(DefinitionError) as raised:
        renderer_of("drawn.one")
    assert raised.value.code == "definition"


def test_showing_one_payload_loads_no_other_renderer() -> None:
    code = (
        "import sys; from genie.contracts.message import Payload; from genie.reports.renderers import report_of\n"
        "class One(Payload, topic='drawn.one'):\n    text: str\n"
        "report_of(One(text='a'))\n"
        "print([name for name in ('genie_finance', 'jinja2', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
