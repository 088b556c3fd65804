"""The YAML dialect: what stays text, what is refused and where, what the environment may fill in."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from genie.config.source_map import SourceMap
from genie.config.yaml import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, load_bytes, load_file, load_text
from genie.errors import ConfigError


def loaded(text: str, **environ: str) -> SourceMap:
    return load_text(text, name="file.yaml", environ=environ)


def problems(text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        loaded(text, **environ)
    return caught.value.problems


@pytest.mark.parametrize(
    "text",
    [
        "NO", "no", "yes", "on", "off", "True", "FALSE", "Null", "12:30", "1:2:3", "017", "0o17", "0x1F", "0b11",
        "1_000", "2024-01-31", "2024-01-31T10:00:00Z", ".inf", ".nan", "+1", "1.", ".5", "=", "1e", "--1", "٣",
    ],
)  # fmt: skip
def test_only_the_words_and_numbers_of_the_dialect_are_more_than_text(text: str) -> None:
    assert loaded(f"key: {text}").value == {"key": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None), ("0", 0), ("-12", -12),
        ("0.5", 0.5), ("-1e-3", -0.001), ("2E2", 200.0), ('"true"', "true"), ("'12'", "12"), ("|-\n  1", "1"),
    ],
)  # fmt: skip
def test_words_and_numbers_are_read_unless_they_are_quoted(text: str, value: object) -> None:
    found = loaded(f"key: {text}\n").value
    assert found == {"key": value}
    assert isinstance(found, dict)
    assert type(found["key"]) is type(value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3", 3),  # a key twice
        ("a: 1\nb: [1, 2", 2),  # never closed
        ("a:\n\t- 1", 2),  # a tab
        ("a: b: c", 1),
        ("a: !!python/object/apply:os.system [ls]", 1),
        ("a: !secret x", 1),
        ("a: !!str 5", 1),
        ("base: &b {x: 1}\nc:\n  <<: *b", 3),
        ("%YAML 1.2\n---\na: 1", 1),
        ("a: 1\n---\nb: 2", 2),
        ("1: a", 1),
        ("x: y\ntrue: a", 2),
        ("? [a]\n: b", 1),
        ("a: &x\n  - *x", 2),
        ("a: 1\nb: *nowhere", 2),
        ("a: 1\nb: 1e999", 2),
        ("a: " + "9" * 500, 1),
        ("a: 1\nb: \x07", 2),
        ('a: "\\ud800"', 1),
    ],
)
def test_what_is_not_of_the_dialect_is_refused_at_its_line(text: str, line: int) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"file.yaml:{line}: ")
    assert "\n" not in problem


def test_every_problem_that_hides_nothing_is_told() -> None:
    found = problems("a: 1\na: 2\nb: !tag x\n3: c\nd: *nope\ne: ${NOPE}\n")
    assert [problem.split(":")[1] for problem in found] == ["2", "3", "4", "5", "6"]


def test_the_second_of_two_equal_keys_is_told_where_the_first_stands() -> None:
    (problem,) = problems("limits:\n  x: 1\nlimits:\n  x: 2\n")
    assert problem.startswith("file.yaml:3:")
    assert "line 1" in problem


def test_an_alias_with_a_typo_gets_a_suggestion() -> None:
    (problem,) = problems("a: &defaults [1]\nb: *default\n")
    assert "did you mean 'defaults'?" in problem


def test_depth_is_bounded_also_through_aliases() -> None:
    assert loaded("[" * MAX_DEPTH + "]" * MAX_DEPTH).value
    assert "deeper" in problems("[" * 100_000)[0]
    assert "deeper" in problems("{a: " * 50_000)[0]
    half = "[" * 20 + "]" * 20
    assert "deeper" in problems(f"a: &a {half}\nb: {'[' * 20}*a{']' * 20}")[0]


def test_an_alias_bomb_is_refused_before_it_is_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (problem,) = problems("\n".join(lines))
    assert "aliases" in problem


def test_the_number_of_aliases_is_bounded() -> None:
    assert "aliases" in problems("a: &a 1\nb: [" + ", ".join(["*a"] * (MAX_ALIASES + 1)) + "]")[0]


def test_an_alias_is_a_copy() -> None:
    value = loaded("a: &a [1]\nb: *a").value
    assert isinstance(value, dict)
    value["a"].append(2)
    assert value["b"] == [1]


def test_size_is_bounded() -> None:
    with pytest.raises(ConfigError, match="larger than"):
        load_bytes(b"#" * (MAX_BYTES + 1), name="file.yaml", environ={})
    assert "values" in problems("[" + "1," * 200_000 + "]")[0]


def test_bytes_that_are_no_text_are_refused_at_their_line() -> None:
    with pytest.raises(ConfigError, match=r"file.yaml:2: "):
        load_bytes(b"a: 1\nb: \xff\xfe", name="file.yaml", environ={})
    assert load_bytes(b"\xef\xbb\xbfa: 1", name="file.yaml", environ={}).value == {"a": 1}


def test_a_file_that_is_not_there_gets_a_suggestion(tmp_path) -> None:  # type: ignore[no-untyped-def]  # a fixture
    (tmp_path / "insights.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match=r"did you mean 'insights.yaml'\?"):
        load_file(tmp_path / "insight.yaml", environ={})
    with pytest.raises(ConfigError, match="not a regular file"):
        load_file(tmp_path, environ={})


def test_every_value_knows_its_line() -> None:
    document = loaded("# comment\na: 1\nb:\n  - x\n  - c: 2\n    d: >\n      long\n      text\n")
    assert [document.lines[path] for path in [("a",), ("b",), ("b", 0), ("b", 1), ("b", 1, "c"), ("b", 1, "d")]] == [
        2, 3, 4, 5, 5, 6,
    ]  # fmt: skip
    assert document.where(("b", 1, "nothing", 3)) == "file.yaml:5"
    assert document.where(("missing",)) == "file.yaml:1"


def test_an_empty_document_is_null() -> None:
    assert loaded("").value is None
    assert loaded("# only a comment\n").value is None


# --- the environment ---


def test_the_environment_fills_strings_and_only_strings() -> None:
    document = loaded(
        'a: ${HOST}:${PORT:-80}\nb: "${HOST}"\nc: ${NONE:-}\nd: $${HOST}\n${HOST}: e\nf: ${NUMBER}\n',
        HOST="db", NUMBER="12",
    )  # fmt: skip
    assert document.value == {"a": "db:80", "b": "db", "c": "", "d": "${HOST}", "${HOST}": "e", "f": "12"}


def test_a_default_stands_in_for_an_empty_variable() -> None:
    assert loaded("a: ${X:-y}", X="").value == {"a": "y"}
    assert loaded("a: ${X}", X="").value == {"a": ""}


def test_what_the_environment_gives_is_shown_as_it_was_written() -> None:
    document = loaded("a: {b: 'key ${TOKEN}'}\nc: 1\nd: ${OTHER:-plain}", TOKEN="hunter2")
    assert document.show(("a", "b")) == "key ${TOKEN}"
    assert document.source(("a",)) == "key ${TOKEN}"
    assert document.source(("c",)) is None
    assert document.source(("d",)) is None
    assert "hunter2" not in repr(document)


@pytest.mark.parametrize("text", ["${", "${A", "${A B}", "${1}", "${}", "${A:b}", "x ${A:-{}}"])
def test_a_reference_that_is_none_is_refused(text: str) -> None:
    assert any(problem.startswith("file.yaml:1: ") for problem in problems(f"a: '{text}'", A="1"))


def test_a_missing_variable_is_named_and_nothing_of_the_environment_told() -> None:
    (problem,) = problems("a: ${SECRET} ${MISSING}", SECRET="hunter2")
    assert "MISSING" in problem
    assert "hunter2" not in problem


def test_the_environment_cannot_blow_a_document_up() -> None:
    (problem,) = problems("a: " + "${A}" * 10_000, A="x" * 10_000)
    assert "characters" in problem


# --- laws ---

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda text: "${" not in text)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXT.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=20,
)


class _Quoting(yaml.SafeDumper):
    """Writes text in quotes, so that nothing rests on the dumper's idea of what plain text may be."""

    def ignore_aliases(self, data: object) -> bool:
        return True


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


