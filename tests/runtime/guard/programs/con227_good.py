import unittest


class Case(unittest.IsolatedAsyncioTestCase):
    async def test_something(self):
        pass


unittest.main()
