import asyncio
import sched


async def main():
    schedule = sched.scheduler()
    schedule.enter(0.01, 1, print)
    schedule.run()  # CON112


asyncio.run(main())
