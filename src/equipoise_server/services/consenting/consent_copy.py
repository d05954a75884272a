"""The signed copy: the whole text, the questions, who was there, both signatures; as a PDF."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from html import escape

from markdown_it import MarkdownIt

from equipoise.errors import MissingExtra
from equipoise_server.services.consenting.consent_talk import Asked, Talk

_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_STYLE = """
@page { size: A4; margin: 20mm 18mm 22mm; @bottom-left { content: string(foot); font-size: 8pt; }
  @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } }
body { font: 10.5pt/1.5 "Noto Sans", "Noto Sans CJK SC", sans-serif; color: #1b2628; }
h1 { font-size: 17pt; } h2 { font-size: 12.5pt; margin: 14pt 0 4pt; break-after: avoid; }
.foot { string-set: foot content(); font-size: 8pt; color: #555; }
dl { margin: 0; } dt { font-weight: 600; } dd { margin: 0 0 4pt; }
table { border-collapse: collapse; width: 100%; } td, th { border: 0.5pt solid #999;
  padding: 4pt 6pt; text-align: left; vertical-align: top; } th { width: 34%; }
.sign { break-inside: avoid; }
"""
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "copy": "Signed copy",
        "glossary": "Words explained",
        "questions": "Questions for understanding, as they were answered",
        "asked": "What you asked",
        "statements": "What was agreed to",
        "yes": "yes",
        "open": "left open",
        "signatures": "Signatures",
        "participant": "Participant",
        "representative": "Legally authorised representative",
        "witness": "Impartial witness",
        "interpreter": "Interpreter",
        "staff": "Explained and signed for the site",
        "identity": "Identity was made sure by",
        "document": "an identity document",
        "known": "knowing the person",
        "call": "a video call",
        "signed": "signed electronically",
        "present": "present",
        "code": "Code in the study",
        "version": "Version of this document",
        "mode": "How",
        "bedside": "at the bedside",
        "remote": "remotely, through a signed link",
        "digest": "Digest of the text (SHA-256)",
    },
    "zh-Hans": {
        "copy": "签署副本",
        "glossary": "名词解释",
        "questions": "理解测试及回答",
        "asked": "您提出的问题",
        "statements": "同意的内容",
        "yes": "是",
        "open": "未选",
        "signatures": "签名",
        "participant": "参与者",
        "representative": "法定代理人",
        "witness": "公正见证人",
        "interpreter": "口译人员",
        "staff": "研究者说明并签名",
        "identity": "身份核实方式",
        "document": "身份证件",
        "known": "本人熟识",
        "call": "视频通话",
        "signed": "电子签名",
        "present": "在场",
        "code": "研究编码",
        "version": "文本版本",
        "mode": "方式",
        "bedside": "床旁",
        "remote": "远程（签名链接）",
        "digest": "文本摘要（SHA-256）",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Everything that stands on the copy. `persons` maps roles to name and relation."""

    talk: Talk
    persons: Mapping[str, Mapping[str, str]]
    asked: tuple[Asked, ...]
    staff: str
    identity: str
    site: str
    at: datetime


def draw_copy(signed: Signed) -> bytes:
    """The copy as a PDF; the same act gives the same page.

    Raises:
        MissingExtra: the libraries that make a PDF are missing from the system.

    """
    try:
        import weasyprint
    except (ImportError, OSError) as problem:
        raise MissingExtra("report", "Drawing the signed copy") from problem
    for name in ("weasyprint", "fontTools"):
        logging.getLogger(name).setLevel(logging.ERROR)
    token = sha256(signed.talk.row.token.encode()).digest()[:16]
    return bytes(weasyprint.HTML(string=copy_page(signed)).write_pdf(pdf_identifier=token))


def copy_page(signed: Signed) -> str:
    """The copy as a page; `draw_copy` prints it."""
    document, language = signed.talk.document, signed.talk.row.language
    words = WORDS.get(language, WORDS["en"])
    foot = f"{document.title} · {document.version} · {signed.talk.code}"
    body = "".join(
        (
            f"<p class=foot>{escape(foot)}</p><h1>{escape(document.title)}</h1>",
            f"<p><strong>{words['copy']}</strong></p>",
            _MARKDOWN.render(document.lead),
            *(
                f"<h2>{escape(one.title)}</h2>{_MARKDOWN.render(one.markdown)}"
                for one in document.sections
            ),
            _glossary(signed, words),
            _questions(signed, words),
            _asked(signed, words),
            _statements(signed, words),
            _signatures(signed, words),
        )
    )
    return f'<html lang="{language}"><style>{_STYLE}</style><body>{body}</body></html>'


def _glossary(signed: Signed, words: Mapping[str, str]) -> str:
    terms = signed.talk.document.glossary
    rows = "".join(f"<dt>{escape(one.word)}</dt><dd>{escape(one.meaning)}</dd>" for one in terms)
    return f"<h2>{words['glossary']}</h2><dl>{rows}</dl>" if terms else ""


def _questions(signed: Signed, words: Mapping[str, str]) -> str:
    talk = signed.talk
    if not talk.document.questions:
        return ""
    rows = ""
    for number, one in enumerate(talk.document.questions):
        chosen = [option for asked, option, _right in talk.row.answers if asked == number]
        said = " → ".join(escape(one.options[option]) for option in chosen)
        rows += f"<tr><th>{escape(one.text)}</th><td>{said}</td></tr>"
    return f"<h2>{words['questions']}</h2><table>{rows}</table>"


def _asked(signed: Signed, words: Mapping[str, str]) -> str:
    rows = "".join(
        f"<tr><th>{escape(one.text)}</th><td>{escape(one.answer)}</td></tr>" for one in signed.asked
    )
    return f"<h2>{words['asked']}</h2><table>{rows}</table>" if rows else ""


def _statements(signed: Signed, words: Mapping[str, str]) -> str:
    rows = ""
    for one in signed.talk.document.statements:
        given = not one.wish or one.wish in signed.talk.row.wishes
        rows += f"<tr><td>{escape(one.text)}</td><td>{words['yes' if given else 'open']}</td></tr>"
    return f"<h2>{words['statements']}</h2><table>{rows}</table>" if rows else ""


def _signatures(signed: Signed, words: Mapping[str, str]) -> str:
    row = signed.talk.row
    rows = []
    for role, person in signed.persons.items():
        relation = f" ({escape(person['relation'])})" if person.get("relation") else ""
        how = words["present"]
        if role == row.capacity:
            how = f"{words['signed']} {_moment(row.signed_at)}"
        elif role == "participant":
            how = ""
        rows.append((words[role], f"{escape(person['name'])}{relation}<br>{how}"))
    staff = f"{escape(signed.staff)} · {escape(signed.site)}<br>{words['signed']} "
    rows += [
        (words["staff"], staff + _moment(signed.at)),
        (words["identity"], words[signed.identity]),
        (words["code"], escape(signed.talk.code)),
        (words["version"], escape(f"{row.version} · {row.language}")),
        (words["mode"], words[row.mode]),
        (words["digest"], row.digest),
    ]
    lines = "".join(f"<tr><th>{title}</th><td>{said}</td></tr>" for title, said in rows)
    return f'<section class="sign"><h2>{words["signatures"]}</h2><table>{lines}</table></section>'


def _moment(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC") if at else ""
