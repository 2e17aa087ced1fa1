#!/usr/bin/env python3
"""Holds the tree to the rules of the house that no compiler knows.

usage: tidy.py [--self-test]

Each rule is a row of RULES: a name, the files that it reads, and a function that yields a
sentence for each fault. The self-test shows every rule a file that breaks it and one that does
not: a rule that cannot fail proves nothing.
"""
import pathlib
import re
import shutil
import subprocess
import sys

from run_mutants import Mutant

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER_LINES_MAX = 150
SOURCE_LINES_MAX = 500
ARCHITECTURE_LINES_MAX = 200

# What is not called, by whom it may be called, and what to do instead.
BANNED = [
    (r"str(n?cpy|n?cat)|st[rp]n?cpy", (), "carry a struct text, or write into a struct buffer"),
    (r"v?sprintf", (), "use snprintf and look at what it returns, or buffer_append_format"),
    (r"ato[ifl]l?|strto(l|ll|ul|ull|d|imax)|sscanf|scanf", (), "use text_read_integer"),
    (r"strtok(_r)?|strsep", (), "use text_cut"),
    (r"gets|alloca", (), "there is no safe way to call it"),
    (r"malloc|calloc|realloc|reallocarray|strn?dup", ("src/base/",),
     "use memory_take, memory_take_zeroed, memory_grow or an arena"),
    (r"(v?printf|puts|putchar|perror)|fputs\s*\([^;]*stdout|fprintf\s*\(\s*stdout",
     ("src/cli/", "src/serve.c"), "standard output is the commands'; use log_line"),
    (r"u?sleep|nanosleep|clock_nanosleep", (), "wait for an event, or use a timer of the loop"),
    (r"time|gettimeofday|clock_gettime", ("src/base/instant.c",),
     "ask the struct time_source that was passed in"),
    (r"uv_hrtime", ("src/http/loop.c",), "ask the struct time_source; only a loop's turn is real time"),
    (r"rand(om)?(_r)?|srand(om)?|drand48", (), "use secret_fill or secret_base62"),
    (r"system|popen|v?fork", (), "no other program is started from here"),
    (r"localtime(_r)?|mktime|ctime(_r)?|asctime|gmtime", (), "use instant.h, which is UTC only"),
    (r"exit|_exit|abort|assert",
     ("src/base/status.c",), "return a status, or use check() for a bug"),
]
VAGUE_NAMES = ("util", "helper", "manager", "misc", "common", "handler", "stuff")
MACHINE_PATHS = re.compile(r"/work/|/home/[a-z]|/root/|/tmp/(?!trendgate-)[A-Za-z0-9_.-]+/")


