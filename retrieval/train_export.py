"""From a trained model to what is shipped: an ONNX file in eight bits, with its tokenizer.

    python -m retrieval.train_export --model DIR --out DIR --texts texts.txt

Weights are rounded to eight bits, arithmetic stays in full precision. The cosines with the unrounded model
are printed.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from pathlib import Path
from typing import Any

_TOKENS = 192
"""Of a text so many are read: nine clauses of ten are shorter."""
_BLOCK = 32


def export_onnx(model: Any, path: Path) -> None:
    """Write the model as ONNX: token ids and mask in, one unit vector for each row out."""
    import torch

    class Pooled(torch.nn.Module):  # type: ignore[misc]  # torch is not installed where types are checked
        """The model with its mean pooling."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any) -> Any:
            """Unit vectors."""
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            shown = mask.unsqueeze(-1).to(states.dtype)
            return torch.nn.functional.normalize((states * shown).sum(1) / shown.sum(1), dim=-1)

    ids = torch.randint(5, 1000, (2, 16))
    torch.onnx.export(
        Pooled().eval(),
        (ids, torch.ones_like(ids)),
        str(path),
        input_names=["ids", "mask"],
        output_names=["vectors"],
        dynamic_axes={"ids": {0: "n", 1: "t"}, "mask": {0: "n", 1: "t"}, "vectors": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )


def quantise(path: Path, out: Path) -> None:
    """Round the weights of an ONNX file to eight bits: in blocks of 32 with a scale each."""
    import onnx

    model = onnx.load(path)
    _round_embeddings(model.graph)
    _round_matrices(model.graph)
    onnx.save(model, out)


def _round_matrices(graph: Any) -> None:
    # onnxruntime multiplies the scales in when it loads the model and reckons in full precision: with
    # arithmetic in eight bits the cosine with the unrounded model falls to .98 and recall by three points;
    # a scale for each column instead of each block costs half a hundredth of cosine.
    import numpy as np
    from onnx import helper, numpy_helper

    held = {one.name: one for one in graph.initializer}
    matrices = [node.input[1] for node in graph.node if node.op_type == "MatMul" and node.input[1] in held]
    made = []
    for name in matrices:
        weights = numpy_helper.to_array(held[name])
        blocks = weights.reshape(-1, _BLOCK, weights.shape[1])
        scales = np.maximum(np.abs(blocks).max(axis=1, keepdims=True), 1e-9) / 127
        graph.initializer.remove(held[name])
        graph.initializer.extend(
            [
                numpy_helper.from_array(np.rint(blocks / scales).astype(np.int8), f"{name}_codes"),
                numpy_helper.from_array(scales.astype(np.float32), f"{name}_scales"),
                numpy_helper.from_array(np.asarray(weights.shape, dtype=np.int64), f"{name}_shape"),
            ]
        )
        made += [
            helper.make_node("Cast", [f"{name}_codes"], [f"{name}_cast"], to=1),
            helper.make_node("Mul", [f"{name}_cast", f"{name}_scales"], [f"{name}_blocks"]),
            helper.make_node("Reshape", [f"{name}_blocks", f"{name}_shape"], [name]),
        ]
    for offset, node in enumerate(made):
        graph.node.insert(offset, node)


def _round_embeddings(graph: Any) -> None:
    # In blocks of 32, as the base model has them. One scale for a row costs a hundredth of cosine, and one
    # for the table, which quantize_dynamic gives, more: some dimensions are much larger than the others.
    import numpy as np
    from onnx import helper, numpy_helper

    table = max(graph.initializer, key=lambda one: int(np.prod(one.dims)))
    (gather,) = (node for node in graph.node if node.op_type == "Gather" and node.input[0] == table.name)
    rows = numpy_helper.to_array(table)
    blocks = rows.reshape(len(rows), -1, _BLOCK)
    scales = np.maximum(np.abs(blocks).max(axis=2, keepdims=True), 1e-9) / 127
    graph.initializer.remove(table)
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.rint(blocks / scales).astype(np.int8), "embedding_codes"),
            numpy_helper.from_array(scales.astype(np.float32), "embedding_scales"),
            numpy_helper.from_array(np.asarray([0, 0, rows.shape[1]], dtype=np.int64), "embedding_shape"),
        ]
    )
    place, wanted, ids = list(graph.node).index(gather), gather.output[0], gather.input[1]
    graph.node.remove(gather)
    made = [
        helper.make_node("Gather", ["embedding_codes", ids], ["embedding_rounded"]),
        helper.make_node("Cast", ["embedding_rounded"], ["embedding_cast"], to=1),
        helper.make_node("Gather", ["embedding_scales", ids], ["embedding_scale"]),
        helper.make_node("Mul", ["embedding_cast", "embedding_scale"], ["embedding_blocks"]),
        helper.make_node("Reshape", ["embedding_blocks", "embedding_shape"], [wanted]),
    ]
    for offset, node in enumerate(made):
        graph.node.insert(place + offset, node)


def main() -> None:
    """Export, round, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--name", required=True, help="name and date, as hits and the cache call the model")
    options = parser.parse_args()

    import torch
    from transformers import BertModel

    from retrieval.adapted import AdaptedEncoder, model_digest
    from retrieval.train_encoder import PASSAGE, Encoding

    model = BertModel.from_pretrained(
        options.model, add_pooling_layer=False, attn_implementation="eager"
    ).eval()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        export_onnx(model, Path(made) / "full.onnx")
        quantise(Path(made) / "full.onnx", options.out / "model.onnx")
    tokenizer = json.loads((options.model / "tokenizer.json").read_text("utf-8"))
    tokenizer["truncation"] = tokenizer["padding"] = None
    (options.out / "tokenizer.json").write_text(
        json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), "utf-8"
    )
    stated = {
        "name": options.name,
        "digest": model_digest(options.out, _TOKENS),
        "dimension": model.config.hidden_size,
        "tokens": _TOKENS,
    }
    (options.out / "manifest.json").write_text(
        json.dumps(stated, ensure_ascii=False, indent=1) + "\n", "utf-8"
    )
    lines = [line.strip() for line in options.texts.read_text("utf-8").splitlines()]
    sample = random.Random(1).sample([line for line in lines if 8 < len(line) < 200], 100)
    rounded = torch.tensor(AdaptedEncoder(options.out).encode(sample))
    unrounded = Encoding(options.model)
    unrounded.model.eval()
    with torch.no_grad():
        wanted = unrounded([PASSAGE + text for text in sample], _TOKENS)
    cosines = (rounded * wanted).sum(1)
    size = sum(path.stat().st_size for path in options.out.iterdir()) / 1e6
    print(f"{size:.1f} MB; cosine with the unrounded: least {cosines.min():.4f}, mean {cosines.mean():.4f}")


if __name__ == "__main__":
    main()
