"""Keys of 4.1 (protecting devices and digital content), found again from the files."""

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import (
    Answer,
    Case,
    ProofFailed,
    match,
    number,
    only,
)
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_SVG: Final = "{http://www.w3.org/2000/svg}"
_MONTHS: Final = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_YES: Final = {"oui", "yes"}


def _match(pattern: str, text: str) -> re.Match[str]:
    return match(pattern, text, flags=re.IGNORECASE)


def _with(texts: Collection[str], pattern: str) -> str:
    """The only text in which a pattern is found."""
    return only([text for text in texts if re.search(pattern, text, re.IGNORECASE)])


def _wholes(text: str) -> list[int]:
    """The whole numbers of a text in order, thousands set apart or not."""
    found = re.findall(r"\d{1,3}(?:[ ,\u00a0\u202f]\d{3})+(?!\d)|\d+", text)
    return [int(re.sub(r"\D", "", one)) for one in found]


def _today(case: Case, text: str = "") -> date:
    """The first day that a text, or else the scenario, names with its year."""
    names = _MONTHS[case.locale].split()
    written = rf"(\d+)(?:er)? ({'|'.join(names)}) (20\d\d)"
    day, name, year = _match(written, text or case.scenario).groups()
    return date(int(year), names.index(name) + 1, int(day))


def _day(text: str) -> date:
    """A day written 2026-03-09 or 09/03/2026."""
    if "/" in text:
        return date(*map(int, reversed(text.split("/"))))
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _within(case: Case, region: dict[str, Any]) -> str:
    """The words drawn in a region, in the order of the drawing."""
    return " ".join(
        text.text or ""
        for text in case.drawing().iter(f"{_SVG}text")
        if 0 < float(text.attrib["x"]) - region["x"] < region["width"]
        and 0 < float(text.attrib["y"]) - region["y"] < region["height"]
    )


def _alerte(case: Case) -> Answer:
    """Find the closing cross in the browser's bar, above the content of the page."""
    boxes = case.drawing().findall(f"{_SVG}rect")
    bar = only([one for one in boxes if one.attrib["width"] == "640" and not one.get("stroke")])
    bottom = float(bar.attrib["y"]) + float(bar.attrib["height"])
    return {
        only(
            [
                one["text"]
                for one in case.interaction["regions"]
                if one["y"] + one["height"] <= bottom and "×" in _within(case, one)
            ]
        )
    }


def _tuile(case: Case) -> Answer:
    """Find the tile whose effect waits for a restart, which nobody has done for days."""
    waiting = r"\d+ (?:jours|days) .*(?:redémarrage|restart)"
    tiles = {one["text"]: _within(case, one) for one in case.interaction["regions"]}
    return {only([name for name, words in tiles.items() if re.search(waiting, words)])}


def _retard(case: Case) -> Answer:
    """Add the time of each level to the publication, compare with the day given."""
    rules = re.findall(r"(N\d).*?(\d+) (?:jours|days)", case.scenario)
    times = {level: timedelta(int(days)) for level, days in rules}
    waiting = [row for row in case.rows("xlsx")[1:] if row[4] is None]
    return len([row for row in waiting if row[3].date() + times[row[2]] < _today(case)])


def _connexion(case: Case) -> Answer:
    """Turn each UTC time into local time and keep the one out of working days or hours."""
    ahead = timedelta(hours=int(_match(r"UTC\+(\d+)", case.scenario)[1]))
    found = re.findall(r"(\d+) (?:h\b|(am|pm))", case.scenario)
    opens, closes = (int(hour) + 12 * (half == "pm") for hour, half in found)
    outside = []
    for name, day, hour, _, minutes in case.rows("csv")[1:]:
        start = _moment(f"{_day(day)} {hour}") + ahead
        end = start + timedelta(minutes=int(minutes))
        close = start.replace(hour=closes, minute=0)
        if start.weekday() > 4 or start.hour < opens or end > close:
            outside.append(str(name))
    return only(outside)


