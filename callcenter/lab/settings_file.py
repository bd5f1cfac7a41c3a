"""Settings as a TOML file, for `callcenter --config`: what one process was told, told to another."""

import json
import os
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from callcenter.config import Config


def write_settings(file: Path, config: Config) -> None:
    """Writes every setting, secrets too, readable by its owner alone."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(as_toml(config))


def as_toml(config: Config) -> str:
    """The whole configuration, its sections in order."""
    plain, sections = [], []
    for part in fields(config):
        section = getattr(config, part.name)
        if not is_dataclass(section):
            plain.append(f"{part.name} = {_value(section)}")
            continue
        lines = [f"{leaf.name} = {_value(getattr(section, leaf.name))}" for leaf in fields(section)]
        sections.append("\n".join([f"[{part.name}]", *lines]))
    return "\n\n".join(["\n".join(plain), *sections]) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False)
