"""What a person does before they are in the trial, step by step: ask, agree, come to their own pages."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

from playwright.sync_api import Page, expect

from .conftest import follow
from .letters import link

Look = Callable[[Page, str], object]
"""Looks at a page under a name."""
WORDS = {
    "en": {
        "begin": "Begin",
        "read": "I have read this. Next",
        "check": "Check my answers",
        "on": "Go on",
        "sign": "I agree and sign",
        "now": "Sign now",
        "both": "Both sides have signed.",
        "document": "an identity document",
        "mail": "Mail me a link",
        "open": "Open my pages",
        "fits": "Could I fit? Answer a few questions",
        "mean": "See what it means",
        "write": "Write to a hospital",
        "send": "Send",
        "sent": "Your message has been sent",
        "answered": "Answered",
        "note": "Write a note",
    },
    "zh-hans": {
        "begin": "开始",
        "read": "已阅读，下一节",
        "check": "核对我的回答",
        "on": "继续",
        "sign": "我同意并签名",
        "now": "立即签名",
        "both": "双方均已签名。",
        "document": "身份证件",
        "mail": "把链接发给我",
        "open": "打开我的页面",
        "fits": "我可能适合吗？回答几个问题",
        "mean": "查看结果",
        "write": "联系医院",
        "send": "发送",
        "sent": "信息已发送",
        "answered": "已回复",
        "note": "写笔记",
    },
}


def proved(page: Page) -> None:
    """Touch the form and wait until it may be sent."""
    page.locator("form:has([data-proof]) input:visible").first.focus()
    expect(page.locator("form:has([data-proof]) [type=submit]")).to_be_enabled()


def pre_screened(
    page: Page, served: SimpleNamespace, name: str, address: str, language: str, look: Look
) -> None:
    """Read about the study, go through the points, write to a hospital."""
    words = WORDS[language]
    page.goto(f"{served.url}/{language}/")
    look(page, "study")
    follow(page, page.get_by_role("link", name=words["fits"]))
    for group in page.locator("fieldset.ask").all():
        group.locator("input").first.check()
    page.get_by_role("button", name=words["mean"]).click()
    look(page, "fits")
    page.get_by_role("button", name=words["write"]).click()
    page.select_option("#site", "site-01")
    page.fill("#name", name)
    page.fill("#address", address)
    page.check("[name=consent]")
    page.check("[name=keep]")
    proved(page)
    look(page, "contact")
    page.get_by_role("button", name=words["send"], exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(words["sent"])
    assert page.context.cookies() == []
    look(page, "status")


def agree(page: Page, name: str, language: str, look: Look) -> None:
    """Hand over the tablet; the person reads, answers and signs; the staff sign."""
    begin(page, language)
    look(page, "section")
    read_all(page, language)
    look(page, "questions")
    answer_all(page, language)
    sign_both(page, name, language, look)


def begin(page: Page, language: str) -> None:
    """From the staff's page to the person's."""
    page.get_by_role("button", name=WORDS[language]["begin"], exact=True).click()
    page.wait_for_url("**/consent/tablet/")


def read_all(page: Page, language: str) -> None:
    """Every section by keyboard; a word is explained and put away by keyboard, too."""
    words, looked = WORDS[language], False
    while page.get_by_role("button", name=words["read"]).count():
        if not looked and page.locator("button.word").count():
            page.locator("button.word").first.press("Enter")
            expect(page.locator(".explained:popover-open")).to_be_visible()
            page.keyboard.press("Escape")
            expect(page.locator(".explained:popover-open")).to_have_count(0)
            looked = True
        with page.expect_navigation():
            page.get_by_role("button", name=words["read"]).press("Enter")
    assert looked


def answer_all(page: Page, language: str) -> None:
    """Choose the first option everywhere, then another wherever it was not right."""
    words, sets = WORDS[language], page.locator("fieldset.ask")
    for option in range(3):
        for number in range(sets.count()):
            done = sets.nth(number).locator(".verdict:not(.again)").count()
            if not done and option < sets.nth(number).locator("input").count():
                sets.nth(number).locator("input").nth(option).check()
        follow(page, page.get_by_role("button", name=words["check"]))
    follow(page, page.get_by_role("link", name=words["on"], exact=True))


def sign_both(page: Page, name: str, language: str, look: Look) -> None:
    """Both sides: the person on the tablet, then who handed it over."""
    words = WORDS[language]
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.fill("#name", name)
    look(page, "person-signs")
    page.get_by_role("button", name=words["sign"]).click()
    page.locator("a[href$='/consent/tablet/back/']").click()
    page.wait_for_url("**/tablet/back/")
    look(page, "tablet-back")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url("**/sign/**")
    page.get_by_label(words["document"]).check()
    look(page, "staff-sign")
    page.get_by_role("button", name=words["now"]).click()
    expect(page.get_by_text(words["both"])).to_be_visible()


def come_in(
    phone: Page, served: SimpleNamespace, code: str, address: str, language: str, look: Look
) -> None:
    """Ask for a link with code and address, and open one's pages with it."""
    phone.goto(f"{served.url}/{language}/me/sign-in/")
    phone.fill("#code", code)
    phone.fill("#address", address)
    look(phone, "me-sign-in")
    proved(phone)
    phone.get_by_role("button", name=WORDS[language]["mail"]).click()
    phone.wait_for_url("**/me/mailed/")
    open_pages(phone, link(served.letters, address, "me/enter"), language)
    look(phone, "me")


def open_pages(phone: Page, address: str, language: str) -> None:
    """Open one's pages with a link."""
    phone.goto(address)
    phone.get_by_role("button", name=WORDS[language]["open"]).click()
    phone.wait_for_url("**/me/")
