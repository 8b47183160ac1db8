"""Takes docs/images/chat-light.png and chat-dark.png: the real page, asked questions about the examples.

    python docs/pictures.py [HOME]

HOME has read the examples (`make demo` does that); without it, .answerloop/demo.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
).split()
QUESTIONS = (
    "What does a blue blinking light mean?",
    "How do I roll back a deployment?",
    "What is the company's pension contribution?",
)
WIDTH = 1200


@contextmanager
def demo(home: Path) -> Iterator[str]:
    """The address of `answerloop serve` on a free port."""
    command = [str(Path(sys.executable).with_name("answerloop"))]
    options = ["--home", str(home), "--config", str(ROOT / "examples" / "answerloop.toml")]
    process = subprocess.Popen(
        [*command, *options, "serve", "--only", "web", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        yield line.rpartition(" ")[2].strip()
    finally:
        process.terminate()
        process.wait()


def photograph(browser: Browser, address: str, scheme: str) -> None:
    """The whole conversation, with the first answer's source unfolded."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(address)
    page.request.post(f"{address}/api/ask", data={"question": "What is warm now?"})
    for n, question in enumerate(QUESTIONS):
        page.get_by_label("Your question").fill(question)
        page.get_by_label("Your question").press("Enter")
        page.locator(".answer").nth(n).wait_for()
    page.get_by_role("button", name=re.compile("^Source 1")).first.click()
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.mouse.move(0, 0)
    page.wait_for_timeout(1_000)
    page.screenshot(path=IMAGES / f"chat-{scheme}.png")
    page.close()


def main() -> None:
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".answerloop" / "demo"
    IMAGES.mkdir(parents=True, exist_ok=True)
    with demo(home) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for scheme in ("dark", "light"):
            photograph(browser, address, scheme)
        browser.close()


if __name__ == "__main__":
    main()
