# SPDX-License-Identifier: MIT
"""libvirt's own schema as the judge: what we write is valid for it, and what it knows we know.

The schema comes with libvirt-clients; without it there is nothing to do.
"""

import os
import subprocess
import xml.etree.ElementTree as ElementTree

import bench

SCHEMAS = "/usr/share/libvirt/schemas/"
RNG = "{http://relaxng.org/ns/structure/1.0}"
SAMPLES = "tests/unit/config/samples/"

# full.xml has inventions of ours in it.
FILES = [SAMPLES + name for name in ("minimal.xml", "dump.xml", "installer.xml", "import.xml")]
FILES += ["docs/examples/" + name for name in sorted(os.listdir("docs/examples"))]

# An element, and where in a good file its children go.
PLACES = {
    (): "{}",
    ("os",): "<os><type>linux</type><kernel>/k</kernel>{}</os>",
    ("cputune",): "<cputune>{}</cputune>",
    ("clock",): "<clock>{}</clock>",
    ("devices",): "<devices>{}</devices>",
    ("devices", "disk"):
        "<devices><disk><source file='/d'/><target dev='xvda'/>{}</disk></devices>",
    ("devices", "disk", "source"):
        "<devices><disk><source file='/d'>{}</source><target dev='xvda'/></disk></devices>",
    ("devices", "interface"): "<devices><interface type='bridge'>{}</interface></devices>",
    ("devices", "console"): "<devices><console type='pty'>{}</console></devices>",
}
OS = "<os><type>linux</type><kernel>/k</kernel></os>"
# Other hypervisors' own elements below <domain>, which bear a namespace.
FOREIGN = {"commandline", "capabilities", "deprecation", "override", "namespace", "datacenterpath"}


class Schema:
    """The definitions of libvirt's schema, as far as it takes to list an element's children."""

    def __init__(self):
        self.definitions = {}
        self.loaded = set()
        self.load("domain.rng")

    def load(self, name):
        if name in self.loaded:
            return
        self.loaded.add(name)
        for element in ElementTree.parse(SCHEMAS + name).getroot():
            if element.tag == RNG + "include":
                self.load(element.get("href"))
            for define in [element, *element]:
                if define.tag == RNG + "define":
                    self.definitions.setdefault(define.get("name"), []).append(define)

    def children(self, node, found, passed=frozenset()):
        """The elements that may stand right inside: name to definitions."""
        for part in node:
            if part.tag == RNG + "element" and part.get("name"):
                found.setdefault(part.get("name"), []).append(part)
            elif part.tag == RNG + "ref" and part.get("name") not in passed:
                for define in self.definitions.get(part.get("name"), []):
                    self.children(define, found, passed | {part.get("name")})
            elif part.tag not in (RNG + "element", RNG + "attribute"):
                self.children(part, found, passed)
        return found

    def names(self, path):
        nodes = [element for define in self.definitions["domain"]
                 for element in define.iter(RNG + "element") if element.get("name") == "domain"]
        for name in path:
            nodes = [child for node in nodes for child in self.children(node, {}).get(name, [])]
        return sorted({name for node in nodes for name in self.children(node, {})})


def valid(lamina, path):
    result = bench.run(lamina, ["validate", "--print", path])
    if result.returncode != 0:
        return result.stderr
    judge = subprocess.run(["xmllint", "--noout", "--relaxng", SCHEMAS + "domain.rng", "-"],
                           input=result.stdout, capture_output=True, text=True, timeout=60)
    return None if judge.returncode == 0 else judge.stderr


def known(lamina, path, name):
    """Whatever is said about the element, it is not that it is unknown."""
    body = PLACES[path].format(f"<{name}/>")
    boot = "" if path == ("os",) or (path == () and name == "os") else OS
    text = ("<domain type='xen'><name>a</name><memory>65536</memory>"
            f"{boot}\n{body}</domain>")
    result = bench.run(lamina, ["validate", "-"], text)
    unknown = [line for line in result.stderr.splitlines() if "unknown element" in line]
    return unknown[0] if unknown else None


def results(build):
    lamina = f"{build}/bin/lamina"
    if not os.path.exists(SCHEMAS + "domain.rng"):
        return {}
    schema = Schema()
    found = {f"{path} is valid": valid(lamina, path) for path in FILES}
    for path in PLACES:
        names = schema.names(path)
        if not names:
            return {"/".join(path): "libvirt's schema has nothing there"}
        for name in set(names) - (FOREIGN if path == () else set()):
            found["/".join([*path, name])] = known(lamina, path, name)
    return found
