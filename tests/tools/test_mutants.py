"""The mutation checker: what it changes, what it leaves alone, and that it tells killed from surviving mutants."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from textwrap import dedent

import pytest

from tools.mutants import mutants_of, sample
from tools.mutants.__main__ import found, main
from tools.mutants.named import named_mutants


def changes(source: str) -> list[str]:
    """Return the changed lines of each mutant, and check that each is valid and changes something."""
    source = dedent(source).strip()
    shown = []
    for mutant in mutants_of(source, "m.py"):
        ast.parse(mutant.source)
        before, after = source.splitlines(), mutant.source.splitlines()
        changed = [line.strip() for line in after if line not in before]
        assert mutant.source != source
        shown.append(" | ".join(changed))
    return shown


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", ["x = a <= b"]),
        ("x = a <= b", ["x = a < b"]),
        ("x = a > b", ["x = a >= b"]),
        ("x = a >= b", ["x = a > b"]),
        ("x = a == b", ["x = a != b"]),
        ("x = a is not b", ["x = a is b"]),
        ("x = a not in b", ["x = a in b"]),
        ("x = 0 <= a < b", ["x = 0 < a < b", "x = 0 <= a <= b"]),
        ("x = not (a and b)", ["x = not ((a or b))"]),
        ("x = a or b or c", ["x = (a and b and c)"]),
        ("x = 1 if a else 2", ["x = 1 if not (a) else 2"]),
        ("x = [a for a in b if a]", ["x = [a for a in b if not (a)]"]),
        ("x = 'ä' + str(a < b)", ["x = 'ä' + str(a <= b)"]),
        ("count += 1", ["pass"]),
        ("count -= 1", ["pass"]),
        ("count += more", []),
        ("call(a)", ["pass"]),
        ("x = call(a)", []),
    ],
)
def test_a_line_is_changed(source: str, expected: list[str]) -> None:
    assert changes(source) == expected


def test_conditions_are_negated_and_bodies_skipped() -> None:
    assert changes("""
        if a:
            x = 1
        while b:
            x = 2
    """) == ["if not (a):", "if False:", "while not (b):"]
    # A swapped `is` is the negation: it is made once.
    assert changes("""
        if a is None:
            x = 1
        while True:
            x = 2
    """) == ["if False:", "if a is not None:"]


def test_returned_constants_are_changed() -> None:
    assert changes("""
        def f():
            return True
            return 0
            return "text"
            return ""
            return None
            return a
    """) == ["return False", "return 1", "return ''", "return 'x'"]


def test_awaited_calls_are_removed() -> None:
    assert changes("""
        async def f():
            await g()
            x = await g()
    """) == ["pass"]


def test_text_for_people_and_annotations_are_left_alone() -> None:
    assert (
        changes('''
        """Docstring: a < b."""
        if TYPE_CHECKING:
            from a import b
            call()

        @decorator(a == b)
        def f(x: A[a < b], y: "a and b") -> C[a and b]:
            """Docstring."""
            z: A[a < b] = y
            assert x < 5
            logger.warning("text", a < b)
            text = f"{a < b}"
            raise ValueError("small" if x < 5 else "large")

        class D:
            def __repr__(self):
                return "D" if self.x < 5 else ""
    ''')
        == []
    )


def test_mutants_name_their_line_and_a_sample_repeats() -> None:
    source = "\n".join(f"call({number})" for number in range(50))
    mutants = mutants_of(source, "folder/m.py")
    assert str(mutants[9]) == "folder/m.py:10: call(9) removed"
    assert sample(mutants, None, 0) == mutants
    ten = sample(mutants, 10, 3)
    assert len(ten) == 10
    assert ten == sample(mutants, 10, 3) == sorted(ten, key=lambda mutant: mutant.line)
    assert set(ten) < set(sample(mutants, 20, 3))
    assert ten != sample(mutants, 10, 4)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree of one module, whose lower bound is tested and whose upper bound is not."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "price.py").write_text("def fits(n):\n    return n >= 1 and n <= 9\n")
    (tmp_path / "test_price.py").write_text(
        "from shop.price import fits\n\ndef test_price():\n    assert fits(1) and not fits(0) and not fits(99)\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_survivors_are_listed_and_too_many_of_them_fail(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (shop / "shop" / "price.py").read_bytes()
    given = ["--package", "shop", "--tests", "test_price.py"]
    assert main(given) == 1
    assert capsys.readouterr().out.splitlines() == [
        "shop/price.py:2: n <= 9 -> n < 9",
        "66.7 % killed (2 of 3, 0 by their time limit; seed 0, 95 % interval 20.8-93.9 %), required 90 %",
    ]
    assert main([*given, "--at-least", "60", "--limit", "3"]) == 0
    assert (shop / "shop" / "price.py").read_bytes() == before


def test_an_equivalent_mutant_is_left_out_while_its_entry_holds(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = shop / "equivalent.toml"
    entries.write_text("""
        [[equivalent]]
        file = "price.py"
        change = "n <= 9 -> n < 9"
        reason = "there are no nines"
    """)
    given = ["--package", "shop", "--tests", "test_price.py", "--equivalent", str(entries)]
    assert main(given) == 0
    assert "100.0 % killed (2 of 2," in capsys.readouterr().out
    (shop / "shop" / "price.py").write_text("def fits(n):\n    return n >= 1\n")
    assert main(given) == 2
    assert "n <= 9" in capsys.readouterr().err


def test_what_is_listed_as_equivalent_is_in_the_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list", "--limit", "1"]) == 0, capsys.readouterr().err


def test_a_test_keeps_the_filters_of_warnings_that_it_is_marked_with(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Was: such a test failed without a change, and nothing was measured."""
    (shop / "test_warned.py").write_text(
        "import warnings, pytest\n"
        "from shop.price import fits\n"
        "@pytest.mark.filterwarnings('ignore:old')\n"
        "def test_warned():\n"
        "    warnings.warn('old')\n"
        "    assert fits(5)\n"
    )
    (shop / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    code = main(["--package", "shop", "--tests", "test_warned.py", "--limit", "1", "--at-least", "0"])
    assert (code, "without a change" in capsys.readouterr().err) == (0, False)


@pytest.mark.slow
def test_what_no_test_runs_survives_and_what_the_import_runs_is_imported_again(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "shop" / "price.py").write_text("MOST = 1 if bool(0) else 9\n\ndef fits(n):\n    return 0 < n < MOST\n")
    (shop / "shop" / "unused.py").write_text("def gone(n):\n    return n > 1\n")
    main(["--package", "shop", "--tests", "test_price.py", "--all"])
    lines = capsys.readouterr().out.splitlines()
    assert "shop/unused.py:2: n > 1 -> n >= 1 (no test runs it)" in lines
    swapped = lines.index("shop/price.py:1: bool(0) -> not (bool(0))")
    assert json.loads(lines[swapped + 1])["verdict"] == "killed"


@pytest.mark.slow
def test_a_mutant_that_never_ends_is_killed_by_its_time_limit(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "shop" / "price.py").write_text("def fits(n):\n    while n < 1:\n        n += 1\n    return n\n")
    (shop / "test_price.py").write_text("from shop.price import fits\n\ndef test_price():\n    assert fits(0) == 1\n")
    main(["--package", "shop/price.py", "--tests", "test_price.py"])
    assert "1 by their time limit" in capsys.readouterr().out


def test_nothing_is_measured_with_tests_that_fail_or_are_not_there(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--package", "shop", "--tests", "test_other.py"]) == 2
    assert main(["--package", "bazaar", "--tests", "test_price.py"]) == 2
    (shop / "test_price.py").write_text("def test_price():\n    assert False\n")
    assert main(["--package", "shop", "--tests", "test_price.py"]) == 2
    assert "fail without a change" in capsys.readouterr().err


def test_a_list_prints_and_runs_nothing(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--package", "shop", "--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_patterns_and_folders_name_test_files(shop: Path) -> None:
    (shop / "test_config.py").write_text("")
    assert found(shop, ["test_*.py"]) == ["test_config.py", "test_price.py"]
    assert found(shop, ["test_config.py", "."]) == ["test_config.py", "test_price.py"]


def test_a_named_mutant_follows_its_code_and_says_when_it_cannot(shop: Path) -> None:
    entries = shop / "named.toml"
    entries.write_text('[[mutant]]\nname = "no end"\nbefore = "n <= 9"\nafter = "True"\n')
    [mutant] = named_mutants(shop, ["shop"], entries)
    assert (str(mutant), mutant.source) == (
        "shop/price.py:2: no end",
        "def fits(n):\n    return n >= 1 and True\n",
    )
    entries.write_text('[[mutant]]\nname = "twice"\nbefore = "n"\nafter = "m"\n')
    with pytest.raises(LookupError, match="twice"):
        named_mutants(shop, ["shop"], entries)


@pytest.mark.slow
def test_every_named_mutant_of_the_kernel_dies(capsys: pytest.CaptureFixture[str]) -> None:
    """These were promises that no test held. Where the code moves or changes, its entry follows."""
    assert main(["--named", "--tests", "tests/mutants", "--at-least", "100"]) == 0, capsys.readouterr()
