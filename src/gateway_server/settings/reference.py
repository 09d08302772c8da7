"""`docs/configuration.md`, made from the schema: what is written there is what is read.

python -m gateway_server.settings.reference > docs/configuration.md
"""

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from .places import KeyPath
from .schema.outline import Outline

_HEAD: Final = """\
# Configuration

<!-- Made by `python -m gateway_server.settings.reference > docs/configuration.md`. Do not edit. -->

The gateway reads `$GATEWAY_CONFIG`, else `gateway.toml`, `gateway.yaml`, `gateway.yml` or
`gateway.json` in the working folder; where there is none, it serves a built-in demonstration,
which is the `gateway.toml` of the repository. The three syntaxes say the same things.

```toml gateway
[upstreams.shop]
endpoints = ["http://127.0.0.1:8001"]

[[routes]]
name = "shop"
prefix = "/shop"
upstream = "shop"
strip_prefix = true
```

`gateway check FILE` tells everything that is wrong with a configuration, `gateway routes` what it
does, and `gateway schema` prints its JSON Schema, for editors.

- **Unknown keys are errors**, and types are strict: `workers = "2"` is an error.
- **Durations** are a number and one unit: `ns`, `us`, `ms`, `s`, `m`, `h`, `d`. `"250ms"`, `"1.5s"`.
- **Shares** are written per cent, in quotes: `"20%"`, `"12.5%"`.
- **Sizes** are a number of bytes, or a number and a unit: `B`, `KiB`, `MiB`, `GiB`, `TiB` count by
  1024; `kB`, `MB`, `GB`, `TB` by 1000.
- **Rates** are a number of requests, a slash and a duration, or a unit alone: `"10/60s"`, `"100/s"`.
- **Variables**: `${NAME}` and `${NAME:-default}` are replaced inside of strings, after the file is
  parsed, so no variable can change its structure; the default also serves where the variable is
  empty. `$${` stands for `${`. A number may be given so too: `workers = "${WORKERS:-2}"`. What
  comes from a variable is never shown in a message, nor what stands under names such as `secret`
  or `token`.
- **Secrets** are written where they are wanted, best by a variable, or as `"file:/run/secrets/x"`:
  then the file is read when the gateway starts.
- **YAML** is read as YAML 1.2 reads it: `on`, `off`, `yes` and `no` are words, not switches. Tags
  are errors. In YAML and JSON, a key that is written twice is an error, as it is in TOML.
- Paths of files are seen from the working folder.
- A list of texts with one member may be written without its brackets.
"""

_TABLES: Final[tuple[tuple[str, KeyPath], ...]] = (
    ("`[gateway]`", ("gateway",)),
    ("`[gateway.tls]`", ("gateway", "tls")),
    ("`[portal]`", ("portal",)),
    ("`[upstreams.NAME]`", ("upstreams", "*")),
    ("`[upstreams.NAME.tls]`", ("upstreams", "*", "tls")),
    ("`secret` of an upstream", ("upstreams", "*", "secret")),
    ("`signature` of an upstream", ("upstreams", "*", "signature")),
    ("`caller_token` of an upstream", ("upstreams", "*", "caller_token")),
    ("An endpoint", ("upstreams", "*", "endpoints", 0)),
    ("`retries` of an upstream", ("upstreams", "*", "retries")),
    ("`breaker` of an upstream", ("upstreams", "*", "breaker")),
    ("`slow` of a breaker", ("upstreams", "*", "breaker", "slow")),
    ("`health` of an upstream", ("upstreams", "*", "health")),
    ("`outlier` of an upstream", ("upstreams", "*", "outlier")),
    ("`adaptive_concurrency` of an upstream", ("upstreams", "*", "adaptive_concurrency")),
    ("`hedge` of an upstream", ("upstreams", "*", "hedge")),
    ("`fallback` of an upstream", ("upstreams", "*", "fallback")),
    ("`[limits.NAME]`", ("limits", "*")),
    ("`[auth.NAME]`", ("auth", "*")),
    ("A key of `api-key`", ("auth", "*", "keys", 0)),
    ("A user of `password`", ("auth", "*", "users", 0)),
    ("`[[routes]]`", ("routes", 0)),
    ("`request_query` of a route", ("routes", 0, "request_query")),
    ("`response_body` of a route", ("routes", 0, "response_body")),
    ("`compress` of a route", ("routes", 0, "compress")),
    ("`[routes.compose]`", ("routes", 0, "compose")),
    ("A part of a composition", ("routes", 0, "compose", "parts", "*")),
    ("`websocket` of a route", ("routes", 0, "websocket")),
    ("`cache` of a route", ("routes", 0, "cache")),
    ("`key` of a route's `cache`", ("routes", 0, "cache", "key")),
    ("`cors` of a route", ("routes", 0, "cors")),
    ("`request_headers` and `response_headers` of a route", ("routes", 0, "request_headers")),
)


def reference() -> str:
    """Return the page: every key with its type, default, bounds and reasons."""
    return _HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    outline = Outline()
    for title, path in _TABLES:
        table = outline.table(path)
        yield f"\n## {title}\n\n{table['description']}\n\n"
        yield "| key | type | default | what it does, and why |\n|---|---|---|---|\n"
        required = table.get("required", [])
        for name, key in table["properties"].items():
            yield _row(name, key, is_required=name in required)


def _row(name: str, key: dict[str, Any], *, is_required: bool) -> str:
    text = " ".join(filter(None, (key["description"], key.get("x-why"))))
    default = "**required**" if is_required else _default(key)
    cells = (f"`{name}`", _type(key), default, text)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _default(key: dict[str, Any]) -> str:
    shown = key.get("x-default")
    return shown or f"`{json.dumps(key['default'])}`"


def _type(key: dict[str, Any]) -> str:
    """Return a key's type in words."""
    if "x-type" in key:
        return str(key["x-type"])
    if "$ref" in key:
        return "table"
    choices = [choice for choice in key.get("anyOf", ()) if choice.get("type") != "null"]
    if any("$ref" in choice for choice in choices) and choices[0].get("type") == "boolean":
        return "true or false, or a table"
    if choices:
        return _type(choices[0] if len(choices) == 1 else _widest(choices)) + (
            ", or a list of them" if len(choices) > 1 else ""
        )
    if key.get("type") == "array":
        return f"list of {_type(_element(key['items']))}"
    if key.get("type") == "object":
        return f"table of {_type(key['additionalProperties'])}"
    return {"string": "text"}.get(str(key.get("type")), str(key.get("type")))


def _widest(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is listed, where one or a list of it may stand."""
    return next(choice for choice in choices if choice.get("type") != "array")


def _element(items: dict[str, Any]) -> dict[str, Any]:
    """Return an endpoint's short form, where it has one."""
    return items["anyOf"][0] if "anyOf" in items else items


if __name__ == "__main__":
    sys.stdout.write(reference())
