"""Sentences without a modal: who is said to do, have or be what, and what kind of norm that is."""

from __future__ import annotations

import re
from typing import NamedTuple

from ingestion.norms.phrase import Phrase, actor, is_person, phrase_after
from ingestion.norms.segmenter import Marked
from ingestion.norms.sentence import Segment, Sentence, Shape
from kg.norm import Modality

AUTHORITY = re.compile(
    r"(?:部门|政府|机关|人民法院|检察院|国务院|(?<!伦理)(?<!居民)(?<!村民)(?<!调解)委员会|局|厅|海关|大会|办事处|军委|司法鉴定机构|监督(?:管理|检查)?机构|疾病预防控制机构|监察机构|检疫机构|监督员|[生计教改]委|总理|国务委员|总局|总署|监测机构|经办机构|疾控机构)$"
)
"""Phrases that name public authorities."""

STATE = re.compile(r"^(?:国家|本市|本省|本自治区|本?经济特区|全社会|社会|我国|中华人民共和国)")

_DEFINES = re.compile(r"，?(?:(?:是|系)指|(?<=[，：])\s*指(?!定|导|挥))")
_ENUMERATES = re.compile(
    r"""(?: (?:所称|所指)[^，。]{1,40}?，? (?P<a>包括|为|是)
          | ^(?P<g>视为)
          | 规定的“[^”]{1,40}” (?P<b>包括|为|是)
          | ^[^，。]{1,50}? (?P<c>不?包括|不?属于)(?!前款|国家所有|集体)
          | ，(?P<d>包括) | ^其中，[^，。]{1,20}(?P<e>包括)
          | ^[^，。在由经对以]{1,12} (?P<f>是)(?!否|指|以|国家|我国|社会主义|公民).{6,}(?:权利|合同|法人|行为|协议|总和|活动|过程|制度)(?:$|，) )""",
    re.VERBOSE,
)
_DELEGATES = re.compile(
    r"""(?: 由(?P<by>[^，。；]{2,60}?)(?:另行)?(?P<cue>制定|制订|商定)
          | 由(?P<by2>(?:(?!依照|按照|根据|依据)[^，。；]){2,60}?)(?:另行)?(?P<cue2>(?<!的)规定|确定)
          | (?:办法|标准|目录|细则|规定|范围|条件|程序)[^，。；由]{0,10}另行(?:制定|规定)
        )(?:[并和、]?(?:公布|发布|颁布|调整|执行|组织实施))*$""",
    re.VERBOSE,
)
_LIFE = re.compile(
    r"起(?:正式)?(?P<a>施行|实施|生效|执行)|(?P<b>同时废止)|(?<!不)(?P<c>适用)(?:本|于|前|第|其|有关|《|[^，。]{2,40}规定$)|(?P<d>参照)(?:本|前|第|适用|[^，。]{2,40}(?:计算|执行|处理|规定)$)|(?P<e>依照|按照?|适用).{1,60}(?:执行|办理|处理)$|(?P<f>从其规定|不适用|为准$)|(?P<g>依照)其规定$|(?P<h>不影响)(?![^，]{0,12}的，)|(?P<i>认为)是"
)
_ENTITLES = re.compile(
    r"享有(?!的)|享受(?!的)|受法律保护|不受[^，。]{0,20}侵犯|有[^，。]{1,30}(?:的权利|的自由)$"
)
_GOVERNS = re.compile(
    r"^(?:统一|依法|具体|共同|分别|主要|全面|承担|按照[^，。]{2,30}|在[^，。]{2,30}|依据[^，。]{2,30}|根据[^，。]{2,30})*(?P<cue>负责|主管(?!部门|机关|机构|人员|的)|行使|管辖|履行[^，。]{0,20}职责)"
)
_DEEDS = re.compile(
    r"指导|领导|监督|管理|组织|协调|检查|审查|规划|培训|宣传|保证|研究|评估|代表|审批|审核|登记"
)
"""Deeds whose words the dictionary tags as nouns."""
_SHARES = re.compile(
    r"各自[^，。]{0,4}职责|职责范围|职责分工|(?:监督管理|管理|监督)工作$|(?:指导|领导|监督)[^，。]{2,30}工作$|实施[^，。]{0,12}监督管理$"
)
"""How the tasks of authorities are divided without a modal: 在各自职责范围内做好有关工作."""
_STEERS = re.compile(
    r"(?:统一|依法|具体|共同|分别|按照[^，]{2,20}|在[^，]{2,20})*(?:组织实施|牵头|组织协调|统筹|监督指导|指导[、和]监督)"
)
_IN_CHARGE = re.compile(
    r"是[^，]*(?:责任人|负责人|责任主体|主管部门|主管机关|管理部门|执法机构|行政机关|权力机关|审判机关|监督机关|工作机关)$"
)
_AWARDS = re.compile(
    r"(?:(?:依法|同时|应|可|按照[^，]*?|依照[^，]*?|根据[^，]*?)*(?:给予|予以|发给)|(?:按照|依照)[^，]{2,40}处理$)"
)
_PURPOSE = re.compile(r"^为.*制[定订](?:本|了?本|如下|《)")
_COPULA = re.compile(
    r"^[^，]{0,40}?(?:原则上)?(?:为|是|属于|包括|分为|有效期|限于|归|由[^，]{2,30}(?:组成|构成))"
)


