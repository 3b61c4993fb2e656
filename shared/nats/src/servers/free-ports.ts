/** TCP ports on 127.0.0.1 that nobody listens on at the moment. Another process may take one before it is used: callers retry. */
import { createServer, type Server } from 'node:net';

export const LOOPBACK = '127.0.0.1';

/** All are open at once while they are chosen, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  try {
    return await Promise.all(
      Array.from({ length: count }, async () => {
        const server = createServer();
        servers.push(server);
        return await portOf(server);
      }),
    );
  } finally {
    await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
  }
}

function portOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, LOOPBACK, () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('a listening socket has no port'));
    });
  });
}
