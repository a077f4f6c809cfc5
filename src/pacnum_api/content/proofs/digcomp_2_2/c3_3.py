"""Keys of 3.3 (copyright and licences), found again from the files."""

import re
from datetime import date
from itertools import product
from math import ceil
from typing import Any, Final

from pacnum_api.domains.items.service.lint_bank.cases import Answer, Case, Row, match, number, only
from pacnum_api.domains.items.service.lint_bank.proofs import Proof

_SVG: Final = "{http://www.w3.org/2000/svg}text"
_MONTHS: Final = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "January February March April May June July August September October November December",
)


def _month(text: str) -> int | None:
    """The month that a text names."""
    pairs = enumerate(zip(*(names.split() for names in _MONTHS), strict=True), start=1)
    return next((n for n, names in pairs if re.search(rf"\b(?:{'|'.join(names)})\b", text)), None)


def _day(text: str) -> date:
    """The day that a text names in words; without a month, the first day of the year."""
    year = int(match(r"\b20\d\d\b", text)[0])
    month = _month(text)
    if month is None:
        return date(year, 1, 1)
    return date(year, month, int(match(r"\b(\d{1,2})(?:er)? \w+ 20\d\d", text)[1]))


def _cell_day(text: str) -> date:
    """A day written 2026-03-09 or 09/03/2026."""
    if "/" in text:
        return date(*map(int, reversed(text.split("/"))))
    return date.fromisoformat(text)


def _affichette(case: Case) -> Answer:
    """Read who made the illustration."""
    return match(r"Illustration ?: (.+)", case.printed())[1].strip()


def _page_musee(case: Case) -> Answer:
    """Find the button of the page on rights, then the region that has its words."""
    words = {text.text or "" for text in case.drawing().iter(_SVG)}
    button = only([word for word in words if re.search("[Dd]roits|[Rr]ights", word)])
    return {only([region for region in case.texts("regions") if button in region])}


def _accord(case: Case) -> Answer:
    """Keep the plans on the website or on posters inside, before the agreement ends."""
    match(r"- (?:sur le site|on the library's website)", case.body())
    match(r"- (?:sur des affiches placées dans|on posters placed inside)", case.body())
    end = _day(match(r"(?:jusqu'au|until) ([^.]+)\.", case.body())[1])
    inside = r"\bsite\b|website|affiche.*médiathèque|poster.*library"
    good, again = sorted(
        case.texts("categories"), key=lambda word: bool(re.search("redemander|again", word))
    )
    return {
        entry: good
        if re.search(inside, entry) and _day(f"28 {' '.join(entry.split()[-2:])}") <= end
        else again
        for entry in case.texts("entries")
    }


def _conditions(case: Case) -> Answer:
    """Find the only refusal of the list that the plan, free and cropped, comes up against."""
    match("gratuit.*couper|free.*cut off", case.scenario)
    rows: dict[str, list[str]] = {}
    for text in case.drawing().iter(_SVG):
        rows.setdefault(text.attrib["y"], []).append(text.text or "")
    refused = [
        top
        for top, words in rows.items()
        if words[-1] in {"Non", "No"} and words[0] not in {"Vendre", "Sell"}
    ]
    top = float(only(refused))
    regions = case.interaction["regions"]
    return {only([r["text"] for r in regions if 0 <= top - r["y"] <= r["height"]])}


def _cartes_postales(case: Case) -> Answer:
    """Count the photos whose licence lets one sell: unchanged, ND is no obstacle."""
    match("vendre|sell", case.scenario)
    match("telles quelles|as they are", case.scenario)
    return sum(bool(row[3]) and "NC" not in str(row[3]) for row in case.rows(".ods")[1:])


_CHANGES: Final = (
    ("bords|edges", "recadrée|cropped"),
    ("couleurs|colours", "noir et blanc|black and white"),
    ("luminosité|brightness", "éclaircie|brightened"),
)


def _credit(case: Case) -> Answer:
    """Read the title, who took the photo and the terms; the scenario says what changed."""
    notice = case.printed()
    terms = " ".join(match(r"(?s)(?:Conditions|Terms) ?: (.+?)\.", notice)[1].split())
    title = match(r"(?:Titre|Title) ?: (.+)", notice)[1]
    author = match(r"(?:Prise de vue|Photographed by) ?: (.+), \d{4}", notice)[1]
    licence = "CC BY"
    if not re.search("y compris à des fins commerciales|including for commercial", terms):
        licence += "-NC"
    if re.search("sous la même licence|under the same licence", terms):
        licence += "-SA"
    wanted = only([words for done, words in _CHANGES if re.search(done, case.scenario)])
    changes = [option["text"] for option in case.interaction["blanks"][3]["options"]]
    return [title, author, licence, only([c for c in changes if re.search(wanted, c)])]


