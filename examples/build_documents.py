"""Builds the binary example documents (DOCX, PPTX, XLSX, PDF, EPUB, ipynb) from the text in this file.
Run `python examples/build_documents.py [FOLDER]`; the same text always gives the same bytes.
"""

# requirements: python-docx>=1.1  python-pptx>=1.0  openpyxl>=3.1  reportlab>=4.2   (EPUB and ipynb need none)

import contextlib
import datetime
import hashlib
import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import docx
import openpyxl
import pptx
from openpyxl.styles import Font
from pptx.util import Inches, Pt
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import ListFlowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

STAMP = datetime.datetime(2026, 11, 2, 9, 0, 0)
AUTHOR = "Lanternworks"

# (kind, content): h1 h2 h3 and p hold text, li and ol the text of one item, table its rows, the header first.
Block = tuple[str, Any]


def parse(text: str) -> list[Block]:
    """Read the light mark-up of the texts below: headings, paragraphs, `-` and `1.` items, tables."""
    blocks: list[Block] = []
    for line in [*text.splitlines(), ""]:
        content = line.strip()
        if content.startswith("|"):
            row = tuple(cell.strip() for cell in content.strip("|").split("|"))
            if blocks and blocks[-1][0] == "table":
                blocks[-1][1].append(row)
            else:
                blocks.append(("table", [row]))
        elif found := re.match(r"(#{1,3}|-|1\.) ", line):
            kind = {"-": "li", "1.": "ol"}.get(found[1], f"h{len(found[1])}")
            blocks.append((kind, content[found.end() :]))
        elif content and blocks and blocks[-1][0] in ("p", "li", "ol"):
            blocks[-1] = (blocks[-1][0], f"{blocks[-1][1]} {content}")
        elif content:
            blocks.append(("p", content))
        elif blocks:
            blocks.append(("", ""))  # an empty line ends what stands before it
    return [block for block in blocks if block[0]]


def parts(text: str) -> list[tuple[str, list[Block]]]:
    """The same, split at each heading of the first level: sheets, slides or chapters."""
    found: list[tuple[str, list[Block]]] = []
    for kind, content in parse(text):
        if kind == "h1":
            found.append((content, []))
        else:
            found[-1][1].append((kind, content))
    return found


# ---- leave-policy.docx

LEAVE = """\
# Leave policy

This policy says how much time off you have, how you ask for it and what happens when you are ill. It holds
for everyone employed by Lanternworks in Porto, Nairobi and Pune. Where the law of your country gives you
more, the law counts. Lucía Ferrer and the people team own it; questions go to #ask-people.

## Annual leave

You have 27 days of paid leave a year, besides the public holidays of the country you work in. Part-time
colleagues have the same share of it as of the working week. In your first year you earn two and a quarter
days for each month.

At least ten days must be taken in one piece once a year, so that you really get away. Up to five unused
days move into the next year and lapse on 31 March. Leave is not paid out, except when you leave the
company.

## Asking for leave

1. Look in the team calendar whether two others are already away; then talk to them first.
1. Enter the days in Roster. Your manager answers within three working days; silence counts as a yes.
1. Ask twice as far ahead as the leave is long: two weeks of leave need four weeks' notice.
1. Put a note in your calendar and name who stands in for you.

Leave that has been granted is taken back only in an emergency, and then the company pays for everything you
cannot cancel.

## Overview

| Kind of leave | How long | Paid | What we need from you |
| Annual leave | 27 days a year | In full | A request in Roster |
| Sickness | Up to 26 weeks | In full for 12 weeks, then 75% | A certificate from the fourth day |
| A child who is ill | 10 days a year per child under 12 | In full | A message in the morning |
| Parental leave | 20 weeks for each parent | In full | Notice three months before |
| Death in the family | 10 days; 3 days for other relatives and friends | In full | A message |
| Moving house | 1 day a year | In full | A request in Roster |
| Wedding | 3 days | In full | A request in Roster |
| Volunteering | 3 days a year | In full | The name of the organisation |
| Sabbatical | 6 weeks after five years | In full | Notice four months before |
| Unpaid leave | Up to 3 months | No | Agreement of manager and people team |

## When you are ill

Tell your manager before 10:00 on the first day; a short message is enough and nobody asks what you have.
From the fourth calendar day we need a doctor's certificate, uploaded in Roster. If you fall ill during
annual leave, the days with a certificate are given back to you.

After more than six weeks of illness you come back step by step: half days at full pay for two weeks, and
longer if the doctor says so.

## Becoming a parent

Each parent has 20 weeks at full pay, whether the child is born, adopted or fostered. They may be taken in
up to three parts before the child's second birthday. Afterwards you may work 80% for six months at 90% of
your salary. You are not put on call for the first four weeks after your return.

## Public holidays elsewhere

You may swap up to four public holidays of your country for days that matter more to you, such as Diwali,
Eid, Orthodox Christmas or the day after the cup final. Enter the swap in Roster by the end of January.

## The quiet week

Between 25 December and 1 January the company is closed. These days are a present and do not come off your
27 days. Whoever is on call or works in support that week receives two days in lieu for each day worked.

## When you leave the company

- Unused leave is paid out with the last salary, or taken before the last day, as you prefer.
- Days taken beyond what you had earned are deducted, up to five days; the rest is forgiven.
- Volunteering days and the moving day are not paid out.
"""


