"""Sphinx's directives and roles for docutils, reduced to the text a reader should find.

docutils keeps directives and roles in tables of the process, so registering changes later documents too. That
is harmless: a reading depends on the name alone. Of the directives of docutils itself, only code is replaced.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles
from docutils.statemachine import StringList
from docutils.utils import unescape

__all__ = ["Object", "register_unknown"]

_DIRECTIVE = re.compile(r"^[ \t]*\.\. (?:\|[^|\n]+\| )?([A-Za-z][\w:.+-]*?) ?::(?:\s|$)", re.M)
_ROLE = re.compile(r":([A-Za-z][\w:.+-]*):`|`:([A-Za-z][\w:.+-]*):")
_TITLED = re.compile(r"(.+?)\s*<([^<>]+)>\s*", re.S)
_TYPE = re.compile(r"[A-Z_(.]")
"""What the name of a class holds and that of a style does not."""
_CALL = re.compile(r"[\w.]+")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DROPPED = _names("""
    toctree index contents sectnum highlight highlightlang currentmodule module py:module py:currentmodule
    automodule attributetable inheritance-diagram graphviz digraph graph uml mermaid
    literalinclude include raw default-domain tabularcolumns title meta role default-role cssclass rst-class
""")
"""What speaks to the builder, or shows what is not in the file."""
_CODE = _names("code-block code sourcecode parsed-literal prompt command-output ipython")
_LABELS = {
    "versionadded": "Added in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
    "deprecated": "Deprecated since version",
    "seealso": "See also",
    "todo": "To do",
    "tip": "Tip",
}
_TEXT_ONLY = _names("""
    container only hlist centered glossary tab-set tab-item tabs tab group-tab code-tab grid card details
    dropdown collapse aside compound
""")
"""What arranges its text on the page; an argument is a title."""
_PROSE_ROLES = _names("""
    ref doc term any numref guilabel menuselection abbr user pypi issue issues pr commit custom_emoji strike
    github_user download dfn index keyword eq cite
""")
"""Roles whose text is words; that of all others is code."""
_VERBATIM_ROLES = _names("file samp command kbd opt program regexp makevar")
_CLASSES = frozenset({"class", "exception", "autoclass", "autoexception", "interface", "struct"})


class Object(nodes.General, nodes.Element):  # type: ignore[misc]
    """What a page documents (an option, a setting, a function): its signature, then its description."""


class _AnyOption(dict[str, Any]):
    """An option_spec that accepts every option."""

    def __missing__(self, key: str) -> Any:
        return directives.unchanged


class _Kept(Directive):  # type: ignore[misc]
    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = _AnyOption({"class": directives.unchanged})

    def signature(self) -> str:
        """The argument, if it stands on the directive's own line; else it is a body without a blank line."""
        own_line = self.block_text.lstrip().split("\n", 1)[0].partition("::")[2]
        return self.arguments[0] if self.arguments and own_line.strip() else ""

    def body(self) -> list[nodes.Node]:
        lines = list(self.content)
        if self.arguments and not self.signature():
            lines = [*self.arguments[0].split("\n"), "", *lines]
        parent = nodes.Element()
        self.state.nested_parse(StringList(lines, source="document"), self.content_offset, parent)
        return list(parent.children)

    def inline(self, text: str) -> list[nodes.Node]:
        found, messages = self.state.inline_text(text, self.lineno)
        return [*found, *messages]


class _Dropped(_Kept):
    def run(self) -> list[nodes.Node]:
        return []


class _Code(_Kept):
    def run(self) -> list[nodes.Node]:
        language = (self.signature().split() or [""])[0].lower()
        code = "\n".join(self.content)
        if not code:  # `.. code-block::` with its code right below, without a blank line
            code = self.arguments[0] if self.arguments and not self.signature() else ""
        classes = ["code", language] if language.isidentifier() else ["code"]
        caption = self.options.get("caption")
        above = [nodes.paragraph("", "", *self.inline(caption))] if caption else []
        return [*above, *([nodes.literal_block(code, code, classes=classes)] if code else [])]


