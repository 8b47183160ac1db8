"""What the loaders promise, on files made on the spot."""

from __future__ import annotations

import contextlib
import io
import json
import textwrap
import zipfile
from pathlib import Path

import pytest

from rag_core.errors import DocumentError
from rag_core.ingest.loaders import SUPPORTED, Loaded, load


def write(folder: Path, name: str, content: str | bytes) -> Loaded:
    """Write a file and load it by its name."""
    path = folder / name
    path.write_bytes(textwrap.dedent(content).encode() if isinstance(content, str) else content)
    return load(path, path.suffix)


def refused(folder: Path, name: str, content: str | bytes) -> str:
    """The reason why a file is not loaded."""
    with pytest.raises(DocumentError) as refusal:
        write(folder, name, content)
    return str(refusal.value)


PdfLine = tuple[int, int, str] | tuple[int, int, str, int]


def pdf(*pages: list[PdfLine], trailer: str = "", font: str = "Helvetica") -> bytes:
    """A PDF by hand: for each page, pieces of (font size, height on the page, text, place from the left)."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} >>",
    ]
    for number, lines in enumerate(pages):
        text = "\n".join(
            f"BT /F1 {size} Tf {x[0] if x else 72} {y} Td ({words}) Tj ET" for size, y, words, *x in lines
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(text)} >>\nstream\n{text}\nendstream")
    body, offsets = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(body)}\n%%EOF"
    return f"{body}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}".encode("latin-1")


def archive(**members: str | bytes) -> bytes:
    """A ZIP archive; '__' in a name stands for '/', '_dot_' for '.'."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name.replace("_dot_", ".").replace("__", "/"), content)
    return target.getvalue()


