"""Slow, plain oracles that share no code with the package."""

import math
from collections import Counter
from fractions import Fraction
from itertools import groupby, permutations, product

import numpy as np

# --- features -------------------------------------------------------------------------------------------------------


def add_deltas(static, order):
    """Kaldi's add-deltas: order n filters the static features with the n-fold window, edges repeated."""
    window, frames = 2, len(static)
    scales = [[1.0]]
    for _ in range(order):
        previous = scales[-1]
        current = [0.0] * (len(previous) + 2 * window)
        for j in range(-window, window + 1):
            for k, value in enumerate(previous):
                current[j + window + k] += j * value / 10
        scales.append(current)
    parts = []
    for weights in scales:
        reach = len(weights) // 2
        out = np.zeros_like(static)
        for t in range(frames):
            for k, weight in enumerate(weights):
                out[t] += weight * static[min(max(t + k - reach, 0), frames - 1)]
        parts.append(out)
    return np.concatenate(parts, axis=1)


def two_means(levels):
    """The means of the two parts of the sorted levels with the least squared error, by trying every split."""
    ordered = sorted(levels)

    def error(part):
        return sum((x - sum(part) / len(part)) ** 2 for x in part)

    splits = [(ordered[:n], ordered[n:]) for n in range(1, len(ordered))]
    lower, upper = min(splits, key=lambda parts: error(parts[0]) + error(parts[1]))
    return sum(lower) / len(lower), sum(upper) / len(upper)


def smoothed(values, width):
    out = []
    for t in range(len(values)):
        near = [values[s] for s in range(len(values)) if abs(s - t) <= width // 2]
        out.append(sum(near) / len(near))
    return out


def resampled_line(line, slant, size, middle):
    """Every pixel of (T, H) between four of the old ones; nothing beyond the first and last of either axis."""
    columns, rows = line.shape
    out = np.zeros((columns, rows))
    for t, r in product(range(columns), range(rows)):
        away = r - (rows - 1) / 2
        x, y = t + slant * away, away * size + middle
        if not (0 <= x <= columns - 1 and 0 <= y <= rows - 1):
            continue
        for i, j in product((math.floor(x), math.floor(x) + 1), (math.floor(y), math.floor(y) + 1)):
            if i < columns and j < rows:
                out[t, r] += (1 - abs(x - i)) * (1 - abs(y - j)) * line[i, j]
    return out


# --- discovery: units against labels --------------------------------------------------------------------------------
# A corpus is a list of (units, segments, shift): segments are (start, end, label) in order, all times are Fractions.


def token_labels(units, segments, shift):
    """The label that covers (i + 1/2) · shift, None where none does."""
    out = []
    for i in range(len(units)):
        middle = (Fraction(2 * i + 1, 2)) * shift
        out.append(next((label for start, end, label in segments if start <= middle < end), None))
    return out


def scored_pairs(corpus, excluded):
    pairs = []
    for units, segments, shift in corpus:
        for unit, label in zip(units, token_labels(units, segments, shift), strict=True):
            if label is not None and label not in excluded:
                pairs.append((unit, label))
    return pairs


def entropy_of(values):
    return -sum(n / len(values) * math.log(n / len(values)) for n in Counter(values).values())


def clustering_scores(pairs):
    """Every score of two clusterings, by its definition; expected information by binomial coefficients."""
    units, labels, total = [u for u, _ in pairs], [y for _, y in pairs], len(pairs)
    a, b, both = Counter(units), Counter(labels), Counter(pairs)
    h_unit, h_label = entropy_of(units), entropy_of(labels)
    mutual = sum(n / total * math.log(n * total / (a[u] * b[y])) for (u, y), n in both.items())
    chance = 0.0
    for x in a.values():
        for z in b.values():
            for n in range(max(1, x + z - total), min(x, z) + 1):
                p = math.comb(x, n) * math.comb(total - x, z - n) / math.comb(total, z)
                chance += p * n / total * math.log(n * total / (x * z))
    alike = [[0, 0], [0, 0]]
    for i in range(total):
        for j in range(total):
            if i != j:
                alike[units[i] == units[j]][labels[i] == labels[j]] += 1
    (tn, fn), (fp, tp) = alike
    mean = (h_unit + h_label) / 2
    one = len(a) == 1 or len(b) == 1
    homogeneity = mutual / h_label if h_label else 1.0
    completeness = mutual / h_unit if h_unit else 1.0
    return {
        "phone_purity": sum(max(n for (v, _), n in both.items() if v == u) for u in a) / total,
        "cluster_purity": sum(max(n for (_, v), n in both.items() if v == y) for y in b) / total,
        "pnmi": mutual / h_label if h_label else 0.0,
        "nmi": mutual / mean if mean else 1.0,
        "ami": float(len(a) == len(b)) if one else 1.0 if mean == chance else (mutual - chance) / (mean - chance),
        "ari": 1.0 if fn == fp == 0 else 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn)),
        "homogeneity": homogeneity,
        "completeness": completeness,
        "v_measure": 2 * homogeneity * completeness / (homogeneity + completeness) if homogeneity + completeness else 0,
    }


