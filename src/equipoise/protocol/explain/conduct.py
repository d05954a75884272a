"""Safety rules, the safety board, and the forms."""

from __future__ import annotations

from equipoise.protocol.explain.blocks import Block, Cell, Subtitle, Table, point, row, said
from equipoise.protocol.explain.words import word
from equipoise.protocol.forms import Form, Item
from equipoise.protocol.model import Study


def safety(study: Study, language: str) -> tuple[Block, ...]:
    """How long events are collected, special interest, clocks, and the board."""
    rules = study.protocol.safety
    rows = (
        row(word("Events are collected to day", language), said(rules.last_day, rules)),
        row(word("Related events to day", language), said(rules.related_last_day, rules)),
        row(word("Grading", language), said(rules.grading, rules)),
    )
    blocks: list[Block] = [Table(head=(word("Item", language), word("Value", language)), rows=rows)]
    if rules.clocks:
        clocks = tuple(
            row(said(one.text.say(language), one), f"{one.hours:g}", said(one.rule, code=True))
            for one in rules.clocks
        )
        head = tuple(word(each, language) for each in ("Clocks", "Hours", "Rule"))
        blocks.append(Table(head=head, rows=clocks))
    if rules.special_interest:
        blocks.append(Subtitle(text=word("Events of special interest", language)))
        blocks += [
            point(said(one.text.say(language), one), " ", said(one.rule, code=True))
            for one in rules.special_interest
        ]
    return (*blocks, *_board(study, language))


def _board(study: Study, language: str) -> tuple[Block, ...]:
    board = study.protocol.safety_board
    if board is None:
        return ()
    rows = [
        row(word("Members", language), said(board.composition.say(language), board)),
        row(
            word("Reviews after", language),
            said(f"{', '.join(map(str, board.reviews_after))} (D{board.review_day})", board),
        ),
    ]
    if board.sentinel:
        rows.append(row("Sentinel", said(board.sentinel.say(language), board)))
    head = tuple(word(each, language) for each in ("Pause rules", "Events", "among the first"))
    triggers = tuple(
        row(
            said(one.text.say(language), one),
            f"≥ {one.count}",
            str(one.among) if one.among is not None else "",
        )
        for one in board.triggers
    )
    table = [Table(head=head, rows=triggers)] if triggers else []
    return (
        Subtitle(text=word("Safety board", language)),
        Table(head=(word("Item", language), word("Value", language)), rows=tuple(rows)),
        *table,
    )


def forms(study: Study, language: str) -> tuple[Block, ...]:
    """Every form with its items and checks."""
    blocks: list[Block] = []
    for form in study.forms.values():
        blocks += _form(study, form, language)
    return tuple(blocks)


def _form(study: Study, form: Form, language: str) -> list[Block]:
    about = [word(form.audience, language)]
    about += [word("repeats", language)] if form.repeats else []
    rows = tuple(
        row(
            said(item.id, code=True),
            said(item.text.say(language), item),
            _type(study, item, language),
            _limits(item, language),
        )
        for item in form.items()
    )
    head = tuple(word(each, language) for each in ("Id", "Question", "Type", "Range"))
    title = f"{form.title.say(language)} ({form.id}; {', '.join(about)})"
    checks: list[Block] = [
        point(
            f"{word(check.severity, language)}: ",
            said(check.message.say(language), check),
            " ",
            said(check.rule, code=True),
        )
        for check in form.checks
    ]
    return [Subtitle(text=title), Table(head=head, rows=rows), *checks]


def _type(study: Study, item: Item, language: str) -> str:
    if item.codes is None:
        return word(item.type, language)
    for one in study.protocol.code_lists:
        if one.id == item.codes:
            return " / ".join(code.text.say(language) for code in one.codes)
    return item.codes


def _limits(item: Item, language: str) -> tuple[Cell, ...]:
    parts: list[Cell] = []
    if item.low is not None or item.high is not None:
        low = f"{item.low:g}" if item.low is not None else "…"
        high = f"{item.high:g}" if item.high is not None else "…"
        parts.append(f"{low}–{high} ")
    if item.unit:
        parts.append(f"{item.unit} ")
    if item.required:
        parts.append(f"{word('required', language)} ")
    if item.derive:
        parts += [f"{word('computed', language)} ", said(item.derive, code=True)]
    if item.shown_if:
        parts += [f"{word('asked if', language)} ", said(item.shown_if, code=True)]
    return tuple(parts)
