"""Asyncio servers in a thread of their own: a relay that counts, delays and chooses, and what hostile.py serves."""
import asyncio
import contextlib
import random
import socket
import threading


class Served:
    """`handle(reader, writer)` for every connection to a free loopback port, while the block lasts."""

    def __init__(self, handle=None, backlog=1024):
        self.count, self.tasks = 0, set()
        self.handle = handle or self.handle
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.port = self.socket.getsockname()[1]
        self.loop = asyncio.new_event_loop()
        self.stop = None
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.turn, daemon=True)

    def __enter__(self):
        self.thread.start()
        self.ready.wait(10)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(10)

    def turn(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.serve())
        while left := asyncio.all_tasks(self.loop):
            for task in left:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.close()

    async def serve(self):
        self.stop = asyncio.Event()
        server = await asyncio.start_server(self.one, sock=self.socket)
        self.ready.set()
        await self.stop.wait()
        server.close()

    async def one(self, reader, writer):
        self.count += 1
        self.tasks.add(asyncio.current_task())  # the loop holds them weakly
        try:
            await self.handle(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self.tasks.discard(asyncio.current_task())


class Relay(Served):
    """To one of `ports` for each connection: "alternate", or "random" from a fixed seed. Every direction is late by
    `delay` seconds, and what a client says first by a round trip more, which connecting would have cost it; bandwidth is
    not limited. An end, and a reset, go through too."""

    def __init__(self, ports, delay=0.0, pick="alternate", seed=4):
        super().__init__()
        self.ports, self.delay, self.pick, self.random = ports, delay, pick, random.Random(seed)
        self.members = []

    def chosen(self):
        if self.pick == "random":
            return self.random.choice(self.ports)
        return self.ports[(self.count - 1) % len(self.ports)]

    async def handle(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.chosen())
        try:
            await asyncio.gather(self.carry(reader, far_writer, 3 * self.delay), self.carry(far_reader, writer))
        finally:
            far_writer.close()

    async def carry(self, reader, writer, first=0.0):
        """What was read now is written `delay` later, in order, and not before `first`; nothing waits for it."""
        loop = asyncio.get_running_loop()
        due = loop.time() + first
        over = loop.create_future()
        while True:
            try:
                octets = await reader.read(1 << 16)
            except ConnectionError:
                octets = None
            if self.delay:
                due = max(due + 1e-6, loop.time() + self.delay)  # timers for the same moment have no order
                loop.call_at(due, put, writer, octets, over)
            else:
                put(writer, octets, over)
            if not octets:
                break
        await over


def put(writer, octets, over):
    if octets:
        if not writer.transport.is_closing():
            writer.write(octets)
        return
    if octets is None:
        writer.transport.abort()
    elif writer.can_write_eof() and not writer.transport.is_closing():
        with contextlib.suppress(OSError):
            writer.write_eof()
    if not over.done():
        over.set_result(None)