def fit_many_to_one(pairs):
    """Each unit's most frequent label; among equals the more frequent over all, then the first by name."""
    total = Counter(label for _, label in pairs)
    mapping = {}
    for unit in {u for u, _ in pairs}:
        here = Counter(label for u, label in pairs if u == unit)
        mapping[unit] = min(here, key=lambda label: (-here[label], -total[label], label))
    return mapping, min(total, key=lambda label: (-total[label], label))


def best_one_to_one(pairs):
    """The most tokens any one-to-one mapping agrees on, by trying them all."""
    units, labels = sorted({u for u, _ in pairs}), sorted({y for _, y in pairs})
    both = Counter(pairs)
    if len(units) < len(labels):
        return max(sum(both[u, y] for u, y in zip(units, p, strict=True)) for p in permutations(labels, len(units)))
    return max(sum(both[u, y] for u, y in zip(p, labels, strict=True)) for p in permutations(units, len(labels)))


def edit_steps(guess, truth):
    """(distance, insertions, deletions, substitutions) of the shortest edits with the fewest insertions."""
    table = {(0, 0): (0, 0, 0, 0)}
    for i in range(len(guess) + 1):
        for j in range(len(truth) + 1):
            ways = []
            if i:
                d, ins, dele, sub = table[i - 1, j]
                ways.append((d + 1, ins + 1, dele, sub))
            if j:
                d, ins, dele, sub = table[i, j - 1]
                ways.append((d + 1, ins, dele + 1, sub))
            if i and j:
                d, ins, dele, sub = table[i - 1, j - 1]
                wrong = guess[i - 1] != truth[j - 1]
                ways.append((d + wrong, ins, dele, sub + wrong))
            if ways:
                table[i, j] = min(ways)
    return table[len(guess), len(truth)]


def collapsed(values):
    """Drop repeats, and the Nones that part them."""
    return [v for before, v in zip([None, *values], values, strict=False) if v is not None and v != before]


def error_rate(corpus, excluded, mapping, otherwise):
    distance = insertions = deletions = substitutions = length = 0
    for units, segments, shift in corpus:
        labels = token_labels(units, segments, shift)
        scored = [y is not None and y not in excluded for y in labels]
        guess = [mapping.get(u, otherwise) if keep else None for u, keep in zip(units, scored, strict=True)]
        truth, last = [], None
        for start, end, label in segments:
            if start >= len(units) * shift:
                continue
            truth += [None] if last is not None and start > last else []
            truth.append(None if label in excluded else label)
            last = end
        steps = edit_steps(collapsed(guess), collapsed(truth))
        distance, insertions, deletions, substitutions = (
            x + y for x, y in zip((distance, insertions, deletions, substitutions), steps, strict=True)
        )
        length += len(collapsed(truth))
    names = ("per_many_to_one", "per_insertions", "per_deletions", "per_substitutions")
    return {n: v / length for n, v in zip(names, (distance, insertions, deletions, substitutions), strict=True)}