def build_docx(path: Path) -> None:
    document = docx.Document()
    core = document.core_properties
    core.author = core.last_modified_by = AUTHOR
    core.title = "Leave policy"
    core.comments = ""
    core.created = core.modified = STAMP
    for kind, content in parse(LEAVE):
        if kind == "h1":
            document.add_heading(content, 0)
        elif kind == "h2":
            document.add_heading(content, 1)
        elif kind == "p":
            document.add_paragraph(content)
        elif kind in ("li", "ol"):
            document.add_paragraph(content, style="List Bullet" if kind == "li" else "List Number")
        elif kind == "table":
            table = document.add_table(rows=0, cols=len(content[0]), style="Light Grid Accent 1")
            for row in content:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
    document.save(str(path))


# ---- quarterly-roadmap.pptx

# Each slide: a title, its bullets or table, and a paragraph that becomes the speaker's notes.
ROADMAP = """\
# Roadmap for January to March 2027

- Lanternworks, presented at the all-hands on 19 November 2026 by Inês Carvalho

Three goals, no more. Everything else waits for April. This deck is reviewed in the first week of February.

# Three goals for the quarter

- Reach 240,000 reporting lanterns, from 210,000 today
- Switch off version 1 of the cloud API on 31 January without losing a partner
- Cut the share of lanterns that come back for repair within a year from 3.1% to 2.5%

Eleven partners still use version 1. Mei Tanaka's team telephones each of them before Christmas. Repairs are
mostly the charging socket of the Plus, which gets a rubber cover.

# Beacon 5.0

- Release planned for 17 March 2027, first ring two weeks earlier
- Neighbour mesh: a lantern out of coverage passes its reports to the next one over Bluetooth
- Unlocking by voice code for customers who cannot read
- Rewritten scheduler in the cloud: median unlocking time from 9 seconds to 3
- Not in 5.0: a web shop for spare parts, moved to the summer

Tomasz Wilk leads 5.0. The mesh has run for ten weeks on the lab shelf; the open question is how much
battery it costs. The limit we set ourselves is 2% a night.

# Pilots in the field

| Place | Households | What we try | Starts |
| Turkana, Kenya | 2,400 | Neighbour mesh without mobile coverage | 11 January 2027 |
| Odisha, India | 900 | Hub shared by three houses | 1 February 2027 |
| Alentejo, Portugal | 60 | Farm lights for lambing sheds | 15 February 2027 |

Amara Njoroge is responsible for Turkana, Sunita Rao for Odisha and Marek Nowak for Alentejo. Turkana is
paid for by a grant of 310,000 euros.

# Risks, people and money

- Cells: the supplier's price rises by 8% in January; we have stock until the end of May
- Second cell supplier under test in Pune, decision by Rohan Deshpande on 26 February
- Four hires: two firmware engineers in Porto, one support agent in Nairobi, one test engineer in Pune
- Budget for the quarter: 2.3 million euros, of which 0.7 million for cells

If the second supplier fails the heat test we order six months of cells at the new price. The deployment
freeze ends on 5 January, so nothing ships before.
"""


