"""When a norm applies: the words before it that limit it, and what between bearer and modal does so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingestion.norms.phrase import Phrase, actor, is_person, strip_lead
from ingestion.norms.segmenter import Marked
from ingestion.norms.sentence import Segment, Shape
from kg.norm import Modality

BLANK = " \u3000\n\t，,；;。：:"
"""What does not belong to a phrase at either end."""


def region(
    marked: Marked, pending: Sequence[Segment], bearer: Phrase | None, modality: Modality, *, thing: bool
) -> Phrase | None:
    """The words before a norm that tell when it applies, from the first to the last that do.

    The bearer is left out if it stands at the beginning, except where a consequence follows: there the
    conduct with its author is the condition.
    """
    text = marked.text
    waiting = [s for s in pending if s.shape is not Shape.EXCEPTION]
    while waiting and waiting[0].shape is Shape.BASIS:
        waiting.pop(0)
    last = max((i for i, s in enumerate(waiting) if s.shape is Shape.CONDITION), default=-1)
    if last < 0:
        return _activities(marked, waiting, bearer) if waiting and not thing else None
    start, end = strip_lead(text, waiting[0].start, waiting[0].end), waiting[last].end
    if bearer is not None and bearer.start <= start + 3 and modality is not Modality.LIABILITY:
        start = bearer.end
    start, end = strip(text, start, end)
    return Phrase(start, end) if end > start else None


def _activities(marked: Marked, waiting: Sequence[Segment], bearer: Phrase | None) -> Phrase | None:
    """医师实施医疗措施，签署证明文件，必须…: both; what somebody else is said to do is no condition."""
    last = _activity(marked, waiting[-1], bearer)
    first = waiting[0]
    if last is None or len(waiting) == 1 or first.shape is not Shape.PLAIN:
        return last
    if bearer is not None and first.start <= bearer.start < first.end:
        return Phrase(*strip(marked.text, bearer.end, last.end))
    return None if actor(marked, first.start, first.end) else last


def _activity(marked: Marked, segment: Segment, bearer: Phrase | None) -> Phrase | None:
    """开展X活动，应当…: an activity named before the modal is a condition."""
    if segment.shape is not Shape.PLAIN:
        return None
    start = bearer.end if bearer and segment.start <= bearer.start < segment.end else segment.start
    start, end = strip(marked.text, start, segment.end)
    words = marked.text[start:end]
    if end - start < 3 or re.match(
        r"根据|按照|依照|基于|结合|依据|可|应|对(?!于)|是|为|在[^，]*的[^，]*药品$", words
    ):
        return None
    clause = marked.tag_at(start).startswith(("v", "d", "p")) or words.startswith("如果")
    if not clause and not (
        start == segment.start and re.search(r"[^，]{6,}的[^，的]{0,4}(?:诉讼|案件|纠纷)$", words)
    ):
        return None
    if start == segment.start and is_person(marked, start, end):
        return None
    return Phrase(start, end)


_ACTIVITY = re.compile(
    r"(?:开展|从事|进行|实施|使用|处理|生产|销售|经营|运输|进入|申请|设立|举办|发布|采集|提供|制定|建立|办理|购买|进口|出口|收集|储存|携带|接触|参加|利用|配制|转让|变更|保藏|饲养|研制|执行|公开|贮存|编制|开办|设置|组织|运送|转运|邮寄|处置|采购|收购|种植|养殖|出具|获取|采用|聘用|雇用|招用|招募|引进|新建|改建|扩建|建设|拆除|关闭|停止|终止|注销|恢复|进出口|生育|收养|献血|捐献|接种|移植|植入|摘取|获取|保存|传播|发布|借阅|查阅|复制|购进|对[^，]{1,20}进行)"
)
_OUTCOME = re.compile(
    r"的[^的，]{1,8}$|(?:内容|结果|意见|时限|期限|标准|程序|方式|范围|幅度|情况|记录|费用|报告|要求|项目|资料|数据|文件|计划|方案|场所|设施|设备|人数|能力|时间|数量)$"
)
"""What comes of an activity is none: 采集的样本, 处理结果."""
_CONDITIONAL = re.compile(
    r"""(?: (?:仅|只)?在[^，]{1,40}(?:中|时|后|前|期间|情况下|内|上|下) | [^，]{1,40}(?:时|之?后|以?前|的|期间|情况下)$
          | 因[^，]{2,} | 未经[^，]+ | 经[^，]{2,}(?:同意|批准|许可|审核|审查|合格|鉴定|通过|后)[^，]* | 发现[^，]+ | 发生[^，]+ | 如[^，]+ | 需要?[^，]+
          | 非经[^，]+ | [^，]{2,30}过程中$ | 必要时 | 确需[^，]+ | 凭[^，]+ )""",
    re.VERBOSE,
)


def is_activity(words: str) -> bool:
    """Whether words name an activity: 开展临床试验, not 采集的样本."""
    return _ACTIVITY.match(words) is not None and not _OUTCOME.search(words)


def adverbial(marked: Marked, start: int, end: int) -> list[Phrase]:
    """The words between bearer and modal, if they tell when the norm applies."""
    start, end = strip(marked.text, start, end)
    match = _CONDITIONAL.match(marked.text[start:end])
    if match:
        return [Phrase(start, start + match.end())]
    words = marked.text[start:end]
    return [Phrase(start, end)] if len(words) > 3 and is_activity(words) else []


def is_adverb(words: str) -> bool:
    """Whether words before a modal only tell how: 并, 依法, 按照规定."""
    return bool(
        re.fullmatch(
            r"(?:并|依法|同时|均|都|又|再|即|便|就|仍|也|还|一般|原则上|必要时|及时|但|但是|至少|首先|不|特别|方|则|至迟|终身|一律|(?:依照|按照|根据)[^，]*|\s)*",
            words,
        )
    )


def strip(text: str, start: int, end: int) -> tuple[int, int]:
    """A stretch without the blanks and punctuation at its ends."""
    while start < end and text[start] in BLANK:
        start += 1
    while end > start and text[end - 1] in BLANK:
        end -= 1
    return start, end
