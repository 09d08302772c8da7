"""The `gateway` command. Importing it imports nothing else: each command brings its own."""

__all__ = ["main"]


def main() -> None:
    """Run the command that the process's arguments name; exit with its status."""
    from .registry import app

    app()
