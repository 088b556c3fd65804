"""Answers from documents: every statement has a source, the source has its words, and its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genie.config.loader import load
from genie.contracts.loop_call import LoopAnswer, StopReason, Task
from genie.contracts.model_call import Document
from genie.loops.citations import LEAST_QUOTE, NOTHING, Cited, statements
from genie.runtime.runtime import Runtime

LAW = Document(name="law.txt", text="A bank answers a complaint\nwithin 30 days. It pays 100 euros otherwise.")
CHECK = Cited().over((LAW,))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('It takes 30 days [law.txt: "answers a complaint within 30 days"].', ""),
        ('It takes 30 days. [law.txt: "Answers a complaint within 30 DAYS"]', ""),
        ('It takes 30 days [law.txt: "within 30 days. It pays 100 euros"]. Else 100 [law.txt: "pays 100 euros"].', ""),
        ('# Answer [law.txt: "a bank answers a"]\n\n- thirty days [law.txt: "within 30 days. It"]\n', ""),
        (NOTHING, ""),
        ("It takes 30 days.", "unlinked_statement"),
        ('It takes 30 days [law.txt: "within 30 days. It"]. And it is free.', "unlinked_statement"),
        ('Free. It takes 30 days [law.txt: "within 30 days. It"].', "unlinked_statement"),
        ('It takes 30 days [other.txt: "within 30 days. It"].', "unknown_source"),
        ('It takes 30 days [law.txt: "within 30 working days"].', "quote_not_found"),
        ('It takes 30 days [law.txt: "30 days"].', "quote_not_found"),
        ('It takes 31 days [law.txt: "within 30 days. It"].', "unlinked_number"),
        ('It pays 100 and 30 [law.txt: "pays 100 euros"].', "unlinked_number"),
        ("", "unlinked_statement"),
        ("...", "unlinked_statement"),
        ('[law.txt: "within 30 days. It"]', ""),
    ],
)
def test_a_statement_stands_only_with_the_words_of_its_source(text: str, code: str) -> None:
    found = CHECK(text, (), "")
    assert found.code == code
    assert bool(found.told) == bool(code)
    if not code and text != NOTHING:
        assert all(link.call == "document:law.txt" for link in found.links)
        assert found.links


def test_without_documents_nothing_is_said() -> None:
    check = Cited().over(())
    assert check("It is so.", (), "").code == "no_documents"
    assert check(NOTHING, (), "").code == ""


@given(st.text(alphabet='aZ1 .!?\n[]:"-\0é', max_size=200))
def test_whatever_a_model_says_is_judged_and_never_accepted_without_a_source(text: str) -> None:
    found = CHECK(text, (), "")
    assert found.code
    assert sum(len(one.sources) for one in statements(text)) <= text.count("[")


def test_a_quote_that_is_too_short_proves_nothing() -> None:
    assert CHECK(f'So [law.txt: "{"a" * (LEAST_QUOTE - 1)}"].', (), "").code == "quote_not_found"


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "stop"), [("as it is", StopReason.ANSWERED), ("unlinked", StopReason.FAILED)])
async def test_deep_research_answers_with_links_or_not_at_all(name: str, stop: StopReason) -> None:
    said = "[{ when: What the steps came to, say: It is all fine. }, { when: How, say: All is fine. }, "
    said += '{ when: By, say: All is fine. }, { say: \'{"steps": ["How?"]}\' }]'
    pipeline = load("deep_research", overrides={} if name == "as it is" else {"models.desk.rules": said})
    question = pipeline.input.question()
    assert isinstance(question, Task)
    assert [one.name for one in question.documents] == ["circular.txt", "notes.txt"]
    async with Runtime.from_pipeline(pipeline) as runtime:
        answer = await runtime.ask(question, LoopAnswer)
    assert answer.stop is stop
    if stop is StopReason.ANSWERED:
        texts = {f"document:{one.name}": " ".join(one.text.split()).casefold() for one in question.documents}
        assert {link.call for link in answer.links} == set(texts)
        assert all(texts[link.call].startswith(link.text.casefold(), int(link.path)) for link in answer.links)


@pytest.mark.anyio
async def test_a_mixture_of_models_makes_one_answer() -> None:
    pipeline = load(Path("mixture_recommender"))
    async with Runtime.from_pipeline(pipeline) as runtime:
        answer = await runtime.ask(pipeline.input.question(), LoopAnswer)
    assert (answer.stop, answer.steps) == (StopReason.ANSWERED, 4)
