"""RFC 9651, 3.2 and 4.2: what is a dictionary."""

import pytest

from gateway_core.caching.structured import Other, Token

DICTIONARIES = [
    pytest.param(b"", {}, id="nothing"),
    pytest.param(b"a", {b"a": True}, id="a name alone is true"),
    pytest.param(b"a=?0, b=?1", {b"a": False, b"b": True}, id="3.3.6 booleans"),
    pytest.param(b"max-age=60", {b"max-age": 60}, id="3.3.1 an integer"),
    pytest.param(b"a=-7", {b"a": -7}, id="3.3.1 a negative one"),
    pytest.param(b"a=1.5", {b"a": Other(b"1.5")}, id="3.3.2 a decimal"),
    pytest.param(b'a="x, \\"y\\""', {b"a": b'x, "y"'}, id="3.3.3 a string"),
    pytest.param(b"a=fast", {b"a": Token(b"fast")}, id="3.3.4 a token"),
    pytest.param(b"a=:AA==:", {b"a": Other(b":AA==:")}, id="3.3.5 bytes"),
    pytest.param(b"a=@1659578233", {b"a": Other(b"@1659578233")}, id="3.3.7 a date"),
    pytest.param(b'a=("x"  "y" 3)', {b"a": (b"x", b"y", 3)}, id="3.1.1 an inner list"),
    pytest.param(b"a=( )", {b"a": ()}, id="3.1.1 an empty inner list"),
    pytest.param(b"a=(x;q=1);p", {b"a": (Token(b"x"),)}, id="3.1.2 parameters of both"),
    pytest.param(b"a;x;y=2, b=3; z", {b"a": True, b"b": 3}, id="3.1.2 parameters are left out"),
    pytest.param(b"a=1,b=2\t, \tc=3", {b"a": 1, b"b": 2, b"c": 3}, id="4.2.2 white space"),
    pytest.param(b"  a=1  ", {b"a": 1}, id="4.2 spaces around"),
    pytest.param(b"a=1, a=2", {b"a": 2}, id="3.2 the last of a name"),
    pytest.param(b"*x.y_-=1", {b"*x.y_-": 1}, id="3.2 a key of all kinds"),
]
NO_DICTIONARIES = [
    pytest.param(b"max-age=10000, &&&&&", id="rubbish behind"),
    pytest.param(b"MaX-aGe=1", id="3.2 a key in capitals"),
    pytest.param(b"a=1,", id="4.2.2 a comma at the end"),
    pytest.param(b"a=1,,b", id="4.2.2 two commas"),
    pytest.param(b"a=1 b=2", id="no comma"),
    pytest.param(b"a= 1", id="a space behind the equals"),
    pytest.param(b"a =1", id="a space before it"),
    pytest.param(b"a=", id="no value"),
    pytest.param(b'a="x', id="an open string"),
    pytest.param(b'a="\\x"', id="3.3.3 an escape that is none"),
    pytest.param('a="é"'.encode(), id="3.3.3 a string beyond ASCII"),
    pytest.param(b"a=1234567890123456", id="3.3.1 sixteen digits"),
    pytest.param(b"a=1.2345", id="3.3.2 four decimals"),
    pytest.param(b"a=1.", id="3.3.2 no decimals"),
    pytest.param(b"a=(1", id="3.1.1 an open inner list"),
    pytest.param(b'a=("x""y")', id="3.1.1 no space between"),
    pytest.param(b"a=?2", id="3.3.6 no boolean"),
    pytest.param(b"=1", id="no key"),
]
