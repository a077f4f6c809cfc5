"""What the demonstration prints: plain text, one screen wide."""

import textwrap
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from pacnum_api.domains.clients.types import NewSecret

WIDTH = 100


class Printer:
    """Says each step as it happens."""

    def heading(self, text: str) -> None:
        typer.echo(f"\n── {text} " + "─" * (WIDTH - len(text) - 4))

    def line(self, text: str) -> None:
        typer.echo(text)

    def abilities(
        self, abilities: Mapping[str, float], codes: Sequence[str], *, cuts: Sequence[float]
    ) -> None:
        """The truth about the simulated agent, which the service does not know."""
        known = ", ".join(
            f"{code}: {abilities[code]:+.2f} (level {bisect_right(cuts, abilities[code])})"
            for code in codes
        )
        typer.echo(f"true abilities (theta) of the simulated agent: {known}\n")

    def step(
        self,
        pending: Mapping[str, Any],
        step: Mapping[str, Any],
        *,
        item_level: int,
        response: Mapping[str, Any],
    ) -> None:
        """One item: what was asked, what was answered, how the estimate moved."""
        before, after = step["before"], step["after"]
        mark = "✓" if step["score"] == 1 else "✗" if step["score"] == 0 else "◐"
        stem = " ".join(pending["content"]["stem"].split())
        typer.echo(
            f"{pending['position']:>3}. [{pending['competence']}] {pending['type']}, "
            f"level {item_level}, {step['pool_size']} items in the pool"
        )
        typer.echo(_shortened(stem, "     asked     "))
        given = {name: value for name, value in response.items() if name != "type"}
        answer = ", ".join(f"{name} = {value}" for name, value in given.items())
        typer.echo(_shortened(f"{mark} {answer}", "     answered  "))
        typer.echo(
            f"     theta     {before['theta']:+z.2f} ± {before['standard_error']:.2f} (level "
            f"{before['level']})  →  {after['theta']:+z.2f} ± {after['standard_error']:.2f} "
            f"(level {after['level']})"
        )

    def result(
        self, result: Mapping[str, Any], abilities: Mapping[str, float], *, cuts: Sequence[float]
    ) -> None:
        """Level and interval for each competence, the true level beside them."""
        typer.echo(
            f"{'':5}{'competence':<58}{'level':>5}  {'90 %':>5}  {'true':>4}  {'theta ± se':>14}"
        )
        held = 0
        for one in result["competences"]:
            true_level = bisect_right(cuts, abilities[one["competence"]])
            low, high = one["level_interval"]["low"], one["level_interval"]["high"]
            held += low <= true_level <= high
            theta = f"{one['theta']:+z.2f} ± {one['standard_error']:.2f}"
            title = textwrap.shorten(one["title"], 56, placeholder="…")
            typer.echo(
                f"{one['competence']:<5}{title:<58}{one['level']:>5}  {f'{low}–{high}':>5}  "
                f"{true_level:>4}  {theta:>14}"
            )
        total = len(result["competences"])
        typer.echo(f"the interval holds the true level for {held} of {total} competences")
        overall = result["overall"]
        typer.echo(f"points: {overall['points']} of {overall['maximum_points']}")

    def recommendations(self, advice: Mapping[str, Any]) -> None:
        """Trainings in the order in which to take them, with their reasons."""
        for one in advice["recommendations"]:
            training, gain = one["training"], one["expected_gain"]
            interval = gain["interval"]
            hours = one["duration_minutes"] / 60
            typer.echo(
                f"{one['rank']}. {training['title']}  ({training['modality']}, {hours:.1f} h, "
                f"{training['provider']})"
            )
            typer.echo(
                f"   expected gain {gain['levels']:+.2f} levels "
                f"({interval['coverage']:.0%}: {interval['low']:.1f} to {interval['high']:.1f})"
            )
            for reason in one["reasons"]:
                typer.echo(
                    textwrap.fill(reason, WIDTH, initial_indent="   – ", subsequent_indent="     ")
                )

    def serving(self, base: str, secret: NewSecret) -> None:
        """How to go on by hand."""
        self.heading("Serving")
        typer.echo(f"Still serving at {base}; Ctrl-C ends it. Try:")
        typer.echo(
            f"  curl -s -u {secret.client_id}:{secret.client_secret} "
            f"-d grant_type=client_credentials {base}/oauth/token"
        )


def _shortened(text: str, label: str) -> str:
    return label + textwrap.shorten(text, WIDTH - len(label), placeholder="…")
