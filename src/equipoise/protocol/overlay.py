"""An amendment as an author writes it: only what changes, laid over the study folder.

`amendments/NAME/` in a study folder holds files with the names of the study's own. A YAML
file is laid over the one it changes: keys over keys, members of a list over those with the
same `id`, `code` or `role`; `remove: true` takes a member away; any other list is replaced.
A Markdown file, and a file that the study does not have, is taken whole. What comes out is a
study folder like any other.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from equipoise.errors import FolderNotEmpty, StudyNotFound
from equipoise.protocol.amend import NAMED_BY
from equipoise.protocol.folder import AMENDMENTS, find, read_files
from equipoise.protocol.yaml_places import read_yaml

REMOVE = "remove"


def amendments(study: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names of the amendments that lie in a study folder, sorted."""
    folder = find(study) / AMENDMENTS
    return tuple(sorted(one.name for one in folder.iterdir())) if folder.is_dir() else ()


def amend(study: str | os.PathLike[str], amendment: str | os.PathLike[str], to: Path) -> Path:
    """Write the study folder that an amendment makes of another; returns `to`.

    Args:
        study: a folder, or the name of a shipped study.
        amendment: the name of one in its `amendments/`, or a folder.
        to: a new or empty folder.

    Raises:
        StudyNotFound: there is no such study or amendment.
        FolderNotEmpty: of `to`.

    """
    base, over = find(study), _found(find(study), amendment)
    if to.exists() and any(to.iterdir()):
        raise FolderNotEmpty(str(to))
    shutil.copytree(base, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns(AMENDMENTS, ".*"))
    for name, text in read_files(over).texts.items():
        path = to / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".yaml" and path.is_file():
            text = _laid(path.read_text("utf-8"), text, name)
        path.write_text(text, encoding="utf-8")
    return to


def _found(base: Path, amendment: str | os.PathLike[str]) -> Path:
    for folder in (base / AMENDMENTS / os.fspath(amendment), Path(amendment)):
        if os.fspath(amendment) and folder.is_dir():
            return folder
    raise StudyNotFound(f"{base.name}/{AMENDMENTS}/{os.fspath(amendment)}"[:200])


def _laid(old: str, new: str, name: str) -> str:
    document = laid(read_yaml(old, name).data, read_yaml(new, name).data)
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def laid(old: Any, new: Any) -> Any:
    """`new` over `old`.

    >>> laid({"a": 1, "b": [{"id": "x", "n": 1}, {"id": "y"}]},
    ...      {"b": [{"id": "x", "n": 2}, {"id": "y", "remove": True}, {"id": "z"}]})
    {'a': 1, 'b': [{'id': 'x', 'n': 2}, {'id': 'z'}]}
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return {**old, **{key: laid(old.get(key), value) for key, value in new.items()}}
    if isinstance(new, list) and new and all(_name(one) is not None for one in new):
        return _members(old if isinstance(old, list) else [], new)
    return new


def _members(old: list[Any], new: list[Any]) -> list[Any]:
    """Members of both, those that were there first, in their order."""
    over = {_name(one): one for one in new}
    kept = [laid(one, over.pop(_name(one), {})) if _name(one) else one for one in old]
    return [
        {key: value for key, value in one.items() if key != REMOVE}
        if isinstance(one, dict)
        else one
        for one in (*kept, *over.values())
        if not (isinstance(one, dict) and one.get(REMOVE) is True)
    ]


def _name(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return None
    return next((one[key] for key in NAMED_BY if key in one), None)
