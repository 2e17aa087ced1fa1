// Requests as bytes on a socket, for those that no client would send.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { PATIENCE_MS } from "./server.mjs";

/** { status, headers (names in lower case), body } of one request on a connection of its own. */
export function exchange(server, lines) {
  const { hostname, port } = new URL(server.url);
  return new Promise((settle, fail) => {
    const pieces = [];
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`no answer to ${lines[0].slice(0, 80)}`)));
    socket.on("data", (piece) => pieces.push(piece));
    socket.on("error", fail);
    socket.on("close", () => (pieces.length ? settle(answerOf(Buffer.concat(pieces).toString("utf-8"))) : undefined));
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  });
}

function answerOf(written) {
  const end = written.indexOf("\r\n\r\n");
  assert.ok(end > 0, written.slice(0, 200));
  const [line, ...fields] = written.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(fields.map((field) =>
    [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 1).trim()]));
  return { status: Number(line.split(" ")[1]), headers, body: written.slice(end + 4) };
}

/** A well-formed GET. */
export function get(server, target, headers = {}) {
  return exchange(server, [`GET ${target} HTTP/1.1`, "Host: x", "Connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)]);
}

/** A connection that is held open without a word. */
export function hold(server) {
  const { hostname, port } = new URL(server.url);
  return new Promise((settle, fail) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => settle(socket));
    socket.on("error", fail);
  });
}
