"""Keys of 2.3 (citizenship through digital technologies), found again from the files."""

import re
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, ProofFailed, match, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_MONTHS: Final = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_DAY: Final = r"(\d+)(?:er)? (\w+) (20\d\d)"
_HOUR: Final = r"(\d+)(?: h(?:eures)?(?: (\d\d))?|(?:\.(\d\d))? ([ap])\.m\.)"
_AMOUNT: Final = r"\d[\d,\s]*"


def _whole(text: str) -> int:
    """A whole number whose thousands are set apart: 30 000 or 30,000."""
    return int(re.sub(r"\D", "", text))


def _moment(case: Case, pattern: str, *, text: str) -> datetime:
    """The day, and the hour if there is one, that a pattern finds."""
    day, name, year, *hour = match(pattern, text).groups()
    month = _MONTHS[case.locale].split().index(name) + 1
    start = datetime(int(year), month, int(day))  # noqa: DTZ001 - the files give no zone
    return start + (_hour(hour) if hour else timedelta())


def _hour(parts: list[str | None]) -> timedelta:
    hour, french, english, half = parts
    late = 12 if half == "p" else 0
    return timedelta(hours=int(hour or 0) + late, minutes=int(french or english or 0))


def _preuve(case: Case) -> Answer:
    """Take the button that gives a receipt, where the drawing prints it."""
    texts = case.drawing().iter("{http://www.w3.org/2000/svg}text")
    printed = only([t for t in texts if re.search("accusé|receipt", t.text or "")])
    left, top = float(printed.attrib["x"]), float(printed.attrib["y"])
    return {
        only(
            [
                region["text"]
                for region in case.interaction["regions"]
                if 0 <= left - region["x"] <= region["width"]
                and 0 <= top - region["y"] <= region["height"]
            ]
        )
    }


def _affiche(case: Case) -> Answer:
    """Take the day of the poster's part that has a ballot box."""
    parts = case.text().split("\n\n")
    box = only([part for part in parts if re.search("urne|ballot box", part)])
    return match(r"(\d+(?:er)? \w+) 20\d\d", box)[1]


def _reference(case: Case) -> Answer:
    """Take the code by which the request was registered."""
    body = " ".join(case.body().split())
    return match(r"(?:sous la référence|under the reference) ([A-Z]{2}-\d{5})", body)[1]


def _etape(case: Case) -> Answer:
    """Divide those who did not complete a step by those who opened it."""
    lost = {row[0]: 1 - int(row[3]) / int(row[2]) for row in case.rows("csv")[1:]}
    return str(only([code for code, share in lost.items() if share == max(lost.values())]))


def _pieces(case: Case) -> Answer:
    """Keep the documents whose exchange is in service for every applicant."""
    return {
        name
        for name, _, state, covered in case.rows("ods")[1:]
        if re.match("en service|in service", state) and covered in {"la totalité", "all"}
    }


def _accueil(case: Case) -> Answer:
    """Apply the four articles of the charter to what each person wants, can do and shows."""
    charter = case.pages()
    match("préfère le papier reçoit un dossier papier|prefers paper is given a paper form", charter)
    match("original en main|the original itself", charter)
    match("mandat n'est pas possible.*dossier papier|mandate is not possible.*paper form", charter)
    post, mandate, paper = (
        only([c for c in case.texts("categories") if re.search(words, c)])
        for words in ("Poste|workstation", "Mandat", "papier|Paper")
    )
    offered: dict[str, Answer] = {}
    for entry in case.texts("entries"):
        cannot = re.search("plâtr|plaster|ni écrire|nor write|pas écrire|cannot write", entry)
        shows = re.search("en poche|in his pocket|tend son passeport|hands over her pass", entry)
        if not re.search("en ligne|online", entry):
            offered[entry] = paper
        elif cannot:
            offered[entry] = mandate if shows else paper
        else:
            offered[entry] = post
    return offered


