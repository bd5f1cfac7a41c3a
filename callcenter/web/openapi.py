"""The OpenAPI 3.1 document, made from the same models that validate. Must never say what the program does not do."""

import inspect
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from callcenter import __version__
from callcenter.accounts.permissions import Permission
from callcenter.web.api import ANYONE, SIGNED_IN, Route, Routes
from callcenter.web.auth import COOKIE
from callcenter.web.tables import CSV, XLSX

PREFIX = "/api/v1"
REF = "#/components/schemas/{model}"

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457); `code` is stable, texts follow Accept-Language (Chinese, or English).",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A UUID of the client's own: the same key and body give the same answer, and one object 幂等键",
    "schema": {"type": "string", "format": "uuid"},
}
PURPOSE: dict[str, Any] = {
    "name": "purpose",
    "in": "query",
    "required": False,
    "description": "Why personal data is read; required for CSV and XLSX 用途",
    "schema": {"type": "string", "minLength": 2, "maxLength": 200},
}


APPROVAL: dict[str, Any] = {
    "name": "approval",
    "in": "query",
    "required": False,
    "description": "Under which a file of personal data leaves (E-12) 导出申请标识",
    "schema": {"type": "string", "format": "uuid"},
}
VALUES: dict[str, Any] = {
    "name": "values",
    "in": "query",
    "required": False,
    "description": "CSV and XLSX: what stands for codes, Chinese words or the codes of the JSON 代码以中文或原值导出",
    "schema": {"type": "string", "enum": ["words", "code"], "default": "words"},
}

FILE: dict[str, Any] = {
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {"file": {"type": "string", "format": "binary"}},
            "additionalProperties": False,
        }
    },
}


def document(modules: Sequence[Routes]) -> dict[str, Any]:
    """The whole document."""
    routes = [route for module in modules for route in module]
    schemas, definitions = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Hotline 95519", "version": __version__, "description": "客户服务热线与投诉管理接口"},
        "servers": [{"url": "/"}],
        "tags": [{"name": module.tag, "description": module.title} for module in modules],
        "security": [{"bearer": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            },
            "schemas": definitions | {"Problem": PROBLEM},
        },
    }


Key = tuple[Any, JsonSchemaMode]


def _schemas(routes: Sequence[Route]) -> tuple[dict[Key, Any], dict[str, Any]]:
    wanted: dict[Key, None] = {}
    for route in routes:
        if route.body is not None:
            wanted[route.body, "validation"] = None
        if isinstance(route.answer, type) and issubclass(route.answer, BaseModel):
            wanted[route.answer, "serialization"] = None
    schemas, defined = models_json_schema(list(wanted), ref_template=REF)
    return dict(schemas), defined.get("$defs", {})


def _operation(route: Route, schemas: dict[Key, Any]) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(route.handler.__doc__ or route.name).partition("\n")
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": summary,
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if description.strip():
        operation["description"] = description.strip()
    if route.access == ANYONE:
        operation["security"] = []
    elif route.access != SIGNED_IN:
        operation["x-permission"] = " or ".join(route.permissions)
    if route.uploads:
        operation["requestBody"] = {"required": True, "content": FILE}
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[route.body, "validation"]}},
        }
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": TypeAdapter(kind).json_schema()}
        for name, kind in route.parameters.items()
    ]
    if route.query is not None:
        schema = _inlined(route.query.model_json_schema())
        for name, spec in schema.get("properties", {}).items():
            parameters.append(
                {
                    "name": name,
                    "in": "query",
                    "required": name in schema.get("required", []),
                    "description": spec.pop("description", spec.get("title", name)),
                    "schema": _given(spec),
                }
            )
    if route.reads is not None and not any(parameter["name"] == "purpose" for parameter in parameters):
        parameters.append(PURPOSE)
    if route.reads is not None and (route.tabular or Permission.CASE_EXPORT in route.permissions):
        parameters.append(APPROVAL)
    if route.tabular:
        parameters.append(VALUES)
    if route.creates:
        parameters.append(KEY)
    return parameters


def _given(spec: dict[str, Any]) -> dict[str, Any]:
    """A parameter is either left out or a text: it cannot be null."""
    variants = [variant for variant in spec.get("anyOf", []) if variant != {"type": "null"}]
    if len(variants) == 1:
        spec = {**{key: value for key, value in spec.items() if key not in {"anyOf", "default"}}, **variants[0]}
    return spec


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    definitions = schema.get("$defs", {})

    def resolve(value: Any) -> Any:
        if isinstance(value, list):
            return [resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if (reference := value.get("$ref")) is not None:
            return resolve(definitions[reference.rsplit("/", 1)[1]] | {k: v for k, v in value.items() if k != "$ref"})
        return {key: resolve(item) for key, item in value.items() if key != "$defs"}

    resolved: dict[str, Any] = resolve(schema)
    return resolved


def _responses(route: Route, schemas: dict[Key, Any]) -> dict[str, Any]:
    problem = {
        "description": "A problem 错误",
        "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    success: dict[str, Any] = {"description": "Done 成功"}
    if route.raw:
        success["content"] = {media: {"schema": {}} for media in route.produces}
        if not route.produces:
            del success["content"]
    elif isinstance(route.answer, type) and issubclass(route.answer, BaseModel):
        success["content"] = {"application/json": {"schema": schemas[route.answer, "serialization"]}}
        if route.tabular:
            success["content"] |= {form.media_type: {"schema": {}} for form in (CSV, XLSX)}
    later = (
        {"202": {**success, "description": "Safe, and done when the database is back 已暂存"}} if route.spools else {}
    )
    return {str(route.status): success, **later, "default": problem}
