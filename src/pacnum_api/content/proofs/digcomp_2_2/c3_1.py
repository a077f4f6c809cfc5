"""Keys of 3.1 (developing digital content), found again from the files."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise, product
from operator import ge, gt, le, lt
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_SVG_TEXT: Final = "{http://www.w3.org/2000/svg}text"
_YES: Final = {"oui", "yes"}
_match: Final = partial(match, flags=re.IGNORECASE)


def _with(texts: Collection[str], pattern: str) -> str:
    """The only text in which a pattern is found."""
    return only([text for text in texts if re.search(pattern, text, re.IGNORECASE)])


def _numbers(text: str) -> list[float]:
    """The numbers of a text in order, with a decimal comma or point."""
    return [number(found) for found in re.findall(r"\d+(?:[.,]\d+)?", text)]


def _wholes(text: str) -> list[int]:
    """The whole numbers of a text in order, thousands set apart or not."""
    found = re.findall(r"\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+(?!\d)|\d+", text)
    return [int(re.sub(r"\D", "", one)) for one in found]


def _quoted(text: str) -> str:
    """The first words in quotation marks."""
    return _match(r"[«“\"]\s*(.+?)\s*[»”\"]", text)[1]


def _points(text: str) -> list[str]:
    """The numbered points of a note, each on one line."""
    return re.split(r" ?(?<!\d)\d\. (?=\D)", text)[1:]


def _etapes(case: Case) -> Answer:
    """Find the button that has 1, 2 and 3 within its width."""
    digits = [one for one in case.drawing().iter(_SVG_TEXT) if re.fullmatch(r"\d", one.text or "")]
    across = [float(one.attrib["x"]) for one in digits]
    regions = case.interaction["regions"]
    return {r["text"] for r in regions if all(0 < x - r["x"] < r["width"] for x in across)}


def _publipostage(case: Case) -> Answer:
    """Put the values of the file's row in place of the fields of the line."""
    asked = _match(r"P-\d+", case.stem)[0]
    row = only([row for row in case.table("csv") if asked in row.values()])
    line = _match(rf"(?m)^{_quoted(case.stem)} ?: (.+)$", case.text())[1]
    return re.sub(r"\[(\w+)\]", lambda field: str(row[field[1]]), line)


def _capture(case: Case) -> Answer:
    """Take the drawn texts that end with first name and surname, or with a phone number."""
    personal = r": (?:[A-Z]\w+ [A-Z]\w+|\d\d(?: \d\d){4})$"
    drawn = [one.text or "" for one in case.drawing().iter(_SVG_TEXT)]
    return {text for text in drawn if re.search(personal, text)}


def _images(case: Case) -> Answer:
    """Add up the weights of the page's images, none above the limit of the rule."""
    limit = _numbers(case.scenario)[0]
    page = _quoted(case.stem)
    return sum(min(number(row[3]), limit) for row in case.rows("csv")[1:] if row[1] == page)


def _contrastes(case: Case) -> Answer:
    """Hold each style against the threshold of its size and weight."""
    strict, lax, large, large_bold, bold = _numbers(case.scenario)
    rows = case.rows("ods")[1:]
    big = [row[2] >= (large_bold if row[3] >= bold else large) for row in rows]
    wanted = [lax if one else strict for one in big]
    return [row[4] < least for row, least in zip(rows, wanted, strict=True)].count(True)


def _sous_titres(case: Case) -> Answer:
    """Add the length of the opening titles to the start of the caption."""
    asked = int(_numbers(case.stem)[0])
    shift = timedelta(seconds=_numbers(case.scenario)[0])
    start = _match(rf"(?m)^{asked}\n(\S+) -->", case.text())[1]
    moved = datetime.strptime(start, "%H:%M:%S,%f") + shift  # noqa: DTZ007 - a time in a film
    return moved.strftime("%H:%M:%S,%f")[:-3]


def _formules(case: Case) -> Answer:
    """Compare each formula with what the scenario says of its column or of the total row."""
    rows = case.rows("xlsx")
    last = len(rows)
    wrong = set()
    for place, (_, _, _, grant, share) in enumerate(rows[1:-1], 2):
        if set(re.findall(r"[A-Z]\d+", str(grant))) != {f"B{place}", f"C{place}"}:
            wrong.add(f"D{place}")
        if str(share).replace("$", "") != f"=D{place}/D{last}":
            wrong.add(f"E{place}")
    for column, total in zip("BDE", (rows[-1][place] for place in (1, 3, 4)), strict=True):
        if total != f"=SUM({column}2:{column}{last - 1})":
            wrong.add(f"{column}{last}")
    return {_with(case.texts(), rf" {cell}$") for cell in wrong}


