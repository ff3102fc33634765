# guard: --embed ray
import ray

for number in range(3):

    @ray.remote  # CON608
    def one(x):
        return x

    print(ray.get(one.remote(number)))