def _portes_ouvertes(case: Case) -> Answer:
    """Keep the photos in order both for the author and for the people shown."""
    written = re.compile("(oui, écrit|yes, in writing)$")
    unseen = re.compile("[Ff]oule|[Cc]rowd|reconnaissable|recognisable")
    good = set()
    for photo, author, agreed, subject, people in case.rows(".csv")[1:]:
        own = re.search("en service|on duty", author)
        shown = written.match(people) or unseen.search(subject)
        if (own or written.match(agreed)) and shown:
            good.add(photo)
    return good


def _mise_a_jour(case: Case) -> Answer:
    """Read when the data were last updated in the version online on the day of download."""
    sentence = match(r"[^.]*(?:a téléchargé|downloaded)[^.]*", case.scenario.replace("2.0", ""))[0]
    downloaded = _day(sentence)
    online = [row for row in case.rows(".csv")[1:] if _cell_day(row[1]) <= downloaded]
    return str(max(online, key=lambda row: _cell_day(row[1]))[2])


def _domaine_public(case: Case) -> Answer:
    """Count the books whose last author died 71 years or more before the year."""
    last = int(match(r"1(?:er)? (?:janvier|January) (\d{4})", case.scenario)[1]) - 71
    books = [
        [died for name, died in ((row[1], row[2]), (row[3], row[4])) if name]
        for row in case.rows(".xlsx")[1:]
    ]
    return sum(all(died is not None and died <= last for died in deaths) for deaths in books)


def _contrat(case: Case) -> Answer:
    """Count the requests within the media, the copies, the changes and the days of the contract."""
    contract = _plain(case.pages())
    delivered = _day(
        match(r"(?:livrées à la ville le|delivered to the town on) ([^.]+)", contract)[1]
    )
    end = delivered.replace(year=delivered.year + 3)
    limits = re.findall(r"(\d+) \w+ (?:compris )?(?:par|per) (\w+)", contract)
    limit = {thing: int(most) for most, thing in limits}

    def covered(row: list[Any]) -> bool:
        _, _, medium, copies, change, until = row
        site = re.match("Site de la ville|Town website", medium)
        most = [n for thing, n in limit.items() if thing in medium.lower()]
        room = bool(site) or (bool(most) and copies <= only(most))
        allowed = re.match("aucune|none|recadrage|cropping", change)
        return room and bool(allowed) and until.date() <= end

    return sum(map(covered, case.rows(".xlsx")[1:]))


def _fits(licence: str, *, accepted: str, apart: bool) -> bool:
    """Whether the note accepts one licence of a component."""
    if licence.startswith("LGPL"):
        return apart
    families = [word.strip(" ,;.") for word in re.findall(r"[A-Z][\w.-]+", accepted)]
    known = licence == "Licence Ouverte 2.0" or any(licence.startswith(f) for f in families)
    return known and "NC" not in licence and not licence.startswith(("GPL", "AGPL"))


def _composants(case: Case) -> Answer:
    """Keep the delivered components that the note accepts under no licence offered."""
    accepted = " ".join(match(r"(?s)2\. (?:Acceptés|Accepted)(.+?)\n3\.", case.text())[1].split())
    refused = set()
    for name, _, _, delivery, licence, _ in case.rows(".xlsx")[1:]:
        apart = bool(re.match("fichier séparé|separate file", delivery))
        if re.match("non livré|not delivered", delivery):
            continue
        choices = [option.split(" AND ") for option in licence.split(" OR ")]
        if not any(all(_fits(x, accepted=accepted, apart=apart) for x in c) for c in choices):
            refused.add(name)
    return refused & set(case.texts())


_REQUESTS: Final = (
    (r"On ne coupe pas, on ne résume pas|No cuts, no summaries", "résumé|summarised", "out"),
    (r"en groupe n'entre|in a group is not", "résidents|residents", "out"),
    (r"d'une autre nature n'ouvre|of another kind gives no", "débute|beginning", "out"),
    (r"allégué sans pièce|alleged without any", "serait|he says that", "ask"),
    (r"Sans ce mot, on le demande|Without that note, ask", "venir prendre|collecting", "ask"),
)


def _livres_adaptes(case: Case) -> Answer:
    """Find the point of the note that stops each request; without one, the book is provided."""
    names = {"out": "Hors|Outside", "give": "Fournir|Provide", "ask": "Demander|Ask"}
    categories = {
        kind: only([word for word in case.texts("categories") if re.match(name, word)])
        for kind, name in names.items()
    }
    note = case.pages()
    for rule, _, _ in _REQUESTS:
        match(rule, note)
    return {
        entry: categories[
            next((kind for _, sign, kind in _REQUESTS if re.search(sign, entry)), "give")
        ]
        for entry in case.texts("entries")
    }


