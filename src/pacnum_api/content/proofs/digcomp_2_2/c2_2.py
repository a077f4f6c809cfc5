"""Keys of 2.2 (sharing through digital technologies), found again from the files."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise, permutations, product
from typing import Any, Final
from unicodedata import normalize

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_MONTHS: Final = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "January February March April May June July August September October November December",
)
_QUARTER_DAYS: Final = 92
"""The longest quarter of a year."""


def _bare(text: str) -> str:
    """Lower case, without accents."""
    return normalize("NFD", text.casefold()).encode("ascii", "ignore").decode()


def _quoted(text: str) -> list[str]:
    """What stands in French or straight quotation marks."""
    return re.findall(r"[«\"]\s*(.+?)\s*[»\"]", text)


def _day(text: str) -> date:
    """The first day written out in a text, in French or English."""
    day, month, year = match(r"(\d+)(?:er)? ([^\W\d]+) (20\d\d)", text).groups()
    return date(
        int(year),
        only([n.index(month) + 1 for n in map(str.split, _MONTHS) if month in n]),
        int(day),
    )


def _saying(parts: Collection[str], pattern: str) -> str:
    """The only part in which the pattern is found."""
    return only([part for part in parts if re.search(pattern, part)])


def _labels(case: Case) -> list[tuple[float, float, str]]:
    """The texts of a drawing: left, top, words."""
    texts = case.drawing().iter("{http://www.w3.org/2000/svg}text")
    return [(float(one.attrib["x"]), float(one.attrib["y"]), one.text or "") for one in texts]


def _within(case: Case, region: Mapping[str, Any]) -> list[str]:
    """The words that a drawing has inside a region, from left to right."""
    return [
        words
        for x, y, words in sorted(_labels(case))
        if 0 <= x - region["x"] <= region["width"] and 0 <= y - region["y"] <= region["height"]
    ]


def _menu(case: Case) -> Answer:
    """The command in the drawing that gives where the file is: the one with a link."""
    regions = case.interaction["regions"]
    return {r["text"] for r in regions if any(re.search("lien|link", t) for t in _within(case, r))}


def _piece(case: Case) -> Answer:
    """The attached file whose name has no word of what the message lists."""
    listed = _bare(" ".join(re.findall(r"^- .*$", case.body(), re.MULTILINE)))
    attached = {part.get_filename() for part in case.message().iter_attachments()}
    return only(
        [
            option
            for option in case.texts()
            if option.split(" ")[0] in attached
            and not any(word in listed for word in re.findall(r"[a-z]{4,}", _bare(option)))
        ]
    )


def _partage(case: Case) -> Answer:
    """The line of the drawing whose holder the scenario does not name."""
    lines = [(r["text"], _within(case, r)) for r in case.interaction["regions"]]
    return {
        name
        for name, words in lines
        if len(words) == 2 and words[0].split(" (")[0] not in case.scenario
    }


def _exterieurs(case: Case) -> Answer:
    """Count the addresses without the internal ending that have more than reading."""
    ending = only([text for text in _quoted(case.scenario) if "@" in text])
    rows = case.rows("xlsx")[1:]
    allowed = only([right for right in {row[3] for row in rows} if right.lower() in case.scenario])
    wrong = [row for row in rows if not row[2].endswith(ending) and row[3] != allowed]
    return len(wrong)


def _proprietes(case: Case) -> Answer:
    """Learn the names of people from the file, then see which properties have one."""
    lines = dict(re.findall(r"^(.+?) ?: (.+)$", case.text(), re.MULTILINE))
    names = [
        lines[_saying(lines, " (?:par|by)$")],
        match(r"(?:Mme|Mrs) (\w+)", case.text())[1],
    ]
    told = {label for label, value in lines.items() if any(name in value for name in names)}
    return {
        option
        for option in case.texts()
        if any(label.casefold().startswith(_noun(option)) for label in told)
    }


def _noun(option: str) -> str:
    """The first word after the article."""
    return re.sub(r"^(?:l'|l[ea]s? |the )", "", option.casefold()).split(" ")[0]


def _telechargements(case: Case) -> Answer:
    """Count the different outside addresses on the lines of successful downloads of the plan."""
    log = case.text(".log")
    file = match(r"[\w-]+\.pdf", case.scenario)[0]
    action = match(r"# ([A-Z]+) ?: cop", log)[1]
    code = match(r"(\d+) ?: (?:réussi|succeeded)", log)[1]
    ours = match(r"\d+\.(?= )", case.scenario)[0]
    lines = [line.split(" | ") for line in log.splitlines() if line[0] != "#"]
    taken = {line[1] for line in lines if line[2:] == [file, action, code]}
    return sum(not address.startswith(ours) for address in taken)


def _masquees(case: Case) -> Answer:
    """The headings of columns and rows that do not follow on the one before."""
    columns = sorted((x, y, ord(t)) for x, y, t in _labels(case) if re.fullmatch("[A-Z]", t))
    rows = sorted((y, x, int(t)) for x, y, t in _labels(case) if t.isdigit())
    shown = [
        *(chr(b[2]) for a, b in pairwise(columns) if b[2] != a[2] + 1),
        *(str(b[2]) for a, b in pairwise(rows) if b[2] != a[2] + 1),
    ]
    return {r["text"] for r in case.interaction["regions"] if set(_within(case, r)) & set(shown)}


def _accessible(case: Case) -> Answer:
    """The version that holds the four requirements, whichever way a megabyte is counted."""
    most = int(match(r"(\d+) M[oB]", case.scenario)[1])
    sound = [
        row
        for row in case.rows("csv")[1:]
        if row[1] in {"Oui", "Yes"} and row[2] == row[3] and {row[4], row[5]} == {"0"}
    ]
    light = [{row[0] for row in sound if int(row[6]) <= most * size} for size in (1000, 1024)]
    return str(only(light[0] | light[1]))


def _herites(case: Case) -> Answer:
    """Carry rights down the paths, except where inheritance is broken, then count."""
    group, edit = _quoted(case.scenario)[:2]
    header, *rows = case.rows("ods")
    place = only([i for i, name in enumerate(header) if name.startswith(group)])
    edits: dict[str, bool] = {}
    for row in rows:
        above = edits.get(row[0].rpartition("/")[0], False) and not row[1]
        edits[row[0]] = above or bool(row[place] == edit)
    return sum(edits.values())


def _mention(case: Case) -> Answer:
    """Producer and day of the data from the record; neither producer nor portal made the ratio."""
    record = dict(re.findall(r"^(.+?) ?: (.+)$", case.text(), re.MULTILINE))
    producer = record[_saying(record, "^Produc.*(?:accorde la licence|grants the licence)")]
    updated = record[_saying(record, "mise à jour|update")]
    others = "produc|" + match("portail|portal", case.text())[0]
    last = [option["text"] for option in case.interaction["blanks"][2]["options"]]
    return [producer, updated, only([one for one in last if not re.search(others, one)])]


def _depart(case: Case) -> Answer:
    """Apply the note's points to where each access comes from and to its case or mission."""
    match("même s'il sert encore|even if it is still used", case.pages())
    match("si celle-ci est signée|if that letter is signed", case.pages())
    leaving = _day(case.scenario)
    words = {
        "group": "ressources humaines|human resources",
        "mission": "un temps|for a time",
        "open": "bureau|office",
        "gone": "Retiré|Withdrawn",
    }
    fates: dict[str, Answer] = {}
    for access, _, origin, matter, _ in case.rows("csv")[1:]:
        fate = _fate(origin, matter, leaving=leaving)
        fates[f"{access},"] = _saying(case.texts("categories"), words[fate])
    return fates


