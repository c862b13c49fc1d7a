from __future__ import annotations

import pytest

from shared.host.routing import Router, parse_route

GET = frozenset({"GET"})


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/silences", ("list", {})),
        ("/api/silences/", ("list", {})),
        ("/API/Silences", ("list", {})),
        ("/api/silences/7", ("one", {"id": "7"})),
        ("/api/silences/a%20b%2Fc", ("one", {"id": "a b%2Fc"})),
        ("/api/silences/active", ("active", {})),
        ("/api/status.json", ("status", {})),
        ("/api/files/a/b", ("files", {"rest": "a/b"})),
        ("/api/files", ("files", {"rest": ""})),
        ("/api/silences/7/8", None),
        ("/api/silences//", None),
        ("/api", None),
        ("/", None),
    ],
)
def test_a_path_finds_the_most_definite_route(path: str, answer: object) -> None:
    router = Router(
        [
            ("api/files/{*rest}", GET, "files"),
            ("api/silences/{id}", GET, "one"),
            ("api/silences/active", GET, "active"),
            ("api/silences", GET, "list"),
            ("api/status.json", GET, "status"),
        ]
    )
    assert router.find("GET", path) == answer


def test_two_routes_may_share_a_path_and_differ_in_their_methods() -> None:
    router = Router([("x", GET, "read"), ("x", frozenset({"POST"}), "write")])
    assert router.find("POST", "/x") == ("write", {})
    assert router.find("PUT", "/x") is None


@pytest.mark.parametrize("template", ["a/{id:int}", "a/{id?}", "a-{id}", "{*rest}/b", "{id", "{}"])
def test_a_template_beyond_whole_segments_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="route "):
        parse_route(template)