def without_comments_and_strings(source):
    """The source with comments and the inside of literals blanked, lines kept."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        found = match[0]
        kept = re.sub(r"[^\n]", " ", found)
        return kept if found[0] == "/" else found[0] + kept[1:-1] + found[-1]

    return pattern.sub(blank, source)


def line_of(source, offset):
    return source.count("\n", 0, offset) + 1


def banned_calls(path, source):
    code = without_comments_and_strings(source)
    for pattern, allowed, instead in BANNED:
        if path.startswith(allowed):
            continue
        for match in re.finditer(rf"(?<![\w.>])(?:{pattern})(?=\s*\()", code):
            name = re.match(r"\w+", match[0])[0]
            yield f"{path}:{line_of(code, match.start())}: {name}() is not called here: {instead}"


def goto(path, source):
    for match in re.finditer(r"\bgoto\b", without_comments_and_strings(source)):
        yield (f"{path}:{line_of(source, match.start())}: no goto: return early and let "
               "CLEANUP(...) tidy up")


def header_length(path, source):
    yield from too_long(path, source, HEADER_LINES_MAX, "split the header by subject")


def source_length(path, source):
    yield from too_long(path, source, SOURCE_LINES_MAX, "move one of its subjects to its own file")


def architecture_length(path, source):
    yield from too_long(path, source, ARCHITECTURE_LINES_MAX, "a tour is short: leave details to headers")


def too_long(path, source, most, advice):
    count = source.count("\n")
    if count > most:
        yield f"{path}: {count} lines, {most} are the most: {advice}"


def header_opening(path, source):
    stem = pathlib.PurePath(path).stem
    if not re.match(rf"/\* {re.escape(stem)}: ", source) or "#pragma once" not in source:
        yield f"{path}:1: open it with '/* {stem}: one sentence' and '#pragma once'"


def mutant_misfits(path, source):
    for misfit in Mutant(pathlib.PurePath(path).stem, source).misfits(ROOT):
        yield f"{path}: {misfit}: a guard that moved takes its patch along"


def vague_name(path, source):
    del source
    for word in VAGUE_NAMES:
        if word in pathlib.PurePath(path).name.lower():
            yield f"{path}: '{word}' says nothing: name the file after what it does"


def machine_path(path, source):
    for match in MACHINE_PATHS.finditer(source):
        yield (f"{path}:{line_of(source, match.start())}: {match[0]} is on one machine only: "
               "write a path relative to the tree")


def plain_text(path, source):
    for number, line in enumerate(source.split("\n"), start=1):
        if line != line.rstrip() or "\t" in line:
            yield f"{path}:{number}: take out the tab or the blanks at its end"
    if source and not source.endswith("\n"):
        yield f"{path}: end the last line with a newline"


def read_layers(text):
    """{folder: what it may include}, or faults: a folder may name only those above it."""
    layers, faults = {}, []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, allowed = line.partition(":")
        for other in allowed.split():
            if other not in layers and not other.endswith(".h"):
                faults.append(f"tools/layers.txt:{number}: {name} may include {other} only if "
                              f"{other} stands above it")
        layers[name.strip()] = {name.strip(), *allowed.split()}
    return layers, faults


def layers_order(path, source):
    del path
    yield from read_layers(source)[1]


LAYERS = read_layers((ROOT / "tools/layers.txt").read_text(encoding="utf-8"))[0]


def layers(path, source):
    parts = path.split("/")
    if len(parts) < 3:
        return
    allowed = LAYERS.get(parts[1])
    if allowed is None:
        yield f"{path}: give src/{parts[1]} a line in tools/layers.txt"
        return
    for match in re.finditer(r'^\s*#\s*include\s+"([^"]+)"', source, re.M):
        target = match[1].split("/")[0]
        if target not in allowed:
            yield (f"{path}:{line_of(source, match.start())}: {parts[1]} may not include {match[1]}; "
                   "tools/layers.txt says what it may")


# Tables of the cluster itself, which no customer's rows are in.
WITHOUT_BUCKETS = ("plan_version", "plan_load", "fold_mark", "closing")
CONSTANT = re.compile(r"(-?[0-9]+|'[^']*'|NULL|TRUE|FALSE)(?=\s*(,|\)|$|NOT NULL|CHECK))", re.I)


def tables_without_comments(source):
    """(name, offset, columns and constraints) of each CREATE TABLE."""
    text = re.sub(r"--[^\n]*", lambda match: " " * len(match[0]), source)
    for match in re.finditer(r"CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+) \((.*?)^\)[^;]*;", text, re.S | re.M):
        yield match[1], match.start(), match[2]


def bucket_first(path, source):
    """Rows can be spread over machines by their bucket only where every key begins with it."""
    for name, offset, body in tables_without_comments(source):
        place = f"{path}:{line_of(source, offset)}: {name}"
        if name not in WITHOUT_BUCKETS:
            keys = re.findall(r"(?:PRIMARY KEY|UNIQUE)\s*\(([^)]*)\)", body)
            if "PRIMARY KEY" not in body or re.search(r"(PRIMARY KEY|UNIQUE)(?!\s*\()", body):
                yield f"{place}: give it a PRIMARY KEY (bucket, ...), and UNIQUE a line of its own"
            for key in keys:
                if key.split(",")[0].strip() != "bucket":
                    yield f"{place}: let the key ({key}) begin with bucket"
        for match in re.finditer(r"\bDEFAULT\s+", body):
            if not CONSTANT.match(body, match.end()):
                yield f"{place}: a default is a constant, not {body[match.end():].split(chr(10))[0].strip()}"
    text = re.sub(r"--[^\n]*", "", source)
    for match in re.finditer(r"CREATE UNIQUE INDEX \S+ ON ([a-z_]+) \(([^)]*)\)", text):
        if match[1] not in WITHOUT_BUCKETS and match[2].split(",")[0].strip() != "bucket":
            yield f"{path}: let the unique index of {match[1]} ({match[2]}) begin with bucket"
    if re.search(r"ALTER TABLE [^;]*\bDEFAULT\s+(?!(-?[0-9]+|'[^']*'|NULL|TRUE|FALSE)\b)", text):
        yield f"{path}: a default that is added is a constant"


CUSTOMERS_TABLES = "|".join(
    name for path in sorted((ROOT / "src/sql/migrations").glob("*_postgres/*.sql")) if "catalog" not in path.parent.name
    for name, _, _ in tables_without_comments(path.read_text(encoding="utf-8")) if name not in WITHOUT_BUCKETS)
OVER_CUSTOMERS = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE) (?:{CUSTOMERS_TABLES}|unfolded)\b")
# Literals that are one text for the compiler, with macros between them.
PIECE = r'(?:"(?:\\.|[^"\\\n])*"|\b[A-Z][A-Z_]{3,}\b(?:\((?:"[^"]*")?\))?)'
TEXT = re.compile(rf"{PIECE}(?:[\s\\]*{PIECE})*")
VOLATILE = re.compile(r"_bucket\([^;]*(nextval|random|gen_random_uuid|clock_timestamp|now)\s*\(")

# Statements that may ask every server that has a part of the ledger: of a file, of a text in them, and why.
ASK_EVERY_SERVER = [
    (r"audit\w*|db", r"", "whoever checks or counts the books reads all of them"),
    (r"ledger_copy", r"", "a file is copied whole, into tables that are not spread yet"),
    (r"\w+", r"boot, elapsed_us|fold_cohort|FROM journal WHERE id > \$1", "of a file alone, which has no buckets"),
    (r"\w+", r"FROM unfolded|max\(node\)", "what nodes have not folded is the calls of some seconds, of any account"),
    (r"\w+", r"max\(id\)", "ids rise over all accounts"),
    (r"cluster_fold", r"FROM journal j WHERE j.node", "asked once, when a lane ends"),
    (r"cluster_follow", r"", "changes of others are found by the number of their event"),
    (r"embedded(_restore|_sessions|_terms)?", r"FROM (api_key|session|account)", "a node that starts reads what it keeps in memory"),
    (r"embedded_(accounts|logins)", r"WHERE email_folded", "a mail address tells no account: a command, or a person who signs in"),
    (r"embedded_(sessions|logins)", r"digest = ", "a secret tells no account: a person signs in or out"),
    (r"cluster_fold|embedded_sessions", r"DELETE FROM \w+ WHERE \w+ <=", "what is too old goes, wherever it is"),
    (r"embedded_(closing|plans)", r"id > ", "closings and plans that wait go through all accounts"),
    (r"embedded_terms", r"GROUP BY name", "a plan file is loaded: which plans are in use"),
    (r"embedded_adjust|events", r"FROM journal WHERE id", "rows by their ids, which the activity of the account tells"),
    (r"embedded_key\w*", r"", "by a key's id: a verb of one account, and its family of keys"),
]


def names_bucket(path, source):
    """A statement over customers' rows says which bucket it is about, or why not; none about one has a volatile argument."""
    if path.endswith(".sql"):
        statements = [(0, statement) for statement in re.sub(r"--[^\n]*", "", source).split(";")]
    else:
        code = re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match[0]), source, flags=re.S)
        statements = [(match.start(), match[0]) for match in TEXT.finditer(code)]
    for offset, statement in statements:
        place = f"{path}:{line_of(source, offset)}"
        text = re.sub(r'"[\s\\]*"', "", statement)
        if VOLATILE.search(text):
            yield f"{place}: a volatile argument keeps a call from the server of its bucket: bind its value"
        if not OVER_CUSTOMERS.search(text) or re.search(r"bucket|OF_FAMILY|CREATE VIEW", text):
            continue
        stem = pathlib.PurePath(path).stem
        if not any(re.fullmatch(file, stem) and re.search(part, text) for file, part, _ in ASK_EVERY_SERVER):
            yield f"{place}: say which bucket, or why every server is asked (ASK_EVERY_SERVER): {text[:60]}"


