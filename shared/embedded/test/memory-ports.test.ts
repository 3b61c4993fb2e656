import { blobConformance, busConformance, clockConformance, logConformance, randomConformance, registryConformance } from '@skep/ports/conformance';
import { describe, expect, it } from 'vitest';
import { createLocalBus, ENTRY_BYTES_MAX, memoryPorts, systemClock, systemRandom } from '../src/index.js';

logConformance('the log in memory', async () => ({ log: memoryPorts().log, entryBytesMax: ENTRY_BYTES_MAX }));
registryConformance('the registry in memory', async () => ({ registry: memoryPorts().registry }));
blobConformance('the blob store in memory', async () => ({ blob: memoryPorts().blob }));
busConformance('the local bus', async () => {
  const bus = createLocalBus();
  return { bus, close: () => bus.close() };
});
clockConformance("the system's clock", async () => ({ clock: systemClock }));
randomConformance("the system's chance", () => systemRandom);

describe("the system's chance", () => {
  it('gives no number out twice, though it draws them in blocks', () => {
    const drawn = Array.from({ length: 5_000 }, (_, at) =>
      at % 2 === 0 ? systemRandom.uint32().toString(16) : Buffer.from(systemRandom.bytes(16)).toString('hex'),
    );
    // Of 2,500 numbers of 32 bits two may be alike by chance; not ten.
    expect(new Set(drawn).size).toBeGreaterThan(drawn.length - 10);
    expect(systemRandom.bytes(100_000)).toHaveLength(100_000);
  });
});

describe('the ports in memory', () => {
  it('say what they are: level memory, exclusive', () => {
    const { log } = memoryPorts();
    expect([log.level, log.exclusive]).toEqual(['memory', true]);
  });

  it('take the given clock and chance', () => {
    const clock = { ...systemClock, nowMs: () => 5 };
    const random = { ...systemRandom, uint32: () => 7 };
    const ports = memoryPorts({ clock, random });
    expect([ports.clock.nowMs(), ports.random.uint32()]).toEqual([5, 7]);
  });

  it('give trimmed entries back at once', async () => {
    const { log } = memoryPorts();
    const lane = 'main/1/a' as Parameters<typeof log.read>[0];
    for (let at = 0; at < 3000; at += 1) await log.append(lane, Uint8Array.of(at & 255), at);
    await log.trim(lane, 2500);
    const [first] = await log.read(lane, 0);
    expect([first?.sequence, first?.bytes[0]]).toEqual([2500, 2499 & 255]);
    expect(await log.append(lane, Uint8Array.of(1), 3000)).toEqual({ kind: 'appended', sequence: 3001 });
  });
});
