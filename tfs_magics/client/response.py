"""What request() returns: an answer as it came, good or bad, that shows itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfs_magics.client.rest import Answer
from tfs_magics.views.answer import answer as answer_view
from tfs_magics.views.view import View


@dataclass(frozen=True, repr=False)
class Response:
    """The answer of `model` (name, and version if one was asked for) to a request."""

    model: str
    answer: Answer

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.answer.status

    @property
    def seconds(self) -> float:
        """Seconds from sending the request to having the whole answer."""
        return self.answer.seconds

    @property
    def text(self) -> str:
        """The body as text."""
        return self.answer.text

    def json(self) -> Any:
        """Return the body as Python values."""
        return self.answer.json()

    def _view(self) -> View:
        return answer_view(self.model, self.status, self.answer.body, self.seconds)

    def __repr__(self) -> str:
        return repr(self._view())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return self._view()._repr_mimebundle_()
