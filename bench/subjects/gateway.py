"""The gateway of this tree, once for each `protocol` that its settings name.

Started as its users do: `hypercorn gateway_server:app --worker-class trio`. The list of
protocols is read from `gateway schema`, so that a new one is measured without a change here.
"""

import json
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from compiling.building import INTO, is_fresh

from .contract import Subject, there

BIN = Path(sys.prefix) / "bin"
ROOT = Path(__file__).parents[2]


def protocols(schema: object) -> list[str]:
    """Return what the settings' JSON Schema allows for `gateway.protocol`, the default first."""
    match schema:
        case {"$defs": {"GatewaySettings": {"properties": {"protocol": dict(known)}}}}:
            choices = [
                choice
                for option in [known, *known.get("anyOf", [])]
                for choice in [*option.get("enum", []), option.get("const")]
                if isinstance(choice, str)
            ]
            return sorted(dict.fromkeys(choices), key=lambda name: name != known.get("default"))
    return []


def subject(protocol: str, *, compiled: bool = False) -> Subject:
    """Return the gateway with this protocol; without a name, with what is its default."""
    core = {"PYTHONPATH": str(INTO)} if compiled else {}
    line = f'protocol = "{protocol}"' if protocol else ""
    return Subject(
        name=f"gateway{'-compiled' if compiled else ''}{f'-{protocol}' if protocol else ''}",
        about=f"this gateway under Hypercorn's Trio worker, protocol {protocol or 'by default'}"
        + (", compiled (`make compiled`)" if compiled else ""),
        command=(
            f"{BIN}/hypercorn", "gateway_server:app", "--worker-class", "trio",
            "--bind", "127.0.0.1:@PORT@", "--backlog", "4096",
        ),
        version=version,
        files=("gateway.toml",),
        limits=True,
        caches=True,
        own={"PROTOCOL": line},
        composes=True,
        environ={"GATEWAY_CONFIG": "@FOLDER@/gateway.toml", **core},
        missing=not_compiled if compiled else there,
    )  # fmt: skip


def of_workers(one: Subject, workers: int) -> Subject:
    """Return `one` with several workers, for what does not depend on what they do not share."""
    return replace(
        one,
        name=f"{one.name}-x{workers}",
        about=f"{one.about}, {workers} workers",
        command=(*one.command, "--workers", str(workers)),
        workers=workers,
        limits=False,
        caches=False,
        composes=False,
    )


def subjects() -> tuple[Subject, ...]:
    """Return one for each protocol there is, and the first of them compiled, last."""
    ran = subprocess.run(
        [BIN / "gateway", "schema"], capture_output=True, text=True, check=False, cwd=ROOT
    )
    try:
        known = protocols(json.loads(ran.stdout))
    except ValueError:
        known = []
    default = (known or [""])[0]
    return (
        *(subject(protocol) for protocol in known or [""]),
        subject(default, compiled=True),
    )


def not_compiled() -> str | None:
    """Return why nothing is compiled of these very sources."""
    return None if is_fresh() else "it is not compiled, or was of other sources: make compiled"


def version() -> str:
    """Return our version, the commit, and what stands below."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    below = ", ".join(f"{name} {metadata.version(name)}" for name in ("hypercorn", "trio", "httpx"))
    return f"{metadata.version('trio-gateway')} ({commit or 'no git'}), {below}"
