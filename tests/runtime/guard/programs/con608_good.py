# guard: --embed ray
import ray


@ray.remote
def one(x):
    return x


for number in range(3):
    print(ray.get(one.options(num_cpus=1).remote(number)) if number else "")