def _plain(text: str) -> str:
    """The text with whole numbers unmarked and the euro sign after them."""
    joined = re.sub(r"(?<=\d)[,\s\u00a0\u202f](?=\d{3})", "", text)
    return re.sub(r"€(\d+)", r"\1 €", joined)


def _cost(clause: list[Any], prices: str) -> float:
    """What a clause costs by the list: each use by years and place, cropping, hosts."""
    base = re.findall(r": (\d+) € (?:pour|for) (\d+) \w+, (\d+) €", prices)
    wide, world, crop = (1 + int(more) / 100 for more in re.findall(r"(\d+)\s?%", prices))
    total = float(match(r"(\d+) € (?:en tout|in all)", prices)[1])
    for place, use in enumerate(("en ligne|online", "catalogue")):
        where, years = clause[2 + 2 * place : 4 + 2 * place]
        short, least, long = map(int, base[place])
        price = short if years == least else long
        zone = 1 if where == "Europe" else wide if where.startswith("Europe") else world
        total += price * zone * (crop if re.search(use, clause[6]) else 1)
    return total


def _clause(case: Case) -> Answer:
    """Keep the clauses that name each right, reach Canada and last the sale; one can be paid."""
    needs = _plain(case.scenario)
    most = int(match(r"(\d+) € (?:au plus|at most)", needs)[1])
    signed = _day(match(r"[^.]*(?:signature)[^.]*", needs)[0])
    match("(?:consultables partout|viewed anywhere).*Montr[ée]al", needs)
    sold = _day(match(r"(?:jusqu'au|until) ([^.]+)\.", " ".join(case.body().split()))[1])
    good = [
        row[0]
        for row in case.rows(".ods")[1:]
        if not re.match("tous|all", row[1])
        and (row[2] in {"monde", "world"} and row[4] != "Europe")
        and signed.replace(year=signed.year + row[5]) > sold
        and _cost(row, _plain(case.text())) <= most
    ]
    return only([option for option in case.texts() if option.endswith(f" {only(good)}")])


def _contenus(case: Case) -> Answer:
    """Keep the contents of others who have not let anyone reuse them for every purpose."""
    own = re.compile(r"\bagents\b|\brégion\b|\bofficers\b|\bregion\b|relevées|recorded")
    open_to_all = re.compile(r"à toutes fins|for all purposes|Licence Ouverte")
    removed = {
        row[0].lower()
        for row in case.rows(".xlsx")[1:]
        if not own.search(row[1]) and not open_to_all.search(row[2] or "")
    }
    return {option for option in case.texts() if option.split(maxsplit=1)[1].lower() in removed}


def _opposed(lot: Row, *, copied: date) -> bool:
    """Whether the author's opposition counts, without an agreement that lifts it."""
    _, _, _, status, _, opposition, agreement = lot.values()
    if not opposition or not re.match("protégé|protected", status):
        return False
    lifted = agreement and re.search("toute IA|any AI", agreement)
    return _day(opposition) <= copied and not lifted


def _lawful(access: str, *, copied: date) -> bool:
    """Whether the access is lawful on the day of the copy."""
    if re.match("abonnement|subscription", access):
        end = _day(access)
        if _month(access) is None:
            end = date(end.year, 12, 31)
        return end >= copied
    return bool(re.match("en ligne librement|freely online|fonds à nous|our own", access))


def _corpus(case: Case) -> Answer:
    """Add up the lots in order under regime G: lawful access, no opposition that counts."""
    match("six mois avant|six months before", case.scenario)
    copied = _day(match(r"[^.]*(?:copiés le|copied on) [^.]*", case.scenario)[0])
    return sum(
        int(lot["Images"])
        for lot in case.table(".xlsx")
        if _lawful(tuple(lot.values())[4], copied=copied) and not _opposed(lot, copied=copied)
    )


def _extras(terms: str, *, copies: int, places: int) -> int:
    """What the terms add to the basic price for 2027 to 2029."""
    once = r"(?:outre-mer|année|overseas|extra|prolongation d'un|extension by one)[^:]* ?: (\d+) €"
    extra = sum(map(int, re.findall(once, terms)))
    if found := re.search(r"(\d+) € (?:par commune|per municipality)", terms):
        extra += int(found[1]) * places
    if found := re.search(r"(\d+) (?:exemplaires|copies), (?:puis|then) (\d+) € \D+?(\d+)", terms):
        extra += int(found[2]) * ceil((copies - int(found[1])) / int(found[3]))
    return extra