def _fate(origin: str, matter: str, *, leaving: date) -> str:
    if re.search(r"\b[Gg]rou[pe]+\b", origin):
        return "group"
    if re.match("À son nom|By name", origin):
        signed = re.search("lettre signée|letter signed", matter)
        return "mission" if signed and _day(matter) > leaving else "gone"
    return "open" if re.search("en cours|open", matter) else "gone"


_ACTIONS: Final = {
    "suspend": "Suspend",
    "export": "^Export",
    "delete": "Supprimer|Delete",
    "ask": "Demander|^Ask",
    "opinion": "l'avis|opinion",
    "write": "Écrire|Write",
}
_BEFORE: Final = (
    ("suspend", "export", "s'exporte depuis un lien suspendu|exported from a suspended link"),
    ("export", "delete", "coupe l'accès et efface son journal|cuts access and erases its log"),
    ("delete", "ask", "pour un lien supprimé et non|for a deleted link and not"),
    ("ask", "opinion", "accusés de réception des moteurs|acknowledgements from the search"),
    ("opinion", "write", "dépend de l'avis|depend on the officer's opinion"),
)


def _indexe(case: Case) -> Answer:
    """Find the only order that keeps every constraint that the sheet has."""
    sheet = case.pages()
    for *_, reason in _BEFORE:
        match(reason, sheet)
    orders = [
        order
        for order in permutations(_ACTIONS)
        if all(order.index(first) < order.index(then) for first, then, _ in _BEFORE)
    ]
    return [_saying(case.texts("entries"), _ACTIONS[one]) for one in only(orders)]


