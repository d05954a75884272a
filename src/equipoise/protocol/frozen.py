"""Immutable mappings that pydantic can build from YAML and pickle can carry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

V = TypeVar("V")

DEFAULT_LANGUAGE = "en"


class Frozen(Mapping[str, V], Generic[V]):
    """A read-only mapping with string keys, in the order in which it was written.

    >>> Frozen({"b": 1, "a": 2})["a"]
    2
    """

    __slots__ = ("_entries", "_index")

    def __init__(self, entries: Mapping[str, V] | None = None) -> None:
        self._index: dict[str, V] = dict(entries or {})
        self._entries = tuple(self._index.items())

    def __getitem__(self, key: str) -> V:
        return self._index[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __hash__(self) -> int:
        return hash(tuple(self._index))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._index!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._index),)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        arguments = get_args(source)
        values = handler.generate_schema(arguments[0]) if arguments else core_schema.any_schema()
        plain = core_schema.dict_schema(core_schema.str_schema(), values)
        build = core_schema.no_info_after_validator_function(cls, plain)
        instance = core_schema.union_schema([core_schema.is_instance_schema(cls), build])
        return core_schema.json_or_python_schema(json_schema=build, python_schema=instance)


class Text(Frozen[str]):
    """The same words in several languages. A bare string counts as English.

    >>> Text({"en": "Age", "zh-Hans": "年龄"}).say("zh-Hans")
    '年龄'
    >>> Text({"en": "Age"}).say("fr")
    'Age'
    """

    __slots__ = ()

    def say(self, language: str) -> str:
        """The words in `language`, else in English, else in whatever there is."""
        for key in (language, DEFAULT_LANGUAGE):
            if key in self:
                return self[key]
        return next(iter(self.values()), "")

    def __str__(self) -> str:
        return self.say(DEFAULT_LANGUAGE)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        words = core_schema.dict_schema(core_schema.str_schema(), core_schema.str_schema())
        read = core_schema.no_info_before_validator_function(_words, words)
        return core_schema.no_info_after_validator_function(cls, read)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


def _words(value: Any) -> Any:
    if isinstance(value, str):
        return {DEFAULT_LANGUAGE: value}
    return dict(value) if isinstance(value, Frozen) else value


def plain(value: object) -> object:
    """A mapping as an ordinary dict; anything else as it is."""
    return dict(value) if isinstance(value, Frozen) else value
