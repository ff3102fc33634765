"""Windows newlines and tabs."""
import time
type X = int
async def f():
	if X:
		time.sleep(1)

	
	return """a
	b""", time.sleep(2), f"""
	{time.sleep(3)}"""