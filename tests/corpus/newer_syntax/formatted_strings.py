"""Fields of f-strings that every Python reads, where older ones have been wrong about positions."""

import time

a = f"{time.sleep(1)} {time.sleep(1)} {dict(time.sleep(1))}"
b = (f"{time.sleep(2)}" "{x(1)}" f"{time.sleep(2)}"
  f" {time.sleep(2)}" f"{{x(1)}} {time.sleep(2)}")
c = f"""
{time.sleep(3)} {time.sleep(
 4)}
  { time.sleep(5) } {y(
     time.sleep(1),
   time.sleep(2))}
""" f"{time.sleep(1)}"
d = f"é{time.sleep('é')}é{time.sleep('é')}" f"{time.sleep('é')}"
e = f"{a!r:>{time.sleep(1)}.{time.sleep(2)}}{time.sleep(1)}"
g = f'{f"{time.sleep(1)}"} {f"{time.sleep(1)}"}'
h = f"{time.sleep(1)}\
{time.sleep(1)}" f"a\
 {time.sleep(2)}"
i = "{x(1)}" f"{time.sleep(1)}"
j = f"{(time.sleep(1), time.sleep(1))}{[time.sleep(1) for q in y(1)]}"
k = f"{time.sleep(1)=} {time.sleep(2)=!r} {  time.sleep(3)  =}"
l = f"""{
time.sleep(1)
}"""
m = f"{x(lambda: time.sleep(1))} {time.sleep(1) if time.sleep(2) else time.sleep(3)}"
n = f"{d['x(1)']} {time.sleep(1)}"
o = rf"\{time.sleep(1)}\n{time.sleep(1)}" fR"{time.sleep(1)}"
p = f"# {time.sleep(1)}"  # {x(1)}
if True:
	q = f"	{time.sleep(1)}	{y(1)}"
	r = f"""
	{time.sleep(1)}
	{y(1)} {time.sleep(1)}
    {f' {time.sleep(1)}'}
	"""
t = f"{time.sleep(1)}:{time.sleep(1)!s}:{time.sleep(1):>10}:{time.sleep(1):{time.sleep(1)}}"
u = f"\N{EM DASH}{time.sleep(1)}\N{EM DASH}{time.sleep(1)}\t{time.sleep(1)}"
v = f"{{{time.sleep(1)}}}{{{time.sleep(1)}"
