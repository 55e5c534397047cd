// A process of its own: its Lua is loaded by a dynamic import, which Jest's module system does not know. It ends when its starter does.
const net = require('node:net');

// Without this every second message of a row waits 40 ms for the one before to be acknowledged.
const { createServer } = net;
net.createServer = (options, ...rest) => createServer({ ...options, noDelay: true }, ...rest);

const { createRedisMock } = require('js-redis-server');

createRedisMock().then((server) => {
  const [{ host, port }] = server.addresses();
  process.stdout.write(`redis://${host}:${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
