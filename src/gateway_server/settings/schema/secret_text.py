"""Values that nobody may see: written in the file, put in by the environment, or in a file.

value = "${API_KEY}"              from the environment
value = "file:/run/secrets/key"   the first line of that file, read at the start
"""

from pathlib import Path
from typing import Annotated, Final, TypeAlias

from gateway_core.errors import ConfigError

from .keys import Reads, wrong

FILE_PREFIX: Final = "file:"
SECRET_BYTES_MAX: Final = 64 * 1024
"""Of a file that holds one: a key in PEM has 3 KiB."""


class Secret:
    """A value that shows itself to nobody but who asks for it by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @property
    def file(self) -> str:
        """The path of the file that holds it; "" where it is here."""
        return self._text.removeprefix(FILE_PREFIX) if self._text.startswith(FILE_PREFIX) else ""

    def reveal(self) -> str:
        """Return the value. ConfigError where its file cannot be read."""
        if not self.file:
            return self._text
        try:
            with Path(self.file).open("rb") as file:
                text = file.read(SECRET_BYTES_MAX + 1).decode("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise ConfigError(
                "", f"the file of this secret cannot be read: {_why(error)}"
            ) from None
        if not text or len(text) > SECRET_BYTES_MAX:
            raise ConfigError("", "the file of this secret is empty, or too long")
        return text

    def peek(self) -> str:
        """Return the value as far as it is known without reading a file; else what stands for it."""
        return f"{self._text:#<64}" if self.file else self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(...)"


def _why(error: OSError | ValueError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else "it is no UTF-8"


def _read_secret(value: object) -> Secret:
    if not isinstance(value, str) or not value.removeprefix(FILE_PREFIX).strip():
        raise wrong("is no secret", 'write "${NAME}" for a variable, or "file:/path"')
    return Secret(str(value))


SecretText: TypeAlias = Annotated[
    Secret, Reads(_read_secret, {"type": "string", "x-type": 'secret, or "file:/path"'})
]