def _contributions(case: Case) -> Answer:
    """Check day, hour, channel and subject of each line against the notice."""
    notice = case.pages()
    opening = _moment(case, rf"{_DAY} (?:à|at) {_HOUR} (?:au|to) ", text=notice)
    closing = _moment(case, rf"(?:au|to) \w+ {_DAY} (?:à|at) {_HOUR}", text=notice)
    desk = _hour(list(match(rf"(?:jusqu'à|until) {_HOUR}", notice).groups()))
    last_desk = datetime.combine(closing.date(), datetime.min.time()) + desk
    match("réseaux sociaux ne valent pas|social networks do not count", notice)
    kept = set()
    for name, received, channel, _, subject in case.rows("csv")[1:]:
        end = last_desk if re.search("registre|register", channel) else closing
        in_time = opening <= datetime.fromisoformat(received) <= end
        refused = re.search("réseau social|social network", channel)
        if in_time and not refused and not re.search("déchets|Waste", subject):
            kept.add(f"{name},")
    return kept


def _enveloppe(case: Case) -> Answer:
    """Go through the projects by their votes and fund those that meet the three conditions."""
    left = _whole(match(rf"(?:enveloppe est de |budget is €)({_AMOUNT})", case.scenario)[1])
    least = _whole(match(r"(?:au moins|at least) (\d+)", case.scenario)[1])
    rows = case.rows("xlsx")[1:]
    served: set[str] = set()
    for _, district, cost, online, slips in sorted(rows, key=lambda row: -(row[3] + row[4])):
        if cost <= left and district not in served and online + slips >= least:
            left -= cost
            served.add(district)
    return left


def _engagement(case: Case) -> Answer:
    """Leave out the open reports that still have time, then divide the kept by the rest."""
    method = " ".join(case.text().split())
    end = _moment(case, rf"{_DAY}(?: au soir)?\.", text=method)
    limit = timedelta(days=int(match(r"(\d+) (?:jours calendaires|calendar days)", method)[1]))
    kept = late = 0
    for *_, received, closed in case.rows("xlsx")[1:]:
        if closed is not None:
            kept += closed - received <= limit
            late += closed - received > limit
        elif end - received == limit:
            raise ProofFailed("the last day of an open report is the day of the data")
        else:
            late += end - received > limit
    return round(100 * kept / (kept + late), 1)


def _conformite(case: Case) -> Answer:
    """Settle each criterion by its marks on the pages, then divide the met by the applicable."""
    marks = [set(row[1:]) for row in case.rows("ods")[1:]]
    if len(marks) != 106 or set().union(*marks) != {"C", "NC", "NA"}:
        raise ProofFailed("the sheet has other criteria or marks")
    missed = sum("NC" in seen for seen in marks)
    met = sum("C" in seen and "NC" not in seen for seen in marks)
    return round(100 * met / (met + missed), 1)


def _assistant(case: Case) -> Answer:
    """Check each reply of the log against the six articles of the charter."""
    charter, log = case.pages(), " ".join(case.text(".log").split())
    site = match(r"www\.[\w.]+example", charter)[0]
    desk = match(r"01(?: \d\d){4}", charter)[0]
    wrong = set()
    for name, asked, said in re.findall(
        r"\[(C\d)\] [A-Z]+ : (.*?) \[\1\] ASSISTANT : (.*?)(?= \[C|$)", log
    ):
        hosts = set(re.findall(r"https?://([^/\s]+)", said))
        personal = re.findall(r"(?:Mme|Mrs|M\.|Mr) (\w+)|(\d\d-\d{3})", asked)
        faults = (
            hosts - {site},
            re.search(r"Donnez-moi|Give me", said),
            re.search(r"devriez|should", said),
            any(word in said for pair in personal for word in pair if word),
            re.search(r"quelqu'un|someone", asked) and desk not in said,
            re.search(r"vraie personne|real person", asked) and "program" not in said,
            not hosts and desk not in said and "program" not in said,
        )
        if any(faults):
            wrong.add(f"{name},")
    return wrong


