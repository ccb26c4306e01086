"""A language model behind an OpenAI-compatible address, reached through LangChain: asked once, answer untouched."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from evaluator.llm_answer import Failed, Failure, answer_schema
from kg.problem import InputError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk

Hearing = Callable[[str], None]
"""Told the words of an answer as they come."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is: an OpenAI-compatible address, its name there, and how long and how often to try.

    `seconds` bounds the silence, not the whole answer: one that goes on coming is heard to its end.
    """

    url: str
    model: str
    key: str = field(default="none", repr=False)
    seconds: float = 120.0
    retries: int = 1
    tokens: int = 4096


class Asked(Protocol):
    """Asks a model, and tells its words or why there are none."""

    @property
    def name(self) -> str:
        """The model's name, as the record states it."""
        ...

    def ask(self, system: str, user: str, *, hear: Hearing | None = None) -> str | Failed:
        """The words of the model's answer; `hear` is told them as they come."""
        ...


class Form(NamedTuple):
    """What the answer must look like: a name, and a JSON Schema."""

    name: str
    schema: dict[str, Any]


VERDICT = Form("verdict", answer_schema())
"""The form of an answer that judges."""


class ChatModel:
    """A LangChain chat model behind an endpoint, asked for answers of a form, in free words if that is None.

    Network trouble is retried a few times, an answer never; nor is one that broke off after it had begun.
    """

    def __init__(self, endpoint: Endpoint, form: Form | None = VERDICT) -> None:
        self.name = endpoint.model
        self._endpoint = endpoint
        self._model = open_model(endpoint, form)

    def ask(self, system: str, user: str, *, hear: Hearing | None = None) -> str | Failed:
        """The words of the answer; a failure names the endpoint, never the key."""
        turns = [("system", system), ("user", user)]
        try:
            answer = self._model.invoke(turns) if hear is None else _heard(self._model.stream(turns), hear)
        except Exception as error:
            if failed := failure_of(error, self._endpoint):
                return failed
            raise
        if answer is None:
            return Failed(Failure.MALFORMED, f"{self._endpoint.url} 的回应是空的")
        return unusable(answer, self._endpoint) or answer.text


def _heard(chunks: Iterable[AIMessageChunk], hear: Hearing) -> AIMessageChunk | None:
    whole: AIMessageChunk | None = None
    for chunk in chunks:
        if chunk.text:
            hear(legible(chunk.text))
        whole = chunk if whole is None else whole + chunk
    return whole


def legible(text: str) -> str:
    """A text for a terminal: what would move its cursor, turn its writing round or cannot be encoded is a replacement mark.

    >>> legible("可以。\\x1b[2K✓ 已核实")
    '可以。\ufffd[2K✓ 已核实'
    """
    return "".join(
        "\ufffd" if unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\t" else c for c in text
    )


def unusable(answer: AIMessage, at: Endpoint) -> Failed | None:
    """Why an answer is not whole text, None if it is: the limit of tokens, a stream that ended without saying so, half a character."""
    if any(unicodedata.category(c) == "Cs" for c in answer.text):
        return Failed(Failure.MALFORMED, f"{at.url} 的回答含有不成对的代理字符，不是文字")
    finish = answer.response_metadata.get("finish_reason")
    if finish == "length":
        return Failed(Failure.TRUNCATED, f"超过 {at.tokens} 个词元，或超过模型的上限")
    return None if finish else Failed(Failure.TRUNCATED, f"{at.url} 的回答没有说完就断了")


def failure_of(error: Exception, at: Endpoint) -> Failed | None:
    """What an error of the client says of the endpoint; None if it is an error of ours."""
    from langchain_core.exceptions import ModelConnectionError, ModelError, ModelTimeoutError
    from openai import APIError

    match error:
        case ModelTimeoutError():
            return Failed(
                Failure.TIMEOUT, f"{at.url} 在 {at.seconds:g} 秒内没有回答（试了 {at.retries + 1} 次）"
            )
        case ModelConnectionError():
            return Failed(Failure.UNREACHABLE, f"{at.url}：{error}（试了 {at.retries + 1} 次）")
        # LangChain has no class for some refusals (413, 422), nor for an error told in the middle of a stream.
        case ModelError() | APIError():
            return Failed(Failure.REFUSED, f"{at.url}：{type(error).__name__}：{_short(str(error))}")
        # What a server sends that is no chat completion fails inside the client, each time otherwise.
        case TypeError() | KeyError() | AttributeError() | ValueError():
            return Failed(Failure.MALFORMED, f"{at.url} 的回应不是 chat completion：{_short(str(error))}")
    return None


def open_model(endpoint: Endpoint, form: Form | None) -> BaseChatModel:
    """The LangChain model of an endpoint; InputError where LangChain is not installed."""
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise InputError(f"语言模型推理需要 {error.name}；请 pip install 'yilun[llm]'") from error
    # As a part of the body: given as arguments, the client would parse answers itself, and send the
    # limit by a name that few local servers know.
    body: dict[str, Any] = {"max_tokens": endpoint.tokens}
    if form:
        body["response_format"] = {"type": "json_schema", "json_schema": form._asdict()}
    try:
        return init_chat_model(
            endpoint.model, model_provider="openai", base_url=endpoint.url, api_key=endpoint.key,
            timeout=endpoint.seconds, max_retries=endpoint.retries, temperature=0, extra_body=body,
            use_responses_api=False,
        )  # fmt: skip
    except ImportError as error:
        raise InputError(f"语言模型推理需要 {error.name}；请 pip install 'yilun[llm]'") from error


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "…"