def build_pptx(path: Path) -> None:
    deck = pptx.Presentation()
    core = deck.core_properties
    core.author = core.last_modified_by = AUTHOR
    core.title = parts(ROADMAP)[0][0]
    core.created = core.modified = STAMP
    for number, (title, blocks) in enumerate(parts(ROADMAP)):
        rows = next((content for kind, content in blocks if kind == "table"), None)
        slide = deck.slides.add_slide(deck.slide_layouts[0 if number == 0 else 5 if rows else 1])
        slide.shapes.title.text = title
        if rows:
            size = (Inches(0.5), Inches(1.8), Inches(9), Inches(0.6 * len(rows)))
            table = slide.shapes.add_table(len(rows), len(rows[0]), *size).table
            for r, row in enumerate(rows):
                for c, text in enumerate(row):
                    table.cell(r, c).text = text
                    table.cell(r, c).text_frame.paragraphs[0].runs[0].font.size = Pt(16)
        else:
            lines = [content for kind, content in blocks if kind == "li"]
            body = slide.placeholders[1].text_frame
            body.text = lines[0]
            for line in lines[1:]:
                body.add_paragraph().text = line
        notes = [content for kind, content in blocks if kind == "p"]
        slide.notes_slide.notes_text_frame.text = " ".join(notes)
    deck.save(str(path))


# ---- support-plans.xlsx

PLANS = """\
# Plans

| Plan | Price per month (€) | Lanterns included | First reply within | Support hours | Telephone | API requests per minute | Training | Notice period |
| Seed | 0 | up to 50 | 3 working days | Monday to Friday, 9:00-17:00 | no | 120 | videos | none |
| Grow | 49 | up to 500 | 8 working hours | Monday to Saturday, 8:00-20:00 | yes | 120 | two online sessions a year | 1 month |
| Harvest | 190 | unlimited | 1 hour | day and night | yes, with a named agent | 600 | two days on site a year | 3 months |
| School | 12 | up to 120 | 2 working days | Monday to Friday, 9:00-17:00 | no | 120 | lesson kit and videos | end of term |

# Contacts

| Region | Languages | Lead agent | Mail | Extension | Hours (local time) |
| Europe | English, Portuguese | Mei Tanaka | support-eu@lanternworks.example | 4440 | 8:00-20:00 |
| East Africa | English, Swahili | Joseph Mutua | support-ea@lanternworks.example | 4441 | 7:00-21:00 |
| South Asia | English, Hindi, Marathi | Kavita Joshi | support-sa@lanternworks.example | 4442 | 7:00-21:00 |
| West Africa | French, English | Awa Diallo | support-wa@lanternworks.example | 4443 | 8:00-18:00 |
| Spare parts | English | Sunita Rao | parts@lanternworks.example | 4450 | 9:00-16:00 |
"""  # noqa: E501  (one line is one row)


def build_xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.creator = AUTHOR
    book.properties.title = "Support plans"
    book.properties.created = STAMP
    for name, blocks in parts(PLANS):
        sheet = book.create_sheet(name)
        for row in blocks[0][1]:
            sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
        for cell in sheet[1]:
            cell.font = Font(bold=True)
            sheet.column_dimensions[cell.column_letter].width = 24
        sheet.freeze_panes = "A2"
    book.save(str(path))


# ---- lantern-manual.pdf

