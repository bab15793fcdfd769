"""Attacks on what judges: values that lie, forged messages."""

from __future__ import annotations

from made_attack import TALK, Attack, forging

# ----- values that lie when they are compared

VALUES = [
    Attack(
        "an object that equals everything",
        """
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __len__(self): return 1
    shape = property(lambda self: Yes())
    dtype = property(lambda self: Yes())
def to_unit_range(x):
    return Yes()
""",
    ),
    Attack(
        "an array that is near to everything",
        """
import numpy as np
class Near(np.ndarray):
    def __sub__(self, other): return np.zeros(self.shape)
    __rsub__ = __sub__
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs): return np.zeros(self.shape)
    def __lt__(self, other): return np.ones(self.shape, bool)
def to_unit_range(x):
    return x.view(Near)
""",
    ),
    Attack(
        "a float that is smaller than everything",
        """
class Small(float):
    def __lt__(self, other): return True
    def __le__(self, other): return True
    def __abs__(self): return self
def to_unit_range(x):
    return Small(3)
""",
    ),
    Attack(
        "a value whose class says that it is an array",
        """
import numpy as np
class Fake:
    __class__ = np.ndarray
    shape, dtype, ndim = (1,), np.dtype("float64"), 1
    def __array__(self, *a, **k): return np.zeros(1)
def to_unit_range(x):
    return Fake()
""",
    ),
    Attack(
        "an array that changes each time it is asked",
        """
import numpy as np
class Moody:
    asked = 0
    def __array__(self, *a, **k):
        Moody.asked += 1
        return np.full((2, 2), Moody.asked)
def to_unit_range(x):
    return Moody()
""",
    ),
    Attack(
        "numpy's own comparisons replaced",
        """
import numpy as np, builtins
np.allclose = np.array_equal = np.isclose = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
builtins.isinstance = lambda *a: True
builtins.abs = lambda *a: 0
def to_unit_range(x):
    return x
""",
    ),
    Attack(
        "type, len and all replaced",
        """
import builtins
builtins.type = lambda *a: None
builtins.all = builtins.any = lambda *a: True
builtins.len = lambda *a: 1
def to_unit_range(x):
    return x
""",
    ),
    Attack(
        "an array that lies about its bytes",
        """
import numpy as np
class Short(np.ndarray):
    nbytes = itemsize = property(lambda self: 1)
    def tobytes(self, *a): return b""
    def __len__(self): return 10**9
    def astype(self, *a, **k): return np.asarray(self) / 255
    __array_priority__ = 10**9
def to_unit_range(x):
    return np.asarray(x).view(Short)
""",
    ),
    Attack(
        "a description of memory that is not its own",
        """
class Beyond:
    __array_interface__ = {"shape": (10**6,), "typestr": "<f8", "data": (4096, False), "version": 3}
def to_unit_range(x):
    return Beyond()
""",
    ),
    Attack(
        "a text that equals everything, and hashes like it",
        """
class Word(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return hash("PASS")
    def __array__(self, *a, **k): raise KeyboardInterrupt
def to_unit_range(x):
    return Word("PASS")
""",
    ),
    Attack(
        "a class that is an instance of all",
        """
class Any(type):
    def __instancecheck__(self, other): return True
    def __subclasscheck__(self, other): return True
    def __eq__(self, other): return True
    def __hash__(self): return 0
class to_unit_range(metaclass=Any):
    def __init__(self, x): self.x = x
    def __getattr__(self, name): return to_unit_range(name)
    def __float__(self): return 1.0
""",
    ),
    Attack("nothing but NaN", "import numpy as np\ndef to_unit_range(x):\n    return np.full(np.shape(x), np.nan)\n"),
    Attack("a number of four thousand digits", "def to_unit_range(x):\n    return 10**4000\n"),
    Attack(
        "an array that is empty along a long axis",
        "import numpy as np\ndef to_unit_range(x):\n    return np.zeros((0, 10**15))\n",
    ),
    Attack("a list that holds itself", "def to_unit_range(x):\n    a = []\n    a.append(a)\n    return a\n"),
    Attack(
        "a thousand lists in each other",
        "def to_unit_range(x):\n    a = 1\n    for _ in range(100000): a = [a]\n    return a\n",
    ),
]

# ----- the messages between judge and answer

