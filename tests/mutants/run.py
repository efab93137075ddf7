#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the tests bite? Plants one small fault after the other into a copy of the tree and runs the
checks, cheap ones first, until one of them fails.

    run.py [--number N] [--seed S] [--only FILE...] [--list] [--report FILE]

The copy is made from what git knows of the work tree and lives below $BUILD/mutants. Results are
kept there by a digest of the faulty file and of the tests, so a run that was stopped goes on where
it was. The same seed gives the same faults. A fault that does not compile is not counted.
"""
import argparse
import glob
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import mutate  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"), "mutants")
TREE = os.path.join(BUILD, "tree")
RESULTS = os.path.join(BUILD, "results.json")
BOUND_S = 300

# What is searched, and how many faults of the whole fall to each.
SHARES = (("hypervisor/mm/*.[ch]", 0.45), ("hypervisor/core/grant*.c", 0.17),
          ("hypervisor/core/maptrack.c", 0.05), ("hypervisor/core/evtchn*.c", 0.15),
          ("hypervisor/pv/*.c", 0.18))
# Only dom0's start uses the builder: it is checked by booting, which is too slow here. The
# processor a guest sees (cpuid.c) is a table of choices: no invariant knows better.
LEFT_OUT = ("build", "start_info", "hypercall_page", "cpuid", "audit", "nmi.c")


def files_of(pattern):
    names = glob.glob(os.path.join(ROOT, pattern))
    return sorted(os.path.relpath(n, ROOT) for n in names
                  if not any(word in os.path.basename(n) for word in LEFT_OUT))


def choose(number, seed):
    """Faults spread over kinds, so that the many flipped comparisons do not drown the rest."""
    rng, chosen = random.Random(seed), []
    for pattern, share in SHARES:
        by_kind = {}
        for name in files_of(pattern):
            with open(os.path.join(ROOT, name), encoding="utf-8") as f:
                text = f.read()
            for line, kind, new in mutate.of_file(text):
                by_kind.setdefault(kind, []).append((name, line, kind, new))
        wanted = round(number * share)
        kinds = sorted(by_kind)
        for kind in kinds:
            rng.shuffle(by_kind[kind])
        while wanted > 0 and any(by_kind.values()):
            for kind in kinds:
                if by_kind[kind] and wanted > 0:
                    chosen.append(by_kind[kind].pop())
                    wanted -= 1
    return chosen


# ---- checks -------------------------------------------------------------------------------------

def unit_tests(layer):
    names = sorted(glob.glob(os.path.join(ROOT, "tests/unit", layer, "*.c")))
    return [f"build/tests/unit/{layer}/{os.path.basename(n)[:-2]}" for n in names]


def stages(name):
    """(what, make targets, commands), in the order of their cost."""
    layer = name.split("/")[1]
    units = unit_tests(layer)
    fuzz = "build/tests/fuzz/hypercall"
    yield "fuzz", [fuzz], [f"{fuzz} --calls 100000 --audit 8"]
    yield "unit", units, units
    if layer == "mm":
        yield "model", ["build/tests/model/small"], ["build/tests/model/small"]
    if layer == "core":
        small = [f"build/tests/model/{m}-small" for m in ("events", "grants")]
        yield "model", small, [f"{small[0]} 100000 64", f"{small[1]} 8000 2000"]
    others = [u for u in unit_tests("hypercall") if not u.endswith("hypercall/hypercall")]
    yield "unit-hypercall", others, others
    if layer == "pv":  # what only a processor that executes a guest's instructions can tell
        yield "guest", ["build/lamina"], ["make -s check-guest"]
    yield "fuzz-long", [fuzz], [f"{fuzz} --calls 1000000 --audit 32 --steps 4000 --seed 77777"]


def session_end(session):
    """Unit tests give each of their processes a group of its own, but the session is one."""
    subprocess.run(["pkill", "-KILL", "-s", str(session)], check=False)


def run(command, bound_s):
    """Exit status, or None after the bound, when all that the command started is ended."""
    with subprocess.Popen(command, shell=True, cwd=TREE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            return process.wait(bound_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            session_end(process.pid)


def make(targets):
    return run(f"make -s WARNINGS=-w {' '.join(targets)}", BOUND_S)


def verdict(name):
    """What caught the fault: a stage, "survived", or "does not compile"."""
    end = time.monotonic() + BOUND_S
    for what, targets, commands in stages(name):
        if make(targets) != 0:
            return "does not compile"
        for command in commands:
            left = end - time.monotonic()
            if left < 1:
                return "survived"
            if run(command, left) != 0:
                return what
    return "survived"


# ---- the copy and what is known already ----------------------------------------------------------

def tree_make():
    os.makedirs(TREE, exist_ok=True)
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split("\n")
    for name in filter(None, names):
        source, target = os.path.join(ROOT, name), os.path.join(TREE, name)
        if not os.path.isfile(source):
            continue
        with open(source, "rb") as f:
            text = f.read()
        if os.path.exists(target) and open(target, "rb").read() == text:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target)
    os.makedirs(os.path.join(TREE, "build"), exist_ok=True)


def tests_digest():
    digest = hashlib.sha256()
    for folder in ("unit/mm", "unit/core", "unit/pv", "unit/hypercall", "fuzz", "model", "sim",
                   "mutants"):
        for name in sorted(glob.glob(os.path.join(ROOT, "tests", folder, "**/*.[chS]"),
                                     recursive=True)):
            with open(name, "rb") as f:
                digest.update(f.read())
    return digest.hexdigest()


def results_load():
    if os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as f:
            return json.load(f)
    return {}


def results_save(results):
    with open(RESULTS + ".new", "w", encoding="utf-8") as f:
        json.dump(results, f, indent=0)
    os.replace(RESULTS + ".new", RESULTS)


def plant(name, line, new):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        lines = f.read().split("\n")
    old = lines[line]
    lines[line] = new
    return old, "\n".join(lines)


def check_one(fault, results, digest):
    name, line, kind, new = fault
    old, text = plant(name, line, new)
    key = hashlib.sha256((digest + name + text).encode()).hexdigest()
    # A survivor of weaker tests is tried again; what was caught once stays caught by its test.
    known = results.get(key) or next(
        (r for r in results.values() if r["file"] == name and r["old"] == old and r["new"] == new
         and r["line"] == line + 1 and r["verdict"] != "survived"), None)
    if known is None:
        target = os.path.join(TREE, name)
        with open(target, "w", encoding="utf-8") as f:
            f.write(text)
        try:
            what = verdict(name)
        finally:
            shutil.copyfile(os.path.join(ROOT, name), target)
        known = {"file": name, "line": line + 1, "kind": kind, "old": old, "new": new,
                 "verdict": what}
    results[key] = known
    return known


def report(found, out):
    counted = [r for r in found if r["verdict"] != "does not compile"]
    caught = [r for r in counted if r["verdict"] != "survived"]
    by = {}
    for r in counted:
        by[r["verdict"]] = by.get(r["verdict"], 0) + 1
    for r in counted:
        if r["verdict"] == "survived":
            print(f"{r['file']}:{r['line']}: {r['kind']}\n  - {r['old'].strip()}\n"
                  f"  + {r['new'].strip()}", file=out)
    percent = 100 * len(caught) / max(len(counted), 1)
    print(f"mutants: {len(counted)} faults, {len(caught)} caught ({percent:.1f} %), by "
          + ", ".join(f"{k} {v}" for k, v in sorted(by.items())), file=out)
    return percent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="parts of file names")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--report", help="write survivors and counts there, too")
    o = parser.parse_args()
    faults = choose(o.number, o.seed)
    if o.only:
        faults = [f for f in faults if any(part in f[0] for part in o.only)]
    if o.list:
        for name, line, kind, new in faults:
            print(f"{name}:{line + 1}: {kind}: {new.strip()}")
        return 0
    tree_make()
    results, digest, found = results_load(), tests_digest(), []
    for i, fault in enumerate(faults):
        known = check_one(fault, results, digest)
        results_save(results)
        found.append(known)
        print(f"{i + 1}/{len(faults)} {known['file']}:{known['line']} {known['kind']}: "
              f"{known['verdict']}", flush=True)
    percent = report(found, sys.stdout)
    if o.report:
        with open(o.report, "w", encoding="utf-8") as f:
            report(found, f)
    return 0 if percent >= 90 else 1


if __name__ == "__main__":
    sys.exit(main())
