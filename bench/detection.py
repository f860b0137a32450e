"""How well the detectors find what was planted: ``python bench/detection.py --size city --seeds 1 2 3``.

For each seed an invented city is written, loaded into a SQLite store and read back as a snapshot; the detectors see
nothing else. Only then is the planted truth read. Each question has a module in ``bench/questions`` with its own naive
lists. ``--assume co_missing_signal=0.5`` (several allowed) measures cities made under other assumptions. With
``KITH_BENCH_CITIES`` naming a folder the cities are kept there. Printed as Markdown: means over the seeds.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import pkgutil
import resource
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from bench import questions
from bench.cities import city, kept
from bench.figures import Figure
from ingest.synthetic import DEFAULT_AS_AT, Assumptions

#: the assumptions of the issue that are varied, one at a time
VARIED: tuple[Mapping[str, float], ...] = (
    {},
    {"co_missing_signal": 0.5},
    {"recording_bias": 2.0},
    {"duplicate_people": 0.1},
    {"tie_loss": 0.3},
)


def question_modules(names: Sequence[str]) -> dict[str, ModuleType]:
    """Modules of the questions chosen, all when none is named."""
    there = [found.name for found in pkgutil.iter_modules(questions.__path__)]
    unknown = set(names) - set(there)
    if unknown:
        raise SystemExit(f"no such question: {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    return {name: importlib.import_module(f"bench.questions.{name}") for name in there if not names or name in names}


def measured(
    size: str, seeds: Sequence[int], modules: Mapping[str, ModuleType], assumptions: Assumptions
) -> tuple[list[Figure], dict[str, float]]:
    """Figures of every city, and the seconds each question took in all."""
    figures: list[Figure] = []
    seconds: dict[str, float] = dict.fromkeys(modules, 0.0)
    with kept() as folder:
        for seed in seeds:
            snapshot, truth = city(size, seed, Path(folder), assumptions)
            for name, module in modules.items():
                started = time.perf_counter()
                figures += module.measure(snapshot, truth, seed)
                seconds[name] += time.perf_counter() - started
                gc.collect()
    return figures, seconds


def means(figures: Iterable[Figure]) -> dict[tuple[str, str, str], tuple[float, float, float, float | None]]:
    """(mean, least, most, bar) over the seeds, by question, method and measure."""
    values: dict[tuple[str, str, str], list[float]] = {}
    bars: dict[tuple[str, str, str], float | None] = {}
    for figure in figures:
        key = (figure.question, figure.method, figure.measure)
        values.setdefault(key, []).append(figure.value)
        bars[key] = figure.bar
    return {
        key: (float(np.mean(found)), float(np.min(found)), float(np.max(found)), bars[key])
        for key, found in values.items()
    }


def table(figures: Iterable[Figure]) -> str:
    """All figures with their bars."""
    lines = ["| question | method | measure | mean | least to most | bar | |", "|---|---|---|---:|---:|---:|---|"]
    for (question, method, measure), (mean, least, most, bar) in means(figures).items():
        bar_text = "" if bar is None else f"{bar:.2f}"
        verdict = "" if bar is None else ("met" if mean >= bar else "**missed**")
        lines.append(
            f"| {question} | {method} | {measure} | {mean:.2f} | {least:.2f} to {most:.2f} | {bar_text} | {verdict} |"
        )
    return "\n".join(lines)


def varied_table(by_assumption: Mapping[str, Iterable[Figure]]) -> str:
    """Our own figures that have a bar, one column an assumption."""
    columns = {name: means(figures) for name, figures in by_assumption.items()}
    first = next(iter(columns.values()))
    rows = [key for key, (_, _, _, bar) in first.items() if bar is not None]
    lines = [
        f"| question | measure | bar | {' | '.join(columns)} |",
        f"|---|---|---:|{'---:|' * len(columns)}",
    ]
    for key in rows:
        cells = (f"{found[key][0]:.2f}" if key in found else "" for found in columns.values())
        lines.append(f"| {key[0]} | {key[2]} | {first[key][3]:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def read_assumptions(given: Sequence[str]) -> Assumptions:
    """``name=value`` words. Raises SystemExit."""
    chosen: dict[str, float] = {}
    for word in given:
        name, _, value = word.partition("=")
        if name not in Assumptions.__dataclass_fields__:
            raise SystemExit(f"no such assumption; there are {', '.join(Assumptions.__dataclass_fields__)}")
        chosen[name] = float(value)
    return Assumptions(**chosen)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", choices=("hub", "city", "region"), default="city")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--questions", nargs="+", default=[])
    parser.add_argument("--assume", nargs="+", default=[], metavar="NAME=VALUE")
    parser.add_argument("--varied", action="store_true", help="default and each assumption of the table in turn")
    chosen = parser.parse_args(arguments)
    modules = question_modules(chosen.questions)
    print(f"{chosen.size}, seeds {chosen.seeds}, as at {DEFAULT_AS_AT:%d %B %Y}\n", flush=True)
    if chosen.varied:
        by_assumption = {}
        for fields in VARIED:
            name = ", ".join(f"{key} {value:g}" for key, value in fields.items()) or "as shipped"
            by_assumption[name], _ = measured(chosen.size, chosen.seeds, modules, Assumptions(**fields))
        print(varied_table(by_assumption))
        return 0
    figures, seconds = measured(chosen.size, chosen.seeds, modules, read_assumptions(chosen.assume))
    print(table(figures))
    print("\nSeconds for all seeds, naive lists included: " + ", ".join(f"{n} {s:.0f}" for n, s in seconds.items()))
    print(f"Peak memory of the whole run {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
