"""The numbers of distill/README.md, from the shipped files.

    python3 -m distill.measure --assay build/release/assay --out runs/distill

Runs teacher and students on the 1,000 held-out problems in five types and with four budgets, and
compares all of them with the teacher, and the quantised students with the full one. Takes about
15 minutes on 2 cores and needs nothing beside Python.
"""

import argparse
import json
import subprocess
from pathlib import Path

MODELS = Path(__file__).parent / "models"
TASK = "mini-chain-held-out"
TYPES = ("BF16", "Q8_0", "Q4_K_M", "Q4_0", "Q2_K")
BUDGETS = (32, 64, 96, 128)


class Measurement:
    def __init__(self, assay, out):
        self.program, self.out = assay, out
        out.mkdir(parents=True, exist_ok=True)

    def assay(self, *arguments):
        """What it prints; 1 is the exit code of a check that says no."""
        command = [str(part) for part in (self.program, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        return done.stdout

    def model(self, name, kind):
        if kind == "BF16":
            return MODELS / name
        path = self.out / f"{name}-{kind}.gguf"
        if not path.exists():
            self.assay("quantize", "--model", MODELS / name, "--type", kind, "--out", path)
        return path

    def run(self, name, kind, *options, suffix=""):
        """The folder of a run, which is continued if it was begun before."""
        folder = self.out / f"{name}-{kind}{suffix}"
        done = ("--resume",) if (folder / "journal.jsonl").exists() else ()
        self.assay("run", "--model", self.model(name, kind), "--task", TASK, "--out", folder,
                   *options, *done)
        return folder

    def retain(self, run, reference, *options):
        text = self.assay("retain", "--run", run, "--reference", reference, "--json", *options)
        return json.loads(text)["records"][0]


def rates(folder):
    task = json.loads((folder / "report.json").read_text(encoding="utf-8"))["tasks"][0]
    return task["metrics"]["pass@1"], task["chain"]["complete_rate"]


def percent(rate):
    low, high = rate["ci95"]
    return f"{100 * rate['value']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def print_table(head, rows):
    print()
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(str(cell) for cell in row) + " |")


def quantisation(measurement, teacher, again):
    rows = []
    reference = ("--reference-model", measurement.model("teacher", "BF16"))
    full = {name: measurement.run(name, "BF16") for name in ("teacher", "student")}
    kinds = [("teacher", kind) for kind in TYPES] + [("student", kind) for kind in TYPES]
    for name, kind in (*kinds, ("student-undistilled", "BF16")):
        run = measurement.run(name, kind)
        base = full.get(name, full["student"])
        pairs = measurement.retain(run, base)["outcome"]["correct"]
        kept = measurement.retain(run, teacher, "--again", again, *reference,
                                  "--model", measurement.model(name, kind))
        forced, content = kept["forced"], kept["content"]
        right, complete = rates(run)
        versus = "" if run == base else (
            f"{pairs['a_only']} : {pairs['b_only']}, p {pairs['p_value']:.2g}")
        rows.append((name, kind, percent(right), versus, f"{100 * complete['value']:.1f} %",
                     f"{100 * forced['step_share']['value']:.1f} %",
                     f"{100 * forced['token_share']:.2f} %", f"{forced['kl']['mean']:.4f}",
                     f"{forced['distillation_loss']['value']:.4f}",
                     f"{100 * content['found']['value']:.1f} %",
                     f"{kept['free']['identical']}"))
        bounds = content["chance"], content["self_ceiling"]
    print_table(("model", "type", "right", "lost : won", "complete", "forced steps",
                 "forced tokens", "KL", "loss", "milestones", "same text"), rows)
    print(f"\nMilestones: by chance {percent(bounds[0])}, "
          f"the teacher itself with another seed {percent(bounds[1])}.")


def budgets(measurement):
    rows = []
    for budget in BUDGETS:
        row = [budget]
        for name in ("teacher", "student"):
            run = measurement.run(name, "BF16", "--max-new-tokens", budget, suffix=f"-{budget}")
            row += [percent(rate) for rate in rates(run)]
        rows.append(row)
    print_table(("budget", "teacher right", "complete", "student right", "complete"), rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--assay", type=Path, default=Path("build/release/assay"))
    parser.add_argument("--out", type=Path, default=Path("runs/distill"))
    args = parser.parse_args()
    measurement = Measurement(args.assay, args.out)
    teacher = measurement.run("teacher", "BF16")
    again = measurement.run("teacher", "BF16", "--sampling", "custom", "--temperature",
                            "0.6", "--seed", "1", suffix="-again")
    quantisation(measurement, teacher, again)
    budgets(measurement)


if __name__ == "__main__":
    main()