def _campagne(case: Case) -> Answer:
    """Price every offer that the note lets one take, and find the cheapest set."""
    note = _plain(case.text())
    copies = {
        int(line[1]): int(line[2])
        for line in re.finditer(r"(?:Visuel|Visual) (\d).*?(\d+) (?:exemplaires|copies)", note)
    }
    places = int(match(r"(\d+) (?:communes|municipalities)", note)[1])
    barred = re.compile("CC BY|rien n'est dit|nothing is said|presse|press")
    prices: dict[int, dict[str, float]] = {}
    for offer, visual, _, price, terms in case.rows(".xlsx")[1:]:
        if not barred.search(terms):
            extra = _extras(_plain(terms), copies=copies.get(visual, 0), places=places)
            prices.setdefault(visual, {})[offer] = number(price) + extra

    def total(chosen: tuple[tuple[str, float], ...]) -> float:
        names = dict(chosen)
        rebate = 0.2 * (names["A2"] + names["B3"]) if {"A2", "B3"} <= names.keys() else 0
        return sum(names.values()) - rebate

    return round(min(map(total, product(*(found.items() for found in prices.values())))))


def _logiciel(case: Case) -> Answer:
    """Price every plan; keep the shortest whose licence all that stays in it admits."""
    rules = re.findall(r"(?m)^ *- (\S+?) ?: (.+)$", case.text())
    admits = {licence: re.split(" ou | or ", whole) for licence, whole in rules}
    days = int(match(r"(\d+) (?:jours|days)", case.body())[1])
    added = match(r"(?:sous|under) ([\w.-]+\d)", case.body())[1]
    plans: dict[str, int] = {}
    for option in case.texts():
        licence, work = re.split(r" ?; ", re.split(", (?:nommer|name)", option)[0])
        gone = {
            row[0]: int(row[3])
            for row in case.rows(".csv")[1:]
            if any(word in work for word in re.findall(r"\w{4,}", row[0].lower()))
        }
        kept = [row for row in case.rows(".csv")[1:] if row[0] not in gone]
        merged = [row[2] for row in kept if re.search("fondu|merged", row[1])]
        barred = [row for row in kept if "NC" in row[2] and not re.match("non|not", row[1])]
        fits = all(licence in admits[one] for one in (*merged, added))
        if fits and not barred and sum(gone.values()) <= days:
            plans[option] = sum(gone.values())
    return min(plans, key=lambda option: plans[option])


def _montage(case: Case) -> Answer:
    """Apply the terms of the note to the years of the records."""
    rows = case.rows(".csv")[1:]
    died = {row[1]: int(row[3]) for row in rows if row[3]}
    event = {row[1]: int(row[4]) for row in rows if row[4]}

    def years(found: dict[str, int], pattern: str) -> list[int]:
        return [year for role, year in found.items() if re.match(pattern, role)]

    makers = "Réalisation|Scénario|Dialogues|Musique faite|Direction|Script|Dialogue|Music made"
    film = max(
        max(years(died, makers)) + 71,
        only(years(event, "Première|First public")) + 51,
    )
    song = max(years(died, r"(?:Paroles|Musique|Words|Music) \(")) + 71
    recorded = only(years(event, "Enregistrement|Recording"))
    released = only(years(event, "Sortie|Release"))
    disc = released + 71 if released - recorded < 50 else recorded + 51
    poet, printed = only(years(died, "Auteur|Author")), only(years(event, "Auteur|Author"))
    poem = printed + 26 if printed > poet + 70 else poet + 71
    waltz = only(years(died, "Valse|Waltz")) + 71
    return [film, song, disc, poem, max(film, song, disc, poem, waltz)]


PROOFS: Final[dict[str, Proof]] = {
    "3.3-1-a-qui-demander-l-accord": _affichette,
    "3.3-1-ou-lire-les-conditions": _page_musee,
    "3.3-2-accord-de-la-photographe": _accord,
    "3.3-2-ligne-qui-l-interdit": _conditions,
    "3.3-3-cartes-postales-a-vendre": _cartes_postales,
    "3.3-3-crediter-une-photo": _credit,
    "3.3-3-photos-des-portes-ouvertes": _portes_ouvertes,
    "3.3-4-date-de-mise-a-jour-a-citer": _mise_a_jour,
    "3.3-4-livres-du-domaine-public": _domaine_public,
    "3.3-5-demandes-couvertes-par-le-contrat": _contrat,
    "3.3-6-composants-a-remplacer": _composants,
    "3.3-6-demandes-de-livres-adaptes": _livres_adaptes,
    "3.3-7-clause-de-cession": _clause,
    "3.3-7-contenus-a-retirer-avant-ouverture": _contenus,
    "3.3-7-corpus-d-entrainement": _corpus,
    "3.3-8-campagne-au-moindre-cout": _campagne,
    "3.3-8-publier-un-logiciel": _logiciel,
    "3.3-8-quand-le-montage-sera-libre": _montage,
}
JUDGED: Final[dict[str, str]] = {}
