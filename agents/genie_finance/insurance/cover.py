"""Checks whether a health policy covers a treatment: waiting periods and exclusions, cashless or reimbursed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from genie_finance.contracts.insufficient import Lack
from genie_finance.contracts.insurance import HealthPlan, Treatment
from genie_finance.domain.months import add_months
from genie_finance.domain.names import scripts
from genie_finance.insurance.procedures import meant, words
from genie_finance.insurance.tables import HealthRules


def unnamed(treatment: Treatment, plan: HealthPlan, more: Iterable[str] = ()) -> Iterator[Lack]:
    """Yield the unknown facts of a procedure: its name, or whether it is excluded.

    Args:
        treatment: The past or planned treatment.
        plan: What it excludes by name.
        more: Texts of exclusions by diagnosis, which a different spelling of the diagnosis may evade.
    """
    if not any(char.isalpha() for word in words(treatment.procedure) for char in word):
        yield Lack(what="procedure", needed="the name of the procedure", given=treatment.procedure)
    elif plan.excluded_procedures and not scripts((treatment.procedure,)) <= scripts(plan.excluded_procedures):
        needed = "the name of the procedure in the script of the policy's exclusions"
        yield Lack(what="procedure", needed=needed, given=treatment.procedure)
    for one, how in meant((*plan.excluded_procedures, *more), treatment.procedure):
        if how == "perhaps" or one not in plan.excluded_procedures:
            needed = f"the procedure in the policy's terms: whether it is {one}, which is excluded"
            yield Lack(what="procedure", needed=needed, given=treatment.procedure)


def denials(
    treatment: Treatment,
    plan: HealthPlan,
    rules: HealthRules,
    *,
    since: datetime.date,
    on: datetime.date,
    initial_waiting_days: int,
) -> Iterator[tuple[str, str]]:
    """Yield why a plan does not cover a treatment, as codes and sentences.

    A waiting period longer than the regulator allows counts as the longest allowed. An accident needs no waiting.

    Args:
        treatment: The past or planned treatment.
        plan: The plan of the policy.
        rules: Rules of the regulator.
        since: First day of cover without a break.
        on: Day of admission.
        initial_waiting_days: The policy's waiting period for illness.
    """
    if any(how == "same" for _, how in meant(plan.excluded_procedures, treatment.procedure)):
        yield "excluded", f"The plan excludes {treatment.procedure}."
    initial = min(initial_waiting_days, rules.most_initial_waiting_days)
    end = since + datetime.timedelta(days=initial)
    if not treatment.caused_by_accident and on < end:
        yield "initial_waiting", f"Illness is covered from {end}, {initial} days after the first cover."
    waits = (
        (treatment.pre_existing, plan.pre_existing_waiting_months, "pre_existing_waiting", "A pre-existing disease"),
        (treatment.specific_disease, plan.specific_waiting_months, "specific_waiting", "This disease"),
    )
    for applies, months, code, what in waits:
        until = add_months(since, min(months, rules.most_waiting_months))
        if applies and not treatment.caused_by_accident and on < until:
            yield code, f"{what} is covered from {until}."
