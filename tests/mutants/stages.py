# SPDX-License-Identifier: MIT
"""The checks that a planted fault meets, cheap ones first, and what each may take.

A stage is a name, the make targets it needs, and its commands. It catches the fault when a command
fails, or is not done within a bound of its own that is many times what it takes.
"""
import glob
import os

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
UNITS = "build/tests/unit"
FUZZ = "build/tests/fuzz/hypercall"
FAILURE = "build/tests/fuzz/failure"
MODEL = "build/tests/model"
RACE = "build/tests/race/race"
RACE_OPTIONS = "TSAN_OPTIONS=halt_on_error=1:history_size=4:suppressions=tests/race/known.supp"
# What takes ten times as long as its neighbours comes last.
SLOW_UNITS = ("mm/alloc",)


def unit_tests(layer, first=""):
    """The tests of a layer, that of the file itself first."""
    names = [f"{layer}/{os.path.basename(n)[:-2]}"
             for n in glob.glob(os.path.join(ROOT, "tests/unit", layer, "*.c"))]
    return sorted(names, key=lambda n: (n != f"{layer}/{first}", n in SLOW_UNITS, n))


def guests(role):
    run = f"python3 tests/guest/run.py --jobs 1 --stop --as {role}"
    return (f"guest {role}", ["guests", "build/lamina"], [(run, 200)])


def units(what, names):
    paths = [f"{UNITS}/{n}" for n in names]
    return (what, paths, [(p, 120) for p in paths])


def stages(name):
    """[(what, make targets, [(command, seconds)])] for a fault in that file."""
    layer, stem = name.split("/")[1], os.path.basename(name).split(".")[0]
    quick = ("fuzz", [FUZZ], [(f"{FUZZ} --calls 20000 --audit 8", 60)])
    unit = units("unit", unit_tests(layer, stem))
    # The test of the dispatch replaces what it dispatches to.
    handlers = units("unit", [n for n in unit_tests("hypercall") if n != "hypercall/hypercall"])
    failure = ("failure", [FAILURE], [(FAILURE, 60)])
    fuzz = ("fuzz", [FUZZ], [(f"{FUZZ} --calls 100000 --audit 8", 60),
                             (f"{FUZZ} --calls 1000000 --audit 32 --steps 4000 --seed 77777", 100)])
    race = ("race", [RACE], [(f"{RACE_OPTIONS} {RACE} --rounds 1000 --actions 20", 100)])
    if layer == "mm":
        models = [(f"{MODEL}/small", 60)]
    else:
        models = [(f"{MODEL}/events-small 100000 64", 60), (f"{MODEL}/grants-small 8000 2000", 60)]
    model = ("model", [command.split()[0] for command, _ in models], models)
    if layer == "pv":  # what only a processor that executes a guest's instructions can tell
        return [quick, unit, guests("dom0"), guests("domU"), handlers, failure, fuzz]
    return [quick, model, unit, handlers, failure, fuzz, guests("dom0"), guests("domU"), race]
