"""lint_files.py BUILD: the sources that BUILD compiles, a line each."""

import json
import sys
from pathlib import Path

commands = json.loads((Path(sys.argv[1]) / "compile_commands.json").read_text(encoding="utf-8"))
print("\n".join(sorted({command["file"] for command in commands})))
