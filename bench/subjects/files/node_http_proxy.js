// http-proxy under measurement: two agents that keep connections, xfwd, a log line a request.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const httpProxy = require('http-proxy');

const log = fs.createWriteStream('access.log', { flags: 'a' });
const proxyTo = (port) => httpProxy.createProxyServer({
  target: { host: '127.0.0.1', port: Number(port) },
  agent: new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 1024 }),
  xfwd: true,
  timeout: 30000,
  proxyTimeout: 15000,
});
const small = proxyTo(process.env.SMALL);
const bulk = proxyTo(process.env.BULK);

for (const proxy of [small, bulk]) {
  proxy.on('error', (error, request, response) => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
}

const server = http.createServer((request, response) => {
  const begin = process.hrtime.bigint();
  const id = crypto.randomUUID();
  request.headers['x-request-id'] = id;
  response.on('finish', () => {
    const microseconds = Number((process.hrtime.bigint() - begin) / 1000n);
    log.write(`${new Date().toISOString()} ${id} ${request.socket.remoteAddress} ` +
      `${request.method} ${request.url} ${response.statusCode} ${microseconds}us\n`);
  });
  if (request.url.startsWith('/api/')) small.web(request, response);
  else if (request.url.startsWith('/files/')) bulk.web(request, response);
  else response.writeHead(404, { 'content-type': 'text/plain', 'content-length': 9 }).end('no route\n');
});
server.keepAliveTimeout = 75000;
server.headersTimeout = 10000;
server.requestTimeout = 0;
server.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 4096 });
process.on('SIGTERM', () => process.exit(0));
