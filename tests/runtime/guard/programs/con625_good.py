# guard: --embed ray
import ray

ray.get([ray.put(1), ray.put(2)])
