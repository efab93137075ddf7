# SPDX-License-Identifier: MIT
"""Writes the build options as a C header.

Usage: kconfig.py KCONFIG HEADER [CONFIG_NAME=VALUE ...]

Values come from Kconfig's defaults, then .config if there is one, then the command line. The
header is touched only when its text changes.
"""

import os
import sys

try:
    import kconfiglib
except ImportError:
    sys.exit("kconfig: python3-kconfiglib is missing; run scripts/setup build")


def main(kconfig, header, *settings):
    conf = kconfiglib.Kconfig(kconfig)
    if os.path.exists(".config"):
        conf.load_config(".config")
    for setting in settings:
        name, _, value = setting.partition("=")
        symbol = conf.syms.get(name.removeprefix("CONFIG_"))
        if symbol is None:
            sys.exit(f"kconfig: {name} is no option of {kconfig}")
        if not symbol.set_value(value) or symbol.str_value != value:
            sys.exit(f"kconfig: {name} cannot be {value}")
    os.makedirs(os.path.dirname(header), exist_ok=True)
    conf.write_autoconf(header, header="/* The build options; written from Kconfig. */\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