SOURCES = r"src/.*\.c"
HEADERS = r"src/.*\.h"
C_FILES = r"src/.*\.[ch]"

MUTANT = "Invariant: a\nGuard: b\nTest: c\n\n--- a/meson.build\n+++ b/meson.build\n@@ -1 +1 @@\n{}\n"

# name, files, function, a file that breaks the rule, one that keeps it
RULES = [
    ("banned calls", C_FILES, banned_calls,
     [("src/a/b.c", f"x = {call}(y);\n") for call in
      ("strcpy", "strncat", "sprintf", "atoi", "strtol", "strtok", "gets", "malloc", "realloc", "strdup",
       "printf", "usleep", "time", "gettimeofday", "rand", "system", "localtime", "exit", "assert")],
     ("src/base/a.c", '/* atoi(x) */ memory = malloc(1); snprintf(a, "sprintf(", 1); uptime(x);\n')),
    ("no goto", C_FILES, goto, [("src/a/b.c", "goto out;\n")], ("src/a/b.c", '/* goto */ "goto";\n')),
    ("header length", HEADERS, header_length, [("src/a/b.h", "\n" * (HEADER_LINES_MAX + 1))],
     ("src/a/b.h", "\n" * HEADER_LINES_MAX)),
    ("source length", SOURCES, source_length, [("src/a/b.c", "\n" * (SOURCE_LINES_MAX + 1))],
     ("src/a/b.c", "\n" * SOURCE_LINES_MAX)),
    ("header opening", HEADERS, header_opening,
     [("src/a/b.h", "#pragma once\n"), ("src/a/b.h", "/* b: x */\n"), ("src/a/b.h", "/* c: x */\n#pragma once\n")],
     ("src/a/b.h", "/* b: what it is.\n */\n#pragma once\n")),
    ("mutants apply", r"tests/mutants/.*\.patch", mutant_misfits,
     [("tests/mutants/a.patch", MUTANT.format("-project('another', 'c',"))],
     ("tests/mutants/a.patch", MUTANT.format("-project('trendgate', 'c',"))),
    ("names", r"(src|tests|tools)/.*", vague_name,
     [("src/a/string_util.c", ""), ("tests/helpers.py", "")], ("src/a/text.c", "")),
    ("machine paths", r"(src|docs|etc|tools)/(?!tidy\.py).*|[A-Z]+\.md|dev|meson\.build", machine_path,
     [("docs/a.md", "see /work/x\n"), ("src/a/b.c", "/* /tmp/abc/x */\n")], ("docs/a.md", "see ./work\n")),
    ("plain text", r"(src|tests|tools|docs|etc)/.*|dev|meson\.build|[A-Z]+\.md", plain_text,
     [("src/a/b.c", "x; \n"), ("src/a/b.c", "\tx;\n"), ("src/a/b.c", "x;")], ("src/a/b.c", "x;\n")),
    ("layers in order", r"tools/layers\.txt", layers_order, [("tools/layers.txt", "a: b\nb:\n")],
     ("tools/layers.txt", "# c\nb:\na: b x.h\n")),
    ("layers", C_FILES, layers,
     [("src/base/a.c", '#include "model/b.h"\n'), ("src/attic/a.c", "\n")],
     ("src/model/a.c", '#include "base/b.h"\n#include "model/c.h"\n#include <time.h>\n')),
    ("buckets first", r"src/sql/migrations/(ledger|spread)_postgres/.*\.sql", bucket_first,
     [("src/sql/migrations/ledger_postgres/0002_x.sql", sql) for sql in (
         "CREATE TABLE a (\n    bucket BIGINT,\n    id BIGINT,\n    PRIMARY KEY (id, bucket)\n);\n",
         "CREATE TABLE a (\n    bucket BIGINT,\n    id BIGINT PRIMARY KEY\n);\n",
         "CREATE TABLE a (\n    bucket BIGINT,\n    id BIGINT\n);\n",
         "CREATE TABLE a (\n    id BIGINT, -- bucket\n    PRIMARY KEY (bucket, id),\n    UNIQUE (id)\n);\n",
         "CREATE TABLE a (\n    at TIMESTAMPTZ DEFAULT now(),\n    PRIMARY KEY (bucket, at)\n);\n",
         "CREATE TABLE fold_mark (\n    id BIGINT DEFAULT nextval('x') PRIMARY KEY\n);\n",
         "CREATE UNIQUE INDEX b ON a (id);\n", "ALTER TABLE a ADD COLUMN b BIGINT DEFAULT random();\n")],
     ("src/sql/migrations/ledger_postgres/0002_x.sql",
      "CREATE TABLE a (\n    bucket BIGINT,\n    b TEXT NOT NULL DEFAULT '', -- UNIQUE (id)\n"
      "    c BIGINT DEFAULT -1,\n    PRIMARY KEY (bucket, c),\n    UNIQUE (bucket, b)\n) WITH (fillfactor = 50);\n"
      "CREATE TABLE closing (\n    id BIGINT PRIMARY KEY\n);\nCREATE UNIQUE INDEX i ON a (bucket, b);\n")),
    ("buckets named", r"src/(ledger|cli)/.*\.c|src/sql/migrations/(ledger|spread)_postgres/.*\.sql", names_bucket,
     [("src/ledger/cluster.c", sql) for sql in (
         'take("SELECT used FROM balance WHERE account_id = $1");\n', 'take("UPDATE"\n     " balance SET used = 1");\n',
         'take("SELECT admit_bucket($1, nextval(\'journal_id\'), $2)");\n')] +
     [("src/sql/migrations/spread_postgres/0001_x.sql", "BEGIN\n    PERFORM 1 FROM account_window w FOR UPDATE;\nEND\n")],
     ("src/ledger/cluster.c", '/* FROM balance */ take("SELECT used FROM balance"\n    " WHERE bucket = $1");\n'
      'take("SELECT coalesce(max(id), 0) FROM journal");\ntake("SELECT at FROM closing");\n')),
    ("length of the tour", r"ARCHITECTURE\.md", architecture_length,
     [("ARCHITECTURE.md", "\n" * (ARCHITECTURE_LINES_MAX + 1))], ("ARCHITECTURE.md", "\n")),
]


