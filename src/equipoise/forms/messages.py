"""The sentences of the findings that every form can have. One code, one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.protocol.frozen import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a raw answer cannot be read as a value: a stable code and a sentence."""

    code: str
    message: Text


_SENTENCES: dict[str, tuple[str, str]] = {
    "unknown-item": (
        "The form has no item {0!r}. Remove it.",
        "表单没有项目 {0!r}。请删除。",
    ),
    "not-a-number": (
        "{0!r} is not a number. Write digits, with a point before decimals.",
        "{0!r} 不是数字。请填写数字，小数用点号。",
    ),
    "decimal-comma": (
        "{0!r} contains a comma. Write a point before decimals and nothing between thousands.",
        "{0!r} 含有逗号。小数请用点号，千位之间不加符号。",
    ),
    "not-finite": (
        "The value is not a finite number. Write a number or leave the item empty.",
        "该值不是有限数。请填写数字或留空。",
    ),
    "not-whole": (
        "{0!r} is not a whole number. Write it without decimals.",
        "{0!r} 不是整数。请填写整数。",
    ),
    "too-large": (
        "The number is too large to be meant. Check it.",
        "数字过大，请核对。",
    ),
    "not-text": (
        "The answer is not text. Write words.",
        "答案不是文本。请填写文字。",
    ),
    "control-character": (
        "The text contains a character that cannot be shown. Type it again.",
        "文本含有无法显示的字符。请重新输入。",
    ),
    "too-long": (
        "The text has {0} characters; at most {1} fit. Shorten it.",
        "文本有 {0} 个字符，最多 {1} 个。请缩短。",
    ),
    "not-a-code": (
        "{0!r} is not one of the choices. Choose from the list.",
        "{0!r} 不在选项中。请从列表中选择。",
    ),
    "not-true-or-false": (
        "{0!r} is neither yes nor no. Choose one.",
        "{0!r} 既不是“是”也不是“否”。请选择。",
    ),
    "not-a-date": (
        "{0!r} is not a date. Write it as 2026-03-01.",
        "{0!r} 不是日期。请按 2026-03-01 填写。",
    ),
    "not-a-partial-date": (
        "{0!r} is not a date. Write 2026, 2026-03, 2026-03-01, or UN where unknown.",
        "{0!r} 不是日期。请按 2026、2026-03、2026-03-01 填写，不详填 UN。",
    ),
    "impossible-date": (
        "{0!r} does not exist in the calendar. Check day and month.",
        "{0!r} 在日历中不存在。请核对日和月。",
    ),
    "not-a-time": (
        "{0!r} is not a date and time. Write it as 2026-03-01T08:00+08:00.",
        "{0!r} 不是日期时间。请按 2026-03-01T08:00+08:00 填写。",
    ),
    "no-offset": (
        "{0!r} does not say in which time zone. Add an offset such as +08:00.",
        "{0!r} 没有时区。请加上时差，例如 +08:00。",
    ),
    "out-of-range": (
        "{0} is outside what is possible, {1}. Correct it.",
        "{0} 超出可能范围 {1}。请更正。",
    ),
    "unusual": (
        "{0} is unusual; expected is {1}. Check it, and explain it if it is right.",
        "{0} 不常见，预期为 {1}。请核对，如属实请说明。",
    ),
    "required": (
        "This is still to be answered.",
        "此项尚未填写。",
    ),
    "not-asked": (
        "This is not asked here, so the answer was not kept.",
        "此处不需填写，答案未保存。",
    ),
    "computed": (
        "This is computed, so what was typed was not kept.",
        "此项自动计算，所填内容未保存。",
    ),
    "computed-does-not-fit": (
        "The computed value {0!r} does not fit this item. Tell the data manager.",
        "计算值 {0!r} 不适合此项。请告知数据管理员。",
    ),
}

CODES: frozenset[str] = frozenset(_SENTENCES)
"""Every code that a form finding can have besides the ids of edit checks."""

_SHOWN = 60  # characters of a raw answer that a sentence repeats


def sentence(code: str, *details: object) -> Text:
    """The sentence of a finding, in each language. Long details are cut."""
    short = tuple(_short(detail) for detail in details)
    english, chinese = _SENTENCES[code]
    return Text({"en": english.format(*short), "zh-Hans": chinese.format(*short)})


def problem(code: str, *details: object) -> Problem:
    """A raw answer that cannot be read."""
    return Problem(code=code, message=sentence(code, *details))


def _short(detail: object) -> object:
    text = detail if isinstance(detail, str) else None
    if text is None:
        return detail if isinstance(detail, int | float) and abs(detail) < 1e15 else _named(detail)
    clean = "".join(letter if letter.isprintable() else "?" for letter in text[:_SHOWN])
    return clean if len(text) <= _SHOWN else clean + "..."


def _named(detail: object) -> str:
    """A detail that is no text: its kind where its own words could be long or secret."""
    return type(detail).__name__
