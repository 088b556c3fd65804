"""Motor insurance: premiums, claims, and the nearest garages."""

from __future__ import annotations

from decimal import Decimal

from genie.contracts.agent import Handlers, handles
from genie.contracts.card import Risk, Tier
from genie_finance.contracts.insufficient import InsufficientData, Lack
from genie_finance.contracts.insurance import (
    MotorAssessment,
    MotorClaimRequest,
    MotorQuote,
    MotorQuoteRequest,
    NearGarage,
    Place,
    RoadsideAnswer,
    RoadsideRequest,
)
from genie_finance.domain.geo import distance_km
from genie_finance.insurance.motor_claim import assess
from genie_finance.insurance.premium import AGENT, quote


def _point(place: Place) -> tuple[float, float]:
    return float(place.latitude), float(place.longitude)


def nearest(request: RoadsideRequest) -> RoadsideAnswer | InsufficientData:
    """Return the nearest garages of the network, by distance, then by name."""
    if not request.garages:
        lack = Lack(what="garages", needed="the garages of the insurer's network")
        return InsufficientData(agent=AGENT, question="nearest garages", missing=(lack,))
    here = _point(request.place)
    far = sorted(
        (Decimal(f"{distance_km(here, _point(one.place)):.2f}"), one.name, one.cashless) for one in request.garages
    )
    return RoadsideAnswer(
        nearest=tuple(
            NearGarage(name=name, cashless=cashless, distance_km=km) for km, name, cashless in far[: request.most]
        )
    )


class AutoInsurance(
    Handlers,
    id=AGENT,
    capabilities=("insurance.rate_motor", "insurance.assess_motor_claim", "insurance.find_garage"),
    risk=Risk.MEDIUM,
    tier=Tier.BETA,
    clearance="confidential",
    concurrency=4,
    rules=("motor_insurance_in", "third_party_premium_in"),
):
    """Computes motor premiums in India, assesses motor claims, and finds the nearest garages."""

    @handles
    async def on_quote(self, request: MotorQuoteRequest) -> MotorQuote | InsufficientData:
        """Rate a policy."""
        return quote(request)

    @handles
    async def on_claim(self, request: MotorClaimRequest) -> MotorAssessment | InsufficientData:
        """Assess a claim."""
        return assess(request)

    @handles
    async def on_roadside(self, request: RoadsideRequest) -> RoadsideAnswer | InsufficientData:
        """Find garages."""
        return nearest(request)
