"""What people and documents may hold that a page must show as text and nothing else.

    for payload in PAYLOADS: record it wherever people or documents put text, open the page
    assert_inert(html)

No element, attribute or address of what a page brings comes from them.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

__all__ = ["EVERYTHING", "PAYLOADS", "assert_inert"]

MARK = "xss1337"
"""In each payload, so that it is recognised wherever it comes out."""
PAYLOADS = (
    f"<script>alert('{MARK}')</script>",
    f"<SCRIPT SRC=//{MARK}.example/x.js></SCRIPT>",
    f"<scr<script>ipt>alert('{MARK}')</scr</script>ipt>",
    f"</title><script>/*{MARK}*/</script>",
    f"</textarea><script>/*{MARK}*/</script>",
    f"</option></select><img src=x onerror=alert('{MARK}')>",
    f"<img src=x onerror=alert('{MARK}')>",
    f"<img src=`x`onerror=alert('{MARK}')>",
    f"<body onload=alert('{MARK}')>",
    f"<svg/onload=alert('{MARK}')>",
    f"<svg><script>alert('{MARK}')</script></svg>",
    f"<svg><a xlink:href='javascript:alert(`{MARK}`)'><text>x</text></a></svg>",
    f"<math><mtext></form><form><mglyph><style></math><img src onerror=alert('{MARK}')>",
    f"<iframe src='javascript:alert(`{MARK}`)'></iframe>",
    f"<iframe srcdoc='<script>parent.{MARK}()</script>'></iframe>",
    f"<object data='data:text/html,<script>{MARK}</script>'></object>",
    f"<embed src='//{MARK}.example/x.swf'>",
    f"<link rel=stylesheet href='//{MARK}.example/x.css'>",
    f"<base href='//{MARK}.example/'>",
    f"<meta http-equiv=refresh content='0;url=//{MARK}.example'>",
    f"<form action='//{MARK}.example'><button name=csrf>Send</button></form>",
    f"<input autofocus onfocus=alert('{MARK}')>",
    f"<details open ontoggle=alert('{MARK}')>",
    f"<style>*{{background:url(//{MARK}.example)}}</style>",
    f"<div style='background:url(//{MARK}.example)'>x</div>",
    f'" onmouseover="alert(\'{MARK}\')" x="',
    f"' onfocus='alert(`{MARK}`)' autofocus='",
    f"` onclick=`{MARK}` ",
    f"\"><img src=x onerror=alert('{MARK}')>",
    f"<!-- {MARK} --><!--><img src=x onerror={MARK}>-->",
    f"<![CDATA[<script>{MARK}</script>]]>",
    f"[{MARK}](javascript:alert(1))",
    f"[{MARK}](JaVaScRiPt:alert(1))",
    f"[{MARK}](java\tscript:alert(1))",
    f"[{MARK}](java&#115;cript:alert(1))",
    f"[{MARK}](&#x6A;avascript:alert(1))",
    f"[{MARK}](javascript&colon;alert(1))",
    f"[{MARK}](\x01javascript:alert(1))",
    f"[{MARK}](%6Aavascript:alert(1))",
    f"[{MARK}](vbscript:msgbox(1))",
    f"[{MARK}](data:text/html;base64,PHNjcmlwdD4=)",
    f"[{MARK}](file:///etc/passwd)",
    f"[{MARK}](//{MARK}.example/x)",
    f"[{MARK}](/undo/987654321)",
    f"[{MARK}](https://user:word@{MARK}.example/)",
    f'[{MARK}](https://x.example/"onmouseover="alert(1))',
    f"[{MARK}][r]\n\n[r]: javascript:alert(1) \"onclick='x'\"",
    f"<javascript:alert('{MARK}')>",
    f"<data:text/html,{MARK}>",
    f"![{MARK}](https://{MARK}.example/track.png)",
    f'![{MARK}](x" onerror="alert(1))',
    f'```html" onload="{MARK}\n<script>alert(1)</script>\n```',
    f"| a | b |\n|:--|--:|\n| {MARK} | <img src=x onerror=alert(1)> |",
    f"# {MARK} <script>alert(1)</script>",
    "{{ 7 * 7 }} {{ config }} {% raw %} ${7*7} #{7*7} <%= 7*7 %> " + MARK,
    "{{ ''.__class__.__mro__ }} {# " + MARK + " #}",
    f"<div hx-get='/undo/987654321' hx-trigger='load'>{MARK}</div>",
    f"<div data-hx-get='/undo/987654321' data-hx-trigger='load'>{MARK}</div>",
    f"<div hx-on:click='alert(1)' hx-vals='js:{{x:{MARK}}}'>x</div>",
    f"\u202e{MARK}\u202d\u2066reversed\u2069",
    f"\u200b{MARK}\ufeff\u200f",
    f"nul\x00{MARK}\x00<script>\x00alert(1)</scr\x00ipt>",
    f"\x1b[31m{MARK}\x1b[0m\x07\x08",
    f"＜script＞{MARK}＜/script＞",
    f"[аpple {MARK}](https://аpple.example/)",
    f"&lt;script&gt;{MARK}&lt;/script&gt; &#60;img src=x onerror=alert(1)&#62;",
    f"{MARK}" + "W" * 3000,
    f"{MARK}" + "a\u0301" * 400,
    "[" * 300 + MARK + "](x)" * 300,
    ">" * 200 + MARK,
)
EVERYTHING = "\n\n".join(PAYLOADS)
"""All at once."""
_ELEMENTS = {
    "iframe",
    "object",
    "embed",
    "base",
    "math",
    "style",
    "frame",
    "applet",
    "audio",
    "video",
    "picture",
}
_ADDRESSES = (
    "href",
    "src",
    "action",
    "formaction",
    "data",
    "poster",
    "srcdoc",
    "srcset",
    "xlink:href",
    "ping",
)
_HTMX = (
    "hx-get",
    "hx-post",
    "hx-put",
    "hx-delete",
    "hx-target",
    "hx-trigger",
    "hx-vals",
    "hx-headers",
    "hx-include",
)


def assert_inert(html: str) -> None:
    """
    Raises:
        AssertionError: an element, an attribute or an address of the page is not the page's own.
    """
    page = BeautifulSoup(html, "lxml")
    for element in page.find_all(True):
        assert isinstance(element, Tag)
        assert element.name not in _ELEMENTS, f"<{element.name}>"
        for name, value in element.attrs.items():
            _check(element, name.lower(), " ".join(value) if isinstance(value, list) else str(value))
    for script in page.find_all("script"):
        assert isinstance(script, Tag)
        assert str(script.get("src", "")).startswith("/static/"), "a script of its own"
        assert not script.get_text().strip()


def _check(element: Tag, name: str, value: str) -> None:
    told = f"<{element.name} {name}={value[:80]!r}>"
    assert not name.startswith("on"), told
    assert name not in ("style", "http-equiv"), told
    assert not name.startswith(("hx-on", "data-hx", "xlink", "xmlns:")), told
    assert name.replace("-", "").replace(":", "").isalpha() or name.startswith("data-"), told
    if name in _HTMX:
        assert MARK not in value, told
        assert not value.startswith(("js:", "javascript:")), told
    if name in _ADDRESSES and not (element.name in ("use", "svg") and value.startswith("/static/")):
        _check_address(element, name, value, told)


def _check_address(element: Tag, name: str, value: str, told: str) -> None:
    scheme = urlsplit(value.strip()).scheme.lower()
    own = value.startswith(("/", "#", "?")) and not value.startswith("//")
    if own:
        assert MARK not in value, told
        assert value != "/undo/987654321", told
        return
    # What documents and people link to: pages of the web, opened apart, by a link alone.
    assert (element.name, name) == ("a", "href"), told
    assert scheme in ("http", "https"), told
    assert "@" not in urlsplit(value).netloc, told
    assert {"noopener", "nofollow"} <= set(str(" ".join(element.get_attribute_list("rel"))).split()), told
