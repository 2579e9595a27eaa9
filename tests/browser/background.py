"""An event loop in a thread of its own, so that plain tests can use what is written with asyncio."""
import asyncio
import threading
import time


class LoopThread:
    """Runs coroutines for callers that know nothing of asyncio."""

    def __init__(self, name):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine, seconds=30):
        """The coroutine's result.  Raises TimeoutError past `seconds`, and whatever the coroutine raises."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def stop(self):
        """End every task, then the thread."""
        if self._loop.is_closed():
            return
        self.run(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Changes:
    """Lets a test wait for what another thread brings about, without sleeping."""

    def __init__(self):
        self._condition = threading.Condition()

    def notify(self):
        """Something changed: let those who wait look again."""
        with self._condition:
            self._condition.notify_all()

    def wait_for(self, look, seconds, otherwise):
        """The first true value of `look()`.  Raises AssertionError with the sentence `otherwise()` when none came."""
        with self._condition:
            found = self._condition.wait_for(look, seconds)
        if not found:
            raise AssertionError(otherwise())
        return found


async def poll(look, seconds, otherwise):
    """The first true value of `await look()`, asked every 50 ms.  Raises AssertionError(otherwise())."""
    end = time.monotonic() + seconds
    while not (found := await look()):
        if time.monotonic() > end:
            raise AssertionError(otherwise())
        await asyncio.sleep(0.05)
    return found


async def _end_tasks():
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    # Closed transports report to the loop one round later; a loop closed before that warns.
    await asyncio.sleep(0)