_RIGHTS: Final = (
    (r"majeure|adult", r"\b18\b"),
    (r"30 ?%.* 200 .* 300 ", r"30 ?%.* 200 .* 300 "),
    (r"même personne|same person", r"\bpersonne|\bperson\b|^vous|^you"),
    (r"date de la facture|date of the invoice", r"facture|invoice"),
    (r"facture acquittée|paid invoice", r"facture payée, à votre nom|paid invoice, in your name"),
    (r"vendus par un professionnel|sold by a professional", r"^(?!.*(particulier|private))"),
    (r"un mois .* complète|one month .* complete", r"complet.*un mois|complete.*one month"),
)
"""What each article lays down, and what the sentence of the same number must then have."""


def _brouillon(case: Case) -> Answer:
    """Look in each sentence of the draft for what the article of the same number lays down."""
    articles = re.split(r"Article \d\. ", case.pages())[1:]
    sentences = re.split(r"\[\d\] ", " ".join(case.text().split()))[1:]
    wrong = []
    pairs = zip(articles, sentences, _RIGHTS, strict=True)
    for place, (article, sentence, (rule, rendering)) in enumerate(pairs, 1):
        _match(rule, article)
        if not re.search(rendering, sentence, re.IGNORECASE):
            wrong.append(_with(case.texts(), rf" {place}$"))
    return wrong


def _obstacles(case: Case) -> Answer:
    """Find in the listing each obstacle, and the correction that lifts it."""
    listing = " ".join(case.text().split())
    levels = [int(n) for n in re.findall(r"\[(?:Titre|Heading) (\d)\]", listing)]
    obstacles = {
        r"histogramme|bar chart": re.search(r"[«\"] ?\w+\.png ?[»\"]", listing),
        r"filet bleu|blue line": not re.search(r"décorative|decorative", listing),
        r"en-tête|as a header": re.search(r"aucune ligne d'en-tête|no header row", listing),
        r"langue du|language of": not re.search(r"Langue|Language", listing),
        r"« cliquez|“click": not re.search(r"(?:Lien|Link) [\w ]+: [«\"]", listing),
        r"« fermé|“closed": re.search(r"rouge sont|in red are", listing),
        r"capture|screenshot": re.search(r"\[(?:Tableau|Table)\]", listing) is None,
        r"Titre 2|Heading 2": any(b > a + 1 for a, b in pairwise(levels)),
    }
    return [_with(case.texts(), option) for option, obstacle in obstacles.items() if obstacle]


def _hebergeur(case: Case) -> Answer:
    """Work out the volume of the message, then the cost of each offer that meets its points."""
    body = " ".join(case.body().split())
    hours, per_hour, more = _numbers(body)
    languages = len(re.findall(r"\b(?:en|in) (?:fran|angl|esp|French|English|Span)", body))
    volume = hours * per_hour * (1 + more / 100)
    costs = [
        row[6] + max(0, volume - row[7]) * row[8]
        for row in case.rows("xlsx")[1:]
        if not re.search(r"hors|outside", f"{row[1]} {row[2]}")
        and (row[3] in _YES and row[4] >= languages and row[5] not in _YES)
    ]
    return float(round(min(costs), 2))


def _sizes(lines: Sequence[Sequence[str]], *, styles: Mapping[str, float]) -> dict[str, float]:
    """The size of each style, some of them set beforehand."""
    sizes: dict[str, float] = {}
    for name, parent, own in lines:
        unit = 1 if "pt" in own else sizes[parent] / 100
        sizes[name] = styles.get(name, unit * (_numbers(own) or [100])[0])
    return sizes