def _cellules(case: Case) -> Answer:
    """Try every filling that gives all totals; a cell is known if it has one value in all."""
    *rows, totals = case.rows("csv")[1:]
    fillings = [
        filling
        for filling in product(*(list(_fillings(row)) for row in rows))
        if [sum(column) for column in zip(*filling, strict=True)] == [int(t) for t in totals[1:4]]
    ]
    known = [
        (row[0], cell)
        for place, row in enumerate(rows)
        for cell in range(3)
        if row[cell + 1] == "s" and len({filling[place][cell] for filling in fillings}) == 1
    ]
    town = only({name for name, _ in known})
    young = [filling[[row[0] for row in rows].index(town)][0] for filling in fillings]
    return [len(known), town, only(set(young))]


def _fillings(row: list[str]) -> Iterator[tuple[int, ...]]:
    """What can stand in a line of three cells of which none or two are masked."""
    masked = [place for place in range(3) if row[place + 1] == "s"]
    cells = [0 if cell == "s" else int(cell) for cell in row[1:4]]
    missing = int(row[4]) - sum(cells)
    for part in range(missing + 1 if masked else 1):
        for place, value in zip(masked, (part, missing - part), strict=False):
            cells[place] = value
        yield tuple(cells)


def _refus(case: Case) -> Answer:
    """Open the nested groups, keep the rights in force, take refusals from readers."""
    day = _day(case.scenario).isoformat()
    upload = _quoted(case.scenario)[-1]
    links = case.rows("xlsx")[1:]
    readers: set[str] = set()
    refused: set[str] = set()
    for holder, right, start, end in case.rows("csv")[1:]:
        if start <= day <= (end or day) and right != upload:
            people = refused if right.startswith("Refus") else readers
            people |= _people(holder, links)
    return len(readers - refused)


def _people(holder: str, links: list[list[Any]]) -> set[str]:
    """The person, or all the people in a group and in the groups inside it."""
    kind, _, name = holder.partition(" ")
    if not name:
        return {kind}
    inside = [_people(member, links) for member, group in links if group == name]
    return set().union(*inside)


_UNION: Final = "France Irlande Ireland Belgique Belgium Allemagne Germany Italie Italy"
"""States of the European Union among those that the comparison names."""


def _transfert(case: Case) -> Answer:
    """Apply the note to each service: log left after deletion, size once encrypted."""
    match(r"douze mois au moins après|at least twelve months after", case.pages())
    match(r"trois semaines au moins.+trentième|at least three weeks.+thirtieth", case.pages())
    match(r"grossit d'un quart|grows by a quarter", case.pages())
    size = int(match(r"(\d+) G[oB]", case.scenario)[1])
    chosen = set()
    for name, state, place, where, keys, _, log, opening, days, most in case.rows("csv")[1:]:
        local = bool(re.search("poste|workstation", where))
        sealed = local and re.search("agen\\w+$", keys) and place in _UNION.split()
        fits = number(most) >= (1.25 if local else 1) * size
        timely = 21 <= number(days) <= 30 and (number(log) - 12) * 28 >= number(days)
        trusted = state.startswith("Qualifi") or sealed
        if trusted and fits and timely and opening in {"Navigateur", "Browser"}:
            chosen.add(_saying(case.texts(), rf"\b{name}$"))
    return chosen