def _entetes(case: Case) -> Answer:
    """Compare each domain of the message with the true one that the scenario gives."""
    true = _match(r"[\w-]+\.example", case.scenario)[0]
    message = case.message()

    def belongs(address: str) -> bool:
        host = _match(r"(?:@|//)([\w.-]+)", address)[1]
        return host == true or host.endswith(f".{true}")

    signs = {
        r"formulaire|form's": not belongs(_match(r"https://\S+", case.body())[0]),
        r"réponse|reply": not belongs(message["Reply-To"]),
        "Message-ID": not belongs(message["Message-ID"]),
        r"contrôles|checks": "dmarc=fail" in message["Authentication-Results"],
    }
    if message["Date"].datetime.weekday() > 4 or not belongs(message["From"]):
        raise ProofFailed("the day or the sender shown gives the fraud away too")
    return {_with(case.texts(), words) for words, wrong in signs.items() if wrong}


def _campagne(case: Case) -> Answer:
    """Leave out what the filter was quick to open, count each agent once, divide by delivered."""
    sent, lost, quick = _wholes(case.scenario)
    opened = {agent for _, agent, delay in case.rows("csv")[1:] if int(delay) >= quick}
    return round(100 * len(opened) / (sent - lost), 1)


_REMOVED: Final = r": (?:réussie|done)$|(?:supprimée|deleted|removed)$"


def _antivirus(case: Case) -> Answer:
    """Keep the computers where a threat was found and no event after it removed it."""
    infected: set[str] = set()
    for line in case.text(".log").splitlines():
        _, name, event = line.split(" ", 2)
        if re.match(r"menace détectée|threat found", event):
            infected.add(name)
        elif re.search(_REMOVED, event):
            infected.discard(name)
    return only(infected)


def _comptes(case: Case) -> Answer:
    """Apply the four cases of the rule in their order to the row of each account."""
    rule, today = case.pages(), _today(case)
    close, suspend, lower, leave = re.findall(r"Case? \d\. (\w+)", rule)
    longest = int(_match(r"(\d+) (?:jours|days)", rule)[1])
    found = _match(
        r"le profil (\w+) sans.*au service (\w+)|the (\w+) profile but.*the (\w+) dep", rule
    )
    profile, service = filter(None, found.groups())
    fate: dict[str, str] = {}
    for name, holder, where, has, end, seen in case.rows("ods")[1:]:
        if (end and _day(end) < today) or re.search("équipe|team", holder, re.IGNORECASE):
            fate[name] = close
        elif today - _day(seen) > timedelta(days=longest):
            fate[name] = suspend
        else:
            fate[name] = lower if has == profile and where != service else leave
    return {name: fate[name] for name in case.texts("entries")}


def _ordre(case: Case) -> Answer:
    """Strike out unsafe lines and those who are away, prepared it, or may not order so much."""
    note = [line for line in case.text().splitlines() if line.startswith("- ")]
    amount = max(one for one in _wholes(case.scenario.replace("01 99 00", "")) if one % 100 == 0)
    boss = _match(r"(?:présidente|president), ([^;]+?) ?;", case.scenario)[1]
    maker = _match(r"([A-Z]\w+(?: [A-Z]\w+)+) (?:a déjà|has already)", case.scenario)[1]
    safe: dict[str, list[str]] = {}
    for name, _, most, *numbers in case.rows("csv")[1:]:
        about = [line for line in note if name in line]
        struck = [
            any(re.search(line, one) for one in about)
            for line in (r"ligne fixe|landline:", r"ligne mobile|mobile:")
        ]
        away = any(re.search("congés|absent", one) for one in about)
        if not away and name != maker and int(most) >= amount:
            safe[name] = [one for one, bad in zip(numbers, struck, strict=True) if not bad]
    if safe[boss]:
        return only(safe[boss])
    return only([one for numbers in safe.values() for one in numbers])


def _groups(text: str) -> dict[str, set[str]]:
    """The machines or services of each group, through other groups too."""
    known: dict[str, set[str]] = {}
    for name, members in re.findall(r"^(\w+) += (.+)$", text, flags=re.MULTILINE):
        parts = re.findall(r"[\w-]+", members)
        known[name] = set().union(*(known.get(part, {part}) for part in parts))
    return known


