"""How long the server's layout takes beside networkx, and how short it draws the ties.

    python bench/layout.py [--sizes 200,1000,5000] [--peer-up-to 1000]

Networks with planted communities of about 28 and 2.5 ties a node, four in five inside. Kept: mean share of a node's
neighbours among its ten nearest drawn. The first call compiles, or reads what was compiled before; it is shown apart.
CPU seconds, median of three; ``spring_layout`` once, up to ``--peer-up-to`` nodes (5,000: a minute).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import networkx
import numpy as np

from viz.layout import kept_near, place


def planted(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    home = rng.integers(0, max(1, count // 28), count)
    members = [np.flatnonzero(home == name) for name in range(int(home.max()) + 1)]
    source = rng.integers(0, count, int(2.5 * count))
    inside = np.array([rng.choice(members[home[i]]) for i in source])
    target = np.where(rng.random(len(source)) < 0.8, inside, rng.integers(0, count, len(source)))
    apart = source != target
    return source[apart], target[apart]


def cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="200,1000,5000")
    parser.add_argument("--peer-up-to", type=int, default=1000)
    options = parser.parse_args()
    source, target = planted(60)
    began = time.perf_counter()
    place([str(i) for i in range(60)], source, target)
    print(f"first call {time.perf_counter() - began:.2f} s")
    print(f"{'nodes':>6} {'kith s':>8} {'kept':>5} {'spring s':>9} {'kept':>5} {'times':>6}")
    for count in map(int, options.sizes.split(",")):
        source, target = planted(count)
        ids = [str(i) for i in range(count)]
        ours = statistics.median(cpu(lambda ids=ids, a=source, b=target: place(ids, a, b)) for _ in range(3))  # type: ignore[misc]
        laid = place(ids, source, target)
        line = f"{count:>6} {ours:>8.3f} {kept_near(laid.x, laid.y, source, target):>5.2f}"
        if count <= options.peer_up_to:
            graph = networkx.Graph(list(zip(source.tolist(), target.tolist(), strict=True)))
            graph.add_nodes_from(range(count))
            began = time.process_time()
            spring = networkx.spring_layout(graph, seed=1)
            peer = time.process_time() - began
            points = np.array([spring[i] for i in range(count)])
            line += f" {peer:>9.2f} {kept_near(points[:, 0], points[:, 1], source, target):>5.2f} {peer / ours:>6.0f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
