"""Whom a prohibition protects: those to whom its own words say the forbidden thing would be done.

That is not the counterparty, the other side of any dealing: 不得向患者收取 and 对患者实施 protect it, 不得向他人提供
does not; and 虐待、遗弃老年人 or 泄露患者隐私 protect whom no norm names as its counterparty.
"""

from __future__ import annotations

import re

from ingestion.norms.likeness import Kinship
from ingestion.norms.predicate import AUTHORITY, STATE
from kg.norm import Modality, Norm

_HARM = re.compile(
    r"""(?: 侵犯|侵害|侵占|侵吞|损害|危害|危及|威胁|伤害|杀害|虐待|遗弃|歧视|侮辱|诽谤|殴打|忽视|冷落|骚扰|猥亵|体罚
          | 干涉|限制|剥夺|强迫|胁迫|强制|强令|迫使|引诱|诱导|诱骗|教唆|唆使|利用|欺骗|误导|欺诈|刁难|敲诈|勒索|放任
          | 泄露|披露|公开|买卖|拐卖|绑架|收买|隐匿|毁弃|隐瞒|拒绝|拒收|推诿|延误|使(?!用)|(?<![转出受])让|招用|安排|(?<!\w)组织|违背
          | 对(?=[^，。；]{1,40}(?:实施|进行|采取)) | 向(?=[^，。；]{1,24}(?:收取|索|隐瞒|推销|摊派|销售|出售|供应)) )
        (?P<between>[^，。；\n]{0,24})""",
    re.VERBOSE,
)
_AND = re.compile(r"^(?:、|和|及其|以及|及|或者|或|与)")
_NOT_THE_PERSON = re.compile(r"^[^，。；]{0,12}(?:名义|形象|协会|学会|证书|资格|执业证|许可证|执照|职称)")

_NO_PERSON = re.compile(rf"{STATE.pattern}|^组织$|{AUTHORITY.pattern}")
"""危害国家安全 protects no addressee of norms, and 组织 is more often a verb or a tissue."""


def protected(norm: Norm, kinship: Kinship) -> tuple[str, ...]:
    """The parties that a prohibition protects, sorted; () for any other norm. Its own bearer is none of them."""
    if norm.modality is not Modality.PROHIBITION or norm.action is None:
        return ()
    words = norm.action.text
    found: set[str] = set()
    for harm in _HARM.finditer(words):
        start, end = harm.span("between")
        place = kinship.first(words, start, end)
        while place is not None:
            named = words[place.start : place.end]
            if _NOT_THE_PERSON.match(words[place.end : place.end + 20]) or _NO_PERSON.search(named):
                break
            found.add(place.party)
            joined = _AND.match(words[place.end :])
            after = place.end + joined.end() if joined else None
            place = kinship.first(words, after, after + 16) if after else None
    return tuple(sorted(found - set(norm.bearers)))