MANUAL = """\
# Lantern manual

For the Lantern Mini, the Lantern Plus and the Lantern Hub with firmware 4.0 or newer. Edition of October
2026.

## What is in the box

The Mini comes with a 3 watt panel and a strap. The Plus comes with a 5 watt panel, a strap and a wall hook.
The Hub comes with a 20 watt panel, three lamps, each with five metres of cable, and a plug with two USB-C
sockets for telephones. Keep the card with the serial number. The number also stands on the underside of the
lamp.

## Safety

- Do not look into the lamp at full brightness from less than 20 centimetres.
- Never open the battery case. The cells can burn when they are pierced or bent.
- Stop using a lantern that swells, smells sweet or becomes too hot to hold. Put it outside on bare ground,
  keep three metres away and call your agent.
- If a battery burns, use plenty of water or sand. Do not breathe the smoke.
- Charge only between 0 and 45 degrees Celsius. The lantern pauses by itself outside this range.
- A lantern is not a toy. Children under six should use it only with a grown-up nearby.

## Before the first use

Charge the lantern fully in the sun before you light it for the first time, even if the green light shows.
Then press the button for five seconds until the light blinks blue. The lantern now looks for the network,
which can take up to ten minutes.

## Charging

Lay the panel in full sun from the morning on, tilted towards the midday sun, and wipe off dust. Shade on
one corner costs half the power. Charging times from empty to full:

| Model | Full sun | Cloudy day | USB-C |
| Mini | 5 hours | 11 hours | 2.5 hours |
| Plus | 6 hours | 14 hours | 3 hours |
| Hub | 5.5 hours | 13 hours | 5 hours |

The USB-C socket takes 5 volts. Any telephone charger of 10 watts or more will do for the Mini and the Plus;
the Hub needs one of 15 watts. Close the rubber cover afterwards, or the lantern is no longer watertight.

## Light

Press the button briefly to go through the levels: low, middle, high, off. Hold it for two seconds in the
dark to start the night light, which shines at 5 lumens until morning. How long a full battery lasts:

| Model | High | Middle | Low |
| Mini | 120 lm, 8 hours | 60 lm, 16 hours | 12 lm, 60 hours |
| Plus | 300 lm, 7 hours | 150 lm, 14 hours | 25 lm, 72 hours |
| Hub, three lamps | 600 lm, 11 hours | 300 lm, 22 hours | 60 lm, 90 hours |

## Charging a telephone

The Plus charges one telephone about once on a full battery, the Hub five to six times. The Mini has no
outlet for telephones. The outlet switches off at 20% so that there is light left for the evening.

## Fault signals

When the lantern blinks white and red in turn, count the red flashes between two pauses.

| Red flashes | Meaning | What to do |
| 1 | Battery too hot | Carry it into the shade and wait an hour |
| 2 | Panel gives no power | Check the plug and cable, then try another panel |
| 3 | Lamp board faulty | Bring the lantern to your agent |
| 4 | Clock lost | Take it where there is mobile coverage for ten minutes |
| 5 | Water inside | Switch it off, open the cover, dry it for two days in the shade |

## Troubleshooting

### The lantern does not light

Charge it for at least two hours. If the red light stays dark too, hold the button for fifteen seconds to
restart it; nothing is lost. Still dark? Bring it to your agent.

### The light goes out in the middle of the night

Choose a lower level and check the panel for dust and shade. If the lantern gives less than half of the
hours in the table after a sunny day, the battery is worn out.

### A paid week does not arrive

Press the button five times quickly: the lantern asks the network again. Without coverage, ask your agent
for the twelve-digit code and enter it with the button: press once for one, twice for two, ten times for
zero, and wait for a blink after each digit.

## Care and storage

Clean the lamp and the panel with a damp cloth, without soap or petrol. The Mini withstands rain and jets of
water (IP65), the Plus also half an hour under a metre of water (IP67); the Hub belongs indoors (IP54), only
its panel may stay outside. If you put a lantern away, charge it to about half and again every four months.

## Warranty

We repair or replace a faulty lantern free of charge for three years from the day of purchase. For the
battery the warranty is two years: within that time it keeps at least 80% of its capacity. Panels are
covered for five years. Bring the lantern and the card with the serial number to any agent; you need no
receipt. You have it back within 14 days, and receive a loan lantern for that time.

The warranty does not cover bites of animals, opened battery cases, paint, and damage from chargers above 5
volts.

## At the end of its life

Bring old lanterns back to an agent. You receive a credit of 2 euros for a Mini or Plus and 8 euros for a
Hub. About 90% of a lantern, by weight, is used again.

## Technical data

|  | Mini | Plus | Hub |
| Battery | 3,000 mAh, 9.6 Wh | 6,000 mAh, 19.2 Wh | 20,000 mAh, 64 Wh |
| Chemistry | LiFePO4 | LiFePO4 | LiFePO4 |
| Weight | 190 g | 340 g | 1,450 g |
| Panel | 3 W | 5 W | 20 W |
| Protection | IP65 | IP67 | IP54 |
| Survives a drop of | 1.5 m | 1.5 m | 0.5 m |
"""