def _regle(case: Case) -> Answer:
    """Open the nested groups, then take the first rule that fits the way tested."""
    pattern = r"([A-Z]+-\w+) (?:joint|reaches) ([A-Z]+-\w+) \D*(\d+)"
    way = _match(pattern, case.scenario).groups()
    machines, services = (_groups(part) for part in case.text().split("SERVICES"))
    for rule, *names, action in case.rows("csv")[1:]:
        books = (machines, machines, services)
        fits = [
            name == "TOUS" or one in book[name]
            for one, name, book in zip(way, names, books, strict=True)
        ]
        if all(fits):
            return only([str(rule)] if action == "ACCEPT" else [])
    raise ProofFailed("no rule fits")


def _offres(case: Case) -> Answer:
    """Test each offer against the note as the later message changes it: new day, own accounts."""
    longest = int(_match(r"(\d+) (?:jours|days)", case.pages())[1])
    opening = _today(case, case.body())
    _match("nos propres serveurs, et là seulement|our own servers, and only there", case.body())
    kept = set()
    for name, place, mark, logs, training, age, gap, access in case.rows("xlsx")[1:]:
        own = bool(re.search("nos serveurs|our servers", place))
        ours = logs in {"nos serveurs", "our servers"} or (not own and re.match("même|same", logs))
        on_ai = re.match("service d'IA|AI service", mark)
        first, *later = map(_day, re.findall(r"\d\d/\d\d/\d{4}", mark) or ["01/01/2000"])
        valid = first >= opening or (later and later[0] <= opening <= later[1])
        sound = training in {"non", "no"} and age + gap <= longest
        directory = re.match("annuaire du minist|ministry's directory and", access)
        closed = own and re.search("fermeture le jour même|closed the same day", access)
        if ours and (own or (on_ai and valid)) and sound and (directory or closed):
            kept.add(_with(case.texts(), rf" {name}$"))
    return kept


def _rank(row: list[Any]) -> int:
    """0 for A, 1 for B, 2 for C, one more behind a workaround that is in place and verified."""
    exploited, access, workaround = row[2:5]
    reached = not re.search("aucun|none|filtrée|filtered", access)
    verified = re.search("en place, vérifié|in place, verified", workaround)
    return 2 - int(exploited in _YES) - int(reached) + int(bool(verified))


def _correctifs(case: Case) -> Answer:
    """Rank the systems by the rule, then fill the window, each with what it requires."""
    systems = {row[0]: row for row in case.rows("ods")[1:]}
    left = int(_match(r"(\d+) minutes", case.scenario)[1])
    done: set[str] = set()
    order = sorted(systems.values(), key=lambda row: (_rank(row), -row[1]))
    for name, *_, required in order:
        wanted = {name, *filter(None, [required])} - done
        needed = sum(systems[one][5] for one in wanted)
        if needed <= left:
            left, done = left - needed, done | wanted
    return done


def _reglage(case: Case) -> Answer:
    """Work out how many messages each setting sends to review, keep those within capacity."""
    total, bad, each, staff, hours = _wholes(case.scenario)
    capacity = staff * hours * 60 / each
    stopped = [
        bad * number(caught) / 100
        for *_, caught, wrong in case.rows("csv")[1:]
        if bad * number(caught) / 100 + (total - bad) * number(wrong) / 100 <= capacity
    ]
    return bad - round(max(stopped))


def _needs(case: Case) -> Iterator[tuple[list[str], set[str], bool]]:
    """Of each group: the methods that answer all its needs, its equipment, whether it wants two."""
    header, *methods = case.rows("xlsx")
    kit_words, need_words = r"(?:Matériel|Equipment) ?: (.+?)\.", r"(?:Besoins?|Needs?) ?: (.+?\.)"
    pattern = rf"{kit_words} {need_words}(?= [A-Z]|$)( Secours| Spare)?"
    kits: list[str] = []
    for kit, needs, spare in re.findall(pattern, case.pages()):
        office = re.match("celui d'un poste|that of an office", kit)
        kits.append((kits[0] if office else "") + kit.split(";")[0])
        words = needs.casefold().replace("in the noise", "in noise")
        columns = [
            place
            for place, name in enumerate(header)
            if re.sub(r"^(résiste à|withstands) ", "", str(name).casefold()) in words
        ]
        fit = [row[0] for row in methods if all(row[place] in _YES for place in columns)]
        yield fit, {row[-2] for row in methods if row[-2] in kits[-1]}, bool(spare)


