"""Something worked out once per object, found again by the object's identity.

Protocols and forms are frozen and deep: hashing one costs more than the work that a cache
would save. Here the key is the object itself, held so that its identity cannot be reused.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Subject = TypeVar("Subject")
Result = TypeVar("Result")


class Remembered(Generic[Subject, Result]):
    """`work(subject)`, kept for the `most` subjects that were new last.

    >>> once = Remembered(len, most=1)
    >>> once([1, 2])
    2
    """

    __slots__ = ("_kept", "_most", "_work")

    def __init__(self, work: Callable[[Subject], Result], *, most: int = 64) -> None:
        self._work = work
        self._most = most
        self._kept: OrderedDict[int, tuple[Subject, Result]] = OrderedDict()

    def __call__(self, subject: Subject) -> Result:
        """The result for this very object, worked out at most once while it is kept."""
        found = self._kept.get(id(subject))
        if found is not None:
            return found[1]
        result = self._work(subject)
        self._kept[id(subject)] = (subject, result)
        while len(self._kept) > self._most:
            try:
                self._kept.popitem(last=False)
            except KeyError:  # another thread has just emptied it: nothing left to drop
                break
        return result
