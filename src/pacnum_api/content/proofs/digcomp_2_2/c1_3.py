"""Keys of 1.3 (managing data, information and digital content), found again from the files."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import combinations
from typing import Any, Final
from unicodedata import normalize

from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    ProofFailed,
    match,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_MONTHS: Final = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_SIGNS: Final = "\t;,|. "
_SEPARATORS: Final = {
    "fr": ("tabulation", "point-virgule", "virgule", "barre verticale", "point", "espace"),
    "en": ("tab", "semicolon", "comma", "vertical bar", "point", "space"),
}


def _day(text: str) -> date:
    """A day written 2026-03-09 or 09/03/2026."""
    return date.fromisoformat("-".join(reversed(text.split("/"))))


def _when(case: Case) -> datetime:
    """The day that the scenario gives, with its hour if there is one."""
    pattern = r"(\d+)(?:er)? (\w+) (20\d\d)(?:\D+(\d+)(?: h |:)(\d+))?"
    day, name, year, hour, minute = match(pattern, case.scenario).groups()
    month = _MONTHS[case.locale].split().index(name) + 1
    return datetime(int(year), month, int(day), int(hour or 0), int(minute or 0))  # noqa: DTZ001 - no zone is given


def _bare(text: str) -> str:
    """Lower case, without accents."""
    return normalize("NFD", text.casefold()).encode("ascii", "ignore").decode()


def _printed(case: Case) -> list[tuple[float, float, str]]:
    """The texts of a drawing: top, left, words; from top to bottom."""
    texts = case.drawing().iter("{http://www.w3.org/2000/svg}text")
    return sorted((float(one.attrib["y"]), float(one.attrib["x"]), one.text or "") for one in texts)


def _region(case: Case, *, top: float, left: float) -> str:
    """The region of a drawing in which a point lies."""
    return only(
        str(region["text"])
        for region in case.interaction["regions"]
        if 0 <= left - region["x"] <= region["width"] and 0 <= top - region["y"] <= region["height"]
    )


def _modifie(case: Case) -> Answer:
    """Take the row with the latest day."""
    return str(max(case.rows("csv")[1:], key=lambda row: _day(row[1]))[0])


def _facture(case: Case) -> Answer:
    """Under the year that the stem gives, find the folder of what the stem saves."""
    year, found = "", []
    for top, left, words in _printed(case):
        if words.isdigit():
            year = words
        elif year == match(r"20\d\d", case.stem)[0] and words.casefold()[:-1] in case.stem:
            found.append(_region(case, top=top, left=left))
    return {only(found)}


def _copie(case: Case) -> Answer:
    """Compare day and size of each copy (1) with those of the file of the same name."""
    lines: dict[float, list[str]] = {}
    for top, _, words in _printed(case):
        lines.setdefault(top, []).append(words)
    files = {name: seen for name, *seen in lines.values()}
    same = [
        _region(case, top=top, left=32)
        for top, (name, *seen) in lines.items()
        if " (1)" in name and seen == files[name.replace(" (1)", "")]
    ]
    return {only(same)}


def _objets(case: Case) -> Answer:
    """Count the status asked for in the column of today."""
    wanted = match(r"[«“]\s*(.+?)\s*[»”]", case.stem)[1]
    header, *rows = case.rows("ods")
    place = only(i for i, name in enumerate(header) if re.search(r"aujourd|today", name))
    return [row[place] for row in rows].count(wanted)


def _guichets(case: Case) -> Answer:
    """Read both ways of writing a day and take the earliest."""
    return str(min(case.rows("csv")[1:], key=lambda row: _day(row[2]))[0])


def _rangement(case: Case) -> Answer:
    """Apply the numbered rules of the note, the one that prevails first."""
    note = case.text()
    names = dict(re.findall(r"^(\d)\. [«\"]?\s*(\w+)", note, flags=re.MULTILINE))
    prevails = match(r"(?:règle|rule) (\d) (?:l'emporte|prevails)", note)[1]
    signs = {
        prevails: r"\bM\. |\bMme |\bMrs? |nom des demandeurs|applicants' names",
        "4": r"(?:Brouillon|Draft).*(?:version adoptée|adopted version).*(?:enregistrée|saved)",
        "3": r"sans nom|without name",
        "1": "",
    }
    return {
        entry: names[next(rule for rule, sign in signs.items() if re.search(sign, entry))]
        for entry in case.texts("entries")
    }


def _dossiers(case: Case) -> Answer:
    """Count the different cases among the filings in the state asked for."""
    return len({row[1] for row in case.rows("xlsx")[1:] if row[3] in case.stem})


def _importation(case: Case) -> Answer:
    """Undo the wrong reading, then see which signs cut each line and each quantity."""
    text = case.text()
    shown = match(r"Windows-\d+", text)[0]
    lines = {int(place): line for place, line in re.findall(r"^(\d) \| ?(.*)$", text, re.MULTILINE)}
    raw = "\n".join(lines.values()).encode(shown)
    sets = [option["text"] for option in case.interaction["blanks"][0]["options"]]
    read = {name: text for name in sets if "\ufffd" not in (text := raw.decode(name, "replace"))}
    data = [line for line in lines.values() if re.match(r"\d{4}\W", line)]
    field = only(
        [sign for sign in "\t;,|" if sign in data[0] and len({d.count(sign) for d in data}) == 1]
    )
    decimal = only(list({match(r"^\d+(\D)\d+$", line.split(field)[3])[1] for line in data}))
    titles = min(n for n, line in lines.items() if line.count(field) == data[0].count(field))
    names = [_SEPARATORS[case.locale][_SIGNS.index(sign)] for sign in (field, decimal)]
    return [min(read, key=lambda name: len(read[name])), *names, titles]


def _extraction(case: Case) -> Answer:
    """Keep the columns that the message names, or a value of which it names; no identifier."""
    message = _bare(case.body())
    header, *rows = case.rows("csv")
    kept = set()
    for name, *values in zip(header, *rows, strict=True):
        identifies = len(set(values)) == len(rows)
        words = [name, *filter(None, values)]
        if not identifies and any(_bare(word) in message for word in words):
            kept.add(str(name))
    return kept


def _fiches(case: Case) -> Answer:
    """Check each record against the rules of the data dictionary."""
    rules = case.text()
    highest = int(match(r"(\d+) (?:au plus|at most)", rules)[1])
    states = set(re.findall(r"\b([A-Z]) \(", rules))
    without = match(r"STATU[ST] (?:vaut|is) ([A-Z])", rules)[1]
    return sum(
        str(row[0]).split(".")[0] != str(row[1])
        or not 0 < row[2] <= highest
        or row[3] not in states
        or bool(row[3] != without and not row[4])
        for row in case.rows("xlsx")[1:]
    )


def _lots(case: Case) -> Answer:
    """Work out the year in which each period ends, then apply the rules of the scenario."""
    year = _when(case).year
    fates = {letter: match(rf"{letter}, ([^;.]+)", case.scenario)[1].strip() for letter in "VE"}
    kept = only([c for c in case.texts("categories") if " service" in c])
    frozen = only([c for c in case.texts("categories") if c in {"Geler", "Freeze"}])
    fate: dict[str, Answer] = {}
    for lot, _, closed, period, outcome, remark in case.rows("ods")[1:]:
        if re.search(r"recours pendant|appeal pending|pending appeal", _bare(remark or "")):
            fate[f"{lot},"] = frozen
        elif closed + period >= year:
            fate[f"{lot},"] = kept
        else:
            fate[f"{lot},"] = fates[outcome][1:]
    return fate


def _restaurable(case: Case) -> Answer:
    """Follow the links of each set made before the mistake; keep the last with all readable."""
    mistake = _when(case)
    sound: dict[str, bool] = {}
    full = last = False
    for line in re.findall(r"^20\d\d-.*$", case.text(".log"), flags=re.MULTILINE):
        day, hour, name, kind, *_, check = line.split()
        rests = {"COMPLETE": True, "DIFF": full, "INCR": last}[kind]
        last = rests and check in {"LISIBLE", "READABLE"}
        full = last if kind == "COMPLETE" else full
        if datetime.fromisoformat(f"{day} {hour}") < mistake:
            sound[name] = last
    return [name for name, whole in sound.items() if whole][-1]


_TREATMENTS: Final = {"calcul": "ODS", "col": "CSV", "pages": "PDF/A", "pixel": "TIFF"}
"""The simplest open format that keeps what the inventory names."""


def _conservation(case: Case) -> Answer:
    """Apply the articles of the policy to the format and to what must be kept of each lot."""
    policy = case.pages()
    match("signé électroniquement n'est pas modifié|signed file is not modified", policy)
    match("déjà dans un format ouvert reste tel|already in an open format stays", policy)
    proof, bare = (
        only([text for text in case.texts("right") if re.search(words, text)])
        for words in ("preuve|proof", "sans autre pièce|nothing else")
    )
    lots = {row[0]: row for row in case.rows("csv")[1:]}
    pairs: dict[str, Answer] = {}
    for left in case.texts("left"):
        received, keep = lots[left.split(",")[0]][2:4]
        if "signature" in keep:
            pairs[left] = proof
        elif not re.search("propriétaire|proprietary", received, re.IGNORECASE):
            pairs[left] = bare
        else:
            pairs[left] = only([t for word, t in _TREATMENTS.items() if word in keep])
    return pairs


def _courrier(case: Case) -> Answer:
    """Divide intruders by the column's total and misses by the line's."""
    most = {share: int(match(rf"{share} ?%", case.scenario)[0].rstrip(" %")) for share in "21"}
    header, *rows = case.rows("xlsx")
    chosen: dict[str, Answer] = {}
    for place, row in enumerate(rows, start=1):
        right, column = row[place], sum(line[place] for line in rows)
        intruders = (column - right) * 100 > most["2"] * column
        counted = row[0].casefold() in case.scenario
        misses = counted and (row[-1] - right) * 100 > most["1"] * row[-1]
        if intruders and misses:
            raise ProofFailed(f"both conditions fail for {row[0]}")
        words = "intr" if intruders else "oublis|misses" if misses else "Automati"
        chosen[header[place]] = only([c for c in case.texts("categories") if re.search(words, c)])
    return chosen


_COLUMNS: Final = ("ollège|chool", "tiquette|label", "mod", "série|serial", "adresse|address")


def _parc(case: Case) -> Answer:
    """Work out each key in both exports: filled in, distinct, the same for one device."""
    exports = [case.rows("xlsx", place=place)[1:] for place in (0, 1)]

    def holds(option: str) -> bool:
        used = [i for i, words in enumerate(_COLUMNS) if re.search(words, option.casefold())]
        before, after = ([tuple(row[i] for i in used) for row in rows] for rows in exports)
        return before == after and all(map(all, before)) and len(set(before)) == len(before)

    return only(option for option in case.texts() if holds(option))


def _sanctions(case: Case) -> Answer:
    """Open the nested groups, apply the folder's own rights, compare with posts and ends."""
    block = match(r"/ Sanctions.*\n((?:    .+\n)+)", case.text())[1]
    rights = dict(re.findall(r"^\s+(.+?) ?: (.+)$", block, flags=re.MULTILINE))
    links = case.rows("xlsx")[1:]
    found = set()
    for name, post, end in case.rows("csv")[1:]:
        given = {rights[one] for one in _groups(name, links) if one in rights}
        named = re.match("Proviseur|Head|Deputy head|.*CPE", post)
        in_post = not end or _day(end) >= _when(case).date()
        if given and not given & {"refus", "deny"} and not (named and in_post):
            found.add(name)
    return found & set(case.texts())