_POLICY = (
    "鼓励", "支持", "提倡", "倡导", "探索", "推动", "推进", "加强", "完善", "发展", "坚持", "建立", "实行", "保护", "保障", "促进",
)  # fmt: skip
_ADVERBS = ("对", "在", "通过", "依法", "采取", "按照", "根据", "制定", "设立", "为", "将")
_PROTECTED = re.compile(
    r"(?P<who>[^，的]{2,24})的[^，]*?(?P<cue>受(?:国家|宪法和)?法律[^，]{0,4}保护|受国家保护|不受[^，]{0,20}侵[犯害])"
)
"""患者的合法权益受法律保护: a right of the patient."""
_TAKES_ON = re.compile(r"(?:并|具体|统一|依法)*(?P<cue>负责)(?!人|的)(?=.{2})")
_LEAVES = re.compile(r"^[^，]{0,60}由(?P<by>[^，]{2,60}?)(?P<cue>负责)(?!的|人)(?P<what>[^，]*)$")


class Predicate(NamedTuple):
    """What a segment states without a modal: offsets of the cue and where subject and action part."""

    modality: Modality
    cue: Phrase | None
    at: int
    action: int


def definition(marked: Marked, sentence: Sentence) -> Predicate | None:
    """The definition that a sentence gives: 本法所称X，是指…"""
    words = marked.text[sentence.start : sentence.end]
    if match := _DEFINES.search(words):
        if match.start() > 120 or re.search(r"应当|不得|可以", words[: match.start()]):
            return None
        start = sentence.start + match.start() + (words[match.start()] == "，")
        end = sentence.start + match.end()
        return Predicate(Modality.DEFINITION, Phrase(start, end), start, end)
    if match := _ENUMERATES.search(words):
        name = match.lastgroup or "a"
        start, end = sentence.start + match.start(name), sentence.start + match.end(name)
        if name == "d" and (STATE.match(words) or re.search(r"应当|不得|可以", words[match.end() :])):
            return None  # 国家鼓励医师到医疗机构，包括卫生院，提供服务，…应当支持
        if any(s.shape is Shape.CONDITION and s.start <= start < s.end for s in sentence.segments):
            return None  # 经甄别属于救助对象的，可以…
        if re.search(r"应当|不得|可以|必须|的，|有权|负责|[应须需]|可(?!能)", words[: match.end() - 2]):
            return None
        return Predicate(Modality.DEFINITION, Phrase(start, end), start, end)
    return None


def is_purpose(words: str) -> bool:
    """Whether a sentence says what the text was made for: 为了…，制定本法."""
    return bool(_PURPOSE.search(words))


