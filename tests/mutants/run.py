#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Do the tests bite? Plants one small fault after the other into a copy of the tree and runs the
checks, cheap ones first, until one of them fails.

    run.py [--number N] [--seed S] [--only FILE...] [--list] [--fresh] [--report FILE]

The copy is made from what git knows of the work tree and lives below $BUILD/mutants. Results are
kept there by fault, so a run that was stopped goes on where it was. What was caught once is not
planted again, unless --fresh asks for it; what survived is, when a test has changed since. A fault
that does not compile is not counted, nor is one that the compiler makes the same hypervisor of.
"""
import argparse
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import draw    # noqa: E402
import stages  # noqa: E402

ROOT = draw.ROOT
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"), "mutants")
TREE = os.path.join(BUILD, "tree")
LOG = os.path.join(BUILD, "log")
RESULTS = os.path.join(BUILD, "results.json")
BOUND_S = 300
NOT_COUNTED, SAME, SURVIVED = "does not compile", "no change", "survived"


# ---- one fault -----------------------------------------------------------------------------------

def session_end(session):
    """Unit tests give each of their processes a group of its own, but the session is one."""
    subprocess.run(["pkill", "-KILL", "-s", str(session)], check=False)


def run(command, bound_s):
    """Exit status, or None after the bound, when all that the command started is ended."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    environment = {**inherited, "BUILD": "build", "CK_DEFAULT_TIMEOUT": "120"}
    with open(LOG, "w", encoding="utf-8") as log, \
            subprocess.Popen(command, shell=True, cwd=TREE, stdout=log, stderr=subprocess.STDOUT,
                             env=environment, start_new_session=True) as process:
        try:
            return process.wait(bound_s)
        except subprocess.TimeoutExpired:
            return None
        finally:
            session_end(process.pid)


def make(targets, bound_s=None):
    """As run()."""
    return run(f"make -s WARNINGS=-w {' '.join(targets)}", bound_s)


def failed_guest():
    """The micro-guest that ended the run, and its role; None: it was no guest."""
    with open(LOG, encoding="utf-8", errors="replace") as f:
        return re.search(r"^(?:FAILURE|ERROR) *(\w+) as (\w+)", f.read(), re.M)


def caught_by(command, bound_s, left_s):
    """What found the fault, or None. A guest must fail alone, too: a busy machine fails once."""
    start = time.monotonic()
    status = run(command, min(bound_s, left_s))
    if status == 0 or (status is None and left_s < bound_s):
        return None
    guest = "tests/guest/run.py" in command and failed_guest()
    if not guest:
        return command.split(" --")[0].split("/", 2)[-1]
    name, role = guest.groups()
    if run(f"python3 tests/guest/run.py --jobs 1 --as {role} {name}", bound_s) != 0:
        return name
    left_s -= time.monotonic() - start
    return name if run(command, max(left_s, 1)) not in (0, None) else None


def image():
    """What is built of the tree as it stands; None: it does not compile."""
    if make(["build/lamina"]) != 0:
        return None
    with open(os.path.join(TREE, "build/lamina"), "rb") as f:
        return hashlib.sha256(f.read()).digest()


def verdict(name):
    """What caught the fault and how soon: (stage, by, seconds)."""
    start = time.monotonic()

    def left_s():
        return max(start + BOUND_S - time.monotonic(), 0)

    for check in stages.checks(TREE, name):
        made = make(check.targets, left_s())
        if made is None:
            break
        if made != 0:
            return NOT_COUNTED, "", 0
        by = caught_by(check.command, check.seconds, left_s())
        if by and left_s() > 0:
            return check.stage, by, round(BOUND_S - left_s())
    return SURVIVED, "", round(BOUND_S - left_s())


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
    for path in glob.glob(f"{TREE}/**/*", recursive=True):  # what is no more
        name = os.path.relpath(path, TREE)
        if os.path.isfile(path) and not name.startswith("build/") and name not in names:
            os.remove(path)


LAYERS = ("mm", "core", "pv")