def boundary_scores(corpus, excluded, tolerance, value):
    """Precision, recall, F1, over-segmentation and R-value; ``value`` turns a unit into what must change."""
    hits = guesses = truths = 0
    for units, segments, shift in corpus:
        end = len(units) * shift
        kept = [label not in excluded for _, _, label in segments]
        truth = [
            segments[k][0]
            for k in range(1, len(segments))
            if segments[k - 1][1] == segments[k][0] < end
            and segments[k - 1][2] != segments[k][2]
            and kept[k - 1]
            and kept[k]
        ]
        labels = [None if y in excluded else y for y in token_labels(units, segments, shift)]
        guess = [
            i * shift
            for i in range(1, len(units))
            if labels[i - 1] is not None and labels[i] is not None and value(units[i - 1]) != value(units[i])
        ]
        for k, time in enumerate(truth):
            found = False
            for g in guess:
                near = abs(g - time) <= tolerance
                before = k > 0 and g <= (truth[k - 1] + time) / 2
                after = k + 1 < len(truth) and g > (truth[k + 1] + time) / 2
                found = found or (near and not before and not after)
            hits += found
        guesses += len(guess)
        truths += len(truth)
    if not truths:  # nothing to find: whatever is found is wrong, the rest is undefined
        return {"boundary_precision": 0.0, "boundary_f1": 0.0} if guesses else {}
    recall, over = hits / truths, guesses / truths - 1
    away, aside = math.sqrt((1 - recall) ** 2 + over**2), (-over + recall - 1) / math.sqrt(2)
    return {
        "boundary_precision": hits / guesses if guesses else 0.0,
        "boundary_recall": recall,
        "boundary_f1": 2 * hits / (guesses + truths),
        "over_segmentation": over,
        "r_value": 1 - (abs(away) + abs(aside)) / 2,
    }


def largest_matching(truth, guess, reach):
    """The size of the largest bipartite matching, by augmenting paths."""
    partner = {}

    def place(t, seen):
        for g in guess:
            if abs(g - t) <= reach and g not in seen:
                seen.add(g)
                if g not in partner or place(partner[g], seen):
                    partner[g] = t
                    return True
        return False

    return sum(place(t, set()) for t in truth)


def frame_f1_mean(corpus, excluded):
    """The mean over utterances of the F1 of unit changes, ±1 frame, one to one."""
    scores = []
    for units, segments, shift in corpus:
        labels = [None if y in excluded else y for y in token_labels(units, segments, shift)]
        inner = [i for i in range(1, len(units)) if labels[i] is not None and labels[i - 1] is not None]
        truth = [i for i in inner if labels[i] != labels[i - 1]]
        guess = [i for i in inner if units[i] != units[i - 1]]
        if any(y is not None for y in labels):
            both = len(truth) + len(guess)
            scores.append(2 * largest_matching(truth, guess, 1) / both if both else 0.0)
    return sum(scores) / len(scores)


def usage_scores(corpus):
    tokens = [u for units, _, _ in corpus for u in units]
    runs = [(u, len(list(group))) for units, _, _ in corpus for u, group in groupby(units)]
    duration = float(sum(len(units) * shift for units, _, shift in corpus))
    bits = entropy_of(tokens) / math.log(2)
    return {
        "units_used": len(set(tokens)),
        "perplexity": 2**bits,
        "bitrate": len(tokens) * bits / duration,
        "bitrate_runs": len(runs) * entropy_of(runs) / math.log(2) / duration,
        "run_duration": duration / len(runs),
    }


