# SPDX-License-Identifier: GPL-2.0-or-later
"""Puts questions to stats-calc and to SciPy or NumPy. Prints a line a point: ok or what differs."""

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
from scipy import stats
from scipy.spatial.distance import cdist, pdist

rng = np.random.default_rng(11)
questions = []  # name, line, what is wanted, tolerance


def ask(name, line, want, rel=1e-9):
    questions.append((name, line, [float(w) for w in np.atleast_1d(want)], rel))


def text(*lists):
    return " | ".join(" ".join(repr(float(v)) for v in values) for values in lists)


# ---- null distributions, counted with whole numbers ----


def subset_sums(ranks, size=None):
    """How many subsets have each sum; of that size, or of any."""
    ways = {(0, 0): 1}
    for rank in ranks:
        more = dict(ways)
        for (taken, total), count in ways.items():
            if size is None or taken < size:
                key = (taken + 1 if size is not None else 0, total + rank)
                more[key] = more.get(key, 0) + count
        ways = more
    return {t: c for (taken, t), c in ways.items() if size is None or taken == size}


def two_sided(sums, seen):
    every = sum(sums.values())
    upto = sum(c for s, c in sums.items() if s <= seen)
    above = sum(c for s, c in sums.items() if s >= seen)
    return float(min(Fraction(1), Fraction(2 * min(upto, above), every)))


def critical(sums, level):
    """The rank of the pair at which an interval begins, and its level."""
    every, error, rank, got = sum(sums.values()), 0, 0, 1.0
    for value in range(max(sums)):
        error += sums.get(value, 0)
        if Fraction(2 * error, every) > Fraction(1) - Fraction(str(level)):
            break
        rank, got = value + 1, float(1 - Fraction(2 * error, every))
    return rank, got


def interval(pairs, sums, level):
    pairs = np.sort(pairs)
    rank, got = critical(sums, level)
    if rank == 0:
        return [np.median(pairs), -math.inf, math.inf, 1]
    return [np.median(pairs), pairs[rank - 1], pairs[-rank], got]


def normal_interval(pairs, deviation, level):
    pairs = np.sort(pairs)
    rank = int(len(pairs) / 2 - 0.5 + stats.norm.ppf((1 - level) / 2) * deviation) + 1
    got = 1 - 2 * stats.norm.sf((len(pairs) / 2 - (rank - 1) - 0.5) / deviation)
    return [np.median(pairs), pairs[rank - 1], pairs[-rank], got]


# ---- samples ----

shapes = {
    "normal": lambda n: rng.normal(100, 3, n),
    "lognormal": lambda n: rng.lognormal(2, 1, n),
    "heavy-tailed": lambda n: rng.standard_t(2, n),
    "bimodal": lambda n: rng.normal(0, 1, n) + 8 * rng.integers(0, 2, n),
    "uniform": lambda n: rng.uniform(-1, 1, n),
}


def whole(n, kinds):
    return rng.integers(0, kinds, n).astype(float)


# ---- rank sums ----


def rank_sums():
    for shape, draw in shapes.items():
        for n, m in ((3, 4), (8, 8), (24, 40), (40, 24), (60, 60)):
            a, b = draw(n), draw(m) + rng.uniform(0, 1)
            p = stats.mannwhitneyu(b, a, method="exact").pvalue
            ask(f"exact rank sum, {shape}, {n} and {m}", "ranksum |" + text(a, b), p)
        for n, m in ((61, 30), (200, 300)):
            a, b = draw(n), draw(m)
            p = stats.mannwhitneyu(b, a, method="asymptotic").pvalue
            ask(f"normal rank sum, {shape}, {n} and {m}", "ranksum |" + text(a, b), p)
    for n, m, kinds in ((80, 100, 4), (61, 61, 30), (300, 20, 2)):
        a, b = whole(n, kinds), whole(m, kinds)
        p = stats.mannwhitneyu(b, a, method="asymptotic").pvalue
        ask(f"normal rank sum with ties, {n} and {m}", "ranksum |" + text(a, b), p)
    for n, m, kinds in ((4, 5, 3), (6, 5, 5), (7, 4, 2)):
        a, b = whole(n, kinds), whole(m, kinds) + 1
        p = stats.permutation_test(
            (b, a),
            lambda x, y: stats.rankdata(np.concatenate((x, y)))[: len(x)].sum(),
            n_resamples=np.inf,
            vectorized=False,
        ).pvalue
        ask(f"rank sum with ties, all permutations, {n} and {m}", "ranksum |" + text(a, b), p)
    for n, m, kinds in ((12, 9, 4), (20, 24, 6), (40, 24, 12), (30, 30, 2)):
        a, b = whole(n, kinds), whole(m, kinds) + rng.integers(0, 2)
        ranks = [int(r) for r in 2 * stats.rankdata(np.concatenate((a, b)))]
        p = two_sided(subset_sums(ranks, m), sum(ranks[n:]))
        ask(f"rank sum with ties, counted, {n} and {m}", "ranksum |" + text(a, b), p)


# ---- signed ranks ----


