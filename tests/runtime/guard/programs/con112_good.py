import asyncio
import sched


async def main():
    schedule = sched.scheduler()
    schedule.enter(0.01, 1, print)
    await asyncio.to_thread(schedule.run)
    schedule.run(blocking=False)


asyncio.run(main())