def predicate(marked: Marked, segment: Segment) -> Predicate | None:
    """The statement that a segment makes by a verb of its own; None if it makes none by itself."""
    text = marked.text
    words = text[segment.start : segment.end]
    if match := _DELEGATES.search(words):
        name = "cue" if match["cue"] else "cue2"
        where = match.span(name)
        cue = Phrase(segment.start + where[0], segment.start + where[1]) if match[name] else None
        return Predicate(Modality.DELEGATION, cue, segment.start, segment.start)
    first = actor(marked, segment.start, segment.end)
    acts = first is not None and AUTHORITY.search(text[first.start : first.end])
    if (
        (match := _LIFE.search(words))
        and not acts
        and not re.search(r"由[^，]{2,40}(?:按照|依照|根据)", words)
    ):
        name = match.lastgroup or "a"
        cue = Phrase(segment.start + match.start(name), segment.start + match.end(name))
        reach = cue.start if name in ("c", "d") else segment.start  # 本行政区域内的…适用本条例: from 适用 on
        return Predicate(Modality.DECLARATION, cue, segment.start, reach)
    body = acts and first is not None and first.end > segment.start + 4  # 国家监测机构 is not the state
    if (match := STATE.match(words)) and not body:
        at = segment.start + match.end()
        if marked.tag_at(at).startswith("v") or words[match.end() :].startswith((*_POLICY, *_ADVERBS)):
            return Predicate(Modality.DECLARATION, Phrase(at, marked.token_end(at)), at, at)
    if words.startswith(_POLICY[:6]):
        cue = Phrase(segment.start, segment.start + 2)
        return Predicate(Modality.DECLARATION, cue, segment.start, segment.start)
    if match := _LEAVES.match(words):
        public = AUTHORITY.search(match["by"])
        cue = Phrase(segment.start + match.start("cue"), segment.start + match.end("cue"))
        by_end = segment.start + match.end("by")
        reach = cue.end if match["what"] else segment.start
        return Predicate(Modality.POWER if public else Modality.OBLIGATION, cue, by_end, reach)
    if (match := _PROTECTED.match(words)) and is_person(
        marked, segment.start, segment.start + match.end("who")
    ):
        at = segment.start + match.end("who")
        cue = Phrase(segment.start + match.start("cue"), segment.start + match.end("cue"))
        return Predicate(Modality.RIGHT, cue, at, at + 1)
    own = actor(marked, segment.start, segment.end)
    if own is None and (match := _TAKES_ON.match(words)):
        cue = Phrase(segment.start + match.start("cue"), segment.start + match.end("cue"))
        return Predicate(Modality.POWER, cue, cue.start, cue.end)  # whose power or duty: the statement knows
    if own is None:
        if not segment.last or not (match := re.search(r"享有(?!的)|享受(?!的)|受法律保护", words)):
            return None
        cue = Phrase(segment.start + match.start(), segment.start + match.end())
        return Predicate(Modality.RIGHT, cue, segment.start, segment.start)
    rest = text[own.end : segment.end]
    if match := _ENTITLES.search(rest):
        at = own.end + match.start()
        return Predicate(Modality.RIGHT, Phrase(at, own.end + match.end()), own.end, own.end)
    if match := _GOVERNS.match(rest):
        public = AUTHORITY.search(text[own.start : own.end])
        cue = Phrase(own.end + match.start("cue"), own.end + match.end("cue"))
        action = cue.end if match["cue"] in ("负责", "主管", "行使") else cue.start
        return Predicate(Modality.POWER if public else Modality.OBLIGATION, cue, cue.start, action)
    return None


def bare(marked: Marked, segment: Segment) -> Predicate | None:
    """What a segment of a sentence without any cue states: somebody does something, or something is so."""
    text = marked.text
    own = actor(marked, segment.start, segment.end)
    words = text[segment.start : segment.end]
    if (
        words.startswith((*_POLICY, "培育", "引导", "加快", "优化", "深化", "健全"))
        and marked.tag_at(segment.start)[:1] == "v"
    ):
        return Predicate(
            Modality.DECLARATION, Phrase(segment.start, segment.start + 2), segment.start, segment.start
        )
    if own is not None and own.end < segment.end:
        rest = text[own.end : segment.end]
        if segment.last and _IN_CHARGE.match(rest):
            return Predicate(Modality.POWER, None, own.end, own.end)
        if copula := _COPULA.match(rest):
            whole = "的" in rest[: copula.end()]
            return Predicate(Modality.DECLARATION, None, segment.start, segment.start if whole else own.end)
        if marked.tag_at(own.end)[:1] in "vdpcfra" or rest[0] in "按依凭持将把" or _DEEDS.match(rest):
            shares = (_SHARES.search(rest) or _STEERS.match(rest)) and AUTHORITY.search(
                text[own.start : own.end]
            )
            return Predicate(Modality.POWER if shares else Modality.OBLIGATION, None, own.end, own.end)
        return None
    if _AWARDS.match(words):
        return Predicate(Modality.OBLIGATION, None, segment.start, segment.start)
    if match := re.search(r"由(?!于|此)", words):
        at = segment.start + match.end()
        by = phrase_after(marked, at, segment.end)
        if by and by.end < segment.end:
            public = AUTHORITY.search(text[by.start : by.end])
            power = public and re.match(
                r"管辖|代行|负责|主管|行使|(?:(?:依照|按照|根据)[^，]*)?(?:确定|决定|调整)", text[by.end :]
            )
            return Predicate(Modality.POWER if power else Modality.OBLIGATION, None, by.end, by.end)
    return None
