"""The same rows in the files that LLaMA-Factory reads: `dataset_info.json` and two sharegpt files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from alignment.prompt import Message
from alignment.rows import PreferenceRow, SftRow

_FROM = {"system": "system", "user": "human", "assistant": "gpt"}
_TAGS = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "system_tag": "system",
}


def export(folder: Path, sft: Iterable[SftRow], preferences: Iterable[PreferenceRow]) -> None:
    """Write the three files into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "yilun_sft.json", [{"conversations": _turns(row.messages)} for row in sft])
    pairs = [
        {
            "conversations": _turns(row.prompt),
            "chosen": _turns(row.chosen)[0],
            "rejected": _turns(row.rejected)[0],
        }
        for row in preferences
    ]
    _write(folder / "yilun_dpo.json", pairs)
    info: Mapping[str, Any] = {
        "yilun_sft": {
            "file_name": "yilun_sft.json",
            "formatting": "sharegpt",
            "columns": {"messages": "conversations"},
            "tags": _TAGS,
        },
        "yilun_dpo": {
            "file_name": "yilun_dpo.json",
            "formatting": "sharegpt",
            "ranking": True,
            "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
            "tags": _TAGS,
        },
    }
    _write(folder / "dataset_info.json", info)


def _turns(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"from": _FROM[m["role"]], "value": m["content"]} for m in messages]


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