def _groups(name: str, links: list[list[Any]]) -> set[str]:
    """The person and all groups that she or he is in, through other groups too."""
    known = {name}
    while more := {group for group, member in links if member in known} - known:
        known |= more
    return known


def _tonnage(case: Case) -> Answer:
    """Read each register by its convention, then apply the four rules."""
    north, south, east = (case.rows(f"{name}.csv")[1:] for name in ("nord", "sud", "est"))
    moved = {row[0] for row in south}
    valid = {row[0]: row[0:1] + row[2:] for row in sorted(east, key=lambda row: int(row[1]))}
    tonnes = [
        *_counted([row for row in north if row[0] not in moved], number),
        *_counted(south, lambda text: int(text.replace(".", "")) / 1000),
        *_counted(list(valid.values()), float),
    ]
    return round(sum(tonnes), 1)


def _counted(rows: list[list[str]], read: Callable[[str], float]) -> Iterator[float]:
    for _, day, quantity, state in rows:
        if state == "V" and day.startswith("2026-02"):
            yield read(quantity)


def _annuaire(case: Case) -> Answer:
    """Work out which social fields must leave, then test fields, times and accounts of each."""
    free = match(r"sauf l'(\w+)|except the (\w+)", case.text())
    exception = (free[1] or free[2]).casefold()
    social = [
        row for row in case.rows("csv")[1:] if row[1] in {"Action sociale", "Social services"}
    ]
    if not {exception} < {row[0].casefold() for row in social if "," in row[2]}:
        raise ProofFailed(f"others use no social field besides {exception}")
    gather, copy = (int(found) for found in re.findall(r"\b\d+0\b", case.body())[:2])

    def meets(option: str) -> bool:
        start, then = (60 * int(h) + int(m) for h, m in re.findall(r"(\d+):(\d\d)", option))
        then += 24 * 60 if then < start else 0
        in_time = (
            start >= 18 * 60 and start + gather <= min(then, 24 * 60) and then + copy <= 32 * 60
        )
        awake = then + copy <= 24 * 60 or then >= 28 * 60
        return exception in option and in_time and awake and "person" in option

    return only([option for option in case.texts() if meets(option)])


