// A process of its own: its Lua is loaded by a dynamic import, which Jest's module system does not know. It ends when its starter does.
const { createRedisMock } = require('js-redis-server');

createRedisMock().then((server) => {
  const [{ host, port }] = server.addresses();
  process.stdout.write(`redis://${host}:${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
