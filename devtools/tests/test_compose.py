"""The compose file of a hub says what the compose specification understands.

The schema is the one that Docker's Compose 1.29.2 ships: that of the specification,
without a version of the file. What it does not know (a container that starts) is not
tried here.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from devtools.environment import install, python_environment
from devtools.paths import CACHE, ROOT
from devtools.shell import folder_made_whole, locked, run

COMPOSE = "docker-compose==1.29.2"
FOLDER = ROOT / "docs" / "hub"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    folder = CACHE / COMPOSE.replace("==", "-")
    with locked(CACHE / "compose.lock", waiting_for="it fetches a schema"):
        if not folder.is_dir():
            with folder_made_whole(folder) as partial:
                pip: list[object] = [python_environment(), "-m", "pip"]
                install(pip, "--target", partial, COMPOSE)
    text = (folder / "compose" / "config" / "compose_spec.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture
def said() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return found


def _check(said: dict[str, Any], schema: dict[str, Any]) -> None:
    # The schema is older than the name of a project.
    named = {key: value for key, value in said.items() if key != "name"}
    jsonschema.Draft7Validator(schema).validate(named)


def test_the_compose_file_is_one(said: dict[str, Any], schema: dict[str, Any]) -> None:
    _check(said, schema)
    said["services"]["odoo"]["port"] = ["8069"]
    with pytest.raises(jsonschema.ValidationError):
        _check(said, schema)


def test_nothing_of_a_hub_is_public_and_no_secret_is_in_its_file(
    said: dict[str, Any],
) -> None:
    ports = [
        port for each in said["services"].values() for port in each.get("ports", ())
    ]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    text = (FOLDER / "compose.yaml").read_text()
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    offered = dict(
        line.split("=", 1)
        for line in (FOLDER / "env.example").read_text().splitlines()
        if line and not line.startswith("#")
    )
    assert asked == set(offered)
    assert {offered[name] for name in asked if name != "HUB_ADDON"} == {""}


def test_what_must_survive_is_in_volumes(said: dict[str, Any]) -> None:
    named = {
        volume.split(":")[0]
        for each in said["services"].values()
        for volume in each["volumes"]
        if not volume.startswith("${")
    }
    assert named == set(said["volumes"])


def test_the_key_is_made_as_the_example_says() -> None:
    text = (FOLDER / "env.example").read_text()
    [command] = re.findall(r"# Made by: (.+)", text)
    made = run("sh", "-c", command, capture_output=True).stdout.strip()
    assert len(urlsafe_b64decode(made)) == 32
