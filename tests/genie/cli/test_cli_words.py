"""Whatever is wrong, the words are ours: no message of click, pydantic, PyYAML or SQLite reaches a user."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from genie.cli.usage import told

Genie = Callable[..., Result]
ROOT = Path(__file__).parents[3]
PIPELINE = ROOT / "config/pipelines/insights.yaml"
GOOD = PIPELINE.read_text(encoding="utf-8")
HEAD = "version: 1\nid: t\n"
FOREIGN = re.compile(
    r"Traceback|pydantic|Input should|Field required|Value error|validation error|type=|while (parsing|scanning)|"
    r"expected <|did not find|found (unexpected|character|undefined)|yaml\.|sqlite|SQLITE_|Error: |Try '|^Usage: |"
    r"No such (option|command)|Invalid value|Missing (argument|option)|is not one of|JSONDecode|Expecting|Extra data|"
    r"codec can't|invalid literal|object has no|NoneType|Unterminated|line 1 column|should match pattern",
    re.IGNORECASE,
)
YAML: dict[str, str | bytes] = {
    "tab": "a:\n\tb: 1\n", "unclosed": "a: [1, 2\n", "twice": "version: 1\nversion: 1\n", "loop": "a: &x [*x]\n",
    "tag": "a: !!python/object:os.system 1\n", "binary": b"\xff\xfe\x00", "nul": "a: \0\n", "quote": 'a: "x\n',
    "list": "- 1\n", "scalar": "hello\n", "empty": "", "documents": "a: 1\n---\nb: 2\n", "indent": "a: 1\n  b: 2\n",
    "colon": "a: b: c\n", "directive": "%YAML 9.9\n---\na: 1\n", "version": "version: 99\n", "word": "version: one\n",
    "agents": f"{HEAD}agents: 5\n", "none": f"{HEAD}agents: [nope]\n", "number": f"{HEAD}agents: [{{id: 5}}]\n",
    "empty list": f"{HEAD}agents: []\n", "environment": GOOD.replace("environment: development", "environment: prod"),
    "negative": GOOD.replace("max_runs:", "max_runs: -1 #"), "infinite": GOOD.replace("within_s:", "within_s: .inf #"),
    "text": GOOD.replace("within_s:", "within_s: soon #"),
    "huge": GOOD.replace("within_s:", f"within_s: {'9' * 5000} #"),
    "deep": f"a: {'[' * 200}{']' * 200}\n", "at": "a: @x\n", "key": "? a\n", "alias": "a: *none\n",
    "list key": "? [1,2]\n: 3\n", "unknown": f"{GOOD}\nfoo: 1\n",
    "policies": GOOD.replace("policies:", "policies: 5 #"),
    "escape": 'a: "\\q"\n', "control": "a: \x07\n", "variable": "a: ${NOPE}\n",
    "id": GOOD.replace("id: insights", "id: In S"),
    "brace": "a: {b: 1\n", "dash": "a:\n- 1\n b\n", "hex": 'a: "\\x4"\n',
}  # fmt: skip
JSON: dict[str, str | bytes] = {
    "brace": "{", "list": "[1]", "number": "5", "deep": "[" * 100_000, "nan": '{"question": NaN}',
    "binary": b"\xff\xfe",
    "huge": f'{{"question": {"9" * 6000}}}', "mapping": '{"question": {"a": 1}}', "unknown": '{"qestion": 1}',
    "null": "null", "missing": "{}", "surrogate": '{"question": "\\ud800"}',
}  # fmt: skip
RUN = ("run", str(PIPELINE), "--quiet")
USAGE = [
    ("run",), (*RUN, "--nope"), ("nope",), ("rnu",), (*RUN, "--clearance", "secret"), (*RUN, "--set", "x"),
    (*RUN, "--set", "within_s=soon"), (*RUN, "--set", "="), (*RUN, "--metrics", "x"), (*RUN, "--metrics", "70000"),
    (*RUN, "--log-level", "loud"), (*RUN, "--input", "/nope"), (*RUN, "--input", "."), (*RUN, "--journal", "/nope/x"),
    (*RUN, "--html", "."), (*RUN, "--control", "/nope/x.db"), (*RUN, "--consent", "x@y"), (*RUN, "more"), ("ask",),
    ("ask", "nope"), ("ask", "insights.question", "--within", "0"), ("ask", "insights.question", "--within", "x"),
    ("simulate", "x"), ("simulate", "quiet-month", "--seed", "-1"), ("simulate", "quiet-month", "--seeds", "9..1"),
    ("simulate", "quiet-month", "--runs", "0"), ("simulate", "quiet-month", "--trouble", "99"), ("kill",),
    ("kill", "agent"), ("kill", "agent", "x"), ("pause", "x", "--control", "/nope"), ("approvals", "approve", "h"),
    ("approvals", "shwo"), ("audit", "keygen", "/nope/k"), ("audit", "verify", "/nope"), ("policy", "tset"),
    ("audit", "query", ".", "--since", "yesterday"), ("audit", "export", ".", "--format", "x"), ("new", "project", ""),
    ("new", "agent", "x"), ("new", "agent", "X", "y"), ("completion", "x"), ("graph",), ("policy", "explain"),
    ("inspect", "/nope"), ("serve-schedule", str(PIPELINE)), (*RUN, "--log-level"), ("doctor", "--json=5"),
    ("keys", "create", "k.json", "--user", "a", "--budget", "x"),
    ("keys", "create", "k.json", "--user", "a", "--budget", "-1"),
    ("keys", "create", "k.json", "--user", "a", "--scope", "x"), ("keys", "create", "k.json", "--user", ""),
    ("check", str(PIPELINE), "--set", "limits.max_runs=-1"), ("check", str(PIPELINE), "--set", "caller.clearance=top"),
]  # fmt: skip


def written(folder: Path, name: str, content: str | bytes) -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def refused(result: Result) -> str:
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr
    assert FOREIGN.search(result.stderr) is None, result.stderr
    return result.stderr


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", YAML)
def test_a_wrong_file(genie: Genie, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "wrong.yaml", YAML[name])
    refused(genie("check", path))
    refused(genie("simulate", path))


@pytest.mark.parametrize("name", JSON)
def test_a_wrong_payload(genie: Genie, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, "wrong.json", JSON[name])
    told = refused(genie("ask", "insights.question", path))
    assert "did you mean 'question'" in told or name != "unknown"
    refused(genie("policy", "explain", str(PIPELINE), path))
    Path(path).chmod(0o600)
    refused(genie("status", "--control", path))


@pytest.mark.parametrize("words", USAGE, ids=" ".join)
def test_wrong_words(genie: Genie, words: tuple[str, ...]) -> None:
    refused(genie(*words))


@pytest.mark.parametrize(
    ("words", "near"),
    [(("rnu",), "'run'"), (("polcy",), "'policy'"), (("policy", "tset"), "'test'"),
     ((*RUN, "--jurnal", "x"), "'--journal'"),
     (("approvals", "shwo"), "'show'"), (("check", "insihgts"), "'insights'")],
)  # fmt: skip
def test_a_near_name_is_suggested(genie: Genie, words: tuple[str, ...], near: str) -> None:
    assert f"did you mean {near}" in refused(genie(*words))


def test_a_baseline_that_cannot_be_read_is_named_without_a_class(genie: Genie, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text("[]")
    for path in (tmp_path / "absent.json", tmp_path, wrong):
        result = genie("eval", "assistant", "--baseline", str(path))
        assert result.exit_code == 2
        assert str(path) in result.stderr
        assert "Error" not in result.stderr


def test_a_folder_as_a_key_ring_is_named(genie: Genie, tmp_path: Path) -> None:
    """Was: `3: cannot be used`, the number of its descriptor."""
    result = genie("store", "rewrap", str(tmp_path / "store.db"), "--keys", str(tmp_path), "--tenant", "acme")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path}: is not a regular file")


def test_a_path_without_the_right_to_read_has_words_of_our_own() -> None:
    option = click.Option(["--keys"], type=click.Path())
    message = "Path 'keys.json' is not readable."
    assert told(click.BadParameter(message, param=option)).message.startswith(
        "genie: --keys: keys.json cannot be read: permission denied"
    )
