"""Who is meant: the noun phrase that names a bearer or counterparty, and the parties that it names."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from ingestion.norms.segmenter import Marked

_HEAD = re.compile(
    r"""(?:
        (?<![或的前后二两]) 者 | (?<!致)人 | 人员 | 单位 | 机构 | 部门 | 组织 | 企业 | 公司 | 机关 | 委员会 | 医院 | 法院 | 检察院 | 卫生院
      | 中心 | 一方 | 双方 | 各方 | 对方 | 作方 | 政府 | 家庭 | 学校 | 协会 | 学会 | 工会 | 团体 | 医师 | 护士 | 药师 | 医生 | 国家
      | 当事人 | 实验室 | 总局 | 总署 | 总会 | 科室 | 血亲 | 姻亲 | 管理局 | 主任 | 专家组 | 工作组 | 合议庭 | 军队 | 部队 | 海关 | 公民 | 检验所 | 委员 | 对象
      | 厂商 | 供应商 | 经销商 | 用户 | 平台 | 网站 | 场所 | 配偶 | 父母 | 子女 | 家属 | 亲属 | 妇女 | 儿童 | 夫妻 | 监狱 | 看守所
      | (?<![地处药配验偏比官组前后上下一双各对作])方 | 的地方 | 自治地方 | 货主 | 业主 | 主体 | 媒体 | 媒介 | 爱卫会 | 业委会
      | 养殖场 | 屠宰场 | 电视台 | 电台 | 院校 | 作坊 | 摊贩 | [口售理造应销发运]商 | [查挥测理疫救]组 | 幼儿园 | 托儿所 | (?<![动复定委])员
      | 旅客 | 乘客 | 顾客 | 客户 | [校院船局厅科站队园]长 | 图书馆 | 博物馆 | 文化馆 | 科技馆 | 档案馆 | 殡仪馆 | 旅馆 | 宾馆 | 药房 | 药品零售点
      | 救护车 | 急救车辆 | 船舶 | 航空器 | 列车 | 车辆 | 救助站 | 服务站 | 卫生站 | 血库 | 国家局 | 兽医 | 家长 | 村医 | 物业 | 银行 | 街道 | 办事处 | 居委会 | 村委会 | 联合会 | 基金会 | 福利院 | 养老院 | 敬老院
      | 人民 | 民族 | 股东 | 董事 | 监事 | 股东会 | 董事会 | 理事会 | 居民 | 村民 | 职工 | 教师 | 学生 | 医学生 | 毕业生 | 代表 | 本人 | 原告 | 被告
      | 自治区 | 直辖市 | 仲裁庭 | 设区的市 | 军区 | 国务院 | 研究院 | 研究所 | 派出所 | 司法所 | 卫生所 | 药店 | 诊所 | 各地 | 本市 | 本省 | 大会 | 常务委员会 | 主席 | [生计教改]委 | 生?父母 | 继父 | 继母 | 父亲 | 母亲 | 总理 | (?<![祖岳伯叔])[父母]
    )$""",
    re.VERBOSE,
)
_JOINT = re.compile(r"(?:、|和|与|及其?|以及|或者?|会同|等|[（(]|[)）]|，?以及)")
_PREPOSITION = re.compile(
    r"(?:对(?!方)于?|在|向|依法|根据|按照|依照|依据|为了?|经(?!营|纪)|从(?!业)|自(?!然|治)|于|因|将|把|以|凭|除|非经|被(?![^，、的]{1,5}(?:人|机关|单位|方|者|机构|部门|组织|企业|告))|书面|告知|通知|发现|接到|收到|认为|明知|报(?!告人)|给(?!予)|移送|发给|收归|致使|作出|纵容|保障|督促|责成|要求|邀请|委托(?!人|方)|组织(?!和|或|应|不|可)|指导|引导|动员|协助|配合|及时|立即|做好|以及|如|当(?!事|地)|凡|未经?|没有|每|不|必要时|由|与|就|按(?!摩)|严重|故意|恶意|擅自|多次|充分|违反|侵犯|侵害|走私|贩卖|买卖)"
)
_LEAD = re.compile(
    r"""^(?: 但是 | 但 | 并且 | 并 | 同时 | 且 | 其中 | 此外 | 还 | 也 | 均 | 都 | 因此 | 所以 | 一般(?!情) | 原则上 | 确需 | 而 | 则
        | 必要时 | 特殊情况下 | 另外 | 首先 | 其次 | 而且 | 故 | 即 | 或者 | \s | " | “ | ” )+""",
    re.VERBOSE,
)
_NAMED_BY = re.compile(
    r"(?:依法|共同|另行)?(?:(?:设置|设立|指定|委托|确定|认可|批准|授权|指派|选定|聘请|聘用|认定|公布)(?:或者|[、或和并])?)+的"
)
_THING = re.compile(r"^[^，]{0,40}?的[^的，]{1,16}$")
_NO_NAME = re.compile(
    r"如果?|若|按|由|报|告知|通知|移送|送|发给|对|向|将|把|因|在|根据|依照本|按照|以及|或者|和"
)
"""A phrase that begins so names nobody, though a person may stand at its end: 报经有批准权的人民政府."""
_INNER = re.compile(
    r"根据|按照|依照|(?<![原])因(?!此)|(?<![已未曾期])经(?![营济费办纪常验销理过])|(?<![理自])由(?!于)|应当|不得|可以|(?<![实存现所])在(?![校职岗编逃押])"
)
_FURTHER = re.compile(
    r"^(?:是|为|属|对|在|向|将|把|按|依|根据|未|经|不|为|就|从|自|与|以|因|可|应|于|每|凭|由|会|及时|发现|接到|收到|违反)"
)


