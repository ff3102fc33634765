# guard: --embed ray
import pickle

import ray

pickle.dumps(ray.put(1))  # CON612
