"""The requests of one part: one, or one for each member of a collection."""

from dataclasses import dataclass, field

from ..composing import Document


@dataclass(slots=True)
class Series:
    """What was asked, and what is there."""

    items: list[Document]
    answers: dict[int, Document] = field(default_factory=dict[int, Document])
    asked: int = 0

    @property
    def complete(self) -> bool:
        """Whether every member has its answer, or its default."""
        return len(self.answers) == len(self.items)

    def may_ask(self, parallel: int) -> bool:
        """Whether another may be asked, of which `parallel` may run at once."""
        running = self.asked - len(self.answers)
        return self.asked < len(self.items) and running < parallel

    def whole(self, default: Document) -> list[Document]:
        """Return the answers in the order of the members; `default` where there is none."""
        return [self.answers.get(number, default) for number in range(len(self.items))]