def codebook_scores(corpus, excluded, fit=None):
    """Usage of each codebook alone, and the accuracy of its indices mapped to labels; units are tuples of indices."""

    def alone(utterances, g):
        return [([token[g] for token in units], *rest) for units, *rest in utterances]

    size = len(next(units for units, *_ in corpus if units)[0])
    duration = float(sum(len(units) * shift for units, _, shift in corpus))
    out, right, fitted = {"bitrate_codebooks": 0.0}, [], []
    for g in range(size):
        indices = [index for units, *_ in alone(corpus, g) for index in units]
        bits = entropy_of(indices) / math.log(2)
        out |= {f"units_used_codebook_{g}": len(set(indices)), f"perplexity_codebook_{g}": 2**bits}
        out["bitrate_codebooks"] += len(indices) * bits / duration
        pairs = scored_pairs(alone(corpus, g), excluded)
        fitting = scored_pairs(alone(corpus if fit is None else fit, g), excluded)
        if not pairs or not fitting:
            continue
        mapping, top = fit_many_to_one(fitting)
        right.append(sum(mapping.get(u, top) == y for u, y in pairs) / len(pairs))
        fitted.append(sum(mapping[u] == y for u, y in fitting))
        out[f"many_to_one_codebook_{g}"] = right[-1]
    for name in ("units_used", "perplexity"):
        out[f"{name}_codebook_mean"] = sum(out[f"{name}_codebook_{g}"] for g in range(size)) / size
    if right:
        out |= {
            "best_codebook": fitted.index(max(fitted)),
            "many_to_one_codebook_best": right[fitted.index(max(fitted))],
        }
    return out


# --- abx ------------------------------------------------------------------------------------------------------------


def frames_between(onset, offset, frame_shift):
    """The frames i whose time (i + 0.5) * shift is from onset to offset, both included; texts of decimals."""
    onset, offset, shift = Fraction(onset), Fraction(offset), Fraction(frame_shift)
    count = int(offset / shift) + 2
    return [i for i in range(count) if onset <= (i + Fraction(1, 2)) * shift <= offset]


def frame_distance(name, u, v):
    if name == "identical":
        return float(u != v)
    if name == "euclidean":
        return math.dist(u, v)
    if name == "kl_symmetric":
        return sum((p - q) * (math.log(p + 1e-6) - math.log(q + 1e-6)) for p, q in zip(u, v, strict=True)) / 2
    sizes = math.hypot(*u), math.hypot(*v)
    if 0 in sizes:
        return float(sizes[0] != sizes[1])
    if list(u) == list(v):
        return 0.0
    cosine = sum(a * b for a, b in zip(u, v, strict=True)) / sizes[0] / sizes[1]
    return math.acos(max(-1.0, min(1.0, cosine))) / math.pi


def token_distance(name, x, y):
    """Dynamic time warping, its cost divided by the length of the path that a back-trace finds; or edits."""
    if name == "levenshtein":
        x, y = [[unit for unit, _ in groupby(units)] for units in (x, y)]
        return edits_between(tuple(x), tuple(y)) / max(len(x), len(y))
    cost = {}
    for i, u in enumerate(x):
        for j, v in enumerate(y):
            before = [cost[c] for c in ((i - 1, j - 1), (i, j - 1), (i - 1, j)) if c in cost]
            cost[i, j] = frame_distance(name, u, v) + min(before, default=0.0)
    path = [(len(x) - 1, len(y) - 1)]
    while path[-1] != (0, 0):
        i, j = path[-1]
        # Sums in another order may differ in their last bits: what is that close is equal.
        before = [c for c in ((i - 1, j - 1), (i, j - 1), (i - 1, j)) if c in cost]
        path.append(min(before, key=lambda c: round(cost[c], 11)))
    return round(cost[len(x) - 1, len(y) - 1] / len(path), 11)


def edits_between(x, y):
    if not x or not y:
        return len(x) + len(y)
    if x[0] == y[0]:
        return edits_between(x[1:], y[1:])
    return 1 + min(edits_between(x[1:], y), edits_between(x, y[1:]), edits_between(x[1:], y[1:]))