def tracked_files():
    """What git knows or would add; without git, all outside the build folders."""
    names = []
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                cwd=ROOT, capture_output=True, check=False)
        names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    if not names:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
                 if path.relative_to(ROOT).parts[0] not in ("build", "var", ".git")
                 and not {"__pycache__", "node_modules"} & set(path.parts)]
    return sorted(name for name in names if name and (ROOT / name).is_file())


def read_text(name):
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def check_tree():
    files = {name: read_text(name) for name in tracked_files()}
    failed = 0
    for title, pattern, rule, _, _ in RULES:
        faults = [fault for name, source in files.items()
                  if source is not None and re.fullmatch(pattern, name) for fault in rule(name, source)]
        for fault in faults:
            print(fault)
        failed += bool(faults)
        if faults:
            print(f"FAIL {title}: {len(faults)}")
    return failed


def check_rules():
    failed = 0
    for title, pattern, rule, bad, good in RULES:
        faults = [f"takes {name!r} {source[:40]!r} for good" for name, source in bad
                  if not re.fullmatch(pattern, name) or not list(rule(name, source))]
        faults += [f"takes {good[0]!r} for bad: {fault}" for fault in rule(*good)]
        for fault in faults:
            print(f"FAIL {title}: {fault}")
        failed += bool(faults)
    return failed


def main():
    if sys.argv[1:] not in ([], ["--self-test"]):
        sys.exit(__doc__)
    failed = check_rules() if sys.argv[1:] else check_tree()
    print(f"{len(RULES) - failed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed else 0)


main()