class Phrase(NamedTuple):
    """A noun phrase by offsets."""

    start: int
    end: int


def strip_lead(text: str, start: int, end: int) -> int:
    """Where the words begin behind 但是, 并, 同时 …"""
    match = _LEAD.match(text[start:end])
    return start + match.end() if match and start + match.end() < end else start


def subject(marked: Marked, start: int, end: int) -> Phrase | None:
    """The noun phrase naming a person or body that stands before a modal; None if something else does.

    医疗机构对其医疗废物 gives 医疗机构; 医疗机构配备的医师 is taken whole; 对可能导致…, 医师的执业证书 and
    国家管制的药品 give None.
    """
    return _opening(marked, start, end, things=True)


def actor(marked: Marked, start: int, end: int) -> Phrase | None:
    """The noun phrase naming a person or body with which a clause begins that says what it does.

    国家 in 国家坚持发展的原则: read as a noun phrase it would name the principle.
    """
    return _opening(marked, start, end, things=False)


def _opening(marked: Marked, start: int, end: int, *, things: bool) -> Phrase | None:
    text = marked.text
    start = strip_lead(text, start, end)
    if start >= end:
        return None
    ends = _ends(marked, start, end)
    if not ends:
        return None
    if _begins_with_verb(marked, start, ends[0]):
        return _relative(marked, start, end, ends)
    for index, at in enumerate(ends):
        rest = text[at:end]
        if (inner := _INNER.search(text, start + 1, at)) and "的" not in text[inner.end() : at]:
            return None  # 交通费根据受害人…: somebody in an adverbial
        later = ends[index + 1] if index + 1 < len(ends) else None
        if later is not None and _continues(marked, at, later, rest):
            continue
        if later is not None and _NAMED_BY.match(rest):
            continue  # 部门指定的检验机构
        if rest.startswith(("的", "以外的")):
            if later is None:
                return None
            continue
        if things and _THING.match(rest) and not _FURTHER.match(rest):
            return Phrase(start, end) if ends[-1] == end else None
        return Phrase(start, at)
    return None


def _continues(marked: Marked, at: int, later: int, rest: str) -> bool:
    if joint := _JOINT.match(rest):
        # 、 and 和 must join persons: 医疗机构和医师, not 医疗机构、药品
        return joint.end() < len(rest) or later > at
    if marked.text[at - 1] == "者" and rest.startswith("的"):
        return False
    between = marked.text[at:later]
    if _PUBLIC.search(marked.text[max(0, at - 4) : at]) and _DEPARTMENTS.fullmatch(between):
        return True  # 县级以上人民政府发展改革、公安、民政等部门
    return len(between) <= 16 and "，" not in between and bool(_compound(marked, at, later))


