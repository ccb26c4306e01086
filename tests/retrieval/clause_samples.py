"""Clauses made by hand, an encoder that needs no model, and a build made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.clause import Clause, ClauseParagraph
from kg.dates import Validity
from kg.identity import ExpressionId, ProvisionId, Step
from kg.model import RelatedTitle, Source
from kg.titles import TitleIndex
from kg.vocabulary import Kind, Level, Topic
from retrieval.index import write_index
from retrieval.retriever import INDEX_FOLDER

TODAY = date(2026, 10, 1)
DOCTORS = "中华人民共和国医师法"


def clause(
    key: str,
    number: int,
    *paragraphs: str,
    version: date | None = date(2020, 1, 1),
    validity: Validity | None = None,
    level: Level = Level.LAW,
    topics: tuple[Topic, ...] = (),
    headings: tuple[str, ...] = (),
    sub: int = 0,
) -> Clause:
    """One article; in force since its version's date unless a validity is given."""
    identifier = ProvisionId(
        ExpressionId(key, version, 0 if version else 1), (Step(Kind.ARTICLE, number, sub),)
    )
    return Clause(
        id=identifier,
        titles=(key,),
        level=level,
        topics=topics,
        validity=validity or Validity(begins=version),
        label=identifier.display(),
        headings=headings,
        text="\n".join(paragraphs),
        paragraphs=tuple(
            ClauseParagraph(
                identifier.child(Step(Kind.PARAGRAPH, n)), n if len(paragraphs) > 1 else None, text
            )
            for n, text in enumerate(paragraphs, 1)
        ),
    )


CLAUSES = (
    clause(
        "中华人民共和国民法典",
        1219,
        "医务人员在诊疗活动中应当向患者说明病情和医疗措施。需要实施手术、特殊检查、特殊治疗的，医务人员应当及时向患者具体说明医疗风险、替代医疗方案等情况，并取得其明确同意；不能或者不宜向患者说明的，应当向患者的近亲属说明，并取得其明确同意。",
        "医务人员未尽到前款义务，造成患者损害的，医疗机构应当承担赔偿责任。",
        version=date(2020, 5, 28),
        validity=Validity(begins=date(2021, 1, 1)),
        topics=(Topic("医患关系"), Topic("常规诊疗")),
        headings=("第七编 侵权责任", "第六章 医疗损害责任"),
    ),
    clause(
        DOCTORS,
        25,
        "医师在诊疗活动中应当向患者说明病情、医疗措施和其他需要告知的事项。",
        version=date(2021, 8, 20),
        validity=Validity(begins=date(2022, 3, 1)),
        topics=(Topic("医患关系"),),
    ),
    clause(
        "护士条例",
        31,
        "护士在执业活动中有下列情形之一的，由县级以上地方人民政府卫生主管部门依据职责分工责令改正：\n"
        "（一）发现患者病情危急未立即通知医师的；\n（二）泄露患者隐私的。",
        level=Level.ADMINISTRATIVE_REGULATION,
        topics=(Topic("常规护理"),),
    ),
    clause(
        "中华人民共和国传染病防治法",
        12,
        "一切单位和个人必须接受疾病预防控制机构有关传染病的调查。",
        version=date(2013, 6, 29),
        validity=Validity(begins=date(2013, 6, 29), ends=date(2025, 9, 1)),
    ),
    clause(
        "中华人民共和国传染病防治法",
        12,
        "单位和个人应当配合疾病预防控制机构开展的传染病调查、采样、检验。",
        version=date(2025, 4, 30),
        validity=Validity(begins=date(2025, 9, 1)),
    ),
    clause(
        "某市急救条例",
        3,
        "急救站应当二十四小时值守。",
        version=date(2010, 1, 1),
        validity=Validity(begins=None, not_before=date(2010, 1, 1)),
        level=Level.LOCAL_REGULATION,
    ),
    clause(
        "某市急救条例",
        3,
        "急救站应当二十四小时值守并公布电话。",
        version=date(2018, 1, 1),
        validity=Validity(begins=None, not_before=date(2018, 1, 1)),
        level=Level.LOCAL_REGULATION,
    ),
    clause("中华人民共和国刑法", 133, "在道路上驾驶机动车，追逐竞驶，情节恶劣的，处拘役。", sub=1),
    clause("中华人民共和国刑法", 133, "违反交通运输管理法规，因而发生重大事故。"),
)


class PlainEncoder:
    """Unit vectors of character counts: near where texts share characters."""

    name = "plain"
    digest = "0" * 32
    dimension = 64

    def __init__(self) -> None:
        self.encoded: list[str] = []

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        return self.encode([text])

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.encoded += texts
        made = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for char in text:
                made[row, hashlib.sha256(char.encode()).digest()[0] % self.dimension] += 1
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True)
class SampleBuild:
    """A folder with an index in it, and titles."""

    path: Path
    titles: TitleIndex


def sample_build(
    folder: Path, clauses: Iterable[Clause] = CLAUSES, *, encoder: PlainEncoder | None = None
) -> SampleBuild:
    """Write the index of these clauses below a folder; vectors go to its `cache`."""
    held = tuple(clauses)
    write_index(held, folder / INDEX_FOLDER, cache=folder / "cache", encoder=encoder)
    named = {c.id.expression.key: c.level for c in held}
    former = {
        "中华人民共和国民法典": (RelatedTitle("中华人民共和国侵权责任法", "replaced", "第一千二百六十条"),)
    }
    sources = (
        Source(key, key, level, former_titles=former.get(key, ())) for key, level in sorted(named.items())
    )
    return SampleBuild(folder, TitleIndex.build(sources))
