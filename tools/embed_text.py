#!/usr/bin/env python3
"""Writes a C file that holds one text file as a struct text.

usage: embed_text.py OUTPUT.c HEADER NAME FILE

HEADER, such as settings/plans.h, declares `extern const struct text NAME;`.
"""
import pathlib
import sys


def main():
    output, header, name, file = sys.argv[1:]
    content = pathlib.Path(file).read_bytes()
    rows = [", ".join(str(byte) for byte in content[start:start + 20])
            for start in range(0, len(content), 20)]
    pathlib.Path(output).write_text(
        f'#include "{header}"\n\nstatic const char bytes[] = {{\n    '
        + ",\n    ".join(rows)
        + f"}};\nconst struct text {name} = {{bytes, sizeof(bytes)}};\n",
        encoding="utf-8")


main()