def build_pdf(path: Path) -> None:
    styles = getSampleStyleSheet()
    names = {"h1": "Title", "h2": "Heading2", "h3": "Heading3", "p": "BodyText", "li": "BodyText"}
    for name in ("Heading2", "Heading3"):
        styles[name].keepWithNext = 1
    grid = TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("GRID", (0, 0), (-1, -1), 0.4, "grey"),
            ("BACKGROUND", (0, 0), (-1, 0), "lightgrey"),
        ]
    )
    story: list[Any] = []
    items: list[Any] = []

    def flush() -> None:
        if items:
            story.append(ListFlowable(list(items), bulletType="bullet", leftIndent=12))
            items.clear()

    for kind, content in parse(MANUAL):
        if kind != "li":
            flush()
        if kind == "table":
            rows = [[Paragraph(escape(cell), styles["BodyText"]) for cell in row] for row in content]
            story.extend(
                [Spacer(1, 1 * mm), Table(rows, repeatRows=1, style=grid, hAlign="LEFT"), Spacer(1, 3 * mm)]
            )
            continue
        paragraph = Paragraph(escape(content), styles[names[kind]])
        if kind in ("h2", "h3"):
            paragraph.outline = (content, 0 if kind == "h2" else 1)
        (items if kind == "li" else story).append(paragraph)
    flush()

    class Manual(SimpleDocTemplate):
        def afterFlowable(self, flowable: Any) -> None:  # reportlab calls it by this name
            if outline := getattr(flowable, "outline", None):
                key = f"section-{self.page}-{outline[0]}"
                self.canv.bookmarkPage(key)
                self.canv.addOutlineEntry(outline[0], key, level=outline[1])

    def footer(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 7)
        canvas.drawString(16 * mm, 8 * mm, "Lantern manual · Mini, Plus and Hub")
        canvas.drawRightString(A5[0] - 16 * mm, 8 * mm, f"Page {document.page}")

    manual = Manual(
        str(path), pagesize=A5, title="Lantern manual", author=AUTHOR, invariant=1,
        leftMargin=16 * mm, rightMargin=16 * mm, topMargin=14 * mm, bottomMargin=16 * mm,
    )  # fmt: skip
    manual.build(story, onFirstPage=footer, onLaterPages=footer)


# ---- field-guide.epub

GUIDE = """\
# Choosing a place for the panel

Nine out of ten complaints about weak light end at the panel. Before you unpack a lantern, walk once around
the house with the family and look at the sky. This chapter says what to look for.

## Sun from nine to three

A good place has sun without a break from nine in the morning until three in the afternoon. Ask the children
where their shadow falls; they know. A tree that is far away in the dry season may reach the roof in the
rains, so ask also what it looks like in July.

## Direction and tilt

North of the equator the panel looks south, and south of it north. Within five degrees of the equator lay it
almost flat, but never quite: with a tilt of ten degrees the rain washes the dust off. Elsewhere tilt it by
about as many degrees as the latitude.

## Fixing it to the roof

1. Use the two stainless brackets of the field kit. On thatch, tie the panel to a bamboo frame and leave a
   hand's width of air beneath it, because a hot panel gives a tenth less.
1. Lead the cable down on the side away from the wind and make a drip loop before it enters the house.
1. Fix the cable every 40 centimetres. Loose cable is eaten by goats.
1. Mark the lower corner of the frame with yellow tape, so that the next visitor sees whether it has
   slipped.

## Theft

Panels are stolen less often where neighbours can see them. Paint the serial number on the back in large
figures. A panel reported as stolen is replaced once, for half of its price.

## What to tell the family

Wipe the panel every Sunday with a damp cloth. Bring the lantern in at dusk and leave the panel out. When it
hails, turn the panel over. Say it, show it, and let the person who will do it show it to you.

# Mending a lantern in the field

Half of the lanterns that are brought to us can go home the same day. Work in the shade, on a cloth of one
colour, and take a photograph before each step.

## First look

1. Ask what happened, and wait for the second answer. The first is always that it just stopped.
1. Read the fault memory with the agent's app by Bluetooth; it works without coverage from ten metres.
1. Measure the panel in the sun with the meter of the yellow case. A Mini panel shows about 6.5 volts, a
   Plus panel about 7 and a Hub panel about 21. Less than 5 volts means a bad cable or a bad panel.

## The charging socket

The socket of the Plus is our weakest part. Clean it with the soft brush and a drop of alcohol. If the plug
still wobbles, change the small socket board: two screws, one connector, twelve minutes. The part number is
LP-SB2, and each kit holds ten of them.

## A wet lantern

Switch it off, take the cover off and let it dry in the shade for two days. Do not put it in the sun or near
a fire, because heat seals the water in. Rice does not help and feeds the ants. If the board shows green
crust, send the lantern to the workshop in Nairobi.

## The battery

Agents do not open batteries. Whole packs are changed at the depots only. Carry used packs one by one in the
sand-filled tins, never more than six in a car, and hand them in within a week.

## Before you give it back

Let the lantern shine on high for ten minutes, press the button through all levels and check in the app that
it has reported. Write the visit into the app on the same day, with a photograph. A repair counts as done
when the lantern has reported on three days in a row.

## Difficult visits

You are never asked to take away a light. If a customer cannot pay, explain the ten days of two hours and
offer to spread what is owed over eight weeks. If people become angry, leave the lantern and go; call Amara
Njoroge's desk from the car.
"""