@given(TREES, st.booleans())
def test_any_value_that_is_dumped_loads_equal(tree: object, flow: object) -> None:
    text = yaml.dump(tree, Dumper=_Quoting, default_flow_style=bool(flow), allow_unicode=True)
    assert same(loaded(text).value, tree)


PLAIN = SCALARS.filter(lambda value: not isinstance(value, str)) | st.text("abc \"'\\:#-{}", max_size=9)
KEYS = st.text("ab:", max_size=4)


@given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner)))
def test_json_is_of_the_dialect(tree: object) -> None:
    assert same(loaded(json.dumps(tree)).value, tree)


def same(one: object, other: object) -> bool:
    """Equal, and of the same types throughout: True is not 1, and 1 is not 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@given(st.text(max_size=200) | st.text("[]{}:,-?*&!|>'\"#%@`\n\t ab1${}<", max_size=60), st.dictionaries(TEXT, TEXT))
def test_random_text_raises_nothing_but_config_errors(text: str, environ: dict[str, str]) -> None:
    told: tuple[str, ...] = ("f:1: nothing",)
    try:
        load_text(text, name="f", environ=environ)
    except ConfigError as error:
        told = error.problems
    assert told
    assert all(line.startswith("f:") and "\n" not in line for line in told)


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_config_errors(content: bytes) -> None:
    told: tuple[str, ...] = ()
    try:
        load_bytes(content, name="f", environ={})
    except ConfigError as error:
        told = error.problems
    assert all("\n" not in line for line in told)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=6))
def test_no_error_holds_what_the_environment_gave(secret: str) -> None:
    text = "a: ${S}\na: ${S}\nb: ${S}${NOPE}\nc: ${S} ${\n"
    with pytest.raises(ConfigError) as caught:
        load_text(text, name="f", environ={"S": f"<{secret}>"})
    assert f"<{secret}>" not in str(caught.value)