def tree_build():
    """All that is needed, so that no fault is charged with it."""
    names = (f"hypervisor/{layer}/any.c" for layer in LAYERS)
    targets = {t for name in names for check in stages.checks(TREE, name) for t in check.targets}
    if make(sorted(targets)) != 0:
        sys.exit(f"mutants: the tree does not compile: see {LOG}")


def tree_check():
    """Without a fault every check must pass, or it would catch all of them."""
    for layer in LAYERS:
        name = f"hypervisor/{layer}/any.c"
        what, by, _ = verdict(name)
        if what != SURVIVED:
            sys.exit(f"mutants: without a fault, {what} {by} fails: see {LOG}")


def tests_digest():
    """Of the tests, without what runs them."""
    digest = hashlib.sha256()
    for folder in ("unit/mm", "unit/core", "unit/pv", "unit/hypercall", "fuzz", "model", "sim",
                   "guest", "race"):
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


def check_one(fault, digest, faultless):
    target = os.path.join(TREE, fault.name)
    with open(target, "w", encoding="utf-8") as f:
        f.write(fault.planted())
    try:
        what, by, seconds = verdict(fault.name)
        if what == SURVIVED and image() == faultless:
            what = SAME
    finally:
        shutil.copyfile(os.path.join(ROOT, fault.name), target)
    return {"verdict": what, "by": by, "seconds": seconds, "tests": digest}


# ---- report --------------------------------------------------------------------------------------

def area_of(name):
    layer, stem = name.split("/")[1], os.path.basename(name)
    return layer if layer != "core" else "events" if stem.startswith("evtchn") else "grants"


def report_line(what, found, out):
    by = {}
    for _, r in found:
        by[r["verdict"]] = by.get(r["verdict"], 0) + 1
    caught = len(found) - by.get(SURVIVED, 0)
    percent = 100 * caught / max(len(found), 1)
    print(f"mutants: {what}: {len(found)} faults, {caught} caught ({percent:.1f} %), by "
          + ", ".join(f"{k} {v}" for k, v in sorted(by.items())), file=out)
    return percent


def report(found, out):
    counted = [(f, r) for f, r in found if r["verdict"] not in (NOT_COUNTED, SAME)]
    for fault, r in counted:
        if r["verdict"] == SURVIVED:
            print(fault, file=out)
    for area in sorted({area_of(f.name) for f, _ in counted}):
        report_line(area, [(f, r) for f, r in counted if area_of(f.name) == area], out)
    slowest = max((r["seconds"] for _, r in counted if r["verdict"] != SURVIVED), default=0)
    print(f"mutants: the slowest was caught after {slowest} s", file=out)
    return report_line("all", counted, out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--number", type=int, default=206)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", help="parts of file names")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--fresh", action="store_true", help="forget what was caught before")
    parser.add_argument("--report", help="write survivors and counts there, too")
    o = parser.parse_args()
    faults = draw.choose(o.number, o.seed)
    if o.only:
        faults = [f for f in faults if any(part in f.name for part in o.only)]
    if o.list:
        for fault in faults:
            print(fault)
        return 0
    tree_make()
    tree_build()
    digest, found, results = tests_digest(), [], {} if o.fresh else results_load()
    if o.fresh:
        tree_check()
    faultless = image()
    for i, fault in enumerate(faults):
        known = results.get(fault.key)
        if not known or (known["verdict"] == SURVIVED and known["tests"] != digest):
            known = results[fault.key] = check_one(fault, digest, faultless)
            results_save(results)
        found.append((fault, known))
        print(f"{i + 1}/{len(faults)} {fault.name}:{fault.line + 1} {fault.kind}: "
              f"{known['verdict']} {known['by']} ({known['seconds']} s)", flush=True)
    percent = report(found, sys.stdout)
    if o.report:
        with open(o.report, "w", encoding="utf-8") as f:
            report(found, f)
    return 0 if percent >= 90 else 1


if __name__ == "__main__":
    sys.exit(main())