def _decoupages(case: Case) -> Answer:
    """Cut the graph of transfers at each municipality: if it falls apart, its figure is known."""
    change = {row[0]: row[2] - row[1] for row in case.rows("ods")[1:]}
    pattern = r"^(\w+) ?: (?:quitte|leaves) (\w+), (?:rejoint|joins) (\w+)$"
    moves = re.findall(pattern, case.text(), re.MULTILINE)
    known: dict[str, int] = {}
    for town, left, joined in moves:
        side = _joined({joined}, [move for move in moves if move[0] != town])
        if left not in side:
            known[town] = sum(change[area] for area in side)
    asked = only([town for town, *_ in moves if town in case.interaction["text"]])
    few = sum(figure < 5 for figure in known.values())
    match("Journal officiel|official gazette", case.text())
    last = [option["text"] for option in case.interaction["blanks"][3]["options"]]
    return [len(known), few, known[asked], _saying(last, "s'en tenir|keep to")]


def _joined(areas: set[str], moves: list[tuple[str, ...]]) -> set[str]:
    """The areas that these moves connect with the given ones."""
    more = {area for move in moves if areas & set(move[1:]) for area in move[1:]}
    return areas if more <= areas else _joined(areas | more, moves)


def _numbers(text: str) -> list[int]:
    """The numbers of a text, thousands joined."""
    return [int(re.sub(r"\D", "", n)) for n in re.findall(r"\d+(?:[ ,]\d{3})*", text)]


def _secours(case: Case) -> Answer:
    """Work out delay, keys and log of each arrangement from the measurements of its parts."""
    limit = int(match(r"(\d+) minutes", case.text())[1])
    full, part, keys, vault, plain, extended, openings = _numbers(case.text(place=1))
    sheets = _numbers(case.scenario)[1]
    good = []
    for option in case.texts():
        interval = _numbers(option)[-1]
        copy = part if re.search("corrigées|corrected", option) else full
        wide = re.search("étendu|Extended", option)
        safe = re.search("Coffre|Vault", option)
        log = vault if safe else extended if wide else plain
        if (
            interval + copy < limit
            and re.search("au centre|at the centre", option)
            and re.search("une clé par fiche|one key per sheet", option)
            and (not safe or keys >= sheets)
            and log >= openings
        ):
            good.append(option)
    return only(good)


def _images(case: Case) -> Answer:
    """Look for what undoes each requirement in the articles, and work out the two delays."""
    draft = case.pages()
    match("trente jours après la fin|thirty days after the end", draft)
    match("quatre-vingt-dix jours après|destroyed ninety days after", draft)
    match("quitte le jeu d'entraînement en dix jours|training set within ten days", draft)
    gone = _day(draft) + timedelta(days=30 + 90)
    undone = {
        "2029": gone > _day(_saying(case.texts(), "2029")),
        "à quelle heure|at what time": "date et heure de prise" in draft or "time of the" in draft,
        "pays hors|country outside": bool(re.search("affichées à distance|displayed rem", draft)),
        "quatre mois|four months": _QUARTER_DAYS + 10 > 4 * 30,
        "autre équipe|another team": not re.search("dispose librement|as it sees fit", draft),
        "autres fins|other purposes": not re.search("toute autre fin|any other purp", draft),
        "saisirait|seized": not re.search("garde seule la clé|alone keeps the key", draft),
        "anormal": not re.search("chaque nuit, scellé|every night, sealed", draft),
    }
    return {_saying(case.texts(), cue) for cue, fails in undone.items() if fails}


PROOFS: Final[dict[str, Proof]] = {
    "2.2-1-menu-copier-le-lien": _menu,
    "2.2-1-piece-en-trop": _piece,
    "2.2-2-lien-de-partage": _partage,
    "2.2-3-partages-exterieurs": _exterieurs,
    "2.2-3-proprietes-du-fichier": _proprietes,
    "2.2-4-journal-des-telechargements": _telechargements,
    "2.2-4-parties-masquees": _masquees,
    "2.2-4-version-accessible": _accessible,
    "2.2-5-droits-herites": _herites,
    "2.2-5-mention-de-source": _mention,
    "2.2-6-depart-d-une-agente": _depart,
    "2.2-6-dossier-indexe-par-erreur": _indexe,
    "2.2-7-cellules-masquees": _cellules,
    "2.2-7-groupes-et-refus": _refus,
    "2.2-7-services-de-transfert": _transfert,
    "2.2-8-deux-decoupages": _decoupages,
    "2.2-8-fiches-pour-les-secours": _secours,
    "2.2-8-images-pour-un-modele-d-ia": _images,
}
JUDGED: Final[dict[str, str]] = {}
