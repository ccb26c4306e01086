"""The stages on a toy model, with real trainers: loss masks, learning, adapters, a killed run that goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alignment.chat_template import TEXT, Template, encode, shown, turns
from alignment.load import open_model, open_serving_tokenizer, open_tokenizer
from alignment.plan import plan_of
from alignment.recipe import Recipe, read_recipe
from alignment.sample import Decoding, sample
from alignment.train import ADAPTER, MANIFEST, METRICS, ordered, train
from kg.problem import InputError
from tests.alignment.tiny import ANSWERS, QUESTIONS, make_model, recipe, write_recipe
from tests.app.conftest import Run

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "alignment" / "recipes").glob("*-[sdkg]*.yaml"))
STAGES = [path for path in RECIPES if not path.name.startswith("accelerate")]


def metrics(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / METRICS).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("path", STAGES, ids=lambda path: path.stem)
def test_every_shipped_recipe_is_one(path: Path) -> None:
    read = read_recipe(path)
    assert read.out == f"runs/{path.stem}"
    assert path.stem.endswith(read.stage)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stage: sft\nout: x\n", "model：Field required"),
        ("stage: sft\nout: x\nmodel: {path: m, template: qwen2.5}\ndata: {folder: d}\nlearning: 1\n", "learning"),
        ("stage: sft\nout: x\nmodel: {path: m, template: qwen2.5, dtype: float32, quantization: nf4}\ndata: {folder: d}\n", "bfloat16"),
        ("stage: [", "应为 UTF-8 的 YAML"),
    ],
)  # fmt: skip
def test_a_recipe_that_is_none(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_recipe(tmp_path / "r.yaml")


def test_what_is_trained_on_is_the_answer_and_its_end_alone(toy: Path) -> None:
    tokenizer = open_tokenizer(Recipe.model_validate(recipe(toy, "sft")).model)
    messages: Any = [
        {"role": "system", "content": "答"},
        {"role": "user", "content": "可以吗？"},
        {"role": "assistant", "content": "不得[C1]。"},
    ]
    encoded = encode(tokenizer, messages, Template.QWEN)
    whole = "<|im_start|>system\n答<|im_end|>\n<|im_start|>user\n可以吗？<|im_end|>\n<|im_start|>assistant\n不得[C1]。<|im_end|>\n"
    assert list(encoded.ids) == tokenizer(whole)["input_ids"]
    said = tokenizer("不得[C1]。<|im_end|>")["input_ids"]
    assert [i for i, learned in zip(encoded.ids, encoded.trained, strict=True) if learned] == said
    assert shown(tokenizer, encoded).endswith("assistant\n⟦不得[C1]。<|im_end|>⟧\n")
    asked = tokenizer.apply_chat_template(messages[:2], tokenize=False, add_generation_prompt=True)
    assert whole.startswith(asked), "asking ends where the answer of training begins"


def test_the_trainer_masks_the_same_tokens(toy: Path) -> None:
    from alignment.train import _rows, _trainer

    made = Recipe.model_validate(recipe(toy, "sft"))
    tokenizer = open_tokenizer(made.model)
    rows, _ = _rows(made, tokenizer)
    trainer = _trainer(made, tokenizer, rows, None, lambda *_: None)
    batch = next(iter(trainer.get_train_dataloader()))
    for ids, labels in zip(batch["input_ids"].tolist(), batch["labels"].tolist(), strict=True):
        trained = [label for label in labels if label != -100]
        assert tokenizer.decode(trained) in {f"{answer}<|im_end|>" for answer in ANSWERS}
        assert all(label in (-100, i) for i, label in zip(ids, labels, strict=True))


def test_deepseek_thinks_before_it_concludes(tmp_path: Path) -> None:
    make_model(tmp_path / "model", "llama")
    value = recipe(
        tmp_path,
        "sft",
        model={"path": str(tmp_path / "model"), "dtype": "float32", "template": "deepseek-r1"},
    )
    tokenizer = open_tokenizer(Recipe.model_validate(value).model)
    messages: Any = [
        {"role": "user", "content": "可以吗？"},
        {"role": "assistant", "content": "【争点】甲\n【结论】不得"},
    ]
    encoded = encode(tokenizer, messages, Template.DEEPSEEK_R1)
    learned = "<think>\n【争点】甲\n</think>\n\n【结论】不得<｜end▁of▁sentence｜>"
    assert shown(tokenizer, encoded) == f"<｜begin▁of▁sentence｜><｜User｜>可以吗？<｜Assistant｜>⟦{learned}⟧"
    asked = tokenizer.apply_chat_template(
        turns(messages[:1], Template.DEEPSEEK_R1), tokenize=False, add_generation_prompt=True
    )
    assert asked.endswith("<｜Assistant｜><think>\n")


def test_a_template_without_marks_is_refused(toy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = open_tokenizer(Recipe.model_validate(recipe(toy, "sft")).model)
    bare = TEXT[Template.QWEN].replace("{% generation %}", "").replace("{% endgeneration %}", "")
    monkeypatch.setitem(TEXT, Template.QWEN, bare)
    with pytest.raises(InputError, match="没有把回答与提问分开"):
        encode(
            tokenizer,
            [{"role": "user", "content": "甲"}, {"role": "assistant", "content": "乙"}],
            Template.QWEN,
        )


def test_sft_learns_a_handful_and_the_adapter_round_trips(toy: Path) -> None:
    import torch
    from peft import PeftModel

    value = recipe(toy, "sft", out=str(toy / "runs" / "learns"))
    value["train"] = {**value["train"], "max_steps": 60}  # type: ignore[dict-item]
    made = Recipe.model_validate(value)
    run = train(made)
    losses = [row["loss"] for row in metrics(Path(made.out)) if "loss" in row]
    assert losses[-1] < losses[0] / 3
    manifest = json.loads((Path(made.out) / MANIFEST).read_text("utf-8"))
    assert (manifest["rows"], manifest["steps"], manifest["stage"]) == (4, 60, "sft")
    assert "adapter_model.safetensors" in manifest["files"]

    tokenizer = open_tokenizer(made.model)
    ids = tokenizer("手术前要不要说明风险？", return_tensors="pt")
    with torch.no_grad():
        beside = PeftModel.from_pretrained(open_model(made.model), str(run.adapter)).eval()(**ids).logits
        merged = (
            open_model(made.model.model_copy(update={"adapters": (str(run.adapter),)})).eval()(**ids).logits
        )
        base = open_model(made.model).eval()(**ids).logits
    assert torch.allclose(beside, merged, atol=1e-4)
    assert not torch.allclose(base, merged, atol=1e-2)

    aligned = open_model(made.model.model_copy(update={"adapters": (str(run.adapter),)}))
    asked: Any = [
        (str(i), [{"role": "system", "content": "答"}, {"role": "user", "content": q}])
        for i, q in enumerate(QUESTIONS)
    ]
    kept = toy / "answers.jsonl"
    answers = sample(aligned, tokenizer, asked, Decoding(tokens=60, batch=3), kept)
    assert [one.text for one in answers] == list(ANSWERS)
    assert all(one.whole for one in answers)
    again = sample(None, None, asked, Decoding(), kept)  # type: ignore[arg-type]  # all are kept: nothing is asked
    assert again == answers


def test_dpo_widens_the_margin(toy: Path) -> None:
    value = recipe(toy, "dpo")
    value["train"] = {**value["train"], "max_steps": 40}  # type: ignore[dict-item]
    train(Recipe.model_validate(value))
    rows = [row for row in metrics(toy / "runs" / "dpo") if "rewards/margins" in row]
    assert rows[0]["rewards/margins"] == pytest.approx(0, abs=0.01)
    assert rows[-1]["rewards/margins"] > 0.05
    assert rows[-1]["rewards/accuracies"] == 1.0


@pytest.mark.parametrize("stage", ["kto", "grpo"])
def test_the_other_stages_run(toy: Path, stage: str) -> None:
    value = recipe(toy, stage, grpo={"group": 2, "answer_tokens": 8})
    value["train"] = {**value["train"], "max_steps": 2}  # type: ignore[dict-item]
    asked: list[int] = []

    def reward(answers: Any, rows: Any) -> list[float]:
        asked.append(len(answers))
        return [float(len(answer)) for answer in answers]

    run = train(Recipe.model_validate(value), reward=reward)
    assert (run.adapter / "adapter_model.safetensors").is_file()
    assert bool(asked) is (stage == "grpo")


_RUN = """
import os, signal, sys
from pathlib import Path
from alignment.recipe import read_recipe
from alignment.train import train
last = int(sys.argv[2])
def progress(stage, step, steps):
    if step == last:
        os.kill(os.getpid(), signal.SIGKILL)