def _controle(case: Case) -> Answer:
    """Extrapolate each sample, try every set of bands, bound the band where none was found."""
    kept, *bands = [(row[2], row[2] * row[4] / row[3], row[3]) for row in case.rows("ods")[1:]]
    missed = sum(band[1] for band in bands)
    total = kept[1] + missed
    sets = [some for size in range(5) for some in combinations(bands, size)]
    reread = min(
        sum(band[0] for band in some)
        for some in sets
        if kept[1] + sum(band[1] for band in some) >= 0.95 * total
    )
    size, _, checked = bands[-1]
    bound = size * (1 - 0.05 ** (1 / checked))
    return [round(missed), round(100 * kept[1] / total, 1), reread, round(bound)]


def _inventaires(case: Case) -> Answer:
    """Chain records and numbers by the rules, then count the groups that are left."""
    groups: dict[str, str] = {}

    def root(node: str) -> str:
        groups.setdefault(node, node)
        return node if groups[node] == node else root(groups[node])

    for record, _, label, old, name, mark in case.rows("xlsx")[1:]:
        if mark in {"annulée", "cancelled"}:
            continue
        numbers = list(_numbers(label or ""))
        nodes = numbers if len(numbers) > 1 else [record, *numbers]
        for node in nodes:
            groups[root(node)] = root(node if len(numbers) > 1 else record)
        if old:
            groups[root(record)] = root(f"{old} {name}")
        if mark:
            groups[root(record)] = root(mark.removeprefix("= "))
    return len({root(node) for node in list(groups)})


