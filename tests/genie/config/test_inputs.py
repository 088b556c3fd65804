"""How options, files and defaults become the question of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from genie.config.inputs import FieldSource, Inputs, item_type
from genie.contracts.message import Payload, Value
from genie.errors import ConfigError, InputError


class Profile(Value):
    delimiter: str | None = None
    skip: int = 0
    columns: tuple[str | int, ...] = ()


class Filing(Payload, topic="entry.filing"):
    question: str
    filename: str
    content: bytes
    profile: Profile | None = None
    kind: str = "plain"


class Reading(Payload, topic="entry.reading"):
    text: str


def entry(folder: Path, **more: FieldSource) -> Inputs:
    sources = {
        "question": FieldSource(origin="question", default="Why?"),
        "content": FieldSource(origin="input", default=folder / "sample.csv", max_bytes=20),
        "filename": FieldSource(origin="filename"),
        "profile": FieldSource(origin="profile"),
        "kind": FieldSource(origin="value", value="special"),
    }
    return Inputs(payload=Filing, sources={**sources, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sample.csv").write_bytes(b"a;b\n")
    return tmp_path


def test_defaults_fill_what_is_not_given(folder: Path) -> None:
    assert entry(folder).question() == Filing(
        question="Why?", filename="sample.csv", content=b"a;b\n", profile=None, kind="special"
    )


def test_options_come_before_defaults(folder: Path) -> None:
    (folder / "mine.csv").write_bytes(b"\xff\x00x")
    (folder / "profile.yaml").write_text("delimiter: ';'\ncolumns: [date, 3]\n")
    found = entry(folder).question(
        question="How?", input_file=str(folder / "mine.csv"), profile=str(folder / "profile.yaml")
    )
    assert found == Filing(
        question="How?", filename="mine.csv", content=b"\xff\x00x", kind="special",
        profile=Profile(delimiter=";", columns=("date", 3)),
    )  # fmt: skip


def test_a_text_field_takes_a_file_of_text(folder: Path) -> None:
    reading = Inputs(payload=Reading, sources={"text": FieldSource(origin="input")})
    (folder / "note.txt").write_bytes("\ufeffgrüß".encode())
    assert reading.question(input_file=str(folder / "note.txt")) == Reading(text="grüß")
    (folder / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        reading.question(input_file=str(folder / "bad.txt"))


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "no such file"), (b"", "is empty"), (b" \n", "is empty"), (b"x" * 21, "larger than 20")],
)
def test_a_file_that_is_of_no_use_is_one_clear_line(folder: Path, content: bytes | None, says: str) -> None:
    path = folder / "given.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=says) as caught:
        entry(folder).question(input_file=str(path))
    assert "given.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_input(folder: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        entry(folder).question(input_file=str(folder))
    with pytest.raises(InputError, match="malformed"):
        entry(folder).question(input_file="a\0b")


def test_what_is_needed_and_not_given_names_the_option(folder: Path) -> None:
    with pytest.raises(InputError, match="pass --question TEXT"):
        entry(folder, question=FieldSource(origin="question")).question()
    with pytest.raises(InputError, match="pass --input FILE"):
        entry(folder, content=FieldSource(origin="input")).question()


def test_an_option_that_fills_nothing_is_refused(folder: Path) -> None:
    reading = Inputs(payload=Reading, sources={"text": FieldSource(origin="question")})
    with pytest.raises(InputError, match="--profile FILE: is not an option"):
        reading.question(question="x", profile=str(folder / "profile.yaml"))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("delimiter: ;\ndelimeter: x\n", 2, "did you mean 'delimiter'?"),
        ("skip: NO\n", 1, "a whole number"),
        ("a: [", 1, "not valid YAML"),
    ],
)
def test_a_profile_is_checked_at_its_lines(folder: Path, text: str, line: int, says: str) -> None:
    (folder / "profile.yaml").write_text(text)
    with pytest.raises(ConfigError, match=rf"profile.yaml:{line}: ") as caught:
        entry(folder, profile=FieldSource(origin="profile", max_bytes=100)).question(
            profile=str(folder / "profile.yaml")
        )
    assert any(says in problem for problem in caught.value.problems)


def test_a_value_that_the_payload_refuses_is_named_and_not_quoted(folder: Path) -> None:
    with pytest.raises(InputError, match=r"entry.filing.kind: ") as caught:
        entry(folder, kind=FieldSource(origin="value", value=[77123])).question()
    assert "77123" not in str(caught.value)


def test_a_default_from_the_environment_is_shown_as_written(folder: Path) -> None:
    source = FieldSource(origin="input", default=folder / "hunter2.csv", written="${PLACE}.csv")
    with pytest.raises(InputError) as caught:
        entry(folder, content=source).question()
    assert "${PLACE}.csv" in str(caught.value)
    assert "hunter2" not in str(caught.value)


class Sheet(Value):
    name: str
    content: bytes
    profile: Profile | None = None


class Folder(Payload, topic="entry.folder"):
    sheets: tuple[Sheet, ...] = ()


def sheets(folder: Path, *defaults: str, max_bytes: int = 20) -> Inputs:
    each = {"content": "input", "name": "filename", "profile": "profile"}
    files = tuple(FieldSource(origin="input", default=folder / name) for name in defaults)
    return Inputs(
        payload=Folder, sources={"sheets": FieldSource(origin="input", each=each, files=files, max_bytes=max_bytes)}
    )


def test_each_file_makes_an_item(folder: Path) -> None:
    (folder / "b.csv").write_bytes(b"b")
    given = [str(folder / "sample.csv"), str(folder / "b.csv")]
    expected = Folder(sheets=(Sheet(name="sample.csv", content=b"a;b\n"), Sheet(name="b.csv", content=b"b")))
    assert sheets(folder).question(input_file=given) == expected
    assert sheets(folder, "sample.csv", "b.csv").question() == expected
    assert sheets(folder, "sample.csv").question(input_file=given[1]) == Folder(sheets=expected.sheets[1:])


def test_a_profile_is_for_all_files_or_for_the_one_it_names(folder: Path) -> None:
    (folder / "b.csv").write_bytes(b"b")
    (folder / "all.yaml").write_text("skip: 1\n")
    (folder / "one.yaml").write_text("skip: 2\n")
    given = [str(folder / "sample.csv"), str(folder / "b.csv")]

    def skips(*profiles: str) -> list[int | None]:
        found = sheets(folder).question(input_file=given, profile=profiles)
        assert isinstance(found, Folder)
        return [sheet.profile and sheet.profile.skip for sheet in found.sheets]

    every, one = str(folder / "all.yaml"), str(folder / "one.yaml")
    assert skips(every) == [1, 1]
    assert skips(f"b.csv={one}") == [None, 2]
    assert skips(every, f"{given[0]}={one}") == [2, 1]
    with pytest.raises(InputError, match="write INPUT=FILE"):
        skips(every, one)


def test_files_of_one_name_go_by_their_paths(folder: Path) -> None:
    (folder / "other").mkdir()
    (folder / "other" / "sample.csv").write_bytes(b"c")
    given = [str(folder / "sample.csv"), str(folder / "other" / "sample.csv")]
    found = sheets(folder).question(input_file=given)
    assert isinstance(found, Folder)
    assert [sheet.name for sheet in found.sheets] == given


def test_files_are_bounded_one_by_one_and_together(folder: Path) -> None:
    (folder / "b.csv").write_bytes(b"b" * 18)
    both = [str(folder / "sample.csv"), str(folder / "b.csv")]
    with pytest.raises(InputError, match="larger than 20 bytes in all"):
        sheets(folder).question(input_file=both)
    with pytest.raises(InputError, match=r"b\.csv: is larger than 10 bytes"):
        sheets(folder, max_bytes=10).question(input_file=both)
    with pytest.raises(InputError, match="at most 100 files"):
        sheets(folder).question(input_file=[str(folder / "sample.csv")] * 101)
    with pytest.raises(InputError, match="standard input once"):
        sheets(folder).question(input_file=["-", "-"])
    with pytest.raises(InputError, match="pass --input FILE"):
        sheets(folder).question()


def test_a_field_for_one_file_refuses_several(folder: Path) -> None:
    with pytest.raises(InputError, match="--input FILE: is given 2 times"):
        entry(folder).question(input_file=[str(folder / "sample.csv")] * 2)


def test_items_are_of_tuples_of_values_alone() -> None:
    assert item_type(tuple[Sheet, ...]) is Sheet
    assert [item_type(other) for other in (tuple[str, ...], tuple[Sheet, Sheet], Sheet, str, None)] == [None] * 5
