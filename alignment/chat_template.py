"""Chat templates for training: the model's own turns, with the tokens that are trained on marked.

A template must render exactly what the model saw when it was made, and mark what it says itself between
`{% generation %}` and `{% endgeneration %}`; without the marks a trainer learns the prompt by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from alignment.grounded import SECTIONS
from alignment.prompt import Message
from kg.problem import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Template(StrEnum):
    """Whose turns are rendered."""

    QWEN = "qwen2.5"
    DEEPSEEK_R1 = "deepseek-r1"


_QWEN = (
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}"
    "{{ '<|im_start|>assistant\\n' }}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}"
    "{% else %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_DEEPSEEK_R1 = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}"
    "{% elif message['role'] == 'user' %}{{ '<｜User｜>' + message['content'] }}"
    "{% else %}"
    "{{ '<｜Assistant｜>' }}{% generation %}{{ message['content'] + '<｜end▁of▁sentence｜>' }}{% endgeneration %}"
    "{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<｜Assistant｜><think>\\n' }}{% endif %}"
)
TEXT = {Template.QWEN: _QWEN, Template.DEEPSEEK_R1: _DEEPSEEK_R1}
"""The templates in Jinja."""


def turns(messages: Sequence[Message], template: Template) -> list[Message]:
    """The turns as the template expects them: for DeepSeek-R1 what comes before the conclusion is its thought.

    >>> turns([{"role": "assistant", "content": "【争点】甲\\n【结论】乙"}], Template.DEEPSEEK_R1)[0]["content"]
    '<think>\\n【争点】甲\\n</think>\\n\\n【结论】乙'
    """
    if template is not Template.DEEPSEEK_R1:
        return list(messages)
    return [
        {
            "role": m["role"],
            "content": _with_thought(m["content"]) if m["role"] == "assistant" else m["content"],
        }
        for m in messages
    ]


def _with_thought(content: str) -> str:
    thought, mark, said = content.partition(f"【{SECTIONS[4]}】")
    return f"<think>\n{thought.strip()}\n</think>\n\n{mark}{said}" if mark else content


def without_thought(content: str) -> str:
    """The whole answer of a model that thinks aloud, its marks of thought left out."""
    return content.replace("<think>", "").replace("</think>", "").strip()


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of a conversation; `trained[i]` is whether token i is learned."""

    ids: tuple[int, ...]
    trained: tuple[bool, ...]


def encode(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], template: Template) -> Encoded:
    """The tokens of a conversation with those that are trained on; InputError if none or all of them are."""
    made = tokenizer.apply_chat_template(
        turns(messages, template), chat_template=TEXT[template], tokenize=True, return_dict=True,
        return_assistant_tokens_mask=True,
    )  # fmt: skip
    encoded = Encoded(tuple(made["input_ids"]), tuple(bool(one) for one in made["assistant_masks"]))
    if not any(encoded.trained) or all(encoded.trained):
        raise InputError(f"模板 {template.value} 没有把回答与提问分开；请核对分词器与模板是否相配")
    return encoded


def shown(tokenizer: PreTrainedTokenizerBase, encoded: Encoded) -> str:
    """The text with what is trained on between ⟦ and ⟧: for a person to look at."""
    parts: list[str] = []
    start = 0
    for end in range(1, len(encoded.ids) + 1):
        if end == len(encoded.ids) or encoded.trained[end] != encoded.trained[start]:
            words = tokenizer.decode(encoded.ids[start:end])
            parts.append(f"⟦{words}⟧" if encoded.trained[start] else words)
            start = end
    return "".join(parts)
