"""The shipped encoder: small, checked, steady, and nearer to law in the words of people."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from kg.pack import data_folder
from kg.problem import DamagedError
from retrieval.adapted import MODEL, AdaptedEncoder, adapted_encoder, model_digest

TEXTS = [
    "民法典 医务人员在诊疗活动中应当向患者说明病情和医疗措施。",
    "刑法 在道路上追逐竞驶，情节恶劣的，处拘役，并处罚金。",
    "短",
    "",
]


@pytest.fixture(scope="module")
def encoder() -> AdaptedEncoder:
    found = adapted_encoder()
    assert found is not None
    return found


def test_the_model_is_small_and_what_its_manifest_says(encoder: AdaptedEncoder) -> None:
    folder = data_folder() / "models" / MODEL
    assert sum(path.stat().st_size for path in folder.iterdir()) < 40e6
    assert (folder / "README.md").is_file()
    assert model_digest(folder, 192) == encoder.digest


def test_vectors_are_unit_vectors_and_do_not_depend_on_their_neighbours(encoder: AdaptedEncoder) -> None:
    together = encoder.encode(TEXTS)
    assert together.shape == (len(TEXTS), encoder.dimension)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-4)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.array_equal(together, alone)
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_of_a_query_the_first_tokens_are_read(encoder: AdaptedEncoder) -> None:
    story = "开刀前没人跟我讲过风险，" * 40
    assert np.array_equal(encoder.encode_query(story), encoder.encode_query(story + "隔壁家的狗很吵"))
    assert not np.array_equal(encoder.encode_query(story[:60]), encoder.encode_query(story))


def test_half_a_surrogate_pair_is_read_as_a_blank(encoder: AdaptedEncoder) -> None:
    assert np.array_equal(encoder.encode_query("知情\ud800同意"), encoder.encode_query("知情 同意"))
    assert np.array_equal(encoder.encode(["知情\udfff同意"]), encoder.encode(["知情 同意"]))


def test_everyday_words_are_nearer_to_the_law_that_governs(encoder: AdaptedEncoder) -> None:
    disclosed, racing, *_ = encoder.encode(TEXTS)
    for query, near, far in (
        ("开刀前没人跟我讲过风险", disclosed, racing),
        ("两个小伙子半夜在高架上飙车", racing, disclosed),
    ):
        (asked,) = encoder.encode_query(query)
        assert asked @ near > asked @ far


def test_another_model_under_the_same_manifest_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(data_folder() / "models" / MODEL, tmp_path / MODEL)
    with (folder / "tokenizer.json").open("a", encoding="utf-8") as file:
        file.write(" ")
    with pytest.raises(DamagedError, match="摘要不符"):
        AdaptedEncoder(folder).encode_query("问")