class _Labelled(_Kept):
    """`.. versionadded:: 2.1` and its kind: a line that begins with what it means."""

    def run(self) -> list[nodes.Node]:
        label = _LABELS[self.name.lower().rpartition(":")[2]]
        version, _, rest = self.signature().partition("\n")
        said = self.inline(" ".join(rest.split())) if rest.strip() else []
        body = self.body()
        if body and isinstance(body[0], nodes.paragraph):
            said += body.pop(0).children
        sign = ":" if said or body else "."
        first = nodes.strong("", f"{label} {version}".strip() + sign)
        return [nodes.paragraph("", "", first, nodes.Text(" "), *said), *body]


class _TextOnly(_Kept):
    def run(self) -> list[nodes.Node]:
        name = self.name.lower()
        argument = "" if name in ("container", "only", "hlist", "glossary") else self.signature()
        title = [nodes.paragraph("", "", nodes.strong("", "", *self.inline(argument)))] if argument else []
        return [*title, *self.body()]


class _Documented(_Kept):
    """A signature in bold, and below it what is said of it. A member is named with its class."""

    def run(self) -> list[nodes.Node]:
        document = self.state.document
        around: list[str] = document.setdefault("objects-around", [])
        signatures = [line.strip() for line in self.signature().split("\n") if line.strip()]
        if self.name == "class" and not _TYPE.search(self.signature()):
            return self.body()
        around.append(_owner(self.name, signatures))
        body = self.body()
        around.pop()
        shown = [nodes.paragraph("", "", nodes.strong("", _qualified(line, around))) for line in signatures]
        return [Object("", *shown, *body, has_body=bool(body))]


def _owner(directive: str, signatures: list[str]) -> str:
    """The name that members below are qualified with; '' where they are not members."""
    if directive.rpartition(":")[2] not in _CLASSES or not signatures:
        return ""
    match = _CALL.search(signatures[0].removeprefix("class "))
    return match[0] if match else ""


def _qualified(signature: str, around: list[str]) -> str:
    owner = next((name for name in reversed(around) if name), "")
    is_member = owner and _CALL.match(signature) and not signature.startswith(owner)
    return f"{owner}.{signature}" if is_member else signature


def _reading(name: str) -> type[_Kept] | None:
    """How to read a directive; None for those that docutils reads."""
    last = name.lower().rpartition(":")[2]
    if last in _CODE:
        return _Code
    if last == "class":  # Python's, as Sphinx has it; docutils' own names a style
        return _Documented
    if last in _LABELS and not _known(name):
        return _Labelled
    if last in _DROPPED:
        return _Dropped
    if _known(name):
        return None
    return _TextOnly if last in _TEXT_ONLY else _Documented


def _known(name: str) -> bool:
    from docutils.languages import get_language
    from docutils.utils import new_document

    found, _ = directives.directive(name, get_language("en"), new_document(""))
    return found is not None


def _role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Any = None
) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """`:meth:`~Client.run`` -> run, `:ref:`Install <label>`` -> Install: what Sphinx shows, unlinked."""
    shown = unescape(text)
    if name.lower() not in _VERBATIM_ROLES and (titled := _TITLED.fullmatch(shown)):
        shown = titled[1]
    elif shown.startswith("~"):
        shown = shown[1:].rpartition(".")[2]
    shown = shown.removeprefix("!")
    prose = name.lower().rpartition(":")[2] in _PROSE_ROLES
    return [nodes.Text(shown) if prose else nodes.literal("", shown)], []


def register_unknown(text: str) -> None:
    """Make docutils read every directive and role that occurs in the text."""
    for name in set(_DIRECTIVE.findall(text)):
        if reading := _reading(name):
            directives.register_directive(name, reading)
            directives.register_directive(name.lower(), reading)
    for match in set(_ROLE.findall(text)):
        name = (match[0] or match[1]).lower()
        if not _role_known(name):
            roles.register_local_role(name, _role)


def _role_known(name: str) -> bool:
    from docutils.languages import get_language
    from docutils.utils import new_document

    found, _ = roles.role(name, get_language("en"), 0, new_document("").reporter)
    return found is not None