def _compound(marked: Marked, at: int, later: int) -> bool:
    """Whether a second head goes on with the first: 人民政府有关主管部门, 国家机关工作人员."""
    head = next((m.start for m in marked.parties if m.end == later and m.start >= at), None)
    if head is None:
        head = marked.bounds[max(0, bisect_left(marked.bounds, later) - 1)]
    between = marked.text[at:head]
    if not between:
        return True
    if re.fullmatch(r"(?:有关|相关|所属|其他|主要|内设|直属|下属|本级|地方|各级)+(?:的)?", between):
        return True
    public = _PUBLIC.search(marked.text[max(0, at - 4) : at])
    if _SETS_UP.match(between):
        return False  # 人民政府建立部门协调机制
    body = re.search(r"(?:部门|机关|机构|局|委员会|人)$", marked.text[at:later])
    return bool(
        public and body and not marked.tag_at(at).startswith(("p", "d", "c", "u")) and "的" not in between[:1]
    )


def _begins_with_verb(marked: Marked, start: int, first: int) -> bool:
    if any(m.start == start for m in marked.parties):
        return False
    if _PREPOSITION.match(marked.text[start:]) or _EMPLOYS.match(marked.text, start):
        return True
    if not marked.tag_at(start).startswith(("v", "d")) or marked.text.startswith(
        ("有关", "相关", "所在"), start
    ):
        return False
    token_end = marked.token_end(start)
    if marked.text.startswith("国家", token_end):
        return True  # 走私国家禁止进出口的…
    # 使用单位, 禁毒志愿服务组织: a verb that makes one noun with its head, if it is none that founds or addresses bodies
    between = marked.text[token_end:first]
    if _FOUNDS.match(marked.text, start) and not _GENERIC.search(marked.text[token_end:first]):
        return True
    if len(between) <= 3:
        return False
    if len(between) > 9 or re.search(r"[的、，]", between) or _FOUNDS.match(marked.text, start):
        return True
    low, high = bisect_left(marked.bounds, token_end), bisect_left(marked.bounds, first)
    return any(tag == "v" or tag[:1] in "pcuq" for tag in marked.tags[low : max(low, high - 1)])


_FOUNDS = re.compile(
    r"设立|举办|设置|开办|成立|建立|组建|兴办|聘|招|雇|告知|通知|认为|指定|选择|发展|支持|鼓励|保护|购买|转让|赠送|出借|进入|取得|发现|接受|提供|充分|具有|擅自|冒充|确认|尊重|帮助|教育|危害|侵害|侵犯|损害|救治|收治|运输|销售|生产|存在|变更|组织|动员|属于|成为|作为|保障|治疗|担任|禁止|自|认定|接收|煽动|利用|适用|采取|视|批准|审查|审核|检查|评估|要求|允许|准予|协助|配合|依托|通过|引导|督促|聘任|任命|选举|罢免|约谈|追究|处罚|奖励|表彰|抢救|护送|转送|安置|看护|照顾|抚养|赡养|监护|代理|代表|收养|遗弃|虐待|拐卖|出售|收买|强迫|诱骗|胁迫|引诱|容留|冒用|伪造|欺骗|误导|影响|导致|造成|提交|阻碍|干扰|妨碍|侮辱|诽谤|威胁|殴打|注明|载明|标明|写明|记录|处理|容留"
)
"""Verbs whose object a person or body is: 设立医疗机构 is a deed, 接诊医疗机构 somebody."""
_EMPLOYS = re.compile(r"落实|配备|安排|选派|抽调|发挥")
"""落实人员负责: who is set to it is nobody of his own."""
_GENERIC = re.compile(
    r"单位|机构|部门|(?<!他)(?<!个)人$|者$|企业|机关|人员|组织|方$|员$|中心|委员会|场所|商$|站$|室$"
)
"""Heads that make a noun with the verb before them: 举办单位; 容留他人, 侵犯医师 are deeds."""
_DEPARTMENTS = re.compile(r"[^，。的对向由应]{2,80}、[^，。的对向由应]{2,60}?部门")
_SETS_UP = re.compile(r"建立|设立|成立|组建|健全|完善|加强|制定|指定|确定|明确|授权|委托|组织")
_PUBLIC = re.compile(r"(?:政府|国务院|自治区|直辖市|省|市)$")


