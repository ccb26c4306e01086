"""Puts the data pack into a built wheel; an editable install reads it where it is, in the checkout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DataPackHook(BuildHookInterface):  # type: ignore[type-arg]
    """Without this an editable install would copy 50 MB of models and vectors beside the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add data/ as kg/_data to what a standard wheel holds."""
        if version == "standard":
            build_data["force_include"][str(Path(self.root) / "data")] = "kg/_data"