def signed_ranks():
    for shape, draw in shapes.items():
        for n in (5, 12, 40):
            d = draw(n) - np.median(draw(n))
            p = stats.wilcoxon(d, mode="exact").pvalue
            ask(f"exact signed ranks, {shape}, {n}", "signedrank |" + text(d), p)
        d = draw(150) - np.median(draw(150))
        p = stats.wilcoxon(d, mode="approx", correction=True).pvalue
        ask(f"normal signed ranks, {shape}, 150", "signedrank |" + text(d), p)
    for n, kinds in ((120, 9), (200, 41)):
        d = whole(n, kinds) - kinds // 3
        p = stats.wilcoxon(d, zero_method="pratt", mode="approx", correction=True).pvalue
        ask(f"normal signed ranks with ties and zeros, {n}", "signedrank |" + text(d), p)
    for n, kinds in ((8, 3), (10, 7)):
        d = whole(n, kinds) - 1
        ranks = np.where(d == 0, 0, stats.rankdata(np.abs(d)))
        p = stats.permutation_test(
            (d,),
            lambda x, r=ranks: r[x > 0].sum(),
            permutation_type="samples",
            n_resamples=np.inf,
            vectorized=False,
        ).pvalue
        ask(f"signed ranks with ties and zeros, all signs, {n}", "signedrank |" + text(d), p)
    for n, kinds in ((20, 5), (50, 9), (100, 30)):
        d = whole(n, kinds) - kinds // 3
        ranks = [int(r) for r, v in zip(2 * stats.rankdata(np.abs(d)), d) if v != 0]
        seen = sum(int(r) for r, v in zip(2 * stats.rankdata(np.abs(d)), d) if v > 0)
        p = two_sided(subset_sums(ranks), seen)
        ask(f"signed ranks with ties and zeros, counted, {n}", "signedrank |" + text(d), p)


# ---- shifts ----


def shifts():
    for shape, draw in shapes.items():
        for n, m, level in ((3, 3, 0.95), (6, 7, 0.9), (24, 40, 0.95), (40, 24, 0.99)):
            a, b = draw(n), draw(m)
            sums = subset_sums(range(1, n + m + 1), m)
            sums = {s - m * (m + 1) // 2: c for s, c in sums.items()}
            want = interval(np.subtract.outer(b, a).ravel(), sums, level)
            ask(f"unpaired shift, {shape}, {n} and {m}, {level}", f"unpaired {level} |" + text(a, b), want)
        a, b = draw(150), draw(70)
        want = normal_interval(np.subtract.outer(b, a).ravel(), math.sqrt(150 * 70 * 221 / 12), 0.95)
        ask(f"unpaired shift, {shape}, 150 and 70", "unpaired 0.95 |" + text(a, b), want)
        for n, level in ((5, 0.95), (9, 0.9), (40, 0.99), (100, 0.95)):
            d = draw(n)
            walsh = ((d[:, None] + d) / 2)[np.triu_indices(n)]
            want = interval(walsh, subset_sums(range(1, n + 1)), level)
            ask(f"paired shift, {shape}, {n}, {level}", f"paired {level} |" + text(d), want)
        d = draw(160)
        walsh = ((d[:, None] + d) / 2)[np.triu_indices(160)]
        want = normal_interval(walsh, math.sqrt(160 * 161 * 321 / 24), 0.95)
        ask(f"paired shift, {shape}, 160", "paired 0.95 |" + text(d), want)


# ---- the rest ----


def adjusted(p):
    if hasattr(stats, "false_discovery_control"):  # SciPy 1.11
        return stats.false_discovery_control(p)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return np.minimum(q, 1)


def energy(a, b):
    m, n = len(a), len(b)
    across = stats.energy_distance(a, b) ** 2  # means of all pairs, each value with itself too
    excess = [pdist(x[:, None]).mean() / len(x) for x in (a, b)]
    return m * n / (m + n) * (across - sum(excess))


def best_split(values, least=3):
    best = (-math.inf, 0)
    for at in range(least, len(values) - least + 1):
        for end in range(at + least, len(values) + 1):
            best = max(best, (energy_direct(values[:at], values[at:end]), at))
    return best[1]


def energy_direct(a, b):
    m, n = len(a), len(b)
    a, b = a[:, None], b[:, None]
    return m * n / (m + n) * (2 * cdist(a, b).mean() - pdist(a).mean() - pdist(b).mean())


def others():
    for n in (1, 2, 10, 50, 300):
        p = rng.uniform(0, 1, n) ** 3
        ask(f"q values of {n}", "fdr |" + text(p), adjusted(p))
    p = rng.integers(1, 6, 40) / 40
    ask("q values with ties", "fdr |" + text(p), adjusted(p))
    for shape, draw in shapes.items():
        a = draw(33)
        ask(f"median, {shape}", "median |" + text(a), np.median(a))
        for m, n in ((2, 2), (10, 30)):
            a, b = draw(m), draw(n)
            ask(f"energy statistic, {shape}, {m} and {n}", "energy |" + text(a, b), energy(a, b), 1e-7)
        values = draw(40)
        values[22:] += 20 * (np.percentile(values, 90) - np.percentile(values, 10))
        ask(f"a change, {shape}", "changes |" + text(values), best_split(values))


def same(got, want, rel):
    if len(got) != len(want):
        return False
    return all(g == w or math.isclose(g, w, rel_tol=rel, abs_tol=1e-12) for g, w in zip(got, want))


def main():
    for part in (rank_sums, signed_ranks, shifts, others):
        part()
    lines = "".join(line + "\n" for _, line, _, _ in questions)
    out = subprocess.run([sys.argv[1]], input=lines, capture_output=True, text=True, check=True).stdout
    for (name, _, want, rel), answer in zip(questions, out.splitlines(), strict=True):
        got = [float(v) for v in answer.split()]
        print("ok" if same(got, want, rel) else f"got {got} want {want}", name, sep="\t")


main()