def _demandes(case: Case) -> Answer:
    """Answer each numbered request; date the invoices, and find another child in the file."""
    match("après connexion|after signing in", case.body())
    requests = re.findall(r"^\d\. (.+)$", case.body(), flags=re.MULTILINE)
    years = {"dix": 10, "ten": 10}[match("dix ans|ten years", case.scenario)[0].split()[0]]
    match("à compter du 31 décembre|from 31 December", case.scenario)
    sent = case.message()["Date"].datetime.year
    invoiced = re.findall(r"20\d\d", only([one for one in requests if "20" in one]))
    gone, kept = (
        [y for y in invoiced if (int(y) + years < sent) is past] for past in (True, False)
    )
    other = match(r"(?:bousculé par|pushed by)\s+(\w+)", case.text())[1]
    signs = {
        "copie|copy": rf"(?:sans frais|free of charge).*(?:sans|without) .*{other}",
        "lettre d'information|newsletter": "^(?:Cesser|Stop)",
        "factures|invoices": f"^(?:Effacer|Erase) .*{only(gone)}, (?:garder|keep) .*{only(kept)}",
        "employeur|employer": "^(?:Corriger|Correct)",
    }
    found = set()
    for request in requests:
        sign = only([sign for about, sign in signs.items() if re.search(about, request)])
        found.add(only([option for option in case.texts() if re.search(sign, option)]))
    return found


def _plateforme(case: Case) -> Answer:
    """Drop the offers that miss a requirement, then take the lowest cost over three years."""
    least = int(match(r"(\d+) ?%", case.pages())[1])
    accounts = _whole(match(rf"(?:attend|expects) ({_AMOUNT})", case.scenario)[1])
    costs: dict[str, float] = {}
    for name, setup, yearly, included, extra, public, _, host, access, paper, export in case.rows(
        "ods"
    )[1:]:
        fit = (
            re.fullmatch("qualifié SecNumCloud|SecNumCloud qualified", host)
            and public >= least
            and access != "FranceConnect"
            and paper in {"oui", "yes"}
            and re.search("CSV|JSON", export)
        )
        if fit:
            costs[name] = setup + 3 * (yearly + max(0, accounts - included) * extra)
    return only([name for name, cost in costs.items() if cost == min(costs.values())])


def _votation(case: Case) -> Answer:
    """Keep the last online ballot in time of each code, then let the boxes prevail."""
    rules = case.pages()
    closing = _moment(case, rf"(?:clôt le|closes on) {_DAY} (?:à|at) {_HOUR}", text=rules)
    closing += timedelta(hours=int(match(r"UTC - (\d)", rules)[1]))
    cancelled = set(re.findall(r"J\d+", match(r"4\. .*", rules)[0]))
    online: dict[str, str] = {}
    boxes: dict[str, str] = {}
    for code, day, hour, _, choice in sorted(case.rows("csv")[1:], key=lambda row: row[1:3]):
        if not hour:
            boxes[code] = choice
        elif datetime.fromisoformat(f"{day} {hour}") <= closing:
            online[code] = choice
    votes = online | boxes
    project = match(r"(?:projet|design) ([A-C])", case.stem)[1]
    return Counter(choice for code, choice in votes.items() if code not in cancelled)[project]


def _months(start: date, end: date) -> int:
    """Full months from one day to another."""
    return 12 * (end.year - start.year) + end.month - start.month - (end.day < start.day)


_DATES: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4})")
_BAND: Final = r"(\d[\d,\s]*?), (\d+) points?"


def _bareme(case: Case) -> Answer:
    """Apply the four articles of the scale to the record."""
    means, activity, both, _ = re.split(r" [2-4]\. ", case.pages().split(" 1. ", 1)[1])
    record = case.text()
    start, end = (date(int(y), int(m), int(d)) for d, m, y in _DATES.findall(record))
    income = int(match(rf"QF {start.year}\s+(\d+)", record)[1])
    bands = [(_whole(top), int(won)) for top, won in re.findall(_BAND, means)]
    first = next((won for i, (top, won) in enumerate(bands) if income < top + (i > 0)), 0)
    match(r" 1 \((?:la mère|the mother)\)", record)
    match("formation d'aide|training as", record)
    match("même crèche, jusqu'en juillet 2027|same nursery, until July 2027", record)
    match("  en ville|  in the town", record)
    months = _months(start, end)
    siblings, ceiling = (int(n) for n in re.findall(r"(\d+) points?", both)[1:])
    capped = min(months + siblings, ceiling)
    total = first + int(match(r"(\d+) points", activity)[1]) + capped
    last = int(match(r"(\d+) points", record)[1])
    return [first, months, capped, total, last - total]


