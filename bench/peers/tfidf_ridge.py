"""A plain peer for replays: TF-IDF of words and word pairs, ridge regression per model (scikit-learn).

    pointsman replay --train SET --policy cost-aware --policy "exec:python3 bench/peers/tfidf_ridge.py"

Its penalty is chosen by cross-validation inside the training rows it is given. Protocol: docs/bring-your-own-router.md.
"""
import json
import sys

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict

ALPHAS = [1.0, 3.0, 10.0, 30.0, 100.0]


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def best_alpha(features, target):
    folds = KFold(5, shuffle=True, random_state=0)
    errors = [
        float(((cross_val_predict(Ridge(alpha, solver="sparse_cg"), features, target, cv=folds) - target) ** 2).mean())
        for alpha in ALPHAS
    ]
    return ALPHAS[int(numpy.argmin(errors))]


def main():
    texts, quality, cost = [], [], []
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=200_000)
    model, mean_cost = None, None
    for line in sys.stdin:
        message = json.loads(line)
        kind = message["type"]
        if kind == "start":
            say({"type": "ready", "name": "TF-IDF ridge (scikit-learn)"})
        elif kind == "train":
            texts.append(message["text"])
            quality.append(message["quality"])
            cost.append(message["cost_usd"])
        elif kind == "fit":
            features = vectorizer.fit_transform(texts)
            target = numpy.array(quality, dtype=float)
            target = numpy.where(numpy.isnan(target), numpy.nanmean(target, axis=0), target)
            model = Ridge(best_alpha(features, target), solver="sparse_cg").fit(features, target)
            mean_cost = None if cost[0] is None else numpy.nanmean(numpy.array(cost, dtype=float), axis=0).tolist()
            say({"type": "fitted"})
        elif kind == "query":
            estimate = model.predict(vectorizer.transform([message["text"]]))[0]
            answer = {"id": message["id"], "quality": numpy.clip(estimate, 0, 1).tolist()}
            if mean_cost is not None:
                answer["cost_usd"] = mean_cost
            say(answer)
        elif kind == "end":
            return


main()
