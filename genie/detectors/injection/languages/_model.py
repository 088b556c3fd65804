"""The words of one language that prompt injections are made of."""

from __future__ import annotations

from typing import NamedTuple


class Vocabulary(NamedTuple):
    """The words of one language, as alternatives separated by ``|``; an empty class drops its rows."""

    code: str
    drop: str
    """ignore, forget, do not follow"""
    earlier: str
    orders: str
    your: str = ""
    everything: str = ""
    told: str = ""
    """you were told, stands above"""
    show: str = ""
    secret_prompt: str = ""
    """system prompt, hidden instructions"""
    secret: str = ""
    """password"""
    you_are_now: str = ""
    from_now: str = ""
    free: str = ""
    """without limits, uncensored"""
    machine: str = ""
    hush: str = ""
    """without telling the user"""
    void: str = ""
    """no longer apply"""
    send: str = ""
    data: str = ""
    word_first: bool = True
    """True where a verb stands before its object; else both orders are tried."""
    spaced: bool = True
