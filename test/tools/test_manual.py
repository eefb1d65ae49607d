"""The manual pages are well formed, and leave out nothing that there is."""
import re
import subprocess

import pytest

from support.midflight import ROOT, binary

PAGES = sorted((ROOT / "man").glob("*.[13]"))


def plain(name):
    return subprocess.run(["mandoc", "-T", "utf8", ROOT / "man" / name], capture_output=True, check=True).stdout.decode().replace("\b", "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_read_without_a_warning(page):
    said = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page], capture_output=True, text=True).stdout
    # The pages name each other before they are installed, and lines of source are as long as the project's others.
    complaints = [line for line in said.splitlines() if "referenced manual not found" not in line and "longer than 80 bytes" not in line]
    assert complaints == []


def test_every_function_has_its_place():
    header, page = (ROOT / "include/midflight.h").read_text(), (ROOT / "man/libmidflight.3").read_text()
    functions = set(re.findall(r"^MF_API .*?\b(mf_\w+)\(", header, re.M))
    assert len(functions) > 30
    assert functions == set(re.findall(r"^\.F[no] (mf_\w+)", page[:page.index(".Sh DESCRIPTION")], re.M))
    assert functions == set(re.findall(r"^\.Fn (mf_\w+)", page[page.index(".Sh DESCRIPTION"):], re.M))


def test_every_verb_and_option_has_its_place():
    words = subprocess.run([binary(), "completion", "bash"], capture_output=True, text=True, check=True).stdout
    page, serve = ((ROOT / "man" / name).read_text() for name in ("midflight.1", "midflight-serve.1"))
    verbs = set(re.search(r'compgen -W "([a-z ]+)" -- "\$word"\)\); return', words).group(1).split()) - {"help"}
    assert verbs == set(re.findall(r"^\.It Cm (\w+)", page, re.M))
    for verb, options in re.findall(r'(\w+):-\*\) COMPREPLY=\(\$\(compgen -W "([^"]+)"', words):
        for option in set(options.split()) - {"--help"}:
            assert f"Fl {option[1:]}" in (serve if verb == "serve" else page), (verb, option)