XHTML = """<?xml version="1.0" encoding="utf-8"?>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en">
<head><title>{title}</title></head>
<body>
{body}
</body>
</html>
"""


def build_epub(path: Path) -> None:
    title = "Field guide for Lanternworks agents"
    chapters = [f"chapter{number}.xhtml" for number in range(1, len(parts(GUIDE)) + 1)]
    files: dict[str, str] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<?xml version="1.0"?>\n<container version="1.0" '
        'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        'full-path="EPUB/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>\n',
    }
    manifest = "".join(
        f'    <item id="c{number}" href="{name}" media-type="application/xhtml+xml"/>\n'
        for number, name in enumerate(chapters, 1)
    )
    spine = "".join(f'    <itemref idref="c{number}"/>\n' for number in range(1, len(chapters) + 1))
    files["EPUB/content.opf"] = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">\n'
        '  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        '    <dc:identifier id="id">lanternworks-field-guide-2026</dc:identifier>\n'
        f"    <dc:title>{title}</dc:title>\n    <dc:language>en</dc:language>\n"
        "    <dc:creator>Amara Njoroge</dc:creator>\n"
        f'    <meta property="dcterms:modified">{STAMP.isoformat()}Z</meta>\n  </metadata>\n  <manifest>\n'
        '    <item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>\n'
        f"{manifest}  </manifest>\n  <spine>\n{spine}  </spine>\n</package>\n"
    )
    links = "".join(
        f'<li><a href="{name}">{escape(heading)}</a></li>\n'
        for name, (heading, _) in zip(chapters, parts(GUIDE), strict=True)
    )
    files["EPUB/nav.xhtml"] = XHTML.format(
        title=title, body=f'<nav epub:type="toc"><h1>Contents</h1>\n<ol>\n{links}</ol></nav>'
    )
    for name, (heading, blocks) in zip(chapters, parts(GUIDE), strict=True):
        lines = [f"<h1>{escape(heading)}</h1>"]
        for kind, content in blocks:
            tag = "li" if kind == "ol" else kind
            lines.append(f"<{tag}>{escape(content)}</{tag}>")
        body = re.sub(r"(?:<li>.*?</li>\n?)+", lambda found: f"<ol>\n{found[0]}</ol>\n", "\n".join(lines))
        files[f"EPUB/{name}"] = XHTML.format(title=escape(heading), body=body)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


# ---- battery-analysis.ipynb

