"""Write the golden outputs of the formats anew: ``python -m tests.conformance.regenerate_formats``.

Read the difference before committing it: this writes what the decoders do, not what they should.
"""

from __future__ import annotations

import json

from tests.conformance.formats_golden import cases, outcome


def main() -> None:
    changed = 0
    for case in cases():
        text = json.dumps(outcome(case, pinned=True), ensure_ascii=False, indent=1) + "\n"
        if not case.output.exists() or case.output.read_text("utf-8") != text:
            case.output.write_text(text, "utf-8")
            changed += 1
            print(f"{case.format}/{case.output.name}")
    print(f"{changed} written")


if __name__ == "__main__":
    main()
