"""Problems with reference chains, or completions of a model, as a corpus that is fit to train on.

    python3 -m distill.make_corpus reference --side train --seed 1 --count 400000 --out raw.jsonl
    python3 -m distill.make_corpus sample --model teacher --from raw.jsonl --out raw_chains.jsonl
    python3 -m distill.make_corpus clean --assay build/release/assay raw.jsonl --out corpus.jsonl.gz
    python3 -m distill.make_corpus tasks --out datasets/mini

`clean` keeps what `assay chain --clean` keeps, less the chains whose answer is wrong. `tasks`
writes the problems of the tasks mini-chain and mini-chain-held-out. All but `sample` need nothing
beside Python.
"""

import argparse
import itertools
import subprocess
import tempfile
from pathlib import Path

from distill.records import read_records, write_records
from distill.split import distinct_problems

SAMPLING_TEMPERATURE = 0.6
TASK_SEED = 7  # of the test problems that are shipped
TASKS = {"mini-chain": 100, "mini-chain-held-out": 1000}


def reference(args):
    """Test problems of another seed than the tasks' leave out those of the tasks."""
    taken = set()
    if args.side == "test" and args.seed != TASK_SEED:
        taken = {p.question for p in distinct_problems("test", TASK_SEED, sum(TASKS.values()))}
    problems = (p for p in distinct_problems(args.side, args.seed, args.count + len(taken))
                if p.question not in taken)
    records = [{"id": f"{args.side}-{args.seed}-{i}", "family": p.family, "question": p.question,
                "answer": p.answer, "completion": "<think>\n" + p.completion()}
               for i, p in enumerate(itertools.islice(problems, args.count))]
    write_records(args.out, records)


def sample(args):
    # Only this needs PyTorch.
    import torch
    from tokenizers import Tokenizer

    from distill.export import load
    from distill.generate import solve

    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    tokenizer = Tokenizer.from_file(str(args.model / "tokenizer.json"))
    records = read_records(args.source)[args.skip:][:args.count]
    generator = torch.Generator(device).manual_seed(args.seed)
    texts = solve(load(args.model, device, dtype), tokenizer, records, batch=4096,
                  temperature=SAMPLING_TEMPERATURE, generator=generator)
    write_records(args.out, [{**record, "completion": "<think>\n" + text}
                             for record, text in zip(records, texts)])


def clean(args):
    records = read_records(args.source)
    with tempfile.TemporaryDirectory() as folder:
        raw, kept = Path(folder) / "raw.jsonl", Path(folder) / "kept.jsonl"
        write_records(raw, records)
        subprocess.run([args.assay, "chain", raw, "--profile", "thinking", "--summary",
                        "--clean", kept], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        chains = {record["id"]: record["chain"] for record in read_records(kept)}
    out = []
    wrong = 0
    for record in records:
        if record["id"] not in chains:
            continue
        if not record["completion"].endswith(f"\\boxed{{{record['answer']}}}."):
            wrong += 1
            continue
        out.append({key: record[key] for key in ("family", "question", "answer")}
                   | {"chain": chains[record["id"]]})
    write_records(args.out, out)
    print(f"{len(records)} chains: {len(records) - len(chains)} dropped by assay chain, "
          f"{wrong} with a wrong answer, {len(out)} kept")


def tasks(args):
    problems = iter(distinct_problems("test", TASK_SEED, sum(TASKS.values())))
    for name, count in TASKS.items():
        write_records(args.out / f"{name}.jsonl", [task_record(f"{name}/{i}", next(problems))
                                                   for i in range(1, count + 1)])


def task_record(name, problem):
    """The level is the number of steps, less the closing one, which the solution leaves out."""
    steps = [step.text for step in problem.steps[:-1]]
    return {"id": name, "subject": problem.family, "level": len(steps),
            "question": problem.question, "answer": problem.answer, "solution": " ".join(steps)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    commands = parser.add_subparsers(required=True)
    for command in (reference, sample, clean, tasks):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(command=command)
        sub.add_argument("--out", type=Path, required=True)
        if command is tasks:
            continue
        if command is clean:
            sub.add_argument("--assay", default="build/release/assay")
            sub.add_argument("source", type=Path)
            continue
        sub.add_argument("--seed", type=int, default=1)
        sub.add_argument("--count", type=int, default=1000)
        if command is reference:
            sub.add_argument("--side", choices=("train", "test"), default="train")
        else:
            sub.add_argument("--model", type=Path, required=True)
            sub.add_argument("--from", dest="source", type=Path, required=True)
            sub.add_argument("--skip", type=int, default=0)
    args = parser.parse_args()
    args.command(args)


if __name__ == "__main__":
    main()
