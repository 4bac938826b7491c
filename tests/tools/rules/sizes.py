"""A file has one subject (400 lines at most), a function fits on a screen (60 lines at most)."""

import ast
import re

from finding import CPP, Finding, text_of

MAX_FILE, MAX_FUNCTION = 400, 60
SOURCES = CPP + (".py", ".sh", ".js", ".css", ".cmake", ".java", ".go")
SHELL_FUNCTION = re.compile(r"^([a-z_][a-z0-9_]*)\(\) \{$")
# Comments, raw strings, strings, characters; preprocessor lines with their continuations.
BLIND = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^(\s]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-FxX'])'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.DOTALL | re.MULTILINE)
SCOPE = re.compile(r"^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?(?:extern\b|namespace\b|(?:class|struct|union|enum)\b[^()]*$)", re.DOTALL)
LABELS = re.compile(r"(?:\s|(?:public|protected|private)\s*:)*")
NAME = re.compile(r"([\w:~]+|operator\s*\S+)\s*\(")


def check(files):
    for file in files:
        shell = file.suffix == ".sh" or file.name == "dev"
        if file.suffix not in SOURCES and not shell:
            continue
        text = text_of(file)
        lines = text.count("\n")
        if lines > MAX_FILE:
            yield Finding(str(file), MAX_FILE + 1, "size-file", f"{lines} lines; at most {MAX_FILE}",
                          "the file has two subjects: give each a file of its own")
        functions = cpp if file.suffix in CPP else python if file.suffix == ".py" else bash if shell else nothing
        for name, first, last in functions(text):
            if last - first + 1 > MAX_FUNCTION:
                yield Finding(str(file), first, "size-function",
                              f"{name} has {last - first + 1} lines; at most {MAX_FUNCTION}",
                              "give its parts names: move each into a function of its own")


def nothing(_text):
    return []


def python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def bash(text):
    name, first = None, 0
    for number, line in enumerate(text.splitlines(), 1):
        match = SHELL_FUNCTION.match(line)
        if match:
            name, first = match[1], number
        elif line == "}" and name:
            yield name, first, number
            name = None


def blinded(text):
    """The text with comments, literals and preprocessor lines blank, every line break kept."""
    return BLIND.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def cpp(text):
    """The functions of C and C++: outermost braces that follow a parameter list."""
    text = blinded(text)
    depth_inside = 0  # braces open since a function began
    began, start, head = None, 0, 0
    line = 1
    for at, char in enumerate(text):
        if char == "\n":
            line += 1
        elif depth_inside:
            depth_inside += {"{": 1, "}": -1}.get(char, 0)
            if not depth_inside:
                yield began, start, line
                head = at + 1
        elif char in ";}":
            head = at + 1
        elif char == "{":
            before = text[head:at]
            name = NAME.search(before)
            if name and not SCOPE.match(before) and not before.rstrip().endswith("="):
                blank = LABELS.match(before).end()
                began, start, depth_inside = name[1], line - before[blank:].count("\n"), 1
            else:
                head = at + 1