def abx_error(tokens, name, speaker, context):
    """The ABX error and the number of cells; a token is (frames, label, neighbours, speaker)."""
    cells = {}
    for a in tokens:
        for b in tokens:
            for x in tokens:
                place = ("any", "any", "any") if context == "any" else (a[2], b[2], x[2])
                voices = a[3] == x[3] if speaker == "within" else a[3] != x[3]
                if a is x or a[1] != x[1] or a[1] == b[1] or a[3] != b[3] or not voices or len(set(place)) > 1:
                    continue
                near, far = token_distance(name, x[0], a[0]), token_distance(name, x[0], b[0])
                key = (a[1], b[1], a[3], place[0], x[3])
                cells.setdefault(key, []).append(1.0 if near > far else 0.5 if near == far else 0.0)
    scores = {key: sum(errors) / len(errors) for key, errors in cells.items()}
    for depth in (3, 2) if context == "within" else (2,):
        kept = {}
        for key, score in scores.items():
            kept.setdefault(key[:depth], []).append(score)
        scores = {key: sum(values) / len(values) for key, values in kept.items()}
    return sum(scores.values()) / len(scores), len(cells)


# --- codebook -------------------------------------------------------------------------------------------------------
# Vectors and codewords are lists of lists of Python floats (or Fractions).


def squared_distance(a, b):
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True))


def nearest_codeword(vector, codewords):
    best = 0
    for index, word in enumerate(codewords):
        if squared_distance(vector, word) < squared_distance(vector, codewords[best]):
            best = index
    return best


def quantiser_loss(vectors, codewords, real, commitment):
    """Loss, distance, and the gradients to vectors and codewords with the stopped gradients left out by hand."""
    dim, frames = len(codewords[0]), sum(real)
    loss = distance = 0.0
    to_vectors = [[0.0] * dim for _ in vectors]
    to_codewords = [[0.0] * dim for _ in codewords]
    for n, vector in enumerate(vectors):
        if not real[n]:
            continue
        k = nearest_codeword(vector, codewords)
        for d in range(dim):
            error = vector[d] - codewords[k][d]
            loss += (1 + commitment) * error**2 / (frames * dim)
            distance += error**2 / frames
            to_vectors[n][d] += commitment * 2 * error / (frames * dim)
            to_codewords[k][d] -= 2 * error / (frames * dim)
    return loss, distance, to_vectors, to_codewords


class MovingAverage:
    """Codewords as the quotient of two moving averages, both starting as if each had one vector a step."""

    def __init__(self, codewords, decay):
        self.words = [list(word) for word in codewords]
        self.sums = [list(word) for word in codewords]
        self.counts = [1.0] * len(codewords)
        self.decay = decay

    def step(self, vectors, real):
        members = {k: [] for k in range(len(self.words))}
        for vector, kept in zip(vectors, real, strict=True):
            if kept:
                members[nearest_codeword(vector, self.words)].append(vector)
        for k, vectors_of_k in members.items():
            self.counts[k] = self.decay * self.counts[k] + (1 - self.decay) * len(vectors_of_k)
            for d in range(len(self.words[k])):
                total = sum(vector[d] for vector in vectors_of_k)
                self.sums[k][d] = self.decay * self.sums[k][d] + (1 - self.decay) * total
                self.words[k][d] = self.sums[k][d] / self.counts[k]


def algorithm_r(stream, capacity, draws):
    """Vitter's Algorithm R; draws[t] modulo t + 1 is the t-th draw."""
    kept = []
    for t, item in enumerate(stream):
        if t < capacity:
            kept.append(item)
        elif draws[t] % (t + 1) < capacity:
            kept[draws[t] % (t + 1)] = item
    return kept