NOTEBOOK = """\
%% markdown
# How fast do lantern batteries age?

Hana Kobayashi, hardware team, October 2026.

We cycled 16 cells of the Lantern Mini (LiFePO4, 3,000 mAh) on the battery cycler in the Porto lab: eight at
25 °C and eight at 45 °C, in the climate chamber. One cycle is a full charge and a discharge down to 10%,
about what a household uses in a day. The test has been running since November 2024. The question was
whether the two years of warranty on the battery are safe in hot places.

%% markdown
## Measurements

Mean capacity in per cent of the new cell. The cells of a group differ by less than 1.5 points, so means are
enough.

%% code
cycles = [0, 250, 500, 1000, 1500, 2000]
capacity = {
    25: [100.0, 97.6, 95.5, 91.4, 87.2, 83.0],
    45: [100.0, 95.8, 92.1, 84.9, 77.4, 70.1],
}
for temperature, values in capacity.items():
    print(f"{temperature} °C: {values[-1]}% left after {cycles[-1]} cycles")

%% markdown
## Loss per thousand cycles

The loss is almost a straight line, so we fit one with least squares, through 100% at the start.

%% code
def loss_per_cycle(values):
    return sum(c * (100 - v) for c, v in zip(cycles, values, strict=True)) / sum(c * c for c in cycles)


loss = {temperature: loss_per_cycle(values) for temperature, values in capacity.items()}
for temperature, slope in loss.items():
    print(f"{temperature} °C: {1000 * slope:.1f} points per 1,000 cycles")
print(f"Heat makes the cells age {loss[45] / loss[25]:.2f} times as fast")

%% markdown
## What that means for the warranty

The warranty promises 80% after two years. A lantern used every day makes 365 cycles a year.

%% code
for temperature, slope in loss.items():
    left = 100 - 730 * slope
    years = 20 / slope / 365
    print(f"{temperature} °C: {left:.1f}% after two years; 80% is reached after {years:.1f} years")

%% markdown
## Conclusions

- Even at a constant 45 °C, which no lantern meets all year, a cell stays well above 80% for the two years
  of the warranty. We could offer three years without extra cost; Rohan Deshpande will decide in spring.
- Heat matters more than use. Keeping the lantern in the shade while only the panel lies in the sun is worth
  more than any change of the charging curve. The field guide should say so.
- Stopping the charge at 90% slowed ageing by a fifth in a side test with four cells. Households would lose
  45 minutes of light on the high level, so we do not do it.

## Limits of this test

All cells come from one supplier and one batch, of May 2024. Calendar ageing, that is, ageing without use,
is not separated from ageing by use. Cold was not tested; below 0 °C the firmware does not charge at all.
"""


def build_notebook(path: Path) -> None:
    scope: dict[str, Any] = {}
    cells: list[dict[str, Any]] = []
    count = 0
    for number, (kind, text) in enumerate(
        re.findall(r"^%% (\w+)\n(.*?)\s*(?=^%% |\Z)", NOTEBOOK, re.M | re.S)
    ):
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": hashlib.sha256(f"{number}".encode()).hexdigest()[:8],
            "metadata": {},
            "source": text.splitlines(keepends=True),
        }
        if kind == "code":
            count += 1
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(text, scope)  # noqa: S102  (our own cells, above)
            output = {
                "name": "stdout",
                "output_type": "stream",
                "text": printed.getvalue().splitlines(keepends=True),
            }
            cell |= {"execution_count": count, "outputs": [output]}
        cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python", "version": "3.11"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# ---- the same bytes each time


def settle(path: Path) -> None:
    """Rewrite a zip-based file with fixed times, so that building it again changes nothing."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            if name == "docProps/core.xml":  # openpyxl writes the time of saving
                data = re.sub(
                    rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + f"{STAMP.isoformat()}Z".encode(), data
                )
            info = zipfile.ZipInfo(name, STAMP.timetuple()[:6])
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data, compresslevel=9)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    for name, build in {
        "leave-policy.docx": build_docx,
        "quarterly-roadmap.pptx": build_pptx,
        "support-plans.xlsx": build_xlsx,
        "lantern-manual.pdf": build_pdf,
        "field-guide.epub": build_epub,
        "battery-analysis.ipynb": build_notebook,
    }.items():
        path = folder / name
        build(path)
        if path.suffix in (".docx", ".pptx", ".xlsx", ".epub"):
            settle(path)
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
