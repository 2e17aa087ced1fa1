#!/usr/bin/env python3
"""Writes a C file that holds files for browsers, each under a path that names its content.

usage: embed_assets.py [--table HEADER NAME] [--beside FILE] OUTPUT.c FILE...

A FILE docs.css becomes `const struct asset asset_docs_css` of api/assets.h, with the path
/assets/docs.HASH.css: a browser may keep it for ever, because other content has another path.
With --table the array is called NAMEs, and HEADER declares it.
`url(NAME)` in a FILE stands for the path of one that was named before it, or of the one that is
--beside them: another call embeds that.
"""
import hashlib
import pathlib
import re
import sys

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml"}
HASH_DIGITS = 16


def c_bytes(name, content):
    rows = [", ".join(str(byte) for byte in content[start:start + 20])
            for start in range(0, len(content), 20)]
    return f"static const unsigned char {name}[] = {{\n    " + ",\n    ".join(rows) + "};"


def with_paths(content, paths):
    def named(match):
        name = match[1].decode()
        if name not in paths:
            sys.exit(f"url({name}): name that file before the one that asks for it")
        return f"url({paths[name]})".encode()

    return re.sub(rb"url\(([a-z_]+\.[a-z]+)\)", named, content)


def path_of(file, content):
    return f"/assets/{file.stem}.{hashlib.sha256(content).hexdigest()[:HASH_DIGITS]}{file.suffix}"


def main():
    arguments = sys.argv[1:]
    header, table = "api/assets.h", "asset"
    if arguments[0] == "--table":
        _, header, table, *arguments = arguments
    known = {}
    if arguments[0] == "--beside":
        beside = pathlib.Path(arguments[1])
        known[beside.name] = path_of(beside, beside.read_bytes())
        arguments = arguments[2:]
    output, *files = arguments
    paths = {}
    lines = [f'#include "{header}"']
    for path in map(pathlib.Path, files):
        content = with_paths(path.read_bytes(), {**known, **paths})
        paths[path.name] = path_of(path, content)
        name = path.name.replace(".", "_")
        lines += ["", c_bytes(name, content),
                  f"const struct asset asset_{name} = {{",
                  f'    .path = TEXT_INITIAL("{paths[path.name]}"),',
                  f'    .content_type = TEXT_INITIAL("{TYPES[path.suffix]}"),',
                  f"    .body = {{(const char *){name}, sizeof({name})}},",
                  "};"]
    names = ", ".join(f"&asset_{name.replace('.', '_')}" for name in paths)
    lines += ["", f"_Static_assert({len(paths)} <= {table.upper()}S_MAX, \"every asset has its place\");",
              f"const struct asset *const {table}s[] = {{{names}}};",
              f"const size_t {table}_count = LENGTH_OF({table}s);"]
    pathlib.Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")


main()
