"""The deployment files, as far as they can be held against the program without images."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from app.cli import app
from tests.app.conftest import Run

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "deploy"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"])


def test_every_service_that_stays_has_a_health_check_and_comes_back(services: dict[str, Any]) -> None:
    for name in ("neo4j", "api", "app"):
        assert services[name]["healthcheck"]["test"] and services[name]["restart"] == "unless-stopped"


def test_only_the_proxy_is_reached_from_outside(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if service.get("ports")] == ["proxy"]


def test_no_password_stands_in_the_file(services: dict[str, Any]) -> None:
    words = (DEPLOY / "compose.yaml").read_text("utf-8")
    for value in re.findall(r"(?:PASSWORD|AUTH): (.+)", words):
        assert "${" in value and ":?" in value, value


def test_every_command_and_option_is_one_of_the_program(services: dict[str, Any]) -> None:
    known = get_command(app)
    for name in ("build", "api", "app"):
        command, *words = services[name]["command"]
        options = {o for p in known.commands[command].params for o in p.opts}  # type: ignore[attr-defined]  # a group of commands
        assert not [word for word in words if word.startswith("--") and word not in options]


def test_the_pages_are_not_opened_to_others_while_everybody_is_an_administrator(
    run: Run, made_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YILUN_APP_ROLES", raising=False)
    told = run("app", "--host", "0.0.0.0", "--home", made_home)
    assert told.code == 2 and "YILUN_APP_ROLES" in told.err
    assert run("serve", "--host", "0.0.0.0", "--home", made_home).code == 2