def inertia_of(vectors, units):
    """The mean squared distance of vectors to the mean of those with the same unit."""
    total = 0.0
    for unit in set(units):
        members = [vector for vector, own in zip(vectors, units, strict=True) if own == unit]
        mean = [sum(column) / len(members) for column in zip(*members, strict=True)]
        total += sum(squared_distance(vector, mean) for vector in members)
    return total / len(vectors)


def plusplus_chances(points, count):
    """The probability of each sequence of seeds under k-means++: {(i, j, ...): p}."""
    chances = {(i,): Fraction(1, len(points)) for i in range(len(points))}
    for _ in range(count - 1):
        longer = {}
        for seeds, chance in chances.items():
            weights = [min(squared_distance(point, points[s]) for s in seeds) for point in points]
            for i, weight in enumerate(weights):
                if weight:
                    longer[(*seeds, i)] = chance * Fraction(weight, sum(weights))
        chances = longer
    return chances


# --- units: runs, segments, pieces -----------------------------------------------------------------------------------


def runs_of(units):
    """[(unit, how many in a row)]"""
    return [(unit, len(list(group))) for unit, group in groupby(units)]


def cheapest_segmentation(vectors, codewords, weight):
    """The recursion of Kamper and van Niekerk (2020): the least cost, and that of a given way to tell it.

    A segment of tokens j..t-1 costs the squared distances to its codeword and weight · (1 - length); returns the least
    total with weight · tokens put back, so that it is distances + weight · segments.
    """
    distance = [[squared_distance(vector, word) for word in codewords] for vector in vectors]
    alpha = [0.0]
    for t in range(1, len(vectors) + 1):
        options = []
        for j in range(t):
            own = min(sum(distance[i][k] for i in range(j, t)) for k in range(len(codewords)))
            options.append(alpha[j] + own + weight * (1 - (t - j)))
        alpha.append(min(options))
    return alpha[-1] + weight * len(vectors)


def segmentation_cost(vectors, codewords, weight, units):
    distances = sum(squared_distance(vector, codewords[unit]) for vector, unit in zip(vectors, units, strict=True))
    return distances + weight * len(runs_of(units))


def entropy_bits(symbols):
    """How many bits the symbols take in all, by their own distribution."""
    counts = Counter(symbols)
    return -sum(n * math.log2(n / len(symbols)) for n in counts.values())


def words_between_spaces(characters):
    """(start, end, text) of characters [(start, end, character)] of one line; '_' parts words, '*' is nothing."""
    words = []
    fresh = True
    for start, end, character in characters:
        if character == "*":
            continue
        if character == "_":
            fresh = True
        elif fresh:
            words.append((start, end, character))
            fresh = False
        else:
            words[-1] = (words[-1][0], end, words[-1][2] + character)
    return words


def ctc_loss(probabilities, labels):
    """−log of the summed probability of every path (one class a step, 0 the blank) that collapses to ``labels``."""
    total = 0.0
    for path in product(range(len(probabilities[0])), repeat=len(probabilities)):
        collapsed = [symbol for symbol, _ in groupby(path) if symbol]
        if collapsed == list(labels):
            total += math.prod(row[symbol] for row, symbol in zip(probabilities, path, strict=True))
    return -math.log(total)


def prediction_loss(scores, clusters, real, stride, *, active=None, hidden=None, shown_weight=0.5, rest_weight=0.1):
    """Cross-entropy of each token, averaged over those that are hidden, plus that of the others by their weight.

    ``scores`` are of tokens, by row; the rest is of frames. Without ``hidden`` all tokens are averaged.
    """
    sums, weights = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}
    for row, tokens in enumerate(scores):
        for token, classes in enumerate(tokens):
            span = slice(token * stride, (token + 1) * stride)
            cluster = clusters[row][token * stride]
            if not any(real[row][span]) or cluster < 0:
                continue
            loss = math.log(sum(math.exp(score) for score in classes)) - classes[cluster]
            weight = 1.0 if active is None or any(active[row][span]) else rest_weight
            group = hidden is not None and any(hidden[row][span])
            sums[group] += weight * loss
            weights[group] += weight
    means = {group: sums[group] / weights[group] if weights[group] else 0.0 for group in sums}
    return means[False] if hidden is None else means[True] + shown_weight * means[False]


