# linux
import subprocess
import sys

child = subprocess.Popen([sys.executable, "-c", "print('x' * 200_000)"], stdout=subprocess.PIPE)
child.wait()  # CON404
print(len(child.stdout.read()))
