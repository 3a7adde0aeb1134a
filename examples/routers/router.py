#!/usr/bin/env python3
"""A router that Pointsman knows nothing of, in Python's standard library alone.

It learns from the training rows how good and how dear each model is at questions with the same words, and answers each
query with one choice per trade-off. Run it in a comparison:

    pointsman replay --train DATA --policy cost-aware,exec:"python3 examples/routers/router.py"

The conversation is lines of JSON over standard input and output; docs/bring-your-own-router.md has every message.
"""

import json
import math
import re
import sys


def words(text):
    return set(re.findall(r"[a-z]{3,}", text.lower()))


class WordRouter:
    """Mean quality and cost per model and word, shrunk towards the model's own mean."""

    def __init__(self, models):
        self.models = models
        self.count = 0
        self.totals = [[0.0, 0.0] for _ in models]
        self.words = {}

    def learn(self, text, quality, cost):
        self.count += 1
        outcomes = [(quality[m] or 0.0, cost[m] if cost else 0.0) for m in range(len(self.models))]
        for m, (good, dear) in enumerate(outcomes):
            self.totals[m][0] += good
            self.totals[m][1] += dear or 0.0
        for word in words(text):
            seen, sums = self.words.setdefault(word, [0, [0.0] * len(self.models)])
            self.words[word][0] = seen + 1
            for m, (good, _) in enumerate(outcomes):
                sums[m] += good

    def estimate(self, text):
        known = [self.words[word] for word in sorted(words(text)) if word in self.words]
        estimates = []
        for m in range(len(self.models)):
            mean = self.totals[m][0] / max(1, self.count)
            weight, total = 4.0, 4.0 * mean
            for seen, sums in known:
                rarity = 1.0 / (1.0 + math.log1p(seen))
                weight += rarity * seen / (seen + 20.0)
                total += rarity * (sums[m] + 20.0 * mean) / (seen + 20.0) * seen / (seen + 20.0)
            estimates.append((total / weight, self.totals[m][1] / max(1, self.count)))
        return estimates

    def choose(self, text, lambdas):
        estimates = self.estimate(text)
        best = lambda price: max(range(len(self.models)), key=lambda m: estimates[m][0] - price * estimates[m][1])
        return [self.models[best(price)] for price in lambdas]


def main():
    router, lambdas = None, []
    for line in sys.stdin:
        message = json.loads(line)
        kind = message["type"]
        if kind == "start":
            router, lambdas = WordRouter(message["models"]), message["lambdas"]
            answer = {"type": "ready", "name": "words (Python)"}
        elif kind == "train":
            router.learn(message["text"], message["quality"], message["cost_usd"])
            continue
        elif kind == "fit":
            answer = {"type": "fitted"}
        elif kind == "query":
            answer = {"id": message["id"], "choices": router.choose(message["text"], lambdas)}
        else:
            return
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