MESSAGES = [
    Attack("a reply that says PASS", forging("""frame('["reply", {"status": "PASS"}]')""")),
    Attack("an outcome of its own making", forging("""frame('["outcome", "PASS", null, "right"]')""")),
    Attack("a reply with no structure", forging("""frame('17')""")),
    Attack("a message of two to the sixtieth bytes", forging("(2**60).to_bytes(8, 'big') + b'x' * 100")),
    Attack(
        "a frame that is longer than its message",
        forging("(20).to_bytes(8, 'big') + (2**40).to_bytes(8, 'big') + b'x' * 12"),
    ),
    Attack("a frame that is shorter than itself", forging("(3).to_bytes(8, 'big') + b'xxx'")),
    Attack(
        "two replies to one question",
        forging(
            """2 * frame('["reply", {"§": "dict", "v": [["value", 1.0], ["raised", null], ["after", []], ["printed", ""]]}]')"""
        ),
    ),
    Attack(
        "a hundred replies before the first question",
        f"""
{TALK}
channel().sendall(100 * frame('["reply", {{"§": "dict", "v": [["value", true], ["raised", null], ["after", []], ["printed", ""]]}}]'))
def to_unit_range(x):
    return x
""",
    ),
    Attack(
        "a message that comes byte after byte",
        f"""
{TALK}
import time
def to_unit_range(x):
    end = channel()
    end.sendall((10**6).to_bytes(8, "big"))
    while True:
        end.sendall(b"x")
        time.sleep(0.02)
""",
    ),
    Attack(
        "a shape of a million large axes",
        forging(
            """frame('["reply", {"§": "array", "dtype": "<f8", "shape": [' + ", ".join(["9" * 18] * 10**6) + ']}]')"""
        ),
    ),
    Attack(
        "a dictionary whose keys have one hash",
        forging(
            """frame('["reply", {"§": "dict", "v": [' + ", ".join(f"[{n * (2**61 - 1)}, 0]" for n in range(10**5)) + ']}]')"""
        ),
    ),
    Attack("ten million empty lists", forging("""frame('["reply", [' + "[]," * 10**7 + '0]]')""")),
    Attack(
        "more arrays afterwards than were given",
        forging(
            """frame('["reply", {"§": "dict", "v": [["value", 1.0], ["raised", null], ["after", [' + ", ".join(['{"§": "array", "dtype": "|u1", "shape": [0]}'] * 9) + ']], ["printed", ""]]}]')"""
        ),
    ),
    Attack(
        "an exception of its own making",
        forging(
            """frame('["reply", {"§": "dict", "v": [["value", null], ["raised", {"§": "raised", "v": ["' + "E" * 10**6 + '", {"§": "tuple", "v": ["PASS"]}, "' + "x" * 10**6 + '", null, false]}], ["after", []], ["printed", ""]]}]')"""
        ),
    ),
    Attack("the warden's words", forging("""frame('["ended", "memory"]')"""), "more memory"),
    Attack("brackets without end", forging("frame('[' * 200000)")),
    Attack("a pickle", forging("b'\\\\x80\\\\x04\\\\x95' + b'cposix\\\\nsystem\\\\n' * 20")),
    Attack(
        "an array of objects",
        forging("""frame('["reply", {"§": "array", "dtype": "|O", "shape": [4]}]', b'x' * 32)"""),
    ),
    Attack(
        "an array of a negative shape",
        forging("""frame('["reply", {"§": "array", "dtype": "<f8", "shape": [-1]}]', b'x' * 8)"""),
    ),
    Attack(
        "an array that is larger than the world",
        forging("""frame('["reply", {"§": "array", "dtype": "<f8", "shape": [1000000000000]}]', b'')"""),
    ),
    Attack("a tag that nobody knows", forging("""frame('["reply", {"§": "system", "v": ["true"]}]')""")),
    Attack(
        "calls of functions that the judge does not have",
        forging("""frame('["callback", 99, {"§": "tuple", "v": []}]')"""),
    ),
    Attack(
        "calls without end",
        f'{TALK}\ndef to_unit_range(x):\n    end = channel()\n    while True: end.sendall(frame(\'["callback", 0, {{"§": "tuple", "v": []}}]\'))\n',
    ),
    Attack(
        "its host replaced",
        """
from course_lib.classroom import host
host.Host._told = lambda self, value: 0.0
host.Host.answer = lambda self, *a: {"value": None, "raised": None, "after": [], "printed": ""}
def to_unit_range(x):
    return x
""",
    ),
    Attack("sixty megabytes as an answer", "import numpy as np\ndef to_unit_range(x):\n    return np.zeros(10**7)\n"),
    Attack(
        "a gigabyte of print", "def to_unit_range(x):\n    for _ in range(10**4): print('x' * 10**5)\n    return x\n"
    ),
]
