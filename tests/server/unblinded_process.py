"""The unblinded process, started for a test, and somebody's browser at it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from types import SimpleNamespace

from server.allocator_process import SOURCE, START, Allocator

SECONDS = 300  # that a busy machine may take for one answer


class Unblinded:
    """Serves the unblinded pages of `instance`, asking that allocator."""

    def __init__(self, instance: SimpleNamespace, allocator: Allocator, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = instance.folder / "unblinded.log"
        words = ("--dir", str(instance.folder), "--socket", str(allocator.unblinded), "--child")
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, "unblinded", *words, "--port", str(port)],
            env={**os.environ, **instance.environment, "PYTHONPATH": str(SOURCE)},
            stderr=subprocess.DEVNULL,
        )
        while not self._answers():
            assert self.process.poll() is None
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/en/sign-in/", timeout=SECONDS) as page:
                return page.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(SECONDS)


class Visitor:
    """A browser without scripts: cookies, forms, the last answer."""

    def __init__(self, side: Unblinded, language: str = "en") -> None:
        self.side, self.base = side, f"{side.url}/{language}/"
        self.given: dict[str, str] = {}
        self.cookies = CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.status, self.text, self.headers = 0, "", {}

    def get(self, path: str) -> str:
        """Open a page; returns its HTML."""
        return self._open(urllib.request.Request(self.base + path))

    def post(self, path: str, **fields: str) -> str:
        """Send the form of the page that is open."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.text)
        assert token, self.text[:400]
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token[1], **fields}).encode()
        headers = {"Origin": self.side.url, "Referer": self.base + path}
        return self._open(urllib.request.Request(self.base + path, body, headers))

    def _open(self, request: urllib.request.Request) -> str:
        try:
            with self.opener.open(request, timeout=SECONDS) as answer:
                return self._keep(answer)
        except urllib.error.HTTPError as answer:
            return self._keep(answer)

    def _keep(self, answer: object) -> str:
        self.status, self.headers = answer.status, dict(answer.headers)
        self.text = answer.read().decode()
        return self.text

    @property
    def code(self) -> str:
        """The code of the refusal that is shown, or nothing."""
        found = re.search(r'data-code="([^"]+)"', self.text)
        return found[1] if found else ""

    def field(self, name: str) -> str:
        """The value of a hidden field of the page that is open."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, name
        return found[1]

    def sign_in(self, name: str, pin: str) -> str:
        """Sign in with a PIN."""
        self.get("sign-in/")
        return self.post("sign-in/", person=name, pin=pin, next="")
