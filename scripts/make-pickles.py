"""Makes pickled pandas tables and, beside each, its cells as JSON.

    python3 scripts/make-pickles.py FOLDER [--fixtures]

Needs pandas. `--fixtures` makes only the small tables that the repository keeps in test/fixtures/pickles: `mixed`, which
pandas 1.5 made, and `kinds-pandas2`, which pandas 2.2.3 over numpy 2.4 made.
"""

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
only_fixtures = "--fixtures" in sys.argv


def plain(value):
    """A cell as JSON has it; missing is null."""
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return str(value)


def cells(table):
    columns = [[plain(value) for value in table.iloc[:, i].tolist()] for i in range(table.shape[1])]
    return {"columns": [str(name) for name in table.columns], "rows": [list(row) for row in zip(*columns)]}


def keep(name, table, protocols=(2, 3, 4, 5), endings=("",)):
    for protocol in protocols:
        for ending in endings:
            table.to_pickle(folder / f"{name}.{protocol}.pkl{ending}", protocol=protocol)
    (folder / f"{name}.json").write_text(json.dumps(cells(table)))


def mixed(rows):
    long = "a long text beyond every short one: " * 5
    return pd.DataFrame(
        {
            "sample_id": [f"task.{i}" for i in range(rows)],
            "prompt": [["['one', 'two']", "plain", long + "é", "日本語 🙂 " + long, None][i % 5] for i in range(rows)],
            "eval_name": ["task"] * rows,
            "small/model@1": [[0.0, 1.0, 0.25, np.nan, 1e-300][i % 5] for i in range(rows)],
            "large": [i % 2 for i in range(rows)],
            "right": [i % 3 == 0 for i in range(rows)],
            "small/model@1|total_cost": [0.001 * i for i in range(rows)],
            "object": [[None, 1, 2.5, "text", True][i % 5] for i in range(rows)],
        }
    )


def kinds():
    table = pd.DataFrame(
        {
            "sample_id": ["a", "b", "c", "d"],
            "category": pd.Categorical(["x", None, "y", "x"]),
            "ordered": pd.Categorical([3, 1, 3, 2], categories=[1, 2, 3], ordered=True),
            "string": pd.Series(["one", None, "three", ""], dtype="string[python]"),
            "Int64": pd.Series([1, None, -3, 4], dtype="Int64"),
            "boolean": pd.Series([True, None, False, True], dtype="boolean"),
            "time": pd.to_datetime(["2020-01-01T10:11:12.345", None, "1969-12-31T00:00:00.000", "2024-02-29T00:00:00.000"]),
            "float32": np.array([0.5, np.nan, 2.0, 3.0], dtype="f4"),
            "int8": np.array([1, -1, 0, 127], dtype="i1"),
        }
    )
    return table


keep("mixed", mixed(7))
keep(f"kinds-pandas{pd.__version__.split('.')[0]}", kinds())
if only_fixtures:
    sys.exit()

keep("oldest", mixed(7), protocols=(0, 1))
keep("packed", mixed(300), protocols=(4, 5), endings=(".gz", ".zip"))
keep("empty", mixed(0))
keep("sliced", mixed(40).iloc[5:30:3])
keep("picked", mixed(10)[["large", "prompt", "right", "small/model@1|total_cost", "sample_id"]])
keep("by-row", pd.DataFrame(np.arange(12.0).reshape(3, 4), columns=list("abcd")))
keep("by-column", pd.DataFrame(np.asfortranarray(np.arange(12.0).reshape(3, 4)), columns=list("abcd")))
keep("indexed", mixed(6).set_index("sample_id"))
keep(
    "numbers",
    pd.DataFrame(
        {
            **{kind: np.array([0, 1, 100], dtype=kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")},
            "negative": np.array([-1, -(2**40), 2**40]),
            "big-endian": np.array([1.5, -2.0, 3.25], dtype=">f8"),
            "extreme": [float("inf"), float("-inf"), 5e-324],
        }
    ).drop(columns="extreme"),
)
keep(
    "objects",
    pd.DataFrame(
        {
            "scalar": pd.Series([np.float64(0.5), np.int64(7), np.bool_(True), np.float32(0.25)], dtype=object),
            "list": pd.Series([["a", "b"], ("c", 1), [], [["deep"], None]], dtype=object),
            "record": pd.Series([{"score": 1.0, "text": "x"}, {}, None, {"a": [1]}], dtype=object),
            "large": pd.Series([2**40, -(2**53) + 1, 0, -1], dtype=object),
        }
    ),
)
keep(
    "extensions",
    pd.DataFrame(
        {
            "time": pd.to_datetime(["2020-01-01T10:11:12.345", None, "1969-12-31T00:00:00.000"]),
            "string": pd.Series(["x", None, "y" * 100], dtype="string"),
            "Int64": pd.Series([1, None, -3], dtype="Int64"),
            "Float64": pd.Series([0.5, None, 2.5], dtype="Float64"),
            "boolean": pd.Series([True, None, False], dtype="boolean"),
        }
    ),
)
keep("dated", mixed(6).set_index(pd.to_datetime([f"2024-01-0{day}" for day in range(1, 7)])))
keep("nested", mixed(6).set_index(["eval_name", "large"]))
# Longer than the window through which a pickle is read, so that every kind of value comes to lie across its edge.
keep("wide", pd.DataFrame({"id": [f"row {i}" for i in range(30_000)], "text": [("ab" * (i % 97)) for i in range(30_000)], "number": pd.Series([i if i % 2 else i / 3 for i in range(30_000)], dtype=object)}))
keep("shared", pd.DataFrame({"a": ["same" * 40] * 50, "b": ["same" * 40] * 50}))

models = ["weak", "strong"]
pd.DataFrame(
    [
        {
            "sample_id": f"q.{i}",
            "prompt": f"['question {i}']",
            "eval_name": "task",
            "model_name": model,
            "model_response": f"answer {i} of {model}",
            "performance": float(m == 1 or i % 2),
            "total_cost": 0.001 * (m + 1),
        }
        for i in range(4)
        for m, model in enumerate(models)
    ]
).to_pickle(folder / "long.pkl")


def pool(names, seed):
    score = lambda rows: np.random.default_rng(seed).integers(0, 2, (rows, len(names))).astype(float)
    return {"model": names, "data": {"train_score": score(3), "val_score": score(1), "test_score": score(2)}}


router_eval = {
    "easy": {3: {"all_strong": pool(["a", "b", "c"], 1)}, 5: {"all_weak": pool(list("abcde"), 2)}},
    "prompt": {"train_prompt": np.array(["p0", "p1", "p2"], dtype=object), "val_prompt": ["v0"], "test_prompt": np.array(["t0", "t1"])},
    "embedding": {"train_embed": np.zeros((3, 4), dtype="f4")},
}
with open(folder / "arc_router_dataset.pkl", "wb") as file:
    pickle.dump(router_eval, file)
(folder / "router-eval.json").write_text(
    json.dumps({str(size): next(iter(router_eval["easy"][size].values()))["data"]["train_score"].tolist() for size in (3, 5)})
)
