"""A language model behind an OpenAI-compatible address, reached through LangChain: asked once, answer untouched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from evaluator.llm_answer import Failed, Failure, answer_schema
from kg.problem import InputError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is: an OpenAI-compatible address, its name there, and how long and how often to try."""

    url: str
    model: str
    key: str = "none"
    seconds: float = 120.0
    retries: int = 1
    tokens: int = 4096


class Asked(Protocol):
    """Asks a model, and tells its words or why there are none."""

    @property
    def name(self) -> str:
        """The model's name, as the record states it."""
        ...

    def ask(self, system: str, user: str) -> str | Failed:
        """The words of the model's answer."""
        ...


class Form(NamedTuple):
    """What the answer must look like: a name, and a JSON Schema."""

    name: str
    schema: dict[str, Any]


class ChatModel:
    """A LangChain chat model behind an endpoint, asked for answers of a form, those of a verdict by default.

    Network trouble is retried a few times, an answer never.
    """

    def __init__(self, endpoint: Endpoint, form: Form | None = None) -> None:
        self.name = endpoint.model
        self._endpoint = endpoint
        self._model = _open(endpoint, form or Form("verdict", answer_schema()))

    def ask(self, system: str, user: str) -> str | Failed:
        """The words of the answer; a failure names the endpoint, never the key."""
        from langchain_core.exceptions import ModelConnectionError, ModelError, ModelTimeoutError

        at = self._endpoint
        try:
            answer = self._model.invoke([("system", system), ("user", user)])
        except ModelTimeoutError:
            return Failed(
                Failure.TIMEOUT, f"{at.url} 在 {at.seconds:g} 秒内没有回答（试了 {at.retries + 1} 次）"
            )
        except ModelConnectionError as error:
            return Failed(Failure.UNREACHABLE, f"{at.url}：{error}（试了 {at.retries + 1} 次）")
        except ModelError as error:
            return Failed(Failure.REFUSED, f"{at.url}：{type(error).__name__}：{_short(str(error))}")
        # What a server sends that is no chat completion fails inside the client, each time otherwise.
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            return Failed(Failure.MALFORMED, f"{at.url} 的回应不是 chat completion：{_short(str(error))}")
        if answer.response_metadata.get("finish_reason") == "length":
            return Failed(Failure.TRUNCATED, f"超过 {at.tokens} 个词元，或超过模型的上限")
        return answer.text


def _open(endpoint: Endpoint, form: Form) -> BaseChatModel:
    try:
        from langchain.chat_models import init_chat_model

        # As a part of the body: given as arguments, the client would parse answers itself, and send the
        # limit by a name that few local servers know.
        body = {
            "max_tokens": endpoint.tokens,
            "response_format": {"type": "json_schema", "json_schema": form._asdict()},
        }
        return init_chat_model(
            endpoint.model, model_provider="openai", base_url=endpoint.url, api_key=endpoint.key,
            timeout=endpoint.seconds, max_retries=endpoint.retries, temperature=0, extra_body=body,
            use_responses_api=False,
        )  # fmt: skip
    except ImportError as error:
        raise InputError(f"语言模型推理需要 {error.name}；请 pip install 'yilun[llm]'") from error


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "…"