def numbered_docx(levels: list[tuple[int, str, str]], body: list[tuple[str, int, str]]) -> bytes:
    """A Word document of one list: levels as (start, format, text), paragraphs as (style, level, text)."""
    shapes = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (start, form, text) in enumerate(levels)
    )
    styles = (
        '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/>'
        '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
        '<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/><w:basedOn w:val="H1"/>'
        '<w:pPr><w:numPr><w:ilvl w:val="1"/></w:numPr></w:pPr></w:style>'
    )
    named, own = '<w:pStyle w:val="{}"/>', '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'
    paragraphs = "".join(
        f"<w:p><w:pPr>{(named if style else own).format(style or level)}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
        for style, level, text in body
    )
    lists = (
        f'<w:abstractNum w:abstractNumId="0">{shapes}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    )
    parts = {"document": f"<w:body>{paragraphs}</w:body>", "numbering": lists, "styles": styles}
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    return archive(
        **{f"word__{name}_dot_xml": f"<w:{name} {space}>{inner}</w:{name}>" for name, inner in parts.items()}
    )


class TestText:
    def test_plain_text_is_passed_as_it_is(self, tmp_path: Path) -> None:
        """Nothing in a .txt file is markup, and its lines keep their numbers."""
        text = "---\ntitle: x\n---\n\n<!-- kept -->\r\n# not a heading\n"
        loaded = write(tmp_path, "a.txt", text.encode())
        assert loaded == Loaded("a", text.replace("\r\n", "\n"), plain=True, lines=True)

    def test_front_matter_is_blanked_and_names_the_title(self, tmp_path: Path) -> None:
        """A title in the front matter wins over the first heading; the lines below keep their numbers."""
        loaded = write(tmp_path, "a.md", '---\ntitle: "Ducks"\ntags: [x]\n---\n# Birds\n')
        assert loaded == Loaded("Ducks", "\n\n\n\n# Birds\n", lines=True)

    def test_the_title_is_the_first_heading_or_the_file_name(self, tmp_path: Path) -> None:
        """Where a document names no title, its first heading does, and without one its file."""
        assert write(tmp_path, "a.md", "text\n\n## Ducks {#ducks}\n").title == "Ducks"
        assert write(tmp_path, "notes.md", "text\n").title == "notes"

    def test_markdown_keeps_the_number_of_every_line(self, tmp_path: Path) -> None:
        """Comments, pictures and tags go, and no line moves."""
        text = "a <!-- one\ntwo --> b\n![a\nduck](duck.png) c\n<p\nalign=x>\nlast"
        loaded = write(tmp_path, "a.md", text)
        assert loaded.markdown.count("\n") == text.count("\n")
        assert loaded.markdown.split("\n")[-1] == "last"
        assert loaded.markdown.split("\n")[2:4] == ["a", "duck c"]

    def test_markdown_pictures_are_their_text(self, tmp_path: Path) -> None:
        """Of a picture the alternative text stays; a data: address never does."""
        loaded = write(tmp_path, "a.md", '![Duck](data:image/png;base64,AAA=) <img src="x" alt="Goose">')
        assert loaded.markdown.strip() == "Duck Goose"

    def test_markdown_code_is_left_alone(self, tmp_path: Path) -> None:
        """In fences, indented blocks and code spans, what looks like markup is not."""
        text = "```html\n<!-- x --> ![a](b)\n```\n\n    <p>\n\nand `<!-- y -->` and `<br>`\n"
        assert write(tmp_path, "a.md", text).markdown == text

    def test_html_headings_in_markdown_are_headings(self, tmp_path: Path) -> None:
        """<h2 id=x> of a README reads as ## with that id."""
        assert write(tmp_path, "a.md", '<h2 id="x" align="center">Ducks</h2>\n').markdown == "## Ducks {#x}\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_any_encoding_is_read(self, tmp_path: Path, encoding: str) -> None:
        """Text is found in UTF-8, by byte order mark, or by guessing."""
        text = "Die Wörter müßten überall gleich ankommen, schöne Grüße aus Köln.\n" * 5
        assert write(tmp_path, "a.txt", text.encode(encoding)).markdown == text


class TestHtml:
    def test_the_site_around_a_page_is_left_out(self, tmp_path: Path) -> None:
        """Navigation, banner, footer, scripts, forms and hidden elements are no text of the page."""
        loaded = write(
            tmp_path,
            "a.html",
            """<html><head><title>Ducks &amp; geese</title><style>p {}</style></head><body>
            <header>Site</header><nav>Menu</nav><script>x</script><p>They swim.</p><button>Go</button>
            <p hidden>secret</p><p style="display: none">secret</p><p aria-hidden="true">secret</p>
            <footer>Imprint</footer></body></html>""",
        )
        assert loaded == Loaded("Ducks & geese", "They swim.\n")

    def test_the_main_part_is_taken_where_it_holds_most_text(self, tmp_path: Path) -> None:
        """A page with <main> is read from there; a small <article> among much else does not hide the rest."""
        assert write(tmp_path, "a.html", "<div>aside</div><main><p>All about ducks.</p></main>").markdown == (
            "All about ducks.\n"
        )
        assert "ducks" in write(tmp_path, "b.html", "<p>All about ducks.</p><article>x</article>").markdown

    @pytest.mark.parametrize(
        "html",
        [
            "<h2 id='x'>Ducks</h2>",
            "<h2><a name='x'></a>Ducks</h2>",
            "<a name='x'></a><h2>Ducks</h2>",
            "<p>a</p><p><a id='x'></a></p><h2>Ducks</h2>",
            "<section id='x'><h2>Ducks</h2><p>a</p></section>",
        ],
    )
    def test_headings_keep_their_id(self, tmp_path: Path, html: str) -> None:
        """Wherever a page puts the id of a heading, the heading carries it."""
        assert "## Ducks {#x}\n" in write(tmp_path, "a.html", html).markdown

    def test_code_is_fenced_with_its_language(self, tmp_path: Path) -> None:
        """The language comes from the classes that highlighters write; a fence outlasts fences inside."""
        assert write(tmp_path, "a.html", "<pre><code class='language-sh'>ls\n  -l</code></pre>").markdown == (
            "```sh\nls\n  -l\n```\n"
        )
        sphinx = (
            "<div class='highlight-python notranslate'><div class='highlight'><pre>x = 1</pre></div></div>"
        )
        assert write(tmp_path, "b.html", sphinx).markdown == "```python\nx = 1\n```\n"
        assert write(tmp_path, "c.html", "<pre>```\nx\n```</pre>").markdown.startswith("````\n```")

    def test_tables_are_pipe_tables_that_read_row_by_row(self, tmp_path: Path) -> None:
        """Cells that span rows or columns are repeated, pipes escaped, line breaks folded."""
        loaded = write(
            tmp_path,
            "a.html",
            """<table><tr><th>Name<th colspan=2>Size</tr><tr><td rowspan=2>a|b<td>1<td>2<br>3</tr>
            <tr><td><p>4</p><td></tr></table>""",
        )
        assert loaded.markdown == (
            "| Name | Size | Size |\n| --- | --- | --- |\n| a\\|b | 1 | 2 3 |\n| a\\|b | 4 |  |\n"
        )

    def test_a_table_that_only_arranges_is_read_as_text(self, tmp_path: Path) -> None:
        """A layout table gives its content, and the table inside it stays one."""
        html = "<table><tr><td><h2>A</h2><table><tr><td>1<td>2<tr><td>3<td>4</table></td></tr></table>"
        assert write(tmp_path, "a.html", html).markdown == "## A\n\n| 1 | 2 |\n| --- | --- |\n| 3 | 4 |\n"

    def test_only_absolute_links_keep_their_address(self, tmp_path: Path) -> None:
        """Of a relative, script or data: link the text stays; pictures are their alternative text."""
        html = (
            "<a href='https://x.org/a'>A</a> <a href='b.html'>B</a> <a href='javascript:c()'>C</a> "
            "<a href='data:text/html,d'>D</a> <img src='data:image/png;base64,x' alt='E'>"
        )
        assert write(tmp_path, "a.html", html).markdown == "[A](https://x.org/a) B C D E\n"

    def test_text_does_not_become_markup(self, tmp_path: Path) -> None:
        """A paragraph that begins with '#' is no heading, and no page mark can be forged."""
        markdown = write(tmp_path, "a.html", "<p># of layers</p><p>&lt;!-- page 3 --&gt;</p>").markdown
        assert markdown == "\\# of layers\n\n\\<!-- page 3 -->\n"


class TestRst:
    def test_sections_are_headings_with_their_id(self, tmp_path: Path) -> None:
        """The title is the first heading; a label before a section is an id of it."""
        loaded = write(tmp_path, "a.rst", "Ducks\n=====\n\nText.\n\n.. _in-ponds:\n\nPonds\n-----\n\nMore.\n")
        assert loaded.title == "Ducks"
        assert loaded.markdown.startswith("# Ducks {#ducks}\n\nText.\n\n## Ponds {#")

    def test_unknown_markup_keeps_its_text(self, tmp_path: Path) -> None:
        """Sphinx's directives and roles, and any other, cost no word."""
        loaded = write(
            tmp_path,
            "a.rst",
            """
            .. versionadded:: 2.1
               With :meth:`~Client.run` and :ref:`the guide <guide>`.

            .. class:: Client(token)

               A client.

               .. attribute:: user

                  Who it is.

            .. option:: --force, -f

               Do it.

            .. frobnicate:: now
               :speed: 3

               Slowly.

            .. code-block:: python
               :caption: An example

               x = 1

            .. toctree::

               other
            """,
        )
        assert loaded.markdown == (
            "**Added in version 2.1:** With `run` and the guide.\n\n**Client(token)**\n\nA client.\n\n"
            "**Client.user**\n\nWho it is.\n\n**--force, -f**\n\nDo it.\n\n**now**\n\nSlowly.\n\n"
            "An example\n\n```python\nx = 1\n```\n"
        )

    def test_no_other_file_is_read(self, tmp_path: Path) -> None:
        """include, literalinclude, csv-table and raw reach no file of this machine."""
        (tmp_path / "secret").write_text("secret")
        loaded = write(
            tmp_path,
            "a.rst",
            """
            Text.

            .. include:: secret
            .. literalinclude:: secret
            .. csv-table::
               :file: secret
            .. raw:: html
               :file: secret
            """,
        )
        assert loaded.markdown == "Text.\n"

    def test_malformed_markup_keeps_its_text(self, tmp_path: Path) -> None:
        """A table that docutils refuses is shown as it was typed."""
        assert (
            "too long a cell"
            in write(tmp_path, "a.rst", "=  =\na  b\n=  =\n1  2 too long a cell\nx\n=  =\n").markdown
        )

    def test_field_lists_are_items(self, tmp_path: Path) -> None:
        """Parameters of a function become one item each, with their type."""
        text = ".. function:: run(token)\n\n   Runs.\n\n   :param token: The token.\n   :type token: str\n"
        assert (
            write(tmp_path, "a.rst", text).markdown
            == "**run(token)**\n\nRuns.\n\n- **token** (str): The token.\n"
        )


class TestPdf:
    def test_pages_are_marked_and_lines_joined(self, tmp_path: Path) -> None:
        """Each page begins with its mark; lines of a paragraph are one; larger text is a heading."""
        first = [
            (20, 720, "Ducks"),
            (10, 690, "They swim in ponds and on lakes, as well as on the open"),
            (10, 678, "sea, and eat plants, insects, small fish and much more."),
            (10, 640, "Another paragraph, about their nests, that ends early."),
        ]
        loaded = write(tmp_path, "a.pdf", pdf(first, [(10, 720, "Geese are larger.")]))
        assert loaded.title == "Ducks"
        assert loaded.markdown == (
            "<!-- page 1 -->\n\n# Ducks\n\nThey swim in ponds and on lakes, as well as on the open "
            "sea, "
            "and eat plants, insects, small fish and much more.\n\n"
            "Another paragraph, about their nests, that ends early.\n\n"
            "<!-- page 2 -->\n\nGeese are larger.\n"
        )

    def test_tables_are_pipe_tables(self, tmp_path: Path) -> None:
        """What stands in columns is a table, its first row the head; cells may wrap, be empty or stand right."""
        lines: list[PdfLine] = [
            (10, 700, "Count the flashes. What they mean:"),
            *((10, 682, text, x) for text, x in (("Flashes", 72), ("Meaning", 150), ("Cost", 291))),
            *((10, 664, text, x) for text, x in (("1", 72), ("Battery too", 150))),
            (10, 652, "hot", 150),
            (10, 664, "9.50", 293),
            *((10, 634, text, x) for text, x in (("2", 72), ("Clock lost", 150))),
            *((10, 616, text, x) for text, x in (("3", 72), ("Water inside", 150), ("100.00", 282))),
            (10, 590, "Bring it to us otherwise."),
        ]
        assert write(tmp_path, "a.pdf", pdf(lines)).markdown == (
            "<!-- page 1 -->\n\nCount the flashes. What they mean:\n\n"
            "| Flashes | Meaning | Cost |\n| --- | --- | --- |\n| 1 | Battery too hot | 9.50 |\n"
            "| 2 | Clock lost |  |\n| 3 | Water inside | 100.00 |\n\nBring it to us otherwise.\n"
        )

    def test_cells_of_a_table_may_stand_in_the_middle(self, tmp_path: Path) -> None:
        """A cell beside one of more lines is of the same row at any height; a name may stand above columns."""
        lines: list[PdfLine] = [
            *((10, 706, "Lamp", 72), (10, 694, "type", 72), (10, 706, "Hours of light", 160)),
            *((10, 694, "low", 150), (10, 694, "high", 230)),
            *((10, 664, "Plus", 72), (10, 676, "72, without", 150), (10, 664, "a telephone", 150)),
            *((10, 652, "at it", 150), (10, 664, "7", 230)),
            *((10, 630, "Mini", 72), (10, 630, "60", 150), (10, 630, "8", 230)),
        ]
        assert write(tmp_path, "a.pdf", pdf(lines)).markdown.endswith(
            "| Lamp type | Hours of light low | high |\n| --- | --- | --- |\n"
            "| Plus | 72, without a telephone at it | 7 |\n| Mini | 60 | 8 |\n"
        )

    @pytest.mark.parametrize(
        ("font", "pieces"),
        [
            (
                "Helvetica",
                [(90 * x, y, f"{x}{y} ducks swim in ponds, on lakes and") for x in (1, 4) for y in range(4)],
            ),
            (
                "Helvetica",
                [(90 * x, y, f"{x}{y} ducks swim in ponds, on lakes and") for y in range(4) for x in (1, 4)],
            ),
            ("Courier", [(x, y, text) for y in range(4) for x, text in ((72, "x = f()"), (200, "# a duck"))]),
            (
                "Helvetica",
                [(x, y, text) for y in range(4) for x, text in ((72, f"{y}."), (100, "Feed ducks"))],
            ),
            (
                "Helvetica",
                [(x, y, text) for y in range(4) for x, text in ((150, f"a = {y}"), (480, f"({y})"))],
            ),
        ],
        ids=["columns", "columns written by line", "code", "list", "formulas"],
    )
    def test_other_text_in_columns_is_no_table(
        self, tmp_path: Path, font: str, pieces: list[tuple[int, int, str]]
    ) -> None:
        """Running text in columns, code with comments, lists and numbered formulas stay what they are."""
        lines: list[PdfLine] = [(10, 700 - 12 * y, text, x) for x, y, text in pieces]
        assert "|" not in write(tmp_path, "a.pdf", pdf(lines, font=font)).markdown

    def test_an_encrypted_file_says_so(self, tmp_path: Path) -> None:
        """A PDF that asks for a password is refused with that reason."""
        keys = f"/O <{'41' * 32}> /U <{'42' * 32}>"
        lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 {keys} /P -4 >> /ID [<00> <00>]"
        assert refused(tmp_path, "a.pdf", pdf([(10, 700, "x")], trailer=lock)) == "is encrypted"

    def test_a_scan_says_so(self, tmp_path: Path) -> None:
        """A PDF of pictures is refused for want of text."""
        assert refused(tmp_path, "a.pdf", pdf([])).startswith("has no text layer")

    def test_a_damaged_file_says_so(self, tmp_path: Path) -> None:
        """A PDF cut short is refused as damaged."""
        assert refused(tmp_path, "a.pdf", pdf([(10, 700, "x")])[:80]) == "is a damaged PDF file"


class TestOffice:
    def test_word_keeps_structure(self, tmp_path: Path) -> None:
        """Headings, lists, tables and code of a Word document are there; its properties name the title."""
        docx = pytest.importorskip("docx")
        document = docx.Document()
        document.core_properties.title = "All about ducks"
        document.add_heading("Ducks", 1)
        document.add_paragraph("They swim.")
        document.add_paragraph("ponds", style="List Bullet")
        document.add_paragraph().add_run("x = 1").font.name = "Courier New"
        grid = document.add_table(rows=2, cols=2)
        for cell, text in zip((c for row in grid.rows for c in row.cells), "abcd", strict=True):
            cell.text = text
        document.save(str(tmp_path / "a.docx"))
        assert load(tmp_path / "a.docx", ".docx") == Loaded(
            "All about ducks",
            "# Ducks\n\nThey swim.\n\n- ponds\n\n```\nx = 1\n```\n\n| a | b |\n| --- | --- |\n| c | d |\n",
        )

    def test_word_writes_the_numbers_it_counts(self, tmp_path: Path) -> None:
        """Numbered headings and items of nested lists have the number that Word shows."""
        levels = [
            (1, "decimal", "%1"),
            (1, "decimal", "%1.%2"),
            (3, "lowerLetter", "%3)"),
            (9, "upperRoman", "%4."),
        ]
        body = [("H1", 0, "Ducks"), ("H2", 1, "Ponds"), ("H2", 1, "Lakes"), ("", 2, "deep"), ("", 3, "cold")]
        body += [("", 2, "warm"), ("H1", 0, "Geese"), ("", 2, "seas"), ("H2", 1, "Lakes")]
        assert write(tmp_path, "a.docx", numbered_docx(levels, body)).markdown == (
            "# 1 Ducks\n\n## 1.1 Ponds\n\n## 1.2 Lakes\n\n- c) deep\n  - IX. cold\n- d) warm\n\n"
            "# 2 Geese\n\n- c) seas\n\n## 2.2 Lakes\n"
        )

    def test_slides_are_marked_with_title_text_table_and_notes(self, tmp_path: Path) -> None:
        """Each slide begins with its mark and title; merged cells are repeated; notes are kept."""
        pptx = pytest.importorskip("pptx")
        presentation = pptx.Presentation()
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = "Ducks"
        slide.placeholders[1].text = "They swim."
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = "Sizes"
        grid = slide.shapes.add_table(2, 2, 0, 5_000_000, 1_000_000, 1_000_000).table
        grid.cell(0, 0).text = "all"
        grid.cell(0, 0).merge(grid.cell(0, 1))
        grid.cell(1, 0).text = "1"
        slide.notes_slide.notes_text_frame.text = "Say more."
        presentation.core_properties.title = ""
        presentation.save(str(tmp_path / "a.pptx"))
        assert load(tmp_path / "a.pptx", ".pptx") == Loaded(
            "Ducks",
            "<!-- page 1 -->\n\n# Ducks\n\nThey swim.\n\n<!-- page 2 -->\n\n# Sizes\n\n"
            "| all | all |\n| --- | --- |\n| 1 |  |\n\nNotes: Say more.\n",
        )

    def test_each_sheet_is_a_heading_and_a_table(self, tmp_path: Path) -> None:
        """Hidden sheets and empty rows are left out; values read as a spreadsheet shows them."""
        import datetime

        import openpyxl

        book = openpyxl.Workbook()
        book.active.title = "Ducks"
        for row in (["name", "seen"], [], ["mallard", datetime.datetime(2024, 5, 1)], ["a\nb|c", 0.1 + 0.2]):
            book.active.append(row)
        book.create_sheet("secret").append(["x"])
        book["secret"].sheet_state = "hidden"
        book.save(tmp_path / "a.xlsx")
        assert load(tmp_path / "a.xlsx", ".xlsx").markdown == (
            "## Ducks\n\n| name | seen |\n| --- | --- |\n| mallard | 2024-05-01 |\n| a b\\|c | 0.3 |\n"
        )


class TestTables:
    @pytest.mark.parametrize(
        ("name", "sign"), [("a.csv", ","), ("a.csv", ";"), ("a.csv", "|"), ("a.tsv", "\t")]
    )
    def test_delimited_text_is_one_table(self, tmp_path: Path, name: str, sign: str) -> None:
        """The delimiter is found; quoted cells may hold it, and line ends."""
        text = f'name{sign}note\nduck{sign}"swims{sign}\nflies"\n'
        shown = sign.replace("|", "\\|").replace("\t", "")
        expected = f"| name | note |\n| --- | --- |\n| duck | swims{shown} flies |\n"
        assert write(tmp_path, name, text.encode()).markdown == expected

    def test_a_table_of_one_column_is_one(self, tmp_path: Path) -> None:
        """Without any delimiter each line is a cell."""
        assert write(tmp_path, "a.csv", "name\nduck\n").markdown == "| name |\n| --- |\n| duck |\n"


class TestBooks:
    def test_chapters_come_in_reading_order(self, tmp_path: Path) -> None:
        """The spine orders the chapters, not their names; the navigation is none."""
        container = "<container><rootfiles><rootfile full-path='o/c.opf'/></rootfiles></container>"
        package = """<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Birds</dc:title></metadata>
            <manifest><item id="n" href="n.xhtml" media-type="application/xhtml+xml" properties="nav"/>
            <item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
            <item id="b" href="b%20b.xhtml" media-type="application/xhtml+xml"/></manifest>
            <spine><itemref idref="n"/><itemref idref="b"/><itemref idref="a"/></spine></package>"""
        book = archive(
            mimetype="application/epub+zip",
            **{
                "META-INF__container_dot_xml": container,
                "o__c_dot_opf": package,
                "o__n_dot_xhtml": "<nav>Contents</nav>",
                "o__a_dot_xhtml": "<html><body><h1 id='e'>End</h1></body></html>",
                "o__b b_dot_xhtml": "<html><head><title>x</title></head><body><h1>Start</h1></body></html>",
            },
        )
        assert write(tmp_path, "a.epub", book) == Loaded("Birds", "# Start\n\n\n# End {#e}\n")

    def test_notebooks_keep_prose_code_and_text_outputs(self, tmp_path: Path) -> None:
        """Code is fenced in the notebook's language, tables are tables, pictures are left out."""
        cells = [
            {"cell_type": "markdown", "source": ["# Ducks\n", "![x](attachment:y)"]},
            {
                "cell_type": "code",
                "source": "count()",
                "outputs": [
                    {"output_type": "stream", "text": ["\x1b[31m3\x1b[0m\n"]},
                    {"data": {"text/html": "<table><tr><th>a<tr><td>1</table>", "text/plain": "a 1"}},
                    {"data": {"image/png": "AAAA"}},
                ],
            },
        ]
        notebook = json.dumps({"cells": cells, "metadata": {"language_info": {"name": "r"}}})
        assert write(tmp_path, "a.ipynb", notebook) == Loaded(
            "Ducks", "# Ducks\nx\n\n```r\ncount()\n```\n\n```\n3\n```\n\n| a |\n| --- |\n| 1 |\n\n"
        )


class TestBadFiles:
    @pytest.mark.parametrize("suffix", sorted(SUPPORTED))
    def test_an_empty_file_says_so(self, tmp_path: Path, suffix: str) -> None:
        """Empty is the reason in every format."""
        assert refused(tmp_path, f"a{suffix}", b"") == "is empty"

    @pytest.mark.parametrize("suffix", sorted(SUPPORTED))
    def test_noise_is_refused_with_a_reason(self, tmp_path: Path, suffix: str) -> None:
        """Arbitrary bytes raise nothing but a reason, in every format."""
        reason = refused(tmp_path, f"a{suffix}", bytes(range(256)) * 20)
        assert reason.startswith("is ")
        assert "\n" not in reason

    @pytest.mark.parametrize("suffix", [".docx", ".pptx", ".xlsx", ".epub"])
    def test_a_damaged_archive_says_so(self, tmp_path: Path, suffix: str) -> None:
        """Half of an archive, and one without its parts, are refused as damaged."""
        inner = {".docx": "word__document", ".pptx": "ppt__presentation", ".xlsx": "xl__workbook"}
        name = inner.get(suffix, "META-INF__container")
        whole = archive(**{f"{name}_dot_xml": "<x/>"})
        assert "damaged" in refused(tmp_path, f"a{suffix}", whole[: len(whole) // 2])
        assert refused(tmp_path, f"b{suffix}", whole)

    def test_a_zip_bomb_is_not_unpacked(self, tmp_path: Path) -> None:
        """An archive that would unpack to far more than its size is refused by what it declares."""
        bomb = archive(word__document_dot_xml=bytes(20 * 2**20))
        assert refused(tmp_path, "a.docx", bomb) == "would unpack to 20 MB, far more than its size"

    def test_an_encrypted_office_file_says_so(self, tmp_path: Path) -> None:
        """Office packs an encrypted document into its old container."""
        start = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        packed = start + bytes(600) + "EncryptedPackage".encode("utf-16-le")
        assert refused(tmp_path, "a.docx", packed) == "is encrypted"
        assert "before 2007" in refused(tmp_path, "b.docx", start + bytes(600))

    def test_a_wrong_extension_does_not_matter(self, tmp_path: Path) -> None:
        """What clearly is of another supported format is read as that."""
        assert "They swim." in write(tmp_path, "a.docx", pdf([(10, 700, "They swim.")])).markdown
        assert write(tmp_path, "b.txt", "<!DOCTYPE html><p>They swim.</p>").markdown == "They swim.\n"
        assert refused(tmp_path, "c.pdf", "They swim.") == "is not a PDF file"
        assert refused(tmp_path, "d.md", b"\x89PNG\r\n\x1a\n") == "is a picture"

    def test_an_unsupported_format_says_so(self, tmp_path: Path) -> None:
        """A suffix outside SUPPORTED is refused; capitals are no other suffix."""
        assert refused(tmp_path, "a.exe", b"x") == "is of a format that is not supported (.exe)"
        assert write(tmp_path, "A.MD", "x\n").markdown == "x\n"

    def test_a_missing_file_says_so(self, tmp_path: Path) -> None:
        """A file that vanished is a refusal, not a crash."""
        with pytest.raises(DocumentError, match="cannot be opened"):
            load(tmp_path / "a.md", ".md")

    @pytest.mark.parametrize("name", ["a.md", "a.txt", "a.csv", "a.html"])
    def test_too_long_a_document_is_refused(self, tmp_path: Path, name: str) -> None:
        """max_chars bounds what one document may hold."""
        (tmp_path / name).write_text("duck " * 100)
        with pytest.raises(DocumentError, match="holds more than 100 characters"):
            load(tmp_path / name, Path(name).suffix, max_chars=100)

    def test_external_entities_are_not_resolved(self, tmp_path: Path) -> None:
        """XML that asks for a file of this machine does not get it."""
        (tmp_path / "secret").write_text("secret")
        asks = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]>'
        book = archive(**{"META-INF__container_dot_xml": f"{asks}<x>&e;</x>"})
        assert "secret" not in refused(tmp_path, "a.epub", book).replace(str(tmp_path), "")
        assert "secret" not in write(tmp_path, "a.xhtml", f"{asks}<html><p>a &e;</p></html>").markdown

    def test_deep_nesting_is_no_crash(self, tmp_path: Path) -> None:
        """A page nested a hundred thousand deep is read or refused."""
        path = tmp_path / "a.html"
        path.write_text("<div>" * 100_000 + "duck")
        with contextlib.suppress(DocumentError):
            assert load(path, ".html").markdown
