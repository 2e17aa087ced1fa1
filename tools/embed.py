#!/usr/bin/env python3
"""Writes a C file that holds the migrations of src/sql/migrations.

usage: embed.py OUTPUT.c FILE.sql...

Each FILE is SET/NNNN_what.sql. The numbers of a set rise from 0001 without a gap.
"""
import pathlib
import re
import sys


def c_literal(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(f'    "{line}\\n"' for line in escaped.split("\n") if line)


def read_sets(paths):
    sets = {}
    for path in sorted(paths):
        matched = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", path.name)
        if not matched:
            sys.exit(f"{path}: name it NNNN_what.sql")
        steps = sets.setdefault(path.parent.name, [])
        if int(matched[1]) != len(steps) + 1:
            sys.exit(f"{path}: the number after {len(steps):04} is {len(steps) + 1:04}")
        steps.append((path.name, path.read_text(encoding="utf-8")))
    return sets


def main():
    output, *files = sys.argv[1:]
    lines = ['#include "sql/migrate.h"']
    for name, steps in read_sets([pathlib.Path(file) for file in files]).items():
        lines += ["", f"static const struct migration {name}_steps[] = {{"]
        for version, (file, sql) in enumerate(steps, start=1):
            lines += [f'    {{{version}, "{file}",', c_literal(sql) + "},"]
        lines += ["};", f"const struct migration_set migrations_{name} = {{",
                  f'    "{name}", {name}_steps, LENGTH_OF({name}_steps)}};']
    pathlib.Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
