"""Motor insurance: what a policy costs, what a claim comes to, and which garages are nearest."""

from __future__ import annotations

import math
from decimal import Decimal

from agents.contracts.insufficient import InsufficientData, Lack
from agents.contracts.insurance import (
    MotorAssessment,
    MotorClaimRequest,
    MotorQuote,
    MotorQuoteRequest,
    NearGarage,
    Place,
    RoadsideAnswer,
    RoadsideRequest,
)
from agents.insurance.motor_claim import assess
from agents.insurance.premium import AGENT, quote
from genie.protocol import Handlers, Risk, Tier, handles

EARTH_KM = 6371.0
"""Mean radius of the earth."""


def distance_km(one: Place, other: Place) -> float:
    """Return the distance between two places as the crow flies, in kilometres (haversine on the mean radius)."""
    lat, other_lat = math.radians(one.latitude), math.radians(other.latitude)
    half_lat, half_long = (other_lat - lat) / 2, math.radians(other.longitude - one.longitude) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat) * math.cos(other_lat) * math.sin(half_long) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(chord, 1.0)))


def nearest(request: RoadsideRequest) -> RoadsideAnswer | InsufficientData:
    """Return the nearest garages of the network, nearest first, by name where two are as far."""
    if not request.garages:
        lack = Lack(what="garages", needed="the garages of the insurer's network")
        return InsufficientData(agent=AGENT, question="nearest garages", missing=(lack,))
    far = sorted(
        ((Decimal(f"{distance_km(request.place, one.place):.2f}"), one.name, one.cashless) for one in request.garages),
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
    """Rates motor policies in India, assesses claims on them, and finds the nearest garages."""

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