def _methodes(case: Case) -> Answer:
    """Try every set of methods and keep the cheapest that serves each group."""
    rows = {row[0]: row for row in case.rows("xlsx")[1:]}
    groups = list(_needs(case))

    def serves(some: tuple[str, ...]) -> bool:
        readers = [
            ({rows[one][-2] for one in some if one in fit} & kit, spare)
            for fit, kit, spare in groups
        ]
        return all(len(found) >= 1 + spare for found, spare in readers)

    sets = [
        (sum(rows[one][-1] for one in some), set(some))
        for size in range(1, len(rows) + 1)
        for some in combinations(rows, size)
        if serves(some)
    ]
    least = min(cost for cost, _ in sets)
    return only([some for cost, some in sets if cost == least])


def _plan(case: Case) -> Answer:
    """In each disaster, look for copies left, recent and quick; keep who always has some."""
    rule, size = case.pages(), max(_wholes(case.scenario))
    hours = [int(one) * 60 for one in re.findall(r"(\d+) (?:heures|hours)", rule)]
    loss, back, loss_in_fire, back_in_fire, back_in_attack = hours
    hidden = int(_match(r"(\d+) (?:jours|days)", rule)[1])
    room = _match(r"salle des serveurs|server room", rule)[0]
    met: dict[str, set[str]] = {}
    for name, _, every, lasts, place, eraser, kept, wait, rate in case.rows("ods")[1:]:
        lost, takes = every + lasts, wait + size / rate / 60
        before = kept >= hidden and re.match("personne|nobody", eraser)
        tests = {
            "breakdown": lost <= loss and takes <= back,
            "fire": place != room and lost <= loss_in_fire and takes <= back_in_fire,
            "attack": before and takes <= back_in_attack,
        }
        met.setdefault(name, set()).update(one for one, held in tests.items() if held)
    return _with(case.texts(), rf" {only([name for name, held in met.items() if len(held) == 3])}$")


def _entree(case: Case) -> Answer:
    """Go back from the account through creations and resets, date the first entry, then restore."""
    behind = timedelta(hours=int(_match(r"UTC-(\d+)", case.scenario)[1]))
    tied = {_match(r"\bsvc-\w+", case.scenario)[0]}
    made = r"^\S+ \S+ (\S+) ?: (?:crée|creates|réinitialise|resets) .*?([\w]+[.-][\w]+|support\d)"
    links = re.findall(
        made, case.text("nnuaire.log" if case.locale == "fr" else "rectory.log"), re.MULTILINE
    )
    while more := {author for author, account in links if account in tied} - tied:
        tied |= more
    entries = [
        _moment(f"{day} {hour}") - behind
        for day, hour, account, device, *result in map(
            str.split, case.text("vpn.log").splitlines()[1:]
        )
        if account in tied and device in {"inconnu", "unknown"} and result[0].startswith("acc")
    ]
    good = [
        name
        for name, _, end, medium, check in case.rows("csv")[1:]
        if _moment(end) < min(entries)
        and re.search("coffre|vault", medium)
        and check in {"réussie", "successful"}
    ]
    return str(good[-1])


PROOFS: Final[dict[str, Proof]] = {
    "4.1-1-fausse-alerte": _alerte,
    "4.1-1-tuile-de-securite": _tuile,
    "4.1-3-correctifs-en-retard": _retard,
    "4.1-4-connexion-d-un-autre": _connexion,
    "4.1-4-en-tetes-du-message": _entetes,
    "4.1-5-bilan-de-campagne": _campagne,
    "4.1-5-journal-antivirus": _antivirus,
    "4.1-5-revue-des-comptes": _comptes,
    "4.1-6-ordre-vocal": _ordre,
    "4.1-6-regle-qui-ouvre": _regle,
    "4.1-7-assistant-pour-les-enquetes": _offres,
    "4.1-7-correctifs-de-la-nuit": _correctifs,
    "4.1-7-reglage-du-filtre": _reglage,
    "4.1-8-methodes-pour-toute-l-equipe": _methodes,
    "4.1-8-plan-de-sauvegarde": _plan,
    "4.1-8-remonter-a-la-premiere-entree": _entree,
}
JUDGED: Final[dict[str, str]] = {}
