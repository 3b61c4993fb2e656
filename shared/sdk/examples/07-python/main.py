"""A client of a running cluster in Python, with nats-py and nothing of Skep's.

    pip install -r requirements.txt
    python main.py 127.0.0.1:4222 <folder of the credentials> <tenant>

Requests are JSON on a subject, answers come back as JSON; the tenant's key lets the client in. The cluster has agents of kind `counter`,
as in the first example.
"""

import asyncio
import json
import sys
import time
import uuid

import nats


async def main(address: str, folder: str, tenant: str) -> None:
    connection = await nats.connect(
        f"nats://{address}",
        nkeys_seed=f"{folder}/users/tenant-{tenant}.nk",
        # Nodes answer a tenant in its own inboxes alone.
        inbox_prefix=f"_INBOX.{tenant}".encode(),
    )

    async def ask(what: str, body: object, headers: dict[str, str] | None = None) -> dict:
        subject = f"skep.{tenant}.main.{what}"
        answer = await connection.request(subject, json.dumps(body).encode(), timeout=10, headers=headers)
        return json.loads(answer.data)

    created = await ask("agent.counter.python.create", [])
    print(f"created {created['agent']}, version {created['version']}")

    # With an operation's id (a UUIDv7) a call takes effect once, however often it is sent.
    ms = f"{time.time_ns() // 1_000_000:012x}"
    operation = {"Skep-Op": f"{ms[:8]}-{ms[8:]}-7{str(uuid.uuid4())[15:]}"}
    couple = {"by": 2, "why": "a couple came"}
    first = await ask("call.counter.python.increment", couple, operation)
    print(f"counted {first['value']}, version {first['version']}")
    second = await ask("call.counter.python.increment", couple, operation)
    print(f"again: {second['value']}, version {second['version']}")
    print(f"total {(await ask('call.counter.python.total', None))['value']}")

    # Who follows an agent hears each of its turns.
    turns = await connection.subscribe(f"skep.{tenant}.main.event.counter.python")
    await ask("swarm.follow", {"kind": "counter", "id": "python"})
    await ask("call.counter.python.increment", {"by": 1, "why": "somebody came"})
    turn = json.loads((await turns.next_msg(timeout=10)).data)
    print(f"heard {turn['type']}, version {turn['version']}")

    error = (await ask("call.counter.python.decrement", None))["error"]
    print(f"{error['code']}: {error['message']}")
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
