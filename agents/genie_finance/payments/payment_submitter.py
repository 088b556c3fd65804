"""Payment submitter: claims an instruction in the books, sends it once, and stores the provider's answer."""

from __future__ import annotations

from genie.contracts.agent import agent
from genie.contracts.card import Risk, Tier
from genie.contracts.context import Context
from genie_finance.contracts.grounds import Reason
from genie_finance.contracts.payment_books import EntryClaim, EntryClaimed, EntryKept, EntryOutcome, OutcomeState
from genie_finance.contracts.payments import PaymentInstruction, PaymentStatus
from genie_finance.payments.ledger import Key
from genie_finance.payments.planning import fingerprint
from genie_finance.payments.provider import PaymentProvider, ProviderError
from genie_finance.payments.rails import in_force
from genie_finance.payments.status import STATES, sent, unsent

ID = "payment_submitter"
_WITHIN_S = 5.0


@agent(
    id=ID,
    capabilities=("payments.submit",),
    risk=Risk.HIGH,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    asks={EntryClaim: EntryClaimed, EntryOutcome: EntryKept},
    ports=(PaymentProvider,),
    rules=("payment_rails_in",),
)
async def payment_submitter(instruction: PaymentInstruction, context: Context) -> PaymentStatus:
    """Sends an approved instruction to the provider, once; held instructions arrive after people have approved them."""
    order = instruction.order
    if fingerprint(order) != instruction.fingerprint or order.idempotency_key != instruction.idempotency_key:
        text = "The order was changed after its check; submit it again under a new key."
        return unsent(instruction, "refused", Reason(code="payments.changed", text=text))
    claim = EntryClaim(
        payer_id=order.payer_id, idempotency_key=order.idempotency_key, fingerprint=instruction.fingerprint
    )
    claimed = await context.ask(claim, EntryClaimed, within_s=_WITHIN_S)
    if not claimed.granted:
        return _not_granted(instruction, claimed)
    provider = context.port(PaymentProvider)
    key = Key(context.headers.tenant or "", order.payer_id, order.idempotency_key)
    try:
        receipt = await provider.submit(key, order, instruction.rail)
    except ProviderError as error:
        await _keep(context, instruction, ("unknown", None, str(error)))
        return unsent(instruction, "unknown", Reason(code="payments.no_answer", text=f"{error}."))
    await _keep(context, instruction, (receipt.state, receipt.reference, receipt.detail))
    return sent(instruction, receipt, in_force(context.now()).rules, at=context.now())


async def _keep(context: Context, instruction: PaymentInstruction, said: tuple[OutcomeState, str | None, str]) -> None:
    state, reference, detail = said
    outcome = EntryOutcome(
        payer_id=instruction.order.payer_id,
        idempotency_key=instruction.idempotency_key,
        state=state,
        reference=reference,
        detail=detail[:500],
    )
    await context.ask(outcome, EntryKept, within_s=_WITHIN_S)


def _not_granted(instruction: PaymentInstruction, claimed: EntryClaimed) -> PaymentStatus:
    entry = claimed.entry
    if entry is None or entry.state == "open":
        text = "The order has lapsed, or is not in the books. Nothing was sent; submit it again."
        return unsent(instruction, "refused", Reason(code="payments.lapsed", text=text))
    text = "Another submitter is handling this order; nothing was sent twice."
    return unsent(instruction, STATES[entry.state], Reason(code="payments.claimed", text=text), entry.reference)
