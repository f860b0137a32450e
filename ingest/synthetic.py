"""The invented city: an exchange bundle made from a seed, and the planted truth beside it.

``python -m ingest.synthetic --size city --seed 1 --out DIR --truth DIR``. The same size, seed, assumptions and date
give the same bytes. Nothing in it is real: people, places and numbers are invented and the ground is open sea.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from dataclasses import fields
from pathlib import Path

from ingest.city import areas, confounders, finishing, missing, networks, offences, people, places, restricted, rings
from ingest.city.geography import make_geography
from ingest.city.output import write_bundle
from ingest.city.services import add_background_events, add_hub_work, choose_known
from ingest.city.settings import SCALES, Assumptions, Size, Summary
from ingest.city.state import City
from ingest.city.truth import write_truth

__all__ = ["Assumptions", "Size", "Summary", "generate", "main"]

DEFAULT_AS_AT = dt.date(2026, 10, 1)


def generate(
    size: Size,
    seed: int,
    folder: Path,
    *,
    assumptions: Assumptions | None = None,
    as_at: dt.date = DEFAULT_AS_AT,
    truth: Path | None = None,
) -> Summary:
    """Write an invented city of the size into ``folder`` and its planted truth outside it.

    ``truth`` defaults to ``truth-<name of folder>`` beside ``folder``; a truth folder inside the bundle raises
    ValueError, since loading the bundle must not see it. Both folders are made when missing.
    """
    started = time.perf_counter()
    folder = folder.resolve()
    truth_folder = (truth or folder.parent / f"truth-{folder.name}").resolve()
    if truth_folder == folder or folder in truth_folder.parents:
        raise ValueError("the truth folder must lie outside the bundle folder")
    folder.mkdir(parents=True, exist_ok=True)
    truth_folder.mkdir(parents=True, exist_ok=True)
    city = City(size, seed, SCALES[size], assumptions or Assumptions(), as_at)
    secret = _build(city)
    twins = finishing.finish(city, secret)
    rows = write_bundle(city, twins, secret, folder)
    truth_rows = write_truth(city, twins, truth_folder)
    return Summary(
        size=size,
        seed=seed,
        folder=folder,
        truth=truth_folder,
        rows=rows,
        truth_rows=truth_rows,
        ties=rows["links.csv"] + rows["participants.csv"],
        seconds=time.perf_counter() - started,
    )


def _build(city: City) -> int:
    """Every step in order; returns the number of the person only a restricted operation knows."""
    city.geography = make_geography(city)
    city.schools = places.make_schools(city)
    city.places = places.make_places(city)
    areas.plan_areas(city)
    rings.plan_rings(city)
    city.places.ready(city.scale.neighbourhoods)
    city.people = people.make_people(city)
    people.add_homes(city)
    areas.set_exposure(city)
    secret = restricted.plan_secret_person(city)
    friendships = networks.friendship_groups(city)
    rings.cast_rings(city, friendships)
    outside = choose_known(city)
    confounders.give_same_names(city)
    networks.add_families(city)
    networks.add_schools_and_homes(city)
    networks.add_friends(city, friendships)
    networks.add_acquaintances(city)
    networks.add_whereabouts(city)
    add_hub_work(city, outside)
    rings.record_rings(city)
    offences.add_offences(city)
    missing.add_missing(city, friendships)
    areas.add_incidents(city)
    add_background_events(city)
    confounders.add_super_connectors(city)
    confounders.add_professionals(city)
    confounders.add_supporters(city)
    confounders.add_false_ties(city)
    confounders.add_second_entries(city)
    restricted.add_operations(city, secret)
    return secret


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingest.synthetic", description="Write an invented city.")
    parser.add_argument("--size", choices=sorted(SCALES), default="hub")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder of the exchange bundle")
    parser.add_argument("--truth", type=Path, help="folder of the planted truth (default: truth-<name> beside it)")
    parser.add_argument("--as-at", type=dt.date.fromisoformat, default=DEFAULT_AS_AT, help="the last day, YYYY-MM-DD")
    for field in fields(Assumptions):
        parser.add_argument(f"--{field.name.replace('_', '-')}", type=float, default=field.default, metavar="NUMBER")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    given = _parser().parse_args(arguments)
    assumptions = Assumptions(**{field.name: getattr(given, field.name) for field in fields(Assumptions)})
    summary = generate(given.size, given.seed, given.out, assumptions=assumptions, as_at=given.as_at, truth=given.truth)
    for name, rows in [*summary.rows.items(), *summary.truth_rows.items()]:
        sys.stdout.write(f"{rows:>10,}  {name}\n")
    sys.stdout.write(f"{summary.ties:>10,}  links and participations, {summary.seconds:.1f} s\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