def edits(guess, truth):
    """Levenshtein distance by its recursion."""
    row = list(range(len(truth) + 1))
    for i, g in enumerate(guess, start=1):
        new = [i]
        for j, t in enumerate(truth, start=1):
            new.append(min(row[j] + 1, new[j - 1] + 1, row[j - 1] + (g != t)))
        row = new
    return row[-1]


def recognition_errors(utterances, names, *, tokens, exclude, ignore):
    """Edits and labels of (classes, labels) pairs, a label lasting ``tokens`` tokens, cut at labels of ``ignore``."""
    errors = total = 0
    for classes, labels in utterances:
        truth, guess, before = [[]], [[]], None
        for label in labels:
            if label in ignore:
                truth.append([])
            elif label != before and label not in exclude:
                truth[-1].append(label)
            before = label
        before = 0
        for i, symbol in enumerate(classes):
            at = i // tokens
            cut = sum(label in ignore for label in labels[: at + 1])
            guess += [[] for _ in range(cut + 1 - len(guess))]
            inside = at < len(labels) and labels[at] in ignore
            if symbol and symbol != before and not inside and names[symbol - 1] not in exclude:
                guess[cut].append(names[symbol - 1])
            before = 0 if inside else symbol
        guess += [[] for _ in range(len(truth) - len(guess))]
        errors += sum(edits(g, t) for g, t in zip(guess, truth, strict=True))
        total += sum(map(len, truth))
    return errors, total


# --- bits per dimension ---------------------------------------------------------------------------------------------


def bits_per_dimension(utterances, probability):
    """(nats, values, tokens) of each utterance, and the probability of a codeword of a codebook: the mean bits."""
    bits = dimensions = 0.0
    for nats, values, tokens in utterances:
        bits += nats / math.log(2)
        dimensions += values
        for token in tokens:
            for codebook, codeword in enumerate(token):
                bits -= math.log2(probability(codebook, codeword))
    return bits / dimensions


# --- reconstructions ------------------------------------------------------------------------------------------------


def mel_cepstrum(log_energies):
    """The c_d of log amplitude = c_0 + sum over d of c_d cos(pi d (b + 1/2) / B), from natural logarithms of energies."""
    bins = len(log_energies)
    return [
        (1 if d == 0 else 2) / bins
        * sum(value / 2 * math.cos(math.pi * d * (b + 0.5) / bins) for b, value in enumerate(log_energies))
        for d in range(bins)
    ]  # fmt: skip


def mel_cepstral_distortion(original, other, most):
    """In dB, of one frame."""
    pairs = list(zip(mel_cepstrum(original), mel_cepstrum(other), strict=True))[1 : most + 1]
    return 10 / math.log(10) * math.sqrt(2 * sum((a - b) ** 2 for a, b in pairs))


def log_spectral_distance(original, other):
    """In dB, of one frame: from energies, each of which is 10 log10 dB."""
    pairs = zip(original, other, strict=True)
    squares = [(10 * math.log10(math.exp(a)) - 10 * math.log10(math.exp(b))) ** 2 for a, b in pairs]
    return math.sqrt(sum(squares) / len(squares))


def pixel_errors(original, other):
    """Mean absolute error, root mean square error, and mean absolute error weighted by the original's ink."""
    total = squares = inked = ink = count = 0.0
    for row, other_row in zip(original, other, strict=True):
        for a, b in zip(row, other_row, strict=True):
            total += abs(a - b)
            squares += (a - b) ** 2
            inked += a * abs(a - b)
            ink += a
            count += 1
    return total / count, math.sqrt(squares / count), inked / ink if ink else math.nan
