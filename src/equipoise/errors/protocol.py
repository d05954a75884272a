"""The study folder is wrong, or a question has impossible numbers: its author can fix it."""

from __future__ import annotations

from equipoise.errors.ground import EquipoiseError, Place


class ProtocolError(EquipoiseError):
    """The study folder is wrong: its author can fix it."""

    code = "protocol"

    def __init__(self, where: Place | str, problem: str) -> None:
        self.place = where if isinstance(where, Place) else Place(where)
        self.problem = problem
        at = str(self.place)
        super().__init__(f"{at}: {problem}" if at else problem)


class ExpressionError(ProtocolError):
    """An expression cannot be read, or does not fit the names, types or units it uses.

    `place.line` and `place.column` count inside the expression text until the loader
    moves them to their position in the study file.
    """

    code = "protocol.expression"


class StudyNotFound(ProtocolError):
    """No folder and no shipped study of that name."""

    code = "protocol.not-found"

    def __init__(self, name: str) -> None:
        super().__init__(
            "",
            f"There is no study {name!r}: give the path of a study folder, or the name of a "
            "shipped study such as nct05787288.",
        )


class StudyUnreadable(ProtocolError):
    """A study file cannot be read: encoding, size, depth or YAML syntax."""

    code = "protocol.unreadable"


class DesignError(ProtocolError):
    """A design question with impossible numbers."""

    code = "protocol.design"

    def __init__(self, problem: str) -> None:
        super().__init__("", problem)


class ScenarioError(ProtocolError):
    """A scenario cannot be rehearsed as written."""

    code = "protocol.scenario"
