#!/usr/bin/env python3
"""Writes a C file that holds the migrations of src/sql/migrations.

usage: embed.py OUTPUT.c FILE.sql...

Each FILE is SET/NNNN_what.sql for SQLite, SET_postgres/NNNN_what.sql for PostgreSQL. The numbers in a
folder rise from 0001 without a gap. A set has a folder for one of them at least.
"""
import pathlib
import re
import sys

POSTGRES = "_postgres"


def c_literal(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(f'    "{line}\\n"' for line in escaped.split("\n") if line)


def read_folders(paths):
    folders = {}
    for path in sorted(paths):
        matched = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", path.name)
        if not matched:
            sys.exit(f"{path}: name it NNNN_what.sql")
        steps = folders.setdefault(path.parent.name, [])
        if int(matched[1]) != len(steps) + 1:
            sys.exit(f"{path}: the number after {len(steps):04} is {len(steps) + 1:04}")
        steps.append((path.name, path.read_text(encoding="utf-8")))
    return folders


def main():
    output, *files = sys.argv[1:]
    lines = ['#include "sql/migrate.h"',
             '#pragma GCC diagnostic ignored "-Woverlength-strings" /* our compilers take them */']
    folders = read_folders([pathlib.Path(file) for file in files])
    for name, steps in folders.items():
        lines += ["", f"static const struct migration {name}_steps[] = {{"]
        for version, (file, sql) in enumerate(steps, start=1):
            lines += [f'    {{{version}, "{file}",', c_literal(sql) + "},"]
        lines += ["};"]
    for name in dict.fromkeys(folder.removesuffix(POSTGRES) for folder in folders):
        steps = [f"{{{folder}_steps, LENGTH_OF({folder}_steps)}}" if folder in folders else "{NULL, 0}"
                 for folder in (name, name + POSTGRES)]
        lines += ["", f"const struct migration_set migrations_{name} = {{", f'    "{name}",',
                  f"    {steps[0]},", f"    {steps[1]}}};"]
    pathlib.Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
