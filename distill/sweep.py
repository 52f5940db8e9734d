"""Several student runs side by side on one GPU: by amount of chains, and one change at a time.

    python3 -m distill.sweep sizes --teacher teacher --corpus chains.jsonl.gz --tokenizer T \
        --test dev.jsonl --out sweep --seconds 500
    python3 -m distill.sweep ablations ...

Models this small leave a GPU idle between their kernels, so runs share it. A run that has not
ended after --seconds is stopped and reported as such. --out receives a folder for each run.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

SIZES = (2_000, 4_000, 8_000, 16_000, 39_000)
COMMON = ("--role", "student", "--batch-tokens", "16384")


def sizes(args):
    """With and without the teacher, on the same chains, for the same steps."""
    runs = {}
    for count in SIZES:
        shared = ("--first", str(count), "--steps", str(args.steps))
        runs[f"distilled-{count}"] = (*shared, "--teacher", str(args.teacher))
        runs[f"undistilled-{count}"] = shared
    return runs


def ablations(args):
    """The student's settings, and one change each."""
    base = ("--first", str(args.first), "--steps", str(args.steps), "--teacher", str(args.teacher))
    changes = {
        "base": (),
        "temperature-2": ("--temperature", "2"),
        "temperature-4": ("--temperature", "4"),
        "no-hidden": ("--beta", "0"),
        "shuffled-steps": ("--shuffle", "0.5"),
        "key-steps": ("--key-weight", "2"),
        "task-weights": ("--task-weights",),
        "seed-2": ("--seed", "2"),
    }
    return {name: (*base, *change) for name, change in changes.items()}


def finals(args):
    """The two students that are shipped; the undistilled one once more with more decay."""
    shared = ("--first", str(args.first), "--steps", str(args.final_steps))
    return {
        "student": (*shared, "--teacher", str(args.teacher)),
        "undistilled": shared,
        "undistilled-decay": (*shared, "--decay", "0.5"),
    }


PLANS = {plan.__name__: plan for plan in (sizes, ablations, finals)}


def start(args, name, options):
    out = args.out / name
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "distill.train", *COMMON, *options, "--out", str(out),
               "--corpus", str(args.corpus), "--tokenizer", str(args.tokenizer),
               "--test", str(args.test), "--resume"]
    with open(out / "log.txt", "w", encoding="utf-8") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT,
                                env={**os.environ, "PYTHONUNBUFFERED": "1"})


def run_all(args, runs):
    """Starts `runs` in order, at most --jobs at a time; stops what the time does not hold."""
    began = time.monotonic()
    waiting, running = list(runs.items()), {}
    while waiting or running:
        late = time.monotonic() - began > args.seconds
        if late:
            waiting = []
            for process in running.values():
                process.terminate()
        while waiting and len(running) < args.jobs:
            name, options = waiting.pop(0)
            running[name] = start(args, name, options)
        for name in [name for name, process in running.items() if process.poll() is not None]:
            report(args, name, time.monotonic() - began)
            del running[name]
        time.sleep(0.5)


def report(args, name, seconds):
    path = args.out / name / "summary.json"
    if not path.exists():
        log = (args.out / name / "log.txt").read_text(encoding="utf-8").strip()
        print(f"{seconds:5.0f} s  {name}: not finished: {log[-300:]}", flush=True)
        return
    summary = json.loads(path.read_text(encoding="utf-8"))
    families = " ".join(f"{f} {100 * share:.0f}" for f, share in summary["by_family"].items())
    print(f"{seconds:5.0f} s  {name}: {100 * summary['accuracy']:.1f} %  ({families}; "
          f"{summary['chains']} chains, {summary['steps']} steps, {summary['seconds']:.0f} s)",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("plan", nargs="+", choices=PLANS)
    for name in ("teacher", "corpus", "tokenizer", "test", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--final-steps", type=int, default=8000)
    parser.add_argument("--first", type=int, default=4000)
    parser.add_argument("--jobs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=500)
    args = parser.parse_args()
    run_all(args, {name: options for plan in args.plan
                   for name, options in PLANS[plan](args).items()})


if __name__ == "__main__":
    main()
