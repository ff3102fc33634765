import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "con520"))
import reads_settings_bad  # CON520

print(reads_settings_bad.found)