def _relative(marked: Marked, start: int, end: int, ends: list[int]) -> Phrase | None:
    """提供就业岗位的用人单位: a clause that begins with a verb and ends in 的 and a head."""
    text = marked.text
    if (match := _DEPARTMENTS.match(text, start, end)) and match.end() in ends:
        return Phrase(start, match.end())  # 发展改革、民政等部门
    if text.startswith("在", start) and ends[-1] == end and re.search(r"的[^，的]{1,8}$", text[start:end]):
        return Phrase(start, end)  # 在村医疗卫生机构中执业的执业助理医师
    if _NO_NAME.match(text, start):
        return None
    for index, at in enumerate(ends):
        mark = text.rfind("的", start, at)
        if mark <= start or at - mark > 24:
            continue
        if re.search(r"[，；]|[对在向将把]", text[mark + 1 : at]):
            continue
        rest = text[at:end]
        if index + 1 < len(ends) and _JOINT.match(rest):
            continue
        if rest and text.startswith(("经", "未经"), start) and not _FURTHER.match(rest):
            return None  # 经主管部门委托的组织考核合格: whoever does that is not the one meant
        if not rest or _FURTHER.match(rest) or marked.tag_at(at).startswith(("v", "d", "p")):
            return Phrase(start, at)
    return None


def phrase_after(marked: Marked, start: int, end: int) -> Phrase | None:
    """The phrase from `start` on that names a person or body, with what is coordinated to it; None if none does."""
    ends = _ends(marked, start, end)
    for index, at in enumerate(ends):
        if at - start > 80:
            return None
        later = ends[index + 1] if index + 1 < len(ends) else None
        rest = marked.text[at:end]
        if later is not None and (
            _continues(marked, at, later, rest) or (rest.startswith("的") and later - at < 12)
        ):
            continue
        return Phrase(start, at)
    return None


def is_person(marked: Marked, start: int, end: int) -> bool:
    """Whether a stretch of text ends in a person or body."""
    return any(at == end for at in _ends(marked, start, end))


def parties_in(marked: Marked, phrase: Phrase) -> tuple[str, ...]:
    """The parties that a phrase names: of each member of a coordination the last."""
    found: list[str] = []
    inside = [m for m in marked.parties if phrase.start <= m.start and m.end <= phrase.end]
    for index, mark in enumerate(inside):
        following = inside[index + 1].start if index + 1 < len(inside) else phrase.end
        between = marked.text[mark.end : following]
        joined = re.match(r"、|和|与|及|或|会同|以及|，", between)
        if (joined or index + 1 == len(inside)) and mark.party and mark.party not in found:
            found.append(mark.party)
    return tuple(found)


def _ends(marked: Marked, start: int, end: int) -> list[int]:
    """Where a word that can name a person or body ends, in order."""
    found = {
        m.end
        for m in marked.parties
        if start <= m.start and m.end <= end and marked.text[m.start : m.end] not in ("遗体", "尸体")
    }
    bounds = marked.bounds
    low, high = bisect_left(bounds, start), bisect_left(bounds, end)
    for index in range(low, high):
        token_end = bounds[index + 1] if index + 1 < len(bounds) else len(marked.text)
        token_end = min(token_end, end)
        words = marked.text[max(start, token_end - 4) : token_end]
        if _HEAD.search(words) and not _inside(marked, token_end):
            found.add(token_end)
    return sorted(
        at for at in found if not _begins_a_name(marked, at, end) and not _organises(marked, at, start, end)
    )


_ORGANISES = re.compile(
    r"(?!的|等|和|或|与|及|以|应|不|可|有|须|必|会|对|在|从|为|是|[，、；。（(])[\u4e00-\u9fff]{2}"
)


def _organises(marked: Marked, at: int, start: int, end: int) -> bool:
    """组织 behind who does it and before whom it is done to is a verb: 场所组织人员参加劳动."""
    text = marked.text
    if text[at - 2 : at] != "组织" or any(m.end == at and m.end - m.start > 2 for m in marked.parties):
        return False
    before = text[max(start, at - 6) : at - 2]
    if before.endswith(("工会", "社会", "行业", "自治", "群团", "党", "团")):
        return False
    return bool(_HEAD.search(before)) and bool(_ORGANISES.match(text[at : min(end, at + 2)]))


def _begins_a_name(marked: Marked, at: int, end: int) -> bool:
    """国家 in 国家药品监督管理局 and 国家工作人员 names nobody by itself."""
    return (
        at < end
        and marked.text[at - 2 : at] in ("国家", "人民", "社会", "本市", "本省")
        and marked.tag_at(at).startswith("n")
    )


def _inside(marked: Marked, at: int) -> bool:
    return any(m.start < at < m.end for m in marked.parties)
