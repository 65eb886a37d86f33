"""Procurify's own specification, read for the validation of what the simulator says.

Two things in it are known to be narrower than the service, and are widened here:

* its patterns for decimals have no minus sign, while credits and negative lines are
  legal and the newer edition of the specification has the sign in every pattern;
* the enumeration of vendor types in answers lacks 1 (the catch-all) and 5 (employees),
  which the filter of the same list names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry
from referencing.jsonschema import DRAFT4

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = "PROCURIFY_OPENAPI"
ROOT = Path(__file__).resolve().parents[2]
BASE = "urn:procurify:openapi"


def path() -> Path:
    given = os.environ.get(ENVIRONMENT)
    return Path(given or ROOT.parent / "shared" / "procurify" / "openapi.yaml")


class Specification:
    """The parsed specification."""

    def __init__(self, source: Path) -> None:
        with source.open(encoding="utf-8") as stream:
            self.document: dict[str, Any] = yaml.load(stream, yaml.CSafeLoader)
        self.schemas: dict[str, Any] = self.document["components"]["schemas"]
        self._widen()
        resource = DRAFT4.create_resource(self.document)
        self._registry: Registry[Any] = Registry().with_resource(BASE, resource)

    def _widen(self) -> None:
        self.schemas["VendorTypeEnum"]["enum"] += [1, 5]
        for schema in self.schemas.values():
            for field in schema.get("properties", {}).values():
                if field.get("format") == "decimal" and "pattern" in field:
                    field["pattern"] = field["pattern"].replace(r"^\d", r"^-?\d", 1)

    def operation(self, method: str, template: str) -> dict[str, Any]:
        """Return an operation; the specification writes paths without last slash."""
        found: dict[str, Any] = self.document["paths"][template][method]
        return found

    def parameters(self, template: str) -> set[str]:
        declared = self.operation("get", template)["parameters"]
        return {entry["name"] for entry in declared if entry["in"] == "query"}

    def request_schema(self, method: str, template: str) -> dict[str, Any]:
        body = self.operation(method, template)["requestBody"]
        found: dict[str, Any] = body["content"]["application/json"]["schema"]
        return found

    def answer_schema(self, method: str, template: str) -> dict[str, Any]:
        answers = self.operation(method, template)["responses"]
        found: dict[str, Any] = answers["200"]["content"]["application/json"]["schema"]
        return found

    def errors(self, schema: dict[str, Any], value: object) -> list[str]:
        """Return what is wrong with a value, and which of its fields are unknown."""
        absolute = _with_base(schema)
        validator = OAS30Validator(
            absolute, registry=self._registry, format_checker=oas30_format_checker
        )
        found = [
            f"{error.json_path}: {error.message}"
            for error in validator.iter_errors(value)
        ]
        return found + list(self._unknown(schema, value, "$"))

    def _unknown(
        self, schema: dict[str, Any], value: object, place: str
    ) -> Iterator[str]:
        """Yield the fields that the schema does not know."""
        schema = self.resolved(schema)
        if isinstance(value, list):
            for position, entry in enumerate(value):
                inner = schema.get("items", {})
                yield from self._unknown(inner, entry, f"{place}[{position}]")
        elif isinstance(value, dict) and "properties" in schema:
            for name, entry in value.items():
                if name in schema["properties"]:
                    inner = schema["properties"][name]
                    yield from self._unknown(inner, entry, f"{place}.{name}")
                else:
                    yield f"{place}.{name}: not in the specification"

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return what a schema refers to, or itself."""
        if "$ref" in schema:
            return self.resolved(self.schemas[schema["$ref"].rpartition("/")[2]])
        if "allOf" in schema:
            return self.resolved(schema["allOf"][0])
        return schema


def _with_base(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with its outermost reference made absolute."""
    if "$ref" in schema:
        return {"$ref": f"{BASE}{schema['$ref']}"}
    return schema