def _numbers(label: str) -> Iterator[str]:
    """The numbers that a record covers, written in one way."""
    if not label:
        return
    first, *end = re.split(r" (?:à|to) ", label.replace("INV", "").strip())
    parts = [int(part) for part in re.split(r"[./-]", first.strip().rstrip("abcdefgh"))]
    for last in range(parts[-1], int(end[0] if end else parts[-1]) + 1):
        yield ".".join(map(str, [*parts[:-1], last]))


PROOFS: Final[dict[str, Proof]] = {
    "1.3-1-fichier-modifie-en-dernier": _modifie,
    "1.3-1-ranger-facture": _facture,
    "1.3-2-copie-a-supprimer": _copie,
    "1.3-2-filtrer-les-objets": _objets,
    "1.3-3-dates-de-deux-guichets": _guichets,
    "1.3-3-ou-ranger-le-fichier": _rangement,
    "1.3-4-dossiers-piece-refusee": _dossiers,
    "1.3-4-reglages-d-importation": _importation,
    "1.3-5-colonnes-de-l-extraction": _extraction,
    "1.3-5-fiches-hors-regles": _fiches,
    "1.3-5-sort-des-lots": _lots,
    "1.3-6-dernier-etat-restaurable": _restaurable,
    "1.3-6-formats-de-conservation": _conservation,
    "1.3-6-tri-automatique-du-courrier": _courrier,
    "1.3-7-cle-du-parc-de-tablettes": _parc,
    "1.3-7-qui-lit-les-sanctions": _sanctions,
    "1.3-7-trois-registres-de-quai": _tonnage,
    "1.3-8-annuaire-des-associations": _annuaire,
    "1.3-8-controler-un-tri-avant-elimination": _controle,
    "1.3-8-fondre-trois-inventaires": _inventaires,
}
JUDGED: Final[dict[str, str]] = {}
