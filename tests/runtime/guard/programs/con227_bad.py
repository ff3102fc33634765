import unittest


class Case(unittest.TestCase):
    async def test_nothing(self):  # CON227
        raise AssertionError


unittest.main()