def _heritage(case: Case) -> Answer:
    """Of the styles that move no heading or table, take the one that most others follow."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in case.text().splitlines()[1:] if line]
    size = _match(r"\d+(?:[.,]\d+)?(?= pt)", case.scenario)[0]
    before = _sizes(lines, styles={})
    moved: dict[str, list[str]] = {}
    for option in case.interaction["blanks"][0]["options"]:
        after = _sizes(lines, styles={option["text"]: number(size)})
        changed = [name for name in after if after[name] != before[name]]
        if not any(re.search(r"titre|heading|^tabl", name, re.IGNORECASE) for name in changed):
            moved[option["text"]] = changed
    style = max(moved, key=lambda name: len(moved[name]))
    quotation = _with([name for name, *_ in lines], r"citation|quotation")
    after = _sizes(lines, styles={style: number(size)})
    return [style, len(moved[style]), round(after[quotation] + 1e-9, 2)]


_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


def _paragraph(model: str, quotient: float) -> str:
    """The name of the first paragraph whose conditions hold."""
    lines = [line.strip() for line in model.strip().splitlines()]
    shown = []
    for condition, paragraph in zip(lines[::2], lines[1::2], strict=True):
        signs = re.findall(r"QF ([<>]=?) (\d+)", condition)
        tests = [_COMPARE[sign](quotient, float(bound)) for sign, bound in signs]
        if (any if re.search(r" OU | OR ", condition) else all)(tests):
            shown.append(_quoted(paragraph))
    return shown[0]


def _tarifs(case: Case) -> Answer:
    """Run the conditions, as they are and as each option mends them, against the voted scale."""
    model = case.text()
    low, _, high = _wholes(case.scenario)[:3]
    names = [_quoted(line) for line in model.strip().splitlines()[1::2]]

    def voted(quotient: float) -> str:
        return names[0 if quotient <= low else 1 if quotient <= high else 2]

    rows = case.rows("ods")[1:]
    wrong = sum(row[2] for row in rows if _paragraph(model, row[1]) != voted(row[1]))
    family = _wholes(case.interaction["text"].partition("QF")[2])[0]
    first, _, third = case.interaction["blanks"]
    mends = []
    for option in [one["text"] for one in third["options"]]:
        old, new = _match(r"re(?:mplacer|place) (.+) (?:par|with) (.+)", option).groups()
        mended = model.replace(old, new)
        if all(_paragraph(mended, row[1]) == voted(row[1]) for row in rows):
            mends.append(option)
    shown = [one["text"] for one in first["options"]]
    return [_with(shown, _paragraph(model, family)), wrong, only(mends)]


def _chantier(case: Case) -> Answer:
    """Keep the documents of the first two points, then count the hours of the other three."""
    points = _points(case.pages())
    day, year = _match(r"(\d+) sept\w+ (20\d\d)", points[1]).groups()
    limit = date(int(year), 9, int(day)).isoformat()
    build, each = _numbers(points[2])
    typed, *_ = _numbers(points[3])
    structured, per_table = _numbers(points[4])
    hours, models = 0.0, set()
    for _, when, needed, kind, model, file, pages, tables, online in case.rows("ods")[1:]:
        if online or (when < limit and not needed):
            continue
        if kind == "F":
            models.add(model)
            hours += each
        else:
            hours += typed * pages if file == "I" else structured * pages + per_table * tables
    return float(round(hours + build * len(models), 1))


_KEPT: Final = (
    (r"réception du dossier|receipt of the complete", r"arrivée|recevons|reaches|we receive"),
    (r"intérêt général|general interest", r"intérêt général|general interest"),
    (r"urgence|emergency", r"urgence|emergenc"),
    (r"est porté à un mois|becomes one month", r"un mois|one month"),
    (r"d'été, il reste de quinze|summer terraces, it remains fifteen", r"d'été|summer"),
    (r"commune rembourse|municipality refunds", r"remboursons|refund"),
)
"""What the article or its change says, and how a version may say it."""


def _simplifie(case: Case) -> Answer:
    """Look in each version for all that the article, as changed, says; then count its words."""
    source = " ".join(f"{case.pages()} {case.text()}".split())
    longest, whole = _numbers(_match(r"(?:règle|rule) 1\. (.+?) \(", source)[1])
    for said, _ in _KEPT:
        _match(said, source)
    good = []
    for text in case.texts():
        parts = re.split(r"(?<=[.:]) ", text)
        words = [len(re.findall(r"\w+(?:['’]\w*)*", part)) for part in parts]
        kept = all(re.search(way, text, re.IGNORECASE) for _, way in _KEPT)
        if kept and max(words) <= longest and sum(words) <= whole:
            good.append(text)
    return only(good)


def _due(batch: Sequence[Any]) -> datetime:
    """The day by which a batch is due."""
    written = "%d/%m/%Y" if "/" in batch[6] else "%Y-%m-%d"
    return datetime.strptime(batch[6], written)  # noqa: DTZ007 - a day in a table


def _fiches(case: Case) -> Answer:
    """Set the public batches apart, then fill the volume of the amendment by due date."""
    _match("la plus proche d'abord|the nearest first", case.pages())
    left, tables, health = (int(n) for n in re.findall(r"(\d+) pages\.", case.text()))
    names = (
        "grand public|open to all",
        "sous contrat|under contract",
        "sans assist|with no assist",
    )
    public, contract, writers = (_with(case.texts("categories"), name) for name in names)
    answer: dict[str, Answer] = {}
    for name, _, state, personal, text, table, _ in sorted(case.rows("ods")[1:], key=_due):
        pages = (text + tables * table) * (health if personal in {"santé", "health"} else 1)
        if re.match("en ligne|online", state) and personal in {"aucune", "none"}:
            answer[f"{name}, "] = public
        else:
            answer[f"{name}, "] = contract if pages <= left else writers
            left -= pages if pages <= left else 0
    return answer


def _treatments(lot: Sequence[Any], *, most: float, found: float) -> Iterator[tuple[float, int]]:
    """Minutes per image and place of each treatment that keeps errors low enough."""
    errors, review, writing = lot[6:9]
    yield writing, 2
    if lot[4] in _YES:
        return
    if errors <= most:
        yield 0, 0
    if errors * (1 - found) <= most + 1e-9:
        yield review + found * errors / 100 * writing, 1


def _alternatives(case: Case) -> Answer:
    """Take for each lot the quickest treatment that the rules of the protocol allow."""
    points = _points(case.pages())
    usual, care = _numbers(points[2])
    _match(r"neuf erreurs sur dix|nine errors out of ten", points[3])
    names = [r"seul$|alone$", r", puis|, then", r"main$|by hand$", r"vide|empty"]
    kinds = [_with(case.texts("categories"), name) for name in names]
    answer: dict[str, Answer] = {}
    for lot in case.rows("ods")[1:]:
        most = care if lot[5] in _YES else usual
        quickest = min(_treatments(lot, most=most, found=0.9))[1]
        decorative = re.match(r"décorati|decorati", lot[3]) is not None
        answer[f"{lot[0]}, "] = kinds[3 if decorative else quickest]
    return answer


def _carte(case: Case) -> Answer:
    """Try every way of giving colours to the uses."""
    note = [_numbers(line) for line in case.text().splitlines() if _numbers(line)]
    (text,), (link,), (apart,), closed, slow, (lines,), (button,), (dark,) = note
    header, *rows = case.rows("xlsx")
    white, light, black = header[1:4]
    of = {row[0]: dict(zip(header, row, strict=True)) for row in rows}

    def seen(bounds: Sequence[float]) -> list[str]:
        return [c for c in of if of[c][light] >= bounds[0] and of[c][black] >= bounds[1]]

    legends = [c for c in of if of[c][light] >= text]
    links = [c for c in of if of[c][light] >= link]
    buttons = [c for c in of if of[c][white] >= button and of[c][black] >= dark]
    good = [
        way
        for way in product(legends, links, seen(closed), seen(slow), buttons)
        if len(set(way)) == len(way)
        and of[way[0]][way[1]] >= apart
        and of[way[2]][way[3]] >= lines
        and of[way[2]][light] > of[way[3]][light]
    ]
    uses = ("text", "lien|link", "fermé|closed", "ralent|slow", "bouton|button")
    return dict(zip((_with(case.texts("left"), use) for use in uses), only(good), strict=True))


def _guide(case: Case) -> Answer:
    """Collect the texts of each version's modules once, then charge them by the rules."""
    frame = case.pages()
    share, least = _numbers(_match(r"\d+ ?% .+? \d+ (?:mots|words)", frame)[0])
    prices = [number(price) for price in re.findall(r"\d[.,]\d\d", frame)]
    versions = re.findall(r"modules (T) (?:et|and) ([VR])(.+?)\.", frame)
    texts = {row[0]: (number(row[1]), row[2]) for row in case.rows("csv")[1:]}
    total = 0.0
    for place, (*publics, where) in enumerate(versions):
        both = ((3, "écran|screen"), (4, "imprimé|print"))
        media = [column for column, medium in both if re.search(medium, where)]
        called = {
            row[1]
            for row in case.rows("xlsx")[1:]
            if row[2] in publics and any(row[column] for column in media)
        }
        for words, state in (texts[code] for code in called if texts[code][1] != "A"):
            mended = max(words * share / 100, least) if state == "M" else 0
            total += prices[place] * (words if place or state == "N" else mended)
    return round(total, 2)


PROOFS: Final[dict[str, Proof]] = {
    "3.1-1-etapes-numerotees": _etapes,
    "3.1-2-ligne-fusionnee": _publipostage,
    "3.1-3-capture-a-masquer": _capture,
    "3.1-3-poids-des-images": _images,
    "3.1-4-contrastes-du-site": _contrastes,
    "3.1-4-decaler-les-sous-titres": _sous_titres,
    "3.1-4-formules-du-tableau": _formules,
    "3.1-5-corriger-le-brouillon-ia": _brouillon,
    "3.1-5-obstacles-lecteur-ecran": _obstacles,
    "3.1-6-heberger-les-videos": _hebergeur,
    "3.1-6-heritage-des-styles": _heritage,
    "3.1-6-publipostage-tarifs": _tarifs,
    "3.1-7-chantier-des-documents": _chantier,
    "3.1-7-fiches-et-ia": _fiches,
    "3.1-7-simplifier-sans-trahir": _simplifie,
    "3.1-8-alternatives-par-lot": _alternatives,
    "3.1-8-couleurs-d-une-carte": _carte,
    "3.1-8-guide-a-source-unique": _guide,
}
JUDGED: Final[dict[str, str]] = {}
