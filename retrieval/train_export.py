"""From a trained model to what is shipped: an ONNX file in eight bits, with its tokenizer.

    python -m retrieval.train_export --model DIR --out DIR --texts texts.txt

Weights are rounded to eight bits, matrices by row of output, embeddings by table; arithmetic is in eight
bits for matrices and in full precision else. The cosines with the unrounded model are printed.
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
    """Round the weights of an ONNX file to eight bits: matrices by column, token embeddings by row."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        path, out, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"]
    )
    graph = onnx.load(out)
    _round_rows(graph.graph)
    onnx.save(graph, out)


def _round_rows(graph: Any) -> None:
    # One scale for the whole table, which quantize_dynamic gives, costs more cosine than all matrices.
    import numpy as np
    from onnx import helper, numpy_helper

    table = max(graph.initializer, key=lambda one: int(np.prod(one.dims)))
    (gather,) = (node for node in graph.node if node.op_type == "Gather" and node.input[0] == table.name)
    rows = numpy_helper.to_array(table)
    scales = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-9) / 127
    graph.initializer.remove(table)
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.rint(rows / scales).astype(np.int8), "embedding_codes"),
            numpy_helper.from_array(scales.astype(np.float32), "embedding_scales"),
        ]
    )
    place, wanted, ids = list(graph.node).index(gather), gather.output[0], gather.input[1]
    graph.node.remove(gather)
    made = [
        helper.make_node("Gather", ["embedding_codes", ids], ["embedding_rounded"]),
        helper.make_node("Cast", ["embedding_rounded"], ["embedding_codes_cast"], to=1),
        helper.make_node("Gather", ["embedding_scales", ids], ["embedding_scale"]),
        helper.make_node("Mul", ["embedding_codes_cast", "embedding_scale"], [wanted]),
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
