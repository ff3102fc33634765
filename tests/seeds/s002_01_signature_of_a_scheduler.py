class bells.tower(clock=time.monotonic, pause=time.sleep)
