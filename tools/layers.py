#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""layers - includes point downwards

A file of src/M or cmd/* may include its own module and modules of lower rank, by
path-qualified name.  RANK and its two lists of exceptions are the only data; the
table of docs/architecture.md must say the same ranks.

    layers.py [ROOT]

Prints FILE:LINE: what is wrong; exits 1 when anything is.
"""
import pathlib
import re
import sys

RANK = {
    "base": 0,
    "os": 1, "hash": 1, "codec": 1, "ndr": 1, "ntlm": 1, "spnego": 1,
    "loop": 2, "conf": 2, "db": 2,
    "http": 3, "auth": 3, "fetch": 3, "gss": 3,
    "cas": 4, "cim": 4, "rpc": 4,
    "snapshot": 5, "model": 5, "wql": 5, "rpcd": 5, "wmio": 5,
    "event": 6, "distmgr": 6, "dcom": 6,
    "provider": 7, "consumer": 7,
    "httpd": 8, "rest": 8, "dp": 8, "site": 8, "wmi": 8,
}
ALSO = {"codec": {"hash"}, "db": {"loop"}}                      # peers of the same rank
ONLY = {"hash": {"base"}, "codec": {"base", "hash"},            # pure by construction
        "ndr": {"base"}, "ntlm": {"base"}, "spnego": {"base"},
        "site": {"base", "os", "codec"}}                        # the client library is never a server
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def allowed(module, target):
    if target == module:
        return True
    if module in ONLY:
        return target in ONLY[module]
    return RANK[target] < RANK.get(module, 9) or target in ALSO.get(module, ())


def check_file(root, path, module):
    faults = []
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        name = match.group(1)
        target = name.split("/")[0] if "/" in name else None
        where = f"{path.relative_to(root)}:{number}"
        if target in RANK:
            if not allowed(module, target):
                faults.append(f"{where}: {module} may not include {name}; {target} is of rank {RANK[target]}")
        elif (path.parent / name).exists() and module in RANK:
            faults.append(f'{where}: include "{name}" by its full name, {module}/...')
    return faults


def ranks_of_document(text):
    """rank -> modules, from rows '| 3 | `http`, `auth` (remarks) |'"""
    ranks = {}
    for rank, cell in re.findall(r"^\|\s*(\d+)\s*\|([^|]*)\|", text, re.M):
        for module in re.findall(r"`([a-z*/]+)`", re.sub(r"\([^)]*\)", "", cell)):
            ranks[module] = int(rank)
    ranks.pop("cmd/*", None)
    return ranks


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    faults = []
    document = root / "docs/architecture.md"
    if document.exists() and ranks_of_document(document.read_text()) != RANK:
        faults.append("docs/architecture.md: its ranks are not those of tools/layers.py")
    for top in ("src", "cmd"):
        for path in sorted((root / top).rglob("*.[chd]*")):
            if path.suffix not in (".c", ".h", ".def"):
                continue
            module = path.relative_to(root / top).parts[0]
            if top == "src" and module not in RANK:
                faults.append(f"{path.relative_to(root)}: module {module} has no rank; give it one in tools/layers.py")
                continue
            faults += check_file(root, path, module if top == "src" else "cmd")
    print("\n".join(faults) if faults else "layers: every include points downwards")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
