# SPDX-License-Identifier: MIT
"""The checks that a planted fault meets, cheap ones first, and what each may take.

A check has the name of its stage, the make targets it needs, its command, and a bound that is many
times what it takes. It catches the fault when the command fails, or is not done within its bound.
"""
import collections
import glob
import os

UNITS = "build/tests/unit"
FUZZ = "build/tests/fuzz/hypercall"
FAILURE = "build/tests/fuzz/failure"
MODEL = "build/tests/model"
RACE = "build/tests/race/race"
RACE_OPTIONS = "TSAN_OPTIONS=halt_on_error=1:history_size=4:suppressions=tests/race/known.supp"
# This takes ten times as long as its neighbours.
SLOW_UNITS = ("mm/validate",)
# Tests of files that have none of their own name, and handlers that do little but call a layer.
ALSO_TESTS = {
    "hypercall/memory": ("mm",),
    "core/grant": ("maptrack",),
    "pv/trap": ("iret", "fault", "callback", "nmi"),
    "pv/descriptor": ("fetch",),
    "pv/segment": ("debug", "root", "exit"),
    "pv/privileged": ("msr", "cpuid", "hypercall_page"),
}

Check = collections.namedtuple("Check", "stage targets command seconds")


def fuzz(options, seconds):
    return Check("fuzz", [FUZZ], f"{FUZZ} {options}", seconds)


def model(name, options="", seconds=30):
    path = f"{MODEL}/{name}"
    return Check("model", [path], f"{path} {options}".strip(), seconds)


def unit(name):
    return Check("unit", [f"{UNITS}/{name}"], f"{UNITS}/{name}", 120)


def guests(role):
    command = f"python3 tests/guest/run.py --jobs 1 --stop --as {role}"
    return Check(f"guest {role}", ["guests", "build/lamina"], command, 240)


def units(tree, layer, stem):
    """(quick, slow): the test of the file itself, those of its layer, of the handlers."""
    paths = [p for l in (layer, "hypercall") for p in glob.glob(f"{tree}/tests/unit/{l}/*.c")]
    names = {os.path.relpath(p, f"{tree}/tests/unit")[:-2] for p in paths}
    names.remove("hypercall/hypercall")  # it replaces what it tests the dispatch to

    def is_own(name):  # grant_copy.c is tested by grant.c
        return name.startswith(layer) and stem.startswith(os.path.basename(name))

    def is_near(name):
        return any(word in (layer, stem) for word in ALSO_TESTS.get(name, ()))

    order = sorted(names, key=lambda n: (not is_own(n), not is_near(n), not n.startswith(layer), n))
    slow = [n for n in SLOW_UNITS if n in names and not is_own(n)]
    return [unit(n) for n in order if n not in slow], [unit(n) for n in slow]


def checks(tree, name):
    """For a fault in that file."""
    layer, stem = name.split("/")[1], os.path.basename(name).split(".")[0]
    quick, slow = units(tree, layer, stem)
    yield fuzz("--calls 20000 --audit 8", 30)
    yield from quick
    if layer == "mm":
        yield model("joined-2x2")
        yield model("apart-3x1", seconds=90)
    if layer == "core":
        yield model("events-small", "100000 64")
        yield model("grants-small", "8000 2000")
    yield guests("dom0")
    yield from slow
    yield Check("failure", [FAILURE], FAILURE, 60)
    yield fuzz("--calls 100000 --audit 8", 60)
    yield fuzz("--calls 1000000 --audit 32 --steps 4000 --seed 77777", 100)
    yield guests("domU")
    if layer != "pv":
        yield Check("race", [RACE], f"{RACE_OPTIONS} {RACE} --rounds 1000 --actions 20", 100)
