#!/usr/bin/env python3
"""
200 Curas look at a fleet of 100 printers of which 10 hang: how long does a list take?

  tests/bench/cura_load.py [SECONDS]     60 unless told; 600 for memory over ten minutes

Each client keeps two connections, as Cura does, and asks for /printers and /print_jobs every 2 s, at times spread evenly. A time
is from the request's first byte to the answer's last one, measured in a process of their own. Memory is what is the program's own
(anonymous pages), after the first quarter and at the end.
"""
import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PRINTOP = os.path.join(TOP, os.environ.get("B", "build"), "printop")
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 60
CLIENTS, PRINTERS, HANGING, EVERY = 200, 100, 10, 2.0
REQUEST = ("GET /cluster-api/v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: Keep-Alive\r\n"
           "Accept-Encoding: gzip, deflate\r\nAccept-Language: en,*\r\nUser-Agent: Mozilla/5.0\r\n\r\n")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def anonymous_kb(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(r"Anonymous:\s+(\d+)", f.read()).group(1))


async def ask(reader, writer, what, times):
    began = time.perf_counter()
    writer.write((REQUEST % what).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    await reader.readexactly(int(re.search(rb"(?i)content-length: (\d+)", head).group(1)))
    times.append(time.perf_counter() - began)


async def client(port, phase, end, times):
    both = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
    at = time.perf_counter() + phase
    while at < end:
        await asyncio.sleep(max(0, at - time.perf_counter()))
        for (reader, writer), what in zip(both, ("printers", "print_jobs")):
            await ask(reader, writer, what, times)
        at += EVERY
    for _, writer in both:
        writer.close()


async def load(port, pid):
    times, end, memory = [], time.perf_counter() + SECONDS, []

    async def watch():
        await asyncio.sleep(SECONDS / 4)
        memory.append(anonymous_kb(pid))

    await asyncio.gather(watch(), *(client(port, EVERY * i / CLIENTS, end, times) for i in range(CLIENTS)))
    memory.append(anonymous_kb(pid))
    return sorted(times), memory


def main():
    with tempfile.TemporaryDirectory(prefix="printop-bench-") as tmp:
        conf, port = os.path.join(tmp, "printers.conf"), free_port()
        sim = subprocess.Popen([PRINTOP, "sim", "--printers", str(PRINTERS), "--seed", "5", "--faults", f"hang={HANGING}",
                                "--conf", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (os.path.exists(conf) and ");" in open(conf).read()):
            time.sleep(0.05)
        with open(conf, "a") as f:
            f.write(f'gateway_listen = "127.0.0.1:{port}"; gateway_cura = true; gateway_cura_announce = false;\n')
        serve = subprocess.Popen([PRINTOP, "--config", conf, "serve"], env=dict(os.environ, XDG_STATE_HOME=tmp),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(8)           # until the hanging ones are known to hang
        with open(f"/proc/{serve.pid}/schedstat") as f:
            cpu = int(f.read().split()[0])
        began = time.time()
        times, memory = asyncio.run(load(port, serve.pid))
        with open(f"/proc/{serve.pid}/schedstat") as f:
            cpu = (int(f.read().split()[0]) - cpu) / 1e9 / (time.time() - began)
        serve.send_signal(signal.SIGTERM)
        sim.send_signal(signal.SIGTERM)
        serve.wait(5)
        sim.wait(5)
    at = lambda q: times[min(len(times) - 1, int(len(times) * q))] * 1000
    print(f"{CLIENTS} clients, {PRINTERS} printers, {HANGING} hang, {len(times)} answers in {SECONDS:.0f} s")
    print(f"median {at(.5):.1f} ms, 99 % within {at(.99):.1f} ms, longest {times[-1] * 1000:.1f} ms; processor {cpu * 100:.0f} % of one")
    print(f"memory {memory[0]} kB after a quarter, {memory[1]} kB at the end")
    good = at(.99) < 20 and memory[1] < memory[0] * 1.1 + 1024
    print("ok 1 - 99 % within 20 ms, memory flat" if good else "not ok 1 - 99 % within 20 ms, memory flat")
    return 0 if good else 1


sys.exit(main())
