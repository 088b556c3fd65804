"""What a reading says of the amounts that no running balance proves."""

from __future__ import annotations

from genie_finance.contracts.bulk import BulkAnalysis, BulkStatementRequest
from genie_finance.contracts.statements import StatementFile, StatementProfile
from genie_finance.insights.bulk_statement_analyzer import consolidate
from genie_finance.insights.reader import read_files, read_statement

_SIGNED = b"Date,Description,Amount\n2025-02-13,Shop,-5.00\n2025-02-14,Pay,7.00\n"
_PROVED = b"Date,Description,Amount,Balance\n2025-02-13,Shop,-5.00,95.00\n2025-02-14,Pay,7.00,102.00\n"
_PAIR = b"2025-02-13,Shop,1.00,\n2025-02-14,Pay,,2.00\n"


def codes(content: bytes, profile: StatementProfile | None = None) -> set[str]:
    return {one.code for one in read_statement("s.csv", content, profile).unproven}


def test_assumed_signs_and_columns_are_unproven_until_the_profile_or_a_balance_settles_them() -> None:
    assert codes(_SIGNED) == {"statement.sign_assumed"}
    assert codes(_SIGNED, StatementProfile(positive_is="credit")) == set()
    assert codes(_PROVED) == set()
    assert codes(_PAIR) == {"statement.debit_column_assumed"}


def test_several_files_and_the_consolidation_of_them_keep_what_is_unproven() -> None:
    files = tuple(StatementFile(filename=name, content=content) for name, content in (("a", _SIGNED), ("b", _PROVED)))
    assert [(one.file, one.code) for one in read_files(files).unproven] == [("a", "statement.sign_assumed")]
    analysis = consolidate(BulkStatementRequest(applicant_id="a-1", files=files))
    assert isinstance(analysis, BulkAnalysis)
    assert [(one.file, one.code) for one in analysis.unproven] == [("a", "statement.sign_assumed")]
