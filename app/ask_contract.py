"""What a named question to the graph is answered with: the same over the command line, HTTP and MCP."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from app.contracts import Contract


class AskedTie(Contract):
    """How a sanction is tied to what was broken; `by_likeness`: somewhere before, only by repeated words."""

    step: int = Field(ge=1)
    method: Literal["cited", "sequence", "general", "likeness"]
    evidence: str
    confidence: float = Field(ge=0, le=1)
    by_likeness: bool


class AskedRow(Contract):
    """A norm, or a provision without norm fields, with the official words of the provision that states it."""

    id: str
    provision: str
    place: str
    text: str
    modality: str | None
    cue: str | None
    bearer: str | None
    counterparty: str | None
    action: str | None
    condition: str | None
    exception: str | None
    method: str | None
    confidence: float | None
    status: str
    through: str
    tie: AskedTie | None


class AskResult(Contract):
    """The answers to a named question on a day."""

    question: str
    parameters: dict[str, str]
    as_of: date
    build: str
    answers: list[AskedRow]
