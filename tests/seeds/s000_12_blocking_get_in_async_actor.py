"""What the text warns of beside its programs: fetching with the thread stops the loop of an async actor."""

import ray


@ray.remote
def weigh(parcel):
    return len(parcel)


@ray.remote
class Counter:
    async def total(self, parcels):
        weights = [weigh.remote(parcel) for parcel in parcels]
        return sum(ray.get(weights))

    async def first(self, parcels):
        weights = [weigh.remote(parcel) for parcel in parcels]
        done, _ = ray.wait(weights)
        return await done[0]


counter = Counter.remote()
print(ray.get(counter.total.remote(["book", "lamp"])))
print(ray.get(counter.first.remote(["book", "lamp"])))