def _delai(case: Case) -> Answer:
    """Add up each channel's operations, then take the one promise between need and ceiling."""
    note = case.pages()
    ceiling = int(match(r"(\d+) (?:jours au plus|days at most)", note)[1])
    match("sauf le contrôle du mandat|except the check of the mandate", note)
    needs: list[int] = []
    rows = case.rows("ods")
    for channel in range(1, len(rows[0])):
        days = {row[0]: int(row[channel]) for row in rows[1:]}
        check = only([name for name in days if re.search("mandat", name)])
        work = only([name for name in days if re.search("Instruction|Examination", name)])
        needs.append(sum(days.values()) - min(days[check], days[work]))
    return only([o for o in case.texts() if _promise(o, least=max(needs), most=ceiling)])


def _promise(option: str, *, least: int, most: int) -> bool:
    """Whether an option gives one time for all, from the filing, that can be kept."""
    times = [int(found) for found in re.findall(r"\d+", option)]
    from_filing = re.search("dépôt|filing", option) is not None
    return from_filing and len(times) == 1 and least <= times[0] <= most


def _synthese(case: Case) -> Answer:
    """Extrapolate each sample to what came in, then divide the favourable by the opinions."""
    favour = against = 0.0
    for row in case.rows("csv")[1:]:
        received, reread, yes, no, _ = map(int, row[2:])
        favour += received * yes / reread
        against += received * no / reread
    return round(100 * favour / (favour + against), 1)


def _permanences(case: Case) -> Answer:
    """Try every three places: cost with works, both sectors, the isolated municipality, reach."""
    rules = case.pages()
    budget = _whole(match(r"(\d+[ ,]\d{3})", rules)[1])
    isolated = match(r"4\. ([^,]+),", rules)[1]
    places = {row[0]: row[1:] for row in case.rows("csv")[1:]}
    header, *towns = case.rows("xlsx")
    columns = {name: place for place, name in enumerate(header) if name in places}
    reached: dict[tuple[str, ...], int] = {}
    for three in combinations(places, 3):
        cost = sum(int(places[name][2]) + int(places[name][4]) for name in three)
        sectors = {places[name][1] for name in three}
        served = _served(towns, [columns[name] for name in three])
        if cost <= budget and len(sectors) == 2 and isolated in served:
            reached[three] = sum(served.values())
    best = only([three for three, people in reached.items() if people == max(reached.values())])
    return {f"{name}," for name in best}


def _served(towns: list[list[Any]], columns: list[int]) -> dict[str, int]:
    """The municipalities that reach one of the places, with the residents concerned."""
    return {town[0]: town[1] for town in towns if any(town[column] for column in columns)}


PROOFS: Final[dict[str, Proof]] = {
    "2.3-1-garder-une-preuve": _preuve,
    "2.3-1-voter-sur-papier": _affiche,
    "2.3-2-reference-du-dossier": _reference,
    "2.3-3-etape-qui-fait-fuir": _etape,
    "2.3-3-pieces-deja-connues": _pieces,
    "2.3-3-poste-mandat-ou-papier": _accueil,
    "2.3-4-contributions-recevables": _contributions,
    "2.3-4-enveloppe-du-budget-participatif": _enveloppe,
    "2.3-5-le-chiffre-d-un-habitant": _engagement,
    "2.3-5-taux-de-conformite": _conformite,
    "2.3-6-assistant-en-essai": _assistant,
    "2.3-6-demandes-sur-les-donnees": _demandes,
    "2.3-6-plateforme-de-participation": _plateforme,
    "2.3-7-depouiller-une-votation": _votation,
    "2.3-7-expliquer-un-rang": _bareme,
    "2.3-7-un-delai-pour-chaque-canal": _delai,
    "2.3-8-synthese-faite-par-une-ia": _synthese,
    "2.3-8-trois-permanences": _permanences,
}
JUDGED: Final[dict[str, str]] = {}
