"""Layouts of real banks and apps, with the sums that are in them: read right, or wrong with the reason."""

from __future__ import annotations

import pytest

from tests.agents.insights.layouts import CORPUS, Layout, Verdict, judge, layouts

LAYOUTS = [layout for path in sorted(CORPUS.glob("*.toml")) for layout in layouts(path.name)]
RIGHT_PERCENT = 97


_CLASSES = """th_kbank_short us_stripe_payout fr_lcl_totals za_capitec_fees jp_paypay_bank_parts ca_td_card_headless
    fr_revolut_fr vn_zalopay it_revolut_it ru_gazprombank in_hdfc_card il_isracard_card pl_ing_holds cn_meituan_pay
    kr_kakaopay tr_isbank_stamp bg_unicredit_mark cn_cmb_tabs se_amex_card in_icici_card
    de_short_days us_qb_card ch_viseca_one_n26 de_advanzia_n26 fr_fec nl_icscards_n27 ca_td_credit in_marg de_collmex"""
TELLING = frozenset(_CLASSES.split())
"""One layout for each class of mistakes that new sets showed."""
SOME = [layout for at, layout in enumerate(LAYOUTS) if at % 19 == 0 or layout.id in TELLING]


@pytest.fixture(
    scope="module", params=[pytest.param(SOME, id="some"), pytest.param(LAYOUTS, id="all", marks=pytest.mark.slow)]
)
def verdicts(request: pytest.FixtureRequest) -> list[Verdict]:
    read: list[Layout] = request.param
    return [judge(layout) for layout in read]


def test_nearly_all_layouts_are_read_right(verdicts: list[Verdict]) -> None:
    bad = [(one.layout, one.why) for one in verdicts if one.kind != "right"]
    assert len(bad) * 100 <= (100 - RIGHT_PERCENT) * len(verdicts), bad


def test_no_layout_is_read_wrong_without_a_notice(verdicts: list[Verdict]) -> None:
    assert [(one.layout, one.why) for one in verdicts if one.kind == "wrong"] == []


def test_the_corpus_is_wide_enough() -> None:
    assert len({layout.id for layout in LAYOUTS}) == len(LAYOUTS) >= 120
    assert len({layout.id.partition("_")[0] for layout in LAYOUTS} - {"xx"}) >= 25
    assert {layout.id for layout in LAYOUTS} >= TELLING