train(read_recipe(Path(sys.argv[1])), progress=progress)
"""


def test_a_killed_run_goes_on_to_the_same_curve(toy: Path, tmp_path: Path) -> None:
    whole = write_recipe(tmp_path / "whole.yaml", recipe(toy, "sft", out=str(tmp_path / "whole")))
    cut = write_recipe(tmp_path / "cut.yaml", recipe(toy, "sft", out=str(tmp_path / "cut")))
    train(read_recipe(whole))
    killed = subprocess.run(
        [sys.executable, "-c", _RUN, str(cut), "7"], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-1000:]
    assert not (tmp_path / "cut" / ADAPTER).exists()
    train(read_recipe(cut))
    curve = {row["step"]: row["loss"] for row in metrics(tmp_path / "whole") if "loss" in row}
    again = {row["step"]: row["loss"] for row in metrics(tmp_path / "cut") if "loss" in row}
    assert again == pytest.approx(curve, rel=1e-4)
    assert max(curve) == 12


def test_a_run_folder_of_another_recipe_is_left_alone(toy: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="另一份配方"):
        train(Recipe.model_validate(recipe(toy, "sft", out=str(tmp_path))))


def test_what_is_held_out_is_refused(toy: Path, tmp_path: Path) -> None:
    rows = (toy / "rows" / "sft.jsonl").read_text("utf-8").replace('"fold": "train"', '"fold": "test"', 1)
    (tmp_path / "sft.jsonl").write_text(rows, encoding="utf-8")
    value = recipe(toy, "sft", out=str(tmp_path / "run"), data={"folder": str(tmp_path)})
    with pytest.raises(InputError, match="test 折"):
        train(Recipe.model_validate(value))


def test_the_order_of_rows_does_not_depend_on_the_others() -> None:
    few, more = ["a", "b", "c"], ["a", "b", "c", "d", "e"]
    kept = [more[i] for i in ordered(more, 1) if more[i] in few]
    assert kept == [few[i] for i in ordered(few, 1)]


def test_the_plan_of_seven_billion() -> None:
    """Against a count by hand: embeddings twice, and per layer attention with biases, three projections, two norms."""
    made = plan_of(
        read_recipe(ROOT / "alignment" / "recipes" / "qwen2.5-7b-qlora-24g-sft.yaml"), tokens_per_second=1000
    )
    d, inner, layers, vocabulary, kv = 3584, 18944, 28, 152064, 512
    layer = 2 * d * d + 2 * d * kv + d + 2 * kv + 3 * d * inner + 2 * d
    assert made.parameters == 2 * vocabulary * d + layers * layer + d == 7_615_616_512
    each = 2 * (d + d) + 2 * (d + kv) + 2 * (d + inner) + (inner + d)
    assert made.trainable == 16 * layers * each
    linear = layers * (2 * d * d + 2 * d * kv + 3 * d * inner)
    weights = (linear * (0.5 + 1 / 64 + 4 / (64 * 256)) + (made.parameters - linear) * 2) / 2**30
    assert made.memory["权重"] == pytest.approx(weights, rel=1e-6)
    assert sum(made.memory.values()) < 24
    assert "7,615,616,512" in made.told()


def test_the_plan_counts_steps_and_names_a_module_that_is_not_there(toy: Path) -> None:
    value = recipe(toy, "sft", train={"epochs": 3, "batch": 1, "accumulate": 2})
    made = plan_of(Recipe.model_validate(value), tokens_per_second=1000)
    assert (made.rows, made.steps, made.tokens) == (4, 6, 6 * 2 * 256)
    value["lora"] = {"targets": ["q_proj", "w_gate"]}
    with pytest.raises(InputError, match=r"w_gate 在模型中没有；有：.*gate_proj"):
        plan_of(Recipe.model_validate(value), tokens_per_second=1000)
    value["model"] = {"path": "nowhere", "template": "qwen2.5", "shape": "none"}
    with pytest.raises(InputError, match=r"qwen2\.5-7b"):
        plan_of(Recipe.model_validate(value), tokens_per_second=1000)


OWN = (
    "{% if tools %}{{ tools | tojson }}{% endif %}"
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@pytest.mark.parametrize(
    ("own", "kept", "why"),
    [
        (OWN, True, "it shows a question as it was trained on, and knows tools"),
        (OWN.replace("'\n' + m['content']", "': ' + m['content']"), False, "it shows a question otherwise"),
        (None, False, "there is none"),
    ],
    ids=["the same", "another", "none"],
)
def test_what_is_served_keeps_the_models_own_template_where_it_agrees(
    tmp_path: Path, own: str | None, kept: bool, why: str
) -> None:
    folder = make_model(tmp_path / "model")
    if own:
        (folder / "chat_template.jinja").write_text(own, "utf-8")
    made = Recipe.model_validate(recipe(tmp_path, "sft"))
    served = open_serving_tokenizer(made.model)
    assert (served.chat_template == own) is kept, why
    asked = [{"role": "system", "content": "答"}, {"role": "user", "content": "问"}]
    rendered = [
        one.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
        for one in (served, open_tokenizer(made.model))
    ]
    assert rendered[0] == rendered[1]


def test_the_commands(toy: Path, tmp_path: Path, run: Run) -> None:
    path = write_recipe(tmp_path / "r.yaml", recipe(toy, "sft", out=str(tmp_path / "out")))
    looked = run("align", "inspect-batch", "--recipe", path, "--rows", 1)
    assert looked.code == 0, looked.err
    assert "⟦【结论】" in looked.out
    done = run("align", "sft", "--recipe", path)
    assert done.code == 0, done.err
    assert done.out == ""
    assert "12 步" in done.err
    merged = run("align", "merge", "--recipe", path, "--out", tmp_path / "merged")
    assert merged.code == 0, merged.err
    assert (tmp_path / "merged" / "model.safetensors").is_file()
    assert "im_start" in (tmp_path / "merged" / "chat_template.jinja").read_text("utf-8")
    assert run("align", "dpo", "--recipe", path).code == 2
    told = run("align", "plan", "--recipe", path, "--json")
    assert json.loads(told.out)["rows"] == 4
